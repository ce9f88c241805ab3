//! `wireline mail`: what may be wrong on this side. hostile.md row 200, rows 19 to 22 of the fault
//! matrix.

use crate::mail_support::PASSWORD;
use crate::mailbox_support::{
    TARGETS, all_stored, contents, is_clean, left, letters, mail, mailbox, mailbox_over, pop3,
    said_of, words_in,
};
use crate::support::{Folder, beside, happens, run, wait_within, wireline_after};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

fn journal(target: &str) -> &'static str {
    if target.starts_with("mbox") { "in.wireline-uids" } else { "in/.wireline-uids" }
}

/// Row 21 of the fault matrix: a journal that cannot be trusted stops the run before anything is
/// deleted, and says which file.
#[test]
fn a_damaged_journal_stops_the_run() {
    let rows: [(&str, &[u8]); 6] = [
        ("another version", b"wireline-uids 99\n"),
        ("another program's", b"1.one\n2.two\n"),
        ("binary", b"\0\xff\xfe\n\0\n"),
        ("a page", b"<html></html>\n"),
        ("a damaged line", b"wireline-uids 1\nnonsense and more\nstored 1 x y\n"),
        ("a line without an end", &[b'x'; 100_000]),
    ];
    for target in TARGETS {
        for (label, bytes) in rows {
            let letters = letters(3);
            let (server, folder) = (mailbox(&letters), Folder::new());
            mail(&folder, server.addr(), &["--into", target]).done();
            folder.write(journal(target), bytes);
            let ran = mail(&folder, server.addr(), &["--into", target, "--delete"]);
            ran.failed(7, "wireline-uids");
            assert_eq!((left(&server), said_of(&server, "DELE").len()), (3, 0), "{label}");
            assert_eq!(folder.read(journal(target)), bytes, "{label}: it is not ours to mend");
            assert_eq!(contents(&folder, target), all_stored(&letters), "{label}");
        }
    }
}

/// A journal whose end was torn by a crash is no damage: what was announced and not yet done is
/// looked for, and comes again where it is missing.
#[test]
fn a_torn_end_is_no_damage() {
    beside(TARGETS, |target| {
        let (letters, folder) = (letters(2), Folder::new());
        let server = mailbox(&letters);
        mail(&folder, server.addr(), &["--into", target]).done();
        let whole = folder.read(journal(target));
        let text = String::from_utf8(whole.clone()).unwrap();
        let announced = text.rfind("done").expect("a batch ends with it");
        // From there on the spool of an mbox is needed, which only a run that died leaves.
        let until = if target == "mbox:in" { announced } else { whole.len() };
        for cut in (0..until).step_by(3) {
            let other = Folder::new();
            copy(folder.path(), other.path());
            other.write(journal(target), &whole[..cut]);
            if cut < announced {
                empty(&other, target);
            }
            mail(&other, server.addr(), &["--into", target]).done();
            assert_eq!(
                contents(&other, target),
                all_stored(&letters),
                "{target}, {}",
                text.get(..cut).unwrap()
            );
            is_clean(target, &other);
        }
    });
}

/// Nothing was stored yet: a crash before the announcement was durable.
fn empty(folder: &Folder, target: &str) {
    match target {
        "mbox:in" => folder.write("in", ""),
        _ => {
            let part = if target == "maildir:in" { "in/new" } else { "in" };
            for entry in fs::read_dir(folder.at(part)).unwrap() {
                let path = entry.unwrap().path();
                if !path.ends_with(".wireline-uids") {
                    fs::remove_file(path).unwrap();
                }
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The journal is a folder, cannot be read, or its folder cannot be written.
#[test]
fn a_journal_that_cannot_be_used() {
    for target in TARGETS {
        let (server, folder) = (mailbox(&letters(2)), Folder::new());
        mail(&folder, server.addr(), &["--into", target]).done();
        fs::remove_file(folder.at(journal(target))).unwrap();
        fs::create_dir(folder.at(journal(target))).unwrap();
        mail(&folder, server.addr(), &["--into", target, "--delete"]).failed(7, "wireline-uids");
        assert_eq!((left(&server), said_of(&server, "DELE").len()), (2, 0));
    }
    let (server, folder) = (mailbox(&letters(2)), Folder::new());
    mail(&folder, server.addr(), &["--into", "-", "--journal", "missing/j"]).failed(7, "missing");
    folder.write("j", "damaged\n");
    mail(&folder, server.addr(), &["--into", "-", "--journal", "j"]).failed(7, "");
    assert_eq!(said_of(&server, "RETR").len(), 0, "before anything is fetched");
}

/// Targets that are something else: exit 7 before anything is fetched, and they stay as they are.
#[test]
fn a_target_may_be_something_else() {
    let (server, folder) = (mailbox(&letters(2)), Folder::new());
    folder.write("file", "old");
    fs::create_dir(folder.at("folder")).unwrap();
    for target in [
        "maildir:file",
        "dir:file",
        "mbox:folder",
        "maildir:missing/in",
        "mbox:missing/in",
        "dir:missing/in",
    ] {
        mail(&folder, server.addr(), &["--into", target, "--delete"]).failed(7, "");
    }
    assert_eq!(folder.read("file"), b"old");
    assert_eq!((left(&server), said_of(&server, "RETR").len()), (2, 0));
}

/// A private mailbox is for its owner.
#[test]
fn mail_is_for_its_owner() {
    for target in TARGETS {
        let (server, folder) = (mailbox(&letters(2)), Folder::new());
        mail(&folder, server.addr(), &["--into", target]).done();
        let mut paths = vec![folder.at("in"), folder.at(journal(target))];
        while let Some(path) = paths.pop() {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{path:?}: {mode:o}");
            if path.is_dir() {
                paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }
}

/// hostile.md row 200: of two runs on one target the second says so, exit 7; nothing is doubled.
#[test]
fn two_runs_at_once() {
    beside(TARGETS, |target| {
        let letters = letters(4);
        let slow = mailbox_over(&letters, "== slow\nC: RETR 3\nS! delay 2s\n");
        let folder = Folder::new();
        let url = pop3(slow.addr());
        let words = ["mail", &url, "--into", target, "--delete"];
        let mut first = words_in(folder.path(), &words)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        assert!(happens(Duration::from_secs(5), || !said_of(&slow, "RETR").is_empty()));
        let other = mailbox(&letters[..1]);
        let second = mail(&folder, other.addr(), &["--into", target, "--delete"]);
        second.failed(7, "");
        assert!(
            second.stderr.contains("another") || second.stderr.contains("in use"),
            "{second:?}"
        );
        assert_eq!(left(&other), 1, "{target}: nothing is deleted by the one that was refused");
        assert!(wait_within(Duration::from_secs(10), &mut first).is_some());
        assert!(first.wait().unwrap().success());
        assert_eq!((contents(&folder, target), left(&slow)), (all_stored(&letters), 0), "{target}");
        is_clean(target, &folder);
    });
}

/// A lock that a killed run has left does not stop the next one.
#[test]
fn a_dead_run_holds_no_lock() {
    beside(TARGETS, |target| {
        let letters = letters(4);
        let server = mailbox_over(&letters, "== slow\nC: RETR 3\nS! delay 2s\n");
        let folder = Folder::new();
        let url = pop3(server.addr());
        let words = ["mail", &url, "--into", target, "--delete"];
        let mut first = words_in(folder.path(), &words).spawn().unwrap();
        assert!(happens(Duration::from_secs(5), || said_of(&server, "RETR").len() >= 3));
        first.kill().unwrap();
        first.wait().unwrap();
        assert_eq!(left(&server), 4);
        mail(&folder, server.addr(), &words[2..]).done();
        assert_eq!(
            (contents(&folder, target), left(&server)),
            (all_stored(&letters), 0),
            "{target}"
        );
        is_clean(target, &folder);
    });
}

/// Rows 19 and 20 of the fault matrix: the disk is full in the middle. What is there is whole, the
/// old mbox is as it was or longer by whole messages, nothing is deleted that is not here.
#[test]
fn a_full_disk_loses_nothing() {
    let big: Vec<_> = letters(3)
        .into_iter()
        .map(|letter| [&letter[..], &b"x".repeat(200_000), b"\r\n"].concat())
        .collect();
    let old = "From me Mon Jan  1 00:00:00 2024\nSubject: old\n\nold\n\n";
    for target in TARGETS {
        for (kind, letters) in [
            ("one large", vec![letters(1)[0].clone(), big[0].clone(), letters(2)[1].clone()]),
            ("all large", big.clone()),
        ] {
            let (server, folder) = (mailbox(&letters), Folder::new());
            if target == "mbox:in" {
                folder.write("in", old);
            }
            // Blocks of 512 bytes: 64 kB a file. Without the signal it is an error as any other.
            let mut command = wireline_after("trap '' XFSZ; ulimit -f 128");
            command.current_dir(folder.path()).env("WIRELINE_PASSWORD", PASSWORD);
            let url = pop3(server.addr());
            let ran = run(command.args(["mail", &url, "--into", target, "--delete"]));
            ran.failed(7, "");
            is_clean(kind, &folder);
            let all = all_stored(&letters);
            let mut found = contents(&folder, target);
            if target == "mbox:in" {
                assert!(folder.read("in").starts_with(old.as_bytes()), "{kind}");
                found.retain(|message| !message.starts_with("Subject: old"));
            }
            assert!(found.iter().all(|message| all.contains(message)), "{target}, {kind}: partial");
            let kept: Vec<_> =
                server.messages().iter().map(|message| message.bytes.clone()).collect();
            for letter in &letters {
                let is_here = found.contains(&crate::mailbox_support::stored(letter));
                assert!(is_here || kept.contains(letter), "{target}, {kind}: lost");
            }
            mail(&folder, server.addr(), &["--into", target, "--delete"]).done();
            let mut found = contents(&folder, target);
            found.retain(|message| !message.starts_with("Subject: old"));
            assert_eq!((found, left(&server)), (all, 0), "{target}, {kind}: it is finished later");
        }
    }
}

/// Row 22 of the fault matrix, and other programs: names that are taken, files that are no messages,
/// links that lead out.
#[test]
fn a_maildir_may_hold_others() {
    let letters = letters(3);
    let (server, folder) = (mailbox(&letters), Folder::new());
    for part in ["in", "in/new", "in/cur", "in/tmp", "elsewhere"] {
        fs::create_dir(folder.at(part)).unwrap();
    }
    folder.write("in/cur/1.other.host:2,S", "theirs");
    folder.write("in/tmp/1.other.host", "under way");
    mail(&folder, server.addr(), &["--into", "maildir:in", "--delete"]).done();
    assert_eq!(contents(&folder, "maildir:in").len(), 4);
    assert_eq!(folder.read("in/cur/1.other.host:2,S"), b"theirs");
    assert_eq!(folder.read("in/tmp/1.other.host"), b"under way", "not ours to remove");
    assert_eq!(left(&server), 0);
    let names: Vec<PathBuf> =
        fs::read_dir(folder.at("in/new")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(names.iter().all(|path| !path.to_string_lossy().contains(":2,")), "{names:?}");
}

/// hostile.md row 194: while another program holds the mbox by its dot-lock, the run waits.
#[test]
fn a_locked_mbox_is_waited_for() {
    let (server, folder) = (mailbox(&letters(2)), Folder::new());
    folder.write("in", "");
    folder.write("in.lock", "");
    let url = pop3(server.addr());
    let words = ["mail", &url, "--into", "mbox:in", "--delete"];
    let mut child = words_in(folder.path(), &words).stdout(Stdio::null()).spawn().unwrap();
    assert!(happens(Duration::from_secs(5), || said_of(&server, "RETR").len() == 2));
    assert!(!happens(Duration::from_millis(300), || folder.size("in") != Some(0)), "it is locked");
    assert_eq!(said_of(&server, "DELE").len(), 0, "nothing is stored yet");
    fs::remove_file(folder.at("in.lock")).unwrap();
    assert!(wait_within(Duration::from_secs(10), &mut child).is_some());
    assert!(child.wait().unwrap().success());
    assert_eq!((contents(&folder, "mbox:in").len(), left(&server)), (2, 0));
    is_clean("lock", &folder);
}
