//! Logins. Basic (RFC 7617) so far.
//! Must not hold: where a login came from.

use crate::{Error, Origin};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::sync::Arc;
use wireline_wire::{Saying, Secret};
use zeroize::Zeroizing;

/// A user and a password, and the origins they were typed for.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    user: String,
    pass: Secret,
    home: Arc<[Origin]>,
}

impl Login {
    /// Both parts may be any text.
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
        Ok(Self { user: user.to_owned(), pass: pass.clone(), home })
    }

    /// The user, which is no secret.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether it may be sent there.
    #[must_use]
    pub fn serves(&self, origin: &Origin) -> bool {
        self.home.contains(origin)
    }

    /// `Authorization`'s credentials, marked as secret.
    pub(crate) fn basic(&self, saying: Saying) -> Saying {
        saying.secret("auth.basic", self.user_pass().as_bytes())
    }

    /// `user-pass = user-id ":" password`, in base64.
    fn user_pass(&self) -> Zeroizing<String> {
        let mut pair = Zeroizing::new(format!("{}:", self.user).into_bytes());
        pair.extend_from_slice(self.pass.reveal());
        Zeroizing::new(STANDARD.encode(&*pair))
    }

    pub(crate) fn secrets(&self) -> [(&'static str, Vec<u8>); 2] {
        let encoded = self.user_pass().as_bytes().to_vec();
        [("auth.basic", encoded), ("pass", self.pass.reveal().to_vec())]
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login(for {:?})", self.home)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7617 sections 2 and 2.1; hostile.md row 3.
    #[test]
    fn basic() {
        for (user, pass, wanted) in [
            ("Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("test", "123£", "dGVzdDoxMjPCow=="),
        ] {
            let login = Login::new(user, &Secret::from(pass), [].into()).unwrap();
            assert_eq!(login.basic(Saying::new()).bytes(), wanted.as_bytes());
        }
        for (user, pass) in [("a:b", "c"), ("a\r\n", "c"), ("a", "c\n"), ("a", "\0")] {
            assert!(Login::new(user, &Secret::from(pass), [].into()).is_err());
        }
    }
}
