//! One authentication: what is said in which order.
//! Must not hold: the messages of the larger mechanisms (a file each).

use crate::error::{escape, input, violation};
use crate::scram::{Closing, Opening, SHA_1, SHA_256, nonce};
use crate::{Credentials, Error, Mechanism, Proof, cram, oauth, plain};
use std::fmt;
use zeroize::Zeroizing;

/// One authentication. A protocol sends [`Exchange::initial`] if there is one, answers every
/// challenge with [`Exchange::respond`], and calls [`Exchange::finish`] when the server says yes.
///
/// A protocol that cannot carry an initial response starts without it: the answer to the empty
/// challenge that follows is the same.
pub struct Exchange {
    mechanism: Mechanism,
    initial: Option<Zeroizing<Vec<u8>>>,
    step: Step,
}

type Bytes = Zeroizing<Vec<u8>>;

/// What is answered next.
enum Step {
    /// SCRAM: the server's salt is awaited.
    ScramOpening(Box<Opening>),
    /// SCRAM: the server's signature is awaited.
    ScramClosing(Box<Closing>),
    Cram {
        user: String,
        password: Bytes,
    },
    LoginUser {
        user: String,
        password: Bytes,
    },
    LoginPassword {
        password: Bytes,
    },
    /// A token was told, which ends it unless the server says why it refuses: then it wants to hear
    /// `acknowledgement`.
    Token {
        acknowledgement: &'static [u8],
    },
    /// The server told why it refuses.
    Refused(String),
    /// All is said.
    Said,
    /// The server broke the rules, or could not prove itself.
    Failed(Error),
}

/// Longer challenges are refused unread.
const CHALLENGE_BYTES: usize = 64 * 1024;

impl Exchange {
    /// Starts a mechanism. `nonce` is for SCRAM: at least 18 random bytes; others need none.
    ///
    /// # Errors
    /// [`Error::Input`] when the mechanism does not [fit](Credentials::fits) the credentials, when
    /// the user or the password is not UTF-8 or does not pass SASLprep (SCRAM, PLAIN), when the
    /// nonce is too short.
    pub fn new(
        mechanism: Mechanism,
        credentials: &Credentials,
        nonce: &[u8],
    ) -> Result<Self, Error> {
        let (initial, step) = match &credentials.proof {
            _ if !credentials.fits(mechanism) => {
                return Err(input(format!("{} does not fit the login", mechanism.name())));
            }
            Proof::Password(password) => with_password(mechanism, credentials, password, nonce)?,
            Proof::Token(token) => with_token(mechanism, credentials, token)?,
            Proof::Certificate => {
                let authzid = credentials.acting_as.as_ref().unwrap_or(&credentials.user);
                (Some(Zeroizing::new(authzid.clone().into_bytes())), Step::Said)
            }
        };
        Ok(Self { mechanism, initial, step })
    }

    /// The mechanism.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// What is said first, for mechanisms in which the client speaks first; once. May be empty
    /// (EXTERNAL).
    pub fn initial(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.initial.take()
    }

    /// The answer to one challenge, both without base64. May be empty.
    ///
    /// # Errors
    /// [`Error::Violation`] when the mechanism has no such challenge here, [`Error::Refused`] when
    /// SCRAM's server tells why it refuses, [`Error::ServerNotProven`] when its signature is wrong.
    /// The exchange is over then, and [`Exchange::finish`] fails.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let answered = self.answer(challenge);
        if let Err(error) = &answered {
            self.step = Step::Failed(error.clone());
        }
        answered
    }

    fn answer(&mut self, challenge: &[u8]) -> Result<Bytes, Error> {
        if challenge.len() > CHALLENGE_BYTES {
            return Err(violation(format!("a challenge is longer than {CHALLENGE_BYTES} bytes")));
        }
        match self.initial.take() {
            Some(initial) if challenge.is_empty() => return Ok(initial),
            Some(_) => return Err(self.unexpected(challenge)),
            None => {}
        }
        let (answer, next) = match std::mem::replace(&mut self.step, Step::Said) {
            Step::ScramOpening(opening) => {
                let (answer, closing) = opening.answer(challenge)?;
                (answer, Step::ScramClosing(Box::new(closing)))
            }
            Step::ScramClosing(closing) => {
                closing.verify(challenge)?;
                (Bytes::default(), Step::Said)
            }
            Step::Cram { user, password } => {
                (cram::answer(&user, &password, challenge)?, Step::Said)
            }
            Step::LoginUser { user, password } => {
                (Zeroizing::new(user.into_bytes()), Step::LoginPassword { password })
            }
            Step::LoginPassword { password } => (password, Step::Said),
            Step::Token { acknowledgement } => {
                let answer = Zeroizing::new(acknowledgement.to_vec());
                (answer, Step::Refused(escape(challenge)))
            }
            Step::Failed(error) => return Err(error),
            Step::Refused(_) | Step::Said => return Err(self.unexpected(challenge)),
        };
        self.step = next;
        Ok(answer)
    }

    fn unexpected(&self, challenge: &[u8]) -> Error {
        let name = self.mechanism.name();
        violation(format!("{name} has no challenge \"{}\" here", escape(challenge)))
    }

    /// Why the server refuses, in the mechanism's own words, once it has told. It follows with the
    /// protocol's own refusal, which says less.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match &self.step {
            Step::Refused(why) | Step::Failed(Error::Refused(why)) => Some(why),
            _ => None,
        }
    }

    /// The server said that we are in. With SCRAM that holds only if it has proven that it knows
    /// the password.
    ///
    /// # Errors
    /// [`Error::ServerNotProven`]; [`Error::Violation`] when the server said so before it could
    /// know; [`Error::Refused`] when it had told why it refuses; the error of
    /// [`Exchange::respond`] after one.
    pub fn finish(self) -> Result<(), Error> {
        match self.step {
            Step::Failed(error) => Err(error),
            Step::Refused(why) => Err(Error::Refused(why)),
            Step::ScramOpening(_) | Step::ScramClosing(_) => Err(Error::ServerNotProven),
            Step::Said | Step::Token { .. } if self.initial.is_none() => Ok(()),
            _ => {
                let name = self.mechanism.name();
                Err(violation(format!("{name} succeeded before all was said")))
            }
        }
    }
}

type Start = (Option<Bytes>, Step);

fn with_password(
    mechanism: Mechanism,
    credentials: &Credentials,
    password: &Bytes,
    random: &[u8],
) -> Result<Start, Error> {
    let (user, secret) = (credentials.user.clone(), password.clone());
    let hash = match mechanism {
        Mechanism::CramMd5 => return Ok((None, Step::Cram { user, password: secret })),
        Mechanism::Login => return Ok((None, Step::LoginUser { user, password: secret })),
        Mechanism::ScramSha256 => &SHA_256,
        Mechanism::ScramSha1 => &SHA_1,
        _ => return Ok((Some(plain::message(credentials, password)?), Step::Said)),
    };
    let opening = Opening::new(hash, credentials, password, nonce(random)?)?;
    Ok((Some(opening.first_message()), Step::ScramOpening(Box::new(opening))))
}

fn with_token(
    mechanism: Mechanism,
    credentials: &Credentials,
    token: &[u8],
) -> Result<Start, Error> {
    let (initial, acknowledgement): (_, &[u8]) = match mechanism {
        Mechanism::XOAuth2 => (oauth::xoauth2(&credentials.user, token), b""),
        // RFC 7628 section 3.2.3.
        _ => (oauth::bearer(credentials, token)?, b"\x01"),
    };
    Ok((Some(initial), Step::Token { acknowledgement }))
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    const NONCE: &[u8] = b"eighteen and more of them";

    fn password(user: &str, password: &str) -> Credentials {
        Credentials::new(user, Proof::password(password)).unwrap()
    }

    fn token(user: &str, token: &str) -> Credentials {
        Credentials::new(user, Proof::token(token)).unwrap()
    }

    fn certificate(user: &str) -> Credentials {
        Credentials::new(user, Proof::Certificate).unwrap()
    }

    fn begin(mechanism: Mechanism, credentials: &Credentials) -> Exchange {
        Exchange::new(mechanism, credentials, NONCE).unwrap()
    }

    /// The credentials that a mechanism is tried with.
    fn fitting(mechanism: Mechanism) -> Credentials {
        let all = [password("user", "pencil"), token("user", "vF9dft4q=="), certificate("")];
        all.into_iter().find(|credentials| credentials.fits(mechanism)).unwrap()
    }

    /// What the client says first, what it answers to each challenge, and what it makes of the
    /// server's yes.
    type Row<'a> =
        (Mechanism, Credentials, Option<&'a [u8]>, &'a [(&'a [u8], &'a [u8])], Result<(), Error>);

    fn play(rows: &[Row<'_>]) {
        for (mechanism, credentials, initial, turns, end) in rows {
            let mut exchange = begin(*mechanism, credentials);
            assert_eq!(exchange.initial().as_deref().map(Vec::as_slice), *initial);
            assert_eq!(exchange.initial(), None);
            for (challenge, answer) in *turns {
                assert_eq!(*exchange.respond(challenge).unwrap(), *answer, "{mechanism:?}");
            }
            let told = match end {
                Err(Error::Refused(why)) => Some(why.as_str()),
                _ => None,
            };
            assert_eq!(exchange.refusal(), told, "{mechanism:?}");
            assert_eq!(exchange.finish(), *end, "{mechanism:?}");
        }
    }

    #[test]
    fn passwords_and_certificates() {
        use Mechanism as M;
        play(&[
            // RFC 4616 section 4.
            (
                M::Plain,
                password("tim", "tanstaaftanstaaf"),
                Some(b"\0tim\0tanstaaftanstaaf"),
                &[],
                Ok(()),
            ),
            (
                M::Plain,
                password("Kurt", "xipj3plmq").acting_as("Ursel").unwrap(),
                Some(b"Ursel\0Kurt\0xipj3plmq"),
                &[],
                Ok(()),
            ),
            (M::Plain, password("I\u{ad}X", "\u{2168}"), Some(b"\0IX\0IX"), &[], Ok(())),
            // RFC 2195 section 2.
            (
                M::CramMd5,
                password("tim", "tanstaaftanstaaf"),
                None,
                &[(
                    b"<1896.697170952@postoffice.reston.mci.net>",
                    b"tim b913a602c7eda7a495b4e6e7334d3890",
                )],
                Ok(()),
            ),
            (
                M::Login,
                password("tim", "p w"),
                None,
                &[(b"Username:", b"tim"), (b"Password:", b"p w")],
                Ok(()),
            ),
            (M::Login, password("tim", "p"), None, &[(b"", b"tim"), (b"\xff", b"p")], Ok(())),
            (M::External, certificate(""), Some(b""), &[], Ok(())),
            (M::External, certificate("fred"), Some(b"fred"), &[], Ok(())),
            (M::External, certificate("a").acting_as("b").unwrap(), Some(b"b"), &[], Ok(())),
        ]);
    }

    #[test]
    fn tokens() {
        use Mechanism as M;
        let bearer = token("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        play(&[
            // RFC 7628 section 4.1.
            (
                M::OAuthBearer,
                bearer.at("server.example.com", 143),
                Some(
                    b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01\
                    auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01",
                ),
                &[],
                Ok(()),
            ),
            (
                M::OAuthBearer,
                token("a,b=c", "t"),
                Some(b"n,a=a=2Cb=3Dc,\x01auth=Bearer t\x01\x01"),
                &[(b"{\"status\":\"invalid_token\"}", b"\x01")],
                Err(Error::Refused("{\"status\":\"invalid_token\"}".into())),
            ),
            (
                M::XOAuth2,
                token("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"),
                Some(
                    b"user=someuser@example.com\x01\
                    auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01",
                ),
                &[],
                Ok(()),
            ),
            (
                M::XOAuth2,
                token("u", "t"),
                Some(b"user=u\x01auth=Bearer t\x01\x01"),
                &[(b"{\"status\":\"400\"}\x1b", b"")],
                Err(Error::Refused("{\"status\":\"400\"}\\x1b".into())),
            ),
        ]);
    }

    /// RFC 5802 section 5, and what the server may say in place of its last message.
    #[test]
    fn scram_ends_with_the_server_proven() {
        type Ending = (Option<&'static [u8]>, Result<(), Error>);
        let nonce = STANDARD.decode("fyko+d2lbbFgONRv9qkxdawL").unwrap();
        let challenge = b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
        let unproven = Err(Error::ServerNotProven);
        let rows: &[Ending] = &[
            (Some(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), Ok(())),
            (Some(b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="), unproven.clone()),
            (Some(b"e=invalid-proof"), Err(Error::Refused("invalid-proof".into()))),
            (None, unproven),
        ];
        for (last, end) in rows {
            let credentials = password("user", "pencil");
            let mut exchange = Exchange::new(Mechanism::ScramSha1, &credentials, &nonce).unwrap();
            exchange.initial().unwrap();
            let answer = exchange.respond(challenge).unwrap();
            assert!(answer.ends_with(b",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="));
            if let Some(last) = last {
                assert_eq!(exchange.respond(last).map(|answer| assert!(answer.is_empty())), *end);
            }
            assert_eq!(exchange.finish(), *end);
        }
    }

    /// RFC 7628 section 4: the same as the examples' base64.
    #[test]
    fn bearer_examples() {
        let credentials = token("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
        let wanted = [
            (
                143,
                "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9\
                 QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
            ),
            (
                587,
                "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9\
                 QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
            ),
        ];
        for (port, wanted) in wanted {
            let credentials = credentials.clone().at("server.example.com", port);
            let initial = begin(Mechanism::OAuthBearer, &credentials).initial().unwrap();
            assert_eq!(STANDARD.encode(&*initial), wanted);
        }
    }

    /// Without an initial response the answer to the empty challenge is the same.
    #[test]
    fn the_initial_response_may_come_later() {
        for mechanism in Mechanism::ALL.into_iter().filter(|mechanism| mechanism.is_client_first())
        {
            let initial = begin(mechanism, &fitting(mechanism)).initial().unwrap();
            let mut later = begin(mechanism, &fitting(mechanism));
            assert_eq!(later.respond(b"").unwrap(), initial, "{mechanism:?}");
        }
    }

    /// hostile.md rows 86, 152. The challenges before the last are answered, the last is not, and
    /// nothing can be made good afterwards.
    #[test]
    fn bad_challenges() {
        use Mechanism as M;
        let long = vec![b'x'; CHALLENGE_BYTES + 1];
        let rows: &[(M, &[&[u8]])] = &[
            (M::Plain, &[b"Password:"]),
            (M::Plain, &[b"", b""]),
            (M::External, &[b"who?"]),
            (M::External, &[b"", b""]),
            (M::XOAuth2, &[b"{}"]),
            (M::XOAuth2, &[b"", b"{}", b"{}"]),
            (M::OAuthBearer, &[b"", b"{}", b""]),
            (M::OAuthBearer, &[b"x"]),
            (M::CramMd5, &[b""]),
            (M::CramMd5, &[b"<1@x>", b"<2@x>"]),
            (M::CramMd5, &[&long]),
            (M::Login, &[b"User", b"Password", b"Shoe size"]),
            (M::Login, &[&long]),
            (M::ScramSha256, &[b"r="]),
            (M::ScramSha1, &[b"", b""]),
        ];
        for (mechanism, challenges) in rows {
            let mut exchange = begin(*mechanism, &fitting(*mechanism));
            let (last, before) = challenges.split_last().unwrap();
            for challenge in before {
                exchange.respond(challenge).unwrap();
            }
            let error = exchange.respond(last).unwrap_err();
            assert!(matches!(error, Error::Violation(_)), "{mechanism:?} {error:?}");
            assert_eq!(exchange.respond(b""), Err(error.clone()), "{mechanism:?}");
            assert_eq!(exchange.finish(), Err(error), "{mechanism:?}");
        }
    }

    /// A yes before everything was said proves nothing.
    #[test]
    fn early_success() {
        for mechanism in Mechanism::ALL {
            let error = begin(mechanism, &fitting(mechanism)).finish().unwrap_err();
            let scram = matches!(mechanism, Mechanism::ScramSha1 | Mechanism::ScramSha256);
            assert_eq!(scram, error == Error::ServerNotProven, "{mechanism:?} {error:?}");
        }
        let mut login = begin(Mechanism::Login, &fitting(Mechanism::Login));
        login.respond(b"User").unwrap();
        assert!(matches!(login.finish(), Err(Error::Violation(_))));
    }

    #[test]
    fn what_cannot_begin() {
        use Mechanism as M;
        let latin = Credentials::new("me", Proof::password(*b"\xe4")).unwrap();
        let rows = [
            (M::ScramSha256, password("me", "x"), &NONCE[..17]),
            (M::ScramSha256, password("me", "a\u{7}"), NONCE),
            (M::ScramSha1, password("me", "\u{ad}"), NONCE),
            (M::Plain, password("\u{e000}", "x"), NONCE),
            (M::Plain, latin.clone(), NONCE),
            (M::ScramSha256, latin, NONCE),
            (M::Plain, token("me", "x"), NONCE),
            (M::External, password("me", "x"), NONCE),
            (M::XOAuth2, certificate("me"), NONCE),
            (M::CramMd5, password("me", "x").acting_as("you").unwrap(), NONCE),
            (M::OAuthBearer, token("me", "x").at("a\u{1}b", 1), NONCE),
        ];
        for (mechanism, credentials, nonce) in rows {
            let failed = Exchange::new(mechanism, &credentials, nonce);
            assert!(matches!(failed, Err(Error::Input(_))), "{mechanism:?} {credentials:?}");
        }
    }

    /// hostile.md row 150: neither `Debug` nor any error shows the password.
    #[test]
    fn no_secret_is_shown() {
        for mechanism in Mechanism::ALL {
            let mut exchange = begin(mechanism, &fitting(mechanism));
            let mut shown = format!("{exchange:?}");
            for challenge in [&b""[..], b"r=", b"third", b"fourth"] {
                shown.push_str(&format!("{:?}", exchange.respond(challenge).err()));
            }
            shown.push_str(&format!("{exchange:?}"));
            shown.push_str(&format!("{:?}", exchange.finish()));
            assert!(!shown.contains("pencil") && !shown.contains("vF9"), "{shown}");
        }
    }

    /// Whatever a server says, it gets an answer or an error: bytes at random, and what is nearly
    /// right.
    #[test]
    fn no_challenge_panics() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let begun = format!("r={}x,s=QSXCR+Q6sek8bf92,i=4096", STANDARD.encode(NONCE));
        for round in 0..4000 {
            let mechanism = Mechanism::ALL[round % Mechanism::ALL.len()];
            let mut exchange = begin(mechanism, &fitting(mechanism));
            for turn in 0..4 {
                let mut challenge: Vec<u8> = match random() % 4 {
                    0 => Vec::new(),
                    1 => (0..random() % 80).map(|_| random().to_le_bytes()[3]).collect(),
                    _ => begun.clone().into_bytes(),
                };
                for _ in 0..random() % 3 {
                    let place = usize::from(random().to_le_bytes()[1]) % (challenge.len() + 1);
                    challenge.truncate(if random() % 2 == 0 { place } else { challenge.len() });
                    challenge.insert(place.min(challenge.len()), random().to_le_bytes()[2]);
                }
                let over = exchange.respond(&challenge).is_err();
                assert!(!over || exchange.respond(b"").is_err());
                assert!(turn < 3 || over, "{mechanism:?} goes on for ever");
            }
            drop(exchange.finish());
        }
    }
}
