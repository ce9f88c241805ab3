//! Why an exchange failed, by whose fault it was.
//! Must not hold: secrets, or what the server said unescaped.

use std::fmt;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The caller's fault, before anything was said.
    Input(String),
    /// The server said what the mechanism does not allow.
    Violation(String),
    /// The server could not prove that it knows the password.
    ServerNotProven,
    /// The server told in the mechanism's own words why it refuses: the JSON of XOAUTH2 and
    /// OAUTHBEARER, the `e=` of SCRAM.
    Refused(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(why) => f.write_str(why),
            Self::Violation(why) => write!(f, "the server broke the mechanism: {why}"),
            Self::ServerNotProven => {
                f.write_str("the server could not prove that it knows the password")
            }
            Self::Refused(why) => write!(f, "the server refused: {why}"),
        }
    }
}

impl std::error::Error for Error {}

pub(crate) fn input(why: impl Into<String>) -> Error {
    Error::Input(why.into())
}

pub(crate) fn violation(why: impl Into<String>) -> Error {
    Error::Violation(why.into())
}

/// What a server said, fit for a terminal: printable ASCII, the rest as `\xNN`; cut to 200 bytes.
pub(crate) fn escape(bytes: &[u8]) -> String {
    const SHOWN_BYTES: usize = 200;
    let shown = bytes.get(..SHOWN_BYTES).unwrap_or(bytes);
    let mut text = String::new();
    for &byte in shown {
        match byte {
            b' '..=b'~' => text.push(byte.into()),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    if shown.len() < bytes.len() {
        text.push_str("...");
    }
    text
}
