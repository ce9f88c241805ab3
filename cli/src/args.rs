//! The command line exactly as typed; nothing is decided here.
//! Must not hold: defaults that depend on anything but the command line.

mod ftp;
mod mail;

pub(crate) use ftp::{
    Chmod, Ftp, FtpQuote, FtpVerb, GetFiles, List, MakeFolder, Mirror, Moving, Put, PutFiles,
    Reaching, Remove, Rename, Securing, Stat,
};
pub(crate) use mail::{Asking, Mail, Probe, Quote, Send, Smtp, SmtpVerb, Stage, Verify};

use crate::serve::LOOPBACK;
use crate::telnet::Steps;
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
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
}

/// `wireline get URL...`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline get http://www.sina.com.cn/ -o sina.html     head to stdout, body to the file\n  wireline get -C - -O https://host/big.iso             continue where it stopped"
)]
pub(crate) struct Get {
    /// What to fetch (http, https, ftp, ftps, pop3, pop3s); without a scheme, http:// is assumed
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) fetch: Fetch,
    /// FTP: give the file the time that it has on the server
    #[arg(short = 'R', long, help_heading = "Output")]
    pub(crate) remote_time: bool,
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

/// `wireline telnet HOST[:PORT]`
#[derive(Debug, Args)]
#[command(after_help = TELNET_HELP)]
pub(crate) struct Telnet {
    /// The device: HOST, HOST:PORT, telnet://USER@HOST:PORT/ or telnets://HOST
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) steps: Steps,
    /// What the device shows when a --login is done
    #[arg(long, value_name = "RE", requires = "login", help_heading = "Script")]
    pub(crate) prompt: Option<String>,
    /// While a step waits, answer what matches RE, as often as it comes: '--More--= '
    #[arg(long, value_name = "RE=ANSWER", allow_hyphen_values = true, help_heading = "Script")]
    pub(crate) on: Vec<String>,
    /// Speak TLS from the first byte; the port is 992 unless one is typed
    #[arg(long, help_heading = "TLS")]
    pub(crate) tls: bool,
    /// Pass on every escape sequence of the device's to a terminal, dangerous ones too
    #[arg(long, help_heading = "Output")]
    pub(crate) raw_terminal: bool,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

const TELNET_HELP: &str = "\
From a pipe, all of it is sent (a line's end as CR LF), then the device is heard until it closes; its text goes to
standard output, with LF at the end of lines. At a terminal it is the same, line by line; ^D says that all was said.
Steps are done in the order in which they are typed, each within --timeout. A script that ends with sending hears the
device until it closes. --quiet prints only what the groups of --expect-re capture, a line each; --json all as one line.
Exit 5 when the device closes before a step has matched, 6 when a step takes too long.
--send-raw and the answers of --on know \\r \\n \\t \\e \\\\ and \\xHH. A step forgets what is older than the last MiB.

Examples:
  echo status | wireline telnet device.example
  wireline telnet device --login admin --password-file pw --prompt '# $' --send 'show version' --expect-re '# $'
  wireline telnet device -q --expect-re 'uptime is (\\d+) days'";

/// In clear or not, and how a login is proven.
#[derive(Debug, Args)]
pub(crate) struct Upgrading {
    /// Demand TLS, on this machine too
    #[arg(long, conflicts_with = "no_tls", help_heading = "TLS")]
    pub(crate) tls: bool,
    /// Stay in clear
    #[arg(long, help_heading = "TLS")]
    pub(crate) no_tls: bool,
    /// Log in by this mechanism: PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-256...
    #[arg(long, value_name = "MECHANISM", help_heading = "Login")]
    pub(crate) auth: Option<String>,
    /// The secret is an OAuth 2 token, not a password
    #[arg(long, help_heading = "Login")]
    pub(crate) oauth: bool,
}

impl Upgrading {
    /// Whether any of it was typed.
    pub(crate) const fn is_typed(&self) -> bool {
        self.tls || self.no_tls || self.oauth || self.auth.is_some()
    }
}

/// `wireline serve KIND | FILE... [-- CMD ARGS...]`
#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP)]
pub(crate) struct Serve {
    /// A built-in server (http, smtp, lmtp, pop3, ftp, telnet, hello, or mail: smtp and pop3 over one mailbox), or
    /// transcripts whose S side is played, each on a port of its own
    #[arg(required = true, value_name = "KIND|FILE")]
    pub(crate) what: Vec<String>,
    /// Run this client against the servers and stop; transcripts judge it, each section played once
    #[arg(last = true, value_name = "CMD ARGS")]
    pub(crate) client: Vec<OsString>,
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", default_value_t = LOOPBACK)]
    pub(crate) listen: SocketAddr,
    /// Let a built-in server speak TLS from the first byte, with an authority made for this run
    #[arg(long)]
    pub(crate) tls: bool,
    /// The folder that a built-in server serves; of mail a Maildir, made if it is missing
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Who may log in to a built-in mail server (default: alice:wonderland)
    #[arg(long, value_name = "USER:PASS")]
    pub(crate) login: Option<String>,
    /// Let the sections of FILE (@over http) answer in a built-in server's place
    #[arg(long, value_name = "FILE")]
    pub(crate) over: Option<PathBuf>,
    /// Write the ready line to FILE too
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Stop at the end of standard input too, not only on SIGTERM or SIGINT
    #[arg(long)]
    pub(crate) until_eof: bool,
    /// End the client behind -- after so many seconds (default: 60)
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<f64>,
    /// Seconds from one match to the next, in place of the file's @timeout
    #[arg(long, value_name = "SECONDS", help_heading = "Transcript")]
    pub(crate) step_timeout: Option<f64>,
    #[command(flatten)]
    pub(crate) playing: Playing,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

const SERVE_HELP: &str = "\
Prints a line of JSON when it is ready: proto, addr, port, tls, ca (the file of the authority), pid.
Stops on SIGTERM or SIGINT. A client finds WIRELINE_ADDR, WIRELINE_PORT and WIRELINE_CA in its environment,
and WIRELINE_ADDR_2, WIRELINE_PORT_2 of a second FILE. The exit code is the client's if that is not 0, else 1
when it did not do as a transcript says, 6 when it outlived --timeout. The mail servers log in alice with
wonderland, and an address may ask for trouble: rcpt550@x, data452@x, delay2s@x, drop@x.
On FTP the name of a file or folder may: retr550, delay2s, slow-1000, cut-100, full, no226, hang,
many-5000, again. With --root names ask for nothing.

Examples:
  wireline serve http --root .
  wireline serve mail --root Maildir
  wireline serve login.wire -- sh -c 'curl -sf http://$WIRELINE_ADDR/'";

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
    #[arg(short = 'I', long = "head", visible_alias = "head-only", help_heading = "Output")]
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
    #[command(flatten)]
    pub(crate) lasting: Lasting,
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
    #[command(flatten)]
    pub(crate) dialling: Dialling,
    #[command(flatten)]
    pub(crate) trust: Trusting,
    #[command(flatten)]
    pub(crate) login: LoggingIn,
    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// How connections are made.
#[derive(Debug, Args)]
pub(crate) struct Dialling {
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
}

/// How transfers go on when something fails, and how large they may get.
#[derive(Debug, Args)]
pub(crate) struct Lasting {
    /// Try again so often when it may help, continuing where it stopped
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Connection")]
    pub(crate) retry: u32,
    /// Refuse bodies of more bytes (suffixes k, M, G)
    #[arg(long, visible_alias = "max-filesize", value_name = "BYTES", help_heading = "Connection")]
    pub(crate) max_size: Option<String>,
}

/// Who logs in.
#[derive(Debug, Args)]
pub(crate) struct LoggingIn {
    /// Log in; asks for a password that is not given
    #[arg(short = 'u', long, value_name = "USER[:PASS]", help_heading = "Login")]
    pub(crate) user: Option<String>,
    /// Read the password from the first line of FILE; - is standard input
    #[arg(long, value_name = "FILE", help_heading = "Login")]
    pub(crate) password_file: Option<PathBuf>,
    /// Let a login go out in clear to other machines
    #[arg(long, help_heading = "Login")]
    pub(crate) allow_plaintext_auth: bool,
}

/// What is shown.
#[derive(Debug, Args)]
pub(crate) struct Messages {
    /// Show the dialogue on standard error, as a transcript
    #[arg(short = 'v', long, help_heading = "Messages")]
    pub(crate) verbose: bool,
    /// Write the dialogue to FILE as a transcript; large bodies go into files beside it
    #[arg(long, value_name = "FILE", help_heading = "Messages")]
    pub(crate) record: Option<PathBuf>,
    /// Let -v and --record make holes for secrets only, not for what differs in the next run
    #[arg(long, help_heading = "Messages")]
    pub(crate) exact: bool,
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

/// Whom TLS trusts.
#[derive(Debug, Args)]
pub(crate) struct Trusting {
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
}

/// What transcripts are played with, on either side.
#[derive(Debug, Args)]
pub(crate) struct Playing {
    /// Give a name its value (also WIRELINE_VAR_name)
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Transcript")]
    pub(crate) set: Vec<String>,
    /// Read values from FILE, name=value on each line
    #[arg(long, value_name = "FILE", help_heading = "Transcript")]
    pub(crate) vars: Vec<PathBuf>,
    /// Give a secret its value, @FILE from a file (also WIRELINE_SECRET_name)
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Transcript")]
    pub(crate) secret: Vec<String>,
    /// Only the section with this title
    #[arg(long, value_name = "TITLE", help_heading = "Transcript")]
    pub(crate) only: Option<String>,
}

/// Results as files.
#[derive(Debug, Args)]
pub(crate) struct Reports {
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) report_junit: Option<PathBuf>,
    /// Write the results as TAP
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) report_tap: Option<PathBuf>,
    /// Write the results as JSON
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) report_json: Option<PathBuf>,
}

/// `wireline check FILE...`
#[derive(Debug, Args)]
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
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<f64>,
    /// Show only what failed
    #[arg(short = 'q', long)]
    pub(crate) quiet: bool,
    /// Seconds from one match to the next, in place of the file's @timeout
    #[arg(long, value_name = "SECONDS", help_heading = "Transcript")]
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
