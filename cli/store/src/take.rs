//! Taking the part file: opening it without following or truncating, locking it, and making sure
//! that it is ours.
//! Must not hold: what is done with it afterwards.

use crate::beside::Names;
use crate::error::Error;
use crate::folder::{Folder, kind, same, words};
use rustix::fs::{FileType, Mode, OFlags, Stat};
use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::io;

/// A part file under our lock, which goes when the file is closed.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) file: File,
    pub(crate) stat: Stat,
}

/// Takes the part file beside `name`, creating it when it is missing.
///
/// Whoever held it before may have renamed it onto the target, or removed it, between our opening
/// and our locking. What we hold then is not the part file any more (it may be the finished target,
/// which cutting would destroy), and we try again with what bears the name by then.
pub(crate) fn take(folder: &Folder, name: &OsStr, names: &Names) -> Result<Taken, Error> {
    for _ in 0..ATTEMPTS {
        let Some(opened) = open(folder, names)? else { continue };
        if let Some(taken) = settle(folder, name, names, opened)? {
            return Ok(taken);
        }
    }
    Err(Error::Locked { path: folder.path_of(name) })
}

struct Opened {
    file: File,
    /// By us, just now: whoever holds it, it belongs to our user.
    created: bool,
}

/// `None` when it went away in between.
fn open(folder: &Folder, names: &Names) -> Result<Option<Opened>, Error> {
    let path = || folder.path_of(&names.part);
    match folder.create(&names.part, NEW) {
        Ok(file) => return Ok(Some(Opened { file, created: true })),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Error::system("creating", path(), error)),
    }
    // Opening a FIFO or a device would have effects of its own.
    let there =
        folder.look(&names.part).map_err(|error| Error::system("looking at", path(), error))?;
    match there.as_ref().map(kind) {
        Some(FileType::RegularFile) => {}
        Some(other) => return Err(Error::Planted { path: path(), what: words(other) }),
        None => return Ok(None),
    }
    match folder.open_file(&names.part, OFlags::RDWR, Mode::empty()) {
        Ok(file) => Ok(Some(Opened { file, created: false })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::system("opening", path(), error)),
    }
}

/// Locks an open file and looks whether it is the part file, and nobody else's; `None` when it is
/// not any more.
fn settle(
    folder: &Folder,
    name: &OsStr,
    names: &Names,
    opened: Opened,
) -> Result<Option<Taken>, Error> {
    let path = || folder.path_of(&names.part);
    let Opened { file, created } = opened;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(Error::Locked { path: folder.path_of(name) }),
        Err(TryLockError::Error(error)) => {
            if created {
                folder.remove(&names.part).ok();
            }
            return Err(Error::system("locking", path(), error));
        }
    }
    let looking = |error: io::Error| Error::system("looking at", path(), error);
    let stat = rustix::fs::fstat(&file).map_err(|error| looking(error.into()))?;
    if !folder.look(&names.part).map_err(looking)?.is_some_and(|named| same(&named, &stat)) {
        return Ok(None);
    }
    if kind(&stat) != FileType::RegularFile {
        return Err(Error::Planted { path: path(), what: words(kind(&stat)) });
    }
    if !created && stat.st_uid != our_user(folder, names)? {
        return Err(Error::Planted { path: path(), what: "somebody else's file" });
    }
    if stat.st_nlink > 1 {
        let target = folder.look(name).map_err(looking)?;
        return finish_renaming(folder, names, target.as_ref(), &stat).map(|()| None);
    }
    Ok(Some(Taken { file, stat }))
}

/// A second name of our file: fine if it is the target's, then a process died between linking and
/// removing. Any other name is of a file that must not be written through this one.
fn finish_renaming(
    folder: &Folder,
    names: &Names,
    target: Option<&Stat>,
    part: &Stat,
) -> Result<(), Error> {
    let path = || folder.path_of(&names.part);
    if !target.is_some_and(|target| same(target, part)) {
        return Err(Error::Planted { path: path(), what: "a file with other names" });
    }
    folder.remove(&names.part).map_err(|error| Error::system("removing", path(), error))
}

/// The user that new files in this folder belong to. Over NFS or sshfs that need not be the
/// process's own, and it shows at once that a folder has become read-only, which an old part file
/// would hide.
fn our_user(folder: &Folder, names: &Names) -> Result<u32, Error> {
    let failed =
        |error: io::Error| Error::system("creating", folder.path_of(&names.temporary), error);
    folder.remove(&names.temporary).map_err(failed)?;
    let probe = folder.create(&names.temporary, Mode::RUSR | Mode::WUSR).map_err(failed)?;
    folder.remove(&names.temporary).map_err(failed)?;
    Ok(rustix::fs::fstat(&probe).map_err(|error| failed(error.into()))?.st_uid)
}

/// The umask takes from this.
const NEW: Mode = Mode::from_bits_retain(0o666);

/// Losing this many races in a row means that something is wrong.
const ATTEMPTS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn setting(scratch: &Scratch) -> (Folder, Names) {
        (Folder::open(scratch.path(), false).unwrap(), Names::beside(OsStr::new("x")))
    }

    /// Open, and then, before the lock, the former holder finishes.
    #[test]
    fn a_part_renamed_onto_the_target_before_the_lock_is_let_go() {
        let scratch = Scratch::new();
        let (folder, names) = setting(&scratch);
        let first = take(&folder, OsStr::new("x"), &names).unwrap();
        let second = open(&folder, &names).unwrap().unwrap();
        io::Write::write_all(&mut &first.file, b"finished").unwrap();
        folder.rename(&names.part, OsStr::new("x")).unwrap();
        drop(first);
        assert!(settle(&folder, OsStr::new("x"), &names, second).unwrap().is_none());
        assert_eq!(scratch.read("x"), b"finished");
        let next = take(&folder, OsStr::new("x"), &names).unwrap();
        assert_eq!((next.stat.st_size, scratch.read("x")), (0, b"finished".to_vec()));
    }

    #[test]
    fn a_part_removed_and_made_anew_before_the_lock_is_let_go() {
        let scratch = Scratch::new();
        let (folder, names) = setting(&scratch);
        let old = open(&folder, &names).unwrap().unwrap();
        folder.remove(&names.part).unwrap();
        let new = take(&folder, OsStr::new("x"), &names).unwrap();
        assert!(settle(&folder, OsStr::new("x"), &names, old).unwrap().is_none());
        drop(new);
    }

    #[test]
    fn the_lock_is_exclusive_and_ends_with_its_holder() {
        let scratch = Scratch::new();
        let (folder, names) = setting(&scratch);
        let holder = take(&folder, OsStr::new("x"), &names).unwrap();
        let refused = take(&folder, OsStr::new("x"), &names).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("{} is being written by another process", scratch.at("x").display())
        );
        drop(holder);
        take(&folder, OsStr::new("x"), &names).unwrap();
    }

    #[test]
    fn a_death_between_link_and_removal_is_cleaned_up() {
        let scratch = Scratch::new();
        let (folder, names) = setting(&scratch);
        scratch.write("x", b"finished");
        std::fs::hard_link(scratch.at("x"), scratch.at(".x.part")).unwrap();
        let taken = take(&folder, OsStr::new("x"), &names).unwrap();
        assert_eq!((taken.stat.st_size, scratch.read("x")), (0, b"finished".to_vec()));
    }
}
