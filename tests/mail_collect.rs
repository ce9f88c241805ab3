//! `wireline mail --into`: what is collected, where it goes, what is told, what is deleted when.

use crate::mailbox_support::{
    TARGETS, all_stored, contents, is_clean, left, letters, mail, mailbox, said, said_of, stored,
    strict, words_at,
};
use crate::support::Folder;
use serde_json::Value;
use wireline_servers::maildrop::Envelope;

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

fn into<'a>(target: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["--into", target], more].concat()
}

/// Every message comes once, into each kind of target; the second run takes only what is new.
#[test]
fn only_what_is_new_is_fetched() {
    for target in TARGETS {
        let letters = letters(9);
        let (server, folder) = (mailbox(&letters[..6]), Folder::new());
        let collect = |more: &[&str]| mail(&folder, server.addr(), &into(target, more));
        let first = collect(&[]);
        let word = format!("6 new, {} bytes", letters[..6].iter().map(Vec::len).sum::<usize>());
        assert!(first.done_in_silence().text().contains(&word), "{target}: {first:?}");
        assert_eq!(contents(&folder, target), all_stored(&letters[..6]), "{target}");
        assert_eq!(said_of(&server, "RETR").len(), 6);
        collect(&[]).done_in_silence();
        assert_eq!(said_of(&server, "RETR").len(), 6, "{target}: nothing is fetched twice");
        for letter in &letters[6..] {
            server.maildrop().add(Envelope::default(), letter.clone()).unwrap();
        }
        collect(&[]).done_in_silence();
        assert_eq!(said_of(&server, "RETR").len(), 9, "{target}");
        assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
        assert_eq!((left(&server), said_of(&server, "DELE").len()), (9, 0), "kept by default");
        is_clean(target, &folder);
        strict(target, &server);
    }
}

/// A message that a reader of a Maildir has seen, moved or flagged, or thrown away, does not come
/// again.
#[test]
fn what_was_read_does_not_come_again() {
    let letters = letters(3);
    let (server, folder) = (mailbox(&letters), Folder::new());
    let collect = || mail(&folder, server.addr(), &into("maildir:in", &[]));
    collect().done();
    let mut new: Vec<_> =
        std::fs::read_dir(folder.at("in/new")).unwrap().map(|e| e.unwrap()).collect();
    let thrown = new.pop().unwrap();
    std::fs::remove_file(thrown.path()).unwrap();
    for entry in new {
        let name = format!("in/cur/{}:2,S", entry.file_name().into_string().unwrap());
        std::fs::rename(entry.path(), folder.at(&name)).unwrap();
    }
    collect().done_in_silence();
    assert_eq!((contents(&folder, "maildir:in").len(), said_of(&server, "RETR").len()), (2, 3));
}

/// `--all` fetches anew; what is there already is not stored twice in a Maildir, whose names derive
/// from account and unique id.
#[test]
fn all_fetches_anew() {
    for target in TARGETS {
        let letters = letters(4);
        let (server, folder) = (mailbox(&letters), Folder::new());
        mail(&folder, server.addr(), &into(target, &[])).done();
        mail(&folder, server.addr(), &into(target, &["--all"])).done();
        assert_eq!(said_of(&server, "RETR").len(), 8, "{target}");
        let found = contents(&folder, target);
        for letter in &letters {
            assert!(found.contains(&stored(letter)), "{target}");
        }
        is_clean(target, &folder);
    }
}

/// `--delete`: in this order, and only at QUIT; then the mailbox is empty and everything here.
#[test]
fn delete_deletes_what_is_stored() {
    for target in TARGETS {
        let letters = letters(70);
        let (server, folder) = (mailbox(&letters), Folder::new());
        let ran = mail(&folder, server.addr(), &into(target, &["--delete"]));
        assert!(ran.done_in_silence().text().contains("70 deleted"), "{ran:?}");
        assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
        assert_eq!(left(&server), 0, "{target}");
        let said = said(&server);
        assert_eq!(said.last().map(String::as_str), Some("QUIT"));
        for nth in 1..=70 {
            let at = |verb: &str| said.iter().position(|line| *line == format!("{verb} {nth}"));
            assert!(at("RETR") < at("DELE") && at("DELE").is_some(), "{target}: {nth}");
        }
        is_clean(target, &folder);
        strict(target, &server);
    }
}

/// What an earlier run has stored and kept is deleted without being fetched again.
#[test]
fn delete_takes_what_was_kept_before() {
    for target in TARGETS {
        let letters = letters(5);
        let (server, folder) = (mailbox(&letters), Folder::new());
        mail(&folder, server.addr(), &into(target, &["--keep"])).done();
        assert_eq!(left(&server), 5);
        mail(&folder, server.addr(), &into(target, &["--delete"])).done();
        assert_eq!((left(&server), said_of(&server, "RETR").len()), (0, 5), "{target}");
        assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
    }
}

/// `--delete-after DAYS` counts from the day a message was first seen, which the journal knows.
#[test]
fn delete_after_some_days() {
    for (target, journal) in
        TARGETS.into_iter().zip(["in/.wireline-uids", "in.wireline-uids", "in/.wireline-uids"])
    {
        let letters = letters(4);
        let (server, folder) = (mailbox(&letters), Folder::new());
        let collect =
            |days: &str| mail(&folder, server.addr(), &into(target, &["--delete-after", days]));
        collect("2").done();
        collect("2").done();
        assert_eq!(left(&server), 4, "{target}: seen today");
        let today = days();
        let aged = String::from_utf8(folder.read(journal)).unwrap();
        let old = format!(" {} ", today - 2);
        let aged = aged.replacen(&format!(" {today} "), &old, 3);
        assert_eq!(aged.matches(&old).count(), 3, "{aged}");
        folder.write(journal, aged);
        collect("3").done();
        assert_eq!(left(&server), 4, "{target}: two days are not three");
        collect("2").done();
        assert_eq!((left(&server), said_of(&server, "RETR").len()), (1, 4), "{target}");
        assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
    }
}

fn days() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_secs() / 86_400
}

/// The limits of a run: what is over them stays, and comes with the next.
#[test]
fn a_run_may_be_limited() {
    for target in TARGETS {
        let letters = letters(7);
        let (server, folder) = (mailbox(&letters), Folder::new());
        for (most, have) in [("3", 3), ("0", 3), ("3", 6), ("3", 7), ("3", 7)] {
            mail(&folder, server.addr(), &into(target, &["--max-messages", most])).done();
            assert_eq!(contents(&folder, target).len(), have, "{target}");
        }
        assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
        assert_eq!(said_of(&server, "RETR").len(), 7);
    }
    let letters: Vec<_> = letters(7)
        .into_iter()
        .map(|letter| [&letter[..], &[b'x'; 1000], b"\r\n"].concat())
        .collect();
    let most = letters[..2].iter().map(Vec::len).sum::<usize>().to_string();
    let (server, folder) = (mailbox(&letters), Folder::new());
    mail(&folder, server.addr(), &into("dir:in", &["--max-bytes", &most, "--delete"])).done();
    assert_eq!(contents(&folder, "dir:in"), all_stored(&letters[..2]));
    assert_eq!(left(&server), 5, "what was not fetched is not deleted");
    mail(&folder, server.addr(), &into("dir:in", &["--max-bytes", "1M", "--delete"])).done();
    assert_eq!((contents(&folder, "dir:in"), left(&server)), (all_stored(&letters), 0));
}

/// `--max-size`: a larger message is named, stays, and comes when it may.
#[test]
fn larger_messages_stay() {
    let mut letters = letters(3);
    letters[1].extend_from_slice(&[b'x'; 5000]);
    letters[1].extend_from_slice(b"\r\n");
    for target in TARGETS {
        let (server, folder) = (mailbox(&letters), Folder::new());
        let ran = mail(&folder, server.addr(), &into(target, &["--max-size", "2k", "--delete"]));
        assert!(ran.done().stderr.contains("message 2"), "{ran:?}");
        assert!(ran.text().contains("1 too large"), "{ran:?}");
        assert_eq!(contents(&folder, target).len(), 2, "{target}");
        assert_eq!((said_of(&server, "RETR 2").len(), left(&server)), (0, 1));
        mail(&folder, server.addr(), &into(target, &["--delete"])).done_in_silence();
        assert_eq!((contents(&folder, target), left(&server)), (all_stored(&letters), 0));
    }
}

/// `-`: the messages to standard output one behind the other; a journal only where one is named.
#[test]
fn standard_output_keeps_no_journal_unless_one_is_named() {
    let letters = letters(3);
    let (server, folder) = (mailbox(&letters), Folder::new());
    let collect = |more: &[&str]| mail(&folder, server.addr(), &into("-", more));
    for _ in 0..2 {
        assert_eq!(collect(&[]).done_in_silence().stdout, letters.concat());
    }
    assert_eq!(folder.names(), [""; 0]);
    assert_eq!(collect(&["--journal", "seen"]).done_in_silence().stdout, letters.concat());
    assert_eq!(collect(&["--journal", "seen"]).done_in_silence().stdout, b"");
    assert_eq!(collect(&["--journal", "seen", "--all"]).done_in_silence().stdout, letters.concat());
    let before = server.connections();
    for more in [&["--delete"][..], &["--delete-after", "3"], &["--delete", "--journal", "seen"]] {
        collect(more).failed_in_one_line(2, "").hinted("--into");
    }
    assert_eq!(server.connections(), before, "before anything is sent");
    assert_eq!(left(&server), 3);
    strict("-", &server);
}

/// hostile.md row 204: a standard output that takes nothing is exit 7, one that is closed is none.
#[test]
fn standard_output_may_be_full() {
    let (server, folder) = (mailbox(&letters(3)), Folder::new());
    let url = crate::mailbox_support::pop3(server.addr());
    for words in [&["mail", &url, "--into", "-", "--journal", "j"][..], &["mail", &url]] {
        let mut command = crate::mailbox_support::words_in(folder.path(), words);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let out = command.stdout(full).stderr(std::process::Stdio::piped()).output().unwrap();
        assert_eq!(out.status.code(), Some(7), "{out:?}");
    }
    assert_eq!(
        mail(&folder, server.addr(), &into("-", &["--journal", "j"])).done().stdout,
        letters(3).concat()
    );
}

/// One JSON line a message, also with `--quiet`; numbers, ids, sizes and what became of it.
#[test]
fn json_tells_each_message() {
    for target in TARGETS {
        let letters = letters(3);
        let (server, folder) = (mailbox(&letters), Folder::new());
        let ran = mail(&folder, server.addr(), &into(target, &["--json", "--delete"]));
        let lines: Vec<Value> = ran.done_in_silence().text().lines().map(json).collect();
        assert_eq!(lines.len(), 3, "{ran:?}");
        for (nth, line) in lines.iter().enumerate() {
            assert_eq!(line["number"], nth + 1);
            assert_eq!(line["size"], letters[nth].len());
            assert_eq!(line["bytes"], letters[nth].len());
            assert_eq!((&line["outcome"], &line["error"]), (&Value::from("stored"), &Value::Null));
            assert!(line["uid"].is_string());
        }
    }
    let (server, folder) = (mailbox(&letters(2)), Folder::new());
    let ran = mail(&folder, server.addr(), &into("dir:in", &["-q"]));
    assert_eq!(ran.done_in_silence().text(), "");
}

/// `--list` lists, whatever else is asked, and leaves everything as it is.
#[test]
fn list_changes_nothing() {
    let (server, folder) = (mailbox(&letters(2)), Folder::new());
    let ran = mail(&folder, server.addr(), &into("maildir:in", &["--list", "--delete"]));
    assert_eq!(ran.done_in_silence().text().lines().count(), 2);
    assert_eq!((folder.names(), left(&server)), (vec![], 2));
    assert_eq!(said_of(&server, "RETR").len() + said_of(&server, "DELE").len(), 0);
    assert_eq!(mail(&folder, server.addr(), &[]).done().text(), ran.text());
}

/// What is typed wrong is exit 2 before anything is sent.
#[test]
fn bad_words() {
    let (server, folder) = (mailbox(&letters(1)), Folder::new());
    let rows: [&[&str]; 12] = [
        &["--delete"],
        &["--delete-after", "1"],
        &["--into", "in"],
        &["--into", ""],
        &["--into", "maildir:"],
        &["--into", "imap:in"],
        &["--into", "dir:in", "--journal", "j"],
        &["--into", "dir:in", "--keep", "--delete"],
        &["--into", "dir:in", "--delete", "--delete-after", "1"],
        &["--into", "dir:in", "--max-messages", "-1"],
        &["--into", "dir:in", "--max-bytes", "much"],
        &["--into", "dir:in", "--max-size", "1x"],
    ];
    for words in rows {
        let ran = mail(&folder, server.addr(), words);
        assert_eq!((ran.code, folder.names().len()), (Some(2), 0), "{words:?}: {ran:?}");
    }
    // A path names a message, and all of them would be collected.
    for url in ["http://alice@h/", "smtp://alice@h", "pop3://", "h", "pop3://alice@h/1"] {
        assert_eq!(words_at(&folder, &["mail", url]).code, Some(2), "{url}");
    }
    assert_eq!(server.connections(), 0);
}

/// Two accounts into one target: the same unique id means nothing across them.
#[test]
fn two_accounts_may_share_a_target() {
    let ids = "== ids @times *\nC: UIDL\nS: +OK\nS: 1 same\nS: 2 other\nS: .\n";
    for target in TARGETS {
        let letters = letters(4);
        let first = crate::mailbox_support::mailbox_over(&letters[..2], ids);
        let second = crate::mailbox_support::mailbox_over(&letters[2..], ids);
        let folder = Folder::new();
        for _ in 0..2 {
            for server in [&first, &second] {
                mail(&folder, server.addr(), &into(target, &["--delete"])).done();
            }
        }
        assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
        assert_eq!(left(&first) + left(&second), 0);
    }
}
