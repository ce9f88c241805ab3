//! The message itself: where it comes from, and what is known of it before it is sent.
//! Must not hold: I/O with the peer; line ends and dots are `wireline-wire`'s.

use crate::Error;
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use wireline_wire as wire;
use wireline_wire::{MessageChunks, MessageEncoder};

/// A message to be sent, from any reader, through buffers of fixed size.
///
/// Line ends become CRLF, whatever they were. A NUL is refused. What is known of the message
/// beforehand goes into `SIZE=` and `BODY=`; see [`Content::surveyed`].
pub struct Content<'a> {
    pub(crate) source: &'a mut dyn Read,
    pub(crate) size: Option<u64>,
    pub(crate) is_8bit: Option<bool>,
    pub(crate) is_binary: bool,
}

impl<'a> Content<'a> {
    /// From a reader of which nothing is known: a pipe, for example. If bytes beyond ASCII come
    /// up and the server does not offer 8BITMIME, sending ends in the middle and the message is
    /// not handed over.
    #[must_use]
    pub fn new(source: &'a mut dyn Read) -> Self {
        Self { source, size: None, is_8bit: None, is_binary: false }
    }

    /// Reads the source once to know all about it, and goes back to where it stood.
    ///
    /// # Errors
    /// [`Error::Local`]; [`Error::Input`] when there is a NUL in it.
    pub fn surveyed<S: Read + Seek>(source: &'a mut S) -> Result<Self, Error> {
        let start = source.stream_position().map_err(Error::Local)?;
        let survey = Survey::of(source)?;
        source.seek(SeekFrom::Start(start)).map_err(Error::Local)?;
        Ok(Self::new(source).sized(survey.bytes).with_8bit(survey.is_8bit))
    }

    /// How many bytes it has, with CRLF line ends and before dots are doubled.
    #[must_use]
    pub const fn sized(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Whether it has bytes beyond ASCII.
    #[must_use]
    pub const fn with_8bit(mut self, is_8bit: bool) -> Self {
        self.is_8bit = Some(is_8bit);
        self
    }

    /// Any bytes at all, sent as they are (`BODY=BINARYMIME`, RFC 3030). The server has to offer
    /// BINARYMIME and CHUNKING.
    #[must_use]
    pub const fn binary(mut self) -> Self {
        self.is_binary = true;
        self
    }
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("size", &self.size)
            .field("is_8bit", &self.is_8bit)
            .field("is_binary", &self.is_binary)
            .finish_non_exhaustive()
    }
}

/// What a message is like, once all of it has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Bytes with CRLF line ends, before dots are doubled.
    pub bytes: u64,
    /// It has bytes beyond ASCII.
    pub is_8bit: bool,
    /// Bytes in its longest line without CRLF. Beyond 998 a server may refuse it or cut the line
    /// (RFC 5321 section 4.5.3.1.6).
    pub longest_line_bytes: u64,
}

impl Survey {
    /// Reads the source to its end, through a buffer of fixed size.
    ///
    /// # Errors
    /// [`Error::Local`]; [`Error::Input`] when there is a NUL in it.
    pub fn of(source: &mut dyn Read) -> Result<Self, Error> {
        let mut chunks = MessageChunks::new(source, MessageEncoder::lines(), SURVEY_BYTES);
        // Where the line that is not over yet began, counted from the message's first byte.
        let (mut survey, mut line_start) = (Self::default(), 0);
        while let Some(chunk) = chunks.next()? {
            for end in memchr::memchr_iter(b'\n', chunk.bytes) {
                let next_line = survey.bytes + end as u64 + 1;
                let length = (next_line - line_start).saturating_sub(b"\r\n".len() as u64);
                survey.longest_line_bytes = survey.longest_line_bytes.max(length);
                line_start = next_line;
            }
            survey.bytes += chunk.bytes.len() as u64;
            survey.is_8bit |= !chunk.bytes.is_ascii();
        }
        Ok(survey)
    }
}

const SURVEY_BYTES: usize = 64 * 1024;

/// Reads until the buffer is full or the source is at its end; how much there was.
pub(crate) fn fill(source: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, wire::Error> {
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match source.read(room) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(wire::Error::Local(error)),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn surveys() {
        let rows: &[(&[u8], u64, bool, u64)] = &[
            (b"", 0, false, 0),
            (b"a", 3, false, 1),
            (b"a\r\nbc\r\n", 7, false, 2),
            (b"a\nbc\n", 7, false, 2),
            (b".\r\n", 3, false, 1),
            (b"\xe4\r\n", 3, true, 1),
            (&[b'x'; 200_000], 200_002, false, 200_000),
        ];
        for (bytes, size, is_8bit, longest_line_bytes) in rows {
            let survey = Survey::of(&mut &bytes[..]).unwrap();
            let wanted =
                Survey { bytes: *size, is_8bit: *is_8bit, longest_line_bytes: *longest_line_bytes };
            assert_eq!(survey, wanted);
        }
        // hostile.md row 17.
        assert!(matches!(Survey::of(&mut &b"a\0b"[..]), Err(Error::Input(_))));
    }

    #[test]
    fn a_survey_goes_back() {
        let mut file = Cursor::new(b"skipped\xe4\n");
        file.set_position(7);
        let content = Content::surveyed(&mut file).unwrap();
        assert_eq!((content.size, content.is_8bit), (Some(3), Some(true)));
        assert_eq!(file.position(), 7);
    }
}
