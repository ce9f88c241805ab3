//! Where a caller puts an encoding between a device's bytes and the text that a session gives.
//! Must not hold: an encoding.

use std::fmt;

/// Makes text of a device's bytes, wherever they are torn apart. Telnet's own bytes are gone by then,
/// escape sequences are not.
pub trait Transcode: fmt::Debug + Send {
    /// Appends the text of these bytes, at most some four bytes for each; `last` says that nothing
    /// follows.
    fn transcode(&mut self, bytes: &[u8], last: bool, text: &mut Vec<u8>);
}
