//! The steps of a script, one after the other, and what they found.
//! Must not hold: how they were typed (`steps.rs`), or how the connection was made.

use super::encoding::Encoding;
use super::pipe::{self, show};
use super::screen::Screen;
use super::steps::Kind;
use crate::args::Telnet;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use wireline_telnet::{Alternative, Error, LineEnd, Match, Session, Side, TelnetOption};
use wireline_wire::{Secret, escape};

/// What is waited for in one step. Beyond it the older half is forgotten.
pub(crate) const TEXT_BYTES: usize = 1 << 20;

/// A script that can be played: its patterns are read.
#[derive(Debug)]
pub(crate) struct Script {
    steps: Vec<Step>,
    prompt: Option<Alternative>,
    /// What is answered whenever it comes.
    pagers: Vec<(Alternative, Vec<u8>)>,
}

#[derive(Debug)]
struct Step {
    /// As it was typed.
    shown: String,
    act: Act,
}

#[derive(Debug)]
enum Act {
    Expect(Alternative),
    Send(Vec<u8>),
    SendRaw(Vec<u8>),
    SendPassword,
    Login { user: String, said: Vec<u8> },
}

impl Script {
    /// Reads the patterns, and what is said in the device's encoding.
    pub(crate) fn read(args: &Telnet, encoding: Option<Encoding>) -> Result<Self, Failure> {
        let steps = args.steps.0.iter().map(|(kind, value)| Step::read(*kind, value, encoding));
        let prompt = args.prompt.as_deref().map(Alternative::regex).transpose();
        Ok(Self {
            steps: steps.collect::<Result<_, _>>()?,
            prompt: prompt.map_err(|error| Failure::from(error).doing("--prompt"))?,
            pagers: args.on.iter().map(|text| pager(text)).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether there is something to be answered outside the steps.
    pub(crate) const fn has_pagers(&self) -> bool {
        !self.pagers.is_empty()
    }

    /// Whether it says a password, and whose if that is known.
    pub(crate) fn login(&self) -> Option<Option<&str>> {
        let whose = self.steps.iter().find_map(|step| match &step.act {
            Act::Login { user, .. } => Some(user.as_str()),
            _ => None,
        });
        let says = |step: &Step| matches!(step.act, Act::SendPassword);
        (whose.is_some() || self.steps.iter().any(says)).then_some(whose)
    }
}

impl Step {
    fn read(kind: Kind, value: &str, encoding: Option<Encoding>) -> Result<Self, Failure> {
        let option = format!("--{}", kind.option());
        let said = || match encoding {
            Some(encoding) => {
                encoding.encode(value).map_err(|failure| failure.doing(option.clone()))
            }
            None => Ok(value.as_bytes().to_vec()),
        };
        let shown = match kind {
            Kind::Expect | Kind::ExpectRegex | Kind::ExpectGlob => {
                format!("{option} \"{}\"", escape(value.as_bytes()))
            }
            _ => option.clone(),
        };
        let act = match kind {
            Kind::Expect => Alternative::literal(value).map(Act::Expect),
            Kind::ExpectRegex => Alternative::regex(value).map(Act::Expect),
            Kind::ExpectGlob => Alternative::glob(value).map(Act::Expect),
            Kind::Send => Ok(Act::Send(said()?)),
            Kind::SendRaw => return Ok(Self { shown, act: Act::SendRaw(raw(&option, value)?) }),
            Kind::SendPassword => Ok(Act::SendPassword),
            Kind::Login => Ok(Act::Login { user: value.to_owned(), said: said()? }),
        };
        let act = act.map_err(|error| Failure::from(error).doing(option))?;
        Ok(Self { shown, act })
    }
}

/// `RE=ANSWER`; the last `=` divides them.
fn pager(text: &str) -> Result<(Alternative, Vec<u8>), Failure> {
    let Some((pattern, answer)) = text.rsplit_once('=') else {
        return Err(Failure::usage("--on takes RE=ANSWER"));
    };
    let pattern = Alternative::regex(pattern).map_err(|error| Failure::from(error).doing("--on"));
    Ok((pattern?, raw("--on", answer)?))
}

/// Text with `\r \n \t \e \\ \xHH`.
fn raw(option: &str, text: &str) -> Result<Vec<u8>, Failure> {
    let fail = || Failure::usage(format!("{option} knows \\r \\n \\t \\e \\\\ and \\xHH"));
    let (mut bytes, mut letters) = (Vec::new(), text.chars());
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            bytes.extend(letter.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        bytes.push(match letters.next() {
            Some('r') => b'\r',
            Some('n') => b'\n',
            Some('t') => b'\t',
            Some('e') => 0x1B,
            Some('\\') => b'\\',
            Some('x') => {
                let mut digit = || letters.next().and_then(|letter| letter.to_digit(16));
                let (high, low) = digit().zip(digit()).ok_or_else(fail)?;
                u8::try_from(high << 4 | low).map_err(|_| fail())?
            }
            _ => return Err(fail()),
        });
    }
    Ok(bytes)
}

/// A script that is being played.
#[derive(Debug)]
pub(crate) struct Playing<'a> {
    pub(crate) script: &'a Script,
    pub(crate) session: &'a mut Session,
    pub(crate) screen: &'a mut Screen,
    /// For a step.
    pub(crate) limit: Duration,
    pub(crate) password: Option<&'a Secret>,
    pub(crate) prints: Prints,
    /// What was expected and came, as JSON.
    pub(crate) found: Vec<Value>,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prints {
    Text,
    Captures,
    Json,
}

impl Playing<'_> {
    /// All steps. One that ends with sending hears the device until it closes.
    pub(crate) fn run(&mut self) -> Result<(), Failure> {
        for (nth, step) in self.script.steps.iter().enumerate() {
            let played = self.step(step);
            if let Err(failure) = played {
                show(self.session, self.screen)?;
                self.screen.end()?;
                return Err(failure.doing(format!("step {}, {}", nth + 1, step.shown)));
            }
        }
        match self.script.steps.last().map(|step| &step.act) {
            Some(Act::Send(_) | Act::SendRaw(_) | Act::SendPassword) => self.hear_out(),
            // What has come behind the last match is not lost.
            _ => show(self.session, self.screen).and_then(|()| self.screen.end()),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Failure> {
        match &step.act {
            Act::Expect(pattern) => {
                let (before, found) = self.wait(std::slice::from_ref(pattern))?;
                self.keep(&step.shown, &before, &found)?;
            }
            Act::Send(text) => self.session.send_line(text, LineEnd::CrLf)?,
            Act::SendRaw(bytes) => self.session.send(bytes)?,
            Act::SendPassword => self.say_password()?,
            Act::Login { said, .. } => self.log_in(said)?,
        }
        Ok(())
    }

    fn say_password(&mut self) -> Result<(), Failure> {
        match self.password {
            Some(password) => Ok(self.session.send_secret("pass", password, LineEnd::CrLf)?),
            None => Err(Failure::usage("there is no password")),
        }
    }

    /// Some devices ask for the password only, some do not ask a guest for one.
    fn log_in(&mut self, user: &[u8]) -> Result<(), Failure> {
        let regex = |pattern| Alternative::regex(pattern);
        let (password, name) = (regex(PASSWORD)?, regex(USER)?);
        let (_, asked) = self.wait(&[password.clone(), name])?;
        let mut awaits_password = asked.alternative == 0;
        if !awaits_password {
            self.session.send_line(user, LineEnd::CrLf)?;
            let questions: Vec<_> = [Some(password.clone()), self.script.prompt.clone()]
                .into_iter()
                .flatten()
                .collect();
            awaits_password = self.wait(&questions)?.1.alternative == 0;
        }
        if !awaits_password {
            return Ok(());
        }
        self.say_password()?;
        let Some(prompt) = self.script.prompt.clone() else { return Ok(()) };
        match self.wait(&[prompt, regex(DENIED)?, password])? {
            (_, found) if found.alternative == 0 => Ok(()),
            (_, found) => {
                let why = format!("the login was refused: \"{}\"", escape(&found.text));
                Err(Failure::new(Exit::Refused, why))
            }
        }
    }

    /// Waits for one of these and answers the pagers meanwhile, all within the limit of one step: a
    /// device may have pages without an end. Also returns the text before the match, from before the
    /// pagers too.
    fn wait(&mut self, patterns: &[Alternative]) -> Result<(Vec<u8>, Match), Failure> {
        let pagers = self.script.pagers.iter().map(|(pattern, _)| pattern.clone());
        let alternatives: Vec<_> = patterns.iter().cloned().chain(pagers).collect();
        let (mut before, begun) = (Vec::new(), Instant::now());
        loop {
            let left = self.limit.saturating_sub(begun.elapsed());
            let found = self.session.expect(&alternatives, left).map_err(|error| match error {
                Error::TimedOut { doing, tail, .. } => {
                    Error::TimedOut { doing, after: self.limit, tail }
                }
                error => error,
            })?;
            let binary = self.session.is_on(Side::Him, TelnetOption::BINARY);
            self.screen.show(&found.before, binary)?;
            self.screen.show(&found.text, binary)?;
            if self.prints == Prints::Json {
                before.extend_from_slice(&found.before);
            }
            let pager = found.alternative.checked_sub(patterns.len());
            let Some((_, answer)) = pager.and_then(|nth| self.script.pagers.get(nth)) else {
                return Ok((before, found));
            };
            if before.len() > PAGES_BYTES {
                let why = format!("the pages are longer than {PAGES_BYTES} bytes");
                return Err(Failure::new(Exit::Broken, why));
            }
            self.session.send(answer)?;
        }
    }

    fn hear_out(&mut self) -> Result<(), Failure> {
        self.session.half_close()?;
        if !self.script.has_pagers() && self.prints != Prints::Json {
            return pipe::drain(self.session, self.screen, self.limit);
        }
        let (before, found) = self
            .wait(&[Alternative::ended()])
            .map_err(|failure| failure.doing("waiting for the end"))?;
        self.keep("the end", &before, &found)?;
        self.screen.end()
    }

    fn keep(&mut self, shown: &str, before: &[u8], found: &Match) -> Result<(), Failure> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        if self.prints == Prints::Captures {
            for capture in found.captures.iter().flatten() {
                Output { quiet: false }
                    .line(text(capture).trim_end_matches('\r'))
                    .map_err(|error| Failure::stdout(&error))?;
            }
        }
        if self.prints == Prints::Json {
            let mut captures = Map::new();
            for (nth, capture) in found.captures.iter().enumerate() {
                let name = found.names.iter().find(|(_, place)| *place == nth);
                let name = name.map_or_else(|| (nth + 1).to_string(), |(name, _)| name.clone());
                captures.insert(name, capture.as_deref().map(text).into());
            }
            let (before, matched) = (text(before), text(&found.text));
            self.found.push(json!({
                "step": shown, "before": before, "text": matched, "captures": captures
            }));
        }
        Ok(())
    }
}

/// All the pages of a step in JSON.
const PAGES_BYTES: usize = 64 << 20;
const USER: &str = r"(?i)(login|user ?name|user): *$";
const PASSWORD: &str = r"(?i)(password|passcode|passphrase)[^\n:]*: *$";
const DENIED: &str = r"(?i)(login|password|user ?name)[^\n]{0,20}(incorrect|invalid|failed)|(incorrect|invalid|bad|wrong) (login|password|user)|authentication fail|(access|permission) denied";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let rows = [
            ("", Some(&b""[..])),
            ("q\\r\\n\\t\\e\\\\", Some(b"q\r\n\t\x1b\\")),
            ("\\x03\\xff\u{e4}", Some(b"\x03\xff\xc3\xa4")),
            ("\\x0", None),
            ("\\q", None),
            ("\\", None),
        ];
        for (text, wanted) in rows {
            assert_eq!(raw("--x", text).ok().as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn pagers() {
        for (text, good) in
            [("--More--= ", true), ("a=b=q", true), ("x=", true), ("x", false), ("(=", false)]
        {
            assert_eq!(pager(text).is_ok(), good, "{text}");
        }
        assert_eq!(pager("a=b=q").unwrap().1, b"q");
    }
}
