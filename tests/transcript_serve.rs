//! `wireline serve`: the server's side of transcripts by itself, with a client to judge, and the
//! built-in server.

use crate::support::{Folder, Ran, beside, run};
use crate::transcript_child::{Served, command_in, judged};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Stdio;

const PAGE: &str = "\
@protocol http
== page
C: GET /page HTTP/1.1
C: Host: {{addr}}
C:
S: HTTP/1.1 200 OK
S: Content-Length: {{body.len}}
S:
S: hello
";

const TWO: &str =
    "@timeout 5s\n== first\nS: one\nC: 1\nS! close\n== second\nS: two\nC: 2\nS! close\n";

/// Says this, and what came until the end.
fn say(to: &str, text: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(to).expect("it listens");
    socket.write_all(text).unwrap();
    let mut heard = Vec::new();
    drop(socket.read_to_end(&mut heard));
    heard
}

/// A folder with this transcript as `x.wire`, and a client in shell, judged.
fn judge(text: &str, words: &[&str], client: &str) -> Ran {
    let folder = Folder::new();
    folder.write("x.wire", text);
    run(&mut judged(folder.path(), &[&["x.wire"], words].concat(), client))
}

#[test]
fn the_ready_line_is_json_on_standard_output_and_in_the_file() {
    let folder = Folder::new();
    folder.write("x.wire", PAGE);
    folder.write("tls.wire", "@protocol smtp\nS! tls\nS: 220 hi\nC: QUIT\n");
    std::fs::create_dir(folder.at("root")).unwrap();
    let rows: &[(&[&str], &str, bool)] = &[
        (&["x.wire"], "http", false),
        (&["tls.wire"], "smtp", true),
        (&["http"], "http", false),
        (&["http", "--tls"], "http", true),
        (&["http", "--root", "root"], "http", false),
    ];
    for (words, proto, tls) in rows {
        let served = Served::start(&folder, &[*words, &["--ready-file", "ready"]].concat());
        let ready = served.ready.clone();
        assert_eq!((&ready["proto"], &ready["tls"]), (&(*proto).into(), &(*tls).into()));
        assert_eq!(ready["addr"], "127.0.0.1");
        assert!(ready["port"].as_u64().is_some_and(|port| port > 0), "{ready}");
        assert!(ready["pid"].as_u64().is_some_and(|pid| pid > 0), "{ready}");
        let filed = folder.read("ready");
        assert!(filed.ends_with(b"}\n"), "a line");
        assert_eq!(serde_json::from_slice::<Value>(&filed).unwrap(), ready);
        let ca = ready["ca"].as_str().map(std::path::PathBuf::from);
        assert!(!tls || ca.as_ref().is_some_and(|ca| ca.exists()), "{ready}");
        let ran = served.stop();
        ran.done();
        assert_eq!(ran.text().lines().count(), 1, "{words:?}: {ran:?}");
        assert!(!ca.is_some_and(|ca| ca.exists()), "the authority goes with the run");
    }
}

#[test]
fn after_the_last_section_it_starts_over() {
    let folder = Folder::new();
    folder.write("x.wire", TWO);
    let served = Served::start(&folder, &["x.wire", "--report-json", "r.json"]);
    for _ in 0..3 {
        assert_eq!(say(&served.to(), b"1\r\n"), b"one\r\n");
        assert_eq!(say(&served.to(), b"2\r\n"), b"two\r\n");
    }
    served.stop().done();
    let report: Value = serde_json::from_slice(&folder.read("r.json")).unwrap();
    assert_eq!(report[0]["sections"].as_array().map(Vec::len), Some(6), "{report}");
    assert_eq!(report[0]["passed"], true);
}

/// Names that were bound in a round are free in the next one.
#[test]
fn every_round_has_its_own_values() {
    let folder = Folder::new();
    folder.write("x.wire", "C: I am {{who=me}}\nS: hello {{who}}\nS! close\n");
    let served = Served::start(&folder, &["x.wire"]);
    for who in ["you", "them"] {
        let heard = say(&served.to(), format!("I am {who}\r\n").as_bytes());
        assert_eq!(heard, format!("hello {who}\r\n").as_bytes());
    }
}

/// One that serves by itself tells what went wrong, too.
#[test]
fn what_a_client_did_wrong_is_shown_when_it_stops() {
    let folder = Folder::new();
    folder.write("x.wire", TWO);
    let served = Served::start(&folder, &["x.wire", "--report-json", "r.json"]);
    assert_eq!(say(&served.to(), b"7\r\n"), b"one\r\n");
    let ran = served.stop();
    let report: Value = serde_json::from_slice(&folder.read("r.json")).unwrap();
    assert_eq!(report[0]["passed"], false, "{report}");
    let told = format!("{}{}", ran.text(), ran.stderr);
    assert!(told.contains("x.wire:4 - C: 1"), "{told:?}");
}

#[test]
fn it_stops_at_the_end_of_standard_input_when_it_is_told_to() {
    let folder = Folder::new();
    folder.write("x.wire", PAGE);
    for what in ["x.wire", "http"] {
        let mut command = command_in(folder.path(), &["serve", what, "--until-eof"]);
        let mut served = Served::spawn(command.stdin(Stdio::piped()));
        assert!(
            !say(&served.to(), b"GET /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .is_empty()
                || what == "x.wire"
        );
        served.hang_up();
        served.end().done();
        // And at once where it is at its end from the beginning; otherwise only signals stop it.
        let mut command = command_in(folder.path(), &["serve", what, "--until-eof"]);
        Served::spawn(&mut command).end().done();
        let served = Served::start(&folder, &[what]);
        served.stop().done();
    }
}

/// While a connection goes on it stops all the same.
#[test]
fn it_stops_in_the_middle() {
    let folder = Folder::new();
    folder.write("x.wire", "S: one\nC: 1\n");
    let served = Served::start(&folder, &["x.wire"]);
    let mut open = TcpStream::connect(served.to()).unwrap();
    let mut heard = [0; 5];
    open.read_exact(&mut heard).unwrap();
    served.stop().done();
}

/// Each row is a transcript, a client in shell, how `serve` ends, and words on standard error.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_client_is_judged() {
    let one = "S: one\nC: 1\n";
    let rows: &[(&str, &str, &str, i32, &str)] = &[
        ("as it should", PAGE, "\"$W\" get -q http://$WIRELINE_ADDR/page", 0, ""),
        (
            "a mismatch",
            PAGE,
            "\"$W\" get -q http://$WIRELINE_ADDR/pag; true",
            1,
            "x.wire:3 - C: GET /page",
        ),
        (
            "what came",
            PAGE,
            "\"$W\" get -q http://$WIRELINE_ADDR/pag; true",
            1,
            "+ GET /pag HTTP/1.1",
        ),
        (
            "its code",
            PAGE,
            "\"$W\" get -q http://$WIRELINE_ADDR/page; exit 42",
            42,
            "the client ended with 42",
        ),
        (
            "its code first",
            PAGE,
            "\"$W\" get -q http://$WIRELINE_ADDR/pag; exit 42",
            42,
            "x.wire:3 - C: GET /page",
        ),
        ("a signal", one, "kill -KILL $$", 137, "137"),
        ("nobody came", PAGE, "true", 1, "nobody came for this section"),
        (
            "one is left",
            TWO,
            "\"$W\" play -q first.wire --to $WIRELINE_ADDR",
            1,
            "FAILED x.wire:6 second",
        ),
        (
            "one more",
            one,
            "for i in 1 2; do \"$W\" play -q one.wire --to $WIRELINE_ADDR; done; true",
            1,
            "a connection more",
        ),
        ("both", TWO, "exec \"$W\" play -q x.wire --to $WIRELINE_ADDR", 0, ""),
        (
            "times",
            "== a @times 2\nS: one\nC: 1\n== b @times *\nS: one\nC: 1\n",
            "for i in 1 2 3 4 5; do \"$W\" play -q one.wire --to $WIRELINE_ADDR || exit 9; done",
            0,
            "",
        ),
        (
            "too few times",
            "== a @times 2\nS: one\nC: 1\n",
            "exec \"$W\" play -q one.wire --to $WIRELINE_ADDR",
            1,
            "nobody came",
        ),
        ("for ever is never too few", "== a @times *\nS: one\nC: 1\n", "true", 0, ""),
    ];
    beside(rows, |(name, text, client, code, told)| {
        let folder = Folder::new();
        folder.write("x.wire", text);
        folder.write("one.wire", one);
        folder.write("first.wire", "S: one\nC: 1\nS! close\n");
        let ran = run(&mut judged(folder.path(), &["x.wire"], client));
        assert_eq!(ran.code, Some(*code), "{name}: {ran:?}");
        assert!(ran.stderr.contains(told), "{name}: {}", ran.stderr);
        if *code == 0 {
            assert_eq!(ran.stderr, "", "{name}");
        } else {
            let last = ran.stderr.lines().last().unwrap();
            assert!(last.starts_with("wireline: "), "{name}: {}", ran.stderr);
        }
    });
}

#[test]
fn a_client_that_does_not_end_is_ended() {
    let ran = judge(PAGE, &["--timeout", "0.1"], "exec sleep 60");
    ran.failed(6, "did not end in time").hinted("--timeout");
    let ran = judge("S: a\nC: b\n", &["--timeout", "0"], "exec sleep 60");
    assert!(matches!(ran.code, Some(2 | 6)), "{ran:?}");
}

/// What a client started goes with it: nothing is left behind that holds our pipes.
#[test]
fn so_is_what_it_started() {
    let ran = judge(PAGE, &["--timeout", "0.1"], "sleep 60; true");
    ran.failed(6, "did not end in time");
}

#[test]
fn the_client_gets_what_it_needs() {
    let folder = Folder::new();
    folder.write("x.wire", "== a @times *\nS: one\n");
    let client = "printf '%s\\n' \"$WIRELINE_ADDR\" \"$WIRELINE_PORT\" \"$1\"; head -1 \"$WIRELINE_CA\"; \
        cat; echo to stderr >&2";
    let mut command =
        command_in(folder.path(), &["serve", "x.wire", "--", "/bin/sh", "-c", client]);
    command.args(["sh", "-q --set"]).stdin(std::fs::File::open(folder.at("x.wire")).unwrap());
    let ran = run(&mut command);
    let text = ran.done().text();
    let lines: Vec<_> = text.lines().collect();
    let (host, port) = lines[0].split_once(':').unwrap();
    assert_eq!((host, port), ("127.0.0.1", lines[1]));
    assert_eq!(lines[2], "-q --set", "its options are its own");
    assert_eq!(lines[3], "-----BEGIN CERTIFICATE-----");
    assert_eq!(lines[4..], ["== a @times *", "S: one"], "its standard input is ours");
    assert_eq!(ran.stderr, "to stderr\n");
}

#[test]
fn tls() {
    let page = PAGE.replace("C: GET", "S! tls\nC: GET").replace("{{addr}}", "localhost:{{*=1}}");
    let get = "\"$W\" get -q https://localhost:$WIRELINE_PORT/page";
    let ran = judge(&page, &[], &format!("{get} --cacert \"$WIRELINE_CA\""));
    assert_eq!((ran.done().text(), ran.stderr.as_str()), ("hello\n".replace('\n', "\r\n"), ""));
    // A client that does not trust it, and one that does not mind.
    let ran = judge(&page, &[], get);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("FAILED x.wire:2 page"), "{}", ran.stderr);
    judge(&page, &[], &format!("{get} -k")).done();
    // In clear, where TLS was expected.
    let ran = judge(&page, &[], "\"$W\" get -q http://localhost:$WIRELINE_PORT/page; true");
    assert!(ran.failed(1, "").stderr.contains("FAILED x.wire:2 page"), "{}", ran.stderr);
}

/// A certificate that is not to be accepted: the client must leave.
#[test]
fn certificates_with_faults() {
    beside(["expired", "wrong-host", "self-signed", "abort"], |fault| {
        let text = format!("@protocol http\n@timeout 5s\nS! tls {fault}\n");
        let get = "\"$W\" get -q https://localhost:$WIRELINE_PORT/ --cacert \"$WIRELINE_CA\"";
        // The transcript is fulfilled when the client leaves; its own code is told.
        let ran = judge(&text, &[], &format!("{get}; test $? -ge 3"));
        ran.done();
        if fault == "abort" {
            return;
        }
        let ran = judge(&text, &[], &format!("{get} -k; true"));
        assert_eq!(ran.code, Some(1), "{fault}: {ran:?}");
        assert!(ran.stderr.contains("FAILED x.wire:3"), "{fault}: {}", ran.stderr);
    });
}

#[test]
fn listen() {
    let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let folder = Folder::new();
    folder.write("x.wire", PAGE);
    let ran = folder.wireline(&["serve", "x.wire", "--listen", &taken]);
    ran.failed_in_one_line(7, &format!("listening on {taken}"));
    folder.wireline(&["serve", "http", "--listen", &taken]).failed_in_one_line(7, &taken);
    for bad in ["8080", "localhost", "127.0.0.1:http", "127.0.0.1"] {
        folder.wireline(&["serve", "x.wire", "--listen", bad]).failed_in_one_line(2, "--listen");
    }
    if cfg!(target_os = "linux") {
        let served = Served::start(&folder, &["x.wire", "--listen", "127.0.0.2:0"]);
        assert_eq!(served.ready["addr"], "127.0.0.2");
        let page = format!("http://{}/page", served.to());
        assert_eq!(folder.wireline(&["get", "-q", &page]).done().text(), "hello\r\n");
    }
}

#[test]
fn what_makes_no_sense() {
    let folder = Folder::new();
    folder.write("x.wire", PAGE);
    folder.write("bad.wire", "S: a\nS! clse\n");
    let rows: &[(&[&str], &str, &str)] = &[
        (&["htp"], "there is no server \"htp\"", "http"),
        (&["gone.wire"], "\"gone.wire\"", "http"),
        (&["bad.wire"], "bad.wire:2: unknown act \"clse\"", "\"close\""),
        (&["bad.wire", "--", "true"], "bad.wire:2: unknown act \"clse\"", "\"close\""),
        (&["."], "folder", ""),
        (&[], "KIND|FILE", ""),
        (&["http", "--step-timeout", "1"], "--step-timeout", ""),
        (&["smtp", "--login", "alice"], "--login takes USER:PASS", ""),
        (&["x.wire", "--tls"], "S! tls", ""),
        (&["x.wire", "--root", "."], "--root", ""),
        (&["http", "--root", "gone"], "--root gone", ""),
        (&["proxy", "--tls"], "--tls and --over are not for proxies", ""),
        (&["socks", "--root", "."], "--root is for servers of files", ""),
        (&["x.wire", "--", "./no-such-program"], "./no-such-program", ""),
        (&["x.wire", "--set", "a"], "--set takes name=value", ""),
        (&["x.wire", "--secret", "hunter2"], "--secret takes name=value", ""),
    ];
    beside(rows, |(words, why, hint)| {
        let ran = folder.wireline(&[&["serve"], *words].concat());
        ran.failed(2, why);
        assert!(hint.is_empty() || ran.hinted(hint).code == Some(2));
        assert!(ran.stdout.is_empty() && !ran.stderr.contains("hunter2"), "{ran:?}");
    });
}

/// They let anyone in, unless `--login` says otherwise.
#[test]
fn proxies_are_served_too() {
    let folder = Folder::new();
    let asked = b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nConnection: close\r\n\r\n";
    let refused = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let rows: &[(&[&str], &[u8], &[u8])] = &[
        (&["proxy", "--login", "a:b"], asked, b"HTTP/1.1 407 Proxy Authentication Required\r\n"),
        (&["proxy"], refused, b"HTTP/1.1 400 Bad Request\r\n"),
        (
            &["socks", "--login", "a:b"],
            b"\x05\x02\x00\x02\x01\x01a\x01b\x05\x02\x00\x01\0\0\0\0\0\0",
            b"\x05\x02\x01\x00\x05\x07",
        ),
        (&["socks"], b"\x05\x01\x00\x05\x02\x00\x01\0\0\0\0\0\0", b"\x05\x00\x05\x07"),
    ];
    for (words, said, heard) in rows {
        let served = Served::start(&folder, words);
        let answer = say(&served.to(), said);
        assert!(answer.starts_with(heard), "{words:?}: {}", answer.escape_ascii());
        let ran = served.stop();
        let told = ran.done().stderr.contains("the client broke the protocol");
        assert_eq!(told, said.starts_with(b"GET"), "{words:?}: {}", ran.stderr);
    }
}

/// A mistake that everybody makes once: the name of the real server.
#[test]
fn a_mismatch_on_host_names_the_hole_that_helps() {
    let text = PAGE.replace("{{addr}}", "www.example.com");
    let ran = judge(&text, &[], "\"$W\" get -q http://$WIRELINE_ADDR/page; true");
    ran.failed(1, "");
    assert!(ran.stderr.contains("x.wire:4 - C: Host: www.example.com"), "{}", ran.stderr);
    let hint = ran.stderr.lines().find(|line| line.starts_with("  hint: "));
    assert!(hint.is_some_and(|hint| hint.contains("{{addr}}")), "{}", ran.stderr);
}

/// What the file says of a client's value and secret, told and learnt.
#[test]
fn values_and_secrets() {
    let text =
        "@set user=alice\n@secret pass\nC: {{user}} {{auth.plain}}\nS: ok {{room=1}}\nC: bye\n";
    let client = "exec \"$W\" play x.wire --to $WIRELINE_ADDR --set user=bob --secret pass=sesame";
    let rows: &[(&[&str], i32)] = &[
        (&["--set", "user=bob"], 0),
        (&["--set", "user=bob", "--secret", "pass=sesame"], 0),
        (&["--set", "user=bob", "--secret", "pass=other"], 1),
        (&["--set", "user=eve", "--secret", "pass=sesame"], 1),
        (&["--vars", "vars"], 0),
    ];
    beside(rows, |(words, code)| {
        let folder = Folder::new();
        folder.write("x.wire", text);
        folder.write("vars", "user=bob\n");
        let ran = run(&mut judged(folder.path(), &[&["x.wire"], *words].concat(), client));
        assert_eq!(ran.code, Some(*code), "{words:?}: {ran:?}");
        assert!(!ran.stderr.contains("pass=other"), "{words:?}: {ran:?}");
    });
}

/// The same three reports as `play`.
#[test]
fn reports_of_a_client() {
    let folder = Folder::new();
    folder.write("x.wire", TWO);
    folder.write("first.wire", "S: one\nC: 1\nS! close\n");
    let words = ["x.wire", "--report-junit", "j", "--report-tap", "t", "--report-json", "r"];
    let client = "exec \"$W\" play -q first.wire --to $WIRELINE_ADDR";
    let ran = run(&mut judged(folder.path(), &words, client));
    ran.failed(1, "1 of 2 sections failed");
    let tap = String::from_utf8(folder.read("t")).unwrap();
    assert!(tap.contains("\nok 1 - x.wire: first\nnot ok 2 - x.wire: second\n"), "{tap}");
    let junit = String::from_utf8(folder.read("j")).unwrap();
    assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
    let json: Value = serde_json::from_slice(&folder.read("r")).unwrap();
    let outcomes: Vec<_> = json[0]["sections"].as_array().unwrap().iter().collect();
    assert_eq!(outcomes[0]["outcome"], "passed");
    assert_eq!((&outcomes[1]["outcome"], &outcomes[1]["line"]), (&"failed".into(), &6.into()));
}

#[test]
fn only_one_section_is_served() {
    let folder = Folder::new();
    folder.write("x.wire", TWO);
    let client = "exec \"$W\" play -q x.wire --only second --to $WIRELINE_ADDR";
    run(&mut judged(folder.path(), &["x.wire", "--only", "second"], client)).done();
    let ran = folder.wireline(&["serve", "x.wire", "--only", "thrid", "--", "true"]);
    ran.failed(2, "\"thrid\"");
}

#[test]
fn the_built_in_server() {
    let folder = Folder::new();
    std::fs::create_dir(folder.at("root")).unwrap();
    folder.write("root/page.txt", "a page\n");
    let served = Served::start(&folder, &["http", "--root", "root"]);
    let to = served.to();
    let get = |path: &str| folder.wireline(&["get", "-q", &format!("http://{to}{path}")]);
    assert_eq!(get("/page.txt").done().stdout, b"a page\n");
    assert_eq!(get("/bytes/10").done().stdout.len(), 10);
    assert_eq!(get("/gone").code, Some(1));
    assert_eq!(get("/../x.wire").code, Some(1));
    served.stop().done_in_silence();
    let served = Served::start(&folder, &["http", "--tls", "--root", "root"]);
    let page = format!("https://localhost:{}/page.txt", served.ready["port"]);
    let ca = served.ready["ca"].as_str().unwrap();
    let ran = folder.wireline(&["get", "-q", &page, "--cacert", ca]);
    assert_eq!(ran.done().stdout, b"a page\n");
    assert_eq!(folder.wireline(&["get", "-q", &page]).code, Some(4));
    served.stop().done_in_silence();
}

/// Each file has a port of its own, and is judged by itself.
#[test]
fn several_files_are_served_at_once() {
    let folder = Folder::new();
    folder.write("a.wire", "@timeout 5s\n== a\nS: one\nC: 1\nS! close\n");
    folder.write("b.wire", "@timeout 5s\n== b\nS: two\nC: 2\nS! close\n");
    let client = |second: &str| {
        let play = "\"$W\" play -q --to";
        format!(
            "{play} \"$WIRELINE_ADDR\" a.wire && {play} \"127.0.0.1:$WIRELINE_PORT_2\" {second} && \
             test \"$WIRELINE_ADDR_2\" = \"127.0.0.1:$WIRELINE_PORT_2\""
        )
    };
    let words = ["a.wire", "b.wire"];
    let ran = run(&mut judged(folder.path(), &words, &client("b.wire")));
    assert_eq!(ran.done().stderr, "");
    let ran = run(&mut judged(folder.path(), &words, &client("b.wire; true")));
    ran.done();
    let only_first = format!("{}; true", client("a.wire"));
    let ran = run(&mut judged(folder.path(), &words, &only_first));
    ran.failed(1, "1 of 2 sections failed");
    assert!(ran.stderr.contains("b.wire:4"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("PASSED"), "{}", ran.stderr);
    let ran = folder.wireline(&["serve", "a.wire", "b.wire", "--listen", "127.0.0.1:9"]);
    ran.failed(2, "port 0");
    let ran = folder.wireline(&["serve", "a.wire", "missing.wire"]);
    ran.failed(2, "no such file").hinted("http");
    let ran = folder.wireline(&["serve", "a.wire", "--timeout", "5"]);
    ran.failed(2, "--timeout").hinted("--step-timeout");
}

/// The limit of a step is the file's own, or `--step-timeout`.
#[test]
fn a_step_has_its_own_limit() {
    let folder = Folder::new();
    folder.write("x.wire", "S: one\nC: 1\n");
    let words = ["x.wire", "--step-timeout", "0.05"];
    let silent = "exec 3<>/dev/tcp/127.0.0.1/$WIRELINE_PORT; cat <&3 >&2";
    let mut command = judged(folder.path(), &words, &format!("bash -c '{silent}'"));
    let ran = run(&mut command);
    ran.failed(1, "");
    assert!(ran.stderr.contains("x.wire:2"), "{}", ran.stderr);
}

/// A client behind `--` is run against the built-in servers too; its code is ours.
#[test]
fn a_client_runs_against_built_in_servers() {
    let folder = Folder::new();
    let send = "\"$W\" send -q --from a@x.test --to b@x.test -d hi smtp://$WIRELINE_ADDR";
    let collect =
        "WIRELINE_PASSWORD=wonderland \"$W\" mail pop3://alice@127.0.0.1:$WIRELINE_PORT_2";
    let talk = "bash -c '";
    let rows: &[(&[&str], String, i32)] = &[
        (&["mail"], format!("{send} && {collect} | grep -q ' 1 '"), 0),
        (&["mail", "--login", "bob:x1234"], collect.to_owned(), 1),
        (&["mail", "--root", "box"], format!("{send} && ls box/new | grep -q wireline"), 0),
        (&["smtp"], send.replace("b@x.test", "rcpt550@x.test"), 1),
        (&["http"], "\"$W\" get -q http://$WIRELINE_ADDR/status/404".to_owned(), 1),
        (&["http"], "exit 7".to_owned(), 7),
        (
            &["ftp"],
            format!(
                "{talk}exec 3<>/dev/tcp/127.0.0.1/$WIRELINE_PORT; read -r a <&3; case $a in 220*) printf \"QUIT\\r\\n\" >&3;; *) exit 1;; esac'"
            ),
            0,
        ),
        (
            &["telnet"],
            format!(
                "{talk}exec 3<>/dev/tcp/127.0.0.1/$WIRELINE_PORT; read -r a <&3; case $a in *Welcome*) ;; *) exit 1;; esac'"
            ),
            0,
        ),
        (
            &["hello"],
            format!(
                "{talk}exec 3<>/dev/tcp/127.0.0.1/$WIRELINE_PORT; printf \"Bob\\r\\nexit\\r\\n\" >&3; cat <&3 | grep -q \"Hello, Bob!\"'"
            ),
            0,
        ),
    ];
    for (words, client, code) in rows {
        let ran = run(&mut judged(folder.path(), words, client));
        assert_eq!(ran.code, Some(*code), "{words:?} {client}: {ran:?}");
    }
    let ran = run(&mut judged(folder.path(), &["smtp", "--timeout", "0.1"], "exec sleep 60"));
    ran.failed(6, "did not end in time");
    let rude = "printf \"MAIL FROM:nobody\\r\\nQUIT\\r\\n\" >&3; cat <&3";
    let rude = format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/$WIRELINE_PORT; {rude}'");
    let ran = run(&mut judged(folder.path(), &["smtp"], &rude));
    assert!(ran.stderr.contains("the client broke the protocol"), "{ran:?}");
}

/// The handshake's bytes are nobody's text, however early they come.
#[test]
fn a_telnet_dialogue_begins_with_tls() {
    let folder = Folder::new();
    let file =
        "@protocol telnet\n@timeout 3s\n== t @times 20\nS! tls\nS: hello\nC: bye\nS! close\n";
    folder.write("x.wire", file);
    let play = "\"$W\" play -q x.wire --to localhost:$WIRELINE_PORT --cacert \"$WIRELINE_CA\"";
    let client = format!("i=0; while [ $i -lt 20 ]; do {play} || exit 1; i=$((i+1)); done");
    run(&mut judged(folder.path(), &["x.wire"], &client)).done();
}
