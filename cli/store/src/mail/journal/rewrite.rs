//! Replacing a journal by one with fewer lines.
//! Must not hold: which lines those are.

use super::{HEADER, Journal, OWNERS};
use crate::error::Error;
use crate::mail::digest::Digest;
use crate::mail::line::Line;
use crate::mail::lines::Lines;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Seek, Write};

impl Journal {
    /// Keeps the records that `keep` says yes to, and returns how many others there were. What was
    /// being stored counts as stored.
    pub(super) fn rewrite(
        &mut self,
        keep: impl Fn(&Line<'_>, &Digest) -> bool,
    ) -> Result<usize, Error> {
        let mut name = self.name.clone();
        name.push(".new");
        let dropped = self.replace(&name, keep);
        if dropped.is_err() {
            self.folder.remove(&name).ok();
        }
        dropped
    }

    /// Writes a new file beside the journal, and renames it over. It is locked before it has the
    /// name, so that nobody comes in between.
    fn replace(
        &mut self,
        name: &OsStr,
        keep: impl Fn(&Line<'_>, &Digest) -> bool,
    ) -> Result<usize, Error> {
        let failed = |error| self.failed("replacing", error);
        self.folder.remove(name).map_err(failed)?;
        let mut new = self.folder.create(name, OWNERS).map_err(failed)?;
        new.try_lock().map_err(|error| failed(error.into()))?;
        let dropped = self.copy(&mut new, keep)?;
        let length = new.stream_position().map_err(failed)?;
        new.sync_data().map_err(failed)?;
        self.folder.rename(name, &self.name).map_err(failed)?;
        (self.file, self.length, self.soiled) = (new, length, false);
        for key in &dropped {
            self.entries.remove(key);
        }
        // Lines to come would be lost with the new name.
        self.folder.sync().map_err(|error| self.failed("syncing the folder of", error))?;
        Ok(dropped.len())
    }

    /// Copies the lines that stay, and returns the keys of the others.
    fn copy(
        &self,
        new: &mut File,
        keep: impl Fn(&Line<'_>, &Digest) -> bool,
    ) -> Result<Vec<Digest>, Error> {
        let failed = |error| self.failed("replacing", error);
        let (mut dropped, mut kept) = (Vec::new(), HEADER.to_vec());
        let mut lines = Lines::new(&self.file);
        self.next_line(&mut lines)?;
        while let Some(line) = self.next_line(&mut lines)?.filter(|line| line.at < self.length) {
            if let (record, Some(key)) = self.understood(line)? {
                if keep(&record, &key) {
                    record.print(&mut kept);
                } else {
                    dropped.push(key);
                }
            }
            if kept.len() >= BUFFER_BYTES {
                new.write_all(&kept).map_err(failed)?;
                kept.clear();
            }
        }
        new.write_all(&kept).map_err(failed)?;
        Ok(dropped)
    }
}

/// Lines that go to the system together, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;
