//! Slow on purpose, and too slow: the rate of each way, the least speed of a transfer.

use crate::support::{endpoint, millis, server, tempdir::Folder, tls_server};
use std::fs::File;
use std::io::Read;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::raw::{Act, Server};
use wireline_wire::{
    Deadline, Dialer, Error, Event, Limits, Observer, Sink, Slowest, Trust, Whole, Wire,
};

/// Bytes a second, and bytes that take half a second.
const RATE: u64 = 400_000;
const BYTES: usize = 200_000;

/// The pieces in which a body was seen.
#[derive(Default)]
struct Pieces(Mutex<Vec<u64>>);

impl Observer for Pieces {
    fn observe(&self, _: u64, event: &Event<'_>) {
        if let Event::Body { bytes, .. } | Event::Sent { bytes, .. } = event {
            self.0.lock().unwrap().push(*bytes);
        }
    }
}

fn slow(dialer: &Dialer) -> (Dialer, Arc<Pieces>) {
    let pieces = Arc::new(Pieces::default());
    let mut dialer = dialer.clone();
    dialer.limit_rate = Some(RATE);
    dialer.observer = Some(Arc::clone(&pieces) as Arc<dyn Observer>);
    (dialer, pieces)
}

/// Not faster than the rate, and smooth. How much slower is the machine's business.
fn check(what: &str, took: Duration, pieces: &Pieces) {
    let pieces = std::mem::take(&mut *pieces.0.lock().unwrap());
    assert!(took >= millis(490), "{what}: {took:?}");
    assert!(pieces.iter().all(|&piece| piece <= RATE / 4), "{what}: {pieces:?}");
    // No busy loop either: the bucket gives a sixteenth of a second's worth at the least.
    assert!((2..60).contains(&pieces.len()), "{what}: {pieces:?}");
    assert_eq!(pieces.iter().sum::<u64>(), BYTES as u64, "{what}");
}

fn reading(dialer: &Dialer, server: &Server, tls: bool) -> Wire {
    let wire = dialer.dial(&endpoint(server.addr())).unwrap();
    let mut wire = if tls { wire.start_tls("localhost").unwrap() } else { wire };
    wire.set_deadline("a body", Deadline::pause(millis(10_000)));
    wire
}

#[test]
fn what_comes_keeps_the_rate() {
    let script = [Act::Send(vec![b'x'; BYTES]), Act::Close];
    let (secure, trusting, _ca) = tls_server(&script);
    let clear = server(&script);
    let folder = Folder::new();
    let file = File::create(folder.path().join("body")).unwrap();
    for (name, server, tls) in [("clear", &clear, false), ("TLS", &secure, true)] {
        let (dialer, pieces) = slow(&trusting);
        let begun = Instant::now();
        let mut wire = reading(&dialer, server, tls);
        let mut sink = Sink::file(&file);
        wire.copy_exact(&mut sink, BYTES as u64).unwrap();
        sink.flush().unwrap();
        if tls {
            // Each record is told of by itself.
            let sum = pieces.0.lock().unwrap().drain(..).sum::<u64>();
            assert_eq!((sum, begun.elapsed() >= millis(490)), (BYTES as u64, true), "{name}");
        } else {
            check(name, begun.elapsed(), &pieces);
        }
    }
}

#[test]
fn lines_keep_the_rate() {
    let server = server(&[Act::Send(b"x\r\n".repeat(1000)), Act::Close]);
    let mut dialer = Dialer::default();
    dialer.limit_rate = Some(6000);
    let begun = Instant::now();
    let mut wire = dialer.dial(&endpoint(server.addr())).unwrap();
    for _ in 0..1000 {
        assert_eq!(wire.line(10).unwrap(), b"x\r\n");
    }
    assert!(begun.elapsed() >= millis(490));
}

/// A listener that takes everything.
fn taking() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn what_goes_keeps_the_rate() {
    let folder = Folder::new();
    let name = folder.path().join("body");
    let body = vec![b'x'; BYTES];
    std::fs::write(&name, &body).unwrap();
    let quiet = server(&[Act::Stall]);
    let (dialer, pieces) = slow(&Dialer::default());
    for what in ["send", "send_watching", "push", "push_file"] {
        let (listener, address) = taking();
        let taken = std::thread::spawn(move || {
            let mut all = Vec::new();
            listener.accept().unwrap().0.read_to_end(&mut all).unwrap()
        });
        let mut other = Dialer::default().dial(&endpoint(quiet.addr())).unwrap();
        let mut wire = dialer.dial(&endpoint(address)).unwrap();
        wire.set_deadline("a body", Deadline::pause(millis(10_000)));
        let begun = Instant::now();
        match what {
            "send" => wire.send(&body).unwrap(),
            "send_watching" => assert_eq!(wire.send_watching(&body).unwrap(), BYTES),
            "push" => assert_eq!(wire.push(&body, &mut other).unwrap().0, BYTES as u64),
            _ => {
                let file = File::open(&name).unwrap();
                if wire.push_file(&file, &mut other).unwrap().is_none() {
                    wire.send(&body).unwrap();
                }
            }
        }
        check(what, begun.elapsed(), &pieces);
        drop(wire);
        assert_eq!(taken.join().unwrap(), BYTES, "{what}");
    }
}

/// TLS keeps the rate too, says its goodbye all the same, and hears while it waits.
#[test]
fn tls_goes_slowly_and_says_goodbye() {
    let authority = Authority::new("rate tests").unwrap();
    let config = authority.server_config(Certificate::Good).unwrap();
    let folder = Folder::new();
    let pem = folder.path().join("ca.pem");
    std::fs::write(&pem, authority.pem()).unwrap();
    let (listener, address) = taking();
    let taken = std::thread::spawn(move || {
        let session = rustls::ServerConnection::new(config).unwrap();
        let mut stream = rustls::StreamOwned::new(session, listener.accept().unwrap().0);
        let mut all = Vec::new();
        // Without a goodbye this is an error.
        stream.read_to_end(&mut all).map(|_| all.len())
    });
    let (mut dialer, pieces) = slow(&Dialer::default());
    dialer.tls = Trust { files: vec![pem], ..Trust::default() }.into();
    let mut wire = dialer.dial(&endpoint(address)).unwrap().start_tls("localhost").unwrap();
    wire.set_deadline("a body", Deadline::pause(millis(10_000)));
    let begun = Instant::now();
    wire.send(&vec![b'x'; BYTES]).unwrap();
    check("TLS", begun.elapsed(), &pieces);
    drop(wire);
    assert_eq!(taken.join().unwrap().unwrap(), BYTES);

    let (server, trusting, _ca) =
        tls_server(&[Act::Read(10), Act::Send(b"552 no\r\n".to_vec()), Act::Stall]);
    let (dialer, _) = slow(&trusting);
    let mut wire = reading(&dialer, &server, true);
    let body = vec![b'x'; 50 * BYTES];
    assert!(wire.send_watching(&body).unwrap() < body.len());
    assert_eq!(wire.line(100).unwrap(), b"552 no\r\n");
}

/// The time for everything ends the pause that the rate makes, both ways.
#[test]
fn the_whole_ends_a_slow_transfer() {
    let folder = Folder::new();
    let file = File::create(folder.path().join("body")).unwrap();
    for way in ["line", "copy", "splice", "send", "watch"] {
        let server = server(&[Act::Send(vec![b'x'; BYTES]), Act::Stall]);
        let mut dialer = Dialer::default();
        dialer.limit_rate = Some(1);
        dialer.whole = Some(Whole::starting_now(millis(300)));
        let mut wire = dialer.dial(&endpoint(server.addr())).unwrap();
        wire.set_deadline("a body", Deadline::pause(millis(50)));
        let (body, mut gone) = (vec![b'x'; BYTES], std::io::sink());
        let begun = Instant::now();
        let error = match way {
            "line" => wire.line(1000).map(drop),
            "copy" => wire.copy_exact(&mut Sink::writer(&mut gone), BYTES as u64),
            "splice" => wire.copy_exact(&mut Sink::file(&file), BYTES as u64),
            "send" => wire.send(&body),
            _ => wire.send_watching(&body).map(drop),
        };
        // A peer that has spoken stops what is sent watching.
        if way != "watch" {
            assert!(matches!(error, Err(Error::OutOfTime { .. })), "{way}: {error:?}");
        }
        assert!(begun.elapsed() < millis(5000), "{way}");
    }
}

/// hostile.md row 87: what drips is given up by its speed, though each pause is short.
#[test]
fn a_transfer_that_is_too_slow_ends() {
    let slowest = Slowest { bytes_per_second: 1000, over: millis(300) };
    let folder = Folder::new();
    let file = File::create(folder.path().join("body")).unwrap();
    let drip = Act::Drip(vec![b'x'; 10_000], 1, millis(10));
    let mut dialer = Dialer::default();
    dialer.limits = Limits { slowest: Some(slowest), ..Limits::default() };
    for (what, script) in [("drips", vec![drip.clone()]), ("silence", vec![Act::Stall])] {
        for spliced in [true, false] {
            let server = server(&script);
            let mut wire = reading(&dialer, &server, false);
            let mut all = Vec::new();
            let mut sink = if spliced { Sink::file(&file) } else { Sink::writer(&mut all) };
            match wire.copy_exact(&mut sink, BYTES as u64) {
                Err(error @ Error::TooSlow { bytes_per_second: 1000, over }) => {
                    assert_eq!(over, millis(300));
                    let words = "timed out: transferring was slower than 1000 bytes/s for 0.3 s";
                    assert_eq!(error.to_string(), words);
                }
                other => panic!("{what}: {other:?}"),
            }
        }
    }
    // A peer that reads nothing.
    let (listener, address) = taking();
    let mut wire = dialer.dial(&endpoint(address)).unwrap();
    wire.set_deadline("a body", Deadline::pause(millis(10_000)));
    let error = wire.send(&vec![b'x'; 64 << 20]).unwrap_err();
    assert!(matches!(error, Error::TooSlow { .. }), "{error:?}");
    drop(listener);
}

/// What is fast enough is not disturbed, and waiting for an answer is no transfer.
#[test]
fn an_answer_may_take_its_time() {
    let slowest = Slowest { bytes_per_second: 1000, over: millis(100) };
    let mut dialer = Dialer::default();
    dialer.limits = Limits { slowest: Some(slowest), ..Limits::default() };
    let server = server(&[Act::Pause(millis(400)), Act::Send(b"late\r\n".to_vec()), Act::Stall]);
    let mut wire = dialer.dial(&endpoint(server.addr())).unwrap();
    wire.set_deadline("an answer", Deadline::within(millis(10_000)));
    assert_eq!(wire.line(100).unwrap(), b"late\r\n");
}

/// What was heard and not read is there to be looked at, and stays.
#[test]
fn heard_gives_nothing_away() {
    let server = server(&[Act::Send(b"one\r\ntwo\r\nthr".to_vec()), Act::Stall]);
    let mut wire = Dialer::default().dial(&endpoint(server.addr())).unwrap();
    assert!(wire.heard().is_empty());
    assert_eq!(wire.line(100).unwrap(), b"one\r\n");
    let heard = wire.heard().to_vec();
    assert!(b"two\r\nthr".starts_with(&heard[..]), "{heard:?}");
    assert_eq!(wire.line(100).unwrap(), b"two\r\n");
}
