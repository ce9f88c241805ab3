//! Servers that lie, flood, inject and leave.

use crate::support::{PATHS, Server, number, retr, script};
use std::io::{self, Write};
use std::time::Duration;
use wireline_pop3::{Command, Error, Form, Limits, MessageNumber, Quit, Retry, Session};
use wireline_servers::LinkOptions;
use wireline_wire as wire;
use wireline_wire::Sink;

const WHOLE: &str = "S: +OK hi\nC: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: USER mrose\nC: PASS {{pass}}\n\
    S: +OK\nS: +OK\nC: STAT\nC: LIST\nC: UIDL\nS: +OK 2 12\nS: +OK\nS: 1 6\nS: 2 6\nS: .\nS: +OK\n\
    S: 1 a\nS: 2 b\nS: .\nC: RETR 1\nC: RETR 2\nS: +OK\nS: one\nS: .\nS: +OK\nS: two\nS: .\n\
    C: DELE 1\nC: DELE 2\nS: +OK\nS: +OK\nC: QUIT\nS: +OK\n";

/// What the server of [`WHOLE`] says.
fn spoken() -> u64 {
    let said = WHOLE.lines().filter_map(|line| line.strip_prefix("S: "));
    said.map(|line| line.len() as u64 + 2).sum()
}

/// Drains the mailbox into `messages`, which gets whole messages only.
fn drain(wire: wire::Wire, messages: &mut Vec<Vec<u8>>) -> Result<Quit, Error> {
    let mut session = Session::start(wire, Limits::default())?;
    session.capa()?;
    session.user_pass(&crate::support::user("mrose"), &crate::support::password("tanstaaf"))?;
    let (_, listing) = session.listing()?;
    let numbers: Vec<MessageNumber> = listing.entries().map(|entry| entry.number).collect();
    let mut pipeline = session.retr_many(numbers.iter().copied());
    while let Some(answer) = pipeline.answer()? {
        let mut text = Vec::new();
        answer.copy_to(&mut Sink::writer(&mut text), 1000)?;
        messages.push(text);
    }
    session.dele_many(numbers)?;
    Ok(session.quit())
}

/// hostile.md rows 191 and 195: the end of the connection after any byte is the end and nothing
/// else. No message is taken for whole that is not, and QUIT without its reply is not done.
#[test]
fn the_connection_ends_after_any_byte() {
    let total = spoken();
    for reset in [false, true] {
        for bytes in 0..=total {
            let after = Some(bytes);
            let options = match reset {
                true => LinkOptions { reset_after: after, ..LinkOptions::default() },
                false => LinkOptions { cut_after: after, ..LinkOptions::default() },
            };
            let server = Server::behind(script(WHOLE), Some(options));
            let mut messages = Vec::new();
            let outcome = drain(server.dial(), &mut messages);
            let whole: [&[u8]; 2] = [b"one\r\n", b"two\r\n"];
            assert!(messages.iter().zip(whole).all(|(got, whole)| got == whole), "{bytes}");
            match outcome {
                Ok(Quit::Done(_)) => assert_eq!(bytes, total),
                // A reset may overtake the last reply.
                Ok(Quit::Lost(Error::Connection(error))) => {
                    assert!(bytes < total || reset, "{bytes}: {error}");
                }
                Err(error @ Error::Connection(_)) => {
                    assert_eq!(error.retry(), Retry::Safe, "{bytes}: {error}");
                }
                other => panic!("{bytes}: {other:?}"),
            }
        }
    }
}

type Drive = fn(Session) -> Result<(), Error>;
type Judge = fn(&Error) -> bool;

fn is_violation(error: &Error) -> bool {
    matches!(error, Error::Violation { .. })
}

fn is_unsafe(error: &Error) -> bool {
    matches!(error, Error::Unsafe { doing: "STLS", .. })
}

fn is_cut(error: &Error) -> bool {
    matches!(error, Error::Connection(wire::Error::Cut { .. }))
}

fn capa(mut session: Session) -> Result<(), Error> {
    session.capa().map(drop)
}

fn stls(session: Session) -> Result<(), Error> {
    session.start_tls("localhost").map(drop)
}

fn capa_and_stls(mut session: Session) -> Result<(), Error> {
    session.capa()?;
    stls(session)
}

fn list(mut session: Session) -> Result<(), Error> {
    session.list().map(drop)
}

fn uidl(mut session: Session) -> Result<(), Error> {
    session.uidl().map(drop)
}

fn retr_1(mut session: Session) -> Result<(), Error> {
    retr(&mut session, 1).map(drop)
}

/// What comes behind a greeting, and what must come of it. `S=` lines tell where a server writes
/// more than a reply in one go.
const FAULTS: &[(&str, Drive, Judge)] = &[
    // Rows 124, 125: no TLS, no session.
    ("C: CAPA\nS: +OK\nS: USER\nS: .\n", capa_and_stls, is_unsafe),
    ("C: CAPA\nS: -ERR\n", capa_and_stls, is_unsafe),
    ("C: STLS\nS: -ERR no\n", stls, is_unsafe),
    ("C: STLS\nS: HTTP/1.1 200 OK\n", stls, is_violation),
    ("C: STLS\nS! close\n", stls, |error| matches!(error, Error::Connection(wire::Error::Closed))),
    // Row 127: injected behind the go-ahead.
    ("C: STLS\nS= +OK{{CR LF}}+OK injected{{CR LF}}\n", stls, |error| {
        matches!(error, Error::Connection(wire::Error::Leftover { bytes: 14 }))
    }),
    ("C: STLS\nS: +OK\nS! tls self-signed\n", stls, |error| {
        matches!(error, Error::Connection(wire::Error::Tls { .. }))
    }),
    // Row 78: an endless CAPA (more of it than a test would wait for).
    ("C: CAPA\nS: +OK\nS= {{@flood}}\n", capa, is_violation),
    ("C: CAPA\nS: +OK\nS= {{@long}}\n", capa, is_violation),
    ("C: CAPA\nS: +OK\nS: USER\nS! close\n", capa, is_cut),
    ("C: CAPA\nS: +OK\nS= USE\nS! close\n", capa, is_cut),
    ("C: CAPA\nS= {{@long}}\n", capa, is_violation),
    ("C: CAPA\nS: 250 hello\n", capa, is_violation),
    // Rows 79, 81.
    ("C: LIST\nS: +OK\nS: 1 -5\nS: .\n", list, is_violation),
    ("C: LIST\nS: +OK\nS: 1 99999999999999999999\nS: .\n", list, is_violation),
    ("C: LIST\nS: +OK\nS= {{@flood}}\n", list, is_violation),
    ("C: UIDL\nS: +OK\nS= {{@long}}\n", uidl, is_violation),
    ("C: UIDL\nS: +OK\nS: 1 a\nS! close\n", uidl, is_cut),
    ("C: RETR 1\nS: +OK\nS: half\nS! close\n", retr_1, is_cut),
    ("C: RETR 1\nS: +OK\nS: half\nS= .{{CR}}\nS! close\n", retr_1, is_cut),
    ("C: RETR 1\nS: +OK\nS= half{{LF}}.{{LF}}\nS! close\n", retr_1, is_cut),
    ("C: RETR 1\nS: +OK\nS! reset\n", retr_1, |error| matches!(error, Error::Connection(_))),
];

#[test]
fn what_hostile_servers_get() {
    // The attachments of the rows: lines without end, and a line without end.
    let flood = "1 1\n".repeat(2000);
    let attachments = format!("-- flood --\n{flood}-- long --\n{}\n", "x".repeat(20_000));
    let limits = Limits { messages: 1000, ..Limits::default() };
    for (lines, drive, judge) in FAULTS {
        let transcript = format!("S: +OK hi\n{lines}{attachments}");
        let server = Server::start(script(&transcript), None);
        let error = drive(server.start_session(limits).unwrap()).unwrap_err();
        assert!(judge(&error), "{lines}{error:?}");
    }
}

/// hostile.md rows 128, 132: what comes before it was asked for is never a reply.
#[test]
fn replies_before_their_commands() {
    let early = [
        "+OK hi{{CR LF}}+OK go ahead{{CR LF}}",
        "+OK hi{{CR LF}}+OK{{CR LF}}STLS{{CR LF}}.{{CR LF}}",
    ];
    for greeting in early {
        for drive in [capa as Drive, stls] {
            let server = Server::start(script(&format!("S= {greeting}\n")), None);
            let error = drive(server.session()).unwrap_err();
            assert!(is_violation(&error), "{error:?}");
        }
    }
}

/// A session that has failed says nothing more: nobody knows which reply would be whose.
#[test]
fn a_failed_session_stays_failed() {
    let server = Server::start(script("S: +OK hi\nC: NOOP\nS: what?\n"), None);
    let mut session = server.session();
    assert!(is_violation(&session.noop().unwrap_err()));
    assert!(matches!(session.dele(number(1)), Err(Error::Input(_))));
    assert!(matches!(session.quit(), Quit::Lost(Error::Input(_))));
}

#[test]
fn greetings() {
    let rows: &[(&str, Judge)] = &[
        ("S: -ERR [SYS/TEMP] later\n", |error| error.retry() == Retry::Safe),
        ("S: -ERR [SYS/PERM] never\n", |error| {
            matches!(error, Error::Refused { doing: "the greeting", .. })
                && error.retry() == Retry::Never
        }),
        ("S: 220 ftp\n", is_violation),
        ("S! close\n", |error| matches!(error, Error::Connection(wire::Error::Closed))),
        ("S= +OK\nS! close\n", is_cut),
    ];
    for (lines, judge) in rows {
        for split in PATHS {
            let server = Server::start(script(lines), split);
            let error = server.start_session(Limits::default()).unwrap_err();
            assert!(judge(&error), "{lines}{error:?}");
        }
    }
}

/// hostile.md rows 80, 81, 193: claims are claims. Nothing is made as large as STAT says.
#[test]
fn claims() {
    let lines = "S: +OK hi\nC: STAT\nS: +OK 4294967295 18446744073709551615 and so on\nC: LIST\n\
                 S: +OK 4294967295 messages\nS: 1 18446744073709551614 words\nS: 7 0\nS: .\n\
                 C: RETR 7\nS: +OK 0 octets\nS: more than that\nS: .\n";
    let server = Server::start(script(lines), Some(1));
    let mut session = server.session();
    assert_eq!(session.stat().unwrap().messages, 4_294_967_295);
    let numbers: Vec<_> = session.list().unwrap().entries().map(|entry| entry.number).collect();
    assert_eq!(numbers, [number(1), number(7)]);
    assert_eq!(retr(&mut session, 7).unwrap(), b"more than that\r\n");
    drop(session);
    server.finish("claims");
}

/// hostile.md row 191: NUL, bare LF, 8-bit and long lines are stored as they came, and ends that
/// are none do not end it.
#[test]
fn messages_are_kept_to_the_byte() {
    let line = "y".repeat(100_000);
    let text = "S= a{{NUL}}b{{LF}}.{{CR LF}}{{LF}}.{{LF}}{{0xff}}{{CR}}.{{CR LF}}..{{CR LF}}";
    let lines = format!(
        "S: +OK hi\nC: RETR 1\nS: +OK\n{text}{line}{{{{CR LF}}}}\nS= .\nS= {{{{CR}}}}\n\
                         S= {{{{LF}}}}\nC: NOOP\nS: +OK\n"
    );
    let wanted = [&b"a\0b\n.\r\n\n.\n\xff\r.\r\n.\r\n"[..], line.as_bytes(), b"\r\n"].concat();
    for split in [None, Some(1), Some(3)] {
        let server = Server::start(script(&lines), split);
        let mut session = server.session();
        assert_eq!(retr(&mut session, 1).unwrap(), wanted, "split {split:?}");
        session.noop().unwrap();
        drop(session);
        server.finish("to the byte");
    }
}

/// hostile.md rows 87, 125: silence ends at the limit, and what was waited for is named.
#[test]
fn silence_ends() {
    let rows: &[(&str, &str, Drive)] = &[
        ("C: STLS\nS! delay 1m\nS: +OK\n", "STLS", stls),
        ("C: CAPA\nS: +OK\nS! delay 1m\nS: .\n", "CAPA", capa),
        ("C: RETR 1\nS: +OK\nS: half\nS! delay 1m\nS: .\n", "RETR", retr_1),
    ];
    for (lines, doing, drive) in rows {
        let server = Server::start(script(&format!("S: +OK hi\n{lines}")), None);
        let session = server.impatient_session(Duration::from_millis(100));
        match drive(session) {
            Err(Error::Connection(wire::Error::TimedOut { phase, .. })) => {
                assert_eq!(phase, *doing);
            }
            other => panic!("{lines}{other:?}"),
        }
    }
}

struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A full disk and a message beyond the caller's limit end the session; nothing is deleted.
#[test]
fn sinks_and_limits() {
    let lines = "S: +OK hi\nC: RETR 1\nS: +OK\nS: four\nS: .\n";
    let rows: [(&mut dyn Write, u64, Judge); 2] = [
        (&mut Full, 1000, |error| matches!(error, Error::Local(_))),
        (&mut Vec::new(), 5, is_violation),
    ];
    for (writer, most, judge) in rows {
        let server = Server::start(script(lines), None);
        let mut session = server.session();
        let error = session.retr(number(1), &mut Sink::writer(writer), most).unwrap_err();
        assert!(judge(&error), "{error:?}");
        assert!(matches!(session.noop(), Err(Error::Input(_))));
    }
}

/// The rest of the verbs, and servers that end their lines with LF alone.
#[test]
fn further_verbs() {
    let lines = "S= +OK hi{{LF}}\nC: UTF8\nS= +OK{{LF}}\nC: LANG\n\
                 S= +OK{{LF}}en English{{LF}}..x Dot{{LF}}.{{LF}}\nC: LANG en\nS= +OK en{{LF}}\n\
                 C: XTND XLST\nS: +OK\nS: a list\nS: .\nC: XTND x\nS: -ERR\nC: XTND XLST\n\
                 S: +OK\nS: unread\nS: .\nC: NOOP\nS: +OK\n";
    for split in PATHS {
        let server = Server::start(script(lines), split);
        let mut session = server.session();
        session.utf8().unwrap();
        assert_eq!(session.languages().unwrap(), ["en English", ".x Dot"]);
        session.lang("en").unwrap();
        let raw = |line| Command::raw(line, Form::MultiLine).unwrap();
        let mut text = Vec::new();
        let answer = session.command(raw("XTND XLST")).unwrap();
        answer.copy_to(&mut Sink::writer(&mut text), 100).unwrap();
        assert_eq!(text, b"a list\r\n");
        assert!(!session.command(raw("XTND x")).unwrap().reply().is_ok());
        session.command(raw("XTND XLST")).unwrap();
        session.noop().unwrap();
        drop(session);
        server.finish("further verbs");
    }
}
