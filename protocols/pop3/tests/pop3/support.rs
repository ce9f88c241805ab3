//! What the tests of sessions need.

use std::net::SocketAddr;
use std::time::Duration;
use wireline_pop3::{Error, Limits, MessageNumber, Password, Session, UserName};
use wireline_servers::{Link, LinkOptions};
use wireline_transcript::{Fixture, FixtureBuilder, Transcript};
use wireline_wire::{Dialer, Endpoint, Secret, Sink, Trust, Wire};

/// How the bytes travel.
pub(crate) const PATHS: [Option<usize>; 2] = [None, Some(1)];

/// A fixture, perhaps behind a line that tears writes apart, and how to reach it.
pub(crate) struct Server {
    pub(crate) fixture: Fixture,
    link: Option<Link>,
    dialer: Dialer,
    _authority: tempfile::NamedTempFile,
}

impl Server {
    pub(crate) fn start(fixture: FixtureBuilder, split: Option<usize>) -> Self {
        let options = LinkOptions { split, ..LinkOptions::default() };
        Self::behind(fixture, split.map(|_| options))
    }

    pub(crate) fn behind(fixture: FixtureBuilder, options: Option<LinkOptions>) -> Self {
        let fixture = fixture.start().unwrap();
        let link = options.map(|options| Link::start(fixture.addr(), options).unwrap());
        let authority = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(authority.path(), fixture.ca_pem()).unwrap();
        let files = vec![authority.path().to_path_buf()];
        let mut dialer = Dialer::default();
        dialer.tls = Trust { files, ..Trust::default() }.into();
        Self { fixture, link, dialer, _authority: authority }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.link.as_ref().map_or(self.fixture.addr(), Link::addr)
    }

    pub(crate) fn dial(&self) -> Wire {
        dial(&self.dialer, self.addr())
    }

    pub(crate) fn session(&self) -> Session {
        self.start_session(Limits::default()).unwrap()
    }

    pub(crate) fn start_session(&self, limits: Limits) -> Result<Session, Error> {
        Session::start(self.dial(), limits)
    }

    /// A session that waits only so long.
    pub(crate) fn impatient_session(&self, idle: Duration) -> Session {
        let mut dialer = self.dialer.clone();
        dialer.limits.idle = idle;
        Session::start(dial(&dialer, self.addr()), Limits::default()).unwrap()
    }

    /// TLS from the first byte.
    pub(crate) fn secure_session(&self) -> Session {
        Session::start(self.dial().start_tls("localhost").unwrap(), Limits::default()).unwrap()
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

/// A transcript of one section.
pub(crate) fn script(lines: &str) -> FixtureBuilder {
    parse(&format!(
        "@wire 1\n@protocol pop3\n@set user=mrose\n@set pass=tanstaaf\n== test\n{lines}"
    ))
}

pub(crate) fn parse(file: &str) -> FixtureBuilder {
    let mut no_files = |name: &str| Err(format!("no file {name}"));
    match Transcript::parse(file.as_bytes(), "test.wire", &mut no_files) {
        Ok(transcript) => Fixture::new(transcript),
        Err(error) => panic!("{error}\n{file}"),
    }
}

pub(crate) fn number(number: u32) -> MessageNumber {
    MessageNumber::new(number).unwrap()
}

pub(crate) fn user(name: &str) -> UserName {
    UserName::try_from(name).unwrap()
}

pub(crate) fn password(text: &str) -> Password {
    Password::try_from(Secret::from(text)).unwrap()
}

pub(crate) fn log_in(session: &mut Session) {
    session.user_pass(&user("mrose"), &password("tanstaaf")).unwrap();
}

/// A whole message.
pub(crate) fn retr(session: &mut Session, message: u32) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    session.retr(number(message), &mut Sink::writer(&mut text), 1 << 20)?;
    Ok(text)
}
