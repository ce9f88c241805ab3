//! What a mail server may cost us, beyond the limits of every connection.

use std::time::Duration;

/// Bounds on one session. Lines, lines in a reply and the idle time are
/// [`wireline_wire::Limits`]'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Waiting for the reply to a whole message (RFC 5321 section 4.5.3.2.6). Default 600 s.
    pub final_reply: Duration,
    /// Challenges in one authentication. Default 8.
    pub challenges: usize,
    /// Commands that go out before their replies are read, in bytes: small enough to fit into
    /// the socket's buffers, so that two writers never wait for each other (RFC 2920 section 3.1).
    /// Default 16 KiB.
    pub batch_bytes: usize,
    /// Bytes of the message in one chunk of BDAT, and in one read of its source. Default 64 KiB.
    pub chunk_bytes: usize,
    /// Chunks that go out before their replies are read. Default 8.
    pub chunks_ahead: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            final_reply: Duration::from_secs(600),
            challenges: 8,
            batch_bytes: 16 * 1024,
            chunk_bytes: 64 * 1024,
            chunks_ahead: 8,
        }
    }
}
