//! Logins with a server that challenges as it likes.
//! Must not hold: how a protocol carries them (`smtp_session.rs`).

use super::dot_block::holds;
use super::shown::assert_tame;
use wireline_sasl::{Credentials, Error, Exchange, Mechanism, Proof};

/// The first byte is the mechanism, by its place in `Mechanism::ALL`, and with 8 added the client
/// speaks first; the rest are challenges with bytes 0xFF between them. A byte 0xFE in them stands
/// for what SCRAM's client has chosen as its nonce.
///
/// Nothing panics, no error holds the password or the token, behind an error there is no more to
/// say and no success. With SCRAM there is none unless the server has proven that it knows the
/// password, which for one first message it has here.
pub fn sasl(data: &[u8]) {
    let Some((&letter, rest)) = data.split_first() else { return };
    let mechanism = Mechanism::ALL[usize::from(letter) % Mechanism::ALL.len()];
    let challenges: Vec<_> = rest.split(|&byte| byte == 0xff).map(with_nonce).collect();
    if challenges.iter().any(|challenge| asks_for_work(challenge)) {
        return;
    }
    let mut exchange = begin(mechanism);
    let speaks_first = usize::from(letter) & Mechanism::ALL.len() != 0;
    let initial = speaks_first.then(|| exchange.initial()).flatten();
    assert!(initial.is_none() || mechanism.is_client_first());
    let mut said = initial.is_some();
    let mut failed = false;
    for challenge in &challenges {
        let answer = exchange.respond(challenge);
        match &answer {
            Ok(answer) => {
                assert!(!failed && answer.len() <= challenge.len() + 512);
                assert!(!answer.contains(&0) || mechanism == Mechanism::Plain);
                assert!(said || challenge.is_empty() || !mechanism.is_client_first());
                said = true;
            }
            Err(error) => assert_error(error, challenge),
        }
        failed |= answer.is_err();
        exchange.refusal().iter().for_each(assert_tame);
        assert!(!format!("{exchange:?}").contains(CANARY));
    }
    let refused = exchange.refusal().is_some();
    match exchange.finish() {
        Ok(()) => {
            assert!(said && !failed && !refused);
            let is_scram = matches!(mechanism, Mechanism::ScramSha256 | Mechanism::ScramSha1);
            assert!(!is_scram || is_proven(mechanism, &challenges), "{mechanism:?} {challenges:?}");
        }
        Err(error) => assert_error(&error, &challenges.concat()),
    }
}

/// The password, and the token.
const CANARY: &str = "canary-Ua5";

/// 18 letters `n` in base64.
const NONCE: &[u8] = b"bm5ubm5ubm5ubm5ubm5ubm5u";

fn begin(mechanism: Mechanism) -> Exchange {
    let proof = match mechanism {
        Mechanism::External => Proof::Certificate,
        Mechanism::OAuthBearer | Mechanism::XOAuth2 => Proof::token(CANARY),
        _ => Proof::password(CANARY),
    };
    let credentials = Credentials::new("tim", proof).expect("a login").at("mx.test", 587);
    Exchange::new(mechanism, &credentials, &[b'n'; 18]).expect("they fit")
}

fn with_nonce(challenge: &[u8]) -> Vec<u8> {
    let pieces: Vec<_> = challenge.split(|&byte| byte == 0xfe).collect();
    pieces.join(NONCE)
}

/// A million iterations are allowed, and a second of nothing.
fn asks_for_work(challenge: &[u8]) -> bool {
    let counts = challenge.split(|&byte| byte == b',').filter_map(|text| text.strip_prefix(b"i="));
    let counts = counts.filter_map(|text| str::from_utf8(text).ok()?.parse::<u32>().ok());
    counts.into_iter().any(|count| (10_000..=1_000_000).contains(&count))
}

fn assert_error(error: &Error, challenge: &[u8]) {
    assert_tame(error);
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(CANARY) || holds(challenge, CANARY.as_bytes()), "{shown}");
}

/// The server's first message and the signature that goes with it, computed elsewhere.
const SERVER_FIRST: &str = "r=bm5ubm5ubm5ubm5ubm5ubm5uSRV,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const PROOFS: [(Mechanism, &str); 2] = [
    (Mechanism::ScramSha256, "v=/otNeZVZw0GXcRxd7q9xWiyvs6GqepHarxYYaa3acjQ="),
    (Mechanism::ScramSha1, "v=1YkYzyB3zI5Nr93ihnc+5AIukPw="),
];

fn is_proven(mechanism: Mechanism, challenges: &[Vec<u8>]) -> bool {
    let said: Vec<_> = challenges.iter().filter(|challenge| !challenge.is_empty()).collect();
    let [first, last] = said[..] else { return false };
    let last = last.split(|&byte| byte == b',').next().unwrap_or_default();
    let is_it = |(of, proof): &(Mechanism, &str)| *of == mechanism && proof.as_bytes() == last;
    first == SERVER_FIRST.as_bytes() && PROOFS.iter().any(is_it)
}
