//! What we hear: replies (RFC 959 section 4.2), assembled line by line, and the numbers in their
//! texts. Must not hold: I/O, or what a code means to a verb.
//!
//! Lenient on spelling: LF without CR ends a line, a code may stand without text. Strict on
//! structure: only its own code, at the start of a line and with a space behind it, ends a reply.

use nom::branch::alt;
use nom::bytes::complete::{take_till, take_while1};
use nom::character::complete::{anychar, char, digit1, one_of};
use nom::combinator::{all_consuming, map_res, opt, recognize, rest, value, verify};
use nom::multi::count;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};
use std::fmt;
use std::net::Ipv4Addr;
use std::num::NonZeroU16;
use wireline_wire::escape;

/// `reply-code`: three digits, the first of them 1 to 5 (RFC 959 section 4.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The number, 100 to 599.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One reply: a code, and a line of text or several. Its `Display` is what a log may show: escaped,
/// the lines joined, cut to 200 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    code: Code,
    /// The lines' texts, joined with LF, which none of them can hold.
    text: Vec<u8>,
}

impl Reply {
    /// The code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The texts of the lines, at least one, each without line end, the first and the last without
    /// the code: whatever bytes the server chose.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.text.split(|&byte| byte == b'\n')
    }

    /// The lines between the first and the last.
    pub fn middle_lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut lines = self.lines();
        lines.next();
        lines.next_back();
        lines
    }

    /// The text of the first line.
    #[must_use]
    pub fn first_line(&self) -> &[u8] {
        self.lines().next().unwrap_or_default()
    }

    /// 1yz: begun, another reply follows.
    #[must_use]
    pub const fn is_preliminary(&self) -> bool {
        self.code.0 / 100 == 1
    }

    /// 2yz: done.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.code.0 / 100 == 2
    }

    /// 3yz: go on.
    #[must_use]
    pub const fn is_intermediate(&self) -> bool {
        self.code.0 / 100 == 3
    }

    /// 4yz: not now.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.code.0 / 100 == 4
    }

    /// 5yz: no.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.code.0 / 100 == 5
    }

    /// 421: the server closes the connection, whatever it was asked (RFC 959 section 5.4).
    #[must_use]
    pub const fn closes(&self) -> bool {
        self.code.0 == 421
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.lines().collect::<Vec<_>>().join(&b' ');
        match text.as_slice() {
            [] => write!(f, "{}", self.code),
            text => write!(f, "{} {}", self.code, escape(text)),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}

/// Assembles a [`Reply`]: feed it one line after the other.
#[derive(Debug, Default)]
pub struct ReplyReader {
    code: Option<Code>,
    text: Vec<u8>,
    lines: usize,
}

impl ReplyReader {
    /// Takes the next line, its end included; the reply once that was its last.
    ///
    /// # Errors
    /// What is wrong, when the first line is no reply line, or this is one more than `most` lines.
    pub fn feed(&mut self, line: &[u8], most: usize) -> Result<Option<Reply>, String> {
        if self.lines == most {
            return Err(format!("a reply of more than {most} lines"));
        }
        self.lines += 1;
        let parsed = parse_reply_line(line);
        let Some(first) = self.code else {
            let (code, goes_on, text) =
                parsed.ok_or_else(|| format!("no reply: {}", escape(line)))?;
            self.code = Some(code);
            return Ok(self.take(code, goes_on, text));
        };
        self.text.push(b'\n');
        match parsed {
            Some((code, goes_on, text)) if code == first => Ok(self.take(code, goes_on, text)),
            _ => Ok(self.take(first, true, without_end(line))),
        }
    }

    fn take(&mut self, code: Code, goes_on: bool, text: &[u8]) -> Option<Reply> {
        self.text.extend_from_slice(text);
        (!goes_on).then(|| Reply { code, text: std::mem::take(&mut self.text) })
    }
}

/// One line of a reply: its code, whether another line follows, its text.
#[must_use]
pub fn parse_reply_line(line: &[u8]) -> Option<(Code, bool, &[u8])> {
    let line = without_end(line);
    let (_, (code, rest)) = all_consuming((reply_code, reply_text)).parse(line).ok()?;
    let (goes_on, text) = rest.unwrap_or_default();
    Some((code, goes_on, text))
}

pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `reply-code`: `%x31-35 2DIGIT`.
fn reply_code(input: &[u8]) -> IResult<&[u8], Code> {
    const DIGITS: &str = "0123456789";
    let digits = recognize((one_of("12345"), one_of(DIGITS), one_of(DIGITS)));
    map_res(digits, |digits| number(digits).map(Code)).parse(input)
}

/// `[ ("-" / SP) text ]` (RFC 959 section 4.2).
fn reply_text(input: &[u8]) -> IResult<&[u8], Option<(bool, &[u8])>> {
    opt((alt((value(true, char('-')), value(false, char(' ')))), rest)).parse(input)
}

/// `227 ... h1,h2,h3,h4,p1,p2 ...` (RFC 959 section 4.1.2): six numbers from 0 to 255 wherever
/// they stand, parentheses or not (RFC 1123 section 4.1.2.6). The address is a claim that nobody
/// follows.
pub(crate) fn passive_address(text: &[u8]) -> Option<(Ipv4Addr, NonZeroU16)> {
    let mut rest = text;
    while !rest.is_empty() {
        if let Ok((_, found)) = host_port(rest) {
            return Some((found.0, NonZeroU16::new(found.1)?));
        }
        // A number that does not begin it cannot have it within.
        let skipped: IResult<&[u8], &[u8]> = alt((digit1, recognize(anychar))).parse(rest);
        rest = skipped.ok()?.0;
    }
    None
}

/// `host-port = host-number "," port-number`, six numbers in all (RFC 959 section 5.3.2).
fn host_port(input: &[u8]) -> IResult<&[u8], (Ipv4Addr, u16)> {
    let (rest, host) = count(terminated(octet, char(',')), 4).parse(input)?;
    let (rest, (high, _, low)) = (octet, char(','), octet).parse(rest)?;
    let address = <[u8; 4]>::try_from(host).map(Ipv4Addr::from);
    let address = address.unwrap_or(Ipv4Addr::UNSPECIFIED);
    Ok((rest, (address, u16::from_be_bytes([high, low]))))
}

fn octet(input: &[u8]) -> IResult<&[u8], u8> {
    map_res(digit1, number).parse(input)
}

/// `"(" d [net-prt] d [net-addr] d tcp-port d ")"` (RFC 2428 section 3): `d` is any character
/// from 33 to 126, mostly `|`. What stands between the first three is not looked at.
pub(crate) fn extended_passive_port(text: &[u8]) -> Option<NonZeroU16> {
    let opened = text.iter().position(|&byte| byte == b'(')?;
    let (_, port) = extended_port(text.get(opened + 1..)?).ok()?;
    NonZeroU16::new(port)
}

fn extended_port(input: &[u8]) -> IResult<&[u8], u16> {
    let (rest, d) = verify(anychar, char::is_ascii_graphic).parse(input)?;
    let field = || terminated(take_till(move |byte| char::from(byte) == d), char(d));
    terminated(preceded((field(), field()), map_res(digit1, number)), (char(d), char(')')))
        .parse(rest)
}

/// The decimal number that opens a text: `213 1830` says a size.
pub(crate) fn leading_number(text: &[u8]) -> Option<u64> {
    let (_, found) = map_res(digit1::<&[u8], nom::error::Error<&[u8]>>, number).parse(text).ok()?;
    Some(found)
}

/// `150 ... (1830 bytes)`: how long the server believes the transfer to be.
pub(crate) fn announced_bytes(text: &[u8]) -> Option<u64> {
    let opened = text.iter().rposition(|&byte| byte == b'(')?;
    let inside = text.get(opened + 1..)?;
    let (rest, bytes) =
        map_res(digit1::<&[u8], nom::error::Error<&[u8]>>, number).parse(inside).ok()?;
    let (_, word) = preceded(char(' '), letters).parse(rest).ok()?;
    word.eq_ignore_ascii_case(b"bytes").then_some(bytes)
}

fn letters(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|byte: u8| byte.is_ascii_alphabetic()).parse(input)
}

/// Digits as a number that fits.
pub(crate) fn number<T: std::str::FromStr>(digits: &[u8]) -> Result<T, ()> {
    str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(lines: &[&str]) -> Result<Option<Reply>, String> {
        let mut reader = ReplyReader::default();
        let mut reply = None;
        for line in lines {
            assert!(reply.is_none(), "{lines:?} end early");
            reply = reader.feed(line.as_bytes(), 5)?;
        }
        Ok(reply)
    }

    /// hostile.md row 182, ftp-telnet.md rows 1 to 3.
    #[test]
    fn replies() {
        let rows: &[(&[&str], &str)] = &[
            (&["220 ready\r\n"], "220 ready"),
            (&["220 ready\n"], "220 ready"),
            (&["220\r\n"], "220"),
            (&["220-\r\n", "220 \r\n"], "220  "),
            (
                &["123-First\r\n", "Second\r\n", " 234 numbers\r\n", "123 Last\r\n"],
                "123 First Second  234 numbers Last",
            ),
            (&["220-a\r\n", "123 text\r\n", "220x\r\n", "220 b\r\n"], "220 a 123 text 220x b"),
            (&["220-a\r\n", "220-b\r\n", "\r\n", " 220 c\r\n", "220 d\r\n"], "220 a b   220 c d"),
            (&["220-a\n", "220\n"], "220 a "),
            (&["257 \x1b[2J\r\n"], "257 \\x1b[2J"),
        ];
        for (lines, wanted) in rows {
            assert_eq!(fed(lines).unwrap().unwrap().to_string(), *wanted, "{lines:?}");
        }
        let unfinished: [&[&str]; 2] = [&["220-a\r\n", "221 b\r\n"], &["220-a\r\n", " 220 b\r\n"]];
        for lines in unfinished {
            assert_eq!(fed(lines), Ok(None), "{lines:?}");
        }
        let bad = [
            "",
            "\r\n",
            "22\r\n",
            "220x\r\n",
            "620 x\r\n",
            "020 x\r\n",
            "2200 x\r\n",
            " 220 x\r\n",
            "HTTP/1.1 200 OK\r\n",
        ];
        for line in bad {
            assert!(fed(&[line]).is_err(), "{line:?}");
        }
        assert!(fed(&["220-\r\n", "x\r\n", "x\r\n", "x\r\n", "x\r\n", "220 late\r\n"]).is_err());
    }

    /// hostile.md row 174, ftp-telnet.md row 22.
    #[test]
    fn passive_addresses() {
        let rows: &[(&str, Option<(&str, u16)>)] = &[
            ("Entering Passive Mode (127,0,0,1,200,10)", Some(("127.0.0.1", 51210))),
            ("Entering Passive Mode (127,0,0,1,200,10).", Some(("127.0.0.1", 51210))),
            ("Entering Passive Mode. 10,1,2,3,4,5", Some(("10.1.2.3", 1029))),
            ("=10,1,2,3,4,5", Some(("10.1.2.3", 1029))),
            ("mode 2 (10,1,2,3,4,5)", Some(("10.1.2.3", 1029))),
            ("(10,1,2,3,4,256)", None),
            ("(300,1,2,3,4,5)", None),
            ("(10,1,2,3,0,0)", None),
            ("(10,1,2,3,4)", None),
            ("(10,1,2,3,4,", None),
            ("(10, 1, 2, 3, 4, 5)", None),
            ("", None),
        ];
        for (text, wanted) in rows {
            let wanted =
                wanted.map(|(ip, port)| (ip.parse().unwrap(), NonZeroU16::new(port).unwrap()));
            assert_eq!(passive_address(text.as_bytes()), wanted, "{text}");
        }
    }

    /// RFC 2428 section 3, ftp-telnet.md row 21.
    #[test]
    fn extended_passive_ports() {
        let rows = [
            ("Entering Extended Passive Mode (|||6446|)", Some(6446)),
            ("(!!!6446!)", Some(6446)),
            ("(|2|1080::8|6446|) done", Some(6446)),
            ("(|||6446!)", None),
            ("(|||0|)", None),
            ("(|||65536|)", None),
            ("(|||-1|)", None),
            ("(|||6446|", None),
            ("(|||6446", None),
            ("(||", None),
            ("(", None),
            ("|||6446|", None),
            ("", None),
        ];
        for (text, wanted) in rows {
            let found = extended_passive_port(text.as_bytes()).map(NonZeroU16::get);
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn announcements() {
        let rows = [
            ("Opening BINARY mode data connection for a (1) (1830 bytes)", Some(1830)),
            ("Opening (1830 bytes).", Some(1830)),
            ("Opening (1830 Bytes)", Some(1830)),
            ("for 1830 bytes (2 files)", None),
            ("(1830 kbytes)", None),
            ("(99999999999999999999 bytes)", None),
            ("(1830", None),
            ("", None),
        ];
        for (text, wanted) in rows {
            assert_eq!(announced_bytes(text.as_bytes()), wanted, "{text}");
        }
        assert_eq!(leading_number(b"1830"), Some(1830));
        assert_eq!(leading_number(b"1830 bytes"), Some(1830));
        assert_eq!(leading_number(b"x"), None);
        assert_eq!(leading_number(b"99999999999999999999"), None);
    }
}
