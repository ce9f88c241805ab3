//! Content codings: what `--compressed` undoes, and what it does not believe; what is done without
//! it. RFC 9110 section 8.4, hostile.md rows 60 to 62 and 75.

use crate::http_support::{escaped, head, heads, json, none_wrong, values};
use crate::support::{
    Folder, Ran, answer, beside, run, run_within, scripts, server, url, wireline,
};
use std::time::Duration;
use wireline_servers::http::{CODED_TEXT, filler_vec};

const CODINGS: [&str; 6] = ["gzip", "x-gzip", "deflate", "raw-deflate", "br", "zstd"];

fn compressed(folder: &Folder, address: &str, more: &[&str]) -> Ran {
    folder.wireline(&[&["get", "-q", "--compressed", address][..], more].concat())
}

/// Every coding, every framing, to standard output and to a file.
#[test]
fn every_coding_is_undone() {
    let (server, mut wrong) = (server(), Vec::new());
    for coding in CODINGS {
        for query in [
            "",
            "?chunk=7",
            "?close=1",
            "?chunk=1",
            "?bytes=300000",
            "?bytes=300000&chunk=999",
            "?bytes=0",
            "?bytes=1",
        ] {
            let folder = Folder::new();
            let address = server.url(&format!("/encoded/{coding}{query}"));
            let size = query.split_once("bytes=").map(|(_, rest)| rest.split('&').next().unwrap());
            let plain = match size {
                Some(size) => filler_vec("v1", size.parse().unwrap()),
                None => CODED_TEXT.into(),
            };
            let ran = compressed(&folder, &address, &[]);
            if ran.code != Some(0) || ran.stdout != plain || !ran.stderr.is_empty() {
                wrong.push((coding, query, ran.code, ran.stdout.len(), ran.stderr));
            }
            let ran = compressed(&folder, &address, &["-o", "page"]);
            let fits =
                ran.code == Some(0) && folder.names() == ["page"] && folder.read("page") == plain;
            if !fits {
                wrong.push((coding, query, ran.code, ran.stdout.len(), ran.stderr));
            }
        }
    }
    none_wrong(&wrong);
}

/// What can be undone is said, and a server may choose of it.
#[test]
fn the_codings_are_offered() {
    let (server, folder) = (server(), Folder::new());
    let words = ["get", "--compressed", &server.url("/negotiate"), "-o", "page"];
    let ran = folder.wireline(&words);
    assert!(
        ran.done().text().contains("\r\nContent-Encoding: "),
        "the head is as it came: {ran:?}"
    );
    assert_eq!(folder.read("page"), CODED_TEXT.as_bytes());
    let offered = values(&heads(&server)[0], "Accept-Encoding").concat();
    for coding in ["gzip", "deflate", "br", "zstd"] {
        assert!(
            offered.split(',').any(|item| item.trim().split(';').next() == Some(coding)),
            "{offered}"
        );
    }
    assert_eq!(compressed(&folder, &server.url("/bytes/500"), &[]).stdout, filler_vec("v1", 500));
    assert_eq!(
        compressed(&folder, &server.url("/redirect/302?to=/encoded/br"), &[]).text(),
        CODED_TEXT
    );
    let ran = folder.wireline(&["http", "-q", "--compressed", &server.url("/encoded/gzip")]);
    assert_eq!(ran.done().text(), CODED_TEXT);
    folder.wireline(&["get", "-q", &server.url("/echo")]).done();
    assert!(
        values(heads(&server).last().unwrap(), "Accept-Encoding").is_empty(),
        "only when asked"
    );
}

/// The name of a coding is case-blind; `identity` is none; a name that lies is found out.
#[test]
fn names_of_codings() {
    let (server, mut wrong) = (server(), Vec::new());
    let rows = [
        ("/encoded/gzip?as=GZip", Some(0)),
        ("/encoded/gzip?as=x-gzip", Some(0)),
        ("/encoded/identity", Some(0)),
        ("/encoded/gzip?as=gzip,%20identity", None),
        ("/encoded/gzip?as=", None),
        ("/encoded/deflate,gzip", Some(0)),
        ("/encoded/br,zstd", Some(0)),
        ("/encoded/gzip,gzip", Some(0)),
        // hostile.md row 62: two are enough.
        ("/encoded/gzip,gzip,gzip", Some(5)),
        ("/encoded/deflate,br,gzip", Some(5)),
        ("/encoded/gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip", Some(5)),
        ("/encoded/unknown", Some(5)),
        ("/encoded/unknown,gzip", Some(5)),
        ("/encoded/gzip,unknown", Some(5)),
        ("/encoded/gzip?as=compress", Some(5)),
        ("/encoded/gzip?as=g%20zip", Some(5)),
        ("/encoded/gzip?as=br", Some(5)),
        ("/encoded/br?as=gzip", Some(5)),
        ("/encoded/zstd?as=deflate", Some(5)),
        ("/encoded/identity?as=gzip", Some(5)),
    ];
    for (path, code) in rows {
        let folder = Folder::new();
        folder.write("page", "old");
        let ran = compressed(&folder, &server.url(path), &["-o", "page"]);
        let wanted = code.or(ran.code);
        let content = folder.read("page");
        let fits = match ran.code {
            Some(0) => content == CODED_TEXT.as_bytes() || path.ends_with("as="),
            _ => content == b"old" && ran.stderr.starts_with("wireline: "),
        };
        if ran.code != wanted || !fits || folder.names() != ["page"] {
            wrong.push((path, folder.names(), content.len(), ran));
        }
    }
    none_wrong(&wrong);
    // In fields of their own.
    let folder = Folder::new();
    let two = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: x-wireline\r\nContent-Length: 2\r\n\r\nab";
    let server = scripts(vec![answer(two)]);
    compressed(&folder, &url(server.addr(), "/"), &["-o", "page"]).failed(5, "");
}

/// hostile.md rows 60 and 61: what is cut, broken or followed by something is no file.
#[test]
fn a_broken_coding_is_no_file() {
    let (server, mut wrong) = (server(), Vec::new());
    let flaws: [(&str, &[&str]); 6] = [
        ("gzip", &["cut", "junk", "plain", "badcrc", "badlength"]),
        ("x-gzip", &["badcrc"]),
        ("deflate", &["cut", "junk", "plain", "badcrc"]),
        ("raw-deflate", &["cut", "junk"]),
        ("br", &["cut", "junk", "plain"]),
        ("zstd", &["cut", "junk", "plain", "badcrc"]),
    ];
    for (coding, flaws) in flaws {
        for flaw in flaws {
            for query in ["", "?chunk=9", "?close=1", "?bytes=200000"] {
                // A checksum is there only where the coder made one.
                if coding == "zstd" && *flaw == "badcrc" && query == "?bytes=200000" {
                    continue;
                }
                let folder = Folder::new();
                folder.write("old", "old");
                let address = server.url(&format!("/encoded/{coding}/{flaw}{query}"));
                for target in ["new", "old"] {
                    let ran = compressed(&folder, &address, &["-o", target]);
                    let fits = ran.code == Some(5) && ran.stderr.starts_with("wireline: ");
                    if !fits || folder.names() != ["old"] || folder.read("old") != b"old" {
                        wrong.push((coding, flaw, query, folder.names(), ran));
                    }
                }
            }
        }
    }
    none_wrong(&wrong);
}

/// hostile.md row 60: a body that is cut is cut, however whole its coding seems.
#[test]
fn framing_and_coding_must_both_be_whole() {
    let gzip = {
        let (server, folder) = (server(), Folder::new());
        folder.wireline(&["get", "-q", &server.url("/encoded/gzip")]).stdout
    };
    let length = gzip.len();
    let body = |head: &str, part: &[u8]| {
        [format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n{head}\r\n").as_bytes(), part]
            .concat()
    };
    let rows = [
        ("short of its length", body(&format!("Content-Length: {}\r\n", length + 1), &gzip)),
        (
            "no last chunk",
            body(
                "Transfer-Encoding: chunked\r\n",
                &[format!("{length:x}\r\n").as_bytes(), &gzip, b"\r\n"].concat(),
            ),
        ),
        ("half of it, closed", body("Connection: close\r\n", &gzip[..length / 2])),
        ("without its trailer, closed", body("Connection: close\r\n", &gzip[..length - 8])),
        (
            "without its last byte",
            body(&format!("Content-Length: {}\r\n", length - 1), &gzip[..length - 1]),
        ),
    ];
    for (label, bytes) in rows {
        let (server, folder) = (scripts(vec![answer(bytes)]), Folder::new());
        let ran = compressed(&folder, &url(server.addr(), "/"), &["-o", "page"]);
        assert_eq!((ran.code, folder.has("page")), (Some(5), false), "{label}: {ran:?}");
    }
}

/// hostile.md row 61: members and frames one after the other are one text.
#[test]
fn several_members_are_all_decoded() {
    let (server, folder) = (server(), Folder::new());
    for path in [
        "/encoded/gzip/twice",
        "/encoded/zstd/twice",
        "/encoded/gzip/named",
        "/encoded/gzip/twice?chunk=1",
    ] {
        let ran = compressed(&folder, &server.url(path), &["-o", "page"]);
        assert_eq!(ran.code, Some(0), "{path}: {ran:?}");
        assert_eq!(folder.read("page"), CODED_TEXT.as_bytes(), "{path}");
        assert_eq!(folder.names(), ["page"], "the name in a gzip head is not used");
    }
}

/// hostile.md row 75: more than a thousand times its size is stopped early, and `--max-size` counts
/// what comes out. (No deflate grows more than about 1030 times: it may pass, whole.)
#[test]
fn a_bomb_is_stopped() {
    let server = server();
    beside(["gzip", "deflate", "raw-deflate", "br", "zstd"], |coding| {
        let (bomb, small) = (format!("/encoded/{coding}/bomb"), format!("/encoded/{coding}"));
        let rows: [(&str, &[&str], &[i32]); 4] = [
            (&bomb, &[], if matches!(coding, "br" | "zstd") { &[5] } else { &[0, 5] }),
            (&bomb, &["--max-size", "100000"], &[5]),
            (&small, &["--max-size", "601"], &[5]),
            (&small, &["--max-size", "700"], &[0]),
        ];
        for (path, more, codes) in rows {
            let folder = Folder::new();
            let mut command = wireline();
            command.current_dir(folder.path()).args(["get", "-q", "--compressed", "-o", "page"]);
            let ran = run_within(Duration::from_secs(19), command.arg(server.url(path)).args(more));
            let ended = ran.code.is_some_and(|code| codes.contains(&code));
            assert!(ended, "{path} {more:?}: {:?} {ran:?}", folder.size("page"));
            assert_eq!(folder.has("page"), ran.code == Some(0), "{path} {more:?}");
        }
    });
}

/// The same where there is no end to it: 640 MiB of zeros in 21 KiB.
#[test]
fn a_large_bomb_is_stopped() {
    let (live, folder) = (server(), Folder::new());
    let one = folder.wireline(&["get", "-q", &live.url("/encoded/zstd/bomb")]).stdout;
    let many = one.repeat(40);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: {}\r\n\r\n",
        many.len()
    );
    let server = scripts(vec![answer([head.as_bytes(), &many].concat())]);
    let ran = compressed(&folder, &url(server.addr(), "/"), &["-o", "page"]);
    ran.failed(5, "");
    assert!(folder.names().is_empty());
}

/// hostile.md row 60: what nobody asked to be encoded is stored as it came, and that is said.
#[test]
fn without_it_bytes_are_kept_as_they_came() {
    let (server, folder) = (server(), Folder::new());
    for (coding, begin) in
        [("gzip", &b"\x1f\x8b"[..]), ("zstd", b"\x28\xb5\x2f\xfd"), ("unknown", b"")]
    {
        let address = server.url(&format!("/encoded/{coding}"));
        let ran = folder.wireline(&["get", &address, "-o", "page"]);
        let bytes = folder.read("page");
        let length = values(&ran.done().text().replace("\r\n", "\n"), "Content-Length");
        assert_eq!(length, [bytes.len().to_string()], "{coding}");
        assert!(bytes.starts_with(begin) && bytes != CODED_TEXT.as_bytes() || coding == "unknown");
        assert!(ran.stderr.starts_with("wireline: ") && ran.stderr.lines().count() <= 2, "{ran:?}");
        let stdout = folder.wireline(&["get", &address]);
        assert_eq!(stdout.done().stdout, bytes);
    }
    // Broken or not: it is not looked into.
    for path in ["/encoded/gzip/cut", "/encoded/gzip/badcrc", "/encoded/gzip,gzip,gzip"] {
        folder.wireline(&["get", "-q", &server.url(path), "-o", "page"]).done();
    }
    // What was asked for by hand is no surprise, and still not undone.
    let words = ["get", &server.url("/encoded/gzip"), "-H", "Accept-Encoding: gzip"];
    let ran = folder.wireline(&words);
    assert!(ran.done().stdout.starts_with(b"\x1f\x8b"));
    folder.wireline(&["get", &server.url("/bytes/5")]).done_in_silence();
}

/// Answers without content have nothing to undo.
#[test]
fn nothing_is_nothing() {
    let folder = Folder::new();
    let live = server();
    folder.wireline(&["get", "-q", "-I", "--compressed", &live.url("/encoded/gzip")]).done();
    for status in ["204 No Content", "304 Not Modified"] {
        let bytes = format!("HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\n\r\n");
        let server = scripts(vec![answer(bytes)]);
        compressed(&folder, &url(server.addr(), "/"), &[]).done();
    }
    // The content of an error as well.
    let path = format!("/status/404?body={}", escaped("plain"));
    assert_eq!(compressed(&folder, &live.url(&path), &[]).failed(1, "404").text(), "plain");
}

/// A part of an encoded file is no place to go on from; `-C -` does not splice.
#[test]
fn encoded_content_is_not_continued() {
    let (server, folder) = (server(), Folder::new());
    let ran = compressed(&folder, &server.url("/encoded/gzip/cut"), &["-o", "page"]);
    assert_eq!((ran.code, folder.names().len()), (Some(5), 0));
    let ran = compressed(&folder, &server.url("/encoded/gzip"), &["-o", "page", "-C", "-"]);
    if ran.code == Some(0) {
        assert_eq!(folder.read("page"), CODED_TEXT.as_bytes());
    } else {
        ran.failed(2, "");
    }
    for head in heads(&server) {
        assert!(values(&head, "Range").is_empty(), "{head}");
    }
}

/// `--json` names the file and counts; the head on standard output stays the server's.
#[test]
fn the_line_of_json_is_there() {
    let (server, folder) = (server(), Folder::new());
    let ran = compressed(&folder, &server.url("/encoded/gzip"), &["-o", "page", "--json"]);
    let line = json(ran.done());
    assert_eq!((&line["status"], &line["file"]), (&200.into(), &"page".into()));
    let ran = compressed(&folder, &server.url("/encoded/gzip/cut"), &["-o", "other", "--json"]);
    assert_eq!(ran.code, Some(5));
    assert!(json(&ran)["error"].is_string(), "{ran:?}");
}

/// A recording of encoded content serves the client that made it.
#[test]
fn a_recording_decodes_again() {
    let (server, folder) = (server(), Folder::new());
    let words = ["-o", "page", "--record", "a.wire"];
    compressed(&folder, &server.url("/encoded/gzip"), &words).done();
    folder.wireline(&["check", "a.wire"]).done();
    let line = format!(
        "{} get -q --compressed http://$WIRELINE_ADDR/encoded/gzip -o again",
        env!("CARGO_BIN_EXE_wireline")
    );
    let mut command = wireline();
    command.current_dir(folder.path()).args(["serve", "a.wire", "--", "/bin/sh", "-c", &line]);
    run(&mut command).done();
    assert_eq!(folder.read("again"), CODED_TEXT.as_bytes());
    assert!(head(&server.requests()[0]).starts_with("GET /encoded/gzip "));
}
