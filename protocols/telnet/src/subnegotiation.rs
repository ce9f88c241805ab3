//! What stands between `IAC SB option` and `IAC SE`, an option a file: parameters to values and back.
//! Pure. Must not hold: the doubling of 255, which the codec has undone, or when to send which.

pub(crate) mod charset;
pub(crate) mod linemode;
pub(crate) mod naws;
pub(crate) mod new_environ;
pub(crate) mod status;
pub(crate) mod tspeed;
pub(crate) mod ttype;

/// Begins what is told (TTYPE, TSPEED, STATUS, NEW-ENVIRON).
pub(crate) const IS: u8 = 0;
/// Asks for it.
pub(crate) const SEND: u8 = 1;
/// START_TLS: the handshake begins behind this subnegotiation.
pub(crate) const FOLLOWS: u8 = 1;
