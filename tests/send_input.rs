//! `wireline send`: what is refused before a connection is made. hostile.md rows 1 to 6, 11 to 18.

use crate::mail_support::{PASSWORD, mail_server, smtp, wireline_at};
use crate::support::{Folder, run, wireline};
use std::process::Command;

/// Addresses that are none, or would say more than an address.
fn bad_addresses() -> Vec<String> {
    let mut rows: Vec<String> = [
        "a@x.test> SIZE=1",
        "a@x.test>\r\nRCPT TO:<evil@x.test",
        "a\r\n@x.test",
        "a@x.test\n",
        "a@x.test\rb",
        "<<a@x.test>>",
        "a b@x.test",
        "a@x .test",
        "@y.test:a@x.test",
        "a@@x.test",
        "a@",
        "@x.test",
        "a..b@x.test",
        ".a@x.test",
        "a@-.test",
        "a@x..test",
        "a@[300.1.1.1]",
        "a@[127.0.0.1",
        "\"a@x.test",
        "\"a\u{7}\"@x.test",
        "a@x.test\u{7f}",
        "a\u{0}@x.test",
        "a@x.test b@x.test",
        "Bob <b@x.test",
        "Bob b@x.test>",
        "a@x_\u{85}.test",
    ]
    .map(str::to_owned)
    .to_vec();
    rows.push(format!("{}@x.test", "l".repeat(65)));
    rows.push(format!("a@{}", ["d".repeat(63).as_str(); 4].join(".")));
    rows.push(format!("a@{}.test", "d".repeat(64)));
    // NUL cannot be in an argument.
    rows.retain(|row| !row.contains('\0'));
    rows
}

/// What was not refused as it should be: code 2, in a line, and no connection.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn judge(&mut self, what: &str, words: &[&str]) {
        self.judge_with(what, words, |_| {});
    }

    fn judge_with(&mut self, what: &str, words: &[&str], change: impl FnOnce(&mut Command)) {
        let (server, folder) = (mail_server(|_| {}), Folder::new());
        folder.write("pass", format!("{PASSWORD}\0\n"));
        let mut command = wireline();
        command.current_dir(folder.path()).args(["send", "-d", "t"]);
        command.args(words.iter().map(|word| word.replace("SERVER", &server.addr().to_string())));
        change(&mut command);
        let ran = run(&mut command);
        let said = ran.stderr.trim_end_matches('\n');
        let clean = !said.contains(['\r', '\u{7}', '\u{85}']) && said.contains("wireline: ");
        if ran.code != Some(2) || server.connections() > 0 || !clean {
            let connections = server.connections();
            self.0.push(format!("{what:?}: {:?}, {connections} connections, {said:?}", ran.code));
        }
    }
}

impl Drop for Wrong {
    fn drop(&mut self) {
        assert!(std::thread::panicking() || self.0.is_empty(), "{:#?}", self.0);
    }
}

/// hostile.md rows 11 and 12.
#[test]
fn a_bad_address_is_refused() {
    let mut wrong = Wrong::default();
    for address in bad_addresses() {
        for option in ["--to", "--cc", "--bcc", "--from"] {
            let named = format!("{option}={address}");
            let other = if option == "--from" { "--to=b@x.test" } else { "--from=a@x.test" };
            wrong.judge(&named, &["smtp://SERVER", &named, other, "--cc=c@x.test"]);
        }
    }
    for named in ["--to=", "--from=", "--to=<>", "--to=,", "--from=a@x.test,b@x.test"] {
        wrong.judge(named, &["smtp://SERVER", named, "--cc=c@x.test"]);
    }
}

/// hostile.md rows 11 and 12 in the header of a file.
#[test]
fn a_bad_address_in_a_header_is_refused() {
    let (server, folder) = (mail_server(|_| {}), Folder::new());
    let url = smtp(server.addr());
    for to in ["a@x.test> SIZE=1", "a b c", "<<a@x.test>>", "@x.test", "a@x.test\u{1}", "<>"] {
        folder.write("m.eml", format!("To: {to}\r\n\r\nx\r\n"));
        let words = ["send", &url, "-t", "--from", "a@x.test", "--eml", "m.eml"];
        wireline_at(&folder, &words).failed(2, "");
    }
    assert_eq!(server.connections(), 0);
}

/// hostile.md rows 11 and 14: no option lets a line end into a command or a field.
#[test]
fn no_option_injects() {
    let rows: &[&[&str]] = &[
        &["--ehlo", "x\r\nMAIL FROM:<e@x>"],
        &["--ehlo", "x y"],
        &["--ehlo", ""],
        &["--ehlo", "x\u{fc}\u{1}"],
        &["-H", "X-A: b\r\nX-C: d"],
        &["-H", "X-A: b\nX-C: d"],
        &["-H", "X-A: b\r\n\r\nbody"],
        &["-H", "X A: b"],
        &["-H", "X-A"],
        &["-H", ": b"],
        &["-H", "X-A\u{fc}: b"],
        &["-H", "X-A: b\rc"],
        &["--dsn", "never\r\nX"],
        &["--auth", "PLAIN\r\nX", "-u", "alice:c4nary"],
        &["-u", "alice\r\nX:c4nary"],
        &["-u", "alice:pass\r\nX"],
        &["-u", "alice", "--password-file", "pass"],
    ];
    let mut wrong = Wrong::default();
    for words in rows {
        let usual = ["smtp://SERVER", "--from", "a@x.test", "--to", "b@x.test"];
        wrong.judge(&format!("{words:?}"), &[&usual, *words].concat());
    }
}

/// hostile.md row 14: line ends in a subject or a name are refused, or do no harm.
#[test]
fn a_subject_breaks_no_header() {
    for text in ["a\r\nBcc: e@x.test", "a\nX-Evil: b", "a\r\n\r\nbody", "a\rX-Evil: b"] {
        for option in ["--subject", "--from", "--to"] {
            let (server, folder) = (mail_server(|_| {}), Folder::new());
            let url = smtp(server.addr());
            let named = format!("{text} <n@x.test>");
            let value = if option == "--subject" { text } else { &named };
            let mut words = vec!["send", &url, "-d", "t", option, value, "--cc", "c@x.test"];
            if option != "--from" {
                words.extend(["--from", "a@x.test"]);
            }
            let ran = wireline_at(&folder, &words);
            match ran.code {
                Some(2) => assert_eq!(server.connections(), 0),
                Some(0) => {
                    let text = String::from_utf8(server.messages()[0].bytes.clone()).unwrap();
                    let (head, body) = text.split_once("\r\n\r\n").unwrap();
                    assert!(!head.contains("\nX-Evil") && !head.contains("\nBcc"), "{head}");
                    assert_eq!(body.trim_end(), "t");
                }
                _ => panic!("{option} {text:?}: {ran:?}"),
            }
        }
    }
}

/// hostile.md rows 1 to 6: addresses of servers.
#[test]
fn a_bad_url_is_refused() {
    let mut wrong = Wrong::default();
    for url in [
        "smtp://SERVER/%0d%0aQUIT",
        "smtp://SERVER/%00",
        "smtp://SERVER\r\n",
        "smtp://SERVER\t",
        "smtp://al%0d%0aice:c4nary@SERVER",
        "smtp://alice:p%00@SERVER",
        "smtp://localhost%0d%0a/",
        "smtp://x\\@SERVER",
        "smtp://a@b@SERVER",
        "smtp://localhost%2F:25",
        "smtp://SERVER0000",
    ] {
        wrong.judge(url, &[url, "--from", "a@x.test", "--to", "b@x.test"]);
    }
}

/// hostile.md rows 3 and 11: what the environment says is input too.
#[test]
fn a_bad_environment_is_refused() {
    let mut wrong = Wrong::default();
    for (name, value) in [
        ("EMAIL", "a@x.test>\r\nQUIT"),
        ("EMAIL", "nonsense nonsense"),
        ("USER", "a\r\nb"),
        ("WIRELINE_PASSWORD", "p\r\nQUIT"),
    ] {
        let login: &[&str] = match name {
            "WIRELINE_PASSWORD" => &["-u", "alice", "--from", "a@x.test"],
            _ => &[],
        };
        let words = [&["smtp://SERVER", "--to", "b@x.test"], login].concat();
        wrong.judge_with(&format!("{name}={value}"), &words, |command| {
            command.env(name, value);
        });
    }
}
