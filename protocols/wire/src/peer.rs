//! Who is at the other end: an address, or the path of a Unix socket.
//! Must not hold: names; what a user typed is an `Endpoint`.

use crate::dial::is_loopback;
use crate::escape;
use std::fmt;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What a connection goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// TCP.
    Address(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl Peer {
    /// Whether it is on this machine; a Unix socket always is.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.address().is_none_or(|address| is_loopback(address.ip()))
    }

    /// The TCP address, if it is one.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => f.write_str(&escape(path.as_os_str().as_bytes())),
        }
    }
}
