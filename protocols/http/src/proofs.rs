//! Which proof of a login goes to which origin: what servers have asked for is remembered for the
//! requests that follow. Must not hold: how a proof is computed.

use crate::digest::Digest;
use crate::{Challenge, Error, Head, Origin, Request, Way, parse_challenges};
use std::fmt::Write as _;

/// What each origin has asked for.
#[derive(Debug, Default)]
pub(crate) struct Proofs {
    asked: Vec<(Origin, Asked)>,
}

/// What an origin has asked for. Digest stays: nobody gets Basic who could do better.
#[derive(Debug)]
enum Asked {
    Basic,
    Digest(Digest),
}

/// The proof that one try takes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    Basic,
    /// `credentials`.
    Digest(String),
}

impl Proofs {
    /// The proof for this request, if its origin is known to want one.
    ///
    /// # Errors
    /// [`Error::Local`] without random bytes, [`Error::Input`] when a nonce is used up.
    pub(crate) fn prove(&mut self, request: &Request) -> Result<Option<Proof>, Error> {
        let origin = request.uri().origin();
        let Some(login) = request.login().filter(|login| login.serves(&origin)) else {
            return Ok(None);
        };
        let asked = self.asked.iter_mut().find(|(known, _)| *known == origin);
        let Some((_, asked)) = asked else { return Ok(None) };
        let digest = match asked {
            Asked::Basic => return Ok(Some(Proof::Basic)),
            Asked::Digest(digest) => digest,
        };
        let about = (request.method().as_str(), request.uri().origin_form());
        let answer = digest.answer(login.user(), login.pass(), about, &cnonce()?)?;
        Ok(Some(Proof::Digest(answer)))
    }

    /// Hears an answer: whether the same request is worth another try with a proof.
    pub(crate) fn hear(&mut self, request: &Request, head: &Head) -> bool {
        let origin = request.uri().origin();
        let login = request.login().filter(|login| login.serves(&origin));
        let repeatable = request.content().is_none_or(|content| content.is_repeatable());
        let Some(login) = login.filter(|_| head.status.code() == 401 && repeatable) else {
            return false;
        };
        if login.way() == Way::Bearer || request.has_field("Authorization") {
            return false;
        }
        let challenges: Vec<Challenge> = head
            .fields
            .all("WWW-Authenticate")
            .flat_map(|value| parse_challenges(value.as_bytes()))
            .collect();
        let known = self.asked.iter_mut().find(|(known, _)| *known == origin);
        match (known, Digest::strongest(&challenges)) {
            (Some((_, Asked::Digest(old))), Some(new)) => {
                let is_old = Digest::is_stale(&challenges) || old.answers() > 1;
                let tries = is_old && !old.is_same_question(&new) && !old.is_renewed();
                if tries {
                    *old = new.renewed();
                }
                tries
            }
            (Some((_, asked @ Asked::Basic)), Some(new)) => {
                *asked = Asked::Digest(new);
                true
            }
            (Some(_), None) => false,
            (None, Some(new)) => {
                self.asked.push((origin, Asked::Digest(new)));
                true
            }
            // Digest that nobody can answer is no reason for Basic.
            (None, None) if challenges.iter().any(|challenge| challenge.is("Digest")) => false,
            (None, None) => {
                let takes_basic = challenges.iter().any(|challenge| challenge.is("Basic"));
                let tries = login.way() == Way::Asked && takes_basic;
                if tries {
                    self.asked.push((origin, Asked::Basic));
                }
                tries
            }
        }
    }
}

/// 128 random bits, as `cnonce`.
fn cnonce() -> Result<String, Error> {
    let mut random = [0; 16];
    let failed = |error: getrandom::Error| Error::Local(std::io::Error::other(error));
    getrandom::fill(&mut random).map_err(failed)?;
    Ok(random.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    }))
}
