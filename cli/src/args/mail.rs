//! The command lines of `send`, `smtp` and `mail`, exactly as typed.
//! Must not hold: what every command understands (`args.rs`).

use super::{Shared, Upgrading, below};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `wireline send --to ADDR [URL] [FILE...]`
#[derive(Debug, Args)]
#[command(after_help = SEND_EXAMPLES, after_long_help = below(SEND_NOTES, SEND_EXAMPLES))]
pub(crate) struct Send {
    /// The server, smtp://localhost unless given, and messages in files (as --eml)
    #[arg(value_name = "URL|FILE")]
    pub(crate) words: Vec<String>,
    /// Whom it is for; several with commas between them, or the option again
    #[arg(long, value_name = "ADDR", allow_hyphen_values = true, help_heading = "Message")]
    pub(crate) to: Vec<String>,
    /// Who gets a copy
    #[arg(long, value_name = "ADDR", allow_hyphen_values = true, help_heading = "Message")]
    pub(crate) cc: Vec<String>,
    /// Who gets a copy that the others do not see
    #[arg(
        long,
        value_name = "ADDR",
        allow_hyphen_values = true,
        help_heading = "Message",
        hide_short_help = true
    )]
    pub(crate) bcc: Vec<String>,
    /// Who sends it (default: the login, $EMAIL, or USER@HOST); <> is nobody
    #[arg(long, value_name = "ADDR", allow_hyphen_values = true, help_heading = "Message")]
    pub(crate) from: Option<String>,
    /// What it is about
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Message")]
    pub(crate) subject: Option<String>,
    /// The text; @FILE reads it from FILE
    #[arg(
        short = 'd',
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        help_heading = "Message"
    )]
    pub(crate) body: Option<String>,
    /// Read the text from FILE; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "body", help_heading = "Message")]
    pub(crate) body_file: Option<PathBuf>,
    /// The text as HTML too; @FILE reads it from FILE
    #[arg(long, value_name = "HTML", help_heading = "Message", hide_short_help = true)]
    pub(crate) html: Option<String>,
    /// Attach FILE
    #[arg(long, value_name = "FILE", help_heading = "Message")]
    pub(crate) attach: Vec<PathBuf>,
    /// Add a header field
    #[arg(
        short = 'H',
        long,
        value_name = "NAME: VALUE",
        help_heading = "Message",
        hide_short_help = true
    )]
    pub(crate) header: Vec<String>,
    /// Send the message in FILE as it is; - is standard input
    ///
    /// Date and Message-ID are added.
    #[arg(long, value_name = "FILE", help_heading = "Message")]
    pub(crate) eml: Vec<PathBuf>,
    /// Take the recipients from the header of the message, and Bcc out of it
    #[arg(short = 't', help_heading = "Message")]
    pub(crate) recipients_from_header: bool,
    /// Send lines of more than 998 bytes all the same
    #[arg(long, help_heading = "Message", hide_short_help = true)]
    pub(crate) allow_long_lines: bool,
    /// What we call ourselves in EHLO
    #[arg(long, value_name = "NAME", help_heading = "Dialogue", hide_short_help = true)]
    pub(crate) ehlo: Option<String>,
    /// Ask for notifications: never, or some of success,failure,delay
    #[arg(long, value_name = "WHEN", help_heading = "Dialogue", hide_short_help = true)]
    pub(crate) dsn: Option<String>,
    /// Let the message travel on only where TLS is sure (RFC 8689)
    #[arg(long, help_heading = "Dialogue", hide_short_help = true)]
    pub(crate) require_tls: bool,
    /// End politely after STAGE: greeting, ehlo, tls, auth, mail, rcpt or dot
    #[arg(
        long,
        value_name = "STAGE",
        conflicts_with = "drop_after",
        help_heading = "Dialogue",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub(crate) quit_after: Option<Stage>,
    /// Hang up after STAGE: connect, greeting, ehlo, tls, auth, mail, rcpt, data or dot
    #[arg(
        long,
        value_name = "STAGE",
        help_heading = "Dialogue",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub(crate) drop_after: Option<Stage>,
    /// Print the envelope and the message, and send nothing
    #[arg(long, help_heading = "Dialogue")]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) upgrading: Upgrading,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

const SEND_NOTES: &str = "\
Without a text, and with nothing on standard input, a short test message is sent. With --json a line
for each recipient. Exit 0 when every recipient was accepted, 10 when some were, 9 when the last
reply was lost: it may have been delivered.";

const SEND_EXAMPLES: &str = "\
Examples:
  wireline send --to bob@example.org --subject hi -d 'how are you' smtps://me@mail.example.org
  wireline send -t mails/*.eml smtp://localhost:2525";

/// How far a dialogue goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Stage {
    Connect,
    Greeting,
    Ehlo,
    Tls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Dot,
}

/// `wireline mail URL`
#[derive(Debug, Args)]
#[command(after_help = MAIL_EXAMPLES, after_long_help = below(MAIL_NOTES, MAIL_EXAMPLES))]
pub(crate) struct Mail {
    /// The mailbox: pop3://USER@HOST or pop3s://USER@HOST
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// Store what is new: maildir:DIR, mbox:FILE, dir:DIR, or - for standard output
    #[arg(long, value_name = "TARGET", help_heading = "Collecting")]
    pub(crate) into: Option<String>,
    /// List only, whatever else is asked
    #[arg(long, help_heading = "Collecting")]
    pub(crate) list: bool,
    /// Fetch what an earlier run has fetched too
    #[arg(long, help_heading = "Collecting")]
    pub(crate) all: bool,
    /// Leave everything on the server; so it is without --delete
    #[arg(long, conflicts_with_all = ["delete", "delete_after"], help_heading = "Collecting")]
    pub(crate) keep: bool,
    /// Delete on the server what is stored for good
    #[arg(long, help_heading = "Collecting")]
    pub(crate) delete: bool,
    /// Delete on the server what was stored so many days ago
    #[arg(long, value_name = "DAYS", conflicts_with = "delete", help_heading = "Collecting")]
    pub(crate) delete_after: Option<u32>,
    /// Fetch so many messages at most
    #[arg(long, value_name = "N", help_heading = "Collecting")]
    pub(crate) max_messages: Option<usize>,
    /// Fetch so many bytes at most (suffixes k, M, G)
    #[arg(long, value_name = "BYTES", help_heading = "Collecting")]
    pub(crate) max_bytes: Option<String>,
    /// Leave larger messages where they are
    #[arg(long, value_name = "BYTES", help_heading = "Collecting")]
    pub(crate) max_size: Option<String>,
    /// Remember in FILE what went to standard output
    #[arg(long, value_name = "FILE", help_heading = "Collecting")]
    pub(crate) journal: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) upgrading: Upgrading,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

const MAIL_NOTES: &str = "\
A journal beside the target remembers what was fetched. Nothing is deleted on the server that is not
on the disk.";

const MAIL_EXAMPLES: &str = "\
Examples:
  wireline mail pop3s://me@mail.example.org --into maildir:Mail
  wireline mail pop3s://me@mail.example.org --into mbox:inbox --delete";

/// `wireline smtp probe|verify|quote URL`
#[derive(Debug, Args)]
#[command(after_help = SMTP_HELP)]
pub(crate) struct Smtp {
    #[command(subcommand)]
    pub(crate) verb: SmtpVerb,
}

const SMTP_HELP: &str = "\
Examples:
  wireline smtp probe smtp://mail.example.org
  wireline smtp verify postmaster smtp://localhost
  wireline smtp quote 'HELP DATA' smtp://localhost:2525";

#[derive(Debug, Subcommand)]
pub(crate) enum SmtpVerb {
    /// Show what the server offers, before TLS and after, its certificate and its pace
    Probe(Probe),
    /// Ask whether the server knows an address (VRFY)
    Verify(Verify),
    /// Send one command as it is and show the reply
    Quote(Quote),
}

/// `wireline smtp probe URL`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline smtp probe smtp://mail.example.org\n  wireline smtp probe --json smtps://mail.example.org"
)]
pub(crate) struct Probe {
    /// The server
    #[arg(value_name = "URL", default_value = "smtp://localhost")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) asking: Asking,
}

/// `wireline smtp verify ADDR URL`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline smtp verify postmaster\n  wireline smtp verify bob@example.org smtp://mail.example.org"
)]
pub(crate) struct Verify {
    /// The address, or the user; and the server, smtp://localhost unless given
    #[arg(required = true, num_args = 1..=2, value_name = "ADDR|URL")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) asking: Asking,
}

/// `wireline smtp quote COMMAND URL`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline smtp quote 'HELP DATA'\n  wireline smtp quote NOOP smtp://localhost:2525"
)]
pub(crate) struct Quote {
    /// The command line; and the server, smtp://localhost unless given
    #[arg(required = true, num_args = 1..=2, value_name = "COMMAND|URL")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) asking: Asking,
}

/// What is the same for every question to a mail server.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    /// What we call ourselves in EHLO
    #[arg(long, value_name = "NAME", help_heading = "Dialogue")]
    pub(crate) ehlo: Option<String>,
    #[command(flatten)]
    pub(crate) upgrading: Upgrading,
    #[command(flatten)]
    pub(crate) shared: Shared,
}
