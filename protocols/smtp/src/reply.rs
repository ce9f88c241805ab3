//! What we hear: replies (RFC 5321 section 4.2), assembled line by line, and the enhanced status
//! codes in them (RFC 3463). Must not hold: I/O, or what a code means to a verb.
//!
//! Lenient on spelling: LF without CR ends a line, a code may stand without text, its second and
//! third digit may be any. Strict on structure: the codes of one reply agree.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n};
use nom::character::complete::{char, one_of};
use nom::combinator::{all_consuming, map_res, opt, recognize, rest, value};
use nom::sequence::preceded;
use nom::{IResult, Parser};
use std::fmt;
use wireline_wire::escape;

/// `Reply-code`: three digits, the first of them 2, 3, 4 or 5 (RFC 5321 section 4.2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The number, 200 to 599.
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

/// `status-code = class "." subject "." detail` (RFC 3463 section 2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedCode {
    /// 2, 4 or 5: that of the reply's code.
    pub class: u8,
    /// 0 to 999; 7 is security and policy, for example.
    pub subject: u16,
    /// 0 to 999.
    pub detail: u16,
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl fmt::Debug for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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

    /// The enhanced status code that opens the text, if one does and its class is the code's
    /// (RFC 2034 section 4).
    #[must_use]
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        let (_, found) = enhanced_code(self.first_line()).ok()?;
        (u16::from(found.class) == self.code.0 / 100).then_some(found)
    }

    /// The texts of the lines, at least one, each without code and line end: whatever bytes the
    /// server chose.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|&byte| byte == b'\n')
    }

    /// The text of the first line.
    #[must_use]
    pub fn first_line(&self) -> &[u8] {
        self.lines().next().unwrap_or_default()
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

    /// 354: now the message. Another 3yz is no answer to DATA, and content is not risked on it.
    #[must_use]
    pub const fn starts_mail_input(&self) -> bool {
        self.code.0 == 354
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

    /// 421: the server closes the connection, whatever it was asked (RFC 5321 section 3.8).
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
    /// What is wrong, when the line is no reply line, its code differs from the one before it, or
    /// it is one more than `most` lines.
    pub fn feed(&mut self, line: &[u8], most: usize) -> Result<Option<Reply>, String> {
        let Some((code, goes_on, text)) = parse_reply_line(line) else {
            return Err(format!("no reply: {}", escape(line)));
        };
        if self.lines == most {
            return Err(format!("a reply of more than {most} lines"));
        }
        match self.code.replace(code) {
            Some(first) if first != code => {
                return Err(format!("one reply with two codes, {first} and {code}"));
            }
            Some(_) => self.text.push(b'\n'),
            None => {}
        }
        self.text.extend_from_slice(text);
        self.lines += 1;
        let text = &mut self.text;
        Ok((!goes_on).then(|| Reply { code, text: std::mem::take(text) }))
    }
}

/// One line of a reply: its code, whether another line follows, its text.
#[must_use]
pub fn parse_reply_line(line: &[u8]) -> Option<(Code, bool, &[u8])> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (_, (code, rest)) = all_consuming((reply_code, reply_text)).parse(line).ok()?;
    let (goes_on, text) = rest.unwrap_or_default();
    Some((code, goes_on, text))
}

/// `Reply-code = %x32-35 %x30-35 %x30-39` (RFC 5321 section 4.2), the second digit up to 9.
fn reply_code(input: &[u8]) -> IResult<&[u8], Code> {
    let digits = recognize((one_of("2345"), one_of(DIGITS), one_of(DIGITS)));
    map_res(digits, |digits| number(digits).map(Code)).parse(input)
}

/// `[ ("-" / SP) textstring ]`, and the text may be missing (RFC 5321 section 4.2).
fn reply_text(input: &[u8]) -> IResult<&[u8], Option<(bool, &[u8])>> {
    opt((alt((value(true, char('-')), value(false, char(' ')))), rest)).parse(input)
}

/// `class "." subject "." detail`, followed by a blank or the end (RFC 3463 section 2).
fn enhanced_code(input: &[u8]) -> IResult<&[u8], EnhancedCode> {
    let class = map_res(recognize(one_of("245")), number);
    let (input, (class, subject, detail)) =
        (class, preceded(char('.'), digits), preceded(char('.'), digits)).parse(input)?;
    let (input, _) = alt((tag(" "), nom::combinator::eof)).parse(input)?;
    Ok((input, EnhancedCode { class, subject, detail }))
}

/// `subject = 1*3DIGIT`, `detail = 1*3DIGIT`.
fn digits(input: &[u8]) -> IResult<&[u8], u16> {
    map_res(take_while_m_n(1, 3, |byte: u8| byte.is_ascii_digit()), number).parse(input)
}

const DIGITS: &str = "0123456789";

fn number<T: std::str::FromStr>(digits: &[u8]) -> Result<T, ()> {
    str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines, the code, the texts.
    type Row<'a> = (&'a [&'a [u8]], u16, &'a [&'a str]);
    /// A line, and the three numbers.
    type Enhanced<'a> = (&'a [u8], Option<(u8, u16, u16)>);

    fn assembled(lines: &[&[u8]]) -> Result<Option<Reply>, String> {
        let mut reader = ReplyReader::default();
        let mut reply = None;
        for line in lines {
            assert_eq!(reply, None, "a line behind the last");
            reply = reader.feed(line, 512)?;
        }
        Ok(reply)
    }

    /// RFC 5321 section 4.2.1; hostile.md rows 77, 197.
    #[test]
    fn replies() {
        let rows: &[Row<'_>] = &[
            (&[b"250 ok\r\n"], 250, &["ok"]),
            (&[b"250\r\n"], 250, &[""]),
            (&[b"250 \r\n"], 250, &[""]),
            (&[b"250 ok\n"], 250, &["ok"]),
            (&[b"250  two blanks \r\n"], 250, &[" two blanks "]),
            (&[b"250-a\r\n", b"250-\r\n", b"250 c\r\n"], 250, &["a", "", "c"]),
            (&[b"250-a\r\n", b"250\r\n"], 250, &["a", ""]),
            // Unknown codes are judged by their first digit.
            (&[b"259 odd\r\n"], 259, &["odd"]),
            (&[b"571 odder\r\n"], 571, &["odder"]),
            (&[b"299-a\r\n", b"299 b\r\n"], 299, &["a", "b"]),
            (&[b"550 250 ok\r\n"], 550, &["250 ok"]),
        ];
        for (lines, code, texts) in rows {
            let reply = assembled(lines).unwrap().unwrap();
            assert_eq!(reply.code().number(), *code);
            let heard: Vec<_> = reply.lines().map(|line| str::from_utf8(line).unwrap()).collect();
            assert_eq!(heard, *texts);
        }
    }

    #[test]
    fn no_replies() {
        let rows: &[(&[&[u8]], &str)] = &[
            (&[b"\r\n"], "no reply"),
            (&[b"\n"], "no reply"),
            (&[b"ok\r\n"], "no reply"),
            (&[b"25\r\n"], "no reply"),
            (&[b"2500 ok\r\n"], "no reply"),
            (&[b"250ok\r\n"], "no reply"),
            (&[b"250_ok\r\n"], "no reply"),
            (&[b"+OK\r\n"], "no reply"),
            (&[b" 250 ok\r\n"], "no reply"),
            (&[b"150 wait\r\n"], "no reply"),
            (&[b"650 what\r\n"], "no reply"),
            (&[b"-50 what\r\n"], "no reply"),
            (&[b"HTTP/1.1 400 Bad\r\n"], "no reply"),
            (&["２５０ ok\r\n".as_bytes()], "no reply"),
            // A line without its end is none.
            (&[b"250 ok"], "no reply"),
            (&[b""], "no reply"),
            (&[b"250-a\r\n", b"421 b\r\n"], "two codes, 250 and 421"),
            (&[b"220-a\r\n", b"221-b\r\n"], "two codes, 220 and 221"),
            (&[b"220-a\r\n", b"text\r\n"], "no reply"),
        ];
        for (lines, wanted) in rows {
            let why = assembled(lines).unwrap_err();
            assert!(why.contains(wanted), "{why}");
        }
    }

    /// Every beginning of a reply is one that goes on, or none at all.
    #[test]
    fn truncated() {
        let whole = b"250-first\r\n250-second\r\n250 third\r\n";
        for end in 0..whole.len() {
            let lines: Vec<&[u8]> = whole[..end].split_inclusive(|&byte| byte == b'\n').collect();
            assert!(!matches!(assembled(&lines), Ok(Some(_))), "{end}");
        }
    }

    /// hostile.md row 77: endless replies end.
    #[test]
    fn endless() {
        let mut reader = ReplyReader::default();
        for _ in 0..512 {
            assert_eq!(reader.feed(b"250-more\r\n", 512), Ok(None));
        }
        assert!(reader.feed(b"250 last\r\n", 512).unwrap_err().contains("more than 512 lines"));
    }

    /// RFC 3463 section 2, RFC 2034 section 4.
    #[test]
    fn enhanced_codes() {
        let rows: &[Enhanced<'_>] = &[
            (b"250 2.1.0 ok\r\n", Some((2, 1, 0))),
            (b"250 2.1.0\r\n", Some((2, 1, 0))),
            (b"550 5.7.999 no\r\n", Some((5, 7, 999))),
            (b"550 5.1.1no\r\n", None),
            (b"550 5.1.1000 no\r\n", None),
            (b"550 5.1 no\r\n", None),
            (b"550 5..1 no\r\n", None),
            (b"550 2.1.1 of another class\r\n", None),
            (b"354 3.0.0 no such class\r\n", None),
            (b"250 10.0.0.1 greets you\r\n", None),
            (b"250 2.0.0.1 greets you\r\n", None),
            (b"250\r\n", None),
        ];
        for (line, wanted) in rows {
            let reply = assembled(&[line]).unwrap().unwrap();
            let found = reply.enhanced().map(|code| (code.class, code.subject, code.detail));
            assert_eq!(found, *wanted, "{}", line.escape_ascii());
        }
    }

    /// hostile.md rows 170, 172: what a log shows of a reply is one harmless line.
    #[test]
    fn shown() {
        let reply = assembled(&[b"550-a\x1b[2J\r\n", b"550 b\r\n"]).unwrap().unwrap();
        assert_eq!(reply.to_string(), "550 a\\x1b[2J b");
        assert_eq!(assembled(&[b"250\r\n"]).unwrap().unwrap().to_string(), "250");
    }
}
