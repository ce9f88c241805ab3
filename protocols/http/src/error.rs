//! Why an HTTP exchange failed, and whether it is worth another try.
//! Must not hold: statuses of 400 and above, which are answers.

use crate::{FieldValue, Head};
use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};
use wireline_wire as wire;

/// What went wrong, shaped by blame.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The connection: not reached, TLS, timed out, broken.
    Connection(wire::Error),
    /// The peer broke the protocol, broke a limit, or cut the message short.
    Violation {
        /// What was being done.
        doing: &'static str,
        /// What is wrong; what the peer said is escaped in it.
        why: String,
    },
    /// The peer's answer needs something that this client does not do.
    Unsupported {
        /// What that is.
        feature: String,
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
    /// Our sink took no more, or our source gave no more.
    Local(io::Error),
}

/// Whether the same request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same would happen again, or it is not known what the first one did.
    Never,
    /// After a pause of the caller's choice.
    Safe,
    /// After at least this long: the peer said so.
    After(Duration),
}

impl Error {
    /// Whether another try may help. It answers for the failure alone: whether the method may be
    /// repeated at all is [`crate::Method::is_idempotent`].
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Connection(error) if error.may_pass() => Retry::Safe,
            _ => Retry::Never,
        }
    }
}

impl Head {
    /// Whether this answer is one of the passing kind: 408, 429, 500, 502, 503 and 504, with the
    /// pause that `Retry-After` asks for (RFC 9110 section 10.2.3), at most five minutes of it.
    #[must_use]
    pub fn retry(&self, now: SystemTime) -> Retry {
        if !matches!(self.status.code(), 408 | 429 | 500 | 502 | 503 | 504) {
            return Retry::Never;
        }
        let asked = self.fields.first("Retry-After").and_then(FieldValue::to_str);
        asked.and_then(|text| retry_after(text, now)).map_or(Retry::Safe, Retry::After)
    }
}

/// `Retry-After = HTTP-date / delay-seconds` (RFC 9110 section 10.2.3).
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    const MOST: Duration = Duration::from_secs(300);
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return Some(text.parse().map_or(MOST, Duration::from_secs).min(MOST));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default().min(MOST))
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
            Self::Violation { doing, why } | Self::Unsafe { doing, why } => {
                write!(f, "{doing}: {why}")
            }
            Self::Unsupported { feature } => write!(f, "not supported: {feature}"),
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
    use std::time::UNIX_EPOCH;

    /// hostile.md row 63: absurd pauses are clamped, dates in the past are now.
    #[test]
    fn pauses() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let rows = [
            ("0", Some(0)),
            ("7", Some(7)),
            ("1000000000000", Some(300)),
            ("99999999999999999999999", Some(300)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Mon, 12 Jan 1970 13:46:50 GMT", Some(10)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(300)),
        ];
        for (text, seconds) in rows {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
