//! `wireline send`: the messages it builds, read back by a parser that did not build them.

use crate::mail_support::{mail_server, smtp, the_message, wireline_at};
use crate::support::{Folder, run, wireline};
use mail_parser::{Message, MessageParser, MimeHeaders};
use wireline_servers::smtp::{Extensions, Server};

/// Sends to `b@x.test` with these words; the bytes that arrived.
#[track_caller]
fn built(folder: &Folder, server: &Server, more: &[&str]) -> Vec<u8> {
    let url = smtp(server.addr());
    let words = ["send", &url, "--from", "Ann <a@x.test>", "--to", "b@x.test"];
    wireline_at(folder, &[&words[..], more].concat()).done();
    the_message(&format!("{more:?}"), server).bytes.clone()
}

fn parsed(bytes: &[u8]) -> Message<'_> {
    MessageParser::new().parse(bytes).expect("a message")
}

/// The lines of the header, unfolded.
fn fields(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).expect("it is 7-bit");
    let (head, _) = text.split_once("\r\n\r\n").expect("a header");
    head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n").map(str::to_owned).collect()
}

/// What is typed arrives, whatever its bytes, by the poorest of servers: 7-bit, in short lines.
#[test]
fn what_is_typed_arrives() {
    let long = "word ".repeat(2000);
    let unbroken = "x".repeat(5000);
    let rows: &[(&str, &str)] = &[
        ("plain", "hello\nthere\n"),
        ("no last line end", "hello"),
        ("dots", ".\n..\n.a\n"),
        ("letters", "Gr\u{fc}\u{df}e \u{2013} \u{4f60}\u{597d} \u{1f600}\n"),
        ("a long line", &long),
        ("without a blank", &unbroken),
        ("From at the start", "From me\n"),
        ("blanks at line ends", "a \nb\t\n"),
        ("equals signs", "=20=\n"),
        ("CRLF", "a\r\nb\r\n"),
    ];
    for (label, text) in rows {
        let server = mail_server(|options| options.extensions = Extensions::none());
        let folder = Folder::new();
        let bytes =
            built(&folder, &server, &["--subject", text.lines().next().unwrap(), "-d", text]);
        assert!(bytes.is_ascii(), "{label}");
        let longest = bytes.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
        assert!(longest.is_some_and(|longest| longest <= 999), "{label}: {longest:?}");
        let message = parsed(&bytes);
        let body = message.body_text(0).unwrap().replace("\r\n", "\n");
        let expected = text.replace("\r\n", "\n");
        assert_eq!(body.trim_end_matches('\n'), expected.trim_end_matches('\n'), "{label}");
        let subject = message.subject().unwrap_or_default();
        assert_eq!(subject.trim(), text.lines().next().unwrap().trim(), "{label}");
    }
}

/// The header has what a message needs (RFC 5322 section 3.6), once.
#[test]
fn the_header_is_whole() {
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    let words = [
        "--to",
        "Bob B. <c@x.test>",
        "--cc",
        "d@x.test",
        "--bcc",
        "secret@x.test",
        "--subject",
        "hi",
        "-d",
        "text",
        "-H",
        "X-Test: one",
        "-H",
        "Reply-To: r@x.test",
    ];
    let bytes = built(&folder, &server, &words);
    let fields = fields(&bytes);
    for name in
        ["Date", "Message-ID", "From", "To", "Cc", "Subject", "MIME-Version", "X-Test", "Reply-To"]
    {
        let named = |field: &&String| field.starts_with(&format!("{name}: "));
        assert_eq!(fields.iter().filter(named).count(), 1, "{name}: {fields:#?}");
    }
    let whole = String::from_utf8(bytes.clone()).unwrap().to_lowercase();
    assert!(!whole.contains("\nbcc") && !whole.contains("secret@"), "{whole}");
    let message = parsed(&bytes);
    let from = message.from().unwrap().first().unwrap();
    assert_eq!((from.name(), from.address()), (Some("Ann"), Some("a@x.test")));
    let to: Vec<_> =
        message.to().unwrap().iter().map(|to| (to.name(), to.address().unwrap())).collect();
    assert_eq!(to, [(None, "b@x.test"), (Some("Bob B."), "c@x.test")]);
    assert_eq!(message.cc().unwrap().first().unwrap().address(), Some("d@x.test"));
    let id = message.message_id().unwrap();
    assert!(id.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty()));
    assert!(message.date().is_some_and(mail_parser::DateTime::is_valid));
    let envelope = server.messages()[0].envelope.clone();
    let recipients: Vec<_> = envelope.recipients.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(recipients, ["b@x.test", "c@x.test", "d@x.test", "secret@x.test"]);
}

/// A field that is typed takes the place of the one that would be made.
#[test]
fn a_typed_field_is_not_doubled() {
    let rows = [
        "Date: Thu, 01 Jan 1970 00:00:00 +0000",
        "Message-ID: <mine@x.test>",
        "Subject: mine",
        "From: mine@x.test",
        "To: undisclosed-recipients:;",
    ];
    for field in rows {
        let (server, folder) = (mail_server(|_| {}), Folder::new());
        let fields = fields(&built(&folder, &server, &["-d", "text", "-H", field]));
        let (name, _) = field.split_once(':').unwrap();
        let same =
            |one: &&String| one.to_lowercase().starts_with(&format!("{}:", name.to_lowercase()));
        assert_eq!(fields.iter().filter(same).collect::<Vec<_>>(), [field], "{fields:#?}");
    }
}

/// A blind copy is `--bcc`'s: as a field it is refused, or does not leave.
#[test]
fn a_typed_bcc_does_not_leave() {
    for field in ["Bcc: z@x.test", "bcc: z@x.test"] {
        let (server, folder) = (mail_server(|_| {}), Folder::new());
        let url = smtp(server.addr());
        let words =
            ["send", &url, "--from", "a@x.test", "--to", "b@x.test", "-d", "t", "-H", field];
        let ran = wireline_at(&folder, &words);
        match ran.code {
            Some(2) => assert_eq!(server.connections(), 0),
            _ => {
                let bytes = the_message(field, &server).bytes.clone();
                assert!(!String::from_utf8(bytes).unwrap().contains("z@x.test"), "{field} left");
            }
        }
    }
}

/// The text from a file, standard input and the argument.
#[test]
fn the_text_comes_from_where_it_is() {
    let folder = Folder::new();
    folder.write("text", "from a file\n");
    let rows: &[(&[&str], &str)] = &[
        (&["-d", "typed"], "typed"),
        (&["--body", "typed"], "typed"),
        (&["-d", "@text"], "from a file"),
        (&["--body-file", "text"], "from a file"),
        (&["--body-file", "-"], "from a pipe"),
        (&[], "from a pipe"),
    ];
    folder.write("pipe", "from a pipe\n");
    for (words, text) in rows {
        let server = mail_server(|_| {});
        let url = smtp(server.addr());
        let mut command = wireline();
        command.current_dir(folder.path()).stdin(std::fs::File::open(folder.at("pipe")).unwrap());
        command.args(["send", &url, "--from", "a@x.test", "--to", "b@x.test"]).args(*words);
        run(&mut command).done();
        let bytes = the_message(text, &server).bytes.clone();
        assert_eq!(parsed(&bytes).body_text(0).unwrap().trim_end(), *text, "{words:?}");
    }
    for words in [&["-d", "@missing"][..], &["--body-file", "missing"], &["--attach", "missing"]] {
        let server = mail_server(|_| {});
        let url = smtp(server.addr());
        let all = [&["send", &url, "--from", "a@x.test", "--to", "b@x.test"], words].concat();
        wireline_at(&folder, &all).failed(7, "missing");
        assert_eq!(server.connections(), 0);
    }
}

/// CLI.md: without a text, a short test message with date, host and Message-ID.
#[test]
fn without_a_text_a_test_message_is_sent() {
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    let bytes = built(&folder, &server, &[]);
    let message = parsed(&bytes);
    let body = message.body_text(0).unwrap();
    let id = message.message_id().unwrap();
    assert!(body.contains("test message from ") && body.trim_end().len() > 24, "{body:?}");
    assert!(id.contains('@') && message.date().is_some());
    assert!(message.subject().is_some_and(|subject| !subject.is_empty()));
}

/// Text and HTML are alternatives; files hang on, byte for byte, with their names.
#[test]
fn html_and_attachments() {
    let folder = Folder::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(3000).collect();
    let names = [
        "a.bin",
        "mail.eml",
        "with blank.pdf",
        "\u{fc}ber.bin",
        "quote\".png",
        "-x",
        ".hidden",
        "a;b.bin",
    ];
    for name in names {
        folder.write(name, &bytes);
    }
    folder.write("page", "<p>Gr\u{fc}\u{df}e</p>\n");
    let server = mail_server(|options| options.extensions = Extensions::none());
    let attach: Vec<_> = names.iter().map(|name| format!("--attach={name}")).collect();
    let mut words = vec!["-d", "Gr\u{fc}\u{df}e", "--html", "@page"];
    words.extend(attach.iter().map(String::as_str));
    let came = built(&folder, &server, &words);
    let message = parsed(&came);
    assert_eq!(message.body_text(0).unwrap().trim_end(), "Gr\u{fc}\u{df}e");
    assert_eq!(message.body_html(0).unwrap().trim_end(), "<p>Gr\u{fc}\u{df}e</p>");
    let kinds = String::from_utf8(came.clone()).unwrap();
    assert!(kinds.contains("multipart/alternative") && kinds.contains("multipart/mixed"));
    let hung: Vec<_> = message.attachments().collect();
    let named: Vec<_> = hung.iter().map(|part| part.attachment_name().unwrap_or("?")).collect();
    assert_eq!(named, names);
    for part in hung {
        assert!(part.contents() == bytes, "{:?}", part.attachment_name());
    }
}

/// hostile.md row 14: what would break a header does not.
#[test]
fn a_file_name_breaks_no_header() {
    let folder = Folder::new();
    let name = "a\r\nX-Evil: yes\r\n\r\nb";
    folder.write(name, "x");
    let server = mail_server(|_| {});
    let url = smtp(server.addr());
    let words =
        ["send", &url, "--from", "a@x.test", "--to", "b@x.test", "-d", "t", "--attach", name];
    let ran = wireline_at(&folder, &words);
    match ran.code {
        Some(2) => assert_eq!(server.connections(), 0),
        Some(0) => {
            let bytes = the_message("a name", &server).bytes.clone();
            assert!(!String::from_utf8(bytes).unwrap().contains("\nX-Evil"));
        }
        _ => panic!("{ran:?}"),
    }
}
