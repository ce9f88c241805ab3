//! What a request sends behind its head: bytes, files, streams, one behind the other.
//! Must not hold: what the content means, or how it is framed.

use crate::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wireline_wire as wire;
use wireline_wire::Wire;

/// Content of known or unknown length. Cloning shares what it is made of.
///
/// A file is read from its beginning each time, and has to keep its size while it is sent.
#[derive(Clone, Debug, Default)]
pub struct Content {
    pieces: Vec<Piece>,
}

#[derive(Clone)]
enum Piece {
    Bytes(Arc<[u8]>),
    File {
        file: Arc<File>,
        bytes: u64,
    },
    /// Taken when it is sent.
    Stream(Arc<Mutex<Source>>),
}

type Source = Option<Box<dyn Read + Send>>;

/// Read and sent at a time.
const PIECE_BYTES: usize = 256 * 1024;
/// Content up to this size is one write with the head.
const SMALL_BYTES: usize = 64 * 1024;

impl Content {
    /// A regular file with its size; anything else that can be read as a stream.
    ///
    /// # Errors
    /// [`Error::Local`].
    pub fn file(file: File) -> Result<Self, Error> {
        let about = file.metadata().map_err(Error::Local)?;
        Ok(match about.is_file() {
            true => Piece::File { file: Arc::new(file), bytes: about.len() }.into(),
            false => Self::stream(file),
        })
    }

    /// What can be read once, to an end that nobody knows before.
    #[must_use]
    pub fn stream(source: impl Read + Send + 'static) -> Self {
        Piece::Stream(Arc::new(Mutex::new(Some(Box::new(source))))).into()
    }

    /// This and then that.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        self.pieces.extend(next.pieces);
        self
    }

    /// Bytes in all, if that is known: `Content-Length`. Else it goes out in chunks.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.pieces.iter().try_fold(0_u64, |sum, piece| match piece {
            Piece::Bytes(bytes) => sum.checked_add(bytes.len() as u64),
            Piece::File { bytes, .. } => sum.checked_add(*bytes),
            Piece::Stream(_) => None,
        })
    }

    /// Whether it can still be sent: to another place, or with a login that the server asked for.
    /// Of a stream nothing may have been read yet.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.pieces.iter().all(|piece| match piece {
            Piece::Bytes(_) | Piece::File { .. } => true,
            Piece::Stream(source) => lock(source).is_some(),
        })
    }

    /// All of it, where it is small and in memory.
    pub(crate) fn small(&self) -> Option<Vec<u8>> {
        let is_small = self.length().is_some_and(|bytes| bytes <= SMALL_BYTES as u64);
        let in_memory = |piece: &Piece| match piece {
            Piece::Bytes(bytes) => Some(Arc::clone(bytes)),
            _ => None,
        };
        let pieces: Option<Vec<_>> =
            self.pieces.iter().filter(|_| is_small).map(in_memory).collect();
        pieces.filter(|_| is_small).map(|pieces| pieces.concat())
    }

    /// Sends it behind the head; `false` when the peer answered before the end.
    pub(crate) fn send(&self, wire: &mut Wire) -> Result<bool, Error> {
        let mut way = Way { wire, is_chunked: self.length().is_none() };
        for piece in &self.pieces {
            let whole = match piece {
                Piece::Bytes(bytes) => way.send(bytes)?,
                Piece::File { file, bytes } => way.send_file(file, *bytes)?,
                Piece::Stream(source) => {
                    let source = lock(source).take();
                    let gone = || Error::Input("the body was read already, and is gone".into());
                    way.send_from(&mut *source.ok_or_else(gone)?)?
                }
            };
            if !whole {
                return Ok(false);
            }
        }
        way.finish()
    }
}

fn lock(source: &Mutex<Source>) -> MutexGuard<'_, Source> {
    source.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A body under way.
struct Way<'w> {
    wire: &'w mut Wire,
    is_chunked: bool,
}

impl Way<'_> {
    /// `chunk = chunk-size CRLF chunk-data CRLF` (RFC 9112 section 7.1), or the bytes as they are.
    fn send(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        if !self.is_chunked || bytes.is_empty() {
            return Ok(self.wire.send_watching(bytes)? == bytes.len());
        }
        let size = format!("{:X}\r\n", bytes.len());
        let chunk = [size.as_bytes(), bytes, b"\r\n"].concat();
        Ok(self.wire.send_watching(&chunk)? == chunk.len())
    }

    fn send_file(&mut self, file: &File, bytes: u64) -> Result<bool, Error> {
        let mut reader = file;
        reader.seek(SeekFrom::Start(0)).map_err(Error::Local)?;
        if self.is_chunked {
            return self.send_from(&mut reader.take(bytes));
        }
        if let Some(sent) = self.wire.send_file_watching(file, bytes)? {
            return self.is_whole(sent, bytes);
        }
        let mut source = reader.take(bytes);
        let whole = self.send_from(&mut source)?;
        match source.limit() {
            0 => Ok(whole),
            missing if whole => self.is_whole(bytes - missing, bytes),
            _ => Ok(false),
        }
    }

    /// Fewer bytes went out: the peer has answered, or the file has shrunk.
    fn is_whole(&mut self, sent: u64, promised: u64) -> Result<bool, Error> {
        match sent == promised {
            true => Ok(true),
            false if self.wire.answer_waiting()? => Ok(false),
            false => Err(Error::Local(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the file shrank while it was sent: {sent} of {promised} bytes"),
            ))),
        }
    }

    fn send_from(&mut self, source: &mut dyn Read) -> Result<bool, Error> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match source.read(&mut piece) {
                Ok(0) => return Ok(true),
                Ok(count) => {
                    if !self.send(piece.get(..count).unwrap_or_default())? {
                        return Ok(false);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Local(error)),
            }
        }
    }

    /// `last-chunk = 1*"0" CRLF`, without trailers.
    fn finish(self) -> Result<bool, Error> {
        const LAST: &[u8] = b"0\r\n\r\n";
        if !self.is_chunked {
            return Ok(true);
        }
        let sent: Result<usize, wire::Error> = self.wire.send_watching(LAST);
        Ok(sent? == LAST.len())
    }
}

impl From<Piece> for Content {
    fn from(piece: Piece) -> Self {
        Self { pieces: vec![piece] }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Piece::Bytes(bytes.into()).into()
    }
}

/// Sizes only: content may be secret.
impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::File { bytes, .. } => write!(f, "a file of {bytes} bytes"),
            Self::Stream(_) => f.write_str("a stream"),
        }
    }
}
