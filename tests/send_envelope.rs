//! `wireline send`: who sends, who receives, and what becomes of each recipient and message.

use crate::mail_support::{PASSWORD, lines, mail_server, smtp, strict, the_message, wireline_at};
use crate::support::{Folder, Ran, run, wireline};
use serde_json::Value;
use wireline_servers::smtp::{Extensions, Server};

#[track_caller]
fn send(server: &Server, words: &[&str]) -> Ran {
    let folder = Folder::new();
    wireline_at(&folder, &[&["send", &smtp(server.addr())], words].concat())
}

fn recipients(server: &Server) -> Vec<String> {
    let messages = server.messages();
    let all = messages.iter().flat_map(|message| message.envelope.recipients.clone());
    all.map(|recipient| recipient.address).collect()
}

/// CLI.md: `--from`, else the login if it is an address, else `$EMAIL`, else USER@HOSTNAME.
#[test]
fn the_sender_has_defaults() {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let user_at_host = format!("joe@{host}");
    let login = ["-u", "alice@y.test"];
    let rows: &[(&[&str], &str, &str)] = &[
        (&["--from", "a@x.test"], "e@x.test", "a@x.test"),
        (&["--from", "Ann B <a@x.test>"], "", "a@x.test"),
        (&["--from", "\"B, Ann\" <a@x.test>"], "", "a@x.test"),
        (&["--from", "<a@x.test>"], "", "a@x.test"),
        (&["--from", "<>"], "e@x.test", ""),
        (&["--from", "a@x.test", login[0], login[1]], "e@x.test", "a@x.test"),
        (&login, "e@x.test", "alice@y.test"),
        (&["-u", "alice"], "e@x.test", "e@x.test"),
        (&[], "e@x.test", "e@x.test"),
        (&[], "Eve <e@x.test>", "e@x.test"),
        (&[], "", &user_at_host),
    ];
    for (words, email, sender) in rows {
        let name = if words.contains(&"alice") { "alice" } else { "alice@y.test" };
        let server = mail_server(|options| {
            options.login = Some((name.to_owned(), PASSWORD.to_owned()));
        });
        let mut command = wireline();
        command.env("USER", "joe").env("WIRELINE_PASSWORD", PASSWORD);
        if !email.is_empty() {
            command.env("EMAIL", email);
        }
        command.args(["send", &smtp(server.addr()), "--to", "b@x.test"]).args(*words);
        let ran = run(&mut command);
        ran.done();
        let message = the_message(sender, &server);
        assert_eq!(message.envelope.sender, *sender, "{words:?} {email}");
        let text = String::from_utf8(message.bytes.clone()).unwrap();
        assert!(sender.is_empty() || text.contains(&format!("<{sender}>")), "{text}");
    }
}

/// Lists, names, routes that no one writes any more, and each of them once.
#[test]
fn recipients_come_from_lists() {
    let long = format!("{}@x.test", "l".repeat(64));
    let rows: &[(&[&str], &[&str])] = &[
        (&["--to", "b@x.test"], &["b@x.test"]),
        (&["--to", "b@x.test,c@x.test"], &["b@x.test", "c@x.test"]),
        (&["--to", "b@x.test, c@x.test ,d@x.test"], &["b@x.test", "c@x.test", "d@x.test"]),
        (&["--to", "b@x.test", "--to", "c@x.test"], &["b@x.test", "c@x.test"]),
        (&["--to", "Bob <b@x.test>, \"C, D\" <c@x.test>"], &["b@x.test", "c@x.test"]),
        (&["--to", "b@x.test", "--cc", "b@x.test", "--bcc", "b@x.test"], &["b@x.test"]),
        (&["--to", "b@x.test,b@X.TEST"], &["b@x.test"]),
        (&["--to", "b@x.test,B@x.test"], &["b@x.test", "B@x.test"]),
        (&["--cc", "c@x.test"], &["c@x.test"]),
        (&["--bcc", "d@x.test"], &["d@x.test"]),
        (&["--to", "\"a b\"@x.test"], &["\"a b\"@x.test"]),
        (&["--to", "a+b=c/d@x.test"], &["a+b=c/d@x.test"]),
        (&["--to", "b@[127.0.0.1]"], &["b@[127.0.0.1]"]),
        (&["--to", "b@[IPv6:::1]"], &["b@[IPv6:::1]"]),
        (&["--to", "postmaster"], &["postmaster"]),
        (&["--to", &long], &[&long]),
        (&["--to=-b@x.test"], &["-b@x.test"]),
        (&["--to", "b@b\u{fc}cher.test"], &["b@xn--bcher-kva.test"]),
        (&["--to", "b@B\u{dc}CHER.test"], &["b@xn--bcher-kva.test"]),
    ];
    for (words, expected) in rows {
        let server = mail_server(|_| {});
        let ran = send(&server, &[&["--from", "a@x.test", "-d", "t"], *words].concat());
        assert_eq!(ran.code, Some(0), "{words:?}: {ran:?}");
        strict(expected[0], &server);
        let came = recipients(&server);
        let folded = |list: &[String]| {
            list.iter().map(|one| one.replace("X.TEST", "x.test")).collect::<Vec<_>>()
        };
        assert_eq!(folded(&came), *expected, "{words:?}");
        assert!(ran.text().contains("250"), "{ran:?}");
    }
}

/// `-t`: recipients are in the header, also folded, grouped and encoded; more may be typed.
#[test]
fn recipients_come_from_the_header() {
    let rows: &[(&str, &[&str], &[&str])] = &[
        ("To: b@x.test\r\n", &[], &["b@x.test"]),
        (
            "To: b@x.test\r\nCc: c@x.test\r\nBcc: d@x.test\r\n",
            &[],
            &["b@x.test", "c@x.test", "d@x.test"],
        ),
        ("to: Bob\r\n <b@x.test>,\r\n\tc@x.test\r\n", &[], &["b@x.test", "c@x.test"]),
        ("To: \"B, C\" <b@x.test> (who), c@x.test\r\n", &[], &["b@x.test", "c@x.test"]),
        ("To: friends: b@x.test, c@x.test;\r\n", &[], &["b@x.test", "c@x.test"]),
        ("To: undisclosed-recipients:;\r\nBcc: d@x.test\r\n", &[], &["d@x.test"]),
        ("To: =?utf-8?q?B=C3=BC?= <b@x.test>\r\n", &[], &["b@x.test"]),
        ("To: b@x.test\r\nTo: c@x.test\r\n", &[], &["b@x.test", "c@x.test"]),
        ("To: b@x.test\r\nCc: b@x.test\r\n", &[], &["b@x.test"]),
        ("To: b@x.test\nCc: c@x.test\n", &[], &["b@x.test", "c@x.test"]),
        ("To: b@x.test\r\n", &["--to", "e@x.test"], &["b@x.test", "e@x.test"]),
    ];
    for (head, more, expected) in rows {
        let (server, folder) = (mail_server(|_| {}), Folder::new());
        folder.write("m.eml", format!("Subject: a\r\n{head}\r\nTo: nobody@x.test\r\n"));
        let url = smtp(server.addr());
        let words = ["send", &url, "-t", "--from", "a@x.test", "--eml", "m.eml"];
        let ran = wireline_at(&folder, &[&words[..], more].concat());
        assert_eq!(ran.code, Some(0), "{head}: {ran:?}");
        strict(head, &server);
        let mut came = recipients(&server);
        came.sort();
        assert_eq!(came, *expected, "{head}");
    }
}

/// RFC 6531: a local part above 127 needs SMTPUTF8; without, nothing of the envelope is said.
#[test]
fn letters_in_a_local_part_need_smtputf8() {
    let address = "b\u{fc}@x.test";
    let server = mail_server(|_| {});
    send(&server, &["--from", "a@x.test", "--to", address, "-d", "t"]).done();
    let message = the_message("SMTPUTF8", &server);
    assert_eq!(recipients(&server), [address]);
    assert!(message.envelope.parameters.contains(&"SMTPUTF8".to_owned()), "{message:?}");
    for words in [["--from", "a@x.test", "--to", address], ["--from", address, "--to", "b@x.test"]]
    {
        let without = Extensions { smtp_utf8: false, ..Extensions::default() };
        let server = mail_server(|options| options.extensions = without);
        let ran = send(&server, &[&words[..], &["-d", "t"]].concat());
        assert!(matches!(ran.code, Some(1 | 2)), "{ran:?}");
        ran.failed(ran.code.unwrap(), "SMTPUTF8");
        strict("no SMTPUTF8", &server);
        assert!(
            !lines(&server).iter().any(|line| line.starts_with("MAIL")),
            "{:?}",
            lines(&server)
        );
    }
    // What needs no SMTPUTF8 does not ask for it.
    let server = mail_server(|_| {});
    send(&server, &["--from", "a@b\u{fc}cher.test", "--to", "b@x.test", "-d", "\u{fc}"]).done();
    let message = the_message("no need", &server);
    assert!(!message.envelope.parameters.contains(&"SMTPUTF8".to_owned()), "{message:?}");
}

/// Partial failure: the rest is delivered, each refusal is named, and the code says which it was.
#[test]
fn recipients_may_be_refused() {
    let rows: &[(&str, i32, &[&str])] = &[
        ("b@x.test,rcpt550@x.test,c@x.test", 10, &["b@x.test", "c@x.test"]),
        ("rcpt550@x.test,b@x.test", 10, &["b@x.test"]),
        ("b@x.test,rcpt452@x.test", 10, &["b@x.test"]),
        ("rcpt550@x.test,rcpt452+1@x.test,rcpt553+2@x.test", 1, &[]),
        ("rcpt550@x.test", 1, &[]),
        ("rcpt251@x.test,b@x.test", 0, &["rcpt251@x.test", "b@x.test"]),
    ];
    for pipelining in [true, false] {
        for (to, code, delivered) in rows {
            let server = mail_server(|options| options.extensions.pipelining = pipelining);
            let ran = send(&server, &["--from", "a@x.test", "-d", "t", "--to", to]);
            assert_eq!(ran.code, Some(*code), "{to}: {ran:?}");
            strict(to, &server);
            assert_eq!(recipients(&server), *delivered, "{to}");
            let said = format!("{}{}", ran.text(), ran.stderr);
            for address in to.split(',') {
                assert!(said.contains(address), "{address} is named: {ran:?}");
                if let Some(refused) =
                    address.strip_prefix("rcpt").filter(|_| !delivered.contains(&address))
                {
                    assert!(
                        said.contains(refused.get(..3).unwrap()),
                        "{address} with its code: {ran:?}"
                    );
                }
            }
            let json = send(&server, &["--json", "--from", "a@x.test", "-d", "t", "--to", to]);
            assert_eq!(json.code, Some(*code), "{json:?}");
            let each: Vec<Value> =
                json.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            let named: Vec<_> = each.iter().filter_map(|one| one["recipient"].as_str()).collect();
            assert_eq!(named, to.split(',').collect::<Vec<_>>(), "a line each");
            for one in &each {
                let accepted = delivered.contains(&one["recipient"].as_str().unwrap());
                assert_eq!(one["outcome"] == "accepted", accepted, "{one}");
            }
        }
    }
}

/// What refuses the whole message refuses every recipient: their common code.
#[test]
fn a_message_may_be_refused() {
    for (from, to, asked) in [
        ("mail550@x.test", "b@x.test,c@x.test", 550),
        ("mail451@x.test", "b@x.test", 451),
        ("a@x.test", "data552@x.test,c@x.test", 552),
        ("a@x.test", "data451@x.test", 451),
    ] {
        let server = mail_server(|_| {});
        let ran = send(&server, &["--json", "--from", from, "-d", "t", "--to", to]);
        ran.failed(1, "");
        strict(to, &server);
        assert_eq!(server.messages().len(), 0);
        assert_eq!(ran.text().lines().count(), to.split(',').count(), "{ran:?}");
        assert!(ran.stderr.contains(&format!(" {asked} ")), "the code: {ran:?}");
    }
}

/// RFC 5321 section 4.5.3.1.10: 452 after so many recipients is not the end of the rest, or each of
/// them is named.
#[test]
fn too_many_recipients_are_not_lost() {
    let server = mail_server(|options| options.max_recipients = 40);
    let to: Vec<_> = (0..100).map(|nth| format!("b{nth}@x.test")).collect();
    let ran = send(&server, &["--from", "a@x.test", "-d", "t", "--to", &to.join(",")]);
    strict("452", &server);
    let came = recipients(&server);
    let said = format!("{}{}", ran.text(), ran.stderr);
    match ran.code {
        Some(0) => assert_eq!(came, to),
        Some(10) => assert!(to.iter().all(|one| said.contains(one)), "{said}"),
        _ => panic!("{ran:?}"),
    }
}

/// Several messages go over one connection; one that fails does not hold the rest up.
#[test]
fn several_messages_go_over_one_connection() {
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    for nth in 0..20 {
        let to = if nth == 7 { "rcpt550@x.test" } else { "b@x.test" };
        let text = format!(
            "Date: 1\r\nMessage-ID: <{nth}@x>\r\nTo: {to}\r\nSubject: {nth}\r\n\r\n{nth}\r\n"
        );
        folder.write(&format!("{nth:02}.eml"), text);
    }
    folder.write("note.txt", "not a message");
    let client = format!("\"$0\" send {} -t --from a@x.test ./*.eml", smtp(server.addr()));
    let mut command = std::process::Command::new("/bin/sh");
    command.env_clear().current_dir(folder.path());
    command.args(["-c", &client, env!("CARGO_BIN_EXE_wireline")]);
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    strict("*.eml", &server);
    assert_eq!((server.connections(), server.messages().len()), (1, 19));
    assert!(format!("{}{}", ran.text(), ran.stderr).contains("07.eml"), "it is named: {ran:?}");
    for message in server.messages() {
        let text = String::from_utf8(message.bytes.clone()).unwrap();
        let file =
            text.split_once("<").unwrap().1.split_once('@').unwrap().0.parse::<u32>().unwrap();
        assert_eq!(message.bytes, folder.read(&format!("{file:02}.eml")), "as it is");
    }
    let mut all: Vec<&str> = vec!["send", "--json", "--to", "c@x.test", "--from", "a@x.test"];
    let (url, files) = (smtp(server.addr()), ["01.eml", "02.eml"]);
    all.extend([url.as_str(), files[0], files[1]]);
    let ran = wireline_at(&folder, &all);
    let lines: Vec<Value> =
        ran.done().text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["file"].as_str().unwrap()).collect::<Vec<_>>(), files);
}

/// A file that is missing or cannot be sent: the others are told of, and it is known before.
#[test]
fn a_bad_file_among_good_ones() {
    for (bad, code) in [("missing.eml", 7), ("nul.eml", 2)] {
        let (server, folder) = (mail_server(|_| {}), Folder::new());
        folder.write("1.eml", "Subject: 1\r\n\r\none\r\n");
        folder.write("nul.eml", "Subject: 2\r\n\r\n\0\r\n");
        let url = smtp(server.addr());
        let words = ["send", &url, "--from", "a@x.test", "--to", "b@x.test", "1.eml", bad];
        let ran = wireline_at(&folder, &words);
        match server.connections() {
            0 => drop(ran.failed(code, bad)),
            _ => drop(ran.failed(10, bad)),
        }
    }
}
