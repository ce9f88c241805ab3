//! What is sent, and where to: request bytes, `wireline http`, the options of the connection.

use crate::support::{Folder, Ran, run, scripts, server, url, wireline};
use std::fs::File;
use std::net::SocketAddr;
use wireline_servers::http::{Options, Server};
use wireline_servers::raw::Act;

/// The head that arrives, without its `Host`.
fn sent(words: &[&str]) -> String {
    let (server, folder) = (server(), Folder::new());
    folder.write("data", "a\r\nb\0c");
    let words: Vec<_> =
        words.iter().map(|word| word.replace("ADDR", &server.addr().to_string())).collect();
    run(wireline().current_dir(folder.path()).args(&words)).done();
    let request = server.requests().remove(0);
    let head = String::from_utf8(request.head).unwrap();
    let host = format!("Host: {}\r\n", server.addr());
    let (head, body) = (head.replace(&host, "HOST|"), String::from_utf8(request.body).unwrap());
    format!("{}{body}", head.replace("\r\n", "|"))
}

/// What is typed, and what arrives; `|` for CR LF, `HOST` for the field of that name.
#[rustfmt::skip]
const REQUESTS: &[(&[&str], &str)] = &[
        (&["get", "http://ADDR/echo"], "GET /echo HTTP/1.1|HOST|Connection: close||"),
        (&["get", "http://ADDR/echo#f"], "GET /echo HTTP/1.1|HOST|Connection: close||"),
        (&["get", "http://ADDR/echo?"], "GET /echo? HTTP/1.1|HOST|Connection: close||"),
        (
            &["get", "http://ADDR/echo?a b|[c]{\u{e4}}"],
            "GET /echo?a%20b|[c]{%C3%A4} HTTP/1.1|HOST|Connection: close||",
        ),
        (&["get", "http://ADDR/a/../echo?%65"], "GET /echo?%65 HTTP/1.1|HOST|Connection: close||"),
        (&["get", "-I", "http://ADDR/echo"], "HEAD /echo HTTP/1.1|HOST|Connection: close||"),
        (
            &["get", "http://ADDR/echo", "-A", "me/1"],
            "GET /echo HTTP/1.1|HOST|User-Agent: me/1|Connection: close||",
        ),
        (
            &["get", "http://ADDR/echo", "-H", "A:b", "-H", "a:  c "],
            "GET /echo HTTP/1.1|HOST|A: b|a: c|Connection: close||",
        ),
        (
            &["get", "http://ADDR/echo", "-H", "A;"],
            "GET /echo HTTP/1.1|HOST|A: |Connection: close||",
        ),
        (
            &["get", "http://ADDR/echo", "-H", "A: \u{e4}"],
            "GET /echo HTTP/1.1|HOST|A: \u{e4}|Connection: close||",
        ),
        (
            &["get", "http://ADDR/echo", "-H", "Host: x"],
            "GET /echo HTTP/1.1|Host: x|Connection: close||",
        ),
        (
            &["get", "http://ADDR/echo", "-H", "Connection: TE"],
            "GET /echo HTTP/1.1|HOST|Connection: TE||",
        ),
        (&["http", "http://ADDR/echo"], "GET /echo HTTP/1.1|HOST|Connection: close||"),
        (&["http", "DELETE", "http://ADDR/echo"], "DELETE /echo HTTP/1.1|HOST|Connection: close||"),
        (
            &["http", "-X", "PURGE", "http://ADDR/echo"],
            "PURGE /echo HTTP/1.1|HOST|Connection: close||",
        ),
        (
            &["http", "POST", "http://ADDR/echo"],
            "POST /echo HTTP/1.1|HOST|Content-Length: 0|Connection: close||",
        ),
        (
            &["http", "-d", "k=v", "http://ADDR/echo"],
            "POST /echo HTTP/1.1|HOST|Content-Type: application/x-www-form-urlencoded|Content-Length: 3|Connection: close||k=v",
        ),
        (
            &["http", "-d", "", "http://ADDR/echo"],
            "POST /echo HTTP/1.1|HOST|Content-Type: application/x-www-form-urlencoded|Content-Length: 0|Connection: close||",
        ),
        (
            &["http", "PUT", "--data-binary", "@data", "-H", "content-type: a/b", "http://ADDR/echo"],
            "PUT /echo HTTP/1.1|HOST|content-type: a/b|Content-Length: 6|Connection: close||a\r\nb\0c",
        ),
    ];

/// Nothing is sent that was not asked for.
#[test]
fn a_request_is_what_was_typed() {
    for (words, wanted) in REQUESTS {
        assert_eq!(sent(words).replace("a|b\0c", "a\r\nb\0c"), *wanted, "{words:?}");
    }
}

/// The body of a request comes from the line, a file or standard input, exactly.
#[test]
fn a_body_is_sent_byte_for_byte() {
    let (server, folder) = (server(), Folder::new());
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    folder.write("big", &bytes);
    let address = server.url("/echo");
    let mut command = wireline();
    let stdin = File::open(folder.at("big")).unwrap();
    run(command
        .args(["http", "--data-binary", "@-", &address, "-o", "/dev/null", "-q"])
        .stdin(stdin))
    .done_in_silence();
    folder
        .wireline(&["http", "PUT", "--data-binary", "@big", &address, "-o", "/dev/null", "-q"])
        .done_in_silence();
    for request in server.requests() {
        assert!(request.body == bytes && request.body_len == 300_000);
    }
    folder.wireline(&["http", "-d", "@missing", &address]).failed_in_one_line(7, "missing");
    folder.wireline(&["http", "-d", "@.", &address]).failed_in_one_line(7, "");
    assert_eq!(server.requests().len(), 2);
}

fn get(words: &[&str]) -> Ran {
    run(wireline().arg("get").args(words))
}

/// `--resolve`, `--connect-to`, `-4`, `-6` and `--bind` say where to, and change nothing that is sent.
#[test]
fn where_to_connect_can_be_said() {
    let server = server();
    let port = server.addr().port();
    let named = format!("http://www.example.test:{port}/echo");
    let bare = server.url("/echo");
    let resolve = format!("www.example.test:{port}:127.0.0.1");
    let bracketed = format!("www.example.test:{port}:[::1],127.0.0.1");
    let upper = format!("WWW.Example.TEST:{port}:127.0.0.1");
    let to = format!("www.example.test:{port}:127.0.0.1:{port}");
    let any = format!("::127.0.0.1:{port}");
    for more in [
        ["--resolve", &resolve],
        ["--resolve", &bracketed],
        ["--resolve", &upper],
        ["--connect-to", &to],
        ["--connect-to", &any],
    ] {
        let ran = get(&[&named, more[0], more[1]]);
        let host = format!("\r\nHost: www.example.test:{port}\r\n");
        assert!(ran.done_in_silence().text().contains(&host), "{more:?}");
    }
    get(&[&bare, "-4"]).done_in_silence();
    get(&[&bare, "-6"]).failed_in_one_line(3, "no address of the wanted family");
    get(&[&named, "--resolve", &bracketed, "-6", "--connect-timeout", "1"]).failed(3, "");
    get(&[&bare, "--bind", "127.0.0.1"]).done_in_silence();
    get(&[&bare, "--bind", "192.0.2.1"]).failed_in_one_line(3, "");
    // The port 80 is not in Host, and hosts are case-blind.
    let ran = get(&["http://WWW.Example.Test/echo", "--connect-to", &any]);
    assert!(ran.done().text().contains("\r\nHost: www.example.test\r\n"));
    let ran = get(&["http://B\u{fc}cher.test/echo", "--connect-to", &any]);
    assert!(ran.done().text().contains("\r\nHost: xn--bcher-kva.test\r\n"));
}

/// IPv6, where this machine has it.
#[test]
fn an_ipv6_address_is_in_brackets() {
    let addr: SocketAddr = "[::1]:0".parse().unwrap();
    let Ok(server) = Server::start(Options { addr, ..Options::default() }) else {
        return eprintln!("skipped: no IPv6 loopback");
    };
    let ran = get(&[&server.url("/echo")]);
    assert!(
        ran.done_in_silence()
            .text()
            .contains(&format!("\r\nHost: [::1]:{}\r\n", server.addr().port()))
    );
    get(&[&server.url("/auth/basic"), "-u", "alice:wonderland"]).done();
}

/// Every kind of end has its code; the table in README.md.
#[test]
fn every_kind_of_end_has_its_code() {
    let (server, folder) = (server(), Folder::new());
    let reset = scripts(vec![vec![Act::Request, Act::Reset]]);
    let plain = scripts(vec![vec![Act::Read(5), Act::Send(b"HTTP/1.0 400 Bad\r\n\r\n".to_vec())]]);
    let clear = format!("https://{}/", plain.addr());
    let rows: Vec<(Vec<String>, i32)> = vec![
        (vec![server.url("/bytes/5")], 0),
        (vec![server.url("/status/204")], 0),
        (vec![server.url("/status/304")], 0),
        (vec![server.url("/status/404")], 1),
        (vec!["http://a@b@c/".into()], 2),
        (vec!["http://127.0.0.1:1/".into()], 3),
        (vec![url(reset.addr(), "/")], 3),
        (vec![clear], 4),
        (vec![server.url("/cut/9/5")], 5),
        (vec![server.url("/loop")], 5),
        (vec![server.url("/stall/9/5"), "--timeout".into(), "0.2".into()], 6),
        (vec![server.url("/bytes/5"), "-o".into(), ".".into()], 7),
        (vec![server.url("/redirect/302?to=ftp://h/")], 8),
        (vec![server.url("/bytes/5"), server.url("/status/404")], 10),
    ];
    for (words, code) in rows {
        let ran = run(wireline().current_dir(folder.path()).arg("get").args(&words));
        assert_eq!(ran.code, Some(code), "{words:?}: {ran:?}");
        assert_eq!(ran.stderr.is_empty(), code == 0, "{words:?}: {ran:?}");
    }
}

/// `--help` and `--version` are answers; no words at all are not.
#[test]
fn help_is_an_answer() {
    for words in
        [&["--help"][..], &["get", "--help"], &["get", "-h"], &["http", "--help"], &["--version"]]
    {
        let ran = run(wireline().args(words));
        assert!(!ran.done_in_silence().stdout.is_empty(), "{words:?}");
    }
    let ran = run(&mut wireline());
    assert_eq!((ran.code, ran.stdout.len()), (Some(2), 0));
}
