//! One open folder and the operations on the names in it: a folder renamed or replaced meanwhile
//! changes nothing.
//! Must not hold: a followed link, or any notion of what the files are for.

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(crate) struct Folder {
    /// As the user typed it, empty for the current folder; for messages and results only.
    path: PathBuf,
    handle: OwnedFd,
}

impl Folder {
    /// A folder that will be synced has to be readable, any other only searchable and writable.
    pub(crate) fn open(path: &Path, sync: bool) -> io::Result<Self> {
        let place = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let access = if sync { OFlags::RDONLY } else { SEARCH };
        let handle =
            rustix::fs::open(place, access | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { path: path.to_path_buf(), handle })
    }

    /// Opens a folder in this one; a symbolic link is an error.
    pub(crate) fn below(&self, name: &OsStr) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(&self.handle, name, flags, Mode::empty())?;
        Ok(Self { path: self.path_of(name), handle })
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { path: self.path.clone(), handle: self.handle.try_clone()? })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn path_of(&self, name: &OsStr) -> PathBuf {
        self.path.join(name)
    }

    /// Creates a file that was not there, for reading and writing.
    pub(crate) fn create(&self, name: &OsStr, mode: Mode) -> io::Result<File> {
        self.open_file(name, OFlags::CREATE | OFlags::EXCL | OFlags::RDWR, mode)
    }

    /// Opens what is there; a symbolic link is an error.
    pub(crate) fn open_file(&self, name: &OsStr, access: OFlags, mode: Mode) -> io::Result<File> {
        let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
        Ok(File::from(rustix::fs::openat(&self.handle, name, flags, mode)?))
    }

    /// What bears the name, a link itself and not what it points to; `None` when nothing does.
    pub(crate) fn look(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        match rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the name still leads to this open file.
    pub(crate) fn leads_to(&self, name: &OsStr, file: &File) -> io::Result<bool> {
        let open = rustix::fs::fstat(file)?;
        Ok(self.look(name)?.is_some_and(|named| same(&named, &open)))
    }

    /// Removes a name; one that is missing is fine.
    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a folder that was not there.
    pub(crate) fn make(&self, name: &OsStr) -> io::Result<()> {
        let mode = Mode::RWXU | Mode::RWXG | Mode::RWXO;
        Ok(rustix::fs::mkdirat(&self.handle, name, mode)?)
    }

    /// Removes an empty folder.
    pub(crate) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::REMOVEDIR)?)
    }

    /// Renames over whatever bears the new name.
    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.handle, from, &self.handle, to)?)
    }

    /// Renames only if nothing bears the new name, else fails with `AlreadyExists`.
    ///
    /// Where the file system cannot rename without replacing, a second link is made and the first
    /// removed; where it cannot link either (FAT and exFAT through some drivers), a look and a
    /// rename have to do.
    pub(crate) fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.move_new(from, self, to)
    }

    /// As [`rename_new`](Self::rename_new), into another folder of the same file system.
    pub(crate) fn move_new(&self, from: &OsStr, into: &Self, to: &OsStr) -> io::Result<()> {
        match self.rename_noreplace(from, into, to) {
            Err(error) if lacks_support(error) => self.link_and_remove(from, into, to),
            other => Ok(other?),
        }
    }

    /// Hands over every name in the folder, in no order. The folder has to be open for syncing.
    pub(crate) fn each_name(&self, mut seen: impl FnMut(&OsStr)) -> io::Result<()> {
        for entry in rustix::fs::Dir::read_from(&self.handle)? {
            seen(OsStr::from_bytes(entry?.file_name().to_bytes()));
        }
        Ok(())
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.handle)?)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn rename_noreplace(&self, from: &OsStr, into: &Self, to: &OsStr) -> Result<(), Errno> {
        rustix::fs::renameat_with(
            &self.handle,
            from,
            &into.handle,
            to,
            rustix::fs::RenameFlags::NOREPLACE,
        )
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn rename_noreplace(&self, _from: &OsStr, _into: &Self, _to: &OsStr) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }

    fn link_and_remove(&self, from: &OsStr, into: &Self, to: &OsStr) -> io::Result<()> {
        match rustix::fs::linkat(&self.handle, from, &into.handle, to, AtFlags::empty()) {
            Ok(()) => {
                // In place already. An old name that stays is cleared away by the next download.
                self.remove(from).ok();
                Ok(())
            }
            Err(error) if lacks_support(error) || error == Errno::PERM => {
                self.look_and_rename(from, into, to)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn look_and_rename(&self, from: &OsStr, into: &Self, to: &OsStr) -> io::Result<()> {
        if into.look(to)?.is_some() {
            return Err(Errno::EXIST.into());
        }
        Ok(rustix::fs::renameat(&self.handle, from, &into.handle, to)?)
    }
}

/// Whether two looks were at the same file.
pub(crate) fn same(a: &Stat, b: &Stat) -> bool {
    a.st_dev == b.st_dev && a.st_ino == b.st_ino
}

pub(crate) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

pub(crate) fn permissions(stat: &Stat) -> Mode {
    Mode::from_raw_mode(stat.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO)
}

/// A file's kind in words, for "NAME is ...".
pub(crate) fn words(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice => "a character device",
        FileType::BlockDevice => "a block device",
        _ => "no regular file",
    }
}

fn lacks_support(error: Errno) -> bool {
    // One number on Linux, two on macOS.
    let unsupported = error == Errno::NOTSUP || error == Errno::OPNOTSUPP;
    unsupported || error == Errno::INVAL || error == Errno::NOSYS
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const SEARCH: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SEARCH: OFlags = OFlags::RDONLY;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    type Rename = fn(&Folder, &OsStr, &Folder, &OsStr) -> io::Result<()>;

    #[test]
    fn every_way_of_renaming_spares_what_is_there() {
        let ways: &[(&str, Rename)] = &[
            ("as the system likes it", Folder::move_new),
            ("link and remove", Folder::link_and_remove),
            ("look and rename", Folder::look_and_rename),
        ];
        for (way, rename) in ways {
            let scratch = Scratch::new();
            let folder = Folder::open(scratch.path(), false).unwrap();
            let (from, to) = (OsStr::new("from"), OsStr::new("to"));
            scratch.write("from", b"new");
            scratch.write("to", b"old");
            let refused = rename(&folder, from, &folder, to).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists, "{way}");
            assert_eq!(
                (scratch.read("from"), scratch.read("to")),
                (b"new".to_vec(), b"old".to_vec()),
                "{way}"
            );
            folder.remove(to).unwrap();
            rename(&folder, from, &folder, to).unwrap();
            assert_eq!(
                (scratch.names(), scratch.read("to")),
                (vec!["to".to_owned()], b"new".to_vec()),
                "{way}"
            );
        }
    }

    #[test]
    fn a_folder_moved_meanwhile_is_still_the_folder() {
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.at("a")).unwrap();
        let folder = Folder::open(&scratch.at("a"), true).unwrap();
        std::fs::rename(scratch.at("a"), scratch.at("b")).unwrap();
        std::os::unix::fs::symlink("/", scratch.at("a")).unwrap();
        folder.create(OsStr::new("x"), Mode::RUSR).unwrap();
        folder.sync().unwrap();
        assert!(scratch.at("b/x").exists());
    }
}
