//! Text that has come and was not taken: one piece of memory of bounded size.
//! Must not hold: what is looked for in it (`expect.rs`).

use wireline_wire::escape;

#[derive(Debug)]
pub(crate) struct Text {
    bytes: Vec<u8>,
    /// Of `bytes`, so many were taken.
    start: usize,
    most: usize,
}

impl Text {
    pub(crate) fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, most: most.max(1) }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// How many bytes still fit.
    pub(crate) fn room(&self) -> usize {
        self.most.saturating_sub(self.as_slice().len())
    }

    /// Where to append: what was taken is gone from it.
    pub(crate) fn as_vec(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..std::mem::take(&mut self.start));
        &mut self.bytes
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
    }

    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.as_vec())
    }

    /// Makes room, and keeps what may be the beginning of a match.
    pub(crate) fn forget_older_half(&mut self) {
        self.consume(self.as_slice().len().div_ceil(2));
    }

    /// The last 200 bytes, escaped.
    pub(crate) fn tail(&self) -> String {
        let bytes = self.as_slice();
        escape(bytes.get(bytes.len().saturating_sub(200)..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_makes_room() {
        let mut text = Text::new(8);
        text.as_vec().extend(b"12345678");
        assert_eq!(text.room(), 0);
        text.consume(3);
        assert_eq!((text.as_slice(), text.room()), (&b"45678"[..], 3));
        text.forget_older_half();
        assert_eq!(text.as_slice(), b"78");
        text.as_vec().extend(b"9\x07");
        assert_eq!((text.tail().as_str(), text.take().as_slice()), ("789\\x07", &b"789\x07"[..]));
        assert_eq!((text.as_slice(), text.room()), (&b""[..], 8));
        text.consume(9);
        assert_eq!(text.room(), 8);
    }

    /// hostile.md row 190.
    #[test]
    fn the_tail_is_200_bytes() {
        let mut text = Text::new(1000);
        text.as_vec().extend([&[b'a'; 500][..], &[b'b'; 200]].concat());
        assert_eq!(text.tail(), "b".repeat(200));
    }
}
