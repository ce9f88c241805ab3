//! What a listing says of a file, and the parsers of its lines by format: `listing/`.
//! Must not hold: I/O.

mod date;
mod dos;
mod eplf;
mod mlsd;
mod unix;
mod vms;

use crate::reply::without_end;
use std::fmt;
use time::UtcDateTime;
use wireline_wire::escape;

pub use mlsd::{Facts, time_val};

/// One file, folder or link, as far as the server tells.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the server calls it: any bytes but CR and LF. Use [`Entry::safe_component`] for names
    /// of files of ours.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Bytes in it, of files.
    pub size: Option<u64>,
    /// When it was changed last.
    pub modified: Option<Modified>,
    /// The twelve bits of Unix.
    pub mode: Option<u32>,
    /// What a link points to.
    pub link: Option<Vec<u8>>,
    /// The same for all names of one file or folder, and for no other (RFC 3659 section 7.5.2).
    pub unique: Option<Vec<u8>>,
}

/// What an [`Entry`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, a socket, or something else that is neither.
    Other,
    /// The server did not say.
    Unknown,
}

/// When something was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modified {
    /// The time; in a zone that nobody knows unless it is exact.
    pub at: UtcDateTime,
    /// How far it can be trusted.
    pub accuracy: Accuracy,
}

/// How far a [`Modified`] can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Accuracy {
    /// To the day, in an unknown zone: the old files of a Unix listing.
    Day,
    /// To the minute, in an unknown zone.
    Minute,
    /// To the second, UTC: MLSD, MDTM, EPLF.
    Exact,
}

impl Entry {
    pub(crate) fn new(name: &[u8], kind: Kind) -> Self {
        let name = name.to_vec();
        Self { name, kind, size: None, modified: None, mode: None, link: None, unique: None }
    }

    /// The name if it is one element of a path on the server, to be compared or to be sent back: not
    /// empty, not `.` or `..`, no slash, CR, LF or NUL.
    #[must_use]
    pub fn component(&self) -> Option<&[u8]> {
        let name = self.name.as_slice();
        let is_none = matches!(name, b"" | b"." | b"..");
        (!is_none && !name.iter().any(|byte| b"/\r\n\0".contains(byte))).then_some(name)
    }

    /// The name if a file of ours may bear it: a [component](Entry::component) without a backslash
    /// or a control byte, and no drive (`C:`). A backslash is refused wherever this runs, as what is
    /// a name on one system leads out of a folder on the next.
    #[must_use]
    pub fn safe_component(&self) -> Option<&[u8]> {
        let name = self.component()?;
        let bad = |byte: &u8| byte.is_ascii_control() || *byte == b'\\';
        let is_drive = matches!(name, [letter, b':', ..] if letter.is_ascii_alphabetic());
        (!is_drive && !name.iter().any(bad)).then_some(name)
    }

    /// Whether it is the folder itself or the one above.
    fn is_dot(&self) -> bool {
        matches!(self.name.as_slice(), b"." | b"..")
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}, {:?}, {:?}", escape(&self.name), self.kind, self.size)?;
        if let Some(Modified { at, accuracy }) = self.modified {
            write!(f, ", {} {accuracy:?}", at.unix_timestamp())?;
        }
        if let Some(mode) = self.mode {
            write!(f, ", {mode:o}")?;
        }
        if let Some(link) = &self.link {
            write!(f, ", -> {}", escape(link))?;
        }
        f.write_str(")")
    }
}

/// Reads a listing line by line, in any of the formats that LIST has (Unix, DOS, EPLF, VMS).
///
/// `now` settles the year of a date without one: the latest that is past, with a day of slack.
#[derive(Clone, Debug)]
pub struct ListParser {
    now: UtcDateTime,
    /// A name too long for its line, in VMS: the rest is in the next.
    name: Option<Vec<u8>>,
}

/// What a line of a listing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListingLine {
    /// A file, folder or link.
    Entry(Entry),
    /// No entry: a heading, a total, the folder itself, the first half of an entry.
    Decoration,
    /// Nothing that this knows.
    Unknown,
}

impl ListParser {
    /// Begins.
    #[must_use]
    pub const fn new(now: UtcDateTime) -> Self {
        Self { now, name: None }
    }

    /// Takes the next line, with or without its end.
    pub fn feed(&mut self, line: &[u8]) -> ListingLine {
        let line = without_end(line);
        if let Some(name) = self.name.take()
            && let Some(entry) = vms::continued(&name, line)
        {
            return ListingLine::Entry(entry);
        }
        let found = eplf::entry(line)
            .or_else(|| unix::entry(line, self.now))
            .or_else(|| dos::entry(line))
            .or_else(|| vms::entry(line));
        match found {
            Some(entry) if entry.is_dot() => ListingLine::Decoration,
            Some(entry) => ListingLine::Entry(entry),
            None => self.other(line),
        }
    }

    fn other(&mut self, line: &[u8]) -> ListingLine {
        if vms::is_name_alone(line) {
            self.name = Some(line.trim_ascii().to_vec());
            return ListingLine::Decoration;
        }
        match unix::is_decoration(line) || vms::is_decoration(line) {
            true => ListingLine::Decoration,
            false => ListingLine::Unknown,
        }
    }
}

/// Takes a line of MLSD (RFC 3659 section 7.2), with or without its end.
pub(crate) fn mlsd_line(line: &[u8]) -> ListingLine {
    match Facts::parse(without_end(line)) {
        None => ListingLine::Unknown,
        Some(facts) if facts.is_folder_itself() => ListingLine::Decoration,
        Some(facts) => ListingLine::Entry(facts.entry()),
    }
}

/// The `unique` of the folder that is listed, if this line of MLSD tells it.
pub(crate) fn own_unique(line: &[u8]) -> Option<Vec<u8>> {
    let facts = Facts::parse(without_end(line)).filter(Facts::is_the_listed_folder)?;
    facts.value("unique").map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests;
