//! How connections are made, whom they trust and how long they last, exactly as typed.
//! Must not hold: what it means (`plan/dialling.rs`).

use super::seconds;
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;

/// How connections are made.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Dialling {
    /// Seconds to connect to one address
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value_t = 10.0, hide_short_help = true)]
    pub(crate) connect_timeout: f64,
    /// Seconds of silence
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = seconds,
        default_value_t = 60.0,
        hide_short_help = true
    )]
    pub(crate) timeout: f64,
    /// Seconds for everything together
    #[arg(short = 'm', long, value_name = "SECONDS", value_parser = seconds, hide_short_help = true)]
    pub(crate) max_time: Option<f64>,
    /// IPv4 only
    #[arg(short = '4', long = "ipv4", conflicts_with = "ipv6", hide_short_help = true)]
    pub(crate) ipv4: bool,
    /// IPv6 only
    #[arg(short = '6', long = "ipv6", hide_short_help = true)]
    pub(crate) ipv6: bool,
    /// Connect from this address
    #[arg(long, value_name = "ADDR", hide_short_help = true)]
    pub(crate) bind: Option<IpAddr>,
    /// Use ADDR for HOST and PORT
    #[arg(long, value_name = "HOST:PORT:ADDR", hide_short_help = true)]
    pub(crate) resolve: Vec<String>,
    /// Connect to H2 and P2 in place of H1 and P1
    #[arg(long, value_name = "H1:P1:H2:P2", hide_short_help = true)]
    pub(crate) connect_to: Vec<String>,
    /// Connect to this Unix socket, whatever the host
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with_all = ["proxy", "connect_to", "resolve"],
        hide_short_help = true
    )]
    pub(crate) unix_socket: Option<PathBuf>,
    /// Go by way of this proxy (http, https, socks5, socks5h), to this machine too; "" is none
    ///
    /// Without it http_proxy, https_proxy, all_proxy and no_proxy of the environment hold.
    #[arg(short = 'x', long, value_name = "URL", hide_short_help = true)]
    pub(crate) proxy: Option<String>,
    /// Log in to the proxy of --proxy
    #[arg(short = 'U', long, value_name = "USER:PASS", requires = "proxy", hide_short_help = true)]
    pub(crate) proxy_user: Option<String>,
    /// No proxy for these, in place of no_proxy: names and all below, addresses, networks; * is all
    #[arg(long, value_name = "LIST", hide_short_help = true)]
    pub(crate) noproxy: Option<String>,
    /// Send and take at most so many bytes a second (suffixes k, M, G)
    #[arg(long, value_name = "BYTES", hide_short_help = true)]
    pub(crate) limit_rate: Option<String>,
    /// Give up a transfer of fewer bytes a second
    #[arg(short = 'Y', long, value_name = "BYTES", hide_short_help = true)]
    pub(crate) speed_limit: Option<String>,
    /// For so many seconds it may be slower than --speed-limit (default: 30)
    #[arg(
        short = 'y',
        long,
        value_name = "SECONDS", value_parser = seconds,
        requires = "speed_limit",
        hide_short_help = true
    )]
    pub(crate) speed_time: Option<f64>,
}

/// How transfers go on when something fails, and how large they may get.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Transfer")]
pub(crate) struct Lasting {
    /// Try again so often when it may help, continuing where it stopped
    #[arg(long, value_name = "N", default_value_t = 0, hide_short_help = true)]
    pub(crate) retry: u32,
    /// Refuse bodies of more bytes (suffixes k, M, G)
    #[arg(long, visible_alias = "max-filesize", value_name = "BYTES", hide_short_help = true)]
    pub(crate) max_size: Option<String>,
}

/// Whom TLS trusts.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct Trusting {
    /// Trust the authorities in FILE instead of the built-in ones (SSL_CERT_FILE does the same)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) cacert: Vec<PathBuf>,
    /// Trust the system's authorities instead of the built-in ones
    #[arg(long, hide_short_help = true)]
    pub(crate) system_roots: bool,
    /// Trust the authorities in FILE too
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) add_ca: Vec<PathBuf>,
    /// Accept any certificate
    #[arg(short = 'k', long, hide_short_help = true)]
    pub(crate) insecure: bool,
    /// Show the certificate in FILE (PEM) to servers that ask for one
    #[arg(short = 'E', long, value_name = "FILE", hide_short_help = true)]
    pub(crate) cert: Option<PathBuf>,
    /// Its key, if that is in another file
    #[arg(long, value_name = "FILE", requires = "cert", hide_short_help = true)]
    pub(crate) key: Option<PathBuf>,
}
