//! `wireline put ftp://`: what bore the name stays whole until the new file is. hostile.md row 185
//! and rows 24 and 25 of the fault matrix; ftp-telnet.md rows 26, 28, 30.

use crate::ftp_support::{
    HOME, alice, at_home, begun_at_home, content, finals, ftp, is_clean, last_type, mended, over,
    put, said, said_of, serving, site, site_over, site_with, strict, tree, with_password, without,
    words_in,
};
use crate::support::{Folder, beside, happens, run};
use serde_json::Value;
use std::fs::File;
use std::time::Duration;
use wireline_servers::ftp::Extensions;

/// A folder with this file, `up`.
fn holding(bytes: &[u8]) -> Folder {
    let folder = Folder::new();
    folder.write("up", bytes);
    folder
}

/// Files of all sizes arrive whole, in place of what was there, by another name that is gone then.
#[test]
fn files_arrive_whole() {
    beside([0, 1, 8192, 65_537, 3_000_000], |size| {
        let bytes = content(size);
        let (server, folder) = (site(&[("sub/x", b"old")]), holding(&bytes));
        let label = format!("{size} bytes");
        for path in ["/sub/x", "/sub/new", "/new"] {
            let ran = put(&folder, &server, ("up", path), &[]);
            assert_eq!(ran.done_in_silence().text(), "", "{label}");
            assert!(server.file(path).is_some_and(|there| there == bytes), "{label} {path}");
        }
        let names: Vec<_> = said_of(&server, "STOR");
        assert!(
            !names.iter().any(|line| line.ends_with("/x") || line.ends_with(" new")),
            "{names:?}"
        );
        assert_eq!(said_of(&server, "RNTO"), ["RNTO sub/x", "RNTO sub/new", "RNTO new"], "{label}");
        is_clean(&label, server.root());
        strict(&label, &server);
    });
}

/// Behind a slash the file keeps its name; `-` has none.
#[test]
fn names() {
    let (server, folder) = (site(&[("sub/", b"")]), holding(b"hello\n"));
    put(&folder, &server, ("up", "/sub/"), &[]).done_in_silence();
    put(&folder, &server, ("./up", "/"), &[]).done_in_silence();
    assert_eq!(
        (server.file("sub/up"), server.file("up")),
        (Some(b"hello\n".into()), Some(b"hello\n".into()))
    );
    let before = server.connections();
    put(&folder, &server, ("-", "/sub/"), &[]).failed(2, "");
    for path in ["/a%0Db", "/a%0Ab", "/a%00b", "/a\nb"] {
        put(&folder, &server, ("up", path), &[]).failed(2, "");
    }
    assert_eq!(server.connections(), before);
    for (path, name) in [
        ("/two%20words", "two words"),
        ("/%20front", " front"),
        ("/back%20", "back "),
        ("/gr%C3%BCn", "grün"),
        ("/a%22b", "a\"b"),
        ("/-x", "-x"),
        ("/%2Fsub/%2E%2E%2Ey", "sub/...y"),
    ] {
        put(&folder, &server, ("up", path), &[]).done_in_silence();
        assert_eq!(server.file(name), Some(b"hello\n".to_vec()), "{path}");
    }
    is_clean("names", server.root());
    strict("names", &server);
}

/// A name of ours that no command can hold is exit 2; 0xFF is said twice (RFC 2640 section 3).
#[test]
fn names_of_ours() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let (server, folder) = (site(&[]), Folder::new());
    let url = ftp(server.addr(), "/");
    for (name, code) in [(&b"a\nDELE x"[..], 2), (b"a\rb", 2), (b"a\xffb", 0), (b"gr\xfcn", 0)] {
        let name = OsStr::from_bytes(name);
        std::fs::write(folder.path().join(name), "hello").unwrap();
        let mut command = words_in(folder.path(), &["put"]);
        let ran = run(command.arg(name).arg(&url));
        assert_eq!(ran.code, Some(code), "{ran:?}");
        let there = std::fs::read(server.root().join(name)).ok();
        assert_eq!(there.is_some(), code == 0, "{ran:?}");
    }
    strict("ours", &server);
}

/// Standard input, of a size that nobody knows, is uploaded as it comes.
#[test]
fn standard_input_goes_up() {
    for size in [0, 300_000] {
        let (server, folder) = (site(&[]), holding(&content(size)));
        let stdin = File::open(folder.at("up")).unwrap();
        let url = ftp(server.addr(), "/x");
        run(words_in(folder.path(), &["put", "-", &url]).stdin(stdin)).done_in_silence();
        assert!(server.file("x") == Some(content(size)), "{size}");
        strict("stdin", &server);
    }
}

/// Row 24 of the fault matrix: whatever happens to the upload, the old file stays as it is, and
/// what there is of the new one is removed where the server lets us.
#[test]
fn the_old_file_survives_any_failure() {
    let rows: [(&str, &[i32], bool); 15] = [
        ("stor553", &[1], true),
        ("stor552", &[1], true),
        ("stor550", &[1], true),
        ("stor421", &[1], true),
        ("full", &[1], true),
        ("full-50000", &[1], true),
        ("err452", &[1], true),
        ("err451-100", &[1], true),
        ("jam", &[1], true),
        ("jam-50000", &[1], true),
        ("cut-50000", &[5], true),
        ("nodata", &[5], true),
        ("reset-50000", &[1, 3, 5], true),
        ("drop-50000", &[3, 5], false),
        ("no226", &[3, 5], false),
    ];
    beside(rows, |(name, codes, cleans)| {
        let bytes = content(400_000);
        let (server, folder) = (site(&[(name, b"old")]), holding(&bytes));
        let more = ["--timeout", "1"];
        let ran = put(&folder, &server, ("up", &format!("/{name}")), &more);
        let code = ran.code.unwrap_or(-1);
        assert!(codes.contains(&code), "{name}: {ran:?}\n{:?}", said(&server));
        ran.failed(code, "");
        assert_eq!(server.file(name), Some(b"old".to_vec()), "{name}");
        if cleans {
            is_clean(name, server.root());
        }
        assert!(said_of(&server, "RNTO").is_empty(), "{name}");
        assert!(folder.read("up") == bytes, "{name}");
    });
}

/// Silence behind the data is as long as any: `--timeout` ends it, the old file stays.
#[test]
fn silence_behind_the_data_ends() {
    let (server, folder) = (site(&[("hang226", b"old")]), holding(b"new"));
    let ran = put(&folder, &server, ("up", "/hang226"), &["--timeout", "1"]);
    assert!([Some(5), Some(6)].contains(&ran.code), "{ran:?}");
    assert_eq!(server.file("hang226"), Some(b"old".to_vec()));
}

/// What is said of the files that a failure left: the name of a part that could not be removed.
#[test]
fn what_is_left_is_named() {
    let server = site_over(&[("cut-9", b"old")], "== no @times *\nC: DELE {{*=x}}\nS: 550 no\n");
    let folder = holding(b"hello, there");
    let ran = put(&folder, &server, ("up", "/cut-9"), &[]);
    ran.failed(5, "");
    let left: Vec<_> = tree(server.root()).into_keys().filter(|name| name != "cut-9").collect();
    assert!(left.len() == 1 && ran.stderr.contains(&left[0]), "{left:?}: {ran:?}");
}

/// A server that renames nothing: exit 1, the old file stays, the new one is no litter.
#[test]
fn a_refused_rename_is_a_failure() {
    for section in ["C: RNFR {{*=x}}\nS: 550 no\n", "C: RNTO {{*=x}}\nS: 553 no\n"] {
        let server = site_over(&[("x", b"old")], &format!("== no @times *\n{section}"));
        let folder = holding(b"new");
        put(&folder, &server, ("up", "/x"), &[]).failed(1, "");
        assert_eq!(
            tree(server.root()).into_iter().collect::<Vec<_>>(),
            [("x".into(), b"old".to_vec())]
        );
        put(&folder, &server, ("up", "/x"), &["--direct"]).done_in_silence();
        assert_eq!(server.file("x"), Some(b"new".to_vec()), "{section}");
    }
}

/// `--direct` writes to the name, and a last reply that is lost leaves the outcome unknown.
#[test]
fn straight_to_the_name() {
    let (server, folder) = (site(&[("x", b"a longer old one")]), holding(b"new"));
    put(&folder, &server, ("up", "/x"), &["--direct"]).done_in_silence();
    assert_eq!(
        (server.file("x"), said_of(&server, "STOR")),
        (Some(b"new".into()), vec!["STOR x".into()])
    );
    assert_eq!(said_of(&server, "RNFR").len(), 0);
    strict("direct", &server);
    for option in ["--direct", "--append"] {
        let ran = put(&folder, &server, ("up", "/no226"), &[option]);
        ran.failed(9, "");
        for (name, codes) in
            [("cut-1", &[5][..]), ("err452", &[1]), ("full-1", &[1]), ("stor553", &[1])]
        {
            let name =
                if option == "--append" { name.replace("stor", "appe") } else { name.into() };
            let ran = put(&folder, &server, ("up", &format!("/{name}")), &[option]);
            assert!(ran.code.is_some_and(|code| codes.contains(&code)), "{option} {name}: {ran:?}");
        }
    }
}

/// `--append` adds to what is there, or begins it.
#[test]
fn appending() {
    let (server, folder) = (site(&[("x", b"old,")]), holding(b"new"));
    for (option, path, wanted) in
        [("-a", "/x", "old,new"), ("--append", "/x", "old,newnew"), ("-a", "/y", "new")]
    {
        put(&folder, &server, ("up", path), &[option]).done_in_silence();
        assert_eq!(server.file(path), Some(wanted.into()), "{option} {path}");
    }
    assert_eq!(said_of(&server, "APPE").len(), 3);
    strict("append", &server);
}

/// The folders of the target are made when that is asked for.
#[test]
fn folders_are_made_when_asked() {
    for option in ["--create-dirs", "--ftp-create-dirs"] {
        for direct in [&[][..], &["--direct"]] {
            let (server, folder) = (site(&[("a/", b"")]), holding(b"new"));
            put(&folder, &server, ("up", "/a/b/c/x"), direct).failed(1, "");
            assert_eq!(said_of(&server, "MKD").len(), 0);
            put(&folder, &server, ("up", "/a/b/c/x"), &[direct, &[option]].concat())
                .done_in_silence();
            put(&folder, &server, ("up", "/%2Fd/e/"), &[direct, &[option]].concat())
                .done_in_silence();
            assert_eq!(server.file("a/b/c/x"), Some(b"new".to_vec()));
            assert_eq!(server.file("d/e/up"), Some(b"new".to_vec()));
            strict(option, &server);
        }
    }
}

/// What cannot be read here is exit 7 before anything is sent.
#[test]
fn what_is_not_here() {
    let (server, folder) = (site(&[]), holding(b""));
    std::fs::create_dir(folder.at("sub")).unwrap();
    for file in ["none", "sub", "up/x"] {
        put(&folder, &server, (file, "/x"), &[]).failed(7, "");
    }
    put(&folder, &server, ("-", "/x"), &["-C", "-"]).failed(2, "");
    assert_eq!(server.connections(), 0);
}

#[test]
fn json_is_a_line() {
    let (server, folder) = (site(&[]), holding(b"hello\n"));
    let line = |path: &str, code: i32| -> Value {
        let ran = put(&folder, &server, ("up", path), &["--json"]);
        assert_eq!((ran.code, ran.text().lines().count()), (Some(code), 1), "{ran:?}");
        serde_json::from_str(&ran.text()).unwrap()
    };
    let done = line("/x", 0);
    assert_eq!(
        (&done["url"], &done["bytes"]),
        (&ftp(server.addr(), "/x").into(), &6.into()),
        "{done}"
    );
    assert_eq!(done["remote"], server.addr().to_string());
    assert!(done["tls"].is_null() && done["error"].is_null(), "{done}");
    assert!(done["timings"]["total"].is_number(), "{done}");
    assert!(line("/stor553", 1)["error"].is_string());
    assert_eq!(put(&folder, &server, ("up", "/y"), &["-q"]).done_in_silence().text(), "");
}

/// Text goes with CR LF, and arrives as text (RFC 959 section 3.1.1.1).
#[test]
fn text_goes_as_text() {
    let (server, folder) = (site(&[]), holding(b"one\ntwo\r\n\nlast"));
    put(&folder, &server, ("up", "/x;type=a"), &[]).done_in_silence();
    assert_eq!(last_type(&server), 'A');
    let there = String::from_utf8(server.file("x").unwrap()).unwrap();
    assert_eq!(there.replace('\r', ""), "one\ntwo\n\nlast");
    strict("text", &server);
}

/// Whatever a server lacks, files arrive; where nothing may be written it is exit 1.
#[test]
fn any_server_will_do() {
    let rows = [
        ("RFC 959", Extensions::none(), &[][..]),
        ("no SIZE", without(|it| (it.size, it.mlst) = (false, false)), &[]),
        ("no EPSV", without(|it| it.epsv = false), &[]),
        ("no REST", without(|it| it.rest = false), &[]),
        ("active", Extensions::default(), &["--active"]),
        ("PORT", without(|it| it.eprt = false), &["--active"]),
    ];
    beside(rows, |(label, extensions, more)| {
        let server = site_with(&[("x", b"old")], |options| options.extensions = extensions);
        let folder = holding(&content(100_000));
        put(&folder, &server, ("up", "/x"), more).done_in_silence();
        assert!(server.file("x") == Some(content(100_000)), "{label}");
        is_clean(label, server.root());
        strict(label, &server);
    });
    let server = site_with(&[("x", b"old")], |options| options.read_only = true);
    for more in [&[][..], &["--direct"], &["-a"], &["--create-dirs"]] {
        put(&holding(b"new"), &server, ("up", "/x"), more).failed(1, "");
    }
    assert_eq!(server.file("x"), Some(b"old".to_vec()));
}

/// `--retry` tries again after 4yz, and not after 5yz.
#[test]
fn trying_again() {
    for (answer, tries, code) in
        [("450 busy", 2, 0), ("425 no", 2, 0), ("421 later", 2, 0), ("553 no", 1, 1)]
    {
        let server = site_over(&[], &format!("== once\nC: STOR {{{{*=x}}}}\nS: {answer}\n"));
        let ran = put(&holding(b"new"), &server, ("up", "/x"), &["--retry", "2"]);
        assert_eq!(
            (ran.code, said_of(&server, "STOR").len()),
            (Some(code), tries),
            "{answer}: {ran:?}"
        );
        assert_eq!(server.file("x").is_some(), code == 0, "{answer}");
    }
}

/// Killed in the middle: what was there stays, and `-C -` sends the rest only. Row 25 of the fault
/// matrix.
#[test]
fn a_killed_upload_is_continued() {
    for (more, old) in [(&[][..], Some(b"old".to_vec())), (&["--direct"], None)] {
        let (root, folder) = (Folder::new(), holding(&content(900_000)));
        root.write("slow-300000", "old");
        let server = serving(&root, |_| {});
        let url = format!("{HOME}/slow-300000");
        let mut child = begun_at_home(&folder, &server, &[&["put", "up", &url], more].concat());
        let part = || tree(root.path()).values().any(|bytes| bytes.len() >= 60_000);
        assert!(happens(Duration::from_secs(10), part), "{:?}", said(&server));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Some(old) = old {
            assert_eq!(root.read("slow-300000"), old);
        }
        let server = mended(server, &root);
        at_home(&folder, &server, &[&["put", "up", &url, "-C", "-"], more].concat())
            .done_in_silence();
        assert!(root.read("slow-300000") == content(900_000), "{more:?}");
        let sent: u64 = server.transfers().iter().map(|transfer| transfer.bytes).sum();
        assert!(sent <= 840_000, "{more:?}: {sent} bytes were sent again");
        is_clean("continued", root.path());
        strict("continued", &server);
    }
}

/// The same without `-C`: a new run replaces what a killed one left.
#[test]
fn a_killed_upload_is_replaced() {
    let (root, folder) = (Folder::new(), holding(&content(900_000)));
    let server = serving(&root, |_| {});
    let url = format!("{HOME}/slow-300000");
    let mut child = begun_at_home(&folder, &server, &["put", "up", &url]);
    assert!(happens(Duration::from_secs(10), || !tree(root.path()).is_empty()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(finals(root.path()).is_empty(), "no short file under the final name");
    let server = mended(server, &root);
    at_home(&folder, &server, &["put", "up", &url]).done_in_silence();
    assert!(root.read("slow-300000") == content(900_000));
    is_clean("replaced", root.path());
    strict("replaced", &server);
}

/// Row 25 of the fault matrix: what is there is longer than what is here, or there is nothing:
/// the file arrives whole, and never a splice.
#[test]
fn continuing_what_does_not_fit() {
    for there in [None, Some(content(200_000)), Some(content(100_001))] {
        let (server, folder) = (site(&[]), holding(&content(100_000)));
        if let Some(there) = &there {
            std::fs::write(server.root().join("x"), there).unwrap();
        }
        let ran = put(&folder, &server, ("up", "/x"), &["-C", "-"]);
        ran.done();
        assert!(server.file("x") == Some(content(100_000)), "{ran:?}");
        is_clean("does not fit", server.root());
    }
}

/// Row 25 of the fault matrix: what is there is of another file; two files are never made one.
#[test]
fn two_versions_are_not_spliced() {
    let (root, folder) = (Folder::new(), holding(&content(900_000)));
    let server = serving(&root, |_| {});
    let url = format!("{HOME}/drop-300000");
    assert_ne!(at_home(&folder, &server, &["put", "up", &url]).code, Some(0));
    let other: Vec<u8> = content(900_000).iter().map(|byte| byte ^ 0xff).collect();
    folder.write("up", &other);
    let server = mended(server, &root);
    let ran = at_home(&folder, &server, &["put", "up", &url, "-C", "-"]);
    let there = server.file("drop-300000");
    let is_whole = there.is_none_or(|there| there == other);
    assert!(is_whole, "spliced: {ran:?}\n{:?}", said(&server));
}

/// What is continued was compared before: by a checksum of the server's, or by the end of what is
/// there; where neither is to be had, the file is sent from its beginning.
#[test]
fn what_is_continued_is_compared() {
    const ALL: usize = 200_000;
    const REFUSED: &str = "== no @times *\nC: RETR {{*=x}}\nS: 550 no\n";
    let bad = "how the file begins";
    // What is there, and which byte of it is wrong; whether there is HASH; what is said and noted.
    type Row<'a> = (&'a str, usize, Option<usize>, bool, &'a str, &'a [&'a str], &'a str);
    let rows: [Row<'_>; 9] = [
        ("by HASH", 150_000, None, true, "", &["HASH", "APPE"], ""),
        ("by HASH, the first differs", 150_000, Some(0), true, "", &["HASH", "STOR"], bad),
        ("by HASH, whole", ALL, None, true, "", &["HASH"], ""),
        ("by its end", 150_000, None, false, "", &["REST", "RETR", "APPE"], ""),
        ("short", 10, None, false, "", &["RETR", "APPE"], ""),
        ("short, the first differs", 10, Some(0), false, "", &["RETR", "STOR"], bad),
        (
            "by its end, the last differs",
            150_000,
            Some(149_999),
            false,
            "",
            &["REST", "RETR", "STOR"],
            bad,
        ),
        ("whole, the last differs", ALL, Some(ALL - 1), false, "", &["REST", "RETR", "STOR"], bad),
        ("not shown", 150_000, None, false, REFUSED, &["REST", "RETR", "STOR"], "does not show"),
    ];
    beside(rows, |(label, bytes, wrong, hash, sections, verbs, note)| {
        let mut part = content(ALL)[..bytes].to_vec();
        if let Some(byte) = wrong.and_then(|at| part.get_mut(at)) {
            *byte ^= 1;
        }
        let server = site_with(&[(".x.wireline-part", &part)], |options| {
            options.extensions = without(|it| it.hash = hash);
            options.over = (!sections.is_empty()).then(|| over(sections));
        });
        let ran = put(&holding(&content(ALL)), &server, ("up", "/x"), &["-C", "-"]);
        ran.done();
        assert!(server.file("x") == Some(content(ALL)), "{label}: {ran:?}");
        const CHOSEN: [&str; 5] = ["HASH", "REST", "RETR", "STOR", "APPE"];
        let said = said(&server);
        let said = said.iter().filter_map(|line| line.split(' ').next());
        assert_eq!(said.filter(|it| CHOSEN.contains(it)).collect::<Vec<_>>(), verbs, "{label}");
        assert!(ran.stderr.contains(note) && ran.stderr.is_empty() == note.is_empty(), "{ran:?}");
        is_clean(label, server.root());
        // The server itself has not heard the RETR that was answered in its place.
        if sections.is_empty() {
            strict(label, &server);
        }
    });
}

/// The way round a temporary name is shown where that may be what the server minds.
#[test]
fn what_may_help() {
    for (answer, helps) in [("553 no such name", true), ("550 no", true), ("421 bye", false)] {
        let server = site_over(&[], &format!("== once\nC: STOR {{{{*=x}}}}\nS: {answer}\n"));
        let ran = put(&holding(b"new"), &server, ("up", "/x"), &[]);
        ran.failed(1, "");
        assert_eq!(ran.stderr.contains("--direct"), helps, "{ran:?}");
    }
}

/// With a login, too; one that is wrong is exit 1.
#[test]
fn with_a_login() {
    let (server, folder) = (site_with(&[], |options| options.anonymous = false), holding(b"new"));
    with_password(&folder, &["put", "up", &alice(server.addr(), "/x")]).done_in_silence();
    assert_eq!(server.file("x"), Some(b"new".to_vec()));
    put(&folder, &server, ("up", "/y"), &[]).failed(1, "");
    with_password(&folder, &["put", "up", &alice(server.addr(), "/y").replace("alice", "bob")])
        .failed(1, "");
    assert_eq!(server.file("y"), None);
}
