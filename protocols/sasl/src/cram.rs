//! CRAM-MD5 (RFC 2195).
//! Must not hold: MD5 for anything else.

use crate::Error;
use crate::error::{input, violation};
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use zeroize::Zeroizing;

/// The user name, a space, and the keyed digest of the challenge in lower-case hexadecimal
/// (RFC 2195 section 2).
pub(crate) fn answer(
    user: &str,
    password: &[u8],
    challenge: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    if challenge.is_empty() {
        return Err(violation("CRAM-MD5 with an empty challenge"));
    }
    let mut mac = Hmac::<Md5>::new_from_slice(password)
        .map_err(|_| input("CRAM-MD5 takes no such password"))?;
    mac.update(challenge);
    let digest = mac.finalize().into_bytes();
    let mut answer = format!("{user} ");
    digest.iter().for_each(|byte| answer.push_str(&format!("{byte:02x}")));
    Ok(Zeroizing::new(answer.into_bytes()))
}
