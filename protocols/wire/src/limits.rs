//! The limits that every connection has, with their defaults.
//! Must not hold: limits that only one protocol knows (those are in its crate).

use crate::Slowest;
use std::time::Duration;

/// Bounds on what a peer may cost us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Resolving a name. Default 10 s.
    pub resolve: Duration,
    /// Connecting to one address. Default 10 s.
    pub connect_each: Duration,
    /// Connecting to all addresses of a host together. Default 30 s.
    pub connect_all: Duration,
    /// Addresses of one host that are tried. Default 8.
    pub addresses: usize,
    /// The TLS handshake. Default 15 s.
    pub tls: Duration,
    /// A proxy's answer, from the first word to it until its tunnel stands. It may have to resolve
    /// and connect. Default 30 s.
    pub proxy: Duration,
    /// A silence: until a whole head or reply is there, or between two bytes of a body.
    /// Default 60 s.
    pub idle: Duration,
    /// The least speed of what goes under a [`crate::Deadline::Pause`], bodies and uploads.
    /// Default: none.
    pub slowest: Option<Slowest>,
    /// Bytes in a line, its end included. Default 16 KiB.
    pub line_bytes: usize,
    /// Lines in one reply. Default 512.
    pub reply_lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(10),
            connect_each: Duration::from_secs(10),
            connect_all: Duration::from_secs(30),
            addresses: 8,
            tls: Duration::from_secs(15),
            proxy: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            slowest: None,
            line_bytes: 16 * 1024,
            reply_lines: 512,
        }
    }
}
