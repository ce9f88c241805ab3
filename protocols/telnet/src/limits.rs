//! What a Telnet server may cost us, beyond the limits of every connection.

/// Bounds on one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a subnegotiation, its option included; what is longer is skipped to its end and
    /// reported. Default 64 KiB.
    pub subnegotiation_bytes: usize,
    /// Text that has come and was not taken. `expect` forgets the older half when it is full,
    /// everything else stops reading. At least 1. Default 64 KiB.
    pub text_bytes: usize,
    /// Notices that nobody has taken; the oldest goes first. Default 64.
    pub notices: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { subnegotiation_bytes: 64 * 1024, text_bytes: 64 * 1024, notices: 64 }
    }
}
