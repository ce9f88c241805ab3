//! Servers that lie, inject, flood and leave, and logins that would give too much away.

use crate::support::{Line, cut, explicit, kind, login, parsed, path, play, play_at, visit};
use std::time::Duration;
use wireline_ftp::{
    Error, Line as Typed, Login, Options, Password, Retrieval, Retry, Session, UserName,
};
use wireline_wire::{Event, Observer, Secret, Sink};

fn log_in(line: &Line, options: Options) -> Result<Session, Error> {
    let mut session = line.connect(options)?;
    session.login(&login("alice", "xyzzy"))?;
    Ok(session)
}

fn said(outcome: Result<Session, Error>) -> String {
    outcome.map_or_else(|error| kind(&error), |_| "in".into())
}

/// All branches (RFC 959 section 6), and how they fail. ftp-telnet.md rows 6, 14.
#[test]
fn logins() {
    let user = "S: 220 hi\nC: USER alice\n";
    let rows = [
        ("S: 230 in\n", "in"),
        ("S: 232 in\n", "in"),
        ("S: 331 and?\nC: PASS xyzzy\nS: 230 in\n", "in"),
        ("S: 331 and?\nC: PASS xyzzy\nS: 202 no need\n", "in"),
        ("S: 331 and?\nC: PASS xyzzy\nS: 332 and?\nC: ACCT books\nS: 230 in\n", "in"),
        ("S: 332 and?\nC: ACCT books\nS: 230 in\n", "in"),
        ("S: 332 and?\nC: ACCT books\nS: 530 no\n", "530 ACCT"),
        ("S: 331 and?\nC: PASS xyzzy\nS: 530 no\n", "530 PASS"),
        ("S: 530 no\n", "530 USER"),
        ("S: 421 too many\n", "421 USER"),
        ("S: 331 and?\nC: PASS xyzzy\nS: 421 too many\n", "421 PASS"),
        ("S: 331 and?\nC: PASS xyzzy\nS: 331 again?\n", "violation PASS"),
        ("S: 350 what\n", "violation USER"),
    ];
    for (lines, wanted) in rows {
        play(&parsed(&format!("@protocol ftp\n== test\n{user}{lines}")), |line| {
            let account = Password::try_from(Secret::from("books")).unwrap();
            let login = Login { account: Some(account), ..login("alice", "xyzzy") };
            let mut session = line.connect(Options::default()).unwrap();
            let outcome = session.login(&login).map(|_| session);
            assert_eq!(said(outcome), wanted, "{lines}");
        });
    }
    let text = format!("@protocol ftp\n== test\n{user}S: 331 and?\n");
    visit(&parsed(&text), |line| {
        let user = UserName::try_from("alice").unwrap();
        let login = Login { user, password: None, account: None };
        let mut session = line.connect(Options::default()).unwrap();
        assert_eq!(kind(&session.login(&login).unwrap_err()), "input");
    });
}

/// hostile.md rows 122, 127, 133; ftp-telnet.md row 29: there is no way from TLS to clear.
#[test]
fn no_downgrade() {
    let tls = "C: AUTH TLS\nS: 234 go\nS! tls\n";
    let user = "C: USER alice\nS: 230 in\n";
    let rows: [(&str, &str); 9] = [
        ("C: AUTH TLS\nS: 500 what\n", "unsafe AUTH TLS"),
        ("C: AUTH TLS\nS: 431 not now\n", "unsafe AUTH TLS"),
        ("C: AUTH TLS\nS: 334 what\n", "violation AUTH TLS"),
        ("C: AUTH TLS\nS! close\n", "lost AUTH TLS"),
        ("C: AUTH TLS\nS= 234 go{{CR LF}}230 injected{{CR LF}}\n", "leftover 14"),
        ("C: AUTH TLS\nS: 234 go\nS! tls self-signed\n", "tls"),
        ("C: AUTH TLS\nS: 234 go\nS! tls wrong-host\n", "tls"),
        ("{tls}{user}C: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 536 no\n", "unsafe PROT"),
        ("{tls}{user}C: PBSZ 0\nS: 503 no\nC: PROT P\nS: 503 no\n", "unsafe PROT"),
    ];
    for (lines, wanted) in rows {
        let lines = lines.replace("{tls}", tls).replace("{user}", user);
        visit(&parsed(&format!("@protocol ftp\n== test\nS: 220 hi\n{lines}")), |line| {
            assert_eq!(said(log_in(line, explicit())), wanted, "{lines}");
        });
    }
}

/// hostile.md row 133: what would undo the protection is not sent, by whatever spelling.
#[test]
fn raw_commands_that_would_undo_tls() {
    visit(&parsed("@protocol ftp\n== test\nS: 220 hi\n"), |line| {
        let mut session = line.connect(Options::default()).unwrap();
        for raw in ["CCC", "ccc", " CCC", "PROT C", "AUTH TLS", "REIN", "prot\tC"] {
            let refused = session.command(&Typed::try_from(raw).unwrap()).unwrap_err();
            assert_eq!(kind(&refused), "unsafe the command", "{raw}");
        }
        assert_eq!(kind(&session.protect().unwrap_err()), "input");
    });
}

/// An address of this machine that is not loopback, if it has one.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(("192.0.2.1", 9)).ok()?;
    socket.local_addr().ok().map(|own| own.ip()).filter(|ip| !ip.is_loopback())
}

/// hostile.md row 134: beyond loopback a password needs TLS or leave, nobody's needs neither.
#[test]
fn passwords_in_clear() {
    let Some(own) = own_address() else { return };
    let rows = [
        ("alice", false, "C! close\n", "unsafe USER"),
        ("alice", true, "C: USER alice\nS: 331 and?\nC: PASS xyzzy\nS: 530 no\n", "530 PASS"),
        ("Anonymous", false, "C: USER Anonymous\nS: 530 no\n", "530 USER"),
    ];
    for (user, clear_login, lines, wanted) in rows {
        let addr = (own, 0).into();
        let text = format!("@protocol ftp\n== test\nS: 220 hi\n{lines}");
        play_at(addr, &parsed(&text), |line| {
            let options = Options { clear_login, ..Options::default() };
            let mut session = line.connect(options).unwrap();
            let refused = session.login(&login(user, "xyzzy")).unwrap_err();
            assert_eq!(kind(&refused), wanted);
        });
    }
}

/// What is wrong with a greeting or a reply. hostile.md row 182, ftp-telnet.md rows 4 to 6.
#[test]
fn greetings() {
    let long = "x".repeat(17_000);
    let many = "S: 220-more\n".repeat(600);
    let rows = [
        ("S: 421 too many\n".to_owned(), "421 the greeting"),
        ("S: 530 not you\n".to_owned(), "530 the greeting"),
        ("S: 331 what\n".to_owned(), "violation the greeting"),
        ("S= HTTP/1.1 400 Bad Request{{CR LF}}\n".to_owned(), "violation the greeting"),
        (format!("S= 220 {long}{{{{CR LF}}}}\n"), "violation the greeting"),
        (many, "violation the greeting"),
        ("S! close\n".to_owned(), "connection"),
        ("S= 220-a{{CR LF}}\nS! close\n".to_owned(), "connection"),
        ("S= 22\nS! close\n".to_owned(), "connection"),
        ("S! quiet 2s\nS: 220 late\n".to_owned(), "time the greeting"),
        (
            "S: 120 soon\nS: 120 soon\nS: 120 soon\nS: 220 in\nC: USER alice\nS: 230 in\n"
                .to_owned(),
            "violation the greeting",
        ),
        ("S= 220 hi{{CR LF}}230 in{{CR LF}}\n".to_owned(), "violation USER"),
        ("S= 220 hi{{CR LF}}421 bye{{CR LF}}\n".to_owned(), "421 USER"),
    ];
    for (lines, wanted) in rows {
        visit(&parsed(&format!("@protocol ftp\n== test\n{lines}")), |line| {
            let mut options = Options::default();
            options.limits.preliminaries = 2;
            assert_eq!(said(log_in(line, options)), wanted, "{lines:.60}");
        });
    }
}

/// The end of the control connection after any byte is the end and nothing else: no file is taken
/// for whole before the last byte of the reply behind it.
#[test]
fn the_connection_ends_after_any_byte() {
    let text = "@protocol ftp\n== test\nS: 220 hi\nC: USER alice\nS: 230 in\nC: TYPE I\nS: 200 ok\n\
        C: EPSV\nS: 229 ok (|||{{data:port=50000}}|)\nC: RETR f\nS: 150 ok\nS/data= hello\n\
        S/data! close\nS: 226 done\n";
    // A port has four or five digits.
    let (most, least) = (9 + 8 + 8 + 20 + 8 + 10, 9 + 8 + 8 + 19 + 8 + 10);
    for bytes in 0..=most {
        cut(&parsed(text), bytes, |line| {
            let fetched = log_in(line, Options::default()).and_then(|mut session| {
                let mut text = Vec::new();
                let mut download = session.retr(&path("f"), Retrieval::default())?;
                download.copy_to(&mut Sink::writer(&mut text), 100)?;
                download.finish()
            });
            match fetched {
                Ok(_) => assert!(bytes >= least, "{bytes}"),
                Err(error) => {
                    assert!(bytes < most, "{error}");
                    assert_eq!(error.retry(), Retry::Safe, "{bytes}: {error}");
                }
            }
        });
    }
}

/// A reply that drips does not live longer than one that does not come.
#[test]
fn dripping_gains_nothing() {
    let text = "@protocol ftp\n== test\nS: 220 hi\nC: NOOP\nS! drip 1 50ms\nS: 200 a long reply that takes its time\n";
    visit(&parsed(text), |line| {
        let mut session = line.connect(Options::default()).unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(kind(&session.noop().unwrap_err()), "time NOOP");
        assert!(begun.elapsed() < Duration::from_millis(1500) && session.is_over());
    });
}

/// hostile.md row 183: names in replies are as strange as the server likes.
#[test]
fn folders_of_strange_names() {
    let rows = [
        ("S: 257 \"/a \"\"b\"\"\" is it", Some("/a \"b\"")),
        ("S: 257 /no quotes", Some("/no quotes")),
        ("S= 257 \"a{{NUL}}b\"{{CR LF}}", None),
        ("S: 257 \"\"", None),
        ("S= 257 {{CR LF}}", None),
    ];
    for (reply, wanted) in rows {
        visit(&parsed(&format!("@protocol ftp\n== test\nS: 220 hi\nC: PWD\n{reply}\n")), |line| {
            let found = line.connect(Options::default()).unwrap().pwd();
            match wanted {
                Some(name) => assert_eq!(found.unwrap(), path(name)),
                None => assert_eq!(kind(&found.unwrap_err()), "violation PWD", "{reply}"),
            }
        });
    }
}

/// Collects what was said, as a trace shows it.
#[derive(Default)]
struct Said(std::sync::Mutex<String>);

impl Observer for Said {
    fn observe(&self, _: u64, event: &Event<'_>) {
        if let Event::Said(saying) = event {
            self.0.lock().unwrap().push_str(&format!("{saying:?}"));
        }
    }
}

/// ftp-telnet.md row 19.
#[test]
fn no_trace_shows_a_password() {
    let text =
        "@protocol ftp\n== test\nS: 220 hi\nC: USER alice\nS: 331 and?\nC: PASS xyzzy\nS: 230 in\n";
    let shown = std::sync::Arc::new(Said::default());
    visit(&parsed(text), |line| {
        let mut dialer = line.dialer.clone();
        dialer.observer = Some(shown.clone());
        let connected = Session::connect(&dialer, &line.endpoint(), Options::default());
        connected.unwrap().login(&login("alice", "xyzzy")).unwrap();
    });
    let shown = shown.0.lock().unwrap();
    assert!(shown.contains("PASS {{pass}}") && !shown.contains("xyzzy"), "{shown}");
}
