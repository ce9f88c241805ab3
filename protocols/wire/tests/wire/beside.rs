//! Two connections of one session: bytes to one while the other is listened to, connections that
//! the peer makes, the end of sending.

use crate::support::{dial, endpoint, millis, server, tempdir::Folder, tls_server};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use wireline_servers::raw::Act;
use wireline_wire::{Deadline, Dialer, Error, Pushed, TlsVersions, Wire};

const BYTES: usize = 3_000_000;

/// A listener that takes everything and counts it.
fn counting() -> (Wire, std::thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let wire = Dialer::default().dial(&endpoint(listener.local_addr().unwrap())).unwrap();
    let counted = std::thread::spawn(move || {
        let mut all = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut all).unwrap()
    });
    (wire, counted)
}

/// A connection whose peer says nothing until we are gone.
fn quiet() -> (Wire, wireline_servers::raw::Server) {
    let server = server(&[Act::Stall]);
    (dial(&server), server)
}

#[test]
fn bytes_and_files_go_out_while_the_other_is_quiet() {
    let folder = Folder::new();
    let name = folder.path().join("file");
    std::fs::write(&name, vec![b'x'; BYTES]).unwrap();
    let (mut other, _server) = quiet();

    let (mut wire, counted) = counting();
    wire.set_deadline("the file", Deadline::pause(millis(5_000)));
    let pushed = wire.push(&vec![b'x'; BYTES], &mut other).unwrap();
    assert_eq!(pushed, (BYTES as u64, Pushed::All));
    wire.half_close().unwrap();
    assert_eq!(counted.join().unwrap(), BYTES);

    let (mut wire, counted) = counting();
    let file = File::open(&name).unwrap();
    if let Some(pushed) = wire.push_file(&file, &mut other).unwrap() {
        assert_eq!(pushed, (BYTES as u64, Pushed::All));
        wire.half_close().unwrap();
        assert_eq!(counted.join().unwrap(), BYTES);
    }
}

/// The peer reads nothing on one and speaks on the other: nobody waits for it to read.
#[test]
fn the_other_speaks() {
    let (listener, talker) = (
        TcpListener::bind("127.0.0.1:0").unwrap(),
        server(&[Act::Send(b"no room\r\n".to_vec()), Act::Stall]),
    );
    let mut wire = Dialer::default().dial(&endpoint(listener.local_addr().unwrap())).unwrap();
    wire.set_deadline("the file", Deadline::pause(millis(5_000)));
    let mut other = dial(&talker);
    let (sent, how) = wire.push(&vec![b'x'; 64 * BYTES], &mut other).unwrap();
    assert_eq!(how, Pushed::Interrupted);
    assert!(sent < 64 * BYTES as u64);
    assert_eq!(other.line(100).unwrap(), b"no room\r\n");
}

#[test]
fn a_peer_that_reads_nothing_costs_a_pause() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut wire = Dialer::default().dial(&endpoint(listener.local_addr().unwrap())).unwrap();
    wire.set_deadline("the file", Deadline::pause(millis(100)));
    let (mut other, _server) = quiet();
    let stuck = wire.push(&vec![b'x'; 64 * BYTES], &mut other).unwrap_err();
    assert!(matches!(stuck, Error::TimedOut { phase: "the file", .. }), "{stuck}");
}

#[test]
fn the_peer_connects_to_us() {
    let (mut other, _server) = quiet();
    let dialer = Dialer::default();
    let listener = dialer.listen(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    let late = Deadline::within(millis(50));
    let nobody = listener.accept("the peer", late, &mut other).unwrap_err();
    assert!(matches!(nobody, Error::TimedOut { phase: "the peer", .. }), "{nobody}");

    let address = listener.address();
    let peer = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"hello\n").unwrap();
        stream.local_addr().unwrap()
    });
    let deadline = Deadline::within(millis(5_000));
    let mut wire = listener.accept("the peer", deadline, &mut other).unwrap().unwrap();
    assert_eq!(wire.body_line(100).unwrap(), Some(&b"hello\n"[..]));
    assert_eq!(wire.body_line(100).unwrap(), None);
    assert_eq!(wire.peer().address(), Some(peer.join().unwrap()));
    assert_eq!(wire.local_address().unwrap(), Some(address));

    let talker = server(&[Act::Send(b"no\r\n".to_vec()), Act::Stall]);
    let none = listener.accept("the peer", deadline, &mut dial(&talker)).unwrap();
    assert!(none.is_none());
}

/// Lines of a body end with the connection; in TLS that has to be said.
#[test]
fn body_lines_end_with_a_goodbye() {
    for (end, whole) in [(Act::Close, true), (Act::Cut, false)] {
        let (server, dialer, _ca) = tls_server(&[Act::Send(b"a\nb\n".to_vec()), end]);
        let mut wire =
            dialer.dial(&endpoint(server.addr())).unwrap().start_tls("localhost").unwrap();
        assert_eq!(wire.body_line(100).unwrap(), Some(&b"a\n"[..]));
        assert_eq!(wire.body_line(100).unwrap(), Some(&b"b\n"[..]));
        match wire.body_line(100) {
            Ok(line) => assert!(whole && line.is_none()),
            Err(error) => assert!(!whole && matches!(error, Error::Cut { .. }), "{error}"),
        }
    }
}

/// What is apart shares no sessions; its clones do.
#[test]
fn tls_settings_apart() {
    let settings = Dialer::default().tls;
    let apart = settings.apart(TlsVersions::Only12);
    let config = |settings: &wireline_wire::TlsSettings| settings.config().unwrap();
    assert!(std::sync::Arc::ptr_eq(&config(&apart), &config(&apart.clone())));
    assert!(!std::sync::Arc::ptr_eq(&config(&apart), &config(&settings)));
}
