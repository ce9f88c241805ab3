//! The journal of unique ids: which messages of an account were fetched, one line each.
//! Must not hold: the messages, or where they are stored.

use super::digest::Digest;
use super::line::{Entry, Line, Place, escaped};
use crate::error::Error;
use crate::folder::{Folder, kind, words};
use rustix::fs::{FileType, Mode, OFlags};
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

mod load;
mod rewrite;

/// A text file that remembers the messages of all accounts, open for one account and locked until
/// it is dropped.
///
/// Lines are appended and synced; a last line that a death tore is dropped on opening, and anything
/// else that is odd is an error: an id that is forgotten is a message fetched twice, an id that is
/// made up is a message lost. 100,000 ids take about 4 MiB of memory.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    name: OsString,
    file: File,
    /// Of the lines that count.
    length: u64,
    /// Escaped.
    account: Vec<u8>,
    /// Of this account only.
    entries: HashMap<Digest, Entry>,
    batch: Batch,
    unfinished: Option<Unfinished>,
    /// A failed write could not be taken back: there is something after the lines that count.
    soiled: bool,
}

/// Lines to be appended together.
#[derive(Debug, Default)]
struct Batch {
    lines: Vec<u8>,
    entries: HashMap<Digest, Entry>,
    count: u64,
}

/// A batch that is journaled, but not known to be stored.
#[derive(Debug)]
struct Unfinished {
    place: Place,
    /// Where it begins in the journal.
    at: u64,
    /// Of this account only.
    entries: HashMap<Digest, Entry>,
    read: Read,
}

/// What only matters of a batch that an earlier run left.
#[derive(Debug, Default)]
struct Read {
    /// The line in which it begins.
    line: u64,
    /// Its records that are still to come.
    missing: u64,
    /// Of all accounts.
    keys: Vec<Digest>,
}

impl Journal {
    /// Opens the journal at `path` for one account, creating it when it is missing. The account is
    /// any bytes that tell it from others: user, host and port. Symbolic links are not followed.
    ///
    /// # Errors
    /// - [`Error::Locked`]: another process has it open.
    /// - [`Error::Journal`]: it is not one, or is damaged. It is left as it is.
    /// - [`Error::NotAFile`]: its name is taken by something else.
    /// - [`Error::Denied`], [`Error::Io`]: the system says no.
    pub fn open(path: &Path, account: &[u8]) -> Result<Self, Error> {
        let journal = Self::open_unfinished(path, account)?;
        if journal.unfinished.is_some() { Err(journal.of_another_place()) } else { Ok(journal) }
    }

    /// What is known of a message, one that waits for [`commit`](Self::commit) included.
    pub fn entry(&self, uid: &[u8]) -> Option<Entry> {
        self.known(&self.key(uid, None))
    }

    /// Adds a message to those that the next [`commit`](Self::commit) writes. One that is known
    /// already is left as it is.
    ///
    /// # Errors
    /// [`Error::Io`]: the id is longer than 16 KiB.
    pub fn add(&mut self, uid: &[u8], entry: Entry) -> Result<(), Error> {
        self.fits(uid)?;
        self.add_as(self.key(uid, None), uid, None, entry);
        Ok(())
    }

    /// Writes what was added, and returns when it is durable. After a failure the journal is as it
    /// was before, and what was added is forgotten.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Io`]: the system says no.
    pub fn commit(&mut self) -> Result<(), Error> {
        let batch = std::mem::take(&mut self.batch);
        self.is_usable()?;
        self.write(&batch.lines)?;
        self.entries.extend(batch.entries);
        Ok(())
    }

    /// Forgets the messages of this account that the server no longer lists, and returns how many
    /// those are. The file is replaced as a whole. Messages known by their content are kept: their
    /// ids are not their own.
    ///
    /// # Errors
    /// - [`Error::Denied`], [`Error::Io`]: the system says no; the journal is as it was.
    /// - [`Error::Journal`]: it changed meanwhile.
    pub fn forget_unlisted<'a>(
        &mut self,
        listed: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<usize, Error> {
        self.is_usable()?;
        let mut gone: HashSet<Digest> = self.entries.keys().copied().collect();
        for uid in listed {
            gone.remove(&self.key(uid, None));
        }
        if gone.is_empty() {
            return Ok(0);
        }
        let account = self.account.clone();
        self.rewrite(|line, key| match line {
            Line::Record { account: whose, content: None, .. } if *whose == account => {
                !gone.contains(key)
            }
            _ => true,
        })
    }

    /// As [`open`](Self::open), for a mailbox, which resolves an [`unfinished`](Self::unfinished)
    /// batch before anything else.
    pub(crate) fn open_unfinished(path: &Path, account: &[u8]) -> Result<Self, Error> {
        let parent = path.parent().unwrap_or(Path::new(""));
        let folder =
            Folder::open(parent, true).map_err(|error| Error::system("opening", parent, error))?;
        let name = path.file_name().unwrap_or_default().to_owned();
        let file = take(&folder, &name)?;
        let mut journal = Self {
            folder,
            name,
            file,
            length: 0,
            account: escaped(account),
            entries: HashMap::new(),
            batch: Batch::default(),
            unfinished: None,
            soiled: false,
        };
        journal.load()?;
        Ok(journal)
    }

    /// What a message of this account is known by: its id, and its content where the id is shared.
    pub(crate) fn key(&self, uid: &[u8], content: Option<&Digest>) -> Digest {
        key_of(&self.account, uid, content)
    }

    pub(crate) fn known(&self, key: &Digest) -> Option<Entry> {
        self.entries.get(key).or_else(|| self.batch.entries.get(key)).copied()
    }

    /// The id has to [fit](Self::fits).
    pub(crate) fn add_as(
        &mut self,
        key: Digest,
        uid: &[u8],
        content: Option<Digest>,
        entry: Entry,
    ) {
        if self.known(&key).is_none() {
            let (account, uid) = (self.account.as_slice(), &escaped(uid));
            Line::Record { entry, account, uid, content }.print(&mut self.batch.lines);
            self.batch.entries.insert(key, entry);
            self.batch.count += 1;
        }
    }

    /// Whether an id can be read again: it has at most 70 bytes (RFC 1939 section 7), but a server
    /// may say anything.
    pub(crate) fn fits(&self, uid: &[u8]) -> Result<(), Error> {
        if uid.len() <= UID_BYTES {
            return Ok(());
        }
        let too_long = io::Error::new(io::ErrorKind::InvalidInput, "a unique id is too long");
        Err(self.failed("writing to", too_long))
    }

    /// Drops what was added since the last commit.
    pub(crate) fn forget_batch(&mut self) {
        self.batch = Batch::default();
    }

    /// Writes what was added as a batch that is now being stored: it counts only when it is
    /// [`done`](Self::done).
    pub(crate) fn begin_batch(&mut self, place: Place) -> Result<(), Error> {
        let batch = std::mem::take(&mut self.batch);
        self.is_usable()?;
        let mut lines = Vec::new();
        Line::Batch { count: batch.count, place }.print(&mut lines);
        lines.extend_from_slice(&batch.lines);
        let at = self.length;
        self.write(&lines)?;
        let (entries, read) = (batch.entries, Read::default());
        self.unfinished = Some(Unfinished { place, at, entries, read });
        Ok(())
    }

    /// The batch that was begun, or left by an earlier run.
    pub(crate) fn unfinished(&self) -> Option<Place> {
        self.unfinished.as_ref().map(|unfinished| unfinished.place)
    }

    /// What the messages are known by of a batch that an earlier run left; of any account.
    pub(crate) fn unfinished_keys(&self) -> &[Digest] {
        self.unfinished.as_ref().map_or(&[], |unfinished| &unfinished.read.keys)
    }

    /// The batch is stored, durably.
    pub(crate) fn done(&mut self) -> Result<(), Error> {
        let mut line = Vec::new();
        Line::Done.print(&mut line);
        self.write(&line)?;
        self.entries.extend(self.unfinished.take().into_iter().flat_map(|done| done.entries));
        Ok(())
    }

    /// Nothing of the batch is stored.
    pub(crate) fn undone(&mut self) -> Result<(), Error> {
        if let Some(undone) = &self.unfinished {
            self.cut(undone.at)?;
            self.unfinished = None;
        }
        Ok(())
    }

    /// Of the batch that an earlier run left, these messages are stored.
    pub(crate) fn done_in_part(&mut self, stored: impl Fn(&Digest) -> bool) -> Result<(), Error> {
        let keys = self.unfinished_keys();
        if !keys.iter().any(&stored) {
            return self.undone();
        }
        if keys.iter().all(&stored) {
            return self.done();
        }
        let missing: Vec<Digest> = keys.iter().filter(|key| !stored(key)).copied().collect();
        self.rewrite(|_, key| !missing.contains(key))?;
        let done = self.unfinished.take().into_iter().flat_map(|done| done.entries);
        self.entries.extend(done.filter(|(key, _)| stored(key)));
        Ok(())
    }

    /// The unfinished batch is for another kind of mailbox.
    pub(crate) fn of_another_place(&self) -> Error {
        let line = self.unfinished.as_ref().map_or(0, |unfinished| unfinished.read.line);
        self.odd(line, "an unfinished batch of another mailbox")
    }

    fn is_usable(&self) -> Result<(), Error> {
        match self.unfinished {
            Some(_) => Err(self.failed("writing to", io::Error::other("a batch is unfinished"))),
            None => Ok(()),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path_of(&self.name)
    }

    fn failed(&self, doing: &'static str, source: impl Into<io::Error>) -> Error {
        Error::system(doing, self.path(), source)
    }

    fn odd(&self, line: u64, what: &'static str) -> Error {
        Error::Journal { path: self.path(), line, what }
    }

    /// Appends and syncs, or leaves the file as it was.
    fn write(&mut self, lines: &[u8]) -> Result<(), Error> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.soiled {
            self.cut(self.length)?;
        }
        let written =
            self.file.write_all_at(lines, self.length).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Lines that were never answered for must not count one day.
            self.soiled = self.cut(self.length).is_err();
            return Err(self.failed("writing to", error));
        }
        self.length += u64::try_from(lines.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    fn cut(&mut self, length: u64) -> Result<(), Error> {
        let cut = self.file.set_len(length).and_then(|()| self.file.sync_data());
        cut.map_err(|error| self.failed("cutting", error))?;
        self.length = length;
        self.soiled = false;
        Ok(())
    }
}

fn key_of(account: &[u8], uid: &[u8], content: Option<&Digest>) -> Digest {
    match content {
        None => Digest::of(&[account, uid]),
        Some(content) => Digest::of(&[account, uid, content.bytes()]),
    }
}

/// Opens and locks the file that bears the name. Whoever held it before may have replaced it between
/// our opening and our locking.
fn take(folder: &Folder, name: &OsStr) -> Result<File, Error> {
    let path = || folder.path_of(name);
    for _ in 0..ATTEMPTS {
        let there =
            folder.look(name).map_err(|error| Error::system("looking at", path(), error))?;
        if let Some(other) = there.as_ref().map(kind).filter(|kind| *kind != FileType::RegularFile)
        {
            return Err(Error::NotAFile { path: path(), what: words(other) });
        }
        let file = folder
            .open_file(name, OFlags::RDWR | OFlags::CREATE, OWNERS)
            .map_err(|error| Error::system("opening", path(), error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { path: path() }),
            Err(TryLockError::Error(error)) => {
                return Err(Error::system("locking", path(), error));
            }
        }
        let ours = folder.leads_to(name, &file);
        if ours.map_err(|error| Error::system("looking at", path(), error))? {
            return Ok(file);
        }
    }
    Err(Error::Locked { path: path() })
}

const HEADER: &[u8] = b"wireline-uids 1\n";

const OWNERS: Mode = Mode::RUSR.union(Mode::WUSR);

/// Each costs another process a whole run.
const ATTEMPTS: u32 = 16;

/// Longest unique id, in bytes. All of it escaped, it still fits in a line.
const UID_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests;
