//! `wireline send`: dialogues that are cut short on purpose, options of the envelope, and LMTP.

use crate::mail_support::{SHORT, lines, mail_server, send, smtp, strict, the_message};
use crate::support::{Folder, Ran, run, wireline};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::Duration;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::smtp::{Extensions, Server};

/// `--dry-run` prints the envelope and the message, and no connection is made.
#[test]
fn a_dry_run_sends_nothing() {
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    folder.write("m.eml", "Subject: of a file\r\nBcc: d@x.test\r\n\r\n.text\r\n");
    let url = smtp(server.addr());
    let ran = send(&folder, &url, &["--bcc", "secret@x.test", "--dry-run"]);
    let text = ran.done_in_silence().text();
    for part in [
        "a@x.test",
        "b@x.test",
        "secret@x.test",
        "Subject: hi",
        "\ntext",
        "Message-ID: <",
        "Date: ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.ends_with('\n'), "its last line ends: {text:?}");
    let words = ["send", &url, "--dry-run", "--from", "a@x.test", "-t", "--eml", "m.eml"];
    let text = folder.wireline(&words).done().text();
    assert!(text.contains("d@x.test") && !text.contains("Bcc"), "{text}");
    assert!(text.contains("\n.text"), "as it is, not as it is sent: {text}");
    assert_eq!(server.connections(), 0);
    // It is judged like a real one.
    let bad = ["send", &url, "--dry-run", "--from", "a@x.test", "--to", "b c@x.test"];
    folder.wireline(&bad).failed(2, "");
}

/// What is said up to each stage with `-u` and STARTTLS, without PIPELINING.
const SAID: [(&str, &[&str]); 9] = [
    ("connect", &[]),
    ("greeting", &[]),
    ("ehlo", &["EHLO"]),
    ("tls", &["EHLO", "STARTTLS"]),
    ("auth", &["EHLO", "STARTTLS", "EHLO", "AUTH"]),
    ("mail", &["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL"]),
    ("rcpt", &["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT"]),
    ("data", &["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]),
    ("dot", &["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."]),
];

fn stop_at(option: &str, stage: &str, pipelining: bool) -> (Server, Ran) {
    let authority = Authority::new("stages").unwrap();
    let server = mail_server(|options| {
        options.tls = Some(authority.server_config(Certificate::Good).unwrap());
        options.extensions = Extensions {
            pipelining,
            chunking: false,
            auth: vec![wireline_servers::Mechanism::Plain],
            ..Extensions::default()
        };
    });
    let folder = Folder::new();
    folder.write("ca.pem", authority.pem());
    let words = ["--tls", "--cacert", "ca.pem", "-u", "alice", option, stage];
    let ran = send(&folder, &smtp(server.addr()), &words);
    if server.connections() > 0 {
        assert!(server.wait_end(0, Duration::from_secs(10)), "{stage}: it left");
    }
    (server, ran)
}

/// The verbs a server heard; what goes by after AUTH is its.
fn verbs(server: &Server) -> Vec<String> {
    let all = lines(server);
    all.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// `--quit-after`: no further than the stage, then QUIT, and code 0: that was asked for.
#[test]
fn quit_after_each_stage() {
    let mut wrong = Vec::new();
    for (stage, said) in SAID {
        for pipelining in [false, true] {
            let (server, ran) = stop_at("--quit-after", stage, pipelining);
            let (heard, mut expected) = (verbs(&server), said.to_vec());
            expected.push("QUIT");
            // DATA has no way back, and before the greeting nothing may be said.
            if matches!(stage, "connect" | "data") {
                if ran.code != Some(2) || server.connections() > 0 {
                    wrong.push(format!("{stage}: {:?} {heard:?}", ran.code));
                }
                continue;
            }
            let again = |heard: &[String]| {
                let mut heard = heard.to_vec();
                heard.retain(|verb| verb != "RSET");
                heard == expected
                    || (stage == "tls" && heard == ["EHLO", "STARTTLS", "EHLO", "QUIT"])
            };
            if ran.code != Some(0) || !again(&heard) || !server.violations().is_empty() {
                wrong.push(format!(
                    "{stage}, pipelining {pipelining}: {:?} {heard:?} {:?} {}",
                    ran.code,
                    server.violations(),
                    ran.stderr
                ));
            }
            let delivered = usize::from(stage == "dot");
            assert_eq!(server.messages().len(), delivered, "{stage}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `--drop-after`: no further than the stage, and gone without a word.
#[test]
fn drop_after_each_stage() {
    let mut wrong = Vec::new();
    for (stage, said) in SAID {
        for pipelining in [false, true] {
            let (server, ran) = stop_at("--drop-after", stage, pipelining);
            let heard = verbs(&server);
            let tls = stage == "tls" && heard == ["EHLO", "STARTTLS", "EHLO"];
            if ran.code != Some(0) || (heard != said && !tls) {
                wrong.push(format!(
                    "{stage}, pipelining {pipelining}: {:?} {heard:?} {}",
                    ran.code, ran.stderr
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The stages without TLS and login are the same ones.
#[test]
fn a_stage_that_does_not_come_is_passed() {
    for (stage, last) in [("tls", "EHLO"), ("auth", "EHLO"), ("mail", "MAIL")] {
        let (server, folder) = (mail_server(|_| {}), Folder::new());
        let ran = send(&folder, &smtp(server.addr()), &["--quit-after", stage]);
        ran.done();
        strict(stage, &server);
        let mut heard = verbs(&server);
        heard.retain(|verb| verb != "RSET");
        assert_eq!(heard.last().map(String::as_str), Some("QUIT"), "{stage}: {heard:?}");
        assert_eq!(heard[heard.len() - 2], last, "{stage}: {heard:?}");
        assert_eq!(server.messages().len(), 0);
    }
}

/// RFC 3461: NOTIFY for each recipient where the server knows DSN, and never elsewhere.
#[test]
fn notifications_are_asked_for() {
    let rows = [
        ("never", "NOTIFY=NEVER"),
        ("success", "NOTIFY=SUCCESS"),
        ("success,failure,delay", "NOTIFY=SUCCESS,FAILURE,DELAY"),
        ("FAILURE", "NOTIFY=FAILURE"),
    ];
    for (when, parameter) in rows {
        let (server, folder) = (mail_server(|_| {}), Folder::new());
        send(&folder, &smtp(server.addr()), &["--dsn", when, "--to", "c@x.test"]).done();
        let message = the_message(when, &server);
        assert_eq!(message.envelope.recipients.len(), 2);
        for recipient in &message.envelope.recipients {
            assert!(recipient.parameters.contains(&parameter.to_owned()), "{recipient:?}");
        }
        let without = mail_server(|options| options.extensions.dsn = false);
        let ran = send(&folder, &smtp(without.addr()), &["--dsn", when]);
        strict("no DSN", &without);
        assert!(ran.code != Some(0) || ran.stderr.contains("DSN"), "it is told: {ran:?}");
    }
    let folder = Folder::new();
    for when in ["never,success", "", "success,never", "success,,delay"] {
        let ran = send(&folder, "smtp://127.0.0.1:1", &["--dsn", when]);
        ran.failed(2, "");
    }
}

/// RFC 8689: only by TLS, only where it is offered, else nothing is sent.
#[test]
fn requiretls_is_required() {
    let authority = Authority::new("requiretls").unwrap();
    for (tls, offered, sent) in [(true, true, true), (true, false, false), (false, true, false)] {
        let server = mail_server(|options| {
            options.tls = Some(authority.server_config(Certificate::Good).unwrap());
            options.extensions.require_tls = offered;
        });
        let folder = Folder::new();
        folder.write("ca.pem", authority.pem());
        let more: &[&str] = if tls { &["--tls", "--cacert", "ca.pem"] } else { &[] };
        let ran = send(&folder, &smtp(server.addr()), &[&["--require-tls"], more].concat());
        strict("REQUIRETLS", &server);
        assert_eq!(server.messages().len(), usize::from(sent), "{tls} {offered}: {ran:?}");
        match sent {
            true => {
                let parameters = the_message("REQUIRETLS", &server).envelope.parameters.clone();
                assert!(parameters.contains(&"REQUIRETLS".to_owned()), "{parameters:?}");
            }
            false => assert!(matches!(ran.code, Some(1 | 8)), "{ran:?}"),
        }
    }
}

/// RFC 5321 section 4.1.4: what we call ourselves, and an address literal by default.
#[test]
fn our_name_is_ours_to_choose() {
    for (words, name) in [
        (&["--ehlo", "client.example"][..], "client.example"),
        (&["--ehlo", "[192.0.2.7]"], "[192.0.2.7]"),
        (&["--ehlo", "[IPv6:2001:db8::1]"], "[IPv6:2001:db8::1]"),
        (&["--ehlo", "b\u{fc}cher.example"], "xn--bcher-kva.example"),
    ] {
        let (server, folder) = (mail_server(|_| {}), Folder::new());
        send(&folder, &smtp(server.addr()), words).done();
        assert_eq!(the_message(name, &server).envelope.hello, name);
    }
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    send(&folder, &smtp(server.addr()), &[]).done();
    let name = the_message("the default", &server).envelope.hello.clone();
    assert!(name == "[127.0.0.1]" || name.contains('.') && !name.starts_with('['), "{name}");
}

/// RFC 2033: LHLO, and a reply for each recipient that was accepted.
#[test]
fn lmtp_has_a_reply_for_each() {
    let rows = [
        ("b@x.test,c@x.test", 0, 2),
        ("b@x.test,data452@x.test,c@x.test", 10, 2),
        ("rcpt550@x.test,b@x.test,data552@x.test", 10, 1),
        ("data452+1@x.test,data452+2@x.test", 1, 0),
    ];
    for (to, code, delivered) in rows {
        let server = mail_server(|options| options.lmtp = true);
        let folder = Folder::new();
        let url = format!("lmtp://{}", server.addr());
        let words = ["send", "--json", &url, "--from", "a@x.test", "-d", "t", "--to", to];
        let ran = folder.wireline(&words);
        assert_eq!(ran.code, Some(code), "{to}: {ran:?}");
        strict(to, &server);
        assert!(lines(&server)[0].starts_with("LHLO "), "{:?}", lines(&server));
        let accepted =
            ran.text().lines().filter(|line| line.contains("\"outcome\":\"accepted\"")).count();
        assert_eq!(
            (ran.text().lines().count(), accepted),
            (to.split(',').count(), delivered),
            "{ran:?}"
        );
        let said = format!("{}{}", ran.text(), ran.stderr);
        assert!(to.split(',').all(|one| said.contains(one)), "{said}");
    }
}

/// LMTP by a unix socket; the path is the URL's, or an option's.
#[test]
fn lmtp_goes_by_a_unix_socket() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.at("lmtp.sock")).unwrap();
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
        socket.write_all(b"220 unix LMTP\r\n").unwrap();
        let (mut heard, mut data) = (Vec::new(), false);
        for line in BufReader::new(socket.try_clone().unwrap()).lines() {
            let line = line.unwrap();
            let answer = match line.split([' ', ':']).next().unwrap() {
                "." => "250 kept b\r\n452 full c\r\n",
                _ if data => "",
                "DATA" => "354 go\r\n",
                "QUIT" => "221 bye\r\n",
                _ => "250 ok\r\n",
            };
            data = line == "DATA" || (data && line != ".");
            socket.write_all(answer.as_bytes()).unwrap();
            heard.push(line);
        }
        heard
    });
    let url = format!("lmtp://{}", folder.at("lmtp.sock").display());
    let mut command = wireline();
    command.args(["send", &url, "--to", "c@x.test"]).args(SHORT);
    let ran = run(&mut command);
    let heard = server.join().unwrap();
    assert_eq!(ran.code, Some(10), "{ran:?} {heard:?}");
    assert!(heard[0].starts_with("LHLO ") && heard.contains(&"text".to_owned()), "{heard:?}");
    assert!(ran.text().contains("452") || ran.stderr.contains("452"), "{ran:?}");
    let missing = format!("lmtp://{}", folder.at("missing.sock").display());
    let ran = send(&folder, &missing, &[]);
    assert!(matches!(ran.code, Some(3 | 7)), "{ran:?}");
}
