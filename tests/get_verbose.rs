//! `-v`: the dialogue as a transcript. See docs/transcripts.md.

use crate::support::{Folder, answer, cut, scripts, server, url};
use std::time::Duration;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::raw::{Act, Server};

/// The lines of one side, as they went over the wire: holes filled, what is elided left out.
fn side(transcript: &str, tag: &str) -> String {
    let (mut said, mut addr) = (String::new(), "");
    for line in transcript.lines() {
        if let Some(title) = line.strip_prefix("== ") {
            addr = title.rsplit(' ').next().unwrap();
        }
        let Some(text) = line.strip_prefix(tag).and_then(|line| line.strip_prefix(':')) else {
            continue;
        };
        let text = text.strip_prefix(' ').unwrap_or(text).replace("{{addr}}", addr);
        said.push_str(&match text.split_once("{{*=") {
            Some((name, example)) => format!("{name}{}", example.replace("}}", "")),
            None => text,
        });
        said.push_str("\r\n");
    }
    said
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_transcript_is_what_was_said_and_heard() {
    let (server, folder) = (server(), Folder::new());
    let words =
        ["get", "-v", &server.url("/bytes/5000"), "-o", "page", "-A", "me", "-H", "Accept: a/b"];
    let ran = folder.wireline(&words);
    ran.done();
    let begin = format!("@wire 1\n@protocol http\n== connection 1 to {}\n", server.addr());
    assert!(ran.stderr.starts_with(&begin), "{}", ran.stderr);
    assert_eq!(side(&ran.stderr, "C").as_bytes(), server.requests()[0].head);
    assert_eq!(side(&ran.stderr, "S"), ran.text());
    assert!(ran.stderr.ends_with("S= {{*:bytes(5000)}}\n"), "{}", ran.stderr);
}

/// Redirects, kept and new connections, bodies sent; a connection follows the other.
#[test]
fn every_request_is_in_it() {
    let (here, there, folder) = (server(), server(), Folder::new());
    let address = here.url(&format!("/redirect/302?to={}", there.url("/interim/2")));
    let ran = folder.wireline(&["get", "-v", &address, &here.url("/echo"), "-o", "1", "-o", "2"]);
    let (one, two) = (here.requests(), there.requests());
    assert_eq!((one.len(), two.len(), here.connections()), (2, 1, 1));
    let said = [&one[0].head[..], &one[1].head, &two[0].head].concat();
    assert_eq!(side(&ran.done().stderr, "C").as_bytes(), said, "{}", ran.stderr);
    assert_eq!(sorted(&side(&ran.stderr, "S")), sorted(&ran.text()));
    assert_eq!(ran.stderr.matches("\n== connection ").count(), 2, "{}", ran.stderr);
    let ran = folder.wireline(&["http", "-v", "-d", "k=v", &here.url("/echo"), "-o", "1"]);
    assert_eq!(side(&ran.done().stderr, "C").as_bytes(), here.requests()[2].head);
    assert!(ran.stderr.contains("\nC= k=v\n"), "{}", ran.stderr);
}

/// A chunked body is one chunk, whatever it came in; one that was cut is not shown as ended.
#[test]
fn a_chunked_body_is_one_chunk() {
    let (server, folder) = (server(), Folder::new());
    for path in [
        "/chunked/100000?chunk=10",
        "/chunked/100000?ext=1&trailer=1",
        "/chunked/100000?chunk=100000",
    ] {
        let ran = folder.wireline(&["get", "-v", "-q", &server.url(path), "-o", "page"]);
        let end = "S:\nS: 186a0\nS= {{*:bytes(100000)}}\nS:\nS: 0\nS:\n";
        assert!(ran.done().stderr.ends_with(end), "{path}: {}", ran.stderr);
    }
    let ran = folder.wireline(&["get", "-v", "-q", &server.url("/chunked/0"), "-o", "page"]);
    assert!(ran.done().stderr.ends_with("S:\nS: 0\nS:\n"), "{}", ran.stderr);
    let half = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo";
    let half = scripts(vec![cut(half)]);
    let ran = folder.wireline(&["get", "-v", "-q", &url(half.addr(), "/"), "-o", "page"]);
    ran.failed(5, "cut short");
    assert!(!ran.stderr.contains("S: 0\n"), "the last chunk was not heard: {}", ran.stderr);
}

/// A secret is its hole; what is no secret is not, however short a header's value is.
#[test]
fn a_short_header_does_not_blot_the_transcript() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/bytes/5");
    let ran = folder.wireline(&["get", "-v", &address, "-o", "page", "-H", "X-Flag: 1"]);
    assert!(ran.done().stderr.contains("\nS: HTTP/1.1 200 OK\n"), "{}", ran.stderr);
    let ran = folder.wireline(&["get", "-v", &address, "-o", "page", "-H", "X-Flag: e"]);
    assert!(ran.done().stderr.contains("\nS: Date: "), "{}", ran.stderr);
}

/// However many writes a body takes, it is one line.
#[test]
fn a_body_that_is_sent_is_one_line() {
    let (server, folder) = (server(), Folder::new());
    folder.write("big", vec![b'x'; 20 << 20]);
    let words = ["http", "-v", "PUT", "-d", "@big", &server.url("/echo"), "-o", "page", "-q"];
    let ran = folder.wireline(&words);
    let lines = ran.done().stderr.lines().filter(|line| line.starts_with("C="));
    assert_eq!(lines.collect::<Vec<_>>(), ["C= {{*:bytes(20971520)}}"]);
}

#[test]
fn secrets_are_holes() {
    let (server, folder) = (server(), Folder::new());
    let words =
        ["get", "-v", &server.url("/echo"), "-u", "alice:wonderland", "-H", "X-Token: s3cret"];
    let ran = folder.wireline(&words);
    assert!(ran.done().stderr.contains("\nC: Authorization: Basic {{auth.basic}}\n"), "{ran:?}");
    assert!(ran.stderr.contains("\nC: X-Token: {{"), "{ran:?}");
    assert!(!ran.stderr.contains("s3cret") && !ran.stderr.contains("wonderland"), "{ran:?}");
}

/// What a transcript cannot show as a line is spelt out, and none of it reaches a terminal.
#[test]
fn odd_bytes_are_spelt_out() {
    let (folder, head) = (Folder::new(), "HTTP/1.1 200 {{x}} ");
    let bytes = [head.as_bytes(), b"\xff\xc2\x9b2J\r\nA: b \r\nContent-Length: 0\r\n\r\n"].concat();
    let server = scripts(vec![answer(bytes)]);
    let ran = folder.wireline(&["get", "-v", "-q", &url(server.addr(), "/"), "-o", "page"]);
    let line = ran.done().stderr.lines().find(|line| line.starts_with("S: HTTP/1.1 200")).unwrap();
    assert!(line.contains("{{0xff") && !line.contains("{{x}}"), "{line}");
    assert!(ran.stderr.chars().all(|letter| letter == '\n' || !letter.is_control()), "{ran:?}");
    assert!(ran.stderr.lines().all(|line| !line.ends_with(' ')), "{ran:?}");
}

/// Over TLS the plaintext is shown, and the handshake is an act.
#[test]
fn a_handshake_is_an_act() {
    let (authority, folder) = (Authority::new("verbose").unwrap(), Folder::new());
    folder.write("ca.pem", authority.pem());
    let page = answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    let config = authority.server_config(Certificate::Good).unwrap();
    let server = Server::start_tls(config, vec![page]).unwrap();
    let address = format!("https://localhost:{}/", server.addr().port());
    let ran = folder.wireline(&["get", "-v", &address, "-o", "page", "--cacert", "ca.pem"]);
    assert!(ran.done().stderr.contains("\nS! tls\nC: GET / HTTP/1.1\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("# TLSv1.3 TLS13_"), "{}", ran.stderr);
    assert_eq!(side(&ran.stderr, "C").as_bytes(), server.received(0));
}

/// Tolerances leave a note, failures a transcript up to where it broke.
#[test]
fn what_was_odd_is_noted() {
    let folder = Folder::new();
    let odd = scripts(vec![answer("HTTP/1.1 200 OK\nA : b\nPHP Warning\nContent-Length: 2\n\nab")]);
    let address = url(odd.addr(), "/");
    let ran = folder.wireline(&["get", "-v", &address, "-o", "page"]);
    let notes = ran.done().stderr.lines().filter(|line| line.starts_with("wireline: odd head: "));
    assert_eq!(notes.count(), 3, "{}", ran.stderr);
    folder.wireline(&["get", &address, "-o", "page"]).done_in_silence();
    let silent = vec![
        Act::Request,
        Act::Send(b"HTTP/1.1 200 OK\r\nA: b".to_vec()),
        Act::Pause(Duration::from_secs(9)),
    ];
    let silent = scripts(vec![silent]);
    let ran = folder.wireline(&["get", "-v", &url(silent.addr(), "/"), "--timeout", "0.3"]);
    ran.failed(6, "waiting for the response");
    assert!(ran.stderr.contains("\nS: HTTP/1.1 200 OK\n"), "{}", ran.stderr);
}
