//! Journals that are whole, torn, damaged, and somebody else's.
//! Must not hold: mailboxes.

use super::*;
use crate::mail::State;
use crate::scratch::Scratch;

const SEEN: Entry = Entry { state: State::Seen, first_seen_day: 7 };
const STORED: Entry = Entry { state: State::Stored, first_seen_day: 20_123 };

fn open(scratch: &Scratch) -> Journal {
    Journal::open(&scratch.at("uids"), b"me").unwrap()
}

fn ids(journal: &Journal) -> Vec<&'static str> {
    let known = |uid: &&str| journal.entry(uid.as_bytes()).is_some();
    ["1", "2", "3", "4"].into_iter().filter(known).collect()
}

#[test]
fn lines_come_back() {
    let scratch = Scratch::new();
    let mut journal = open(&scratch);
    journal.add(b"1", STORED).unwrap();
    journal.add(b"a b\xff%", SEEN).unwrap();
    journal.add(b"1", SEEN).unwrap();
    assert_eq!(journal.entry(b"1"), Some(STORED), "before it is committed too");
    journal.commit().unwrap();
    assert!(journal.add(&[b'x'; UID_BYTES + 1], SEEN).is_err());
    journal.add(&[0; UID_BYTES], SEEN).unwrap();
    journal.commit().unwrap();
    drop(journal);
    let text = scratch.read("uids");
    assert!(text.starts_with(b"wireline-uids 1\nstored 20123 me 1\nseen 7 me a%20b%FF%25\n"));
    let journal = open(&scratch);
    let known = [&b"1"[..], b"a b\xff%", &[0; UID_BYTES], b"2"].map(|uid| journal.entry(uid));
    assert_eq!(known, [Some(STORED), Some(SEEN), Some(SEEN), None]);
}

#[test]
fn a_torn_end_is_dropped_at_any_byte() {
    // 21: from the first byte of a header to the last of an append.
    let whole =
        "wireline-uids 1\nstored 9 me 1\nbatch 2 files 0\nstored 9 me 2\nstored 9 me 3\ndone\n";
    let lines = [15, 29, 45, 59, 73].map(|at: usize| at + 1);
    for length in 0..whole.len() {
        let scratch = Scratch::new();
        scratch.write("uids", &whole.as_bytes()[..length]);
        let mut journal = Journal::open_unfinished(&scratch.at("uids"), b"me").unwrap();
        let expected: &[&str] = if length < lines[1] { &[] } else { &["1"] };
        assert_eq!(ids(&journal), expected, "{length}");
        assert_eq!(journal.unfinished().is_some(), length >= lines[4], "{length}");
        journal.undone().unwrap();
        journal.add(b"4", SEEN).unwrap();
        journal.commit().unwrap();
        drop(journal);
        assert_eq!(ids(&open(&scratch)), [expected, &["4"]].concat(), "{length}");
    }
    let scratch = Scratch::new();
    scratch.write("uids", whole.as_bytes());
    assert_eq!(ids(&open(&scratch)), ["1", "2", "3"]);
}

#[test]
fn damage_is_an_error_and_stays_as_it_is() {
    // 21
    let table: &[(&str, &str, u64)] = &[
        ("not ours", "hello", 1),
        ("not ours, whole line", "hello\n", 1),
        ("other version", "wireline-uids 2\n", 1),
        ("CRLF", "wireline-uids 1\r\n", 1),
        ("line in the middle", "wireline-uids 1\nstored 9 me 1\nsto\nstored 9 me 2\n", 3),
        ("empty line", "wireline-uids 1\n\n", 2),
        ("NULs", "wireline-uids 1\n\0\0\0\n", 2),
        ("bad escape", "wireline-uids 1\nstored 9 me %zz\n", 2),
        ("bad escape, other account", "wireline-uids 1\nstored 9 you %zz\n", 2),
        ("done without batch", "wireline-uids 1\ndone\n", 2),
        ("done too soon", "wireline-uids 1\nbatch 1 files 9\ndone\n", 3),
        ("too many records", "wireline-uids 1\nbatch 0 files 9\nstored 9 me 1\n", 3),
        ("batch in batch", "wireline-uids 1\nbatch 1 files 9\nbatch 1 files 9\n", 3),
        ("unfinished", "wireline-uids 1\nbatch 0 files 9\n", 2),
    ];
    for (row, text, line) in table {
        let scratch = Scratch::new();
        scratch.write("uids", text.as_bytes());
        let refused = Journal::open(&scratch.at("uids"), b"me").unwrap_err();
        let at = match refused {
            Error::Journal { line, .. } => line,
            other => panic!("{row}: {other}"),
        };
        assert_eq!((at, scratch.read("uids")), (*line, text.as_bytes().to_vec()), "{row}");
    }
    let scratch = Scratch::new();
    scratch.write("uids", &[HEADER, &[b'x'; 200_000]].concat());
    assert!(Journal::open(&scratch.at("uids"), b"me").is_err(), "oversize");
    std::os::unix::fs::symlink("uids", scratch.at("link")).unwrap();
    let refused = Journal::open(&scratch.at("link"), b"me").unwrap_err();
    assert!(matches!(refused, Error::NotAFile { what: "a symbolic link", .. }), "{refused}");
}

#[test]
fn a_batch_can_be_stored_in_part() {
    // 16: two accounts, and a batch that either of them began.
    let text = "wireline-uids 1\nstored 9 me 1\nseen 9 you 1\nbatch 2 files 7\n\
                stored 9 me 2\nstored 9 me 3\n";
    let table: &[(&[usize], &[&str], &str)] = &[
        (&[], &["1"], "stored 9 me 1\nseen 9 you 1\n"),
        (&[0], &["1", "2"], "stored 9 me 1\nseen 9 you 1\nstored 9 me 2\n"),
        (&[1], &["1", "3"], "stored 9 me 1\nseen 9 you 1\nstored 9 me 3\n"),
        (&[0, 1], &["1", "2", "3"], &format!("{}done\n", text.replace("wireline-uids 1\n", ""))),
    ];
    for (stored, known, left) in table {
        for account in [&b"me"[..], b"you"] {
            let scratch = Scratch::new();
            scratch.write("uids", text.as_bytes());
            let mut journal = Journal::open_unfinished(&scratch.at("uids"), account).unwrap();
            assert!(journal.commit().is_err(), "not before it is resolved");
            assert_eq!(journal.unfinished(), Some(Place::Files { salt: 7 }));
            let keys = journal.unfinished_keys().to_vec();
            let stored: Vec<Digest> = stored.iter().map(|at| keys[*at]).collect();
            journal.done_in_part(|key| stored.contains(key)).unwrap();
            assert_eq!(ids(&journal), if account == b"me" { *known } else { &["1"] });
            drop(journal);
            let text = String::from_utf8(scratch.read("uids")).unwrap();
            assert_eq!(text, format!("wireline-uids 1\n{left}"));
            assert_eq!(ids(&open(&scratch)), *known);
        }
    }
}

#[test]
fn one_run_at_a_time() {
    // 200
    let scratch = Scratch::new();
    let mut journal = open(&scratch);
    journal.add(b"1", SEEN).unwrap();
    journal.commit().unwrap();
    let locked = || matches!(Journal::open(&scratch.at("uids"), b"you"), Err(Error::Locked { .. }));
    assert!(locked());
    assert_eq!(journal.forget_unlisted([]).unwrap(), 1);
    assert!(locked(), "also after it was replaced");
    drop(journal);
    assert!(!locked());
}

#[test]
fn a_hundred_thousand_ids() {
    let scratch = Scratch::new();
    let uid = |number: u32| format!("{number:032}").into_bytes();
    let mut journal = open(&scratch);
    (0..100_000).for_each(|number| journal.add(&uid(number), STORED).unwrap());
    journal.commit().unwrap();
    drop(journal);
    let mut journal = open(&scratch);
    assert!((0..100_000).step_by(97).all(|number| journal.entry(&uid(number)) == Some(STORED)));
    assert!((100_000..200_000).step_by(97).all(|number| journal.entry(&uid(number)).is_none()));
    // A slot of the table is an entry and a byte; it was not made twice as large in between.
    let slot = size_of::<(Digest, Entry)>() + 1;
    assert!(slot * (journal.entries.capacity() * 8 / 7).next_power_of_two() < 5 << 20);
    let listed: Vec<Vec<u8>> = (50_000..150_000).map(uid).collect();
    assert_eq!(journal.forget_unlisted(listed.iter().map(Vec::as_slice)).unwrap(), 50_000);
    drop(journal);
    let journal = open(&scratch);
    let known = [0, 49_999, 50_000, 99_999].map(|number| journal.entry(&uid(number)).is_some());
    assert_eq!(known, [false, false, true, true]);
}
