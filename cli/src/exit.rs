//! The one table from what went wrong to an exit code and a line of text.
//! Must not hold: decisions; whoever fails knows why, here it gets its number.

use crate::mask::Mask;
use std::fmt;
use std::io;
use std::process::ExitCode;
use wireline_ftp as ftp;
use wireline_http as http;
use wireline_pop3 as pop3;
use wireline_smtp as smtp;
use wireline_store as store;
use wireline_telnet as telnet;
use wireline_wire as wire;

/// Why wireline ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Whoever read our standard output has left, which is no failure.
    ReaderLeft,
    /// The peer refused or lacks it.
    Refused,
    /// Usage or bad input; nothing was sent.
    Usage,
    /// Not reached: name, route, refused, reset before an answer.
    NotReached,
    /// TLS.
    Tls,
    /// The peer broke the protocol or a limit, cut a transfer short, or redirected too often.
    Broken,
    /// Timed out.
    TimedOut,
    /// A local file: missing, exists, full, denied.
    Local,
    /// It would have been unsafe.
    Unsafe,
    /// The last reply was lost after the message was handed over.
    Unknown,
    /// Partly done.
    Partly,
    /// The code of the client that was judged.
    Client(u8),
}

impl Exit {
    /// The number that a shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::ReaderLeft => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::NotReached => 3,
            Self::Tls => 4,
            Self::Broken => 5,
            Self::TimedOut => 6,
            Self::Local => 7,
            Self::Unsafe => 8,
            Self::Unknown => 9,
            Self::Partly => 10,
            Self::Client(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What is told to the user: `wireline: doing: why`, then perhaps a hint.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) doing: String,
    pub(crate) why: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure with a reason; [`Failure::doing`] says during what.
    pub(crate) fn new(exit: Exit, why: impl Into<String>) -> Self {
        Self { exit, doing: String::new(), why: why.into(), hint: None }
    }

    /// Bad input.
    pub(crate) fn usage(why: impl Into<String>) -> Self {
        Self::new(Exit::Usage, why)
    }

    /// Names what was being done, unless that is known already.
    pub(crate) fn doing(mut self, doing: impl Into<String>) -> Self {
        if self.doing.is_empty() {
            self.doing = doing.into();
        }
        self
    }

    /// One thing to try.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// In a session that stands nobody is "not reached": it was cut.
    pub(crate) fn in_session(self) -> Self {
        Self { exit: in_transfer(self.exit), ..self }
    }

    /// The same once more, for somebody else whom it concerns too.
    pub(crate) fn again(&self) -> Self {
        let Self { exit, doing, why, hint } = self;
        Self { exit: *exit, doing: doing.clone(), why: why.clone(), hint: hint.clone() }
    }

    /// The same without the secrets of the run.
    pub(crate) fn masked(mut self, mask: &Mask) -> Self {
        self.why = mask.text(&self.why);
        self
    }

    /// Standard output failed; that its reader has left is no failure.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Exit::ReaderLeft, ""),
            _ => Self::local(error).doing("writing to standard output"),
        }
    }

    /// Our own side failed.
    pub(crate) fn local(error: &io::Error) -> Self {
        Self::new(Exit::Local, wire::cause(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.doing.as_str() {
            "" => f.write_str(&self.why),
            doing => write!(f, "{doing}: {}", self.why),
        }
    }
}

impl From<http::Error> for Failure {
    fn from(error: http::Error) -> Self {
        use http::Error as E;
        let exit = match &error {
            E::Connection(error) => exit_of(error),
            E::Violation { .. } | E::Unsupported { .. } => Exit::Broken,
            E::Input(_) => Exit::Usage,
            E::Unsafe { .. } => Exit::Unsafe,
            E::Local(_) => Exit::Local,
            _ => Exit::Broken,
        };
        let hint = match &error {
            E::Connection(error) => hint_for(error),
            E::Unsafe { .. } => Some("ask for that URL yourself if you trust it".to_owned()),
            _ => None,
        };
        Self { hint, ..Self::new(exit, error.to_string()) }
    }
}

fn exit_of(error: &wire::Error) -> Exit {
    use wire::Error as E;
    match error {
        E::Input(_) | E::Nul { .. } => Exit::Usage,
        E::Resolve { .. } | E::Connect { .. } | E::Closed | E::Io(_) => Exit::NotReached,
        E::Tls { .. } => Exit::Tls,
        E::TimedOut { .. } | E::OutOfTime { .. } | E::TooSlow { .. } => Exit::TimedOut,
        E::NotLoopback { .. } | E::BehindProxy { .. } => Exit::Unsafe,
        E::Local(_) => Exit::Local,
        E::Proxy { source, .. } => exit_of(source),
        E::ProxyLogin { .. } => Exit::Refused,
        E::ProxyRefused { .. } => Exit::NotReached,
        _ => Exit::Broken,
    }
}

fn hint_for(error: &wire::Error) -> Option<String> {
    use wire::Error as E;
    let hint = match error {
        E::NotLoopback { .. } => {
            "a login would go out in clear: use https, or --allow-plaintext-auth"
        }
        E::BehindProxy { .. } => {
            "a login would go out in clear behind the proxy: use TLS, or --allow-plaintext-auth"
        }
        E::Tls { reason, .. } if reason.contains("does not speak TLS") => {
            "if it is meant to be in clear, use http://, or the scheme without its s"
        }
        E::Tls { reason, .. } if reason.contains("trusted authority") => {
            "name the authority with --cacert FILE or --add-ca FILE, or use --system-roots"
        }
        E::Tls { reason, .. } if reason.contains("an authority's") => {
            "--cacert takes the authority that signed the server's certificate, not that certificate"
        }
        E::Resolve { .. } => "is the name spelt right, and this machine on the net?",
        E::Connect { tried } if tried.iter().all(|(_, why)| is_refusal(why)) => {
            "nothing listens there: is the port right, and the server running?"
        }
        E::OutOfTime { .. } => "--max-time sets this limit",
        E::TooSlow { .. } => "--speed-limit sets this limit",
        E::Proxy { source, .. } => return hint_for(source),
        E::TimedOut { phase: "connecting", .. } => "--connect-timeout sets this limit",
        E::TimedOut { phase: "the TLS handshake", .. } => {
            "--timeout sets this limit, 15 s at most; a port in clear may be silent like that"
        }
        E::TimedOut { .. } => "--timeout sets this limit",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

impl From<wire::Error> for Failure {
    fn from(error: wire::Error) -> Self {
        Self { hint: hint_for(&error), ..Self::new(exit_of(&error), error.to_string()) }
    }
}

impl From<smtp::Error> for Failure {
    fn from(error: smtp::Error) -> Self {
        use smtp::Error as E;
        let exit = match &error {
            E::Connection(error) => exit_of(error),
            E::Lost { .. } | E::Violation { .. } => Exit::Broken,
            E::Unsupported { .. } | E::Refused { .. } | E::LoginRefused { .. } => Exit::Refused,
            E::Input(_) => Exit::Usage,
            E::Unsafe { .. } => Exit::Unsafe,
            E::Local(_) => Exit::Local,
            E::OutcomeUnknown { .. } => Exit::Unknown,
            _ => Exit::Broken,
        };
        let hint = match &error {
            E::Connection(error) => hint_for(error),
            E::OutcomeUnknown { .. } => {
                Some("it may have been delivered: look there before you send it again".to_owned())
            }
            _ => None,
        };
        Self { hint, ..Self::new(exit, error.to_string()) }
    }
}

impl From<pop3::Error> for Failure {
    fn from(error: pop3::Error) -> Self {
        use pop3::Error as E;
        let exit = match &error {
            E::Connection(error) => exit_of(error),
            E::Unsupported { .. } | E::Refused { .. } => Exit::Refused,
            E::Input(_) => Exit::Usage,
            E::Unsafe { .. } => Exit::Unsafe,
            E::Local(_) => Exit::Local,
            _ => Exit::Broken,
        };
        let hint = match &error {
            E::Connection(error) => hint_for(error),
            _ => None,
        };
        Self { hint, ..Self::new(exit, error.to_string()) }
    }
}

impl From<ftp::Error> for Failure {
    fn from(error: ftp::Error) -> Self {
        use ftp::Error as E;
        let exit = match &error {
            E::Connection(error) => exit_of(error),
            E::Data { source, .. } => in_transfer(exit_of(source)),
            E::Unsupported { .. } | E::Refused { .. } => Exit::Refused,
            E::Input(_) => Exit::Usage,
            E::Unsafe { .. } => Exit::Unsafe,
            E::Local(_) => Exit::Local,
            _ => Exit::Broken,
        };
        let hint = match &error {
            E::Connection(error) | E::Data { source: error, .. } => hint_for(error),
            _ => None,
        };
        Self { hint, ..Self::new(exit, error.to_string()) }
    }
}

/// The server is reached; a data connection that is not was cut.
const fn in_transfer(exit: Exit) -> Exit {
    match exit {
        Exit::NotReached => Exit::Broken,
        exit => exit,
    }
}

impl From<telnet::Error> for Failure {
    fn from(error: telnet::Error) -> Self {
        use telnet::Error as E;
        let exit = match &error {
            E::Connection(error) => exit_of(error),
            E::TimedOut { .. } => Exit::TimedOut,
            E::Ended { .. } | E::Violation { .. } => Exit::Broken,
            E::Input(_) => Exit::Usage,
            E::Unsafe { .. } => Exit::Unsafe,
            E::Local(_) => Exit::Local,
            _ => Exit::Broken,
        };
        let hint = match &error {
            E::Connection(error) => hint_for(error),
            E::TimedOut { .. } => Some("--timeout sets this limit".to_owned()),
            _ => None,
        };
        Self { hint, ..Self::new(exit, error.to_string()) }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        let hint = match &error {
            store::Error::Exists { .. } => Some("--overwrite replaces it".to_owned()),
            store::Error::Locked { .. } => Some("another wireline is writing it".to_owned()),
            store::Error::MboxLocked { .. } => {
                Some("another mail program is writing it; try again when it is done".to_owned())
            }
            store::Error::Exposed { .. } => Some(
                "chmod 600 makes it yours alone; --password-file FILE is another way".to_owned(),
            ),
            store::Error::Journal { .. } => Some(
                "put the line right, or move the file away: then everything is fetched again"
                    .to_owned(),
            ),
            _ => None,
        };
        let exit = match &error {
            store::Error::Exposed { .. } => Exit::Unsafe,
            _ => Exit::Local,
        };
        Self { hint, ..Self::new(exit, error.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_table() {
        use http::Error as E;
        let io = || io::Error::from(io::ErrorKind::ConnectionReset);
        let rows = [
            (E::Input(String::new()), 2),
            (E::Connection(wire::Error::Resolve { host: String::new(), source: io() }), 3),
            (E::Connection(wire::Error::Connect { tried: Vec::new() }), 3),
            (E::Connection(wire::Error::Closed), 3),
            (E::Connection(wire::Error::Io(io())), 3),
            (E::Connection(wire::Error::Tls { host: String::new(), reason: String::new() }), 4),
            (E::Connection(wire::Error::Cut { got: 1, expected: None }), 5),
            (E::Connection(wire::Error::Leftover { bytes: 1 }), 5),
            (E::Violation { doing: "", why: String::new() }, 5),
            (E::Unsupported { feature: String::new() }, 5),
            (E::Connection(wire::Error::TimedOut { phase: "", after: Duration::ZERO }), 6),
            (E::Local(io()), 7),
            (E::Unsafe { doing: "", why: String::new() }, 8),
            (E::Connection(wire::Error::BehindProxy { proxy: String::new() }), 8),
            (E::Connection(wire::Error::ProxyLogin { proxy: String::new() }), 1),
            (
                E::Connection(wire::Error::ProxyRefused {
                    proxy: String::new(),
                    reply: String::new(),
                }),
                3,
            ),
            (
                E::Connection(wire::Error::ProxyViolation {
                    proxy: String::new(),
                    why: String::new(),
                }),
                5,
            ),
            (
                E::Connection(wire::Error::Proxy {
                    proxy: String::new(),
                    source: Box::new(wire::Error::Closed),
                }),
                3,
            ),
            (E::Connection(wire::Error::TooSlow { bytes_per_second: 1, over: Duration::ZERO }), 6),
            (E::Connection(wire::Error::NotLoopback { address: ([1, 2, 3, 4], 5).into() }), 8),
        ];
        for (error, code) in rows {
            let text = format!("{error:?}");
            assert_eq!(Failure::from(error).exit.code(), code, "{text}");
        }
    }
}
