//! Listings for programs: the facts of MLSD and MLST (RFC 3659 section 7).
//! Must not hold: formats made for people.

use super::date::{day, digits, month_of, time};
use crate::listing::{Accuracy, Entry, Kind, Modified};
use crate::reply::number;
use nom::bytes::complete::{take_till, take_while1};
use nom::character::complete::char;
use nom::combinator::{all_consuming, opt, rest};
use nom::multi::many0;
use nom::sequence::{preceded, separated_pair, terminated};
use nom::{IResult, Parser};
use std::fmt;
use time::UtcDateTime;
use wireline_wire::escape;

/// `entry = [ facts ] SP pathname` (RFC 3659 section 7.2): what a server says of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    facts: Vec<(&'a [u8], &'a [u8])>,
    name: &'a [u8],
}

impl<'a> Facts<'a> {
    /// Reads one line without its end.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let (_, (mut facts, last, name)) =
            all_consuming((many0(fact), opt(last_fact), preceded(char(' '), rest)))
                .parse(line)
                .ok()?;
        facts.extend(last);
        (!name.is_empty()).then_some(Self { facts, name })
    }

    /// The value of a fact, whatever the case of its name (RFC 3659 section 7.5).
    #[must_use]
    pub fn value(&self, fact: &str) -> Option<&'a [u8]> {
        let mut facts = self.facts.iter();
        facts.find(|(name, _)| name.eq_ignore_ascii_case(fact.as_bytes())).map(|(_, value)| *value)
    }

    /// Every fact in its order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.facts.iter().copied()
    }

    /// What the server calls it.
    #[must_use]
    pub const fn name(&self) -> &'a [u8] {
        self.name
    }

    /// The facts that every format has.
    #[must_use]
    pub fn entry(&self) -> Entry {
        let (kind, link) = self.kind();
        let size = self.value("size").and_then(|size| number(size).ok());
        let mode = self.value("unix.mode").and_then(|mode| str::from_utf8(mode).ok());
        Entry {
            size: size.filter(|_| kind != Kind::Folder),
            modified: self.value("modify").and_then(time_val),
            mode: mode.and_then(|mode| u32::from_str_radix(mode, 8).ok()).map(|mode| mode & 0o7777),
            link: link.map(<[u8]>::to_vec),
            unique: self.value("unique").map(<[u8]>::to_vec),
            ..Entry::new(self.name, kind)
        }
    }

    /// `type-val = "file" / "cdir" / "pdir" / "dir" / os-type` (RFC 3659 section 7.5.1); links are
    /// `OS.unix=slink:target` or `OS.unix=symlink`.
    fn kind(&self) -> (Kind, Option<&'a [u8]>) {
        let Some(value) = self.value("type") else { return (Kind::Unknown, None) };
        let value_ = value.to_ascii_lowercase();
        match value_.as_slice() {
            b"file" => (Kind::File, None),
            b"dir" | b"cdir" | b"pdir" => (Kind::Folder, None),
            link if link.starts_with(b"os.unix=slink") || link.starts_with(b"os.unix=symlink") => {
                let target = value.iter().position(|&byte| byte == b':');
                let target = target.and_then(|at| value.get(at + 1..));
                (Kind::Link, target.filter(|target| !target.is_empty()))
            }
            _ => (Kind::Other, None),
        }
    }

    /// The folder that is listed, but not the one above.
    pub(super) fn is_the_listed_folder(&self) -> bool {
        let kind = self.value("type").unwrap_or_default();
        kind.eq_ignore_ascii_case(b"cdir")
            || self.name == b"." && !kind.eq_ignore_ascii_case(b"pdir")
    }

    /// The folder that is listed, or the one above: under any name (RFC 3659 section 7.5.1).
    pub(super) fn is_folder_itself(&self) -> bool {
        let kind = self.value("type").unwrap_or_default();
        let is_own = kind.eq_ignore_ascii_case(b"cdir") || kind.eq_ignore_ascii_case(b"pdir");
        is_own || matches!(self.name, b"." | b"..")
    }
}

impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Facts(")?;
        for (name, value) in &self.facts {
            write!(f, "{}={};", escape(name), escape(value))?;
        }
        write!(f, " {})", escape(self.name))
    }
}

/// `fact = factname "=" value ";"`.
fn fact(input: &[u8]) -> IResult<&[u8], (&[u8], &[u8])> {
    let value = take_till(|byte| byte == b';');
    terminated(separated_pair(fact_name, char('='), value), char(';')).parse(input)
}

/// The last fact of an old draft: without its `;`.
fn last_fact(input: &[u8]) -> IResult<&[u8], (&[u8], &[u8])> {
    let value = take_till(|byte| matches!(byte, b';' | b' '));
    separated_pair(fact_name, char('='), value).parse(input)
}

/// `factname = "Size" / "Modify" / .. / token`.
fn fact_name(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'=' | b';')).parse(input)
}

/// `time-val = 14DIGIT [ "." 1*DIGIT ]` (RFC 3659 section 2.3), UTC; what is behind is not looked
/// at. `None` for what is no time, and for the five-digit years of 2000's bug.
#[must_use]
pub fn time_val(value: &[u8]) -> Option<Modified> {
    let (rest, year) = digits(value, 4..=4).ok()?;
    let two = |input| digits(input, 2..=2);
    let (rest, (month, day_, hour, minute, second)) = (two, two, two, two, two).parse(rest).ok()?;
    if rest.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let date = day(year, month_of(month)?, day_)?;
    let at = UtcDateTime::new(date, time((hour, minute, second))?);
    Some(Modified { at, accuracy: Accuracy::Exact })
}
