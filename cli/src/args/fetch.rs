//! The command lines of `get` and `http`, exactly as typed.
//! Must not hold: what `put` understands of HTTP too (`http.rs`).

use super::{Lasting, Moving, Proving, Remembering, Shared, Upgrading, Wanting};
use crate::content::Words as BodyWords;
use clap::{Args, Parser};
use std::path::PathBuf;

/// `wireline get URL...`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline get http://www.sina.com.cn/ -o sina.html     head to stdout, body to the file\n  wireline get -C - -O https://host/big.iso             continue where it stopped"
)]
pub(crate) struct Get {
    /// What to fetch (http, https, ftp, ftps, pop3, pop3s)
    ///
    /// Without a scheme, http:// is assumed.
    #[arg(required_unless_present = "input_file", value_name = "URL")]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) fetch: Fetch,
    #[command(flatten)]
    pub(crate) upgrading: Upgrading,
    #[command(flatten)]
    pub(crate) moving: Moving,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// `wireline http [METHOD] URL`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline http DELETE http://localhost:8080/item/7\n  wireline http -d name=value http://localhost:8080/form"
)]
pub(crate) struct Http {
    /// The method (GET, or POST with -d), then the URL
    #[arg(required = true, num_args = 1..=2, value_name = "[METHOD] URL")]
    pub(crate) words: Vec<String>,
    /// The method
    #[arg(
        short = 'X',
        long = "request",
        value_name = "METHOD",
        help_heading = "Request",
        hide_short_help = true
    )]
    pub(crate) method: Option<String>,
    #[command(flatten)]
    pub(crate) body: BodyWords,
    /// Put what -d says into the URL's query, and send no body
    #[arg(short = 'G', long = "get", help_heading = "Body", hide_short_help = true)]
    pub(crate) get: bool,
    #[command(flatten)]
    pub(crate) fetch: Fetch,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// What is asked of the server, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// Write the body to FILE and the heads to standard output
    ///
    /// With - the body goes to standard output, and to a terminal even if it is binary.
    #[arg(short = 'o', long = "output", value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Vec<PathBuf>,
    /// Name the file after the last part of the URL
    ///
    /// It never overwrites without --overwrite.
    #[arg(short = 'O', long = "remote-name", help_heading = "Output")]
    pub(crate) remote_name: bool,
    /// Put files named after their URLs into DIR
    #[arg(long, value_name = "DIR", help_heading = "Output", hide_short_help = true)]
    pub(crate) output_dir: Option<PathBuf>,
    /// Create the folders of the target
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub(crate) create_dirs: bool,
    /// Let -O replace a file
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub(crate) overwrite: bool,
    /// Continue: - from the part file, OFFSET from that many bytes of FILE
    #[arg(short = 'C', long = "continue-at", value_name = "OFFSET", help_heading = "Output")]
    pub(crate) continue_at: Option<String>,
    /// Make exit 0 mean that the file is on the disk
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub(crate) sync: bool,
    /// Give the file the time that it has on the server
    #[arg(short = 'R', long, help_heading = "Output", hide_short_help = true)]
    pub(crate) remote_time: bool,
    /// Write the heads before the body
    #[arg(short = 'i', long = "include", help_heading = "Output")]
    pub(crate) include: bool,
    /// Ask for the head only
    #[arg(short = 'I', long = "head", visible_alias = "head-only", help_heading = "Output")]
    pub(crate) head: bool,
    /// Store the body of an answer of 400 and above too (exit 1 all the same)
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub(crate) fail_with_body: bool,
    /// Name the file as the server says (Content-Disposition), else as -O does
    #[arg(short = 'J', long, help_heading = "Output", hide_short_help = true)]
    pub(crate) remote_header_name: bool,
    /// Keep what is there: a target that exists is left alone, and is no failure
    #[arg(long, conflicts_with = "overwrite", help_heading = "Output", hide_short_help = true)]
    pub(crate) no_clobber: bool,
    /// Fetch the URLs in FILE too, one a line; - is standard input
    #[arg(long, value_name = "FILE", help_heading = "Output", hide_short_help = true)]
    pub(crate) input_file: Option<PathBuf>,
    /// Add a field; "Name:" leaves one of ours out, "Name;" sends it empty
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", help_heading = "Request")]
    pub(crate) header: Vec<String>,
    /// Ask for the path as it is typed, with its . and .. segments
    #[arg(long, help_heading = "Request", hide_short_help = true)]
    pub(crate) path_as_is: bool,
    /// Say who we are; by default nothing is said
    #[arg(
        short = 'A',
        long = "user-agent",
        value_name = "NAME",
        help_heading = "Request",
        hide_short_help = true
    )]
    pub(crate) user_agent: Option<String>,
    /// Redirects to follow; 0 makes one an answer like any other
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        help_heading = "Request",
        hide_short_help = true
    )]
    pub(crate) max_redirs: usize,
    #[command(flatten)]
    pub(crate) remembering: Remembering,
    #[command(flatten)]
    pub(crate) wanting: Wanting,
    /// Fetch so many at a time
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u8).range(1..=64),
        help_heading = "Transfer",
        hide_short_help = true
    )]
    pub(crate) jobs: u8,
    #[command(flatten)]
    pub(crate) lasting: Lasting,
    /// Show how long each step of a transfer took
    #[arg(long, help_heading = "Transfer", hide_short_help = true)]
    pub(crate) timing: bool,
    #[command(flatten)]
    pub(crate) proving: Proving,
    /// As in curl; on by default here
    #[arg(short = 'L', long = "location", hide = true)]
    pub(crate) location: bool,
    /// As in curl; on by default here
    #[arg(short = 'f', long = "fail", hide = true)]
    pub(crate) fail: bool,
    /// As in curl; on by default here
    #[arg(short = 'S', long = "show-error", hide = true)]
    pub(crate) show_error: bool,
}

/// What is not typed is as the command line has it.
impl Default for Fetch {
    fn default() -> Self {
        #[derive(Parser)]
        struct Bare {
            #[command(flatten)]
            fetch: Fetch,
        }
        Bare::parse_from(["wireline"]).fetch
    }
}

impl Fetch {
    /// What was typed of it that only HTTP has.
    pub(crate) fn of_http_alone(&self) -> Option<&'static str> {
        let Self { proving, remembering, wanting, .. } = self;
        let typed = [
            (!self.header.is_empty() || self.user_agent.is_some(), "-H and -A are for HTTP"),
            (self.remote_header_name, "-J is for HTTP"),
            (self.path_as_is, "--path-as-is is for HTTP"),
            (self.jobs > 1, "--jobs is for HTTP; wireline ftp mirror has its own"),
            (self.input_file.is_some(), "--input-file is for HTTP"),
            (self.timing, "--timing is for HTTP"),
            (self.no_clobber, "--no-clobber is for HTTP: -O replaces nothing unasked"),
            (proving.is_typed(), "--digest, --basic, --anyauth and --bearer are for HTTP"),
            (
                !remembering.cookie.is_empty() || remembering.cookie_jar.is_some(),
                "cookies are for HTTP",
            ),
            (remembering.referer.is_some(), "-e is for HTTP"),
            (wanting.compressed, "--compressed is for HTTP"),
            (wanting.range.is_some(), "-r is for HTTP; -C OFFSET begins in the middle"),
            (wanting.newer || wanting.time_cond.is_some(), "--newer and -z are for HTTP"),
            (
                wanting.etag_save.is_some() || wanting.etag_compare.is_some(),
                "--etag-save and --etag-compare are for HTTP",
            ),
        ];
        typed.into_iter().find(|(typed, _)| *typed).map(|(_, why)| why)
    }
}
