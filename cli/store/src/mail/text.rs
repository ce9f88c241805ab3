//! From the wire's form of a message to the stored one: line ends, and the quoting of an mbox.
//! Must not hold: files.

use super::asctime::asctime;
use memchr::{memchr, memmem};
use std::time::SystemTime;

/// Converts one message, in pieces of any size.
#[derive(Debug)]
pub(crate) enum Text {
    Lines(LineEnds),
    Mbox(Box<Mboxrd>),
}

impl Text {
    pub(crate) fn lines() -> Self {
        Self::Lines(LineEnds::default())
    }

    pub(crate) fn mbox(received: SystemTime) -> Self {
        Self::Mbox(Box::new(Mboxrd::new(received)))
    }

    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Lines(ends) => ends.push(bytes, out),
            Self::Mbox(mbox) => mbox.push(bytes, out),
        }
    }

    pub(crate) fn end(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Lines(ends) => ends.end(out),
            Self::Mbox(mbox) => mbox.end(out),
        }
    }
}

/// CRLF becomes LF; a bare CR, a bare LF, NUL and all else stay.
#[derive(Debug, Default)]
pub(crate) struct LineEnds {
    /// A CR that the last piece ended with.
    held: bool,
}

impl LineEnds {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let Some(first) = bytes.first() else { return };
        if std::mem::take(&mut self.held) && *first != b'\n' {
            out.push(b'\r');
        }
        let mut rest = bytes;
        while let Some(at) = memchr(b'\r', rest) {
            let (before, after) = rest.split_at(at);
            out.extend_from_slice(before);
            match after.get(1) {
                Some(b'\n') => {}
                Some(_) => out.push(b'\r'),
                None => self.held = true,
            }
            rest = after.get(1..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.held) {
            out.push(b'\r');
        }
    }
}

/// One message of an mbox in the mboxrd form: `From SENDER DATE`, the message with LF line ends in
/// which each line of `>`s (or none) and `From ` gets one `>` more, and an empty line.
#[derive(Debug)]
pub(crate) struct Mboxrd {
    received: SystemTime,
    ends: LineEnds,
    /// The message's beginning, until its sender can be told.
    head: Option<Vec<u8>>,
    quoting: Quoting,
    last: u8,
    /// Reused from piece to piece.
    lines: Vec<u8>,
}

impl Mboxrd {
    fn new(received: SystemTime) -> Self {
        Self {
            received,
            ends: LineEnds::default(),
            head: Some(Vec::new()),
            quoting: Quoting::default(),
            last: b'\n',
            lines: Vec::new(),
        }
    }

    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        self.ends.push(bytes, &mut lines);
        self.take(&lines, out);
        self.lines = lines;
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let mut rest = Vec::new();
        self.ends.end(&mut rest);
        self.take(&rest, out);
        self.release(out);
        self.quoting.end(out);
        out.extend_from_slice(if self.last == b'\n' { b"\n" } else { b"\n\n" });
    }

    fn take(&mut self, lines: &[u8], out: &mut Vec<u8>) {
        self.last = lines.last().copied().unwrap_or(self.last);
        match &mut self.head {
            None => self.quoting.push(lines, out),
            Some(head) => {
                head.extend_from_slice(lines);
                if head.len() >= HEAD_BYTES || memmem::find(head, b"\n\n").is_some() {
                    self.release(out);
                }
            }
        }
    }

    /// Writes the first line, and what was held back for it.
    fn release(&mut self, out: &mut Vec<u8>) {
        let Some(head) = self.head.take() else { return };
        let sender = return_path(&head).unwrap_or(MAILER_DAEMON);
        for part in [FROM, sender, b" ", asctime(self.received).as_bytes(), b"\n"] {
            out.extend_from_slice(part);
        }
        self.quoting.push(&head, out);
    }
}

/// The address in a message's `Return-Path`; `None` when there is none, it is empty, or it is
/// nothing that fits between two blanks.
fn return_path(head: &[u8]) -> Option<&[u8]> {
    let fields = head.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let value = fields.filter_map(|line| {
        let (name, value) = line.split_at_checked(RETURN_PATH.len())?;
        name.eq_ignore_ascii_case(RETURN_PATH).then_some(value)
    });
    let address = value.map(<[u8]>::trim_ascii).next()?;
    let address = address.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"))?;
    let fits = (1..=ADDRESS_BYTES).contains(&address.len());
    (fits && address.iter().all(u8::is_ascii_graphic)).then_some(address)
}

/// Puts `>` before `From ` where only `>`s precede it in the line. Which of them is the new one,
/// nobody can tell: it goes in last.
#[derive(Debug)]
struct Quoting {
    /// Only `>`s so far in this line.
    at_start: bool,
    /// Bytes of `From ` that came after them, and are held back.
    matched: usize,
}

impl Default for Quoting {
    fn default() -> Self {
        Self { at_start: true, matched: 0 }
    }
}

impl Quoting {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            if !self.at_start {
                let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                let (line, next) = rest.split_at(end);
                out.extend_from_slice(line);
                self.at_start = line.last() == Some(&b'\n');
                rest = next;
            } else if self.matched == 0 && *byte == b'>' {
                out.push(b'>');
                rest = after;
            } else if FROM.get(self.matched) == Some(byte) {
                self.matched += 1;
                rest = after;
                if self.matched == FROM.len() {
                    out.push(b'>');
                    self.end(out);
                }
            } else {
                self.end(out);
            }
        }
    }

    /// Lets go of what was held back; the rest of the line passes.
    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend(FROM.iter().take(self.matched));
        *self = Self { at_start: false, matched: 0 };
    }
}

const FROM: &[u8] = b"From ";
const RETURN_PATH: &[u8] = b"return-path:";
const MAILER_DAEMON: &[u8] = b"MAILER-DAEMON";

/// Bytes of a message in which its `Return-Path` is looked for; the server that delivers puts it
/// first.
const HEAD_BYTES: usize = 8 * 1024;

/// Longest path of RFC 5321 section 4.5.3.1.3, without its brackets.
const ADDRESS_BYTES: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn converted(text: Text, message: &[u8], piece: usize) -> Vec<u8> {
        let (mut text, mut out) = (text, Vec::new());
        message.chunks(piece).for_each(|piece| text.push(piece, &mut out));
        text.end(&mut out);
        out
    }

    #[test]
    fn line_ends() {
        // 191: each row whole and in pieces.
        let table: &[(&[u8], &[u8])] = &[
            (b"", b""),
            (b"a\r\nb\r\n", b"a\nb\n"),
            (b"a\nb", b"a\nb"),
            (b"a\rb\r", b"a\rb\r"),
            (b"a\r\r\nb\r\r", b"a\r\nb\r\r"),
            (b"\r\n\r\n", b"\n\n"),
            (b"\0\xff\x80\r\n\0", b"\0\xff\x80\n\0"),
        ];
        for (message, stored) in table {
            for piece in 1..8 {
                assert_eq!(converted(Text::lines(), message, piece), *stored, "{message:?}");
            }
        }
    }

    #[test]
    fn mboxrd() {
        // 194: sender, message, body in the mbox.
        let table: &[(&str, &[u8], &[u8])] = &[
            ("MAILER-DAEMON", b"", b""),
            ("MAILER-DAEMON", b"\r\n", b"\n"),
            ("MAILER-DAEMON", b"a", b"a\n"),
            ("MAILER-DAEMON", b"a\r", b"a\r\n"),
            ("a@x", b"Return-Path: <a@x>\r\n\r\n", b"Return-Path: <a@x>\n\n"),
            ("a@x", b"X: y\r\nreturn-path:<a@x>\r\n\r\nb", b"X: y\nreturn-path:<a@x>\n\nb\n"),
            ("MAILER-DAEMON", b"Return-Path: <>\r\n\r\n", b"Return-Path: <>\n\n"),
            ("MAILER-DAEMON", b"Return-Path: <\"a b\"@x>\r\n", b"Return-Path: <\"a b\"@x>\n"),
            ("MAILER-DAEMON", b"Return-Path: <a\0@x>\r\n", b"Return-Path: <a\0@x>\n"),
            ("MAILER-DAEMON", b"Return-Path: a@x\r\n", b"Return-Path: a@x\n"),
            (
                "MAILER-DAEMON",
                b"A: b\r\n\r\nReturn-Path: <a@x>\r\n",
                b"A: b\n\nReturn-Path: <a@x>\n",
            ),
            ("MAILER-DAEMON", b"From x\r\n\r\nFrom y\r\n", b">From x\n\n>From y\n"),
            ("MAILER-DAEMON", b">From x\r\n>>>From ", b">>From x\n>>>>From \n"),
            ("MAILER-DAEMON", b"From\r\n From x\r\nFroM x", b"From\n From x\nFroM x\n"),
            ("MAILER-DAEMON", b">FFrom x\r\n>", b">FFrom x\n>\n"),
            ("MAILER-DAEMON", b"a\rFrom x\r\nFro", b"a\rFrom x\nFro\n"),
            ("MAILER-DAEMON", b"Fr>From x\r\nF>\n", b"Fr>From x\nF>\n"),
        ];
        for (sender, message, body) in table {
            let first = format!("From {sender} Thu Jan  1 00:00:00 1970\n");
            let stored = [first.as_bytes(), body, b"\n"].concat();
            for piece in 1..20 {
                let out = converted(Text::mbox(UNIX_EPOCH), message, piece);
                assert_eq!(out.escape_ascii().to_string(), stored.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn a_long_head_is_not_held() {
        let message = [&b"x".repeat(HEAD_BYTES + 1)[..], b"\r\nReturn-Path: <a@x>\r\n"].concat();
        let mut out = Vec::new();
        let mut text = Text::mbox(UNIX_EPOCH);
        text.push(&message[..HEAD_BYTES], &mut out);
        assert!(out.starts_with(b"From MAILER-DAEMON ") && out.len() > HEAD_BYTES);
    }
}
