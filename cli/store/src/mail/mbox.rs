//! An mbox in the mboxrd form, to which a batch is appended as a whole or not at all.
//! Must not hold: the form of a message; that is the text's.

use super::journal::Journal;
use super::line::{Place, Tail};
use super::lock::{self, Lock};
use crate::error::Error;
use crate::folder::Folder;
use rustix::fs::{Mode, OFlags};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

/// The batch is collected in a spool beside the mbox, `.FILE.wireline-spool`. So the mbox is locked
/// only while the batch is appended, not while the server dawdles, and what a death tears can be
/// told from what others appended since.
#[derive(Debug)]
pub(crate) struct Mbox {
    folder: Folder,
    name: OsString,
    spool_name: OsString,
    spool: File,
    /// Of the messages in the spool that are whole, in bytes.
    spooled: u64,
    /// The next run needs the spool to put things right.
    keep_spool: bool,
}

/// What the mbox has where a batch was to go.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// All of it, and maybe more.
    Whole,
    /// A beginning of it, maybe of no length, and nothing else.
    Torn,
    /// Something else.
    Changed,
}

impl Mbox {
    /// Opens the spool, and takes back an append that was cut short, unless all of it is there.
    pub(crate) fn open(folder: Folder, name: &OsStr, journal: &mut Journal) -> Result<Self, Error> {
        let spool_name = [OsStr::new("."), name, OsStr::new(".wireline-spool")];
        let spool_name: OsString = spool_name.into_iter().collect();
        lock::clear(&folder, name)
            .map_err(|error| Error::system("clearing the lock of", folder.path_of(name), error))?;
        let spool = folder
            .open_file(&spool_name, OFlags::RDWR | OFlags::CREATE, Mode::RUSR | Mode::WUSR)
            .map_err(|error| Error::system("opening", folder.path_of(&spool_name), error))?;
        // A batch is journaled on the word that its spool will be found.
        folder.sync().map_err(|error| Error::system("syncing", folder.path(), error))?;
        let name = name.to_owned();
        let mut mbox = Self { folder, name, spool_name, spool, spooled: 0, keep_spool: true };
        match journal.unfinished() {
            None => {}
            Some(Place::Mbox(tail)) => mbox.resolve(tail, journal)?,
            Some(Place::Files { .. }) => return Err(journal.of_another_place()),
        }
        mbox.keep_spool = false;
        Ok(mbox)
    }

    /// Makes the spool ready for the next message, after what is whole in it.
    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        let cut = self.spool.set_len(self.spooled);
        let sought = cut.and_then(|()| (&self.spool).seek(SeekFrom::Start(self.spooled)));
        sought.map(drop).map_err(|error| self.failed("cutting the spool of", error))
    }

    /// The spool, to write a message to.
    pub(crate) fn spool(&self) -> &File {
        &self.spool
    }

    /// The message that was being written is whole.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        let end = (&self.spool).stream_position();
        self.spooled = end.map_err(|error| self.failed("seeking in the spool of", error))?;
        Ok(())
    }

    /// Appends what is in the spool, and with it the journal's batch.
    pub(crate) fn settle(&mut self, journal: &mut Journal) -> Result<(), Error> {
        if self.spooled == 0 {
            return journal.commit();
        }
        let settled = self.append(journal);
        self.spooled = 0;
        settled
    }

    /// Spool, journal, mbox, journal: each durable before the next.
    fn append(&mut self, journal: &mut Journal) -> Result<(), Error> {
        // What a message that was dropped left does not go in.
        self.begin()?;
        self.spool.sync_data().map_err(|error| self.failed("syncing the spool of", error))?;
        let lock = Lock::take(&self.folder, &self.name, LOCK_ATTEMPTS)?;
        let end = end_of(lock.mbox());
        let (offset, separator) = end.map_err(|error| self.failed("reading", error))?;
        let tail = Tail { offset, separator, bytes: self.spooled };
        if offset == 0 {
            self.folder.sync().map_err(|error| self.failed("syncing the folder of", error))?;
        }
        journal.begin_batch(Place::Mbox(tail))?;
        self.keep_spool = true;
        if let Err(error) = self.copy(lock.mbox(), tail) {
            cut(lock.mbox(), offset).map_err(|error| self.failed("cutting", error))?;
            journal.undone()?;
            self.keep_spool = false;
            return Err(self.failed("appending to", error));
        }
        // Should this fail, the line may be there or not: the mbox stays as it is, which is true
        // of either, and the next run looks.
        journal.done()?;
        self.keep_spool = false;
        Ok(())
    }

    fn copy(&self, mut mbox: &File, tail: Tail) -> io::Result<()> {
        let Tail { offset, separator, bytes } = tail;
        mbox.seek(SeekFrom::Start(offset))?;
        (0..separator).try_for_each(|_| mbox.write_all(b"\n"))?;
        (&self.spool).seek(SeekFrom::Start(0))?;
        let copied = io::copy(&mut (&self.spool).take(bytes), &mut mbox)?;
        if copied != bytes {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the spool was cut"));
        }
        mbox.sync_data()
    }

    /// A run died between journaling a batch and journaling its end. Nothing of it was deleted from
    /// the server, so that taking it back loses nothing. But what others appended after it stays,
    /// and then so does our torn beginning.
    fn resolve(&self, tail: Tail, journal: &mut Journal) -> Result<(), Error> {
        let lock = Lock::take(&self.folder, &self.name, LOCK_ATTEMPTS)?;
        let found = self.compare(lock.mbox(), tail).and_then(|found| {
            match found {
                Found::Whole => lock.mbox().sync_data()?,
                Found::Torn => cut(lock.mbox(), tail.offset)?,
                Found::Changed => {}
            }
            Ok(found)
        });
        match found.map_err(|error| self.failed("recovering", error))? {
            Found::Whole => journal.done(),
            Found::Torn | Found::Changed => journal.undone(),
        }
    }

    fn compare(&self, mbox: &File, tail: Tail) -> io::Result<Found> {
        let Tail { offset, separator, bytes } = tail;
        let Some(there) = mbox.metadata()?.len().checked_sub(offset) else {
            return Ok(Found::Changed);
        };
        let lines = there.min(separator);
        let text = (there - lines).min(bytes);
        let same = self.spool.metadata()?.len() == bytes
            && is_newlines(mbox, offset, lines)?
            && agree((mbox, offset.saturating_add(lines)), &self.spool, text)?;
        Ok(match (same, text == bytes) {
            (true, true) => Found::Whole,
            (true, false) => Found::Torn,
            (false, _) => Found::Changed,
        })
    }

    fn failed(&self, doing: &'static str, error: io::Error) -> Error {
        Error::system(doing, self.folder.path_of(&self.name), error)
    }
}

impl Drop for Mbox {
    fn drop(&mut self) {
        if !self.keep_spool {
            self.folder.remove(&self.spool_name).ok();
        }
    }
}

/// The length of an mbox, and how many line ends it needs for the next message to begin after an
/// empty line.
fn end_of(mbox: &File) -> io::Result<(u64, u64)> {
    let length = mbox.metadata()?.len();
    let Some(at) = length.checked_sub(2) else { return Ok((length, length * 2)) };
    let mut end = [0; 2];
    mbox.read_exact_at(&mut end, at)?;
    Ok((
        length,
        match &end {
            b"\n\n" => 0,
            [_, b'\n'] => 1,
            _ => 2,
        },
    ))
}

fn cut(file: &File, length: u64) -> io::Result<()> {
    file.set_len(length)?;
    file.sync_data()
}

fn is_newlines(file: &File, at: u64, count: u64) -> io::Result<bool> {
    for at in (at..).take(usize::try_from(count).unwrap_or(usize::MAX)) {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at)?;
        if byte != *b"\n" {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether so many bytes of a file, from an offset on, are those that the other begins with.
fn agree((file, at): (&File, u64), other: &File, bytes: u64) -> io::Result<bool> {
    let (mut ours, mut theirs) = (vec![0; BLOCK_BYTES], vec![0; BLOCK_BYTES]);
    let mut done = 0;
    while done < bytes {
        let length = usize::try_from(bytes - done).unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES);
        ours.truncate(length);
        theirs.truncate(length);
        file.read_exact_at(&mut ours, at.saturating_add(done))?;
        other.read_exact_at(&mut theirs, done)?;
        if ours != theirs {
            return Ok(false);
        }
        done = done.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    }
    Ok(true)
}

/// A tenth of a second each, so 30 seconds.
const LOCK_ATTEMPTS: u32 = 300;

const BLOCK_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Entry, State};
    use crate::scratch::Scratch;

    #[test]
    fn the_next_message_begins_after_an_empty_line() {
        let table: &[(&[u8], u64)] = &[
            (b"", 0),
            (b"\n", 2),
            (b"x", 2),
            (b"\n\n", 0),
            (b"x\n", 1),
            (b"xx", 2),
            (b"From x\n\ny\n\n", 0),
        ];
        let scratch = Scratch::new();
        for (text, separator) in table {
            scratch.write("box", text);
            let length = u64::try_from(text.len()).unwrap();
            let end = end_of(&File::open(scratch.at("box")).unwrap()).unwrap();
            assert_eq!(end, (length, *separator), "{text:?}");
        }
    }

    #[test]
    fn a_torn_end_is_told_from_what_others_wrote() {
        // 20: old mbox "old", one line end, then "batch".
        let tail = Tail { offset: 3, separator: 1, bytes: 5 };
        let table: &[(&str, Found)] = &[
            ("old", Found::Torn),
            ("old\n", Found::Torn),
            ("old\nbat", Found::Torn),
            ("old\nbatch", Found::Whole),
            ("old\nbatch\nFrom", Found::Whole),
            ("ol", Found::Changed),
            ("", Found::Changed),
            ("oldx", Found::Changed),
            ("old\nbaFro", Found::Changed),
            ("old\nbatcx", Found::Changed),
        ];
        for (text, found) in table {
            let scratch = Scratch::new();
            let journal = &mut Journal::open(&scratch.at("uids"), b"account").unwrap();
            let folder = Folder::open(scratch.path(), true).unwrap();
            let mbox = Mbox::open(folder, OsStr::new("box"), journal).unwrap();
            mbox.spool().write_all(b"batch").unwrap();
            scratch.write("box", text.as_bytes());
            let file = File::open(scratch.at("box")).unwrap();
            assert_eq!(mbox.compare(&file, tail).unwrap(), *found, "{text}");
        }
    }

    /// A run that died when so many bytes of the batch were in the mbox; others append, then the
    /// next run comes. What it leaves in the mbox, and whether the message counts as stored.
    fn after_death(torn: usize, others: &[u8]) -> (Vec<u8>, bool) {
        let scratch = Scratch::new();
        scratch.write("box", b"old\n");
        let open = || {
            let mut journal = Journal::open_unfinished(&scratch.at("uids"), b"account").unwrap();
            let folder = Folder::open(scratch.path(), true).unwrap();
            (Mbox::open(folder, OsStr::new("box"), &mut journal).unwrap(), journal)
        };
        let (mut mbox, mut journal) = open();
        mbox.spool().write_all(b"batch\n\n").unwrap();
        journal.add(b"1", Entry { state: State::Stored, first_seen_day: 0 }).unwrap();
        journal.begin_batch(Place::Mbox(Tail { offset: 4, separator: 1, bytes: 7 })).unwrap();
        mbox.keep_spool = true;
        drop((mbox, journal));
        scratch.write("box", &[b"old\n", &b"\nbatch\n\n"[..torn], others].concat());

        let (mbox, journal) = open();
        let stored = journal.entry(b"1").is_some();
        drop((mbox, journal));
        assert_eq!(scratch.names(), ["box", "uids"]);
        (scratch.read("box"), stored)
    }

    #[test]
    fn a_batch_torn_at_any_byte_is_taken_back() {
        // 20
        for torn in 0..8 {
            assert_eq!(after_death(torn, b""), (b"old\n".to_vec(), false), "{torn}");
        }
        assert_eq!(after_death(8, b""), (b"old\n\nbatch\n\n".to_vec(), true));
        let later = b"old\n\nbatch\n\nFrom x\n".to_vec();
        assert_eq!(after_death(8, b"From x\n"), (later, true), "others came later");
        let torn = b"old\n\nbaFrom x\n".to_vec();
        assert_eq!(after_death(3, b"From x\n"), (torn, false), "what others wrote stays");
    }
}
