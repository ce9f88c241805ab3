//! What we hear: the pieces a stream decodes into, and what a session has to tell about them.
//! Must not hold: how bytes become pieces (`codec.rs`), or what is answered (`nvt.rs`).

use crate::subnegotiation::linemode::Mode;
use crate::{Command, Side, TelnetOption, Verb};

/// A piece of the stream, as [`crate::Decoder`] finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Text: a 255 is undoubled, and CR NUL is a CR unless the peer sends binary. CR LF stays, so
    /// that a terminal can show it. Never empty.
    Text(&'a [u8]),
    /// A command of two bytes.
    Command(Command),
    /// A request about an option, or the answer to ours.
    Negotiation(Verb, TelnetOption),
    /// What stood between `IAC SB option` and `IAC SE`, undoubled.
    Subnegotiation(TelnetOption, &'a [u8]),
    /// A subnegotiation longer than the limit, which was skipped.
    Oversize(TelnetOption),
    /// A subnegotiation without an option, or one that another command broke off. That command
    /// comes next.
    Broken,
}

/// Something other than text that happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// An option was switched.
    Switched {
        /// On whose side.
        side: Side,
        /// Which option.
        option: TelnetOption,
        /// On or off.
        on: bool,
    },
    /// Our request for an option was refused.
    Refused {
        /// On whose side it would have been.
        side: Side,
        /// Which option.
        option: TelnetOption,
    },
    /// A command came. We answer none of them: what we would say is input to whatever the peer
    /// runs.
    Command(Command),
    /// The answer to our TIMING-MARK: all that was said before it has been dealt with, or at
    /// least read when it was refused.
    TimingMark {
        /// WILL, not WONT.
        agreed: bool,
    },
    /// Both sides use this character set from now on (RFC 2066), in the spelling of the request.
    CharacterSet(String),
    /// Who edits lines and catches signals has changed (RFC 1184).
    LineMode(Mode),
    /// How the peer sees the options (RFC 859); what is not listed is off.
    Status(Vec<(Verb, TelnetOption)>),
    /// Any other subnegotiation of an option that is on, with its parameters.
    Subnegotiation(TelnetOption, Vec<u8>),
    /// A subnegotiation that was skipped: it was over the limit, broken off, or of an option
    /// that nobody has switched on.
    Ignored(Option<TelnetOption>),
}
