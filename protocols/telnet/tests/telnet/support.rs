//! What the tests of sessions need.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;
use wireline_servers::{Link, LinkOptions};
use wireline_telnet::{Limits, Notice, Received, Session, Settings, Wait};
use wireline_transcript::{Fixture, FixtureBuilder, Transcript};
use wireline_wire::{Dialer, Endpoint, Trust, Wire};

/// How the bytes travel.
pub(crate) const PATHS: [Option<usize>; 2] = [None, Some(1)];

/// Longer than anything takes.
pub(crate) const LONG: Duration = Duration::from_secs(10);

/// A fixture, perhaps behind a line that tears writes apart, and how to reach it.
pub(crate) struct Server {
    pub(crate) fixture: Fixture,
    link: Option<Link>,
    dialer: Dialer,
    _authority: tempfile::NamedTempFile,
}

impl Server {
    pub(crate) fn start(fixture: FixtureBuilder, split: Option<usize>) -> Self {
        let fixture = fixture.start().unwrap();
        let link = split.map(|split| {
            let options = LinkOptions { split: Some(split), ..LinkOptions::default() };
            Link::start(fixture.addr(), options).unwrap()
        });
        let authority = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(authority.path(), fixture.ca_pem()).unwrap();
        let files = vec![authority.path().to_path_buf()];
        let mut dialer = Dialer::default();
        dialer.tls = Trust { files, ..Trust::default() }.into();
        Self { fixture, link, dialer, _authority: authority }
    }

    pub(crate) fn session(&self, settings: Settings) -> Session {
        let addr = self.link.as_ref().map_or(self.fixture.addr(), Link::addr);
        Session::start(dial(&self.dialer, addr), settings, Limits::default())
    }

    /// The client did what the transcript says.
    pub(crate) fn finish(self, what: &str) {
        if let Err(failed) = self.fixture.finish() {
            panic!("{what}: {failed}");
        }
    }
}

pub(crate) fn dial(dialer: &Dialer, addr: SocketAddr) -> Wire {
    dialer.dial(&Endpoint::new(&addr.ip().to_string(), addr.port()).unwrap()).unwrap()
}

/// A peer that does what the closure does, and a session with it.
pub(crate) fn with_peer<T: Send + 'static>(
    settings: Settings,
    limits: Limits,
    peer: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (Session, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let peer = std::thread::spawn(move || peer(listener.accept().unwrap().0));
    (Session::start(dial(&Dialer::default(), addr), settings, limits), peer)
}

/// A transcript of one section.
pub(crate) fn script(lines: &str) -> FixtureBuilder {
    parse(&format!("@wire 1\n@protocol telnet\n== test\n{lines}"))
}

pub(crate) fn parse(file: &str) -> FixtureBuilder {
    let mut no_files = |name: &str| Err(format!("no file {name}"));
    match Transcript::parse(file.as_bytes(), "test.wire", &mut no_files) {
        Ok(transcript) => Fixture::new(transcript),
        Err(error) => panic!("{error}\n{file}"),
    }
}

/// Hears until the peer closes: all text and all notices.
pub(crate) fn to_the_end(session: &mut Session) -> (Vec<u8>, Vec<Notice>) {
    let (mut text, mut notices) = (Vec::new(), Vec::new());
    loop {
        let received = session.receive(Wait::AtMost(LONG)).unwrap();
        assert_ne!(received, Received::Nothing, "{}", text.escape_ascii());
        text.extend(session.take_text());
        notices.extend(std::iter::from_fn(|| session.take_notice()));
        if received == Received::Ended {
            return (text, notices);
        }
    }
}

/// Hears until something holds.
pub(crate) fn until(session: &mut Session, holds: impl Fn(&Session) -> bool) {
    while !holds(session) {
        assert_eq!(session.receive(Wait::AtMost(LONG)).unwrap(), Received::Something);
    }
}
