//! The names beside a target: its part file, the description, and one for a description being
//! written.
//! Must not hold: any look at the file system.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Hidden names made from the target's. Only who holds the lock on the part file may touch the
/// other two.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) part: OsString,
    pub(crate) description: OsString,
    pub(crate) temporary: OsString,
}

impl Names {
    /// `.NAME.part` and so on; a NAME too long for that is cut, and a hash of all of it tells it
    /// from its likes.
    pub(crate) fn beside(name: &OsStr) -> Self {
        let raw = name.as_bytes();
        let room = NAME_BYTES - 1 - DESCRIPTION.len();
        let stem = if raw.len() <= room {
            raw.to_vec()
        } else {
            let hash = format!("-{:016x}", fnv1a(raw));
            let mut stem = whole_characters(raw, room - hash.len()).to_vec();
            stem.extend_from_slice(hash.as_bytes());
            stem
        };
        let named =
            |suffix: &str| OsString::from_vec([b".", stem.as_slice(), suffix.as_bytes()].concat());
        Self { part: named(PART), description: named(DESCRIPTION), temporary: named(TEMPORARY) }
    }
}

/// The names beside a target that a [`Part`](crate::Part) for it takes: of its part file, of the
/// description, and of one being written. What bears them otherwise is lost.
pub fn names_beside(name: &OsStr) -> [OsString; 3] {
    let Names { part, description, temporary } = Names::beside(name);
    [part, description, temporary]
}

/// At most `limit` bytes from the start, not ending inside a UTF-8 character: macOS refuses such
/// names.
fn whole_characters(raw: &[u8], limit: usize) -> &[u8] {
    let begins = |at: usize| raw.get(at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let end = (limit.saturating_sub(3)..=limit).rev().find(|at| begins(*at)).unwrap_or(limit);
    raw.get(..end).unwrap_or(raw)
}

/// FNV-1a, 64 bits: the same in every release, which the standard library's hasher does not
/// promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// Longest file name on the usual file systems, in bytes.
const NAME_BYTES: usize = 255;

const PART: &str = ".part";
const DESCRIPTION: &str = ".part.json";
/// No longer than [`DESCRIPTION`].
const TEMPORARY: &str = ".part.temp";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_beside_the_target() {
        let table: &[(&str, Vec<u8>, Option<&str>)] = &[
            ("short", b"sina.html".to_vec(), Some(".sina.html.part")),
            ("one byte", b"a".to_vec(), Some(".a.part")),
            ("not UTF-8", b"\xff\xfe".to_vec(), None),
            ("as long as fits", vec![b'a'; 244], None),
            ("one longer", vec![b'a'; 245], None),
            ("the longest", vec![b'a'; 255], None),
            ("the longest, wide", "\u{65b0}".repeat(85).into_bytes(), None),
            ("the longest, widest", "\u{1f600}".repeat(63).into_bytes(), None),
            ("the longest, not UTF-8", vec![0x80; 255], None),
        ];
        for (row, raw, part) in table {
            let names = Names::beside(OsStr::from_bytes(raw));
            let all = [&names.part, &names.description, &names.temporary];
            assert!(
                all.iter().all(|name| name.len() <= 255 && name.as_bytes()[0] == b'.'),
                "{row}"
            );
            assert!(
                names.part != names.description && names.description != names.temporary,
                "{row}"
            );
            assert_eq!(std::str::from_utf8(raw).is_ok(), names.part.to_str().is_some(), "{row}");
            if let Some(part) = part {
                assert_eq!(names.part, OsStr::new(part), "{row}");
            }
        }
    }

    #[test]
    fn long_names_with_one_beginning_differ() {
        let (a, b) = ("a".repeat(254) + "x", "a".repeat(254) + "y");
        assert_ne!(Names::beside(OsStr::new(&a)).part, Names::beside(OsStr::new(&b)).part);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
