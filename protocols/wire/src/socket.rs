//! The innermost layer: a non-blocking stream socket whose every wait is one `poll` under the clock.
//! Must not hold: buffers, TLS, lines.

use crate::deadline::Clock;
use crate::rate::Rate;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{SendFlags, Shutdown};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

/// Reads and writes that block, but never past the deadline of their clock.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    pub(crate) clock: Clock,
    /// How fast bytes may come and go.
    reading: Option<Rate>,
    writing: Option<Rate>,
}

/// A peer that has gone is an error, not a signal.
#[cfg(target_os = "linux")]
const SEND_FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(not(target_os = "linux"))]
const SEND_FLAGS: SendFlags = SendFlags::empty();

impl Socket {
    /// Takes over a connected socket that has been set non-blocking.
    pub(crate) fn new(fd: OwnedFd, clock: Clock) -> Self {
        Self { fd, clock, reading: None, writing: None }
    }

    pub(crate) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// So many bytes a second from now on, each way; or as many as will go.
    pub(crate) fn limit_rate(&mut self, bytes_per_second: Option<u64>) {
        let rate = bytes_per_second.map(|rate| Rate::new(rate, Instant::now()));
        (self.reading, self.writing) = (rate, rate);
    }

    /// The most that should go in one step, so that progress is smooth.
    pub(crate) fn piece(&self) -> usize {
        self.writing.map_or(usize::MAX, |rate| clamped(rate.piece()))
    }

    /// Waits until one of `wanted` holds; until the peer takes more also means until the rate
    /// allows it.
    pub(crate) fn wait(&self, wanted: PollFlags) -> io::Result<()> {
        let reads = wanted.contains(PollFlags::IN);
        let mut incoming = reads.then(|| PollFd::new(&self.fd, PollFlags::IN));
        if wanted.contains(PollFlags::OUT) && self.hold_back(incoming.as_mut())? {
            return Ok(());
        }
        wait_any(&mut [PollFd::new(&self.fd, wanted)], &self.clock)
    }

    /// Waits for so long at most until something can be read; `false` when nothing can.
    pub(crate) fn readable_within(&self, limit: Duration) -> io::Result<bool> {
        Ok(poll(&mut [PollFd::new(&self.fd, PollFlags::IN)], Some(limit))? > 0)
    }

    /// Sits out the pause that the rate asks for before the next write. `true` as soon as `other`
    /// holds.
    pub(crate) fn hold_back(&self, mut other: Option<&mut PollFd<'_>>) -> io::Result<bool> {
        while let Some(pause) = self.writing.and_then(|rate| rate.pause(Instant::now())) {
            let pause = pause.min(self.clock.remaining()?);
            match other.as_deref_mut() {
                Some(other) => {
                    if poll(std::slice::from_mut(other), Some(pause))? > 0 {
                        return Ok(true);
                    }
                }
                None => thread::sleep(pause),
            }
        }
        Ok(false)
    }

    /// How many bytes may be read, once the rate allows any.
    pub(crate) fn reading_room(&self) -> io::Result<usize> {
        let Some(rate) = self.reading else { return Ok(usize::MAX) };
        while let Some(pause) = rate.pause(Instant::now()) {
            thread::sleep(pause.min(self.clock.remaining()?));
        }
        Ok(clamped(rate.room(Instant::now())))
    }

    /// How many bytes the rate allows to be written now.
    pub(crate) fn writing_room(&self) -> usize {
        self.writing.map_or(usize::MAX, |rate| clamped(rate.room(Instant::now())))
    }

    /// So many bytes were read.
    pub(crate) fn count_read(&mut self, bytes: usize) {
        self.clock.moved(bytes as u64);
        if let Some(rate) = &mut self.reading {
            rate.spend(bytes as u64, Instant::now());
        }
    }

    /// So many bytes were written.
    pub(crate) fn count_written(&mut self, bytes: usize) {
        self.clock.moved(bytes as u64);
        if let Some(rate) = &mut self.writing {
            rate.spend(bytes as u64, Instant::now());
        }
    }

    /// Writes what fits; never waits.
    pub(crate) fn write_now(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let piece = bytes.get(..self.writing_room()).unwrap_or(bytes);
        if piece.is_empty() && !bytes.is_empty() {
            return Ok(None);
        }
        let sent = nonblocking(|| Ok(rustix::net::send(&self.fd, piece, SEND_FLAGS)?))?;
        self.count_written(sent.unwrap_or_default());
        Ok(sent)
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
            let most = self.reading_room()?.min(buffer.len());
            let piece = buffer.get_mut(..most).unwrap_or_default();
            match nonblocking(|| Ok(rustix::io::read(&self.fd, &mut *piece)?))? {
                Some(count) => {
                    self.count_read(count);
                    return Ok(count);
                }
                None => self.wait(PollFlags::IN)?,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.write_now(bytes)? {
                Some(count) => return Ok(count),
                None => self.wait(PollFlags::OUT)?,
            }
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

/// Waits until something holds on one of these descriptors.
pub(crate) fn wait_any(wanted: &mut [PollFd<'_>], clock: &Clock) -> io::Result<()> {
    let since = Instant::now();
    while poll(wanted, Some(clock.left(since)?))? == 0 {}
    Ok(())
}

fn clamped(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
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
    Ok(poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(Duration::ZERO))? > 0)
}
