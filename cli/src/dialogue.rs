//! One connection as transcript lines: the sheet they are written on, and what a protocol adds.
//! Must not hold: other connections, or where the lines go (`trace.rs`).

mod ftp;
mod http;
mod mail;
mod proxy;
mod telnet;

pub(crate) use ftp::FtpDialogue;
pub(crate) use http::HttpDialogue;
pub(crate) use mail::MailDialogue;
pub(crate) use proxy::ProxyLines;
pub(crate) use telnet::TelnetDialogue;

use crate::mask::{Mask, hole_text};
use crate::recording::Recording;
use std::fmt::Debug;
use std::io;
use wireline_transcript::{Piece, Printer, Side};
use wireline_wire::{Event, Peer, Saying};

/// What was said and heard on one connection so far, as its protocol shows it.
pub(crate) trait Dialogue: Send + Debug {
    /// Where the lines are.
    fn sheet(&mut self) -> &mut Sheet;
    /// TLS stands.
    fn tls(&mut self, version: &str, cipher: &str, _run: &mut Run<'_>) -> io::Result<()> {
        self.sheet().tls(version, cipher)
    }
    /// We said this.
    fn said(&mut self, saying: &Saying, run: &mut Run<'_>) -> io::Result<()>;
    /// We sent so much of a body.
    fn sent(&mut self, bytes: u64, data: Option<&[u8]>, run: &mut Run<'_>) -> io::Result<()>;
    /// The peer said this line.
    fn heard(&mut self, line: &[u8], run: &mut Run<'_>) -> io::Result<()>;
    /// So much of a body came.
    fn body(&mut self, bytes: u64, data: Option<&[u8]>, run: &mut Run<'_>) -> io::Result<()>;
    /// Whether this new connection is a part of the dialogue, with no section of its own.
    fn claims(&mut self, _: &Peer) -> bool {
        false
    }
    /// Something happened on a connection that is a part of it.
    fn beside(&mut self, _: &Event<'_>, _: &mut Run<'_>) -> io::Result<()> {
        Ok(())
    }
    /// The connection is over.
    fn end(&mut self, run: &mut Run<'_>) -> io::Result<()>;
}

/// What the dialogues of one run share.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) mask: &'a Mask,
    pub(crate) kept: &'a mut Recording,
}

/// The lines of one connection.
#[derive(Debug)]
pub(crate) struct Sheet {
    title: String,
    addr: String,
    /// Nothing becomes a hole but secrets.
    exact: bool,
    opened: bool,
    /// Facts from before the first line.
    pending: Vec<u8>,
    lines: Vec<u8>,
}

/// A piece that is made here.
#[derive(Clone, Debug)]
pub(crate) enum Made {
    Bytes(Vec<u8>),
    Hole(String),
}

impl Sheet {
    pub(crate) fn new(number: u64, peer: &Peer, exact: bool) -> Self {
        // Whoever plays the transcript goes there straight.
        let addr = match peer {
            Peer::Proxied { endpoint, .. } => endpoint.to_string(),
            _ => peer.to_string(),
        };
        Self {
            title: format!("connection {number} to {addr}"),
            addr,
            exact,
            opened: false,
            pending: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Nothing becomes a hole but secrets.
    pub(crate) const fn is_exact(&self) -> bool {
        self.exact
    }

    /// The lines since the last time.
    pub(crate) fn take_lines(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.lines)
    }

    pub(crate) fn tls(&mut self, version: &str, cipher: &str) -> io::Result<()> {
        let mut printer = Printer::new(self.noted());
        printer.comment(&format!("{version} {cipher}"))?;
        printer.act(Side::S, "tls")
    }

    /// Finished lines of something beside the dialogue.
    pub(crate) fn note(&mut self, mut lines: Vec<u8>) {
        self.noted().append(&mut lines);
    }

    /// Where facts go: before the first line they wait for the section to begin.
    fn noted(&mut self) -> &mut Vec<u8> {
        if self.opened { &mut self.lines } else { &mut self.pending }
    }

    /// The section of a connection that leads nowhere: whatever there is to note of it.
    pub(crate) fn end_at_once(&mut self) -> io::Result<()> {
        self.open(None)
    }

    /// Begins the section, with the user that the holes of a login are made of.
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

    /// The pieces of a saying, its secrets as holes; `line` makes pieces of what is none.
    fn pieces(&self, saying: &Saying, line: impl Fn(&[u8]) -> Vec<Made>) -> Vec<Made> {
        let mut pieces = Vec::new();
        for (bytes, hole) in saying.pieces() {
            match hole {
                Some(hole) => pieces.push(Made::Hole(hole_text(hole).to_owned())),
                None => {
                    pieces.extend(bytes.split_inclusive(|&byte| byte == b'\n').flat_map(&line));
                }
            }
        }
        pieces
    }

    /// The pieces of a line that was heard, secrets in it as holes.
    fn masked(&self, line: &[u8], mask: &Mask, rest: impl Fn(&[u8]) -> Vec<Made>) -> Vec<Made> {
        let pieces = mask.pieces(line).into_iter().flat_map(|piece| match piece {
            Piece::Hole(hole) => vec![Made::Hole(hole.to_owned())],
            Piece::Bytes(bytes) => rest(bytes),
        });
        pieces.collect()
    }

    /// Holes where the next run differs: the value of this field, and our own address.
    fn loosened(&self, line: &[u8], field: &[u8]) -> Vec<Made> {
        let value = line.get(field.len()..).and_then(|value| value.strip_suffix(b"\r\n"));
        let is_field = line.get(..field.len()).is_some_and(|name| name.eq_ignore_ascii_case(field));
        match value.filter(|_| is_field && !self.exact).and_then(example) {
            Some(hole) => {
                let name = line.get(..field.len()).unwrap_or_default().to_vec();
                vec![Made::Bytes(name), Made::Hole(hole), Made::Bytes(b"\r\n".to_vec())]
            }
            None => self.with_addr(line),
        }
    }

    fn with_addr(&self, mut bytes: &[u8]) -> Vec<Made> {
        let addr = self.addr.as_bytes();
        let find = |bytes: &[u8]| bytes.windows(addr.len()).position(|window| window == addr);
        let mut pieces = Vec::new();
        while let Some(at) = find(bytes).filter(|_| !self.exact) {
            let (before, rest) = bytes.split_at(at);
            pieces.extend([Made::Bytes(before.to_vec()), Made::Hole("addr".into())]);
            bytes = rest.get(addr.len()..).unwrap_or_default();
        }
        pieces.push(Made::Bytes(bytes.to_vec()));
        pieces
    }

    fn say(&mut self, side: Side, pieces: &[Made]) -> io::Result<()> {
        self.say_on(side, "", pieces)
    }

    fn say_on(&mut self, side: Side, channel: &str, pieces: &[Made]) -> io::Result<()> {
        let pieces = pieces.iter().map(|piece| match piece {
            Made::Bytes(bytes) => Piece::Bytes(bytes),
            Made::Hole(hole) => Piece::Hole(hole),
        });
        Printer::new(&mut self.lines).say_on(side, channel, pieces)
    }

    fn say_text(&mut self, side: Side, text: &str) -> io::Result<()> {
        self.say(side, &[Made::Bytes(text.as_bytes().to_vec())])
    }

    fn printer(&mut self) -> Printer<&mut Vec<u8>> {
        Printer::new(&mut self.lines)
    }
}

/// A hole that sends this value and takes any; `None` when the value cannot stand in a hole.
fn example(value: &[u8]) -> Option<String> {
    let plain = |byte: &u8| (b' '..0x7f).contains(byte) && !matches!(byte, b'{' | b'}');
    let text = str::from_utf8(value).ok().filter(|_| value.iter().all(plain))?;
    Some(format!("*={text}"))
}
