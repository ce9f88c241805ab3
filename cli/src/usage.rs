//! What is said when the command line makes no sense: one line, and a hint.
//! Must not hold: what the options mean.

use crate::args::Arguments;
use crate::exit::{Exit, Failure};
use crate::mask::without_login;
use crate::output::Output;
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::io;
use std::process::ExitCode;

/// Prints help and version as clap has them, everything else in one line.
pub(crate) fn report(error: &clap::Error) -> ExitCode {
    let is_asked_for = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if is_asked_for {
        let printed = error.print();
        // Whoever reads may leave.
        let left = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        let printed = printed.is_ok() || printed.as_ref().is_err_and(left);
        let asked = error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        return if asked && printed { ExitCode::SUCCESS } else { Exit::Usage.into() };
    }
    let failure = Failure::usage(without_login(&why(error))).hint(without_login(&hint(error)));
    Output { quiet: false }.fail(&failure);
    Exit::Usage.into()
}

fn why(error: &clap::Error) -> String {
    let named = words(error, ContextKind::InvalidArg);
    let value = words(error, ContextKind::InvalidValue);
    match (error.kind(), named.as_slice(), value.as_slice()) {
        (ErrorKind::MissingRequiredArgument, [one], _) => {
            format!("{} is missing", one.trim_end_matches("..."))
        }
        (ErrorKind::MissingRequiredArgument, [_, ..], _) => {
            format!("{} are missing", named.join(" and "))
        }
        (ErrorKind::InvalidValue, [one], [""]) => format!("{one} has no value"),
        _ => first_lines(&error.to_string()),
    }
}

/// The first line, with what it announces.
fn first_lines(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let mut why = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    if why.ends_with(':') {
        let listed = text.lines().skip(1).take_while(|line| !line.is_empty());
        why.extend(listed.map(|line| format!(" {}", line.trim())));
    }
    why
}

fn hint(error: &clap::Error) -> String {
    let (flag, word) =
        (last(error, ContextKind::InvalidArg), last(error, ContextKind::InvalidSubcommand));
    if let Some(hint) = word.and_then(address_hint) {
        return hint;
    }
    if let Some(hint) = flag.and_then(curl_flag) {
        return hint.to_owned();
    }
    // The likeliest stands last.
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    if let Some(near) = near.into_iter().find_map(|kind| last(error, kind)) {
        return format!("did you mean {near}?");
    }
    let command = command_typed();
    match (error.kind(), words(error, ContextKind::ValidValue).as_slice()) {
        (_, values @ [_, ..]) => values.join(", "),
        (ErrorKind::MissingRequiredArgument, _) => {
            let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
            format!("{}; {command} -h says more", usage.trim_start_matches("Usage: "))
        }
        (ErrorKind::UnknownArgument, _) if command == "wireline" => {
            format!("options stand behind a command: wireline get {} URL", flag.unwrap_or_default())
        }
        (ErrorKind::InvalidSubcommand, _) => format!("{command} --help lists the commands"),
        _ => format!("{command} --help lists the options"),
    }
}

/// What to do with an address that stands where a command is expected.
fn address_hint(word: &str) -> Option<String> {
    let verb = match word.split_once("://").map(|(scheme, _)| scheme) {
        Some("http" | "https" | "ftp" | "ftps" | "pop3" | "pop3s") => "get",
        Some("smtp" | "smtps" | "lmtp") => "smtp probe",
        Some("telnet" | "telnets") => "telnet",
        Some(_) => return Some(FETCHED.to_owned()),
        None if word.contains(['.', ':', '/']) => "get",
        None => return None,
    };
    Some(format!("wireline {verb} {word}"))
}

/// For a scheme that is not known.
pub(crate) const FETCHED: &str = "http, https, ftp, ftps, pop3 and pop3s can be fetched";

/// The words of the command that was typed.
fn command_typed() -> String {
    let (mut command, mut name) = (Arguments::command(), "wireline".to_owned());
    for word in std::env::args_os().skip(1) {
        let Some(below) = command.find_subcommand(&word).cloned() else { break };
        name.extend([" ", below.get_name()]);
        command = below;
    }
    name
}

fn last(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    words(error, kind).pop()
}

/// What the error says of this kind.
fn words(error: &clap::Error, kind: ContextKind) -> Vec<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text],
        Some(ContextValue::Strings(texts)) => texts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}
/// What to use for a flag of curl's that wireline lacks.
fn curl_flag(flag: &str) -> Option<&'static str> {
    let hint = match flag {
        "-d" | "--data" | "-X" | "--request" | "-F" | "--form" | "-G" | "--get" => {
            "wireline http has it: wireline http METHOD -d DATA URL"
        }
        "--url" => "URLs need no option",
        "--http1.1" => "wireline speaks nothing else",
        "-N" | "--no-buffer" => "what has come is written before every wait",
        "--socks5" | "--socks5-hostname" => "-x socks5h://HOST:PORT goes by way of a SOCKS proxy",
        "-T" | "--upload-file" => "wireline put uploads: wireline put FILE URL",
        "-D" | "--dump-header" => "with -o FILE the heads are on standard output",
        "-Z" | "--parallel" => "--jobs N fetches so many at a time",
        "-K" | "--config" => "--input-file FILE has URLs, one a line",
        "-g" | "--globoff" => "URLs are never globbed",
        "-w" | "--write-out" => "--json prints what is known of a transfer",
        "-a" | "--append" | "--http2" | "--http3" => "wireline has no such thing",
        _ => return None,
    };
    Some(hint)
}
