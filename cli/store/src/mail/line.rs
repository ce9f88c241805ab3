//! The lines of a journal.
//! Must not hold: files.

use super::digest::Digest;
use std::fmt::Write;

/// What the journal knows of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it was stored.
    pub state: State,
    /// When it was first seen: days since 1 January 1970, UTC.
    pub first_seen_day: u32,
}

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was passed over on the user's word, and is nowhere but on the server.
    Seen,
    /// It is stored here.
    Stored,
}

/// One line, without its LF.
///
/// ```text
/// line   = record / batch / done
/// record = state SP day SP account SP uid [SP content]
/// batch  = "batch" SP count SP ("files" SP salt / "mbox" SP offset SP separator SP bytes)
/// done   = "done"
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A message. Account and uid are escaped; `content` is there when the uid alone does not tell
    /// it from others.
    Record { entry: Entry, account: &'a [u8], uid: &'a [u8], content: Option<Digest> },
    /// The messages of the `count` records that follow are being stored.
    Batch { count: u64, place: Place },
    /// And they are.
    Done,
}

/// Where a batch goes: what a later run needs to find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// To files of their own, named after the messages and a number that no other run has.
    Files { salt: u64 },
    /// To the end of an mbox.
    Mbox(Tail),
}

/// What a batch adds to an mbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Length of the mbox before.
    pub(crate) offset: u64,
    /// Line ends that come first.
    pub(crate) separator: u64,
    /// Length of the batch without them.
    pub(crate) bytes: u64,
}

impl<'a> Line<'a> {
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ');
        let parsed = match words.next()? {
            b"done" => Self::Done,
            b"batch" => Self::Batch {
                count: number(words.next()?)?,
                place: match words.next()? {
                    b"files" => Place::Files { salt: number(words.next()?)? },
                    b"mbox" => Place::Mbox(Tail {
                        offset: number(words.next()?)?,
                        separator: number(words.next()?)?,
                        bytes: number(words.next()?)?,
                    }),
                    _ => return None,
                },
            },
            state => Self::Record {
                entry: Entry {
                    state: State::parse(state)?,
                    first_seen_day: u32::try_from(number(words.next()?)?).ok()?,
                },
                account: words.next()?,
                uid: words.next()?,
                content: words
                    .next()
                    .map(|hex| Digest::from_hex(hex).ok_or(()))
                    .transpose()
                    .ok()?,
            },
        };
        words.next().is_none().then_some(parsed)
    }

    /// Writes the line with its LF.
    pub(crate) fn print(&self, out: &mut Vec<u8>) {
        let mut put = |text: &[u8]| out.extend_from_slice(text);
        match self {
            Self::Record { entry, account, uid, content } => {
                put(entry.state.word());
                put(format!(" {} ", entry.first_seen_day).as_bytes());
                put(account);
                put(b" ");
                put(uid);
                if let Some(content) = content {
                    put(format!(" {content}").as_bytes());
                }
            }
            Self::Batch { count, place: Place::Files { salt } } => {
                put(format!("batch {count} files {salt}").as_bytes());
            }
            Self::Batch { count, place: Place::Mbox(Tail { offset, separator, bytes }) } => {
                put(format!("batch {count} mbox {offset} {separator} {bytes}").as_bytes());
            }
            Self::Done => put(b"done"),
        }
        put(b"\n");
    }
}

impl State {
    fn parse(word: &[u8]) -> Option<Self> {
        [Self::Seen, Self::Stored].into_iter().find(|state| state.word() == word)
    }

    fn word(self) -> &'static [u8] {
        match self {
            Self::Seen => b"seen",
            Self::Stored => b"stored",
        }
    }
}

/// Bytes as visible ASCII without blanks: `%` and all others as `%XX`.
pub(crate) fn escaped(raw: &[u8]) -> Vec<u8> {
    let mut text = String::with_capacity(raw.len());
    for byte in raw {
        if byte.is_ascii_graphic() && *byte != b'%' {
            text.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            write!(text, "%{byte:02X}").ok();
        }
    }
    text.into_bytes()
}

/// What [`escaped`] was given; `None` for what it does not give.
pub(crate) fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut raw = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte == b'%' {
            let (hex, after) = rest.split_first_chunk::<2>()?;
            raw.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
            rest = after;
        } else {
            raw.push(*byte);
        }
    }
    (escaped(&raw) == text).then_some(raw)
}

fn number(digits: &[u8]) -> Option<u64> {
    let plain = digits.iter().all(u8::is_ascii_digit);
    if plain { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb924";

    #[test]
    fn good_lines_come_back() {
        for line in [
            "stored 20123 me@host:110 whqtswO00WBw418f9t5JxYwZ",
            "seen 0 me %20%00%25%FF",
            &format!("stored 4294967295 me  {HEX}"),
            "batch 3 mbox 0 2 18446744073709551615",
            "batch 1 files 1700000000000000000",
            "done",
        ] {
            let mut printed = Vec::new();
            Line::parse(line.as_bytes()).unwrap().print(&mut printed);
            assert_eq!(printed, format!("{line}\n").as_bytes());
        }
    }

    #[test]
    fn odd_lines_are_refused() {
        for line in [
            "",
            " ",
            "stored",
            "stored 1",
            "stored 1 a",
            "stored 1 a b c",
            "stored 1 a b  ",
            "stored -1 a b",
            "stored +1 a b",
            "stored 4294967296 a b",
            "stored x a b",
            "kept 1 a b",
            "Stored 1 a b",
            "batch 1",
            "batch 1 tape 2",
            "batch 1 files",
            "batch 1 files x",
            "batch 1 files 2 3",
            "batch 1 mbox 2 3",
            "batch 1 mbox 2 3 4 5",
            "batch 1 mbox 18446744073709551616 0 0",
            "done 1",
            "\0",
        ] {
            assert_eq!(Line::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn any_bytes_are_escaped() {
        let all: Vec<u8> = (0..=255).collect();
        let text = escaped(&all);
        assert!(text.iter().all(u8::is_ascii_graphic));
        assert_eq!(unescaped(&text), Some(all));
        for odd in ["%", "%2", "%zz", "%+1", "%41", "%2f", "a b", "\u{e4}"] {
            assert_eq!(unescaped(odd.as_bytes()), None, "{odd}");
        }
    }
}
