//! One HTTP connection as transcript lines: how far it has come, and what stands for what is not
//! shown. Must not hold: other connections, or where the lines go (`trace.rs`).

use crate::mask::{Mask, hole_text};
use crate::recording::Recording;
use std::io;
use std::net::SocketAddr;
use wireline_transcript::{Piece, Printer, Side};
use wireline_wire::Saying;

/// What was said and heard on one connection so far.
#[derive(Debug)]
pub(crate) struct Dialogue {
    title: String,
    addr: String,
    opened: bool,
    /// Facts from before the first line.
    pending: Vec<u8>,
    lines: Vec<u8>,
    at: At,
    interim: bool,
    /// Bytes of the request's body that are not shown.
    sent: u64,
    body: Body,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    StatusLine,
    Fields,
    Body,
}

/// The body of a response, until it is over.
#[derive(Debug, Default)]
struct Body {
    bytes: u64,
    chunked: Chunked,
}

/// Whether a body is chunked, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Chunked {
    #[default]
    No,
    Yes,
    /// The last chunk was heard.
    Ended,
}

/// A piece that is made here.
#[derive(Clone, Debug)]
enum Made {
    Bytes(Vec<u8>),
    Hole(String),
}

impl Dialogue {
    pub(crate) fn new(number: u64, peer: SocketAddr) -> Self {
        Self {
            title: format!("connection {number} to {peer}"),
            addr: peer.to_string(),
            opened: false,
            pending: Vec::new(),
            lines: Vec::new(),
            at: At::default(),
            interim: false,
            sent: 0,
            body: Body::default(),
        }
    }

    /// The lines since the last time.
    pub(crate) fn take_lines(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.lines)
    }

    pub(crate) fn tls(&mut self, version: &str, cipher: &str) -> io::Result<()> {
        let mut printer = Printer::new(&mut self.pending);
        printer.comment(&format!("{version} {cipher}"))?;
        printer.act(Side::S, "tls")
    }

    pub(crate) fn said(
        &mut self,
        saying: &Saying,
        mask: &Mask,
        kept: &mut Recording,
    ) -> io::Result<()> {
        self.end_body(mask, kept)?;
        let user = saying.pieces().find_map(|(piece, _)| mask.user(piece));
        self.open(user)?;
        let mut pieces = Vec::new();
        for (bytes, hole) in saying.pieces() {
            match hole {
                Some(hole) => pieces.push(Made::Hole(hole_text(hole).to_owned())),
                None => bytes.split_inclusive(|&byte| byte == b'\n').for_each(|line| {
                    pieces.extend(self.loosened(line, b"User-Agent: "));
                }),
            }
        }
        self.say(Side::C, &pieces)
    }

    pub(crate) const fn sent(&mut self, bytes: u64) {
        self.sent += bytes;
    }

    pub(crate) fn heard(&mut self, line: &[u8], mask: &Mask) -> io::Result<()> {
        self.open(None)?;
        self.end_sending()?;
        if !self.hear(line) {
            return Ok(());
        }
        if let Some(name) =
            line.get(..COOKIE.len()).filter(|name| name.eq_ignore_ascii_case(COOKIE))
        {
            let end = Made::Bytes(b"\r\n".to_vec());
            return self
                .say(Side::S, &[Made::Bytes(name.to_vec()), Made::Hole("*=hidden".into()), end]);
        }
        let masked = mask.pieces(line).into_iter().flat_map(|piece| match piece {
            Piece::Hole(hole) => vec![Made::Hole(hole.to_owned())],
            Piece::Bytes(bytes) => self.loosened(bytes, b"Date: "),
        });
        let pieces: Vec<_> = masked.collect();
        self.say(Side::S, &pieces)
    }

    pub(crate) fn body(
        &mut self,
        bytes: u64,
        data: Option<&[u8]>,
        kept: &mut Recording,
    ) -> io::Result<()> {
        self.body.bytes += bytes;
        kept.take(data.unwrap_or_default())
    }

    /// The connection is over.
    pub(crate) fn end(&mut self, mask: &Mask, kept: &mut Recording) -> io::Result<()> {
        self.end_sending()?;
        self.end_body(mask, kept)
    }

    /// A section, with the user that `{{auth.basic}}` is made of.
    fn open(&mut self, user: Option<&str>) -> io::Result<()> {
        if self.opened {
            return Ok(());
        }
        self.opened = true;
        let mut printer = Printer::new(&mut self.lines);
        printer.section(&self.title)?;
        if let Some(user) = user {
            printer.set("user", Some(user))?;
            printer.set("pass", None)?;
        }
        self.lines.append(&mut self.pending);
        Ok(())
    }

    /// Holes where the next run differs: the value of this field, and our own address.
    fn loosened(&self, line: &[u8], field: &[u8]) -> Vec<Made> {
        let value = line.get(field.len()..).and_then(|value| value.strip_suffix(b"\r\n"));
        let is_field = line.get(..field.len()).is_some_and(|name| name.eq_ignore_ascii_case(field));
        match value.filter(|_| is_field).and_then(example) {
            Some(hole) => {
                let name = line.get(..field.len()).unwrap_or_default().to_vec();
                vec![Made::Bytes(name), Made::Hole(hole), Made::Bytes(b"\r\n".to_vec())]
            }
            None => self.with_addr(line),
        }
    }

    fn with_addr(&self, mut bytes: &[u8]) -> Vec<Made> {
        let addr = self.addr.as_bytes();
        let mut pieces = Vec::new();
        while let Some(at) = bytes.windows(addr.len()).position(|window| window == addr) {
            let (before, rest) = bytes.split_at(at);
            pieces.extend([Made::Bytes(before.to_vec()), Made::Hole("addr".into())]);
            bytes = rest.get(addr.len()..).unwrap_or_default();
        }
        pieces.push(Made::Bytes(bytes.to_vec()));
        pieces
    }

    fn say(&mut self, side: Side, pieces: &[Made]) -> io::Result<()> {
        let pieces = pieces.iter().map(|piece| match piece {
            Made::Bytes(bytes) => Piece::Bytes(bytes),
            Made::Hole(hole) => Piece::Hole(hole),
        });
        Printer::new(&mut self.lines).say(side, pieces)
    }

    fn say_text(&mut self, text: &str) -> io::Result<()> {
        self.say(Side::S, &[Made::Bytes(text.as_bytes().to_vec())])
    }

    fn end_sending(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.sent) {
            0 => Ok(()),
            bytes => Printer::new(&mut self.lines).elided(Side::C, bytes),
        }
    }

    fn end_body(&mut self, mask: &Mask, kept: &mut Recording) -> io::Result<()> {
        (self.at, self.interim) = (At::StatusLine, false);
        let Body { bytes, chunked } = std::mem::take(&mut self.body);
        if chunked != Chunked::No && bytes > 0 {
            self.say_text(&format!("{bytes:x}\r\n"))?;
        }
        if bytes > 0 {
            kept.print(bytes, mask, &mut Printer::new(&mut self.lines))?;
        }
        match (chunked, bytes) {
            (Chunked::Ended, 0) => self.say_text("0\r\n\r\n"),
            (Chunked::Ended, _) => self.say_text("\r\n0\r\n\r\n"),
            _ => Ok(()),
        }
    }

    /// Whether the line belongs to a head; those of the chunked coding are not shown.
    fn hear(&mut self, line: &[u8]) -> bool {
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
                let ended = is_last_chunk(line) || self.body.chunked == Chunked::Ended;
                self.body.chunked = if ended { Chunked::Ended } else { Chunked::Yes };
                return false;
            }
        }
        true
    }
}

/// A cookie is a secret that the server gives.
const COOKIE: &[u8] = b"Set-Cookie: ";

/// A hole that sends this value and takes any; `None` when the value cannot stand in a hole.
fn example(value: &[u8]) -> Option<String> {
    let plain = |byte: &u8| (b' '..0x7f).contains(byte) && !matches!(byte, b'{' | b'}');
    let text = str::from_utf8(value).ok().filter(|_| value.iter().all(plain))?;
    Some(format!("*={text}"))
}

/// `last-chunk = 1*("0") [ chunk-ext ] CRLF` (RFC 9112 section 7.1).
fn is_last_chunk(line: &[u8]) -> bool {
    let size: Vec<_> = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).collect();
    !size.is_empty() && size.iter().all(|&&digit| digit == b'0')
}
