//! What the dialogues need: transcripts as servers, whole and one byte at a time.

use std::io::Cursor;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wireline_servers::{Link, LinkOptions};
use wireline_smtp::{
    ClientName, Content, Delivery, Envelope, Error, Mailbox, Options, ReversePath, Session,
};
use wireline_transcript::{Fixture, Transcript};
use wireline_wire::{Dialer, Endpoint, Trust, Wire};

pub(crate) fn name() -> ClientName {
    ClientName::try_from("client.test").unwrap()
}

pub(crate) fn smtp() -> Options {
    Options::new(name())
}

pub(crate) fn mailbox(typed: &str) -> Mailbox {
    Mailbox::try_from(typed).unwrap()
}

pub(crate) fn envelope(sender: &str, recipients: &[&str]) -> Envelope {
    let sender = ReversePath::try_from(sender).unwrap();
    Envelope::new(sender, recipients.iter().map(|typed| mailbox(typed)))
}

pub(crate) fn parsed(text: &str) -> Transcript {
    let no_files = &mut |_: &str| Err("no files".to_owned());
    Transcript::parse(text.as_bytes(), "test.wire", no_files).unwrap()
}

/// A file of the corpus.
pub(crate) fn corpus(name: &str) -> Transcript {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus/smtp");
    Transcript::from_file(folder.join(name)).unwrap()
}

/// How a client reaches its server.
pub(crate) struct Line {
    addr: SocketAddr,
    dialer: Dialer,
    /// The authority's certificate, removed in the end.
    pem: PathBuf,
}

impl Line {
    pub(crate) fn dial(&self) -> Wire {
        let endpoint = Endpoint::new(&self.addr.ip().to_string(), self.addr.port()).unwrap();
        self.dialer.dial(&endpoint).unwrap()
    }

    pub(crate) fn begin(&self) -> Session {
        self.begin_with(smtp())
    }

    pub(crate) fn begin_with(&self, options: Options) -> Session {
        Session::begin(self.dial(), options).unwrap()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.pem));
    }
}

/// Lets a client talk to a transcript twice: whole, and one byte at a time both ways. The
/// transcript has to be served to its end.
pub(crate) fn play(transcript: &Transcript, client: impl Fn(&Line)) {
    for split in [None, Some(1)] {
        let fixture = Fixture::new(transcript.clone()).set("pass", "1234").start().unwrap();
        let options = LinkOptions { split, ..LinkOptions::default() };
        let link = Link::start(fixture.addr(), options).unwrap();
        client(&line(link.addr(), &fixture.ca_pem()));
        drop(fixture.finish().unwrap_or_else(|failed| panic!("split {split:?}: {failed}")));
    }
}

/// A client that leaves the transcript when it has seen enough.
pub(crate) fn visit<T>(text: &str, idle: Duration, client: impl Fn(&Line) -> T) -> T {
    let fixture = Fixture::new(parsed(text)).start().unwrap();
    let mut line = line(fixture.addr(), &fixture.ca_pem());
    line.dialer.limits.idle = idle;
    client(&line)
}

/// A client of this fixture.
pub(crate) fn with<T>(fixture: &Fixture, client: impl Fn(&Line) -> T) -> T {
    client(&line(fixture.addr(), &fixture.ca_pem()))
}

fn line(addr: SocketAddr, ca_pem: &str) -> Line {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("wireline-smtp-{}-{number}.pem", std::process::id());
    let pem = std::env::temp_dir().join(name);
    std::fs::write(&pem, ca_pem).unwrap();
    let trust = Trust { files: vec![pem.clone()], ..Trust::default() };
    let mut dialer = Dialer::default();
    dialer.tls = trust.into();
    Line { addr, dialer, pem }
}

/// Sends a message of which all is known.
pub(crate) fn send(
    session: &mut Session,
    envelope: &Envelope,
    message: &str,
) -> Result<Delivery, Error> {
    session.send(envelope, &mut Content::surveyed(&mut Cursor::new(message))?)
}

/// The same as the session's last.
pub(crate) fn send_last(
    session: Session,
    envelope: &Envelope,
    message: &str,
) -> Result<Delivery, Error> {
    session.send_last(envelope, &mut Content::surveyed(&mut Cursor::new(message))?)
}

/// The codes that the recipients got.
pub(crate) fn codes(delivery: &Delivery) -> Vec<u16> {
    delivery.recipients.iter().map(|outcome| outcome.reply.code().number()).collect()
}

/// An error in one word and what was being done.
pub(crate) fn kind(error: &Error) -> String {
    match error {
        Error::Connection(wireline_wire::Error::TimedOut { phase, .. }) => format!("time {phase}"),
        Error::Connection(_) => "connection".into(),
        Error::Lost { doing, .. } => format!("lost {doing}"),
        Error::Violation { doing, .. } => format!("violation {doing}"),
        Error::Unsupported { .. } => "unsupported".into(),
        Error::Refused { doing, reply } => format!("{} {doing}", reply.code()),
        Error::Unsafe { doing, .. } => format!("unsafe {doing}"),
        Error::Input(_) => "input".into(),
        Error::Local(_) => "local".into(),
        Error::OutcomeUnknown { .. } => "unknown".into(),
        other => format!("{other:?}"),
    }
}
