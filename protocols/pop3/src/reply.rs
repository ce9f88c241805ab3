//! What we hear: status lines, response codes, the greeting's timestamp, challenges.
//! Must not hold: I/O, or listings (`listing.rs`) and capabilities (`capabilities.rs`).

use crate::Error;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::char;
use nom::combinator::{all_consuming, opt, recognize, rest, value};
use nom::multi::many1_count;
use nom::sequence::{delimited, preceded, separated_pair, terminated};
use nom::{IResult, Parser};
use std::fmt;
use wireline_wire::escape;

/// A status line: `+OK` or `-ERR`, and what follows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    status: Status,
    code: Option<ResponseCode>,
    text: Vec<u8>,
}

/// `status = "+OK" / "-ERR"` (RFC 2449 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `+OK`
    Ok,
    /// `-ERR`
    Err,
}

/// `resp-code` (RFC 2449 section 8, RFC 3206, RFC 6856): why, in a form that programs can read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseCode {
    /// `[IN-USE]`: another session has the maildrop.
    InUse,
    /// `[LOGIN-DELAY]`: too soon after the last login.
    LoginDelay,
    /// `[SYS/TEMP]`: a failure of the server that will pass.
    SysTemp,
    /// `[SYS/PERM]`: a failure of the server that needs hands.
    SysPerm,
    /// `[AUTH]`: the credentials are wrong.
    Auth,
    /// `[UTF8]`: this needs the UTF8 command first.
    Utf8,
    /// Another one, as it was said, without brackets and in capitals.
    Other(String),
}

impl ResponseCode {
    /// Whether the same may work later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::InUse | Self::LoginDelay | Self::SysTemp)
    }

    fn parse(code: &[u8]) -> Self {
        let code = String::from_utf8_lossy(code).to_ascii_uppercase();
        match code.as_str() {
            "IN-USE" => Self::InUse,
            "LOGIN-DELAY" => Self::LoginDelay,
            "SYS/TEMP" => Self::SysTemp,
            "SYS/PERM" => Self::SysPerm,
            "AUTH" => Self::Auth,
            "UTF8" => Self::Utf8,
            _ => Self::Other(code),
        }
    }
}

impl Reply {
    /// Reads a status line, its end included.
    ///
    /// # Errors
    /// [`Error::Violation`] when it is neither `+OK` nor `-ERR`.
    pub fn parse(doing: &'static str, line: &[u8]) -> Result<Self, Error> {
        let line = trim_end(line);
        let (_, reply) = single_line(line).map_err(|_| nonsense(doing, line))?;
        Ok(reply)
    }

    /// Whether it is `+OK`.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        matches!(self.status, Status::Ok)
    }

    /// `+OK` or `-ERR`.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The response code, if it has one.
    #[must_use]
    pub const fn code(&self) -> Option<&ResponseCode> {
        self.code.as_ref()
    }

    /// What follows the status, the response code included. Show it escaped.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The timestamp that APOP needs (RFC 1939 section 7): only when the greeting holds exactly
    /// one, and that is a plain ASCII `<local@domain>`. Whoever may choose its bytes freely learns
    /// passwords from the digests (CVE-2007-1558).
    #[must_use]
    pub fn timestamp(&self) -> Option<&str> {
        let start = self.text.iter().position(|&byte| byte == b'<')?;
        let (before, from) = self.text.split_at_checked(start)?;
        let end = from.iter().position(|&byte| byte == b'>')?;
        let (stamp, after) = from.split_at_checked(end + 1)?;
        let alone = !before.contains(&b'>') && !after.iter().any(|byte| b"<>".contains(byte));
        let whole = all_consuming(timestamp).parse(stamp).is_ok();
        str::from_utf8(stamp).ok().filter(|_| alone && whole)
    }
}

/// As it was said, escaped.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = if self.is_ok() { "+OK" } else { "-ERR" };
        match self.text.as_slice() {
            [] => f.write_str(status),
            text => write!(f, "{status} {}", escape(text)),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}

/// `response =/ continue-req` (RFC 5034 section 5): what may follow AUTH.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Continuation<'a> {
    /// A challenge, still in base64.
    Challenge(&'a [u8]),
    /// The end.
    Reply(Reply),
}

impl<'a> Continuation<'a> {
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, Error> {
        let line = trim_end(line);
        match continue_req(line) {
            Ok((_, challenge)) => Ok(Self::Challenge(challenge)),
            Err(_) => Reply::parse("AUTH", line).map(Self::Reply),
        }
    }
}

/// `single-line = status [SP text] CRLF` (RFC 2449 section 3). HTAB passes for SP.
fn single_line(line: &[u8]) -> IResult<&[u8], Reply> {
    let (text, status) = status(line)?;
    let (text, blank) = opt(blank).parse(text)?;
    let (_, text) = if blank.is_none() { all_consuming(tag("")).parse(text)? } else { rest(text)? };
    let code = resp_code(text).ok().map(|(_, code)| code);
    Ok((b"", Reply { status, code, text: text.to_vec() }))
}

/// `status = "+OK" / "-ERR"` (RFC 2449 section 3), in capitals (RFC 1939 section 3).
fn status(line: &[u8]) -> IResult<&[u8], Status> {
    alt((value(Status::Ok, tag("+OK")), value(Status::Err, tag("-ERR")))).parse(line)
}

/// `resp-code = "[" resp-level *("/" resp-level) "]"` (RFC 2449 section 3).
fn resp_code(text: &[u8]) -> IResult<&[u8], ResponseCode> {
    let rchar = |byte: u8| byte.is_ascii_graphic() && byte != b']';
    let (rest, code) = delimited(char('['), take_while1(rchar), char(']')).parse(text)?;
    Ok((rest, ResponseCode::parse(code)))
}

/// `continue-req = "+" SP [base64] CRLF` (RFC 5034 section 5). The SP of an empty one may be
/// missing.
fn continue_req(line: &[u8]) -> IResult<&[u8], &[u8]> {
    preceded(char('+'), alt((preceded(blank, rest), all_consuming(tag(""))))).parse(line)
}

/// `timestamp = "<" *VCHAR ">"`, a msg-id of RFC 822 (RFC 2449 section 3), without quoting.
fn timestamp(stamp: &[u8]) -> IResult<&[u8], &[u8]> {
    let local = take_while1(|byte| is_atext(byte) || byte == b'.');
    let domain = take_while1(|byte| is_atext(byte) || b".[]:".contains(&byte));
    recognize(delimited(char('<'), separated_pair(local, char('@'), domain), char('>')))
        .parse(stamp)
}

/// `atext` (RFC 5322 section 3.2.3).
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// SP, and more of them or HTAB where servers say so.
pub(crate) fn blank(text: &[u8]) -> IResult<&[u8], usize> {
    many1_count(alt((char(' '), char('\t')))).parse(text)
}

/// A number in decimal, ended by a blank or the end of the line. One beyond `u64` is none.
pub(crate) fn number(text: &[u8]) -> IResult<&[u8], u64> {
    let end = alt((value((), blank), value((), all_consuming(tag("")))));
    terminated(nom::character::complete::u64, end).parse(text)
}

/// A line without its end: CRLF, or the bare LF of servers that know no better.
pub(crate) fn trim_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

pub(crate) fn nonsense(doing: &'static str, line: &[u8]) -> Error {
    Error::violation(doing, format!("the server said \"{}\"", escape(trim_end(line))))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (&'static [u8], Option<(bool, &'static [u8], Option<&'static str>)>);

    const STATUS_LINES: &[Row] = &[
        (b"+OK\r\n", Some((true, b"", None))),
        (b"-ERR\r\n", Some((false, b"", None))),
        (b"+OK 2 320\r\n", Some((true, b"2 320", None))),
        (b"+OK  two blanks\r\n", Some((true, b"two blanks", None))),
        (b"+OK bare LF\n", Some((true, b"bare LF", None))),
        (b"+OK \r\n", Some((true, b"", None))),
        (b"+OK\tx\r\n", Some((true, b"x", None))),
        (b"+OK \xff\x00\r\n", Some((true, b"\xff\x00", None))),
        (b"-ERR [IN-USE] busy\r\n", Some((false, b"[IN-USE] busy", Some("InUse")))),
        (b"-ERR [sys/temp]\r\n", Some((false, b"[sys/temp]", Some("SysTemp")))),
        (b"-ERR [AUTH]no\r\n", Some((false, b"[AUTH]no", Some("Auth")))),
        (b"-ERR [SYS/PERM] x", Some((false, b"[SYS/PERM] x", Some("SysPerm")))),
        (b"-ERR [X/Y]", Some((false, b"[X/Y]", Some("Other(\"X/Y\")")))),
        (b"-ERR []", Some((false, b"[]", None))),
        (b"-ERR [IN-USE", Some((false, b"[IN-USE", None))),
        (b"-ERR x [IN-USE]", Some((false, b"x [IN-USE]", None))),
        (b"", None),
        (b"\r\n", None),
        (b"+\r\n", None),
        (b"+O\r\n", None),
        (b"-ER\r\n", None),
        (b"+ok\r\n", None),
        (b"+OKAY\r\n", None),
        (b"-ERROR\r\n", None),
        (b" +OK\r\n", None),
        (b"220 ready\r\n", None),
        (b"+ challenge\r\n", None),
    ];

    #[test]
    fn status_lines() {
        for (line, wanted) in STATUS_LINES {
            let shown = line.escape_ascii();
            match (Reply::parse("a test", line), wanted) {
                (Ok(reply), Some((ok, text, code))) => {
                    assert_eq!((reply.is_ok(), reply.text()), (*ok, *text), "{shown}");
                    let found = reply.code().map(|code| format!("{code:?}"));
                    assert_eq!(found.as_deref(), *code, "{shown}");
                }
                (Err(Error::Violation { doing: "a test", .. }), None) => {}
                (other, _) => panic!("{shown}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_shown_is_escaped_and_short() {
        let mut line = b"-ERR \x1b[2J".to_vec();
        line.extend_from_slice(&[b'x'; 9000]);
        let shown = Reply::parse("a test", &line).unwrap().to_string();
        assert!(shown.starts_with("-ERR \\x1b[2Jx") && shown.len() < 250, "{shown}");
    }

    /// hostile.md row 22, CVE-2007-1558.
    #[test]
    fn timestamps() {
        let rows: &[(&[u8], Option<&str>)] = &[
            (b"ready <1896.697170952@dbc.mtview.ca.us>", Some("<1896.697170952@dbc.mtview.ca.us>")),
            (b"<1@[127.0.0.1]> hello", Some("<1@[127.0.0.1]>")),
            (b"no timestamp", None),
            (b"<1896.697170952>", None),
            (b"<@host>", None),
            (b"<1@>", None),
            (b"<1@a@b>", None),
            (b"<1@host", None),
            (b"1@host>", None),
            (b"<1@host> <2@host>", None),
            (b"<<1@host>>", None),
            (b">x< <1@host>", None),
            (b"<1 2@host>", None),
            (b"<\"x\"@host>", None),
            (b"<\xff@host>", None),
            (b"<a\x01@host>", None),
            (b"<1@h\xc3\xb6st>", None),
        ];
        for (text, wanted) in rows {
            let line = [b"+OK ", *text, b"\r\n"].concat();
            let reply = Reply::parse("the greeting", &line).unwrap();
            assert_eq!(reply.timestamp(), *wanted, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn continuations() {
        let rows: &[(&[u8], Option<&[u8]>)] = &[
            (b"+ \r\n", Some(b"")),
            (b"+\r\n", Some(b"")),
            (b"+ PDE4=\r\n", Some(b"PDE4=")),
            (b"+OK in\r\n", None),
            (b"-ERR out\r\n", None),
        ];
        for (line, wanted) in rows {
            let challenge = match Continuation::parse(line).unwrap() {
                Continuation::Challenge(challenge) => Some(challenge),
                Continuation::Reply(_) => None,
            };
            assert_eq!(challenge, *wanted, "{}", line.escape_ascii());
        }
        assert!(Continuation::parse(b"+PDE4=\r\n").is_err());
        assert!(Continuation::parse(b"334 \r\n").is_err());
    }
}
