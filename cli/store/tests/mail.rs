//! Collecting mail into each kind of mailbox, by one living process.
//! Must not hold: deaths; those are in mail_crash.rs.
#![cfg(test)]

mod scratch;

use scratch::Scratch;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wireline_store::{Collection, Error, Mailbox, Outcome, State};

const ACCOUNT: &[u8] = b"me@mail.example:995";
const FIRST_LINE: &str = "From MAILER-DAEMON Tue Nov 14 22:13:20 2023\n";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// One of each kind, at `box` in the scratch folder.
fn kinds(scratch: &Scratch) -> [Mailbox; 3] {
    let path = |name: &str| scratch.at(name);
    [Mailbox::Maildir(path("maildir")), Mailbox::Mbox(path("mbox")), Mailbox::Folder(path("dir"))]
}

fn open(mailbox: &Mailbox) -> Collection {
    mailbox.open(ACCOUNT, now()).unwrap()
}

fn deliver(collection: &mut Collection, uid: &str, message: &[u8]) -> Outcome {
    let mut delivery = collection.begin(uid.as_bytes()).unwrap();
    delivery.write_all(message).unwrap();
    delivery.finish().unwrap()
}

fn deliver_by_content(collection: &mut Collection, uid: &str, message: &[u8]) -> Outcome {
    let mut delivery = collection.begin_by_content(uid.as_bytes()).unwrap();
    delivery.write_all(message).unwrap();
    delivery.finish().unwrap()
}

/// The messages in a mailbox, sorted, in the stored form; an mbox's are taken apart naively.
fn messages(mailbox: &Mailbox) -> Vec<String> {
    let mut found = match mailbox {
        Mailbox::Mbox(path) => {
            let text = read_text(path);
            text.split(FIRST_LINE)
                .skip(1)
                .map(|body| body.strip_suffix('\n').unwrap().into())
                .collect()
        }
        Mailbox::Maildir(path) => [texts(&path.join("new")), texts(&path.join("cur"))].concat(),
        Mailbox::Folder(path) => texts(path),
    };
    found.sort();
    found
}

fn texts(folder: &Path) -> Vec<String> {
    let visible = |path: &PathBuf| !path.file_name().unwrap().to_str().unwrap().starts_with('.');
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(visible);
    paths.map(|path| read_text(&path)).collect()
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::copy(&mut fs::File::open(path).unwrap(), &mut bytes).unwrap();
    bytes
}

fn read_text(path: &Path) -> String {
    String::from_utf8(read(path)).unwrap()
}

/// Names under the scratch folder that are neither messages nor journals.
fn leftovers(scratch: &Scratch) -> Vec<String> {
    let mut names = scratch.names();
    for folder in ["maildir/tmp", "dir"] {
        let there = fs::read_dir(scratch.at(folder)).into_iter().flatten();
        names.extend(there.map(|entry| entry.unwrap().file_name().into_string().unwrap()));
    }
    names.retain(|name| name.contains("part") || name.contains("spool") || name.contains("lock"));
    names
}

#[test]
fn what_is_committed_is_known_ever_after() {
    let scratch = Scratch::new();
    for mailbox in kinds(&scratch) {
        let mut collection = open(&mailbox);
        assert_eq!(collection.state(b"1"), None);
        assert_eq!(deliver(&mut collection, "1", b"A: b\r\n\r\none\r\n"), Outcome::New);
        assert_eq!(deliver(&mut collection, "../2 \0\u{ff}", b"two\r\n"), Outcome::New);
        collection.pass_over(b"3").unwrap();
        collection.commit().unwrap();
        collection.commit().unwrap();
        deliver(&mut collection, "4", b"second batch\r\n");
        collection.commit().unwrap();
        drop(collection);

        let collection = open(&mailbox);
        for (uid, state) in [
            ("1", Some(State::Stored)),
            ("../2 \0\u{ff}", Some(State::Stored)),
            ("3", Some(State::Seen)),
            ("4", Some(State::Stored)),
            ("5", None),
        ] {
            assert_eq!(collection.state(uid.as_bytes()), state, "{uid} {mailbox:?}");
        }
        assert_eq!(collection.entry(b"1").unwrap().first_seen_day, 19_675);
        drop(collection);
        assert_eq!(messages(&mailbox), ["A: b\n\none\n", "second batch\n", "two\n"]);
        let other = mailbox.open(b"you@mail.example:995", now()).unwrap();
        assert_eq!(other.state(b"1"), None, "another account, another state");
    }
    assert_eq!(leftovers(&scratch), [""; 0]);
}

#[test]
fn what_is_not_finished_or_not_committed_was_never_there() {
    let scratch = Scratch::new();
    for mailbox in kinds(&scratch) {
        let mut collection = open(&mailbox);
        // 191: the server hangs up in the middle.
        collection.begin(b"1").unwrap().write_all(&vec![b'x'; 100_000]).unwrap();
        deliver(&mut collection, "2", b"two\r\n");
        collection.begin(b"3").unwrap().write_all(b"tail").unwrap();
        collection.commit().unwrap();
        deliver(&mut collection, "4", b"four\r\n");
        drop(collection);
        assert_eq!(messages(&mailbox), ["two\n"], "{mailbox:?}");
        let collection = open(&mailbox);
        let states = ["1", "2", "3", "4"].map(|uid| collection.state(uid.as_bytes()));
        assert_eq!(states, [None, Some(State::Stored), None, None], "{mailbox:?}");
    }
    assert_eq!(leftovers(&scratch), [""; 0]);
}

#[test]
fn every_byte_is_stored_but_the_cr_of_a_line_end() {
    // 191: line without end, bare LF, bare CR, 8-bit, NUL, a line of 100,000 bytes.
    let long = [&vec![b'l'; 100_000][..], b"\r\n\0\x80\xff\rbare\nend\r"].concat();
    let stored = [&vec![b'l'; 100_000][..], b"\n\0\x80\xff\rbare\nend\r"].concat();
    let scratch = Scratch::new();
    let [maildir, mbox, dir] = kinds(&scratch);
    for mailbox in [&maildir, &mbox, &dir] {
        let mut collection = open(mailbox);
        let mut delivery = collection.begin(b"1").unwrap();
        long.chunks(1009).for_each(|piece| delivery.write_all(piece).unwrap());
        delivery.finish().unwrap();
        collection.commit().unwrap();
    }
    let only = |folder: PathBuf| {
        let mut names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let file = names.find(|path| !path.to_str().unwrap().contains("uids")).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        read(&file)
    };
    assert!(only(scratch.at("maildir/new")) == stored && only(scratch.at("dir")) == stored);
    assert!(scratch.read("mbox") == [FIRST_LINE.as_bytes(), &stored, b"\n\n"].concat());
}

#[test]
fn a_shared_id_loses_nothing_and_stores_nothing_twice() {
    // 193: two messages with one id, and messages without any.
    let scratch = Scratch::new();
    for mailbox in kinds(&scratch) {
        for run in 0..3 {
            let mut collection = open(&mailbox);
            let outcome = if run == 0 { Outcome::New } else { Outcome::Known };
            for (uid, message) in [("1", "a\r\n"), ("1", "b\r\n"), ("", "c\r\n")] {
                let message = message.as_bytes();
                assert_eq!(deliver_by_content(&mut collection, uid, message), outcome, "{run}");
                assert_eq!(deliver_by_content(&mut collection, uid, message), Outcome::Known);
            }
            assert_eq!(collection.state(b"1"), None);
            collection.commit().unwrap();
        }
        // The caller did not notice that an id is shared.
        let mut collection = open(&mailbox);
        deliver(&mut collection, "2", b"d\r\n");
        deliver(&mut collection, "2", b"e\r\n");
        collection.commit().unwrap();
        drop(collection);
        assert_eq!(messages(&mailbox), ["a\n", "b\n", "c\n", "d\n", "e\n"], "{mailbox:?}");
    }
    assert_eq!(leftovers(&scratch), [""; 0]);
}

#[test]
fn a_second_run_is_refused() {
    // 200
    let scratch = Scratch::new();
    for mailbox in kinds(&scratch) {
        let first = open(&mailbox);
        let refused = mailbox.open(b"other", now()).unwrap_err();
        assert!(matches!(refused, Error::Locked { .. }), "{refused}");
        drop(first);
        open(&mailbox);
    }
}

#[test]
fn a_batch_that_was_moved_and_not_journaled_is_found_by_its_names() {
    // 16: of three messages the first is in new/, the second was read since, the third is not there.
    let scratch = Scratch::new();
    let [maildir, _, dir] = kinds(&scratch);
    for (mailbox, folder, place) in [(maildir, "maildir", "maildir/new"), (dir, "dir", "dir")] {
        let mut collection = open(&mailbox);
        for uid in ["1", "2", "3"] {
            deliver(&mut collection, uid, uid.as_bytes());
        }
        collection.commit().unwrap();
        drop(collection);
        for entry in fs::read_dir(scratch.at(place)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            match read_text(&path).as_str() {
                "2" if folder == "maildir" => {
                    let cur = scratch.at("maildir/cur").join(format!("{name}:2,S"));
                    fs::rename(path, cur).unwrap();
                }
                "3" => fs::remove_file(path).unwrap(),
                _ => {}
            }
        }
        let journal = scratch.at(folder).join(".wireline-uids");
        let text = read_text(&journal);
        fs::write(&journal, text.strip_suffix("done\n").unwrap()).unwrap();

        let later = now() + Duration::from_secs(1);
        let mut collection = mailbox.open(ACCOUNT, later).unwrap();
        let states = ["1", "2", "3"].map(|uid| collection.state(uid.as_bytes()));
        assert_eq!(states, [Some(State::Stored), Some(State::Stored), None], "{folder}");
        deliver(&mut collection, "3", b"3");
        collection.commit().unwrap();
        drop(collection);
        assert_eq!(messages(&mailbox), ["1", "2", "3"]);
    }
}

#[test]
fn an_id_that_is_given_again_is_a_new_message() {
    // 193: the old message is still there, under a name made of the same id.
    let scratch = Scratch::new();
    for mailbox in kinds(&scratch) {
        for (run, text) in (0..).zip(["a\n", "b\n"]) {
            let later = now() + Duration::from_nanos(run);
            let mut collection = mailbox.open(ACCOUNT, later).unwrap();
            assert_eq!(collection.state(b"1"), None);
            deliver(&mut collection, "1", text.as_bytes());
            collection.commit().unwrap();
            assert_eq!(collection.forget_unlisted([]).unwrap(), 1);
        }
        assert_eq!(messages(&mailbox), ["a\n", "b\n"]);
    }
}

#[test]
fn leftovers_of_ours_go_and_others_stay() {
    let scratch = Scratch::new();
    drop(kinds(&scratch).map(|mailbox| open(&mailbox)));
    for name in ["maildir/tmp/.0.wireline-part", "dir/.12.wireline-part", ".mbox.wireline-spool"] {
        scratch.write(name, b"torn");
    }
    scratch.write("mbox.lock", b"1 wireline\n");
    for name in ["maildir/tmp/1.2.host", "dir/.mine", "maildir/new/1.2.host"] {
        scratch.write(name, b"theirs");
    }
    drop(kinds(&scratch).map(|mailbox| open(&mailbox)));
    assert_eq!(leftovers(&scratch), [""; 0]);
    for name in ["maildir/tmp/1.2.host", "dir/.mine", "maildir/new/1.2.host"] {
        assert_eq!(scratch.read(name), b"theirs");
    }
}

#[test]
fn an_mbox_grows_after_what_is_there() {
    let scratch = Scratch::new();
    let [_, mbox, _] = kinds(&scratch);
    for (old, between) in
        [("From x\n\ny\n\n", ""), ("From x\n\ny\n", "\n"), ("From x\n\ny", "\n\n")]
    {
        scratch.write("mbox", old.as_bytes());
        let mut collection = mbox.open(old.as_bytes(), now()).unwrap();
        // 194
        deliver(&mut collection, "1", b"Return-Path: <a@x>\r\n\r\nFrom me\r\n>From you");
        collection.commit().unwrap();
        let message =
            "From a@x Tue Nov 14 22:13:20 2023\nReturn-Path: <a@x>\n\n>From me\n>>From you\n\n";
        let expected = [old, between, message].concat();
        assert_eq!(String::from_utf8(scratch.read("mbox")).unwrap(), expected);
    }
}

#[test]
fn a_link_to_an_mbox_leads_to_its_journal() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.at("real")).unwrap();
    scratch.write("real/mail", b"");
    symlink("real/mail", scratch.at("mbox")).unwrap();
    let link = open(&Mailbox::Mbox(scratch.at("mbox")));
    let refused = Mailbox::Mbox(scratch.at("real/mail")).open(ACCOUNT, now()).unwrap_err();
    assert!(matches!(refused, Error::Locked { .. }), "{refused}");
    drop(link);
    assert_eq!(scratch.names(), ["mbox", "real"]);
}

#[test]
fn what_is_no_mailbox_is_refused() {
    let scratch = Scratch::new();
    scratch.write("file", b"");
    let table = [
        Mailbox::Mbox(scratch.path().to_owned()),
        Mailbox::Mbox("/dev/null".into()),
        Mailbox::Mbox(scratch.at("none/mbox")),
        Mailbox::Mbox("".into()),
        Mailbox::Maildir(scratch.at("file")),
        Mailbox::Maildir(scratch.at("none/maildir")),
        Mailbox::Folder(scratch.at("file")),
        Mailbox::Folder(scratch.at("none/dir")),
    ];
    for mailbox in table {
        let refused = mailbox.open(ACCOUNT, now());
        assert!(refused.is_err(), "{mailbox:?}");
    }
    assert_eq!(scratch.names(), ["file"]);
}

#[test]
fn unlisted_messages_are_forgotten() {
    let scratch = Scratch::new();
    for mailbox in kinds(&scratch) {
        let mut other = mailbox.open(b"other", now()).unwrap();
        other.pass_over(b"1").unwrap();
        other.commit().unwrap();
        drop(other);
        let mut collection = open(&mailbox);
        for uid in ["1", "2", "3"] {
            deliver(&mut collection, uid, b"x\r\n");
        }
        deliver_by_content(&mut collection, "4", b"x\r\n");
        collection.commit().unwrap();
        let listed: [&[u8]; 3] = [b"5", b"3", b"1"];
        assert_eq!(collection.forget_unlisted(listed).unwrap(), 1);
        assert_eq!(collection.forget_unlisted(listed).unwrap(), 0);
        deliver(&mut collection, "5", b"x\r\n");
        collection.commit().unwrap();
        assert!(matches!(mailbox.open(b"other", now()), Err(Error::Locked { .. })));
        let known = |collection: &mut Collection| {
            ["1", "2", "3", "5"].map(|uid| collection.state(uid.as_bytes()).is_some())
        };
        assert_eq!(known(&mut collection), [true, false, true, true]);
        assert_eq!(deliver_by_content(&mut collection, "4", b"x\r\n"), Outcome::Known);
        drop(collection);
        let other = mailbox.open(b"other", now()).unwrap();
        assert_eq!(other.state(b"1"), Some(State::Seen));
    }
    assert!(!scratch.names().iter().any(|name| name.ends_with(".new")));
}

#[test]
fn a_batch_is_larger_than_the_open_files() {
    let scratch = Scratch::new();
    for mailbox in kinds(&scratch) {
        let mut collection = open(&mailbox);
        for uid in 0..150 {
            deliver(&mut collection, &uid.to_string(), format!("{uid:03}\r\n").as_bytes());
        }
        collection.commit().unwrap();
        let expected: Vec<String> = (0..150).map(|uid| format!("{uid:03}\n")).collect();
        assert_eq!(messages(&mailbox), expected);
    }
}
