//! Connecting to a Unix socket.
//! Must not hold: TCP (`race.rs`), or anything after the connection stands.

use crate::deadline::{Clock, Deadline};
use crate::race::socket;
use crate::{Dialer, Error, Peer};
use rustix::io::{Errno, ioctl_fionbio, retry_on_intr};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

/// Connects to the socket at `path`; what comes back does not block.
pub(crate) fn connect(path: &Path, dialer: &Dialer) -> Result<OwnedFd, Error> {
    let limit = dialer.limits.connect_each;
    let clock = Clock::new("connecting", Deadline::within(limit), dialer.whole);
    let left = clock.remaining().map_err(|expired| Error::from_peer(expired.into()))?;
    match connect_within(path, left) {
        Ok(socket) => Ok(socket),
        Err(Errno::AGAIN) => Err(Error::from_peer(clock.expired().into())),
        Err(error) => {
            let tried = vec![(Peer::Unix(path.to_owned()), error.into())];
            Err(Error::Connect { tried })
        }
    }
}

/// A server whose queue is full is waited for. No `poll` tells when it has room again, but the
/// time limit of a send holds for a blocking connect too (socket(7)).
fn connect_within(path: &Path, left: Duration) -> rustix::io::Result<OwnedFd> {
    let address = SocketAddrUnix::new(path)?;
    let socket = socket(AddressFamily::UNIX)?;
    set_socket_timeout(&socket, Timeout::Send, Some(left))?;
    retry_on_intr(|| rustix::net::connect(&socket, &address))?;
    ioctl_fionbio(&socket, true)?;
    Ok(socket)
}
