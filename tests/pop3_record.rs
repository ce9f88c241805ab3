//! `-v` and `--record` of POP3: what they print passes `check`, serves the client that made it, and
//! holds no secret.

use crate::mail_support::no_canary;
use crate::mailbox_support::{
    TARGETS, all_stored, contents, get, letters, mail, mailbox, mailbox_with, words_in,
};
use crate::support::{Folder, run};
use wireline_servers::Mechanism;

/// The transcript of `-v`: what is no line of ours.
fn transcript(stderr: &str) -> String {
    stderr
        .lines()
        .filter(|line| !line.starts_with("wireline: "))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// What `-v` prints is a transcript that passes `check`; messages are shortened, lists are not.
#[test]
fn verbose_is_a_transcript() {
    let (server, folder) = (mailbox(&letters(3)), Folder::new());
    for words in [&["--list"][..], &["--into", "maildir:in", "--delete"]] {
        let ran = mail(&folder, server.addr(), &[words, &["-v"]].concat());
        no_canary("verbose", ran.done(), &Folder::new());
        let text = transcript(&ran.stderr);
        folder.write("v.wire", &text);
        folder.wireline(&["check", "v.wire"]).done();
        assert!(text.contains("@protocol pop3\n") && text.contains("C: UIDL\n"), "{text}");
        let messages = text.contains("filler");
        assert!(!messages, "a message is not for the eye: {text}");
    }
}

/// A recording serves the client that made it: `get` of a list, of a message; by each login.
#[test]
fn a_recording_serves_the_client_that_made_it() {
    let rows: [(&[Mechanism], &[&str]); 4] = [
        (&[], &[]),
        (&[Mechanism::Plain], &[]),
        (&[Mechanism::CramMd5], &[]),
        (&[], &["--auth", "APOP"]),
    ];
    for (offered, more) in rows {
        for path in ["/", "/2"] {
            let letters = letters(3);
            let server =
                mailbox_with(&letters, |options| options.extensions.auth = offered.to_vec());
            let folder = Folder::new();
            let first =
                get(&folder, server.addr(), path, &[more, &["--record", "a.wire"]].concat());
            no_canary(path, first.done(), &folder);
            folder.wireline(&["check", "a.wire"]).done();
            folder.wireline(&["fmt", "--check", "a.wire"]).done();
            let again =
                format!("\"$W\" get pop3://alice@$WIRELINE_ADDR{path} {} > again", more.join(" "));
            replay(&folder, &again);
            assert_eq!(folder.read("again"), first.stdout, "{offered:?} {path}");
        }
    }
}

/// And a whole collection, which it stores a second time as the first.
#[test]
fn a_collection_can_be_replayed() {
    for target in TARGETS {
        let letters = letters(5);
        let (server, folder) = (mailbox(&letters), Folder::new());
        let words = ["--into", target, "--delete", "--auth", "PLAIN", "--record", "a.wire"];
        mail(&folder, server.addr(), &words).done();
        folder.wireline(&["check", "a.wire"]).done();
        let name = target.replace(":in", ":again");
        let again =
            format!("\"$W\" mail pop3://alice@$WIRELINE_ADDR --into {name} --delete --auth PLAIN");
        replay(&folder, &again);
        assert_eq!(contents(&folder, &name), all_stored(&letters), "{target}");
    }
}

/// Serves `a.wire` to this line of shell, which finds the binary as `$W`.
#[track_caller]
fn replay(folder: &Folder, line: &str) {
    let mut command = words_in(folder.path(), &["serve", "a.wire", "--", "/bin/sh", "-c", line]);
    run(command.env("W", env!("CARGO_BIN_EXE_wireline"))).done();
}

/// A failure is recorded up to its end, and a recording that cannot be written is exit 7 before
/// anything is fetched.
#[test]
fn failures_are_recorded_too() {
    let (server, folder) = (mailbox(&letters(1)), Folder::new());
    get(&folder, server.addr(), "/7", &["--record", "a.wire"]).failed(1, "");
    let text = String::from_utf8(folder.read("a.wire")).unwrap();
    assert!(text.contains("C: RETR 7\nS: -ERR"), "{text}");
    folder.wireline(&["check", "a.wire"]).done();
    let before = server.connections();
    mail(&folder, server.addr(), &["--into", "dir:in", "--record", "missing/a.wire"]).failed(7, "");
    assert_eq!(server.connections(), before);
}
