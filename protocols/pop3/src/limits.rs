//! What a POP3 server may cost us, beyond the limits of every connection.

/// Bounds on one session. Lines of replies and listings are bounded by
/// [`wireline_wire::Limits::line_bytes`], those of messages are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Lines in the reply to CAPA or LANG. Default 128.
    pub capabilities: usize,
    /// Lines in the reply to LIST or UIDL. Default 1,000,000.
    pub messages: usize,
    /// Bytes in a unique-id, of which the RFC allows 70. Default 512.
    pub unique_id_bytes: usize,
    /// Bytes of all unique-ids of a mailbox. Default 64 MiB.
    pub unique_ids_bytes: usize,
    /// Challenges in one AUTH. Default 10.
    pub challenges: usize,
    /// Commands sent ahead of their replies when the server offers PIPELINING. A command of ours
    /// has 17 bytes, so these fit into any socket's buffer and no write waits for a server that
    /// waits for us. Default 128.
    pub window: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            capabilities: 128,
            messages: 1_000_000,
            unique_id_bytes: 512,
            unique_ids_bytes: 64 * 1024 * 1024,
            challenges: 10,
            window: 128,
        }
    }
}
