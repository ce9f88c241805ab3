//! Logins: Basic (RFC 7617), Bearer (RFC 6750), and what Digest is made of (`digest.rs`).
//! Must not hold: where a login came from, or which proof a server wants (`proofs.rs`).

use crate::{Error, Origin};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::sync::Arc;
use wireline_wire::{Saying, Secret};
use zeroize::Zeroizing;

/// A user and a password, or a token, and the origins they were typed for.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    user: String,
    pass: Secret,
    home: Arc<[Origin]>,
    way: Way,
}

/// How a login is proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Basic at once; Digest where a server asks for that.
    #[default]
    Basic,
    /// Digest, when asked; never Basic.
    Digest,
    /// The strongest that the server asks for, and nothing before it does.
    Asked,
    /// The password is a token: Bearer, at once.
    Bearer,
}

impl Login {
    /// Both parts may be any text. Proven as Basic.
    ///
    /// # Errors
    /// [`Error::Input`] when the user holds a colon, or either part a control byte (RFC 7617 section 2).
    pub fn new(user: &str, pass: &Secret, home: Arc<[Origin]>) -> Result<Self, Error> {
        let control = |bytes: &[u8]| bytes.iter().any(u8::is_ascii_control);
        if control(user.as_bytes()) || control(pass.reveal()) {
            return Err(Error::Input("a login cannot hold control bytes".into()));
        }
        if user.contains(':') {
            return Err(Error::Input("a user name for Basic cannot hold a colon".into()));
        }
        Ok(Self { user: user.to_owned(), pass: pass.clone(), home, way: Way::Basic })
    }

    /// `b64token` (RFC 6750 section 2.1), proven as Bearer.
    ///
    /// # Errors
    /// [`Error::Input`] when it is empty, or holds blanks, controls or bytes from 0x80 on.
    pub fn bearer(token: &Secret, home: Arc<[Origin]>) -> Result<Self, Error> {
        let bytes = token.reveal();
        match bytes.is_empty() || !bytes.iter().all(u8::is_ascii_graphic) {
            true => Err(Error::Input("a token is made of visible ASCII, without blanks".into())),
            false => Ok(Self { user: String::new(), pass: token.clone(), home, way: Way::Bearer }),
        }
    }

    /// The same, proven another way.
    #[must_use]
    pub fn with_way(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    /// How it is proven.
    #[must_use]
    pub const fn way(&self) -> Way {
        self.way
    }

    /// The user, which is no secret.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    pub(crate) const fn pass(&self) -> &Secret {
        &self.pass
    }

    /// Whether it may be sent there.
    #[must_use]
    pub fn serves(&self, origin: &Origin) -> bool {
        self.home.contains(origin)
    }

    /// Whether it goes out before anybody asks.
    pub(crate) const fn is_unasked(&self) -> bool {
        matches!(self.way, Way::Basic | Way::Bearer)
    }

    /// `credentials` of Basic or Bearer, marked as secret.
    pub(crate) fn credentials(&self, saying: Saying) -> Saying {
        match self.way {
            Way::Bearer => saying.text("Bearer ").secret("auth.bearer", self.pass.reveal()),
            _ => saying.text("Basic ").secret("auth.basic", self.user_pass().as_bytes()),
        }
    }

    /// `user-pass = user-id ":" password`, in base64.
    fn user_pass(&self) -> Zeroizing<String> {
        let mut pair = Zeroizing::new(format!("{}:", self.user).into_bytes());
        pair.extend_from_slice(self.pass.reveal());
        Zeroizing::new(STANDARD.encode(&*pair))
    }

    pub(crate) fn secrets(&self) -> Vec<(&'static str, Vec<u8>)> {
        let pass = self.pass.reveal().to_vec();
        match self.way {
            Way::Bearer => vec![("auth.bearer", pass)],
            _ => vec![("auth.basic", self.user_pass().as_bytes().to_vec()), ("pass", pass)],
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({:?}, for {:?})", self.way, self.home)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7617 sections 2 and 2.1, and of RFC 6750; hostile.md row 3.
    #[test]
    fn credentials() {
        let said = |login: &Login| login.credentials(Saying::new()).bytes().to_vec();
        for (user, pass, wanted) in [
            ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("test", "123£", "Basic dGVzdDoxMjPCow=="),
        ] {
            let login = Login::new(user, &Secret::from(pass), [].into()).unwrap();
            assert_eq!(said(&login), wanted.as_bytes());
        }
        let token = Login::bearer(&Secret::from("mF_9.B5f-4.1JqM"), [].into()).unwrap();
        assert_eq!(said(&token), b"Bearer mF_9.B5f-4.1JqM");
        for (user, pass) in [("a:b", "c"), ("a\r\n", "c"), ("a", "c\n"), ("a", "\0")] {
            assert!(Login::new(user, &Secret::from(pass), [].into()).is_err());
        }
        for bad in ["", "a b", "a\n", "ä"] {
            assert!(Login::bearer(&Secret::from(bad), [].into()).is_err());
        }
    }
}
