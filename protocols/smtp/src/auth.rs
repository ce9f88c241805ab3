//! Logins: AUTH (RFC 4954) around the mechanisms of `wireline-sasl`.
//! Must not hold: what a mechanism says, or where a password came from.

use crate::command::{self, Response};
use crate::{Error, Reply, Session};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wireline_sasl as sasl;
use wireline_sasl::{Credentials, Exchange, Mechanism};
use zeroize::Zeroizing;

const DOING: &str = "AUTH";

/// `AUTH` with its initial response has to fit into a command line (RFC 4954 section 4 and RFC
/// 5321 section 4.5.3.1.4); else the response waits for a challenge.
const COMMAND_BYTES: usize = 512;

impl Session {
    /// Logs in with the strongest mechanism that the server offers and the credentials can do;
    /// with the next one when the server does not do that one after all (504, 534). A wrong
    /// password (535) is not tried again. `nonce`: at least 18 random bytes, for SCRAM.
    ///
    /// # Errors
    /// As [`Session::auth`]; [`Error::Unsupported`] also when no mechanism fits.
    pub fn login(&mut self, credentials: &Credentials, nonce: &[u8]) -> Result<Reply, Error> {
        let mut left: Vec<String> = self.capabilities.mechanisms().map(str::to_owned).collect();
        let mut failed = None;
        while let Some(best) = sasl::strongest(left.iter().map(String::as_str), credentials) {
            left.retain(|name| Mechanism::parse(name) != Some(best));
            match self.auth(best, credentials, nonce) {
                Err(Error::Refused { doing, reply }) if is_no_such_mechanism(&reply) => {
                    failed = Some(Error::Refused { doing, reply });
                }
                answered => return answered,
            }
        }
        let feature = "a mechanism to log in that fits".to_owned();
        Err(failed.unwrap_or(Error::Unsupported { feature }))
    }

    /// Logs in with this mechanism (`AUTH`).
    ///
    /// # Errors
    /// Nothing was sent: [`Error::Unsupported`] when the server does not offer the mechanism,
    /// [`Error::Unsafe`] when the password would go out in clear, [`Error::Input`] when the
    /// mechanism and the credentials or the nonce do not fit.
    /// [`Error::Refused`] with 535 (wrong password), 534 (too weak), 530 and 538 (only under TLS),
    /// 454 (not now), or whatever the server says; [`Error::LoginRefused`] when it said why in the
    /// mechanism's own words. [`Error::Violation`] when the server breaks the mechanism or asks
    /// more than [`crate::Limits::challenges`] times; [`Error::Unsafe`] when it takes us in
    /// without having proven, as SCRAM demands, that it knows the password: the session is over.
    pub fn auth(
        &mut self,
        mechanism: Mechanism,
        credentials: &Credentials,
        nonce: &[u8],
    ) -> Result<Reply, Error> {
        self.may_log_in(mechanism)?;
        let mut exchange = Exchange::new(mechanism, credentials, nonce)?;
        let mut first = opening(&mut exchange);
        if first.bytes().len() > COMMAND_BYTES {
            exchange = Exchange::new(mechanism, credentials, nonce)?;
            first = command::auth(mechanism.name(), None);
        }
        let mut reply = self.dialogue.ask(DOING, &first)?;
        for nth in 0..self.options.limits.challenges {
            if !reply.is_intermediate() {
                return self.settle(exchange, reply);
            }
            reply = match answer(&mut exchange, &reply) {
                Ok(bytes) => self.respond(&bytes, hole(mechanism, nth))?,
                Err(why) => return Err(self.cancel(why)),
            };
        }
        match reply.is_intermediate() {
            true => Err(self.cancel("it asks and asks".into())),
            false => self.settle(exchange, reply),
        }
    }

    fn may_log_in(&self, mechanism: Mechanism) -> Result<(), Error> {
        let mut offered = self.capabilities.mechanisms();
        if !offered.any(|name| Mechanism::parse(name) == Some(mechanism)) {
            return Err(Error::Unsupported { feature: format!("AUTH {}", mechanism.name()) });
        }
        let is_private = self.is_tls() || self.peer().is_loopback() || self.options.clear_login;
        match mechanism.reveals_secret() && !is_private {
            true => Err(Error::Unsafe {
                doing: DOING,
                why: format!("{} would reveal the password in clear", mechanism.name()),
            }),
            false => Ok(()),
        }
    }

    fn respond(&mut self, answer: &[u8], hole: Option<&'static str>) -> Result<Reply, Error> {
        let base64 = Zeroizing::new(STANDARD.encode(answer));
        let response = Response { base64: base64.as_bytes(), hole };
        self.dialogue.ask(DOING, &command::response(response))
    }

    /// Gives the exchange up (`*`); the server answers with 501.
    fn cancel(&mut self, why: String) -> Error {
        let asterisk = Response { base64: b"*", hole: None };
        match self.dialogue.ask(DOING, &command::response(asterisk)) {
            Ok(_) => Error::Violation { doing: DOING, why },
            Err(error) => error,
        }
    }

    fn settle(&mut self, exchange: Exchange, reply: Reply) -> Result<Reply, Error> {
        if let (false, Some(told)) = (reply.is_success(), exchange.refusal()) {
            return Err(Error::LoginRefused { reply, told: told.to_owned() });
        }
        let reply = self.dialogue.expect(DOING, reply, Reply::is_success)?;
        exchange.finish().map_err(|error| {
            self.dialogue.over = true;
            Error::Unsafe { doing: DOING, why: error.to_string() }
        })?;
        Ok(reply)
    }
}

/// `AUTH` with the initial response if the mechanism has one; an empty one is `=`.
fn opening(exchange: &mut Exchange) -> wireline_wire::Saying {
    let mechanism = exchange.mechanism();
    let initial = exchange.initial().map(|bytes| match bytes.as_slice() {
        [] => Zeroizing::new("=".to_owned()),
        bytes => Zeroizing::new(STANDARD.encode(bytes)),
    });
    let hole = hole(mechanism, 0);
    let initial = initial.as_ref().map(|initial| Response { base64: initial.as_bytes(), hole });
    command::auth(mechanism.name(), initial)
}

/// What is answered to a challenge, or why nothing can be.
fn answer(exchange: &mut Exchange, reply: &Reply) -> Result<Zeroizing<Vec<u8>>, String> {
    let challenge = STANDARD
        .decode(reply.first_line())
        .map_err(|_| format!("a challenge that is not base64: {reply}"))?;
    exchange.respond(&challenge).map_err(|error| error.to_string())
}

/// The transcript's hole for the nth thing that a mechanism says.
const fn hole(mechanism: Mechanism, nth: usize) -> Option<&'static str> {
    match (mechanism, nth) {
        (Mechanism::External, _) => None,
        (Mechanism::Plain, _) => Some("auth.plain"),
        (Mechanism::CramMd5, _) => Some("auth.cram"),
        (Mechanism::Login, 0) => Some("user|b64"),
        (Mechanism::Login, _) => Some("pass|b64"),
        _ => Some("*=hidden"),
    }
}

/// 504: unknown; 534: too weak for this user.
const fn is_no_such_mechanism(reply: &Reply) -> bool {
    matches!(reply.code().number(), 504 | 534)
}

impl From<sasl::Error> for Error {
    fn from(error: sasl::Error) -> Self {
        Self::Input(error.to_string())
    }
}
