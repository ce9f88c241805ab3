//! The command line exactly as typed; nothing is decided here.
//! Must not hold: defaults that depend on anything but the command line.

use crate::serve::LOOPBACK;
use clap::{Args, Parser, Subcommand};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Small protocol clients: pages, mail, files, devices, and tests of them all.
#[derive(Debug, Parser)]
#[command(name = "wireline", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Examples:\n  wireline get http://www.sina.com.cn/ -o sina.html\n  wireline demo"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fetch pages to files or standard output
    Get(Get),
    /// Send any HTTP request
    Http(Http),
    /// Run a server to test against
    Serve(Serve),
    /// Show what wireline does, against its own servers, offline
    Demo(Demo),
}

/// `wireline get URL...`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline get http://www.sina.com.cn/ -o sina.html     head to stdout, body to the file\n  wireline get -C - -O https://host/big.iso             continue where it stopped"
)]
pub(crate) struct Get {
    /// What to fetch; without a scheme, http:// is assumed
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) fetch: Fetch,
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
    #[arg(short = 'X', long = "request", value_name = "METHOD", help_heading = "Request")]
    pub(crate) method: Option<String>,
    /// Send this body; @FILE reads it from FILE, @- from standard input
    #[arg(short = 'd', long = "data", value_name = "DATA", help_heading = "Request")]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) fetch: Fetch,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// `wireline serve KIND`
#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP)]
pub(crate) struct Serve {
    /// Which server: http
    #[arg(value_name = "KIND")]
    pub(crate) kind: String,
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", default_value_t = LOOPBACK)]
    pub(crate) listen: SocketAddr,
    /// Speak TLS from the first byte, with an authority made for this run
    #[arg(long)]
    pub(crate) tls: bool,
    /// The folder to serve
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Write the ready line to FILE too
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Stop at the end of standard input too, not only on SIGTERM or SIGINT
    #[arg(long)]
    pub(crate) until_eof: bool,
}

const SERVE_HELP: &str = "\
Prints one line of JSON when it is ready: proto, addr, port, tls, ca (the file of the authority), pid.
Stops on SIGTERM or SIGINT.

Examples:
  wireline serve http --root .
  wireline serve http --tls --listen 127.0.0.1:8443";

/// `wireline demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Leave the files in this folder (default: a new one under the system's temporary folder)
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// What is asked of the server, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// Write the body to FILE and the heads to standard output; - is standard output
    #[arg(short = 'o', long = "output", value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Vec<PathBuf>,
    /// Name the file after the last part of the URL; never overwrites without --overwrite
    #[arg(short = 'O', long = "remote-name", help_heading = "Output")]
    pub(crate) remote_name: bool,
    /// Put files named after their URLs into DIR
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) output_dir: Option<PathBuf>,
    /// Create the folders of the target
    #[arg(long, help_heading = "Output")]
    pub(crate) create_dirs: bool,
    /// Let -O replace a file
    #[arg(long, help_heading = "Output")]
    pub(crate) overwrite: bool,
    /// Continue: - from the part file, OFFSET from that many bytes of FILE
    #[arg(short = 'C', long = "continue-at", value_name = "OFFSET", help_heading = "Output")]
    pub(crate) continue_at: Option<String>,
    /// Make exit 0 mean that the file is on the disk
    #[arg(long, help_heading = "Output")]
    pub(crate) sync: bool,
    /// Write the heads before the body
    #[arg(short = 'i', long = "include", help_heading = "Output")]
    pub(crate) include: bool,
    /// Ask for the head only
    #[arg(short = 'I', long = "head", help_heading = "Output")]
    pub(crate) head: bool,
    /// Store the body of an answer of 400 and above too (exit 1 all the same)
    #[arg(long, help_heading = "Output")]
    pub(crate) fail_with_body: bool,
    /// Add a field; "Name:" sends it empty
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", help_heading = "Request")]
    pub(crate) header: Vec<String>,
    /// Say who we are; by default nothing is said
    #[arg(short = 'A', long = "user-agent", value_name = "NAME", help_heading = "Request")]
    pub(crate) user_agent: Option<String>,
    /// Redirects to follow; 0 makes one an answer like any other
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Request")]
    pub(crate) max_redirs: usize,
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

/// What every command that dials understands.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// Seconds to connect to one address
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, help_heading = "Connection")]
    pub(crate) connect_timeout: f64,
    /// Seconds of silence
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, help_heading = "Connection")]
    pub(crate) timeout: f64,
    /// Seconds for everything together
    #[arg(short = 'm', long, value_name = "SECONDS", help_heading = "Connection")]
    pub(crate) max_time: Option<f64>,
    /// IPv4 only
    #[arg(short = '4', long = "ipv4", conflicts_with = "ipv6", help_heading = "Connection")]
    pub(crate) ipv4: bool,
    /// IPv6 only
    #[arg(short = '6', long = "ipv6", help_heading = "Connection")]
    pub(crate) ipv6: bool,
    /// Connect from this address
    #[arg(long, value_name = "ADDR", help_heading = "Connection")]
    pub(crate) bind: Option<IpAddr>,
    /// Use ADDR for HOST and PORT
    #[arg(long, value_name = "HOST:PORT:ADDR", help_heading = "Connection")]
    pub(crate) resolve: Vec<String>,
    /// Connect to H2 and P2 in place of H1 and P1
    #[arg(long, value_name = "H1:P1:H2:P2", help_heading = "Connection")]
    pub(crate) connect_to: Vec<String>,
    /// Try again so often when it may help, continuing where it stopped
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Connection")]
    pub(crate) retry: u32,
    /// Refuse bodies of more bytes (suffixes k, M, G)
    #[arg(long, visible_alias = "max-filesize", value_name = "BYTES", help_heading = "Connection")]
    pub(crate) max_size: Option<String>,
    /// Trust the authorities in FILE instead of the built-in ones (SSL_CERT_FILE does the same)
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(crate) cacert: Vec<PathBuf>,
    /// Trust the system's authorities instead of the built-in ones
    #[arg(long, help_heading = "TLS")]
    pub(crate) system_roots: bool,
    /// Trust the authorities in FILE too
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(crate) add_ca: Vec<PathBuf>,
    /// Accept any certificate
    #[arg(short = 'k', long, help_heading = "TLS")]
    pub(crate) insecure: bool,
    /// Log in; asks for a password that is not given
    #[arg(short = 'u', long, value_name = "USER[:PASS]", help_heading = "Login")]
    pub(crate) user: Option<String>,
    /// Read the password from the first line of FILE; - is standard input
    #[arg(long, value_name = "FILE", help_heading = "Login")]
    pub(crate) password_file: Option<PathBuf>,
    /// Let a login go out in clear to other machines
    #[arg(long, help_heading = "Login")]
    pub(crate) allow_plaintext_auth: bool,
    /// Show the dialogue on standard error, as a transcript
    #[arg(short = 'v', long, help_heading = "Messages")]
    pub(crate) verbose: bool,
    /// Print neither heads nor progress
    #[arg(
        short = 'q',
        long,
        visible_short_alias = 's',
        visible_alias = "silent",
        help_heading = "Messages"
    )]
    pub(crate) quiet: bool,
    /// Print one line of JSON a transfer in place of heads
    #[arg(long, help_heading = "Messages")]
    pub(crate) json: bool,
}
