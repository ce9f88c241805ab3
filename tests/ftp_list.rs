//! `wireline ftp ls`: the table, the JSON, the raw lines; patterns and depth. ftp-telnet.md rows 36
//! to 39.

use crate::ftp_support::{ftp, site, site_with, strict, touch, verb, without, words};
use crate::support::{Folder, beside, run_within};
use serde_json::Value;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;
use wireline_servers::ftp::{Extensions, ListStyle, Server};

const NOON: u64 = 1_706_702_400;

/// What a folder has in each test here: files of some sizes, a folder, and a link where links can be
/// told.
fn furnished(extensions: Extensions, style: ListStyle) -> Server {
    let files: [(&str, &[u8]); 4] =
        [("d/b.txt", b"hello"), ("d/a b", b""), ("d/sub/x.txt", b"1"), ("d/Z", &[7; 12_345])];
    let server =
        site_with(&files, |options| (options.extensions, options.style) = (extensions, style));
    for name in ["d/b.txt", "d/a b", "d/Z"] {
        touch(&server.root().join(name), NOON);
        let permissions = std::fs::Permissions::from_mode(0o640);
        std::fs::set_permissions(server.root().join(name), permissions).unwrap();
    }
    server
}

fn lines(server: &Server, path: &str, more: &[&str]) -> Vec<Value> {
    let ran = verb(&Folder::new(), server, "ls", path, &[more, &["--json"]].concat());
    let text = ran.done_in_silence().text();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn names(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["name"].as_str().expect("a name")).collect()
}

/// Type and mode, size, time and name, sorted by name.
#[test]
fn the_table() {
    let server = furnished(Extensions::default(), ListStyle::Unix);
    let ran = verb(&Folder::new(), &server, "ls", "/d/", &[]);
    let text = ran.done_in_silence().text();
    let rows: Vec<Vec<_>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 4, "{text}");
    let file = |row: &[&str], size: &str, name: &[&str]| {
        assert!(row[0].starts_with('-') && row[0].ends_with("rw-r-----"), "{text}");
        assert_eq!(row[1..4], [size, "2024-01-31", "12:00"], "{text}");
        assert_eq!(&row[4..], name, "{text}");
    };
    file(&rows[0], "12345", &["Z"]);
    file(&rows[1], "0", &["a", "b"]);
    file(&rows[2], "5", &["b.txt"]);
    assert!(rows[3][0].starts_with('d') && rows[3].last() == Some(&"sub/"), "{text}");
    strict("table", &server);
}

/// One line an entry, of every format of LIST and of MLSD alike.
#[test]
fn json_is_a_line_an_entry() {
    let old = || without(|it| it.mlst = false);
    let rows = [
        ("MLSD", Extensions::default(), ListStyle::Unix),
        ("Unix", old(), ListStyle::Unix),
        ("DOS", old(), ListStyle::Dos),
        ("EPLF", old(), ListStyle::Eplf),
    ];
    for (label, extensions, style) in rows {
        let lines = lines(&furnished(extensions, style), "/d/", &[]);
        assert_eq!(names(&lines), ["Z", "a b", "b.txt", "sub"], "{label}");
        let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["file", "file", "file", "dir"], "{label}");
        let sizes: Vec<_> = lines.iter().map(|line| line["size"].as_u64()).collect();
        assert_eq!(sizes[..3], [Some(12_345), Some(0), Some(5)], "{label}");
        let modified = lines[0]["modified"].as_str().expect("a time");
        assert!(
            modified.starts_with("2024-01-31T") && modified.ends_with('Z'),
            "{label}: {modified}"
        );
        if label == "MLSD" {
            assert_eq!(modified, "2024-01-31T12:00:00Z");
            assert!(lines[0]["mode"].to_string().contains("640"), "{}", lines[0]);
        }
        for key in ["name", "type", "size", "modified", "mode", "target"] {
            assert!(lines[0].get(key).is_some(), "{label}: {key} in {}", lines[0]);
        }
    }
}

/// A link is shown with where it leads, as the server says it.
#[test]
fn links_are_shown() {
    let server = furnished(without(|it| it.mlst = false), ListStyle::Unix);
    symlink("b.txt", server.root().join("d/l")).unwrap();
    let lines = lines(&server, "/d/", &[]);
    let link = lines.iter().find(|line| line["name"] == "l").expect("the link");
    assert_eq!((&link["type"], &link["target"]), (&"link".into(), &"b.txt".into()), "{link}");
    let table = verb(&Folder::new(), &server, "ls", "/d/", &[]).done().text();
    assert!(
        table.lines().any(|line| line.ends_with(" l -> b.txt") && line.starts_with('l')),
        "{table}"
    );
}

/// The server's lines as they came, in a pipe to the byte.
#[test]
fn raw_lines_are_the_servers() {
    let raw = b"-rw-r--r-- 1 a b 5 Jan 31 12:00 \x1b[31mred\r\nno line of a listing\r\ntotal 5\r\n";
    let server = site_with(&[("d/.list", raw), ("d/.mlsd", raw)], |_| {});
    let shown = verb(&Folder::new(), &server, "ls", "/d/", &["--raw"]).done().stdout.clone();
    let unix = String::from_utf8_lossy(&shown).replace("\r\n", "\n");
    assert_eq!(unix, String::from_utf8_lossy(raw).replace("\r\n", "\n"));
}

/// A pattern in the last segment; what matches nothing is exit 1.
#[test]
fn patterns() {
    let files: [(&str, &[u8]); 6] = [
        ("a1", b""),
        ("a2", b""),
        ("b1.txt", b""),
        ("c.txt", b""),
        ("[x]", b""),
        ("sub/y.txt", b""),
    ];
    let (server, folder) = (site(&files), Folder::new());
    let rows: [(&str, &[&str]); 8] = [
        ("/*.txt", &["b1.txt", "c.txt"]),
        ("/a?", &["a1", "a2"]),
        ("/[ab]1*", &["a1", "b1.txt"]),
        ("/[!a]1*", &["b1.txt"]),
        ("/sub/*", &["y.txt"]),
        ("/s*", &["sub"]),
        ("/%2F*.txt", &["b1.txt", "c.txt"]),
        ("/*", &["[x]", "a1", "a2", "b1.txt", "c.txt", "sub"]),
    ];
    for (path, wanted) in rows {
        assert_eq!(names(&lines(&server, path, &[])), wanted, "{path}");
    }
    for path in ["/*.none", "/none/*", "/none/"] {
        verb(&folder, &server, "ls", path, &[]).failed(1, "");
    }
    assert_eq!(names(&lines(&server, "/c.txt", &[])), ["c.txt"]);
    strict("patterns", &server);
}

/// `-R` has the folders below, with their paths.
#[test]
fn folders_below() {
    let server = site(&[("a/b/c", b"1"), ("a/d", b""), ("e", b""), ("f/", b"")]);
    for extensions in [Extensions::default(), Extensions::none()] {
        let server =
            site_with(&[("a/b/c", b"1"), ("a/d", b""), ("e", b""), ("f/", b"")], |options| {
                options.extensions = extensions;
            });
        let lines = lines(&server, "/", &["-R"]);
        let mut found = names(&lines);
        found.sort_unstable();
        assert_eq!(found, ["a", "a/b", "a/b/c", "a/d", "e", "f"]);
    }
    let table = verb(&Folder::new(), &server, "ls", "/", &["-R"]).done_in_silence().text();
    for name in ["a/", "a/b/", "a/b/c", "a/d", "e", "f/"] {
        assert!(table.lines().any(|line| line.ends_with(&format!(" {name}"))), "{name}: {table}");
    }
    strict("below", &server);
}

/// An empty folder is an empty table; one of 100,000 files does not take long.
#[test]
fn sizes_of_folders() {
    let (server, folder) = (site(&[("empty/", b"")]), Folder::new());
    for more in [&[][..], &["--json"], &["--raw"], &["-R"]] {
        let text = verb(&folder, &server, "ls", "/empty/", more).done_in_silence().text();
        assert!(text.is_empty() || more == ["--raw"], "{more:?}: {text}");
    }
    let url = ftp(server.addr(), "/many-100000/");
    let mut command = crate::ftp_support::words_in(folder.path(), &["ftp", "ls", &url]);
    let ran = run_within(Duration::from_secs(30), &mut command);
    assert_eq!(ran.done_in_silence().text().lines().count(), 100_000);
}

/// hostile.md row 170: names of a server are escaped, in a pipe too, and forge no line.
#[test]
fn names_are_escaped() {
    let mlsd = "type=file;size=1; \x1b]0;title\x07\r\ntype=file;size=2; a\u{202e}b\r\n\
                type=file;size=3; c\u{9b}31md\r\ntype=file;size=4; e\rf\r\ntype=file;size=5; good\r\n";
    let server = site_with(&[("d/.mlsd", mlsd.as_bytes())], |_| {});
    for more in [&[][..], &["--json"], &["-R"]] {
        let ran = verb(&Folder::new(), &server, "ls", "/d/", more);
        let shown = format!("{}{}", ran.text(), ran.stderr);
        for bad in ['\x1b', '\x07', '\r', '\u{202e}', '\u{9b}'] {
            assert!(!shown.contains(bad), "{bad:?}: {shown:?}");
        }
        assert!(shown.contains("good"), "{shown}");
    }
}

/// The rows are judged beside each other: formats that say dates without a year.
#[test]
fn recent_files_have_a_year() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    beside([0, 3600, 86_400 * 100, 86_400 * 179, 86_400 * 200], |age| {
        let server = site_with(&[("x", b"")], |options| options.extensions = Extensions::none());
        touch(&server.root().join("x"), now - age);
        let line = &lines(&server, "/", &[])[0];
        let told = line["modified"].as_str().expect("a time");
        let output = run_date(now - age);
        let day = |time: &str| time.split('T').next().map(str::to_owned);
        assert_eq!(day(told), day(&output), "{age} seconds old: {told}");
    });
}

/// A day as `ls` of the command under test writes it for a file whose time MLSD tells exactly.
fn run_date(seconds: u64) -> String {
    let server = site(&[("x", b"")]);
    touch(&server.root().join("x"), seconds);
    lines(&server, "/", &[])[0]["modified"].as_str().expect("a time").to_owned()
}

/// What cannot be listed is exit 1, and what cannot be said exit 2.
#[test]
fn failures() {
    let (server, folder) = (site(&[]), Folder::new());
    verb(&folder, &server, "ls", "/list550/", &[]).failed(1, "");
    verb(&folder, &server, "ls", "/none", &[]).failed(1, "");
    let before = server.connections();
    verb(&folder, &server, "ls", "/a%0Ab/", &[]).failed(2, "");
    words(&folder, &["ftp", "ls", "http://127.0.0.1:9/"]).failed(2, "");
    assert_eq!(words(&folder, &["ftp", "ls"]).code, Some(2));
    assert_eq!(server.connections(), before);
}
