//! Checksums that a server makes of its files: HASH (draft-bryan-ftpext-hash), and the X commands
//! of servers. Must not hold: making them of files of ours.

use crate::command::with;
use crate::{Error, Pathname, Reply, Session};
use std::fmt;

/// How a checksum is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `XSHA512`.
    Sha512,
    /// `XSHA256`.
    Sha256,
    /// `XSHA1`.
    Sha1,
    /// `XMD5`.
    Md5,
    /// `XCRC`: the CRC-32 of zip.
    Crc32,
}

/// A checksum of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// How it was made.
    pub algorithm: Algorithm,
    /// Its digits, in lower case, with leading zeros.
    pub hex: String,
}

impl Algorithm {
    /// Strongest first.
    pub const ALL: [Self; 5] = [Self::Sha512, Self::Sha256, Self::Sha1, Self::Md5, Self::Crc32];

    /// Its name in HASH.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha512 => "SHA-512",
            Self::Sha256 => "SHA-256",
            Self::Sha1 => "SHA-1",
            Self::Md5 => "MD5",
            Self::Crc32 => "CRC32",
        }
    }

    /// Its own command.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Sha512 => "XSHA512",
            Self::Sha256 => "XSHA256",
            Self::Sha1 => "XSHA1",
            Self::Md5 => "XMD5",
            Self::Crc32 => "XCRC",
        }
    }

    /// Digits of its checksums.
    const fn digits(self) -> usize {
        match self {
            Self::Sha512 => 128,
            Self::Sha256 => 64,
            Self::Sha1 => 40,
            Self::Md5 => 32,
            Self::Crc32 => 8,
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm.name(), self.hex)
    }
}

impl Session {
    /// Has the server make a checksum of a file: by `HASH` where that knows the algorithm, else
    /// by the algorithm's own command. [`crate::Features::algorithms`] tells what is offered.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when FEAT does not offer it, [`Error::Refused`],
    /// [`Error::Violation`] when there is no checksum in the reply.
    pub fn checksum(&mut self, algorithm: Algorithm, path: &Pathname) -> Result<Checksum, Error> {
        let features = self.feat()?;
        let (hash, own) = (features.hashes(algorithm), features.has(algorithm.verb()));
        let verb = match (hash, own) {
            (true, _) => "HASH",
            (false, true) => algorithm.verb(),
            (false, false) => {
                return Err(Error::Unsupported { feature: algorithm.verb().to_owned() });
            }
        };
        if hash && self.hashing != Some(algorithm) {
            let choice = with("OPTS", format_args!("HASH {}", algorithm.name()));
            self.dialogue.complete("OPTS", &choice)?;
            self.hashing = Some(algorithm);
        }
        let saying = self.options.telnet.path(verb, path);
        let reply = self.dialogue.ask_patiently(verb, &saying)?;
        let reply = self.dialogue.expect(verb, reply, Reply::is_success)?;
        let hex = digits(&reply, algorithm);
        let none = || Error::violation(verb, format!("no checksum: {reply}"));
        Ok(Checksum { algorithm, hex: hex.ok_or_else(none)? })
    }
}

/// The word of the reply that can be one: `213 SHA-256 0-49 6a5b.. name`, `250 6A5B..`. Some
/// servers leave the leading zeros of a CRC away.
fn digits(reply: &Reply, algorithm: Algorithm) -> Option<String> {
    let most = algorithm.digits();
    let least = if algorithm == Algorithm::Crc32 { 1 } else { most };
    let fits = |word: &&[u8]| {
        (least..=most).contains(&word.len()) && word.iter().all(u8::is_ascii_hexdigit)
    };
    let lines = reply.lines().flat_map(|line| line.split(|&byte| matches!(byte, b' ' | b'"')));
    let found = lines.filter(fits).max_by_key(|word| word.len())?;
    let hex = str::from_utf8(found).ok()?.to_ascii_lowercase();
    Some(format!("{hex:0>most$}"))
}
