//! PLAIN (RFC 4616).
//! Must not hold: whether it may be used on this connection.

use crate::prep::{prepare, prepare_bytes};
use crate::{Credentials, Error};
use zeroize::Zeroizing;

/// `message = [authzid] UTF8NUL authcid UTF8NUL passwd` (RFC 4616 section 2).
pub(crate) fn message(
    credentials: &Credentials,
    password: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let user = prepare("the user", &credentials.user)?;
    let password = prepare_bytes("the password", password)?;
    let authzid = credentials.acting_as.as_deref().unwrap_or_default();
    let parts = [authzid.as_bytes(), user.as_bytes(), password.as_bytes()];
    Ok(Zeroizing::new(parts.join(&0)))
}
