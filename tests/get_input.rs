//! Bad input: refused with exit 2 before a connection is made. hostile.md section 2.1.

use crate::support::{Folder, run, server, wireline, wireline_after};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// One try at injecting, with `ADDR` for the server's address.
type Row = (&'static str, &'static [&'static str]);

const LINES: &[Row] = &[
    ("row 1: CR LF in the path", &["get", "http://ADDR/a\r\nX: y"]),
    ("row 1: LF in the path", &["get", "http://ADDR/a\nX: y"]),
    ("row 1: CR in the host", &["get", "http://ADDR\r/"]),
    ("row 1: LF in the scheme", &["get", "ht\ntp://ADDR/"]),
    ("row 1: TAB in the path", &["get", "http://ADDR/a\tb"]),
    ("row 1: in the query", &["get", "http://ADDR/?a\r\n"]),
    ("row 1: in the fragment", &["get", "http://ADDR/#a\r\n"]),
    ("row 1: in front", &["get", "\nhttp://ADDR/"]),
    ("row 1: behind", &["get", "http://ADDR/\n"]),
    ("row 1: another control in front", &["get", "\u{1}http://ADDR/"]),
    ("row 1: DEL", &["get", "http://ADDR/\u{7f}"]),
    ("row 1: C1", &["get", "http://ADDR/\u{85}"]),
    ("row 1: without a scheme", &["get", "ADDR/\r\nX: y"]),
    ("row 1: the second URL", &["get", "http://ADDR/", "http://ADDR/\n"]),
    ("row 3: in the user", &["get", "http://u%0d%0aX@ADDR/"]),
    ("row 3: in the password", &["get", "http://u:p%0aX@ADDR/"]),
    ("row 3: NUL in the password", &["get", "http://u:p%00@ADDR/"]),
    ("row 3: raw in the password", &["get", "http://u:p\n@ADDR/"]),
    ("row 3: -u", &["get", "http://ADDR/", "-u", "a\r\nX: y:b"]),
    ("row 3: -u, the password", &["get", "http://ADDR/", "-u", "a:b\r\nX: y"]),
    ("row 3: -u, a control", &["get", "http://ADDR/", "-u", "a:b\u{1}"]),
    ("row 3: a colon in the user", &["get", "http://a%3Ab:c@ADDR/"]),
    ("row 3: from a file", &["get", "http://ADDR/", "-u", "a", "--password-file", "cr"]),
    ("row 3: NUL from a file", &["get", "http://ADDR/", "-u", "a", "--password-file", "nul"]),
    ("row 5: two @", &["get", "http://a@b@ADDR/"]),
    ("row 6: %2F in the host", &["get", "http://h%2FADDR/"]),
    ("row 6: %40 in the host", &["get", "http://h%40ADDR/"]),
    ("row 6: %3A in the host", &["get", "http://h%3AADDR/"]),
    ("row 6: %0a in the host", &["get", "http://h%0aADDR/"]),
    ("row 7: a blank", &["http", "G ET", "http://ADDR/"]),
    ("row 7: CR LF", &["http", "GET / HTTP/1.1\r\nX: y", "http://ADDR/"]),
    ("row 7: -X", &["http", "-X", "GET / HTTP/1.1\r\nX: y", "http://ADDR/"]),
    ("row 7: empty", &["http", "-X", "", "http://ADDR/"]),
    ("row 7: a slash", &["http", "-X", "A/B", "http://ADDR/"]),
    ("row 8: a blank in the name", &["get", "http://ADDR/", "-H", "A b: c"]),
    ("row 8: no name", &["get", "http://ADDR/", "-H", ": c"]),
    ("row 8: no colon", &["get", "http://ADDR/", "-H", "A"]),
    ("row 8: CR LF in the name", &["get", "http://ADDR/", "-H", "A\r\nB: c"]),
    ("row 8: CR LF in the value", &["get", "http://ADDR/", "-H", "A: b\r\nC: d"]),
    ("row 8: LF behind", &["get", "http://ADDR/", "-H", "A: b\n"]),
    ("row 8: LF in front", &["get", "http://ADDR/", "-H", "A:\nb"]),
    ("row 8: ESC", &["get", "http://ADDR/", "-H", "A: \u{1b}[2J"]),
    ("row 8: not ASCII", &["get", "http://ADDR/", "-H", "\u{e4}: b"]),
    ("row 8: Host twice", &["get", "http://ADDR/", "-H", "Host: a", "-H", "host: b"]),
    (
        "row 8: Connection twice",
        &["get", "http://ADDR/", "-H", "Connection: a", "-H", "connection: b"],
    ),
    ("row 8: Content-Length", &["get", "http://ADDR/", "-H", "Content-Length: 5"]),
    ("row 8: content-length", &["http", "-d", "x", "http://ADDR/", "-H", "content-length: 1"]),
    ("row 8: Transfer-Encoding", &["get", "http://ADDR/", "-H", "Transfer-Encoding: chunked"]),
    ("row 8: -A", &["get", "http://ADDR/", "-A", "me\r\nX: y"]),
    ("row 27: --resolve", &["get", "http://ADDR/", "--resolve", "h\n:80:127.0.0.1"]),
    ("row 27: --connect-to", &["get", "http://ADDR/", "--connect-to", "h:80:a\r\nb:80"]),
];

/// hostile.md rows 1 to 8: the server sees no connection.
#[test]
fn nothing_is_sent_when_the_input_is_bad() {
    let (server, folder) = (server(), Folder::new());
    folder.write("cr", "pass\rX: y\n");
    folder.write("nul", "pass\0X\n");
    let addr = server.addr().to_string();
    for (label, words) in LINES {
        let words: Vec<_> = words.iter().map(|word| word.replace("ADDR", &addr)).collect();
        let ran = run(wireline().current_dir(folder.path()).args(&words));
        assert_eq!(ran.code, Some(2), "{label}: {ran:?}");
        ran.failed(2, "");
        let ours = |line: &str| line.starts_with("wireline: ") || line.starts_with("  hint: ");
        assert!(ran.stderr.lines().all(ours), "{label}: {ran:?}");
        assert_eq!(server.connections(), 0, "{label}");
    }
}

/// hostile.md row 3: the environment is an input like any other.
#[test]
fn a_password_from_the_environment_is_judged_too() {
    let server = server();
    let get = |pass: &[u8]| {
        let mut command = wireline();
        command.args(["get", &server.url("/auth/basic"), "-u", "alice"]);
        run(command.env("WIRELINE_PASSWORD", OsStr::from_bytes(pass)))
    };
    for pass in [&b"wonder\r\nX: y"[..], b"wonder\n", b"\x01"] {
        get(pass).failed_in_one_line(2, "control bytes");
    }
    assert_eq!(server.connections(), 0);
    get(b"wonderland").done_in_silence();
}

/// A password is bytes, from the environment as from a file (RFC 7617 section 2.1 leaves the coding open).
#[test]
fn a_password_need_not_be_utf8() {
    let (server, folder) = (server(), Folder::new());
    folder.write("pass", b"\xff\n");
    let words = ["get", &server.url("/auth/basic"), "-u", "alice", "--password-file", "pass"];
    folder.wireline(&words).failed_in_one_line(1, "401");
    let mut command = wireline();
    command.args(&words[..4]).env("WIRELINE_PASSWORD", OsStr::from_bytes(b"\xff"));
    run(&mut command).failed_in_one_line(1, "401");
    let requests = server.requests();
    assert_eq!(requests[0].head, requests[1].head);
}

/// hostile.md row 2 does not concern HTTP: an escape in the path stays one, and is sent as typed.
#[test]
fn an_escape_in_a_path_is_sent_as_typed() {
    let server = server();
    let ran = run(wireline().args(["get", &server.url("/status/200?a=%0d%0aX:%20y%00")]));
    ran.done_in_silence();
    let head = String::from_utf8(server.requests()[0].head.clone()).unwrap();
    assert!(head.starts_with("GET /status/200?a=%0d%0aX:%20y%00 HTTP/1.1\r\nHost: "), "{head}");
    assert_eq!(head.lines().count(), 4);
}

/// hostile.md row 5: what `url` and others read differently leads to one place, the one shown.
#[test]
fn a_backslash_is_a_slash() {
    let server = server();
    let ran = run(wireline().args(["get", &format!("http://{}\\@evil.invalid/x", server.addr())]));
    ran.failed_in_one_line(1, "404");
    assert!(server.requests()[0].head.starts_with(b"GET /@evil.invalid/x HTTP/1.1\r\n"));
}

const WRONG: &[(&[&str], &str)] = &[
    (&["get"], "<URL> is missing"),
    (&["get", ""], "host"),
    (&["get", "http://"], "host"),
    (&["get", "http://?x"], "host"),
    (&["get", "http://ADDR/", "-o", "a", "-o", "b"], "2 -o for 1 URLs"),
    (&["get", "http://ADDR/", "http://ADDR/", "-o", "a"], "1 -o for 2 URLs"),
    (&["get", "http://ADDR/", "-o", "a", "-O"], "exclude each other"),
    (&["get", "http://ADDR/", "--json"], "--json needs"),
    (&["get", "http://ADDR/", "--json", "-o", "-"], "--json needs"),
    (&["get", "http://ADDR/", "-C", "-"], "-C - needs"),
    (&["get", "http://ADDR/", "-C", "-", "-o", "-"], "-C - needs"),
    (&["get", "http://ADDR/", "-C", "x", "-o", "a"], "-C takes"),
    (&["get", "http://ADDR/", "-C", "-5", "-o", "a"], ""),
    (&["get", "http://ADDR/", "--timeout", "0"], "--timeout takes"),
    (&["get", "http://ADDR/", "--timeout", "-1"], ""),
    (&["get", "http://ADDR/", "--timeout", "nan"], "--timeout takes"),
    (&["get", "http://ADDR/", "--max-time", "inf"], "--max-time takes"),
    (&["get", "http://ADDR/", "--connect-timeout", "1e300"], "--connect-timeout takes"),
    (&["get", "http://ADDR/", "--max-size", "1.5k"], "--max-size takes"),
    (&["get", "http://ADDR/", "--max-size", "99999999999G"], "--max-size takes"),
    (&["get", "http://ADDR/", "--retry", "-1"], ""),
    (&["get", "http://ADDR/", "-4", "-6"], "cannot be used with"),
    (&["get", "http://ADDR/", "--resolve", "h:80"], "--resolve takes"),
    (&["get", "http://ADDR/", "--connect-to", "a:1:b"], "--connect-to takes"),
    (&["get", "http://ADDR/", "--bind", "nowhere"], ""),
    (&["get", "http://ADDR/", "-u", "alice"], "no password for alice"),
    (&["get", "http://ADDR/", "--nonsense"], "unexpected argument '--nonsense'"),
    (&["get", "gopher://ADDR/"], "gopher is not HTTP"),
    (&["get", "smtp://ADDR/"], "smtp is not HTTP"),
    (&["get", "ftp://ADDR/", "-H", "A: b"], "-H and -A are for HTTP"),
    (&["get", "ftp://ADDR/a%0AB"], "CR, LF or NUL"),
    (&["get", "pop3://ADDR/"], "no login was given"),
    (&["get", "file:///etc/passwd"], ""),
    (&["get", "http://ADDR/", "ftp://ADDR/"], "one kind at a time"),
    (&["http"], "URL> is missing"),
    (&["http", "GET", "http://ADDR/", "x"], ""),
    (&["fetch", "http://ADDR/"], "unrecognized subcommand"),
];

#[test]
fn a_wrong_command_line_is_one_line_and_exit_2() {
    let (server, folder) = (server(), Folder::new());
    let addr = server.addr().to_string();
    for (words, why) in WRONG {
        let words: Vec<_> = words.iter().map(|word| word.replace("ADDR", &addr)).collect();
        let ran = run(wireline().current_dir(folder.path()).args(&words));
        ran.failed_in_one_line(2, why);
        assert_eq!((server.connections(), ran.stdout.len()), (0, 0), "{words:?}");
    }
    assert!(folder.names().is_empty());
    let not_utf8 = run(wireline().arg("get").arg(OsStr::from_bytes(b"http://h/\xff")));
    not_utf8.failed_in_one_line(2, "");
}

/// hostile.md row 28: what begins with a dash is an option unless `--` came before.
#[test]
fn two_dashes_end_the_options() {
    let (server, folder) = (server(), Folder::new());
    let to_ours = format!("::127.0.0.1:{}", server.addr().port());
    folder
        .wireline(&["get", "-q", "--connect-to", &to_ours, "--", "-o.test/echo"])
        .done_in_silence();
    assert!(server.requests()[0].head.starts_with(b"GET /echo HTTP/1.1\r\nHost: -o.test\r\n"));
    folder.wireline(&["get", "-o.test/echo"]).failed(2, "");
    assert_eq!(server.connections(), 1);
}

/// What is known of the rest of the suite is said where it is missed.
#[test]
fn hints_name_what_to_type_instead() {
    let hints =
        |words: &[&str], hint: &str| _ = run(wireline().args(words)).failed(2, "").hinted(hint);
    hints(&["http://h.invalid/"], "wireline get http://h.invalid/");
    hints(&["https://h.invalid/x", "-o", "f"], "wireline get https://h.invalid/x");
    hints(&["get", "http://a@b@h.invalid/"], "%40");
    hints(&["http", "ftp://h.invalid/"], "wireline get");
    hints(&["get", "smtp://h.invalid/"], "wireline send");
    hints(&["get", "http://h.invalid/", "-u", "alice"], "--password-file");
    hints(&["get", "http://h.invalid/", "-H", "A"], "\"Name:\"");
    hints(&["get", "http://h.invalid/", "http://h.invalid/", "-o", "a"], "-O");
}

#[rustfmt::skip]
const FLAGS: [&str; 43] = [
    "-L", "-d x", "-X PUT", "-i", "-I", "-s", "-S", "-f", "-g", "-k", "-T f", "-F a=b", "-G",
    "-b a=b", "-e http://a/", "-r 0-4", "-D heads", "-C 0", "-R", "-z yesterday", "-n",
    "-x http://127.0.0.1:1/", "-Z", "-4", "-m 5", "-A me", "-E cert", "--retry 1",
    "--limit-rate 1M", "--max-filesize 1M", "--compressed", "-c jar", "-w x", "-H a:b",
    "--data x", "--request PUT", "--url http://a/", "--fail-with-body", "--location", "--http1.1",
    "--noproxy *", "-N", "--json",
];

/// The contract: curl's letters mean the same, and one that is missing is answered with a hint.
#[test]
fn every_curl_flag_works_or_is_answered_with_a_hint() {
    let (server, folder) = (server(), Folder::new());
    folder.write("list", "");
    let mut bare = Vec::new();
    for flag in FLAGS {
        let words = ["get", &server.url("/bytes/5")];
        let ran = folder.wireline(&words.into_iter().chain(flag.split(' ')).collect::<Vec<_>>());
        match ran.code {
            // Understood, and what it names is not there.
            Some(0 | 3 | 7) => {}
            Some(2) if ran.stderr.contains("\n  hint: ") => {}
            Some(2) if ran.stderr.contains("--json needs") => {}
            _ => bare.push((flag, ran.stderr)),
        }
    }
    assert!(bare.is_empty(), "{bare:#?}");
    for flag in ["-Z", "--parallel"] {
        folder.wireline(&["get", &server.url("/bytes/5"), flag]).failed(2, "").hinted("--jobs");
    }
}

/// Running out of descriptors or memory is no reason to panic.
#[test]
fn a_poor_process_fails_in_one_line() {
    let server = server();
    let url = server.url("/bytes/100000");
    for descriptors in 4..12 {
        let line = format!("ulimit -n {descriptors}");
        let ran = run(wireline_after(&line).args(["get", &url, "-o", "/dev/null", "-q"]));
        match ran.code.expect("no signal") {
            0 => {}
            // The loader has not found its libraries.
            127 => assert!(ran.stderr.contains("shared"), "{ran:?}"),
            code => {
                ran.failed_in_one_line(code, "");
                assert!(matches!(code, 3 | 7), "{line}: {ran:?}");
            }
        }
    }
}
