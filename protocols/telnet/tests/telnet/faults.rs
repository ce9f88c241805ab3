//! Connections that end or fall silent anywhere.

use crate::support::{LONG, with_peer};
use std::io::Write as _;
use wireline_telnet::{
    Alternative, Command, Error, Limits, Notice, Received, Session, Settings, Wait,
};
use wireline_wire as wire;

fn after(said: &'static [u8]) -> Session {
    let (session, peer) = with_peer(Settings::default(), Limits::default(), move |mut socket| {
        socket.write_all(said).unwrap();
    });
    peer.join().unwrap();
    session
}

/// hostile.md row 187: the end within a command is a cut, elsewhere it is the end; what came
/// before is there either way.
#[test]
fn ends() {
    let rows: &[(&[u8], bool)] = &[
        (b"text", false),
        (b"text\r", false),
        (b"text\xff", true),
        (b"text\xff\xfb", true),
        (b"text\xff\xfb\x01", false),
        (b"text\xff\xfa", true),
        (b"text\xff\xfa\x18\x01", true),
        (b"text\xff\xfa\x18\x01\xff", true),
        (b"text\xff\xfa\x18\x01\xff\xf0", false),
    ];
    for (said, is_cut) in rows {
        let mut session = after(said);
        let end = loop {
            match session.receive(Wait::AtMost(LONG)) {
                Ok(Received::Something) => {}
                end => break end,
            }
        };
        match end {
            Ok(Received::Ended) => assert!(!is_cut, "{said:?}"),
            Err(Error::Connection(wire::Error::Cut { .. })) => assert!(is_cut, "{said:?}"),
            other => panic!("{said:?}: {other:?}"),
        }
        assert!(session.has_ended() && session.text().starts_with(b"text"), "{said:?}");
        assert_eq!(session.receive(Wait::Never).unwrap(), Received::Ended);
    }
}

/// The last words of a peer that has gone are heard, though our answers no longer arrive.
#[test]
fn last_words() {
    let mut session = after(b"\xff\xfb\x01\xff\xfd\x18bye\r\n\xff\xfb\x03");
    let bye = [Alternative::literal("bye\r\n").unwrap()];
    session.expect(&bye, LONG).unwrap();
}

/// hostile.md row 186: a reset in the middle of the negotiation is a broken connection, no panic
/// and no wait.
#[test]
fn a_reset() {
    let (mut session, peer) = with_peer(Settings::default(), Limits::default(), |mut socket| {
        // Closing with bytes unread resets.
        std::io::Read::read_exact(&mut socket, &mut [0]).unwrap();
        socket.write_all(b"\xff\xfb").unwrap();
    });
    session.send("many bytes").unwrap();
    peer.join().unwrap();
    let never = [Alternative::literal("never").unwrap(), Alternative::ended()];
    let error = session.expect(&never, LONG).unwrap_err();
    assert!(
        matches!(&error, Error::Connection(wire::Error::Io(_) | wire::Error::Cut { .. })),
        "{error:?}"
    );
}

/// RFC 854, Synch: a data mark that comes as urgent data is no text, and eats none.
#[test]
fn urgent_data() {
    let (mut session, peer) = with_peer(Settings::default(), Limits::default(), |mut socket| {
        std::io::Read::read_exact(&mut socket, &mut [0]).unwrap();
        socket.write_all(b"before\xff").unwrap();
        let urgent = rustix::net::SendFlags::OOB;
        assert_eq!(rustix::net::send(&socket, b"\xf2", urgent).unwrap(), 1);
        socket.write_all(b"after").unwrap();
    });
    session.send("!").unwrap();
    assert_eq!(session.read_until("after", LONG).unwrap(), b"beforeafter");
    assert_eq!(session.take_notice(), Some(Notice::Command(Command::DataMark)));
    peer.join().unwrap();
}
