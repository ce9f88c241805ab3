//! A value that is wiped when dropped and never shown.

use std::fmt;
use zeroize::Zeroizing;

/// A password or token. Has no `Display`, its `Debug` prints dots, its memory is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over; the caller keeps no copy.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for encoding into a [`crate::Saying`] and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn debug_prints_dots() {
        let secret = super::Secret::from("wonderland");
        assert_eq!(format!("{secret:?}"), "Secret(...)");
    }
}
