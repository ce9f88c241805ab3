//! TERMINAL-SPEED (RFC 1079): bits per second, which some hosts pad their output by.

use super::IS;

/// What the terminal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// Bits per second from us.
    pub transmit: u32,
    /// Bits per second to us.
    pub receive: u32,
}

impl Speed {
    /// `IS transmit "," receive` (RFC 1079 section 4): no leading zeros, no spaces.
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut parameters = vec![IS];
        parameters.extend(format!("{},{}", self.transmit, self.receive).bytes());
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        let speed = Speed { transmit: 1200, receive: 1200 };
        assert_eq!(speed.encode(), b"\x001200,1200");
    }
}
