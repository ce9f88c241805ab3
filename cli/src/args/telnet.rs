//! The command line of `telnet`, exactly as typed.
//! Must not hold: the steps of its script, whose order counts (`telnet/steps.rs`).

use super::{Shared, below};
use crate::telnet::Steps;
use clap::Args;

/// `wireline telnet HOST[:PORT]`
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = below(NOTES, EXAMPLES))]
pub(crate) struct Telnet {
    /// The device: HOST, HOST:PORT, telnet://USER@HOST:PORT/ or telnets://HOST
    #[arg(value_name = "HOST[:PORT]")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) steps: Steps,
    /// What the device shows when a --login is done
    #[arg(long, value_name = "RE", requires = "login", help_heading = "Script")]
    pub(crate) prompt: Option<String>,
    /// While a step waits, answer what matches RE, each time: '--More--= '
    #[arg(
        hide_short_help = true,
        long,
        value_name = "RE=ANSWER",
        allow_hyphen_values = true,
        help_heading = "Script"
    )]
    pub(crate) on: Vec<String>,
    /// Speak TLS from the first byte; the port is 992 unless one is typed
    #[arg(long, help_heading = "TLS")]
    pub(crate) tls: bool,
    /// Have the session upgraded to TLS (START_TLS) before anything else, or end it
    #[arg(long, conflicts_with = "tls", help_heading = "TLS", hide_short_help = true)]
    pub(crate) start_tls: bool,
    /// The device's encoding: latin1, koi8-r, shift_jis...
    #[arg(long, value_name = "LABEL", help_heading = "Terminal")]
    pub(crate) encoding: Option<String>,
    /// By hand: the key that opens the prompt, or none
    #[arg(
        long,
        value_name = "KEY",
        default_value = "^]",
        help_heading = "Terminal",
        hide_short_help = true
    )]
    pub(crate) escape: String,
    /// Pass on every escape sequence of the device's to a terminal, dangerous ones too
    #[arg(long, help_heading = "Terminal", hide_short_help = true)]
    pub(crate) raw_terminal: bool,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

const NOTES: &str = "\
At a terminal the session is by hand. Lines are edited here until the device echoes by itself; then
every key is the device's, ^C too. ^] opens a prompt: close, status, send NAME, record FILE, z, help.
What sets a terminal's title or clipboard, or makes it answer, is left out. Exit 0 when the device
closes.

From a pipe, all of it is sent (a line's end as CR LF; as CR once BINARY is agreed), then the device
is heard until it closes; its text goes to standard output, with LF at the end of lines. At the end
of the input the sending side is closed, so nothing more can be answered, and many a login takes that
for a goodbye: use steps there.

Steps are done in the order in which they are typed, each within --timeout. A script that ends with
sending hears the device until it closes. --quiet prints only what the groups of --expect-re
capture, a line each; --json all as one line. --send-raw and the answers of --on know \\r \\n \\t \\e
\\\\ and \\xHH. A step forgets what is older than the last MiB. Exit 5 when the device closes before a
step has matched, 6 when a step takes too long.

A device is told the user of the URL, of --login or of -u when it asks (NEW-ENVIRON), at a terminal
also its type and size, and nothing else of this machine.";

const EXAMPLES: &str = "\
Examples:
  echo status | wireline telnet device.example
  wireline telnet device --login admin --prompt '# $' --send 'show version' --expect-re '# $'
  wireline telnet device -q --expect-re 'uptime is (\\d+) days'";
