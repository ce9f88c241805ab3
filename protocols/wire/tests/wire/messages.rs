//! Messages as dot blocks, out and in.

use crate::support::{dial, endpoint, millis, server, tls_server};
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex};
use wireline_servers::raw::Act;
use wireline_wire::{Deadline, Dialer, Error, Event, Observer, Saying, Sent, Sink, Wire};

/// Lines of many lengths, some of a dot, more than any buffer holds.
fn message() -> Vec<u8> {
    (0..60_000_usize)
        .flat_map(|nth| [&b"..............."[..nth % 15], b"x y\r\n"].concat())
        .collect()
}

/// What a peer makes of a text that ends with CRLF: a dot behind CRLF is doubled, one behind a
/// bare LF is not.
fn as_a_block(text: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for (at, &byte) in text.iter().enumerate() {
        if byte == b'.' && (at == 0 || text[..at].ends_with(b"\r\n")) {
            block.push(b'.');
        }
        block.push(byte);
    }
    [&block[..], b".\r\n"].concat()
}

#[test]
fn a_message_leaves_as_a_block() {
    let message = message();
    let block = as_a_block(&message);
    let script = [Act::Read(block.len()), Act::Send(b"250 ok\r\n".to_vec()), Act::Close];
    let (clear, (secure, dialer, _folder)) = (server(&script), tls_server(&script));
    let tls = dialer.dial(&endpoint(secure.addr())).unwrap().start_tls("localhost").unwrap();
    for (mut wire, server) in [(dial(&clear), &clear), (tls, &secure)] {
        assert_eq!(wire.send_dot_block(&mut Cursor::new(&message)).unwrap(), Sent::Whole);
        assert_eq!(wire.line(100).unwrap(), b"250 ok\r\n");
        assert!(server.received(0) == block);
    }
}

/// A peer that has answered is heard at once, and the rest of an endless message is not read.
#[test]
fn a_refusal_stops_a_message() {
    let server = server(&[
        Act::Read(10),
        Act::Send(b"552 too much\r\n".to_vec()),
        Act::Pause(millis(20_000)),
    ]);
    let mut wire = dial(&server);
    assert_eq!(wire.send_dot_block(&mut io::repeat(b'x')).unwrap(), Sent::Interrupted);
    assert_eq!(wire.line(100).unwrap(), b"552 too much\r\n");
}

/// A source that fails after so many bytes.
struct Failing(usize);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.0);
        if count == 0 {
            return Err(io::Error::other("no more"));
        }
        buffer[..count].fill(b'x');
        self.0 -= count;
        Ok(count)
    }
}

/// What is not a whole message is never ended, so that no server delivers it.
#[test]
fn half_a_message_has_no_end() {
    let with_nul = |at: usize| [vec![b'x'; at], b"\0\r\n.\r\n".to_vec()].concat();
    for at in [3, 400_000] {
        let server = server(&[Act::Stall]);
        let failed = dial(&server).send_dot_block(&mut Cursor::new(with_nul(at))).unwrap_err();
        assert!(matches!(failed, Error::Nul { at: found } if found == at as u64), "{failed:?}");
        let failed = dial(&server).send_dot_block(&mut Failing(at)).unwrap_err();
        assert!(matches!(failed, Error::Local(_)), "{failed:?}");
        for connection in [0, 1] {
            let received = server.received_in_all(connection).unwrap();
            assert!(received.iter().all(|&byte| byte == b'x'), "{}", received.len());
            assert_eq!(received.is_empty(), at == 3);
        }
    }
}

/// What an observer saw of bodies: the bytes sent, and those that came, each with how often.
#[derive(Default)]
struct Bodies(Mutex<[(usize, Vec<u8>); 2]>);

impl Observer for Bodies {
    fn wants_bodies(&self) -> bool {
        true
    }

    fn observe(&self, _: u64, event: &Event<'_>) {
        let (place, bytes, data) = match event {
            Event::Sent { bytes, data: Some(data) } => (0, bytes, data),
            Event::Body { bytes, data: Some(data) } => (1, bytes, data),
            _ => return,
        };
        assert_eq!(*bytes, data.len() as u64);
        let mut seen = self.0.lock().unwrap();
        seen[place].0 += 1;
        seen[place].1.extend_from_slice(data);
    }
}

/// What leaves is seen as it is on the wire, what comes as the text that it is. An empty text is
/// seen too.
#[test]
fn an_observer_sees_messages() {
    for text in [&b".a\r\nb\r\n"[..], b""] {
        let block = as_a_block(text);
        let server = server(&[Act::Read(block.len()), Act::Send(block.clone()), Act::Close]);
        let bodies = Arc::new(Bodies::default());
        let mut dialer = Dialer::default();
        dialer.observer = Some(bodies.clone());
        let mut wire = dialer.dial(&endpoint(server.addr())).unwrap();
        assert_eq!(wire.send_dot_block(&mut &text[..]).unwrap(), Sent::Whole);
        wire.copy_dot_block(&mut Sink::writer(&mut io::sink()), 100).unwrap();
        let seen = bodies.0.lock().unwrap();
        assert_eq!((&seen[0].1, &seen[1].1[..]), (&block, text));
        assert!(seen.iter().all(|(times, _)| *times > 0), "{seen:?}");
    }
}

fn begun(server: &wireline_servers::raw::Server) -> Wire {
    let mut wire = dial(server);
    assert_eq!(wire.line(100).unwrap(), b"+OK\r\n");
    wire.set_deadline("a pause", Deadline::pause(millis(10_000)));
    wire
}

/// hostile.md row 191: byte for byte, lines of any length, and what follows stays.
#[test]
fn a_block_comes_whole_whatever_the_pieces() {
    let long = [vec![b'x'; 100_000], b"\0\n.\r\n\xff\r\n".to_vec()].concat();
    let texts = [message(), long, Vec::new(), b".\r\n\r\n.\r\n".to_vec()];
    for (text, piece) in texts.iter().flat_map(|text| [(text, 7777), (text, 1 << 20)]) {
        let stream = [b"+OK\r\n", &as_a_block(text)[..], b"+OK bye\r\n"].concat();
        let server = server(&[Act::Drip(stream, piece, millis(0)), Act::Close]);
        let mut wire = begun(&server);
        let mut got = Vec::new();
        let count = wire.copy_dot_block(&mut Sink::writer(&mut got), 1 << 30).unwrap();
        assert!(got == *text && count == text.len() as u64, "{}", text.len());
        assert_eq!(wire.line(100).unwrap(), b"+OK bye\r\n");
    }
}

/// hostile.md row 191: an end before the dot, and a text beyond the limit.
#[test]
fn a_block_has_an_end_and_a_limit() {
    for (bytes, got) in [(&b""[..], 0), (b"ab\r\n", 4), (b"ab\r\n.", 4), (b"ab\r\n.\r", 4)] {
        let server = server(&[Act::Send([b"+OK\r\n", bytes].concat()), Act::Close]);
        let failed = begun(&server).copy_dot_block(&mut Sink::writer(&mut io::sink()), 100);
        let Err(Error::Cut { got: found, expected: None }) = failed else { panic!("{failed:?}") };
        assert_eq!(found, got);
    }
    let server = server(&[Act::Send(b"+OK\r\n..12345\r\n.\r\n".to_vec()), Act::Close]);
    assert_eq!(begun(&server).copy_dot_block(&mut Sink::writer(&mut io::sink()), 8).unwrap(), 8);
    let failed = begun(&server).copy_dot_block(&mut Sink::writer(&mut io::sink()), 7);
    assert!(matches!(failed, Err(Error::TooLong { limit: 7, .. })), "{failed:?}");
}

/// Blocks that were asked for together come out of one buffer, each with its reply.
#[test]
fn blocks_follow_each_other() {
    let server = server(&[Act::Send(b"+OK\r\na\r\n.\r\n+OK\r\n..\r\n.\r\n".to_vec()), Act::Close]);
    let mut wire = begun(&server);
    let mut got = Vec::new();
    wire.copy_dot_block(&mut Sink::writer(&mut got), 100).unwrap();
    assert_eq!(wire.line(100).unwrap(), b"+OK\r\n");
    wire.copy_dot_block(&mut Sink::writer(&mut got), 100).unwrap();
    wire.say(&Saying::new().text("QUIT\r\n"));
    assert_eq!(got, b"a\r\n.\r\n");
}
