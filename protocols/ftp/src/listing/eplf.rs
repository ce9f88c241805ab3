//! Easily parsed list format: `+i8388621.48594,m825718503,r,s280,<TAB>djb.html` (D. J. Bernstein).
//! Must not hold: other formats.

use crate::listing::{Accuracy, Entry, Kind, Modified};
use crate::reply::number;
use nom::Parser;
use nom::bytes::complete::take_till;
use nom::character::complete::char;
use nom::combinator::rest;
use nom::sequence::{preceded, separated_pair};
use time::UtcDateTime;

/// `"+" *( fact "," ) TAB name`
pub(super) fn entry(line: &[u8]) -> Option<Entry> {
    let facts = take_till(|byte| byte == b'\t');
    let parts = separated_pair(facts, char::<&[u8], nom::error::Error<&[u8]>>('\t'), rest);
    let (_, (facts, name)) = preceded(char('+'), parts).parse(line).ok()?;
    let mut entry = Entry::new(name, Kind::Unknown);
    for fact in facts.split(|&byte| byte == b',') {
        take(&mut entry, fact);
    }
    (!name.is_empty()).then_some(entry)
}

fn take(entry: &mut Entry, fact: &[u8]) {
    match fact {
        b"/" => entry.kind = Kind::Folder,
        b"r" => entry.kind = Kind::File,
        [b's', size @ ..] => entry.size = number(size).ok(),
        [b'm', seconds @ ..] => entry.modified = number(seconds).ok().and_then(modified),
        [b'u', b'p', mode @ ..] => {
            let mode = str::from_utf8(mode).ok();
            entry.mode = mode.and_then(|mode| u32::from_str_radix(mode, 8).ok());
        }
        _ => {}
    }
}

fn modified(seconds: i64) -> Option<Modified> {
    let at = UtcDateTime::from_unix_timestamp(seconds).ok()?;
    Some(Modified { at, accuracy: Accuracy::Exact })
}
