//! Hosts that break Telnet: floods, subnegotiations without an end, commands cut anywhere, ends in the
//! middle. Memory stays bounded, the text behind it arrives, and each is answered at most once a
//! change. hostile.md rows 23, 186, 187; ftp-telnet edges 40 to 47.

use crate::support::{Folder, Ran, beside, happens, run, run_within, wireline, wireline_after};
use crate::telnet_support::{Device, PATIENCE, Port, peak_memory};
use std::io::{Read, Write};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

const MIB: u64 = 1 << 20;

/// `wireline telnet WORDS` with such a device, and an input without an end: behind the half-close
/// nothing could be answered.
fn piped<T: Send>(words: &[&str], does: impl FnOnce(Device) -> T + Send) -> (Ran, T) {
    let port = Port::open();
    let mut command = wireline();
    command.args(["telnet", &port.addr().to_string()]).args(words).stdin(Stdio::piped());
    thread::scope(|scope| {
        let done = scope.spawn(|| does(port.device()));
        let ran = run(&mut command);
        (ran, done.join().unwrap())
    })
}

/// What is odd, and the text that is left of it. Sent whole and a byte at a time.
#[test]
fn odd_streams() {
    let rows: [(&[u8], &str); 21] = [
        (b"a\xff\xf1b", "ab"),
        (b"a\xff\xf9b\xff\xf2c", "abc"),
        (b"a\xff\xef\xff\xeeb", "ab"),
        (b"a\xff\0b", "ab"),
        (b"a\r\xff\xf1\nb", "a\nb"),
        (b"a\r\xff\xfd\x18\nb", "a\nb"),
        (b"a\r\0b", "a\rb"),
        (b"a\r\n\r\nb\r", "a\n\nb\r"),
        (b"\xff\xfa\x18\x01\xff\xf0a", "a"),
        (b"\xff\xfa\xff\xf0a", "a"),
        (b"\xff\xfa\x18\xff\xf0a", "a"),
        (b"\xff\xfa\xc8junk\xff\xff\xff\xf0a", "a"),
        // Nested: the inner SE ends both, the outer's is a stray.
        (b"\xff\xfa\x18\x01\xff\xfa\x18\x01\xff\xf0\xff\xf0a", "a"),
        // A command within: the subnegotiation is broken, what follows counts.
        (b"\xff\xfa\x18\x01\xff\xf0\xff\xf0a\xff\xf0b", "ab"),
        (b"\xff\xfb\x01\xff\xfc\x01\xff\xfb\x01a", "a"),
        (b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0a", "a"),
        (b"\xff\xfd\x1f\xff\xfa\x1f\x00\xff\xf0a", "a"),
        (b"\xff\xfd\x27\xff\xfa\x27\x01\x02\x02\x02\xff\xf0a", "a"),
        (b"\xff\xfd\x2a\xff\xfa\x2a\x01\xff\xf0a", "a"),
        (b"\xff\xfd\x22\xff\xfa\x22\x02\xff\xfd\x01a\xff\xf0b", "ab"),
        (b"\xff\xfd\xff\xff\xfb\xffa", "a"),
    ];
    beside(rows, |(said, wanted)| {
        let (whole, _) = piped(&[], |mut device| {
            device.says(said);
            device.closes();
        });
        assert_eq!(whole.done_in_silence().text(), wanted, "{}", said.escape_ascii());
        let (bytewise, _) = piped(&[], |mut device| {
            for byte in said {
                device.says([*byte]);
                assert!(!happens(Duration::from_millis(3), || false), "a segment of its own");
            }
            device.closes();
        });
        assert_eq!(bytewise.done_in_silence().text(), wanted, "{}", said.escape_ascii());
    });
}

/// One answer to each, none to a repetition of what is so: RFC 1143.
#[test]
fn floods_are_answered_once_a_change() {
    const TIMES: usize = 20_000;
    let rows: [(&[u8], usize); 8] = [
        // The first changes the state, the others repeat it.
        (b"\xff\xfb\x01", 3),
        (b"\xff\xfb\x03", 3),
        (b"\xff\xfd\x00", 3),
        (b"\xff\xfc\x01", 0),
        (b"\xff\xfe\x18", 0),
        // Each toggle is a change.
        (b"\xff\xfb\x01\xff\xfc\x01", 6 * TIMES),
        // Each is refused.
        (b"\xff\xfd\xc8", 3 * TIMES),
        (b"\xff\xfa\x27\x01\xff\xf0", 0),
    ];
    beside(rows, |(said, most)| {
        let (ran, heard) = piped(&[], |device| {
            let mut writer = device.socket.try_clone().unwrap();
            let flood = said.repeat(TIMES);
            thread::scope(|scope| {
                scope.spawn(move || {
                    writer.write_all(&flood).unwrap();
                    writer.write_all(b"over\r\n").unwrap();
                    writer.shutdown(std::net::Shutdown::Write).unwrap();
                });
                device.hears_the_end().len()
            })
        });
        assert_eq!(ran.done_in_silence().text(), "over\n");
        assert!(heard <= most, "{heard} bytes, not {most}, to {}", said.escape_ascii());
    });
}

/// Much of what makes no sense: the memory of the client does not grow with it, and the text behind it
/// arrives.
#[test]
fn bounded_memory() {
    type Stream = (&'static str, &'static [u8], &'static [u8], &'static [u8]);
    let rows: [Stream; 6] = [
        ("a subnegotiation", b"\xff\xfa\x18", b"x", b"\xff\xf0"),
        ("subnegotiations in another", b"", b"\xff\xfa\x18", b"\xff\xf0"),
        ("one with doubled bytes", b"\xff\xfa\x18", b"\xff\xff", b"\xff\xf0"),
        ("subnegotiations", b"", b"\xff\xfa\x18\x00x\xff\xf0", b""),
        ("data marks", b"", b"\xff\xf2", b""),
        ("questions about the terminal", b"\xff\xfd\x18", b"\xff\xfa\x18\x01\xff\xf0", b""),
    ];
    beside(rows, |(what, begin, again, end)| {
        let port = Port::open();
        let mut child = wireline()
            .args(["telnet", &port.addr().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut device = port.device();
        // The answers are read, or none would be left to ask for.
        let mut reader = device.socket.try_clone().unwrap();
        let reader = thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        let piece = again.repeat((1 << 20) / again.len());
        device.says(begin);
        for _ in 0..24 {
            device.says(&piece);
        }
        device.says(end);
        device.says("in sync\r\n");
        let _input = child.stdin.take();
        let mut stdout = child.stdout.take().unwrap();
        let mut text = [0; 8];
        stdout.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"in sync\n", "{what}");
        let peak = peak_memory(&child).expect("it lives");
        assert!(peak < 24 * MIB, "{what}: {peak} bytes");
        device.socket.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{what}");
        drop(device);
        reader.join().unwrap().ok();
    });
}

/// A device that asks and asks and never reads the answers: the memory is bounded, the client lives,
/// and a step still ends in time.
#[test]
fn answers_that_nobody_reads() {
    let port = Port::open();
    let mut child = wireline()
        .args(["telnet", &port.addr().to_string(), "--timeout", "2", "--expect", "never"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let device = port.device();
    let mut writer = device.socket.try_clone().unwrap();
    writer.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let flood = b"\xff\xfd\xc8".repeat(1 << 17);
    let mut peak = 0;
    while let Some(now) = peak_memory(&child) {
        peak = peak.max(now);
        if writer.write_all(&flood).is_err() {
            break;
        }
    }
    assert!((1..24 * MIB).contains(&peak), "{peak} bytes");
    let ended = happens(PATIENCE, || child.try_wait().unwrap().is_some());
    if !ended {
        child.kill().unwrap();
    }
    assert!(ended, "the step has no end");
    assert_eq!(child.wait().unwrap().code(), Some(6));
    drop(device);
}

/// A pager without an end: `--on` answers it, and the step still ends in its time.
#[test]
fn questions_without_an_end() {
    let port = Port::open();
    let mut command = wireline();
    command.args(["telnet", &port.addr().to_string(), "--timeout", "1"]);
    command.args(["--on", "--More--= ", "--expect", "never"]);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut device = port.device();
            let mut answer = [0; 16];
            while device.socket.write_all(b"--More--").is_ok()
                && device.socket.read(&mut answer).is_ok_and(|count| count > 0)
            {}
        });
        let ran = run_within(Duration::from_secs(5), &mut command);
        ran.failed_in_one_line(6, "--expect \"never\"");
    });
}

/// Text without an end and without a match, in a script: a ring of a MiB, and the time holds.
#[test]
fn text_that_never_matches() {
    let port = Port::open();
    let mut child = wireline()
        .args(["telnet", &port.addr().to_string(), "--timeout", "2", "--expect-re", "(a+)+\\$"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let device = port.device();
    let mut writer = device.socket.try_clone().unwrap();
    writer.set_write_timeout(Some(PATIENCE)).unwrap();
    let writer = thread::spawn(move || while writer.write_all(&[b'a'; 65536]).is_ok() {});
    let end = Duration::from_secs(6);
    let mut peak = 0;
    let ended = happens(end, || {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        peak = peak.max(peak_memory(&child).unwrap_or(0));
        false
    });
    if !ended {
        child.kill().unwrap();
    }
    assert!(ended, "a step of two seconds lasts longer than six");
    assert!((1..32 * MIB).contains(&peak), "{peak} bytes");
    assert_eq!(child.wait().unwrap().code(), Some(6));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains(&"a".repeat(100)) && !said.contains(&"a".repeat(201)), "{said}");
    drop(device);
    writer.join().unwrap();
}

/// How it ends when the device does not say goodbye, in a pipe and in a script.
#[test]
fn ends() {
    type End = fn(Device);
    let rows: [(&str, End, &[&str], i32); 8] = [
        ("an end", |mut device| device.says("x"), &[], 0),
        ("within a command", |mut device| device.says(b"x\xff\xfd"), &[], 0),
        ("within a subnegotiation", |mut device| device.says(b"x\xff\xfa\x18\x01"), &[], 0),
        ("at once", |device| drop(device), &[], 0),
        (
            "reset",
            |mut device| {
                device.says("x");
                device.resets();
            },
            &[],
            5,
        ),
        ("an end in a step", |mut device| device.says("x"), &["--expect", "y"], 5),
        ("reset in a step", |device| device.resets(), &["--expect", "y"], 5),
        (
            "an end behind the last step",
            |mut device| {
                device.says("y");
                drop(device);
            },
            &["--expect", "y"],
            0,
        ),
    ];
    beside(rows, |(what, end, words, code)| {
        let port = Port::open();
        // The input has no end, so nothing but the device's end is judged.
        let mut command = wireline();
        command.args(["telnet", &port.addr().to_string()]).args(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let mut device = port.device();
        device.says(b"\xff\xfd\x18");
        device.hears(b"\xff\xfb\x18");
        end(device);
        let ended = happens(PATIENCE, || child.try_wait().unwrap().is_some());
        if !ended {
            child.kill().unwrap();
        }
        assert!(ended, "{what}: it waits for its input");
        drop(input);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{what}: {said}");
        assert!(!said.contains("panicked"), "{what}: {said}");
    });
}

/// What is piped in is data, not Telnet: 255 is doubled, in whatever encoding; nothing of it can ask
/// for an option.
#[test]
fn input_is_data() {
    let rows: [(&[u8], &[&str], &[u8]); 5] = [
        (b"\xff\xfd\x18\n", &[], b"\xff\xff\xfd\x18\r\n"),
        (b"\xff\xf4", &[], b"\xff\xff\xf4"),
        ("\u{ff}\u{e9}\n".as_bytes(), &["--encoding", "latin1"], b"\xff\xff\xe9\r\n"),
        (b"a\rb\n", &[], b"a\r\0b\r\n"),
        (b"\0\n", &[], b"\0\r\n"),
    ];
    for (input, words, wanted) in rows {
        let port = Port::open();
        let folder = Folder::new();
        folder.write("in", input);
        let mut command = wireline_after("exec < in");
        command.current_dir(folder.path());
        command.args(["telnet", &port.addr().to_string()]).args(words);
        thread::scope(|scope| {
            let heard = scope.spawn(|| port.device().hears_the_end());
            run(&mut command).done_in_silence();
            let heard = heard.join().unwrap();
            assert_eq!(heard, wanted, "{}", input.escape_ascii());
        });
    }
}

/// The device's encoding in a pipe and in a script: standard output is UTF-8, patterns and what is
/// sent are too.
#[test]
fn encodings() {
    let port = Port::open();
    let mut command = wireline();
    let words = ["--encoding", "shift_jis", "--expect", "\u{65e5}\u{672c}> ", "--send", "\u{672c}"];
    command.args(["telnet", &port.addr().to_string()]).args(words);
    thread::scope(|scope| {
        let heard = scope.spawn(|| {
            let mut device = port.device();
            for byte in b"\x93\xfa\x96\x7b> " {
                device.says([*byte]);
            }
            device.hears(b"\x96\x7b\r\n");
            device.closes();
        });
        let ran = run(&mut command);
        assert_eq!(ran.done_in_silence().text(), "\u{65e5}\u{672c}> ");
        heard.join().unwrap();
    });
    let (ran, ()) = piped(&["--encoding", "latin1"], |mut device| {
        device.says(b"\xe9\xff\xff\r\n");
        device.closes();
    });
    assert_eq!(ran.done_in_silence().text(), "\u{e9}\u{ff}\n");
}
