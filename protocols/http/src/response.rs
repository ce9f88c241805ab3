//! What we hear: status line and field lines (RFC 9112 sections 4 and 5), assembled line by line.
//! Must not hold: I/O, or where the message ends (`framing.rs`).
//!
//! Lenient on spelling, strict on length. Each tolerance leaves a note in [`Head::notes`]:
//! an empty line before the status line, LF without CR, a line that is no field (skipped), a blank
//! before the colon, a folded line (RFC 9112 section 5.2: joined with one space).

use crate::field::{is_control, trim};
use crate::{Error, Field, FieldName, FieldValue, Fields, Limits};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::combinator::{eof, map_res, rest, value};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};
use std::fmt;
use wireline_wire::escape;

/// `status-code = 3DIGIT` (RFC 9110 section 15), 100 to 999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status(u16);

/// The version of a response. Every `HTTP/1.x` from 1.1 on is 1.1 to us (RFC 9110 section 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `HTTP/1.0`.
    Http10,
    /// `HTTP/1.1`.
    Http11,
}

/// Status line and fields of a response.
#[derive(Clone, Debug)]
pub struct Head {
    /// The version.
    pub version: Version,
    /// The status code.
    pub status: Status,
    /// The reason phrase: whatever bytes the server chose.
    pub reason: Vec<u8>,
    /// The fields, folded lines joined.
    pub fields: Fields,
    /// Every byte of it as it came, the empty line included.
    pub raw: Vec<u8>,
    /// What was odd and let pass.
    pub notes: Vec<String>,
}

impl Status {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.0
    }

    /// 100 to 199.
    #[must_use]
    pub const fn is_interim(self) -> bool {
        self.0 < 200
    }

    /// 200 to 299.
    #[must_use]
    pub const fn is_success(self) -> bool {
        200 <= self.0 && self.0 < 300
    }

    /// 400 and above, the unknown classes too.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 >= 400
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

const DOING: &str = "reading the head";

pub(crate) fn violation(why: impl Into<String>) -> Error {
    Error::Violation { doing: DOING, why: why.into() }
}

/// Assembles a [`Head`]: feed it one line after the other.
#[derive(Debug)]
pub struct HeadReader {
    limits: Limits,
    raw: Vec<u8>,
    start: Option<(Version, Status, Vec<u8>)>,
    fields: Fields,
    notes: Vec<String>,
    /// Field lines, folded and skipped ones too.
    lines: usize,
    /// The last line was skipped, and so is what continues it.
    skipped: bool,
}

impl HeadReader {
    /// Bounded by these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let (raw, notes, fields) = (Vec::new(), Vec::new(), Fields::default());
        Self { limits, raw, start: None, fields, notes, lines: 0, skipped: false }
    }

    /// How long the next line may be.
    #[must_use]
    pub fn room(&self) -> usize {
        self.limits.head_bytes.saturating_sub(self.raw.len())
    }

    /// Whether nothing has come yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Takes one line with its end; returns the head when it was the last.
    ///
    /// # Errors
    /// [`Error::Violation`].
    pub fn feed(&mut self, line: &[u8]) -> Result<Option<Head>, Error> {
        if line.len() > self.room() {
            return Err(violation(format!("longer than {} bytes", self.limits.head_bytes)));
        }
        self.raw.extend_from_slice(line);
        let text = self.without_end(line)?;
        match (self.start.is_some(), text) {
            (false, []) if self.raw.len() == line.len() => {
                self.note("an empty line before the status line");
            }
            (false, text) => self.start = Some(parse_status_line(text)?),
            (true, []) => return Ok(Some(self.whole()?)),
            (true, text) => self.field_or_fold(text)?,
        }
        Ok(None)
    }

    fn field_or_fold(&mut self, text: &[u8]) -> Result<(), Error> {
        self.lines += 1;
        if self.lines > self.limits.fields {
            return Err(violation(format!("more than {} fields", self.limits.fields)));
        }
        match text {
            [b' ' | b'\t', ..] => self.fold(text),
            text => self.field(text),
        }
    }

    fn without_end<'a>(&mut self, line: &'a [u8]) -> Result<&'a [u8], Error> {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = match text.strip_suffix(b"\r") {
            Some(text) => text,
            None => {
                self.note("a line ends in LF without CR");
                text
            }
        };
        match text.iter().any(|&byte| is_control(byte)) {
            true => Err(violation(format!("control byte in \"{}\"", escape(text)))),
            false => Ok(text),
        }
    }

    fn field(&mut self, text: &[u8]) -> Result<(), Error> {
        let line = parse_field_line(text)?;
        self.skipped = matches!(line, Line::Odd);
        match line {
            Line::Field(field) => self.fields.push(field),
            Line::Spaced(field) => {
                self.note("a blank before the colon");
                self.fields.push(field);
            }
            Line::Odd => self.note("a line that is no field was skipped"),
        }
        Ok(())
    }

    /// `obs-fold = OWS CRLF RWS` (RFC 9112 section 5.2).
    fn fold(&mut self, text: &[u8]) -> Result<(), Error> {
        if self.skipped {
            return Ok(());
        }
        let more = FieldValue::try_from(text).map_err(|_| violation("control byte in a field"))?;
        let Some(field) = self.fields.last_mut() else {
            return Err(violation("the first field line begins with a blank"));
        };
        field.value.fold(&more);
        self.note("a field is folded over lines");
        Ok(())
    }

    fn note(&mut self, note: &str) {
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_owned());
        }
    }

    fn whole(&mut self) -> Result<Head, Error> {
        let Some((version, status, reason)) = self.start.take() else {
            return Err(violation("no status line"));
        };
        let fields = std::mem::take(&mut self.fields);
        let raw = std::mem::take(&mut self.raw);
        let notes = std::mem::take(&mut self.notes);
        Ok(Head { version, status, reason, fields, raw, notes })
    }
}

enum Line {
    Field(Field),
    /// With a blank before the colon.
    Spaced(Field),
    /// No colon, or no name before it.
    Odd,
}

fn parse_status_line(text: &[u8]) -> Result<(Version, Status, Vec<u8>), Error> {
    match status_line(text) {
        Ok((_, (version, status, reason))) => Ok((version, status, reason.to_vec())),
        Err(_) => Err(violation(format!("\"{}\" is not an HTTP/1 status line", escape(text)))),
    }
}

/// `status-line = HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 section 4).
/// Tolerated as section 4 allows: more blanks or tabs; the last SP missing with an empty reason.
fn status_line(text: &[u8]) -> IResult<&[u8], (Version, Status, &[u8])> {
    let blanks = || take_while1(|byte| byte == b' ' || byte == b'\t');
    let reason = alt((value(&b""[..], eof), preceded(blanks(), rest)));
    (http_version, preceded(blanks(), status_code), reason).parse(text)
}

/// `HTTP-version = "HTTP" "/" DIGIT "." DIGIT` (RFC 9112 section 2.3), major 1.
fn http_version(text: &[u8]) -> IResult<&[u8], Version> {
    let minor = take_while_m_n(1, 1, |byte: u8| byte.is_ascii_digit());
    let version = preceded(tag("HTTP/1."), minor);
    version
        .map(|minor: &[u8]| if minor == b"0" { Version::Http10 } else { Version::Http11 })
        .parse(text)
}

/// `status-code = 3DIGIT` (RFC 9112 section 4), from 100 on.
fn status_code(text: &[u8]) -> IResult<&[u8], Status> {
    let digits = take_while_m_n(3, 3, |byte: u8| byte.is_ascii_digit());
    map_res(digits, |digits: &[u8]| {
        let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        if code < 100 { Err("below 100") } else { Ok(Status(code)) }
    })
    .parse(text)
}

fn parse_field_line(text: &[u8]) -> Result<Line, Error> {
    let Ok((value, name)) = field_name(text) else { return Ok(Line::Odd) };
    let Ok(field_name) = FieldName::try_from(trim(name)) else { return Ok(Line::Odd) };
    let value = FieldValue::try_from(value).map_err(|_| violation("control byte in a field"))?;
    let spaced = trim(name).len() != name.len();
    let field = Field { name: field_name, value };
    match spaced {
        // RFC 9112 section 5.1: a name that decides the length must be spelt right.
        true if field.name.is("Content-Length") || field.name.is("Transfer-Encoding") => {
            Err(violation(format!("a blank before the colon of {}", field.name.as_str())))
        }
        true => Ok(Line::Spaced(field)),
        false => Ok(Line::Field(field)),
    }
}

/// `field-line = field-name ":" OWS field-value OWS` (RFC 9112 section 5): up to the colon.
fn field_name(text: &[u8]) -> IResult<&[u8], &[u8]> {
    terminated(take_while1(|byte| byte != b':'), tag(":")).parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &[u8]) -> Result<Head, Error> {
        let mut reader = HeadReader::new(Limits::default());
        for line in head.split_inclusive(|&byte| byte == b'\n') {
            if let Some(head) = reader.feed(line)? {
                return Ok(head);
            }
        }
        Err(violation("cut"))
    }

    /// http.md section 2 "Status line"; hostile.md rows 29 to 32.
    #[test]
    fn status_lines() {
        let good: &[(&[u8], u16, &[u8])] = &[
            (b"HTTP/1.1 200 OK", 200, b"OK"),
            (b"HTTP/1.1 200", 200, b""),
            (b"HTTP/1.1 200 ", 200, b""),
            (b"HTTP/1.1  200\tOK", 200, b"OK"),
            (b"HTTP/1.0 404 Not Found", 404, b"Not Found"),
            (b"HTTP/1.2 200 OK", 200, b"OK"),
            (b"HTTP/1.1 999 \xe4\xff", 999, b"\xe4\xff"),
        ];
        for (line, status, reason) in good {
            let (_, found, text) = parse_status_line(line).unwrap();
            assert_eq!((found.code(), &text[..]), (*status, *reason), "{}", escape(line));
        }
        let bad: &[&[u8]] = &[
            b"",
            b"H",
            b"HTTP/",
            b"HTTP/1.",
            b"HTTP/1.1",
            b"HTTP/1.1 ",
            b"HTTP/1.1 20",
            b"HTTP/1.1 2000",
            b"HTTP/1.1 099",
            b"HTTP/1.1 +20",
            b"HTTP/1.1 -20",
            b"HTTP/1.1 2x0",
            b"http/1.1 200 OK",
            b"HTTP/2.0 200 OK",
            b"HTTP/3.7 200",
            b"HTTP/1.256 200",
            b"HTTP/11.1 200",
            b"HTTP 200",
            b"ICY 200 OK",
            b"<html>",
            b" HTTP/1.1 200",
            b"HTTP/1.1 200OK",
        ];
        for line in bad {
            assert!(parse_status_line(line).is_err(), "{}", escape(line));
        }
    }

    /// http.md section 2 "Header section"; hostile.md rows 33 to 38. The wanted text is the fields.
    #[test]
    fn field_lines() {
        let good: &[(&[u8], &str)] = &[
            (b"A: b\r\n", "A=b;"),
            (b"A:b\r\n", "A=b;"),
            (b"A: \t b \t\r\n", "A=b;"),
            (b"A:\r\n", "A=;"),
            (b"A: b\n", "A=b;"),
            (b"A: b\r\n c\r\n\td\r\n", "A=b c d;"),
            (b"A:\r\n c\r\n", "A=c;"),
            (b"A : b\r\n", "A=b;"),
            (b"no colon\r\nA: b\r\n", "A=b;"),
            (b"no colon\r\n Content-Length: 5\r\nA: b\r\n", "A=b;"),
            (b": x\r\nA: b\r\n", "A=b;"),
            (b"PHP Warning: x\r\nA: b\r\n", "A=b;"),
            (b"A: b\r\nno colon\r\nC: d\r\n e\r\n", "A=b;C=d e;"),
            (b"A: \xe4\xff\r\n", "A=\u{fffd}\u{fffd};"),
        ];
        for (lines, wanted) in good {
            let head = [b"HTTP/1.1 200 OK\r\n", *lines, b"\r\n"].concat();
            let found = read(&head).unwrap_or_else(|error| panic!("{}: {error}", escape(lines)));
            let mut text = String::new();
            for field in found.fields.iter() {
                let value = String::from_utf8_lossy(field.value.as_bytes());
                text += &format!("{}={value};", field.name.as_str());
            }
            assert_eq!(text, *wanted, "{}", escape(lines));
            assert_eq!(found.raw, head);
        }
        let bad: &[&[u8]] = &[
            b"A: b\rc\r\n",
            b"A: b\0\r\n",
            b"A: \x1b[2J\r\n",
            b"A: \x7f\r\n",
            b" A: b\r\n",
            b"\tA: b\r\n",
            b"Content-Length : 2\r\n",
            b"transfer-encoding\t: chunked\r\n",
            b"A: b\r\n\rX",
            b"A: b\r\r\n",
        ];
        for lines in bad {
            let head = [b"HTTP/1.1 200 OK\r\n", *lines, b"\r\n"].concat();
            assert!(read(&head).is_err(), "{}", escape(lines));
        }
    }

    #[test]
    fn tolerances_leave_notes() {
        let rows: &[(&[u8], &str)] = &[
            (b"\r\nHTTP/1.1 200\r\n\r\n", "empty line"),
            (b"HTTP/1.1 200\n\n", "LF without CR"),
            (b"HTTP/1.1 200\r\nx\r\n\r\n", "skipped"),
            (b"HTTP/1.1 200\r\na : b\r\n\r\n", "before the colon"),
            (b"HTTP/1.1 200\r\na: b\r\n c\r\n\r\n", "folded"),
        ];
        for (head, note) in rows {
            let notes = read(head).unwrap().notes;
            assert!(notes.iter().any(|found| found.contains(note)), "{note}: {notes:?}");
        }
        assert!(read(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n").unwrap().notes.is_empty());
    }

    /// hostile.md row 32: one empty line passes, two do not; row 69: limits hold exactly.
    #[test]
    fn limits() {
        assert!(read(b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n").is_err());
        for (fields, fits) in [(1000, true), (1001, false)] {
            let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(fields));
            assert_eq!(read(head.as_bytes()).is_ok(), fits, "{fields} fields");
        }
        let frame = "HTTP/1.1 200 OK\r\nA: \r\n\r\n".len();
        for (bytes, fits) in [(256 * 1024, true), (256 * 1024 + 1, false)] {
            let head = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(bytes - frame));
            assert_eq!(head.len(), bytes);
            assert_eq!(read(head.as_bytes()).is_ok(), fits, "{bytes} bytes");
        }
    }

    /// Every cut of a head is no head.
    #[test]
    fn truncation() {
        let head = b"HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\n";
        for length in 0..head.len() - 1 {
            assert!(read(&head[..length]).is_err(), "{length}");
        }
    }
}
