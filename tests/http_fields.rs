//! The request line and the fields that the user wants otherwise than we would say them, and what
//! would split a request. RFC 9112 section 3, hostile.md rows 1, 7, 8 and 10.

use crate::http_support::{has, heads, lines, none_wrong, values};
use crate::support::{Folder, server};

/// `--path-as-is`: the path as it was typed, and still nothing that would end the line.
#[test]
fn a_path_can_be_sent_as_it_is() {
    let (server, folder) = (server(), Folder::new());
    let rows = [
        ("/a/../echo", "/echo", "/a/../echo"),
        ("/./echo", "/echo", "/./echo"),
        ("/%2e%2e/echo", "/echo", "/%2e%2e/echo"),
        ("/../../etc/passwd?a=../b", "/etc/passwd?a=../b", "/../../etc/passwd?a=../b"),
        ("/..", "/", "/.."),
        ("/..#f", "/", "/.."),
        ("", "/", "/"),
    ];
    let mut wrong = Vec::new();
    for (typed, usual, as_is) in rows {
        for (more, wanted) in [(&[][..], usual), (&["--path-as-is"][..], as_is)] {
            let address = server.url(typed);
            let words = [&["http", "-q", &address, "-o", "/dev/null"][..], more].concat();
            let ran = folder.wireline(&words);
            let line = lines(&server).pop().unwrap_or_default();
            if line != format!("GET {wanted}") || !matches!(ran.code, Some(0 | 1)) {
                wrong.push((typed, more, line, ran));
            }
        }
    }
    none_wrong(&wrong);
    let before = server.connections();
    for typed in ["/a\r\nX: y", "/a\nb", "/\u{1}\tb"] {
        let ran = folder.wireline(&["http", "-q", "--path-as-is", &server.url(typed)]);
        let safe =
            heads(&server).iter().all(|head| !has(head, "X") && head.contains(" HTTP/1.1\r\n"));
        assert!(safe, "{typed:?}: {ran:?}");
        let newline = typed.contains(['\r', '\n']);
        assert!(!newline || ran.code == Some(2), "hostile.md row 1: {typed:?}: {ran:?}");
    }
    assert!(server.connections() <= before + 2);
}

/// The words, and how the fields of that name arrive.
#[rustfmt::skip]
const FIELDS: &[(&[&str], &str, &[&str])] = &[
    (&["-H", "Host: x.test"], "Host", &["x.test"]),
    (&["-H", "host: x.test"], "Host", &["x.test"]),
    (&["-H", "Host:"], "Host", &[]),
    (&["-H", "Connection: TE"], "Connection", &["TE"]),
    (&["-H", "Connection:"], "Connection", &[]),
    (&["-H", "connection:"], "Connection", &[]),
    (&["-u", "alice:wonderland", "-H", "Authorization:"], "Authorization", &[]),
    (&["-u", "alice:wonderland", "-H", "Authorization: Own x"], "Authorization", &["Own x"]),
    (&["--bearer", "looking-glass", "-H", "authorization: Own x"], "Authorization", &["Own x"]),
    (&["-A", "me", "-H", "User-Agent:"], "User-Agent", &[]),
    (&["-A", "me", "-H", "User-Agent: you"], "User-Agent", &["you"]),
    (&["--compressed", "-H", "Accept-Encoding:"], "Accept-Encoding", &[]),
    (&["--compressed", "-H", "Accept-Encoding: br"], "Accept-Encoding", &["br"]),
    (&["-H", "X-Own;"], "X-Own", &[""]),
    (&["-H", "X-Own:"], "X-Own", &[]),
    (&["-H", "X-Own: a", "-H", "X-Own: b"], "X-Own", &["a", "b"]),
    (&["-H", "Accept;"], "Accept", &[""]),
    (&["-e", "http://h.test/a?b"], "Referer", &["http://h.test/a?b"]),
    (&["--referer", "http://h.test/"], "Referer", &["http://h.test/"]),
    (&["-e", "http://h.test/", "-H", "Referer:"], "Referer", &[]),
    (&["-b", "a=b", "-H", "Cookie: c=d"], "Cookie", &["c=d"]),
    (&[], "Referer", &[]),
    (&[], "Accept", &[]),
    (&[], "User-Agent", &[]),
];

/// `-H 'Name: v'` is in the place of ours, `-H 'Name:'` leaves it out, `-H 'Name;'` sends it empty.
#[test]
fn fields_are_replaced_left_out_and_emptied() {
    let (folder, mut wrong) = (Folder::new(), Vec::new());
    for (words, name, wanted) in FIELDS {
        let server = server();
        let ran = folder.wireline(&[&["http", "-q", &server.url("/echo")][..], words].concat());
        let heads = heads(&server);
        let found = heads.first().map(|head| values(head, name)).unwrap_or_default();
        // Without Host the server rightly complains.
        let code = if *words == ["-H", "Host:"] { 1 } else { 0 };
        if found != *wanted || heads.len() != 1 || ran.code != Some(code) {
            wrong.push((words, found, ran));
        }
    }
    none_wrong(&wrong);
}

/// http.md "Redirects": a Referer goes out without login and fragment, or not at all.
#[test]
fn a_referer_gives_no_secret() {
    let (server, folder) = (server(), Folder::new());
    let words = ["http", "-q", &server.url("/echo"), "-e", "http://u:c4nary@h.test/a#part"];
    let ran = folder.wireline(&words);
    assert!(matches!(ran.code, Some(0 | 2)) && !ran.stderr.contains("c4nary"), "{ran:?}");
    for head in heads(&server) {
        assert!(!head.contains("c4nary") && !head.contains("#part"), "{head}");
    }
}

/// hostile.md rows 7, 8 and 10: what would end a line or be said twice is not sent.
#[test]
fn what_would_split_a_request_is_refused() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/echo");
    let rows: &[&[&str]] = &[
        &["GE T"],
        &["GET\r\nX:"],
        &["-X", "GET\r\nX: y"],
        &["-X", ""],
        &["-H", "A: b\r\nX: y"],
        &["-H", "A\nX: y"],
        &["-H", "A b: y"],
        &["-H", "A b;"],
        &["-H", ": y"],
        &["-H", "Host: a", "-H", "Host: b"],
        &["-d", "x", "-H", "Content-Length: 1", "-H", "Content-Length: 2"],
        &["-d", "x", "-H", "Transfer-Encoding: chunked", "-H", "Transfer-Encoding: x"],
        &["-A", "a\r\nX: y"],
        &["-e", "http://h/\r\nX: y"],
        &["-b", "a=b\r\nX: y"],
        &["-b", "a=\u{1}b"],
        &["-r", "0-1\r\nX: y"],
        &["-u", "a:b\r\nX: y", "--digest"],
        &["--bearer", "a\r\nX: y"],
        &["--bearer", "a b\u{e4}"],
        &["--query", "a=b", "-X", "A@B"],
    ];
    let mut wrong = Vec::new();
    for words in rows {
        let ran = match words {
            [method] => folder.wireline(&["http", method, &address]),
            _ => folder.wireline(&[&["http", &address][..], words].concat()),
        };
        if ran.code != Some(2) || !ran.stderr.contains("wireline: ") {
            wrong.push((words, ran));
        }
    }
    none_wrong(&wrong);
    assert_eq!(server.connections(), 0);
}
