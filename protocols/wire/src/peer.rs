//! Who is at the other end: an address, the path of a Unix socket, or whom a proxy leads to.
//! Must not hold: how they are reached.

use crate::dial::is_loopback;
use crate::{Endpoint, escape};
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
    /// Whoever answers to this endpoint where the proxy stands: its address is not ours to know.
    Proxied {
        /// The endpoint asked for.
        endpoint: Endpoint,
        /// The proxy that was connected to.
        proxy: SocketAddr,
    },
}

impl Peer {
    /// Whether it is on this machine; a Unix socket always is. What lies behind a proxy never is,
    /// whatever its name and wherever the proxy.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => is_loopback(address.ip()),
            Self::Unix(_) => true,
            Self::Proxied { .. } => false,
        }
    }

    /// The peer's own TCP address, if it is known.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Unix(_) | Self::Proxied { .. } => None,
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
            Self::Proxied { endpoint, proxy } => write!(f, "{endpoint} by way of {proxy}"),
            Self::Unix(path) => f.write_str(&escape(path.as_os_str().as_bytes())),
        }
    }
}
