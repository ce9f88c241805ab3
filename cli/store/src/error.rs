//! Why a file could not be used, and the words for it.
//! Must not hold: any I/O, or a word about the network.

use crate::name::is_unseen;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong with a local file. Paths are shown with control bytes escaped.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The target exists and [`Options::overwrite`](crate::Options::overwrite) is off.
    Exists {
        /// The target.
        path: PathBuf,
        /// The part file that holds what was fetched, when the target appeared during the transfer.
        kept: Option<PathBuf>,
    },
    /// Another process is writing the same target.
    Locked {
        /// The target.
        path: PathBuf,
    },
    /// The target is something that a download neither replaces nor is written through.
    NotAFile {
        /// The target.
        path: PathBuf,
        /// What it is, in words: "a directory".
        what: &'static str,
    },
    /// What bears the part file's name is not a part file of ours, and is left alone.
    Planted {
        /// The part file.
        path: PathBuf,
        /// What it is, in words: "a symbolic link".
        what: &'static str,
    },
    /// The part file was removed or replaced while it was in use.
    Lost {
        /// The part file.
        path: PathBuf,
    },
    /// A transfer was to continue at an offset where the file does not end.
    Offset {
        /// The file that was to be continued.
        path: PathBuf,
        /// The offset asked for, in bytes.
        asked: u64,
        /// The bytes that are there.
        found: u64,
    },
    /// A transfer was to continue, but what is in the part file is not known to be of that version.
    OtherVersion {
        /// The part file.
        path: PathBuf,
    },
    /// A transfer was to continue into a device, FIFO or descriptor.
    Unseekable {
        /// The target.
        path: PathBuf,
    },
    /// A journal of fetched mail that is not understood. It is left as it is, and nothing may be
    /// fetched or deleted on its word.
    Journal {
        /// The journal.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What is wrong with it, in words.
        what: &'static str,
    },
    /// Another program holds the lock of an mbox, and still does after 30 seconds.
    MboxLocked {
        /// The mbox.
        path: PathBuf,
        /// The dot-lock beside it, which may be a leftover.
        lock: PathBuf,
    },
    /// A file of logins that others can read, or that may not be ours. Nothing was read.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Why, in words.
        why: &'static str,
    },
    /// A file of logins that is not understood. What is in it is not shown.
    Netrc {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, in words.
        why: String,
    },
    /// The caller's slip: a part was committed before it was begun.
    NotBegun {
        /// The target.
        path: PathBuf,
    },
    /// The system denies it: permission, or a read-only file system.
    Denied {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system failed at it.
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn system(
        doing: &'static str,
        path: impl Into<PathBuf>,
        source: impl Into<io::Error>,
    ) -> Self {
        let (path, source) = (path.into(), source.into());
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { doing, path, source }
            }
            _ => Self::Io { doing, path, source },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists { path, kept: None } => write!(f, "{} exists", Shown(path)),
            Self::Exists { path, kept: Some(kept) } => {
                write!(f, "{} exists by now, what was fetched is in {}", Shown(path), Shown(kept))
            }
            Self::Locked { path } => {
                write!(f, "{} is being written by another process", Shown(path))
            }
            Self::NotAFile { path, what } => write!(f, "{} is {what}", Shown(path)),
            Self::Planted { path, what } => {
                write!(f, "the part file {} is {what}: remove it first", Shown(path))
            }
            Self::Lost { path } => {
                write!(f, "the part file {} was removed or replaced while in use", Shown(path))
            }
            Self::Offset { path, asked, found } => {
                write!(f, "cannot continue {} at {asked}: it has {found} bytes", Shown(path))
            }
            Self::OtherVersion { path } => {
                write!(f, "cannot continue {}: it is not known to be of this version", Shown(path))
            }
            Self::Unseekable { path } => {
                write!(f, "cannot continue {}: it is not a regular file", Shown(path))
            }
            Self::Journal { path, line, what } => {
                write!(f, "the journal {} is not understood: {what} in line {line}", Shown(path))
            }
            Self::MboxLocked { path, lock } => {
                write!(f, "{} is locked by another program (see {})", Shown(path), Shown(lock))
            }
            Self::Exposed { path, why } => {
                write!(f, "{} holds passwords, and {why}", Shown(path))
            }
            Self::Netrc { path, why } => write!(f, "{} is no netrc: {why}", Shown(path)),
            Self::NotBegun { path } => write!(f, "nothing was begun for {}", Shown(path)),
            Self::Denied { doing, path, source } | Self::Io { doing, path, source } => {
                write!(f, "{doing} {}: {}", Shown(path), cause(source))
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Denied { source, .. } | Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// A path as it may go to a terminal: what moves the cursor, hides or reorders text is escaped, and
/// so is what is not UTF-8.
struct Shown<'a>(&'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.as_os_str().is_empty() {
            return f.write_str("''");
        }
        for chunk in self.0.as_os_str().as_encoded_bytes().utf8_chunks() {
            for c in chunk.valid().chars() {
                if is_unseen(c) {
                    write!(f, "{}", c.escape_default())?
                } else {
                    fmt::Write::write_char(f, c)?
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// The system's words without its number, as a sentence's tail.
fn cause(source: &io::Error) -> String {
    let mut words = source.to_string();
    if let Some(number) = words.rfind(" (os error") {
        words.truncate(number);
    }
    let mut rest = words.chars();
    match rest.next() {
        Some(first) => first.to_lowercase().chain(rest).collect(),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn shows_paths_escaped() {
        let table: &[(&[u8], &str)] = &[
            (b"plain name.html", "plain name.html"),
            ("n\u{e4}me/\u{65b0}\u{6d6a}".as_bytes(), "n\u{e4}me/\u{65b0}\u{6d6a}"),
            (b"a\x1b[2Jb\r\nc\x7f", "a\\u{1b}[2Jb\\r\\nc\\u{7f}"),
            ("c1\u{9b}2J".as_bytes(), "c1\\u{9b}2J"),
            ("evil\u{202e}txt.exe".as_bytes(), "evil\\u{202e}txt.exe"),
            (b"bad\xff\xfeutf", "bad\\xff\\xfeutf"),
            (b"", "''"),
        ];
        for (raw, shown) in table {
            assert_eq!(Shown(Path::new(OsStr::from_bytes(raw))).to_string(), *shown);
        }
    }

    #[test]
    fn sorts_denials_from_failures() {
        let of = |errno: rustix::io::Errno| Error::system("creating", "x\x1b", errno);
        assert!(matches!(of(rustix::io::Errno::ACCESS), Error::Denied { .. }));
        assert!(matches!(of(rustix::io::Errno::PERM), Error::Denied { .. }));
        assert!(matches!(of(rustix::io::Errno::ROFS), Error::Denied { .. }));
        assert!(matches!(of(rustix::io::Errno::NOSPC), Error::Io { .. }));
        assert_eq!(
            of(rustix::io::Errno::NOSPC).to_string(),
            "creating x\\u{1b}: no space left on device"
        );
        assert!(std::error::Error::source(&of(rustix::io::Errno::NOSPC)).is_some());
    }
}
