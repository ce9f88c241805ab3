//! What `get`, `http` and `put` understand of HTTP alone, exactly as typed.
//! Must not hold: what every command understands (`args.rs`).

use clap::{ArgGroup, Args};
use std::path::PathBuf;

/// How a login is proven.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("proof").multiple(false))]
#[command(next_help_heading = "Login")]
pub(crate) struct Proving {
    /// Prove the login by Digest, which does not show the password
    #[arg(long, group = "proof", hide_short_help = true)]
    pub(crate) digest: bool,
    /// Prove it by Basic, at once (the default)
    #[arg(long, group = "proof", hide_short_help = true)]
    pub(crate) basic: bool,
    /// Ask first, and prove it by the strongest that the server wants
    #[arg(long, group = "proof", hide_short_help = true)]
    pub(crate) anyauth: bool,
    /// Log in with a token; @FILE reads it from FILE
    #[arg(
        long,
        visible_alias = "oauth2-bearer",
        value_name = "TOKEN",
        group = "proof",
        hide_short_help = true
    )]
    pub(crate) bearer: Option<String>,
}

impl Proving {
    /// Whether any of it was typed.
    pub(crate) const fn is_typed(&self) -> bool {
        self.digest || self.basic || self.anyauth || self.bearer.is_some()
    }
}

/// Cookies, and who sent us.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request")]
pub(crate) struct Remembering {
    /// Send this cookie, or those in FILE, and keep what servers set during the run
    #[arg(short = 'b', long, value_name = "NAME=VALUE|FILE", hide_short_help = true)]
    pub(crate) cookie: Vec<String>,
    /// Keep cookies in FILE: read in the beginning, written in the end, with mode 600
    #[arg(short = 'c', long, value_name = "FILE", hide_short_help = true)]
    pub(crate) cookie_jar: Option<PathBuf>,
    /// Say which page led here
    #[arg(short = 'e', long, value_name = "URL", hide_short_help = true)]
    pub(crate) referer: Option<String>,
}

/// What of a page is wanted, and in which form.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request")]
pub(crate) struct Wanting {
    /// Ask for gzip, deflate, br or zstd, and store what is in it
    #[arg(long, hide_short_help = true)]
    pub(crate) compressed: bool,
    /// Ask for these bytes only: 0-499, 500-, -500
    #[arg(
        short = 'r',
        long,
        value_name = "RANGE",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub(crate) range: Option<String>,
    /// Fetch only what is newer than the file that is here
    #[arg(long, conflicts_with = "time_cond", hide_short_help = true)]
    pub(crate) newer: bool,
    /// Fetch only what is newer than a date, or than FILE; with - in front, what is older
    #[arg(
        short = 'z',
        long,
        value_name = "DATE|FILE",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub(crate) time_cond: Option<String>,
    /// Write the ETag to FILE
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) etag_save: Option<PathBuf>,
    /// Fetch only what has another ETag than the one in FILE
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) etag_compare: Option<PathBuf>,
}
