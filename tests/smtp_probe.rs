//! `wireline smtp probe|verify|quote`: what a server offers, whom it knows, and what it says.

use crate::mail_support::{
    GREETING, LEAVE, dialogue, hello, judged, mail_server, no_canary, opening, smtp, strict,
    transcript, wireline_at,
};
use crate::support::{Folder, Ran, own_address};
use serde_json::Value;
use std::net::SocketAddr;
use wireline_servers::ca::{Authority, Certificate};

#[track_caller]
fn json(ran: &Ran) -> Value {
    let lines: Vec<_> = ran.text().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 1, "a line: {ran:?}");
    serde_json::from_str(&lines[0]).expect("JSON")
}

/// The table: greeting, what is offered before TLS and after, the certificate, mechanisms, times.
#[test]
fn a_probe_shows_both_sides_of_tls() {
    let authority = Authority::new("probe").unwrap();
    let server = mail_server(|options| {
        options.tls = Some(authority.server_config(Certificate::Good).unwrap());
        options.auth_in_clear = false;
    });
    let folder = Folder::new();
    folder.write("ca.pem", authority.pem());
    let url = format!("smtp://localhost:{}", server.addr().port());
    let probe = |more: &[&str]| {
        let words = ["smtp", "probe", &url, "-4", "--cacert", "ca.pem"];
        wireline_at(&folder, &[&words[..], more].concat())
    };
    let ran = probe(&["--tls"]);
    let table = ran.done_in_silence().text();
    for part in ["220", "PIPELINING", "STARTTLS", "SIZE", "SCRAM-SHA-256", "TLSv1.3", "ms"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let whole = json(&probe(&["--tls", "--json"])).to_string();
    for part in ["PIPELINING", "STARTTLS", "SCRAM-SHA-256", "TLSv1.3", "timings"] {
        assert!(whole.contains(part), "{part}: {whole}");
    }
    let default = probe(&[]);
    assert!(default.done().text().contains("TLSv1.3"), "it looks behind STARTTLS: {default:?}");
    strict("probe", &server);
    assert_eq!(server.messages().len(), 0);
}

/// Issue and table name the certificate: whose it is, and until when.
#[test]
fn a_probe_shows_the_certificate() {
    let authority = Authority::new("the probed root").unwrap();
    for implicit in [false, true] {
        let server = mail_server(|options| {
            options.tls = Some(authority.server_config(Certificate::Good).unwrap());
            options.implicit_tls = implicit;
        });
        let folder = Folder::new();
        folder.write("ca.pem", authority.pem());
        let url =
            format!("smtp{}://127.0.0.1:{}", if implicit { "s" } else { "" }, server.addr().port());
        let words = ["smtp", "probe", &url, "--cacert", "ca.pem"];
        let table = wireline_at(&folder, &words).done().text();
        assert!(table.contains("certificate") && table.contains("localhost"), "{table}");
        let one = json(&wireline_at(&folder, &[&words[..], &["--json"]].concat()));
        assert!(one["certificate"].to_string().contains("localhost"), "{one}");
    }
}

/// A server that has no TLS, or nothing at all, is shown as it is.
#[test]
fn a_probe_shows_what_there_is() {
    let rows: &[(&str, String, &[&str], &[&str])] = &[
        ("nothing", format!("{}{LEAVE}", opening(&[])), &["220 mx.test"], &["PIPELINING"]),
        (
            "no TLS",
            format!("{}{LEAVE}", opening(&["SIZE 77", "AUTH LOGIN"])),
            &["SIZE 77", "LOGIN"],
            &["TLSv1"],
        ),
        ("odd words", format!("{}{LEAVE}", opening(&["x-odd a=b c", "8bitmime"])), &["a=b c"], &[]),
        ("many", format!("{}{LEAVE}", opening(&["X1"; 100])), &["X1"], &[]),
        (
            "only HELO",
            format!(
                "{GREETING}C: EHLO {{{{*=x}}}}\nS: 502 no\nC: HELO {{{{*=x}}}}\nS: 250 mx\n{LEAVE}"
            ),
            &["220 mx.test"],
            &[],
        ),
        (
            "control bytes",
            format!("S= 220 mx {{{{0x1b}}}}[31m red{{{{CR LF}}}}\n{}{LEAVE}", hello(&[])),
            &["red"],
            &["\u{1b}"],
        ),
    ];
    for (label, text, shown, hidden) in rows {
        for form in [&[][..], &["--json"]] {
            let (fixture, folder) = (dialogue(text), Folder::new());
            let words = ["smtp", "probe", &smtp(fixture.addr())];
            let ran = wireline_at(&folder, &[&words[..], form].concat());
            assert_eq!(ran.code, Some(0), "{label}: {ran:?}");
            let text = ran.text();
            if form.is_empty() {
                assert!(shown.iter().all(|part| text.contains(part)), "{label}: {text}");
            } else {
                json(&ran);
            }
            assert!(!hidden.iter().any(|part| text.contains(part)), "{label}: {text}");
            judged(label, fixture, &ran);
        }
    }
}

/// What a probe meets: the codes are those of every command.
#[test]
fn a_probe_may_fail() {
    let rows: &[(&str, String, i32)] = &[
        ("554", "S: 554 go away\nS! close\n".to_owned(), 1),
        ("421", "S: 421 later\nS! close\n".to_owned(), 1),
        ("silent end", "S! close\n".to_owned(), 3),
        ("garbage", "S= SSH-2.0-x{{CR LF}}\n".to_owned(), 5),
        ("endless", format!("{GREETING}C: EHLO {{{{*=x}}}}\n{}", "S: 250-x\n".repeat(600)), 5),
    ];
    for (label, text, code) in rows {
        let (fixture, folder) = (dialogue(text), Folder::new());
        let ran = wireline_at(&folder, &["smtp", "probe", &smtp(fixture.addr())]);
        assert_eq!(ran.code, Some(*code), "{label}: {ran:?}");
        ran.failed(*code, "");
    }
}

/// A probe needs no permission off loopback: it says nothing that is worth hiding.
#[test]
fn a_probe_may_look_at_a_plain_server() {
    let Some(ip) = own_address() else {
        return eprintln!("skipped: this machine has no address but loopback");
    };
    let server = mail_server(|options| options.addr = SocketAddr::new(ip, 0));
    let folder = Folder::new();
    let ran = wireline_at(&folder, &["smtp", "probe", &smtp(server.addr())]);
    let shown = ran.text().contains("PIPELINING");
    assert!(ran.code == Some(0) && shown || ran.code == Some(8), "{ran:?}");
    if ran.code == Some(8) {
        ran.hinted("--no-tls");
    }
}

/// VRFY: 250 and 251 know the address, 252 does not say, 550 does not know it.
#[test]
fn verify_says_what_the_server_says() {
    let rows = [
        ("250 Fred <fred@x.test>", 0, "fred@x.test"),
        ("251 will forward to <fred@y.test>", 0, "fred@y.test"),
        ("252 cannot say", 0, "252"),
        ("550 no such user", 1, "550"),
        ("553 which one", 1, "553"),
        ("502 not here", 1, "502"),
        ("450 later", 1, "450"),
    ];
    for (reply, code, shown) in rows {
        for address in ["fred", "fred@x.test"] {
            let text = format!("{}C: VRFY {address}\nS: {reply}\n{LEAVE}", opening(&["VRFY"]));
            let (fixture, folder) = (dialogue(&text), Folder::new());
            let url = smtp(fixture.addr());
            let ran = wireline_at(&folder, &["smtp", "verify", address, &url]);
            assert_eq!(ran.code, Some(code), "{reply}: {ran:?}");
            let said = format!("{}{}", ran.text(), ran.stderr);
            assert!(said.contains(shown), "{reply}: {ran:?}");
            judged(reply, fixture, &ran);
        }
    }
    let text = format!(
        "{}C: VRFY fred\nS: 250-Fred <f1@x.test>\nS: 250 Fred <f2@x.test>\n{LEAVE}",
        opening(&[])
    );
    let (fixture, folder) = (dialogue(&text), Folder::new());
    let ran = wireline_at(&folder, &["smtp", "verify", "fred", &smtp(fixture.addr())]);
    assert!(ran.done().text().contains("f1@x.test") && ran.text().contains("f2@x.test"), "{ran:?}");
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    for bad in ["a\r\nQUIT", "", "a\nb"] {
        let ran = wireline_at(&folder, &["smtp", "verify", bad, &smtp(server.addr())]);
        ran.failed(2, "");
    }
    assert_eq!(server.connections(), 0);
}

/// One command as it is typed; its reply on standard output, its kind in the code.
#[test]
fn quote_sends_a_line_and_shows_the_reply() {
    let rows = [
        ("NOOP", "S: 250 ok\n", 0, "250 ok"),
        ("HELP DATA", "S: 214-first\nS: 214 second\n", 0, "first"),
        ("EXPN staff", "S: 250-A <a@x>\nS: 250 B <b@x>\n", 0, "B <b@x>"),
        ("XYZZY  two blanks", "S: 500 what\n", 1, "500"),
        ("noop", "S: 250 ok\n", 0, "250 ok"),
        ("VRFY a", "S= 250 {{0x1b}}[2J{{CR LF}}\n", 0, "[2J"),
    ];
    for (command, reply, code, shown) in rows {
        let text = format!("{}C: {command}\n{reply}{LEAVE}", opening(&[]));
        let (fixture, folder) = (dialogue(&text), Folder::new());
        let ran = wireline_at(&folder, &["smtp", "quote", command, &smtp(fixture.addr())]);
        assert_eq!(ran.code, Some(code), "{command}: {ran:?}");
        let said = format!("{}{}", ran.text(), ran.stderr);
        assert!(said.contains(shown) && !said.contains('\u{1b}'), "{command}: {ran:?}");
        judged(command, fixture, &ran);
    }
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    let long = format!("NOOP {}", "x".repeat(20_000));
    for bad in ["NOOP\r\nQUIT", "NOOP\n", "", "NOOP\rX", &long] {
        let ran = wireline_at(&folder, &["smtp", "quote", bad, &smtp(server.addr())]);
        ran.failed(2, "");
    }
    assert_eq!(server.connections(), 0);
}

/// A command that starts something else is not followed into it.
#[test]
fn quote_does_not_get_lost() {
    for (command, reply) in [
        ("DATA", "S: 354 go\n"),
        ("STARTTLS", "S: 220 go\n"),
        ("AUTH LOGIN", "S: 334 VXNlcm5hbWU6\n"),
        ("QUIT", "S: 221 bye\n"),
    ] {
        let text = format!("{}C: {command}\n{reply}C*: {{{{*=x}}}}\n", opening(&[]));
        let (fixture, folder) = (dialogue(&text), Folder::new());
        let words = ["smtp", "quote", command, &smtp(fixture.addr()), "--timeout", "2"];
        let ran = wireline_at(&folder, &words);
        assert!(matches!(ran.code, Some(0 | 1 | 2 | 5)), "{command}: {ran:?}");
        assert!(ran.took.as_secs() < 8, "{command}: {ran:?}");
    }
}

/// With a login they log in first; the secret shows nowhere.
#[test]
fn questions_log_in() {
    for words in [&["verify", "fred"][..], &["quote", "VRFY fred"]] {
        let vrfy = "C: VRFY fred\nS: 250 <fred@x.test>\n";
        let text = format!(
            "@set user=alice\n@secret pass\n== login\n{}C: AUTH PLAIN {{{{auth.plain}}}}\nS: 235 ok\n{vrfy}{LEAVE}",
            opening(&["AUTH PLAIN"])
        );
        let fixture = transcript(&text).secret("pass", "c4nary").start().unwrap();
        let folder = Folder::new();
        let url = smtp(fixture.addr());
        let more = [&url, "-u", "alice", "-v", "--record", "a.wire"];
        let ran = wireline_at(&folder, &[&["smtp"], words, &more].concat());
        assert_eq!(ran.code, Some(0), "{words:?}: {ran:?}");
        no_canary(words[0], &ran, &folder);
        judged(words[0], fixture, &ran);
        folder.wireline(&["check", "a.wire"]).done();
    }
}
