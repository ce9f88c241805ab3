//! LINEMODE (RFC 1184): who edits lines and catches signals, and which characters do it.
//! FORWARDMASK is declined: our lines leave at their end.

use crate::Verb;

/// Who does what, as bits of MODE (RFC 1184 section 2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode(u8);

impl Mode {
    /// EDIT: we edit the line and send it whole.
    #[must_use]
    pub const fn edits(self) -> bool {
        self.0 & 1 != 0
    }

    /// TRAPSIG: we send IP, BRK and the like in place of their characters.
    #[must_use]
    pub const fn traps_signals(self) -> bool {
        self.0 & 2 != 0
    }

    /// SOFT_TAB: we expand tabs.
    #[must_use]
    pub const fn expands_tabs(self) -> bool {
        self.0 & 8 != 0
    }

    /// LIT_ECHO: we echo control characters as they are.
    #[must_use]
    pub const fn echoes_literally(self) -> bool {
        self.0 & 16 != 0
    }
}

/// A special character (RFC 1184 section 2.4): a function, who decides about it, its character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialCharacter {
    /// 1 (SYNCH) to 30 (EEOL).
    pub function: u8,
    /// The level, and the flags FLUSHIN (64) and FLUSHOUT (32).
    pub modifiers: u8,
    /// The ASCII character.
    pub value: u8,
}

impl SpecialCharacter {
    const fn new(function: u8, modifiers: u8, value: u8) -> Self {
        Self { function, modifiers: modifiers & !ACK, value }
    }

    const fn level(self) -> u8 {
        self.modifiers & LEVEL
    }
}

/// Those of a Unix terminal: RFC 1184's own example (section 5.10).
#[must_use]
pub fn unix_characters() -> Vec<SpecialCharacter> {
    const FLUSH_IN: u8 = 64;
    const FLUSH_BOTH: u8 = 96;
    [
        (1, DEFAULT, 0),
        (3, VALUE | FLUSH_BOTH, 3),
        (4, VALUE, 15),
        (5, DEFAULT, 0),
        (7, VALUE | FLUSH_BOTH, 28),
        (8, VALUE, 4),
        (9, VALUE | FLUSH_IN, 26),
        (10, VALUE, 127),
        (11, VALUE, 21),
        (12, VALUE, 23),
        (13, VALUE, 18),
        (14, VALUE, 22),
        (15, VALUE, 17),
        (16, VALUE, 19),
    ]
    .map(|(function, modifiers, value)| SpecialCharacter::new(function, modifiers, value))
    .to_vec()
}

/// What a subnegotiation came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The parameters of the answer.
    pub(crate) answer: Option<Vec<u8>>,
    /// The mode from now on, when it has changed.
    pub(crate) mode: Option<Mode>,
}

/// The mode and the characters as both sides know them.
#[derive(Clone, Debug)]
pub(crate) struct LineMode {
    mode: Mode,
    ours: Vec<SpecialCharacter>,
    current: [SpecialCharacter; FUNCTIONS],
}

impl LineMode {
    pub(crate) fn new(ours: Vec<SpecialCharacter>) -> Self {
        let mut current = [SpecialCharacter::new(0, NOSUPPORT, 0); FUNCTIONS];
        for (function, slot) in (0_u8..).zip(&mut current) {
            let known = ours.iter().find(|known| known.function == function);
            *slot = known.copied().unwrap_or(SpecialCharacter::new(function, NOSUPPORT, 0));
        }
        Self { mode: Mode::default(), ours, current }
    }

    /// As both sides know them, by function.
    pub(crate) const fn characters(&self) -> &[SpecialCharacter] {
        &self.current
    }

    /// `SLC *( function modifiers value )`: all that we have, said when the option is switched on.
    pub(crate) fn export(&self) -> Vec<u8> {
        slc(&self.ours)
    }

    /// `MODE mask`, `SLC ..`, `( DO / DONT ) FORWARDMASK ..`.
    pub(crate) fn hear(&mut self, parameters: &[u8]) -> Outcome {
        match parameters {
            [MODE, mask, ..] => self.hear_mode(*mask),
            [SLC, list @ ..] => self.hear_slc(list),
            [verb, FORWARDMASK, ..] if *verb == Verb::Do.code() => {
                let answer = Some(vec![Verb::Wont.code(), FORWARDMASK]);
                Outcome { answer, mode: None }
            }
            _ => Outcome::default(),
        }
    }

    /// Section 2.2: a new mode is acknowledged, one that is an acknowledgement or not new is not.
    /// Bits that we do not know are left out of the answer, which is then no acknowledgement.
    fn hear_mode(&mut self, mask: u8) -> Outcome {
        let mode = Mode(mask & MODE_BITS);
        if mask & MODE_ACK != 0 || mode == self.mode {
            return Outcome::default();
        }
        self.mode = mode;
        let agreed = mask & !MODE_ACK == mode.0;
        let answer = if agreed { mode.0 | MODE_ACK } else { mode.0 };
        Outcome { answer: Some(vec![MODE, answer]), mode: Some(mode) }
    }

    fn hear_slc(&mut self, list: &[u8]) -> Outcome {
        let mut answers = Vec::new();
        for triplet in list.chunks_exact(3) {
            if let [function, modifiers, value] = *triplet {
                answers.extend(self.hear_character(function, modifiers, value));
            }
        }
        let answer = (!answers.is_empty()).then(|| slc(&answers));
        Outcome { answer, mode: None }
    }

    /// Section 5.5, and the state diagram of section 5.9, from the client's side: what is new is
    /// agreed to. Functions that the RFC does not know are passed over.
    fn hear_character(
        &mut self,
        function: u8,
        modifiers: u8,
        value: u8,
    ) -> Option<SpecialCharacter> {
        let asked = SpecialCharacter::new(function, modifiers, value);
        let default = self.default_of(function);
        let current = self.current.get_mut(usize::from(function)).filter(|_| function > 0)?;
        let is_answer = modifiers & ACK != 0;
        if *current == asked || (is_answer && current.level() != asked.level()) {
            return None;
        }
        if asked.level() == DEFAULT {
            let changed = *current != default;
            *current = default;
            return changed.then_some(default);
        }
        *current = asked;
        let agreed = SpecialCharacter { modifiers: asked.modifiers | ACK, ..asked };
        (!is_answer).then_some(agreed)
    }

    /// What is in force when the peer leaves it to us.
    fn default_of(&self, function: u8) -> SpecialCharacter {
        let known = self.ours.iter().find(|known| known.function == function);
        let known = known.copied().filter(|known| known.level() != DEFAULT);
        known.unwrap_or(SpecialCharacter::new(function, NOSUPPORT, 0))
    }
}

fn slc(characters: &[SpecialCharacter]) -> Vec<u8> {
    let triplets = characters.iter().flat_map(|one| [one.function, one.modifiers, one.value]);
    std::iter::once(SLC).chain(triplets).collect()
}

const MODE: u8 = 1;
const FORWARDMASK: u8 = 2;
const SLC: u8 = 3;
const MODE_ACK: u8 = 4;
/// EDIT, TRAPSIG, SOFT_TAB, LIT_ECHO.
const MODE_BITS: u8 = 1 | 2 | 8 | 16;
const ACK: u8 = 128;
const LEVEL: u8 = 3;
const NOSUPPORT: u8 = 0;
const VALUE: u8 = 2;
const DEFAULT: u8 = 3;
/// From 0, which is none, to 30.
const FUNCTIONS: usize = 31;

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(line: &mut LineMode, heard: &[u8]) -> Option<Vec<u8>> {
        line.hear(heard).answer
    }

    #[test]
    fn modes() {
        let mut line = LineMode::new(unix_characters());
        let rows: &[(&[u8], Option<&[u8]>)] = &[
            (&[MODE, 0], None),
            (&[MODE, 1], Some(&[MODE, 5])),
            (&[MODE, 1], None),
            (&[MODE, 5], None),
            (&[MODE, 7], None),
            (&[MODE, 3], Some(&[MODE, 7])),
            (&[MODE, 0xE1], Some(&[MODE, 1])),
            (&[MODE], None),
            (&[], None),
        ];
        for (heard, wanted) in rows {
            assert_eq!(answers(&mut line, heard).as_deref(), *wanted, "{heard:?}");
        }
        assert!(line.mode.edits() && !line.mode.traps_signals());
    }

    /// The table at the end of RFC 1184 section 5.9.
    #[test]
    fn special_characters() {
        let mut line = LineMode::new(unix_characters());
        let rows: &[(&[u8], Option<&[u8]>)] = &[
            // The same as ours.
            (&[SLC, 10, VALUE, 127], None),
            (&[SLC, 10, VALUE | ACK, 127], None),
            // Another value, and back to ours.
            (&[SLC, 10, VALUE, 8], Some(&[SLC, 10, VALUE | ACK, 8])),
            (&[SLC, 10, VALUE, 8], None),
            (&[SLC, 10, DEFAULT, 0], Some(&[SLC, 10, VALUE, 127])),
            (&[SLC, 10, DEFAULT, 0], None),
            // Acknowledged at our level: taken in silence. At another: dropped.
            (&[SLC, 10, VALUE | ACK, 9], None),
            (&[SLC, 10, VALUE, 9], None),
            (&[SLC, 10, ACK, 9], None),
            (&[SLC, 10, VALUE, 9], None),
            (&[SLC, 1, NOSUPPORT, 0, 4, 1, 7], Some(&[SLC, 1, ACK, 0, 4, 1 | ACK, 7])),
            // None of ours, nonsense, cut short.
            (&[SLC, 0, DEFAULT, 0, 31, VALUE, 1, 255, VALUE, 1], None),
            (&[SLC, 10, VALUE], None),
            (&[SLC], None),
        ];
        for (heard, wanted) in rows {
            assert_eq!(answers(&mut line, heard).as_deref(), *wanted, "{heard:?}");
        }
    }

    #[test]
    fn forwardmask_is_refused() {
        let mut line = LineMode::new(Vec::new());
        assert_eq!(answers(&mut line, &[253, FORWARDMASK, 255, 255]), Some(vec![252, FORWARDMASK]));
        assert_eq!(answers(&mut line, &[254, FORWARDMASK]), None);
        assert_eq!(line.export(), [SLC]);
    }
}
