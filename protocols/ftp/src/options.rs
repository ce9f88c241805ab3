//! How a session is held, with the defaults. Must not hold: where a server is, or who logs in.

use crate::{DataMode, Limits, Telnet};

/// How a session is held.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether TLS is used. Default: in clear.
    pub security: Security,
    /// Lets passwords go in clear to other machines. By default they do so only under TLS, to
    /// loopback addresses and over Unix sockets.
    pub clear_login: bool,
    /// Who makes the data connections. Default: we do.
    pub data_mode: DataMode,
    /// EPSV and EPRT before PASV and PORT. Default: yes.
    pub extended: bool,
    /// How files are transferred. Default: as they are.
    pub transfer_type: Type,
    /// What becomes of the byte 0xFF in names. Default: doubled.
    pub telnet: Telnet,
    /// Small commands may go out together. Default: yes, but for servers whose greeting says that
    /// they are of a kind that loses some.
    pub pipelining: bool,
    /// EPSV for the next transfer goes out behind the command of one that fetches, which saves a
    /// round trip where files follow each other: to servers whose greeting says that they read
    /// commands in turn (vsFTPd). Default: no.
    pub ahead: bool,
    /// What the server may cost us.
    pub limits: Limits,
}

/// Whether TLS is used. There is no "if possible".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    #[default]
    Clear,
    /// From `AUTH TLS` on, which has to succeed (RFC 4217).
    Explicit,
    /// The same with every machine but this one, where it stays in clear.
    ExplicitRemotely,
    /// From the first byte.
    Implicit,
}

/// How files are transferred (RFC 959 section 3.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// `TYPE I`: every byte as it is.
    #[default]
    Image,
    /// `TYPE A`: text, whose lines end in CR LF on the wire and in LF here.
    Ascii,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            security: Security::default(),
            clear_login: false,
            data_mode: DataMode::default(),
            extended: true,
            transfer_type: Type::default(),
            telnet: Telnet::default(),
            pipelining: true,
            ahead: false,
            limits: Limits::default(),
        }
    }
}

impl Type {
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::Image => 'I',
            Self::Ascii => 'A',
        }
    }
}
