//! `wireline send`: messages to a mail server, and what became of them for each recipient.
//! Must not hold: messages (`send/letter.rs`), how a session is come by (`smtp.rs`).

mod address;
pub(crate) mod header;
mod letter;
mod report;
mod stages;

use crate::args::Send;
use crate::exit::Failure;
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::Output;
use crate::place::{Place, Scheme};
use crate::plan;
use crate::smtp::{Opening, SCHEMES, own_host};
use crate::watch::Watch;
use letter::{Letter, Ourselves};
use report::Results;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use wireline_smtp::{Content, Delivery, Envelope, Notify, RcptParameters, Recipient, Session};
use wireline_wire::Dialer;

/// `wireline send`
pub(crate) fn run(args: &Send) -> Result<(), Failure> {
    let output = Output { quiet: args.shared.messages.quiet };
    let (url, files) = url_and_files(args)?;
    let place = Place::parse(&url, SCHEMES, &args.shared, output)?;
    let user = place.login.as_ref().map(|(user, _)| user.clone());
    let (allows, ehlo) = (args.shared.login.allow_plaintext_auth, args.ehlo.as_deref());
    let opening = Opening::new(&place, &args.upgrading, allows, ehlo)?;
    let notify = args.dsn.as_deref().map(notify).transpose()?;
    let ourselves = Ourselves { login: user, host: own_host() };
    let letters = letters(args, &files, &ourselves)?;
    if args.dry_run {
        return letters.iter().try_for_each(show);
    }
    let (mask, meter) = (Arc::new(place.mask()), Arc::new(Meter::new(false)));
    let protocol = if place.scheme == Scheme::Lmtp { "lmtp" } else { "smtp" };
    let watch = Watch::begin(&args.shared.messages, protocol, &mask, &meter)?;
    let dialer = plan::dialer(&args.shared, watch.observer())?;
    let sender = Sender { args, opening, dialer, notify, output, mask: &mask, meter: &meter };
    let sent = match args.quit_after.or(args.drop_after) {
        Some(stage) => stages::run(&sender, &letters, stage),
        None => sender.send(&letters),
    };
    let sent =
        sent.map_err(|failure| failure.doing(format!("sending to {}", place.shown)).masked(&mask));
    drop(sender);
    watch.finish()?;
    sent
}

/// The words: the server, and messages in files.
fn url_and_files(args: &Send) -> Result<(String, Vec<PathBuf>), Failure> {
    let mut files = args.eml.clone();
    let mut urls = Vec::new();
    for word in &args.words {
        let path = PathBuf::from(word);
        match word.contains("://") || !path.exists() && !word.ends_with(".eml") {
            true => urls.push(word.clone()),
            false => files.push(path),
        }
    }
    match urls.as_slice() {
        [] => Ok(("smtp://localhost".to_owned(), files)),
        [url] => Ok((url.clone(), files)),
        [first, second, ..] => {
            let failure = Failure::usage("one server takes all messages, and two are named");
            let [first, second] =
                [first, second].map(|text| wireline_wire::escape(text.as_bytes()));
            Err(failure
                .hint(format!("\"{first}\" and \"{second}\"; is one a file that is missing?")))
        }
    }
}

fn letters(args: &Send, files: &[PathBuf], ourselves: &Ourselves) -> Result<Vec<Letter>, Failure> {
    let composes = args.body.is_some()
        || args.body_file.is_some()
        || args.html.is_some()
        || args.subject.is_some()
        || !args.attach.is_empty()
        || !args.header.is_empty();
    if !files.is_empty() && composes {
        return Err(Failure::usage(
            "a message in a file is sent as it is: --subject, --body, --html, --attach and \
             --header do not go with it",
        ));
    }
    if !files.is_empty() {
        return files.iter().map(|path| Letter::from_file(path, args, ourselves)).collect();
    }
    if args.recipients_from_header {
        let stdin = PathBuf::from("-");
        return Ok(vec![Letter::from_file(&stdin, args, ourselves)?]);
    }
    Ok(vec![Letter::compose(args, ourselves)?])
}

/// `--dsn`: `never`, or some of `success`, `failure`, `delay` (RFC 3461 section 4.1).
fn notify(typed: &str) -> Result<Notify, Failure> {
    let mut notify = Notify::default();
    if typed.eq_ignore_ascii_case("never") {
        return Ok(notify);
    }
    for word in typed.split(',') {
        match word.trim().to_ascii_lowercase().as_str() {
            "success" => notify.success = true,
            "failure" => notify.failure = true,
            "delay" => notify.delay = true,
            _ => {
                let typed = wireline_wire::escape(typed.as_bytes());
                let why = format!("--dsn takes never or success,failure,delay, not \"{typed}\"");
                return Err(Failure::usage(why));
            }
        }
    }
    Ok(notify)
}

/// `--dry-run`: what would be said and sent.
fn show(letter: &Letter) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let mut written = writeln!(out, "MAIL FROM:{}", letter.sender);
    for recipient in &letter.recipients {
        written = written.and_then(|()| writeln!(out, "RCPT TO:<{recipient}>"));
    }
    let mut tail = LastByte { inner: &mut out, last: b'\n' };
    let mut content = letter.content()?;
    written
        .and_then(|()| writeln!(tail))
        .and_then(|()| io::copy(&mut *content, &mut tail))
        .and_then(|_| if tail.last == b'\n' { Ok(()) } else { writeln!(tail) })
        .and_then(|()| tail.flush())
        .map_err(|error| Failure::stdout(&error))
}

/// Knows whether what was written ends a line.
struct LastByte<W> {
    inner: W,
    last: u8,
}

impl<W: Write> Write for LastByte<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        let written = bytes.get(..count).unwrap_or_default();
        self.last = written.last().copied().unwrap_or(self.last);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Sends messages, one after the other, over one connection as long as that lasts.
pub(crate) struct Sender<'a> {
    args: &'a Send,
    opening: Opening<'a>,
    dialer: Dialer,
    notify: Option<Notify>,
    output: Output,
    mask: &'a Mask,
    meter: &'a Meter,
}

impl Sender<'_> {
    fn send(&self, letters: &[Letter]) -> Result<(), Failure> {
        let mut results = Results::new(self.args, self.output, self.mask, self.meter);
        let mut session = None;
        for (nth, letter) in letters.iter().enumerate() {
            let open = match session.take().filter(|open: &Session| !open.is_over()) {
                Some(open) => open,
                None => match self.opening.open(&self.dialer) {
                    Ok(open) => open,
                    Err(failure) => {
                        results.unreached(letters.get(nth..).unwrap_or_default(), failure)?;
                        break;
                    }
                },
            };
            let sent = self.one(open, &mut session, letter, letters.get(nth + 1));
            results.add(letter, sent)?;
        }
        results.verdict(letters.len())
    }

    /// Sends one message, and leaves the session for the next, unless it is the last.
    fn one(
        &self,
        mut open: Session,
        left: &mut Option<Session>,
        letter: &Letter,
        next: Option<&Letter>,
    ) -> Result<Delivery, Failure> {
        let envelope = self.envelope(letter);
        let mut source = letter.content()?;
        let mut content = surveyed(&mut *source, letter);
        let Some(next) = next else { return Ok(open.send_last(&envelope, &mut content)?) };
        let mut nothing = io::empty();
        let next = (&self.envelope(next), &surveyed(&mut nothing, next));
        let sent = open.send_before(&envelope, &mut content, next);
        *left = Some(open);
        Ok(sent?)
    }

    fn envelope(&self, letter: &Letter) -> Envelope {
        let parameters = RcptParameters { notify: self.notify, ..RcptParameters::default() };
        let recipients = letter
            .recipients
            .iter()
            .map(|mailbox| Recipient { mailbox: mailbox.clone(), parameters: parameters.clone() });
        let mut envelope = Envelope::new(letter.sender.clone(), recipients);
        envelope.parameters.require_tls = self.args.require_tls;
        envelope
    }
}

/// A letter's content, with what is known of it.
fn surveyed<'a>(source: &'a mut dyn io::Read, letter: &Letter) -> Content<'a> {
    Content::new(source).sized(letter.survey.bytes).with_8bit(letter.survey.is_8bit)
}
