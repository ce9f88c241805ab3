//! What a message is known by: 16 bytes of SHA-256 over its account and unique id.
//! Must not hold: what the bytes mean.

use ring::digest::{Context, SHA256};
use std::fmt;

/// 128 bits: two unique ids that a server could invent to meet in one would need 2^64 attempts, and
/// meeting would mean that a message counts as fetched that is not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest([u8; 16]);

/// Takes in the bytes of a message as they come.
pub(crate) struct Digesting(Context);

impl Digest {
    /// Of several byte strings, each with its length, so that no two lists agree by accident.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut digesting = Digesting::new();
        for part in parts {
            digesting.update(&part.len().to_be_bytes());
            digesting.update(part);
        }
        digesting.finish()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads 32 hexadecimal digits in lower case, as they are shown.
    pub(crate) fn from_hex(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        let (pairs, rest) = text.as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(bytes))
    }
}

impl Digesting {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        let whole = self.0.finish();
        Digest(whole.as_ref().first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Debug for Digesting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digesting").finish_non_exhaustive()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read() {
        let digest = Digest::of(&[b"account", b"uid"]);
        assert_eq!(Digest::from_hex(digest.to_string().as_bytes()), Some(digest));
        // The beginning of SHA-256 of nothing (FIPS 180-2).
        assert_eq!(Digesting::new().finish().to_string(), "e3b0c44298fc1c149afbf4c8996fb924");
        let hex = "e3b0c44298fc1c149afbf4c8996fb924";
        let (short, odd) = (hex.replace("e3", ""), hex.replace("e3", "e"));
        for wrong in ["", &short, &odd, &format!("{hex}00"), &hex.to_uppercase()] {
            assert_eq!(Digest::from_hex(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn lists_with_the_same_bytes_differ() {
        assert_ne!(Digest::of(&[b"ab", b"c"]), Digest::of(&[b"a", b"bc"]));
        assert_ne!(Digest::of(&[b"ab"]), Digest::of(&[b"ab", b""]));
    }
}
