//! `wireline send -v` and `--record`: what they write passes `check`, serves the client that made
//! it, and holds no secret.

use crate::mail_support::{PASSWORD, SHORT, mail_server, no_canary, smtp, wireline_at};
use crate::support::{Folder, run, wireline};
use crate::transcript_child;
use wireline_servers::Mechanism;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::smtp::{Extensions, Options};

/// What it is, the server, the words between blanks, and the code.
type Row = (&'static str, fn(&mut Options), &'static str, i32);

fn auth(options: &mut Options, mechanism: Mechanism) {
    options.extensions.auth = vec![mechanism];
}

fn rows() -> Vec<Row> {
    let two = "--to b@x.test,rcpt550@x.test,c@x.test -d t";
    vec![
        ("plain", |_| {}, "--to b@x.test -d t", 0),
        ("turn by turn", |o| o.extensions = Extensions::none(), "--to b@x.test -d t", 0),
        ("PLAIN", |o| auth(o, Mechanism::Plain), "-u alice --to b@x.test -d t", 0),
        ("LOGIN", |o| auth(o, Mechanism::Login), "-u alice --to b@x.test -d t", 0),
        ("CRAM", |o| auth(o, Mechanism::CramMd5), "-u alice --to b@x.test -d t", 0),
        ("recipients", |_| {}, two, 10),
        ("recipients, turn by turn", |o| o.extensions.pipelining = false, two, 10),
        ("all refused", |_| {}, "--to rcpt550@x.test,rcpt452@x.test -d t", 1),
        ("refused", |_| {}, "--to data552@x.test -d t", 1),
        ("messages", |_| {}, "--to b@x.test 1.eml 2.eml", 0),
        ("dots", |_| {}, "--to b@x.test dots.eml", 0),
        ("8 bits", |_| {}, "--to b@x.test eight.eml", 0),
        ("a large one", |_| {}, "--to b@x.test large.eml", 0),
        (
            "a large one, 7 bits",
            |o| o.extensions = Extensions::none(),
            "--to b@x.test large.eml",
            0,
        ),
        ("an attachment", |_| {}, "--to b@x.test -d t --attach large.eml", 0),
        ("odd text", |_| {}, "--to b@x.test --subject {{x}}\u{fc} --body-file odd.txt", 0),
    ]
}

/// All words of a row, from `a@x.test`.
fn words(row: &Row) -> Vec<&'static str> {
    ["--from", "a@x.test"].into_iter().chain(row.2.split(' ')).collect()
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("1.eml", "Subject: 1\r\n\r\none\r\n");
    folder.write("2.eml", "Subject: 2\n\ntwo\n");
    folder.write("dots.eml", "Subject: dots\r\n\r\n.\r\n..\r\n{{a}}\r\nblank \r\n\r\n");
    folder.write("eight.eml", b"Subject: 8\r\n\r\n\xff\xfe \x1b[31m\r\n");
    folder.write("large.eml", format!("Subject: l\r\n\r\n{}", "line upon line\r\n".repeat(20_000)));
    folder.write("odd.txt", "{{y}}\n.\n \nC: no\n-- x --\n");
    folder
}

/// What was recorded is a transcript that can be checked, and that serves the same client again.
#[test]
fn a_recording_serves_the_client_that_made_it() {
    let mut wrong = Vec::new();
    for row in rows() {
        let (label, change, _, code) = row;
        let words = words(&row);
        for exact in [false, true] {
            let (server, folder) = (mail_server(change), folder());
            let url = smtp(server.addr());
            let more: &[&str] =
                if exact { &["--record", "a.wire", "--exact"] } else { &["--record", "a.wire"] };
            let ran = wireline_at(&folder, &[&["send", &url], &words[..], more].concat());
            assert_eq!(ran.code, Some(code), "{label}: {ran:?}");
            no_canary(label, &ran, &folder);
            let check = folder.wireline(&["check", "a.wire"]);
            if check.code != Some(0) {
                wrong.push(format!(
                    "{label}, exact {exact}: check: {}{}",
                    check.text(),
                    check.stderr
                ));
            }
            let canonical = folder.wireline(&["fmt", "--check", "a.wire"]);
            if canonical.code != Some(0) {
                wrong.push(format!("{label}, exact {exact}: fmt: {}", canonical.stderr));
            }
            if exact {
                continue;
            }
            let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
            let client =
                format!("\"$W\" send smtp://$WIRELINE_ADDR {}; test $? = {code}", quoted.join(" "));
            let mut again = transcript_child::judged(folder.path(), &["a.wire"], &client);
            let again = run(again.env("WIRELINE_PASSWORD", PASSWORD));
            if again.code != Some(0) {
                wrong.push(format!("{label}: served: {}{}", again.text(), again.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `-v` is a transcript, too; what was sent is shortened, the dialogue is not.
#[test]
fn verbose_output_is_a_transcript() {
    let mut wrong = Vec::new();
    for row in rows() {
        let (label, change, _, code) = row;
        let words = words(&row);
        let (server, folder) = (mail_server(change), folder());
        let url = smtp(server.addr());
        let ran = wireline_at(&folder, &[&["send", "-v", &url], &words[..]].concat());
        assert_eq!(ran.code, Some(code), "{label}: {ran:?}");
        no_canary(label, &ran, &folder);
        let trace = ran.stderr.lines().filter(|line| !line.starts_with("wireline: "));
        folder.write("v.wire", trace.map(|line| format!("{line}\n")).collect::<String>());
        let check = folder.wireline(&["check", "v.wire"]);
        if check.code != Some(0) {
            wrong.push(format!("{label}: {}{}\n{}", check.text(), check.stderr, ran.stderr));
        }
        for part in ["C: EHLO ", "C: MAIL FROM:<a@x.test>", "S: 250", "C: QUIT"] {
            if !ran.stderr.contains(part) {
                wrong.push(format!("{label}: {part} is missing: {}", ran.stderr));
            }
        }
        if ran.stderr.lines().filter(|line| line.contains("line upon line")).count() > 20 {
            wrong.push(format!("{label}: it is not shortened"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// By TLS the handshake is in it, and it serves again.
#[test]
fn a_recording_of_tls_serves_again() {
    let authority = Authority::new("record").unwrap();
    for implicit in [false, true] {
        let (server, folder) = (
            mail_server(|options| {
                options.tls = Some(authority.server_config(Certificate::Good).unwrap());
                options.implicit_tls = implicit;
                options.extensions.auth = vec![Mechanism::Plain];
            }),
            folder(),
        );
        folder.write("ca.pem", authority.pem());
        let scheme = if implicit { "smtps" } else { "smtp" };
        let url = format!("{scheme}://localhost:{}", server.addr().port());
        let tls: &[&str] = if implicit { &["-4"] } else { &["-4", "--tls"] };
        let words = [&["-u", "alice", "--cacert"], &SHORT[..], tls].concat();
        let (login, rest) = words.split_at(3);
        let first = [&["send", &url, "--record", "a.wire"], login, &["ca.pem"], rest].concat();
        let ran = wireline_at(&folder, &first);
        ran.done_in_silence();
        no_canary(scheme, &ran, &folder);
        let text = String::from_utf8(folder.read("a.wire")).unwrap();
        assert_eq!(text.matches("S! tls\n").count(), 1, "{text}");
        folder.wireline(&["check", "a.wire"]).done();
        let client = format!(
            "\"$W\" send {scheme}://localhost:$WIRELINE_PORT -u alice --cacert \"$WIRELINE_CA\" {} {}",
            SHORT.join(" "),
            tls.join(" ")
        );
        let mut again = transcript_child::judged(folder.path(), &["a.wire"], &client);
        run(again.env("WIRELINE_PASSWORD", PASSWORD)).done();
    }
}

/// A failed session is recorded as far as it came.
#[test]
fn a_failure_is_recorded() {
    let (server, folder) = (mail_server(|_| {}), folder());
    let mut command = wireline();
    command.current_dir(folder.path()).env("WIRELINE_PASSWORD", "wr0ng");
    command.args(["send", &smtp(server.addr()), "-u", "alice", "--record", "a.wire"]).args(SHORT);
    run(&mut command).failed(1, "535");
    let text = String::from_utf8(folder.read("a.wire")).unwrap();
    assert!(text.contains("535") && !text.contains("wr0ng"), "{text}");
    folder.wireline(&["check", "a.wire"]).done();
}

/// TRANSCRIPT.md: a recording keeps what was sent, a large message in a file beside it.
#[test]
fn a_recording_keeps_what_was_sent() {
    let (server, folder) = (mail_server(|_| {}), folder());
    let url = smtp(server.addr());
    let before = folder.names();
    let words = ["send", &url, "--from", "a@x.test", "--to", "b@x.test", "--record", "a.wire"];
    wireline_at(&folder, &[&words[..], &["large.eml"]].concat()).done();
    let mut kept = folder.names();
    kept.retain(|name| !before.contains(name));
    let bytes: Vec<u8> = kept.iter().flat_map(|name| folder.read(name)).collect();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert_eq!(text.matches("line upon line").count(), 20_000, "in {kept:?}");
    folder.wireline(&["check", "a.wire"]).done();
}
