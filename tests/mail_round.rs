//! Send a message, fetch it back: `wireline serve mail` with `send`, `mail` and `get`.

use crate::mail_support::{PASSWORD, wireline_at};
use crate::mailbox_support::{contents, stored};
use crate::support::Folder;
use crate::transcript_child::Served;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// `wireline serve mail`, whose two ready lines were read.
struct Post {
    child: Child,
    smtp: String,
    pop3: String,
}

impl Post {
    fn start(folder: &Folder, words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wireline"));
        command.env_clear().current_dir(folder.path()).args(["serve", "mail", "--login"]);
        command.arg(format!("alice:{PASSWORD}")).args(words).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut addr = |proto: &str| {
            let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).expect("JSON");
            assert_eq!(line["proto"], proto, "{line}");
            format!("{}:{}", line["addr"].as_str().unwrap(), line["port"])
        };
        let (smtp, pop3) = (addr("smtp"), addr("pop3"));
        Self { child, smtp, pop3 }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What was sent is what is listed, fetched, collected; then it is gone.
#[test]
fn a_message_goes_round() {
    for root in [&[][..], &["--root", "post"]] {
        let folder = Folder::new();
        let post = Post::start(&folder, root);
        let (to, from) = (format!("smtp://{}", post.smtp), format!("pop3://alice@{}", post.pop3));
        let letter = "From: a@x.test\r\nTo: b@x.test\r\nSubject: round\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@x.test>\r\n\r\n.\r\n..a\r\nFrom b\r\n";
        folder.write("letter", letter);
        for _ in 0..2 {
            wireline_at(
                &folder,
                &["send", &to, "--from", "a@x.test", "--to", "b@x.test", "--eml", "letter"],
            )
            .done();
        }
        assert_eq!(wireline_at(&folder, &["mail", &from]).done().text().lines().count(), 2);
        let fetched = wireline_at(&folder, &["get", &format!("{from}/1"), "-o", "back"]);
        assert!(fetched.done().text().contains("Subject: round\r\n"), "{fetched:?}");
        let back = folder.read("back");
        assert!(back.ends_with(letter.as_bytes()), "{:?}", String::from_utf8_lossy(&back));
        wireline_at(&folder, &["mail", &from, "--into", "maildir:in", "--delete"]).done();
        let found = contents(&folder, "maildir:in");
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|message| message.ends_with(&stored(letter.as_bytes()))));
        assert_eq!(wireline_at(&folder, &["mail", &from]).done().text(), "");
    }
}

/// `serve pop3 --root` serves a Maildir that is there, also one that `mail` has filled.
#[test]
fn a_collected_maildir_can_be_served() {
    let folder = Folder::new();
    let letters = crate::mailbox_support::letters(3);
    let server = crate::mailbox_support::mailbox(&letters);
    crate::mailbox_support::mail(&folder, server.addr(), &["--into", "maildir:in"]).done();
    let login = format!("alice:{PASSWORD}");
    let served = Served::start(&folder, &["pop3", "--root", "in", "--login", &login]);
    let url = format!("pop3://alice@{}", served.to());
    wireline_at(&folder, &["mail", &url, "--into", "mbox:box"]).done();
    let expected = crate::mailbox_support::all_stored(&letters);
    assert_eq!(contents(&folder, "mbox:box"), expected, "and nothing but the messages");
    served.stop().done();
}
