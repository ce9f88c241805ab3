//! Many transfers: several URLs, lists of them, beside each other; kept connections, ranges, and
//! how it all ends. RFC 9112 section 9.3, RFC 9110 section 14.

use crate::http_support::{heads, json, json_lines, lines, none_wrong, piped_in, value, values};
use crate::support::{Folder, answer, run, run_within, scripts, server, url, wireline};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use wireline_servers::http::filler_vec;
use wireline_servers::raw::Act;

/// One origin, one connection; `Connection: close` goes with the last request.
#[test]
fn urls_of_an_origin_share_a_connection() {
    let (server, folder) = (server(), Folder::new());
    let urls: Vec<_> = (1..=5).map(|nth| server.url(&format!("/bytes/{nth}"))).collect();
    let words: Vec<_> =
        ["get", "-q", "-O"].into_iter().chain(urls.iter().map(String::as_str)).collect();
    folder.wireline(&words).done_in_silence();
    assert_eq!((server.connections(), server.requests().len()), (1, 5));
    assert_eq!(folder.names(), ["1", "2", "3", "4", "5"]);
    for nth in 1..=5 {
        assert!(folder.read(&nth.to_string()) == filler_vec("v1", nth));
    }
    let closes: Vec<_> =
        heads(&server).iter().map(|head| !values(head, "Connection").is_empty()).collect();
    assert_eq!(closes, [false, false, false, false, true]);
}

/// What ends a connection, and what does not.
#[test]
fn a_connection_is_kept_where_it_can_be() {
    let rows = [
        ("/bytes/5", 1),
        ("/chunked/5000", 1),
        ("/chunked/5000?trailer=1", 1),
        ("/status/404", 1),
        ("/status/204", 1),
        ("/status/304", 1),
        ("/interim/3", 1),
        ("/redirect/302?to=/bytes/5", 1),
        ("/auth/basic", 1),
        ("/encoded/gzip", 1),
        ("/close/5", 2),
        ("/http10/5", 2),
        ("/http10/5?length=1", 2),
    ];
    let mut wrong = Vec::new();
    for (path, connections) in rows {
        let (server, folder) = (server(), Folder::new());
        let words = ["get", "-q", &server.url(path), &server.url("/bytes/1")];
        let ran = folder.wireline(&words);
        if server.connections() != connections || !matches!(ran.code, Some(0 | 10)) {
            wrong.push((path, server.connections(), ran));
        }
    }
    none_wrong(&wrong);
    // Two names of a server are two origins.
    let (server, folder) = (server(), Folder::new());
    let other = server.url("/bytes/1").replace("127.0.0.1", "localhost");
    folder.wireline(&["get", "-q", &server.url("/bytes/1"), &other]).done();
    assert_eq!(server.connections(), 2);
}

/// RFC 9112 section 9.3.1: a kept connection may be gone by the time it is used again.
#[test]
fn a_kept_connection_that_died_is_replaced() {
    let folder = Folder::new();
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
    for end in [Act::Close, Act::Reset] {
        let first = vec![Act::Request, Act::Send(page.into()), end.clone()];
        let server = scripts(vec![first, answer(page)]);
        let address = url(server.addr(), "/");
        let ran = folder.wireline(&["get", "-q", &address, &address]);
        assert_eq!(ran.done().text(), "abab", "{end:?}");
    }
    // hostile.md row 52: what comes unasked makes it unfit.
    let first = vec![
        Act::Request,
        Act::Send(format!("{page}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil").into()),
        Act::Stall,
    ];
    let server = scripts(vec![first, answer(page)]);
    let address = url(server.addr(), "/");
    let ran = folder.wireline(&["get", "-q", &address, &address]);
    assert!(!ran.text().contains("evil"), "{ran:?}");
}

/// `--input-file`: a URL a line, from a file or standard input.
#[test]
fn urls_come_from_a_file() {
    let (server, folder) = (server(), Folder::new());
    let text: String =
        (1..=3).map(|nth| format!("{}\r\n", server.url(&format!("/bytes/{nth}")))).collect();
    folder.write("list", format!("{text}\n\n{}", server.url("/bytes/4")));
    folder.wireline(&["get", "-q", "-O", "--input-file", "list"]).done();
    assert_eq!(folder.names(), ["1", "2", "3", "4", "list"]);
    assert_eq!(server.connections(), 1);
    let other = Folder::new();
    let ran = piped_in(&other, &["get", "-q", "-O", "--input-file", "-"], text.as_bytes());
    ran.done();
    assert_eq!(other.names(), ["1", "2", "3"]);
    // Beside what was typed.
    let third = Folder::new();
    third.write("list", &text);
    third.wireline(&["get", "-q", "-O", &server.url("/bytes/9"), "--input-file", "list"]).done();
    assert_eq!(third.names(), ["1", "2", "3", "9", "list"]);
    // A bad line is named, and nothing is sent.
    let before = server.connections();
    for bad in ["http://a@b@c/", "nonsense://h/", "http://h:99999/", "http://h/\u{1}"] {
        third.write("list", format!("{text}{bad}\n"));
        let ran = third.wireline(&["get", "-q", "-O", "--overwrite", "--input-file", "list"]);
        ran.failed(2, "");
    }
    assert_eq!(server.connections(), before);
    third.wireline(&["get", "-q", "-O", "--input-file", "missing"]).failed(7, "missing");
    third.write("list", "\n\n");
    let ran = third.wireline(&["get", "-q", "-O", "--input-file", "list"]);
    assert!(matches!(ran.code, Some(0 | 2)), "{ran:?}");
}

/// `--jobs`: beside each other, or this would never end. Every request waits for the other one.
#[test]
fn jobs_run_beside_each_other() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut both: Vec<TcpStream> = (0..2).map(|_| listener.accept().unwrap().0).collect();
        for socket in &mut both {
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).unwrap() > 0 {
                head.push(byte[0]);
            }
        }
        for socket in &mut both {
            let page = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab";
            socket.write_all(page).unwrap();
        }
    });
    let folder = Folder::new();
    let words =
        ["get", "-q", &url(addr, "/1"), &url(addr, "/2"), "-O", "--jobs", "2", "--max-time", "15"];
    folder.wireline(&words).done();
    server.join().unwrap();
    assert_eq!((folder.read("1"), folder.read("2")), (b"ab".to_vec(), b"ab".to_vec()));
}

/// So many at once and no more; every line of JSON is whole, and there is one for each.
#[test]
fn jobs_are_limited_and_told_apart() {
    let (server, folder) = (server(), Folder::new());
    let urls: Vec<_> = (0..12).map(|nth| server.url(&format!("/bytes/{}", 1000 + nth))).collect();
    let mut words = vec!["get", "-O", "--json", "--jobs", "3"];
    words.extend(urls.iter().map(String::as_str));
    let ran = folder.wireline(&words);
    let rows = json_lines(ran.done());
    let mut seen: Vec<_> = rows.iter().map(|row| row["url"].as_str().unwrap().to_owned()).collect();
    seen.sort();
    assert_eq!(seen, urls);
    assert!((1..=3).contains(&server.connections()), "{}", server.connections());
    for nth in 0..12 {
        let size = 1000 + nth;
        assert!(folder.read(&size.to_string()) == filler_vec("v1", size));
    }
    for bad in ["0", "-1", "x", "99999999999999999999"] {
        let ran = folder.wireline(&["get", "-q", &urls[0], &format!("--jobs={bad}")]);
        ran.failed(2, "");
    }
    // Bodies without files do not run into each other.
    let two = [server.url("/bytes/3000"), server.url("/drip/40?ms=2")];
    let ran = folder.wireline(&["get", "-q", &two[1], &two[0], "--jobs", "2"]);
    let wanted = [filler_vec("v1", 40), filler_vec("v1", 3000)].concat();
    assert!(ran.code == Some(2) || ran.stdout == wanted, "{} bytes", ran.stdout.len());
}

/// One line each, whatever becomes of it; 10 when some failed, their common code when all did.
#[test]
fn every_transfer_has_its_line_and_all_have_a_code() {
    let (server, folder) = (server(), Folder::new());
    let get = |paths: &[&str], more: &[&str]| {
        let urls: Vec<_> = paths.iter().map(|path| server.url(path)).collect();
        let words = ["get", "--json", "-O", "--overwrite", "--timeout", "0.4"];
        let mut command = wireline();
        command.current_dir(folder.path()).args(words).args(more).args(&urls);
        run(&mut command)
    };
    let mixed = ["/bytes/1", "/status/404", "/cut/9/5", "/stall/8/6", "/bytes/2"];
    for more in [&[][..], &["--jobs", "3"]] {
        let ran = get(&mixed, more);
        let mut rows = json_lines(&ran);
        rows.sort_by_key(|row| {
            mixed.iter().position(|path| row["url"].as_str().unwrap().ends_with(path))
        });
        assert_eq!((ran.code, rows.len()), (Some(10), 5), "{ran:?}");
        let errors: Vec<_> = rows.iter().map(|row| row["error"].is_string()).collect();
        assert_eq!(errors, [false, true, true, true, false], "{ran:?}");
        assert_eq!((&rows[0]["bytes"], &rows[1]["status"]), (&1.into(), &404.into()));
        for path in &mixed[1..4] {
            let named = ran.stderr.lines().any(|line| line.starts_with("wireline: "));
            assert!(named, "{path}: {}", ran.stderr);
        }
        assert_eq!(get(&["/status/404", "/status/410"], more).code, Some(1));
        assert_eq!(get(&["/cut/9/5", "/cut/8/6"], more).code, Some(5));
        assert_eq!(get(&["/status/404", "/cut/9/5"], more).code, Some(10));
        assert_eq!(get(&["/bytes/1", "/bytes/2"], more).code, Some(0));
    }
    let unreached = [server.url("/bytes/1"), "http://127.0.0.1:1/x".to_owned()];
    let words = ["get", "--json", "-O", "--overwrite", &unreached[0], &unreached[1]];
    let ran = folder.wireline(&words);
    assert_eq!((ran.code, json_lines(&ran).len()), (Some(10), 2), "{ran:?}");
}

/// The fields that the contract names, and that they add up.
#[test]
fn a_line_of_json_has_its_fields() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/redirects/2");
    let ran = folder.wireline(&["get", &address, "--json", "-o", "page"]);
    let line = json(ran.done());
    assert_eq!(line["url"], address);
    assert_eq!(line["effective_url"], server.url("/redirects/0"));
    assert_eq!(
        (&line["status"], &line["bytes"], &line["redirects"]),
        (&200.into(), &8.into(), &2.into())
    );
    assert_eq!((&line["file"], &line["error"]), (&"page".into(), &serde_json::Value::Null));
    assert_eq!(line["remote"], server.addr().to_string());
    for name in ["dns", "connect", "tls", "first_byte", "total"] {
        assert!(line["timings"].get(name).is_some(), "{name} in {line}");
    }
}

/// `-r`: the bytes that were asked for, and nothing that is only said to be them.
#[test]
fn a_range_is_a_range() {
    let (server, folder) = (server(), Folder::new());
    let all = filler_vec("v1", 1000);
    let address = server.url("/bytes/1000");
    for (range, wanted) in [
        ("0-99", &all[..100]),
        ("990-", &all[990..]),
        ("5-5", &all[5..6]),
        ("990-5000", &all[990..]),
    ] {
        for verb in ["get", "http"] {
            let ran = folder.wireline(&[verb, "-q", &address, "-r", range]);
            assert!(ran.done().stdout == wanted, "{range}: {} bytes", ran.stdout.len());
            assert_eq!(value(&heads(&server).pop().unwrap(), "Range"), format!("bytes={range}"));
        }
        folder.wireline(&["get", "-q", &address, &format!("--range={range}"), "-o", "page"]).done();
        assert!(folder.read("page") == wanted, "{range}");
    }
    folder.wireline(&["get", "-q", &address, "-r", "1000-", "-o", "page"]).failed(1, "416");
    let (before, mut wrong) = (server.requests().len(), Vec::new());
    let words = ["get", "-q", &address, "-r", "0-5", "-C", "-", "-o", "page"];
    folder.wireline(&words).failed(2, "");
    for bad in ["x", "5-4", "-", "", "1-2-3", "0x1-2"] {
        let ran =
            folder.wireline(&["get", "-q", &address, "-o", "page", &format!("--range={bad}")]);
        if ran.code != Some(2) {
            wrong.push((bad, ran));
        }
    }
    none_wrong(&wrong);
    assert_eq!(server.requests().len(), before);
}

/// A range of the last bytes begins with `-`, in a word of its own too.
#[test]
fn a_range_may_be_the_last_bytes() {
    let (server, folder) = (server(), Folder::new());
    let (address, all) = (server.url("/bytes/1000"), filler_vec("v1", 1000));
    for words in [&["-r-5"][..], &["--range=-5"], &["-r", "-5"], &["--range", "-5"]] {
        let ran = folder.wireline(&[&["get", "-q", &address][..], words].concat());
        assert!(ran.done().stdout == all[995..], "{words:?}");
        assert_eq!(value(&heads(&server).pop().unwrap(), "Range"), "bytes=-5");
    }
}

/// hostile.md row 54: another part than asked for is none.
#[test]
fn another_range_than_asked_for_is_an_error() {
    let rows = [
        ("no Content-Range", "Content-Length: 5\r\n\r\nabcde"),
        ("another first byte", "Content-Range: bytes 1-5/10\r\nContent-Length: 5\r\n\r\nabcde"),
        ("another unit", "Content-Range: lines 0-4/10\r\nContent-Length: 5\r\n\r\nabcde"),
        ("more than there is", "Content-Range: bytes 0-4/3\r\nContent-Length: 5\r\n\r\nabcde"),
        ("backwards", "Content-Range: bytes 4-0/10\r\nContent-Length: 5\r\n\r\nabcde"),
        ("longer than it says", "Content-Range: bytes 0-1/10\r\nContent-Length: 5\r\n\r\nabcde"),
        ("nonsense", "Content-Range: bytes x-y/z\r\nContent-Length: 5\r\n\r\nabcde"),
        (
            "parts",
            "Content-Type: multipart/byteranges; boundary=x\r\nContent-Length: 5\r\n\r\nabcde",
        ),
    ];
    let mut wrong = Vec::new();
    for (label, rest) in rows {
        let (server, folder) =
            (scripts(vec![answer(format!("HTTP/1.1 206 Part\r\n{rest}"))]), Folder::new());
        let ran =
            folder.wireline(&["get", "-q", &url(server.addr(), "/"), "-r", "0-4", "-o", "page"]);
        if ran.code != Some(5) || folder.has("page") {
            wrong.push((label, folder.names(), ran));
        }
    }
    none_wrong(&wrong);
}

/// `--max-time` is for a transfer as a whole, and says which part was too long.
#[test]
fn there_is_an_end() {
    let (server, folder) = (server(), Folder::new());
    for path in ["/stall/900/5", "/drip/900?ms=50", "/delay/9000"] {
        let words = ["get", "-q", &server.url(path), "-o", "page", "--max-time", "0.5"];
        let ran = folder.wireline(&words);
        ran.failed(6, "");
        assert!(ran.took < Duration::from_secs(6), "{path}: {ran:?}");
        assert!(!folder.has("page"));
    }
    // An upload that is not taken.
    folder.write("big", filler_vec("v1", 16 << 20));
    let quiet = scripts(vec![vec![Act::Request, Act::Pause(Duration::from_secs(60))]]);
    for limit in ["--max-time", "--timeout"] {
        let words =
            ["http", "-q", "-T", "big", "-H", "Expect:", &url(quiet.addr(), "/"), limit, "0.7"];
        let mut command = wireline();
        let ran =
            run_within(Duration::from_secs(15), command.current_dir(folder.path()).args(words));
        ran.failed(6, "");
    }
    assert!(lines(&server).len() >= 3);
}
