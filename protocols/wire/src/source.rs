//! Bodies to the peer while another connection is listened to: FTP's peer says on the one that it
//! wants no more on the other. Must not hold: how a body is framed or converted.

use crate::observer::Event;
use crate::socket::wait_any;
use crate::transport::Transport;
use crate::{Error, Wire};
use rustix::event::{PollFd, PollFlags};
use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

/// How sending ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Everything went out.
    All,
    /// The other connection has something to say, or is gone. Sending stopped there.
    Interrupted,
}

/// The most that one step moves: between two steps the other connection is looked at.
const STEP_BYTES: usize = 1024 * 1024;

impl Wire {
    /// Sends bytes of a body, after what was queued, and stops as soon as `other` has something
    /// to say. Returns how many were sent. Set a [`crate::Deadline::pause`] first.
    ///
    /// # Errors
    /// [`Error::TimedOut`], [`Error::Io`].
    pub fn push(&mut self, bytes: &[u8], other: &mut Self) -> Result<(u64, Pushed), Error> {
        self.flush()?;
        let mut rest = bytes;
        let sent = |rest: &[u8]| (bytes.len() - rest.len()) as u64;
        let most = self.transport.socket().piece();
        while !rest.is_empty() {
            let step = rest.get(..most).unwrap_or(rest);
            let Some(count) = self.step(other, |transport| transport.write_now(step))? else {
                return Ok((sent(rest), Pushed::Interrupted));
            };
            let (piece, left) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            self.watch.tell(&Event::Sent { bytes: piece.len() as u64, data: Some(piece) });
            rest = left;
        }
        let flushed = self.step(other, |transport| transport.write_now(&[]))?;
        Ok((sent(rest), flushed.map_or(Pushed::Interrupted, |_| Pushed::All)))
    }

    /// Sends a file from its current position to its end, moved by the kernel (`sendfile`), and
    /// says how many bytes that were. `None` when the kernel does not move this file to this
    /// connection, or somebody watches the bytes: nothing was sent then.
    ///
    /// # Errors
    /// As [`Wire::push`].
    pub fn push_file(
        &mut self,
        file: &File,
        other: &mut Self,
    ) -> Result<Option<(u64, Pushed)>, Error> {
        self.flush()?;
        if self.watch.wants_bodies() || self.transport.clear().is_none() {
            return Ok(None);
        }
        let mut sent = 0;
        loop {
            let moved = match self.step(other, |transport| move_now(transport, file, STEP_BYTES))? {
                None => return Ok(Some((sent, Pushed::Interrupted))),
                Some(Moved::Declined) if sent == 0 => return Ok(None),
                Some(Moved::Declined | Moved::Bytes(0)) => return Ok(Some((sent, Pushed::All))),
                Some(Moved::Bytes(moved)) => moved as u64,
            };
            self.watch.tell(&Event::Sent { bytes: moved, data: None });
            sent += moved;
        }
    }

    /// Sends at most `bytes` of a file from its current position, moved by the kernel, and stops as
    /// soon as this very peer has spoken or gone. Returns how many were sent: fewer also when the
    /// file has ended. `None` as with [`Wire::push_file`].
    ///
    /// # Errors
    /// As [`Wire::push`].
    pub fn send_file_watching(&mut self, file: &File, bytes: u64) -> Result<Option<u64>, Error> {
        self.flush()?;
        self.take_back();
        if self.watch.wants_bodies() || self.transport.clear().is_none() {
            return Ok(None);
        }
        let mut sent = 0;
        while sent < bytes && !self.answer_waiting()? {
            let most = usize::try_from(bytes - sent).unwrap_or(usize::MAX);
            let moved =
                match move_now(self.transport.as_mut(), file, most).map_err(Error::from_peer)? {
                    Some(Moved::Declined) if sent == 0 => return Ok(None),
                    Some(Moved::Declined | Moved::Bytes(0)) => break,
                    Some(Moved::Bytes(moved)) => moved as u64,
                    None => {
                        let socket = self.transport.socket();
                        socket.wait(PollFlags::IN | PollFlags::OUT).map_err(Error::from_peer)?;
                        continue;
                    }
                };
            self.watch.tell(&Event::Sent { bytes: moved, data: None });
            sent += moved;
        }
        Ok(Some(sent))
    }

    /// Waits until the peer has spoken or gone, for so long at most. `false` when it was silent:
    /// the connection is as good as before.
    ///
    /// # Errors
    /// [`Error::OutOfTime`], [`Error::Io`].
    pub fn answer_within(&mut self, limit: Duration) -> Result<bool, Error> {
        self.flush()?;
        let end = Instant::now() + limit;
        while !self.answer_waiting()? {
            let left = end.saturating_duration_since(Instant::now());
            let socket = self.transport.socket();
            let left =
                left.min(socket.clock.remaining().map_err(|error| Error::from_peer(error.into()))?);
            if left.is_zero() || !socket.readable_within(left).map_err(Error::from_peer)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One step that does not wait, tried again whenever the peer takes more. `None` when `other`
    /// spoke first.
    fn step<T>(
        &mut self,
        other: &mut Self,
        mut act: impl FnMut(&mut dyn Transport) -> io::Result<Option<T>>,
    ) -> Result<Option<T>, Error> {
        loop {
            if other.answer_waiting()? {
                return Ok(None);
            }
            match act(self.transport.as_mut()).map_err(Error::from_peer)? {
                Some(done) => return Ok(Some(done)),
                None => self.wait_beside(other).map_err(Error::from_peer)?,
            }
        }
    }

    /// Waits until the peer takes more and the rate allows it, or `other` can be read.
    fn wait_beside(&self, other: &Self) -> io::Result<()> {
        let socket = self.transport.socket();
        let mut spoken = PollFd::new(other.transport.socket().fd(), PollFlags::IN);
        if socket.hold_back(Some(&mut spoken))? {
            return Ok(());
        }
        wait_any(&mut [PollFd::new(socket.fd(), PollFlags::OUT), spoken], &socket.clock)
    }
}

enum Moved {
    Bytes(usize),
    /// The kernel cannot do it with this file, or on this system.
    Declined,
}

#[cfg(target_os = "linux")]
fn move_now(transport: &mut dyn Transport, file: &File, most: usize) -> io::Result<Option<Moved>> {
    use crate::socket::nonblocking;
    use rustix::io::Errno;
    let Some(socket) = transport.clear() else { return Ok(Some(Moved::Declined)) };
    let declined = [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP];
    let most = most.min(STEP_BYTES).min(socket.writing_room());
    if most == 0 {
        return Ok(None);
    }
    let moved = nonblocking(|| Ok(rustix::fs::sendfile(socket.fd(), file, None, most)?));
    socket.count_written(moved.as_ref().ok().copied().flatten().unwrap_or_default());
    match moved {
        Err(error)
            if declined.iter().any(|one| error.raw_os_error() == Some(one.raw_os_error())) =>
        {
            Ok(Some(Moved::Declined))
        }
        moved => Ok(moved?.map(Moved::Bytes)),
    }
}

#[cfg(not(target_os = "linux"))]
fn move_now(_: &mut dyn Transport, _: &File, _: usize) -> io::Result<Option<Moved>> {
    Ok(Some(Moved::Declined))
}
