//! `wireline get ftp://`: what it fetches, what it prints, which names it says. hostile.md rows 154,
//! 163, 167, 181 and 184; ftp-telnet.md rows 9, 13 to 22 and 26.

use crate::ftp_support::{
    content, ftp, get, is_clean, last_type, listed, modified, over, said, said_of, site, site_over,
    site_with, strict, touch, verb, without, words,
};
use crate::support::{Folder, beside};
use serde_json::Value;
use wireline_servers::ftp::{Extensions, ListStyle};

const NEW_YEAR: u64 = 1_704_067_200;

/// Files of all sizes come whole, on standard output and into files; nothing is said about it.
#[test]
fn files_come_whole() {
    beside([0, 1, 2, 8191, 8192, 65_537, 3_000_000], |size| {
        let bytes = content(size);
        let (server, folder) = (site(&[("a/x.bin", &bytes)]), Folder::new());
        let label = format!("{size} bytes");
        let printed = get(&folder, &server, "/a/x.bin", &[]);
        assert!(printed.done_in_silence().stdout == bytes, "{label}");
        for more in [
            &["-o", "here"][..],
            &["-O"],
            &["-o", "-"],
            &["-q", "-o", "quiet"],
            &["-o", "synced", "--sync"],
        ] {
            let ran = get(&folder, &server, "/a/x.bin", more);
            let printed = if more == ["-o", "-"] { &bytes[..] } else { &[] };
            assert!(ran.done_in_silence().stdout == printed, "{label} {more:?}");
        }
        assert!(
            ["here", "x.bin", "quiet"].iter().all(|name| folder.read(name) == bytes),
            "{label}"
        );
        is_clean(&label, folder.path());
        strict(&label, &server);
    });
}

/// RFC 1738 section 3.2.2, hostile.md row 184: names go as one, from the login folder; `%2F` in
/// front begins at the root.
#[test]
fn paths_are_those_of_the_rfc() {
    let rows: [(&str, &str, &str); 9] = [
        ("/a/b/c", "RETR a/b/c", "a/b/c"),
        ("/%2Fetc/motd", "RETR /etc/motd", "etc/motd"),
        ("/%2fetc/motd", "RETR /etc/motd", "etc/motd"),
        ("/two%20words", "RETR two words", "two words"),
        ("/%20in%20front", "RETR  in front", " in front"),
        ("/gr%C3%BCn", "RETR grün", "grün"),
        ("/grün", "RETR grün", "grün"),
        ("/half%25", "RETR half%", "half%"),
        ("/a?b%23", "RETR a?b#", "a?b#"),
    ];
    for (path, said, file) in rows {
        let (server, folder) = (site(&[(file, b"here")]), Folder::new());
        let ran = get(&folder, &server, path, &[]);
        assert_eq!(ran.done().text(), "here", "{path}");
        assert_eq!(said_of(&server, "RETR"), [said], "{path}");
        strict(path, &server);
    }
}

/// A name is bytes: one that is not UTF-8 is said as it is, 0xFF doubled (RFC 854).
#[test]
fn names_are_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let (server, folder) = (site(&[]), Folder::new());
    for (path, name) in [("/a%FFb", &b"a\xffb"[..]), ("/gr%FCn", b"gr\xfcn")] {
        std::fs::write(server.root().join(std::ffi::OsStr::from_bytes(name)), "here").unwrap();
        assert_eq!(get(&folder, &server, path, &[]).done().text(), "here", "{path}");
    }
    strict("bytes", &server);
}

/// What cannot be a name is exit 2 before anything is sent.
#[test]
fn what_no_line_can_hold_is_not_sent() {
    let (server, folder) = (site(&[]), Folder::new());
    for path in ["/a%0Db", "/a%0ab", "/a%0D%0ADELE%20x", "/a%00b", "/a\rb", "/a\nb"] {
        for more in [&[][..], &["-o", "x"], &["-I"]] {
            get(&folder, &server, path, more).failed_in_one_line(2, "");
        }
    }
    let user = |user: &str| format!("ftp://{user}@{}/x", server.addr());
    for url in [user("a%0D%0ADELE%20x"), user("a:b%0Ac"), user("a:b@c")] {
        words(&folder, &["get", &url]).failed(2, "");
    }
    for user in ["a\r\nDELE x:y", "a:b\nDELE x"] {
        words(&folder, &["get", &ftp(server.addr(), "/x"), "-u", user]).failed(2, "");
    }
    assert_eq!((server.connections(), folder.names()), (0, vec![]));
}

/// `;type=a` has line ends of ours, `;type=i` is the default, `;type=d` lists.
#[test]
fn a_path_can_bear_a_type() {
    let (server, folder) = (site(&[("t", b"one\ntwo\n"), ("sub/x", b"")]), Folder::new());
    let rows = [
        ("/t;type=a", "one\ntwo\n", 'A'),
        ("/t;type=i", "one\ntwo\n", 'I'),
        ("/t", "one\ntwo\n", 'I'),
    ];
    for (path, text, letter) in rows {
        let (server, folder) = (site(&[("t", b"one\ntwo\n")]), Folder::new());
        assert_eq!(get(&folder, &server, path, &[]).done().text(), text, "{path}");
        assert_eq!(last_type(&server), letter, "{path}: {:?}", said(&server));
        strict(path, &server);
    }
    let table = get(&folder, &server, "/sub;type=d", &[]);
    assert_eq!(listed(&table.done().text()), ["x"]);
    get(&folder, &server, "/t;type=x", &[]).failed(2, "");
    strict("types", &server);
}

/// A folder is listed: by its slash, as the login folder, and when RETR finds no file.
#[test]
fn folders_are_listed() {
    let files: [(&str, &[u8]); 3] = [("sub/b", b"12345"), ("sub/a b", b""), ("sub/c/x", b"")];
    for extensions in [Extensions::default(), Extensions::none()] {
        let server = site_with(&files, |options| options.extensions = extensions.clone());
        let folder = Folder::new();
        let table = get(&folder, &server, "/sub/", &[]).done_in_silence().text();
        assert_eq!(listed(&table), ["a b", "b", "c/"], "{table}");
        assert!(table.contains(" 5 "), "{table}");
        for path in ["/sub", "/%2Fsub", "/%2Fsub/"] {
            assert_eq!(get(&folder, &server, path, &[]).done_in_silence().text(), table, "{path}");
        }
        assert_eq!(verb(&folder, &server, "ls", "/sub/", &[]).done().text(), table);
        for path in ["", "/"] {
            assert!(get(&folder, &server, path, &[]).done().text().ends_with(" sub/\n"));
        }
        get(&folder, &server, "/sub/", &["-o", "table"]).done_in_silence();
        assert_eq!(String::from_utf8_lossy(&folder.read("table")), table);
        let json = get(&folder, &server, "/sub/", &["--json"]).done_in_silence().text();
        assert_eq!(verb(&folder, &server, "ls", "/sub/", &["--json"]).done().text(), json);
        let names: Vec<_> = json.lines().map(|line| parsed(line)["name"].clone()).collect();
        assert_eq!(names, ["a b", "b", "c"], "{json}");
        strict("listings", &server);
    }
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// `-I` tells what is known without a transfer.
#[test]
fn heads_are_what_is_known() {
    let server = site(&[("x", b"hello\n"), ("sub/y", b"")]);
    let folder = Folder::new();
    touch(&server.root().join("x"), NEW_YEAR + 43_200);
    let known = get(&folder, &server, "/x", &["-I"]);
    let wanted = "Size: 6\nModified: 2024-01-01T12:00:00Z\nType: file\n";
    assert_eq!(known.done_in_silence().text(), wanted);
    let known = get(&folder, &server, "/sub/", &["-I"]).done_in_silence().text();
    assert!(known.contains("Type: dir"), "{known}");
    get(&folder, &server, "/none", &["-I"]).failed(1, "");
    assert_eq!(server.transfers(), []);
    strict("heads", &server);
    let old = site_with(&[("x", b"hello\n")], |options| {
        options.extensions = without(|it| it.mlst = false);
    });
    touch(&old.root().join("x"), NEW_YEAR + 43_200);
    let known = get(&folder, &old, "/x", &["-I"]).done_in_silence().text();
    assert!(known.starts_with("Size: 6\nModified: 2024-01-01T12:00:00Z\n"), "{known}");
    assert_eq!((folder.names(), old.transfers()), (vec![], vec![]));
}

/// `--json`: a line a transfer, whether it succeeds or not.
#[test]
fn json_is_a_line_a_transfer() {
    let (server, folder) = (site(&[("x", b"hello\n")]), Folder::new());
    let ran = get(&folder, &server, "/x", &["-o", "y", "--json"]);
    let line = parsed(&ran.done_in_silence().text());
    assert_eq!(line["url"], ftp(server.addr(), "/x"));
    assert_eq!((&line["bytes"], &line["file"]), (&6.into(), &"y".into()), "{line}");
    assert_eq!(line["remote"], server.addr().to_string());
    assert!(line["tls"].is_null() && line["error"].is_null(), "{line}");
    for timing in ["connect", "total"] {
        assert!(line["timings"][timing].is_number(), "{timing}: {line}");
    }
    let ran = get(&folder, &server, "/none", &["-o", "z", "--json"]);
    let line = parsed(&ran.failed(1, "").text());
    assert!(line["error"].is_string(), "{line}");
    assert!(!ran.text().contains('\x1b') && ran.text().lines().count() == 1, "{ran:?}");
    get(&folder, &server, "/x", &["--json"]).failed(2, "");
    get(&folder, &server, "/x", &["--json", "-I"]).done_in_silence();
}

/// hostile.md rows 154 and 163: `-O` takes the last segment, safely, and replaces nothing unasked.
#[test]
fn named_after_the_url() {
    let (server, folder) = (site(&[("a/x y", b"new"), ("x", b"n")]), Folder::new());
    get(&folder, &server, "/a/x%20y", &["-O"]).done_in_silence();
    assert_eq!(folder.read("x y"), b"new");
    folder.write("x y", "old");
    let before = server.connections();
    get(&folder, &server, "/a/x%20y", &["-O"]).failed(7, "");
    assert_eq!((folder.read("x y"), server.connections()), (b"old".to_vec(), before));
    get(&folder, &server, "/a/x%20y", &["-O", "--overwrite"]).done_in_silence();
    assert_eq!(folder.read("x y"), b"new");
    get(&folder, &server, "/x;type=i", &["--output-dir", "down"]).failed(7, "");
    get(&folder, &server, "/x;type=i", &["--output-dir", "down", "--create-dirs"])
        .done_in_silence();
    assert_eq!(folder.read("down/x"), b"n");
    for path in ["/a%2F..%2F..%2Fout", "/..", "/a/%2e%2e", "/a%5C..%5Cout", "/%2E"] {
        let inner = folder.at("inner");
        std::fs::create_dir_all(&inner).unwrap();
        let before = folder.names();
        let mut command =
            crate::ftp_support::words_in(&inner, &["get", &ftp(server.addr(), path), "-O"]);
        let ran = crate::support::run(&mut command);
        assert!(ran.code.is_some(), "{path}: {ran:?}");
        assert_eq!(folder.names(), before, "{path}");
        assert_eq!(std::fs::read_dir(&inner).unwrap().count(), 0, "{path}");
    }
}

/// What is not there is exit 1, and what was here stays as it was.
#[test]
fn what_is_not_there_touches_nothing() {
    for extensions in [Extensions::default(), Extensions::none()] {
        let server = site_with(&[("x", b"")], |options| options.extensions = extensions.clone());
        let folder = Folder::new();
        folder.write("here", "old");
        for path in ["/none", "/none/", "/none/x", "/retr550"] {
            for more in [&[][..], &["-o", "here"], &["-o", "there"], &["-O"]] {
                let ran = get(&folder, &server, path, more);
                ran.failed(1, "");
                assert_eq!(
                    (ran.text(), folder.names()),
                    (String::new(), vec!["here".into()]),
                    "{path}"
                );
            }
        }
        assert_eq!(folder.read("here"), b"old");
        strict("not there", &server);
    }
}

/// A file's time is the server's with `-R` only.
#[test]
fn the_time_is_set_when_asked() {
    for extensions in [Extensions::default(), without(|it| it.mlst = false)] {
        let server = site_with(&[("x", b"hello\n")], |options| options.extensions = extensions);
        let folder = Folder::new();
        touch(&server.root().join("x"), NEW_YEAR);
        get(&folder, &server, "/x", &["-o", "plain"]).done_in_silence();
        assert!(modified(&folder.at("plain")) > NEW_YEAR);
        for (more, name) in [("-R", "short"), ("--remote-time", "long")] {
            get(&folder, &server, "/x", &[more, "-o", name]).done_in_silence();
            assert_eq!(modified(&folder.at(name)), NEW_YEAR, "{more}");
        }
    }
}

/// More than is wanted is exit 5, told or not, and no file.
#[test]
fn files_have_a_limit() {
    for extensions in [Extensions::default(), Extensions::none()] {
        let server =
            site_with(&[("x", &content(100_000))], |options| options.extensions = extensions);
        let folder = Folder::new();
        get(&folder, &server, "/x", &["-o", "x", "--max-size", "99999"]).failed(5, "");
        assert!(!folder.has("x"));
        get(&folder, &server, "/x", &["-o", "x", "--max-size", "100000"]).done_in_silence();
        assert_eq!(folder.read("x"), content(100_000));
    }
}

/// Whatever a server lacks or writes in its own way, files come.
#[test]
fn any_server_will_do() {
    let rows = [
        ("everything", Extensions::default(), &[][..], ListStyle::Unix),
        ("RFC 959", Extensions::none(), &[], ListStyle::Unix),
        ("no EPSV", without(|it| it.epsv = false), &[], ListStyle::Dos),
        ("no SIZE", without(|it| (it.size, it.mlst) = (false, false)), &[], ListStyle::Eplf),
        ("no MDTM", without(|it| (it.mdtm, it.mlst) = (false, false)), &[], ListStyle::Vms),
        ("active", Extensions::default(), &["--active"], ListStyle::Unix),
        ("PORT", without(|it| it.eprt = false), &["--active"], ListStyle::Unix),
    ];
    beside(rows, |(label, extensions, more, style)| {
        let bytes = content(70_000);
        let server = site_with(&[("x", &bytes), ("sub/y", b"1")], |options| {
            (options.extensions, options.style) = (extensions, style);
        });
        let folder = Folder::new();
        get(&folder, &server, "/x", &[more, &["-o", "x"]].concat()).done_in_silence();
        assert!(folder.read("x") == bytes, "{label}");
        let table = get(&folder, &server, "/sub/", more).done_in_silence().text();
        assert_eq!(table.lines().count(), 1, "{label}: {table}");
        let verbs = if more.is_empty() { ["EPSV", "PASV"] } else { ["EPRT", "PORT"] };
        let others = if more.is_empty() { ["EPRT", "PORT"] } else { ["EPSV", "PASV"] };
        assert!(verbs.iter().any(|verb| !said_of(&server, verb).is_empty()), "{label}");
        assert!(others.iter().all(|verb| said_of(&server, verb).is_empty()), "{label}");
        strict(label, &server);
    });
}

/// ftp-telnet.md rows 9, 11 to 14, 20 to 22: answers that are odd and harmless.
#[test]
fn odd_answers_pass() {
    let rows = [
        ("230 after USER", "C: USER {{*=x}}\nS: 230 in\n"),
        ("202 after PASS", "C: PASS {{*=x}}\nS: 202 in\n"),
        ("TYPE 250", "C: TYPE I\nS: 250 fine\n"),
        ("FEAT of junk", "C: FEAT\nS: 211-ok\nS: MDTM\nS: what\nS: 211{{SP}}\n"),
        ("FEAT 550", "C: FEAT\nS: 550 no\n"),
        ("OPTS refused", "C: OPTS {{*=x}}\nS: 501 no\n"),
        ("MLST refused", "C: MLST {{*=x}}\nS: 550 no\n"),
        ("MLST not done", "C: MLST {{*=x}}\nS: 502 no\n"),
        ("EPSV refused", "C: EPSV\nS: 522 no\n"),
        ("digits inside", "C: TYPE I\nS: 200-ok\nS: 550 inside\nS: 200 ok\n"),
        ("226 at once", "C: RETR x\nS: 226 at once\n"),
        ("125", "C: RETR x\nS: 125 open\n"),
        ("250 behind", "C: RETR x\nS: 150 go\nS: 250 done\n"),
        ("QUIT refused", "C: QUIT\nS: 500 stay\n"),
        ("QUIT closes", "C: QUIT\nS! close\n"),
    ];
    for (label, section) in rows {
        let server = site_over(&[("x", b"hello\n")], &format!("== odd\n{section}"));
        let folder = Folder::new();
        let ran = get(&folder, &server, "/x", &["-o", "x"]);
        ran.done();
        assert_eq!(folder.read("x"), b"hello\n", "{label}");
    }
    type Change = fn(&mut wireline_servers::ftp::Options);
    let changes: [(&str, Change); 3] = [
        ("another delimiter", |options| options.epsv_delimiter = '!'),
        ("227 without parentheses", |options| {
            (options.pasv_bare, options.extensions) = (true, Extensions::none());
        }),
        ("no EPSV", |options| options.over = Some(over("== x @times *\nC: EPSV\nS: 500 what\n"))),
    ];
    for (label, change) in changes {
        let (server, folder) = (site_with(&[("x", b"hello\n")], change), Folder::new());
        assert_eq!(get(&folder, &server, "/x", &[]).done().text(), "hello\n", "{label}");
    }
}

/// Several files follow one another; one that fails is named and the rest come.
#[test]
fn several_at_once() {
    let (server, folder) = (site(&[("a", b"1"), ("b", b"2"), ("c", b"3")]), Folder::new());
    let url = |path: &str| ftp(server.addr(), path);
    let (a, b, c, none) = (url("/a"), url("/b"), url("/c"), url("/none"));
    assert_eq!(words(&folder, &["get", &a, &b, &c]).done_in_silence().text(), "123");
    words(&folder, &["get", &a, &b, "-O"]).done_in_silence();
    words(&folder, &["get", &a, &b, "-o", "x", "-o", "y"]).done_in_silence();
    assert_eq!(folder.names(), ["a", "b", "x", "y"]);
    let ran = words(&folder, &["get", &a, &none, &c, "--output-dir", "."]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    let ran = words(&folder, &["get", &none, &c, "-o", "m", "-o", "n"]);
    assert!(ran.code == Some(10) && ran.stderr.contains("/none"), "{ran:?}");
    assert_eq!(folder.read("n"), b"3");
    words(&folder, &["get", &none, &none]).failed(1, "");
    words(&folder, &["get", &a, &b, "-o", "x"]).failed(2, "");
    strict("several", &server);
}

/// By IPv6, where there is one.
#[test]
fn by_the_other_protocol() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let six = |more: &[&str], extensions: Extensions| {
        let server = site_with(&[("x", b"hello\n")], |options| {
            options.addr = (std::net::Ipv6Addr::LOCALHOST, 0).into();
            options.extensions = extensions;
        });
        let ran = get(&Folder::new(), &server, "/x", more);
        (ran.code, ran.text())
    };
    assert_eq!(six(&[], Extensions::default()), (Some(0), "hello\n".into()));
    assert_eq!(six(&["--active"], Extensions::default()), (Some(0), "hello\n".into()));
    let (code, text) = six(&[], Extensions::none());
    assert!(code == Some(0) || text.is_empty());
}

/// What reads may stop early; what cannot be written is exit 7.
#[test]
fn where_output_ends() {
    let (server, folder) = (site(&[("x", &content(3_000_000))]), Folder::new());
    let url = ftp(server.addr(), "/x");
    let shell = |line: &str| {
        let line = format!("W={}; {line}", env!("CARGO_BIN_EXE_wireline"));
        let mut command = std::process::Command::new("/bin/sh");
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder.path());
        crate::support::run(command.args(["-c", &line]))
    };
    let ran = shell(&format!("{{ $W get {url}; echo $? > code; }} | head -c 1 | wc -c; cat code"));
    assert!(ran.stderr.is_empty() && ran.text().trim().starts_with('1'), "{ran:?}");
    assert!(ran.text().trim().ends_with('0') || ran.text().trim().ends_with("141"), "{ran:?}");
    let ran = shell(&format!("$W get {url} > /dev/full"));
    ran.failed(7, "");
    let ran = shell(&format!("$W ftp ls {} > /dev/full", ftp(server.addr(), "/")));
    ran.failed(7, "");
}

/// hostile.md rows 162 and 167: where nothing can be written nothing is asked for; a link that was
/// typed is followed once.
#[test]
fn targets() {
    let (server, folder) = (site(&[("x", b"new")]), Folder::new());
    std::fs::create_dir(folder.at("sub")).unwrap();
    for target in ["sub", "none/x"] {
        get(&folder, &server, "/x", &["-o", target]).failed(7, "");
    }
    assert_eq!(said_of(&server, "RETR").len(), 0);
    get(&folder, &server, "/x", &["-o", "none/x", "--create-dirs"]).done_in_silence();
    folder.write("real", "old");
    std::os::unix::fs::symlink("real", folder.at("link")).unwrap();
    get(&folder, &server, "/x", &["-o", "link"]).done_in_silence();
    assert_eq!(folder.read("real"), b"new");
    assert!(folder.at("link").symlink_metadata().unwrap().is_symlink());
}
