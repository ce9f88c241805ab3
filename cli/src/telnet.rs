//! `wireline telnet`: a device, from a pipe or by a script.
//! Must not hold: what a pipe (`telnet/pipe.rs`) and a script (`telnet/script.rs`) do with it.

mod filter;
mod pipe;
mod screen;
mod script;
mod steps;

pub(crate) use steps::Steps;

use crate::args::{LoggingIn, Telnet, Upgrading};
use crate::exit::Failure;
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::Output;
use crate::place::{Place, Scheme};
use crate::plan::{self, Address};
use crate::watch::Watch;
use pipe::Patience;
use screen::Screen;
use script::{Playing, Prints, Script, TEXT_BYTES};
use serde_json::{Value, json};
use std::sync::Arc;
use wireline_telnet::{Limits, Session, Settings};
use wireline_wire::{Dialer, Secret};

/// `wireline telnet HOST[:PORT]`
pub(crate) fn run(args: &Telnet) -> Result<(), Failure> {
    let output = Output { quiet: args.shared.messages.quiet };
    let script = Script::read(args)?;
    check(args, &script)?;
    let (mut place, address) = find(args)?;
    place.login = login(args, &script, &address)?;
    let login = place.login.as_ref();
    let mask =
        Arc::new(login.map_or_else(Mask::default, |(user, pass)| Mask::of_login(user, pass)));
    let meter = Arc::new(Meter::new(false));
    let watch = Watch::begin(&args.shared.messages, "telnet", &mask, &meter)?;
    let dialer = plan::dialer(&args.shared, watch.observer())?;
    let result = dial(&place, &dialer, output).and_then(|wire| {
        let settings = Settings { plain_text: !script.is_empty(), ..Settings::default() };
        let limits = Limits { text_bytes: TEXT_BYTES, ..Limits::default() };
        let mut session = Session::start(wire, settings, limits);
        let talk = Talk { args, script: &script, place: &place, dialer: &dialer, mask: &mask };
        talk.run(&mut session, output).map_err(Failure::in_session)
    });
    watch.finish()?;
    result.map_err(|failure| {
        let doing = match failure.doing.as_str() {
            "" => place.shown.clone(),
            doing => format!("{}: {doing}", place.shown),
        };
        Failure { doing, ..failure }.masked(&mask)
    })
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
    match place.path.as_str() {
        "" | "/" => Ok((place, address)),
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
    let password_file = typed.password_file.clone();
    let allow_plaintext_auth = typed.allow_plaintext_auth;
    plan::login(address, &LoggingIn { user, password_file, allow_plaintext_auth })
}

fn dial(place: &Place, dialer: &Dialer, output: Output) -> Result<wireline_wire::Wire, Failure> {
    let upgrading = Upgrading { tls: false, no_tls: false, auth: None, oauth: false };
    let wire = place.dial(dialer, &upgrading, true)?;
    if place.login.is_some() && !wire.is_tls() && !wire.peer().is_loopback() {
        output
            .warn("the login goes out in clear, for everybody in between to read; --tls hides it");
    }
    Ok(wire)
}

/// A session and what it is for.
struct Talk<'a> {
    args: &'a Telnet,
    script: &'a Script,
    place: &'a Place,
    dialer: &'a Dialer,
    mask: &'a Mask,
}

impl Talk<'_> {
    fn run(&self, session: &mut Session, output: Output) -> Result<(), Failure> {
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
            return pipe::run(session, &mut screen, patience, output);
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
