//! `wireline ftp` of single files and folders: get, put, mv, rm, mkdir, rmdir, chmod, stat, quote.

use crate::ftp_support::{
    alice, content, ftp, is_clean, said, said_of, site, site_over, site_with, strict, tree, verb,
    with_password, words,
};
use crate::support::Folder;
use std::os::unix::fs::PermissionsExt;
use wireline_servers::ftp::Server;

fn names(server: &Server) -> Vec<String> {
    tree(server.root()).into_keys().collect()
}

/// Files come under their own names, by name and by pattern, and replace nothing unasked.
#[test]
fn get_fetches_by_name_and_pattern() {
    let bytes = content(100_000);
    let files: [(&str, &[u8]); 4] =
        [("d/a.txt", b"1"), ("d/b.txt", b"2"), ("d/c.bin", &bytes), ("d/sub.txt/x", b"")];
    let (server, folder) = (site(&files), Folder::new());
    verb(&folder, &server, "get", "/d/c.bin", &[]).done();
    assert!(folder.read("c.bin") == bytes);
    verb(&folder, &server, "get", "/d/*.txt", &["--into", "down"]).done();
    let here: Vec<_> = tree(&folder.at("down")).into_keys().collect();
    assert_eq!(here, ["a.txt", "b.txt"]);
    folder.write("down/a.txt", "old");
    let ran = verb(&folder, &server, "get", "/d/[ab].txt", &["--into", "down"]);
    assert_ne!(ran.code, Some(0), "{ran:?}");
    assert_eq!(folder.read("down/a.txt"), b"old");
    verb(&folder, &server, "get", "/d/[ab].txt", &["--into", "down", "--overwrite"]).done();
    assert_eq!(folder.read("down/a.txt"), b"1");
    let url = |path: &str| ftp(server.addr(), path);
    words(&folder, &["ftp", "get", &url("/d/a.txt"), &url("/d/b.txt"), "--into", "two"]).done();
    let ran = words(&folder, &["ftp", "get", &url("/d/none"), &url("/d/b.txt"), "--into", "three"]);
    assert!(ran.code == Some(10) && ran.stderr.contains("none"), "{ran:?}");
    assert_eq!(
        (folder.read("two/a.txt"), folder.read("three/b.txt")),
        (b"1".to_vec(), b"2".to_vec())
    );
    verb(&folder, &server, "get", "/d/*.none", &[]).failed(1, "");
    verb(&folder, &server, "get", "/none", &[]).failed(1, "");
    is_clean("get", folder.path());
    strict("get", &server);
}

/// Several files go into a folder, by patterns that the shell left alone, too; one goes to a name.
#[test]
fn put_takes_several() {
    let (server, folder) = (site(&[("d/", b""), ("e/old", b"")]), Folder::new());
    for (name, text) in [("a.txt", "1"), ("b.txt", "2"), ("c.bin", "3")] {
        folder.write(name, text);
    }
    let url = |path: &str| ftp(server.addr(), path);
    words(&folder, &["ftp", "put", "*.txt", "c.bin", &url("/d/")]).done();
    words(&folder, &["ftp", "put", "a.txt", "b.txt", &url("/e")]).done();
    words(&folder, &["ftp", "put", "a.txt", &url("/one")]).done();
    words(&folder, &["ftp", "put", "c.bin", &url("/new/dir/"), "--create-dirs"]).done();
    let wanted = [
        "d/",
        "d/a.txt",
        "d/b.txt",
        "d/c.bin",
        "e/",
        "e/a.txt",
        "e/b.txt",
        "e/old",
        "new/",
        "new/dir/",
        "new/dir/c.bin",
        "one",
    ];
    assert_eq!(names(&server), wanted);
    let ran = words(&folder, &["ftp", "put", "none.txt", "a.txt", &url("/d/")]);
    assert!(ran.code.is_some_and(|code| [7, 10].contains(&code)), "{ran:?}");
    let ran = words(&folder, &["ftp", "put", "a.txt", "b.txt", &url("/one")]);
    assert_ne!(ran.code, Some(0), "{ran:?}");
    assert_eq!(server.file("one"), Some(b"1".to_vec()));
    assert!(!names(&server).iter().any(|name| name.starts_with("one/")));
    words(&folder, &["ftp", "put", "*.none", &url("/d/")]).failed(7, "");
    is_clean("put", server.root());
    strict("put", &server);
}

/// A new name is in the folder of the old one, or begins at the root.
#[test]
fn mv_renames() {
    let (server, folder) = (site(&[("d/a", b"1"), ("e/", b""), ("f/x", b"")]), Folder::new());
    verb(&folder, &server, "mv", "/d/a", &["b"]).done_in_silence();
    assert_eq!(server.file("d/b"), Some(b"1".to_vec()));
    verb(&folder, &server, "mv", "/d/b", &["/e/c d"]).done_in_silence();
    assert_eq!(server.file("e/c d"), Some(b"1".to_vec()));
    verb(&folder, &server, "mv", "/f", &["g"]).done_in_silence();
    assert_eq!(names(&server), ["d/", "e/", "e/c d", "g/", "g/x"]);
    verb(&folder, &server, "mv", "/none", &["x"]).failed(1, "");
    verb(&folder, &server, "mv", "/e/c%20d", &["/none/x"]).failed(1, "");
    let before = server.connections();
    for name in ["a\r\nDELE b", "a\nb", ""] {
        verb(&folder, &server, "mv", "/e/c%20d", &[name]).failed(2, "");
    }
    assert_eq!(server.connections(), before);
    strict("mv", &server);
}

/// rm, mkdir, rmdir: several at once; one that fails is named and the rest are done.
#[test]
fn folders_and_files_come_and_go() {
    let (server, folder) =
        (site(&[("a", b""), ("b", b""), ("c", b""), ("d/x", b"")]), Folder::new());
    let url = |path: &str| ftp(server.addr(), path);
    words(&folder, &["ftp", "rm", &url("/a")]).done_in_silence();
    let ran = words(&folder, &["ftp", "rm", &url("/none"), &url("/b")]);
    assert!(ran.code == Some(10) && ran.stderr.contains("none"), "{ran:?}");
    words(&folder, &["ftp", "rm", &url("/d")]).failed(1, "");
    assert_eq!(names(&server), ["c", "d/", "d/x"]);
    words(&folder, &["ftp", "mkdir", &url("/e"), &url("/f")]).done_in_silence();
    words(&folder, &["ftp", "mkdir", &url("/e")]).failed(1, "");
    words(&folder, &["ftp", "mkdir", &url("/g/h/i")]).failed(1, "");
    words(&folder, &["ftp", "mkdir", "-p", &url("/g/h/i"), &url("/e")]).done_in_silence();
    assert_eq!(names(&server), ["c", "d/", "d/x", "e/", "f/", "g/", "g/h/", "g/h/i/"]);
    words(&folder, &["ftp", "rmdir", &url("/e"), &url("/f")]).done_in_silence();
    for path in ["/d", "/none", "/c"] {
        words(&folder, &["ftp", "rmdir", &url(path)]).failed(1, "");
    }
    assert_eq!(names(&server), ["c", "d/", "d/x", "g/", "g/h/", "g/h/i/"]);
    words(&folder, &["ftp", "rm", &url("/none"), &url("/nor")]).failed(1, "");
    strict("come and go", &server);
}

/// A folder's answer 521 (RFC 959 appendix II) is fine by `-p`.
#[test]
fn mkdir_knows_what_is_there() {
    let section = "== there @times *\nC: MKD {{*=x}}\nS: 521-\"/d\" directory already exists;\nS: 521 taking no action.\n";
    let (server, folder) = (site_over(&[("d/", b"")], section), Folder::new());
    verb(&folder, &server, "mkdir", "/d", &["-p"]).done_in_silence();
    verb(&folder, &server, "mkdir", "/d", &[]).failed(1, "taking no action");
}

/// chmod says SITE CHMOD, and nothing for what is no mode.
#[test]
fn chmod_sets_permissions() {
    let (server, folder) = (site(&[("a", b""), ("b c", b"")]), Folder::new());
    let url = |path: &str| ftp(server.addr(), path);
    words(&folder, &["ftp", "chmod", "640", &url("/a"), &url("/b%20c")]).done_in_silence();
    for name in ["a", "b c"] {
        assert_eq!(
            server.root().join(name).metadata().unwrap().permissions().mode() & 0o777,
            0o640
        );
    }
    words(&folder, &["ftp", "chmod", "0600", &url("/a")]).done_in_silence();
    words(&folder, &["ftp", "chmod", "640", &url("/none")]).failed(1, "");
    let before = server.connections();
    for mode in ["888", "rw", "", "77777", "6 4", "644\r\nDELE a"] {
        assert_eq!(words(&folder, &["ftp", "chmod", mode, &url("/a")]).code, Some(2), "{mode:?}");
    }
    assert_eq!(server.connections(), before);
    strict("chmod", &server);
}

/// stat of a path, and of the server.
#[test]
fn stat_tells_what_is_known() {
    let (server, folder) = (site(&[("d/x", b"hello\n")]), Folder::new());
    let told = verb(&folder, &server, "stat", "/d/x", &[]).done_in_silence().text();
    assert!(told.contains('6') && told.contains('x'), "{told}");
    assert!(!verb(&folder, &server, "stat", "", &[]).done_in_silence().text().is_empty());
    verb(&folder, &server, "stat", "/none", &[]).failed(1, "");
    assert_eq!(server.transfers(), []);
    strict("stat", &server);
}

/// A raw command is said as it is and its reply shown; 4yz and 5yz are exit 1.
#[test]
fn quote_says_anything() {
    let (server, folder) = (site(&[("x", b"hello\n")]), Folder::new());
    let quote = |said: &[&str]| verb(&folder, &server, "quote", "/", said);
    assert!(quote(&["NOOP"]).done_in_silence().text().starts_with("200 "));
    assert!(quote(&["MDTM", "x"]).done_in_silence().text().starts_with("213 20"));
    assert!(quote(&["SITE", "CHMOD", "600", "x"]).done().text().starts_with("2"));
    let many = quote(&["FEAT"]).done().text();
    assert!(many.starts_with("211-") && many.lines().count() > 5, "{many}");
    for (said, code) in [(&["XYZZY"][..], "500"), (&["DELE", "none"], "550")] {
        let ran = quote(said);
        assert!(ran.code == Some(1) && ran.text().starts_with(code), "{ran:?}");
    }
    assert!(said(&server).contains(&"SITE CHMOD 600 x".to_owned()));
    let before = server.connections();
    for line in ["NOOP\r\nDELE x", "NOOP\nDELE x", "NO\rOP"] {
        quote(&[line]).failed(2, "");
        quote(&["SITE", line]).failed(2, "");
    }
    assert_eq!((server.connections(), server.file("x").is_some()), (before, true));
}

/// hostile.md rows 170 and 172: what a server says is escaped and is one line of ours.
#[test]
fn replies_are_escaped() {
    let section = "== x @times *\nC: NOOP\nS= 200-one{{0x1b}}[2J{{CR LF}}wireline: fake\r{{CR LF}}200 {{0x9b}}two{{BEL}}{{CR LF}}\n"
        .replace("\r{{", "{{0x0d}}{{")
        .replace("{{BEL}}", "{{0x07}}");
    let (server, folder) = (site_over(&[], &section), Folder::new());
    let ran = verb(&folder, &server, "quote", "/", &["NOOP"]);
    let shown = format!("{}{}", ran.text(), ran.stderr);
    assert!(!shown.contains(['\x1b', '\x07', '\u{9b}', '\r']), "{shown:?}");
    let section = "== y @times *\nC: DELE {{*=x}}\nS: 550 no {{0x1b}}]0;t{{0x07}}\n";
    let server = site_over(&[("x", b"")], section);
    let ran = verb(&folder, &server, "rm", "/x", &[]);
    ran.failed_in_one_line(1, "no ");
    assert!(!ran.stderr.contains(['\x1b', '\x07']), "{ran:?}");
}

/// All verbs log in, as every command does; a wrong password is exit 1.
#[test]
fn verbs_log_in() {
    let server = site_with(&[("x", b"")], |options| options.anonymous = false);
    let folder = Folder::new();
    let url = alice(server.addr(), "/x");
    with_password(&folder, &["ftp", "stat", &url]).done_in_silence();
    with_password(&folder, &["ftp", "mv", &url, "y"]).done_in_silence();
    with_password(&folder, &["ftp", "rm", &alice(server.addr(), "/y")]).done_in_silence();
    let wrong = format!("ftp://alice:wrong@{}/x", server.addr());
    let ran = words(&folder, &["ftp", "rm", &wrong]);
    ran.failed(1, "");
    assert!(!ran.stderr.contains("wrong@"), "{ran:?}");
    assert_eq!(said_of(&server, "DELE"), ["DELE y"]);
    let none = words(&folder, &["ftp", "rm", &ftp(server.addr(), "/x")]);
    none.failed(1, "");
    assert!(said(&server).contains(&"USER anonymous".to_owned()));
}

/// What cannot be said is exit 2 before anything is.
#[test]
fn what_no_line_can_hold() {
    let (server, folder) = (site(&[]), Folder::new());
    for name in ["rm", "mkdir", "rmdir", "stat", "get"] {
        for path in ["/a%0D%0Ab", "/a%00", "/a\nb"] {
            verb(&folder, &server, name, path, &[]).failed(2, "");
        }
    }
    for name in ["rm", "mv", "put", "chmod", "mirror", "frobnicate"] {
        assert_eq!(words(&folder, &["ftp", name]).code, Some(2), "{name}");
    }
    assert_eq!(server.connections(), 0);
}
