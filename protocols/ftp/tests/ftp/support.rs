//! What the dialogues need: transcripts as servers, whole and one byte at a time.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use time::UtcDateTime;
use wireline_ftp::{Error, Login, Options, Password, Pathname, Security, Session, Type, UserName};
use wireline_servers::{Link, LinkOptions};
use wireline_transcript::{Fixture, FixtureOptions, Transcript};
use wireline_wire::{Dialer, Endpoint, Resolved, Secret, Trust};

/// Text that needs no TYPE, which the RFCs' examples leave out.
pub(crate) fn ascii() -> Options {
    Options { transfer_type: Type::Ascii, ..Options::default() }
}

/// The same with PASV and PORT.
pub(crate) fn plain_ascii() -> Options {
    Options { extended: false, ..ascii() }
}

pub(crate) fn explicit() -> Options {
    Options { security: Security::Explicit, ..Options::default() }
}

pub(crate) fn path(name: &str) -> Pathname {
    Pathname::try_from(name).unwrap()
}

pub(crate) fn login(user: &str, password: &str) -> Login {
    let password = Password::try_from(Secret::from(password)).unwrap();
    Login::new(UserName::try_from(user).unwrap(), password)
}

/// The day of the tests.
pub(crate) fn now() -> UtcDateTime {
    UtcDateTime::from_unix_timestamp(1_795_219_200).unwrap()
}

pub(crate) fn parsed(text: &str) -> Transcript {
    let no_files = &mut |_: &str| Err("no files".to_owned());
    match Transcript::parse(text.as_bytes(), "test.wire", no_files) {
        Ok(parsed) => parsed,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// A transcript of one section behind greeting and login.
pub(crate) fn script(lines: &str) -> Transcript {
    parsed(&format!("@protocol ftp\n== test\nS: 220 ready\nC: USER anonymous\nS: 230 in\n{lines}"))
}

/// A file of the corpus.
pub(crate) fn corpus(name: &str) -> Transcript {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus/ftp");
    Transcript::from_file(folder.join(format!("{name}.wire"))).unwrap()
}

/// How a client reaches its server.
pub(crate) struct Line {
    pub(crate) dialer: Dialer,
    port: u16,
    /// The authority's certificate, removed in the end.
    pem: PathBuf,
}

impl Line {
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new("localhost", self.port).unwrap()
    }

    pub(crate) fn connect(&self, options: Options) -> Result<Session, Error> {
        Session::connect(&self.dialer, &self.endpoint(), options)
    }

    /// Logged in as nobody.
    pub(crate) fn anonymous(&self, options: Options) -> Session {
        let mut session = self.connect(options).unwrap();
        session.login(&Login::anonymous()).unwrap();
        session
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.pem));
    }
}

/// Lets a client talk to a section of a transcript twice: whole, and one byte at a time on the
/// control connection. The section has to be served to its end.
pub(crate) fn play_only(transcript: &Transcript, title: Option<&str>, client: impl Fn(&Line)) {
    for split in [None, Some(1)] {
        let only = title.map(str::to_owned);
        let options = FixtureOptions { only, ..FixtureOptions::default() };
        let fixture = Fixture::new(transcript.clone()).options(options).secret("pass", "flint");
        let fixture = fixture.start().unwrap();
        let options = LinkOptions { split, ..LinkOptions::default() };
        let link = Link::start(fixture.addr(), options).unwrap();
        client(&line(link.addr(), &fixture.ca_pem()));
        let served = fixture.finish();
        drop(served.unwrap_or_else(|failed| panic!("{title:?}, split {split:?}: {failed}")));
    }
}

pub(crate) fn play(transcript: &Transcript, client: impl Fn(&Line)) {
    play_only(transcript, None, client);
}

/// The same at another address, whole.
pub(crate) fn play_at(addr: SocketAddr, transcript: &Transcript, client: impl Fn(&Line)) {
    let options = FixtureOptions { addr, ..FixtureOptions::default() };
    let fixture = Fixture::new(transcript.clone()).options(options).start().unwrap();
    client(&line(fixture.addr(), &fixture.ca_pem()));
    drop(fixture.finish().unwrap_or_else(|failed| panic!("{failed}")));
}

/// The same behind a control connection that ends after so many bytes from the server.
pub(crate) fn cut<T>(transcript: &Transcript, bytes: u64, client: impl Fn(&Line) -> T) -> T {
    let fixture = Fixture::new(transcript.clone()).start().unwrap();
    let options = LinkOptions { cut_after: Some(bytes), ..LinkOptions::default() };
    let link = Link::start(fixture.addr(), options).unwrap();
    client(&line(link.addr(), &fixture.ca_pem()))
}

/// A client that leaves the transcript when it has seen enough, and does not wait for long.
pub(crate) fn visit<T>(transcript: &Transcript, client: impl Fn(&Line) -> T) -> T {
    let fixture = Fixture::new(transcript.clone()).start().unwrap();
    let mut line = line(fixture.addr(), &fixture.ca_pem());
    line.dialer.limits.idle = Duration::from_millis(400);
    client(&line)
}

fn line(addr: SocketAddr, ca_pem: &str) -> Line {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let pem =
        std::env::temp_dir().join(format!("wireline-ftp-{}-{number}.pem", std::process::id()));
    std::fs::write(&pem, ca_pem).unwrap();
    let trust = Trust { files: vec![pem.clone()], ..Trust::default() };
    let endpoint = Endpoint::new("localhost", addr.port()).unwrap();
    let addresses = vec![addr.ip()];
    let mut dialer = Dialer::default();
    dialer.tls = trust.into();
    dialer.resolved = vec![Resolved { endpoint, addresses }];
    Line { dialer, port: addr.port(), pem }
}

/// An error in one word and what was being done.
pub(crate) fn kind(error: &Error) -> String {
    use wireline_wire::Error as W;
    match error {
        Error::Connection(W::TimedOut { phase, .. }) => format!("time {phase}"),
        Error::Connection(W::Leftover { bytes }) => format!("leftover {bytes}"),
        Error::Connection(W::Tls { .. }) => "tls".into(),
        Error::Connection(_) => "connection".into(),
        Error::Lost { doing, .. } => format!("lost {doing}"),
        Error::Data { doing, source: W::Cut { got, expected: Some(all) } } => {
            format!("cut {doing} {got}/{all}")
        }
        Error::Data { doing, source: W::Cut { .. } } => format!("cut {doing}"),
        Error::Data { doing, .. } => format!("data {doing}"),
        Error::Violation { doing, .. } => format!("violation {doing}"),
        Error::Unsupported { .. } => "unsupported".into(),
        Error::Refused { doing, reply } => format!("{} {doing}", reply.code()),
        Error::Unsafe { doing, .. } => format!("unsafe {doing}"),
        Error::Input(_) => "input".into(),
        Error::Local(_) => "local".into(),
        other => format!("{other:?}"),
    }
}
