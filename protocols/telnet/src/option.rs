//! The options by number and name, and which of them we agree to.
//! Must not hold: the state of a negotiation (`negotiation.rs`), or what an option means.

use std::fmt;

/// An option by its number (RFC 855; the numbers are IANA's).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TelnetOption(pub u8);

impl TelnetOption {
    /// TRANSMIT-BINARY (RFC 856).
    pub const BINARY: Self = Self(0);
    /// ECHO (RFC 857).
    pub const ECHO: Self = Self(1);
    /// SUPPRESS-GO-AHEAD (RFC 858).
    pub const SGA: Self = Self(3);
    /// STATUS (RFC 859).
    pub const STATUS: Self = Self(5);
    /// TIMING-MARK (RFC 860): each request stands alone, so it has no state.
    pub const TIMING_MARK: Self = Self(6);
    /// LOGOUT (RFC 727).
    pub const LOGOUT: Self = Self(18);
    /// TERMINAL-TYPE (RFC 1091).
    pub const TTYPE: Self = Self(24);
    /// END-OF-RECORD (RFC 885).
    pub const EOR: Self = Self(25);
    /// NAWS, negotiate about window size (RFC 1073).
    pub const NAWS: Self = Self(31);
    /// TERMINAL-SPEED (RFC 1079).
    pub const TSPEED: Self = Self(32);
    /// TOGGLE-FLOW-CONTROL (RFC 1080).
    pub const LFLOW: Self = Self(33);
    /// LINEMODE (RFC 1184).
    pub const LINEMODE: Self = Self(34);
    /// X-DISPLAY-LOCATION (RFC 1096).
    pub const XDISPLOC: Self = Self(35);
    /// ENVIRON (RFC 1408), which NEW-ENVIRON replaced.
    pub const ENVIRON: Self = Self(36);
    /// AUTHENTICATION (RFC 2941).
    pub const AUTHENTICATION: Self = Self(37);
    /// ENCRYPT (RFC 2946).
    pub const ENCRYPT: Self = Self(38);
    /// NEW-ENVIRON (RFC 1572).
    pub const NEW_ENVIRON: Self = Self(39);
    /// CHARSET (RFC 2066).
    pub const CHARSET: Self = Self(42);
    /// COM-PORT-OPTION (RFC 2217).
    pub const COM_PORT: Self = Self(44);
    /// START_TLS (draft-altman-telnet-starttls).
    pub const START_TLS: Self = Self(46);

    /// The name, of those that have a constant here.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(option, _)| *option == self).map(|(_, name)| *name)
    }

    /// The option with this name, in any case, or this number.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        let named = NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        named.map(|(option, _)| *option).or_else(|| text.parse().ok().map(Self))
    }
}

const NAMES: &[(TelnetOption, &str)] = &[
    (TelnetOption::BINARY, "BINARY"),
    (TelnetOption::ECHO, "ECHO"),
    (TelnetOption::SGA, "SGA"),
    (TelnetOption::STATUS, "STATUS"),
    (TelnetOption::TIMING_MARK, "TIMING-MARK"),
    (TelnetOption::LOGOUT, "LOGOUT"),
    (TelnetOption::TTYPE, "TTYPE"),
    (TelnetOption::EOR, "EOR"),
    (TelnetOption::NAWS, "NAWS"),
    (TelnetOption::TSPEED, "TSPEED"),
    (TelnetOption::LFLOW, "LFLOW"),
    (TelnetOption::LINEMODE, "LINEMODE"),
    (TelnetOption::XDISPLOC, "XDISPLOC"),
    (TelnetOption::ENVIRON, "ENVIRON"),
    (TelnetOption::AUTHENTICATION, "AUTHENTICATION"),
    (TelnetOption::ENCRYPT, "ENCRYPT"),
    (TelnetOption::NEW_ENVIRON, "NEW-ENVIRON"),
    (TelnetOption::CHARSET, "CHARSET"),
    (TelnetOption::COM_PORT, "COM-PORT"),
    (TelnetOption::START_TLS, "START_TLS"),
];

impl fmt::Display for TelnetOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "option {}", self.0),
        }
    }
}

/// Whose option it is: each has two, one on either side (RFC 1143 section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Ours: we say WILL and WONT, the peer DO and DONT.
    Us,
    /// The peer's: it says WILL and WONT, we DO and DONT.
    Him,
}

/// What we agree to when the peer asks. Everything else is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    us: Vec<TelnetOption>,
    him: Vec<TelnetOption>,
}

impl Policy {
    /// Refuses everything: a bare network virtual terminal.
    #[must_use]
    pub fn refuse_all() -> Self {
        Self::default()
    }

    /// Agrees to an option from now on.
    #[must_use]
    pub fn agree(mut self, side: Side, option: TelnetOption) -> Self {
        if !self.agrees(side, option) {
            self.list(side).push(option);
        }
        self
    }

    /// Refuses an option from now on.
    #[must_use]
    pub fn refuse(mut self, side: Side, option: TelnetOption) -> Self {
        self.list(side).retain(|agreed| *agreed != option);
        self
    }

    /// Whether the peer's request is granted.
    #[must_use]
    pub fn agrees(&self, side: Side, option: TelnetOption) -> bool {
        match side {
            Side::Us => self.us.contains(&option),
            Side::Him => self.him.contains(&option),
        }
    }

    fn list(&mut self, side: Side) -> &mut Vec<TelnetOption> {
        match side {
            Side::Us => &mut self.us,
            Side::Him => &mut self.him,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let rows = [
            ("naws", Some(TelnetOption::NAWS), "NAWS"),
            ("New-Environ", Some(TelnetOption::NEW_ENVIRON), "NEW-ENVIRON"),
            ("200", Some(TelnetOption(200)), "option 200"),
            ("256", None, ""),
            ("nonsense", None, ""),
        ];
        for (text, option, shown) in rows {
            assert_eq!(TelnetOption::from_name(text), option, "{text}");
            assert_eq!(option.map(|option| option.to_string()).unwrap_or_default(), shown);
        }
    }

    #[test]
    fn agreed_and_refused() {
        let policy = Policy::refuse_all().agree(Side::Him, TelnetOption::ECHO);
        assert!(policy.agrees(Side::Him, TelnetOption::ECHO));
        assert!(!policy.agrees(Side::Us, TelnetOption::ECHO));
        let refusing = policy.refuse(Side::Him, TelnetOption::ECHO);
        assert_eq!(refusing, Policy::refuse_all());
    }
}
