//! Bearer tokens: OAUTHBEARER (RFC 7628) and XOAUTH2, its forerunner.
//! Must not hold: how a token is got.

use crate::error::input;
use crate::scram::gs2_header;
use crate::{Credentials, Error};
use zeroize::Zeroizing;

/// `client-resp = (gs2-header kvsep *kvpair kvsep)` (RFC 7628 section 3.1).
pub(crate) fn bearer(credentials: &Credentials, token: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let authzid = credentials.acting_as.as_deref().unwrap_or(&credentials.user);
    let mut message = gs2_header(Some(authzid));
    if let Some((host, port)) = &credentials.server {
        if host.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
            return Err(input(format!("\"{}\" is not a host", host.escape_debug())));
        }
        message.push_str(&format!("\u{1}host={host}\u{1}port={port}"));
    }
    Ok(with_token(&message, token))
}

/// `"user=" user kvsep "auth=Bearer " token kvsep kvsep`, as Google describes it.
pub(crate) fn xoauth2(user: &str, token: &[u8]) -> Zeroizing<Vec<u8>> {
    with_token(&format!("user={user}"), token)
}

fn with_token(message: &str, token: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([message.as_bytes(), b"\x01auth=Bearer ", token, b"\x01\x01"].concat())
}
