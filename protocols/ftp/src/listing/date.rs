//! Dates of listings: words and digits made into times. Must not hold: whole lines.

use crate::listing::{Accuracy, Modified};
use crate::reply::number;
use nom::bytes::complete::{take_while_m_n, take_while1};
use nom::character::complete::char;
use nom::combinator::{map_opt, map_res, opt};
use nom::sequence::preceded;
use nom::{IResult, Parser};
use std::ops::RangeInclusive;
use time::{Date, Duration, Month, Time, UtcDateTime};

/// A number of so many digits.
pub(super) fn digits(input: &[u8], count: RangeInclusive<usize>) -> IResult<&[u8], u16> {
    let digit = |byte: u8| byte.is_ascii_digit();
    map_res(take_while_m_n(*count.start(), *count.end(), digit), number).parse(input)
}

/// `Jan` to `Dec` in any case, and no letter behind.
pub(super) fn month(input: &[u8]) -> IResult<&[u8], Month> {
    const NAMES: [&[u8]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let named = |word: &[u8]| {
        let at = NAMES.iter().position(|name| name.eq_ignore_ascii_case(word))?;
        month_of(u16::try_from(at).ok()? + 1)
    };
    map_opt(take_while1(|byte: u8| byte.is_ascii_alphabetic()), named).parse(input)
}

pub(super) fn month_of(number: u16) -> Option<Month> {
    Month::try_from(u8::try_from(number).ok()?).ok()
}

/// `HH:MM[:SS]`.
pub(super) fn clock(input: &[u8]) -> IResult<&[u8], (u16, u16, u16)> {
    let two = |input| digits(input, 1..=2);
    let parts =
        (two, preceded(char(':'), |input| digits(input, 2..=2)), opt(preceded(char(':'), two)));
    parts.map(|(hour, minute, second)| (hour, minute, second.unwrap_or(0))).parse(input)
}

/// A day of the calendar.
pub(super) fn day(year: u16, month: Month, day: u16) -> Option<Date> {
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()
}

/// The last such day that is past at `now`, or will be in a day: Unix leaves the year away.
pub(super) fn latest(
    now: UtcDateTime,
    month: Month,
    day_: u16,
    clock: Time,
) -> Option<UtcDateTime> {
    // As many years as may lie between two 29ths of February.
    const YEARS: i32 = 8;
    let end = now.saturating_add(Duration::DAY);
    let year = end.year();
    (year - YEARS..=year)
        .rev()
        .filter_map(|year| day(u16::try_from(year).ok()?, month, day_))
        .map(|date| UtcDateTime::new(date, clock))
        .find(|&at| at <= end)
}

/// Hours, minutes and seconds; a leap second is the one before.
pub(super) fn time((hour, minute, second): (u16, u16, u16)) -> Option<Time> {
    let small = |number: u16| u8::try_from(number).ok();
    Time::from_hms(small(hour)?, small(minute)?, small(second.min(59))?).ok()
}

/// In an unknown zone.
pub(super) const fn to_the_minute(at: UtcDateTime) -> Modified {
    Modified { at, accuracy: Accuracy::Minute }
}

/// In an unknown zone.
pub(super) const fn to_the_day(date: Date) -> Modified {
    Modified { at: UtcDateTime::new(date, Time::MIDNIGHT), accuracy: Accuracy::Day }
}
