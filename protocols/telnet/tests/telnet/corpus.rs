//! The examples of the RFCs, played by our client, whole and one byte at a time. The section "loop
//! example 2: without a queue" is not played: it shows what a client with a queue never says.

use crate::support::{LONG, PATHS, Server, parse, to_the_end, until};
use std::path::Path;
use wireline_telnet::{
    Alternative, Command, LineEnd, Notice, Session, Settings, Side, TelnetOption, TerminalType,
    Variable, Verb, Window, unix_characters,
};
use wireline_transcript::FixtureOptions;

type Play = fn(&Server);

/// A file, the title of one of its sections, and the client's part in it.
const SECTIONS: &[(&str, &str, Play)] = &[
    (
        "1073-6-naws",
        "1: server suggests, client agrees, and the user resizes the window",
        |server| {
            let mut session = server.session(window(80, 24));
            until(&mut session, |session| session.is_on(Side::Us, TelnetOption::NAWS));
            session.resize(80, 24).unwrap();
            session.resize(80, 64).unwrap();
            to_the_end(&mut session);
        },
    ),
    ("1073-6-naws", "2: client suggests, server agrees", |server| offer_window(server, true)),
    ("1073-6-naws", "3: client suggests, server refuses", |server| offer_window(server, false)),
    ("1073-6-naws", "4: server suggests, client refuses", |server| listen(server, usual())),
    ("1073-6-naws", "a width of 255", |server| listen(server, window(255, 24))),
    ("1091-8-ttype", "the first type is acceptable", |server| {
        listen(server, types(&["IBM-3278-2"]))
    }),
    ("1091-8-ttype", "the second and last type", |server| {
        listen(server, types(&["ZENITH-H19", "UNKNOWN"]));
    }),
    ("1091-8-ttype", "past the end of the list, back to the first", |server| {
        listen(server, types(&["DEC-VT220", "DEC-VT100", "DEC-VT52"]));
    }),
    ("1143-q-method", "NO and WILL: agreed; YES and WILL: ignored", no_loop),
    ("1143-q-method", "NO and WILL: not agreed; the refusal is not confirmed", no_loop),
    ("1143-q-method", "NO and WONT: ignored", no_loop),
    ("1143-q-method", "YES and WONT: answered by DONT", no_loop),
    ("1143-q-method", "WANTYES and WONT: the request was refused", no_loop),
    ("1143-queue", "enabled and disabled at once: WONT waits for the answer to WILL", |server| {
        wish(server, &[true, false])
    }),
    ("1143-queue", "enabled, disabled and enabled again: one request", |server| {
        wish(server, &[true, false, true]);
    }),
    ("1184-5.10-linemode", "linemode", linemode),
    ("1572-6-environ", "USER, ACCT and the default ones", |server| listen(server, environment())),
    ("1572-6-environ", "nothing is defined", |server| listen(server, usual())),
    ("854-are-you-there", "signals", signals),
    ("854-nvt", "lines", lines),
    ("854-nvt", "functions of the keyboard", functions),
    ("854-options", "accepted and refused", |server| {
        let mut session = server.session(usual());
        session.want(Side::Him, TelnetOption::ECHO, true).unwrap();
        session.want(Side::Him, TelnetOption::TTYPE, true).unwrap();
        let (_, notices) = to_the_end(&mut session);
        let switched = |option| Notice::Switched { side: Side::Him, option, on: true };
        let refused = |option| Notice::Refused { side: Side::Him, option };
        assert_eq!(notices, [switched(TelnetOption::ECHO), refused(TelnetOption::TTYPE)]);
    }),
    ("854-options", "both parties ask at once", |server| {
        let mut session = server.session(usual());
        session.want(Side::Him, TelnetOption::SGA, true).unwrap();
        to_the_end(&mut session);
    }),
    ("854-options", "nobody has to switch an option off twice", |server| listen(server, usual())),
    ("857-echo", "echo", echo),
    ("859-status", "status", status),
];

#[test]
fn the_examples_of_the_rfcs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus/telnet");
    for (name, title, play) in SECTIONS {
        let file = std::fs::read_to_string(folder.join(format!("{name}.wire"))).unwrap();
        for split in PATHS {
            let only = Some((*title).to_owned());
            let options = FixtureOptions { only, ..FixtureOptions::default() };
            let server = Server::start(parse(&file).options(options), split);
            play(&server);
            server.finish(&format!("{name}, {title}, split at {split:?}"));
        }
    }
}

fn usual() -> Settings {
    Settings::default()
}

fn window(columns: u16, rows: u16) -> Settings {
    Settings { window: Some(Window { columns, rows }), ..usual() }
}

fn types(names: &[&str]) -> Settings {
    let named = |name: &&str| TerminalType::try_from(*name).unwrap();
    Settings { terminal_types: names.iter().map(named).collect(), ..usual() }
}

fn environment() -> Settings {
    let variable = |name, value| Variable::new(name, value).unwrap();
    let environment = vec![
        variable("USER", "joe"),
        variable("ACCT", "kernel").on_demand(),
        variable("DISPLAY", "foo:0.0"),
        variable("SHELL", "/bin/csh"),
    ];
    Settings { environment, ..usual() }
}

/// The server leads.
fn listen(server: &Server, settings: Settings) {
    to_the_end(&mut server.session(settings));
}

fn no_loop(server: &Server) {
    assert_eq!(to_the_end(&mut server.session(usual())).0, b"no loop\r\n");
}

fn offer_window(server: &Server, agreed: bool) {
    let mut session = server.session(window(300, 24));
    session.want(Side::Us, TelnetOption::NAWS, true).unwrap();
    let (_, notices) = to_the_end(&mut session);
    let (side, option) = (Side::Us, TelnetOption::NAWS);
    match agreed {
        true => assert_eq!(notices, [Notice::Switched { side, option, on: true }]),
        false => assert_eq!(notices, [Notice::Refused { side, option }]),
    }
}

fn wish(server: &Server, wishes: &[bool]) {
    let mut session = server.session(usual());
    for on in wishes {
        session.want(Side::Us, TelnetOption::NAWS, *on).unwrap();
    }
    assert_eq!(to_the_end(&mut session).0, b"no loop\r\n");
}

fn expect(session: &mut Session, literal: &str) {
    session.expect(&[Alternative::literal(literal).unwrap()], LONG).unwrap();
}

fn linemode(server: &Server) {
    let special_characters = Some(unix_characters());
    let mut session = server.session(Settings { special_characters, ..usual() });
    expect(&mut session, "Login:");
    session.send_line("my_account", LineEnd::CrLf).unwrap();
    expect(&mut session, "Password:");
    assert!(session.is_on(Side::Him, TelnetOption::ECHO));
    session.send_line("my_password", LineEnd::CrLf).unwrap();
    let (_, notices) = to_the_end(&mut session);
    let mode = notices.iter().find_map(|notice| match notice {
        Notice::LineMode(mode) => Some(*mode),
        _ => None,
    });
    assert!(mode.unwrap().edits());
    assert!(!session.is_on(Side::Him, TelnetOption::ECHO));
}

fn signals(server: &Server) {
    let mut session = server.session(usual());
    expect(&mut session, "> ");
    session.command(Command::AreYouThere).unwrap();
    expect(&mut session, "[Yes]\r\n> ");
    session.send_line("count", LineEnd::CrLf).unwrap();
    expect(&mut session, "2\r\n");
    session.synch(Command::InterruptProcess).unwrap();
    expect(&mut session, "interrupted\r\n> ");
    session.command(Command::NoOperation).unwrap();
    session.send_line("exit", LineEnd::CrLf).unwrap();
    assert_eq!(to_the_end(&mut session).0, b"bye\r\n");
}

fn lines(server: &Server) {
    let mut session = server.session(usual());
    expect(&mut session, "login: ");
    session.send_line("guest", LineEnd::CrLf).unwrap();
    expect(&mut session, "password: ");
    session.send_line("secret", LineEnd::CrNul).unwrap();
    expect(&mut session, "bell \x07 and tab \t\r\n");
    session.send_line(b"a byte of 255: \xff", LineEnd::CrLf).unwrap();
    assert_eq!(to_the_end(&mut session).0, b"bye\r\n");
}

fn functions(server: &Server) {
    let mut session = server.session(usual());
    let go_ahead = |session: &Session| session.text().ends_with(b"> ");
    until(&mut session, go_ahead);
    session.send("dates").unwrap();
    session.command(Command::EraseCharacter).unwrap();
    session.send_line("", LineEnd::CrLf).unwrap();
    expect(&mut session, "2017\r\n> ");
    session.send("rubbish").unwrap();
    session.command(Command::EraseLine).unwrap();
    session.send_line("logout", LineEnd::CrLf).unwrap();
    let (text, notices) = to_the_end(&mut session);
    assert_eq!(text, b"bye\r\n");
    assert!(notices.iter().all(|notice| *notice == Notice::Command(Command::GoAhead)));
}

fn echo(server: &Server) {
    let mut session = server.session(usual());
    expect(&mut session, "login: ");
    for key in ["g", "o"] {
        session.send(key).unwrap();
        expect(&mut session, key);
    }
    session.send("\r").unwrap();
    expect(&mut session, "password: ");
    session.send_line("secret", LineEnd::CrNul).unwrap();
    expect(&mut session, "Hello, go\r\n");
}

fn status(server: &Server) {
    let mut session = server.session(usual());
    session.ask_status().unwrap();
    let (_, notices) = to_the_end(&mut session);
    let wanted = vec![
        (Verb::Will, TelnetOption::ECHO),
        (Verb::Do, TelnetOption::SGA),
        (Verb::Will, TelnetOption::STATUS),
        (Verb::Do, TelnetOption::STATUS),
    ];
    assert_eq!(notices.last(), Some(&Notice::Status(wanted)));
}
