//! Logging in: USER and PASS, APOP, AUTH.
//! Must not hold: which of them is used (the caller chooses), or what a mechanism computes.

use crate::command::COMMAND_BYTES;
use crate::reply::Continuation;
use crate::{Capabilities, Command, Error, Password, Reply, Session, UserName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wireline_sasl::{Exchange, Mechanism};
use wireline_wire::{Saying, escape};
use zeroize::Zeroizing;

impl Session {
    /// Lets passwords go out in clear to other machines. By default they go in clear to loopback
    /// addresses only.
    #[must_use]
    pub const fn with_clear_login(mut self, allowed: bool) -> Self {
        self.clear_login = allowed;
        self
    }

    /// USER and PASS (RFC 1939 section 7), in one flight when the server pipelines.
    ///
    /// # Errors
    /// [`Error::Unsafe`] before anything is said, [`Error::Refused`], [`Error::Connection`],
    /// [`Error::Violation`].
    pub fn user_pass(&mut self, user: &UserName, password: &Password) -> Result<Reply, Error> {
        self.allow_secret("PASS")?;
        let [user, pass] = [Command::user(user), Command::pass(password)];
        self.ahead(&[&user, &pass])?;
        let known = self.next(&user)?;
        // Its reply must be read even if the name was refused.
        if !known.is_ok() && !self.is_awaiting() {
            return self.logged_in(user.verb, known);
        }
        let reply = self.next(&pass)?;
        match known.is_ok() {
            true => self.logged_in(pass.verb, reply),
            false => self.logged_in(user.verb, known),
        }
    }

    /// APOP (RFC 1939 section 7). MD5 hides the password badly: for servers that have nothing
    /// better, and only when asked for.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the greeting has no timestamp ([`Reply::timestamp`]),
    /// [`Error::Refused`], [`Error::Connection`], [`Error::Violation`].
    pub fn apop(&mut self, user: &UserName, password: &Password) -> Result<Reply, Error> {
        let Some(timestamp) = self.greeting.timestamp() else {
            let feature = "APOP: the greeting has no well-formed timestamp".into();
            return Err(Error::Unsupported { feature });
        };
        let command = Command::apop(user, password, timestamp);
        let reply = self.exchange(&command)?;
        self.logged_in(command.verb, reply)
    }

    /// AUTH (RFC 5034). The initial response goes with the command when the server has the SASL
    /// capability and the line has no more than 255 octets, else after an empty challenge.
    ///
    /// # Errors
    /// [`Error::Unsafe`] before anything is said; [`Error::Refused`], after which another mechanism
    /// may be tried; [`Error::Violation`] when a challenge is nonsense or the server did not prove
    /// what it had to, [`Error::Connection`].
    pub fn auth(&mut self, mut exchange: Exchange) -> Result<Reply, Error> {
        let mechanism = exchange.mechanism();
        if mechanism.reveals_secret() {
            self.allow_secret("AUTH")?;
        }
        let mut initial = exchange.initial();
        let command = self.auth_command(mechanism, &mut initial);
        self.say_auth(&command)?;
        for nth in 0..=self.limits.challenges {
            let challenge = match Continuation::parse(self.line("AUTH")?)? {
                Continuation::Challenge(challenge) => decode(challenge),
                Continuation::Reply(reply) => {
                    let all_said = initial.is_none();
                    return self.auth_ended(exchange, reply, all_said);
                }
            };
            let answer = challenge.and_then(|challenge| match initial.take() {
                Some(initial) => empty(&challenge).map(|()| initial),
                None => Ok(exchange.respond(&challenge)?),
            });
            match answer {
                Ok(answer) => self.say_response(mechanism, nth, &answer)?,
                Err(error) => return Err(self.cancel(&exchange, error)),
            }
        }
        Err(Error::violation("AUTH", format!("more than {} challenges", self.limits.challenges)))
    }

    /// `auth-command = "AUTH" SP sasl-mech [SP initial-response]` (RFC 5034 section 4). Takes the
    /// initial response if it goes with it.
    fn auth_command(&self, mechanism: Mechanism, initial: &mut Option<Response>) -> Saying {
        let saying = Saying::new().text(format!("AUTH {}", mechanism.name()));
        let offered = self.capabilities.as_ref().is_some_and(|known| known.has("SASL"));
        let encoded = initial.as_ref().filter(|_| offered).map(encode);
        let room = COMMAND_BYTES - saying.bytes().len() - " \r\n".len();
        let saying = match encoded.filter(|encoded| encoded.len() <= room) {
            None => saying,
            Some(encoded) => {
                *initial = None;
                match encoded.as_str() {
                    "" => saying.text(" ="),
                    encoded => saying.text(" ").secret(hole(mechanism, 0), encoded),
                }
            }
        };
        saying.text("\r\n")
    }

    fn say_response(
        &mut self,
        mechanism: Mechanism,
        nth: usize,
        answer: &Response,
    ) -> Result<(), Error> {
        let saying = match encode(answer).as_str() {
            "" => Saying::new(),
            encoded => Saying::new().secret(hole(mechanism, nth), encoded),
        };
        self.say_more(&saying.text("\r\n"))
    }

    /// Gives up with `*` (RFC 5034 section 4), and says why. Unless the server agrees with a
    /// `-ERR` the session stays awaiting it.
    fn cancel(&mut self, exchange: &Exchange, error: Error) -> Error {
        let reply = match self.say_star() {
            Ok(reply) if !reply.is_ok() => reply,
            _ => return error,
        };
        self.ended();
        match exchange.refusal() {
            Some(detail) => self.refused("AUTH", reply, Some(detail)),
            None => error,
        }
    }

    fn say_star(&mut self) -> Result<Reply, Error> {
        self.say_more(&Saying::new().text("*\r\n"))?;
        Reply::parse("AUTH", self.line("AUTH")?)
    }

    fn auth_ended(
        &mut self,
        exchange: Exchange,
        reply: Reply,
        all_said: bool,
    ) -> Result<Reply, Error> {
        if !reply.is_ok() {
            self.ended();
            return Err(self.refused("AUTH", reply, exchange.refusal()));
        }
        if !all_said {
            return Err(Error::violation("AUTH", "the server let us in before we had said who"));
        }
        // Whoever could not prove itself is not spoken to any more: the session stays awaiting.
        exchange.finish()?;
        self.ended();
        Ok(reply)
    }

    fn logged_in(&self, doing: &'static str, reply: Reply) -> Result<Reply, Error> {
        match reply.is_ok() {
            true => Ok(reply),
            false => Err(self.refused(doing, reply, None)),
        }
    }

    fn refused(&self, doing: &'static str, reply: Reply, detail: Option<&str>) -> Error {
        let pause = self.capabilities.as_ref().and_then(Capabilities::login_delay);
        Error::Refused { doing, reply, detail: detail.map(str::to_owned), pause }
    }

    /// What reveals a password goes over TLS, to this machine, or where the user said so.
    fn allow_secret(&self, doing: &'static str) -> Result<(), Error> {
        match self.is_tls() || self.clear_login || self.wire.peer().is_loopback() {
            true => Ok(()),
            false => {
                let why = "the password would go out in clear".into();
                Err(Error::Unsafe { doing, why })
            }
        }
    }
}

type Response = Zeroizing<Vec<u8>>;

fn encode(response: &Response) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(response.as_slice()))
}

/// `base64`, and nothing else (RFC 5034 section 4).
fn decode(challenge: &[u8]) -> Result<Vec<u8>, Error> {
    STANDARD
        .decode(challenge)
        .map_err(|_| Error::violation("AUTH", format!("no base64 in \"+ {}\"", escape(challenge))))
}

/// Whoever asks for the initial response asks for nothing else.
fn empty(challenge: &[u8]) -> Result<(), Error> {
    match challenge {
        [] => Ok(()),
        _ => Err(Error::violation("AUTH", "a challenge came where an empty one was due")),
    }
}

/// The name under which a trace hides a response: one that can be computed again where possible.
const fn hole(mechanism: Mechanism, nth: usize) -> &'static str {
    match (mechanism, nth) {
        (Mechanism::Plain, _) => "auth.plain",
        (Mechanism::CramMd5, _) => "auth.cram",
        (Mechanism::Login, 0) => "user|b64",
        (Mechanism::Login, _) => "pass|b64",
        _ => "*=hidden",
    }
}
