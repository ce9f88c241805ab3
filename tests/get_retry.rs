//! `--retry`: what is tried again, and that it continues by itself.

use crate::support::{
    Folder, Ran, answer, beside, cut, run_within, scripts, server, url, wireline,
};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;
use wireline_servers::http::{Server, filler_vec};
use wireline_servers::raw::{self, Act};

const LENGTH: usize = 200_000;

fn ranges(server: &Server) -> Vec<Option<String>> {
    let range = |request: wireline_servers::http::Request| {
        let head = String::from_utf8(request.head).unwrap();
        head.lines().find_map(|line| line.strip_prefix("Range: ").map(str::to_owned))
    };
    server.requests().into_iter().map(range).collect()
}

/// A transfer that breaks goes on where it stopped, without `-C`.
#[test]
fn a_retry_continues_by_itself() {
    beside(["cut", "reset"], |fault| {
        let (server, folder) = (server(), Folder::new());
        folder.write("page", "old");
        let address = server.url(&format!("/{fault}/{LENGTH}/100000?times=1"));
        let ran = folder.wireline(&["get", &address, "-o", "page", "--retry", "1"]);
        assert!(ran.done().stderr.contains("; try 2 in "), "{ran:?}");
        assert!(folder.read("page") == filler_vec("v1", LENGTH), "{fault}");
        let asked = ranges(&server);
        assert_eq!(asked.len(), 2, "{fault}");
        if fault == "cut" {
            assert_eq!(asked[1].as_deref(), Some("bytes=100000-"));
        }
        assert_eq!(folder.names(), ["page"]);
    });
}

/// A retry is as careful as `-C -`: no splice, and nothing kept without a validator.
#[test]
fn a_retry_does_not_splice() {
    let rows =
        [("then=v2", "v2"), ("then=v2&etag=weak", "v2"), ("times=1&etag=none&lastmod=none", "v1")];
    beside(rows, |(query, version)| {
        let (server, folder) = (server(), Folder::new());
        let address = server.url(&format!("/cut/{LENGTH}/100000?{query}"));
        folder.wireline(&["get", "-q", &address, "-o", "page", "--retry", "1"]).done_in_silence();
        assert!(folder.read("page") == filler_vec(version, LENGTH), "{query}");
        assert_eq!(folder.names(), ["page"]);
    });
}

/// Tries are counted, the pauses that a server asks for are kept to, and each is told in one line.
#[test]
fn retries_are_counted() {
    let folder = Folder::new();
    let get = |server: &Server, path: &str, tries: &str| {
        folder.wireline(&["get", &server.url(path), "-o", "page", "--retry", tries])
    };
    for (tries, code, requests) in [("0", 1, 1), ("1", 1, 2), ("2", 0, 3), ("5", 0, 3)] {
        let server = server();
        let ran = get(&server, "/flaky/2", tries);
        assert_eq!((ran.code, server.requests().len()), (Some(code), requests), "{ran:?}");
        assert_eq!(ran.stderr.matches("; try ").count(), requests - 1, "{ran:?}");
    }
    assert_eq!(folder.read("page"), b"ok\n");
    let server = server();
    for (status, passing) in [
        (404, false),
        (401, false),
        (501, false),
        (408, true),
        (429, true),
        (500, true),
        (502, true),
        (503, true),
        (504, true),
    ] {
        let before = server.requests().len();
        get(&server, &format!("/status/{status}?retry-after=0"), "1")
            .failed(1, &status.to_string());
        let requests = server.requests().len() - before;
        assert_eq!(requests == 2, passing, "{status}");
    }
}

/// hostile.md row 63: an absurd Retry-After is no number of a pause.
#[test]
fn an_absurd_pause_is_clamped() {
    let server = server();
    let command = |after: &str| {
        let path = format!("/status/503?retry-after={}", after.replace(' ', "%20"));
        let mut command = wireline();
        command.args(["get", &server.url(&path), "-o", "/dev/null", "--retry", "1"]);
        command
    };
    for after in ["1000000000000", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let said = first_line(command(after).args(["--max-time", "900"]));
        assert!(said.contains("; try 2 in 300s"), "{after}: {said}");
    }
    let small = ["-5", "soon", "Sun, 06 Nov 1994 08:49:37 GMT", "0"];
    beside(small, |after| {
        run_within(Duration::from_secs(10), &mut command(after)).failed(1, "503");
    });
}

/// What it says first on standard error; it does not live to say more.
fn first_line(command: &mut Command) -> String {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut pipe, mut said, mut byte) = (child.stderr.take().unwrap(), Vec::new(), [0]);
    while !said.ends_with(b"\n") && pipe.read(&mut byte).unwrap() > 0 {
        said.extend_from_slice(&byte);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    String::from_utf8(said).unwrap()
}

/// RFC 9110 section 9.2.2: what may not be repeated is not.
#[test]
fn only_what_may_be_repeated_is_repeated() {
    let rows = [("POST", 1), ("PATCH", 1), ("X-OWN", 1), ("PUT", 2), ("DELETE", 2), ("OPTIONS", 2)];
    beside(rows, |(method, requests)| {
        let (server, folder) = (server(), Folder::new());
        let words = ["http", method, &server.url("/flaky/1"), "--retry", "3", "-o", "page"];
        let ran = folder.wireline(&words);
        let code = if requests == 2 { 0 } else { 1 };
        assert_eq!((ran.code, server.requests().len()), (Some(code), requests), "{method}");
        let whole = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let reset = scripts(vec![vec![Act::Request, Act::Reset], answer(whole)]);
        let ran = folder.wireline(&["http", method, &url(reset.addr(), "/"), "--retry", "1", "-q"]);
        let found = (ran.code == Some(0), reset.connections());
        assert_eq!(found, (requests == 2, requests as u64), "{method}");
    });
}

fn started(first: Vec<Act>) -> (raw::Server, Folder) {
    (scripts(vec![first, answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")]), Folder::new())
}

/// Fault matrix rows 1 to 3: before the body too.
#[test]
fn a_retry_helps_before_the_body() {
    let head = "HTTP/1.1 200 OK\r\nContent-";
    let rows = [vec![Act::Request, Act::Reset], vec![Act::Request, Act::Close], cut(head)];
    beside(rows, |first| {
        let (server, folder) = started(first.clone());
        let words = ["get", "-q", &url(server.addr(), "/"), "-o", "page", "--retry", "1"];
        folder.wireline(&words).done_in_silence();
        assert_eq!(folder.read("page"), b"ab", "{first:?}");
    });
    let (server, folder) = started(answer("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"));
    let words = ["get", "-q", &url(server.addr(), "/"), "-o", "page", "--retry", "1"];
    let ran: Ran = folder.wireline(&words);
    ran.failed_in_one_line(5, "Content-Length is");
    assert_eq!(server.connections(), 1, "nonsense would come again");
}

/// What has gone to standard output, a device or a FIFO cannot be taken back.
#[test]
fn what_is_out_is_not_sent_twice() {
    let targets: [&[&str]; 4] = [&[], &["-o", "-"], &["-o", "/dev/stdout"], &["-o", "/dev/fd/1"]];
    beside(targets, |to| {
        for path in ["/cut/200000/100000", "/cut/200000/100000?chunk=900", "/reset/9/5"] {
            let (server, folder) = (server(), Folder::new());
            let words = ["get", "-q", &server.url(path), "--retry", "1"];
            let ran = folder.wireline(&[&words[..], to].concat());
            ran.failed(5, "cut short");
            assert_eq!(server.requests().len(), 1, "{to:?} {path}: {} bytes", ran.stdout.len());
        }
    });
}

/// `--retry` serves a passing refusal wherever the body goes in the end.
#[test]
fn a_passing_refusal_is_tried_again_wherever_the_body_goes() {
    let targets: [&[&str]; 4] =
        [&[], &["-i"], &["-o", "page", "--fail-with-body"], &["-o", "/dev/stdout"]];
    let mut wrong = Vec::new();
    for to in targets {
        let (server, folder) = (server(), Folder::new());
        let words = ["get", "-q", &server.url("/flaky/1"), "--retry", "1"];
        let ran = folder.wireline(&[&words[..], to].concat());
        if (ran.code, server.requests().len()) != (Some(0), 2) {
            wrong.push((to, ran));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// When there is no time for the try that was asked for, what came is what there is.
#[test]
fn a_refusal_without_time_for_another_try_is_the_answer() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/status/503?retry-after=60&body=sorry");
    let words = ["get", "-q", &address, "--retry", "1", "--max-time", "5"];
    let ran = folder.wireline(&words);
    assert_eq!(ran.failed_in_one_line(1, "503").text(), "sorry");
    let ran = folder.wireline(&[&words[..], &["--fail-with-body", "-o", "page"]].concat());
    ran.failed_in_one_line(1, "503");
    assert_eq!(folder.read("page"), b"sorry");
}
