//! What `DIRECTORY` prints under VMS: `CORE.DIR;1  1  8-SEP-1996 16:09 [SYSTEM] (RWE,RWED,RE,RE)`.
//! A long name has a line of its own. Must not hold: other formats.

use super::date::{clock, day, digits, month, time, to_the_minute};
use crate::listing::{Entry, Kind, Modified};
use nom::bytes::complete::take_while1;
use nom::character::complete::{char, digit1, space0, space1};
use nom::combinator::opt;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};
use time::UtcDateTime;

/// `name ";" version SP blocks SP date SP time ..`. Blocks are no bytes: there is no size.
pub(super) fn entry(line: &[u8]) -> Option<Entry> {
    let (rest, name) = file_name(line).ok()?;
    continued(name, rest)
}

/// What stands behind a name.
pub(super) fn continued(name: &[u8], line: &[u8]) -> Option<Entry> {
    let (_, modified) = preceded(space1, blocks_and_date).parse(line).ok()?;
    Some(Entry { modified, ..named(name) })
}

/// A name and nothing else.
pub(super) fn is_name_alone(line: &[u8]) -> bool {
    file_name(line).is_ok_and(|(rest, _)| rest.trim_ascii().is_empty())
}

/// `Directory ANONYMOUS_ROOT:[000000]`, `Total of 11 Files, 23 Blocks.`, `%RMS-E-FNF, file not found`.
pub(super) fn is_decoration(line: &[u8]) -> bool {
    let heads: [&[u8]; 4] = [b"Directory ", b"Total of ", b"Grand total of ", b"%"];
    heads.iter().any(|head| line.starts_with(head))
}

/// Without the version, and without the `.DIR` of a folder.
fn named(name: &[u8]) -> Entry {
    let name = name.split(|&byte| byte == b';').next().unwrap_or_default();
    let stem = name.len().checked_sub(4).and_then(|at| name.split_at_checked(at));
    match stem {
        Some((stem, end)) if end.eq_ignore_ascii_case(b".DIR") && !stem.is_empty() => {
            Entry::new(stem, Kind::Folder)
        }
        _ => Entry::new(name, Kind::File),
    }
}

/// `name ";" version`
fn file_name(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let name = take_while1(|byte: u8| byte.is_ascii_graphic() && byte != b';');
    nom::combinator::recognize((name, char(';'), digit1)).parse(input)
}

/// `blocks ["/" allocated] SP DD-MMM-YYYY SP HH:MM[:SS]`
fn blocks_and_date(input: &[u8]) -> IResult<&[u8], Option<Modified>> {
    let blocks = (digit1, opt((char('/'), digit1)), space1);
    let two = |input| digits(input, 1..=2);
    let year = |input| digits(input, 4..=4);
    let date = (terminated(two, char('-')), terminated(month, char('-')), year);
    let (rest, (_, (day_, month, year), clock, _)) =
        (blocks, date, preceded(space1, clock), space0).parse(input)?;
    let at = || {
        let date = day(year, month, day_)?;
        Some(to_the_minute(UtcDateTime::new(date, time(clock)?)))
    };
    Ok((rest, at()))
}
