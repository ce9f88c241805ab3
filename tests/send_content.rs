//! `wireline send --eml`: which bytes arrive, and which never leave. hostile.md rows 15 to 18, and
//! mail.md section 6.

use crate::mail_support::{lines, mail_server, smtp, strict, the_message, transcript, wireline_at};
use crate::support::{Folder, Ran, wireline};
use std::time::Duration;
use wireline_servers::smtp::{Extensions, Server};

const HEAD: &str = "Date: Sat, 21 Nov 2026 06:16:27 +0000\r\nMessage-ID: <1@x.test>\r\n\
                    From: a@x.test\r\nTo: b@x.test\r\nSubject: s\r\n\r\n";

/// Sends this file as it is.
#[track_caller]
fn send_file(server: &Server, bytes: impl AsRef<[u8]>, more: &[&str]) -> Ran {
    let folder = Folder::new();
    folder.write("m.eml", bytes);
    let url = smtp(server.addr());
    let words = ["send", &url, "--from", "a@x.test", "--to", "b@x.test", "--eml", "m.eml"];
    wireline_at(&folder, &[&words[..], more].concat())
}

/// Servers that take content in different ways.
fn kinds() -> [(&'static str, Extensions); 4] {
    let eight = Extensions { size: true, eight_bit_mime: true, ..Extensions::none() };
    [
        ("DATA", eight.clone()),
        ("PIPELINING", Extensions { pipelining: true, ..eight.clone() }),
        ("CHUNKING", Extensions { chunking: true, ..eight }),
        ("everything", Extensions::default()),
    ]
}

/// hostile.md rows 15 and 16: what is in the file, what arrives.
#[test]
fn a_message_arrives_as_it_is() {
    let rows: &[(&str, &str, &str)] = &[
        ("as it is", "one\r\ntwo\r\n", "one\r\ntwo\r\n"),
        ("no body", "", ""),
        ("blank lines", "\r\n\r\none\r\n\r\n", "\r\n\r\none\r\n\r\n"),
        ("no last line end", "one", "one\r\n"),
        ("bare LF", "one\ntwo\n\nthree\n", "one\r\ntwo\r\n\r\nthree\r\n"),
        ("both", "one\r\ntwo\nthree\r\n", "one\r\ntwo\r\nthree\r\n"),
        ("row 15: dots", ".\r\n..\r\n...\r\n.a\r\n\r\n.\r\n", ".\r\n..\r\n...\r\n.a\r\n\r\n.\r\n"),
        ("row 15: dots behind LF", ".\n..\n.a\n", ".\r\n..\r\n.a\r\n"),
        ("row 15: a dot at the end", "a\r\n.", "a\r\n.\r\n"),
        ("row 16: LF.LF", "a\n.\nMAIL FROM:<e@x>\n", "a\r\n.\r\nMAIL FROM:<e@x>\r\n"),
        ("row 16: LF.CRLF", "a\n.\r\nQUIT\r\n", "a\r\n.\r\nQUIT\r\n"),
        ("row 16: CRLF.LF", "a\r\n.\nQUIT\r\n", "a\r\n.\r\nQUIT\r\n"),
        ("8 bits", "gr\u{fc}n\r\n", "gr\u{fc}n\r\n"),
        ("trailing blanks", "a \t\r\n \r\n", "a \t\r\n \r\n"),
    ];
    for (kind, extensions) in kinds() {
        for (label, body, arrives) in rows {
            let label = format!("{label}, {kind}");
            let server = mail_server(|options| options.extensions = extensions.clone());
            let ran = send_file(&server, format!("{HEAD}{body}"), &[]);
            assert_eq!(ran.code, Some(0), "{label}: {ran:?}");
            let message = the_message(&label, &server);
            let came = String::from_utf8_lossy(&message.bytes);
            assert_eq!(came, format!("{HEAD}{arrives}"), "{label}");
            let size = format!("SIZE={}", message.bytes.len());
            assert!(message.envelope.parameters.contains(&size), "{label}: {message:?}");
            let eight = message.envelope.parameters.contains(&"BODY=8BITMIME".to_owned());
            assert_eq!(eight, !body.is_ascii(), "{label}: {message:?}");
        }
    }
}

/// hostile.md row 17: a bare CR leaves as a line end or not at all, and ends no message.
#[test]
fn a_bare_cr_never_leaves() {
    for body in ["a\rb\r\n", "a\r.\rQUIT\r\n", "a\r\n.\rQUIT\r\n", "a\r\r\nb\r\n", "a\r", "\r.\r\n"]
    {
        for (kind, extensions) in kinds() {
            let server = mail_server(|options| options.extensions = extensions);
            let ran = send_file(&server, format!("{HEAD}{body}"), &[]);
            strict(&format!("{body:?}, {kind}"), &server);
            match ran.code {
                Some(0) => {
                    let bytes = the_message(body, &server).bytes.clone();
                    let text = String::from_utf8(bytes).unwrap();
                    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
                }
                Some(2) => assert_eq!(server.connections(), 0, "{body:?}"),
                _ => panic!("{body:?}, {kind}: {ran:?}"),
            }
        }
    }
}

/// hostile.md rows 17 and 18: refused before a connection is made.
#[test]
fn what_cannot_be_sent_is_not_begun() {
    let long = |bytes: usize| format!("{HEAD}{}\r\nend\r\n", "x".repeat(bytes));
    let rows: &[(&str, Vec<u8>, bool)] = &[
        ("row 17: NUL", format!("{HEAD}a\0b\r\n").into_bytes(), false),
        ("row 17: NUL in the header", b"Subject: a\0\r\n\r\nb\r\n".to_vec(), false),
        ("row 18: 998 bytes", long(998).into_bytes(), true),
        ("row 18: 999 bytes", long(999).into_bytes(), false),
        (
            "row 18: 998 bytes behind a dot",
            long(0).replace("end", &format!(".{}", "x".repeat(997))).into(),
            true,
        ),
        ("row 18: 999 bytes at the end", format!("{HEAD}{}", "x".repeat(999)).into(), false),
        ("row 18: 998 bytes at the end", format!("{HEAD}{}", "x".repeat(998)).into(), true),
        (
            "row 18: a long field",
            format!("Subject: {}\r\n\r\nb\r\n", "x".repeat(999)).into(),
            false,
        ),
    ];
    for (label, bytes, fits) in rows {
        let server = mail_server(|_| {});
        let ran = send_file(&server, bytes, &[]);
        match fits {
            true => assert_eq!(ran.code, Some(0), "{label}: {ran:?}"),
            false => {
                ran.failed(2, "m.eml");
                assert_eq!(server.connections(), 0, "{label}");
            }
        }
        assert_eq!(server.messages().len(), usize::from(*fits), "{label}");
    }
}

/// Long lines leave when that is asked for, whole.
#[test]
fn long_lines_leave_when_asked_to() {
    let body = "x".repeat(70_000);
    let text = format!(
        "S: 220 mx\nC: EHLO {{{{*=x}}}}\nS: 250 mx\nC: MAIL FROM:<a@x.test>\nS: 250 ok\n\
         C: RCPT TO:<b@x.test>\nS: 250 ok\nC: DATA\nS: 354 go\nC= {}{body}{{{{CR LF}}}}.{{{{CR LF}}}}\n\
         S: 250 ok\nC: QUIT\nS: 221 bye\n",
        HEAD.replace("\r\n", "{{CR LF}}")
    );
    let fixture = transcript(&text).start().unwrap();
    let folder = Folder::new();
    folder.write("m.eml", format!("{HEAD}{body}"));
    let url = smtp(fixture.addr());
    let words = ["send", &url, "--from", "a@x.test", "--to", "b@x.test", "--eml", "m.eml"];
    wireline_at(&folder, &[&words[..], &["--allow-long-lines"]].concat()).done();
    fixture.finish().unwrap();
}

/// Date and Message-ID are added where they are missing, and Bcc goes; the rest stays.
#[test]
fn only_what_is_missing_is_added() {
    let date = "Date: Sat, 21 Nov 2026 06:16:27 +0000\r\n";
    let rows: &[(&str, String, &[&str], &str)] = &[
        ("nothing", format!("{date}message-id: <1@x>\r\n\r\nb\r\n"), &[], "b\r\n"),
        ("Message-ID", format!("{date}Subject: a\r\n\r\nb\r\n"), &["Message-ID"], "b\r\n"),
        ("Date", "MESSAGE-ID: <1@x>\r\n\r\nb\r\n".to_owned(), &["Date"], "b\r\n"),
        (
            "both",
            "Subject: a\r\n\r\nDate: b\r\n".to_owned(),
            &["Date", "Message-ID"],
            "Date: b\r\n",
        ),
        (
            "a folded field",
            "Subject: a\r\n Date: no\r\n\r\nb\r\n".to_owned(),
            &["Date", "Message-ID"],
            "b\r\n",
        ),
        ("LF", "Subject: a\nTo: b@x\n\nb\n".to_owned(), &["Date", "Message-ID"], "b\r\n"),
        ("no header", "\r\nb\r\n".to_owned(), &["Date", "Message-ID"], "b\r\n"),
        ("no body", "Subject: a\r\n".to_owned(), &["Date", "Message-ID"], ""),
    ];
    for (label, bytes, added, body) in rows {
        let server = mail_server(|_| {});
        send_file(&server, bytes, &[]).done();
        let came = String::from_utf8(the_message(label, &server).bytes.clone()).unwrap();
        let (head, rest) = came.split_once("\r\n\r\n").unwrap_or((&came, ""));
        assert_eq!(rest, *body, "{label}: {came}");
        for name in ["Date", "Message-ID"] {
            let count = |text: &str| {
                let named = |line: &&str| {
                    line.to_lowercase().starts_with(&format!("{name}: ").to_lowercase())
                };
                text.lines().filter(named).count()
            };
            assert_eq!(count(head), 1, "{label}: {name} once: {came}");
        }
        let kept = bytes.replace("\r\n", "\n").replace('\n', "\r\n");
        let kept = kept.split("\r\n\r\n").next().unwrap().trim_end();
        let kept = if bytes.starts_with('\r') { "" } else { kept };
        assert!(head.contains(kept), "{label}: {came}");
        let more = head.lines().count() - kept.lines().count();
        assert_eq!(more, added.len(), "{label}: {came}");
    }
}

/// Bcc, in any spelling, does not leave.
#[test]
fn bcc_does_not_leave() {
    let rows = [
        "Bcc: carol@x.test\r\n",
        "bcc: carol@x.test\r\n",
        "BCC : carol@x.test\r\n",
        "Bcc:\r\n",
        "Bcc: d@x.test,\r\n carol@x.test\r\n",
        "Bcc: d@x.test,\n\tcarol@x.test\n",
        "Bcc: carol@x.test\r\nBcc: d@x.test\r\n",
    ];
    for bcc in rows {
        for (at, more) in [("first", &[][..]), ("last", &[]), ("first", &["-t"])] {
            let rest = "Subject: a\r\nTo: b@x.test\r\n";
            let head = if at == "first" { format!("{bcc}{rest}") } else { format!("{rest}{bcc}") };
            let server = mail_server(|_| {});
            send_file(&server, format!("{head}\r\nBcc: stays\r\n"), more).done();
            let came = String::from_utf8(the_message(bcc, &server).bytes.clone()).unwrap();
            let (head, body) = came.split_once("\r\n\r\n").unwrap();
            assert!(
                !format!("\n{head}").to_lowercase().contains("\nbcc")
                    && !head.contains("carol@x.test"),
                "{came}"
            );
            assert!(head.contains("Subject: a\r\nTo: b@x.test"), "{came}");
            assert_eq!(body, "Bcc: stays\r\n");
        }
    }
}

/// Three megabytes of lines of every length and every dot, in each way of sending.
#[test]
fn a_large_message_arrives_byte_for_byte() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut message = HEAD.as_bytes().to_vec();
    while message.len() < 3_000_000 {
        let length = usize::try_from(next() % 200).unwrap();
        let line = (0..length)
            .map(|_| b". abcdefgh=-_\xfc\x7f\x1b"[usize::try_from(next() % 16).unwrap()]);
        message.extend(line);
        message.extend(b"\r\n");
        if next().is_multiple_of(4) {
            message.extend(b".\r\n");
        }
    }
    for (kind, extensions) in kinds() {
        let server = mail_server(|options| options.extensions = extensions);
        send_file(&server, &message, &[]).done();
        let came = the_message(kind, &server);
        assert!(came.bytes == message, "{kind}: {} of {}", came.bytes.len(), message.len());
        let size = format!("SIZE={}", message.len());
        assert!(came.envelope.parameters.contains(&size), "{kind}: {:?}", came.envelope);
    }
}

/// RFC 1870 section 6: what is too large is not begun; 0 says that nothing is.
#[test]
fn a_message_that_is_too_large_is_not_begun() {
    let body = "x\r\n".repeat(1000);
    let message = format!("{HEAD}{body}");
    let fits = u64::try_from(message.len()).unwrap();
    for (most, sent) in [(fits, true), (fits - 1, false)] {
        let server = mail_server(|options| options.max_size = most);
        let ran = send_file(&server, &message, &[]);
        match sent {
            true => drop(ran.done()),
            false => drop(ran.failed(2, "3106")),
        }
        strict("SIZE", &server);
        let begun = lines(&server).iter().any(|line| line.starts_with("MAIL"));
        assert_eq!((begun, server.messages().len()), (sent, usize::from(sent)));
    }
}

/// RFC 6152: bytes above 127 leave only for who takes them.
#[test]
fn eight_bits_need_a_server_that_takes_them() {
    let server = mail_server(|options| options.extensions = Extensions::none());
    let ran = send_file(&server, format!("{HEAD}gr\u{fc}n\r\n"), &[]);
    strict("7 bits", &server);
    match server.messages().first() {
        None => assert!(matches!(ran.code, Some(1 | 2)), "{ran:?}"),
        Some(message) => assert!(message.bytes.is_ascii(), "{message:?}"),
    }
}

/// Issue 4: a message is streamed from the disk; memory does not follow its size.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_follow_the_message() {
    let peak = |lines: usize| {
        let (server, folder) = (mail_server(|_| {}), Folder::new());
        let line = format!("{}\r\n", "x".repeat(76));
        folder.write("m.eml", format!("{HEAD}{}", line.repeat(lines)));
        // The answer to the dot comes late, so that there is someone to look at.
        let words = ["--from", "a@x.test", "--to", "delaydata500ms@x.test", "m.eml"];
        let mut command = wireline();
        command.current_dir(folder.path()).args(["send", "-q", &smtp(server.addr())]).args(words);
        let mut child = command.spawn().unwrap();
        assert!(server.wait_for(1, Duration::from_secs(10)));
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        assert!(child.wait().unwrap().success());
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let (small, large) = (peak(10), peak(260_000));
    assert!(large < small + (4 << 10), "KiB: {small} for a small one, {large} for 20 MB");
}
