//! `deflate`: RFC 1950, or RFC 1951 bare as some servers send it (RFC 9110 section 8.4.1.2).
//! Must not hold: the algorithm.

use super::{STEP_BYTES, Stage};
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, Write};

/// The first two bytes tell which of the two it is.
pub(super) struct Deflate<'m> {
    next: Box<dyn Stage + 'm>,
    head: Vec<u8>,
    stream: Option<Decompress>,
    decoded: Vec<u8>,
    ended: bool,
}

impl<'m> Deflate<'m> {
    pub(super) fn new(next: Box<dyn Stage + 'm>) -> Self {
        Self { next, head: Vec::new(), stream: None, decoded: vec![0; STEP_BYTES], ended: false }
    }

    fn inflate(&mut self, mut input: &[u8]) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        while !self.ended {
            let (taken, given) = (stream.total_in(), stream.total_out());
            let status = stream
                .decompress(input, &mut self.decoded, FlushDecompress::None)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let (taken, given) =
                (count(taken, stream.total_in()), count(given, stream.total_out()));
            self.next.write_all(self.decoded.get(..given).unwrap_or_default())?;
            input = input.get(taken..).unwrap_or_default();
            self.ended = status == Status::StreamEnd;
            if taken == 0 && given == 0 {
                break;
            }
        }
        match self.ended && !input.is_empty() {
            true => Err(io::Error::new(io::ErrorKind::InvalidData, "something follows its end")),
            false => Ok(()),
        }
    }
}

fn count(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

/// `CMF` and `FLG` (RFC 1950 section 2.2).
fn is_zlib(head: &[u8]) -> bool {
    let &[method, flags, ..] = head else { return false };
    method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31)
}

impl Write for Deflate<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stream.is_some() {
            return self.inflate(bytes).map(|()| bytes.len());
        }
        self.head.extend_from_slice(bytes);
        if self.head.len() >= 2 {
            let head = std::mem::take(&mut self.head);
            self.stream = Some(Decompress::new(is_zlib(&head)));
            self.inflate(&head)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stage for Deflate<'_> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        match self.ended {
            true => self.next.finish(),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
