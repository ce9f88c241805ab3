//! `wireline get pop3://`: the list of a mailbox, or one message as if it were a page: its header
//! section where heads go, all of it where bodies go. Must not hold: collecting (`mail.rs`).

use crate::args::Get;
use crate::exit::{Exit, Failure};
use crate::meter::Meter;
use crate::output::{Output, TerminalGuard, stdout_failure, stdout_file};
use crate::place::Place;
use crate::plan;
use crate::pop3::{SCHEMES, open};
use crate::send::header::end_of;
use crate::watch::Watch;
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wireline_pop3::{Entry, Listing, MessageNumber, Session};
use wireline_store::{Options, Part, Target, safe_name};
use wireline_wire::{Sink, escape};

/// Whether a word is a URL of a mailbox.
pub(crate) fn is_mailbox(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| SCHEMES.iter().any(|(name, _)| scheme == *name))
}

/// Fetches what each URL names.
pub(crate) fn run(args: &Get) -> Result<(), Failure> {
    if !args.urls.iter().all(|url| is_mailbox(url)) {
        return Err(Failure::usage("pages and mailboxes are fetched one kind at a time"));
    }
    refuse(args)?;
    let mut failed = Vec::new();
    for (nth, url) in args.urls.iter().enumerate() {
        let output = Output { quiet: args.shared.messages.quiet };
        let Err(failure) = one(args, nth, url, output) else { continue };
        if failure.exit == Exit::ReaderLeft {
            continue;
        }
        if args.urls.len() > 1 {
            output.fail(&failure);
        }
        failed.push(failure);
    }
    super::verdict(failed, args.urls.len())
}

/// What a mailbox has no use for.
fn refuse(args: &Get) -> Result<(), Failure> {
    let fetch = &args.fetch;
    super::places::check(args.urls.len(), fetch, false, false)?;
    let unfit = [
        (fetch.continue_at.is_some(), "-C: POP3 sends messages from their beginning"),
        (fetch.lasting.retry > 0, "--retry is for HTTP and FTP"),
        (args.moving.active || args.fetch.remote_time, "--active and --remote-time are for FTP"),
    ];
    let unfit = unfit.into_iter().find(|(typed, _)| *typed).map(|(_, why)| why);
    match unfit.or(fetch.of_http_alone()) {
        Some(why) => Err(Failure::usage(why)),
        None => Ok(()),
    }
}

/// What the path of a URL names.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    List,
    Number(MessageNumber),
    UniqueId(Vec<u8>),
}

impl Asked {
    /// `/`, `/N` or `/;uid=ID`.
    fn parse(path: &str) -> Result<Self, Failure> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if let Some(uid) = path.strip_prefix(";uid=").filter(|uid| !uid.is_empty()) {
            return Ok(Self::UniqueId(percent_decode_str(uid).collect()));
        }
        match path {
            "" => Ok(Self::List),
            number => number.parse().map(Self::Number).map_err(|_| {
                let why = format!("\"{}\" is no message", escape(number.as_bytes()));
                Failure::usage(why)
                    .hint("/ lists them, /1 is the first, /;uid=ID the one with this id")
            }),
        }
    }
}

fn one(args: &Get, nth: usize, url: &str, output: Output) -> Result<(), Failure> {
    let place = Place::parse(url, SCHEMES, &args.shared, output)?;
    let asked = Asked::parse(&place.path)?;
    let to_file = args.fetch.output.iter().any(|path| path != Path::new("-"))
        || args.fetch.remote_name
        || args.fetch.output_dir.is_some();
    if args.shared.messages.json && asked != Asked::List && !to_file && !args.fetch.head {
        let why = "--json needs -o FILE, -O or -I: the message has standard output";
        return Err(Failure::usage(why));
    }
    let most = args.fetch.lasting.max_size.as_deref();
    let most = most.map(|text| plan::bytes("--max-size", text)).transpose()?;
    let target = target(args, nth, &asked)?;
    let mask = Arc::new(place.mask());
    let meter = Arc::new(Meter::new(!output.quiet && io::stderr().is_terminal()));
    let watch = Watch::begin(&args.shared.messages, "pop3", &mask, &meter)?;
    let dialer = plan::dialer(&args.shared, watch.observer())?;
    let allows = args.shared.login.allow_plaintext_auth;
    let opened = open(&place, &args.upgrading, allows, &dialer);
    let url = place.shown.as_str();
    let visit = Visit { args, url, asked, most: most.unwrap_or(u64::MAX), output, meter: &meter };
    let result =
        opened.and_then(|session| visit.make(session, target).map_err(Failure::in_session));
    meter.end();
    watch.finish()?;
    result.map_err(|failure| failure.doing(format!("fetching {}", place.shown)).masked(&mask))
}

/// Where the message goes: a file, or standard output.
fn target(args: &Get, nth: usize, asked: &Asked) -> Result<Option<Part>, Failure> {
    let fetch = &args.fetch;
    if fetch.head || *asked == Asked::List && fetch.output.is_empty() {
        return Ok(None);
    }
    let options = Options {
        overwrite: fetch.overwrite || !fetch.output.is_empty(),
        sync: fetch.sync,
        create_dirs: fetch.create_dirs,
    };
    let folder = fetch.output_dir.as_deref().unwrap_or(Path::new(""));
    let target = match fetch.output.get(nth) {
        Some(path) if path == Path::new("-") => return Ok(None),
        Some(path) => Target::file(&folder.join(path), options)?,
        None if fetch.remote_name || fetch.output_dir.is_some() => {
            Target::named(folder, &name_of(asked), options)?
        }
        None => return Ok(None),
    };
    let mut part = target.open()?;
    part.begin(0, None)?;
    Ok(Some(part))
}

/// `1.eml`, or the unique id made safe.
fn name_of(asked: &Asked) -> String {
    match asked {
        Asked::List => "list".to_owned(),
        Asked::Number(number) => format!("{number}.eml"),
        Asked::UniqueId(id) => {
            let name = [id.as_slice(), b".eml"].concat();
            safe_name(&name).unwrap_or_else(|| "message.eml".to_owned())
        }
    }
}

/// One look into a mailbox.
struct Visit<'a> {
    args: &'a Get,
    /// Without a login.
    url: &'a str,
    asked: Asked,
    most: u64,
    output: Output,
    meter: &'a Meter,
}

impl Visit<'_> {
    fn make(&self, mut session: Session, part: Option<Part>) -> Result<(), Failure> {
        let number = match &self.asked {
            Asked::List => {
                let (_, listing) = session.listing()?;
                drop(session.quit());
                return self.list(&listing, part);
            }
            Asked::Number(number) => *number,
            Asked::UniqueId(id) => find(&mut session, id)?,
        };
        let path = part.as_ref().map(|part| part.path().to_owned());
        let bytes = match part {
            _ if self.args.fetch.head => self.top(&mut session, number)?,
            Some(part) => self.store(&mut session, number, part)?,
            None => self.print(&mut session, number)?,
        };
        drop(session.quit());
        self.report(number, bytes, path)
    }

    /// The list, a line a message.
    fn list(&self, listing: &Listing, part: Option<Part>) -> Result<(), Failure> {
        let as_json = self.args.shared.messages.json;
        match part {
            Some(part) => {
                let written = print(listing, as_json, part.file());
                written.map_err(|error| Failure::local(&error))?;
                part.commit()?;
                Ok(())
            }
            None => print(listing, as_json, io::stdout().lock())
                .map_err(|error| Failure::stdout(&error)),
        }
    }

    /// The header section alone, by TOP.
    fn top(&self, session: &mut Session, number: MessageNumber) -> Result<u64, Failure> {
        let mut head = Vec::new();
        let bytes =
            session.top(number, 0, &mut Sink::writer(&mut head), self.most.min(HEAD_BYTES))?;
        if !self.args.shared.messages.json {
            self.output.head(&head).map_err(|error| Failure::stdout(&error))?;
        }
        Ok(bytes)
    }

    /// Into the file; the header section onto standard output.
    fn store(
        &self,
        session: &mut Session,
        number: MessageNumber,
        part: Part,
    ) -> Result<u64, Failure> {
        let mut tap = HeadTap { inner: part.file(), head: Vec::new(), whole: false };
        let bytes = session.retr(number, &mut Sink::writer(&mut tap), self.most)?;
        let head = tap.head;
        part.commit()?;
        if !self.args.shared.messages.json {
            match self.output.head(&head) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    return Err(Failure::stdout(&error));
                }
                _ => {}
            }
        }
        Ok(bytes)
    }

    /// Onto standard output, where a terminal obeys nobody.
    fn print(&self, session: &mut Session, number: MessageNumber) -> Result<u64, Failure> {
        let mut out = stdout_file().map_err(|error| Failure::stdout(&error))?;
        let guarded = io::stdout().is_terminal() && self.args.fetch.output.is_empty();
        let copied = match guarded {
            true => {
                let mut guard = TerminalGuard(out);
                session.retr(number, &mut Sink::writer(&mut guard), self.most)
            }
            false => session.retr(number, &mut Sink::writer(&mut out), self.most),
        };
        copied.map_err(|error| match error {
            wireline_pop3::Error::Local(source) => stdout_failure(&source),
            error => error.into(),
        })
    }

    fn report(
        &self,
        number: MessageNumber,
        bytes: u64,
        path: Option<PathBuf>,
    ) -> Result<(), Failure> {
        if !self.args.shared.messages.json {
            return Ok(());
        }
        let line = json!({
            "url": self.url,
            "number": number.get(),
            "bytes": bytes,
            "file": path.map(|path| path.to_string_lossy().into_owned()),
            "remote": self.meter.remote().map(|remote| remote.to_string()),
            "tls": self.meter.tls_version(),
            "timings": self.meter.timings(),
            "error": null,
        });
        self.output.line(&line.to_string()).map_err(|error| Failure::stdout(&error))
    }
}

/// The number of the message with this unique id.
fn find(session: &mut Session, id: &[u8]) -> Result<MessageNumber, Failure> {
    let listing = session.uidl()?;
    let found = listing
        .entries()
        .find(|entry| entry.unique_id.as_ref().is_some_and(|own| own.as_bytes() == id));
    found.map(|entry| entry.number).ok_or_else(|| {
        let id = escape(id);
        Failure::new(Exit::Refused, format!("there is no message with the unique id {id}"))
    })
}

/// A line for each message.
pub(crate) fn print(listing: &Listing, as_json: bool, out: impl Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    for entry in listing.entries() {
        writeln!(out, "{}", line_of(&entry, as_json))?;
    }
    out.flush()
}

/// Number, size and unique id of one message.
fn line_of(entry: &Entry<'_>, as_json: bool) -> String {
    let id = entry.unique_id.as_ref().map(|id| escape(id.as_bytes()));
    match as_json {
        true => json!({ "number": entry.number.get(), "size": entry.size, "uid": id }).to_string(),
        false => {
            let size = entry.size.map_or_else(|| "?".to_owned(), |size| size.to_string());
            format!("{:>6} {size:>10} {}", entry.number, id.unwrap_or_default()).trim_end().into()
        }
    }
}

/// A header section that is shown is at most so long.
const HEAD_BYTES: u64 = 1 << 20;

/// Passes a message on and keeps its header section.
struct HeadTap<W> {
    inner: W,
    head: Vec<u8>,
    whole: bool,
}

impl<W: Write> Write for HeadTap<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        if !self.whole {
            self.head.extend_from_slice(bytes.get(..count).unwrap_or_default());
            let end = end_of(&self.head);
            self.whole = end.is_some() || self.head.len() as u64 >= HEAD_BYTES;
            self.head.truncate(end.unwrap_or(self.head.len()));
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let number = |number| Some(Asked::Number(MessageNumber::new(number).unwrap()));
        let rows = [
            ("", Some(Asked::List)),
            ("/", Some(Asked::List)),
            ("/1", number(1)),
            ("/4294967295", number(u32::MAX)),
            ("/;uid=a%2Fb", Some(Asked::UniqueId(b"a/b".to_vec()))),
            ("/0", None),
            ("/-1", None),
            ("/4294967296", None),
            ("/1/2", None),
            ("/;uid=", None),
            ("/x", None),
        ];
        for (path, wanted) in rows {
            assert_eq!(Asked::parse(path).ok(), wanted, "{path}");
        }
    }

    #[test]
    fn the_head_is_kept_whatever_the_pieces() {
        for (message, head) in [
            ("A: b\r\n\r\nbody\r\n\r\nmore", "A: b\r\n\r\n"),
            ("A: b\n\nbody\r\n\r\nmore", "A: b\n\n"),
            ("\r\nbody", "\r\n"),
            ("A: b\r\n", "A: b\r\n"),
        ] {
            for size in 1..=message.len() {
                let mut all = Vec::new();
                let mut tap = HeadTap { inner: &mut all, head: Vec::new(), whole: false };
                message.as_bytes().chunks(size).for_each(|piece| tap.write_all(piece).unwrap());
                assert_eq!(tap.head, head.as_bytes(), "{size}");
                assert_eq!(all, message.as_bytes());
            }
        }
    }
}
