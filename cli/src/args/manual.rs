//! The command lines of `completions` and `man`, exactly as typed.
//! Must not hold: what is printed (`manual.rs` of the crate).

use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

/// `wireline completions SHELL`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  source <(wireline completions bash)\n  wireline completions fish > ~/.config/fish/completions/wireline.fish"
)]
pub(crate) struct Completions {
    /// Whose completion
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// `wireline man [DIR]`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wireline man | man -l -                       the page of wireline itself\n  wireline man ~/.local/share/man/man1          the pages of all commands, into a folder"
)]
pub(crate) struct Pages {
    /// Write wireline.1, wireline-get.1 and so on into this folder, which is made if it is missing
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
