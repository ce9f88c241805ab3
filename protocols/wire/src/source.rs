//! Bodies to the peer while another connection is listened to: FTP's peer says on the one that it
//! wants no more on the other. Must not hold: how a body is framed or converted.

use crate::observer::Event;
use crate::socket::wait_any;
use crate::transport::Transport;
use crate::{Error, Wire};
use rustix::event::{PollFd, PollFlags};
use std::fs::File;
use std::io;

/// How sending ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Everything went out.
    All,
    /// The other connection has something to say, or is gone. Sending stopped there.
    Interrupted,
}

/// The most that one step moves: between two steps the other connection is looked at.
#[cfg(target_os = "linux")]
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
            let moved = match self.step(other, |transport| move_now(transport, file))? {
                None => return Ok(Some((sent, Pushed::Interrupted))),
                Some(Moved::Declined) if sent == 0 => return Ok(None),
                Some(Moved::Declined | Moved::Bytes(0)) => return Ok(Some((sent, Pushed::All))),
                Some(Moved::Bytes(moved)) => moved as u64,
            };
            self.watch.tell(&Event::Sent { bytes: moved, data: None });
            sent += moved;
        }
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
fn move_now(transport: &mut dyn Transport, file: &File) -> io::Result<Option<Moved>> {
    use crate::socket::nonblocking;
    use rustix::io::Errno;
    let Some(socket) = transport.clear() else { return Ok(Some(Moved::Declined)) };
    let declined = [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP];
    let most = STEP_BYTES.min(socket.writing_room());
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
fn move_now(_: &mut dyn Transport, _: &File) -> io::Result<Option<Moved>> {
    Ok(Some(Moved::Declined))
}
