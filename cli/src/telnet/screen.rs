//! Where a device's text goes: standard output, with LF at the end of lines, and without what a
//! terminal must not obey. Must not hold: waiting for the text.

use super::filter::Filter;
use crate::exit::Failure;
use std::io::{self, IsTerminal, Write};

/// Standard output.
#[derive(Debug)]
pub(crate) struct Screen {
    /// None where nobody obeys, or where the user trusts the device.
    filter: Option<Filter>,
    lines: Lines,
    shows: bool,
    mid_line: bool,
}

impl Screen {
    /// For a terminal that the device may not command, unless it is `raw_terminal`.
    pub(crate) fn new(raw_terminal: bool, shows: bool) -> Self {
        let filters = !raw_terminal && io::stdout().is_terminal();
        let filter = filters.then(Filter::default);
        Self { filter, lines: Lines::default(), shows, mid_line: false }
    }

    /// Shows text; `as_it_is` for what has no lines (binary), or ends them itself.
    pub(crate) fn show(&mut self, text: &[u8], as_it_is: bool) -> Result<(), Failure> {
        match !self.shows || text.is_empty() {
            true => Ok(()),
            false => write(&self.shown(text, as_it_is)),
        }
    }

    /// What is to be written to show this text.
    pub(crate) fn shown(&mut self, text: &[u8], as_it_is: bool) -> Vec<u8> {
        let mut shown = Vec::with_capacity(text.len());
        match as_it_is {
            false => self.lines.push(text, &mut shown),
            true => {
                self.lines.end(&mut shown);
                shown.extend_from_slice(text);
            }
        }
        if let Some(filter) = &mut self.filter {
            let text = std::mem::take(&mut shown);
            filter.push(&text, &mut shown);
        }
        self.told(&shown);
        shown
    }

    /// This is to be written, by whomever.
    pub(crate) fn told(&mut self, text: &[u8]) {
        if let Some(last) = text.last() {
            self.mid_line = *last != b'\n';
        }
    }

    /// What is written next begins a line.
    pub(crate) fn end_line(&mut self) -> Result<(), Failure> {
        self.end()?;
        match std::mem::take(&mut self.mid_line) {
            true => write(b"\n"),
            false => Ok(()),
        }
    }

    /// Nothing more comes.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        let mut shown = Vec::new();
        self.lines.end(&mut shown);
        write(&shown)
    }
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(|error| Failure::stdout(&error))
}

/// CR LF as LF, wherever it is torn apart. A CR by itself stays.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    after_cr: bool,
}

impl Lines {
    pub(crate) fn push(&mut self, text: &[u8], shown: &mut Vec<u8>) {
        for piece in text.split_inclusive(|byte| *byte == b'\r') {
            if std::mem::take(&mut self.after_cr) && !piece.starts_with(b"\n") {
                shown.push(b'\r');
            }
            match piece.strip_suffix(b"\r") {
                Some(piece) => {
                    shown.extend_from_slice(piece);
                    self.after_cr = true;
                }
                None => shown.extend_from_slice(piece),
            }
        }
    }

    fn end(&mut self, shown: &mut Vec<u8>) {
        if std::mem::take(&mut self.after_cr) {
            shown.push(b'\r');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"a\r\nb\nc\r\n", b"a\nb\nc\n"),
            (b"10%\r20%\r\n", b"10%\r20%\n"),
            (b"\r\r\n\r", b"\r\n\r"),
            (b"", b""),
        ];
        for (text, wanted) in rows {
            for split in 0..=text.len() {
                let (mut lines, mut shown) = (Lines::default(), Vec::new());
                lines.push(&text[..split], &mut shown);
                lines.push(&text[split..], &mut shown);
                lines.end(&mut shown);
                assert_eq!(shown, *wanted, "{text:?} at {split}");
            }
        }
    }
}
