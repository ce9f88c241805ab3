//! `wireline play`: transcripts as tests of servers that do as they say, and of some that do not.

use crate::support::{Folder, Ran, beside, run};
use crate::transcript_child::{Served, command_in};
use quick_xml::Reader;
use quick_xml::events::Event;
use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread::{self, JoinHandle};

const GREETING: &str = "\
@wire 1
@protocol smtp
== greeting
S: 220 {{host:word=mx.test}} ready
C: EHLO {{who=client.test}}
S: 250-{{host}} hello {{who}}
S: 250 SIZE {{*:int=1000}}
C: QUIT
S: 221 bye
S! close
";

/// A server of the test's own: each connection gets the next answer, at once, and is then read to
/// its end.
struct Scripted {
    addr: SocketAddr,
    thread: Option<JoinHandle<Vec<Vec<u8>>>>,
}

impl Scripted {
    fn start(answers: Vec<&'static [u8]>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let thread = Some(thread::spawn(move || {
            answers.iter().map(|answer| serve_one(&listener, answer)).collect()
        }));
        Self { addr, thread }
    }

    fn to(&self) -> String {
        self.addr.to_string()
    }

    /// What each connection said.
    fn heard(mut self) -> Vec<Vec<u8>> {
        self.thread.take().unwrap().join().unwrap()
    }
}

fn serve_one(listener: &TcpListener, answer: &[u8]) -> Vec<u8> {
    let (mut socket, _) = listener.accept().unwrap();
    socket.write_all(answer).unwrap();
    let mut heard = Vec::new();
    // A reset is an end, too.
    drop(socket.read_to_end(&mut heard));
    heard
}

/// `play FILE --to ADDR` and further words.
fn play(folder: &Folder, words: &[&str], to: &str) -> Ran {
    let words = [&["play"], words, &["--to", to]].concat();
    folder.wireline(&words)
}

#[test]
fn a_server_that_does_as_the_file_says_passes() {
    let folder = Folder::new();
    folder.write("x.wire", GREETING);
    let served = Served::start(&folder, &["x.wire"]);
    let ran = play(&folder, &["x.wire"], &served.to());
    assert_eq!(ran.done().text(), "ok x.wire:3 greeting\nx.wire: 1 passed, 0 failed\n");
    assert!(play(&folder, &["-q", "x.wire"], &served.to()).done_in_silence().stdout.is_empty());
    let by_name = format!("localhost:{}", served.ready["port"]);
    play(&folder, &["-q", "x.wire"], &by_name).done_in_silence();
    served.stop().done_in_silence();
}

/// The line of the file, what was expected, what came; what a terminal would obey is visible.
#[test]
fn a_mismatch_is_shown_with_its_line() {
    let folder = Folder::new();
    folder.write("x.wire", "@wire 1\n\n== a\nS: hello {{*:int=1}}\nC: bye\n== b\nS: ok\n");
    let server = Scripted::start(vec![b"hello \x1b[2J\x07\xff\r\n", b"ok\r\n"]);
    let ran = play(&folder, &["x.wire"], &server.to());
    ran.failed_in_one_line(1, "1 of 2 sections failed");
    let (text, stderr) = (ran.text(), &ran.stderr);
    assert!(text.contains("FAILED x.wire:3 a\n"), "{text}");
    assert!(text.contains("  x.wire:4 - S: hello {{*:int=1}}\n"), "{text}");
    assert!(text.contains("+ hello {{0x1b}}[2J{{0x07}}{{0xff}}\n"), "{text}");
    assert!(text.contains("ok x.wire:6 b\n"), "{text}");
    let obeyed = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(obeyed) && !stderr.contains(obeyed), "{ran:?}");
    assert_eq!(server.heard(), [b"", &b""[..]], "after a mismatch nothing more is said");
}

/// Each row is what the server does, and what it comes to.
#[test]
fn other_ends_have_other_codes() {
    let folder = Folder::new();
    folder.write("x.wire", "@timeout 50ms\n== a\nS: hello\n== b\nS: hello\n");
    // Accepts, and says nothing: the system does.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let ran = play(&folder, &["x.wire"], &silent.local_addr().unwrap().to_string());
    ran.failed_in_one_line(6, "2 of 2 sections failed");
    assert!(ran.text().contains("  x.wire:3 - S: hello\n"), "{}", ran.text());
    assert!(ran.text().contains("timed out after 50ms"), "{}", ran.text());
    // Bound, and not listening: refused, whoever else runs.
    let (_held, addr) = refusing();
    let ran = play(&folder, &["x.wire"], &addr.to_string());
    ran.failed_in_one_line(3, "failed");
    assert!(ran.text().contains(&format!("{addr} cannot be reached")), "{}", ran.text());
    assert!(ran.text().contains("skipped x.wire:4 b"), "{}", ran.text());
    // Half a line, and the end.
    let server = Scripted::start(vec![b"hel"]);
    let ran = play(&folder, &["x.wire", "--only", "a"], &server.to());
    assert_eq!(ran.code, Some(6), "the server reads on: {ran:?}");
    assert!(ran.text().contains("+ hel"), "{}", ran.text());
}

/// A port of ours that refuses connections until `listen`.
fn refusing() -> (std::os::fd::OwnedFd, SocketAddr) {
    let held = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&held, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let listener = TcpListener::from(held);
    let addr = listener.local_addr().unwrap();
    (listener.into(), addr)
}

#[test]
fn what_makes_no_sense_is_said_before_anything_is_sent() {
    let folder = Folder::new();
    folder.write("x.wire", "S: hello\n");
    folder.write("bad.wire", "S! clse\n");
    folder.write("vars", "novalue\n");
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    silent.set_nonblocking(true).unwrap();
    let to = &silent.local_addr().unwrap().to_string();
    let rows: &[(&[&str], &str)] = &[
        (&["x.wire"], "--to"),
        (&["x.wire", "--to", "localhost"], "--to takes HOST:PORT"),
        (&["x.wire", "--to", "localhost:many"], "--to takes HOST:PORT"),
        (&["x.wire", "--to", ":25"], "--to takes HOST:PORT"),
        (&["--to", to], "FILE"),
        (&["bad.wire", "--to", to], "bad.wire:1: unknown act \"clse\""),
        (&["x.wire", "bad.wire", "--to", to], "bad.wire:1: unknown act \"clse\""),
        (&["x.wire", "--to", to, "--set", "name"], "--set takes name=value"),
        (&["x.wire", "--to", to, "--secret", "hunter2"], "--secret takes name=value"),
        (&["x.wire", "--to", to, "--vars", "vars"], "takes name=value"),
        (&["x.wire", "--to", to, "--timeout", "soon"], "--timeout"),
        (&["x.wire", "--to", to, "--jobs", "many"], "--jobs"),
    ];
    beside(rows, |(words, why)| {
        let ran = folder.wireline(&[&["play"], *words].concat());
        ran.failed_in_one_line(2, why);
        assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    });
    assert!(silent.accept().is_err(), "nobody came");
}

/// The address of a host in brackets.
#[test]
fn ipv6() {
    let folder = Folder::new();
    folder.write(
        "x.wire",
        "@protocol http\nC: GET / HTTP/1.1\nC: Host: {{addr}}\nC:\nS: HTTP/1.1 204 No\nS:\n",
    );
    if TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let served = Served::start(&folder, &["x.wire", "--listen", "[::1]:0"]);
    assert_eq!(served.ready["addr"], "::1");
    play(&folder, &["-q", "x.wire"], &served.to()).done_in_silence();
}

const VALUES: &str =
    "@set user=nobody\n@secret pass\n== login\nC: {{user}} {{pass}} {{auth.plain}}\nS: ok\n";
/// `\0alice\0sesame` in base64.
const ALICE: &[u8] = b"alice sesame AGFsaWNlAHNlc2FtZQ==\r\n";

/// The ways a value and a secret come in; the option wins over the file, and that over the
/// environment.
#[test]
fn values_and_secrets_come_from_many_places() {
    let folder = Folder::new();
    folder.write("x.wire", VALUES);
    folder.write("vars", "# who\n\n user=alice \n");
    folder.write("other", "user=bob\n");
    folder.write("secret", "sesame\nnot this\n");
    type Row = (&'static [&'static str], &'static [(&'static str, &'static str)]);
    let rows: &[Row] = &[
        (&["--set", "user=alice", "--secret", "pass=sesame"], &[]),
        (&["--vars", "vars", "--secret", "pass=@secret"], &[]),
        (&[], &[("WIRELINE_VAR_user", "alice"), ("WIRELINE_SECRET_pass", "sesame")]),
        (&["--vars", "other", "--vars", "vars"], &[("WIRELINE_SECRET_pass", "sesame")]),
        (
            &["--vars", "vars", "--secret", "pass=sesame"],
            &[("WIRELINE_VAR_user", "bob"), ("WIRELINE_SECRET_pass", "open")],
        ),
        (
            &["--vars", "other", "--set", "user=bob", "--set", "user=alice"],
            &[("WIRELINE_SECRET_pass", "sesame")],
        ),
    ];
    beside(rows, |(words, environment)| {
        let server = Scripted::start(vec![b"ok\r\n"]);
        let mut command = command_in(folder.path(), &["play", "x.wire", "--to", &server.to()]);
        let ran = run(command.args(*words).envs(environment.iter().copied()));
        ran.done();
        assert!(!ran.text().contains("sesame"), "{ran:?}");
        assert_eq!(server.heard(), [ALICE], "{words:?}");
    });
}

#[test]
fn a_secret_that_is_missing_is_named_and_one_that_is_known_is_hidden() {
    let folder = Folder::new();
    folder.write("x.wire", VALUES);
    let server = Scripted::start(vec![b"sesame AGFsaWNlAHNlc2FtZQ==\r\n"]);
    let ran = play(&folder, &["x.wire"], &server.to());
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.text().contains("WIRELINE_SECRET_pass"), "{}", ran.text());
    // The server says it back, where another line was expected.
    let words = ["x.wire", "--set", "user=alice", "--secret", "pass=sesame", "--report-json", "j"];
    let ran = play(&folder, &words, &server.to());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let json = String::from_utf8(folder.read("j")).unwrap();
    for text in [ran.text(), ran.stderr.clone(), json] {
        assert!(!text.contains("sesame") && !text.contains("AGFsaWNlAHNlc2FtZQ"), "{text}");
    }
    assert_eq!(server.heard(), [ALICE], "the first run sent nothing, and did not come");
}

#[test]
fn only_one_section() {
    let folder = Folder::new();
    folder.write("x.wire", "== a\nS: one\n== b\nS: two\n== c\nS: three\n");
    let server = Scripted::start(vec![b"two\r\n"]);
    let ran = play(&folder, &["x.wire", "--only", "b"], &server.to());
    let shown =
        "skipped x.wire:1 a\nok x.wire:3 b\nskipped x.wire:5 c\nx.wire: 1 passed, 0 failed\n";
    assert_eq!(ran.done().text(), shown);
}

/// A test that did not run has not passed.
#[test]
fn only_a_section_that_is_not_there() {
    let folder = Folder::new();
    folder.write("x.wire", "== a\nS: one\n");
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let ran = play(&folder, &["x.wire", "--only", "A"], &silent.local_addr().unwrap().to_string());
    ran.failed(2, "\"A\"");
}

/// `--timeout` does as its help says.
#[test]
fn the_option_wins_over_the_files_timeout() {
    let folder = Folder::new();
    folder.write("x.wire", "@timeout 300ms\nS: hello\n");
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = silent.local_addr().unwrap().to_string();
    let ran = play(&folder, &["x.wire", "--timeout", "0.05"], &to);
    assert_eq!(ran.code, Some(6), "{ran:?}");
    assert!(ran.text().contains("timed out after 50ms"), "{}", ran.text());
}

#[test]
fn a_file_that_failed_is_played_again() {
    let folder = Folder::new();
    folder.write("x.wire", "S: yes\n");
    let answers: Vec<&[u8]> = vec![b"no\r\n", b"no\r\n", b"yes\r\n", b"no\r\n", b"no\r\n"];
    let server = Scripted::start(answers);
    let ran = play(&folder, &["x.wire", "--retry", "2"], &server.to());
    assert!(ran.done().text().ends_with("x.wire: 1 passed, 0 failed\n"), "{}", ran.text());
    let ran = play(&folder, &["x.wire", "--retry", "1"], &server.to());
    assert!(ran.failed(1, "").text().ends_with("x.wire: 0 passed, 1 failed\n"), "{}", ran.text());
    assert_eq!(server.heard().len(), 5);
}

/// The port refuses until the player is under way.
#[test]
fn wait_for_a_server_that_is_not_there_yet() {
    let folder = Folder::new();
    folder.write("x.wire", "S: hello\nC: bye\n");
    let (held, addr) = refusing();
    let ran = play(&folder, &["x.wire", "--wait", "0.1"], &addr.to_string());
    ran.failed_in_one_line(6, &format!("{addr} took no connection"));
    thread::scope(|scope| {
        let player = scope.spawn(|| play(&folder, &["x.wire", "--wait", "15"], &addr.to_string()));
        listen(&held, 8).unwrap();
        let listener = TcpListener::from(held);
        // One that only looks whether somebody is there says nothing.
        while serve_one(&listener, b"hello\r\n") != b"bye\r\n" {}
        player.join().unwrap().done();
    });
}

/// A server that takes few connections, such as `serve FILE -- CMD`, is not asked for one more.
#[test]
fn waiting_takes_no_connection_of_its_own() {
    let folder = Folder::new();
    folder.write("x.wire", "@timeout 2s\n== a\nS: one\nC: 1\nS! close\n== b\nS: two\nC: 2\n");
    let client = "\"$W\" play x.wire --to $WIRELINE_ADDR --wait 5";
    let ran = run(&mut crate::transcript_child::judged(folder.path(), &["x.wire"], client));
    ran.done();
}

/// The server answers when both are there.
#[test]
fn several_files_at_a_time() {
    let folder = Folder::new();
    for name in ["a.wire", "b.wire", "c.wire"] {
        folder.write(name, "S: hello\nC: bye\n");
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let server = thread::spawn(move || {
        let mut sockets: Vec<TcpStream> = (0..3).map(|_| listener.accept().unwrap().0).collect();
        for socket in sockets.iter_mut().rev() {
            socket.write_all(b"hello\r\n").unwrap();
            drop(socket.read_to_end(&mut Vec::new()));
        }
    });
    let ran = play(&folder, &["a.wire", "b.wire", "c.wire", "--jobs", "3"], &to);
    server.join().unwrap();
    let text = ran.done().text();
    let summaries: Vec<_> = text.lines().filter(|line| line.contains("passed")).collect();
    assert_eq!(
        summaries,
        ["a.wire: 1 passed, 0 failed", "b.wire: 1 passed, 0 failed", "c.wire: 1 passed, 0 failed"]
    );
}

/// One run, three reports: a section that passed, one that failed, one that was left out.
#[test]
fn reports() {
    let folder = Folder::new();
    folder.write("good <&>.wire", "== first\nS: ok\n");
    folder.write("bad.wire", "== \"a\" <b> & #c\nS: ok <&> ]]>\n== later\nS: ok\n");
    let server =
        Scripted::start(vec![b"ok\r\n", b"no <&> ]]> \x1b\x01\xc3\xa9\xff\r\n", b"ok\r\n"]);
    let names = ["--report-junit", "j.xml", "--report-tap", "t.tap", "--report-json", "r.json"];
    let words = [&["good <&>.wire", "bad.wire"], &names[..]].concat();
    play(&folder, &words, &server.to()).failed(1, "1 of 3 sections failed");
    let read = |name: &str| String::from_utf8(folder.read(name)).expect("UTF-8");
    judge_json(&serde_json::from_str(&read("r.json")).expect("JSON"));
    judge_junit(&read("j.xml"));
    let tap = read("t.tap");
    let lines: Vec<_> = tap.lines().filter(|line| !line.starts_with('#')).collect();
    let wanted = [
        "TAP version 13",
        "1..3",
        "ok 1 - good <&>.wire: first",
        "not ok 2 - bad.wire: \"a\" <b> & \\#c",
        "ok 3 - bad.wire: later",
    ];
    assert_eq!(lines, wanted);
    assert!(tap.contains("bad.wire:2 - S: ok <&> ]]>"), "{tap}");
    // What is left out is said to be so, and older reports are replaced.
    let server = Scripted::start(vec![b"ok\r\n"]);
    let words = [&["bad.wire", "--only", "later"], &names[..]].concat();
    play(&folder, &words, &server.to()).done();
    assert!(read("t.tap").contains("\nok 1 - bad.wire: \"a\" <b> & \\#c # SKIP\n"));
    assert!(read("j.xml").contains("<skipped"));
    let json: Value = serde_json::from_str(&read("r.json")).unwrap();
    assert_eq!(json[0]["sections"][0]["outcome"], "skipped");
}

fn judge_json(json: &Value) {
    assert_eq!(json.as_array().map(Vec::len), Some(2));
    let (good, bad) = (&json[0], &json[1]);
    assert_eq!((&good["file"], &good["passed"]), (&"good <&>.wire".into(), &true.into()));
    assert_eq!((&bad["file"], &bad["passed"]), (&"bad.wire".into(), &false.into()));
    let section = &bad["sections"][0];
    assert_eq!(section["title"], "\"a\" <b> & #c");
    assert_eq!((&section["line"], &section["outcome"]), (&1.into(), &"failed".into()));
    assert!(section["seconds"].as_f64().is_some_and(|seconds| seconds >= 0.0));
    assert!(section["message"].is_string());
    let diff = section["diff"].as_str().unwrap();
    assert!(diff.contains("bad.wire:2 - S: ok <&> ]]>") && diff.contains("{{0x1b}}"), "{diff}");
    assert_eq!(bad["sections"][1]["outcome"], "passed");
    assert!(bad["sections"][1]["diff"].is_null());
}

/// Well-formed, without characters that XML 1.0 does not know, and with the right numbers.
fn judge_junit(text: &str) {
    assert!(!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{text:?}");
    let mut reader = Reader::from_str(text);
    let (mut depth, mut cases, mut failures, mut attributes) = (0, 0, 0, String::new());
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error}: {text}"));
        let (Event::Start(tag) | Event::Empty(tag)) = &event else {
            match event {
                Event::End(_) => depth -= 1,
                Event::Eof => break,
                _ => {}
            }
            continue;
        };
        depth += i32::from(matches!(event, Event::Start(_)));
        match tag.name().as_ref() {
            "testcase" => cases += 1,
            "failure" => failures += 1,
            _ => {}
        }
        for attribute in tag.attributes() {
            let attribute = attribute.unwrap_or_else(|error| panic!("{error}: {text}"));
            attributes.push_str(&attribute.value);
            attributes.push('\n');
        }
    }
    assert_eq!((depth, cases, failures), (0, 3, 1), "{text}");
    assert!(text.contains("tests=\"2\" failures=\"1\" skipped=\"0\""), "{text}");
    assert!(attributes.contains("&quot;a&quot; &lt;b&gt; &amp; #c"), "{attributes}");
    assert!(text.contains("bad.wire:2 - S: ok &lt;&amp;&gt; ]]&gt;"), "{text}");
}

/// A report that cannot be written is exit 7, and says which.
#[test]
fn a_report_that_cannot_be_written() {
    let folder = Folder::new();
    folder.write("x.wire", "S: ok\n");
    for option in ["--report-junit", "--report-tap", "--report-json"] {
        let server = Scripted::start(vec![b"ok\r\n"]);
        let ran = play(&folder, &["x.wire", option, "no/such/folder"], &server.to());
        ran.failed(7, "no/such/folder");
    }
}

/// TLS trusts nobody but whom it is told to.
#[test]
fn tls_needs_trust() {
    let folder = Folder::new();
    folder.write("x.wire", "@timeout 5s\nS! tls\nS: hello\nC: bye\n");
    let served = Served::start(&folder, &["x.wire"]);
    assert_eq!(served.ready["tls"], true);
    let to = format!("localhost:{}", served.ready["port"]);
    let ran = play(&folder, &["x.wire"], &to);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let ca = served.ready["ca"].as_str().unwrap();
    for words in [&["--cacert", ca][..], &["--add-ca", ca], &["--insecure"]] {
        play(&folder, &[&["x.wire"], words].concat(), &to).done();
    }
    let mut command: Command = command_in(folder.path(), &["play", "x.wire", "--to", &to]);
    run(command.env("SSL_CERT_FILE", ca)).done();
}
