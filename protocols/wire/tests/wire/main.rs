//! A wire against scripted servers: lines, deadlines, bodies, TLS, speaking and hearing at once.
#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "files of the tests' own")]

mod beside;
mod bodies;
mod dialling;
mod identity;
mod messages;
mod proxies;
mod proxy_server;
mod rates;
mod support;

use support::{dial, endpoint, millis, server, tls_server};
use wireline_servers::link::{Link, LinkOptions};
use wireline_servers::raw::Act;
use wireline_wire::{Deadline, Dialer, Error, Limits, Saying, Whole};

fn send(bytes: &[u8]) -> Act {
    Act::Send(bytes.to_vec())
}

/// Lines of every kind, however they arrive.
#[test]
fn lines_come_whole_whatever_the_pieces() {
    let text = b"220 ready\r\nbare\n\r\n\xff\x00\r\n".to_vec();
    for piece in [1, 2, 3, 100] {
        let server = server(&[Act::Drip(text.clone(), piece, millis(0)), Act::Close]);
        let mut wire = dial(&server);
        for line in [&b"220 ready\r\n"[..], b"bare\n", b"\r\n", b"\xff\x00\r\n"] {
            assert_eq!(wire.line(100).unwrap(), line, "pieces of {piece}");
        }
        assert!(matches!(wire.line(100), Err(Error::Closed)));
    }
}

#[test]
fn a_line_has_a_limit_and_an_end() {
    let server = server(&[send(b"12345\r\n12345\r\n12"), Act::Close]);
    let mut wire = dial(&server);
    assert_eq!(wire.line(7).unwrap(), b"12345\r\n");
    assert!(matches!(wire.line(6), Err(Error::TooLong { limit: 6, .. })));
    assert_eq!(wire.line(7).unwrap(), b"12345\r\n");
    assert!(matches!(wire.line(7), Err(Error::Cut { got: 2, expected: None })));
}

/// A line far longer than any buffer is refused at its limit, not gathered.
#[test]
fn an_endless_line_ends_at_the_limit() {
    let server = server(&[send(&vec![b'x'; 8 << 20]), Act::Stall]);
    let mut wire = dial(&server);
    assert!(matches!(wire.line(1 << 20), Err(Error::TooLong { .. })));
}

/// hostile.md row 87: a byte now and then does not keep a line alive. A timeout for each read
/// would never fire here: each byte comes within its 200 ms.
#[test]
fn a_dripped_line_ends_at_its_deadline() {
    let server = server(&[Act::Drip(vec![b'x'; 1000], 1, millis(20)), Act::Stall]);
    let mut wire = dial(&server);
    wire.set_deadline("a test's line", Deadline::within(millis(200)));
    match wire.line(5000) {
        Err(Error::TimedOut { phase, .. }) => assert_eq!(phase, "a test's line"),
        other => panic!("{other:?}"),
    }
}

/// The same below TLS: the handshake has one deadline for all its bytes.
#[test]
fn a_dripped_handshake_ends_at_its_deadline() {
    let (server, mut dialer, _folder) = tls_server(&[send(b"never\r\n")]);
    let slow = LinkOptions { rate: Some(500), ..LinkOptions::default() };
    let link = Link::start(server.addr(), slow).unwrap();
    dialer.limits = Limits { tls: millis(300), ..Limits::default() };
    let wire = dialer.dial(&endpoint(link.addr())).unwrap();
    match wire.start_tls("localhost") {
        Err(Error::TimedOut { phase, after }) => {
            assert_eq!((phase, after), ("the TLS handshake", millis(300)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_whole_time_ends_what_a_pause_would_allow() {
    let server = server(&[Act::Drip(vec![b'x'; 1000], 1, millis(20)), Act::Stall]);
    let mut dialer = Dialer::default();
    dialer.whole = Some(Whole::starting_now(millis(200)));
    let mut wire = dialer.dial(&endpoint(server.addr())).unwrap();
    wire.set_deadline("a pause", Deadline::pause(millis(10_000)));
    let error = wire.line(5000).unwrap_err();
    assert!(matches!(error, Error::OutOfTime { limit } if limit == millis(200)), "{error:?}");
}

#[test]
fn an_answer_is_noticed_without_waiting() {
    let server = server(&[Act::Read(4), send(b"hi\r\n"), Act::Stall]);
    let mut wire = dial(&server);
    assert!(!wire.answer_waiting().unwrap());
    wire.say(&Saying::new().text("ping"));
    wire.flush().unwrap();
    assert_eq!(wire.line(10).unwrap(), b"hi\r\n");
    assert!(!wire.answer_waiting().unwrap());
}

/// A peer that has answered and reads no more: a blocking write would lose the answer.
#[test]
fn sending_stops_when_the_answer_is_there() {
    let script = [Act::Read(10), send(b"552 too much\r\n"), Act::Pause(millis(20_000))];
    let body = vec![b'x'; 64 << 20];
    let clear = server(&script);
    let (secure, dialer, _folder) = tls_server(&script);
    let tls = dialer.dial(&endpoint(secure.addr())).unwrap().start_tls("localhost").unwrap();
    for mut wire in [dial(&clear), tls] {
        let sent = wire.send_watching(&body).unwrap();
        assert!(sent < body.len(), "{sent} of {}", body.len());
        assert_eq!(wire.line(100).unwrap(), b"552 too much\r\n");
    }
}

/// hostile.md row 88: a peer that never reads ends a write too.
#[test]
fn a_peer_that_never_reads_ends_at_the_deadline() {
    let server = server(&[Act::Pause(millis(20_000))]);
    let mut wire = dial(&server);
    wire.set_deadline("sending", Deadline::pause(millis(200)));
    let body = vec![b'x'; 64 << 20];
    assert!(matches!(wire.send_watching(&body), Err(Error::TimedOut { phase: "sending", .. })));
    assert!(matches!(wire.send(&body), Err(Error::TimedOut { .. })));
}

/// hostile.md row 127: what came in clear behind the go-ahead is an injection.
#[test]
fn bytes_before_tls_are_refused() {
    let server = server(&[send(b"220 go ahead\r\n250 injected\r\n"), Act::Stall]);
    let mut wire = dial(&server);
    assert_eq!(wire.line(100).unwrap(), b"220 go ahead\r\n");
    assert!(matches!(wire.start_tls("localhost"), Err(Error::Leftover { bytes: 14 })));
}

/// hostile.md row 114: TLS spoken to a peer in clear.
#[test]
fn a_peer_in_clear_is_named() {
    let server = server(&[send(b"220 plain text\r\n"), Act::Stall]);
    let error = dial(&server).start_tls("localhost").unwrap_err();
    assert!(matches!(&error, Error::Tls { .. } | Error::Leftover { .. }), "{error:?}");
}

#[test]
fn tls_carries_lines_and_says_goodbye() {
    let (server, dialer, _folder) = tls_server(&[Act::Read(6), send(b"hello\r\n"), Act::Close]);
    let wire = dialer.dial(&endpoint(server.addr())).unwrap();
    let mut wire = wire.start_tls("localhost").unwrap();
    assert!(wire.is_tls());
    wire.say(&Saying::new().text("hello\n"));
    wire.flush().unwrap();
    assert_eq!(wire.line(100).unwrap(), b"hello\r\n");
    assert!(matches!(wire.line(100), Err(Error::Closed)));
    assert_eq!(server.received(0), b"hello\n");
}
