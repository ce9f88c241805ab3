//! Expect and send: alternatives, deadlines, the end, bounds, both sides talking at once.

use crate::support::{LONG, PATHS, Server, script, until, with_peer};
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::time::{Duration, Instant};
use wireline_telnet::{
    Alternative, Command, Error, Limits, LineEnd, Notice, Received, Session, Settings, Side,
    TelnetOption, Transcode, Wait,
};
use wireline_wire::{Secret, Sink};

const LOGIN: &str = "S= {{IAC WILL ECHO}}
C= {{IAC DO ECHO}}
S= router login:{{SP}}
C: guest
S= Password:{{SP}}
C: secret
S: Welcome, last login was 12 days ago
S= R1{{IAC NOP}}#{{SP}}
C: show
S= one--More--
C= {{SP}}
S: two
S= R1#{{SP}}
C: exit
S! close
";

fn literal(text: &str) -> Alternative {
    Alternative::literal(text).unwrap()
}

fn regex(pattern: &str) -> Alternative {
    Alternative::regex(pattern).unwrap()
}

/// A whole script: prompts, a secret, a capture, a pager, the end as a branch. Commands of Telnet
/// are nowhere in the text.
#[test]
fn a_login() {
    for split in PATHS {
        let server = Server::start(script(LOGIN), split);
        let mut session = server.session(Settings::default());
        assert_eq!(session.read_until("ogin: ", LONG).unwrap(), b"router login: ");
        session.send_line("guest", LineEnd::CrLf).unwrap();
        let found = session.expect(&[literal("denied"), regex("(?i)pass.*: ")], LONG).unwrap();
        assert_eq!((found.alternative, found.before.as_slice()), (1, &b""[..]));
        session.send_secret("pass", &Secret::from("secret"), LineEnd::CrLf).unwrap();
        let ago = [regex(r"(?<days>\d+) days ago\s+"), Alternative::glob("*nonsense").unwrap()];
        let found = session.expect(&ago, LONG).unwrap();
        assert_eq!(found.named("days"), Some(&b"12"[..]));
        assert_eq!(found.before, b"Welcome, last login was ");
        session.expect(&[literal("R1# ")], LONG).unwrap();
        session.send_line("show", LineEnd::CrLf).unwrap();
        let pages = [literal("--More--"), regex(r"R1# ")];
        let mut shown = Vec::new();
        loop {
            let found = session.expect(&pages, LONG).unwrap();
            shown.extend(found.before);
            match found.alternative {
                0 => session.send(" ").unwrap(),
                _ => break,
            }
        }
        assert_eq!(shown, b"onetwo\r\n");
        session.send_line("exit", LineEnd::CrLf).unwrap();
        let end = [literal("never"), Alternative::timed_out(), Alternative::ended()];
        assert_eq!(session.expect(&end, LONG).unwrap().alternative, 2);
        assert!(session.has_ended() && session.is_on(Side::Him, TelnetOption::ECHO));
        server.finish(&format!("split {split:?}"));
    }
}

/// hostile.md row 190: the deadline of a step is absolute, whatever drips in, and the error has
/// the last 200 bytes, escaped.
#[test]
fn a_step_that_never_matches() {
    let (mut session, peer) = with_peer(Settings::default(), Limits::default(), |mut socket| {
        socket.write_all(&[&[b'a'; 300][..], b"\x1b[0m\r\n"].concat()).unwrap();
        while socket.write_all(b".").is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    session.expect(&[literal("\r\n")], LONG).unwrap();
    let limit = Duration::from_millis(200);
    let begun = Instant::now();
    let error = session.expect(&[literal("never")], limit).unwrap_err();
    assert!(begun.elapsed() >= limit && begun.elapsed() < limit * 5);
    let Error::TimedOut { doing: "expect", after, tail } = error else { panic!("{error}") };
    assert!(after == limit && !tail.is_empty() && tail.bytes().all(|byte| byte == b'.'));

    let branches = [literal("never"), Alternative::timed_out()];
    let found = session.expect(&branches, limit).unwrap();
    assert_eq!(found.alternative, 1);
    assert_eq!(session.text()[..found.before.len()], found.before);
    drop(session);
    peer.join().unwrap();
}

/// hostile.md row 190: what is shown is 200 bytes, and cannot move a terminal.
#[test]
fn the_end_before_a_match() {
    for (said, tail) in [
        ("", String::new()),
        ("R1\x1b]52;c;x\x07", "R1\\x1b]52;c;x\\x07".into()),
        (&"x".repeat(300), "x".repeat(200)),
    ] {
        let (said, length) = (said.to_owned(), said.len());
        let (mut session, peer) =
            with_peer(Settings::default(), Limits::default(), move |mut socket| {
                socket.write_all(said.as_bytes()).unwrap();
            });
        let error = session.expect(&[regex("never$")], LONG).unwrap_err();
        assert!(matches!(&error, Error::Ended { tail: shown, .. } if *shown == tail), "{error}");
        let found = session.expect(&[Alternative::ended()], LONG).unwrap();
        assert_eq!((found.before.len(), session.text()), (length, &b""[..]));
        peer.join().unwrap();
    }
}

/// A text that is full forgets its older half, not what may be the beginning of a match; and a
/// prompt behind megabytes is found.
#[test]
fn a_long_output() {
    let (mut session, peer) = with_peer(Settings::default(), Limits::default(), |mut socket| {
        for _ in 0..40_000 {
            socket.write_all(b"a line of the output, and another\r\n").unwrap();
        }
        socket.write_all(b"R1# ").unwrap();
        socket.read(&mut [0]).unwrap()
    });
    let found = session.expect(&[regex("R1# $"), literal("absent")], LONG).unwrap();
    assert_eq!(found.text, b"R1# ");
    assert!(found.before.len() <= 64 * 1024 && found.before.ends_with(b"another\r\n"));
    drop(session);
    peer.join().unwrap();
}

/// The bound holds for whoever does not look, and nothing is lost.
#[test]
fn reading_stops_when_the_text_is_full() {
    let limits = Limits { text_bytes: 1000, ..Limits::default() };
    let (mut session, peer) = with_peer(Settings::default(), limits, |mut socket| {
        socket.write_all(&[b'x'; 5000]).unwrap();
    });
    let mut got = 0;
    loop {
        match session.receive(Wait::AtMost(LONG)).unwrap() {
            Received::Something => {}
            Received::Full => {
                assert_eq!(session.text().len(), 1000);
                got += session.read_available().unwrap().len();
            }
            Received::Ended => break,
            Received::Nothing => panic!("nothing"),
        }
    }
    assert_eq!(got + session.take_text().len(), 5000);
    peer.join().unwrap();
}

#[test]
fn receive_never_waits() {
    let (mut session, peer) = with_peer(Settings::default(), Limits::default(), |mut socket| {
        socket.read_exact(&mut [0]).unwrap();
        socket.write_all(b"hello").unwrap();
        socket.read(&mut [0]).unwrap()
    });
    for _ in 0..1000 {
        assert_eq!(session.receive(Wait::Never).unwrap(), Received::Nothing);
    }
    let short = Duration::from_millis(20);
    assert_eq!(session.receive(Wait::AtMost(short)).unwrap(), Received::Nothing);
    assert_eq!(session.read_available().unwrap(), b"");
    let error = session.read_some(short).unwrap_err();
    assert!(matches!(error, Error::TimedOut { doing: "reading", .. }), "{error}");
    session.send("!").unwrap();
    assert_eq!(session.read_some(LONG).unwrap(), b"hello");
    session.half_close().unwrap();
    assert_eq!(peer.join().unwrap(), 0);
    assert_eq!(session.read_some(LONG).unwrap(), b"");
}

#[test]
fn read_all_is_bounded() {
    for (most, fits) in [(300_000, true), (299_999, false)] {
        let (mut session, peer) =
            with_peer(Settings::default(), Limits::default(), |mut socket| {
                // A peer that is told off sees a reset.
                drop(socket.write_all(&[&[b'x'; 299_999][..], b"\xff\xff"].concat()));
            });
        let mut text = Vec::new();
        let read = session.read_all(&mut Sink::writer(&mut text), most);
        match fits {
            true => assert_eq!((read.unwrap(), text.len()), (300_000, 300_000)),
            false => assert!(matches!(read, Err(Error::Violation { .. }))),
        }
        drop(session);
        peer.join().unwrap();
    }
}

/// A host that echoes everything, and a text larger than all buffers: nobody waits for the other.
#[test]
fn both_talk_at_once() {
    let (mut session, peer) = with_peer(Settings::default(), Limits::default(), |socket| {
        let (mut hears, mut says) = (socket.try_clone().unwrap(), socket);
        std::io::copy(&mut hears, &mut says).unwrap();
        says.shutdown(Shutdown::Write).unwrap();
    });
    let text: Vec<u8> = (0x40..=0xff).cycle().take(24 << 20).collect();
    let (mut rest, mut echoed) = (text.as_slice(), Vec::new());
    while !rest.is_empty() || session.has_unsent() {
        let taken = session.send_some(rest).unwrap();
        rest = &rest[taken..];
        echoed.extend(session.read_available().unwrap());
    }
    session.half_close().unwrap();
    session.read_all(&mut Sink::writer(&mut echoed), 1 << 30).unwrap();
    assert!(echoed == text, "{} of {} bytes", echoed.len(), text.len());
    peer.join().unwrap();
}

/// What a keyboard sends, byte by byte: a CR is held back only within one text.
#[test]
fn what_is_sent() {
    let (mut session, peer) = with_peer(Settings::default(), Limits::default(), |mut socket| {
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).unwrap();
        heard
    });
    session.send("\r").unwrap();
    session.send("\n\u{ff}").unwrap();
    session.send(b"\xff").unwrap();
    session.send_some(b"a\r").unwrap();
    session.send_some(b"\nb\r").unwrap();
    session.command(Command::Break).unwrap();
    session.send_line("", LineEnd::Lf).unwrap();
    session.timing_mark().unwrap();
    let unnamed = session.command(Command::Other(250)).unwrap_err();
    assert!(matches!(unnamed, Error::Input(_)));
    let off = session.subnegotiate(TelnetOption::NAWS, b"x").unwrap_err();
    assert!(matches!(off, Error::Input(_)));
    drop(session);
    let wanted = b"\r\0\n\xc3\xbf\xff\xffa\r\nb\r\0\xff\xf3\n\xff\xfd\x06";
    assert_eq!(peer.join().unwrap().escape_ascii().to_string(), wanted.escape_ascii().to_string());
}

/// RFC 856: both directions, switched in the middle of the stream.
#[test]
fn binary() {
    let lines = "S= a{{CR NUL IAC WILL BINARY}}b{{CR NUL IAC DO BINARY}}
C= {{IAC DO BINARY IAC WILL BINARY}}
C= {{CR}}x{{CR}}
S= {{CR NUL IAC WONT BINARY CR NUL}}.
";
    for split in PATHS {
        let server = Server::start(script(&format!("@match bytes\n{lines}")), split);
        let mut session = server.session(Settings::default());
        until(&mut session, |session| session.is_on(Side::Us, TelnetOption::BINARY));
        session.send_line("\rx", LineEnd::CrNul).unwrap();
        let text = session.read_until(".", LONG).unwrap();
        assert_eq!(text, b"a\rb\r\0\r\0\r.", "{split:?}");
        drop(session);
        server.finish("binary");
    }
}

/// However much comes at once: the text of one call came before the change. Answers leave together, or
/// ahead of what is sent meanwhile.
#[test]
fn one_change_at_a_time() {
    let (mut session, peer) = with_peer(Settings::default(), Limits::default(), |mut socket| {
        socket.write_all(b"a\xff\xfb\x01\xff\xf1b\xff\xfd\x00\xff\xfc\x01c").unwrap();
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).unwrap();
        heard
    });
    assert_eq!(session.receive(Wait::AtMost(LONG)).unwrap(), Received::Something);
    let last = |session: &mut Session| std::iter::from_fn(|| session.take_notice()).last();
    let mut told = vec![(session.take_text(), last(&mut session))];
    while session.receive(Wait::Never).unwrap() == Received::Something {
        told.push((session.take_text(), last(&mut session)));
        if told.len() == 2 {
            session.send_line("joe", LineEnd::CrLf).unwrap();
        }
    }
    let switched = |side, option, on| Some(Notice::Switched { side, option, on });
    let wanted = [
        (b"a".to_vec(), switched(Side::Him, TelnetOption::ECHO, true)),
        (b"b".to_vec(), switched(Side::Us, TelnetOption::BINARY, true)),
        (b"".to_vec(), switched(Side::Him, TelnetOption::ECHO, false)),
        (b"c".to_vec(), None),
    ];
    assert_eq!(told, wanted);
    drop(session);
    let wanted = b"\xff\xfd\x01\xff\xfb\x00joe\r\xff\xfe\x01";
    assert_eq!(peer.join().unwrap().escape_ascii().to_string(), wanted.escape_ascii().to_string());
}

/// RFC 860, and commands of the peer's: told, not answered.
#[test]
fn marks_and_commands() {
    let lines = "C= {{IAC DO 0x06}}
S= {{IAC WILL 0x06}}{{IAC DO 0x06}}
C= {{IAC WILL 0x06}}
S= {{IAC AYT}}{{IAC EOR}}{{IAC WONT 0x06}}
C! quiet 100ms
S: done
";
    let server = Server::start(script(lines), None);
    let mut session = server.session(Settings::default());
    session.timing_mark().unwrap();
    session.read_until("done\r\n", LONG).unwrap();
    let notices: Vec<_> = std::iter::from_fn(|| session.take_notice()).collect();
    let wanted = [
        Notice::TimingMark { agreed: true },
        Notice::Command(Command::AreYouThere),
        Notice::Command(Command::EndOfRecord),
    ];
    assert_eq!(notices, wanted);
    drop(session);
    server.finish("marks");
}

/// Upper case, and a dot behind the last byte: text that is torn apart in it would show.
#[derive(Debug)]
struct Shouting;

impl Transcode for Shouting {
    fn transcode(&mut self, bytes: &[u8], last: bool, text: &mut Vec<u8>) {
        text.extend(bytes.to_ascii_uppercase());
        text.extend(last.then_some(b'.'));
    }
}

/// Patterns see text as it was made, behind Telnet and before escape sequences are left out.
#[test]
fn transcoded_text() {
    let lines = "S= {{0x1b}}[1mna{{IAC NOP}}me:{{0x1b}}[0m{{SP}}\nC: joe\nS: hello\nS! close\n";
    for split in PATHS {
        let server = Server::start(script(lines), split);
        let mut session = server.session(Settings { plain_text: true, ..Settings::default() });
        session.transcode(Box::new(Shouting));
        assert_eq!(session.read_until("NAME: ", LONG).unwrap(), b"NAME: ");
        session.send_line("joe", LineEnd::CrLf).unwrap();
        let found = session.expect(&[Alternative::ended()], LONG).unwrap();
        assert_eq!(found.before, b"HELLO\r\n.");
        server.finish("transcoded");
    }
}

/// A secret that is typed key by key; 255 is doubled.
#[test]
fn a_secret_in_parts() {
    let server = Server::start(script("C: s{{0xff}}{{0xff}}e\nS: ok\n"), None);
    let mut session = server.session(Settings::default());
    for part in [&b"s"[..], b"\xff", b"e"] {
        session.send_secret_part("pass", &Secret::new(part.to_vec())).unwrap();
    }
    session.send_line("", LineEnd::CrLf).unwrap();
    assert_eq!(session.read_until("ok\r\n", LONG).unwrap(), b"ok\r\n");
    server.finish("parts");
}

/// ftp-telnet edge 49: hosts that wait until we speak.
#[test]
fn an_offer() {
    let lines = "C= {{IAC DO SGA}}{{IAC WILL NAWS}}
S= {{IAC WILL SGA}}{{IAC DO NAWS}}
C= {{IAC SB NAWS 0x00500018 IAC SE}}
";
    let server = Server::start(script(lines), None);
    let window = Some(wireline_telnet::Window { columns: 80, rows: 24 });
    let mut session: Session = server.session(Settings { window, ..Settings::default() });
    session.offer().unwrap();
    crate::support::to_the_end(&mut session);
    server.finish("offer");
}
