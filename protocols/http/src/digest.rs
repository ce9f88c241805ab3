//! Digest (RFC 7616, and RFC 2069 for servers that know no `qop`): the proof of a password that does
//! not show it. Must not hold: I/O, randomness.

use crate::{Challenge, Error};
use md5::Md5;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;
use std::fmt;
use wireline_wire::Secret;
use zeroize::Zeroizing;

/// `algorithm`, from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
}

/// What a server has asked for, and how often it was answered.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Digest {
    hash: Hash,
    /// The `-sess` algorithms.
    is_session: bool,
    /// Whether the challenge named its algorithm: the answer does as it did.
    is_named: bool,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    opaque: Option<Vec<u8>>,
    /// `qop=auth`; without it the server speaks RFC 2069.
    has_qop: bool,
    hides_user: bool,
    /// `nc`: answers given to this nonce.
    count: u32,
    /// The nonce came in place of one that had grown old, and was not accepted yet.
    renewed: bool,
}

/// `username*` (RFC 7616 section 3.4): what `attr-char` of RFC 8187 does not hold.
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Digest {
    /// The strongest of these challenges that can be answered.
    pub(crate) fn strongest(challenges: &[Challenge]) -> Option<Self> {
        let digests = challenges.iter().filter(|challenge| challenge.is("Digest"));
        // Of equals the first, which the server prefers.
        digests.filter_map(Self::of).rev().max_by_key(|digest| digest.hash)
    }

    fn of(challenge: &Challenge) -> Option<Self> {
        let text = |name| challenge.param(name).and_then(|value| str::from_utf8(value).ok());
        let algorithm = text("algorithm").unwrap_or("MD5").to_ascii_uppercase();
        let (name, is_session) = match algorithm.strip_suffix("-SESS") {
            Some(name) => (name, true),
            None => (algorithm.as_str(), false),
        };
        let hash = match name {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            _ => return None,
        };
        let offered = text("qop");
        let has_auth = |qop: &str| {
            qop.split(',').any(|one| one.trim_matches([' ', '\t']).eq_ignore_ascii_case("auth"))
        };
        let readable = |value: &[u8]| !value.iter().any(u8::is_ascii_control);
        let take = |name| challenge.param(name).filter(|value| readable(value)).map(<[u8]>::to_vec);
        Some(Self {
            hash,
            is_session,
            is_named: challenge.param("algorithm").is_some(),
            realm: take("realm")?,
            nonce: take("nonce")?,
            opaque: take("opaque"),
            has_qop: match offered {
                Some(qop) if has_auth(qop) => true,
                Some(_) => return None,
                None => false,
            },
            hides_user: text("userhash").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            count: 0,
            renewed: false,
        })
    }

    /// Whether this is the same question with a nonce that has grown old (`stale=true`), so that
    /// the password may be proven once more.
    pub(crate) fn is_stale(challenges: &[Challenge]) -> bool {
        let is_true = |value: &[u8]| value.eq_ignore_ascii_case(b"true");
        challenges.iter().any(|one| one.is("Digest") && one.param("stale").is_some_and(is_true))
    }

    /// How many answers were given to this nonce.
    pub(crate) const fn answers(&self) -> u32 {
        self.count
    }

    /// Whether the only answer to this nonce was a second try already.
    pub(crate) const fn is_renewed(&self) -> bool {
        self.renewed && self.count <= 1
    }

    /// The same for a second try.
    pub(crate) fn renewed(mut self) -> Self {
        self.renewed = true;
        self
    }

    /// Whether nothing is new about the other.
    pub(crate) fn is_same_question(&self, other: &Self) -> bool {
        self.nonce == other.nonce
    }

    /// `credentials` for one request (RFC 7616 section 3.4). `cnonce` is random.
    ///
    /// # Errors
    /// [`Error::Input`] after 2^32 - 1 answers to one nonce.
    pub(crate) fn answer(
        &mut self,
        user: &str,
        pass: &Secret,
        (method, uri): (&str, &str),
        cnonce: &str,
    ) -> Result<String, Error> {
        let spent = || Error::Input("the server's nonce is used up".into());
        self.count = self.count.checked_add(1).ok_or_else(spent)?;
        let count = format!("{:08x}", self.count);
        let a1 = self.a1(user, pass, cnonce);
        let a2 = self.hex(&[method.as_bytes(), b":", uri.as_bytes()].concat());
        let middle = match self.has_qop {
            true => format!(":{count}:{cnonce}:auth:").into_bytes(),
            false => b":".to_vec(),
        };
        let proven = [a1.as_bytes(), b":", &self.nonce, &middle, a2.as_bytes()].concat();
        let response = self.hex(&Zeroizing::new(proven));
        let mut answer = format!("Digest {}", self.user(user));
        answer += &format!(", realm={}, nonce={}", quoted(&self.realm), quoted(&self.nonce));
        answer += &format!(", uri={}, response=\"{response}\"", quoted(uri.as_bytes()));
        if self.is_named {
            answer += &format!(", algorithm={self}");
        }
        if let Some(opaque) = &self.opaque {
            answer += &format!(", opaque={}", quoted(opaque));
        }
        if self.has_qop || self.is_session {
            answer += &format!(", cnonce=\"{cnonce}\"");
        }
        if self.has_qop {
            answer += &format!(", qop=auth, nc={count}");
        }
        if self.hides_user {
            answer += ", userhash=true";
        }
        Ok(answer)
    }

    /// `H(A1)` (RFC 7616 section 3.4.2).
    fn a1(&self, user: &str, pass: &Secret, cnonce: &str) -> Zeroizing<String> {
        let plain = [user.as_bytes(), b":", &self.realm, b":", pass.reveal()].concat();
        let hashed = Zeroizing::new(self.hex(&Zeroizing::new(plain)));
        match self.is_session {
            true => {
                let session =
                    [hashed.as_bytes(), b":", &self.nonce, b":", cnonce.as_bytes()].concat();
                Zeroizing::new(self.hex(&Zeroizing::new(session)))
            }
            false => hashed,
        }
    }

    fn user(&self, user: &str) -> String {
        let hidden = || self.hex(&[user.as_bytes(), b":", &self.realm].concat());
        match () {
            () if self.hides_user => format!("username=\"{}\"", hidden()),
            () if user.is_ascii() => format!("username={}", quoted(user.as_bytes())),
            () => format!("username*=UTF-8''{}", utf8_percent_encode(user, EXTENDED)),
        }
    }

    fn hex(&self, bytes: &[u8]) -> String {
        match self.hash {
            Hash::Md5 => hex::<Md5>(bytes),
            Hash::Sha256 => hex::<Sha256>(bytes),
        }
    }
}

fn hex<D: md5::Digest>(bytes: &[u8]) -> String {
    D::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `quoted-string`; what it holds has no control bytes. Bytes from 0x80 on go as UTF-8 does.
fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The algorithm, as it is written.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.hash {
            Hash::Md5 => "MD5",
            Hash::Sha256 => "SHA-256",
        };
        write!(f, "{name}{}", if self.is_session { "-sess" } else { "" })
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self}, {} answers)", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_challenges;

    fn answer(challenge: &str, user: &str, pass: &str, uri: &str, cnonce: &str) -> String {
        let mut digest = Digest::strongest(&parse_challenges(challenge.as_bytes())).unwrap();
        digest.answer(user, &Secret::from(pass), ("GET", uri), cnonce).unwrap()
    }

    /// RFC 7616 sections 3.9.1 and 3.9.2, RFC 2069 with the erratum's value, RFC 2617 section 3.5.
    #[test]
    fn examples() {
        const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        const CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let rows = [
            (
                format!("Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, nonce=\"{NONCE}\", opaque=\"x\""),
                ("Mufasa", "Circle of Life", "/dir/index.html", CNONCE),
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
            (
                format!("Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, nonce=\"{NONCE}\""),
                ("Mufasa", "Circle of Life", "/dir/index.html", CNONCE),
                "8ca523f5e9506fed4657c9700eebdbec",
            ),
            (
                "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"".to_owned(),
                ("Mufasa", "CircleOfLife", "/dir/index.html", "-"),
                "1949323746fe6a43ef61f9606e7febea",
            ),
            (
                "Digest realm=\"testrealm@host.com\", qop=\"auth\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"".to_owned(),
                ("Mufasa", "Circle Of Life", "/dir/index.html", "0a4f113b"),
                "6629fae49393a05397450978507c4ef1",
            ),
        ];
        for (challenge, (user, pass, uri, cnonce), wanted) in rows {
            let answer = answer(&challenge, user, pass, uri, cnonce);
            assert!(answer.contains(&format!("response=\"{wanted}\"")), "{answer}");
            assert_eq!(answer.contains("algorithm="), challenge.contains("algorithm="), "{answer}");
        }
    }

    /// RFC 7616 section 3.4.2: the session's key is made once of nonce and cnonce. Computed apart
    /// with another implementation.
    #[test]
    fn sessions_users_and_counts() {
        let mut digest = Digest::strongest(&parse_challenges(
            b"Digest realm=\"r\", nonce=\"n\", qop=auth, algorithm=MD5-sess, userhash=true",
        ))
        .unwrap();
        let pass = Secret::from("p");
        let first = digest.answer("u", &pass, ("GET", "/"), "c").unwrap();
        let second = digest.answer("u", &pass, ("GET", "/"), "c").unwrap();
        assert!(first.contains("nc=00000001") && second.contains("nc=00000002"), "{second}");
        assert!(first.contains("userhash=true") && !first.contains("\"u\""), "{first}");
        assert!(first.contains("algorithm=MD5-sess"), "{first}");
        let named = answer("Digest realm=r, nonce=n", "Jäsøn", "p", "/", "c");
        assert!(named.contains("username*=UTF-8''J%C3%A4s%C3%B8n"), "{named}");
    }

    /// The strongest wins, and what cannot be done is no challenge. hostile.md row 145.
    #[test]
    fn which_is_answered() {
        let rows = [
            (
                "Digest realm=r, nonce=n, algorithm=MD5, Digest realm=r, nonce=n, algorithm=SHA-256",
                Some("SHA-256"),
            ),
            (
                "Digest realm=r, nonce=n, algorithm=SHA-256, Digest realm=r, nonce=n",
                Some("SHA-256"),
            ),
            ("Basic realm=r, Digest realm=r, nonce=n", Some("MD5")),
            ("Digest realm=r, nonce=n, algorithm=sha-256-SESS", Some("SHA-256-sess")),
            ("Digest realm=r, nonce=n, algorithm=SHA-512-256", None),
            ("Digest realm=r, nonce=n, qop=auth-int", None),
            ("Digest realm=r", None),
            ("Digest nonce=n", None),
            ("Basic realm=r", None),
        ];
        for (challenge, wanted) in rows {
            let found = Digest::strongest(&parse_challenges(challenge.as_bytes()));
            assert_eq!(found.map(|digest| digest.to_string()).as_deref(), wanted, "{challenge}");
        }
    }
}
