//! What an HTTP peer may cost us, beyond the limits of every connection.

/// Bounds on one response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in a head, whatever the length of its lines. Default 256 KiB.
    pub head_bytes: usize,
    /// Fields in a head. Default 1,000.
    pub fields: usize,
    /// Interim (1xx) answers before the final one. Default 8.
    pub interim: usize,
    /// Bytes in a chunk's size line, its extensions included. Default 4 KiB.
    pub chunk_line_bytes: usize,
    /// Bytes of chunk extensions in a whole body. Default 64 KiB.
    pub extension_bytes: usize,
    /// Bytes of trailers. Default 16 KiB.
    pub trailer_bytes: usize,
    /// How many times its size a compressed body may grow to, above 1 MiB. Default 1,100, which
    /// no honest deflate exceeds.
    pub expansion: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 256 * 1024,
            fields: 1000,
            interim: 8,
            chunk_line_bytes: 4 * 1024,
            extension_bytes: 64 * 1024,
            trailer_bytes: 16 * 1024,
            expansion: 1_100,
        }
    }
}
