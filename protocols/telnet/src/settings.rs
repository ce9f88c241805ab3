//! What a session tells about itself, and what it agrees to.
//! Must not hold: the environment, the terminal or the locale of this process; the caller names all.

use crate::subnegotiation::charset::CharacterSet;
use crate::subnegotiation::linemode::SpecialCharacter;
use crate::subnegotiation::naws::Window;
use crate::subnegotiation::new_environ::Variable;
use crate::subnegotiation::tspeed::Speed;
use crate::subnegotiation::ttype::TerminalType;
use crate::{Policy, Side, TelnetOption};

/// What a session tells when it is asked. By default nothing that says who or where we are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which requests are granted. Default: the option table in the crate's documentation.
    pub policy: Policy,
    /// For TTYPE, the preferred one first. Default: none, which is told as `UNKNOWN`.
    pub terminal_types: Vec<TerminalType>,
    /// For NAWS, which is refused without it. Default: none.
    pub window: Option<Window>,
    /// For TSPEED. Default: 38400 both ways.
    pub speed: Speed,
    /// For NEW-ENVIRON. Default: none.
    pub environment: Vec<Variable>,
    /// For CHARSET, which is refused when it is empty, the preferred one first. Default: none.
    pub character_sets: Vec<CharacterSet>,
    /// For LINEMODE, which is refused without them: whoever agrees to it edits lines and must act
    /// on [`crate::Notice::LineMode`]. Default: none.
    pub special_characters: Option<Vec<SpecialCharacter>>,
    /// Whether escape sequences (colours, titles and all others) are left out of the text, so that
    /// patterns see only what a reader sees. Default: no.
    pub plain_text: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: usual_policy(),
            terminal_types: Vec::new(),
            window: None,
            speed: Speed { transmit: 38_400, receive: 38_400 },
            environment: Vec::new(),
            character_sets: Vec::new(),
            special_characters: None,
            plain_text: false,
        }
    }
}

impl Settings {
    /// Whether a request of the peer's is granted: the policy agrees, and there is something to
    /// tell.
    #[must_use]
    pub fn agrees(&self, side: Side, option: TelnetOption) -> bool {
        let able = match option {
            TelnetOption::NAWS => self.window.is_some(),
            TelnetOption::CHARSET => !self.character_sets.is_empty(),
            TelnetOption::LINEMODE | TelnetOption::LFLOW => self.special_characters.is_some(),
            _ => true,
        };
        able && self.policy.agrees(side, option)
    }
}

fn usual_policy() -> Policy {
    use TelnetOption as O;
    let us = [
        O::BINARY,
        O::SGA,
        O::STATUS,
        O::TTYPE,
        O::EOR,
        O::NAWS,
        O::TSPEED,
        O::LFLOW,
        O::LINEMODE,
        O::NEW_ENVIRON,
        O::CHARSET,
    ];
    let him = [O::BINARY, O::ECHO, O::SGA, O::EOR, O::CHARSET];
    let policy =
        us.into_iter().fold(Policy::refuse_all(), |policy, option| policy.agree(Side::Us, option));
    him.into_iter().fold(policy, |policy, option| policy.agree(Side::Him, option))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md row 189, and what cannot be told is not agreed to.
    #[test]
    fn refused_by_default() {
        use TelnetOption as O;
        let settings = Settings::default();
        let refused = [
            O::ECHO,
            O::AUTHENTICATION,
            O::ENCRYPT,
            O::LINEMODE,
            O::NAWS,
            O::CHARSET,
            O::START_TLS,
            O::LOGOUT,
            O::XDISPLOC,
            O::ENVIRON,
            O::COM_PORT,
            TelnetOption(255),
        ];
        for option in refused {
            assert!(!settings.agrees(Side::Us, option), "{option}");
        }
        for option in [O::NAWS, O::TTYPE, O::STATUS, O::LINEMODE, O::START_TLS] {
            assert!(!settings.agrees(Side::Him, option), "{option}");
        }
        let window = Some(Window { columns: 80, rows: 24 });
        assert!(Settings { window, ..settings }.agrees(Side::Us, O::NAWS));
    }
}
