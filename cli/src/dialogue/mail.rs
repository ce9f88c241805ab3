//! One SMTP, LMTP or POP3 connection: every command and reply is shown, a message is its size, or
//! what the recording keeps of it. Must not hold: what is the same for every protocol.

use super::{Dialogue, Made, Run, Sheet};
use crate::recording::{LINES_BYTES, Shape, is_text};
use std::fs::File;
use std::io::{self, Write};
use wireline_transcript::Side;
use wireline_wire::Saying;

/// Lines both ways, and messages between them.
#[derive(Debug)]
pub(crate) struct MailDialogue {
    sheet: Sheet,
    sending: Sending,
    /// Bytes of the message that is coming.
    coming: Option<u64>,
}

/// A message that goes out, as it is on the wire.
#[derive(Debug, Default)]
struct Sending {
    bytes: u64,
    /// Its beginning; all of it when it is small.
    beginning: Vec<u8>,
    /// What a recording keeps of a longer one, from behind its header section.
    rest: Option<(String, File)>,
    /// It has a size of its own (`BDAT`, RFC 3030), no dot.
    is_chunk: bool,
}

/// The end of a message on the wire.
const DOT: &[u8] = b".\r\n";

impl MailDialogue {
    pub(crate) fn new(sheet: Sheet) -> Self {
        Self { sheet, sending: Sending::default(), coming: None }
    }

    fn end_message(&mut self, run: &mut Run<'_>) -> io::Result<()> {
        let sending = std::mem::take(&mut self.sending);
        if sending.bytes > 0 {
            self.print_sent(&sending, run)?;
        }
        match self.coming.take() {
            Some(bytes) => {
                run.kept.print(bytes, run.mask, &mut self.sheet.printer(), Shape::Message)
            }
            None => Ok(()),
        }
    }

    fn print_sent(&mut self, sending: &Sending, run: &Run<'_>) -> io::Result<()> {
        if sending.is_chunk {
            return self.sheet.printer().elided(Side::C, sending.bytes);
        }
        let is_kept = sending.rest.is_some() || sending.beginning.len() as u64 == sending.bytes;
        let shows = is_kept && run.kept.keeps_bodies();
        if let Some(lines) = shows.then(|| self.lines_of(&sending.beginning)).flatten() {
            self.sheet.say(Side::C, &lines)?;
            return match &sending.rest {
                Some((name, _)) => self.sheet.say(Side::C, &[Made::Hole(format!("@{name}"))]),
                None => Ok(()),
            };
        }
        match sending.bytes.saturating_sub(DOT.len() as u64) {
            0 => {}
            bytes => self.sheet.printer().elided_lines(Side::C, bytes)?,
        }
        self.sheet.say(Side::C, &[Made::Bytes(DOT.to_vec())])
    }

    /// A small message, or the header section of a longer one, line by line, what differs in the
    /// next run as holes. Parts with boundaries of ours differ everywhere, and are not shown.
    fn lines_of(&self, message: &[u8]) -> Option<Vec<Made>> {
        let text = str::from_utf8(message).ok().filter(|_| is_text(message))?;
        let lines =
            text.ends_with("\r\n") && text.matches('\n').count() == text.matches("\r\n").count();
        ((lines || text.is_empty()) && !has_own_boundary(text)).then(|| {
            let lines = message.split_inclusive(|&byte| byte == b'\n');
            lines.flat_map(|line| self.loosened(line)).collect()
        })
    }

    /// The next run's message has another Message-ID, and may have another size.
    fn sized(&self, line: &[u8]) -> Vec<Made> {
        const SIZE: &[u8] = b" SIZE=";
        let whole = || vec![Made::Bytes(line.to_vec())];
        let found = line.windows(SIZE.len()).position(|window| window == SIZE);
        let is_mail = line.starts_with(b"MAIL ") && !self.sheet.is_exact();
        let Some(found) = found.filter(|_| is_mail) else { return whole() };
        let (before, rest) = line.split_at(found + SIZE.len());
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (size, rest) = rest.split_at(digits);
        let hole = format!("*:int={}", String::from_utf8_lossy(size));
        vec![Made::Bytes(before.to_vec()), Made::Hole(hole), Made::Bytes(rest.to_vec())]
    }

    fn loosened(&self, line: &[u8]) -> Vec<Made> {
        let begins = |field: &&&[u8]| {
            line.get(..field.len()).is_some_and(|name| name.eq_ignore_ascii_case(field))
        };
        match DIFFERS.iter().find(begins) {
            Some(field) => self.sheet.loosened(line, field),
            None => vec![Made::Bytes(line.to_vec())],
        }
    }
}

impl Sending {
    /// More of the message. A recording puts what is long into a file, as it is on the wire.
    fn take(&mut self, data: &[u8], run: &mut Run<'_>) -> io::Result<()> {
        if let Some((_, file)) = &mut self.rest {
            return file.write_all(data);
        }
        if self.beginning.len() + data.len() <= LINES_BYTES {
            self.beginning.extend_from_slice(data);
            return Ok(());
        }
        if self.beginning.len() as u64 + data.len() as u64 != self.bytes || self.is_chunk {
            return Ok(());
        }
        let all = [std::mem::take(&mut self.beginning), data.to_vec()].concat();
        let head = memchr::memmem::find(&all, b"\r\n\r\n").map(|at| at + b"\r\n\r\n".len());
        let (head, rest) = all.split_at(head.filter(|&head| head <= LINES_BYTES).unwrap_or(0));
        self.beginning = head.to_vec();
        let is_ours = str::from_utf8(head).is_ok_and(has_own_boundary);
        self.rest = if is_ours { None } else { run.kept.file_beside()? };
        match &mut self.rest {
            Some((_, file)) => file.write_all(rest),
            None => Ok(()),
        }
    }
}

/// Whether the boundary is one that was made for this message: three hexadecimal numbers.
fn has_own_boundary(text: &str) -> bool {
    let boundaries = text.split("boundary=\"").skip(1);
    let made = |boundary: &str| {
        let digits =
            |part: &str| part.len() > 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        boundary.split('_').count() == 3 && boundary.split('_').all(digits)
    };
    boundaries.filter_map(|rest| rest.split('"').next()).any(made)
}

/// Fields of a message that differ in the next run.
const DIFFERS: &[&[u8]] = &[b"Date: ", b"Message-ID: "];

impl Dialogue for MailDialogue {
    fn sheet(&mut self) -> &mut Sheet {
        &mut self.sheet
    }

    fn said(&mut self, saying: &Saying, run: &mut Run<'_>) -> io::Result<()> {
        self.end_message(run)?;
        self.sheet.open(run.mask.login())?;
        self.sending.is_chunk =
            saying.bytes().get(..5).is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT "));
        let pieces = self.sheet.pieces(saying, |line| self.sized(line));
        self.sheet.say(Side::C, &pieces)
    }

    fn sent(&mut self, bytes: u64, data: Option<&[u8]>, run: &mut Run<'_>) -> io::Result<()> {
        self.sending.bytes += bytes;
        self.sending.take(data.unwrap_or_default(), run)
    }

    fn heard(&mut self, line: &[u8], run: &mut Run<'_>) -> io::Result<()> {
        self.end_message(run)?;
        self.sheet.open(run.mask.login())?;
        let pieces = self.sheet.masked(line, run.mask, |bytes| vec![Made::Bytes(bytes.to_vec())]);
        self.sheet.say(Side::S, &pieces)
    }

    fn body(&mut self, bytes: u64, data: Option<&[u8]>, run: &mut Run<'_>) -> io::Result<()> {
        *self.coming.get_or_insert(0) += bytes;
        run.kept.take(data.unwrap_or_default())
    }

    fn end(&mut self, run: &mut Run<'_>) -> io::Result<()> {
        self.end_message(run)
    }
}
