//! What a part file's bytes are of, and the small file beside it that says so.
//! Must not hold: what a URL or a validator means, or a decision about resuming.

use crate::beside::Names;
use crate::folder::{Folder, kind};
use rustix::fs::{FileType, Mode, OFlags, Stat};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::io::{self, Read, Write};

/// The version that the bytes of a part file belong to. The store compares its fields and never
/// reads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// What is being fetched, without secrets: it is stored in clear.
    pub url: String,
    /// What tells this version from any other. Empty when nothing does, and then the part is never
    /// resumed.
    pub validator: String,
    /// The length of the whole in bytes, when it is known.
    pub length: Option<u64>,
}

impl Description {
    /// Whether bytes of the one may be continued with bytes of the other. Lengths that differ tell
    /// versions apart even under one validator.
    pub(crate) fn is_of_version(&self, other: &Self) -> bool {
        let lengths_agree = match (self.length, other.length) {
            (Some(mine), Some(others)) => mine == others,
            _ => true,
        };
        !self.validator.is_empty()
            && self.validator == other.validator
            && self.url == other.url
            && lengths_agree
    }

    /// Reads the description beside `part`; whatever is wrong with it, there is none. One that is
    /// not of the part's owner was planted.
    pub(crate) fn read(folder: &Folder, name: &OsStr, part: &Stat) -> Option<Self> {
        // A planted FIFO must not block the open.
        let file = folder.open_file(name, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).ok()?;
        let stat = rustix::fs::fstat(&file).ok()?;
        if kind(&stat) != FileType::RegularFile || stat.st_uid != part.st_uid {
            return None;
        }
        let mut text = Vec::new();
        io::copy(&mut file.take(DESCRIPTION_BYTES + 1), &mut text).ok()?;
        if !fits(&text) {
            return None;
        }
        serde_json::from_slice(&text).ok()
    }

    /// Writes the description under a temporary name and renames it: who reads it finds the old one
    /// or this one. One too long to be read again is `Ok(None)`, and the old one is removed.
    pub(crate) fn write(&self, folder: &Folder, names: &Names) -> io::Result<Option<Stat>> {
        let text = serde_json::to_vec(self)?;
        if !fits(&text) {
            return folder.remove(&names.description).map(|()| None);
        }
        let written = write_new(folder, &names.temporary, &text).and_then(|stat| {
            folder.rename(&names.temporary, &names.description).map(|()| Some(stat))
        });
        if written.is_err() {
            folder.remove(&names.temporary).ok();
        }
        written
    }
}

fn write_new(folder: &Folder, name: &OsStr, text: &[u8]) -> io::Result<Stat> {
    folder.remove(name)?;
    let mut file = folder.create(name, Mode::RUSR | Mode::WUSR)?;
    file.write_all(text)?;
    Ok(rustix::fs::fstat(&file)?)
}

fn fits(text: &[u8]) -> bool {
    u64::try_from(text.len()).is_ok_and(|bytes| bytes <= DESCRIPTION_BYTES)
}

/// Longest description that is read or written, in bytes.
const DESCRIPTION_BYTES: u64 = 64 * 1024;
