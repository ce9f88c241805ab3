//! Drives the login of a device and a command, as expect does: `cargo run --example login`.
#![allow(clippy::print_stdout, reason = "what a program says")]

use std::error::Error;
use std::time::Duration;
use wireline_servers::telnet;
use wireline_telnet::{Alternative, Limits, LineEnd, Session, Settings};
use wireline_wire::{Dialer, Endpoint, Secret};

const STEP: Duration = Duration::from_secs(10);

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let server = telnet::Server::start(telnet::Options::default())?;
    let place = Endpoint::new("127.0.0.1", server.addr().port())?;
    let shown = ask(&place, "alice", &Secret::from("wonderland"), "ls")?;
    print!("{shown}");
    assert!(shown.contains("notes.txt"));
    assert!(ask(&place, "alice", &Secret::from("no"), "ls").is_err());
    assert!(server.violations().is_empty());
    Ok(())
}

/// What the device says to a command.
fn ask(at: &Endpoint, user: &str, pass: &Secret, line: &str) -> Result<String, Box<dyn Error>> {
    let wire = Dialer::default().dial(at)?;
    let mut session = Session::start(wire, Settings::default(), Limits::default());
    session.read_until("login: ", STEP)?;
    session.send_line(user, LineEnd::CrLf)?;
    session.read_until("Password: ", STEP)?;
    session.send_secret("pass", pass, LineEnd::CrLf)?;
    let prompt = Alternative::literal("$ ")?;
    let found = session.expect(&[prompt, Alternative::regex("(?i)incorrect|denied")?], STEP)?;
    if found.alternative == 1 {
        return Err("the login was refused".into());
    }
    session.send_line(line, LineEnd::CrLf)?;
    let said = session.expect(&[Alternative::literal("$ ")?], STEP)?.before;
    Ok(String::from_utf8_lossy(&said).into_owned())
}
