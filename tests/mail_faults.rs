//! `wireline mail`: what a server may do wrong at each place, and what must hold then. hostile.md
//! rows 191 to 195, and rows 15, 17 and 18 of the fault matrix.

use crate::mailbox_support::{
    TARGETS, all_stored, contents, is_clean, left, letters, mail, mailbox, mailbox_over,
    mailbox_with, over, said_of, stored, strict, words_in,
};
use crate::support::{Folder, beside, run_within};
use std::time::Duration;

/// `-ERR` to one RETR: it is named, the rest go on, it stays on the server and comes when it can.
#[test]
fn one_refused_message_does_not_stop_the_others() {
    for target in TARGETS {
        for delete in [&[][..], &["--delete"]] {
            let letters = letters(5);
            let server =
                mailbox_over(&letters, "== no\nC: RETR 2\nS: -ERR {{0x1b}}[31m disk trouble\n");
            let folder = Folder::new();
            let words = [&["--into", target][..], delete].concat();
            let ran = mail(&folder, server.addr(), &[&words[..], &["--json"]].concat());
            ran.failed(10, "1 of 5");
            assert!(
                ran.stderr.contains("message 2") && ran.stderr.contains("disk trouble"),
                "{ran:?}"
            );
            assert!(!ran.stderr.contains('\x1b') && !ran.text().contains('\x1b'), "{ran:?}");
            let outcome = "\"outcome\":\"stored\"";
            assert_eq!(ran.text().matches(outcome).count(), 4, "{ran:?}");
            assert!(ran.text().contains("\"outcome\":\"failed\""), "{ran:?}");
            let others = [&letters[..1], &letters[2..]].concat();
            assert_eq!(contents(&folder, target), all_stored(&others), "{target}");
            assert_eq!(said_of(&server, "DELE 2").len(), 0, "{target}");
            assert_eq!(left(&server), if delete.is_empty() { 5 } else { 1 });
            mail(&folder, server.addr(), &words).done();
            assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
            is_clean(target, &folder);
        }
    }
}

/// All refused alike is their common code; nothing is stored and nothing deleted.
#[test]
fn all_refused_is_exit_1() {
    let server =
        mailbox_over(&letters(3), "== no @times *\nC: RETR {{*=1}}\nS: -ERR [SYS/TEMP] later\n");
    let folder = Folder::new();
    let ran = mail(&folder, server.addr(), &["--into", "maildir:in", "--delete"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!((left(&server), contents(&folder, "maildir:in").len()), (3, 0));
    is_clean("refused", &folder);
}

/// What RETR may answer that is no message: exit 5, nothing partial, nothing deleted, and the next
/// run takes the rest. Row 15 of the fault matrix.
#[test]
fn a_broken_retr_stores_nothing_partial() {
    let rows: [(&str, &str, &[i32]); 9] = [
        ("EOF at once", "S! close\n", &[5]),
        ("EOF in the reply", "S= +O\nS! close\n", &[5]),
        ("EOF behind the reply", "S: +OK\nS! close\n", &[5]),
        ("EOF in a line", "S: +OK\nS: Subject: a\nS:\nS= hal\nS! close\n", &[5]),
        ("EOF before the dot", "S: +OK\nS: Subject: a\nS:\nS: all\nS! close\n", &[5]),
        ("EOF behind the dot's dot", "S: +OK\nS: Subject: a\nS:\nS= .\nS! close\n", &[5]),
        ("EOF behind the dot's CR", "S: +OK\nS: Subject: a\nS:\nS= .{{CR}}\nS! close\n", &[5]),
        ("reset", "S: +OK\nS: Subject: a\nS:\nS: half\nS! reset\n", &[3, 5]),
        ("garbage", "S= hello{{CR LF}}\n", &[5]),
    ];
    for target in TARGETS {
        beside(rows, |(label, answer, codes)| {
            let letters = letters(6);
            let over = format!("== cut\nC: RETR 4\n{answer}");
            let (server, folder) = (mailbox_over(&letters, &over), Folder::new());
            let words = ["--into", target, "--delete"];
            let ran = mail(&folder, server.addr(), &words);
            ran.failed(ran.code.unwrap_or(-1), "");
            assert!(ran.code.is_some_and(|code| codes.contains(&code)), "{label}: {ran:?}");
            let kept = all_stored(&letters[..3]);
            assert_eq!(contents(&folder, target), kept, "{label}: what was whole is kept");
            is_clean(label, &folder);
            assert_eq!((left(&server), said_of(&server, "DELE").len()), (6, 0), "{label}");
            mail(&folder, server.addr(), &words).done();
            assert_eq!(
                (contents(&folder, target), left(&server)),
                (all_stored(&letters), 0),
                "{label}"
            );
            let twice = said_of(&server, "RETR 1").len();
            assert_eq!(twice, 1, "{label}: what was stored is not fetched again");
        });
    }
}

/// A server that says nothing, or drips without an end: exit 6 with the phase, all as above.
#[test]
fn a_silent_server_is_left() {
    let rows = [
        ("RETR", "S: +OK\nS: Subject: a\nS:\nS: half\nS! delay 5s\n"),
        ("UIDL", "S! delay 5s\n"),
        ("QUIT", "S! delay 5s\n"),
    ];
    beside(rows, |(stage, answer)| {
        let trigger = if stage == "RETR" { "RETR 2" } else { stage };
        let letters = letters(3);
        let server = mailbox_over(&letters, &format!("== slow\nC: {trigger}\n{answer}"));
        let folder = Folder::new();
        let words = ["--into", "maildir:in", "--delete", "--timeout", "0.3"];
        let ran = mail(&folder, server.addr(), &words);
        let code = if stage == "QUIT" { 9 } else { 6 };
        ran.failed(code, "");
        assert!(ran.took < Duration::from_secs(3), "{ran:?}");
        is_clean(stage, &folder);
        let found = contents(&folder, "maildir:in");
        assert!(found.iter().all(|message| all_stored(&letters).contains(message)), "{stage}");
    });
    let silent = crate::support::scripts(vec![vec![wireline_servers::raw::Act::Stall]]);
    mail(&Folder::new(), silent.addr(), &["--timeout", "0.3"]).failed(6, "greeting");
}

/// Row 18 of the fault matrix: QUIT refused is exit 1, its reply lost exit 9, and a further run
/// converges: nothing lost, nothing doubled, nothing fetched again.
#[test]
fn quit_may_be_refused_or_lost() {
    let rows: [(&str, &str, i32, usize); 6] = [
        ("refused", "S: -ERR [SYS/TEMP] some deleted messages not removed\n", 1, 3),
        ("lost before it was done", "S! close\n", 9, 3),
        ("reset before it was done", "S! reset\n", 9, 3),
        ("lost when it was done", "S: +OK bye\n", 0, 0),
        ("garbage", "S= what{{CR LF}}\n", 9, 3),
        ("half a reply", "S= +OK by\nS! close\n", 9, 3),
    ];
    for target in TARGETS {
        for (label, answer, code, remain) in rows {
            let letters = letters(3);
            let (server, folder) =
                (mailbox_over(&letters, &format!("== quit\nC: QUIT\n{answer}")), Folder::new());
            let words = ["--into", target, "--delete"];
            let ran = mail(&folder, server.addr(), &words);
            if code == 0 {
                ran.done()
            } else {
                ran.failed(code, "").hinted("run it again")
            };
            assert_eq!(left(&server), remain, "{label}: {ran:?}");
            assert_eq!(contents(&folder, target), all_stored(&letters), "{label}");
            mail(&folder, server.addr(), &words).done();
            assert_eq!(
                (contents(&folder, target), left(&server)),
                (all_stored(&letters), 0),
                "{label}"
            );
            assert_eq!(said_of(&server, "RETR").len(), 3, "{label}");
            is_clean(label, &folder);
        }
    }
}

/// The reply to QUIT is lost although the server has deleted: row 18, after the commit.
#[test]
fn quit_may_be_lost_after_it_was_done() {
    let letters = letters(4);
    for target in TARGETS {
        let (server, folder) = (mailbox(&letters), Folder::new());
        let whole = bytes_towards_client(&letters, target);
        let options = wireline_servers::LinkOptions {
            cut_after: Some(whole - 3),
            faulty: Some(1),
            ..Default::default()
        };
        let link = wireline_servers::Link::start(server.addr(), options).unwrap();
        let words = ["--into", target, "--delete"];
        mail(&folder, link.addr(), &words).failed(9, "").hinted("run it again");
        assert_eq!(
            (contents(&folder, target), left(&server)),
            (all_stored(&letters), 0),
            "{target}"
        );
        mail(&folder, link.addr(), &words).done();
        assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
    }
}

/// What the server says to the whole of a run.
fn bytes_towards_client(letters: &[Vec<u8>], target: &str) -> u64 {
    let (server, folder) = (mailbox(letters), Folder::new());
    let link = wireline_servers::Link::start(server.addr(), Default::default()).unwrap();
    mail(&folder, link.addr(), &["--into", target, "--delete"]).done();
    link.bytes_towards_client()
}

/// Row 17 of the fault matrix: DELE refused, or the line lost behind it.
#[test]
fn dele_may_go_wrong() {
    let letters = letters(4);
    for target in TARGETS {
        let words = ["--into", target, "--delete"];
        let server = mailbox_over(&letters, "== no\nC: DELE 2\nS: -ERR locked\n");
        let folder = Folder::new();
        let ran = mail(&folder, server.addr(), &words);
        assert!(matches!(ran.code, Some(1 | 10)), "{ran:?}");
        assert!(ran.stderr.contains("message 2"), "{ran:?}");
        assert_eq!((contents(&folder, target), left(&server)), (all_stored(&letters), 1));
        mail(&folder, server.addr(), &words).done();
        assert_eq!((contents(&folder, target), left(&server)), (all_stored(&letters), 0));
        assert_eq!(said_of(&server, "RETR").len(), 4, "{target}");
        for end in ["S! close\n", "S! reset\n"] {
            let server = mailbox_over(&letters, &format!("== gone\nC: DELE 3\n{end}"));
            let folder = Folder::new();
            let ran = mail(&folder, server.addr(), &words);
            assert!(matches!(ran.code, Some(3 | 5)), "nothing is deleted without QUIT: {ran:?}");
            assert_eq!((contents(&folder, target), left(&server)), (all_stored(&letters), 4));
            mail(&folder, server.addr(), &words).done();
            assert_eq!((contents(&folder, target), left(&server)), (all_stored(&letters), 0));
        }
    }
}

/// What each earlier stage may say: the code, and nothing is deleted.
#[test]
fn the_stages_before_may_go_wrong() {
    let long = format!("S= +OK {}{{{{CR LF}}}}\n", "x".repeat(17 << 10));
    let rows: Vec<(&str, &str, &str, &[i32])> = vec![
        ("LIST refused", "LIST", "S: -ERR no\n", &[1]),
        ("LIST cut", "LIST", "S: +OK\nS: 1 10\nS! close\n", &[5]),
        ("LIST is words", "LIST", "S: +OK\nS: one two\nS: .\n", &[5]),
        ("LIST is HTML", "LIST", "S= <html>{{CR LF}}\n", &[5]),
        ("UIDL cut", "UIDL", "S: +OK\nS: 1 a\nS! close\n", &[5]),
        ("row 77: a long line", "LIST", &long, &[5]),
        ("a number twice", "LIST", "S: +OK\nS: 1 10\nS: 1 10\nS: .\n", &[0, 5]),
    ];
    for (label, trigger, answer, codes) in rows {
        let letters = letters(2);
        let (server, folder) = (
            mailbox_over(&letters, &format!("== x @times *\nC: {trigger}\n{answer}")),
            Folder::new(),
        );
        let ran = mail(&folder, server.addr(), &["--into", "dir:in", "--delete"]);
        assert!(ran.code.is_some_and(|code| codes.contains(&code)), "{label}: {ran:?}");
        let found = contents(&folder, "dir:in");
        assert_eq!(found.len(), 2 - left(&server).min(2), "{label}: {ran:?}");
        assert!(ran.code == Some(0) || left(&server) == 2, "{label}");
    }
}

/// hostile.md row 80: a message that never ends, ends at `--max-size`, with nothing stored of it.
#[test]
fn an_endless_message_ends_at_max_size() {
    let flood = format!("S: +OK\n{}", "S: and on and on\n".repeat(20_000));
    for target in TARGETS {
        let letters = letters(2);
        let server =
            mailbox_over(&letters, &format!("== flood @times *\nC: RETR 2\n{flood}S: .\n"));
        let folder = Folder::new();
        let words = ["--into", target, "--delete", "--max-size", "10k"];
        let ran = mail(&folder, server.addr(), &words);
        assert!(matches!(ran.code, Some(5 | 10)), "{ran:?}");
        let found = contents(&folder, target);
        assert!(found.is_empty() || found == [stored(&letters[0])], "{target}");
        assert!(left(&server) >= 1, "the large one stays");
        is_clean(target, &folder);
    }
}

/// Without PIPELINING every command waits for its answer; without CAPA too.
#[test]
fn pipelining_only_where_it_is_offered() {
    let letters = letters(20);
    for (capa, pipelining) in [(true, true), (true, false), (false, false)] {
        let server = mailbox_with(&letters, |options| {
            options.extensions.capa = capa;
            options.extensions.pipelining = pipelining;
        });
        let folder = Folder::new();
        mail(&folder, server.addr(), &["--into", "maildir:in", "--delete"]).done();
        if capa {
            strict("pipelining", &server);
        }
        let turns = server.commands().last().unwrap().turn;
        assert_eq!(turns < 20, pipelining, "{turns} turns");
    }
}

/// Issue 5: 200 messages over a round trip of 20 ms take few turns.
#[test]
fn many_messages_take_few_turns() {
    let letters = letters(200);
    let (server, folder) = (mailbox(&letters), Folder::new());
    let options =
        wireline_servers::LinkOptions { delay: Duration::from_millis(10), ..Default::default() };
    let link = wireline_servers::Link::start(server.addr(), options).unwrap();
    let url = crate::mailbox_support::pop3(link.addr());
    let words = ["mail", &url, "--into", "maildir:in", "--delete"];
    let ran = run_within(Duration::from_secs(5), &mut words_in(folder.path(), &words));
    ran.done();
    assert_eq!(contents(&folder, "maildir:in"), all_stored(&letters));
    assert!(ran.took < Duration::from_secs(2), "one by one it would be 8 s: {:?}", ran.took);
}

/// A message that another session has deleted in between is gone for RETR, and no failure of the
/// rest; `[IN-USE]` at the login is exit 1 with the server's words.
#[test]
fn the_mailbox_may_be_in_use() {
    let server = mailbox_with(&letters(2), |options| {
        options.over =
            Some(over("== busy\nC: AUTH {{*=PLAIN}}\nS: -ERR [IN-USE] another session\n"));
    });
    let folder = Folder::new();
    let ran = mail(&folder, server.addr(), &["--into", "maildir:in"]);
    ran.failed(1, "another session");
    assert!(contents(&folder, "maildir:in").is_empty());
    mail(&folder, server.addr(), &["--into", "maildir:in"]).done();
}
