//! Zstandard (RFC 8878) as it comes: frames cut into blocks, for a decoder that wants them whole.
//! Must not hold: the algorithm.

use super::Stage;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, Write};

/// Decodes block by block, so that no more than a block and the window is held.
pub(super) struct Zstd<'m> {
    next: Box<dyn Stage + 'm>,
    decoder: FrameDecoder,
    /// Input that is not a whole header or block yet.
    pending: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Between,
    Within { has_checksum: bool },
}

/// `Window_Size` at most (RFC 9659 section 3).
const WINDOW_BYTES: u64 = 8 << 20;
/// `Frame_Header` with its magic number (RFC 8878 section 3.1.1).
const MOST_HEADER_BYTES: usize = 18;
const BLOCK_HEADER_BYTES: usize = 3;
const CHECKSUM_BYTES: usize = 4;

impl<'m> Zstd<'m> {
    pub(super) fn new(next: Box<dyn Stage + 'm>) -> Self {
        Self { next, decoder: FrameDecoder::new(), pending: Vec::new(), state: State::Start }
    }

    /// Takes one header or block off the input; `false` when there is none whole.
    fn step(&mut self, is_last: bool) -> io::Result<bool> {
        match self.state {
            State::Start | State::Between => self.begin(is_last),
            State::Within { has_checksum } => self.block(has_checksum),
        }
    }

    fn begin(&mut self, is_last: bool) -> io::Result<bool> {
        if self.pending.is_empty() || self.pending.len() < MOST_HEADER_BYTES && !is_last {
            return Ok(false);
        }
        let mut rest = self.pending.as_slice();
        self.decoder.reset(&mut rest).map_err(broken)?;
        let descriptor = self.pending.get(4).copied().unwrap_or_default();
        let window = self.pending.get(5).copied().unwrap_or_default();
        if window_bytes(descriptor, window, self.decoder.content_size()) > WINDOW_BYTES {
            return Err(broken("its window is larger than 8 MiB"));
        }
        let left = rest.len();
        self.pending.drain(..self.pending.len() - left);
        self.state = State::Within { has_checksum: descriptor & 0b100 != 0 };
        Ok(true)
    }

    fn block(&mut self, has_checksum: bool) -> io::Result<bool> {
        let Some(size) = block_bytes(&self.pending, has_checksum) else { return Ok(false) };
        if self.pending.len() < size {
            return Ok(false);
        }
        let mut rest = self.pending.as_slice();
        self.decoder
            .decode_blocks(&mut rest, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(broken)?;
        let left = rest.len();
        self.pending.drain(..self.pending.len() - left);
        self.decoder.collect_to_writer(&mut self.next)?;
        if self.decoder.is_finished() {
            let told = self.decoder.get_checksum_from_data();
            if told.is_some() && told != self.decoder.get_calculated_checksum() {
                return Err(broken("its checksum is wrong"));
            }
            self.state = State::Between;
        }
        Ok(true)
    }
}

/// `Block_Header` with `Block_Content` (RFC 8878 section 3.1.1.2), and the checksum behind the last.
fn block_bytes(input: &[u8], has_checksum: bool) -> Option<usize> {
    let &[low, middle, high, ..] = input else { return None };
    let header = u32::from_le_bytes([low, middle, high, 0]);
    let (is_last, kind, size) = (header & 1 == 1, (header >> 1) & 0b11, header >> 3);
    let content = if kind == 1 { 1 } else { usize::try_from(size).ok()? };
    let checksum = if is_last && has_checksum { CHECKSUM_BYTES } else { 0 };
    Some(BLOCK_HEADER_BYTES + content + checksum)
}

/// `Window_Size` (RFC 8878 section 3.1.1.1.2); of a single segment the size of its content.
fn window_bytes(descriptor: u8, window: u8, content: u64) -> u64 {
    if descriptor & 0b10_0000 != 0 {
        return content;
    }
    let base = 1_u64 << (10 + u32::from(window >> 3));
    base + (base / 8) * u64::from(window & 0b111)
}

fn broken(why: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}

impl Write for Zstd<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        while self.step(false)? {}
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stage for Zstd<'_> {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        while self.step(true)? {}
        match self.state == State::Between && self.pending.is_empty() {
            true => self.next.finish(),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
