//! `wireline telnet` by hand: at a terminal, which it must leave as it found it, in whatever way the
//! session ends. hostile.md rows 173, 186, 187.

use crate::support::{Folder, beside, happens, wireline};
use crate::telnet_support::{PATIENCE, Port, Terminal, position};
use rustix::process::Signal;
use std::time::Duration;
use wireline_servers::telnet::{Options, Server, text};

/// The device echoes, character by character.
const CHARACTERS: &[u8] = b"\xff\xfb\x01\xff\xfb\x03";
const AGREED: [&[u8]; 2] = [b"\xff\xfd\x01", b"\xff\xfd\x03"];

/// A session in which each key goes out as it is typed.
#[track_caller]
fn session(words: &[&str]) -> (Terminal, crate::telnet_support::Device) {
    let port = Port::open();
    let addr = port.addr().to_string();
    let mut all = vec![addr.as_str()];
    all.extend(words);
    let mut terminal = Terminal::telnet(&all);
    let mut device = port.device();
    device.says(CHARACTERS);
    for answer in AGREED {
        device.hears(answer);
    }
    device.says("ready\r\n");
    terminal.sees("ready\r\n");
    terminal.becomes_raw();
    (terminal, device)
}

/// Whoever ends it: the code says how it ended, and the terminal is as it was (`Terminal::ends`).
#[test]
fn the_terminal_comes_back() {
    let rows = [
        ("close", 0),
        ("close, typed ahead", 0),
        ("the device closes", 0),
        ("the device closes within a command", 0),
        ("the device closes within a subnegotiation", 0),
        ("the device resets", 5),
        ("SIGTERM", 143),
        ("SIGHUP", 129),
        ("SIGINT", 130),
        ("SIGQUIT", 131),
        ("SIGTERM at the prompt", 143),
    ];
    beside(rows, |(end, code)| {
        let (mut terminal, mut device) = session(&[]);
        match end {
            "close" => {
                terminal.escapes();
                terminal.types("close\r");
            }
            "close, typed ahead" => terminal.types("\x1dclose\r"),
            "the device closes" => drop(device),
            "the device closes within a command" => {
                device.says(b"x\xff\xfd");
                drop(device);
            }
            "the device closes within a subnegotiation" => {
                device.says(b"\xff\xfd\x18\xff\xfa\x18\x01");
                device.hears(b"\xff\xfb\x18");
                drop(device);
            }
            "the device resets" => device.resets(),
            "SIGHUP" => terminal.signal(Signal::HUP),
            "SIGINT" => terminal.signal(Signal::INT),
            "SIGQUIT" => terminal.signal(Signal::QUIT),
            "SIGTERM at the prompt" => {
                terminal.escapes();
                terminal.signal(Signal::TERM);
            }
            _ => terminal.signal(Signal::TERM),
        }
        assert_eq!(terminal.ends(), code, "{end}");
    });
}

/// Keys go out one by one; those of the terminal's signals too, which are the device's now.
#[test]
fn keys_go_out_one_by_one() {
    let (mut terminal, mut device) = session(&[]);
    for key in ["x", "\x03", "\x1a", "\x1c", "\x04", "\x7f", "\x1b[A", "\u{e9}"] {
        terminal.types(key);
        let before = device.hears(key);
        assert!(before.is_empty(), "{key:?} behind {before:?}");
    }
    terminal.types("\r");
    device.hears(b"\r");
    device.says("\r\nseen\r\n");
    assert_eq!(terminal.sees("seen\r\n"), "\r\n", "the device echoes, not we");
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// A device that asks for nothing: lines end as RFC 854 says, what is typed shows, once.
#[test]
fn a_device_without_options() {
    let port = Port::open();
    let mut terminal = Terminal::telnet(&[&port.addr().to_string()]);
    let mut device = port.device();
    device.says("name? ");
    terminal.sees("name? ");
    terminal.types("joe\r");
    assert_eq!(device.hears("joe\r\n"), b"", "nothing is negotiated unasked on an odd port");
    device.says("hello\r\n");
    assert_eq!(terminal.sees("hello").matches("joe").count(), 1);
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// A device's options hold for the text behind them, though both come at once: what is typed at a
/// question is hidden or shown from its first key on.
#[test]
fn the_echo_is_off_before_the_question_is_shown() {
    let port = Port::open();
    let mut terminal = Terminal::telnet(&[&port.addr().to_string()]);
    let mut device = port.device();
    for turn in 0..20 {
        device.says(b"\xff\xfb\x01Password: ");
        terminal.sees("Password: ");
        terminal.types("wonderland\r");
        device.hears("wonderland\r\n");
        device.says(b"\xff\xfc\x01\r\nname? ");
        assert_eq!(terminal.sees("name? "), "\r\n", "turn {turn}");
        terminal.types("joe\r");
        terminal.sees("joe\r\n");
        device.hears("joe\r\n");
    }
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// 0xFF is doubled, whoever types it.
#[test]
fn the_byte_255_is_doubled() {
    let (mut terminal, mut device) = session(&["--encoding", "latin1"]);
    terminal.types("\u{ff}!");
    assert_eq!(device.hears("!"), b"\xff\xff");
    device.says(b"\xff\xff.");
    assert_eq!(terminal.sees("."), "\u{ff}");
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// RFC 1073: the size is told when it is asked for, and when it changes; a byte of 255 is doubled.
#[test]
fn the_window_is_told() {
    let (mut terminal, mut device) = session(&[]);
    device.says(b"\xff\xfd\x1f");
    device.hears(b"\xff\xfb\x1f");
    device.hears(b"\xff\xfa\x1f\0\x50\0\x18\xff\xf0");
    let sizes: [(u16, u16, &[u8]); 3] = [
        (132, 43, b"\0\x84\0\x2b"),
        (255, 24, b"\0\xff\xff\0\x18"),
        (300, 511, b"\x01\x2c\x01\xff\xff"),
    ];
    for (columns, rows, told) in sizes {
        terminal.resize(columns, rows);
        let before = device.hears([&b"\xff\xfa\x1f"[..], told, b"\xff\xf0"].concat());
        assert!(before.is_empty(), "{before:?}");
    }
    device.says(b"\xff\xfe\x1f");
    device.hears(b"\xff\xfc\x1f");
    terminal.resize(80, 24);
    assert!(device.hears_nothing_for(Duration::from_millis(200)), "the device does not want it");
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// A window that changes while the prompt is shown is told all the same.
#[test]
fn the_window_changes_at_the_prompt() {
    let (mut terminal, mut device) = session(&[]);
    device.says(b"\xff\xfd\x1f");
    device.hears(b"\xff\xfa\x1f\0\x50\0\x18\xff\xf0");
    terminal.escapes();
    terminal.resize(100, 30);
    terminal.types("\r");
    device.hears(b"\xff\xfa\x1f\0\x64\0\x1e\xff\xf0");
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// One loop, no thread for the keyboard.
#[test]
fn one_thread() {
    let (mut terminal, device) = session(&[]);
    let tasks = format!("/proc/{}/task", terminal.child.id());
    assert_eq!(std::fs::read_dir(tasks).unwrap().count(), 1);
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// It waits, it does not spin: a session in which nothing happens costs nothing, with nothing to
/// say on either side, and when the terminal has more to say than the device takes.
#[test]
fn silence_costs_nothing() {
    let ticks = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let (mut terminal, device) = session(&[]);
    let before = ticks(terminal.child.id());
    assert!(!happens(Duration::from_millis(700), || false));
    let spent = ticks(terminal.child.id()) - before;
    assert!(spent <= 3, "{spent} ticks of 10 ms in 700 ms of silence");
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// By hand against a whole server: a login with a hidden password, the terminal and the window, a
/// pager. The server knows of no rule that was broken.
#[test]
fn a_session_by_hand() {
    for drip in [None, Some((1, Duration::from_micros(200)))] {
        let server = Server::start(Options { drip, ..Options::default() }).unwrap();
        let mut terminal = Terminal::telnet(&[&server.addr().to_string()]);
        terminal.sees("login: ");
        terminal.types("alice\r");
        terminal.sees("Password: ");
        terminal.types("wonderland\r");
        terminal.sees("$ ");
        terminal.types("show\r");
        assert_eq!(terminal.sees("xterm 80x24").matches("show").count(), 1);
        terminal.sees("$ ");
        terminal.resize(132, 43);
        assert!(
            happens(PATIENCE, || server
                .negotiation()
                .iter()
                .any(|one| one.text() == "SB NAWS 0 132 0 43")),
            "{:?}",
            server.negotiation()
        );
        terminal.types("show\r");
        terminal.sees("xterm 132x43");
        terminal.sees("$ ");
        terminal.types("long 60\r");
        terminal.sees("--More--");
        // The device does not echo, so lines are edited here.
        terminal.types("q\r");
        terminal.sees("$ ");
        terminal.types("exit\r");
        terminal.sees("logout");
        assert_eq!(terminal.ends(), 0);
        let screen = String::from_utf8(terminal.screen()).unwrap();
        assert!(!screen.contains("wonderland"), "{screen}");
        assert!(server.wait_end(0, PATIENCE));
        assert_eq!(server.violations(), []);
    }
}

/// A megabyte onto the terminal, in lines.
#[test]
fn much_text() {
    let server = Server::start(Options { login: None, ..Options::default() }).unwrap();
    let mut terminal = Terminal::telnet(&[&server.addr().to_string()]);
    terminal.sees("$ ");
    terminal.types("big 1000000\r");
    terminal.sees("big 1000000");
    terminal.sees("\n");
    let wanted = String::from_utf8(text(1_000_000)).unwrap();
    let seen = terminal.sees("$ ");
    assert!(seen.contains("\r\n"), "the terminal is raw, so lines end in CR LF");
    assert_eq!(seen.replace('\r', "").trim_end(), wanted.replace('\r', "").trim_end());
    terminal.types("exit\r");
    assert_eq!(terminal.ends(), 0);
}

/// The prompt behind ^]: each command leads back to the session or says why not.
#[test]
fn the_prompt() {
    let (mut terminal, mut device) = session(&[]);
    let peer = device.socket.local_addr().unwrap().to_string();
    terminal.escapes();
    terminal.types("help\r");
    for command in ["close", "status", "send", "record", "help"] {
        assert!(
            happens(PATIENCE, || {
                let screen = terminal.screen();
                position(&screen, format!("\n{command}").as_bytes()).is_some()
                    || position(&screen, format!(" {command}").as_bytes()).is_some()
            }),
            "no {command} in {}",
            String::from_utf8_lossy(&terminal.screen())
        );
    }
    back(&mut terminal, &mut device);

    terminal.escapes();
    terminal.types("status\r");
    terminal.sees(peer.split(':').next().unwrap());
    back(&mut terminal, &mut device);

    for nonsense in ["nonsense", "send nonsense", "send", "record", "close now", "\u{e9}\u{1f600}"]
    {
        terminal.escapes();
        terminal.types(format!("{nonsense}\r"));
        back(&mut terminal, &mut device);
    }

    terminal.escapes();
    terminal.types("\r");
    back(&mut terminal, &mut device);
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// What is typed reaches the device again, at once or after an empty line at the prompt.
#[track_caller]
fn back(terminal: &mut Terminal, device: &mut crate::telnet_support::Device) {
    device.says("(again)");
    terminal.sees("(again)");
    if !happens(Duration::from_millis(500), || terminal.is_raw()) {
        terminal.types("\r");
        terminal.becomes_raw();
    }
    terminal.types("!");
    let before = device.hears("!");
    assert!(before.is_empty(), "{}", before.escape_ascii());
}

/// RFC 854's functions of the keyboard.
#[test]
fn commands_are_sent() {
    let rows = [
        ("ayt", 246),
        ("brk", 243),
        ("ip", 244),
        ("ao", 245),
        ("ec", 247),
        ("el", 248),
        ("nop", 241),
        ("AYT", 246),
    ];
    beside(rows, |(name, code)| {
        let (mut terminal, mut device) = session(&[]);
        terminal.escapes();
        terminal.types(format!("send {name}\r"));
        let before = device.hears([255, code]);
        assert!(before.is_empty(), "{name}: {before:?}");
        back(&mut terminal, &mut device);
        drop(device);
        assert_eq!(terminal.ends(), 0);
    });
}

/// The prompt records, the file is a transcript.
#[test]
fn a_record_from_the_prompt() {
    let folder = Folder::new();
    let port = Port::open();
    let mut command = wireline();
    command.env("TERM", "xterm").current_dir(folder.path());
    command.args(["telnet", &port.addr().to_string()]);
    let mut terminal = Terminal::of(command);
    let mut device = port.device();
    device.says("before\r\n");
    terminal.sees("before");
    terminal.escapes();
    terminal.types("record session.wire\r");
    back_in_lines(&mut terminal, &mut device);
    device.says("recorded\r\n");
    terminal.sees("recorded");
    drop(device);
    assert_eq!(terminal.ends(), 0);
    let recorded = String::from_utf8(folder.read("session.wire")).unwrap();
    assert!(recorded.contains("recorded"), "{recorded}");
    folder.wireline(&["check", "session.wire"]).done();
}

#[track_caller]
fn back_in_lines(terminal: &mut Terminal, device: &mut crate::telnet_support::Device) {
    device.says("(again)");
    terminal.sees("(again)");
    terminal.types("status\r");
    device.hears("status\r\n");
}

/// hostile.md row 173: what sets the title or the clipboard, or makes the terminal answer, stays out;
/// colours, the cursor and the text between stay. `--raw-terminal` passes all.
#[test]
fn dangerous_sequences() {
    let rows: [&[u8]; 24] = [
        b"\x1b]0;title\x07",
        b"\x1b]2;title\x1b\\",
        b"\x1b]52;c;cm0gLXJm\x07",
        b"\x1b]52;p;?\x1b\\",
        b"\x1b]4;1;?\x07",
        b"\x1b]10;?\x1b\\",
        b"\x1b]1337;File=name=eA==:eA==\x07",
        b"\x1b]777;notify;a;b\x07",
        b"\x1b[c",
        b"\x1b[>c",
        b"\x1b[=c",
        b"\x1b[0c",
        b"\x1b[5n",
        b"\x1b[6n",
        b"\x1b[?6n",
        b"\x1b[21t",
        b"\x1b[18t",
        b"\x1b[x",
        b"\x1b[>q",
        b"\x1b[?2004$p",
        b"\x1bZ",
        b"\x1bP$qm\x1b\\",
        b"\x1b_apc\x1b\\",
        b"\x1b^pm\x1b\\",
    ];
    let harmless = "\x1b[1;31mred\x1b[0m\x1b[2J\x1b[3;4H\x1b[K\x1b(B\x1b7\x1b8\x1b[?25h";
    for raw in [false, true] {
        let port = Port::open();
        let addr = port.addr().to_string();
        let words: &[&str] = if raw { &[&addr, "--raw-terminal"] } else { &[&addr] };
        let mut terminal = Terminal::telnet(words);
        let mut device = port.device();
        for row in rows {
            device.says(b"<");
            // Cut at every byte: a filter must not need the whole.
            for byte in row {
                device.says([*byte]);
            }
            device.says(b">|");
            let seen = terminal.sees(">|");
            let wanted = if raw { row } else { b"" };
            let wanted = format!("<{}", String::from_utf8_lossy(wanted));
            assert_eq!(seen, wanted, "{}", row.escape_ascii());
        }
        device.says(format!("{harmless}|"));
        assert_eq!(terminal.sees("|"), harmless);
        drop(device);
        assert_eq!(terminal.ends(), 0);
    }
}

/// The same in one byte a control (C1, ECMA-48), where the host's text is such; ENQ asks for the
/// answerback.
#[test]
fn dangerous_bytes() {
    let rows: [(&[u8], &[&str]); 5] = [
        (b"<\x9d0;title\x07>", &["--encoding", "latin1"]),
        (b"<\x9bc>", &["--encoding", "latin1"]),
        (b"<\x9b6n>", &["--encoding", "windows-1252"]),
        (b"<\xc2\x9d0;title\xc2\x9c>", &[]),
        (b"<\x05>", &[]),
    ];
    beside(rows, |(said, words)| {
        let (mut terminal, mut device) = session(words);
        device.says(said);
        device.says("|");
        let seen = terminal.sees("|");
        for unsafe_one in ['\u{9d}', '\u{9b}', '\u{5}', '\u{90}'] {
            assert!(!seen.contains(unsafe_one), "{seen:?} of {}", said.escape_ascii());
        }
        drop(device);
        assert_eq!(terminal.ends(), 0);
    });
}

/// A title without an end does not swallow the session.
#[test]
fn a_title_without_an_end() {
    let (mut terminal, mut device) = session(&[]);
    device.says(b"\x1b]0;");
    device.says(vec![b'x'; 100_000]);
    device.says("\x07\r\nprompt> ");
    terminal.sees("prompt> ");
    device.says(b"\x1b]0;unfinished\x1b[1mbold|");
    terminal.sees("bold|");
    drop(device);
    assert_eq!(terminal.ends(), 0);
}

/// The device's own encoding, both ways, cut anywhere.
#[test]
fn encodings() {
    let rows: [(&str, &str, &[u8]); 4] = [
        ("latin1", "\u{e9}t\u{e9}", b"\xe9t\xe9"),
        ("koi8-r", "\u{434}\u{430}", b"\xc4\xc1"),
        ("shift_jis", "\u{65e5}\u{672c}", b"\x93\xfa\x96\x7b"),
        ("utf-8", "\u{20ac}", "\u{20ac}".as_bytes()),
    ];
    beside(rows, |(label, text, bytes)| {
        let (mut terminal, mut device) = session(&["--encoding", label]);
        for byte in bytes {
            device.says([*byte]);
            assert!(!happens(Duration::from_millis(5), || false), "each byte on its own");
        }
        device.says("|");
        assert_eq!(terminal.sees("|"), text, "{label}");
        for byte in text.as_bytes() {
            terminal.types([*byte]);
        }
        terminal.types("|");
        assert_eq!(device.hears("|"), bytes, "{label}");
        drop(device);
        assert_eq!(terminal.ends(), 0);
    });
}

/// A device that does not read: signals still work, and typing does not fill the memory.
#[test]
fn a_device_that_does_not_read() {
    let (mut terminal, device) = session(&[]);
    terminal.types("x".repeat(2000));
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ends(), 143);
    drop(device);
}

/// The window is closed: the program goes with it, and does not spin on a dead terminal.
#[test]
fn the_line_is_cut() {
    let (terminal, device) = session(&[]);
    let mut child = terminal.hangs_up();
    let ended = happens(PATIENCE, || child.try_wait().unwrap().is_some());
    if !ended {
        child.kill().unwrap();
    }
    assert!(ended, "it lives on without a terminal");
    drop(device);
}

/// Nobody there: the terminal was never touched, the line says why.
#[test]
fn nobody_there() {
    let addr = Port::open().addr().to_string();
    let mut terminal = Terminal::telnet(&[&addr]);
    terminal.sees("refused");
    assert_eq!(terminal.ends(), 3);
}

/// Messages at the end begin at the left edge, behind what the device left of a line.
#[test]
fn the_last_line_is_readable() {
    let (mut terminal, mut device) = session(&[]);
    device.says("half a line");
    terminal.sees("half a line");
    device.resets();
    let before = terminal.sees("wireline: ");
    assert!(before.ends_with("\r\n"), "{before:?}");
    assert_eq!(terminal.ends(), 5);
}
