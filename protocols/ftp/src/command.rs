//! What we say: the commands of RFC 959 and its extensions, encoded. A [`Saying`] made here can be
//! sent: its arguments are types that hold no CR, LF or NUL. Must not hold: I/O.

use crate::{Error, Pathname};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use time::UtcDateTime;
use wireline_wire::{Saying, Secret, escape};
use zeroize::Zeroizing;

/// Text that is sent as it is: a raw command, or what SITE, HELP and OPTS ask for. One line without
/// control bytes, 1 to 4096 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

/// `username = string` (RFC 959 section 5.3.2), at most 512 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(String);

/// `password = string`, or an account's, at most 4096 bytes. Wiped when dropped, never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password(Secret);

const ARGUMENT_BYTES: usize = 4096;
const USER_NAME_BYTES: usize = 512;

/// Telnet's "interpret as command", which a name may hold (RFC 959 section 5.3, RFC 854).
const IAC: u8 = 0xff;

impl Line {
    /// The verb of a raw command, in capitals.
    pub(crate) fn verb(&self) -> String {
        self.words().next().unwrap_or_default().to_ascii_uppercase()
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }
}

impl TryFrom<&str> for Line {
    type Error = Error;

    /// # Errors
    /// [`Error::Input`] when it is empty, too long, or holds control bytes.
    fn try_from(typed: &str) -> Result<Self, Error> {
        let control = |letter: char| letter.is_control() && letter != '\t';
        match typed.is_empty() || typed.len() > ARGUMENT_BYTES || typed.contains(control) {
            true => Err(Error::Input(format!("\"{}\" cannot be sent", escape(typed.as_bytes())))),
            false => Ok(Self(typed.to_owned())),
        }
    }
}

impl UserName {
    pub(crate) fn anonymous() -> Self {
        Self("anonymous".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of those that stand for nobody: then the password is no secret.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        ["anonymous", "ftp"].iter().any(|name| name.eq_ignore_ascii_case(&self.0))
    }
}

impl TryFrom<&str> for UserName {
    type Error = Error;

    /// # Errors
    /// [`Error::Input`] when it is empty, longer than 512 bytes, or holds CR, LF or NUL.
    fn try_from(name: &str) -> Result<Self, Error> {
        argument("the user name", name.as_bytes(), USER_NAME_BYTES)?;
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Password {
    /// What nobody says: the sign of a mail address, and no address.
    pub(crate) fn anonymous() -> Self {
        Self(Secret::from("anonymous@"))
    }
}

impl TryFrom<Secret> for Password {
    type Error = Error;

    /// # Errors
    /// [`Error::Input`] when it holds CR, LF or NUL, or is longer than 4096 bytes. It may be empty.
    fn try_from(secret: Secret) -> Result<Self, Error> {
        if !secret.reveal().is_empty() {
            argument("the password", secret.reveal(), ARGUMENT_BYTES)?;
        }
        Ok(Self(secret))
    }
}

/// What may stand in a line. The value itself may be a secret and is never repeated.
fn argument(what: &str, bytes: &[u8], most: usize) -> Result<(), Error> {
    let why = match bytes {
        [] => "is empty".to_owned(),
        _ if bytes.iter().any(|byte| b"\r\n\0".contains(byte)) => "holds CR, LF or NUL".to_owned(),
        _ if bytes.len() > most => format!("has more than {most} bytes"),
        _ => return Ok(()),
    };
    Err(Error::Input(format!("{what} {why}")))
}

/// Whether the byte 0xFF leaves doubled, as the Telnet under FTP wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Telnet {
    /// Doubled (RFC 959 section 5.3).
    #[default]
    Doubles,
    /// As it is, for servers that do not undouble.
    Plain,
}

impl Telnet {
    fn encode(self, bytes: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut encoded = Zeroizing::new(Vec::with_capacity(bytes.len()));
        for &byte in bytes {
            encoded.push(byte);
            if (byte, self) == (IAC, Self::Doubles) {
                encoded.push(byte);
            }
        }
        encoded
    }

    /// A verb and a pathname.
    pub(crate) fn path(self, verb: &str, path: &Pathname) -> Saying {
        Saying::new().text(format!("{verb} ")).text(self.encode(path.as_bytes())).text("\r\n")
    }

    /// `USER <SP> <username> <CRLF>`.
    pub(crate) fn user(self, user: &UserName) -> Saying {
        Saying::new().text("USER ").text(self.encode(user.0.as_bytes())).text("\r\n")
    }

    /// `PASS <SP> <password> <CRLF>`. Of nobody it is no secret.
    pub(crate) fn pass(self, password: &Password, is_secret: bool) -> Saying {
        let bytes = self.encode(password.0.reveal());
        let saying = Saying::new().text("PASS ");
        match is_secret {
            true => saying.secret("pass", bytes),
            false => saying.text(bytes),
        }
        .text("\r\n")
    }

    /// `ACCT <SP> <account-information> <CRLF>`.
    pub(crate) fn acct(self, account: &Password) -> Saying {
        let bytes = self.encode(account.0.reveal());
        Saying::new().text("ACCT ").secret("acct", bytes).text("\r\n")
    }
}

/// A verb alone: `PASV`, `EPSV`, `PWD`, `CDUP`, `QUIT`, `FEAT`.
pub(crate) fn alone(verb: &str) -> Saying {
    Saying::new().text(format!("{verb}\r\n"))
}

/// A verb and what cannot do harm: a number, a word of our own.
pub(crate) fn with(verb: &str, argument: impl fmt::Display) -> Saying {
    Saying::new().text(format!("{verb} {argument}\r\n"))
}

/// A verb and what it is about.
pub(crate) fn about(verb: &str, what: &Line) -> Saying {
    with(verb, &what.0)
}

/// Whatever the caller typed.
pub(crate) fn raw(line: &Line) -> Saying {
    Saying::new().text(format!("{}\r\n", line.0))
}

/// `EPRT<space><d><net-prt><d><net-addr><d><tcp-port><d>` (RFC 2428 section 2).
pub(crate) fn eprt(address: SocketAddr) -> Saying {
    let ip = address.ip().to_canonical();
    let family = if ip.is_ipv4() { 1 } else { 2 };
    with("EPRT", format!("|{family}|{ip}|{}|", address.port()))
}

/// `PORT <SP> <host-port> <CRLF>` (RFC 959 section 5.3.1). `None` for IPv6.
pub(crate) fn port(address: SocketAddr) -> Option<Saying> {
    let IpAddr::V4(ip) = address.ip().to_canonical() else { return None };
    let ([a, b, c, d], [high, low]) = (ip.octets(), address.port().to_be_bytes());
    Some(with("PORT", format!("{a},{b},{c},{d},{high},{low}")))
}

/// `time-val = 14DIGIT` (RFC 3659 section 2.3), UTC.
pub(crate) fn time_val(at: UtcDateTime) -> String {
    let (date, (hour, minute, second)) = (at.date(), at.as_hms());
    let month = u8::from(date.month());
    format!("{:04}{month:02}{:02}{hour:02}{minute:02}{second:02}", date.year(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(saying: &Saying) -> String {
        saying.bytes().escape_ascii().to_string()
    }

    /// hostile.md rows 3, 19: one line stays one line.
    #[test]
    fn what_cannot_be_sent() {
        for bad in ["", "a\r\nDELE b", "a\n", "a\r", "\0", "\x1b[2J", &"x".repeat(4097)] {
            assert!(Line::try_from(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "a\r\nPASS b", "a\0", &"x".repeat(513)] {
            assert!(UserName::try_from(bad).is_err(), "{bad:?}");
        }
        for bad in ["a\r\nDELE b", "a\0"] {
            let refused = Password::try_from(Secret::from(bad)).unwrap_err();
            assert_eq!(refused.to_string(), "the password holds CR, LF or NUL");
        }
        assert!(Password::try_from(Secret::from("")).is_ok());
    }

    /// hostile.md row 20, ftp-telnet.md rows 16, 17.
    #[test]
    fn commands() {
        let path = Pathname::try_from(&b"a \xff b"[..]).unwrap();
        assert_eq!(said(&Telnet::Doubles.path("RETR", &path)), "RETR a \\xff\\xff b\\r\\n");
        assert_eq!(said(&Telnet::Plain.path("RETR", &path)), "RETR a \\xff b\\r\\n");
        let v4: SocketAddr = "132.235.1.2:6275".parse().unwrap();
        let v6: SocketAddr = "[1080::8:800:200c:417a]:5282".parse().unwrap();
        let mapped: SocketAddr = "[::ffff:132.235.1.2]:6275".parse().unwrap();
        assert_eq!(said(&eprt(v4)), "EPRT |1|132.235.1.2|6275|\\r\\n");
        assert_eq!(said(&eprt(mapped)), said(&eprt(v4)));
        assert_eq!(said(&eprt(v6)), "EPRT |2|1080::8:800:200c:417a|5282|\\r\\n");
        assert_eq!(said(&port(v4).unwrap()), "PORT 132,235,1,2,24,131\\r\\n");
        assert!(port(v6).is_none());
        let at = UtcDateTime::from_unix_timestamp(1_000_000_000).unwrap();
        assert_eq!(time_val(at), "20010909014640");
    }

    #[test]
    fn secrets_are_marked() {
        let password = Password::try_from(Secret::from("xyzzy")).unwrap();
        let shown = format!("{:?}", Telnet::Doubles.pass(&password, true));
        assert_eq!(shown, "Saying(\"PASS {{pass}}\\r\\n\")");
        let shown = format!("{:?}", Telnet::Doubles.acct(&password));
        assert_eq!(shown, "Saying(\"ACCT {{acct}}\\r\\n\")");
        assert!(UserName::try_from("Anonymous").unwrap().is_anonymous());
    }
}
