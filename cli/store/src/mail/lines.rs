//! A file, line by line, in bounded memory.
//! Must not hold: what the lines say.

use memchr::memchr;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Reads lines from the start of a file, whatever its position.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    file: &'a File,
    window: Vec<u8>,
    /// Bytes of the window that were handed out.
    used: usize,
    /// Bytes of the file before the window.
    before: u64,
    number: u64,
}

/// A line without its LF.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered<'a> {
    pub(crate) text: &'a [u8],
    /// From 1.
    pub(crate) number: u64,
    /// Where it begins in the file.
    pub(crate) at: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(file: &'a File) -> Self {
        Self { file, window: Vec::new(), used: 0, before: 0, number: 0 }
    }

    /// The next line; `None` when there is no further LF.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<Numbered<'_>>> {
        let length = loop {
            if let Some(at) = memchr(b'\n', self.rest()) {
                break at;
            }
            if self.rest().len() > LINE_BYTES {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is too long"));
            }
            if self.fill()? == 0 {
                return Ok(None);
            }
        };
        let (start, at) = (self.used, self.offset());
        self.used += length + 1;
        self.number += 1;
        let text = self.window.get(start..start + length).unwrap_or_default();
        Ok(Some(Numbered { text, number: self.number, at }))
    }

    /// What was read beyond the last line handed out.
    pub(crate) fn rest(&self) -> &[u8] {
        self.window.get(self.used..).unwrap_or_default()
    }

    /// Where the next line begins.
    pub(crate) fn offset(&self) -> u64 {
        self.before.saturating_add(u64::try_from(self.used).unwrap_or(u64::MAX))
    }

    fn fill(&mut self) -> io::Result<usize> {
        self.before = self.offset();
        self.window.drain(..self.used.min(self.window.len()));
        self.used = 0;
        let (kept, at) = (self.window.len(), self.before);
        let at = at.saturating_add(u64::try_from(kept).unwrap_or(u64::MAX));
        self.window.resize(kept + WINDOW_BYTES, 0);
        let read = self.file.read_at(self.window.get_mut(kept..).unwrap_or_default(), at);
        self.window.truncate(kept + read.as_ref().copied().unwrap_or(0));
        read
    }
}

/// Longest line, in bytes.
const LINE_BYTES: usize = 64 * 1024;

const WINDOW_BYTES: usize = 64 * 1024;
