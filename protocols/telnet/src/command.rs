//! What we say: commands, requests and subnegotiations as bytes.
//! Must not hold: what to say when (`nvt.rs`), or text (`codec.rs` encodes it).

use crate::TelnetOption;
use std::fmt;

/// The byte that begins a command: Interpret As Command (RFC 854).
pub(crate) const IAC: u8 = 255;
/// Begins a subnegotiation.
pub(crate) const SB: u8 = 250;
/// Ends a subnegotiation.
pub(crate) const SE: u8 = 240;

/// A command of two bytes: IAC and a code (RFC 854; RFC 885; RFC 1184 section 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// EOF: end of file (RFC 1184).
    EndOfFile,
    /// SUSP: suspend the process (RFC 1184).
    Suspend,
    /// ABORT: abort the process (RFC 1184).
    Abort,
    /// EOR: end of record (RFC 885).
    EndOfRecord,
    /// NOP.
    NoOperation,
    /// DM: where a Synch ends. Without urgent data it is a NOP.
    DataMark,
    /// BRK: the break key.
    Break,
    /// IP: interrupt the process.
    InterruptProcess,
    /// AO: let the process run on, without its output.
    AbortOutput,
    /// AYT: prove that you are there.
    AreYouThere,
    /// EC: erase the last character.
    EraseCharacter,
    /// EL: erase the line.
    EraseLine,
    /// GA: it is your turn.
    GoAhead,
    /// A code that means nothing here. We hear it and never say it.
    Other(u8),
}

/// The commands that have a name, with their codes.
const CODES: &[(Command, u8, &str)] = &[
    (Command::EndOfFile, 236, "EOF"),
    (Command::Suspend, 237, "SUSP"),
    (Command::Abort, 238, "ABORT"),
    (Command::EndOfRecord, 239, "EOR"),
    (Command::NoOperation, 241, "NOP"),
    (Command::DataMark, 242, "DM"),
    (Command::Break, 243, "BRK"),
    (Command::InterruptProcess, 244, "IP"),
    (Command::AbortOutput, 245, "AO"),
    (Command::AreYouThere, 246, "AYT"),
    (Command::EraseCharacter, 247, "EC"),
    (Command::EraseLine, 248, "EL"),
    (Command::GoAhead, 249, "GA"),
];

impl Command {
    /// The command with this code.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        let known = CODES.iter().find(|(_, known, _)| *known == code);
        known.map_or(Self::Other(code), |(command, ..)| *command)
    }

    /// The command with the RFC's short name, in any case: `ayt`, `brk`, `ip` and so on.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let known = CODES.iter().find(|(.., known)| known.eq_ignore_ascii_case(name));
        known.map(|(command, ..)| *command)
    }

    /// Its code, behind IAC.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Other(code) => code,
            named => {
                CODES.iter().find(|(known, ..)| *known == named).map_or(0, |(_, code, _)| *code)
            }
        }
    }

    /// The RFC's short name.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        CODES.iter().find(|(known, ..)| *known == self).map(|(.., name)| *name)
    }

    /// `IAC code`; nothing for a code without a name, which could begin something longer.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        match self {
            Self::Other(_) => Vec::new(),
            named => vec![IAC, named.code()],
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "command {}", self.code()),
        }
    }
}

/// What a request about an option says (RFC 854).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// The sender offers or agrees to perform the option.
    Will,
    /// It refuses to, or stops.
    Wont,
    /// The sender asks or allows the receiver to perform it.
    Do,
    /// It asks it to stop, or not to begin.
    Dont,
}

impl Verb {
    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            251 => Some(Self::Will),
            252 => Some(Self::Wont),
            253 => Some(Self::Do),
            254 => Some(Self::Dont),
            _ => None,
        }
    }

    /// Its code, behind IAC.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Will => 251,
            Self::Wont => 252,
            Self::Do => 253,
            Self::Dont => 254,
        }
    }

    /// `IAC verb option`.
    #[must_use]
    pub const fn encode(self, option: TelnetOption) -> [u8; 3] {
        [IAC, self.code(), option.0]
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Will => "WILL",
            Self::Wont => "WONT",
            Self::Do => "DO",
            Self::Dont => "DONT",
        })
    }
}

/// `IAC SB option parameters IAC SE`, each 255 among the parameters doubled (RFC 855).
#[must_use]
pub fn subnegotiation(option: TelnetOption, parameters: &[u8]) -> Vec<u8> {
    let mut bytes = vec![IAC, SB];
    for byte in std::iter::once(&option.0).chain(parameters) {
        bytes.push(*byte);
        if *byte == IAC {
            bytes.push(IAC);
        }
    }
    bytes.extend([IAC, SE]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names() {
        for code in 0..=255 {
            assert_eq!(Command::from_code(code).code(), code);
        }
        for (command, code, name) in CODES {
            assert_eq!(Command::from_name(&name.to_lowercase()), Some(*command));
            assert_eq!(command.encode(), [IAC, *code]);
            assert_eq!(command.to_string(), *name);
        }
        assert_eq!(Command::Other(SB).encode(), b"");
        assert_eq!(Verb::Wont.encode(TelnetOption::ECHO), [255, 252, 1]);
    }

    /// RFC 855, and ftp-telnet edge 46: a window that is 255 wide.
    #[test]
    fn parameters_are_doubled() {
        let rows: &[(u8, &[u8], &[u8])] = &[
            (31, &[0, 255, 0, 24], &[255, 250, 31, 0, 255, 255, 0, 24, 255, 240]),
            (24, &[], &[255, 250, 24, 255, 240]),
            (255, &[240], &[255, 250, 255, 255, 240, 255, 240]),
        ];
        for (option, parameters, wanted) in rows {
            assert_eq!(subnegotiation(TelnetOption(*option), parameters), *wanted);
        }
    }
}
