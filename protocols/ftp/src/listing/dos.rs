//! What `dir` prints, as IIS does: `11-21-26  06:30AM       <DIR>          name`.
//! Must not hold: other formats.

use super::date::{day, digits, month_of, time, to_the_minute};
use crate::listing::{Entry, Kind, Modified};
use crate::reply::number;
use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_while1};
use nom::character::complete::{char, one_of, space1};
use nom::combinator::{map, map_res, opt};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};
use time::UtcDateTime;

/// `date time ( "<DIR>" / size ) name`
pub(super) fn entry(line: &[u8]) -> Option<Entry> {
    let (rest, (modified, kind, size)) = (terminated(modified, space1), alt((folder, file)))
        .map(|(modified, (kind, size))| (modified, kind, size))
        .parse(line)
        .ok()?;
    let mut entry = Entry::new(name(rest, kind), kind);
    (entry.size, entry.modified) = (size, modified);
    (!entry.name.is_empty()).then_some(entry)
}

/// One space stands before a file's name, columns of them before a folder's.
fn name(rest: &[u8], kind: Kind) -> &[u8] {
    match kind {
        Kind::File => rest.strip_prefix(b" ").unwrap_or_default(),
        _ => rest.trim_ascii_start(),
    }
}

fn folder(input: &[u8]) -> IResult<&[u8], (Kind, Option<u64>)> {
    let other = map(
        alt((tag_no_case("<JUNCTION>"), tag_no_case("<SYMLINKD>"), tag_no_case("<SYMLINK>"))),
        |_| Kind::Other,
    );
    let folder = map(tag_no_case("<DIR>"), |_| Kind::Folder);
    map(alt((folder, other)), |kind| (kind, None)).parse(input)
}

fn file(input: &[u8]) -> IResult<&[u8], (Kind, Option<u64>)> {
    let digits = take_while1(|byte: u8| byte.is_ascii_digit() || byte == b',');
    let size = map_res(digits, |digits: &[u8]| {
        let digits: Vec<u8> = digits.iter().copied().filter(u8::is_ascii_digit).collect();
        number(&digits)
    });
    map(size, |size| (Kind::File, Some(size))).parse(input)
}

/// `MM-DD-YY[YY] HH:MM[AM|PM]`. One that is no day of the calendar is a date all the same.
fn modified(input: &[u8]) -> IResult<&[u8], Option<Modified>> {
    let two = |input| digits(input, 2..=2);
    let separator = || one_of("-/.");
    let year = alt((|input| digits(input, 4..=4), map(two, century)));
    let date = (terminated(two, separator()), terminated(two, separator()), year);
    let clock = (two, preceded(char(':'), two), opt(alt((tag_no_case("AM"), tag_no_case("PM")))));
    let (rest, ((month, day_, year), _, (hour, minute, half))) =
        (date, space1, clock).parse(input)?;
    let hour = match half.map(<[u8]>::to_ascii_uppercase).as_deref() {
        Some(b"AM") => hour % 12,
        Some(_) => hour % 12 + 12,
        None => hour,
    };
    let at = || {
        let date = day(year, month_of(month)?, day_)?;
        Some(to_the_minute(UtcDateTime::new(date, time((hour, minute, 0))?)))
    };
    Ok((rest, at()))
}

/// 70 to 99 are of the last century.
const fn century(year: u16) -> u16 {
    if year < 70 { 2000 + year } else { 1900 + year }
}
