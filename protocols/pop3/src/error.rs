//! Why a POP3 session failed, and whether it is worth another try.
//! Must not hold: `-ERR` to one of many commands, which is an answer.

use crate::{Reply, ResponseCode};
use std::fmt;
use std::io;
use std::time::Duration;
use wireline_sasl as sasl;
use wireline_wire as wire;

/// What went wrong, shaped by blame.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The connection: not reached, TLS, timed out, cut, broken.
    Connection(wire::Error),
    /// The server broke the protocol or broke a limit.
    Violation {
        /// The verb that was being done.
        doing: &'static str,
        /// What is wrong; what the server said is escaped in it.
        why: String,
    },
    /// The server does not offer what is needed.
    Unsupported {
        /// What that is.
        feature: String,
    },
    /// The server said `-ERR`.
    Refused {
        /// The verb that was being done.
        doing: &'static str,
        /// What it said.
        reply: Reply,
        /// What it said before, in the words of the SASL mechanism, escaped.
        detail: Option<String>,
        /// The pause between logins that its LOGIN-DELAY capability asks for, when that is why.
        pause: Option<Duration>,
    },
    /// The caller's fault, before any byte was sent.
    Input(String),
    /// Going on would not be safe.
    Unsafe {
        /// The verb that was being done.
        doing: &'static str,
        /// Why not.
        why: String,
    },
    /// Our sink took no more.
    Local(io::Error),
}

/// Whether the same session may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same would happen again.
    Never,
    /// After a pause of the caller's choice. Nothing was deleted: that takes a QUIT.
    Safe,
    /// After at least this long: the server said so.
    After(Duration),
}

impl Error {
    /// Whether another session may fare better: after failures of the connection, and after the
    /// response codes that say so (RFC 2449 section 8, RFC 3206). A pause is an hour at most.
    #[must_use]
    pub fn retry(&self) -> Retry {
        const MOST: Duration = Duration::from_secs(3600);
        match self {
            Self::Connection(error) if error.may_pass() => Retry::Safe,
            Self::Refused { reply, pause, .. } => match (reply.code(), pause) {
                (Some(ResponseCode::LoginDelay), Some(pause)) => Retry::After(*pause.min(&MOST)),
                (Some(code), _) if code.is_transient() => Retry::Safe,
                _ => Retry::Never,
            },
            _ => Retry::Never,
        }
    }

    pub(crate) fn violation(doing: &'static str, why: impl Into<String>) -> Self {
        Self::Violation { doing, why: why.into() }
    }

    pub(crate) const fn refused(doing: &'static str, reply: Reply) -> Self {
        Self::Refused { doing, reply, detail: None, pause: None }
    }

    /// A failure of the wire, in the middle of something: the end is a cut there.
    pub(crate) fn in_the_middle(doing: &'static str, error: wire::Error) -> Self {
        match error {
            wire::Error::Closed => Self::Connection(wire::Error::Cut { got: 0, expected: None }),
            other => Self::on_the_wire(doing, other),
        }
    }

    pub(crate) fn on_the_wire(doing: &'static str, error: wire::Error) -> Self {
        match error {
            wire::Error::TooLong { .. } => Self::violation(doing, error.to_string()),
            other => other.into(),
        }
    }
}

impl From<wire::Error> for Error {
    fn from(error: wire::Error) -> Self {
        match error {
            wire::Error::Local(source) => Self::Local(source),
            wire::Error::Input(why) => Self::Input(why),
            other => Self::Connection(other),
        }
    }
}

impl From<sasl::Error> for Error {
    fn from(error: sasl::Error) -> Self {
        match error {
            sasl::Error::Input(why) => Self::Input(why),
            other => Self::violation("AUTH", other.to_string()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => error.fmt(f),
            Self::Violation { doing, why } | Self::Unsafe { doing, why } => {
                write!(f, "{doing}: {why}")
            }
            Self::Unsupported { feature } => write!(f, "not supported: {feature}"),
            Self::Refused { doing, reply, detail, .. } => {
                write!(f, "{doing}: the server said {reply}")?;
                detail.as_ref().map_or(Ok(()), |detail| write!(f, " ({detail})"))
            }
            Self::Input(why) => f.write_str(why),
            Self::Local(source) => f.write_str(&wire::cause(source)),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connection(error) => Some(error),
            Self::Local(source) => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, pause: Option<Duration>) -> Error {
        let reply = Reply::parse("PASS", format!("-ERR {text}").as_bytes()).unwrap();
        Error::Refused { doing: "PASS", reply, detail: None, pause }
    }

    /// hostile.md row 153 and RFC 3206: what passes is tried again, what does not is not.
    #[test]
    fn retries() {
        let delay = Some(Duration::from_secs(900));
        let absurd = Some(Duration::from_secs(u64::MAX));
        let rows = [
            (refused("[IN-USE] busy", delay), Retry::Safe),
            (refused("[LOGIN-DELAY] wait", delay), Retry::After(Duration::from_secs(900))),
            (refused("[LOGIN-DELAY] wait", absurd), Retry::After(Duration::from_secs(3600))),
            (refused("[LOGIN-DELAY] wait", None), Retry::Safe),
            (refused("[SYS/TEMP] disk", None), Retry::Safe),
            (refused("[SYS/PERM] no", None), Retry::Never),
            (refused("[AUTH] no", None), Retry::Never),
            (refused("[X] no", None), Retry::Never),
            (refused("no", delay), Retry::Never),
            (wire::Error::Closed.into(), Retry::Safe),
            (wire::Error::Cut { got: 1, expected: None }.into(), Retry::Safe),
            (wire::Error::Leftover { bytes: 1 }.into(), Retry::Never),
            (Error::violation("LIST", "nonsense"), Retry::Never),
            (Error::Input(String::new()), Retry::Never),
        ];
        for (error, wanted) in rows {
            assert_eq!(error.retry(), wanted, "{error}");
        }
    }

    #[test]
    fn words() {
        let error = Error::Refused {
            doing: "AUTH",
            reply: Reply::parse("AUTH", b"-ERR \x1b no").unwrap(),
            detail: Some("invalid_token".into()),
            pause: None,
        };
        let words = "AUTH: the server said -ERR \\x1b no (invalid_token)";
        assert_eq!(error.to_string(), words);
    }
}
