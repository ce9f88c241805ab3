//! The command lines of `put` and `ftp`, exactly as typed.
//! Must not hold: what every command understands (`args.rs`).

use super::{Lasting, Proving, Shared};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// How files go over FTP.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Moving {
    /// FTP: let the server connect to us (EPRT, PORT)
    #[arg(long, hide_short_help = true)]
    pub(crate) active: bool,
}

/// Demand TLS, or do without.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct Securing {
    /// Demand TLS, on this machine too
    #[arg(long, conflicts_with = "no_tls", hide_short_help = true)]
    pub(crate) tls: bool,
    /// Stay in clear
    #[arg(long, hide_short_help = true)]
    pub(crate) no_tls: bool,
}

/// How an upload comes to its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Uploading {
    /// Write straight to the name, for servers that cannot rename
    #[arg(long)]
    pub(crate) direct: bool,
    /// Make the folders of the target
    #[arg(long, visible_alias = "ftp-create-dirs")]
    pub(crate) create_dirs: bool,
}

/// `wireline put FILE URL`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline put report.pdf ftp://host/inbox/             under its own name\n  tar c src | wireline put - ftps://u@host/src.tar      from a pipe"
)]
pub(crate) struct Put {
    /// What to upload; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where to (http, https, ftp, ftps); behind a / the file keeps its name
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) uploading: Uploading,
    /// Add to the end of the file that is there
    #[arg(short = 'a', long, conflicts_with = "direct", help_heading = "Output")]
    pub(crate) append: bool,
    /// Continue: - behind what is there of an earlier try
    #[arg(short = 'C', long = "continue-at", value_name = "-", help_heading = "Output")]
    pub(crate) continue_at: Option<String>,
    /// HTTP: add a field
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", help_heading = "Request")]
    pub(crate) header: Vec<String>,
    #[command(flatten)]
    pub(crate) lasting: Lasting,
    #[command(flatten)]
    pub(crate) proving: Proving,
    #[command(flatten)]
    pub(crate) securing: Securing,
    #[command(flatten)]
    pub(crate) moving: Moving,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

/// `wireline ftp VERB URL`
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "URLs: ftp://host/a/b is b in a, from the folder that the login begins in; ftp://host/%2Fa is /a.\nSeveral URLs of one command are of one server and one login.\n\nExamples:\n  wireline ftp ls ftp://host/pub/\n  wireline ftp mirror ftp://host/pub/ pub"
)]
pub(crate) struct Ftp {
    #[command(subcommand)]
    pub(crate) verb: FtpVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FtpVerb {
    /// List a folder
    Ls(Box<List>),
    /// Fetch files, by name or pattern
    Get(Box<GetFiles>),
    /// Upload files
    Put(Box<PutFiles>),
    /// Make a folder here like one on the server; with -R the other way round
    Mirror(Box<Mirror>),
    /// Give a file or folder another name
    Mv(Box<Rename>),
    /// Remove files
    #[command(
        after_help = "Names are taken as they are: there are no patterns.\n\nExamples:\n  wireline ftp rm ftp://u@host/inbox/a.csv\n  wireline ftp rm ftp://u@host/a ftp://u@host/b"
    )]
    Rm(Box<Remove>),
    /// Make folders
    Mkdir(Box<MakeFolder>),
    /// Remove empty folders
    #[command(
        after_help = "Examples:\n  wireline ftp rmdir ftp://u@host/inbox/\n  wireline ftp rmdir ftp://u@host/a/b/ ftp://u@host/a/"
    )]
    Rmdir(Box<Remove>),
    /// Set permissions
    Chmod(Box<Chmod>),
    /// What the server says of a file, or of itself
    Stat(Box<Stat>),
    /// Send a raw command and show the reply
    Quote(Box<FtpQuote>),
}

/// What every verb understands.
#[derive(Debug, Args)]
pub(crate) struct Reaching {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(flatten)]
    pub(crate) securing: Securing,
    #[command(flatten)]
    pub(crate) moving: Moving,
}

/// `wireline ftp ls URL`
#[derive(Debug, Args)]
#[command(
    after_help = "Tables are sorted up to 100,000 entries; longer ones, and --json, come in the server's order.\n-R ends with exit 5 behind 1,000,000 entries, or 64 folders deep. Times are UTC if the server's are.\n\nExamples:\n  wireline ftp ls ftp://host/pub/\n  wireline ftp ls --json 'ftp://host/pub/*.iso'"
)]
pub(crate) struct List {
    /// A folder, a file, or a pattern of * ? [] {} in the last part
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// The server's lines (LIST) as they come
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub(crate) raw: bool,
    /// The folders below, too
    #[arg(short = 'R', long, conflicts_with = "raw", help_heading = "Output")]
    pub(crate) recursive: bool,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}

/// `wireline ftp get URL...`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline ftp get 'ftp://host/pub/*.txt'\n  wireline ftp get ftp://host/a ftp://host/b --into down"
)]
pub(crate) struct GetFiles {
    /// Files of one server, or patterns of * ? [] {} in the last part
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// Put them into DIR, which is made
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) into: Option<PathBuf>,
    /// Replace files that are here
    #[arg(long, help_heading = "Output")]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) lasting: Lasting,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}

/// `wireline ftp put FILE... URL`
#[derive(Debug, Args)]
#[command(
    override_usage = "wireline ftp put [OPTIONS] <FILE>... <URL>",
    after_help = "Examples:\n  wireline ftp put *.csv ftp://u@host/inbox/\n  wireline ftp put a.txt ftp://host/b.txt"
)]
pub(crate) struct PutFiles {
    /// Files, or patterns that the shell left alone; then a folder, or one file's new name
    #[arg(required = true, num_args = 2.., value_names = ["FILE", "URL"])]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) uploading: Uploading,
    #[command(flatten)]
    pub(crate) lasting: Lasting,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}

/// `wireline ftp mirror URL DIR`
#[derive(Debug, Args)]
#[command(
    after_help = "A name on the server with a backslash, a control byte or a drive (C:) is not taken here: it is\nskipped and counts as failed, unless --exclude leaves it out. -R takes names as they are.\n\nExamples:\n  wireline ftp mirror ftp://host/pub/ pub --jobs 8\n  wireline ftp mirror -R site ftp://u@host/www/ --delete --dry-run"
)]
pub(crate) struct Mirror {
    /// From where
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// To where; one of the two is a URL
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// From here to the server
    #[arg(short = 'R', long)]
    pub(crate) reverse: bool,
    /// Only files whose path or name matches; may come again
    #[arg(long, value_name = "GLOB", help_heading = "What")]
    pub(crate) include: Vec<String>,
    /// Neither files nor folders whose path or name matches; may come again
    #[arg(long, value_name = "GLOB", help_heading = "What")]
    pub(crate) exclude: Vec<String>,
    /// Remove at the target what the source does not have
    #[arg(long, help_heading = "What")]
    pub(crate) delete: bool,
    /// Refuse to remove more
    #[arg(long, value_name = "N", default_value_t = 100, help_heading = "What")]
    pub(crate) max_delete: usize,
    /// Only say what would be done
    #[arg(long, help_heading = "What")]
    pub(crate) dry_run: bool,
    /// Files at a time, over a connection each
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u8).range(1..=32),
        help_heading = "Transfer"
    )]
    pub(crate) jobs: u8,
    /// Write straight to the names, for servers that cannot rename
    #[arg(long, help_heading = "What")]
    pub(crate) direct: bool,
    #[command(flatten)]
    pub(crate) lasting: Lasting,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}

/// `wireline ftp mv URL NAME`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline ftp mv ftp://u@host/inbox/a.csv b.csv        is inbox/b.csv then\n  wireline ftp mv ftp://u@host/inbox/a.csv /done/       is /done/a.csv then"
)]
pub(crate) struct Rename {
    /// What
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// Its new name, from the same folder unless it begins with /; behind a / at the end the name stays
    #[arg(value_name = "NAME")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}

/// `wireline ftp rm URL...` and `wireline ftp rmdir URL...`
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// What, all on one server
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}

/// `wireline ftp mkdir URL...`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline ftp mkdir ftp://u@host/inbox\n  wireline ftp mkdir -p ftp://u@host/a/b/c"
)]
pub(crate) struct MakeFolder {
    /// Which, all on one server
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// Those above, too; what is there already is fine
    #[arg(short = 'p', long)]
    pub(crate) parents: bool,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}

/// `wireline ftp chmod MODE URL...`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline ftp chmod 644 ftp://u@host/www/index.html\n  wireline ftp chmod 0755 ftp://u@host/cgi/a ftp://u@host/cgi/b"
)]
pub(crate) struct Chmod {
    /// Three or four octal digits
    #[arg(value_name = "MODE")]
    pub(crate) mode: String,
    /// What, all on one server
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}

/// `wireline ftp stat URL`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline ftp stat ftp://host/                  how the server is\n  wireline ftp stat ftp://host/pub/a.iso         what it says of a file"
)]
pub(crate) struct Stat {
    /// A file or folder; the server itself without a path
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}

/// `wireline ftp quote URL COMMAND...`
#[derive(Debug, Args)]
#[command(
    after_help = "The reply is printed as it came, with exit 1 if it is a refusal. What would change the encryption\nis not sent.\n\nExamples:\n  wireline ftp quote ftp://host/ SITE HELP\n  wireline ftp quote ftp://u@host/ HASH a.iso"
)]
pub(crate) struct FtpQuote {
    /// The server
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// What to say
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) reaching: Reaching,
}
