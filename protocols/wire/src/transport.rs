//! What carries the bytes: one small trait, and the socket in clear. TLS is the other one (`tls.rs`),
//! over either.
//! Must not hold: lines, limits, deadlines (the socket's clock has them).

#![expect(
    clippy::indexing_slicing,
    reason = "the bounds start <= end <= buffer.len() are kept right here; get() would lose bytes in silence"
)]

use crate::socket::{self, Socket};
use rustix::event::PollFlags;
use std::fmt;
use std::io::{self, Write};

/// Bytes in, bytes out, over a [`Socket`].
pub(crate) trait Transport: Send + fmt::Debug {
    /// Bytes that have arrived and were not consumed; never waits.
    fn buffered(&mut self) -> &[u8];
    /// Marks the first `count` buffered bytes as used.
    fn consume(&mut self, count: usize);
    /// Waits for more bytes behind an empty buffer. `false` at the orderly end.
    fn fill(&mut self) -> io::Result<bool>;
    /// Whether the peer has spoken or gone; never waits.
    fn answer_waiting(&mut self) -> io::Result<bool>;
    /// Sends everything.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Sends what can go without a wait and says how much was taken; `None` when nothing could.
    /// Without bytes, sends what was taken before: `None` while some of that is left.
    fn write_now(&mut self, bytes: &[u8]) -> io::Result<Option<usize>>;
    /// Says that nothing more will be sent.
    fn half_close(&mut self) -> io::Result<()>;
    /// Sends some bytes, or returns 0 as soon as an answer is waiting.
    fn write_watching(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// The socket below.
    fn socket(&self) -> &Socket;
    /// The socket below.
    fn socket_mut(&mut self) -> &mut Socket;
    /// The socket itself when its bytes are the peer's bytes, so that they can be spliced.
    fn clear(&mut self) -> Option<&mut Socket>;
}

/// The socket as it is.
pub(crate) struct Clear {
    socket: Socket,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// Allocated zeroed, so pages that no read touches cost nothing.
const BUFFER_BYTES: usize = 256 * 1024;

impl Clear {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0 }
    }
}

impl Transport for Clear {
    fn buffered(&mut self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    fn fill(&mut self) -> io::Result<bool> {
        (self.start, self.end) = (0, 0);
        self.end = io::Read::read(&mut self.socket, &mut self.buffer)?;
        Ok(self.end > 0)
    }

    fn answer_waiting(&mut self) -> io::Result<bool> {
        Ok(self.start < self.end || socket::readable(self.socket.fd())?)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes)
    }

    fn write_now(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        if bytes.is_empty() { Ok(Some(0)) } else { self.socket.write_now(bytes) }
    }

    fn half_close(&mut self) -> io::Result<()> {
        self.socket.half_close()
    }

    fn write_watching(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while !self.answer_waiting()? {
            if let Some(count) = self.socket.write_now(bytes)? {
                return Ok(count);
            }
            self.socket.wait(PollFlags::IN | PollFlags::OUT)?;
        }
        Ok(0)
    }

    fn socket(&self) -> &Socket {
        &self.socket
    }

    fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    fn clear(&mut self) -> Option<&mut Socket> {
        Some(&mut self.socket)
    }
}

impl fmt::Debug for Clear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clear").field("socket", &self.socket).finish_non_exhaustive()
    }
}
