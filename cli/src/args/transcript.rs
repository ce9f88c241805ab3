//! The command lines of `play`, `check` and `fmt`, exactly as typed, and what `serve` shares with them.
//! Must not hold: anything of a protocol.

use super::{Trusting, seconds};
use clap::Args;
use std::path::PathBuf;

/// What transcripts are played with, on either side.
#[derive(Debug, Args)]
#[command(next_help_heading = "Transcript")]
pub(crate) struct Playing {
    /// Give a name its value (also WIRELINE_VAR_name)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Read values from FILE, name=value on each line
    #[arg(long, value_name = "FILE")]
    pub(crate) vars: Vec<PathBuf>,
    /// Give a secret its value, or @FILE (also WIRELINE_SECRET_name)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) secret: Vec<String>,
    /// Only the section with this title
    #[arg(long, value_name = "TITLE")]
    pub(crate) only: Option<String>,
}

/// Results as files.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Reports {
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) report_junit: Option<PathBuf>,
    /// Write the results as TAP
    #[arg(long, value_name = "FILE")]
    pub(crate) report_tap: Option<PathBuf>,
    /// Write the results as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report_json: Option<PathBuf>,
}

/// `wireline check FILE...`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  wireline check smoke.wire\n  wireline check -q tests/*.wire")]
pub(crate) struct Check {
    /// Transcripts
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Say nothing of what passes
    #[arg(short = 'q', long)]
    pub(crate) quiet: bool,
}

/// `wireline fmt FILE...`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline fmt -w smoke.wire\n  wireline fmt --check tests/*.wire"
)]
pub(crate) struct Format {
    /// Transcripts
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write the files anew instead of printing
    #[arg(short = 'w', long)]
    pub(crate) write: bool,
    /// Print nothing; exit 1 when a file is not in canonical form
    #[arg(long, conflicts_with = "write")]
    pub(crate) check: bool,
    /// The files hold an example pasted from an RFC: make transcripts of them
    #[arg(long)]
    pub(crate) rfc: bool,
}

/// `wireline play FILE... --to HOST:PORT`
#[derive(Debug, Args)]
#[command(after_help = PLAY_HELP)]
pub(crate) struct Play {
    /// Transcripts
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The server to judge
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) to: String,
    /// Files at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) jobs: usize,
    /// Play a file that failed again so often
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) retry: u32,
    /// Wait up to so many seconds for the server to take connections
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) wait: Option<f64>,
    /// Show only what failed
    #[arg(short = 'q', long)]
    pub(crate) quiet: bool,
    /// Seconds from one match to the next, in place of the file's @timeout
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = "Transcript")]
    pub(crate) timeout: Option<f64>,
    #[command(flatten)]
    pub(crate) playing: Playing,
    #[command(flatten)]
    pub(crate) trust: Trusting,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

const PLAY_HELP: &str = "\
Exit 0 when every section passed, 1 on a mismatch, 2 for a faulty file, 3 when the server is not
reached, 4 when TLS fails, 6 when nothing came in time.

Examples:
  wireline play smoke.wire --to localhost:25
  wireline play tests/*.wire --to 127.0.0.1:8080 --wait 30 --report-junit results.xml";
