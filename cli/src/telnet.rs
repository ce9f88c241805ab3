//! `wireline telnet`: a device, by hand, from a pipe or by a script.
//! Must not hold: what a hand (`telnet/hand.rs`), a pipe (`telnet/pipe.rs`) and a script
//! (`telnet/script.rs`) do with it.

mod encoding;
mod filter;
mod hand;
mod keys;
mod pipe;
mod prompt;
mod question;
mod screen;
mod script;
mod signals;
mod steps;
mod terminal;

pub(crate) use steps::Steps;

use crate::args::{LoggingIn, Telnet, Upgrading};
use crate::exit::Failure;
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::Output;
use crate::place::{Place, Scheme};
use crate::plan::{self, Address};
use crate::watch::Watch;
use encoding::Encoding;
use hand::{End, Means};
use keys::Escape;
use pipe::Patience;
use screen::Screen;
use script::{Playing, Prints, Script, TEXT_BYTES};
use serde_json::{Value, json};
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use terminal::Terminal;
use wireline_telnet::{Error, Limits, Session, Settings, Side, TelnetOption, Variable};
use wireline_wire::{Dialer, Secret};

/// `wireline telnet HOST[:PORT]`
pub(crate) fn run(args: &Telnet) -> Result<(), Failure> {
    let output = Output { quiet: args.shared.messages.quiet };
    let encoding = args.encoding.as_deref().map(Encoding::find).transpose()?;
    let script = Script::read(args, encoding)?;
    check(args, &script)?;
    let escape = Escape::parse(&args.escape)?;
    let (mut place, address) = find(args)?;
    let environment = environment(args, &script, &address)?;
    place.login = login(args, &script, &address)?;
    let mut mask = place.mask();
    if let (Some(encoding), Some((_, pass))) = (encoding, &mut place.login) {
        *pass = encoding.encode_secret(pass).map_err(|failure| failure.doing("the password"))?;
        mask = mask.and(pass);
    }
    let mask = Arc::new(mask);
    let meter = Arc::new(Meter::new(false));
    let watch = Watch::begin(&args.shared.messages, "telnet", &mask, &meter)?;
    let dialer = plan::dialer(&args.shared, watch.observer())?;
    let terminal = terminal(&script, escape)?;
    let settings = Settings { environment, ..settings(&script, terminal.as_ref()) };
    let result = dial(args, &place, &dialer, settings, output).and_then(|mut session| {
        if let Some(encoding) = encoding {
            session.transcode(encoding.decoder());
        }
        let means = terminal.map(|terminal| Means {
            terminal,
            watch: &watch,
            whole: dialer.whole,
            escape,
            encoding,
        });
        let (script, place) = (&script, &place);
        let talk = Talk { args, script, place, dialer: &dialer, mask: &mask, encoding };
        talk.run(&mut session, means, output).map_err(Failure::in_session)
    });
    watch.finish()?;
    let result = result.and_then(|killed| killed.map_or(Ok(()), die));
    result.map_err(|failure| {
        let doing = match failure.doing.as_str() {
            "" => place.shown.clone(),
            doing => format!("{}: {doing}", place.shown),
        };
        Failure { doing, ..failure }.masked(&mask)
    })
}

/// By the signal that a session by hand has heard: the terminal is what it was, so now it may do as it
/// always does.
fn die(signal: i32) -> Result<(), Failure> {
    emulate_default_handler(signal).map_err(|error| Failure::local(&error))
}

/// The user's terminal, when the session is by hand.
fn terminal(script: &Script, escape: Escape) -> Result<Option<Terminal>, Failure> {
    let by_hand = script.is_empty() && io::stdin().is_terminal() && io::stdout().is_terminal();
    let terminal = by_hand.then(|| Terminal::open(io::stdin(), escape)).transpose();
    terminal.map_err(|error| Failure::local(&error).doing("asking the terminal for its modes"))
}

/// What a device may know: of a terminal its type, size and keys, and without one nothing.
fn settings(script: &Script, terminal: Option<&Terminal>) -> Settings {
    let settings = Settings { plain_text: !script.is_empty(), ..Settings::default() };
    let Some(terminal) = terminal else { return settings };
    let named = std::env::var("TERM").ok();
    Settings {
        terminal_types: named.iter().flat_map(|name| name.as_str().try_into()).collect(),
        window: terminal.window(),
        special_characters: Some(terminal.characters()),
        // Who may stop the output is the terminal's business.
        policy: settings.policy.clone().refuse(Side::Us, TelnetOption::LFLOW),
        ..settings
    }
}

/// For NEW-ENVIRON (RFC 1572): the user that was typed, and never anything of this machine.
fn environment(
    args: &Telnet,
    script: &Script,
    address: &Address,
) -> Result<Vec<Variable>, Failure> {
    let in_url = address.login.as_ref().map(|(user, _)| user.as_str());
    let by_option = args.shared.login.user.as_deref();
    let by_option = by_option.map(|user| user.split_once(':').map_or(user, |(user, _)| user));
    let user = in_url.or(script.login().flatten()).or(by_option).filter(|user| !user.is_empty());
    let variable = user.map(|user| Variable::new("USER", user)).transpose();
    Ok(Vec::from_iter(variable.map_err(|error| Failure::from(error).doing("the user"))?))
}

/// Before anybody is asked.
fn check(args: &Telnet, script: &Script) -> Result<(), Failure> {
    let fail = |why: &str| Err(Failure::usage(why).hint("--expect and --send are steps"));
    match script.is_empty() {
        true if args.shared.messages.json => fail("--json prints what a script has found"),
        true if script.has_pagers() => fail("--on answers while a step of a script waits"),
        _ => Ok(()),
    }
}

fn find(args: &Telnet) -> Result<(Place, Address), Failure> {
    const CLEAR: (&str, Scheme) = ("telnet", Scheme::Telnet);
    const TLS: (&str, Scheme) = ("telnets", Scheme::Telnets);
    let (raw, schemes): (_, &[_]) = match args.tls {
        true => (args.target.strip_prefix("telnet://").unwrap_or(&args.target), &[TLS]),
        false => (args.target.as_str(), &[CLEAR, TLS]),
    };
    // A host alone is what is asked for here: nothing is worth a note.
    let (place, address) = Place::find(raw, schemes, &args.shared, Output { quiet: true })?;
    let behind = address.url.query().or(address.url.fragment());
    match place.path.as_str() {
        _ if args.start_tls && place.scheme.is_implicit_tls() => {
            Err(Failure::usage("--start-tls is for a device that begins in clear"))
        }
        "" | "/" if behind.is_none() => Ok((place, address)),
        _ => Err(Failure::usage("a device's URL has no path")
            .doing(format!("reading the URL {}", place.shown))),
    }
}

/// Nobody is asked for a password that no step says.
fn login(
    args: &Telnet,
    script: &Script,
    address: &Address,
) -> Result<Option<(String, Secret)>, Failure> {
    let Some(whose) = script.login() else { return Ok(None) };
    let typed = &args.shared.login;
    let named = address.login.is_some() || typed.user.is_some();
    let user = match whose {
        Some(user) if !named => Some(user.to_owned()),
        None if !named => Some(String::new()),
        _ => typed.user.clone(),
    };
    plan::login(address, &LoggingIn { user, ..typed.clone() })
}

fn dial(
    args: &Telnet,
    place: &Place,
    dialer: &Dialer,
    settings: Settings,
    output: Output,
) -> Result<Session, Failure> {
    let upgrading = Upgrading { tls: false, no_tls: false, auth: None, oauth: false };
    let wire = place.dial(dialer, &upgrading, true)?;
    let mut limits = Limits::default();
    // A script looks for its patterns in much text; what is only shown is shown piece by piece, out of
    // memory that is used again.
    if !args.steps.0.is_empty() {
        limits.text_bytes = TEXT_BYTES;
    }
    let mut session = Session::start(wire, settings, limits);
    if args.start_tls {
        session = session.start_tls(place.host()).map_err(|error| match error {
            Error::Unsafe { .. } => {
                Failure::from(error).hint("without --start-tls all of it goes in clear")
            }
            error => error.into(),
        })?;
    }
    if place.login.is_some() && !session.is_tls() && !session.peer().is_loopback() {
        output
            .warn("the login goes out in clear, for everybody in between to read; --tls hides it");
    }
    Ok(session)
}

/// A session and what it is for.
struct Talk<'a> {
    args: &'a Telnet,
    script: &'a Script,
    place: &'a Place,
    dialer: &'a Dialer,
    mask: &'a Mask,
    encoding: Option<Encoding>,
}

impl Talk<'_> {
    /// Runs it to its end, and gives the signal by which it ended, if it did.
    fn run(
        &self,
        session: &mut Session,
        means: Option<Means<'_>>,
        output: Output,
    ) -> Result<Option<i32>, Failure> {
        match means {
            Some(means) => self.by_hand(session, means, output),
            None => self.alone(session, output).map(|()| None),
        }
    }

    fn by_hand(
        &self,
        session: &mut Session,
        means: Means<'_>,
        output: Output,
    ) -> Result<Option<i32>, Failure> {
        // Others may take an offer for garbage.
        if matches!(self.place.endpoint().port(), 23 | 992) {
            session.offer()?;
        }
        let mut screen = Screen::new(self.args.raw_terminal, true);
        match hand::run(session, &mut screen, means)? {
            End::Closed => output.note(&format!("{} closed the connection", session.peer())),
            End::Left => {}
            End::Killed(signal) => return Ok(Some(signal)),
        }
        Ok(None)
    }

    fn alone(&self, session: &mut Session, output: Output) -> Result<(), Failure> {
        let prints = match () {
            () if self.script.is_empty() => Prints::Text,
            () if self.args.shared.messages.json => Prints::Json,
            () if output.quiet => Prints::Captures,
            () => Prints::Text,
        };
        let mut screen = Screen::new(self.args.raw_terminal, prints == Prints::Text);
        let idle = self.dialer.limits.idle;
        if self.script.is_empty() {
            let patience = Patience { idle, whole: self.dialer.whole };
            return pipe::run(session, &mut screen, patience, self.encoding, output);
        }
        let mut playing = Playing {
            script: self.script,
            session,
            screen: &mut screen,
            limit: idle,
            password: self.place.login.as_ref().map(|(_, pass)| pass),
            prints,
            found: Vec::new(),
        };
        let result = playing.run();
        match prints {
            Prints::Json => self.print_json(&playing, &result).and(result),
            _ => result,
        }
    }

    fn print_json(
        &self,
        playing: &Playing<'_>,
        result: &Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut line = json!({
            "url": self.place.shown,
            "remote": playing.session.peer().to_string(),
            "tls": playing.session.is_tls(),
            "matches": playing.found,
            "error": result.as_ref().err().map(ToString::to_string),
        });
        mask(&mut line, self.mask);
        let printed = Output { quiet: false }.line(&line.to_string());
        printed.map_err(|error| Failure::stdout(&error))
    }
}

/// A device may echo a secret.
fn mask(value: &mut Value, by: &Mask) {
    match value {
        Value::String(text) => *text = by.text(text),
        Value::Array(values) => values.iter_mut().for_each(|value| mask(value, by)),
        Value::Object(fields) => fields.values_mut().for_each(|value| mask(value, by)),
        _ => {}
    }
}
