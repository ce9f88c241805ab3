//! Reading a journal: what counts, what a death tore, and what is odd.
//! Must not hold: anything that is written while a journal is in use.

use super::{HEADER, Journal, Read, Unfinished, key_of};
use crate::error::Error;
use crate::mail::digest::Digest;
use crate::mail::line::{Line, unescaped};
use crate::mail::lines::{Lines, Numbered};
use std::collections::HashMap;

impl Journal {
    /// Drops a torn end. That includes a batch with fewer records than it says, which nothing was
    /// done for yet.
    pub(super) fn load(&mut self) -> Result<(), Error> {
        let size = self.file.metadata().map_err(|error| self.failed("looking at", error))?.len();
        // About as many lines, so that the table need not grow: it would be there twice then.
        self.entries.reserve(usize::try_from(size / USUAL_BYTES).unwrap_or(0).min(RESERVED));
        let file = self.file.try_clone().map_err(|error| self.failed("opening", error))?;
        let mut lines = Lines::new(&file);
        let header = self.next_line(&mut lines)?;
        match header.map(|line| HEADER.strip_suffix(b"\n") == Some(line.text)) {
            Some(true) => {}
            None if HEADER.starts_with(lines.rest()) => return self.create(),
            _ => return Err(self.odd(1, "it does not begin as one of this version does")),
        }
        while let Some(line) = self.next_line(&mut lines)? {
            self.load_line(line)?;
        }
        self.length = lines.offset();
        if let Some(torn) = self.unfinished.take_if(|unfinished| unfinished.read.missing > 0) {
            self.length = torn.at;
        }
        if self.length < size { self.cut(self.length) } else { Ok(()) }
    }

    /// The next whole line; what comes after the last LF is none.
    pub(super) fn next_line<'a>(
        &self,
        lines: &'a mut Lines<'_>,
    ) -> Result<Option<Numbered<'a>>, Error> {
        lines.next_line().map_err(|error| self.failed("reading", error))
    }

    /// What a line says, and what its message is known by.
    pub(super) fn understood<'a>(
        &self,
        line: Numbered<'a>,
    ) -> Result<(Line<'a>, Option<Digest>), Error> {
        let odd = |what| self.odd(line.number, what);
        let parsed = Line::parse(line.text).ok_or_else(|| odd("neither a message nor a batch"))?;
        let Line::Record { account, uid, content, .. } = &parsed else { return Ok((parsed, None)) };
        let uid = unescaped(uid).ok_or_else(|| odd("a badly escaped id"))?;
        let key = key_of(account, &uid, content.as_ref());
        Ok((parsed, Some(key)))
    }

    /// A new journal, or one whose creation was cut short.
    fn create(&mut self) -> Result<(), Error> {
        self.cut(0)?;
        self.write(HEADER)?;
        self.folder.sync().map_err(|error| self.failed("syncing the folder of", error))
    }

    fn load_line(&mut self, line: Numbered<'_>) -> Result<(), Error> {
        let (parsed, key) = self.understood(line)?;
        let entry = match &parsed {
            Line::Record { entry, account, .. } if *account == self.account => Some(*entry),
            _ => None,
        };
        match (parsed, &mut self.unfinished) {
            (Line::Batch { count, place }, None) => {
                let read = Read { line: line.number, missing: count, keys: Vec::new() };
                let (at, entries) = (line.at, HashMap::new());
                self.unfinished = Some(Unfinished { place, at, entries, read });
            }
            (Line::Record { .. }, None) => self.entries.extend(key.zip(entry)),
            (Line::Record { .. }, Some(batch)) if batch.read.missing > 0 => {
                batch.read.missing -= 1;
                batch.read.keys.extend(key);
                batch.entries.extend(key.zip(entry));
            }
            (Line::Done, Some(batch)) if batch.read.missing == 0 => {
                self.entries.extend(batch.entries.drain());
                self.unfinished = None;
            }
            _ => return Err(self.odd(line.number, "a batch is out of order")),
        }
        Ok(())
    }
}

/// A short line, in bytes.
const USUAL_BYTES: u64 = 48;

/// Most entries that room is made for on the word of the file's length.
const RESERVED: usize = 112 * 1024;
