//! `wireline get pop3://`: the list, and one message as if it were a page.

use crate::mailbox_support::{get, letters, mailbox, mailbox_over, mailbox_with, said_of, strict};
use crate::support::Folder;
use serde_json::Value;

const HEAD: &str = "From: a@x.test\r\nMessage-ID: <1@x.test>\r\nSubject: letter 1\r\n\r\n";

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

/// Number, size and unique id of each, as columns or as JSON, by `get` and by `mail`.
#[test]
fn the_list_has_number_size_and_unique_id() {
    let server = mailbox(&letters(12));
    let (folder, messages) = (Folder::new(), server.messages());
    for path in ["", "/"] {
        let ran = get(&folder, server.addr(), path, &[]);
        let rows: Vec<Vec<String>> = ran.done_in_silence().text().lines().map(columns).collect();
        for (nth, message) in messages.iter().enumerate() {
            let row =
                [(nth + 1).to_string(), message.bytes.len().to_string(), message.unique_id.clone()];
            assert_eq!(rows[nth], row);
        }
        assert_eq!(rows.len(), 12);
    }
    let ran = get(&folder, server.addr(), "/", &["--json"]);
    let lines: Vec<Value> = ran.done_in_silence().text().lines().map(json).collect();
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[2]["number"], 3);
    assert_eq!(lines[2]["size"], messages[2].bytes.len());
    assert_eq!(lines[2]["uid"], *messages[2].unique_id);
    let listed = crate::mailbox_support::mail(&folder, server.addr(), &["--json"]);
    assert_eq!(listed.done_in_silence().text(), ran.text(), "`mail` without a target lists");
    assert_eq!(said_of(&server, "RETR"), [""; 0]);
    assert!(folder.names().is_empty());
    strict("list", &server);
    let empty = mailbox(&[]);
    assert_eq!(get(&folder, empty.addr(), "/", &[]).done_in_silence().text(), "");
}

fn columns(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// The header section to standard output, the whole message to the file; without a file the
/// message to standard output: as `get` does for a page.
#[test]
fn a_message_is_fetched_as_a_page_is() {
    let letters = letters(3);
    let server = mailbox(&letters);
    let uid = format!("/;uid={}", server.messages()[0].unique_id);
    for path in ["/1", &uid] {
        let folder = Folder::new();
        let fetch = |more: &[&str]| get(&folder, server.addr(), path, more);
        assert_eq!(fetch(&[]).done_in_silence().stdout, letters[0], "{path}");
        assert_eq!(fetch(&["-o", "-"]).done_in_silence().stdout, letters[0], "{path}");
        assert!(folder.names().is_empty());
        assert_eq!(fetch(&["-o", "m"]).done_in_silence().text(), HEAD, "{path}");
        assert_eq!(folder.read("m"), letters[0], "byte for byte");
        assert_eq!(fetch(&["-q", "-o", "m"]).done_in_silence().text(), "", "{path}");
        assert_eq!(fetch(&["-I"]).done_in_silence().text(), HEAD, "{path}");
        assert_eq!(fetch(&["--head-only"]).done_in_silence().text(), HEAD, "{path}");
        assert_eq!(folder.names(), ["m"], "no part is left");
    }
    assert_eq!(said_of(&server, "TOP"), ["TOP 1 0"; 4]);
    assert_eq!(said_of(&server, "DELE"), [""; 0]);
    strict("get", &server);
}

/// `-O` names the file after what was asked for, and does not overwrite.
#[test]
fn remote_names() {
    let letters = letters(2);
    let server = mailbox_over(
        &letters,
        "== ids @times *\nC: UIDL\nS: +OK\nS: 1 ../../.evil\nS: 2 plain-id\nS: .\n",
    );
    let folder = Folder::new();
    let fetch = |path: &str, more: &[&str]| get(&folder, server.addr(), path, more);
    fetch("/1", &["-O"]).done();
    assert_eq!(folder.read("1.eml"), letters[0]);
    fetch("/1", &["-O"]).failed(7, "exists");
    fetch("/1", &["-O", "--overwrite"]).done();
    fetch("/;uid=plain-id", &["-O"]).done();
    assert_eq!(folder.read("plain-id.eml"), letters[1]);
    fetch("/2", &["--output-dir", "deep/er", "--create-dirs", "-O"]).done();
    assert_eq!(folder.read("deep/er/2.eml"), letters[1]);
    fetch("/;uid=..%2F..%2F.evil", &["-O", "--output-dir", "deep/er"]).done();
    let names: Vec<_> = std::fs::read_dir(folder.at("deep/er")).unwrap().collect();
    assert_eq!(names.len(), 2, "it stays in its folder, and shows");
    assert_eq!(folder.names(), ["1.eml", "deep", "plain-id.eml"]);
}

/// One JSON line in place of the header section.
#[test]
fn json_takes_the_place_of_the_header() {
    let letters = letters(2);
    let (server, folder) = (mailbox(&letters), Folder::new());
    let ran = get(&folder, server.addr(), "/2", &["-O", "--json"]);
    let lines: Vec<Value> = ran.done_in_silence().text().lines().map(json).collect();
    assert_eq!(lines.len(), 1, "{ran:?}");
    assert_eq!(lines[0]["bytes"], letters[1].len());
    assert_eq!(lines[0]["file"], "2.eml");
    assert_eq!(lines[0]["error"], Value::Null);
    assert_eq!(lines[0]["remote"], server.addr().to_string());
    assert!(lines[0]["timings"]["total"].is_number(), "{ran:?}");
    let url = lines[0]["url"].as_str().expect("the URL, as of a page");
    assert!(url.ends_with(&format!("{}/2", server.addr())), "{url}");
    get(&folder, server.addr(), "/2", &["--json"]).failed(2, "");
}

/// Several at once: each has its own file, or they follow one another.
#[test]
fn several_messages() {
    let letters = letters(3);
    let (server, folder) = (mailbox(&letters), Folder::new());
    let second = format!("{}/3", crate::mailbox_support::pop3(server.addr()));
    let fetch =
        |more: &[&str]| get(&folder, server.addr(), "/1", &[&[second.as_str()], more].concat());
    fetch(&["-O", "-q"]).done_in_silence();
    assert_eq!(
        (folder.read("1.eml"), folder.read("3.eml")),
        (letters[0].clone(), letters[2].clone())
    );
    assert_eq!(fetch(&[]).done_in_silence().stdout, [&letters[0][..], &letters[2]].concat());
    fetch(&["-o", "one"]).failed(2, "");
    let missing = format!("{}/9", crate::mailbox_support::pop3(server.addr()));
    let ran = get(&folder, server.addr(), "/1", &[&missing, "-O", "--overwrite", "-q"]);
    ran.failed(10, "");
    strict("several", &server);
}

/// What is not there is exit 1, what cannot be is exit 2, and no file is touched.
#[test]
fn what_is_not_there() {
    let (server, folder) = (mailbox(&letters(2)), Folder::new());
    folder.write("m", "old");
    let rows: [(&str, i32, bool); 9] = [
        ("/3", 1, true),
        ("/4294967295", 1, true),
        ("/;uid=nobody", 1, true),
        ("/0", 2, false),
        ("/x", 2, false),
        ("/-1", 2, false),
        ("/99999999999999999999", 2, false),
        ("/;uid=", 2, false),
        ("/1/2", 2, false),
    ];
    for (path, code, dials) in rows {
        for more in [&["-o", "m"][..], &["-I"], &[]] {
            let before = server.connections();
            let ran = get(&folder, server.addr(), path, more);
            assert_eq!(ran.text(), "", "{path}");
            ran.failed_in_one_line(code, "");
            assert_eq!(server.connections() > before, dials, "{path}: {ran:?}");
            assert_eq!((folder.names(), folder.read("m")), (vec!["m".to_owned()], b"old".to_vec()));
        }
    }
    strict("missing", &server);
}

/// hostile.md row 1, 2: no line end comes into a command, wherever it is written.
#[test]
fn a_url_cannot_inject() {
    let (server, folder) = (mailbox(&letters(1)), Folder::new());
    for path in ["/1%0d%0aDELE%201", "/1\r\nDELE 1", "/;uid=a%0d%0aDELE%201", "/;uid=a%00"] {
        let ran = get(&folder, server.addr(), path, &[]);
        assert!(matches!(ran.code, Some(1 | 2)), "{path:?}: {ran:?}");
    }
    for user in ["alice%0d%0aDELE%201", "alice%00", "alice%0a"] {
        let url = format!("pop3://{user}@{}/1", server.addr());
        for words in [&["get", &url][..], &["mail", &url]] {
            crate::mailbox_support::words_at(&folder, words).failed(2, "");
        }
    }
    assert_eq!(said_of(&server, "DELE"), [""; 0]);
    strict("injection", &server);
}

/// A mailbox without TOP, UIDL or CAPA still gives its messages.
#[test]
fn a_poor_server_will_do() {
    let letters = letters(2);
    let server = mailbox_with(&letters, |options| {
        options.extensions = wireline_servers::pop3::Extensions::none();
    });
    let folder = Folder::new();
    assert_eq!(get(&folder, server.addr(), "/2", &[]).done().stdout, letters[1]);
    let listed = get(&folder, server.addr(), "/", &[]);
    let rows: Vec<_> = listed.done().text().lines().map(columns).collect();
    assert_eq!(rows[0][..2], ["1".to_owned(), letters[0].len().to_string()]);
    get(&folder, server.addr(), "/;uid=x", &[]).failed(1, "");
    get(&folder, server.addr(), "/1", &["-I"]).failed(1, "");
}

/// hostile.md row 191 and 80: `--max-size` ends a message that is larger than it said; the old file
/// stays.
#[test]
fn max_size_is_kept() {
    let letters = letters(1);
    let (server, folder) = (mailbox(&letters), Folder::new());
    folder.write("m", "old");
    let size = letters[0].len().to_string();
    let less = (letters[0].len() - 1).to_string();
    get(&folder, server.addr(), "/1", &["-o", "m", "--max-size", &less]).failed(5, "bytes");
    assert_eq!((folder.names(), folder.read("m")), (vec!["m".to_owned()], b"old".to_vec()));
    get(&folder, server.addr(), "/1", &["-o", "m", "--max-size", &size]).done();
    assert_eq!(folder.read("m"), letters[0]);
}

/// A transfer that is cut leaves the old file and no part: POP3 cannot continue.
#[test]
fn a_cut_message_is_no_message() {
    let (folder, letter) = (Folder::new(), "S: +OK\nS: Subject: a\nS:\nS: half\n");
    for end in ["S! close\n", "S! reset\n"] {
        folder.write("m", "old");
        let server =
            mailbox_over(&letters(1), &format!("== cut @times *\nC: RETR 1\n{letter}{end}"));
        let ran = get(&folder, server.addr(), "/1", &["-o", "m"]);
        assert!(matches!(ran.code, Some(3 | 5)), "{ran:?}");
        assert_eq!(
            (folder.names(), folder.read("m")),
            (vec!["m".to_owned()], b"old".to_vec()),
            "{end}"
        );
    }
}

/// The header section ends with the first empty line, however it is spelled, or with the message.
#[test]
fn the_header_ends_with_an_empty_line() {
    let long = format!("Subject: a\r\nX: {}\r\n\r\n", "x".repeat(300_000));
    let rows: [(&str, &str, &str); 6] = [
        ("CRLF", "Subject: a\r\n\r\n", "b\r\n\r\nc\r\n"),
        ("bare LF", "Subject: a\n\n", "b\n\nc\r\n"),
        ("no body", "Subject: a\r\n", ""),
        ("no header", "\r\n", "b\r\n"),
        ("folded", "Subject: a\r\n b\r\n\tc\r\n\r\n", "d\r\n"),
        ("a long line", &long, "b\r\n"),
    ];
    let messages: Vec<_> =
        rows.iter().map(|(_, head, body)| format!("{head}{body}").into_bytes()).collect();
    let (server, folder) = (mailbox(&messages), Folder::new());
    let mut wrong = Vec::new();
    for (nth, (label, head, _)) in rows.iter().enumerate() {
        let ran = get(&folder, server.addr(), &format!("/{}", nth + 1), &["-o", "m"]);
        assert_eq!(folder.read("m"), messages[nth], "{label}");
        if ran.code != Some(0) || ran.text() != *head {
            wrong.push((label, ran.code, ran.text(), ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// What POP3 has no use for is exit 2 before anything is sent.
#[test]
fn words_that_do_not_fit() {
    let (server, folder) = (mailbox(&letters(1)), Folder::new());
    for words in [
        &["-C", "-", "-o", "m"][..],
        &["-H", "X: y"],
        &["-A", "me"],
        &["--auth", "NONSENSE"],
        &["--tls", "--no-tls"],
    ] {
        let ran = get(&folder, server.addr(), "/1", words);
        assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
    }
    assert_eq!((server.connections(), folder.names().len()), (0, 0));
}
