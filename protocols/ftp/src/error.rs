//! Why an FTP session failed, and whether it is worth another try.
//! Must not hold: what to do about it.

use crate::Reply;
use std::fmt;
use std::io;
use wireline_wire as wire;

/// What went wrong, shaped by blame. `doing` is the verb or the stage, never its argument.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The control connection: not reached, TLS, timed out, gone before the greeting.
    Connection(wire::Error),
    /// The control connection broke in the middle of the dialogue.
    Lost {
        /// What was being done.
        doing: &'static str,
        /// How it broke.
        source: wire::Error,
    },
    /// The data connection failed, or brought less than was announced
    /// ([`wire::Error::Cut`]). The session goes on unless it [is over](crate::Session::is_over).
    Data {
        /// What was being done.
        doing: &'static str,
        /// How it failed.
        source: wire::Error,
    },
    /// The server broke the protocol or a limit.
    Violation {
        /// What was being done.
        doing: &'static str,
        /// What is wrong; what the server said is escaped in it.
        why: String,
    },
    /// The server does not offer what this needs; nothing was sent for it.
    Unsupported {
        /// What that is.
        feature: String,
    },
    /// The server said no: 4yz or 5yz. With 421 it closes the connection.
    Refused {
        /// What was being done.
        doing: &'static str,
        /// What the server said.
        reply: Reply,
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
    /// Our sink or source failed.
    Local(io::Error),
}

/// Whether the same may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same would happen again.
    Never,
    /// After a pause of the caller's choice, in a new session if this one is over.
    Safe,
}

impl Error {
    /// Whether another try may help. An upload that failed may have left a part of the file.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Lost { .. } => Retry::Safe,
            Self::Connection(source) | Self::Data { source, .. } if source.may_pass() => {
                Retry::Safe
            }
            Self::Refused { reply, .. } if reply.is_transient() => Retry::Safe,
            _ => Retry::Never,
        }
    }

    /// Names a failure of the control connection by what was being done: a limit is the server's
    /// fault, and an end in the dialogue is more than silence.
    pub(crate) fn while_doing(doing: &'static str, error: wire::Error) -> Self {
        use wire::Error as W;
        match error {
            W::TooLong { .. } => Self::Violation { doing, why: error.to_string() },
            W::Closed | W::Cut { .. } | W::Io(_) => Self::Lost { doing, source: error },
            other => other.into(),
        }
    }

    /// Names a failure of the data connection.
    pub(crate) fn of_data(doing: &'static str, error: wire::Error) -> Self {
        use wire::Error as W;
        match error {
            W::TooLong { .. } => Self::Violation { doing, why: error.to_string() },
            W::Local(source) => Self::Local(source),
            W::OutOfTime { .. } | W::Input(_) => error.into(),
            source => Self::Data { doing, source },
        }
    }

    pub(crate) fn violation(doing: &'static str, why: impl Into<String>) -> Self {
        Self::Violation { doing, why: why.into() }
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => error.fmt(f),
            Self::Lost { doing, source } => write!(f, "{doing}: {source}"),
            Self::Data { doing, source: source @ wire::Error::Cut { .. } } => {
                write!(f, "{doing}: {source}")
            }
            Self::Data { doing, source } => write!(f, "{doing}: the data connection: {source}"),
            Self::Violation { doing, why } | Self::Unsafe { doing, why } => {
                write!(f, "{doing}: {why}")
            }
            Self::Unsupported { feature } => write!(f, "the server does not offer {feature}"),
            Self::Refused { doing, reply } => write!(f, "{doing}: {reply}"),
            Self::Input(why) => f.write_str(why),
            Self::Local(source) => f.write_str(&wire::cause(source)),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connection(source) | Self::Lost { source, .. } | Self::Data { source, .. } => {
                Some(source)
            }
            Self::Local(source) => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplyReader;

    fn refused(line: &str) -> Error {
        let reply = ReplyReader::default().feed(line.as_bytes(), 1).unwrap().unwrap();
        Error::Refused { doing: "RETR", reply }
    }

    #[test]
    fn what_may_be_tried_again() {
        let cut = || wire::Error::Cut { got: 1, expected: Some(2) };
        let rows = [
            (refused("421 too many\r\n"), Retry::Safe),
            (refused("425 no data connection\r\n"), Retry::Safe),
            (refused("550 no such file\r\n"), Retry::Never),
            (Error::Data { doing: "RETR", source: cut() }, Retry::Safe),
            (Error::Lost { doing: "RETR", source: wire::Error::Closed }, Retry::Safe),
            (wire::Error::Leftover { bytes: 1 }.into(), Retry::Never),
            (Error::violation("RETR", "nonsense"), Retry::Never),
            (Error::Input(String::new()), Retry::Never),
        ];
        for (error, wanted) in rows {
            assert_eq!(error.retry(), wanted, "{error}");
        }
    }

    #[test]
    fn words() {
        let source = wire::Error::Cut { got: 3, expected: Some(10) };
        let cut = Error::Data { doing: "RETR", source };
        assert_eq!(cut.to_string(), "RETR: cut short: 3 of 10 bytes came");
        assert_eq!(refused("550 \x1b no\r\n").to_string(), "RETR: 550 \\x1b no");
    }
}
