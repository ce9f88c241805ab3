//! The Telnet part of the demo: a login by steps, and what was said as a transcript.
//! Must not hold: a client of its own.

use super::{Screen, carry_out, differs, quoted, read};
use crate::exit::Failure;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use wireline_servers::telnet;

/// Logs in to a device, asks it something, leaves, and judges the transcript of it all.
pub(super) fn ask_a_device(screen: &Screen, dir: &Path) -> Result<(), Failure> {
    let server = telnet::Server::start(telnet::Options::default())
        .map_err(|error| Failure::local(&error).doing("starting the Telnet server"))?;
    let (pass, record) = (dir.join("device-password"), dir.join("telnet.wire"));
    std::fs::write(&pass, "wonderland\n").map_err(|error| Failure::local(&error))?;
    screen.say("\nTelnet: log in to a device, ask it something, and keep the dialogue.\n")?;
    let device = server.addr().to_string();
    let words = ["telnet", &device, "--login", "alice", "--password-file"].map(OsString::from);
    let steps = ["--prompt", r"\$ $", "--send", "echo it is 21 degrees", "--expect-re", r"\$ $"];
    let steps = steps.into_iter().chain(["--send", "exit", "--record"]).map(OsString::from);
    let words = words.into_iter().chain([pass.into()]).chain(steps).chain([record.clone().into()]);
    show(screen, words.collect())?;
    judge(&server, &record)?;
    screen.say("\nThe transcript of it holds no password, and its two sides fit:\n")?;
    show(screen, vec!["check".into(), record.into()])
}

/// It was what the device heard, by the rules, and the password stays out of the transcript.
fn judge(server: &telnet::Server, record: &Path) -> Result<(), Failure> {
    const LONGEST: Duration = Duration::from_secs(10);
    let ended = server.wait_end(0, LONGEST);
    let lines = server.commands();
    let lines: Vec<_> = lines.iter().map(|command| command.line.as_slice()).collect();
    let wanted: [&[u8]; 4] = [b"alice", b"wonderland", b"echo it is 21 degrees", b"exit"];
    if !ended || lines != wanted {
        return Err(differs("the device heard something else"));
    }
    if let Some(violation) = server.violations().first() {
        return Err(differs(&format!("the device complains: {violation:?}")));
    }
    let recorded = String::from_utf8_lossy(&read(record)?).into_owned();
    match recorded.contains("{{pass}}") && !recorded.contains("wonderland") {
        true => Ok(()),
        false => Err(differs("the password is in the transcript")),
    }
}

/// Shows a command line and carries it out.
fn show(screen: &Screen, words: Vec<OsString>) -> Result<(), Failure> {
    let shown: Vec<_> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
    screen.say(&format!("$ wireline {}\n", shown.join(" ")))?;
    carry_out(words.into_iter())
}
