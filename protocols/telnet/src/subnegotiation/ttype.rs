//! TERMINAL-TYPE (RFC 1091), and the list of three that MUD servers read (MTTS).

use super::IS;
use crate::Error;

/// The name of a terminal type: 1 to 40 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalType(String);

const MOST_BYTES: usize = 40;

impl TryFrom<&str> for TerminalType {
    type Error = Error;

    fn try_from(name: &str) -> Result<Self, Error> {
        let printable = name.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        match printable && (1..=MOST_BYTES).contains(&name.len()) {
            true => Ok(Self(name.to_owned())),
            false => Err(Error::Input(format!(
                "a terminal type has 1 to {MOST_BYTES} printable ASCII characters"
            ))),
        }
    }
}

impl TerminalType {
    /// What a terminal can do, as the bits of the MUD Terminal Type Standard: 1 ANSI, 2 VT100, 4
    /// UTF-8, 8 256 colours, 16 mouse, 32 palette, 64 screen reader, 128 proxy, 256 true colour.
    /// It is the third of the list, behind the client's name and the terminal's.
    #[must_use]
    pub fn mtts(bits: u16) -> Self {
        Self(format!("MTTS {bits}"))
    }
}

/// The list that the peer asks through (RFC 1091 section 6): the last name comes twice, which
/// ends the list, and then the first again.
#[derive(Clone, Debug)]
pub(crate) struct TerminalTypes {
    names: Vec<TerminalType>,
    next: usize,
}

impl TerminalTypes {
    pub(crate) const fn new(names: Vec<TerminalType>) -> Self {
        Self { names, next: 0 }
    }

    /// `IS name`, with the next name; `UNKNOWN` when there is none.
    pub(crate) fn encode_next(&mut self) -> Vec<u8> {
        let name = self.names.get(self.next).or(self.names.last());
        let name = name.map_or("UNKNOWN", |name| &name.0);
        self.next = if self.next < self.names.len() { self.next + 1 } else { 0 };
        let mut parameters = vec![IS];
        parameters.extend(name.bytes());
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> TerminalType {
        TerminalType::try_from(name).unwrap()
    }

    #[test]
    fn lists_end_by_their_repeat() {
        let rows: &[(&[&str], &[&str])] = &[
            (&[], &["UNKNOWN", "UNKNOWN"]),
            (&["XTERM"], &["XTERM", "XTERM", "XTERM"]),
            (&["A", "B", "C"], &["A", "B", "C", "C", "A", "B", "C", "C", "A"]),
        ];
        for (names, asked) in rows {
            let mut types = TerminalTypes::new(names.iter().map(|name| named(name)).collect());
            for wanted in *asked {
                assert_eq!(types.encode_next(), format!("\0{wanted}").into_bytes());
            }
        }
    }

    /// hostile.md row 23: no byte of a value can begin a command.
    #[test]
    fn names() {
        for bad in ["", "a\r", "\u{ff}", "a\0b", &"x".repeat(41)] {
            assert!(TerminalType::try_from(bad).is_err(), "{bad:?}");
        }
        assert_eq!(TerminalType::mtts(137), named("MTTS 137"));
    }
}
