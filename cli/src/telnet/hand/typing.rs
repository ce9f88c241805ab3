//! What is done with what somebody types: to the device, or at the prompt.
//! Must not hold: waiting, or what typed bytes mean (`keys.rs`, `prompt.rs`).

use super::{End, Hand, Outgoing};
use crate::exit::{Exit, Failure};
use crate::telnet::encoding::Encoding;
use crate::telnet::keys::{Discipline, Special, Typed};
use crate::telnet::prompt::{self, PROMPT, Wish};
use rustix::io::Errno;
use std::io;
use wireline_telnet::{Command, Side, TelnetOption};
use wireline_wire::{Secret, escape};

/// Nobody shows what is typed.
const UNSEEN: Discipline = Discipline::Lines { echo: false };

impl Hand<'_> {
    pub(super) fn read(&mut self, hung_up: bool) -> Result<Option<End>, Failure> {
        // The longest line that a terminal edits.
        let mut typed = [0; 4096];
        match rustix::io::read(io::stdin(), &mut typed) {
            Ok(0) if hung_up || self.discipline == Discipline::Characters => {
                Err(Failure::new(Exit::Local, "the terminal has gone"))
            }
            Ok(0) => self.end_of_file(),
            Ok(count) => self.take(typed.get(..count).unwrap_or_default()),
            Err(Errno::INTR | Errno::AGAIN) => Ok(None),
            // The signal says why.
            Err(Errno::IO) if hung_up => Err(Failure::new(Exit::Local, "the terminal has gone")),
            Err(error) => Err(Failure::local(&error.into()).doing("reading the terminal")),
        }
    }

    /// ^D at the beginning of a line.
    fn end_of_file(&mut self) -> Result<Option<End>, Failure> {
        if self.prompt.take().is_some() {
            self.tell("\n");
            return self.settle().map(|()| None);
        }
        match self.session.is_on(Side::Us, TelnetOption::LINEMODE) {
            true => self.unsent.push_back(Outgoing::Command(Command::EndOfFile)),
            false => self.type_keys(&Vec::from_iter(self.terminal.end_of_file())),
        }
        Ok(None)
    }

    /// Takes what was typed, for the device or for the prompt.
    fn take(&mut self, typed: &[u8]) -> Result<Option<End>, Failure> {
        let mut rest = typed;
        while !rest.is_empty() {
            if self.prompt.is_some() {
                if let Some(end) = self.take_prompt(&mut rest)? {
                    return Ok(Some(end));
                }
                continue;
            }
            let special = Special { escape: self.escape, interrupt: self.terminal.interrupt() };
            match self.discipline.next(&mut rest, special) {
                Some(Typed::Keys(keys)) => self.type_keys(&keys),
                Some(Typed::Line(line)) => self.type_line(&line),
                Some(Typed::Interrupt) => {
                    self.unsent.push_back(Outgoing::Command(Command::InterruptProcess));
                }
                Some(Typed::Escape) => self.open_prompt()?,
                None => {}
            }
        }
        Ok(None)
    }

    /// Up to the end of a line they may be a secret.
    fn type_keys(&mut self, keys: &[u8]) {
        let keys = self.encode(keys);
        let unseen = self.discipline == UNSEEN;
        for piece in keys.split_inclusive(|key| matches!(key, b'\r' | b'\n')) {
            let ends = piece.ends_with(b"\r") || piece.ends_with(b"\n");
            let (text, end) =
                piece.split_at_checked(piece.len() - usize::from(ends)).unwrap_or((piece, b""));
            match self.question.hides() || unseen {
                true if !text.is_empty() => {
                    self.push(Outgoing::SecretKeys(Secret::new(text.to_vec())))
                }
                _ => self.push(Outgoing::Keys(text.to_vec())),
            }
            if ends {
                self.question.answered();
                self.push(Outgoing::Keys(end.to_vec()));
            }
        }
    }

    /// A line that nobody echoes is a secret.
    fn type_line(&mut self, line: &[u8]) {
        let line = self.encode(line);
        match self.question.hides() || self.discipline == UNSEEN {
            true => self.push(Outgoing::SecretLine(Secret::new(line))),
            false => self.push(Outgoing::Line(line)),
        }
        self.question.answered();
    }

    fn encode(&mut self, typed: &[u8]) -> Vec<u8> {
        let Some(encoder) = &mut self.encoder else { return typed.to_vec() };
        let mut encoded = Vec::with_capacity(typed.len());
        encoder.push(typed, false, &mut encoded);
        encoded
    }

    /// Keys that wait become one piece.
    fn push(&mut self, outgoing: Outgoing) {
        const PIECE_BYTES: usize = 2048;
        match (self.unsent.back_mut(), outgoing) {
            (_, Outgoing::Keys(keys)) if keys.is_empty() => {}
            (Some(Outgoing::Keys(before)), Outgoing::Keys(keys))
                if before.len() + keys.len() <= PIECE_BYTES =>
            {
                before.extend(keys);
            }
            (_, outgoing) => self.unsent.push_back(outgoing),
        }
    }

    fn open_prompt(&mut self) -> Result<(), Failure> {
        self.prompt = Some(Vec::new());
        self.settle()?;
        self.tell(&format!("\n{PROMPT}"));
        Ok(())
    }

    /// Takes the line of the prompt; the escape character and the interrupt have no meaning in it.
    fn take_prompt(&mut self, typed: &mut &[u8]) -> Result<Option<End>, Failure> {
        let Some(line) = &mut self.prompt else { return Ok(None) };
        while let Some((&key, rest)) = typed.split_first() {
            *typed = rest;
            match key {
                b'\r' | b'\n' => {
                    let line = std::mem::take(line);
                    self.prompt = None;
                    return self.do_wish(&line);
                }
                key if Some(key) == self.escape.0 => {}
                key if Some(key) == self.terminal.interrupt() => line.clear(),
                key => line.push(key),
            }
        }
        Ok(None)
    }

    fn do_wish(&mut self, line: &[u8]) -> Result<Option<End>, Failure> {
        let wish = match Wish::parse(line) {
            Ok(wish) => wish,
            Err(why) => {
                self.tell(&format!("{why}\n"));
                Wish::Back
            }
        };
        match wish {
            Wish::Back => {}
            Wish::Close => return Ok(Some(End::Left)),
            Wish::Status => self.tell(&self.status()),
            Wish::Help => self.tell(&prompt::help()),
            Wish::Send(command) => self.push(Outgoing::Command(command)),
            Wish::SendEscape => self.push(Outgoing::Keys(Vec::from_iter(self.escape.0))),
            Wish::Suspend => self.suspend()?,
            Wish::Record(path) => {
                let told = match self.watch.record(&path) {
                    Ok(()) => {
                        format!("recording to {}\n", escape(path.display().to_string().as_bytes()))
                    }
                    Err(failure) => format!("{failure}\n"),
                };
                self.tell(&told);
            }
        }
        Ok(None)
    }

    fn status(&self) -> String {
        let session = &self.session;
        let tls = if session.is_tls() { "over TLS" } else { "in clear" };
        let typing = match self.discipline {
            Discipline::Characters => "character by character, the device echoes",
            Discipline::Lines { echo: true } => "line by line",
            Discipline::Lines { echo: false } => "line by line, hidden",
        };
        let options: Vec<_> = session
            .negotiation()
            .status()
            .map(|(verb, option)| format!("{verb} {option}"))
            .collect();
        let options = if options.is_empty() { "none".to_owned() } else { options.join(", ") };
        let encoding = self.encoding.map_or("as it is", Encoding::name);
        format!(
            "connected to {} {tls}\ntyping: {typing}\noptions: {options}\ntext: {encoding}\n\
             escape character: {}\n",
            session.peer(),
            self.escape
        )
    }
}
