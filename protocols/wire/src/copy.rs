//! Bodies: from the peer into a sink, exactly so many bytes or until the peer closes.
//! Must not hold: how a body is framed (each protocol knows; HTTP's chunks are copied piece by piece).

use crate::observer::Event;
use crate::socket::{Socket, nonblocking};
use crate::{Error, Wire};
use rustix::event::PollFlags;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;

/// Where a body goes. Small pieces are gathered and handed on before every wait for the peer,
/// so a slow stream is seen as it comes and a fast one costs few writes.
pub struct Sink<'a> {
    target: Target<'a>,
    gathered: Vec<u8>,
}

enum Target<'a> {
    File(&'a File),
    Writer(&'a mut dyn Write),
}

/// Smaller pieces are gathered up to this size.
const GATHERED_BYTES: usize = 64 * 1024;

/// Pieces from this size on, a full TLS record's (RFC 8446 section 5.1) among them, are written
/// through: a copy would cost more than the write that it saves.
const WRITTEN_THROUGH_BYTES: usize = 16 * 1024;

/// A pipe between socket and file costs more than it saves before so many bytes have come, and for
/// fewer than so many that are still to come.
const WORTH_IT_BYTES: u64 = 64 * 1024;

impl<'a> Sink<'a> {
    /// A file, written from its current position. In clear the kernel moves the bytes from
    /// socket to file by itself (`splice`); a FIFO or device will do as well.
    #[must_use]
    pub fn file(file: &'a File) -> Self {
        Self { target: Target::File(file), gathered: Vec::new() }
    }

    /// Anything else.
    #[must_use]
    pub fn writer(writer: &'a mut dyn Write) -> Self {
        Self { target: Target::Writer(writer), gathered: Vec::new() }
    }

    /// Takes bytes in.
    ///
    /// # Errors
    /// [`Error::Local`].
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let small = bytes.len() < WRITTEN_THROUGH_BYTES;
        if small && self.gathered.len() + bytes.len() <= GATHERED_BYTES {
            self.gathered.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        self.write(bytes)
    }

    /// Hands on what was gathered.
    ///
    /// # Errors
    /// [`Error::Local`].
    pub fn flush(&mut self) -> Result<(), Error> {
        let mut gathered = std::mem::take(&mut self.gathered);
        if !gathered.is_empty() {
            self.write(&gathered)?;
            gathered.clear();
        }
        self.gathered = gathered;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match &mut self.target {
            Target::File(file) => file.write_all(bytes),
            Target::Writer(writer) => writer.write_all(bytes).and_then(|()| writer.flush()),
        }
        .map_err(Error::Local)
    }

    fn as_file(&self) -> Option<&'a File> {
        match self.target {
            Target::File(file) => Some(file),
            Target::Writer(_) => None,
        }
    }
}

impl std::fmt::Debug for Sink<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.as_file().is_some() { "Sink::File" } else { "Sink::Writer" })
    }
}

impl Wire {
    /// Copies exactly `bytes` bytes. Set a [`crate::Deadline::pause`] first.
    ///
    /// # Errors
    /// [`Error::Cut`] when the peer leaves before the last of them, [`Error::TimedOut`],
    /// [`Error::Local`] when the sink takes no more.
    pub fn copy_exact(&mut self, sink: &mut Sink<'_>, bytes: u64) -> Result<(), Error> {
        let got = self.copy_up_to(sink, bytes, Some(bytes))?;
        match got == bytes {
            true => Ok(()),
            false => Err(Error::Cut { got, expected: Some(bytes) }),
        }
    }

    /// Copies until the peer closes, and says how many bytes that were. Over TLS the close must
    /// come with a goodbye: without it nobody knows whether the rest was cut off.
    ///
    /// # Errors
    /// [`Error::TooLong`] when more than `limit` bytes come, [`Error::Cut`] without a TLS
    /// goodbye, [`Error::TimedOut`], [`Error::Local`].
    pub fn copy_to_close(&mut self, sink: &mut Sink<'_>, limit: u64) -> Result<u64, Error> {
        let got = self.copy_up_to(sink, limit, None)?;
        if got == limit && !self.transport.buffered().is_empty() {
            return Err(Error::TooLong { what: "the body", limit });
        }
        if got == limit && self.fill_body(got, None)? {
            return Err(Error::TooLong { what: "the body", limit });
        }
        Ok(got)
    }

    /// Copies until `most` bytes are there or the peer ends.
    fn copy_up_to(
        &mut self,
        sink: &mut Sink<'_>,
        most: u64,
        expected: Option<u64>,
    ) -> Result<u64, Error> {
        self.take_back();
        let mut got = 0;
        while got < most {
            let count = self.copy_buffered(sink, most - got)?;
            got += count;
            if count > 0 {
                continue;
            }
            sink.flush()?;
            if got >= WORTH_IT_BYTES {
                got += self.splice(sink, most - got, got, expected)?;
            }
            if got == most || !self.fill_body(got, expected)? {
                break;
            }
        }
        if self.transport.buffered().is_empty() {
            sink.flush()?;
        }
        Ok(got)
    }

    fn copy_buffered(&mut self, sink: &mut Sink<'_>, most: u64) -> Result<u64, Error> {
        let buffered = self.transport.buffered();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let piece = buffered.get(..most).unwrap_or(buffered);
        let count = piece.len();
        if count > 0 {
            sink.take(piece)?;
            self.watch.tell(&Event::Body { bytes: count as u64, data: Some(piece) });
            self.transport.consume(count);
        }
        Ok(count as u64)
    }

    pub(crate) fn fill_body(&mut self, got: u64, expected: Option<u64>) -> Result<bool, Error> {
        self.transport.fill().map_err(|error| cut_or(error, got, expected))
    }

    /// Moves bytes in the kernel while that works. What it returns is less than `most` only at
    /// the end of the stream or when the kernel declined: the caller then reads on as usual.
    fn splice(
        &mut self,
        sink: &Sink<'_>,
        most: u64,
        before: u64,
        expected: Option<u64>,
    ) -> Result<u64, Error> {
        let (Some(file), Some(_), WORTH_IT_BYTES..) =
            (sink.as_file(), self.transport.clear(), most)
        else {
            return Ok(0);
        };
        if self.watch.wants_bodies() {
            return Ok(0);
        }
        let Some(mut pipe) = self.pipe.take().or_else(Pipe::new) else {
            return Ok(0);
        };
        let mut got = 0;
        while got < most && !pipe.declined {
            let Some(socket) = self.transport.clear() else { break };
            let step = pipe.fill(socket, most - got);
            let count = match step.map_err(|error| cut_or(error, before + got, expected))? {
                Some(0) | None => break,
                Some(count) => count,
            };
            pipe.drain(file, count).map_err(Error::Local)?;
            self.watch.tell(&Event::Body { bytes: count as u64, data: None });
            got += count as u64;
        }
        self.pipe = Some(pipe);
        Ok(got)
    }
}

/// A connection that breaks in the middle of a body has cut it.
fn cut_or(error: io::Error, got: u64, expected: Option<u64>) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Error::Cut { got, expected },
        _ => Error::from_peer(error),
    }
}

/// A kernel pipe between socket and file.
pub(crate) struct Pipe {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "splice is Linux's"))]
    read: OwnedFd,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "splice is Linux's"))]
    write: OwnedFd,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "splice is Linux's"))]
    bytes: usize,
    /// The kernel does not splice from this socket or into this file.
    declined: bool,
}

#[cfg(target_os = "linux")]
impl Pipe {
    fn new() -> Option<Self> {
        use rustix::pipe::{PipeFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with};
        const WANTED_BYTES: usize = 1024 * 1024;
        let (read, write) = pipe_with(PipeFlags::CLOEXEC).ok()?;
        let bytes = match fcntl_setpipe_size(&write, WANTED_BYTES) {
            Ok(bytes) => bytes,
            Err(_) => fcntl_getpipe_size(&write).ok()?,
        };
        Some(Self { read, write, bytes, declined: false })
    }

    /// Waits for bytes and moves up to `most` of them into the pipe. `None` when the kernel
    /// declines; 0 at the end.
    fn fill(&mut self, socket: &mut Socket, most: u64) -> io::Result<Option<usize>> {
        use rustix::pipe::{SpliceFlags, splice};
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.bytes);
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        loop {
            socket.clock.remaining()?;
            let most = most.min(socket.reading_room()?);
            let step =
                nonblocking(|| Ok(splice(socket.fd(), None, &self.write, None, most, flags)?));
            match step {
                Ok(Some(count)) => {
                    socket.count_read(count);
                    return Ok(Some(count));
                }
                Ok(None) => socket.wait(PollFlags::IN)?,
                Err(error) if is_declined(&error) => {
                    self.declined = true;
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Moves `count` bytes on into the file; by hand when the kernel does not splice into it.
    fn drain(&mut self, mut file: &File, count: usize) -> io::Result<()> {
        use rustix::pipe::{SpliceFlags, splice};
        let mut left = count;
        while left > 0 && !self.declined {
            let step =
                nonblocking(|| Ok(splice(&self.read, None, file, None, left, SpliceFlags::MOVE)?));
            match step {
                Ok(Some(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(moved) => left -= moved.unwrap_or(0),
                Err(error) if is_declined(&error) => self.declined = true,
                Err(error) => return Err(error),
            }
        }
        let mut buffer = vec![0; left.min(64 * 1024)];
        while left > 0 {
            let count = rustix::io::read(&self.read, &mut buffer)?;
            file.write_all(buffer.get(..count).unwrap_or_default())?;
            left -= count;
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn is_declined(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let declined = [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::PERM];
    declined.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(not(target_os = "linux"))]
impl Pipe {
    fn new() -> Option<Self> {
        None
    }

    fn fill(&mut self, _: &mut Socket, _: u64) -> io::Result<Option<usize>> {
        Ok(None)
    }

    fn drain(&mut self, _: &File, _: usize) -> io::Result<()> {
        Ok(())
    }
}
