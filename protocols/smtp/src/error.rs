//! Why a mail session failed, and whether it is worth another try.
//! Must not hold: recipients that were refused, which are part of a [`crate::Delivery`].

use crate::Reply;
use std::fmt;
use std::io;
use wireline_wire as wire;

/// What went wrong, shaped by blame. `doing` is the verb or the stage, never its argument.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The connection: not reached, TLS, timed out, gone before the greeting.
    Connection(wire::Error),
    /// The connection broke in the middle of the dialogue. No message was handed over.
    Lost {
        /// What was being done.
        doing: &'static str,
        /// How it broke.
        source: wire::Error,
    },
    /// The peer broke the protocol or a limit.
    Violation {
        /// What was being done.
        doing: &'static str,
        /// What is wrong; what the peer said is escaped in it.
        why: String,
    },
    /// The server does not offer what this needs. Nothing of the transaction was sent, unless the
    /// need showed in the middle of the content; then the message was not handed over.
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
    /// The server refused the login, and had told why in the words of the mechanism (XOAUTH2 and
    /// OAUTHBEARER do so in JSON).
    LoginRefused {
        /// What the server said in the end.
        reply: Reply,
        /// Its reason, escaped.
        told: String,
    },
    /// The caller's fault, before any byte was sent; or the content holds what no message may,
    /// which is not handed over.
    Input(String),
    /// Going on would not be safe.
    Unsafe {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        why: String,
    },
    /// Our source gave no more. The message was not handed over.
    Local(io::Error),
    /// The whole message was sent and the reply to it was lost: it may have been delivered
    /// (RFC 1047). Sending it again may deliver it twice.
    OutcomeUnknown {
        /// How the reply was lost.
        source: Box<Self>,
    },
}

/// Whether the same may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same would happen again, or it is not known what the first try did.
    Never,
    /// After a pause of the caller's choice: nothing was handed over, and the failure may pass.
    Safe,
}

impl Error {
    /// Whether another try may help, and cannot deliver twice.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Connection(error) if error.may_pass() => Retry::Safe,
            Self::Lost { .. } => Retry::Safe,
            Self::Refused { reply, .. } if reply.is_transient() => Retry::Safe,
            _ => Retry::Never,
        }
    }

    /// Names a failure of the connection by what was being done: a limit is the peer's fault, and
    /// an end in the dialogue is more than silence.
    pub(crate) fn while_doing(doing: &'static str, error: wire::Error) -> Self {
        use wire::Error as W;
        match error {
            W::TooLong { .. } => Self::Violation { doing, why: error.to_string() },
            W::Closed | W::Cut { .. } | W::Io(_) => Self::Lost { doing, source: error },
            other => other.into(),
        }
    }
}

impl From<wire::Error> for Error {
    fn from(error: wire::Error) -> Self {
        match error {
            wire::Error::Local(source) => Self::Local(source),
            wire::Error::Input(why) => Self::Input(why),
            wire::Error::Nul { .. } => Self::Input(error.to_string()),
            other => Self::Connection(other),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(error) => error.fmt(f),
            Self::Lost { doing, source } => write!(f, "{doing}: {source}"),
            Self::Violation { doing, why } | Self::Unsafe { doing, why } => {
                write!(f, "{doing}: {why}")
            }
            Self::Unsupported { feature } => write!(f, "the server does not offer {feature}"),
            Self::Refused { doing, reply } => write!(f, "{doing}: {reply}"),
            Self::LoginRefused { reply, told } => write!(f, "AUTH: {reply} ({told})"),
            Self::Input(why) => f.write_str(why),
            Self::Local(source) => f.write_str(&wire::cause(source)),
            Self::OutcomeUnknown { source } => {
                write!(f, "the message was sent, but the reply to it was lost: {source}")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connection(source) | Self::Lost { source, .. } => Some(source),
            Self::OutcomeUnknown { source } => Some(source),
            Self::Local(source) => Some(source),
            _ => None,
        }
    }
}
