//! What an FTP server may cost us, beyond the limits of every connection.

use std::time::Duration;

/// Bounds on one session. Lines, lines in a reply and the idle time are
/// [`wireline_wire::Limits`]'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Waiting for the reply behind the last byte of a file: servers move, scan and hash it
    /// first. Default 120 s.
    pub final_reply: Duration,
    /// Waiting for what the server says of a transfer that failed or was aborted. Default 5 s.
    pub aftermath: Duration,
    /// Silence on the control connection after which the system probes it (TCP keep-alive), so
    /// that a long transfer does not cost it. Default 30 s.
    pub keep_alive: Duration,
    /// Preliminary replies (1yz) to one command. Default 16.
    pub preliminaries: usize,
    /// Lines in the reply to STAT, which may list a folder. Default 100,000.
    pub status_lines: usize,
    /// Bytes in a line of a listing, its end included. Default 16 KiB.
    pub listing_line_bytes: usize,
    /// Lines in one listing. Default 10,000,000.
    pub listing_lines: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            final_reply: Duration::from_secs(120),
            aftermath: Duration::from_secs(5),
            keep_alive: Duration::from_secs(30),
            preliminaries: 16,
            status_lines: 100_000,
            listing_line_bytes: 16 * 1024,
            listing_lines: 10_000_000,
        }
    }
}
