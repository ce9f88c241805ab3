//! Bodies in a recording: small text as lines, everything else in files beside it. A trace keeps none.
//! Must not hold: heads, or the order of connections.

use crate::mask::Mask;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use wireline_transcript::{Piece, Printer, Side};

/// Where the bodies of a run go, and the one that is coming.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// The recording itself, beside which bodies are put; none for a trace.
    file: Option<PathBuf>,
    count: u32,
    small: Vec<u8>,
    large: Option<(String, File)>,
}

/// A longer body, and one that is no text, has a file of its own.
pub(crate) const LINES_BYTES: usize = 4 * 1024;

impl Recording {
    /// Keeps bodies beside this file.
    pub(crate) fn beside(file: PathBuf) -> Self {
        Self { file: Some(file), ..Self::default() }
    }

    /// Whether bodies are kept.
    pub(crate) const fn keeps_bodies(&self) -> bool {
        self.file.is_some()
    }

    /// More of the body that is coming.
    pub(crate) fn take(&mut self, data: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            return Ok(());
        }
        if self.large.is_none() && self.small.len() + data.len() > LINES_BYTES {
            self.begin_large()?;
        }
        match &mut self.large {
            Some((_, file)) => file.write_all(data),
            None => {
                self.small.extend_from_slice(data);
                Ok(())
            }
        }
    }

    fn begin_large(&mut self) -> io::Result<()> {
        let Some((name, mut file)) = self.file_beside()? else { return Ok(()) };
        file.write_all(&std::mem::take(&mut self.small))?;
        self.large = Some((name, file));
        Ok(())
    }

    /// A new file beside the recording, with its name; none for a trace.
    pub(crate) fn file_beside(&mut self) -> io::Result<Option<(String, File)>> {
        let Some(recording) = &self.file else { return Ok(None) };
        self.count += 1;
        let stem = recording.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{stem}.body-{}", self.count);
        let file = File::create(recording.with_file_name(&name))?;
        Ok(Some((name, file)))
    }

    /// The body is over: writes what stands for it. One that echoes a secret is not shown.
    pub(crate) fn print<W: Write>(
        &mut self,
        bytes: u64,
        mask: &Mask,
        printer: &mut Printer<W>,
        shape: Shape,
    ) -> io::Result<()> {
        let small = std::mem::take(&mut self.small);
        let whole = self.large.is_none() && small.len() as u64 == bytes;
        if whole && bytes > 0 && shape.can_be_lines(&small) {
            return match mask.pieces(&small).len() {
                1 => shape.print_lines(&small, printer),
                _ => shape.elide(bytes, printer),
            };
        }
        self.small = small;
        if self.large.is_none() && !self.small.is_empty() {
            self.begin_large()?;
        }
        match self.large.take() {
            Some((name, _)) => printer.say(Side::S, [Piece::Hole(&shape.attachment(&name))]),
            None => shape.elide(bytes, printer),
        }
    }
}

/// How a body stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As it is.
    Plain,
    /// Lines with their leading dots doubled, and a dot at the end (RFC 5321 section 4.5.2).
    Message,
}

impl Shape {
    fn can_be_lines(self, body: &[u8]) -> bool {
        let whole_lines = || body.ends_with(b"\r\n");
        is_text(body) && (self == Self::Plain || whole_lines())
    }

    fn print_lines<W: Write>(self, body: &[u8], printer: &mut Printer<W>) -> io::Result<()> {
        for line in body.split_inclusive(|&byte| byte == b'\n') {
            match self {
                Self::Message if line.starts_with(b".") => {
                    printer.say(Side::S, [Piece::Bytes(b"."), Piece::Bytes(line)])?;
                }
                _ => printer.say(Side::S, [Piece::Bytes(line)])?,
            }
        }
        self.end(printer)
    }

    fn elide<W: Write>(self, bytes: u64, printer: &mut Printer<W>) -> io::Result<()> {
        match self {
            Self::Plain => printer.elided(Side::S, bytes),
            Self::Message if bytes == 0 => self.end(printer),
            Self::Message => printer.elided_lines(Side::S, bytes).and_then(|()| self.end(printer)),
        }
    }

    fn end<W: Write>(self, printer: &mut Printer<W>) -> io::Result<()> {
        match self {
            Self::Plain => Ok(()),
            Self::Message => printer.say(Side::S, [Piece::Bytes(b".\r\n")]),
        }
    }

    fn attachment(self, name: &str) -> String {
        match self {
            Self::Plain => format!("@{name}"),
            Self::Message => format!("@{name}|dot"),
        }
    }
}

/// Text that reads as a body and not as another answer.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
    let text = str::from_utf8(bytes).ok().filter(|text| text.chars().all(is_plain));
    text.is_some_and(|text| !text.lines().any(|line| line.starts_with("HTTP/")))
}
