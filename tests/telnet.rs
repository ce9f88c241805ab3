//! `wireline telnet` from a pipe and by scripts, against transcripts and against devices that do one
//! odd thing each. ftp-telnet edges 40 to 50; hostile.md rows 173, 186 to 190.

use crate::support::{Folder, Ran, beside, run, wireline, wireline_after};
use crate::transcript_child::judged;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::thread::{self, JoinHandle};

/// A device that does this with its one caller.
fn device<T: Send + 'static>(
    does: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    (addr, thread::spawn(move || does(listener.accept().unwrap().0)))
}

/// Hears all that the caller says, and only then says this.
fn hears_all(says: &'static [u8]) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    device(move |mut socket| {
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).unwrap();
        socket.write_all(says).unwrap();
        heard
    })
}

/// Says this at once, hears the rest, and closes.
fn says(text: &'static [u8]) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    device(move |mut socket| {
        socket.write_all(text).unwrap();
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).ok();
        heard
    })
}

/// `printf INPUT | wireline telnet ADDR WORDS`
fn piped(input: &str, addr: SocketAddr, words: &[&str]) -> Ran {
    let mut command = wireline_after(&format!("printf '{input}' > in; exec < in"));
    let folder = Folder::new();
    command.current_dir(folder.path()).args(["telnet", &addr.to_string()]).args(words);
    run(&mut command)
}

fn scripted(addr: SocketAddr, words: &[&str]) -> Ran {
    run(wireline()
        .env("WIRELINE_PASSWORD", "s3cret-pass")
        .args(["telnet", &addr.to_string()])
        .args(words))
}

/// What is piped in arrives as lines of Telnet, what comes back is text with LF.
#[test]
fn a_pipe() {
    let rows: [(&str, &[u8], &[u8], &str); 6] = [
        ("status\\n", b"ok\r\n", b"status\r\n", "ok\n"),
        ("a\\r\\nb\\n", b"a\r\n\r\nb", b"a\r\nb\r\n", "a\n\nb"),
        ("no end", b"10%\r\x0020%\r\n", b"no end", "10%\r20%\n"),
        ("\\377\\r", b"\xff\xff\xff\xf1", b"\xff\xff\r\0", "\u{fffd}"),
        ("", b"", b"", ""),
        ("x\\n", b"\xff\xfa\x18\x01\xff\xf0y", b"x\r\n", "y"),
    ];
    beside(rows, |(input, says, wanted, text)| {
        let (addr, heard) = hears_all(says);
        let ran = piped(input, addr, &[]);
        assert_eq!(ran.done_in_silence().text(), text, "{input}");
        assert_eq!(heard.join().unwrap(), wanted, "{input}");
    });
}

/// A megabyte each way at once; neither side waits for the other.
#[test]
fn both_sides_talk_at_once() {
    const LINES: usize = 60_000;
    let (addr, heard) = device(|mut socket| {
        let mut reader = socket.try_clone().unwrap();
        let reader = thread::spawn(move || {
            let mut heard = Vec::new();
            reader.read_to_end(&mut heard).unwrap();
            heard.len()
        });
        socket.write_all(&b"sixteen letters\r\n".repeat(LINES)).unwrap();
        reader.join().unwrap()
    });
    let folder = Folder::new();
    folder.write("in", b"sixteen letters\n".repeat(LINES));
    let mut command = wireline_after("exec < in");
    let ran = run(command.current_dir(folder.path()).args(["telnet", &addr.to_string()]));
    assert_eq!(heard.join().unwrap(), LINES * 17);
    assert!(ran.done_in_silence().stdout == b"sixteen letters\n".repeat(LINES));
}

/// Binary has no lines (RFC 856).
#[test]
fn binary_stays_as_it_is() {
    let (addr, _) = hears_all(b"\xff\xfb\x00a\r\nb\r\0\xff\xff");
    assert_eq!(piped("", addr, &[]).done_in_silence().stdout, b"a\r\nb\r\0\xff");
}

/// Where we send binary a CR ends a line, as on a terminal: CR LF would be two.
#[test]
fn lines_in_binary() {
    let (addr, heard) = says(b"\xff\xfd\x00> ");
    let words = ["--expect", "> ", "--send", "a", "--send-raw", "b\\r\\n", "--send", ""];
    assert_eq!(piped("", addr, &words).done_in_silence().text(), "> ");
    assert_eq!(heard.join().unwrap(), b"\xff\xfb\x00a\rb\r\n\r");

    let (agreed, may_type) = std::sync::mpsc::channel();
    let (addr, heard) = device(move |mut socket| {
        socket.write_all(b"\xff\xfd\x00").unwrap();
        let mut heard = vec![0; 3];
        socket.read_exact(&mut heard).unwrap();
        agreed.send(()).unwrap();
        socket.read_to_end(&mut heard).unwrap();
        heard
    });
    let mut command = wireline();
    command.args(["telnet", &addr.to_string()]).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    may_type.recv().unwrap();
    child.stdin.take().unwrap().write_all(b"a\nb\r\n").unwrap();
    assert_eq!(heard.join().unwrap(), b"\xff\xfb\x00a\rb\r");
    assert!(child.wait().unwrap().success());
}

/// A reader that leaves is no failure; nor is a device that closes before it has heard all.
#[test]
fn somebody_leaves() {
    let (addr, _) = device(|mut socket| while socket.write_all(&[b'x'; 4096]).is_ok() {});
    let mut command = std::process::Command::new("/bin/sh");
    let line = format!("{{ \"$W\" telnet {addr} </dev/null; echo $? >&2; }} | head -c 10");
    let ran = run(command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("W", env!("CARGO_BIN_EXE_wireline"))
        .args(["-c", &line]));
    assert_eq!((ran.text().as_str(), ran.stderr.as_str()), ("xxxxxxxxxx", "0\n"));

    let (addr, gone) = device(|mut socket| {
        let mut some = [0; 5];
        socket.read_exact(&mut some).unwrap();
        socket.write_all(b"bye\r\n").unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).ok();
    });
    let mut command = wireline_after("exec < in");
    let folder = Folder::new();
    folder.write("in", "exit\n".repeat(3));
    let ran = run(command.current_dir(folder.path()).args(["telnet", &addr.to_string()]));
    assert_eq!(ran.done().text(), "bye\n");
    gone.join().unwrap();
}

/// Every way to name the device, and those that are none.
#[test]
fn targets() {
    for form in ["ADDR", "telnet://ADDR", "telnet://ADDR/", "telnet://guest@ADDR/"] {
        let (addr, _) = hears_all(b"hi\r\n");
        let target = form.replace("ADDR", &addr.to_string());
        let ran = run(wireline().args(["telnet", &target]));
        assert_eq!(ran.done_in_silence().text(), "hi\n", "{form}");
    }
    let rows: &[(&[&str], &str)] = &[
        (&["telnet://h/path"], "no path"),
        (&["http://h/"], "scheme"),
        (&["h", "--json"], "--json"),
        (&["h", "--on", "a=b"], "--on"),
        (&["h", "--expect-re", "("], "--expect-re"),
        (&["h", "--expect", ""], "--expect"),
        (&["h", "--expect-glob", "[a"], "--expect-glob"),
        (&["h", "--send-raw", "\\q"], "--send-raw"),
        (&["h", "--expect", "a", "--on", "x"], "--on"),
        (&["h", "--send-password"], "password"),
        (&["h", "--prompt", "x"], "--login"),
    ];
    for (words, why) in rows {
        run(wireline().arg("telnet").args(*words)).failed(2, why);
    }
}

/// A login in a transcript: the options, the questions, the password, which nobody sees.
const LOGIN: &str = "@wire 1\n@protocol telnet\n@secret pass\n== login\n\
    S= {{IAC DO TTYPE}}{{IAC WILL ECHO}}\nC= {{IAC WILL TTYPE}}{{IAC DO ECHO}}\n\
    S= {{IAC SB TTYPE SEND IAC SE}}\nC= {{IAC SB TTYPE IS}}UNKNOWN{{IAC SE}}\n\
    S= vm login:{{SP}}\nC: admin\nS: admin\nS= Password:{{SP}}\nC: {{pass}}\n\
    S:\nS: Last login: Tue\nS= R1#{{SP}}\nC: show version\nS: show version\n\
    S: uptime is 12 days, 3 hours\nS= --More--\nC= {{SP}}\nS: {{CR}}serial {{0x1b}}[1mX7{{0x1b}}[0m\n\
    S= R1#{{SP}}\nC: exit\nC! half-close\nS: bye\nS! close\n";

const SHOW: &str = "--login admin --prompt '# $' --on '--More--= ' --send 'show version' \
    --expect-re 'uptime is (?<days>[0-9]+) days, ([0-9]+) hours' --expect-re 'serial (.*)\r\n' \
    --expect-re '# $' --send exit";

#[test]
fn a_script() {
    let text = "vm login: admin\nPassword: \nLast login: Tue\nR1# show version\n\
        uptime is 12 days, 3 hours\n--More--\rserial X7\nR1# bye\n";
    for (words, wanted) in [("", text), ("-q", "12\n3\nX7\n")] {
        let folder = Folder::new();
        folder.write("a.wire", LOGIN);
        let client = format!("\"$W\" telnet $WIRELINE_ADDR {words} {SHOW} > out");
        let mut command =
            judged(folder.path(), &["a.wire", "--secret", "pass=s3cret-pass"], &client);
        let ran = run(command.env("WIRELINE_PASSWORD", "s3cret-pass"));
        ran.done();
        assert_eq!(String::from_utf8(folder.read("out")).unwrap(), wanted, "{words}");
    }
}

#[test]
fn a_script_in_json() {
    let folder = Folder::new();
    folder.write("a.wire", LOGIN);
    let client = format!("\"$W\" telnet $WIRELINE_ADDR --json {SHOW} > out");
    let mut command = judged(folder.path(), &["a.wire", "--secret", "pass=s3cret-pass"], &client);
    run(command.env("WIRELINE_PASSWORD", "s3cret-pass")).done();
    let line: serde_json::Value = serde_json::from_slice(&folder.read("out")).unwrap();
    assert_eq!((&line["tls"], &line["error"]), (&false.into(), &serde_json::Value::Null));
    let matches = line["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 4, "{line}");
    assert_eq!(matches[0]["captures"], serde_json::json!({ "days": "12", "2": "3" }));
    assert_eq!(matches[1]["captures"], serde_json::json!({ "1": "X7" }));
    assert_eq!(matches[3]["before"], "bye\n");
}

/// `-v` and `--record` write a transcript that passes `check`, serves its client again, and shows no
/// secret.
#[test]
fn a_recording() {
    let folder = Folder::new();
    folder.write("a.wire", LOGIN);
    let client = format!("\"$W\" telnet $WIRELINE_ADDR -v --record b.wire {SHOW}");
    let mut command = judged(folder.path(), &["a.wire", "--secret", "pass=s3cret-pass"], &client);
    let ran = run(command.env("WIRELINE_PASSWORD", "s3cret-pass"));
    assert!(!ran.done().stderr.contains("s3cret"), "{ran:?}");
    let recorded = String::from_utf8(folder.read("b.wire")).unwrap();
    assert!(recorded.contains("C: {{pass}}\n") && !recorded.contains("s3cret"), "{recorded}");
    assert!(recorded.contains("S= {{IAC DO TTYPE}}{{IAC WILL ECHO}}\n"), "{recorded}");
    assert!(ran.stderr.contains("C: show version\n"), "{ran:?}");
    folder.wireline(&["check", "b.wire"]).done();
    let client = format!("\"$W\" telnet $WIRELINE_ADDR {SHOW}");
    let mut command = judged(folder.path(), &["b.wire", "--secret", "pass=s3cret-pass"], &client);
    run(command.env("WIRELINE_PASSWORD", "s3cret-pass")).done();
}

/// hostile.md row 190: a step that never matches shows the last 200 bytes, escaped; an end before a
/// match is another code; what came is on standard output.
#[test]
fn steps_that_fail() {
    let long = format!("{}TAIL\x1b\r\n", "x".repeat(500));
    let text: &'static [u8] = Box::leak(long.into_bytes().into_boxed_slice());
    let (addr, _) = says(text);
    let ran = scripted(addr, &["--expect", "never", "--timeout", "0.3"]);
    ran.failed_in_one_line(6, "step 1, --expect \"never\"").hinted("--timeout");
    assert!(ran.stderr.contains("TAIL") && !ran.stderr.contains(&"x".repeat(201)), "{ran:?}");
    assert!(ran.text().starts_with("xxx"), "{ran:?}");

    let (addr, _) = device(|mut socket| socket.write_all(b"sorry\r\n").unwrap());
    let ran = scripted(addr, &["--expect", "login:"]);
    ran.failed_in_one_line(5, "closed the connection; it had said \"sorry");
    assert_eq!(ran.text(), "sorry\n");

    let (addr, _) = device(|mut socket| socket.write_all(b"a\xff\xfa\x18").unwrap());
    scripted(addr, &["--expect", "login:"]).failed(5, "");

    let (addr, _) = says(b"Password: ");
    let ran = scripted(
        addr,
        &["--expect", "word: ", "--send-password", "--expect", "#", "--timeout", "0.3"],
    );
    ran.failed_in_one_line(6, "step 3");

    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    scripted(nobody, &["--expect", "x"]).failed(3, "refused");
}

/// A device that echoes the password: not in messages, not in JSON.
#[test]
fn an_echoed_secret_is_masked() {
    let (addr, _) = says(b"Password: s3cret-pass ");
    let words = ["--send-password", "--expect", "#", "--timeout", "0.3", "--json"];
    let ran = scripted(addr, &words);
    ran.failed(6, "...");
    assert!(!ran.stderr.contains("s3cret") && !ran.text().contains("s3cret"), "{ran:?}");
}

/// A refused login is exit 1, in the device's words.
#[test]
fn a_refused_login() {
    for answer in
        [&b"\r\nLogin incorrect\r\nlogin: "[..], b"\r\n% Bad passwords\r\n", b"\r\nPassword: "]
    {
        let (addr, _) = device(move |mut socket| {
            let mut some = [0; 100];
            for question in [&b"Username: "[..], b"Password: ", answer] {
                socket.write_all(question).unwrap();
                assert!(socket.read(&mut some).unwrap() > 0 || question == answer);
            }
        });
        let ran = scripted(addr, &["--login", "bob", "--prompt", "[$#] $", "--timeout", "5"]);
        ran.failed_in_one_line(1, "the login was refused");
    }
}

/// TLS from the first byte, both ways to ask for it; a device in clear is no TLS device.
#[test]
fn tls() {
    for words in
        ["telnets://$WIRELINE_ADDR", "--tls $WIRELINE_ADDR", "--tls telnet://$WIRELINE_ADDR"]
    {
        let folder = Folder::new();
        folder
            .write("a.wire", "@wire 1\n@protocol tcp\n== x\nS! tls\nC: status\nS: ok\nS! close\n");
        let client = format!("echo status | \"$W\" telnet --cacert \"$WIRELINE_CA\" {words} > out");
        let ran = run(&mut judged(folder.path(), &["a.wire"], &client));
        ran.done();
        assert_eq!(folder.read("out"), b"ok\n", "{words}");
    }
    let (addr, _) = says(b"\xff\xfd\x18login: ");
    scripted(addr, &["--tls", "--expect", "x"]).failed(4, "");
}

/// A login in clear to another machine goes out, with one warning.
#[test]
fn a_login_in_clear_warns_once() {
    let Some(own) = crate::support::own_address() else { return };
    let listener = TcpListener::bind((own, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut socket = listener.accept().unwrap().0;
        socket.write_all(b"Password: ").unwrap();
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).ok();
    });
    let ran = scripted(addr, &["--expect", "word: ", "--send-password"]);
    assert_eq!(
        ran.done().stderr.matches("warning: the login goes out in clear").count(),
        1,
        "{ran:?}"
    );
}
