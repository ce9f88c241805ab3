//! Who logs in, and what proves it.
//! Must not hold: where credentials come from, or how a mechanism encodes them.

use crate::error::input;
use crate::{Error, Mechanism};
use std::fmt;
use zeroize::Zeroizing;

/// What proves who we are. Wiped when dropped; `Debug` shows the kind only.
#[derive(Clone)]
pub enum Proof {
    /// A password. PLAIN and SCRAM want UTF-8.
    Password(Zeroizing<Vec<u8>>),
    /// An OAuth 2 bearer token (RFC 6750).
    Token(Zeroizing<Vec<u8>>),
    /// The client certificate of the TLS connection.
    Certificate,
}

impl Proof {
    /// A password; the caller keeps no copy.
    pub fn password(password: impl Into<Vec<u8>>) -> Self {
        Self::Password(Zeroizing::new(password.into()))
    }

    /// A bearer token; the caller keeps no copy.
    pub fn token(token: impl Into<Vec<u8>>) -> Self {
        Self::Token(Zeroizing::new(token.into()))
    }

    fn check(&self) -> Result<(), Error> {
        match self {
            Self::Password(password) if password.is_empty() => Err(input("the password is empty")),
            Self::Password(password) if password.iter().any(|byte| b"\0\r\n".contains(byte)) => {
                Err(input("the password holds a NUL or a line end"))
            }
            Self::Token(token) if token.is_empty() || !token.iter().all(u8::is_ascii_graphic) => {
                Err(input("the token is empty, or holds a blank or a byte that is not ASCII"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password(...)",
            Self::Token(_) => "Token(...)",
            Self::Certificate => "Certificate",
        })
    }
}

/// Who logs in, with what, and where.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub(crate) user: String,
    pub(crate) acting_as: Option<String>,
    pub(crate) proof: Proof,
    pub(crate) server: Option<(String, u16)>,
}

impl Credentials {
    /// The user, and what proves that it is he. Only a certificate needs no user: it names him.
    ///
    /// # Errors
    /// [`Error::Input`] when the user is empty or holds a control character, when a password is
    /// empty or holds NUL, CR or LF, when a token is empty or not all visible ASCII.
    pub fn new(user: &str, proof: Proof) -> Result<Self, Error> {
        proof.check()?;
        if user.is_empty() && !matches!(proof, Proof::Certificate) {
            return Err(input("the user is empty"));
        }
        let user = named(user)?;
        Ok(Self { user, acting_as: None, proof, server: None })
    }

    /// Acts as somebody else (the authorization identity of RFC 4422 section 2).
    ///
    /// # Errors
    /// [`Error::Input`] when it is empty or holds a control character.
    pub fn acting_as(mut self, authzid: &str) -> Result<Self, Error> {
        if authzid.is_empty() {
            return Err(input("the user to act as is empty"));
        }
        self.acting_as = Some(named(authzid)?);
        Ok(self)
    }

    /// The server's name and port, which OAUTHBEARER tells it.
    #[must_use]
    pub fn at(mut self, host: &str, port: u16) -> Self {
        self.server = Some((host.to_owned(), port));
        self
    }

    /// The user that logs in.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether this mechanism can be done with them: CRAM-MD5, LOGIN and XOAUTH2 have no words for
    /// acting as somebody else.
    #[must_use]
    pub fn fits(&self, mechanism: Mechanism) -> bool {
        use Mechanism as M;
        let acts = self.acting_as.is_some();
        match (&self.proof, mechanism) {
            (Proof::Password(_), M::ScramSha256 | M::ScramSha1 | M::Plain) => true,
            (Proof::Password(_), M::CramMd5 | M::Login) => !acts,
            (Proof::Token(_), M::OAuthBearer) => true,
            (Proof::Token(_), M::XOAuth2) => !acts,
            (Proof::Certificate, M::External) => true,
            _ => false,
        }
    }
}

fn named(name: &str) -> Result<String, Error> {
    match name.contains(char::is_control) {
        true => Err(input(format!("\"{}\" is no user: it holds a control", name.escape_debug()))),
        false => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md row 150: nothing here shows a secret.
    #[test]
    fn debug_shows_no_secret() {
        for proof in [Proof::password("xyzzy"), Proof::token("xyzzy")] {
            let credentials = Credentials::new("me", proof).unwrap();
            let text = format!("{credentials:?}");
            assert!(text.contains("me") && !text.contains("xyzzy"), "{text}");
            assert!(!text.contains("120"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let rows: &[(&str, Proof, bool)] = &[
            ("me", Proof::password("pass word"), true),
            ("me", Proof::password(*b"\xff"), true),
            ("", Proof::Certificate, true),
            ("me", Proof::token("a-._~+/="), true),
            ("", Proof::password("x"), false),
            ("a\0b", Proof::password("x"), false),
            ("a\r\nb", Proof::password("x"), false),
            ("a\u{1}b", Proof::token("x"), false),
            ("me", Proof::password(""), false),
            ("me", Proof::password("a\0b"), false),
            ("me", Proof::password("a\nb"), false),
            ("me", Proof::token(""), false),
            ("me", Proof::token("a\u{1}auth=b"), false),
            ("me", Proof::token("a b"), false),
        ];
        for (user, proof, good) in rows {
            let made = Credentials::new(user, proof.clone());
            assert_eq!(made.is_ok(), *good, "{user:?} {made:?}");
        }
        let credentials = Credentials::new("me", Proof::password("x")).unwrap();
        assert!(credentials.clone().acting_as("").is_err());
        assert!(credentials.acting_as("a\0").is_err());
    }
}
