//! Connections that the peer makes to us, where a protocol wants that (FTP's active mode).
//! Must not hold: who may connect; the caller looks at [`Wire::peer`].

use crate::deadline::{Clock, Deadline};
use crate::socket::{nonblocking, wait_any};
use crate::{Dialer, Error, Wire};
use rustix::event::{PollFd, PollFlags};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

/// A port of ours that waits for the peer.
pub struct Listener {
    dialer: Dialer,
    listener: TcpListener,
    address: SocketAddr,
}

impl Dialer {
    /// Listens on this address of ours, on a port that the system chooses.
    ///
    /// # Errors
    /// [`Error::Local`] when the address is not ours or no port is free.
    pub fn listen(&self, address: IpAddr) -> Result<Listener, Error> {
        let listener = TcpListener::bind(SocketAddr::new(address, 0)).map_err(Error::Local)?;
        listener.set_nonblocking(true).map_err(Error::Local)?;
        let address = listener.local_addr().map_err(Error::Local)?;
        Ok(Listener { dialer: self.clone(), listener, address })
    }
}

impl Listener {
    /// Where the peer may connect to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection, in clear, whoever makes it. `None` when none is there and `other` has
    /// something to say.
    ///
    /// # Errors
    /// [`Error::TimedOut`], which names `phase`; [`Error::OutOfTime`], [`Error::Io`].
    pub fn accept(
        &self,
        phase: &'static str,
        deadline: Deadline,
        other: &mut Wire,
    ) -> Result<Option<Wire>, Error> {
        let clock = Clock::new(phase, deadline, self.dialer.whole);
        loop {
            if let Some((stream, peer)) =
                nonblocking(|| self.listener.accept()).map_err(Error::Io)?
            {
                stream.set_nonblocking(true).map_err(Error::Io)?;
                stream.set_nodelay(true).map_err(Error::Io)?;
                return Ok(Some(self.dialer.wire(stream.into(), peer.into())));
            }
            if other.answer_waiting()? {
                return Ok(None);
            }
            let mut wanted = [
                PollFd::new(&self.listener, PollFlags::IN),
                PollFd::from_borrowed_fd(other.socket(), PollFlags::IN),
            ];
            wait_any(&mut wanted, &clock).map_err(Error::from_peer)?;
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Wire {
    /// Our own address on this connection; `None` on a Unix socket.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn local_address(&self) -> Result<Option<SocketAddr>, Error> {
        let name = rustix::net::getsockname(self.socket()).map_err(io::Error::from);
        Ok(SocketAddr::try_from(name.map_err(Error::Io)?).ok())
    }
}
