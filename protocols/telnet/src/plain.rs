//! Text without escape sequences, for patterns that should not care about colours.
//! Must not hold: which sequences are dangerous to a terminal; here all go.

use memchr::memchr;

/// Leaves the sequences of ECMA-48 out, wherever they are torn apart: CSI, strings (OSC, DCS and
/// the like, to BEL, ST or the end of the line) and the short ones. C1 in eight bits stays: it is
/// part of letters in UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plain {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Escape,
    Csi,
    String,
    StringEscape,
}

impl Plain {
    pub(crate) fn push(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some((&first, after)) = rest.split_first() {
            if self.state == State::Text {
                let length = memchr(ESC, rest).unwrap_or(rest.len());
                let (run, behind) = rest.split_at_checked(length).unwrap_or((rest, b""));
                text.extend_from_slice(run);
                rest = behind;
                if let Some((_, after)) = behind.split_first() {
                    (self.state, rest) = (State::Escape, after);
                }
                continue;
            }
            rest = after;
            self.state = self.state.after(first);
            // The end of a line ends what nobody closed, and is text.
            if self.state == State::Text && first == b'\n' {
                text.push(first);
            }
        }
    }
}

impl State {
    const fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (_, b'\n' | 0x18 | 0x1A) => Self::Text,
            (Self::Escape, b'[') => Self::Csi,
            (Self::Escape, b']' | b'P' | b'X' | b'^' | b'_') => Self::String,
            (Self::Escape, b' '..=b'/') | (Self::Escape | Self::Csi, ESC) => Self::Escape,
            (Self::Csi, b'@'..=b'~') | (Self::String, BEL) | (Self::StringEscape, b'\\') => {
                Self::Text
            }
            (Self::Csi, _) => Self::Csi,
            (Self::String | Self::StringEscape, ESC) => Self::StringEscape,
            (Self::String | Self::StringEscape, _) => Self::String,
            (Self::Escape | Self::Text, _) => Self::Text,
        }
    }
}

const ESC: u8 = 0x1B;
const BEL: u8 = 0x07;

#[cfg(test)]
mod tests {
    use super::*;

    /// ftp-telnet edge 50, at every split.
    #[test]
    fn sequences_are_left_out() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"plain \xc2\x9b\r\n", b"plain \xc2\x9b\r\n"),
            (b"\x1b[1;32mR1\x1b[0m# ", b"R1# "),
            (b"a\x1b[?2004hb\x1b(0c\x1b=d\x1b7e", b"abcde"),
            (b"a\x1b]0;title\x07b\x1b]52;c;x\x1b\\c", b"abc"),
            (b"a\x1bP1$r\x1bx\x1b\x1b\\b", b"ab"),
            (b"a\x1b\x1b[mb", b"ab"),
            (b"a\x1b]never closed\nb\x1b[1\nc\x1b[1\x18d", b"a\nb\ncd"),
            (b"a\x1b", b"a"),
        ];
        for (stream, wanted) in rows {
            for split in 0..=stream.len() {
                let (mut plain, mut text) = (Plain::default(), Vec::new());
                plain.push(&stream[..split], &mut text);
                plain.push(&stream[split..], &mut text);
                assert_eq!(text, *wanted, "{stream:?} at {split}");
            }
        }
    }
}
