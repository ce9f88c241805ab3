//! The lock on an mbox that mail programs agree on: a dot-lock, and `fcntl`.
//! Must not hold: the journal's lock, or anything done under this one.
//!
//! `FILE.lock` with our process id, then `fcntl` on the mbox: what mutt, Dovecot and procmail do,
//! and in this order. Not `flock` too: over NFS it is the same lock as `fcntl`'s, and we would wait
//! for ourselves. Not `flock` instead: few take it.

use crate::error::Error;
use crate::folder::{Folder, kind};
use rustix::fs::{FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::time::Duration;

/// Held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock<'a> {
    folder: &'a Folder,
    dot: OsString,
    /// Closing it lets go of the `fcntl` lock.
    mbox: File,
}

impl<'a> Lock<'a> {
    /// Locks and opens the mbox, creating it when it is missing; tries so many times, a tenth of a
    /// second apart.
    pub(crate) fn take(folder: &'a Folder, name: &OsStr, attempts: u32) -> Result<Self, Error> {
        let dot = dot_lock(name);
        for attempt in 0..attempts {
            if attempt > 0 {
                std::thread::sleep(PAUSE);
            }
            if let Some(lock) = Self::attempt(folder, name, &dot)? {
                return Ok(lock);
            }
        }
        Err(Error::MboxLocked { path: folder.path_of(name), lock: folder.path_of(&dot) })
    }

    pub(crate) fn mbox(&self) -> &File {
        &self.mbox
    }

    fn attempt(folder: &'a Folder, name: &OsStr, dot: &OsStr) -> Result<Option<Self>, Error> {
        let failed = |source| Error::system("creating", folder.path_of(dot), source);
        if !create_dot(folder, name, dot).map_err(failed)? {
            return Ok(None);
        }
        let opened = open(folder, name).inspect_err(|_| drop(folder.remove(dot)))?;
        let lock = Self { folder, dot: dot.to_owned(), mbox: opened };
        match rustix::fs::fcntl_lock(&lock.mbox, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(lock)),
            Err(Errno::AGAIN | Errno::ACCESS) => Ok(None),
            Err(error) => Err(Error::system("locking", folder.path_of(name), error)),
        }
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // One that stays bears our mark, and the next run removes it.
        self.folder.remove(&self.dot).ok();
    }
}

/// Removes what a run that died left behind. Only who holds the journal's lock may call this: no
/// other run of ours is alive then.
pub(crate) fn clear(folder: &Folder, name: &OsStr) -> io::Result<()> {
    folder.remove(&draft(name))?;
    let dot = dot_lock(name);
    let access = OFlags::RDONLY | OFlags::NONBLOCK;
    let Ok(left) = folder.open_file(&dot, access, Mode::empty()) else { return Ok(()) };
    let mut text = Vec::new();
    io::copy(&mut left.take(DOT_BYTES), &mut text)?;
    if text.ends_with(MARK) { folder.remove(&dot) } else { Ok(()) }
}

/// Writes the dot-lock under another name first: when it appears, it is whole. `false` when there
/// is one.
fn create_dot(folder: &Folder, name: &OsStr, dot: &OsStr) -> io::Result<bool> {
    let draft = draft(name);
    folder.remove(&draft)?;
    let mut file = folder.create(&draft, Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH)?;
    // Others read the leading number as the process to look for.
    let mut text = std::process::id().to_string().into_bytes();
    text.extend_from_slice(MARK);
    let moved = file.write_all(&text).and_then(|()| folder.rename_new(&draft, dot));
    let taken = moved.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists);
    if moved.is_err() {
        folder.remove(&draft).ok();
    }
    if taken { Ok(false) } else { moved.map(|()| true) }
}

fn open(folder: &Folder, name: &OsStr) -> Result<File, Error> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK;
    let opened = folder.open_file(name, flags, Mode::RUSR | Mode::WUSR);
    let file = opened.map_err(|error| Error::system("opening", folder.path_of(name), error))?;
    let stat = rustix::fs::fstat(&file)
        .map_err(|error| Error::system("looking at", folder.path_of(name), error))?;
    match kind(&stat) {
        FileType::RegularFile => Ok(file),
        other => {
            Err(Error::NotAFile { path: folder.path_of(name), what: crate::folder::words(other) })
        }
    }
}

fn dot_lock(name: &OsStr) -> OsString {
    [name, OsStr::new(".lock")].into_iter().collect()
}

fn draft(name: &OsStr) -> OsString {
    [OsStr::new("."), name, OsStr::new(".wireline-lock")].into_iter().collect()
}

const PAUSE: Duration = Duration::from_millis(100);

/// Tells our dot-locks from others'.
const MARK: &[u8] = b" wireline\n";

/// No dot-lock of ours is longer, in bytes.
const DOT_BYTES: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn one_at_a_time() {
        let scratch = Scratch::new();
        let folder = Folder::open(scratch.path(), true).unwrap();
        let lock = Lock::take(&folder, OsStr::new("box"), 1).unwrap();
        assert_eq!(scratch.names(), ["box", "box.lock"]);
        let refused = Lock::take(&folder, OsStr::new("box"), 2).unwrap_err();
        assert!(matches!(&refused, Error::MboxLocked { .. }), "{refused}");
        drop(lock);
        assert_eq!(scratch.names(), ["box"]);
        Lock::take(&folder, OsStr::new("box"), 1).unwrap();
    }

    #[test]
    fn only_our_leftovers_are_cleared() {
        let table: &[(&[u8], bool)] =
            &[(b"12345 wireline\n", true), (b"12345\n", false), (b"", false), (b"0", false)];
        for (text, ours) in table {
            let scratch = Scratch::new();
            scratch.write("box.lock", text);
            scratch.write(".box.wireline-lock", b"");
            let folder = Folder::open(scratch.path(), true).unwrap();
            clear(&folder, OsStr::new("box")).unwrap();
            assert_eq!(scratch.names().is_empty(), *ours, "{text:?}");
            assert_eq!(Lock::take(&folder, OsStr::new("box"), 1).is_ok(), *ours, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_mbox_is_not_opened() {
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.at("box")).unwrap();
        let folder = Folder::open(scratch.path(), true).unwrap();
        assert!(Lock::take(&folder, OsStr::new("box"), 1).is_err());
        assert_eq!(scratch.names(), ["box"]);
    }
}
