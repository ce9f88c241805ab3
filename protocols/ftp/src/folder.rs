//! Folders under way: listings read from the data connection one line at a time, however long.
//! Must not hold: formats (`listing/`).

use crate::listing::{ListParser, ListingLine, mlsd_line, own_unique};
use crate::reply::without_end;
use crate::transfer::UnderWay;
use crate::{Entry, Error};

/// The entries of a folder. The iterator ends after the server has confirmed the listing; an
/// error, a listing cut short among them, is its last item.
///
/// Dropped before its end, it leaves the session over.
#[derive(Debug)]
#[must_use = "a listing is whole when the iterator has ended without an error"]
pub struct Listing<'s> {
    lines: Lines<'s>,
    /// None for MLSD.
    parser: Option<ListParser>,
    unknown: u64,
    unique: Option<Vec<u8>>,
}

/// The names of a folder, as NLST says them, or its lines as they are. Ends as [`Listing`] does.
#[derive(Debug)]
#[must_use = "a listing is whole when the iterator has ended without an error"]
pub struct Lines<'s> {
    under_way: UnderWay<'s>,
    taken: u64,
    ended: bool,
}

impl<'s> Listing<'s> {
    pub(crate) const fn new(lines: Lines<'s>, parser: Option<ListParser>) -> Self {
        Self { lines, parser, unknown: 0, unique: None }
    }

    /// Lines so far that no known format explains: there may be files that the iterator did not
    /// name.
    #[must_use]
    pub const fn unknown(&self) -> u64 {
        self.unknown
    }

    /// The [`Entry::unique`] of the folder itself, once its line has come; MLSD need not have one.
    #[must_use]
    pub fn unique(&self) -> Option<&[u8]> {
        self.unique.as_deref()
    }
}

impl Iterator for Listing<'_> {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.lines.next()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let parsed = match &mut self.parser {
                Some(parser) => parser.feed(&line),
                None => mlsd_line(&line),
            };
            match parsed {
                ListingLine::Entry(entry) => return Some(Ok(entry)),
                ListingLine::Decoration if self.parser.is_none() => {
                    self.unique = self.unique.take().or_else(|| own_unique(&line));
                }
                ListingLine::Decoration => {}
                ListingLine::Unknown => self.unknown += 1,
            }
        }
    }
}

impl<'s> Lines<'s> {
    pub(crate) const fn new(under_way: UnderWay<'s>) -> Self {
        Self { under_way, taken: 0, ended: false }
    }

    fn read(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let limits = self.under_way.session.dialogue.limits;
        let line = match self.under_way.data()?.body_line(limits.listing_line_bytes) {
            Ok(line) => line.map(|line| without_end(line).to_vec()),
            Err(error) => return Err(self.under_way.fail(error)),
        };
        if line.is_none() {
            return self.under_way.end().map(|_| None);
        }
        self.taken += 1;
        match self.taken > limits.listing_lines {
            true => Err(self.under_way.too_many_lines(limits.listing_lines)),
            false => Ok(line),
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let line = self.read().transpose();
        self.ended = !matches!(line, Some(Ok(_)));
        line
    }
}
