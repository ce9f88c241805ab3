//! `-v`: the dialogue as a transcript, written while it happens.
//! Must not hold: the format (`fixtures/transcript`), or secrets (`mask.rs` knows them).

use crate::mask::{Mask, hole_text};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use wireline_transcript::{Piece, Printer, Side};
use wireline_wire::{Event, Observer, Saying};

/// Writes what HTTP connections say. One that could not be written is not worth failing for.
pub(crate) struct Trace<W> {
    state: Mutex<State<W>>,
}

struct State<W> {
    printer: Printer<W>,
    begun: bool,
    current: u64,
    connections: HashMap<u64, Dialogue>,
    mask: Arc<Mask>,
}

/// How far the response on a connection has come.
#[derive(Default)]
struct Dialogue {
    at: At,
    interim: bool,
    /// Bytes of the body that are not shown.
    bytes: u64,
    chunked: Chunked,
}

/// Whether a body is chunked, as far as is known.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Chunked {
    #[default]
    No,
    Yes,
    /// The last chunk was heard.
    Ended,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    StatusLine,
    Fields,
    Body,
}

impl<W: Write> Trace<W> {
    pub(crate) fn new(out: W, mask: Arc<Mask>) -> Self {
        let connections = HashMap::new();
        let printer = Printer::new(out);
        Self { state: Mutex::new(State { printer, begun: false, current: 0, connections, mask }) }
    }
}

impl<W: Write + Send> Observer for Trace<W> {
    fn observe(&self, connection: u64, event: &Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Standard error may be closed; the transfer goes on.
        let _written = state.write(connection, event).is_ok();
    }
}

impl<W: Write> State<W> {
    fn write(&mut self, connection: u64, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::Connected { peer } => self.open(connection, &peer.to_string()),
            Event::Tls { version, cipher } => {
                self.turn_to(connection)?;
                self.printer.comment(&format!("{version} {cipher}"))?;
                self.printer.act(Side::S, "tls")
            }
            Event::Said(saying) => self.said(connection, saying),
            Event::Sent { bytes } => {
                self.turn_to(connection)?;
                self.printer.elided(Side::C, *bytes)
            }
            Event::Heard(line) => self.heard(connection, line),
            Event::Body { bytes } => {
                self.connections.entry(connection).or_default().bytes += bytes;
                Ok(())
            }
            Event::Closed => self.close(connection),
            _ => Ok(()),
        }
    }

    fn open(&mut self, connection: u64, peer: &str) -> io::Result<()> {
        if !self.begun {
            self.printer.begin("http")?;
            self.begun = true;
        }
        self.connections.insert(connection, Dialogue::default());
        self.current = connection;
        self.printer.section(&format!("connection {connection} to {peer}"))
    }

    /// Two connections may be open at a time, in one file they follow each other.
    fn turn_to(&mut self, connection: u64) -> io::Result<()> {
        if self.current != connection {
            self.current = connection;
            self.printer.comment(&format!("connection {connection} goes on"))?;
        }
        Ok(())
    }

    fn said(&mut self, connection: u64, saying: &Saying) -> io::Result<()> {
        self.turn_to(connection)?;
        self.end_body(connection)?;
        let pieces = saying.pieces().map(|(bytes, hole)| match hole {
            Some(hole) => Piece::Hole(hole_text(hole)),
            None => Piece::Bytes(bytes),
        });
        self.printer.say(Side::C, pieces)
    }

    fn heard(&mut self, connection: u64, line: &[u8]) -> io::Result<()> {
        self.turn_to(connection)?;
        let dialogue = self.connections.entry(connection).or_default();
        match dialogue.hear(line) {
            Hear::Line => self.printer.say(Side::S, self.mask.pieces(line)),
            Hear::Chunk => Ok(()),
        }
    }

    fn end_body(&mut self, connection: u64) -> io::Result<()> {
        let dialogue = self.connections.entry(connection).or_default();
        let Dialogue { bytes, chunked, .. } = std::mem::take(dialogue);
        match (bytes, chunked) {
            (0, Chunked::No | Chunked::Yes) => Ok(()),
            (bytes, Chunked::No) => self.printer.elided(Side::S, bytes),
            (bytes, chunked) => self.one_chunk(bytes, chunked),
        }
    }

    fn one_chunk(&mut self, bytes: u64, chunked: Chunked) -> io::Result<()> {
        let mut say = |text: &str| self.printer.say(Side::S, [Piece::Bytes(text.as_bytes())]);
        if bytes > 0 {
            say(&format!("{bytes:x}\r\n"))?;
            self.printer.elided(Side::S, bytes)?;
        }
        match (bytes, chunked) {
            (_, Chunked::No | Chunked::Yes) => Ok(()),
            (0, Chunked::Ended) => self.printer.say(Side::S, [Piece::Bytes(b"0\r\n\r\n")]),
            (_, Chunked::Ended) => self.printer.say(Side::S, [Piece::Bytes(b"\r\n0\r\n\r\n")]),
        }
    }

    fn close(&mut self, connection: u64) -> io::Result<()> {
        if self.connections.contains_key(&connection) {
            self.turn_to(connection)?;
            self.end_body(connection)?;
            self.connections.remove(&connection);
        }
        Ok(())
    }
}

enum Hear {
    /// A line of a head.
    Line,
    /// A line of the chunked coding: sizes, trailers.
    Chunk,
}

impl Dialogue {
    fn hear(&mut self, line: &[u8]) -> Hear {
        let empty = matches!(line, b"\r\n" | b"\n");
        match self.at {
            At::StatusLine => {
                self.interim = line.get(9..10) == Some(b"1");
                self.at = if empty { At::StatusLine } else { At::Fields };
            }
            At::Fields if empty && self.interim => self.at = At::StatusLine,
            At::Fields if empty => self.at = At::Body,
            At::Fields => {}
            At::Body => {
                let is_last = is_last_chunk(line) || self.chunked == Chunked::Ended;
                self.chunked = if is_last { Chunked::Ended } else { Chunked::Yes };
                return Hear::Chunk;
            }
        }
        Hear::Line
    }
}

/// `last-chunk = 1*("0") [ chunk-ext ] CRLF` (RFC 9112 section 7.1).
fn is_last_chunk(line: &[u8]) -> bool {
    let size: Vec<_> = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).collect();
    !size.is_empty() && size.iter().all(|&&digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;
    use wireline_http::{Login, Method, Request, TargetUri};
    use wireline_wire::Secret;

    fn traced(events: &[(u64, Event<'_>)]) -> String {
        let mut out = Vec::new();
        let uri = TargetUri::try_from(Url::parse("http://h/").unwrap()).unwrap();
        let login = Login::new("a", &Secret::from("b"), [uri.origin()].into()).unwrap();
        let mask = Mask::of([&Request::new(Method::get(), uri).with_login(login)]);
        let trace = Trace::new(&mut out, Arc::new(mask));
        for (connection, event) in events {
            trace.observe(*connection, event);
        }
        drop(trace);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_dialogue() {
        let request = Saying::new()
            .text("GET / HTTP/1.1\r\nAuthorization: Basic ")
            .secret("auth.basic", "YTpi")
            .text("\r\n\r\n");
        let text = traced(&[
            (1, Event::Connected { peer: ([127, 0, 0, 1], 80).into() }),
            (1, Event::Said(&request)),
            (1, Event::Heard(b"HTTP/1.1 103 Early Hints\r\n")),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Heard(b"HTTP/1.1 200 OK\r\n")),
            (1, Event::Heard(b"X-Echo: Basic YTpi, YTpi!\r\n")),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Body { bytes: 3 }),
            (1, Event::Body { bytes: 4 }),
            (1, Event::Closed),
        ]);
        let wanted = "@wire 1\n@protocol http\n== connection 1 to 127.0.0.1:80\n\
            C: GET / HTTP/1.1\nC: Authorization: Basic {{auth.basic}}\nC:\n\
            S: HTTP/1.1 103 Early Hints\nS:\nS: HTTP/1.1 200 OK\n\
            S: X-Echo: Basic {{auth.basic}}, {{auth.basic}}!\nS:\nS= {{*:bytes(7)}}\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn chunks_become_one() {
        let text = traced(&[
            (1, Event::Connected { peer: ([127, 0, 0, 1], 80).into() }),
            (1, Event::Heard(b"HTTP/1.1 200 OK\r\n")),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Heard(b"8\r\n")),
            (1, Event::Body { bytes: 8 }),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Heard(b"8\r\n")),
            (1, Event::Body { bytes: 8 }),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Heard(b"0\r\n")),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Closed),
        ]);
        assert!(
            text.ends_with("S: HTTP/1.1 200 OK\nS:\nS: 10\nS= {{*:bytes(16)}}\nS:\nS: 0\nS:\n"),
            "{text}"
        );
    }
}
