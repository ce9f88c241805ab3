//! A mailbox of the user's, open for collecting mail from one account.
//! Must not hold: how a Maildir or an mbox is written.

use super::asctime::{DAY_SECONDS, since_epoch};
use super::digest::{Digest, Digesting};
use super::files::Files;
use super::journal::Journal;
use super::line::{Entry, State};
use super::mbox::Mbox;
use super::text::Text;
use crate::error::Error;
use crate::folder::{Folder, kind, words};
use rustix::fs::FileType;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Where mail is collected.
///
/// Its journal is `.wireline-uids` in the folder, or `FILE.wireline-uids` beside the mbox. Line ends
/// are stored as LF, as mail programs of Unix expect them: CRLF becomes LF, and every other byte
/// stays, bare CR and NUL included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// A Maildir: `tmp`, `new` and `cur`, one file a message, mode 0600.
    Maildir(PathBuf),
    /// One file in the mboxrd form, locked by a dot-lock and `fcntl` while a batch is appended.
    Mbox(PathBuf),
    /// A folder of `.eml` files, mode 0600.
    Folder(PathBuf),
}

/// A mailbox open for one account, and locked against other runs until it is dropped.
///
/// ```
/// use std::io::Write;
/// use wireline_store::{Mailbox, State};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("wireline-mail-doc-{}", std::process::id()));
/// let mailbox = Mailbox::Maildir(folder.clone());
/// let now = std::time::SystemTime::now();
/// let mut collection = mailbox.open(b"me@mail.example:995", now)?;
///
/// // What UIDL said.
/// let listed: [&[u8]; 2] = [b"QhdPYR:00WBw1Ph7x7", b"whqtswO00WBw418f9t5JxYwZ"];
/// for uid in listed {
///     if collection.state(uid).is_none() {
///         let mut delivery = collection.begin(uid)?;
///         delivery.write_all(b"Subject: hello\r\n\r\nhello\r\n")?;
///         delivery.finish()?;
///     }
/// }
/// collection.commit()?;
/// // Durable: from here on, the messages whose state is Stored may be deleted on the server.
/// assert!(listed.iter().all(|uid| collection.state(uid) == Some(State::Stored)));
/// # drop(collection);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Collection {
    path: PathBuf,
    // Before the journal: its lock goes last.
    store: Store,
    journal: Journal,
    now: SystemTime,
    /// Converted bytes on their way to a file; reused from message to message.
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum Store {
    Files(Files),
    Mbox(Mbox),
}

/// One message being stored: its bytes are written as the wire has them, without the stuffing of
/// dots and the final line. Dropped before [`finish`](Self::finish), it was never there.
#[derive(Debug)]
pub struct Delivery<'a> {
    collection: &'a mut Collection,
    uid: Vec<u8>,
    text: Text,
    content: Option<Digesting>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored with the next [`Collection::commit`].
    New,
    /// It was stored before, and is not stored again. Only a delivery by content can tell.
    Known,
}

impl Mailbox {
    /// Opens the mailbox for one account, creating it (not the folder it is in) when it is missing,
    /// and puts right what a run that died left. The account is any bytes that tell it from others:
    /// user, host and port. `now` dates what is collected.
    ///
    /// # Errors
    /// - [`Error::Locked`]: another run has it open.
    /// - [`Error::MboxLocked`]: something was to be put right, and another program holds the mbox.
    /// - [`Error::Journal`]: the journal is damaged; nothing was changed.
    /// - [`Error::NotAFile`]: the mbox or the journal is something else.
    /// - [`Error::Denied`], [`Error::Io`]: the system says no.
    pub fn open(&self, account: &[u8], now: SystemTime) -> Result<Collection, Error> {
        let (path, (store, journal)) = match self {
            Self::Maildir(path) => (path, open_files(Files::maildir(path, now)?, path, account)?),
            Self::Folder(path) => (path, open_files(Files::folder(path, now)?, path, account)?),
            Self::Mbox(path) => (path, open_mbox(path, account)?),
        };
        Ok(Collection { path: path.clone(), store, journal, now, buffer: Vec::new() })
    }
}

impl Collection {
    /// What is known of a message: `None` if it is to be fetched.
    ///
    /// Only with an id that the server gave to no other message; see
    /// [`begin_by_content`](Self::begin_by_content).
    pub fn state(&self, uid: &[u8]) -> Option<State> {
        self.entry(uid).map(|entry| entry.state)
    }

    /// The same with the day on which it was first seen.
    pub fn entry(&self, uid: &[u8]) -> Option<Entry> {
        self.journal.entry(uid)
    }

    /// Begins to store a message.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Io`]: the system says no.
    pub fn begin(&mut self, uid: &[u8]) -> Result<Delivery<'_>, Error> {
        // An id that comes twice is shared, whatever the caller thinks: nothing may get lost.
        let content = self.state(uid).map(|_| Digesting::new());
        self.begin_as(uid, content)
    }

    /// Begins to store a message whose id does not tell it from others: two have it in the server's
    /// list, or there is none (then `uid` is empty). It is known by its content too, which shows
    /// only when it was fetched.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn begin_by_content(&mut self, uid: &[u8]) -> Result<Delivery<'_>, Error> {
        self.begin_as(uid, Some(Digesting::new()))
    }

    /// Passes a message over: the next [`commit`](Self::commit) journals it as [`State::Seen`].
    ///
    /// # Errors
    /// [`Error::Io`]: the id is too long; that begins at 16 KiB.
    pub fn pass_over(&mut self, uid: &[u8]) -> Result<(), Error> {
        self.journal.add(uid, self.dated(State::Seen))
    }

    /// Makes everything since the last commit durable, files first and the journal last. Only when
    /// this has returned may a message be deleted on the server.
    ///
    /// One commit for 30 to 100 messages is a good batch: the disk is waited for once. Dropping the
    /// collection without it drops them.
    ///
    /// # Errors
    /// - [`Error::MboxLocked`]: another program held the mbox for 30 seconds.
    /// - [`Error::Denied`], [`Error::Io`]: the system says no.
    ///
    /// Nothing of the batch may be deleted on the server then, and the collection may be of no
    /// further use: the next run puts right what is left.
    pub fn commit(&mut self) -> Result<(), Error> {
        let committed = match &mut self.store {
            Store::Files(files) => files.settle(&mut self.journal),
            Store::Mbox(mbox) => mbox.settle(&mut self.journal),
        };
        committed.inspect_err(|_| self.journal.forget_batch())
    }

    /// Forgets the messages of this account that the server no longer lists, and returns how many
    /// those are. To be called with the whole list only, and best once more when `QUIT` was
    /// answered, with the list less what was deleted: the server may give their ids to new messages
    /// (RFC 1939 section 7 forbids it only while the old ones exist).
    ///
    /// # Errors
    /// As [`Journal::forget_unlisted`].
    pub fn forget_unlisted<'a>(
        &mut self,
        listed: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<usize, Error> {
        self.journal.forget_unlisted(listed)
    }

    fn begin_as(&mut self, uid: &[u8], content: Option<Digesting>) -> Result<Delivery<'_>, Error> {
        self.journal.fits(uid)?;
        let text = match &mut self.store {
            Store::Files(files) => files.begin().map(|()| Text::lines()),
            Store::Mbox(mbox) => mbox.begin().map(|()| Text::mbox(self.now)),
        }?;
        self.buffer.clear();
        Ok(Delivery { collection: self, uid: uid.to_owned(), text, content })
    }

    fn finish(&mut self, key: Digest, uid: &[u8]) -> Result<(), Error> {
        let finished = match &mut self.store {
            Store::Files(files) => files.finish(key, uid),
            Store::Mbox(mbox) => mbox.finish(),
        };
        finished.inspect_err(|_| self.journal.forget_batch())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = match &self.store {
            Store::Files(files) => files.write(&self.buffer),
            Store::Mbox(mbox) => mbox.spool().write_all(&self.buffer),
        };
        self.buffer.clear();
        written
    }

    fn dated(&self, state: State) -> Entry {
        let days = since_epoch(self.now).as_secs() / DAY_SECONDS;
        Entry { state, first_seen_day: u32::try_from(days).unwrap_or(u32::MAX) }
    }
}

impl Delivery<'_> {
    /// The message is whole.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Io`]: the system says no. The message is dropped, and if it was
    /// the disk that failed, so is everything since the last commit.
    pub fn finish(mut self) -> Result<Outcome, Error> {
        self.text.end(&mut self.collection.buffer);
        self.flush().map_err(|error| {
            Error::system("writing a message to", self.collection.path.as_path(), error)
        })?;
        let content = self.content.take().map(Digesting::finish);
        let key = self.collection.journal.key(&self.uid, content.as_ref());
        if self.collection.journal.known(&key).is_some() {
            return Ok(Outcome::Known);
        }
        self.collection.finish(key, &self.uid)?;
        let entry = self.collection.dated(State::Stored);
        self.collection.journal.add_as(key, &self.uid, content, entry);
        Ok(Outcome::New)
    }
}

impl Write for Delivery<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(content) = &mut self.content {
            content.update(bytes);
        }
        self.text.push(bytes, &mut self.collection.buffer);
        if self.collection.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    /// Hands over what is converted to the system.
    fn flush(&mut self) -> io::Result<()> {
        self.collection.flush()
    }
}

fn open_files(mut files: Files, path: &Path, account: &[u8]) -> Result<(Store, Journal), Error> {
    let mut journal = Journal::open_unfinished(&path.join(JOURNAL), account)?;
    files.recover(&mut journal)?;
    Ok((Store::Files(files), journal))
}

/// The journal is beside the mbox itself, whichever link leads to it.
fn open_mbox(path: &Path, account: &[u8]) -> Result<(Store, Journal), Error> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (Some(name), Some(parent)) = (path.file_name(), path.parent()) else {
        return Err(Error::NotAFile { path, what: words(FileType::Directory) });
    };
    let folder =
        Folder::open(parent, true).map_err(|error| Error::system("opening", parent, error))?;
    let there = folder.look(name).map_err(|error| Error::system("looking at", &path, error))?;
    if let Some(other) = there.as_ref().map(kind).filter(|kind| *kind != FileType::RegularFile) {
        return Err(Error::NotAFile { path, what: words(other) });
    }
    let journal_name: OsString = [name, OsStr::new(JOURNAL)].into_iter().collect();
    let mut journal = Journal::open_unfinished(&parent.join(journal_name), account)?;
    let mbox = Mbox::open(folder, name, &mut journal)?;
    Ok((Store::Mbox(mbox), journal))
}

const JOURNAL: &str = ".wireline-uids";

/// Converted bytes that go to the system together.
const BUFFER_BYTES: usize = 64 * 1024;
