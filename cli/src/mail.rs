//! `wireline mail`: lists a mailbox, or collects what is new in it. Nothing is deleted on the server
//! before it is stored here for good. Must not hold: how it is stored (`cli/store`).

mod report;

use crate::args::Mail;
use crate::exit::{Exit, Failure};
use crate::meter::Meter;
use crate::output::{Output, stdout_file};
use crate::place::Place;
use crate::plan;
use crate::pop3::{SCHEMES, open};
use crate::watch::Watch;
use report::{Fate, Report};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use wireline_pop3::{Entry, Error, Listing, MessageNumber, Quit, Session, UniqueId};
use wireline_store::{Collection, Entry as Known, Journal, Mailbox, Outcome, State};
use wireline_wire::Sink;

/// `wireline mail URL`
pub(crate) fn run(args: &Mail) -> Result<(), Failure> {
    let output = Output { quiet: args.shared.messages.quiet };
    let limits = Limits::typed(args)?;
    let place = Place::parse(&args.url, SCHEMES, &args.shared, output)?;
    if !matches!(place.path.as_str(), "" | "/") {
        let failure = Failure::usage("a mailbox's URL has no path here");
        return Err(failure.hint("wireline get fetches the single message that a path names"));
    }
    let target = args.into.as_deref().map(Target::parse).transpose()?;
    check(args, target.as_ref())?;
    let account = account(&place);
    let store = match &target {
        Some(target) if !args.list => Some(target.open(args, &account)?),
        _ => None,
    };
    let mask = Arc::new(place.mask());
    let meter = Arc::new(Meter::new(!output.quiet && io::stderr().is_terminal()));
    let watch = Watch::begin(&args.shared.messages, "pop3", &mask, &meter)?;
    let dialer = plan::dialer(&args.shared, watch.observer())?;
    let allows = args.shared.login.allow_plaintext_auth;
    let opened = open(&place, &args.upgrading, allows, &dialer);
    let result = opened.and_then(|session| match store {
        Some(store) => {
            let report = Report::new(args, output, &meter);
            let collecting = Collecting { limits, store, session, report, meter: &meter };
            collecting.run().map_err(Failure::in_session)
        }
        None => list(session, args.shared.messages.json).map_err(Failure::in_session),
    });
    meter.end();
    watch.finish()?;
    result.map_err(|failure| failure.doing(format!("collecting {}", place.shown)).masked(&mask))
}

fn list(mut session: Session, as_json: bool) -> Result<(), Failure> {
    let (_, listing) = session.listing()?;
    drop(session.quit());
    crate::get::pop3::print(&listing, as_json, io::stdout().lock())
        .map_err(|error| Failure::stdout(&error))
}

/// What tells a mailbox from others in a journal.
fn account(place: &Place) -> Vec<u8> {
    let user = place.login.as_ref().map_or("", |(user, _)| user.as_str());
    format!("{user}@{}", place.endpoint()).into_bytes()
}

fn check(args: &Mail, target: Option<&Target>) -> Result<(), Failure> {
    let deletes = args.delete || args.delete_after.is_some();
    match target {
        None if deletes => Err(Failure::usage("nothing is deleted that is not stored: --into")),
        Some(Target::Stdout) if deletes => {
            let failure = Failure::usage("what goes to standard output is not safely stored");
            Err(failure.hint("--into maildir:DIR, mbox:FILE or dir:DIR goes with --delete"))
        }
        Some(Target::Stdout) => Ok(()),
        _ if args.journal.is_some() => {
            Err(Failure::usage("--journal goes with --into -: other targets have their own"))
        }
        _ => Ok(()),
    }
}

/// `--into`
#[derive(Debug)]
enum Target {
    Mailbox(Mailbox),
    Stdout,
}

impl Target {
    fn parse(typed: &str) -> Result<Self, Failure> {
        let path = |path: &str| match path {
            "" => None,
            path => Some(PathBuf::from(path)),
        };
        let mailbox = match typed.split_once(':') {
            Some(("maildir", name)) => path(name).map(Mailbox::Maildir),
            Some(("mbox", name)) => path(name).map(Mailbox::Mbox),
            Some(("dir", name)) => path(name).map(Mailbox::Folder),
            _ if typed == "-" => return Ok(Self::Stdout),
            _ => None,
        };
        mailbox.map(Self::Mailbox).ok_or_else(|| {
            let shown = wireline_wire::escape(typed.as_bytes());
            Failure::usage(format!(
                "--into takes maildir:DIR, mbox:FILE, dir:DIR or -, not \"{shown}\""
            ))
        })
    }

    fn open(&self, args: &Mail, account: &[u8]) -> Result<Store, Failure> {
        match self {
            Self::Mailbox(mailbox) => {
                let mut collection = mailbox.open(account, SystemTime::now())?;
                if args.all {
                    collection.forget_unlisted([])?;
                }
                Ok(Store::Mailbox(Box::new(collection)))
            }
            Self::Stdout => {
                let journal = args.journal.as_deref();
                let journal =
                    journal.map(|path| Journal::open(path, account).map(Box::new)).transpose()?;
                let out = stdout_file().map_err(|error| Failure::stdout(&error))?;
                Ok(Store::Stdout { out, journal, all: args.all })
            }
        }
    }
}

/// Where messages go, and what is known of earlier runs.
enum Store {
    Mailbox(Box<Collection>),
    Stdout { out: File, journal: Option<Box<Journal>>, all: bool },
}

impl Store {
    /// What became of a message in an earlier run, and the day it was first seen.
    fn known(&mut self, uid: &[u8]) -> Option<(State, u32)> {
        let entry = match self {
            Self::Mailbox(collection) => collection.entry(uid),
            Self::Stdout { all: true, .. } | Self::Stdout { journal: None, .. } => None,
            Self::Stdout { journal: Some(journal), .. } => journal.entry(uid),
        };
        entry.map(|entry| (entry.state, entry.first_seen_day))
    }

    /// Only these are on the server still.
    fn forget_unlisted<'a>(&mut self, left: impl Iterator<Item = &'a [u8]>) -> Result<(), Failure> {
        match self {
            Self::Mailbox(collection) => collection.forget_unlisted(left)?,
            Self::Stdout { journal: Some(journal), .. } => journal.forget_unlisted(left)?,
            Self::Stdout { journal: None, .. } => 0,
        };
        Ok(())
    }

    /// All that was taken since the last time is durable when this returns.
    fn commit(&mut self) -> Result<(), Failure> {
        match self {
            Self::Mailbox(collection) => Ok(collection.commit()?),
            Self::Stdout { out, journal, .. } => {
                out.flush().map_err(|error| Failure::stdout(&error))?;
                match journal {
                    Some(journal) => Ok(journal.commit()?),
                    None => Ok(()),
                }
            }
        }
    }
}

/// How much is fetched.
#[derive(Clone, Copy, Debug)]
struct Limits {
    messages: usize,
    bytes: u64,
    /// A message that is larger stays where it is.
    size: u64,
    /// Days after which a stored message is deleted on the server.
    delete_after: Option<u32>,
}

impl Limits {
    fn typed(args: &Mail) -> Result<Self, Failure> {
        let bytes = |option: &str, typed: &Option<String>| match typed {
            Some(text) => plan::bytes(option, text),
            None => Ok(u64::MAX),
        };
        Ok(Self {
            messages: args.max_messages.unwrap_or(usize::MAX),
            bytes: bytes("--max-bytes", &args.max_bytes)?,
            size: bytes("--max-size", &args.max_size)?,
            delete_after: if args.delete { Some(0) } else { args.delete_after },
        })
    }
}

/// A mailbox's list, and which of its ids tell a message from the others.
#[derive(Debug)]
struct Letters {
    listing: Listing,
    /// Ids that two messages have.
    shared: HashSet<Vec<u8>>,
}

/// A message of the list.
#[derive(Debug)]
struct Letter<'a> {
    number: MessageNumber,
    size: u64,
    /// None when the server gives none.
    uid: Option<UniqueId<'a>>,
    /// No other message of the list has this id.
    is_unique: bool,
}

impl Letter<'_> {
    fn uid(&self) -> &[u8] {
        self.uid.as_ref().map_or(b"", |uid| uid.as_bytes())
    }
}

impl Letters {
    fn new(listing: Listing) -> Self {
        let shared = listing.shared_unique_ids().into_iter().map(<[u8]>::to_vec).collect();
        Self { listing, shared }
    }

    fn iter(&self) -> impl Iterator<Item = Letter<'_>> {
        self.listing.entries().map(|entry| self.letter(entry))
    }

    fn get(&self, number: MessageNumber) -> Option<Letter<'_>> {
        self.listing.get(number).map(|entry| self.letter(entry))
    }

    fn letter<'a>(&'a self, entry: Entry<'a>) -> Letter<'a> {
        let is_shared = |uid: &UniqueId<'_>| self.shared.contains(uid.as_bytes());
        let is_unique = entry.unique_id.as_ref().is_some_and(|uid| !is_shared(uid));
        let (number, size) = (entry.number, entry.size.unwrap_or(0));
        Letter { number, size, uid: entry.unique_id, is_unique }
    }
}

/// One run over one mailbox.
struct Collecting<'a> {
    limits: Limits,
    store: Store,
    session: Session,
    report: Report<'a>,
    meter: &'a Meter,
}

/// Messages that are made durable together: the disk is waited for once.
const BATCH: usize = 64;

impl Collecting<'_> {
    fn run(mut self) -> Result<(), Failure> {
        let (_, listing) = self.session.listing()?;
        if !listing.has_unique_ids() {
            self.report.note("the server gives no unique ids: messages are known by their content");
        }
        let letters = Letters::new(listing);
        let (wanted, mut stored) = self.choose(&letters);
        let sizes = wanted.iter().filter_map(|number| letters.get(*number));
        self.meter.expect(0, Some(sizes.map(|letter| letter.size).sum()));
        let fetched = self.fetch(&letters, &wanted, &mut stored);
        // What came before a failure is kept for good, and not asked for again.
        let committed = self.store.commit();
        self.meter.end();
        fetched.and(committed)?;
        let gone = self.delete(stored)?;
        let Self { mut store, session, report, .. } = self;
        let deleted = gone.len();
        part(session.quit(), deleted)?;
        // An id may come again once its message is gone (RFC 1939 section 7).
        let listed = letters.listing.unique_ids();
        store.forget_unlisted(
            listed.filter(|(number, _)| !gone.contains(number)).map(|(_, id)| id),
        )?;
        report.finish(deleted)
    }

    /// Those that are to be fetched, and those that were stored long enough ago to be deleted.
    fn choose(&mut self, letters: &Letters) -> (Vec<MessageNumber>, Vec<MessageNumber>) {
        let (mut wanted, mut stored, mut bytes) = (Vec::new(), Vec::new(), 0_u64);
        for letter in letters.iter() {
            let known = if letter.is_unique { self.store.known(letter.uid()) } else { None };
            if let Some((state, day)) = known {
                if state == State::Stored && self.is_old_enough(day) {
                    stored.push(letter.number);
                }
                self.report.count(Fate::Known);
                continue;
            }
            if letter.size > self.limits.size {
                self.report.skipped(&letter);
                continue;
            }
            let fits = bytes.saturating_add(letter.size) <= self.limits.bytes;
            if !fits || wanted.len() >= self.limits.messages {
                self.report.count(Fate::Left);
                continue;
            }
            bytes += letter.size;
            wanted.push(letter.number);
        }
        (wanted, stored)
    }

    fn is_old_enough(&self, day: u32) -> bool {
        let days = self.limits.delete_after;
        days.is_some_and(|days| u64::from(day) + u64::from(days) <= u64::from(today()))
    }

    /// Fetches messages, many commands ahead; adds those that may be deleted once this run has
    /// made them durable.
    fn fetch(
        &mut self,
        letters: &Letters,
        wanted: &[MessageNumber],
        stored: &mut Vec<MessageNumber>,
    ) -> Result<(), Failure> {
        let deletes_at_once = self.limits.delete_after == Some(0);
        let mut batch = Vec::new();
        let mut pipeline = self.session.retr_many(wanted.iter().copied());
        while let Some(answer) = pipeline.answer()? {
            let Some(letter) = answer.message().and_then(|number| letters.get(number)) else {
                continue;
            };
            if !answer.reply().is_ok() {
                self.report.refused(&letter, answer.reply());
                continue;
            }
            let most = self.limits.size;
            let (bytes, outcome) =
                take(&mut self.store, &letter, |sink| answer.copy_to(sink, most))?;
            self.report.taken(&letter, bytes, outcome)?;
            batch.push(letter.number);
            if batch.len() == BATCH {
                self.store.commit()?;
                stored.extend(batch.drain(..).filter(|_| deletes_at_once));
            }
        }
        self.store.commit()?;
        stored.extend(batch.into_iter().filter(|_| deletes_at_once));
        Ok(())
    }

    /// Marks what is stored for good; those that the server took.
    fn delete(&mut self, stored: Vec<MessageNumber>) -> Result<HashSet<MessageNumber>, Failure> {
        let refused = self.session.dele_many(stored.iter().copied())?;
        let mut gone: HashSet<_> = stored.into_iter().collect();
        for (number, reply) in &refused {
            gone.remove(number);
            self.report.undeleted(*number, reply);
        }
        Ok(gone)
    }
}

/// Takes one message off the wire and into the store.
fn take(
    store: &mut Store,
    letter: &Letter<'_>,
    copy: impl FnOnce(&mut Sink<'_>) -> Result<u64, Error>,
) -> Result<(u64, Outcome), Failure> {
    match store {
        Store::Mailbox(collection) => {
            let mut delivery = match letter.is_unique {
                true => collection.begin(letter.uid())?,
                false => collection.begin_by_content(letter.uid())?,
            };
            let bytes = copy(&mut Sink::writer(&mut delivery))?;
            Ok((bytes, delivery.finish()?))
        }
        Store::Stdout { out, journal, .. } => {
            let bytes = copy(&mut Sink::writer(out)).map_err(|error| match error {
                Error::Local(source) => Failure::stdout(&source),
                error => error.into(),
            })?;
            if let Some(journal) = journal.as_mut().filter(|_| letter.is_unique) {
                let entry = Known { state: State::Stored, first_seen_day: today() };
                journal.add(letter.uid(), entry)?;
            }
            Ok((bytes, Outcome::New))
        }
    }
}

/// Days since 1 January 1970.
fn today() -> u32 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    u32::try_from(seconds / 86_400).unwrap_or(u32::MAX)
}

/// The end of the session, which is when the server deletes (RFC 1939 section 6).
fn part(quit: Quit, deleted: usize) -> Result<(), Failure> {
    match quit {
        Quit::Done(_) => Ok(()),
        _ if deleted == 0 => Ok(()),
        Quit::Refused(reply) => {
            let why = format!("the server did not delete all that it was told to: {reply}");
            Err(Failure::new(Exit::Refused, why).hint("everything is stored here; run it again"))
        }
        Quit::Lost(error) => {
            let why =
                format!("whether the server deleted {deleted} messages is not known: {error}");
            Err(Failure::new(Exit::Unknown, why).hint("everything is stored here; run it again"))
        }
    }
}

/// For messages: where it goes.
pub(crate) fn shown(target: Option<&str>) -> &str {
    match target {
        Some("-") | None => "standard output",
        Some(target) => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        for typed in ["maildir:d", "mbox:f", "dir:d", "mbox:/a:b", "-"] {
            assert!(Target::parse(typed).is_ok(), "{typed}");
        }
        for typed in ["", "d", "maildir:", "imap:x", "mbox"] {
            assert!(Target::parse(typed).is_err(), "{typed}");
        }
    }
}
