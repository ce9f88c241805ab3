//! The innermost layer: a non-blocking stream socket whose every wait is one `poll` under the clock.
//! Must not hold: buffers, TLS, lines.

use crate::deadline::Clock;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{SendFlags, Shutdown};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// Reads and writes that block, but never past the deadline of their clock.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    pub(crate) clock: Clock,
}

/// A peer that has gone is an error, not a signal.
#[cfg(target_os = "linux")]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(not(target_os = "linux"))]
const SEND_FLAGS: SendFlags = SendFlags::empty();

impl Socket {
    /// Takes over a connected socket that has been set non-blocking.
    pub(crate) fn new(fd: OwnedFd, clock: Clock) -> Self {
        Self { fd, clock }
    }

    pub(crate) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Waits until one of `wanted` holds, and says which.
    pub(crate) fn wait(&self, wanted: PollFlags) -> io::Result<PollFlags> {
        let (begun, limit) = (Instant::now(), self.clock.remaining()?);
        loop {
            let left = limit.saturating_sub(begun.elapsed());
            let found = poll_one(&self.fd, wanted, Some(left))?;
            if !found.is_empty() {
                return Ok(found);
            }
            // Sooner than the limit it was a signal.
            if begun.elapsed() >= limit {
                return Err(self.clock.expired().into());
            }
        }
    }

    /// Reads what is there, if anything is; never waits.
    pub(crate) fn read_now(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        nonblocking(|| Ok(rustix::io::read(&self.fd, &mut *buffer)?))
    }

    /// Writes what fits; never waits.
    pub(crate) fn write_now(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        nonblocking(|| Ok(rustix::net::send(&self.fd, bytes, SEND_FLAGS)?))
    }

    /// Tells the peer that we have said everything; reading goes on.
    pub(crate) fn half_close(&self) -> io::Result<()> {
        Ok(rustix::net::shutdown(&self.fd, Shutdown::Write)?)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.clock.remaining()?;
            match self.read_now(buffer)? {
                Some(count) => return Ok(count),
                None => self.wait(PollFlags::IN)?,
            };
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.write_now(bytes)? {
                Some(count) => return Ok(count),
                None => self.wait(PollFlags::OUT)?,
            };
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a system call again when a signal interrupted it; `None` when it would have to wait.
pub(crate) fn nonblocking<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<Option<T>> {
    loop {
        match call() {
            Ok(value) => return Ok(Some(value)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// One `poll` on one descriptor; empty flags when the time ran out. Not restarted with the full
/// time after a signal: the caller's clock decides.
fn poll_one(fd: &impl AsFd, wanted: PollFlags, limit: Option<Duration>) -> io::Result<PollFlags> {
    let mut fds = [PollFd::new(fd, wanted)];
    poll(&mut fds, limit)?;
    Ok(fds.iter().map(PollFd::revents).collect())
}

/// Waits until something holds on one of two descriptors.
pub(crate) fn wait_any(mut wanted: [PollFd<'_>; 2], clock: &Clock) -> io::Result<()> {
    let (begun, limit) = (Instant::now(), clock.remaining()?);
    while poll(&mut wanted, Some(limit.saturating_sub(begun.elapsed())))? == 0 {
        // Sooner than the limit it was a signal.
        if begun.elapsed() >= limit {
            return Err(clock.expired().into());
        }
    }
    Ok(())
}

/// `poll` with a [`Duration`]; a signal counts as one empty round.
pub(crate) fn poll(fds: &mut [PollFd<'_>], limit: Option<Duration>) -> io::Result<usize> {
    let limit = limit.map(|limit| Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: limit.subsec_nanos().into(),
    });
    match rustix::event::poll(fds, limit.as_ref()) {
        Err(rustix::io::Errno::INTR) => Ok(0),
        result => Ok(result?),
    }
}

/// Whether bytes, or the end, can be read without waiting.
pub(crate) fn readable(fd: &impl AsFd) -> io::Result<bool> {
    Ok(!poll_one(fd, PollFlags::IN, Some(Duration::ZERO))?.is_empty())
}
