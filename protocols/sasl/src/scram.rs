//! SCRAM (RFC 5802, RFC 7677) without channel binding.
//! Must not hold: where the nonce comes from.

use crate::error::{escape, input, violation};
use crate::prep::{prepare, prepare_bytes};
use crate::{Credentials, Error};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// How often a password may be hashed. Fewer make a guess cheap for whoever poses as the server
/// (RFC 5802 section 5.1 wants 4,096 at least); more would have us compute for minutes.
const ITERATIONS: std::ops::RangeInclusive<u32> = 4096..=1_000_000;

/// The hash function of a mechanism.
pub(crate) struct Hash {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
    pbkdf2: pbkdf2::Algorithm,
}

pub(crate) static SHA_256: Hash =
    Hash { digest: &digest::SHA256, hmac: hmac::HMAC_SHA256, pbkdf2: pbkdf2::PBKDF2_HMAC_SHA256 };

pub(crate) static SHA_1: Hash = Hash {
    digest: &digest::SHA1_FOR_LEGACY_USE_ONLY,
    hmac: hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
    pbkdf2: pbkdf2::PBKDF2_HMAC_SHA1,
};

/// Before the server's first message.
pub(crate) struct Opening {
    hash: &'static Hash,
    password: Zeroizing<String>,
    gs2_header: String,
    /// `client-first-message-bare`.
    bare: String,
    nonce: String,
}

/// Before the server's last message.
pub(crate) struct Closing {
    server_key: hmac::Key,
    auth_message: Vec<u8>,
}

impl Opening {
    /// `nonce` is printable ASCII without a comma.
    pub(crate) fn new(
        hash: &'static Hash,
        credentials: &Credentials,
        password: &[u8],
        nonce: String,
    ) -> Result<Self, Error> {
        let user = prepare("the user", &credentials.user)?;
        let password = prepare_bytes("the password", password)?;
        let gs2_header = gs2_header(credentials.acting_as.as_deref());
        let bare = format!("n={},r={nonce}", saslname(&user));
        Ok(Self { hash, password, gs2_header, bare, nonce })
    }

    /// `client-first-message = gs2-header client-first-message-bare` (RFC 5802 section 7).
    pub(crate) fn first_message(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(format!("{}{}", self.gs2_header, self.bare).into_bytes())
    }

    /// `client-final-message`, with the proof of RFC 5802 section 3.
    pub(crate) fn answer(self, challenge: &[u8]) -> Result<(Zeroizing<Vec<u8>>, Closing), Error> {
        let server = ServerFirst::parse(challenge, &self.nonce)?;
        let salted = self.salted_password(&server);
        let salted = hmac::Key::new(self.hash.hmac, &salted);
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(self.hash.digest, client_key.as_ref());

        let binding = STANDARD.encode(&self.gs2_header);
        let mut message = format!("c={binding},r={}", server.nonce);
        let auth_message = [self.bare.as_bytes(), challenge, message.as_bytes()].join(&b',');

        let signature =
            hmac::sign(&hmac::Key::new(self.hash.hmac, stored_key.as_ref()), &auth_message);
        let pairs = client_key.as_ref().iter().zip(signature.as_ref());
        let proof: Vec<u8> = pairs.map(|(key, signature)| key ^ signature).collect();
        message.push_str(",p=");
        STANDARD.encode_string(&proof, &mut message);

        let server_key = hmac::sign(&salted, b"Server Key");
        let server_key = hmac::Key::new(self.hash.hmac, server_key.as_ref());
        Ok((Zeroizing::new(message.into_bytes()), Closing { server_key, auth_message }))
    }

    /// `Hi(Normalize(password), salt, i)`.
    fn salted_password(&self, server: &ServerFirst<'_>) -> Zeroizing<Vec<u8>> {
        let mut salted = Zeroizing::new(vec![0; self.hash.digest.output_len()]);
        let password = self.password.as_bytes();
        pbkdf2::derive(self.hash.pbkdf2, server.iterations, &server.salt, password, &mut salted);
        salted
    }
}

impl Closing {
    /// `server-final-message = (server-error / verifier) ["," extensions]` (RFC 5802 section 7).
    /// The signatures are compared in constant time.
    pub(crate) fn verify(&self, challenge: &[u8]) -> Result<(), Error> {
        let value = challenge.split(|&byte| byte == b',').next().unwrap_or_default();
        refusal(value)?;
        let verifier = attribute(b'v', Some(value))?;
        let verifier = STANDARD.decode(verifier).map_err(|_| odd(b'v', verifier))?;
        hmac::verify(&self.server_key, &self.auth_message, &verifier)
            .map_err(|_| Error::ServerNotProven)
    }
}

/// `server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]`
/// (RFC 5802 section 7).
#[derive(Debug)]
struct ServerFirst<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    iterations: NonZeroU32,
}

impl<'a> ServerFirst<'a> {
    fn parse(message: &'a [u8], ours: &str) -> Result<Self, Error> {
        let mut values = message.split(|&byte| byte == b',');
        refusal(message)?;
        if message.starts_with(b"m=") {
            return Err(violation("SCRAM with an extension that nobody knows"));
        }
        let nonce = attribute(b'r', values.next())?;
        let salt = attribute(b's', values.next())?;
        let iterations = attribute(b'i', values.next())?;
        Ok(Self {
            nonce: server_nonce(nonce, ours)?,
            salt: STANDARD.decode(salt).map_err(|_| odd(b's', salt))?,
            iterations: iteration_count(iterations)?,
        })
    }
}

/// `nonce = "r=" c-nonce [s-nonce]`: ours, and something of the server's.
fn server_nonce<'a>(nonce: &'a [u8], ours: &str) -> Result<&'a str, Error> {
    let printable = nonce.iter().all(u8::is_ascii_graphic);
    let text = str::from_utf8(nonce).ok().filter(|_| printable).ok_or_else(|| odd(b'r', nonce))?;
    match text.strip_prefix(ours) {
        Some(added) if !added.is_empty() => Ok(text),
        _ => Err(violation("the SCRAM nonce does not extend ours")),
    }
}

/// `iteration-count = "i=" posit-number`, `posit-number = %x31-39 *DIGIT`.
fn iteration_count(digits: &[u8]) -> Result<NonZeroU32, Error> {
    let text = match digits {
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => str::from_utf8(digits),
        _ => return Err(odd(b'i', digits)),
    };
    let count = text.ok().and_then(|text| text.parse().ok());
    let allowed = count.filter(|count| ITERATIONS.contains(count)).and_then(NonZeroU32::new);
    allowed.ok_or_else(|| {
        let (least, most) = (ITERATIONS.start(), ITERATIONS.end());
        let asked = escape(digits);
        violation(format!("SCRAM with {asked} iterations, {least} to {most} are allowed"))
    })
}

/// The value of `name "=" value`.
fn attribute(name: u8, text: Option<&[u8]>) -> Result<&[u8], Error> {
    match text {
        Some([found, b'=', value @ ..]) if *found == name && !value.is_empty() => Ok(value),
        other => Err(violation(format!(
            "\"{}\" where SCRAM has {}=",
            escape(other.unwrap_or_default()),
            char::from(name)
        ))),
    }
}

/// `server-error = "e=" server-error-value`.
fn refusal(message: &[u8]) -> Result<(), Error> {
    match message.strip_prefix(b"e=") {
        Some(why) => Err(Error::Refused(escape(why))),
        None => Ok(()),
    }
}

fn odd(name: u8, value: &[u8]) -> Error {
    violation(format!("\"{}\" is no value of SCRAM's {}=", escape(value), char::from(name)))
}

/// `gs2-header = gs2-cbind-flag "," [ authzid ] ","`: without channel binding.
pub(crate) fn gs2_header(authzid: Option<&str>) -> String {
    match authzid {
        Some(authzid) => format!("n,a={},", saslname(authzid)),
        None => "n,,".into(),
    }
}

/// `saslname = 1*(value-safe-char / "=2C" / "=3D")`.
fn saslname(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// The text of a nonce: enough random bytes, in printable letters.
pub(crate) fn nonce(random: &[u8]) -> Result<String, Error> {
    const LEAST_BYTES: usize = 18;
    match random.len() < LEAST_BYTES {
        true => Err(input(format!("SCRAM needs a nonce of {LEAST_BYTES} bytes"))),
        false => Ok(STANDARD.encode(random)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Proof;

    fn opening(hash: &'static Hash, user: &str, nonce: &str) -> Opening {
        let credentials = Credentials::new(user, Proof::password("pencil")).unwrap();
        Opening::new(hash, &credentials, b"pencil", nonce.into()).unwrap()
    }

    const OURS: &str = "fyko+d2lbbFgONRv9qkxdawL";
    const SERVER_FIRST: &[u8] =
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";

    /// RFC 5802 section 5, RFC 7677 section 3.
    #[test]
    fn examples() {
        type Row = (&'static Hash, &'static str, &'static [u8], &'static str, &'static [u8]);
        let rows: [Row; 2] = [
            (
                &SHA_1,
                OURS,
                SERVER_FIRST,
                "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,\
                 p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ),
            (
                &SHA_256,
                "rOprNGfwEbeRWgbNEkqO",
                b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                 p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
        ];
        for (hash, nonce, server_first, client_final, server_final) in rows {
            let opening = opening(hash, "user", nonce);
            assert_eq!(*opening.first_message(), format!("n,,n=user,r={nonce}").as_bytes());
            let (answer, closing) = opening.answer(server_first).unwrap();
            assert_eq!(*answer, client_final.as_bytes());
            closing.verify(server_final).unwrap();
            closing.verify(&[server_final, b",x=later"].concat()).unwrap();
        }
    }

    #[test]
    fn names_are_escaped_and_bound() {
        let credentials = Credentials::new("a=b,c", Proof::password("x")).unwrap();
        let credentials = credentials.acting_as("d,e=").unwrap();
        let opening = Opening::new(&SHA_256, &credentials, b"x", OURS.into()).unwrap();
        let first = format!("n,a=d=2Ce=3D,n=a=3Db=2Cc,r={OURS}");
        assert_eq!(*opening.first_message(), first.as_bytes());
        let (answer, _) = opening.answer(SERVER_FIRST).unwrap();
        let binding = format!("c={},r=", STANDARD.encode("n,a=d=2Ce=3D,"));
        assert!(answer.starts_with(binding.as_bytes()));
    }

    fn first(text: &str) -> Result<(), Error> {
        let text = text.replace("OURS", OURS);
        ServerFirst::parse(text.as_bytes(), OURS).map(drop)
    }

    /// hostile.md row 85 among them.
    #[test]
    fn server_first_messages() {
        for good in [
            "r=OURSx,s=QSXC,i=4096",
            "r=OURS%3)=,s=QQ==,i=1000000",
            "r=OURSx,s=QSXC,i=4096,x=ignored,y=",
        ] {
            first(good).unwrap();
        }
        for bad in [
            "",
            ",",
            "r=OURSx",
            "r=OURSx,s=QSXC",
            "r=OURSx,s=QSXC,i=",
            "r=OURS,s=QSXC,i=4096",
            "r=other,s=QSXC,i=4096",
            "r=fyko+d2lbbFgONRv9qkxdawl3,s=QSXC,i=4096",
            "r=xOURS,s=QSXC,i=4096",
            "r=OURSx y,s=QSXC,i=4096",
            "r=OURS\u{e4},s=QSXC,i=4096",
            "r=,s=QSXC,i=4096",
            "s=QSXC,r=OURSx,i=4096",
            "R=OURSx,s=QSXC,i=4096",
            "r=OURSx,s=,i=4096",
            "r=OURSx,s=QSX,i=4096",
            "r=OURSx,s=Q*XC,i=4096",
            "r=OURSx,s=QSXC,i=4095",
            "r=OURSx,s=QSXC,i=1000001",
            "r=OURSx,s=QSXC,i=4294971392",
            "r=OURSx,s=QSXC,i=04096",
            "r=OURSx,s=QSXC,i=+4096",
            "r=OURSx,s=QSXC,i=-1",
            "r=OURSx,s=QSXC,i=4096 ",
            "m=new,r=OURSx,s=QSXC,i=4096",
            "v=QSXC",
        ] {
            assert!(matches!(first(bad), Err(Error::Violation(_))), "{bad:?}");
        }
        assert_eq!(first("e=unknown-user"), Err(Error::Refused("unknown-user".into())));
    }

    #[test]
    fn server_final_messages() {
        let (_, closing) = opening(&SHA_1, "user", OURS).answer(SERVER_FIRST).unwrap();
        let refused = |why: &str| Error::Refused(why.into());
        let rows: &[(&[u8], Error)] = &[
            (b"v=rmF9pqV8S7suAoZWja4dJRkFsKU=", Error::ServerNotProven),
            (b"v=rmF9pqV8S7suAoZWja4dJRkF", Error::ServerNotProven),
            (b"v=AA==", Error::ServerNotProven),
            (b"e=invalid-proof", refused("invalid-proof")),
            (b"e=other-error,x=y", refused("other-error")),
            (b"e=\x1b[2J", refused("\\x1b[2J")),
        ];
        for (challenge, wanted) in rows {
            assert_eq!(closing.verify(challenge), Err(wanted.clone()));
        }
        for bad in [&b""[..], b"v=", b"v", b"V=AA==", b"v=***", b"x=y,v=AA==", b"\0"] {
            assert!(matches!(closing.verify(bad), Err(Error::Violation(_))), "{bad:?}");
        }
    }
}
