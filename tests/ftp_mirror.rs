//! `wireline ftp mirror`, both ways: what is fetched, what is left alone, what is removed and what
//! never is. hostile.md row 169 and row 26 of the fault matrix; ftp-telnet.md section 8.

use crate::ftp_support::{
    content, finals, ftp, is_clean, mirror, mirror_back, modified, over, said, said_of, site,
    site_over, site_with, strict, touch, tree, without, words,
};
use crate::support::{Folder, Ran, beside};
use std::collections::BTreeMap;
use std::path::Path;
use wireline_servers::ftp::{Extensions, ListStyle, Server};

const LONG_AGO: u64 = 1_600_000_000;

/// Five files in four folders, one of which is empty.
const FILES: [(&str, &[u8]); 6] = [
    ("a", b"one"),
    ("sub/b c", b""),
    ("sub/deep/grün", b"three"),
    ("sub/deep/.hidden.txt", b"four"),
    ("z.txt", &[9; 70_000]),
    ("empty/", b""),
];

/// The same tree here.
fn write(path: &Path, files: &[(&str, &[u8])]) {
    for (name, bytes) in files {
        let at = path.join(name);
        std::fs::create_dir_all(if name.ends_with('/') { &at } else { at.parent().unwrap() })
            .unwrap();
        if !name.ends_with('/') {
            std::fs::write(&at, bytes).unwrap();
        }
    }
}

/// A folder with the tree in `out`.
fn holding(files: &[(&str, &[u8])]) -> Folder {
    let folder = Folder::new();
    std::fs::create_dir(folder.at("out")).unwrap();
    write(&folder.at("out"), files);
    folder
}

/// The last line of standard output has all of these.
#[track_caller]
fn summed<'a>(ran: &'a Ran, parts: &[&str]) -> &'a Ran {
    let text = ran.text();
    let last = text.lines().last().unwrap_or_default();
    for part in parts {
        let whole = last.split("; ").any(|it| it == *part || it.starts_with(&format!("{part} ")));
        assert!(whole, "{part:?} in {last:?}: {ran:?}");
    }
    ran
}

/// Number of files that went over data connections.
fn moved(server: &Server) -> usize {
    server.transfers().iter().filter(|it| matches!(it.verb, "RETR" | "STOR" | "APPE")).count()
}

/// A tree comes whole, with its times; a second run fetches nothing.
#[test]
fn a_tree_comes_and_is_up_to_date_then() {
    let rows = [
        ("MLSD", Extensions::default(), ListStyle::Unix, &[][..]),
        ("Unix", without(|it| it.mlst = false), ListStyle::Unix, &[]),
        ("DOS", without(|it| it.mlst = false), ListStyle::Dos, &[]),
        ("EPLF", without(|it| it.mlst = false), ListStyle::Eplf, &[]),
        ("RFC 959", Extensions::none(), ListStyle::Unix, &[]),
        ("four at a time", Extensions::default(), ListStyle::Unix, &["--jobs", "4"]),
        ("active", Extensions::default(), ListStyle::Unix, &["--active"]),
    ];
    beside(rows, |(label, extensions, style, more)| {
        let server =
            site_with(&FILES, |options| (options.extensions, options.style) = (extensions, style));
        let folder = Folder::new();
        touch(&server.root().join("a"), LONG_AGO);
        let ran = mirror(&folder, &server, "/", more);
        summed(ran.done(), &["5 files, 70012 bytes fetched", "4 folders made"]);
        assert_eq!(tree(&folder.at("in")), tree(server.root()), "{label}");
        if label == "MLSD" {
            assert_eq!(modified(&folder.at("in/a")), LONG_AGO);
        }
        let ran = mirror(&folder, &server, "/", more);
        summed(ran.done(), &["0 files, 0 bytes fetched", "5 up to date"]);
        assert_eq!(moved(&server), 5, "{label}: {ran:?}");
        assert_eq!(tree(&folder.at("in")), tree(server.root()), "{label}");
        strict(label, &server);
    });
}

/// And the other way round.
#[test]
fn a_tree_goes_up_and_is_up_to_date_then() {
    let rows = [
        ("MLSD", Extensions::default(), &[][..]),
        ("no MFMT", without(|it| it.mfmt = false), &[]),
        ("Unix", without(|it| it.mlst = false), &[]),
        ("RFC 959", Extensions::none(), &[]),
        ("direct", Extensions::default(), &["--direct"]),
        ("four at a time", Extensions::default(), &["--jobs", "4"]),
    ];
    beside(rows, |(label, extensions, more)| {
        let server = site_with(&[("up/", b"")], |options| options.extensions = extensions);
        let folder = holding(&FILES);
        touch(&folder.at("out/a"), LONG_AGO);
        let ran = mirror_back(&folder, &server, "/up/", more);
        ran.done();
        assert_eq!(tree(&server.root().join("up")), tree(&folder.at("out")), "{label}");
        if label == "MLSD" {
            assert_eq!(modified(&server.root().join("up/a")), LONG_AGO);
        }
        let before = moved(&server);
        summed(mirror_back(&folder, &server, "/up/", more).done(), &["5 up to date"]);
        assert_eq!((before, moved(&server)), (5, 5), "{label}");
        strict(label, &server);
    });
}

/// Only what is newer there, or of another size, comes again.
#[test]
fn what_differs_comes_again() {
    let (server, folder) = (site(&FILES), Folder::new());
    mirror(&folder, &server, "/", &[]).done();
    for name in ["a", "z.txt", "sub/deep/grün"] {
        touch(&server.root().join(name), LONG_AGO);
        touch(&folder.at("in").join(name), LONG_AGO);
    }
    std::fs::write(server.root().join("a"), "TWO").unwrap();
    touch(&server.root().join("a"), LONG_AGO + 60);
    std::fs::write(server.root().join("z.txt"), "shorter").unwrap();
    touch(&server.root().join("z.txt"), LONG_AGO);
    touch(&server.root().join("sub/deep/grün"), LONG_AGO - 3600);
    let before = said_of(&server, "RETR").len();
    summed(
        mirror(&folder, &server, "/", &[]).done(),
        &["2 files, 10 bytes fetched", "3 up to date"],
    );
    let mut fetched = said_of(&server, "RETR").split_off(before);
    fetched.sort();
    assert!(
        fetched.len() == 2 && fetched[0].ends_with('a') && fetched[1].ends_with("z.txt"),
        "{fetched:?}"
    );
    assert_eq!(finals(&folder.at("in")), finals(server.root()));
    strict("differs", &server);
}

/// A file that is here and nowhere there stays; one in the way is replaced whole or not at all.
#[test]
fn what_is_here_stays() {
    let (server, folder) = (site(&FILES), Folder::new());
    write(
        &folder.at("in"),
        &[("mine", b"mine"), ("sub/mine too", b"mine"), ("a", b"a longer one")],
    );
    mirror(&folder, &server, "/", &[]).done();
    let here = finals(&folder.at("in"));
    assert_eq!((here["mine"].as_slice(), here["a"].as_slice()), (&b"mine"[..], &b"one"[..]));
    assert!(here.contains_key("sub/mine too"));
}

/// `--include` and `--exclude` match the path and the name; a folder left out is not entered.
#[test]
fn what_is_wanted() {
    let files: [(&str, &[u8]); 6] = [
        ("a.txt", b"1"),
        ("b.bin", b"2"),
        ("sub/c.txt", b"3"),
        ("sub/d.bin", b"4"),
        ("skip/e.txt", b"5"),
        ("sub/skip/f.txt", b"6"),
    ];
    let rows: [(&[&str], &[&str]); 6] = [
        (&["--include", "*.txt"], &["a.txt", "skip/e.txt", "sub/c.txt", "sub/skip/f.txt"]),
        (&["--exclude", "*.txt"], &["b.bin", "sub/d.bin"]),
        (&["--exclude", "skip"], &["a.txt", "b.bin", "sub/c.txt", "sub/d.bin"]),
        (&["--exclude", "sub/skip"], &["a.txt", "b.bin", "skip/e.txt", "sub/c.txt", "sub/d.bin"]),
        (&["--include", "*.txt", "--exclude", "skip"], &["a.txt", "sub/c.txt"]),
        (&["--include", "a.*", "--include", "sub/d.*"], &["a.txt", "sub/d.bin"]),
    ];
    for (words, wanted) in rows {
        let (server, folder) = (site(&files), Folder::new());
        mirror(&folder, &server, "/", words).done();
        let here: Vec<_> = finals(&folder.at("in")).into_keys().collect();
        assert_eq!(here, wanted, "{words:?}");
        if words == ["--exclude", "skip"] {
            assert!(!said(&server).iter().any(|line| line.contains("skip")), "{:?}", said(&server));
        }
        let (server, folder) = (site(&[]), holding(&files));
        mirror_back(&folder, &server, "/", words).done();
        let there: Vec<_> = finals(server.root()).into_keys().collect();
        assert_eq!(there, wanted, "-R {words:?}");
    }
}

/// `--dry-run` says what would be done, and does nothing.
#[test]
fn nothing_is_done_dryly() {
    let (server, folder) = (site(&FILES), Folder::new());
    let ran = mirror(&folder, &server, "/", &["--dry-run", "--delete"]);
    ran.done();
    for name in ["a", "z.txt", "sub/b c"] {
        assert!(ran.text().contains(name), "{name}: {ran:?}");
    }
    assert_eq!((folder.names(), moved(&server)), (vec![], 0));
    write(&folder.at("in"), &[("gone", b"1")]);
    let ran = mirror(&folder, &server, "/", &["--dry-run", "--delete"]);
    assert!(ran.done().text().contains("gone"), "{ran:?}");
    assert_eq!(tree(&folder.at("in")).len(), 1);
    let folder = holding(&[("new", b"1"), ("sub/new", b"2")]);
    let before = tree(server.root());
    let ran = mirror_back(&folder, &server, "/", &["--dry-run", "--delete"]);
    assert!(ran.done().text().contains("new"), "{ran:?}");
    assert_eq!(tree(server.root()), before);
    for verb in ["STOR", "DELE", "MKD", "RMD", "RNFR", "MFMT", "APPE"] {
        assert_eq!(said_of(&server, verb).len(), 0, "{verb}");
    }
    strict("dry", &server);
}

/// `--delete` removes at the target what the source has no more, folders too.
#[test]
fn what_is_gone_is_removed() {
    let extra: [(&str, &[u8]); 3] = [("gone", b"1"), ("old/deep/gone", b"2"), ("sub/gone", b"3")];
    let (server, folder) = (site(&FILES), Folder::new());
    write(&folder.at("in"), &extra);
    mirror(&folder, &server, "/", &[]).done();
    assert!(folder.has("in/gone"));
    let ran = mirror(&folder, &server, "/", &["--delete"]);
    assert!(ran.done().text().lines().last().unwrap().ends_with(" deleted"), "{ran:?}");
    assert_eq!(tree(&folder.at("in")), tree(server.root()));
    write(server.root(), &extra);
    let folder = holding(&FILES);
    mirror_back(&folder, &server, "/", &["--delete"]).done();
    assert_eq!(tree(server.root()), tree(&folder.at("out")));
    strict("delete", &server);
}

/// A label, the folder of the source, its files, what the server offers, what it answers in its own
/// way, and how it may end.
type Doubt = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static [u8])],
    bool,
    &'static str,
    &'static [i32],
);

/// hostile.md row 169, row 26 of the fault matrix.
const DOUBTS: [Doubt; 13] = [
    ("empty", "/", &[], true, "", &[8]),
    ("empty by LIST", "/", &[], false, "", &[8]),
    (
        "junk",
        "/",
        &[("x", b"1"), (".mlsd", b"type=file;size=1; x\r\nwhat is this\r\n")],
        true,
        "",
        &[8],
    ),
    (
        "junk by LIST",
        "/",
        &[("x", b"1"), (".list", b"-rw-r--r-- 1 a b 1 Jan 31 12:00 x\r\n?? what\r\n")],
        false,
        "",
        &[8],
    ),
    ("refused", "/", &[("x", b"12")], true, "C: MLSD{{*=}}\nS: 550 no\n", &[1]),
    ("a file cut", "/", &[("x", b"12"), ("err426-1", b"12")], true, "", &[10]),
    ("a file short", "/", &[("cut-1", b"12")], true, "", &[5, 10]),
    (
        "a file refused",
        "/",
        &[("x", b"12"), ("y", b"2")],
        true,
        "C: RETR {{*=x}}\nS: 550 no\n",
        &[1, 10],
    ),
    (
        "a folder refused",
        "/",
        &[("x", b"12"), ("d/y", b"2")],
        true,
        "C: MLSD {{*:/.*d.?/=d}}\nS: 550 no\n",
        &[1, 10],
    ),
    (
        "a listing ended by 426",
        "/err426-90/",
        &[("err426-90/x", b"12"), ("err426-90/y", b"2")],
        true,
        "",
        &[1, 5],
    ),
    ("a listing reset", "/reset-90/", &[("reset-90/x", b"12")], true, "", &[1, 3, 5]),
    ("a listing without an end", "/drop-90/", &[("drop-90/x", b"12")], true, "", &[3, 5]),
    ("a listing cut in a line", "/cut-20/", &[("cut-20/x", b"12")], true, "", &[5, 8]),
];

/// A source that is empty, doubtful or failed removes nothing.
#[test]
fn doubt_removes_nothing() {
    let mine: [(&str, &[u8]); 3] = [("mine", b"1"), ("sub/mine", b"2"), ("x", b"3")];
    for (label, path, files, mlst, section, codes) in DOUBTS {
        let server = site_with(files, |options| {
            options.extensions.mlst = mlst;
            if !section.is_empty() {
                options.over = Some(over(&format!("== no @times *\n{section}")));
            }
        });
        let folder = Folder::new();
        write(&folder.at("in"), &mine);
        let ran = mirror(&folder, &server, path, &["--delete"]);
        let fits = ran.code.is_some_and(|code| codes.contains(&code));
        assert!(fits, "{label}: {ran:?}\n{:?}", said(&server));
        let stays = ["in/mine", "in/sub/mine", "in/x"].iter().all(|name| folder.has(name));
        assert!(stays, "{label}: {ran:?}");
    }
}

/// The same of a source that is here.
#[test]
fn doubt_here_removes_nothing() {
    let (server, folder) = (site(&[("mine", b"1"), ("sub/mine", b"2")]), holding(&[]));
    mirror_back(&folder, &server, "/", &["--delete"]).failed(8, "");
    let url = ftp(server.addr(), "/");
    words(&folder, &["ftp", "mirror", "-R", "none", &url, "--delete"]).failed(7, "");
    assert_eq!((finals(server.root()).len(), said_of(&server, "DELE").len()), (2, 0));
    folder.write("out/stor553", "1");
    assert_ne!(mirror_back(&folder, &server, "/", &["--delete"]).code, Some(0));
    assert_eq!((finals(server.root()).len(), said_of(&server, "DELE").len()), (2, 0));
}

/// More than `--max-delete` is refused as a whole, and so is more than 100 unasked.
#[test]
fn deletions_have_a_limit() {
    let names: Vec<_> = (0..101).map(|nth| format!("old-{nth}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let (server, folder) = (site(&[("keep", b"1")]), Folder::new());
    write(&folder.at("in"), &files);
    mirror(&folder, &server, "/", &["--delete"]).failed(8, "").hinted("--max-delete");
    mirror(&folder, &server, "/", &["--delete", "--max-delete", "100"]).failed(8, "");
    assert_eq!(finals(&folder.at("in")).len() - usize::from(folder.has("in/keep")), 101);
    let ran = mirror(&folder, &server, "/", &["--delete", "--max-delete", "101"]);
    summed(ran.done(), &["101 deleted"]);
    assert_eq!(tree(&folder.at("in")).into_keys().collect::<Vec<_>>(), ["keep"]);
    let server = site(&files);
    let folder = holding(&[("keep", b"1")]);
    mirror_back(&folder, &server, "/", &["--delete"]).failed(8, "");
    assert_eq!(said_of(&server, "DELE").len(), 0);
}

/// What fails is named, the rest comes; all alike is their common code.
#[test]
fn what_fails_is_named() {
    let (server, folder) =
        (site(&[("a", b"1"), ("retr550", b"2"), ("cut-1", b"345"), ("z", b"4")]), Folder::new());
    let ran = mirror(&folder, &server, "/", &[]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.stderr.contains("retr550") && ran.stderr.contains("cut-1"), "{ran:?}");
    summed(&ran, &["2 files, 2 bytes fetched"]);
    assert_eq!(finals(&folder.at("in")).into_keys().collect::<Vec<_>>(), ["a", "z"]);
    let (server, folder) = (site(&[("retr550", b"2"), ("sub/retr550", b"3")]), Folder::new());
    assert_eq!(mirror(&folder, &server, "/", &[]).code, Some(1));
    let (server, folder) =
        (site(&[("up/", b"")]), holding(&[("a", b"1"), ("stor553", b"2"), ("full", b"3")]));
    let ran = mirror_back(&folder, &server, "/up/", &[]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.stderr.contains("stor553") && ran.stderr.contains("full"), "{ran:?}");
    assert_eq!(finals(&server.root().join("up")).into_keys().collect::<Vec<_>>(), ["a"]);
}

/// Several connections, of which the server takes only some: all files come all the same.
#[test]
fn connections_may_be_refused() {
    let names: Vec<_> = (0..40).map(|nth| format!("d{}/f{nth}", nth % 4)).collect();
    let bytes = content(3000);
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &bytes[..])).collect();
    for (jobs, most) in [("8", Some(3)), ("8", Some(1)), ("32", None)] {
        let server = site_with(&files, |options| options.max_sessions = most);
        let folder = Folder::new();
        summed(
            mirror(&folder, &server, "/", &["--jobs", jobs]).done(),
            &["40 files, 120000 bytes fetched"],
        );
        assert!(tree(&folder.at("in")) == tree(server.root()), "{jobs} {most:?}");
        assert!(server.connections() > 1, "{jobs}");
        let server = site_with(&[], |options| options.max_sessions = most);
        let folder = holding(&files);
        mirror_back(&folder, &server, "/", &["--jobs", jobs]).done();
        assert!(tree(server.root()) == tree(&folder.at("out")), "-R {jobs} {most:?}");
    }
    let (server, folder) = (site(&FILES), Folder::new());
    for jobs in ["0", "33", "x"] {
        assert_eq!(mirror(&folder, &server, "/", &["--jobs", jobs]).code, Some(2), "{jobs}");
    }
    assert_eq!(server.connections(), 0);
}

/// ftp-telnet.md section 8: what the listing told is not asked again for each file.
#[test]
fn few_commands_a_file() {
    let names: Vec<_> = (0..100).map(|nth| format!("f{nth}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let (server, folder) = (site(&files), Folder::new());
    mirror(&folder, &server, "/", &[]).done();
    let commands = said(&server);
    assert!(commands.len() <= 230, "{} commands: {:?}", commands.len(), &commands[..30]);
    assert_eq!(server.connections(), 1);
}

/// What a server may call a file, and what no file here is made of: hostile.md row 159.
const ODD: [(&str, &[u8]); 4] =
    [("back\\slash", b"1"), ("tab\there", b"22"), ("C:x", b"333"), ("su\\b/deep", b"4444")];

/// With `-R` the server's names are compared and sent back, and need not be safe here.
#[test]
fn odd_names_go_up_once() {
    let rows = [
        ("MLSD", Extensions::default()),
        ("Unix", without(|it| it.mlst = false)),
        ("RFC 959", Extensions::none()),
    ];
    for (label, extensions) in rows {
        let server = site_with(&[("up/", b"")], |options| options.extensions = extensions);
        let folder = holding(&ODD);
        mirror_back(&folder, &server, "/up/", &[]).done();
        assert_eq!(tree(&server.root().join("up")), tree(&folder.at("out")), "{label}");
        summed(
            mirror_back(&folder, &server, "/up/", &[]).done(),
            &["0 files, 0 bytes stored", "4 up to date"],
        );
        for name in ["out/back\\slash", "out/su\\b/deep"] {
            std::fs::remove_file(folder.at(name)).unwrap();
        }
        std::fs::remove_dir(folder.at("out/su\\b")).unwrap();
        let ran = mirror_back(&folder, &server, "/up/", &["--delete"]);
        summed(ran.done(), &["2 up to date", "3 deleted"]);
        assert_eq!(tree(&server.root().join("up")), tree(&folder.at("out")), "{label}");
        strict(label, &server);
    }
}

/// On the way here they are skipped by name, and nothing is deleted; `--exclude` leaves them out.
#[test]
fn odd_names_stay_there() {
    let (server, folder) = (site(&ODD), Folder::new());
    write(server.root(), &[("good", b"1")]);
    write(&folder.at("in"), &[("mine", b"1")]);
    let ran = mirror(&folder, &server, "/", &["--delete"]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    for name in ["back\\\\slash", "tab\\there", "C:x", "su\\\\b"] {
        assert!(ran.stderr.contains(&format!("skipping {name}: ")), "{name}: {ran:?}");
    }
    let words = "4 failed, so nothing is deleted (1 would be)";
    assert!(ran.stderr.contains(words) && !ran.stderr.contains("listing"), "{ran:?}");
    ran.hinted("--exclude");
    assert_eq!(finals(&folder.at("in")).into_keys().collect::<Vec<_>>(), ["good", "mine"]);
    let json = mirror(&folder, &server, "/", &["--json"]);
    assert_eq!(json.text().matches(r#""action":"skip""#).count(), 4, "{json:?}");
    let excluded = ["--delete", "--exclude", "*\\*", "--exclude", "C:*", "--exclude", "tab?here"];
    summed(mirror(&folder, &server, "/", &excluded).done(), &["1 up to date", "1 deleted"]);
    assert_eq!(tree(&folder.at("in")).into_keys().collect::<Vec<_>>(), ["good"]);
    assert!(said_of(&server, "RETR").len() == 1, "{:?}", said(&server));
}

/// The folder that a tree goes into counts when it has to be made, in either direction.
#[test]
fn the_target_itself_is_made() {
    let rows = [
        ("MLSD", Extensions::default()),
        ("Unix", without(|it| it.mlst = false)),
        ("RFC 959", Extensions::none()),
    ];
    for (label, extensions) in rows {
        let server = site_with(&[("x", b"1")], |options| options.extensions = extensions);
        let folder = holding(&[("x", b"1")]);
        for (made, which) in [("1 folder made", "first"), ("0 folders made", "then")] {
            let ran = mirror_back(&folder, &server, "/new/deep/", &[]);
            summed(ran.done(), &[made]);
            let ran = mirror(&folder, &server, "/new/deep/", &[]);
            summed(ran.done(), &[made]);
            assert_eq!(server.file("new/deep/x"), Some(b"1".to_vec()), "{label} {which}");
        }
        strict(label, &server);
    }
    let (server, folder) = (site(&[("x", b"1")]), holding(&[("x", b"1")]));
    for ran in [
        mirror(&folder, &server, "/", &["--dry-run"]),
        mirror_back(&folder, &server, "/new/", &["--dry-run"]),
    ] {
        let text = ran.done().text();
        assert_eq!(text.lines().next(), Some("mkdir the folder itself"), "{text}");
    }
    let line = r#"{"action":"mkdir","path":"."}"#;
    for ran in [
        mirror(&folder, &server, "/", &["--json"]),
        mirror_back(&folder, &server, "/new/", &["--json"]),
    ] {
        assert_eq!(ran.done().text().lines().next(), Some(line));
    }
}

/// `--retry` takes what failed for now.
#[test]
fn trying_again() {
    let section =
        "== once\nC: RETR {{*=x}}\nS: 450 busy\n== cut\nC: RETR {{*=x}}\nS: 150 go\nS! cut\n";
    let (server, folder) = (site_over(&FILES, section), Folder::new());
    mirror(&folder, &server, "/", &["--retry", "2"]).done();
    assert_eq!(tree(&folder.at("in")), tree(server.root()));
}

/// ftp-telnet.md row 16: a file of ours whose name no command can hold is named, the rest goes up.
#[test]
fn names_that_cannot_be_said() {
    let (server, folder) =
        (site(&[]), holding(&[("a\nDELE x", b"1"), ("good", b"2"), ("d\re/x", b"3")]));
    let ran = mirror_back(&folder, &server, "/", &[]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(!ran.stderr.contains('\r') && ran.stderr.contains("DELE x"), "{ran:?}");
    assert_eq!(finals(server.root()).into_keys().collect::<Vec<_>>(), ["good"]);
    assert_eq!(said_of(&server, "DELE").len(), 0);
    strict("names", &server);
}

/// A line a file, and one in the end.
#[test]
fn json_is_a_line_a_file() {
    let (server, folder) = (site(&FILES), Folder::new());
    let ran = mirror(&folder, &server, "/", &["--json"]);
    let text = ran.done().text();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.len() >= 5, "{text}");
}

/// A single folder below, and its name with blanks; the target is made.
#[test]
fn any_folder_can_be_the_source() {
    let (server, folder) = (site(&[("a b/c/x", b"1"), ("y", b"2")]), Folder::new());
    mirror(&folder, &server, "/a%20b/", &[]).done();
    mirror(&folder, &server, "/a%20b/c", &[]).done();
    let here: BTreeMap<_, _> = finals(&folder.at("in"));
    assert_eq!(here.into_keys().collect::<Vec<_>>(), ["c/x", "x"]);
    let before = server.connections();
    mirror(&folder, &server, "/a%0Db/", &[]).failed(2, "");
    assert_eq!(server.connections(), before);
    let missing = Folder::new();
    mirror(&missing, &server, "/none/", &[]).failed(1, "");
    is_clean("source", folder.path());
    let folder = holding(&[("x", b"1")]);
    mirror_back(&folder, &server, "/new/deep/", &[]).done();
    assert_eq!(server.file("new/deep/x"), Some(b"1".to_vec()));
}
