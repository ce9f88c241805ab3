//! `wireline mail --into`: what a message may hold, and what a list may claim. hostile.md rows 79 to
//! 81, 191 to 194.

use crate::mailbox_support::{
    TARGETS, all_stored, contents, is_clean, left, letters, mail, mailbox, mailbox_over,
    mailbox_with, said_of, stored, strict,
};
use crate::support::{Folder, beside};
use wireline_servers::maildrop::Envelope;
use wireline_servers::{Link, LinkOptions};

/// hostile.md row 191: whatever bytes, however they are split.
fn hard() -> Vec<(&'static str, Vec<u8>)> {
    let head = b"Subject: hard\r\n\r\n".to_vec();
    let rows: Vec<(&str, Vec<u8>)> = vec![
        ("empty body", vec![]),
        ("one dot", b".\r\n".to_vec()),
        ("dots", b"..\r\n...\r\n.a\r\n..b\r\n".to_vec()),
        ("a dot at the end", b"a\r\n.".to_vec()),
        ("no last line end", b"abc".to_vec()),
        ("empty lines at the end", b"abc\r\n\r\n\r\n".to_vec()),
        ("NUL", b"a\0b\0\0\r\n\0\r\n".to_vec()),
        ("8 bits", (0x80..=0xff).chain(*b"\r\n").collect()),
        ("bare LF", b"a\nb\n.\nc\n..\nd\r\n".to_vec()),
        ("bare CR", b"a\rb\r\r\nc\r.\r\n".to_vec()),
        ("a false end", b"a\n.\r\nb\r.\r\n.\nc\r\n".to_vec()),
        ("From", b"From a\r\n>From b\r\n>>From c\r\n From d\r\nfrom e\r\nFrom\r\n".to_vec()),
        ("From behind a bare LF", b"a\nFrom b\n>From c\r\n".to_vec()),
        (
            "100 kB lines",
            [vec![b'x'; 100_000], b"\r\n.".to_vec(), vec![b'y'; 100_000], b"\r\n".to_vec()]
                .concat(),
        ),
        ("a From of 100 kB", [b"From ".to_vec(), vec![b'x'; 100_000], b"\r\n".to_vec()].concat()),
        ("> of 100 kB", [vec![b'>'; 100_000], b"From x\r\n".to_vec()].concat()),
        ("1 MB of CR", [vec![b'\r'; 1 << 20], b"\n".to_vec()].concat()),
    ];
    let mut hard: Vec<_> =
        rows.into_iter().map(|(label, body)| (label, [head.clone(), body].concat())).collect();
    hard.push((
        "From first",
        b"From someone Mon Jan  1 00:00:00 2024\r\nSubject: x\r\n\r\nb\r\n".to_vec(),
    ));
    hard.push(("a dot first", b".\r\n".to_vec()));
    hard.push(("an empty line", b"\r\n".to_vec()));
    hard
}

/// Each alone, byte for byte but CRLF, which becomes LF; then all of them together.
#[test]
fn whatever_bytes_are_kept() {
    let mut wrong = Vec::new();
    for target in TARGETS {
        for (label, message) in hard() {
            let (server, folder) = (mailbox(std::slice::from_ref(&message)), Folder::new());
            let ran = mail(&folder, server.addr(), &["--into", target, "--delete"]);
            let found = contents(&folder, target);
            if ran.code != Some(0) || found != [stored(&message)] || left(&server) != 0 {
                let found: Vec<_> =
                    found.iter().map(|text| text.chars().take(80).collect::<String>()).collect();
                wrong.push((target, label, ran.code, found));
            }
        }
        let all: Vec<_> = hard().into_iter().map(|(_, message)| message).collect();
        let (server, folder) = (mailbox(&all), Folder::new());
        mail(&folder, server.addr(), &["--into", target, "--delete"]).done_in_silence();
        assert_eq!(contents(&folder, target), all_stored(&all), "{target}");
        is_clean(target, &folder);
        strict(target, &server);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// To standard output nothing is changed at all.
#[test]
fn standard_output_has_the_bytes_as_they_came() {
    let all: Vec<_> = hard().into_iter().map(|(_, message)| message).collect();
    let (server, folder) = (mailbox(&all), Folder::new());
    let ended = |message: &Vec<u8>| match message.ends_with(b"\r\n") {
        true => message.clone(),
        false => [&message[..], b"\r\n"].concat(),
    };
    let ran = mail(&folder, server.addr(), &["--into", "-"]);
    assert!(ran.done_in_silence().stdout == all.iter().map(ended).collect::<Vec<_>>().concat());
}

/// A terminator, a dot, a CRLF split over reads at every place.
#[test]
fn splits_change_nothing() {
    let messages: Vec<_> = hard()
        .into_iter()
        .map(|(_, message)| message)
        .filter(|message| message.len() < 1000)
        .collect();
    beside([1, 2, 3, 5, 7], |split| {
        let (server, folder) = (mailbox(&messages), Folder::new());
        let link = Link::start(
            server.addr(),
            LinkOptions { split: Some(split), ..LinkOptions::default() },
        );
        let link = link.unwrap();
        mail(&folder, link.addr(), &["--into", "mbox:in", "--delete"]).done_in_silence();
        assert_eq!(contents(&folder, "mbox:in"), all_stored(&messages), "{split}");
        assert_eq!(left(&server), 0);
    });
}

/// An mbox that is there is continued, whatever it ends with.
#[test]
fn an_mbox_is_continued() {
    let old = "From me Mon Jan  1 00:00:00 2024\nSubject: old\n\nold\n";
    for end in ["\n", "", "\n\n"] {
        let (server, folder) = (mailbox(&letters(2)), Folder::new());
        folder.write("in", format!("{old}{end}"));
        mail(&folder, server.addr(), &["--into", "mbox:in"]).done_in_silence();
        let bytes = folder.read("in");
        assert!(bytes.starts_with(old.as_bytes()), "{end:?}: the old is as it was");
        assert_eq!(contents(&folder, "mbox:in").len(), 3, "{end:?}");
    }
}

/// hostile.md rows 79, 193: odd unique ids, on disk and in the journal; a second run knows them.
#[test]
fn odd_unique_ids() {
    let long = "x".repeat(70);
    let (long_too, longer) = ("x".repeat(69), "y".repeat(400));
    let longer_too = "y".repeat(399);
    let rows: [(&str, [&str; 3]); 9] = [
        ("slashes", ["../../a", "/etc/passwd", "a/b"]),
        ("dots", [".", "..", ".hidden"]),
        ("a Maildir's flags", ["a:2,S", "a:2,", "a"]),
        ("long", [&long, &long_too, "x"]),
        ("longer than allowed", [&longer, &longer_too, "y"]),
        ("escapes", ["a{{0x1b}}[31m", "a%2f", "a\\"]),
        ("8 bits", ["{{0xff}}", "{{0xc3}}{{0xbc}}", "{{0xfe}}"]),
        ("cases", ["abc", "ABC", "Abc"]),
        ("blanks", ["a b", "a c", "b"]),
    ];
    for (label, ids) in rows {
        for target in TARGETS {
            let list: String =
                ids.iter().zip(1..).map(|(id, nth)| format!("S: {nth} {id}\n")).collect();
            let over = format!("== ids @times *\nC: UIDL\nS: +OK\n{list}S: .\n");
            let letters = letters(3);
            let (server, folder) = (mailbox_over(&letters, &over), Folder::new());
            mail(&folder, server.addr(), &["--into", target]).done();
            assert_eq!(contents(&folder, target), all_stored(&letters), "{label}, {target}");
            mail(&folder, server.addr(), &["--into", target, "--delete"]).done();
            assert_eq!(contents(&folder, target), all_stored(&letters), "{label}, {target}");
            assert_eq!(left(&server), 0, "{label}");
            let inside: Vec<_> =
                folder.names().into_iter().filter(|name| !name.starts_with("in")).collect();
            assert!(inside.is_empty(), "{label}: {inside:?}");
        }
    }
}

/// hostile.md row 193: ids that two messages have tell neither from the other: both are stored, none
/// is stored twice, and none is deleted that is not here.
#[test]
fn twins_are_both_stored() {
    let over = "== twins @times *\nC: UIDL\nS: +OK\nS: 1 same\nS: 2 same\nS: 3 other\nS: .\n";
    for target in TARGETS {
        let letters = letters(3);
        let (server, folder) = (mailbox_over(&letters, over), Folder::new());
        for _ in 0..3 {
            mail(&folder, server.addr(), &["--into", target]).done();
            assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
        }
        mail(&folder, server.addr(), &["--into", target, "--delete"]).done();
        assert_eq!(
            (contents(&folder, target), left(&server)),
            (all_stored(&letters), 0),
            "{target}"
        );
    }
}

/// hostile.md row 193: an id that was one message's and is another's now.
#[test]
fn an_id_may_be_given_again() {
    for target in TARGETS {
        let letters = letters(3);
        let twin = "== ids @times *\nC: UIDL\nS: +OK\nS: 1 same\nS: 2 same\nS: .\n";
        let (server, folder) = (mailbox_over(&letters[..2], twin), Folder::new());
        mail(&folder, server.addr(), &["--into", target]).done();
        let server = mailbox_over(&letters[1..], twin);
        mail(&folder, server.addr(), &["--into", target, "--delete"]).done();
        let found = contents(&folder, target);
        assert!(letters.iter().all(|letter| found.contains(&stored(letter))), "{target}");
    }
}

/// hostile.md row 193: a server that numbers its ids gives one of a deleted message to a new one (RFC
/// 1939 section 7 forbids that only while the old one is there). It is fetched before it is deleted.
#[test]
fn an_id_of_a_deleted_message_may_come_back() {
    let over = "== ids @times *\nC: UIDL\nS: +OK\nS: 1 first\nS: .\n";
    for target in TARGETS {
        let letters = letters(2);
        let (server, folder) = (mailbox_over(&letters[..1], over), Folder::new());
        let words = ["--into", target, "--delete"];
        mail(&folder, server.addr(), &words).done();
        assert_eq!((contents(&folder, target), left(&server)), (all_stored(&letters[..1]), 0));
        server.maildrop().add(Envelope::default(), letters[1].clone()).unwrap();
        mail(&folder, server.addr(), &words).done();
        let found = contents(&folder, target);
        let is_here = found.contains(&stored(&letters[1]));
        assert!(is_here || left(&server) == 1, "{target}: deleted unseen");
        assert!(is_here, "{target}: not fetched");
    }
}

/// Without UIDL it says so, fetches, and still stores nothing twice.
#[test]
fn a_mailbox_without_unique_ids() {
    for target in TARGETS {
        let letters = letters(4);
        let server = mailbox_with(&letters, |options| options.extensions.uidl = false);
        let folder = Folder::new();
        for _ in 0..2 {
            let ran = mail(&folder, server.addr(), &["--into", target]);
            assert!(ran.done().stderr.contains("unique id"), "{ran:?}");
            assert_eq!(contents(&folder, target), all_stored(&letters), "{target}");
        }
        mail(&folder, server.addr(), &["--into", target, "--delete"]).done();
        assert_eq!(
            (contents(&folder, target), left(&server)),
            (all_stored(&letters), 0),
            "{target}"
        );
    }
}

/// hostile.md row 80, mail.md section 6: sizes are for progress only, and words behind numbers mean
/// nothing. Row 81: what is no number is refused.
#[test]
fn wrong_sizes() {
    let good = [
        "S: 1 1\nS: 2 1\n",
        "S: 1 4294967296\nS: 2 9223372036854775807\n",
        "S: 1 0\nS: 2 0\n",
        "S: 1 100 more words\nS: 2 100 x\n",
        "S: 01 100\nS: 2 0100\n",
    ];
    for list in good {
        let over = format!(
            "== list @times *\nC: LIST\nS: +OK\n{list}S: .\n== stat @times *\nC: STAT\nS: +OK 4294967295 18446744073709551615\n"
        );
        let letters = letters(2);
        let (server, folder) = (mailbox_over(&letters, &over), Folder::new());
        mail(&folder, server.addr(), &["--into", "maildir:in", "--delete"]).done();
        assert_eq!(
            (contents(&folder, "maildir:in"), left(&server)),
            (all_stored(&letters), 0),
            "{list}"
        );
    }
    for list in
        ["S: 1 -5\nS: 2 5\n", "S: 1 99999999999999999999\nS: 2 5\n", "S: 0 5\nS: x y\n", "S:\n"]
    {
        let over = format!("== list @times *\nC: LIST\nS: +OK\n{list}S: .\n");
        let (server, folder) = (mailbox_over(&letters(2), &over), Folder::new());
        let ran = mail(&folder, server.addr(), &["--into", "maildir:in", "--delete"]);
        ran.failed(5, "");
        assert_eq!((left(&server), said_of(&server, "DELE").len()), (2, 0), "{list}");
    }
}

/// Gaps in the numbers, and lists that do not agree: what both know is fetched, nothing is mixed up.
#[test]
fn lists_may_differ() {
    let letters = letters(4);
    let over = "== list @times *\nC: LIST\nS: +OK\nS: 1 100\nS: 3 100\nS: 4 100\nS: .\n\
                == uidl @times *\nC: UIDL\nS: +OK\nS: 4 four\nS: 1 one\nS: 3 three\nS: .\n";
    for target in TARGETS {
        let (server, folder) = (mailbox_over(&letters, over), Folder::new());
        let wanted = [letters[0].clone(), letters[2].clone(), letters[3].clone()];
        for _ in 0..2 {
            mail(&folder, server.addr(), &["--into", target]).done();
            assert_eq!(contents(&folder, target), all_stored(&wanted), "{target}");
        }
        mail(&folder, server.addr(), &["--into", target, "--delete"]).done();
        assert_eq!(left(&server), 1, "{target}");
        assert_eq!(server.messages()[0].bytes, letters[1]);
    }
}
