//! Dot blocks: many lines that end with a line of one dot (RFC 5321 section 4.5.2, RFC 1939 section 3).
//! Must not hold: the command that asks for one, or the reply that announces it.

#![expect(
    clippy::indexing_slicing,
    reason = "slices at what memchr found in the same slice; get() would lose bytes in silence"
)]

use crate::message::{MessageChunks, MessageEncoder};
use crate::observer::Event;
use crate::{Error, Sink, Wire};
use memchr::memmem;
use std::io::Read;

/// Takes a dot block apart, however it arrives.
///
/// Only CRLF `.` CRLF ends it, and only a dot behind CRLF is taken off. All else stays byte for
/// byte: NUL, bare CR and LF, lines of any length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DotReader(State);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Behind CRLF, or before everything.
    #[default]
    LineStart,
    /// Inside a line.
    Text,
    /// Inside a line, behind its last CR.
    TextCr,
    /// Behind the dot at the start of a line, which is not handed on.
    Dot,
    /// Behind that dot and a CR that is text unless LF follows.
    DotCr,
    /// Behind the last line.
    Ended,
}

const CRLF: &[u8] = b"\r\n";

impl DotReader {
    /// Before the first byte.
    #[must_use]
    pub const fn new() -> Self {
        Self(State::LineStart)
    }

    /// Whether the last line has come.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.0 == State::Ended
    }

    /// Takes a run of bytes from the front: how many of `bytes` are used, and the text in them.
    /// Uses none only when `bytes` is empty or the block [has ended](Self::has_ended).
    pub fn read<'a>(&mut self, bytes: &'a [u8]) -> (usize, &'a [u8]) {
        let Some(&first) = bytes.first() else { return (0, b"") };
        let (used, text, state) = match (self.0, first) {
            (State::Ended, _) => (0, &b""[..], State::Ended),
            (State::LineStart, b'.') => (1, &b""[..], State::Dot),
            (State::Dot, b'\r') => (1, &b""[..], State::DotCr),
            (State::DotCr, b'\n') => (1, &b""[..], State::Ended),
            // The CR held back; the byte behind it is looked at again.
            (State::DotCr, _) => (0, &b"\r"[..], State::TextCr),
            (State::TextCr, b'\n') => (1, &bytes[..1], State::LineStart),
            _ => run(bytes),
        };
        self.0 = state;
        (used, text)
    }
}

/// Text up to the next line that begins with a dot, and what it ends in.
fn run(bytes: &[u8]) -> (usize, &[u8], State) {
    let found = memmem::find(bytes, b"\r\n.").map(|at| at + CRLF.len());
    let text = &bytes[..found.unwrap_or(bytes.len())];
    let state = match text {
        [.., b'\r', b'\n'] => State::LineStart,
        [.., b'\r'] => State::TextCr,
        _ => State::Text,
    };
    (text.len(), text, state)
}

/// What became of a message that was sent watching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Sent {
    /// All of it left, its end included.
    Whole,
    /// The peer spoke or went before the end left; what it said is there to be read. The
    /// connection is in the middle of the message.
    Interrupted,
}

/// Bytes of a message read and encoded at a time.
const CHUNK_BYTES: usize = 128 * 1024;

impl Wire {
    /// Sends a message as a dot block, after what was queued, through a buffer of fixed size. The
    /// message's tail and the dot leave in one write. Set a [`crate::Deadline::pause`] first.
    ///
    /// After an error the connection is in the middle of the message: dropping it is all that
    /// is left, and nothing has been delivered.
    ///
    /// # Errors
    /// [`Error::Local`] when the source cannot be read, [`Error::Nul`] when it holds a NUL,
    /// [`Error::TimedOut`], [`Error::Io`] when the connection broke with no answer in hand.
    pub fn send_dot_block(&mut self, source: &mut dyn Read) -> Result<Sent, Error> {
        let mut chunks = MessageChunks::new(source, MessageEncoder::dot_block(), CHUNK_BYTES);
        while let Some(chunk) = chunks.next()? {
            if self.send_watching(chunk.bytes)? < chunk.bytes.len() {
                return Ok(Sent::Interrupted);
            }
        }
        Ok(Sent::Whole)
    }

    /// Copies the text of a dot block into the sink, and says how many bytes that were. What comes
    /// behind the block stays. Set a [`crate::Deadline::pause`] first.
    ///
    /// # Errors
    /// [`Error::TooLong`] when the text is longer than `limit` bytes, [`Error::Cut`] when the peer
    /// leaves before the last line, [`Error::TimedOut`], [`Error::Local`] when the sink takes no
    /// more.
    pub fn copy_dot_block(&mut self, sink: &mut Sink<'_>, limit: u64) -> Result<u64, Error> {
        self.take_back();
        let (mut reader, mut got) = (DotReader::new(), 0);
        while !reader.has_ended() {
            let buffered = self.transport.buffered();
            if buffered.is_empty() {
                sink.flush()?;
                if !self.fill_body(got, None)? {
                    return Err(Error::Cut { got, expected: None });
                }
                continue;
            }
            let (used, text) = reader.read(buffered);
            got += text.len() as u64;
            if got > limit {
                return Err(Error::TooLong { what: "the message", limit });
            }
            if !text.is_empty() {
                sink.take(text)?;
                self.watch.tell(&Event::Body { bytes: text.len() as u64, data: Some(text) });
            }
            self.transport.consume(used);
        }
        if got == 0 {
            // Whoever watches shall know that a block came, be it an empty one.
            self.watch.tell(&Event::Body { bytes: 0, data: Some(b"") });
        }
        sink.flush()?;
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text, and what is behind the block; `None` when it has not ended.
    fn read(pieces: &[&[u8]]) -> Option<(Vec<u8>, Vec<u8>)> {
        let (mut reader, mut text, mut behind) = (DotReader::new(), Vec::new(), Vec::new());
        for mut rest in pieces.iter().copied() {
            while !rest.is_empty() && !reader.has_ended() {
                let (used, run) = reader.read(rest);
                assert!(used > 0 || !run.is_empty());
                text.extend_from_slice(run);
                rest = &rest[used..];
            }
            behind.extend_from_slice(rest);
        }
        reader.has_ended().then_some((text, behind))
    }

    type Row = (&'static [u8], Option<(&'static [u8], &'static [u8])>);

    /// hostile.md row 191; the rows without a text are cut short.
    const ROWS: &[Row] = &[
        (b".\r\n", Some((b"", b""))),
        (b"a\r\n.\r\nnext", Some((b"a\r\n", b"next"))),
        (b"a\r\n.\r\n.\r\n", Some((b"a\r\n", b".\r\n"))),
        (b"..\r\n.\r\n", Some((b".\r\n", b""))),
        (b"...\r\n.\r\n", Some((b"..\r\n", b""))),
        (b"\r\n..a\r\n\r\n.\r\n", Some((b"\r\n.a\r\n\r\n", b""))),
        (b".a\r\n.\r\n", Some((b"a\r\n", b""))),
        (b"a.\r\n.\r\n", Some((b"a.\r\n", b""))),
        (b"a\n.\r\nb\r\n.\r\n", Some((b"a\n.\r\nb\r\n", b""))),
        (b"a\n.\nb\r\n.\r\n", Some((b"a\n.\nb\r\n", b""))),
        (b"a\r\n.\nb\r\n.\r\n", Some((b"a\r\n\nb\r\n", b""))),
        (b"a\r\n.\rb\r\n.\r\n", Some((b"a\r\n\rb\r\n", b""))),
        (b"a\r\n.\r\r\n.\r\n", Some((b"a\r\n\r\r\n", b""))),
        (b"a\r.\r\n.\r\n", Some((b"a\r.\r\n", b""))),
        (b"a\r\r\n.\r\n", Some((b"a\r\r\n", b""))),
        (b"\0\xff\n\r\n.\r\n", Some((b"\0\xff\n\r\n", b""))),
        (b"", None),
        (b"a", None),
        (b"a\r\n", None),
        (b"a\r\n.", None),
        (b"a\r\n.\r", None),
        (b"a\r\n.\n", None),
        (b"a.\r\n", None),
    ];

    #[test]
    fn blocks_whatever_the_pieces() {
        for (bytes, wanted) in ROWS {
            let wanted = wanted.map(|(text, behind)| (text.to_vec(), behind.to_vec()));
            for first in 0..=bytes.len() {
                for second in first..=bytes.len() {
                    let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                    assert_eq!(read(&pieces), wanted, "{pieces:?}");
                }
            }
            let single: Vec<_> = bytes.chunks(1).collect();
            assert_eq!(read(&single), wanted, "{}", bytes.escape_ascii());
        }
    }

    /// Every text of up to six of the letters that matter comes back from what the encoder makes
    /// of it.
    #[test]
    fn what_was_stuffed_comes_back() {
        let letters = b"\r\n.x";
        for number in 0..4_usize.pow(6) {
            let message: Vec<u8> = (0..6).map(|at| letters[number >> (2 * at) & 3]).collect();
            let through = |mut encoder: MessageEncoder| {
                let mut out = Vec::new();
                encoder.encode(&message, &mut out).unwrap();
                encoder.finish(&mut out);
                out
            };
            let block = through(MessageEncoder::dot_block());
            let text = through(MessageEncoder::lines());
            assert_eq!(read(&[&block]), Some((text, Vec::new())), "{}", message.escape_ascii());
        }
    }
}
