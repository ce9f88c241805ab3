//! Why a Telnet session failed.
//! Must not hold: an option that was refused, which is a notice.

use std::fmt;
use std::io;
use std::time::Duration;
use wireline_wire as wire;

/// What went wrong, shaped by blame.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The connection: TLS, timed out, cut within a command, broken.
    Connection(wire::Error),
    /// What was expected did not come in time.
    TimedOut {
        /// What was being waited for.
        doing: &'static str,
        /// The limit that was reached.
        after: Duration,
        /// The last 200 bytes of text that had come, escaped.
        tail: String,
    },
    /// The peer closed the connection, and what was expected had not come.
    Ended {
        /// What was being waited for.
        doing: &'static str,
        /// The last 200 bytes of text that had come, escaped.
        tail: String,
    },
    /// The peer sent more than the caller allows.
    Violation {
        /// What was being done.
        doing: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The caller's fault, before any byte was sent.
    Input(String),
    /// Going on would not be safe.
    Unsafe {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        why: String,
    },
    /// Our sink took no more.
    Local(io::Error),
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => error.fmt(f),
            Self::TimedOut { doing, after, tail } => {
                write!(f, "timed out: {doing} took longer than {} s; ", after.as_secs_f64())?;
                write_tail(f, tail)
            }
            Self::Ended { doing, tail } => {
                write!(f, "{doing}: the peer closed the connection; ")?;
                write_tail(f, tail)
            }
            Self::Violation { doing, why } | Self::Unsafe { doing, why } => {
                write!(f, "{doing}: {why}")
            }
            Self::Input(why) => f.write_str(why),
            Self::Local(source) => f.write_str(&wire::cause(source)),
        }
    }
}

fn write_tail(f: &mut fmt::Formatter<'_>, tail: &str) -> fmt::Result {
    match tail {
        "" => f.write_str("it had said nothing more"),
        tail => write!(f, "it had said \"{tail}\""),
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

    #[test]
    fn words() {
        let after = Duration::from_millis(1500);
        let rows = [
            (
                Error::TimedOut { doing: "expect", after, tail: "login\\x07".into() },
                "timed out: expect took longer than 1.5 s; it had said \"login\\x07\"",
            ),
            (
                Error::Ended { doing: "expect", tail: String::new() },
                "expect: the peer closed the connection; it had said nothing more",
            ),
        ];
        for (error, words) in rows {
            assert_eq!(error.to_string(), words);
        }
    }
}
