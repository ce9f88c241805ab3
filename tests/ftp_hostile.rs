//! FTP servers that lie: about names, sizes, ends, addresses and depth. hostile.md rows 82, 154, 158
//! to 161, 164, 168, 170, 172, 174, 176 to 180, 182 and 183; row 23 of the fault matrix.

use crate::ftp_support::{
    content, dialogue, finals, ftp, get, is_clean, mirror, mirror_back, over, said, said_of, site,
    site_over, site_with, strict, tree, verb, without, words, words_in,
};
use crate::support::{Folder, Ran, beside, run_within, scripts};
use std::os::unix::fs::symlink;
use std::time::Duration;
use wireline_servers::ftp::{Extensions, Server};
use wireline_servers::raw::Act;

/// Names that lead out, hide in a path, or are none.
const BAD_NAMES: [&str; 14] = [
    "../out",
    "..",
    ".",
    "/abs",
    "sub/../../out",
    "a/b",
    "..\\out",
    "C:out",
    "a\0b",
    "a\rDELE good",
    "\x1b[31mred",
    "/",
    "./x",
    "a\x7fb",
];

/// A server whose folder `d` has these names beside `good`, as MLSD and LIST tell it.
fn naming(names: &[&str], kind: &str) -> Server {
    let letter = if kind == "dir" { 'd' } else { '-' };
    let mlsd: String = names.iter().map(|name| format!("type={kind};size=3; {name}\r\n")).collect();
    let list: String = names
        .iter()
        .map(|name| format!("{letter}rw-r--r-- 1 a b 3 Jan 31 2024 {name}\r\n"))
        .collect();
    let mlsd = format!("{mlsd}type=file;size=4; good\r\n");
    let list = format!("{list}-rw-r--r-- 1 a b 4 Jan 31 2024 good\r\n");
    let files: [(&str, &[u8]); 4] = [
        ("d/good", b"good"),
        ("out", b"bad"),
        ("d/.mlsd", mlsd.as_bytes()),
        ("d/.list", list.as_bytes()),
    ];
    site_with(&files, |_| {})
}

/// Row 159: no name of a server leaves the target, or is a command; the entry is skipped and counts.
#[test]
fn names_do_not_leave_the_target() {
    for kind in ["file", "dir"] {
        beside(BAD_NAMES, |name| {
            let (server, outer) = (naming(&[name], kind), Folder::new());
            std::fs::create_dir(outer.at("here")).unwrap();
            for target in ["mirror", "get"] {
                let url = ftp(server.addr(), if target == "mirror" { "/d/" } else { "/d/*" });
                let into: &[&str] = if target == "mirror" { &["in"] } else { &["--into", "in"] };
                let mut command =
                    words_in(&outer.at("here"), &[&["ftp", target, &url][..], into].concat());
                let ran = crate::support::run(&mut command);
                assert!(!ran.stderr.contains(['\x1b', '\0', '\r']), "{ran:?}");
                // `.` and `..` are what every folder has, the rest is worth a word.
                if target == "mirror" && ![".", ".."].contains(&name) {
                    assert_eq!(ran.code, Some(10), "{kind} {name:?}: {ran:?}");
                }
                let found: Vec<_> = tree(outer.path()).into_keys().collect();
                assert_eq!(
                    found,
                    ["here/", "here/in/", "here/in/good"],
                    "{target} {kind} {name:?}"
                );
                std::fs::remove_dir_all(outer.at("here/in")).unwrap();
            }
            assert!(said_of(&server, "DELE").is_empty(), "{name:?}: {:?}", said(&server));
            for line in said(&server) {
                assert!(!line.contains("out") && !line.contains("abs"), "{name:?}: {line:?}");
            }
        });
    }
}

/// Row 159 of a target: what names no file in its folder is never removed, and counts.
#[test]
fn names_do_not_reach_out_of_a_target() {
    let is_one = |name: &str| !matches!(name, "." | "..") && !name.contains(['/', '\r', '\0']);
    beside(BAD_NAMES, |name| {
        let (server, folder) = (naming(&[name], "file"), Folder::new());
        std::fs::create_dir(folder.at("out")).unwrap();
        folder.write("out/good", "good");
        let ran = mirror_back(&folder, &server, "/d/", &["--delete"]);
        let removed = said_of(&server, "DELE");
        match name {
            "." | ".." => assert_eq!((ran.code, removed.len()), (Some(0), 0), "{name:?}: {ran:?}"),
            // The server has no such file: that it is removed by its name is what matters.
            _ if is_one(name) => assert_eq!(removed.len(), 1, "{name:?}: {ran:?}"),
            _ => assert_eq!((ran.code, removed.len()), (Some(10), 0), "{name:?}: {ran:?}"),
        }
        assert_eq!(server.file("out"), Some(b"bad".to_vec()), "{name:?}");
        assert_eq!(server.file("d/good"), Some(b"good".to_vec()), "{name:?}");
    });
}

/// Row 159 again, of NLST's names and LIST alone.
#[test]
fn names_by_list_do_not_leave_either() {
    let lines: String = BAD_NAMES
        .iter()
        .filter(|name| ![".", ".."].contains(name))
        .map(|name| format!("-rw-r--r-- 1 a b 3 Jan 31 2024 {name}\r\n"))
        .collect();
    let lines = format!("{lines}-rw-r--r-- 1 a b 4 Jan 31 2024 good\r\n");
    let server = site_with(&[("d/good", b"good"), ("d/.list", lines.as_bytes())], |options| {
        options.extensions = Extensions::none();
    });
    let folder = Folder::new();
    let ran = mirror(&folder, &server, "/d/", &[]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert_eq!(tree(folder.path()).into_keys().collect::<Vec<_>>(), ["in/", "in/good"]);
}

/// Row 160, CVE-2014-4877: links are told of and not followed, whatever else bears the name.
#[test]
fn links_are_not_followed() {
    let (server, folder) = (site(&[("a", b"1"), ("sub/b", b"2")]), Folder::new());
    symlink("/etc/passwd", server.root().join("file-link")).unwrap();
    symlink("sub", server.root().join("folder-link")).unwrap();
    symlink("..", server.root().join("sub/up")).unwrap();
    // By MLSD the fixture tells where they lead, as some servers do.
    for extensions in [without(|it| it.mlst = false), Extensions::none()] {
        let server = site_with(&[], |options| {
            (options.root, options.extensions) = (Some(server.root().to_owned()), extensions);
        });
        let folder = Folder::new();
        let ran = mirror(&folder, &server, "/", &[]);
        ran.done();
        assert!(ran.stderr.contains("file-link") && ran.stderr.contains("folder-link"), "{ran:?}");
        assert_eq!(tree(&folder.at("in")).into_keys().collect::<Vec<_>>(), ["a", "sub/", "sub/b"]);
    }
    let mlsd = "type=OS.unix=slink:/tmp; x\r\ntype=dir; x\r\ntype=OS.unix=symlink; y\r\ntype=file;size=1; y\r\n";
    let server = site_with(&[("d/x/f", b"1"), ("d/y", b"2"), ("d/.mlsd", mlsd.as_bytes())], |_| {});
    mirror(&folder, &server, "/d/", &[]);
    for name in ["in/x", "in/y", "in/x/f"] {
        let is_link = folder.at(name).symlink_metadata().is_ok_and(|it| it.is_symlink());
        assert!(!is_link, "{name}");
    }
}

/// Row 161: a link that stands here in the way is not gone through.
#[test]
fn local_links_are_not_gone_through() {
    let (server, folder) = (site(&[("sub/x", b"new"), ("y", b"new")]), Folder::new());
    for name in ["in", "outside"] {
        std::fs::create_dir(folder.at(name)).unwrap();
    }
    folder.write("outside/y", "mine");
    symlink(folder.at("outside"), folder.at("in/sub")).unwrap();
    symlink(folder.at("outside/y"), folder.at("in/y")).unwrap();
    mirror(&folder, &server, "/", &[]);
    assert!(!folder.has("outside/x"), "{:?}", tree(folder.path()));
    assert_eq!(folder.read("outside/y"), b"mine");
    mirror(&folder, &server, "/", &["--delete"]);
    assert_eq!(tree(&folder.at("outside")).into_keys().collect::<Vec<_>>(), ["y"]);
    // And the other way round.
    let (server, folder) = (site(&[("up/", b"")]), Folder::new());
    for name in ["out", "outside"] {
        std::fs::create_dir(folder.at(name)).unwrap();
    }
    folder.write("out/good", "1");
    folder.write("outside/secret", "2");
    symlink(folder.at("outside"), folder.at("out/dir")).unwrap();
    symlink(folder.at("outside/secret"), folder.at("out/file")).unwrap();
    symlink(".", folder.at("out/loop")).unwrap();
    let ran = mirror_back(&folder, &server, "/up/", &[]);
    assert!(ran.stderr.contains("dir") && ran.stderr.contains("file"), "a note: {ran:?}");
    assert_eq!(tree(&server.root().join("up")).into_keys().collect::<Vec<_>>(), ["good"]);
}

/// The server that has itself in itself ends at a limit, exit 5; at once where it tells by the
/// unique facts of MLSD that it does.
#[test]
fn a_tree_without_end_ends() {
    let mut rows = Vec::new();
    for verb in [&["mirror"][..], &["ls", "-R"]] {
        rows.extend([(verb, without(|it| it.mlst = false), 5), (verb, Extensions::default(), 0)]);
    }
    beside(rows, |(verb, extensions, code)| {
        let server = site_with(&[("again/x", b"1")], |options| options.extensions = extensions);
        let folder = Folder::new();
        let url = ftp(server.addr(), "/again/");
        let target = if verb == ["mirror"] { &["in"][..] } else { &[] };
        let mut command = words_in(folder.path(), &[&["ftp"], verb, &[&url], target].concat());
        let ran = run_within(Duration::from_secs(30), &mut command);
        assert_eq!(ran.code, Some(code), "{verb:?}: {ran:?}");
        if code == 0 {
            assert!(ran.stderr.contains("again") && ran.stderr.contains("skipped"), "{ran:?}");
            assert_eq!(said(&server).iter().filter(|it| it.starts_with("MLSD")).count(), 1);
            assert_eq!(folder.has("in/x"), verb == ["mirror"]);
        }
        let deepest = tree(folder.path()).into_keys().map(|path| path.matches('/').count()).max();
        assert!(deepest.unwrap_or_default() <= 70, "{deepest:?}");
    });
}

/// What a transfer may be and is no file: exit by the contract, what was here stays, and no short
/// file gets the name. Rows 176 to 179, row 23 of the fault matrix.
#[test]
fn what_is_no_whole_file_is_none() {
    let rows: [(&str, &[i32]); 19] = [
        ("cut-0", &[5]),
        ("cut-1", &[5]),
        ("cut-99999", &[5]),
        ("nodata", &[5]),
        ("err426", &[1]),
        ("err451", &[1]),
        ("err552", &[1]),
        ("err550", &[1]),
        ("err426-50000", &[1, 5]),
        ("err451-50000", &[1, 5]),
        ("reset-0", &[1, 3, 5]),
        ("reset-50000", &[1, 3, 5]),
        ("no226", &[5, 6]),
        ("drop-0", &[3, 5]),
        ("drop-50000", &[3, 5]),
        ("hang", &[6]),
        ("hang-50000", &[6]),
        ("retr425", &[1]),
        ("retr421", &[1]),
    ];
    beside(rows, |(name, codes)| {
        let (server, folder) = (site(&[]), Folder::new());
        folder.write("old", "old");
        for target in ["old", "new"] {
            let ran = get(&folder, &server, &format!("/{name}"), &["-o", target, "--timeout", "1"]);
            let code = ran.code.unwrap_or(-1);
            assert!(codes.contains(&code), "{name}: {ran:?}\n{:?}", said(&server));
            ran.failed(code, "");
            assert_eq!(ran.text(), "", "{name}");
        }
        assert_eq!((folder.read("old"), folder.has("new")), (b"old".to_vec(), false), "{name}");
        let ran = get(&folder, &server, &format!("/{name}"), &["--timeout", "1"]);
        assert!(ran.code.is_some_and(|code| codes.contains(&code)), "printed {name}: {ran:?}");
        let (server, folder) = (site(&[(name, &content(100_000)), ("good", b"1")]), Folder::new());
        let ran = mirror(&folder, &server, "/", &["--timeout", "1"]);
        assert_ne!(ran.code, Some(0), "mirrored {name}: {ran:?}");
        assert!(!folder.has(&format!("in/{name}")), "{name}: {ran:?}");
    });
}

/// Row 177: more than was told is no file either.
#[test]
fn more_than_was_told_is_no_file() {
    for name in ["extra-1", "extra-100000"] {
        let (server, folder) = (site(&[]), Folder::new());
        get(&folder, &server, &format!("/{name}"), &["-o", "x"]).failed(5, "");
        assert!(!folder.has("x"), "{name}");
    }
}

/// Row 176: silence behind the data is as long as any: `--timeout` ends it.
#[test]
fn silence_behind_the_data_ends() {
    let (server, folder) = (site(&[]), Folder::new());
    get(&folder, &server, "/hang226", &["-o", "x", "--timeout", "1"]).failed(6, "");
    for name in ["hang226", "hang", "hang-500", "slow-10000", "retr-x", "delay1m"] {
        let ran = get(&folder, &server, &format!("/{name}"), &["-o", "x", "--max-time", "1"]);
        let code = if name == "retr-x" { 1 } else { 6 };
        ran.failed(code, "");
        assert!(ran.took < Duration::from_secs(4), "{name}: {ran:?}");
    }
    assert!(!folder.has("x"));
}

/// The same where the server tells no size: what it says in the end is what counts.
#[test]
fn without_a_size_the_reply_counts() {
    for (name, codes) in [
        ("err426", &[1][..]),
        ("err451-50000", &[1, 5]),
        ("no226", &[5, 6]),
        ("reset-50000", &[1, 3, 5]),
    ] {
        let server = site_with(&[], |options| options.extensions = Extensions::none());
        let folder = Folder::new();
        let ran = get(&folder, &server, &format!("/{name}"), &["-o", "x", "--timeout", "1"]);
        assert!(ran.code.is_some_and(|code| codes.contains(&code)), "{name}: {ran:?}");
        assert!(!folder.has("x"), "{name}");
    }
}

/// What is odd and whole: the final reply first, no preliminary one, slow.
#[test]
fn what_is_odd_and_whole_is_a_file() {
    beside(["early226", "no150", "slow-200000", "bytes-100000", "delay200ms"], |name| {
        let (server, folder) = (site(&[(name, &content(100_000))]), Folder::new());
        get(&folder, &server, &format!("/{name}"), &["-o", "x"]).done_in_silence();
        assert!(folder.read("x") == content(100_000), "{name}");
        mirror(&folder, &server, "/", &[]).done();
        assert!(folder.read(&format!("in/{name}")) == content(100_000), "{name}");
    });
}

/// Row 174: the address of 227 is ignored, a port that is none is refused.
#[test]
fn a_foreign_address_is_ignored() {
    let server = site_with(&[("x", b"hello\n"), ("d/y", b"")], |options| {
        options.pasv_host = Some([192, 0, 2, 1].into());
        options.extensions = without(|it| it.epsv = false);
    });
    let folder = Folder::new();
    get(&folder, &server, "/x", &["-o", "x"]).done();
    assert_eq!(folder.read("x"), b"hello\n");
    verb(&folder, &server, "ls", "/d/", &[]).done();
    strict("foreign", &server);
    for answer in [
        "227 (127,0,0,1,0,0)",
        "227 (127,0,0,1,0,22)",
        "227 (127,0,0,1,256,1)",
        "227 (127,0,0,1,1)",
        "227 (127,0,0,1,-1,1)",
        "227 ok",
        "229 (|||0|)",
        "229 (|||22|)",
        "229 (|||65536|)",
        "229 (|||x|)",
        "229 ok",
    ] {
        let epsv = if answer.starts_with("227") {
            "C: EPSV\nS: 500 no\n== n @times *\nC: PASV\n"
        } else {
            "C: EPSV\n"
        };
        let section =
            format!("== no @times *\n{epsv}S: {answer}\n== pasv @times *\nC: PASV\nS: 500 no\n");
        let (server, folder) = (site_over(&[("x", b"hello\n")], &section), Folder::new());
        let ran = get(&folder, &server, "/x", &["-o", "x"]);
        assert!(ran.code.is_some_and(|code| [1, 5, 8].contains(&code)), "{answer}: {ran:?}");
        assert!(!folder.has("x") && server.transfers().is_empty(), "{answer}");
    }
}

/// Row 182: replies of several lines, of too many, of too long ones, of none; each ends in time.
#[test]
fn replies_have_limits() {
    let long = format!("220 {}\r\n", "x".repeat(20_000));
    let endless: String = "220-more\r\n".repeat(2000);
    let drip = Act::Drip(b"220-abc".repeat(1000), 1, Duration::from_millis(20));
    let rows: [(&str, Vec<Act>, &[i32]); 10] = [
        ("a long line", vec![Act::Send(long.into()), Act::Stall], &[5]),
        ("too many lines", vec![Act::Send(endless.into()), Act::Stall], &[5]),
        ("no end", vec![Act::Send(b"220-ready\r\n220-still\r\n".to_vec()), Act::Cut], &[3, 5]),
        ("half a line", vec![Act::Send(b"220 rea".to_vec()), Act::Cut], &[3, 5]),
        ("silence", vec![Act::Stall], &[6]),
        ("a drip", vec![drip], &[6]),
        ("no code", vec![Act::Send(b"hello\r\n".to_vec()), Act::Stall], &[5]),
        ("HTTP", vec![Act::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), Act::Stall], &[5]),
        ("421", vec![Act::Send(b"421 too many\r\n".to_vec()), Act::Close], &[1]),
        ("EOF", vec![Act::Close], &[3, 5]),
    ];
    beside(rows, |(label, script, codes)| {
        let (server, folder) = (scripts(vec![script]), Folder::new());
        let ran = words(&folder, &["get", &ftp(server.addr(), "/x"), "-o", "x", "--timeout", "1"]);
        let code = ran.code.unwrap_or(-1);
        ran.failed(code, "");
        assert!(codes.contains(&code) && !folder.has("x"), "{label}: {ran:?}");
        assert!(ran.took < Duration::from_secs(8), "{label}: {ran:?}");
    });
}

/// Row 182 again: other codes inside a reply do not end it.
#[test]
fn digits_inside_a_reply() {
    let fixture = dialogue(
        "== x\nS= 220-hi{{CR LF}}331 inside{{CR LF}} 220 indented{{CR LF}}230-more{{CR LF}}{{CR LF}}220 there{{CR LF}}\n\
         C: USER anonymous\nS: 530 no\nC?: QUIT\n",
    );
    let ran = words(&Folder::new(), &["get", &ftp(fixture.addr(), "/x")]);
    ran.failed(1, "530");
    fixture.finish().unwrap();
}

/// Rows 170 and 172: what a server says is shown escaped, in one line of ours.
#[test]
fn replies_are_escaped() {
    let section = "== x @times *\nC: RETR {{*=x}}\nS: 550 no {{0x1b}}]0;pwned{{0x07}} {{0xe2 0x80 0xae}} {{0x9b}}31m\n";
    let server = site_over(&[("x", b"1")], section);
    for more in [&[][..], &["-o", "x"], &["-v"]] {
        let ran: Ran = get(&Folder::new(), &server, "/x", more);
        ran.failed(1, "no ");
        assert!(!ran.stderr.contains(['\x1b', '\x07', '\u{202e}', '\u{9b}']), "{ran:?}");
    }
}

/// Row 168: times that are none, and sizes that are none, are no reason to fall over.
#[test]
fn odd_facts_do_no_harm() {
    for modify in [
        "19000101000000",
        "99991231235959",
        "00000000000000",
        "20240230000000",
        "x",
        "-1",
        "20240131120000.999999999999",
    ] {
        let mlsd = format!("type=file;size=4;modify={modify}; good\r\n");
        let server = site_with(&[("d/good", b"good"), ("d/.mlsd", mlsd.as_bytes())], |_| {});
        let folder = Folder::new();
        mirror(&folder, &server, "/d/", &[]).done();
        assert_eq!(folder.read("in/good"), b"good", "{modify}");
        verb(&folder, &server, "ls", "/d/", &[]).done();
        let over = format!("== no @times *\nC: MDTM {{{{*=x}}}}\nS: 213 {modify}\n");
        let server = site_with(&[("x", b"good")], |options| {
            (options.over, options.extensions) =
                (Some(self::over(&over)), without(|it| it.mlst = false));
        });
        get(&folder, &server, "/x", &["-o", "x"]).done();
        assert!(get(&folder, &server, "/x", &["-o", "x", "-R"]).code.is_some());
        assert_eq!(folder.read("x"), b"good", "{modify}");
    }
    for size in [
        "99999999999999999999",
        "18446744073709551615",
        "9223372036854775808",
        "-1",
        "x",
        "5",
        "3",
        "",
    ] {
        let mlsd = format!("type=file;size={size}; good\r\n");
        let server = site_with(&[("d/good", b"good"), ("d/.mlsd", mlsd.as_bytes())], |_| {});
        let folder = Folder::new();
        let ran = mirror(&folder, &server, "/d/", &[]);
        assert!(ran.code.is_some(), "{size}: {ran:?}");
        let here = finals(&folder.at("in"));
        assert!(here.values().all(|bytes| bytes == b"good"), "{size}: {here:?}");
        verb(&folder, &server, "ls", "/d/", &["--json"]).done();
        let over = format!("== no @times *\nC: SIZE {{{{*=x}}}}\nS: 213 {size}\n")
            .replace("213 \n", "213{{SP}}\n");
        let server = site_with(&[("x", b"good")], |options| {
            (options.over, options.extensions) =
                (Some(self::over(&over)), without(|it| it.mlst = false));
        });
        let ran = get(&folder, &server, "/x", &["-o", "x"]);
        assert_eq!(ran.code == Some(0), folder.has("x"), "{size}: {ran:?}");
    }
}

/// Row 158: a name that comes twice makes one file, whole.
#[test]
fn a_name_may_come_twice() {
    let mlsd =
        b"type=file;size=4; good\r\ntype=file;size=4; good\r\ntype=dir; sub\r\ntype=dir; sub\r\n";
    let server = site_with(&[("d/good", b"good"), ("d/sub/x", b"1"), ("d/.mlsd", mlsd)], |_| {});
    for jobs in ["1", "4"] {
        let folder = Folder::new();
        let ran = mirror(&folder, &server, "/d/", &["--jobs", jobs]);
        assert!(ran.code.is_some(), "{ran:?}");
        assert_eq!(folder.read("in/good"), b"good");
        is_clean("twice", folder.path());
    }
}

/// A name of a server can be that of a part of ours: both files come, whole.
#[test]
fn names_of_parts_are_names() {
    let files: [(&str, &[u8]); 4] = [
        ("x", &[1; 50_000]),
        (".x.part", &[2; 60_000]),
        (".x.part.json", b"{\"url\":\"x\"}"),
        ("y.part", b"3"),
    ];
    let server = site(&files);
    for jobs in ["1", "4"] {
        let folder = Folder::new();
        let ran = mirror(&folder, &server, "/", &["--jobs", jobs]);
        let here = tree(&folder.at("in"));
        assert!(
            here.iter().all(|(name, bytes)| server.file(name).as_ref() == Some(bytes)),
            "{ran:?}"
        );
        assert_eq!(here.len() == 4, ran.code == Some(0), "{:?}: {ran:?}", here.keys());
        assert!(ran.stderr.contains(".x.part") && !ran.stderr.contains("y.part"), "{ran:?}");
        assert_eq!(here.keys().collect::<Vec<_>>(), ["x", "y.part"]);
    }
    // No name is hidden that `ftp get` gives.
    let (folder, globs) = (Folder::new(), ["/x*", "/.x*", "/y*"].map(|it| ftp(server.addr(), it)));
    let urls: Vec<_> = globs.iter().map(String::as_str).collect();
    words(&folder, &[&["ftp", "get"], &urls[..]].concat()).done();
    for (name, bytes) in files {
        assert!(folder.read(&name.replacen(".x", "_x", 1)) == bytes, "{name}");
    }
}

/// And the other way round: the names that our uploads take on a server.
#[test]
fn names_of_uploads_are_names() {
    let (server, folder) = (site(&[("up/", b"")]), Folder::new());
    std::fs::create_dir(folder.at("out")).unwrap();
    let names = ["x", ".x.wireline-part", ".x.wireline-old", ".y.wireline-part"];
    names.iter().for_each(|name| folder.write(&format!("out/{name}"), name));
    let ran = mirror_back(&folder, &server, "/up/", &[]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    let there = tree(&server.root().join("up"));
    assert_eq!(there.keys().collect::<Vec<_>>(), [".y.wireline-part", "x"]);
    let ran = mirror_back(&folder, &server, "/up/", &["--direct"]);
    ran.done();
    assert_eq!(tree(&server.root().join("up")), tree(&folder.at("out")));
}

/// A file here where there is a folder there, and the other way round: named, and the rest comes.
#[test]
fn what_is_of_another_kind_is_named() {
    let (server, folder) = (site(&[("a/x", b"1"), ("b", b"2"), ("c", b"3")]), Folder::new());
    std::fs::create_dir_all(folder.at("in/b/keep")).unwrap();
    folder.write("in/a", "mine");
    let ran = mirror(&folder, &server, "/", &[]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert_eq!((folder.read("in/a"), folder.read("in/c")), (b"mine".to_vec(), b"3".to_vec()));
    assert!(folder.has("in/b/keep"));
    let folder = Folder::new();
    std::fs::create_dir_all(folder.at("out/b")).unwrap();
    folder.write("out/b/y", "1");
    folder.write("out/a", "2");
    folder.write("out/d", "3");
    let ran = mirror_back(&folder, &server, "/", &[]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert_eq!((server.file("a/x"), server.file("b")), (Some(b"1".to_vec()), Some(b"2".to_vec())));
    assert_eq!(server.file("d"), Some(b"3".to_vec()));
}

/// Listings that are long, have no end of line, or no lines at all.
#[test]
fn listings_have_limits() {
    let long = format!("type=file;size=1; {}\r\ntype=file;size=1; good\r\n", "x".repeat(100_000));
    let binary: Vec<u8> = content(50_000);
    for (label, bytes) in
        [("long", long.into_bytes()), ("binary", binary), ("NUL", vec![0; 100_000])]
    {
        let server = site_with(&[("d/good", b"1"), ("d/.mlsd", &bytes)], |_| {});
        let folder = Folder::new();
        let ran = mirror(&folder, &server, "/d/", &["--delete"]);
        assert!(ran.code.is_some_and(|code| code != 0), "{label}: {ran:?}");
        let outside: Vec<_> = folder.names().into_iter().filter(|name| name != "in").collect();
        assert_eq!(outside, Vec::<String>::new(), "{label}");
        let ran = verb(&folder, &server, "ls", "/d/", &[]);
        assert!(!ran.text().contains('\0') && !ran.text().contains('\x1b'), "{label}");
    }
}

/// Row 164: what stands under the part's name here is not written through.
#[test]
fn a_link_under_the_part_name_is_not_followed() {
    let (server, folder) = (site(&[("x", b"new")]), Folder::new());
    folder.write("mine", "mine");
    symlink("mine", folder.at(".x.part")).unwrap();
    get(&folder, &server, "/x", &["-o", "x"]);
    assert_eq!(folder.read("mine"), b"mine");
}
