//! What we say: bytes, and which of them are secret.
//! Must not hold: how a verb is spelt (each protocol's `command.rs` or `request.rs` encodes it).

use std::fmt;
use std::ops::Range;
use zeroize::Zeroizing;

/// Bytes for the peer, with the spans in them that nobody else may see.
///
/// A span bears the name of the transcript hole that stands for it, `auth.basic` for instance.
#[derive(Clone, Default)]
pub struct Saying {
    bytes: Zeroizing<Vec<u8>>,
    spans: Vec<(Range<usize>, &'static str)>,
}

impl Saying {
    /// Nothing, yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends bytes that anybody may see.
    #[must_use]
    pub fn text(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.bytes.extend_from_slice(bytes.as_ref());
        self
    }

    /// Appends bytes that a trace shows as `{{hole}}`.
    #[must_use]
    pub fn secret(mut self, hole: &'static str, bytes: impl AsRef<[u8]>) -> Self {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes.as_ref());
        self.spans.push((start..self.bytes.len(), hole));
        self
    }

    /// Everything, secrets included: what goes to the peer.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The pieces in order: bytes, and the hole that hides them if they are secret.
    pub fn pieces(&self) -> impl Iterator<Item = (&[u8], Option<&'static str>)> {
        let mut at = 0;
        let mut pieces = Vec::with_capacity(self.spans.len() * 2 + 1);
        for (range, hole) in &self.spans {
            pieces.push((at..range.start, None));
            pieces.push((range.clone(), Some(*hole)));
            at = range.end;
        }
        pieces.push((at..self.bytes.len(), None));
        pieces
            .into_iter()
            .map(|(range, hole)| (self.bytes.get(range).unwrap_or_default(), hole))
            .filter(|(piece, _)| !piece.is_empty())
    }
}

impl fmt::Debug for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Saying(\"")?;
        for (piece, hole) in self.pieces() {
            match hole {
                Some(hole) => write!(f, "{{{{{hole}}}}}")?,
                None => write!(f, "{}", piece.escape_ascii())?,
            }
        }
        f.write_str("\")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_sent_and_not_shown() {
        let saying = Saying::new().text("PASS ").secret("pass", "xyzzy").text("\r\n");
        assert_eq!(saying.bytes(), b"PASS xyzzy\r\n");
        assert_eq!(format!("{saying:?}"), "Saying(\"PASS {{pass}}\\r\\n\")");
        let pieces: Vec<_> = saying.pieces().collect();
        assert_eq!(pieces[1], (&b"xyzzy"[..], Some("pass")));
        assert_eq!(pieces.len(), 3);
    }
}
