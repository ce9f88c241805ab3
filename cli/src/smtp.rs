//! `wireline smtp`: a mail server under the lens; and how every command comes to a session with one.
//! Must not hold: messages (`send.rs`).

mod probe;

use crate::args::{Asking, Quote, Smtp, SmtpVerb, Upgrading, Verify};
use crate::exit::{Exit, Failure};
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::Output;
use crate::place::{Place, Safety, Scheme, mechanism, nonce};
use crate::plan;
use crate::watch::Watch;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use wireline_sasl::{Credentials, Mechanism};
use wireline_smtp::{ClientName, Line, Options, Reply, Session};
use wireline_wire::{Dialer, Wire, escape};

/// What `send` and `smtp` speak.
pub(crate) const SCHEMES: &[(&str, Scheme)] =
    &[("smtp", Scheme::Smtp), ("smtps", Scheme::Smtps), ("lmtp", Scheme::Lmtp)];

/// `wireline smtp probe|verify|quote`
pub(crate) fn run(args: &Smtp) -> Result<(), Failure> {
    match &args.verb {
        SmtpVerb::Probe(args) => probe::run(args),
        SmtpVerb::Verify(args) => verify(args),
        SmtpVerb::Quote(args) => quote(args),
    }
}

/// How a session is come by, whatever it is for. What was typed for it is judged when this is made,
/// before anybody is asked.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    place: &'a Place,
    upgrading: &'a Upgrading,
    allows_clear_login: bool,
    name: Option<ClientName>,
    login: Option<Credentials>,
    mechanism: Option<Mechanism>,
}

impl<'a> Opening<'a> {
    pub(crate) fn new(
        place: &'a Place,
        upgrading: &'a Upgrading,
        allows_clear_login: bool,
        ehlo: Option<&str>,
    ) -> Result<Self, Failure> {
        if !matches!(place.path.as_str(), "" | "/") && !place.is_unix() {
            let failure = Failure::usage("a mail server's URL has no path");
            return Err(failure.doing(format!("reading the URL {}", place.shown)));
        }
        Ok(Self {
            place,
            upgrading,
            allows_clear_login,
            name: ehlo.map(ClientName::try_from).transpose()?,
            login: place.credentials(upgrading)?,
            mechanism: mechanism(upgrading)?,
        })
    }

    /// Connects; TLS stands if it is there from the first byte on.
    pub(crate) fn dial(&self, dialer: &Dialer) -> Result<Wire, Failure> {
        self.place.dial(dialer, self.upgrading, self.allows_clear_login)
    }

    /// Hears the greeting.
    pub(crate) fn greet(&self, wire: Wire) -> Result<Session, Failure> {
        let name = self.name.clone().unwrap_or_else(|| own_name(&wire));
        let lmtp = self.place.scheme == Scheme::Lmtp;
        let options = Options { lmtp, clear_login: self.allows_clear_login, ..Options::new(name) };
        Ok(Session::hear_greeting(wire, options)?)
    }

    /// Puts TLS on top where the table of CLI.md demands it.
    pub(crate) fn secure(&self, session: Session) -> Result<Session, Failure> {
        match self.place.safety(session.peer(), self.upgrading) {
            Safety::Stands | Safety::Clear => Ok(session),
            Safety::Upgrade if !session.capabilities().has("STARTTLS") => {
                session.quit().ok();
                Err(self.place.no_upgrade())
            }
            Safety::Upgrade => self.start_tls(session),
        }
    }

    /// Puts TLS on top.
    pub(crate) fn start_tls(&self, session: Session) -> Result<Session, Failure> {
        Ok(session.start_tls(self.place.host())?)
    }

    pub(crate) const fn stays_in_clear(&self) -> bool {
        self.upgrading.no_tls
    }

    pub(crate) const fn demands_tls(&self) -> bool {
        self.upgrading.tls
    }

    pub(crate) const fn logs_in(&self) -> bool {
        self.login.is_some()
    }

    /// Logs in, if somebody is to. A server that says no is left politely.
    pub(crate) fn log_in(&self, mut session: Session) -> Result<Session, Failure> {
        let Some(credentials) = &self.login else { return Ok(session) };
        let nonce = nonce()?;
        let answered = match self.mechanism {
            Some(mechanism) => session.auth(mechanism, credentials, &nonce),
            None => session.login(credentials, &nonce),
        };
        let Err(error) = answered else { return Ok(session) };
        let in_clear = !session.is_tls() && !session.peer().is_loopback();
        let is_unsafe = matches!(error, wireline_smtp::Error::Unsafe { .. });
        if !session.is_over() {
            session.quit().ok();
        }
        let failure = Failure::from(error).doing("logging in");
        match is_unsafe && in_clear {
            true => Err(failure.hint("--allow-plaintext-auth sends the password in clear")),
            false => Err(failure),
        }
    }

    /// All of it.
    pub(crate) fn open(&self, dialer: &Dialer) -> Result<Session, Failure> {
        let session = self.introduce(self.greet(self.dial(dialer)?)?)?;
        self.log_in(self.secure(session)?)
    }

    /// Says who we are. A server that does not want to know is left politely.
    pub(crate) fn introduce(&self, mut session: Session) -> Result<Session, Failure> {
        match session.introduce() {
            Ok(()) => Ok(session),
            Err(error) => {
                if !session.is_over() {
                    session.quit().ok();
                }
                Err(error.into())
            }
        }
    }
}

/// The name of this machine if it is a whole one, else its address as the server sees it
/// (RFC 5321 section 4.1.4).
fn own_name(wire: &Wire) -> ClientName {
    let host = own_host();
    let whole = ClientName::try_from(host.as_str()).ok().filter(|_| host.contains('.'));
    whole.unwrap_or_else(|| {
        let local = rustix::net::getsockname(wire.socket()).ok();
        let local = local.and_then(|address| SocketAddr::try_from(address).ok());
        local.map_or(std::net::Ipv4Addr::LOCALHOST.into(), |address| address.ip()).into()
    })
}

/// What this machine calls itself.
pub(crate) fn own_host() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if host.is_empty() { "localhost".to_owned() } else { host }
}

/// Everything that one question to a server needs.
struct Lens<'a> {
    asking: &'a Asking,
    place: Place,
    meter: Arc<Meter>,
    mask: Arc<Mask>,
}

impl<'a> Lens<'a> {
    fn on(url: &str, asking: &'a Asking) -> Result<Self, Failure> {
        let output = Output { quiet: asking.shared.messages.quiet };
        let place = Place::parse(url, SCHEMES, &asking.shared, output)?;
        let (meter, mask) = (Arc::new(Meter::new(false)), Arc::new(place.mask()));
        Ok(Self { asking, place, meter, mask })
    }

    /// Asks, with a trace and a recording of it.
    fn ask<T>(
        &self,
        question: impl FnOnce(&Opening<'_>, &Dialer) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let shared = &self.asking.shared;
        let protocol = if self.place.scheme == Scheme::Lmtp { "lmtp" } else { "smtp" };
        let allows = shared.login.allow_plaintext_auth;
        let ehlo = self.asking.ehlo.as_deref();
        let opening = Opening::new(&self.place, &self.asking.upgrading, allows, ehlo)?;
        let watch = Watch::begin(&shared.messages, protocol, &self.mask, &self.meter)?;
        let dialer = plan::dialer(shared, watch.observer())?;
        let answered = question(&opening, &dialer).map_err(|failure| {
            failure.doing(format!("asking {}", self.place.shown)).masked(&self.mask)
        });
        drop(dialer);
        watch.finish()?;
        answered
    }

    fn print(&self, text: &str) -> Result<(), Failure> {
        let output = Output { quiet: false };
        output.line(text).map_err(|error| Failure::stdout(&error))
    }

    fn reply(&self, reply: &Reply) -> Result<(), Failure> {
        if self.asking.shared.messages.json {
            return self.print(&json_of(reply).to_string());
        }
        for line in reply.lines() {
            self.print(&format!("{} {}", reply.code(), escape(line)))?;
        }
        Ok(())
    }
}

/// A reply, for programs.
pub(crate) fn json_of(reply: &Reply) -> Value {
    let lines: Vec<_> = reply.lines().map(escape).collect();
    json!({
        "code": reply.code().number(),
        "enhanced": reply.enhanced().map(|code| code.to_string()),
        "text": lines.join("\n"),
    })
}

/// One word is the question, the other the server, in any order: the server is the URL, or the
/// second.
fn question_and_url(words: &[String]) -> (&str, &str) {
    match words {
        [url, question] if url.contains("://") => (question, url),
        [question, url] => (question, url),
        [question, ..] => (question, "smtp://localhost"),
        [] => ("", ""),
    }
}

fn verify(args: &Verify) -> Result<(), Failure> {
    let (address, url) = question_and_url(&args.words);
    let (lens, line) = (Lens::on(url, &args.asking)?, Line::try_from(address)?);
    let answered = lens.ask(|opening, dialer| {
        let mut session = opening.open(dialer)?;
        let answered = session.vrfy(&line);
        session.quit().ok();
        Ok(answered)
    })?;
    match answered {
        Err(wireline_smtp::Error::Refused { reply, .. }) => {
            lens.reply(&reply)?;
            Err(Failure::new(Exit::Refused, format!("the server does not know it: {reply}"))
                .doing(format!("verifying {}", escape(address.as_bytes()))))
        }
        answered => lens.reply(&answered?),
    }
}

fn quote(args: &Quote) -> Result<(), Failure> {
    let (command, url) = question_and_url(&args.words);
    let (lens, line) = (Lens::on(url, &args.asking)?, Line::try_from(command)?);
    let verb = command.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    if ["DATA", "BDAT", "AUTH", "STARTTLS"].contains(&verb.as_str()) {
        let failure = Failure::usage(format!("{verb} is the beginning of a longer dialogue"));
        return Err(failure.hint("wireline send does all of these"));
    }
    let reply = lens.ask(|opening, dialer| {
        let mut session = opening.open(dialer)?;
        let reply = session.command(&line)?;
        if verb != "QUIT" {
            session.quit().ok();
        }
        Ok(reply)
    })?;
    lens.reply(&reply)?;
    match reply.is_transient() || reply.is_permanent() {
        true => Err(Failure::new(Exit::Refused, format!("the server refused: {reply}"))),
        false => Ok(()),
    }
}
