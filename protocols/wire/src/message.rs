//! Messages on their way out: line ends made CRLF, leading dots doubled, in chunks of known size.
//! Must not hold: I/O with the peer, or what a message's lines mean.

#![expect(
    clippy::indexing_slicing,
    reason = "slices at what memchr found in the same slice; get() would lose bytes in silence"
)]

use crate::Error;
use std::fmt;
use std::io::{self, Read};

/// Makes message bytes fit for the wire, in pieces of any size.
///
/// CR and LF leave only as CRLF: a bare LF or CR becomes CRLF, and CR CR LF (a text file written
/// twice as text) one CRLF. So whatever goes in, no server can see the end of the message anywhere
/// but at its end. A NUL is refused: only BINARYMIME (RFC 3030 section 3) may carry one, unencoded.
#[derive(Clone, Debug)]
pub struct MessageEncoder {
    stuffs: bool,
    /// CRs whose line end is not written yet; 2 at most.
    held: u8,
    at_line_start: bool,
    /// Bytes taken in.
    taken: u64,
}

const CRLF: &[u8] = b"\r\n";

impl MessageEncoder {
    /// Lines with CRLF and nothing else, as BDAT wants them (RFC 3030 section 2).
    #[must_use]
    pub const fn lines() -> Self {
        Self { stuffs: false, held: 0, at_line_start: true, taken: 0 }
    }

    /// A dot block: a leading dot is doubled, and `.` CRLF ends it (RFC 5321 section 4.5.2).
    #[must_use]
    pub const fn dot_block() -> Self {
        Self { stuffs: true, ..Self::lines() }
    }

    /// Takes the next bytes and appends to `out` what they become: at most twice as many, and
    /// those few that the piece before held back.
    ///
    /// # Errors
    /// [`Error::Nul`].
    pub fn encode(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        out.reserve(bytes.len() + bytes.len() / 16);
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            let count = match first {
                b'\r' => self.carriage_return(out),
                b'\n' => self.line_feed(out),
                0 => return Err(Error::Nul { at: self.taken }),
                _ => 0,
            };
            let count = if count > 0 { count } else { self.run(rest, out) };
            self.taken += count as u64;
            rest = &rest[count..];
        }
        Ok(())
    }

    /// Ends the message: appends the last CRLF if it is missing (an empty message needs none),
    /// and the dot of a dot block.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.release(out);
        if !std::mem::replace(&mut self.at_line_start, true) {
            out.extend_from_slice(CRLF);
        }
        if self.stuffs {
            out.extend_from_slice(b".\r\n");
        }
    }

    fn carriage_return(&mut self, out: &mut Vec<u8>) -> usize {
        match self.held {
            0 | 1 => self.held += 1,
            _ => out.extend_from_slice(CRLF),
        }
        self.at_line_start = false;
        1
    }

    fn line_feed(&mut self, out: &mut Vec<u8>) -> usize {
        self.held = 0;
        out.extend_from_slice(CRLF);
        self.at_line_start = true;
        1
    }

    /// Bare CRs are line ends.
    fn release(&mut self, out: &mut Vec<u8>) {
        for _ in 0..std::mem::take(&mut self.held) {
            out.extend_from_slice(CRLF);
            self.at_line_start = true;
        }
    }

    /// Copies all that may go as it is, from a byte on that is neither CR, LF nor NUL.
    fn run(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        self.release(out);
        if self.stuffs && self.at_line_start && bytes.first() == Some(&b'.') {
            out.push(b'.');
        }
        let run = &bytes[..self.run_length(bytes)];
        out.extend_from_slice(run);
        self.at_line_start = run.ends_with(CRLF);
        run.len()
    }

    /// How far the bytes are text with proper line ends, and no line but the first begins with a
    /// dot to be doubled.
    fn run_length(&self, bytes: &[u8]) -> usize {
        for found in memchr::memchr3_iter(b'\r', b'\n', 0, bytes) {
            match bytes[found..] {
                [b'\r', b'\n', b'.', ..] if self.stuffs => return found + CRLF.len(),
                [b'\r', b'\n', ..] => {}
                [b'\n', ..] if bytes[..found].ends_with(b"\r") => {}
                _ => return found,
            }
        }
        bytes.len()
    }
}

/// A message from a reader, encoded chunk by chunk through two buffers of fixed size.
///
/// What ends the message is in the same chunk as its tail, so the two leave in one write.
pub struct MessageChunks<'a> {
    source: &'a mut dyn Read,
    encoder: MessageEncoder,
    input: Vec<u8>,
    /// Bytes of `input` that come next; `None` before the first read.
    ahead: Option<usize>,
    out: Vec<u8>,
    over: bool,
}

/// A piece of a message as it goes onto the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageChunk<'a> {
    /// What is to be sent.
    pub bytes: &'a [u8],
    /// Nothing comes after it.
    pub last: bool,
}

impl<'a> MessageChunks<'a> {
    /// Reads `input_bytes` (1 at least) of the source for each chunk. A chunk is as long, and longer
    /// by what encoding adds: twice at the most.
    #[must_use]
    pub fn new(source: &'a mut dyn Read, encoder: MessageEncoder, input_bytes: usize) -> Self {
        let input = vec![0; input_bytes.max(1)];
        Self { source, encoder, input, ahead: None, out: Vec::new(), over: false }
    }

    /// The next chunk; `None` behind the last. An empty message is one chunk.
    ///
    /// # Errors
    /// [`Error::Local`] when the source cannot be read, [`Error::Nul`].
    #[expect(clippy::should_implement_trait, reason = "each chunk borrows the buffer of the last")]
    pub fn next(&mut self) -> Result<Option<MessageChunk<'_>>, Error> {
        if self.over {
            return Ok(None);
        }
        let ready = match self.ahead {
            Some(ready) => ready,
            None => self.read()?,
        };
        self.out.clear();
        self.encoder.encode(&self.input[..ready], &mut self.out)?;
        let ahead = self.read()?;
        self.ahead = Some(ahead);
        self.over = ahead == 0;
        if self.over {
            self.encoder.finish(&mut self.out);
        }
        Ok(Some(MessageChunk { bytes: &self.out, last: self.over }))
    }

    /// Fills the buffer, whatever pieces the source gives: less than a full one is the last.
    fn read(&mut self) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < self.input.len() {
            match self.source.read(&mut self.input[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Local(error)),
            }
        }
        Ok(filled)
    }
}

impl fmt::Debug for MessageChunks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageChunks")
            .field("encoder", &self.encoder)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(mut encoder: MessageEncoder, pieces: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in pieces {
            encoder.encode(piece, &mut out).unwrap();
        }
        encoder.finish(&mut out);
        out
    }

    /// hostile.md rows 15 and 16.
    const ROWS: &[(&[u8], &[u8])] = &[
        (b"", b""),
        (b"a", b"a\r\n"),
        (b"a\r\n", b"a\r\n"),
        (b"a\n", b"a\r\n"),
        (b"a\r", b"a\r\n"),
        (b"a\r\r\n", b"a\r\n"),
        (b"a\r\r", b"a\r\n\r\n"),
        (b"a\r\r\r\n", b"a\r\n\r\n"),
        (b"a\rb\nc\r\rd", b"a\r\nb\r\nc\r\n\r\nd\r\n"),
        (b"\r\n\r\n", b"\r\n\r\n"),
        (b"\n\n", b"\r\n\r\n"),
        (b"a\n\r\nb", b"a\r\n\r\nb\r\n"),
        (b"\xff\x80\x01", b"\xff\x80\x01\r\n"),
        (b".", b"..\r\n"),
        (b"..", b"...\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"a.b\r\n.c\r\n..d", b"a.b\r\n..c\r\n...d\r\n"),
        (b"a\r\n\r\n.\r\n", b"a\r\n\r\n..\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
        (b"a\n.\r\nb", b"a\r\n..\r\nb\r\n"),
        (b"a\r\n.\nb", b"a\r\n..\r\nb\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n"),
        (b"a\r.\r\nb", b"a\r\n..\r\nb\r\n"),
        (b"a\r\n.\rb", b"a\r\n..\r\nb\r\n"),
        (b"a\r\r\n.\r\r\nb", b"a\r\n..\r\nb\r\n"),
        (b"a\r\r.\r\nb", b"a\r\n\r\n..\r\nb\r\n"),
    ];

    #[test]
    fn messages_as_they_leave() {
        for (message, wanted) in ROWS {
            let block = [wanted, &b".\r\n"[..]].concat();
            assert_eq!(encoded(MessageEncoder::dot_block(), &[message]), block, "{message:?}");
            let plain = undoubled(wanted);
            assert_eq!(encoded(MessageEncoder::lines(), &[message]), plain, "{message:?}");
        }
    }

    fn undoubled(text: &[u8]) -> Vec<u8> {
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        lines.flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect()
    }

    #[test]
    fn pieces_change_nothing() {
        for (message, _) in ROWS {
            let whole = encoded(MessageEncoder::dot_block(), &[message]);
            for first in 0..=message.len() {
                for second in first..=message.len() {
                    let pieces = [&message[..first], &message[first..second], &message[second..]];
                    assert_eq!(encoded(MessageEncoder::dot_block(), &pieces), whole, "{pieces:?}");
                }
            }
        }
    }

    /// Every message of up to seven of the letters that matter: CR and LF leave as CRLF only, no
    /// line of the message is a dot, and encoding twice adds no line end.
    #[test]
    fn no_message_ends_early() {
        let letters = b"\r\n.x";
        for length in 0..=7 {
            for number in 0..4_usize.pow(length) {
                let letter = |place| letters[number / 4_usize.pow(place) % 4];
                let message: Vec<u8> = (0..length).map(letter).collect();
                let block = encoded(MessageEncoder::dot_block(), &[&message]);
                let body = block.strip_suffix(b".\r\n").unwrap();
                assert!(body.is_empty() || body.ends_with(CRLF), "{message:?}");
                for line in body.split_inclusive(|&byte| byte == b'\n') {
                    let line = line.strip_suffix(CRLF).unwrap();
                    assert!(!line.contains(&b'\r') && line != b".", "{message:?}");
                }
                let plain = encoded(MessageEncoder::lines(), &[&message]);
                assert_eq!(encoded(MessageEncoder::lines(), &[&plain]), plain, "{message:?}");
            }
        }
    }

    #[test]
    fn a_nul_is_refused_with_its_place() {
        let rows: &[(&[&[u8]], u64)] =
            &[(&[b"\0"], 0), (&[b"abc\0d"], 3), (&[b"ab\r\n", b".\n", b"x\0"], 7)];
        for (pieces, place) in rows {
            let mut encoder = MessageEncoder::dot_block();
            let mut out = Vec::new();
            let failed = pieces.iter().find_map(|piece| encoder.encode(piece, &mut out).err());
            assert!(matches!(failed, Some(Error::Nul { at }) if at == *place), "{failed:?}");
        }
    }

    /// A reader that gives one byte at a time.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(1);
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn chunks_are_the_message_and_the_end_is_never_alone() {
        for (message, wanted) in ROWS {
            for input_bytes in 1..=message.len() + 1 {
                let mut source = Dripping(message);
                let encoder = MessageEncoder::dot_block();
                let mut chunks = MessageChunks::new(&mut source, encoder, input_bytes);
                let (mut sent, mut ends) = (Vec::new(), 0);
                while let Some(chunk) = chunks.next().unwrap() {
                    sent.extend_from_slice(chunk.bytes);
                    ends += usize::from(chunk.last);
                    assert!(chunk.bytes != b".\r\n" || message.is_empty(), "{message:?}");
                }
                assert_eq!((sent, ends), ([wanted, &b".\r\n"[..]].concat(), 1));
            }
        }
    }
}
