//! What of a device's text may reach a terminal: letters, colours and the cursor. Pure.
//! Must not hold: where the text goes (`screen.rs`).
//!
//! Sequences are let through by a list. So nothing sets a title or the clipboard (OSC), nothing is
//! programmed (DCS, APC), and nothing makes the terminal answer as if it had been typed: ENQ, the
//! reports of CSI `c`, `n`, `t`, `x`, and DECID.

/// Drops the rest, wherever it is torn apart.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    state: State,
    /// What was held back until it is known to be harmless.
    held: Vec<u8>,
    /// Bytes that still belong to the letter (UTF-8) that has begun.
    tail: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Escape,
    /// A character set is chosen by one more byte.
    Designate,
    Csi,
    /// OSC, DCS, SOS, PM, APC: up to BEL or ST.
    String,
    StringEscape,
}

const ESC: u8 = 0x1B;
/// A longer sequence is none.
const HELD_BYTES: usize = 64;

impl Filter {
    /// Appends to `shown` what may be shown.
    pub(crate) fn push(&mut self, bytes: &[u8], shown: &mut Vec<u8>) {
        for &byte in bytes {
            match self.state {
                State::Text => self.text(byte, shown),
                _ => self.sequence(byte, shown),
            }
        }
    }

    fn text(&mut self, byte: u8, shown: &mut Vec<u8>) {
        let continues = (0x80..0xC0).contains(&byte) && self.tail > 0;
        match byte {
            _ if continues && self.held == [0xC2] => {
                self.tail = 0;
                self.held.clear();
                // U+0080 to U+009F are the C1 controls, CSI and OSC among them.
                if byte >= 0xA0 {
                    shown.extend([0xC2, byte]);
                }
            }
            _ if continues => {
                self.tail -= 1;
                shown.push(byte);
            }
            ESC => self.begin(byte),
            0x80..0xC0 | 0x05 | 0x0E | 0x0F => self.tail = 0,
            0xC2 => (self.tail, self.held) = (1, vec![byte]),
            _ => {
                self.held.clear();
                self.tail = match byte {
                    0xC3..=0xDF => 1,
                    0xE0..=0xEF => 2,
                    0xF0..=0xF4 => 3,
                    _ => 0,
                };
                shown.push(byte);
            }
        }
    }

    fn begin(&mut self, byte: u8) {
        (self.state, self.tail) = (State::Escape, 0);
        self.held.clear();
        self.held.push(byte);
    }

    fn sequence(&mut self, byte: u8, shown: &mut Vec<u8>) {
        let next = match (self.state, byte) {
            // CAN and SUB break off; the end of a line ends what nobody closed.
            (_, 0x18 | 0x1A) => State::Text,
            (_, b'\n') => {
                shown.push(byte);
                State::Text
            }
            (State::String | State::StringEscape, ESC) => State::StringEscape,
            (State::String, 0x07) | (State::StringEscape, b'\\') => State::Text,
            // Anything else behind ESC breaks the string off, as a terminal does.
            (State::StringEscape, _) => {
                self.begin(ESC);
                return self.sequence(byte, shown);
            }
            (State::String, _) => State::String,
            (_, ESC) => return self.begin(byte),
            (State::Escape, b'[') => State::Csi,
            (State::Escape, b']' | b'P' | b'X' | b'^' | b'_') => State::String,
            (State::Escape, b'('..=b'+') => State::Designate,
            (State::Escape, _) => return self.end(byte, b"78=>DEMHc".contains(&byte), shown),
            (State::Designate, _) => return self.end(byte, byte.is_ascii_alphanumeric(), shown),
            (_, b'@'..=b'~') => return self.end(byte, self.is_harmless(byte), shown),
            (state, _) => state,
        };
        // What was too long once stays away: nothing is held of it any more.
        let goes_on = matches!(next, State::Csi | State::Designate) && !self.held.is_empty();
        match goes_on && self.held.len() < HELD_BYTES {
            true => self.held.push(byte),
            false => self.held.clear(),
        }
        self.state = next;
    }

    /// The sequence is whole.
    fn end(&mut self, byte: u8, harmless: bool, shown: &mut Vec<u8>) {
        if harmless && !self.held.is_empty() {
            shown.append(&mut self.held);
            shown.push(byte);
        }
        self.held.clear();
        self.state = State::Text;
    }

    /// A CSI: which parameters it has and what it does (ECMA-48, and the modes of DEC).
    fn is_harmless(&self, last: u8) -> bool {
        let parameters = self.held.get(2..).unwrap_or_default();
        let plain = |bytes: &[u8]| {
            bytes.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':'))
        };
        match parameters.split_first() {
            Some((b'?', rest)) => plain(rest) && b"hlJK".contains(&last),
            _ => plain(parameters) && b"@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu".contains(&last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md rows 170 to 173, ftp-telnet edge 50, at every split.
    #[test]
    fn a_terminal_obeys_only_what_is_listed() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"plain\r\n\t\x07\x08", b"plain\r\n\t\x07\x08"),
            ("ä€😀 \u{a0}".as_bytes(), "ä€😀 \u{a0}".as_bytes()),
            (
                b"\x1b[1;32mR1\x1b[0m\x1b[2J\x1b[H\x1b[?25l",
                b"\x1b[1;32mR1\x1b[0m\x1b[2J\x1b[H\x1b[?25l",
            ),
            (b"\x1b7\x1b(0q\x1b8\x1bM\x1bc", b"\x1b7\x1b(0q\x1b8\x1bM\x1bc"),
            (b"a\x1b]0;title\x07b\x1b]52;c;x\x1b\\c", b"abc"),
            (b"a\x1bP$q\"p\x1b\\b\x1b_x\x1b\\c\x1b^x\x1b\\d\x1bXx\x1b\\e", b"abcde"),
            (b"a\x05b\x1bZc\x1b[cd\x1b[>ce\x1b[6nf\x1b[?6ng\x1b[21th", b"abcdefgh"),
            (b"a\x1b[xb\x1b[?ucc\x1b[>qd\x1b[?1$pe\x1b[!pf", b"abccdef"),
            (b"a\xc2\x9b6nb\xc2\x9d52;c;x\x07c\x9bd\x90e", b"a6nb52;c;x\x07cde"),
            (b"a\xc2b\xe2\x82\x1b[6nc", b"ab\xe2\x82c"),
            (b"a\x1b]never closed\nb\x1b[1\nc\x1b[1\x18d", b"a\nb\ncd"),
            (b"a\x1b\x1b[31mb\x1b", b"a\x1b[31mb"),
            (b"a\x1b]0;x\x1b[1mb\x1b]0;x\x1b]52;c;x\x07c\x1bPx\x1b\x1b[6nd", b"a\x1b[1mbcd"),
        ];
        for (stream, wanted) in rows {
            for split in 0..=stream.len() {
                let (mut filter, mut shown) = (Filter::default(), Vec::new());
                filter.push(&stream[..split], &mut shown);
                filter.push(&stream[split..], &mut shown);
                let shown = shown.escape_ascii().to_string();
                assert_eq!(shown, wanted.escape_ascii().to_string(), "{stream:?} at {split}");
            }
        }
        let (mut filter, mut shown) = (Filter::default(), Vec::new());
        filter.push(&[b"\x1b[".as_slice(), &[b'1'; 1 << 20], b"mx"].concat(), &mut shown);
        assert_eq!(shown, b"x");
    }
}
