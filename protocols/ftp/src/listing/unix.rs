//! What `ls -l` prints, and its relatives: `-rw-r--r-- 1 user group 1234 Nov 21 06:30 name`.
//! NetWare's `d [R----F--] user 512 Jan 16 18:53 name` is one of them. Must not hold: other formats.

use super::date::{clock, day, digits, latest, month, month_of, time, to_the_day, to_the_minute};
use crate::listing::{Entry, Kind, Modified};
use crate::reply::number;
use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take, take_till, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, one_of};
use nom::combinator::{map, map_opt, opt, recognize};
use nom::multi::separated_list1;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};
use time::UtcDateTime;

/// `kind permissions [links] [owner [group]] size date name [" -> " target]`
pub(super) fn entry(line: &[u8], now: UtcDateTime) -> Option<Entry> {
    let (rest, (kind, mode)) = (kind, permissions).parse(line).ok()?;
    let (name, (size, modified)) = behind_the_owner(rest, now)?;
    let mut entry = Entry::new(name, kind);
    if kind == Kind::Link
        && let Some(at) = name.windows(ARROW.len()).position(|window| window == ARROW)
        && let Some((name, target)) = name.split_at_checked(at)
    {
        entry.name = name.to_vec();
        entry.link = target.get(ARROW.len()..).map(<[u8]>::to_vec);
    }
    entry.size = size.filter(|_| matches!(kind, Kind::File | Kind::Link));
    (entry.modified, entry.mode) = (modified, mode);
    (!entry.name.is_empty()).then_some(entry)
}

const ARROW: &[u8] = b" -> ";

/// `total 12`, an empty line, the `folder:` above a part of a recursive listing.
pub(super) fn is_decoration(line: &[u8]) -> bool {
    let mut total = (tag_no_case::<_, _, nom::error::Error<&[u8]>>("total"), spaces, digit1);
    line.trim_ascii().is_empty() || total.parse(line).is_ok() || line.ends_with(b":")
}

/// `-` a file, `d` a folder, `l` a link, `b c p s D` and others something else.
fn kind(input: &[u8]) -> IResult<&[u8], Kind> {
    map_opt(take(1_usize), |letter: &[u8]| match letter {
        b"-" => Some(Kind::File),
        b"d" => Some(Kind::Folder),
        b"l" => Some(Kind::Link),
        [b'b' | b'c' | b'p' | b's' | b'D' | b'C' | b'M' | b'n' | b'P' | b'?'] => Some(Kind::Other),
        _ => None,
    })
    .parse(input)
}

/// `rwxr-xr-x` with a mark of further rules behind, or NetWare's `[R----F--]`.
fn permissions(input: &[u8]) -> IResult<&[u8], Option<u32>> {
    let netware = delimited((spaces, char('[')), take_till(|byte| byte == b']'), char(']'));
    let bits = take_while_m_n(9, 9, |byte: u8| b"rwxsStTlL-?".contains(&byte));
    let bits = terminated(bits, opt(one_of("+@.*")));
    alt((map(bits, |bits| Some(mode(bits))), map(netware, |_| None))).parse(input)
}

/// Nine letters as twelve bits.
fn mode(letters: &[u8]) -> u32 {
    let bit = |at: usize, letter: u8| match (at % 3, letter) {
        (_, b'-' | b'?') => 0,
        (2, b'S' | b'T' | b'l' | b'L') => special(at),
        (2, b's' | b't') => special(at) | 1 << (8 - at),
        _ => 1 << (8 - at),
    };
    letters.iter().enumerate().map(|(at, &letter)| bit(at, letter)).sum()
}

/// Set-user, set-group, sticky: from the third letter of each three.
const fn special(at: usize) -> u32 {
    0o4000 >> (at / 3)
}

/// Words until a size and a date stand next to each other: links, owner and group may be missing,
/// and an owner may be of several words.
fn behind_the_owner(input: &[u8], now: UtcDateTime) -> Option<(&[u8], Facts)> {
    const WORDS: usize = 8;
    let mut rest = input;
    for _ in 0..WORDS {
        let (word, _) = spaces(rest).ok()?;
        if let Ok((name, found)) = size_and_date(word, now) {
            return Some((name, found));
        }
        rest = take_till::<_, _, nom::error::Error<&[u8]>>(is_space).parse(word).ok()?.0;
    }
    None
}

type Facts = (Option<u64>, Option<Modified>);

/// Exactly one space separates the date from the name: a name may begin with more.
fn size_and_date(input: &[u8], now: UtcDateTime) -> IResult<&[u8], Facts> {
    let date = |input| date(input, now);
    let (rest, (size, _, modified, _)) = (size, spaces, date, char(' ')).parse(input)?;
    Ok((rest, (size, modified)))
}

/// Digits, perhaps with commas; none if it has too many.
fn size(input: &[u8]) -> IResult<&[u8], Option<u64>> {
    let grouped = recognize(separated_list1(char(','), digit1));
    map(grouped, |digits: &[u8]| {
        let digits: Vec<u8> = digits.iter().copied().filter(u8::is_ascii_digit).collect();
        number(&digits).ok()
    })
    .parse(input)
}

/// `Nov 21 06:30`, `Nov 21 2026`, `21 Nov 2026`, `2026-11-21 06:30`. One that is no day of the
/// calendar is a date all the same.
fn date(input: &[u8], now: UtcDateTime) -> IResult<&[u8], Option<Modified>> {
    let day = |input| digits(input, 1..=2);
    let month_first = (terminated(month, spaces), day);
    let day_first =
        map((terminated(day, (opt(char('.')), spaces)), month), |(day, month)| (month, day));
    let behind = |input| preceded(spaces, time_or_year).parse(input);
    let named = map((alt((month_first, day_first)), behind), |((month, day), when)| {
        modified(month, day, when, now)
    });
    alt((named, iso)).parse(input)
}

enum When {
    Clock((u16, u16, u16)),
    Year(u16),
}

fn time_or_year(input: &[u8]) -> IResult<&[u8], When> {
    alt((map(clock, When::Clock), map(|input| digits(input, 4..=4), When::Year))).parse(input)
}

fn modified(month: time::Month, day_: u16, when: When, now: UtcDateTime) -> Option<Modified> {
    match when {
        When::Clock(clock) => latest(now, month, day_, time(clock)?).map(to_the_minute),
        When::Year(year) => day(year, month, day_).map(to_the_day),
    }
}

/// `2026-11-21 06:30`, as newer programs print it.
fn iso(input: &[u8]) -> IResult<&[u8], Option<Modified>> {
    let two = |input| digits(input, 2..=2);
    let four = |input| digits(input, 4..=4);
    let date = (four, preceded(char('-'), two), preceded(char('-'), two));
    let fraction = opt((char('.'), digit1));
    let zone = opt((char(' '), one_of("+-"), |input| digits(input, 4..=4)));
    let clock = delimited(spaces, clock, (fraction, zone));
    map((date, clock), |((year, month, day_), clock)| {
        let date = day(year, month_of(month)?, day_)?;
        Some(to_the_minute(UtcDateTime::new(date, time(clock)?)))
    })
    .parse(input)
}

fn spaces(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(is_space).parse(input)
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
