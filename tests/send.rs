//! `wireline send`: the shortest uses of it, as they are typed.

use crate::mail_support::{SHORT, mail_server, smtp, strict, wireline_at};
use crate::support::Folder;

#[test]
fn a_message_is_sent_in_one_line() {
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    let url = smtp(server.addr());
    let ran = wireline_at(&folder, &["send", "--from", "a@x.test", "--to", "b@x.test", &url]);
    ran.done_in_silence();
    assert!(ran.text().contains("b@x.test") && ran.text().contains("250"), "{ran:?}");
    strict("one line", &server);
    assert_eq!(server.messages().len(), 1);
    let quiet = wireline_at(&folder, &[&["send", "-q", &url], &SHORT[..]].concat());
    assert_eq!(quiet.done_in_silence().text(), "");
}

/// Without an address of a server it is the one of this machine, and a URL is told from a file.
#[test]
fn the_server_of_this_machine_is_the_default() {
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    let to = format!("localhost:25:127.0.0.1:{}", server.addr().port());
    wireline_at(&folder, &[&["send", "--connect-to", &to], &SHORT[..]].concat()).done();
    folder.write("m.eml", "Subject: a\r\n\r\nb\r\n");
    let words = ["send", "--connect-to", &to, "m.eml"];
    wireline_at(&folder, &[&words[..], &SHORT[..4]].concat()).done();
    assert_eq!(server.messages().len(), 2);
}

/// The domain of an address is no server: MX records are not looked up, and a hint says so.
#[test]
fn mx_records_are_not_looked_up() {
    let folder = Folder::new();
    let ran =
        wireline_at(&folder, &[&["send", "smtp://no-such-host.invalid"], &SHORT[..]].concat());
    ran.failed(3, "no-such-host.invalid").hinted("MX");
}

/// The commonest mistakes, before anything is sent.
#[test]
fn mistakes_cost_no_connection() {
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    let url = smtp(server.addr());
    let rows: &[(&[&str], i32)] = &[
        (&[&url, "-d", "nobody is named"], 2),
        (&[&url, "--eml", "missing.eml", "--to", "b@x.test"], 7),
        (&[&url, "missing.eml", "--to", "b@x.test"], 7),
        (&[&url, "-t"], 2),
        (&[&url, "--to", "b@x.test", "--tls", "--no-tls"], 2),
        (&[&url, "--to", "b@x.test", "--body", "a", "--body-file", "b"], 2),
        (&[&url, "--to", "b@x.test", "--auth", "NONSENSE", "-u", "alice"], 2),
        (&[&url, "--to", "b@x.test", "--dsn", "sometimes"], 2),
        (&[&url, "--to", "b@x.test", "--quit-after", "lunch"], 2),
        (&[&url, &url, "--to", "b@x.test"], 2),
        (&["http://127.0.0.1:1/", "--to", "b@x.test"], 2),
        (&["smtp://", "--to", "b@x.test"], 2),
        (&["smtp://a@b@c/", "--to", "b@x.test"], 2),
        (&["lmtp://127.0.0.1", "--to", "b@x.test"], 2),
    ];
    let mut wrong = Vec::new();
    for (words, code) in rows {
        let before = server.connections();
        let ran = wireline_at(&folder, &[&["send"], *words].concat());
        let connections = server.connections() - before;
        if ran.code != Some(*code) || connections > 0 {
            wrong.push((words, ran.code, connections, ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
