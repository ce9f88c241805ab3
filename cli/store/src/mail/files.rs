//! One file a message: a Maildir, or a folder of `.eml` files.
//! Must not hold: how the journal is written, or what is in the files.

use super::asctime::since_epoch;
use super::digest::Digest;
use super::journal::Journal;
use super::line::Place;
use crate::error::Error;
use crate::folder::Folder;
use crate::name::safe_name;
use rustix::fs::Mode;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::SystemTime;

/// Messages are staged under hidden names, then moved to names that no other run gives: a mark made
/// of what the message is known by and of the run's time. The journal has both, so that a run after
/// a death can tell which of the batch were moved, whether or not a reader has moved them on since.
#[derive(Debug)]
pub(crate) struct Files {
    staging: Folder,
    place: Folder,
    naming: Naming,
    /// The run's time, in nanoseconds since 1970.
    salt: u64,
    /// Number of the next staged file.
    next: u64,
    /// The message being written, or one that was given up.
    staged: Option<Staged>,
    /// Staged names and what they become with the next settling.
    finished: Vec<(OsString, OsString)>,
    /// Those of them that are not synced yet.
    unsynced: Vec<File>,
}

#[derive(Clone, Copy, Debug)]
enum Naming {
    /// `SECONDS.WMARK.wireline`, and whatever a reader appends for flags.
    Maildir,
    /// `UID-MARK.eml`.
    Eml,
}

#[derive(Debug)]
struct Staged {
    file: File,
    name: OsString,
}

impl Files {
    /// A Maildir; it is created when missing, its parent is not.
    pub(crate) fn maildir(path: &Path, now: SystemTime) -> Result<Self, Error> {
        for folder in ["", "tmp", "new", "cur"] {
            create_folder(&path.join(folder))?;
        }
        sync_folder(path)?;
        Self::new(&path.join("tmp"), &path.join("new"), Naming::Maildir, now)
    }

    /// A folder of `.eml` files; it is created when missing, its parent is not.
    pub(crate) fn folder(path: &Path, now: SystemTime) -> Result<Self, Error> {
        create_folder(path)?;
        Self::new(path, path, Naming::Eml, now)
    }

    fn new(staging: &Path, place: &Path, naming: Naming, now: SystemTime) -> Result<Self, Error> {
        Ok(Self {
            staging: open(staging)?,
            place: open(place)?,
            naming,
            salt: u64::try_from(since_epoch(now).as_nanos()).unwrap_or(u64::MAX),
            next: 0,
            staged: None,
            finished: Vec::new(),
            unsynced: Vec::new(),
        })
    }

    /// Removes what dead runs left, and journals what one of them had moved already. Only who holds
    /// the journal's lock may call this.
    pub(crate) fn recover(&mut self, journal: &mut Journal) -> Result<(), Error> {
        match journal.unfinished() {
            None => {}
            Some(Place::Files { salt }) => {
                let moved = self.moved(journal.unfinished_keys(), salt)?;
                journal.done_in_part(|key| moved.contains(key))?;
            }
            Some(Place::Mbox(_)) => return Err(journal.of_another_place()),
        }
        let mut left = Vec::new();
        each_name(&self.staging, |name| {
            if name.as_bytes().starts_with(b".") && name.as_bytes().ends_with(STAGED.as_bytes()) {
                left.push(name.to_owned());
            }
        })?;
        left.iter().try_for_each(|name| {
            let removed = self.staging.remove(name);
            removed.map_err(|error| failed("removing", &self.staging, name, error))
        })
    }

    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        self.abandon();
        let name = OsString::from(format!(".{}{STAGED}", self.next));
        self.next += 1;
        let created = self.staging.create(&name, Mode::RUSR | Mode::WUSR);
        let file = created.map_err(|error| failed("creating", &self.staging, &name, error))?;
        self.staged = Some(Staged { file, name });
        Ok(())
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match &self.staged {
            Some(staged) => (&staged.file).write_all(bytes),
            None => Err(io::Error::other("no message was begun")),
        }
    }

    /// Takes the message into the batch, or drops the whole batch if syncing fails: a file whose
    /// syncing failed cannot be trusted, even if a second attempt says otherwise. The files of many are synced together: by the time that the
    /// last one is written, the disk has begun with the first.
    pub(crate) fn finish(&mut self, key: Digest, uid: &[u8]) -> Result<(), Error> {
        let Some(Staged { file, name }) = self.staged.take() else { return Ok(()) };
        start_writing(&file);
        self.finished.push((name, self.naming.name(mark(&key, self.salt), self.salt, uid)));
        self.unsynced.push(file);
        if self.unsynced.len() < OPEN_FILES { Ok(()) } else { self.sync_files() }
    }

    /// Gives the batch its names: files, journal, names, journal, each durable before the next.
    pub(crate) fn settle(&mut self, journal: &mut Journal) -> Result<(), Error> {
        self.abandon();
        if self.finished.is_empty() {
            return journal.commit();
        }
        self.sync_files()?;
        journal.begin_batch(Place::Files { salt: self.salt })?;
        for (staged, name) in std::mem::take(&mut self.finished) {
            let moved = self.staging.move_new(&staged, &self.place, &name);
            moved.map_err(|error| failed("creating", &self.place, &name, error))?;
        }
        sync(&self.place)?;
        journal.done()
    }

    /// The messages among these that a run of that time has moved. Their names are made durable.
    fn moved(&self, keys: &[Digest], salt: u64) -> Result<HashSet<Digest>, Error> {
        let marks: HashMap<Digest, Digest> =
            keys.iter().map(|key| (mark(key, salt), *key)).collect();
        let mut folders = vec![open(self.place.path())?];
        if let Naming::Maildir = self.naming {
            folders.push(open(&self.place.path_of(OsStr::new("../cur")))?);
        }
        let mut moved = HashSet::new();
        for folder in folders {
            each_name(&folder, |name| {
                let key = self.naming.mark(name.as_bytes()).and_then(|mark| marks.get(&mark));
                moved.extend(key);
            })?;
            sync(&folder)?;
        }
        Ok(moved)
    }

    fn sync_files(&mut self) -> Result<(), Error> {
        for file in std::mem::take(&mut self.unsynced) {
            if let Err(error) = file.sync_data() {
                self.forget_finished();
                return Err(Error::system("syncing a message in", self.staging.path(), error));
            }
        }
        Ok(())
    }

    fn abandon(&mut self) {
        if let Some(staged) = self.staged.take() {
            self.staging.remove(&staged.name).ok();
        }
    }

    fn forget_finished(&mut self) {
        self.unsynced.clear();
        for (staged, _) in std::mem::take(&mut self.finished) {
            self.staging.remove(&staged).ok();
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.abandon();
        self.forget_finished();
    }
}

impl Naming {
    fn name(self, mark: Digest, salt: u64, uid: &[u8]) -> OsString {
        OsString::from(match self {
            Self::Maildir => format!("{}.W{mark}.wireline", salt / NANOSECONDS),
            Self::Eml => {
                let uid = safe_name(uid.get(..UID_BYTES).unwrap_or(uid));
                format!("{}-{mark}.eml", uid.as_deref().unwrap_or("mail"))
            }
        })
    }

    /// The mark in a name, if it is one of ours.
    fn mark(self, name: &[u8]) -> Option<Digest> {
        let hex = match self {
            Self::Maildir => {
                let mut words = name.split(|byte| *byte == b'.');
                let hex = words.nth(1)?.strip_prefix(b"W")?;
                words.next()?.starts_with(b"wireline").then_some(hex)?
            }
            Self::Eml => {
                let stem = name.strip_suffix(b".eml")?;
                stem.rsplit(|byte| *byte == b'-').next()?
            }
        };
        Digest::from_hex(hex)
    }
}

fn mark(key: &Digest, salt: u64) -> Digest {
    Digest::of(&[key.bytes(), &salt.to_be_bytes()])
}

fn create_folder(path: &Path) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => sync_folder(path.parent().unwrap_or(Path::new(""))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::system("creating", path, error)),
    }
}

fn open(path: &Path) -> Result<Folder, Error> {
    Folder::open(path, true).map_err(|error| Error::system("opening", path, error))
}

fn sync_folder(path: &Path) -> Result<(), Error> {
    sync(&open(path)?)
}

fn sync(folder: &Folder) -> Result<(), Error> {
    folder.sync().map_err(|error| Error::system("syncing", folder.path(), error))
}

fn each_name(folder: &Folder, seen: impl FnMut(&OsStr)) -> Result<(), Error> {
    folder.each_name(seen).map_err(|error| Error::system("reading", folder.path(), error))
}

fn failed(doing: &'static str, folder: &Folder, name: &OsStr, error: io::Error) -> Error {
    Error::system(doing, folder.path_of(name), error)
}

/// Asks for the file's bytes to be written, without waiting. 64 messages of 4 KiB take 6 ms to sync
/// after this, and 10 ms without; `syncfs` is quicker still on an idle machine, but waits for
/// everybody's bytes on another: 110 ms.
#[cfg(target_os = "linux")]
fn start_writing(file: &File) {
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).ok();
}

#[cfg(not(target_os = "linux"))]
fn start_writing(_: &File) {}

const NANOSECONDS: u64 = 1_000_000_000;

/// The end of a staged file's name.
const STAGED: &str = ".wireline-part";

/// Most messages that are open at once, waiting to be synced.
const OPEN_FILES: usize = 64;

/// Bytes of a unique id that a file's name shows.
const UID_BYTES: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_again() {
        let key = Digest::of(&[b"account", b"uid"]);
        let name = Naming::Maildir.name(key, 1_700_000_000_123_456_789, b"uid");
        let name = name.into_string().unwrap();
        assert_eq!(name, format!("1700000000.W{key}.wireline"));
        for flags in ["", ":2,", ":2,RS", ",S=123:2,S"] {
            assert_eq!(
                Naming::Maildir.mark(format!("{name}{flags}").as_bytes()),
                Some(key),
                "{flags}"
            );
        }
        for uid in ["whqtswO00WBw", "../../etc/passwd", "", ".", "a-b", &"\u{e4}".repeat(99), "con"]
        {
            let name = Naming::Eml.name(key, 0, uid.as_bytes()).into_string().unwrap();
            assert!(name.len() <= 255 && !name.starts_with('.') && !name.contains('/'), "{name}");
            assert_eq!(Naming::Eml.mark(name.as_bytes()), Some(key), "{name}");
        }
    }

    #[test]
    fn others_names_are_not_ours() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb924";
        for name in ["", "1.x", "1.W.wireline", "1.Wzz.wireline", &format!("1.W{hex}.host")] {
            assert_eq!(Naming::Maildir.mark(name.as_bytes()), None, "{name}");
        }
        for name in ["a.eml", ".eml", &format!("a{hex}.eml"), &format!("a-{hex}")] {
            assert_eq!(Naming::Eml.mark(name.as_bytes()), None, "{name}");
        }
    }
}
