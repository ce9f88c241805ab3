//! What `wireline telnet` tells a host of the machine that it runs on: what was typed, and nothing of
//! the environment, however the host asks; and START_TLS, which is done or ends all. hostile.md rows
//! 24, 188, 189.

use crate::support::{Folder, beside, run, wireline};
use crate::telnet_support::{Port, Terminal, position};
use crate::transcript_child::judged;
use std::process::{Command, Stdio};
use std::thread;

/// None of these may be heard by a host.
const CANARIES: [(&str, &str); 14] = [
    ("USER", "canary-user"),
    ("LOGNAME", "canary-logname"),
    ("HOME", "/canary-home"),
    ("SHELL", "/bin/canary-shell"),
    ("DISPLAY", "canary-display:0"),
    ("LANG", "canary-lang"),
    ("PATH", "/usr/bin:/bin:/canary-path"),
    ("EMAIL", "canary@canary-email"),
    ("HOSTNAME", "canary-host"),
    ("PRINTER", "canary-printer"),
    ("JOB", "canary-job"),
    ("ACCT", "canary-acct"),
    ("SYSTEMTYPE", "canary-systemtype"),
    ("CANARY", "canary-value"),
];

/// All that RFC 1572 lets a host ask, and what else tells of a machine: X-DISPLAY-LOCATION, the old
/// ENVIRON, SEND-LOCATION, AUTHENTICATION, ENCRYPT, TERMINAL-SPEED.
fn curious() -> Vec<u8> {
    let mut asks = Vec::new();
    for option in [39, 35, 36, 23, 37, 38, 32, 24] {
        asks.extend([255, 253, option]);
    }
    let names: Vec<u8> = CANARIES
        .iter()
        .flat_map(|(name, _)| [b"\0", name.as_bytes(), b"\x03", name.as_bytes()].concat())
        .collect();
    for wanted in [&b""[..], b"\0", b"\x03", b"\0\x03", b"\x03\0", &names] {
        for option in [39, 36] {
            asks.extend([&[255, 250, option, 1], wanted, &[255, 240]].concat());
        }
    }
    for option in [35, 23, 37, 32, 24] {
        asks.extend([255, 250, option, 1, 255, 240]);
    }
    asks
}

fn with_canaries(command: &mut Command) -> &mut Command {
    command.envs(CANARIES)
}

/// The one variable that is told is the user of the URL, in a pipe, in a script, by hand.
#[test]
fn the_environment_stays_at_home() {
    let rows: [(&str, &[&str], Option<&str>); 5] = [
        ("HOST", &[], None),
        ("telnet://HOST/", &[], None),
        ("telnet://joe@HOST/", &[], Some("joe")),
        ("telnet://j%C3%B6e%ff@HOST", &[], Some("j\u{f6}e")),
        ("telnet://joe@HOST", &["--expect", "done", "--send", "bye"], Some("joe")),
    ];
    for by_hand in [false, true] {
        beside(rows, |(target, words, user)| {
            let port = Port::open();
            let target = target.replace("HOST", &port.addr().to_string());
            let mut command = wireline();
            with_canaries(&mut command).args(["telnet", &target]).args(words).stdin(Stdio::piped());
            let device = || {
                let mut device = port.device();
                device.says(curious());
                device.says("done\r\n");
                // The answers to the questions are in front of the answer to this one.
                device.says(b"\xff\xfd\xf0");
                let mut heard = device.hears(b"\xff\xfc\xf0");
                device.socket.shutdown(std::net::Shutdown::Write).unwrap();
                heard.extend(device.hears_the_end());
                heard
            };
            let heard = if by_hand {
                if target.contains("%ff") || !words.is_empty() {
                    return;
                }
                command.env("TERM", "xterm-test");
                let mut terminal = Terminal::of(command);
                let heard = device();
                assert_eq!(terminal.ends(), 0);
                heard
            } else {
                command.env("TERM", "canary-term");
                if target.contains("%ff") {
                    // No name at all can be made of this, or the byte is passed on: never the machine's.
                    run(&mut command).failed(2, "");
                    return;
                }
                thread::scope(|scope| {
                    let heard = scope.spawn(device);
                    run(&mut command).done();
                    heard.join().unwrap()
                })
            };
            assert!(position(&heard, b"canary").is_none(), "{}", heard.escape_ascii());
            let told = user.map(|user| [b"\0USER\x01", user.as_bytes(), b"\xff\xf0"].concat());
            match told {
                Some(told) => {
                    assert!(position(&heard, &told).is_some(), "{}", heard.escape_ascii());
                }
                None => {
                    assert!(position(&heard, b"USER\x01").is_none(), "{}", heard.escape_ascii())
                }
            }
        });
    }
}

/// hostile.md row 189: what nobody here can do is refused, once.
#[test]
fn refused_options() {
    let port = Port::open();
    let mut command = wireline();
    // An input without an end: behind the half-close nothing could be answered.
    command.args(["telnet", &port.addr().to_string()]).stdin(Stdio::piped());
    thread::scope(|scope| {
        let ran = scope.spawn(|| run(&mut command));
        let mut device = port.device();
        for option in [2, 4, 23, 35, 36, 37, 38, 46, 47, 49, 69, 85, 86, 200, 201, 255] {
            // An option of 255 is no escape.
            device.says([255, 253, option, 255, 251, option]);
            let before = device.hears([255, 252, option, 255, 254, option]);
            assert!(before.is_empty(), "{option}: {}", before.escape_ascii());
        }
        drop(device);
        ran.join().unwrap().done_in_silence();
    });
}

/// `--start-tls`: both orders, and the dialogue goes on behind the handshake.
#[test]
fn start_tls() {
    let sections = [
        "S= {{IAC DO 0x2e}}\nC= {{IAC WILL 0x2e}}{{IAC SB 0x2e 0x01 IAC SE}}\n\
         S= {{IAC SB 0x2e 0x01 IAC SE}}\nS! tls\n",
        "C= {{IAC WILL 0x2e}}\nS= {{IAC DO 0x2e}}\nC= {{IAC SB 0x2e 0x01 IAC SE}}\n\
         S= {{IAC SB 0x2e 0x01 IAC SE}}\nS! tls\n",
    ];
    for section in sections {
        for words in ["< in", "--expect 'name: ' --send status"] {
            let folder = Folder::new();
            folder.write("in", "status\n");
            folder.write(
                "a.wire",
                format!(
                    "@wire 1\n@protocol telnet\n== x\n{section}S= name:{{{{SP}}}}\nC: status\n\
                     S: well\nS! close\n"
                ),
            );
            let client = format!(
                "\"$W\" telnet --start-tls --cacert \"$WIRELINE_CA\" $WIRELINE_ADDR {words} > out"
            );
            let ran = run(&mut judged(folder.path(), &["a.wire"], &client));
            ran.done();
            assert_eq!(folder.read("out"), b"name: well\n", "{words}");
        }
    }
}

/// Nothing that was to be said goes out in clear: refused, closed, no certificate, injected text.
#[test]
fn start_tls_or_nothing() {
    let agreed = "C= {{IAC WILL 0x2e}}\nS= {{IAC DO 0x2e}}\nC= {{IAC SB 0x2e 0x01 IAC SE}}\n\
                  S= {{IAC SB 0x2e 0x01 IAC SE}}\n";
    let rows = [
        ("C= {{IAC WILL 0x2e}}\nS= {{IAC DONT 0x2e}}login:\nC! close\n".to_owned(), 8),
        ("C= {{IAC WILL 0x2e}}\nS! close\n".to_owned(), 8),
        (format!("{agreed}S! tls self-signed\n"), 4),
        (format!("{agreed}S! tls wrong-host\n"), 4),
        (format!("{agreed}S! tls abort\n"), 4),
        (format!("{agreed}S: injected\nC! close\n"), 8),
    ];
    beside(rows, |(lines, code)| {
        let folder = Folder::new();
        folder.write("in", "s3cret\n");
        folder.write("a.wire", format!("@wire 1\n@protocol telnet\n== x\n{lines}"));
        let client = "\"$W\" telnet --start-tls --cacert \"$WIRELINE_CA\" $WIRELINE_ADDR < in > out; \
                      echo $? > code";
        let ran = run(&mut judged(folder.path(), &["a.wire"], client));
        let found = String::from_utf8(folder.read("code")).unwrap();
        assert_eq!(found.trim(), code.to_string(), "{lines}: {ran:?}");
        assert_eq!(ran.code, Some(0), "the device heard what it should: {lines}: {ran:?}");
        assert_eq!(folder.read("out"), b"", "{lines}");
    });
}

/// hostile.md row 24, and an encoding that nobody knows: nobody is called.
#[test]
fn refused_before_a_call() {
    // Nobody listens there: whoever calls is exit 3.
    let addr = Port::open().addr();
    let rows: [Vec<String>; 6] = [
        vec![format!("telnet://{addr}/%ff%fa")],
        vec![format!("telnet://a%0d%0ab@{addr}")],
        vec![format!("telnet://a%00b@{addr}")],
        vec![format!("telnet://{addr}/?x")],
        vec![addr.to_string(), "--encoding".into(), "klingon".into()],
        vec![addr.to_string(), "--tls".into(), "--start-tls".into()],
    ];
    for words in rows {
        let ran = run(wireline().arg("telnet").args(&words));
        assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
    }
}

/// `--record` writes the dialogue in its order, so the transcript passes `check`.
#[test]
fn start_tls_recorded() {
    let folder = Folder::new();
    folder.write(
        "a.wire",
        "@wire 1\n@protocol telnet\n== x\nC= {{IAC WILL 0x2e}}\nS= {{IAC DO 0x2e}}\n\
         C= {{IAC SB 0x2e 0x01 IAC SE}}\nS= {{IAC SB 0x2e 0x01 IAC SE}}\nS! tls\nS: hello\nS! close\n",
    );
    let client = "\"$W\" telnet --start-tls --cacert \"$WIRELINE_CA\" $WIRELINE_ADDR --record b.wire \
                  --expect hello";
    run(&mut judged(folder.path(), &["a.wire"], client)).done();
    let recorded = String::from_utf8(folder.read("b.wire")).unwrap();
    let place = |what: &str| recorded.find(what).unwrap_or_else(|| panic!("no {what}: {recorded}"));
    assert!(place("S= {{IAC SB 0x2e 0x01 IAC SE}}") < place("S! tls"), "{recorded}");
    folder.wireline(&["check", "b.wire"]).done();
}
