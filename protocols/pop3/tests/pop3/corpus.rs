//! The examples of the RFCs, played by our client, whole and one byte at a time. DIGEST-MD5 (RFC
//! 5034 section 6, its third example) is not played: RFC 6331 made it historic and no client of
//! ours speaks it.

use crate::support::{PATHS, Server, log_in, number, parse, password, retr, user};
use std::path::Path;
use wireline_pop3::{Command, Error, Quit, ResponseCode, Retry, Session};
use wireline_sasl::{Credentials, Exchange, Mechanism, Proof};
use wireline_transcript::FixtureOptions;
use wireline_wire::Sink;

type Play = fn(&Server);

/// A file, the title of one of its sections, and the client's part in it.
const SECTIONS: &[(&str, &str, Play)] = &[
    ("1939-10-session", "session", whole_session),
    ("1939-5-dele", "RETR, DELE, NOOP, RSET", dele),
    ("1939-5-list", "STAT and LIST", list),
    ("1939-7-apop", "the digest of the RFC", apop),
    ("1939-7-apop", "computed", apop),
    ("1939-7-apop", "refused", apop_refused),
    ("1939-7-top", "TOP", top),
    ("1939-7-uidl", "UIDL", uidl),
    ("1939-7-user", "USER and PASS", user_and_pass),
    ("2195-2-cram-md5", "the digest of the RFC", cram_md5),
    ("2195-2-cram-md5", "computed", cram_md5),
    ("2449-5-capa", "CAPA", capa),
    ("2449-5-capa", "a server that does not know it", no_capa),
    ("2449-6.6-pipelining", "pipelined", pipelined),
    ("2449-8-resp-codes", "IN-USE", in_use),
    ("2449-8-resp-codes", "LOGIN-DELAY", login_delay),
    ("2595-4-stls", "STLS", stls),
    ("5034-6-plain", "the response of the RFC", plain_of_the_rfc),
    ("5034-6-plain", "with the initial response", plain),
    ("5034-6-plain", "without the initial response", plain_in_two_lines),
];

/// Too long for the initial response to fit into a line.
const LONG_USER: &str = "a-user-whose-name-alone-is-long-enough-that-its-base64-leaves-no-room-for-\
    the-command-in-the-255-octets-of-RFC-2449-section-4-because-four-octets-stand-for-three-and-\
    some-more-are-needed-here";

/// What our client knows better than to try.
const SECOND_STLS: &str = "C: STLS\nS: -ERR Command not permitted when TLS active\n";

#[test]
fn the_examples_of_the_rfcs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus/pop3");
    for (name, title, play) in SECTIONS {
        let file = std::fs::read_to_string(folder.join(format!("{name}.wire"))).unwrap();
        for split in PATHS {
            let only = Some((*title).to_owned());
            let mut file = parse(&file.replace(SECOND_STLS, ""))
                .options(FixtureOptions { only, ..FixtureOptions::default() });
            if *title == "without the initial response" {
                file = file.set("user", LONG_USER);
            }
            let server = Server::start(file, split);
            play(&server);
            server.finish(&format!("{name}, {title}, split at {split:?}"));
        }
    }
}

fn mrose(server: &Server) -> Session {
    let mut session = server.session();
    log_in(&mut session);
    session
}

fn whole_session(server: &Server) {
    let mut session = server.session();
    session.apop(&user("mrose"), &password("tanstaaf")).unwrap();
    let stat = session.stat().unwrap();
    assert_eq!((stat.messages, stat.octets), (2, 320));
    let listing = session.list().unwrap();
    for entry in listing.entries() {
        let message = retr(&mut session, entry.number.get()).unwrap();
        assert_eq!(Some(message.len() as u64), entry.size);
        session.dele(entry.number).unwrap();
    }
    assert!(matches!(session.quit(), Quit::Done(_)));
}

fn dele(server: &Server) {
    let mut session = mrose(server);
    assert_eq!(retr(&mut session, 1).unwrap().len(), 120);
    session.dele(number(1)).unwrap();
    session.dele(number(2)).unwrap();
    let again = session.dele(number(2)).unwrap_err();
    assert_eq!(again.to_string(), "DELE: the server said -ERR message 2 already deleted");
    session.noop().unwrap();
    session.rset().unwrap();
    assert!(matches!(session.quit(), Quit::Done(_)));
}

fn list(server: &Server) {
    let mut session = mrose(server);
    assert_eq!(session.stat().unwrap().messages, 2);
    let sizes: Vec<_> = session.list().unwrap().entries().map(|entry| entry.size).collect();
    assert_eq!(sizes, [Some(120), Some(200)]);
    assert_eq!(session.list_one(number(2)).unwrap(), 200);
    assert!(matches!(session.list_one(number(3)), Err(Error::Refused { doing: "LIST", .. })));
    assert!(matches!(session.quit(), Quit::Done(_)));
}

fn apop(server: &Server) {
    server.session().apop(&user("mrose"), &password("tanstaaf")).unwrap();
}

fn apop_refused(server: &Server) {
    let refused = server.session().apop(&user("mrose"), &password("tanstaaf")).unwrap_err();
    assert!(matches!(refused, Error::Refused { doing: "APOP", .. }));
    assert_eq!(refused.retry(), Retry::Never);
}

fn top(server: &Server) {
    let mut session = mrose(server);
    let mut text = Vec::new();
    session.top(number(1), 10, &mut Sink::writer(&mut text), 1000).unwrap();
    assert!(text.ends_with(
        b"\r\n\r\nJanuary\r\nFebruary\r\nMarch\r\nApril\r\nMay\r\nJune\r\nJuly\r\n\
        August\r\nSeptember\r\nOctober\r\n"
    ));
    let missing = session.top(number(100), 3, &mut Sink::writer(&mut text), 1000);
    assert!(matches!(missing, Err(Error::Refused { doing: "TOP", .. })));
}

fn uidl(server: &Server) {
    let mut session = mrose(server);
    let listing = session.uidl().unwrap();
    let second = listing.get(number(2)).unwrap().unique_id.unwrap();
    assert_eq!(second.as_bytes(), b"QhdPYR:00WBw1Ph7x7");
    assert_eq!(session.uidl_one(number(2)).unwrap(), second);
    assert!(matches!(session.uidl_one(number(3)), Err(Error::Refused { doing: "UIDL", .. })));
}

fn user_and_pass(server: &Server) {
    let mut session = server.session();
    let secret = password("secret");
    let unknown = session.user_pass(&user("frated"), &secret);
    assert!(matches!(unknown, Err(Error::Refused { doing: "USER", .. })));
    let locked = session.user_pass(&user("mrose"), &secret);
    assert!(matches!(locked, Err(Error::Refused { doing: "PASS", .. })));
    session.user_pass(&user("mrose"), &secret).unwrap();
}

fn cram_md5(server: &Server) {
    server.session().auth(exchange(Mechanism::CramMd5, "tim", "tanstaaftanstaaf")).unwrap();
}

fn capa(server: &Server) {
    let mut session = server.session();
    let known = session.capa().unwrap();
    assert!(known.has_pipelining() && known.has("UIDL") && known.has("RESP-CODES"));
    assert_eq!(known.sasl().collect::<Vec<_>>(), ["CRAM-MD5", "KERBEROS_V4"]);
}

fn no_capa(server: &Server) {
    assert!(server.session().capa().unwrap().is_empty());
}

/// All of it in two flights: the transcript waits for five commands before it answers one.
fn pipelined(server: &Server) {
    let mut session = server.session();
    session.capa().unwrap();
    log_in(&mut session);
    let [one, two] = [number(1), number(2)];
    let mut pipeline = session.pipeline([
        Command::retr(one),
        Command::retr(two),
        Command::dele(one),
        Command::dele(two),
        Command::quit(),
    ]);
    let mut bytes = Vec::new();
    while let Some(answer) = pipeline.answer().unwrap() {
        assert!(answer.reply().is_ok());
        bytes.push(answer.copy_to(&mut Sink::writer(&mut Vec::new()), 1000).unwrap());
    }
    assert_eq!(bytes, [120, 200, 0, 0, 0]);
}

fn in_use(server: &Server) {
    let refused = server.session().apop(&user("mrose"), &password("tanstaaf")).unwrap_err();
    let Error::Refused { reply, .. } = &refused else { panic!("{refused}") };
    assert_eq!(reply.code(), Some(&ResponseCode::InUse));
    assert_eq!(refused.retry(), Retry::Safe);
}

fn login_delay(server: &Server) {
    let refused = server.session().apop(&user("mrose"), &password("tanstaaf")).unwrap_err();
    let Error::Refused { reply, .. } = &refused else { panic!("{refused}") };
    assert_eq!(reply.code(), Some(&ResponseCode::LoginDelay));
}

fn stls(server: &Server) {
    let mut session = server.session();
    session.capa().unwrap();
    let mut session = session.start_tls("localhost").unwrap();
    // hostile.md row 129: what was said in clear is forgotten.
    assert!(session.is_tls() && session.capabilities().is_none());
    session.capa().unwrap();
    assert!(matches!(session.start_tls("localhost"), Err(Error::Input(_))));
}

fn exchange(mechanism: Mechanism, user: &str, password: &str) -> Exchange {
    let credentials = Credentials::new(user, Proof::password(password)).unwrap();
    Exchange::new(mechanism, &credentials, &[]).unwrap()
}

fn plain_of_the_rfc(server: &Server) {
    let mut session = server.session();
    session.capa().unwrap();
    let mut session = session.start_tls("localhost").unwrap();
    assert!(session.capa().unwrap().sasl().any(|name| name == "PLAIN"));
    let credentials = Credentials::new("test", Proof::password("test")).unwrap();
    let credentials = credentials.acting_as("test").unwrap();
    session.auth(Exchange::new(Mechanism::Plain, &credentials, &[]).unwrap()).unwrap();
}

fn plain(server: &Server) {
    let mut session = server.session().start_tls("localhost").unwrap();
    session.capa().unwrap();
    session.auth(exchange(Mechanism::Plain, "test", "test")).unwrap();
}

fn plain_in_two_lines(server: &Server) {
    let mut session = server.secure_session();
    session.capa().unwrap();
    session.auth(exchange(Mechanism::Plain, LONG_USER, "test")).unwrap();
}
