//! Bodies into sinks: spliced, copied, cut, too long, and sinks that take no more.

use crate::support::{dial, endpoint, millis, server, tempdir::Folder, tls_server};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::sync::mpsc;
use wireline_servers::raw::Act;
use wireline_wire::{Deadline, Dialer, Error, Sink, Wire};

/// Longer than any buffer, so that it is spliced; no two pages alike.
fn body() -> Vec<u8> {
    (0..3_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn after_a_line(body: &[u8], end: Act) -> [Act; 3] {
    [Act::Send(b"head\r\n".to_vec()), Act::Send(body.to_vec()), end]
}

fn begun(mut wire: Wire) -> Wire {
    assert_eq!(wire.line(10).unwrap(), b"head\r\n");
    wire.set_deadline("a pause", Deadline::pause(millis(10_000)));
    wire
}

#[test]
fn a_body_is_the_same_in_every_sink() {
    let body = body();
    let folder = Folder::new();
    let script = after_a_line(&body, Act::Close);
    let (clear, (secure, dialer, _ca)) = (server(&script), tls_server(&script));
    for (name, append) in [("plain", false), ("append", true)] {
        let path = folder.path().join(name);
        let tls = dialer.dial(&endpoint(secure.addr())).unwrap().start_tls("localhost").unwrap();
        for wire in [dial(&clear), tls] {
            let file =
                OpenOptions::new().create(true).write(true).append(append).open(&path).unwrap();
            let mut wire = begun(wire);
            let mut sink = Sink::file(&file);
            wire.copy_exact(&mut sink, body.len() as u64).unwrap();
            sink.flush().unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), body, "{name}");
            std::fs::remove_file(&path).unwrap();
        }
    }
    let mut gathered = Vec::new();
    let mut wire = begun(dial(&clear));
    let got = wire.copy_to_close(&mut Sink::writer(&mut gathered), u64::MAX).unwrap();
    assert_eq!((got, gathered.len()), (body.len() as u64, body.len()));
    assert_eq!(gathered, body);
}

/// A pipe's other end: splice works there too, and a reader that is slow is waited for.
#[test]
fn a_body_goes_into_a_pipe() {
    let body = body();
    let server = server(&after_a_line(&body, Act::Close));
    let (mut reader, writer) = io::pipe().unwrap();
    let read = std::thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        all
    });
    let file = File::from(std::os::fd::OwnedFd::from(writer));
    let mut wire = begun(dial(&server));
    wire.copy_to_close(&mut Sink::file(&file), u64::MAX).unwrap();
    drop(file);
    assert_eq!(read.join().unwrap(), body);
}

#[test]
fn what_follows_a_body_stays() {
    let body = body();
    let mut bytes = body.clone();
    bytes.extend_from_slice(b"next\r\n");
    let server = server(&after_a_line(&bytes, Act::Stall));
    let folder = Folder::new();
    let file = File::create(folder.path().join("body")).unwrap();
    let mut wire = begun(dial(&server));
    wire.copy_exact(&mut Sink::file(&file), body.len() as u64).unwrap();
    assert_eq!(wire.line(10).unwrap(), b"next\r\n");
    assert_eq!(wire.leftover(), 0);
}

/// A peer that leaves early has cut the body; what came is in the file.
#[test]
fn a_cut_body_is_an_error_and_its_beginning_is_kept() {
    let body = body();
    let folder = Folder::new();
    for (name, end) in [("closed", Act::Close), ("reset", Act::Reset)] {
        let server = server(&after_a_line(&body, end));
        let path = folder.path().join(name);
        let file = File::create(&path).unwrap();
        let mut wire = begun(dial(&server));
        let error = wire.copy_exact(&mut Sink::file(&file), 1 << 30).unwrap_err();
        let Error::Cut { got, expected: Some(expected) } = error else { panic!("{error:?}") };
        assert_eq!(expected, 1 << 30);
        let stored = std::fs::read(&path).unwrap();
        assert_eq!(stored.len() as u64, got, "{name}");
        assert!(body.starts_with(&stored), "{name}");
    }
}

/// hostile.md row 117: over TLS, without a goodbye, nobody knows whether it was whole.
#[test]
fn an_end_without_goodbye_cuts_what_has_no_length() {
    let (server, dialer, _folder) = tls_server(&after_a_line(b"body", Act::Cut));
    let connect =
        || begun(dialer.dial(&endpoint(server.addr())).unwrap().start_tls("localhost").unwrap());
    let mut out = Vec::new();
    let error = connect().copy_to_close(&mut Sink::writer(&mut out), 100).unwrap_err();
    assert!(matches!(error, Error::Cut { got: 4, expected: None }), "{error:?}");
    connect().copy_exact(&mut Sink::writer(&mut out), 4).unwrap();
}

#[test]
fn a_body_to_the_close_has_a_limit() {
    let server = server(&after_a_line(b"12345", Act::Close));
    for (limit, fits) in [(6, true), (5, true), (4, false)] {
        let mut out = Vec::new();
        let copied = begun(dial(&server)).copy_to_close(&mut Sink::writer(&mut out), limit);
        assert_eq!(copied.is_ok(), fits, "{limit}: {copied:?}");
    }
}

/// The same limit when the bytes were spliced and never seen.
#[test]
fn a_spliced_body_has_a_limit() {
    let body = body();
    let server = server(&after_a_line(&body, Act::Close));
    let folder = Folder::new();
    for (limit, fits) in [(body.len() as u64, true), (body.len() as u64 - 1, false)] {
        let file = File::create(folder.path().join("body")).unwrap();
        let copied = begun(dial(&server)).copy_to_close(&mut Sink::file(&file), limit);
        assert_eq!(copied.is_ok(), fits, "{copied:?}");
    }
}

/// A full disk is our failure, not the peer's.
#[test]
fn a_sink_that_takes_no_more_is_local() {
    let server = server(&after_a_line(&body(), Act::Close));
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut wire = begun(dial(&server));
    let error = wire.copy_exact(&mut Sink::file(&full), 3_000_000).unwrap_err();
    assert!(matches!(error, Error::Local(_)), "{error:?}");
}

/// A slow stream is seen as it comes: before every wait the sink has what arrived. Here the peer
/// says the rest only when the sink has seen the beginning.
#[test]
fn nothing_is_held_back_while_waiting() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (saw, seen) = mpsc::channel();
    let server = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(b"first").unwrap();
        seen.recv().unwrap();
        peer.write_all(b"second").unwrap();
    });
    let mut wire = Dialer::default().dial(&endpoint(address)).unwrap();
    let mut sink = Telling { bytes: Vec::new(), saw };
    wire.copy_to_close(&mut Sink::writer(&mut sink), 100).unwrap();
    assert_eq!(sink.bytes, b"firstsecond");
    server.join().unwrap();
}

/// Tells of every write.
struct Telling {
    bytes: Vec<u8>,
    saw: mpsc::Sender<()>,
}

impl Write for Telling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        // The peer listens for the first write only.
        self.saw.send(()).ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
