//! What we say: the commands of RFC 5321 section 4.1 and its extensions, encoded. A [`Saying`] made
//! here can be sent: its arguments are types that hold no CR, LF or NUL. Must not hold: I/O.

use crate::{ClientName, Error, MailParameters, Mailbox, RcptParameters, ReversePath};
use wireline_wire::{Saying, escape};

/// Text that is sent as it is: a raw command, or what VRFY, EXPN and HELP ask for. One line without
/// control bytes, at most 510 bytes (RFC 5321 section 4.5.3.1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

impl TryFrom<&str> for Line {
    type Error = Error;

    fn try_from(typed: &str) -> Result<Self, Error> {
        let control = |letter: char| letter.is_control() && letter != '\t';
        match typed.is_empty() || typed.len() > LINE_BYTES || typed.contains(control) {
            true => Err(Error::Input(format!("\"{}\" cannot be sent", escape(typed.as_bytes())))),
            false => Ok(Self(typed.to_owned())),
        }
    }
}

/// Without CRLF.
const LINE_BYTES: usize = 510;

/// A verb alone: `DATA`, `RSET`, `NOOP`, `QUIT`, `STARTTLS`, `HELP`.
pub(crate) fn alone(verb: &str) -> Saying {
    Saying::new().text(format!("{verb}\r\n"))
}

/// `EHLO`, `LHLO` or `HELO`, and who we are.
pub(crate) fn hello(verb: &str, name: &ClientName) -> Saying {
    Saying::new().text(format!("{verb} {name}\r\n"))
}

/// `mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF`.
pub(crate) fn mail(sender: &ReversePath, parameters: &MailParameters) -> Saying {
    Saying::new().text(format!("MAIL FROM:{sender}{parameters}\r\n"))
}

/// `rcpt = "RCPT TO:" Forward-path [SP Rcpt-parameters] CRLF`.
pub(crate) fn rcpt(recipient: &Mailbox, parameters: &RcptParameters) -> Saying {
    Saying::new().text(format!("RCPT TO:<{recipient}>{parameters}\r\n"))
}

/// `bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CR LF` (RFC 3030 section 2).
pub(crate) fn bdat(bytes: usize, last: bool) -> Saying {
    Saying::new().text(format!("BDAT {bytes}{}\r\n", if last { " LAST" } else { "" }))
}

/// A verb and what it asks for.
pub(crate) fn about(verb: &str, what: &Line) -> Saying {
    Saying::new().text(format!("{verb} {}\r\n", what.0))
}

/// Whatever the caller typed.
pub(crate) fn raw(line: &Line) -> Saying {
    Saying::new().text(format!("{}\r\n", line.0))
}

/// `auth-command = "AUTH" SP sasl-mech [SP initial-response]` (RFC 4954 section 8). The response
/// is in base64, and shown as its hole.
pub(crate) fn auth(mechanism: &str, initial: Option<Response<'_>>) -> Saying {
    let saying = Saying::new().text(format!("AUTH {mechanism}"));
    match initial {
        Some(initial) => initial.append(saying.text(" ")),
        None => saying,
    }
    .text("\r\n")
}

/// The answer to a challenge.
pub(crate) fn response(response: Response<'_>) -> Saying {
    response.append(Saying::new()).text("\r\n")
}

/// What is said in an authentication, in base64, and the hole that hides it.
#[derive(Clone, Copy)]
pub(crate) struct Response<'a> {
    pub(crate) base64: &'a [u8],
    pub(crate) hole: Option<&'static str>,
}

impl Response<'_> {
    fn append(self, saying: Saying) -> Saying {
        match self.hole {
            Some(hole) if !self.base64.is_empty() => saying.secret(hole, self.base64),
            _ => saying.text(self.base64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md row 11: what holds a line end or a control byte is no line.
    #[test]
    fn lines() {
        let (longest, longer) = ("x".repeat(510), "x".repeat(511));
        for good in ["NOOP", "XCLIENT ADDR=192.0.2.1", "VRFY päge", "a\tb", " ", &longest] {
            assert!(Line::try_from(good).is_ok(), "{good:?}");
        }
        for bad in ["", "a\rb", "a\nb", "a\r\n", "a\0", "\x1b[2J", "a\u{85}b", &longer] {
            assert!(Line::try_from(bad).is_err(), "{bad:?}");
        }
    }

    /// hostile.md row 150: nothing secret is shown.
    #[test]
    fn responses_are_hidden() {
        let plain = Response { base64: b"AGEAYg==", hole: Some("auth.plain") };
        let saying = auth("PLAIN", Some(plain));
        assert_eq!(saying.bytes(), b"AUTH PLAIN AGEAYg==\r\n");
        assert_eq!(format!("{saying:?}"), "Saying(\"AUTH PLAIN {{auth.plain}}\\r\\n\")");
        let empty = response(Response { base64: b"", hole: Some("*=hidden") });
        assert_eq!(empty.bytes(), b"\r\n");
        assert_eq!(format!("{empty:?}"), "Saying(\"\\r\\n\")");
    }
}
