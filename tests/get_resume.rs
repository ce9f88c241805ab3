//! Continuing: when a part is kept, and when it may be continued. hostile.md rows 54 to 58, fault
//! matrix rows 4, 5, 11 and 12.

use crate::support::{
    Folder, Ran, answer, beside, cut, happens, scripts, server, url, wait_within, wireline,
};
use std::time::Duration;
use wireline_servers::http::{self, filler_vec};
use wireline_servers::raw::Server;
use wireline_servers::{Link, LinkOptions};

const LENGTH: usize = 200_000;

fn ranges(server: &http::Server) -> Vec<Option<String>> {
    let range = |request: http::Request| {
        let head = String::from_utf8(request.head).unwrap();
        head.lines().find_map(|line| line.strip_prefix("Range: ").map(str::to_owned))
    };
    server.requests().into_iter().map(range).collect()
}

/// Fault matrix row 4: at every place and in every way a transfer can end, the old file stays, and
/// `-C -` finishes what a part has kept.
#[test]
fn a_broken_transfer_is_continued_from_its_part() {
    beside(["cut", "reset", "stall"], |fault| {
        let server = server();
        for at in [0, 1, 100_000, LENGTH - 1] {
            for chunk in ["", "&chunk=7000"] {
                let folder = Folder::new();
                folder.write("page", "old");
                let address = server.url(&format!("/{fault}/{LENGTH}/{at}?times=1{chunk}"));
                let get = |more: &[&str]| {
                    let words = ["get", "-q", &address, "-o", "page", "--timeout", "0.3"];
                    folder.wireline(&[&words[..], more].concat())
                };
                let code = if fault == "stall" { 6 } else { 5 };
                let broken = get(&[]);
                // A reset may overtake the head as well.
                let early = fault == "reset" && broken.code == Some(3);
                assert!(early || broken.code == Some(code), "{address}: {broken:?}");
                assert_eq!(folder.read("page"), b"old", "{address}");
                let kept = folder.size(".page.part").unwrap_or_default();
                assert!(kept <= at as u64, "{address}: {kept}");
                assert!(fault == "reset" || kept == at as u64, "{address}: {kept}");
                assert_eq!(folder.has(".page.part.json"), kept > 0, "{address}");
                if kept > 0 && fault != "stall" {
                    broken.hinted("-C - continues from .page.part");
                }
                get(&["-C", "-"]).done_in_silence();
                assert!(folder.read("page") == filler_vec("v1", LENGTH), "{address}");
                assert_eq!(folder.names(), ["page"], "{address}");
                let asked = (kept > 0).then(|| format!("bytes={kept}-"));
                assert_eq!(ranges(&server).pop().unwrap(), asked, "{address}");
            }
        }
    });
}

/// Fault matrix row 11: another version is never spliced onto an old half, and without a strong
/// validator there is no half.
#[test]
fn a_changed_file_is_fetched_anew() {
    let server = server();
    let rows = [
        ("?then=v2", "v2", true),
        ("?then=v2&chunk=7000", "v2", true),
        ("?then=v2&etag=none", "v2", true),
        ("?then=v2&etag=weak", "v2", false),
        ("?then=v2&etag=none&lastmod=none", "v2", false),
        ("?times=1&etag=none", "v1", true),
        ("?times=1&etag=weak", "v1", false),
        ("?times=1&etag=none&lastmod=none", "v1", false),
    ];
    for (query, version, is_kept) in rows {
        let folder = Folder::new();
        folder.write("page", "old");
        let address = server.url(&format!("/cut/{LENGTH}/100000{query}"));
        let get = || folder.wireline(&["get", "-q", &address, "-o", "page", "-C", "-"]);
        get().failed(5, "cut short");
        assert_eq!(
            (folder.read("page"), folder.has(".page.part")),
            (b"old".to_vec(), is_kept),
            "{query}"
        );
        get().done_in_silence();
        assert!(folder.read("page") == filler_vec(version, LENGTH), "{query}");
        assert_eq!(folder.names(), ["page"], "{query}");
    }
}

/// The same with a file that has become shorter or longer.
#[test]
fn a_file_of_another_length_is_fetched_anew() {
    for (before, after) in [(LENGTH, 150_000), (LENGTH, 50_000), (LENGTH, 300_000), (LENGTH, 0)] {
        let (root, folder) = (Folder::new(), Folder::new());
        root.write("file", filler_vec("v1", before));
        let options =
            http::Options { root: Some(root.path().to_owned()), ..http::Options::default() };
        let server = http::Server::start(options).unwrap();
        let broken =
            LinkOptions { cut_after: Some(100_000), faulty: Some(1), ..LinkOptions::default() };
        let link = Link::start(server.addr(), broken).unwrap();
        let address = url(link.addr(), "/file");
        let get = || folder.wireline(&["get", "-q", &address, "-o", "page", "-C", "-"]);
        get().failed(5, "cut short");
        root.write("file", filler_vec("v2", after));
        get().done_in_silence();
        assert!(folder.read("page") == filler_vec("v2", after), "{before} to {after}");
        assert_eq!(folder.names(), ["page"]);
    }
}

const TAG: &str = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n01234";
const WHOLE: &str = "HTTP/1.1 200 OK\r\nETag: \"b\"\r\nContent-Length: 10\r\n\r\nabcdefghij";
const RIGHT: &str = "0123456789";
const OTHER: &str = "abcdefghij";

/// Breaks off after `first`, then continues with each of `then` in turn.
fn continued(first: &str, then: &[&str]) -> (Ran, Vec<u8>, Server) {
    let answers = then.iter().map(|bytes| answer(bytes.replace('|', "\r\n")));
    let server = scripts(std::iter::once(cut(first)).chain(answers).collect());
    let folder = Folder::new();
    let address = url(server.addr(), "/");
    folder.wireline(&["get", "-q", &address, "-o", "page"]).failed(5, "cut short");
    assert!(folder.has(".page.part.json"), "{first:?}");
    let ran = folder.wireline(&["get", "-q", &address, "-o", "page", "-C", "-"]);
    let page = if folder.has("page") { folder.read("page") } else { Vec::new() };
    (ran, page, server)
}

/// hostile.md rows 54, 56, 57 and 58: five of ten bytes are there; whatever a server answers, the file
/// is of one version in the end.
#[test]
fn an_answer_to_a_range_is_checked() {
    let rows: &[(&str, &str, &str)] = &[
        ("good", "206 P|Content-Range: bytes 5-9/10|ETag: \"a\"|Content-Length: 5||56789", RIGHT),
        ("good, total unknown", "206 P|Content-Range: bytes 5-9/*|Content-Length: 5||56789", RIGHT),
        (
            "good, chunked",
            "206 P|Content-Range: bytes 5-9/10|Transfer-Encoding: chunked||5|56789|0||",
            RIGHT,
        ),
        ("row 57: 200", "200 OK|ETag: \"b\"|Content-Length: 10||abcdefghij", OTHER),
        ("row 57: 200, the same tag", "200 OK|ETag: \"a\"|Content-Length: 10||0123456789", RIGHT),
        (
            "row 58: 200 with Content-Range",
            "200 OK|Content-Range: bytes 5-9/10|Content-Length: 10||abcdefghij",
            OTHER,
        ),
        ("row 54: no Content-Range", "206 P|Content-Length: 5||xxxxx", OTHER),
        (
            "row 54: another unit",
            "206 P|Content-Range: lines 5-9/10|Content-Length: 5||xxxxx",
            OTHER,
        ),
        (
            "row 54: starts elsewhere",
            "206 P|Content-Range: bytes 4-9/10|Content-Length: 6||xxxxxx",
            OTHER,
        ),
        (
            "row 54: from the beginning",
            "206 P|Content-Range: bytes 0-9/10|Content-Length: 10||xxxxxxxxxx",
            OTHER,
        ),
        (
            "row 54: another total",
            "206 P|Content-Range: bytes 5-10/11|Content-Length: 6||xxxxxx",
            OTHER,
        ),
        (
            "row 54: less than asked for",
            "206 P|Content-Range: bytes 5-7/10|Content-Length: 3||xxx",
            OTHER,
        ),
        (
            "row 54: length and range differ",
            "206 P|Content-Range: bytes 5-9/10|Content-Length: 4||xxxx",
            OTHER,
        ),
        ("row 54: backwards", "206 P|Content-Range: bytes 9-5/10|Content-Length: 5||xxxxx", OTHER),
        (
            "row 54: beyond the end",
            "206 P|Content-Range: bytes 5-10/10|Content-Length: 6||xxxxxx",
            OTHER,
        ),
        (
            "row 54: multipart",
            "206 P|Content-Type: multipart/byteranges; boundary=x|Content-Length: 5||xxxxx",
            OTHER,
        ),
        (
            "row 54: another tag",
            "206 P|Content-Range: bytes 5-9/10|ETag: \"b\"|Content-Length: 5||xxxxx",
            OTHER,
        ),
        (
            "row 54: a weak tag",
            "206 P|Content-Range: bytes 5-9/10|ETag: W/\"a\"|Content-Length: 5||xxxxx",
            OTHER,
        ),
        (
            "row 56: 416 beyond the end",
            "416 No|Content-Range: bytes */3|Content-Length: 0||",
            OTHER,
        ),
        ("row 56: 416 that says nothing", "416 No|Content-Length: 0||", OTHER),
        (
            "row 56: 416 at our size, which is not the length",
            "416 No|Content-Range: bytes */5|Content-Length: 0||",
            OTHER,
        ),
    ];
    for (label, bytes, page) in rows {
        let (ran, found, server) = continued(TAG, &[&format!("HTTP/1.1 {bytes}"), WHOLE]);
        ran.done_in_silence();
        assert_eq!(String::from_utf8_lossy(&found), *page, "{label}");
        let asked = String::from_utf8(server.received(1)).unwrap();
        assert!(asked.contains("\r\nRange: bytes=5-\r\nIf-Range: \"a\"\r\n"), "{label}: {asked}");
    }
}

/// hostile.md row 54: a continuation without a length that holds more or less than its range says is
/// not stored as the rest.
#[test]
fn a_continuation_holds_as_much_as_its_range_says() {
    let mut wrong = Vec::new();
    for (fields, rest) in [
        ("Transfer-Encoding: chunked", "7|5678910|0||"),
        ("Transfer-Encoding: chunked", "3|567|0||"),
        ("Connection: close", "567"),
        ("Connection: close", "5678910"),
        ("Connection: close", ""),
    ] {
        let bytes = format!("HTTP/1.1 206 P|Content-Range: bytes 5-9/10|{fields}||{rest}");
        let (ran, page, _) = continued(TAG, &[&bytes, WHOLE]);
        if ran.code == Some(0) && page != OTHER.as_bytes() {
            wrong.push((fields, rest, String::from_utf8_lossy(&page).into_owned()));
        }
    }
    assert!(wrong.is_empty(), "exit 0 with a file of no version: {wrong:?}");
}

/// hostile.md row 56: nothing more to come is success when all of it is there.
#[test]
fn a_part_that_is_whole_already_is_taken() {
    let all =
        "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n";
    let end = "HTTP/1.1 416 No|Content-Range: bytes */10|ETag: \"a\"|Content-Length: 0||";
    let (ran, page, server) = continued(all, &[end, WHOLE]);
    ran.done_in_silence();
    assert_eq!((page, server.connections()), (RIGHT.into(), 2));
    let changed = end.replace("\"a\"", "\"b\"");
    let (ran, page, _) = continued(all, &[&changed, WHOLE]);
    ran.done_in_silence();
    assert_eq!(page, OTHER.as_bytes());
}

/// The contract: 400 and above touches neither the file nor its part.
#[test]
fn a_refusal_leaves_the_part_as_it_was() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url(&format!("/cut/{LENGTH}/100000?times=1"));
    folder.wireline(&["get", "-q", &address, "-o", "page"]).failed(5, "cut short");
    let before = (folder.read(".page.part"), folder.read(".page.part.json"));
    for (path, more) in
        [("/status/404", &["-C", "-"][..]), ("/status/503", &[]), ("/auth/basic", &[])]
    {
        let words = ["get", "-q", &server.url(path), "-o", "page"];
        folder.wireline(&[&words[..], more].concat()).failed_in_one_line(1, "the server answered");
        assert!((folder.read(".page.part"), folder.read(".page.part.json")) == before, "{path}");
    }
    // Not even one whose URL is another is continued.
    let other = format!("{address}&x=1");
    folder.wireline(&["get", "-q", &other, "-o", "page", "-C", "-"]).failed(5, "cut short");
    assert_eq!(ranges(&server).pop(), Some(None));
}

/// Fault matrix row 12: what is beside the target is judged before it is believed.
#[test]
fn a_damaged_part_is_not_continued() {
    let right = filler_vec("v1", LENGTH);
    let long = vec![b'x'; LENGTH + 1];
    let garbage: &[(&str, &str, Option<&[u8]>)] = &[
        ("longer than the length", ".page.part", Some(&long)),
        ("empty", ".page.part", Some(b"")),
        ("gone", ".page.part", None),
        ("no description", ".page.part.json", None),
        ("an empty description", ".page.part.json", Some(b"")),
        ("garbage", ".page.part.json", Some(b"{\"url\": \xff")),
        ("another form", ".page.part.json", Some(b"[1, 2]")),
        (
            "without a validator",
            ".page.part.json",
            Some(b"{\"url\":\"URL\",\"validator\":\"\",\"length\":200000}"),
        ),
        (
            "an unknown validator",
            ".page.part.json",
            Some(b"{\"url\":\"URL\",\"validator\":\"x\",\"length\":200000}"),
        ),
        (
            "a validator that injects",
            ".page.part.json",
            Some(b"{\"url\":\"URL\",\"validator\":\"etag \\\"a\\\"\\r\\nX: y\",\"length\":200000}"),
        ),
        (
            "a negative length",
            ".page.part.json",
            Some(b"{\"url\":\"URL\",\"validator\":\"etag \\\"v1-200000\\\"\",\"length\":-1}"),
        ),
        (
            "a shorter length",
            ".page.part.json",
            Some(b"{\"url\":\"URL\",\"validator\":\"etag \\\"v1-200000\\\"\",\"length\":7}"),
        ),
    ];
    for (label, name, bytes) in garbage {
        let (server, folder) = (server(), Folder::new());
        let address = server.url(&format!("/cut/{LENGTH}/100000?times=1"));
        folder.wireline(&["get", "-q", &address, "-o", "page"]).failed(5, "cut short");
        match bytes {
            Some(bytes) => {
                folder.write(name, String::from_utf8_lossy(bytes).replace("URL", &address))
            }
            None => std::fs::remove_file(folder.at(name)).unwrap(),
        }
        let ran = folder.wireline(&["get", "-q", &address, "-o", "page", "-C", "-"]);
        ran.done_in_silence();
        assert!(folder.read("page") == right, "{label}");
        assert_eq!(folder.names(), ["page"], "{label}");
        let last = String::from_utf8(server.requests().pop().unwrap().head).unwrap();
        assert!(!last.contains("X: y"), "{label}: {last}");
    }
}

/// Fault matrix row 5: killed in the middle, the old file stays and the rest is all that is fetched.
#[test]
fn a_killed_download_is_continued() {
    let (server, folder) = (server(), Folder::new());
    folder.write("page", "old");
    let address = server.url(&format!("/stall/{LENGTH}/100000?times=1"));
    let mut command = wireline();
    let mut child = command
        .current_dir(folder.path())
        .args(["get", "-q", &address, "-o", "page"])
        .spawn()
        .unwrap();
    assert!(happens(Duration::from_secs(5), || folder.size(".page.part") == Some(100_000)));
    child.kill().unwrap();
    assert!(wait_within(Duration::from_secs(5), &mut child).is_some());
    assert_eq!(folder.read("page"), b"old");
    folder.wireline(&["get", "-q", &address, "-o", "page", "-C", "-"]).done_in_silence();
    assert!(folder.read("page") == filler_vec("v1", LENGTH));
    assert_eq!(ranges(&server), [None, Some("bytes=100000-".to_owned())]);
}

/// A download that a redirect leads to is continued there, not begun again.
#[test]
fn a_redirected_download_is_continued() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url(&format!("/redirect/302?to=/cut/{LENGTH}/100000?times=1"));
    folder.wireline(&["get", "-q", &address, "-o", "page"]).failed(5, "cut short");
    folder.wireline(&["get", "-q", &address, "-o", "page", "-C", "-"]).done_in_silence();
    assert!(folder.read("page") == filler_vec("v1", LENGTH));
    assert_eq!(ranges(&server).pop().unwrap().as_deref(), Some("bytes=100000-"));
}

/// A part of a part that the user asked for is not taken for the beginning of the whole.
#[test]
fn a_range_that_was_typed_is_not_continued_as_the_whole() {
    let first = "HTTP/1.1 206 P\r\nETag: \"a\"\r\nContent-Range: bytes 5-9/10\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n56\r\n";
    let rest = "HTTP/1.1 206 P\r\nETag: \"a\"\r\nContent-Range: bytes 2-9/10\r\nContent-Length: 8\r\n\r\n23456789";
    let whole = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n0123456789";
    let server = scripts(vec![cut(first), answer(rest), answer(whole)]);
    let (folder, address) = (Folder::new(), url(server.addr(), "/"));
    let words = ["get", "-q", &address, "-o", "page"];
    folder.wireline(&[&words[..], &["-H", "Range: bytes=5-"]].concat()).failed(5, "cut short");
    if folder.has(".page.part") {
        folder.wireline(&[&words[..], &["-C", "-"]].concat()).done();
        assert_eq!(String::from_utf8_lossy(&folder.read("page")), RIGHT);
    }
}

/// `-C OFFSET`: behind so many bytes of the file, on the user's word.
#[test]
fn an_offset_continues_the_file_itself() {
    let (server, folder) = (server(), Folder::new());
    let (address, whole) = (server.url("/bytes/1000"), filler_vec("v1", 1000));
    let get = |offset: &str| folder.wireline(&["get", "-q", &address, "-o", "page", "-C", offset]);
    folder.write("page", &whole[..400]);
    let before = server.connections();
    for wrong in ["300", "401"] {
        get(wrong).failed_in_one_line(7, "it has 400 bytes");
    }
    assert_eq!(
        (server.connections(), folder.names().len()),
        (before, 1),
        "before anything is sent"
    );
    get("400").done_in_silence();
    assert!(folder.read("page") == whole);
    assert_eq!(ranges(&server).pop().unwrap().as_deref(), Some("bytes=400-"));
    get("1000").done_in_silence();
    assert!(folder.read("page") == whole, "416 at the end: all of it is there");
    get("0").done_in_silence();
    assert_eq!(ranges(&server).pop().unwrap(), None);
    folder.write("page", &whole[..400]);
    let cut = server.url("/cut/1000/300");
    folder.wireline(&["get", "-q", &cut, "-o", "page", "-C", "400"]).failed(5, "cut short");
    assert!(folder.read("page") == whole[..400], "the file survives");
    let rest = folder.wireline(&["get", "-q", &address, "-C", "400"]);
    assert!(rest.done_in_silence().stdout == whole[400..]);
}

/// `-C OFFSET` as in curl: bytes from elsewhere do not go where the rest was to go.
#[test]
fn an_offset_that_is_not_honoured_writes_nothing_to_stdout() {
    for bytes in
        [WHOLE, "HTTP/1.1 206 P\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n\r\nefghij"]
    {
        let server = scripts(vec![answer(bytes), answer(WHOLE)]);
        let (folder, address) = (Folder::new(), url(server.addr(), "/"));
        let ran = folder.wireline(&["get", &address, "-C", "5"]);
        assert_ne!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.text(), "", "`>> file` would have spliced it");
    }
}

/// hostile.md row 88 and `--max-size`: a part that was kept counts.
#[test]
fn max_size_counts_what_is_there() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url(&format!("/cut/{LENGTH}/100000?times=1"));
    folder.wireline(&["get", "-q", &address, "-o", "page"]).failed(5, "cut short");
    let get = |most: &str| {
        folder.wireline(&["get", "-q", &address, "-o", "page", "-C", "-", "--max-size", most])
    };
    get("199999").failed_in_one_line(5, "bytes allowed");
    assert_eq!(folder.size(".page.part"), Some(100_000));
    get("200000").done_in_silence();
    assert!(folder.read("page") == filler_vec("v1", LENGTH));
}

/// Over TLS as in clear: continued to the right bytes, and a changed file is not spliced.
#[test]
fn a_cut_over_tls_is_continued_too() {
    use wireline_servers::ca::{Authority, Certificate};
    let (authority, folder) = (Authority::new("resume").unwrap(), Folder::new());
    folder.write("ca.pem", authority.pem());
    let tls = Some(authority.server_config(Certificate::Good).unwrap());
    let options = http::Options { tls, ..Default::default() };
    let server = http::Server::start(options).unwrap();
    for (query, version) in [("times=1", "v1"), ("times=1&then=v2", "v2")] {
        let address = server.url(&format!("/cut/200000/70000?{query}"));
        let words = ["get", "-q", &address, "--cacert", "ca.pem", "-o", "page"];
        folder.wireline(&words).failed(5, "cut short");
        folder.wireline(&[&words[..], &["-C", "-"]].concat()).done();
        assert!(folder.read("page") == filler_vec(version, 200_000), "{query}");
    }
}
