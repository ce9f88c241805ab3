//! Why a connection failed, and the words for it.
//! Must not hold: anything that only one protocol can say.

use crate::deadline::Expired;
use crate::{Peer, Slowest};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// What went wrong between us and the peer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The caller's fault, before any byte was sent.
    Input(String),
    /// The name has no address, or the resolver failed.
    Resolve {
        /// The name that was asked for.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// No address of the host, or no Unix socket, took the connection.
    Connect {
        /// Each that was tried, with what happened there.
        tried: Vec<(Peer, io::Error)>,
    },
    /// The handshake failed or the peer's certificate is not good for the host.
    Tls {
        /// The name or address that the certificate had to match.
        host: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// Only loopback addresses were allowed ([`crate::Dialer::loopback_only`]), and this is none.
    NotLoopback {
        /// The first address that is not.
        address: SocketAddr,
    },
    /// Only loopback was allowed ([`crate::Dialer::loopback_only`]), and what lies behind a proxy
    /// is never known to be that.
    BehindProxy {
        /// The proxy, without its login.
        proxy: String,
    },
    /// A proxy on the way could not be reached, or did not answer as it should have in time.
    Proxy {
        /// The proxy, without its login.
        proxy: String,
        /// What happened there.
        source: Box<Self>,
    },
    /// A proxy on the way wants a login, or another one (407; RFC 1928 section 3, RFC 1929).
    ProxyLogin {
        /// The proxy, without its login.
        proxy: String,
    },
    /// A proxy on the way would not or could not make the tunnel.
    ProxyRefused {
        /// The proxy, without its login.
        proxy: String,
        /// `status 503`, or the words for a reply of SOCKS.
        reply: String,
    },
    /// A proxy on the way broke the protocol.
    ProxyViolation {
        /// The proxy, without its login.
        proxy: String,
        /// In what.
        why: String,
    },
    /// A deadline passed.
    TimedOut {
        /// What was being waited for.
        phase: &'static str,
        /// The limit that was reached.
        after: Duration,
    },
    /// A transfer was slower than [`crate::Limits::slowest`] allows.
    TooSlow {
        /// The limit, in bytes a second.
        bytes_per_second: u64,
        /// For how long it was slower than that.
        over: Duration,
    },
    /// The time for everything together has passed ([`crate::Dialer::whole`]).
    OutOfTime {
        /// The limit that was reached.
        limit: Duration,
    },
    /// The peer closed the connection before a byte of what was waited for.
    Closed,
    /// The peer closed the connection in the middle.
    Cut {
        /// Bytes that had arrived.
        got: u64,
        /// Bytes that were announced, when they were.
        expected: Option<u64>,
    },
    /// The peer sent more than the limit allows.
    TooLong {
        /// What was too long.
        what: &'static str,
        /// The limit in bytes.
        limit: u64,
    },
    /// Bytes were waiting where the protocol allows none: an injection, or a broken peer.
    Leftover {
        /// How many.
        bytes: usize,
    },
    /// A message to be sent holds a NUL, which no mail may. What came before it may have left.
    Nul {
        /// Bytes of the message before it.
        at: u64,
    },
    /// The connection broke: reset by the peer, or a network failure.
    Io(io::Error),
    /// Our own side failed: the sink took no more, or the source gave no more.
    Local(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(why) => f.write_str(why),
            Self::Resolve { host, source } => {
                write!(f, "cannot resolve {}: {}", escape(host.as_bytes()), cause(source))
            }
            Self::Connect { tried } => write_tried(f, tried),
            Self::NotLoopback { address } => write!(f, "{address} is not this machine"),
            Self::BehindProxy { proxy } => {
                write!(f, "what lies behind the proxy {proxy} is not this machine")
            }
            Self::Proxy { proxy, source } => write!(f, "the proxy {proxy}: {source}"),
            Self::ProxyLogin { proxy } => {
                write!(f, "the proxy {proxy} wants a login, or another one")
            }
            Self::ProxyRefused { proxy, reply } => {
                write!(f, "the proxy {proxy} refused the connection: {reply}")
            }
            Self::ProxyViolation { proxy, why } => write!(f, "the proxy {proxy}: {why}"),
            Self::Tls { reason, .. } => f.write_str(reason),
            Self::TimedOut { phase, after } => {
                write!(f, "timed out: {phase} took longer than {} s", after.as_secs_f64())
            }
            Self::TooSlow { bytes_per_second, over } => {
                let over = over.as_secs_f64();
                write!(
                    f,
                    "timed out: transferring was slower than {bytes_per_second} bytes/s for {over} s"
                )
            }
            Self::OutOfTime { limit } => {
                write!(f, "timed out: the whole of it took longer than {} s", limit.as_secs_f64())
            }
            Self::Closed => f.write_str("the peer closed the connection without an answer"),
            Self::Cut { got, expected } => write_cut(f, *got, *expected),
            Self::TooLong { what, limit } => write!(f, "{what} is longer than {limit} bytes"),
            Self::Leftover { bytes } => {
                write!(f, "{bytes} bytes came in clear where TLS had to begin")
            }
            Self::Nul { at } => write!(f, "the message holds a NUL behind its byte {at}"),
            Self::Io(source) | Self::Local(source) => f.write_str(&cause(source)),
        }
    }
}

fn write_tried(f: &mut fmt::Formatter<'_>, tried: &[(Peer, io::Error)]) -> fmt::Result {
    if tried.is_empty() {
        return f.write_str("no address of the wanted family");
    }
    for (nth, (peer, source)) in tried.iter().enumerate() {
        let separator = if nth == 0 { "" } else { "; " };
        write!(f, "{separator}{peer}: {}", cause(source))?;
    }
    Ok(())
}

fn write_cut(f: &mut fmt::Formatter<'_>, got: u64, expected: Option<u64>) -> fmt::Result {
    match expected {
        Some(expected) => write!(f, "cut short: {got} of {expected} bytes came"),
        None => write!(f, "cut short after {got} bytes: the peer closed the connection"),
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Resolve { source, .. } | Self::Io(source) | Self::Local(source) => Some(source),
            Self::Proxy { source, .. } => Some(source.as_ref()),
            Self::Connect { tried } => tried.last().map(|(_, source)| source as _),
            _ => None,
        }
    }
}

impl Error {
    /// Whether the peer speaks none of the TLS versions that were offered.
    #[must_use]
    pub fn is_tls_version(&self) -> bool {
        let refused = rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion);
        matches!(self, Self::Tls { reason, .. } if *reason == crate::tls::explain(&refused))
    }

    /// Whether the same may go well another time: the peer, or a proxy on the way, was not reached,
    /// left, or was too slow.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::TimedOut { .. } | Self::TooSlow { .. } => true,
            Self::Closed | Self::Cut { .. } | Self::Io(_) => true,
            Self::Proxy { source, .. } => source.may_pass(),
            _ => false,
        }
    }

    /// Names a failure of reading from or writing to the peer.
    pub(crate) fn from_peer(source: io::Error) -> Self {
        match source.get_ref().and_then(|inner| inner.downcast_ref::<Expired>()) {
            Some(&Expired::Phase { phase, after }) => Self::TimedOut { phase, after },
            Some(&Expired::Whole { limit }) => Self::OutOfTime { limit },
            Some(&Expired::Slow(Slowest { bytes_per_second, over })) => {
                Self::TooSlow { bytes_per_second, over }
            }
            None => match tls_reason(&source) {
                Some(reason) => Self::Tls { host: String::new(), reason },
                None => Self::Io(source),
            },
        }
    }
}

fn tls_reason(source: &io::Error) -> Option<String> {
    let inner = source.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(crate::tls::explain(inner))
}

/// The words of a system error in the style of our own: lower case, without its number.
#[must_use]
pub fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => error.kind().to_string(),
    }
}

/// What a peer said, made safe for a terminal and a log line: control, C1, bidirectional and
/// zero-width characters and bytes that are not UTF-8 become `\xNN` or `\u{N}`; cut to 200 bytes.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    const SHOWN_BYTES: usize = 200;
    let shown = bytes.get(..SHOWN_BYTES).unwrap_or(bytes);
    let mut text = String::with_capacity(shown.len());
    for chunk in shown.utf8_chunks() {
        for letter in chunk.valid().chars() {
            escape_char(letter, &mut text);
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    if shown.len() < bytes.len() {
        text.push_str("...");
    }
    text
}

fn escape_char(letter: char, text: &mut String) {
    match letter {
        '\r' => text.push_str("\\r"),
        '\n' => text.push_str("\\n"),
        '\t' => text.push_str("\\t"),
        '\\' => text.push_str("\\\\"),
        _ if letter.is_ascii_control() => text.push_str(&format!("\\x{:02x}", u32::from(letter))),
        _ if is_unsafe_on_a_terminal(letter) => text.extend(letter.escape_unicode()),
        _ => text.push(letter),
    }
}

/// Characters that move, hide or reorder what a terminal shows: C0, DEL, C1, bidirectional
/// controls and zero-width characters.
#[must_use]
pub fn is_unsafe_on_a_terminal(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hostile.md row 170, 172: nothing that a peer says can move a terminal or forge a line.
    #[test]
    fn what_a_peer_says_is_escaped() {
        let rows: &[(&[u8], &str)] = &[
            (b"plain", "plain"),
            (b"a\r\nerror: forged", "a\\r\\nerror: forged"),
            (b"\x1b]52;c;x\x07", "\\x1b]52;c;x\\x07"),
            ("\u{9b}2J".as_bytes(), "\\u{9b}2J"),
            ("\u{202e}txt.exe".as_bytes(), "\\u{202e}txt.exe"),
            (b"\xff\x9bq", "\\xff\\x9bq"),
            (b"back\\slash", "back\\\\slash"),
            ("päge".as_bytes(), "päge"),
        ];
        for (said, shown) in rows {
            assert_eq!(escape(said), *shown);
        }
        assert_eq!(escape(&[b'x'; 300]).len(), 203);
    }

    #[test]
    fn what_may_pass() {
        let proxy = |source| Error::Proxy { proxy: String::new(), source: Box::new(source) };
        let tls = || Error::Tls { host: String::new(), reason: String::new() };
        let rows = [
            (Error::Connect { tried: Vec::new() }, true),
            (Error::TimedOut { phase: "", after: Duration::ZERO }, true),
            (Error::TooSlow { bytes_per_second: 1, over: Duration::ZERO }, true),
            (Error::Closed, true),
            (proxy(Error::Connect { tried: Vec::new() }), true),
            (proxy(tls()), false),
            (tls(), false),
            (Error::OutOfTime { limit: Duration::ZERO }, false),
            (Error::ProxyLogin { proxy: String::new() }, false),
            (Error::Leftover { bytes: 1 }, false),
        ];
        for (error, wanted) in rows {
            assert_eq!(error.may_pass(), wanted, "{error:?}");
        }
    }

    #[test]
    fn causes_are_lower_case_and_bare() {
        let refused = io::Error::from_raw_os_error(111);
        assert_eq!(cause(&refused), "connection refused");
    }
}
