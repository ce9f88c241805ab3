//! wireline: small protocol clients on one command line.
//! Here: from arguments to a command, from a failure to an exit code. Everything else has its file.

mod args;
mod check;
mod client;
mod content;
mod cookies;
mod demo;
mod dialogue;
mod exit;
mod fetch;
mod ftp;
mod get;
mod job;
mod mail;
mod manual;
mod mask;
mod meter;
mod output;
mod place;
mod plan;
mod play;
mod pop3;
mod put;
mod recording;
mod report;
mod send;
mod serve;
mod smtp;
mod stop;
mod telnet;
mod trace;
mod usage;
mod values;
mod watch;

use args::{Arguments, Command};
use clap::Parser;
use exit::{Exit, Failure};
use output::Output;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage::report(&error),
    };
    match run(&arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if failure.exit != Exit::ReaderLeft {
                Output { quiet: false }.fail(&failure);
            }
            failure.exit.into()
        }
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Get(args) => get::get(args),
        Command::Put(args) => put::run(args),
        Command::Http(args) => get::http(args),
        Command::Send(args) => send::run(args),
        Command::Mail(args) => mail::run(args),
        Command::Smtp(args) => smtp::run(args),
        Command::Ftp(args) => ftp::run(args),
        Command::Telnet(args) => telnet::run(args),
        Command::Play(args) => play::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run_check(args),
        Command::Fmt(args) => check::run_format(args),
        Command::Demo(args) => demo::run(args),
        Command::Completions(args) => manual::complete(args),
        Command::Man(args) => manual::write(args),
    }
}
