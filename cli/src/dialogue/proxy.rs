//! What is said to a proxy before it leads on, as comments: whoever plays the transcript has none.
//! Must not hold: what is said to the peer behind it.

use crate::mask::{Mask, hole_text};
use std::io;
use wireline_transcript::{Piece, Printer, Side};
use wireline_wire::{Event, Peer};

/// Comment lines, and whom they are about.
#[derive(Debug)]
pub(crate) struct ProxyLines {
    pub(crate) peer: Peer,
    lines: Vec<u8>,
}

impl ProxyLines {
    /// A connection to a proxy stands.
    pub(crate) fn new(peer: &Peer) -> io::Result<Self> {
        let mut lines = Vec::new();
        Printer::new(&mut lines).comment(&format!("the proxy {peer}"))?;
        Ok(Self { peer: peer.clone(), lines })
    }

    pub(crate) fn take(&mut self, event: &Event<'_>, mask: &Mask) -> io::Result<()> {
        match event {
            Event::Tls { version, cipher, .. } => {
                Printer::new(&mut self.lines).comment(&format!("{version} {cipher}"))
            }
            Event::Said(saying) => {
                let pieces = saying.pieces().map(|(bytes, hole)| match hole {
                    Some(hole) => Piece::Hole(hole_text(hole)),
                    None => Piece::Bytes(bytes),
                });
                self.say(Side::C, pieces)
            }
            Event::Heard(bytes) | Event::Body { data: Some(bytes), .. } => {
                self.say(Side::S, mask.pieces(bytes))
            }
            _ => Ok(()),
        }
    }

    fn say<'a>(
        &mut self,
        side: Side,
        pieces: impl IntoIterator<Item = Piece<'a>>,
    ) -> io::Result<()> {
        let mut said = Vec::new();
        Printer::new(&mut said).say(side, pieces)?;
        let said = String::from_utf8_lossy(&said);
        said.lines().try_for_each(|line| Printer::new(&mut self.lines).comment(line))
    }

    pub(crate) fn into_lines(self) -> Vec<u8> {
        self.lines
    }
}
