//! What is said when the command line makes no sense: one line, and a hint.
//! Must not hold: what the options mean.

use crate::exit::{Exit, Failure};
use crate::mask::without_login;
use crate::output::Output;
use clap::error::{ContextKind, ContextValue, ErrorKind};
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
        let printed = error.print().is_ok();
        let asked = error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        return if asked && printed { ExitCode::SUCCESS } else { Exit::Usage.into() };
    }
    Output { quiet: false }.fail(&failure(error));
    Exit::Usage.into()
}

fn failure(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let mut why = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    if why.ends_with(':') {
        why.extend(
            text.lines()
                .skip(1)
                .take_while(|line| !line.is_empty())
                .map(|line| format!(" {}", line.trim())),
        );
    }
    let failure = Failure::usage(without_login(&why));
    match hint(error) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn hint(error: &clap::Error) -> Option<String> {
    let typed = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        Some(ContextValue::Strings(texts)) => texts.first().map(String::as_str),
        _ => None,
    };
    if let Some(word) = typed(ContextKind::InvalidSubcommand).filter(|word| word.contains("://")) {
        return Some(without_login(&format!("wireline get {word}")));
    }
    if let Some(hint) = typed(ContextKind::InvalidArg).and_then(curl_flag) {
        return Some(hint.to_owned());
    }
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    near.into_iter().find_map(typed).map(|near| format!("{near} is there"))
}

/// What to use for a flag of curl's that wireline lacks.
fn curl_flag(flag: &str) -> Option<&'static str> {
    let hint = match flag {
        "-d" | "--data" | "-X" | "--request" => {
            "wireline http has it: wireline http METHOD -d DATA URL"
        }
        "--url" => "URLs need no option",
        "--http1.1" => "wireline speaks nothing else",
        "-N" | "--no-buffer" => "what has come is written before every wait",
        "--unix-socket" => "that is not supported yet",
        "-x" | "--proxy" | "--noproxy" => "proxies are not supported yet",
        "-T" | "--upload-file" => "wireline put uploads: wireline put FILE ftp://HOST/",
        "-F" | "--form" | "-G" | "--get" => "forms are not supported yet",
        "-b" | "--cookie" | "-c" | "--cookie-jar" => "-H \"Cookie: name=value\" sends a cookie",
        "-e" | "--referer" => "-H \"Referer: URL\" sends it",
        "-r" | "--range" => "-H \"Range: bytes=FIRST-LAST\" asks for it",
        "-D" | "--dump-header" => "with -o FILE the heads are on standard output",
        "-R" | "--remote-time" | "-z" | "--time-cond" => {
            "conditional requests: -H \"If-Modified-Since: DATE\""
        }
        "-n" | "--netrc" => "netrc is not supported yet; --password-file FILE holds a password",
        "-J" | "--remote-header-name" => "-O names the file after the URL",
        "-Z" | "--parallel" => "several URLs are fetched one after the other",
        "-g" | "--globoff" => "URLs are never globbed",
        "-E" | "--cert" | "--key" => "client certificates are not supported yet",
        "-w" | "--write-out" => "--json prints what is known of a transfer",
        "--compressed" => "bodies are stored as they come",
        "--limit-rate" | "--speed-limit" => "limits of speed are not supported yet",
        "-a" | "--append" | "-K" | "--config" | "--http2" | "--http3" => {
            "wireline has no such thing"
        }
        _ => return None,
    };
    Some(hint)
}
