//! The command lines of `serve` and `demo`, exactly as typed.
//! Must not hold: what a built-in server does (`serve.txt` is what is said of it).

use super::{Playing, Reports, below, seconds};
use crate::serve::LOOPBACK;
use clap::Args;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `wireline serve KIND | FILE... [-- CMD ARGS...]`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = below(NOTES, EXAMPLES))]
pub(crate) struct Serve {
    /// http, proxy, socks, smtp, lmtp, pop3, mail, ftp, telnet, hello; or transcripts
    ///
    /// A built-in server (mail is smtp and pop3 over one mailbox), or transcripts whose S side is
    /// played, each on a port of its own.
    #[arg(required = true, value_name = "KIND|FILE")]
    pub(crate) what: Vec<String>,
    /// Run this client against the servers and stop
    ///
    /// Transcripts judge it, each section played once.
    #[arg(last = true, value_name = "CMD ARGS")]
    pub(crate) client: Vec<OsString>,
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", default_value_t = LOOPBACK)]
    pub(crate) listen: SocketAddr,
    /// Let a built-in server speak TLS from the first byte
    ///
    /// Its authority is made for this run; the ready line names the file.
    #[arg(long)]
    pub(crate) tls: bool,
    /// The folder that a built-in server serves
    ///
    /// Of mail it is a Maildir, made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Who may log in to a built-in server (default: alice:wonderland)
    ///
    /// To proxy and socks anyone may, unless this is given.
    #[arg(long, value_name = "USER:PASS")]
    pub(crate) login: Option<String>,
    /// Let the sections of FILE (@over http) answer in its place
    #[arg(long, value_name = "FILE")]
    pub(crate) over: Option<PathBuf>,
    /// Write the ready line to FILE too
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Stop at the end of standard input too, not only on SIGTERM or SIGINT
    #[arg(long)]
    pub(crate) until_eof: bool,
    /// End the client behind -- after so many seconds (default: 60)
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<f64>,
    /// Seconds from one match to the next, in place of the file's @timeout
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Transcript")]
    pub(crate) step_timeout: Option<f64>,
    #[command(flatten)]
    pub(crate) playing: Playing,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

const NOTES: &str = include_str!("serve.txt").trim_ascii_end();

const EXAMPLES: &str = "\
Examples:
  wireline serve http --root .
  wireline serve mail --root Maildir
  wireline serve login.wire -- sh -c 'curl -sf http://$WIRELINE_ADDR/'";

/// `wireline demo`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline demo\n  wireline demo --dir /tmp/demo        and look at what is left there"
)]
pub(crate) struct Demo {
    /// Leave the files in this folder (default: a new one under the system's temporary folder)
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
