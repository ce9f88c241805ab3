//! The command line exactly as typed; nothing is decided here.
//! Must not hold: defaults that depend on anything but the command line.

mod dialling;
mod fetch;
mod ftp;
mod http;
mod mail;
mod manual;
mod serve;
mod telnet;
mod transcript;

pub(crate) use dialling::{Dialling, Lasting, Trusting};
pub(crate) use fetch::{Fetch, Get, Http};
pub(crate) use ftp::{
    Chmod, Ftp, FtpQuote, FtpVerb, GetFiles, List, MakeFolder, Mirror, Moving, Put, PutFiles,
    Reaching, Remove, Rename, Securing, Stat,
};
pub(crate) use http::{Proving, Remembering, Wanting};
pub(crate) use mail::{Asking, Mail, Probe, Quote, Send, Smtp, SmtpVerb, Stage, Verify};
pub(crate) use manual::{Completions, Pages};
pub(crate) use serve::{Demo, Serve};
pub(crate) use telnet::Telnet;
pub(crate) use transcript::{Check, Format, Play, Playing, Reports};

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Small protocol clients: pages, mail, files, devices, and tests of them all.
#[derive(Debug, Parser)]
#[command(name = "wireline", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = EXAMPLES, after_long_help = below(NOTES, EXAMPLES))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fetch pages to files or standard output
    Get(Get),
    /// Upload a file
    Put(Box<Put>),
    /// Send any HTTP request
    Http(Http),
    /// Send a message
    Send(Box<Send>),
    /// List a mailbox, or collect what is new in it
    Mail(Box<Mail>),
    /// Look at a mail server: what it offers, whom it knows, what it says
    Smtp(Smtp),
    /// Files and trees on an FTP server: list, move, mirror
    Ftp(Ftp),
    /// Drive a device: by hand, by script, or from a pipe
    Telnet(Box<Telnet>),
    /// Play transcripts against a server and judge its side
    Play(Play),
    /// Run a server to test against: a built-in one, or the server's side of a transcript
    Serve(Serve),
    /// Judge transcripts by playing their two sides against each other
    Check(Check),
    /// Bring transcripts into canonical form
    Fmt(Format),
    /// Show what wireline does, against its own servers, offline
    Demo(Demo),
    /// Print what a shell needs to complete wireline's words
    Completions(Completions),
    /// Print the manual page, or write the pages of all commands
    Man(Pages),
}

const NOTES: &str = "\
Exit codes:
   0  done, whole
   1  the server refused or lacks it; a transcript did not match
   2  usage or bad input; nothing was sent
   3  not reached
   4  TLS
   5  the server broke the protocol or a limit, or cut a transfer short
   6  timed out
   7  a local file: missing, exists, full, denied
   8  it would have been unsafe
   9  outcome unknown: the last reply was lost after the message was handed over
  10  some of several failed, each is named

Environment:
  WIRELINE_PASSWORD     the password of a login that has none
  SSL_CERT_FILE         authorities to trust, as --cacert
  http_proxy, https_proxy, all_proxy, no_proxy
                        proxies, as --proxy and --noproxy
  WIRELINE_VAR_name, WIRELINE_SECRET_name
                        values and secrets for transcripts, as --set and --secret";

const EXAMPLES: &str = "\
Examples:
  wireline get http://www.sina.com.cn/ -o sina.html     head to stdout, body to the file
  wireline demo                                         all of it, offline";

/// What stands at the end of `--help`; `-h` has the examples alone.
fn below(notes: &str, examples: &str) -> String {
    format!("{notes}\n\n{examples}")
}

/// A span of time: whether it makes sense is decided elsewhere.
fn seconds(text: &str) -> Result<f64, &'static str> {
    text.parse().map_err(|_| "seconds are a number, such as 10 or 2.5")
}

/// In clear or not, and how a login is proven.
#[derive(Debug, Args)]
pub(crate) struct Upgrading {
    /// Log in by this mechanism: PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-256...
    #[arg(long, value_name = "MECHANISM", help_heading = "Login", hide_short_help = true)]
    pub(crate) auth: Option<String>,
    /// The secret is an OAuth 2 token, not a password
    #[arg(long, help_heading = "Login", hide_short_help = true)]
    pub(crate) oauth: bool,
    /// Demand TLS, on this machine too
    #[arg(long, conflicts_with = "no_tls", help_heading = "TLS", hide_short_help = true)]
    pub(crate) tls: bool,
    /// Stay in clear
    #[arg(long, help_heading = "TLS", hide_short_help = true)]
    pub(crate) no_tls: bool,
}

impl Upgrading {
    /// Whether any of it was typed.
    pub(crate) const fn is_typed(&self) -> bool {
        self.tls || self.no_tls || self.oauth || self.auth.is_some()
    }
}

/// What every command that dials understands.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    #[command(flatten)]
    pub(crate) login: LoggingIn,
    #[command(flatten)]
    pub(crate) trust: Trusting,
    #[command(flatten)]
    pub(crate) dialling: Dialling,
    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// Who logs in.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Login")]
pub(crate) struct LoggingIn {
    /// Log in; asks for a password that is not given
    #[arg(short = 'u', long, value_name = "USER[:PASS]")]
    pub(crate) user: Option<String>,
    /// Read the password from the first line of FILE; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Take logins from ~/.netrc
    #[arg(short = 'n', long, hide_short_help = true)]
    pub(crate) netrc: bool,
    /// Take logins from FILE, in the form of a netrc
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) netrc_file: Option<PathBuf>,
    /// Let a login go out in clear to other machines
    #[arg(long, hide_short_help = true)]
    pub(crate) allow_plaintext_auth: bool,
}

/// What is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Messages")]
pub(crate) struct Messages {
    /// Show the dialogue on standard error, as a transcript
    #[arg(short = 'v', long)]
    pub(crate) verbose: bool,
    /// Write the dialogue to FILE as a transcript
    ///
    /// Large bodies go into files beside it.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Let -v and --record make holes for secrets only, not for what differs in the next run
    #[arg(long, hide_short_help = true)]
    pub(crate) exact: bool,
    /// Print neither heads nor progress
    #[arg(short = 'q', long, visible_short_alias = 's', visible_alias = "silent")]
    pub(crate) quiet: bool,
    /// Print one line of JSON a transfer in place of heads
    #[arg(long)]
    pub(crate) json: bool,
}
