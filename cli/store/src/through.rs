//! Targets that are written through: devices, FIFOs and descriptors, opened and never renamed over.
//! Must not hold: part files, or a decision about which target is one.

use crate::error::Error;
use crate::folder::{kind, words};
use rustix::fs::{FileType, OFlags};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How a written-through target is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Our own standard output or error: duplicated, so that its position and append mode are
    /// shared.
    Stdout,
    Stderr,
    /// Another descriptor's name; what is behind it may be a regular file.
    Descriptor,
    /// A character device or FIFO.
    Device,
}

impl Way {
    /// Whether the path is by its spelling a descriptor's name. Looking at the file would miss it:
    /// with `> file`, `/dev/stdout` leads to a regular file, which must be written into and not
    /// replaced.
    pub(crate) fn of_descriptor(path: &Path) -> Option<Self> {
        let path = path.as_os_str().as_bytes();
        let number = match path {
            b"/dev/stdin" => b"0",
            b"/dev/stdout" => b"1",
            b"/dev/stderr" => b"2",
            _ => number_of(path)?,
        };
        let ours = !path.starts_with(b"/proc/") || path.starts_with(b"/proc/self/");
        match number {
            b"1" if ours => Some(Self::Stdout),
            b"2" if ours => Some(Self::Stderr),
            _ => Some(Self::Descriptor),
        }
    }

    /// Opens for writing; a FIFO waits for its reader here.
    pub(crate) fn open(self, path: &Path) -> Result<File, Error> {
        let opened = match self {
            Self::Stdout => io::stdout().as_fd().try_clone_to_owned().map(File::from),
            Self::Stderr => io::stderr().as_fd().try_clone_to_owned().map(File::from),
            Self::Descriptor | Self::Device => open_for_writing(path),
        };
        let failed = |source: io::Error| Error::system("opening", path, source);
        let mut file = opened.map_err(failed)?;
        let kind = kind(&rustix::fs::fstat(&file).map_err(|error| failed(error.into()))?);
        match (self, kind) {
            (_, FileType::CharacterDevice | FileType::Fifo) | (Self::Stdout | Self::Stderr, _) => {
                Ok(file)
            }
            (Self::Descriptor, FileType::RegularFile) => {
                // Opened anew it stands at 0, on top of what the shell's other commands have
                // written.
                file.seek(SeekFrom::End(0)).map_err(failed)?;
                Ok(file)
            }
            (_, kind) => Err(Error::NotAFile { path: path.to_path_buf(), what: words(kind) }),
        }
    }
}

fn open_for_writing(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NOCTTY.bits()).unwrap_or_default();
    OpenOptions::new().write(true).custom_flags(flags).open(path)
}

/// The N of `/dev/fd/N` and of `/proc/PID/fd/N`.
fn number_of(path: &[u8]) -> Option<&[u8]> {
    let number = match path.strip_prefix(b"/dev/fd/") {
        Some(number) => number,
        None => {
            let rest = path.strip_prefix(b"/proc/")?;
            let slash = rest.iter().position(|byte| *byte == b'/')?;
            rest.get(slash..)?
                .strip_prefix(b"/fd/")
                .or_else(|| number_of_thread(rest.get(slash..)?))?
        }
    };
    (!number.is_empty() && number.iter().all(u8::is_ascii_digit)).then_some(number)
}

/// The N of `/task/TID/fd/N`.
fn number_of_thread(path: &[u8]) -> Option<&[u8]> {
    let rest = path.strip_prefix(b"/task/")?;
    let slash = rest.iter().position(|byte| *byte == b'/')?;
    rest.get(slash..)?.strip_prefix(b"/fd/")
}

/// Whether syncing means anything for what is behind.
pub(crate) fn can_sync(file: &File) -> io::Result<bool> {
    Ok(kind(&rustix::fs::fstat(file)?) == FileType::RegularFile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_known_by_their_spelling() {
        let table: &[(&str, Option<Way>)] = &[
            ("/dev/stdout", Some(Way::Stdout)),
            ("/dev/stderr", Some(Way::Stderr)),
            ("/dev/stdin", Some(Way::Descriptor)),
            ("/dev/fd/1", Some(Way::Stdout)),
            ("/dev/fd/2", Some(Way::Stderr)),
            ("/dev/fd/63", Some(Way::Descriptor)),
            ("/proc/self/fd/1", Some(Way::Stdout)),
            ("/proc/thread-self/fd/3", Some(Way::Descriptor)),
            ("/proc/self/task/7/fd/3", Some(Way::Descriptor)),
            ("/proc/1/fd/1", Some(Way::Descriptor)),
            ("/dev/fd/", None),
            ("/dev/fd/x", None),
            ("/dev/fd/1/x", None),
            ("/dev/null", None),
            ("/proc/self/fdinfo/1", None),
            ("/proc/", None),
            ("stdout", None),
            ("/tmp/dev/fd/1", None),
        ];
        for (path, way) in table {
            assert_eq!(Way::of_descriptor(Path::new(path)), *way, "{path}");
        }
    }
}
