//! What typed bytes mean: keys or lines for the device, or the escape character. Pure.
//! Must not hold: the terminal's modes (`terminal.rs`), or what is sent (`hand.rs`).

use crate::exit::Failure;
use std::fmt;
use wireline_telnet::{Mode, Session, Side, TelnetOption};

/// Who edits and echoes what is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Discipline {
    /// The terminal edits a line, and it goes out whole. Without echo for a password.
    Lines {
        /// The terminal shows what is typed.
        echo: bool,
    },
    /// The device edits and echoes, key by key.
    Characters,
}

impl Discipline {
    /// As the device's options say. Character by character takes both ECHO and SUPPRESS-GO-AHEAD (RFC
    /// 858 section 5), or a LINEMODE without EDIT (RFC 1184 section 2.2) in place of the latter.
    pub(crate) const fn of(echo: bool, suppress_go_ahead: bool, line_mode: Option<Mode>) -> Self {
        let characters = match line_mode {
            Some(mode) => echo && !mode.edits(),
            None => echo && suppress_go_ahead,
        };
        match characters {
            true => Self::Characters,
            false => Self::Lines { echo: !echo },
        }
    }

    /// Of this session now.
    pub(crate) fn in_force(session: &Session, line_mode: Option<Mode>) -> Self {
        let line_mode = line_mode.filter(|_| session.is_on(Side::Us, TelnetOption::LINEMODE));
        let is_on = |option| session.is_on(Side::Him, option);
        Self::of(is_on(TelnetOption::ECHO), is_on(TelnetOption::SGA), line_mode)
    }

    /// The next thing of what was typed, which loses it.
    pub(crate) fn next(self, typed: &mut &[u8], special: Special) -> Option<Typed> {
        let bytes = *typed;
        let is = |byte: u8, key: Option<u8>| key == Some(byte);
        let ends = |byte: &u8| match self {
            Self::Characters => is(*byte, special.escape.0),
            Self::Lines { .. } => {
                matches!(*byte, b'\r' | b'\n')
                    || is(*byte, special.escape.0)
                    || is(*byte, special.interrupt)
            }
        };
        let at = bytes.iter().position(ends);
        let (before, rest) = bytes.split_at_checked(at.unwrap_or(bytes.len()))?;
        let Some((&end, after)) = rest.split_first() else {
            *typed = rest;
            return (!before.is_empty()).then(|| Typed::Keys(before.to_vec()));
        };
        *typed = after;
        match () {
            () if matches!(self, Self::Lines { .. }) && matches!(end, b'\r' | b'\n') => {
                Some(Typed::Line(before.to_vec()))
            }
            () if !is(end, special.escape.0) => Some(Typed::Interrupt),
            () if before.is_empty() => Some(Typed::Escape),
            () => {
                *typed = rest;
                Some(Typed::Keys(before.to_vec()))
            }
        }
    }
}

/// Something typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Keys, or the beginning of a line.
    Keys(Vec<u8>),
    /// A line, without its end.
    Line(Vec<u8>),
    /// The key that interrupts, which drops the line before it.
    Interrupt,
    /// The escape character.
    Escape,
}

/// The keys that are not for the device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Special {
    pub(crate) escape: Escape,
    /// While lines are edited: the terminal's own.
    pub(crate) interrupt: Option<u8>,
}

/// `--escape`: the key that opens the prompt, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Escape(pub(crate) Option<u8>);

impl Escape {
    /// `none`, `^X`, or the key itself.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        match text.as_bytes() {
            b"none" => Ok(Self(None)),
            b"^?" => Ok(Self(Some(0x7F))),
            // ^M and ^J end lines, ^@ is what a terminal has for "no key".
            [b'^', key] if matches!(key.to_ascii_uppercase(), b'A'..=b'I' | b'K' | b'L' | b'N'..=b'_') => {
                Ok(Self(Some(key.to_ascii_uppercase() ^ 0x40)))
            }
            [key] if key.is_ascii_graphic() => Ok(Self(Some(*key))),
            _ => Err(Failure::usage("--escape takes none or a key: ^] or ~, for example")),
        }
    }
}

impl fmt::Display for Escape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("none"),
            Some(key) if key.is_ascii_graphic() => write!(f, "{}", char::from(key)),
            Some(key) => write!(f, "^{}", char::from(key ^ 0x40)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(discipline: Discipline, mut typed: &[u8]) -> Vec<Typed> {
        let special = Special { escape: Escape(Some(0x1D)), interrupt: Some(3) };
        std::iter::from_fn(|| discipline.next(&mut typed, special)).collect()
    }

    #[test]
    fn keys_and_lines() {
        use Typed::{Escape, Interrupt};
        let keys = |text: &str| Typed::Keys(text.into());
        let line = |text: &str| Typed::Line(text.into());
        let lines = Discipline::Lines { echo: true };
        let rows = [
            (lines, "joe\n", vec![line("joe")]),
            (lines, "a\r\nb", vec![line("a"), line(""), keys("b")]),
            (lines, "ab\x03c\n", vec![Interrupt, line("c")]),
            (lines, "ab\x1dclose\n", vec![keys("ab"), Escape, line("close")]),
            (lines, "\x1d\x1d", vec![Escape, Escape]),
            (Discipline::Characters, "a\r\n\x03\x1a\x04", vec![keys("a\r\n\x03\x1a\x04")]),
            (Discipline::Characters, "a\x1dclose\r", vec![keys("a"), Escape, keys("close\r")]),
            (Discipline::Characters, "", vec![]),
        ];
        for (discipline, typed, wanted) in rows {
            assert_eq!(all(discipline, typed.as_bytes()), wanted, "{typed:?}");
        }
        let none = Special { escape: super::Escape(None), interrupt: None };
        let mut typed: &[u8] = b"\x1d\x03\n";
        assert_eq!(lines.next(&mut typed, none), Some(line("\x1d\x03")));
    }

    /// RFC 858 section 5, RFC 1184 section 2.2.
    #[test]
    fn who_edits() {
        let lines = |echo| Discipline::Lines { echo };
        let rows = [
            (false, false, lines(true)),
            (false, true, lines(true)),
            (true, false, lines(false)),
            (true, true, Discipline::Characters),
        ];
        for (echo, suppress_go_ahead, wanted) in rows {
            assert_eq!(Discipline::of(echo, suppress_go_ahead, None), wanted);
        }
        let silent = Some(Mode::default());
        assert_eq!(Discipline::of(true, false, silent), Discipline::Characters);
        assert_eq!(Discipline::of(false, true, silent), lines(true));
    }

    #[test]
    fn escapes() {
        let rows = [
            ("none", Some(None)),
            ("^]", Some(Some(0x1D))),
            ("^a", Some(Some(1))),
            ("^?", Some(Some(0x7F))),
            ("~", Some(Some(b'~'))),
            ("", None),
            ("^", Some(Some(b'^'))),
            ("^M", None),
            ("^J", None),
            ("^@", None),
            ("ab", None),
            ("\u{e9}", None),
            ("None", None),
        ];
        for (text, wanted) in rows {
            let escape = Escape::parse(text).ok();
            assert_eq!(escape.map(|escape| escape.0), wanted, "{text}");
        }
        for text in ["none", "^]", "^A", "^?", "~"] {
            assert_eq!(Escape::parse(text).unwrap().to_string(), text);
        }
    }
}
