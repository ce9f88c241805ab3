//! The wire under every protocol of wireline: dialling, deadlines, limits, TLS, bounded lines, body
//! copies, and who watches.
//!
//! In scope: everything that is the same for HTTP, SMTP, POP3, FTP and Telnet. Out of scope: verbs,
//! reply grammar, default ports, URLs, retries, redirects, printing.
//!
//! - A [`Dialer`] resolves, connects (RFC 8305) and hands out a [`Wire`], by way of a [`Proxy`] if
//!   [`Proxies`] has one for the endpoint.
//! - A [`Wire`] reads bounded lines as borrowed bytes, copies bodies into a [`Sink`], sends
//!   [`Saying`]s, hears while it speaks, and becomes TLS with [`Wire::start_tls`].
//! - A [`MessageEncoder`] makes message bytes fit for the wire; dot blocks go out with
//!   [`Wire::send_dot_block`] and come in with [`Wire::copy_dot_block`].
//! - Every wait ends: a [`Deadline`] is either an instant that progress does not extend, or a pause
//!   that progress renews. [`Limits`] holds the defaults.
//! - An [`Observer`] sees what is said and heard; secrets are marked in the [`Saying`].
//!
//! Names are tried as RFC 8305 says; proxies are spoken to by CONNECT (RFC 9110 section 9.3.6) and
//! SOCKS 5 (RFC 1928, RFC 1929); dot blocks are those of RFC 5321 section 4.5.2 and RFC 1939 section
//! 3. TLS is 1.2 and 1.3, by rustls.
//!
//! ```
//! use wireline_wire::{Dialer, Endpoint, Saying};
//! # use wireline_servers::raw::{Act, Server};
//! # let server = Server::start(vec![vec![Act::Send(b"220 ready\r\n".to_vec()), Act::Read(6)]])?;
//! # let port = server.addr().port();
//! let mut wire = Dialer::default().dial(&Endpoint::new("127.0.0.1", port)?)?;
//! assert_eq!(wire.line(512)?, b"220 ready\r\n");
//! wire.say(&Saying::new().text("QUIT\r\n"));
//! wire.flush()?;
//! # drop(wire);
//! # assert_eq!(server.received_in_all(0).as_deref(), Some(&b"QUIT\r\n"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! | what | default | where |
//! |---|---|---|
//! | resolving a name | 10 s | [`Limits::resolve`] |
//! | connecting: to one address, to all of a host | 10 s, 30 s | [`Limits::connect_each`], [`Limits::connect_all`] |
//! | addresses of a host that are tried | 8 | [`Limits::addresses`] |
//! | the TLS handshake, dripped or not | 15 s | [`Limits::tls`] |
//! | a proxy's answer, all of it; its head; interim responses | 30 s; 64 KiB; 8 | [`Limits::proxy`] |
//! | a line or a reply, dripped or not; a pause in a body | 60 s | [`Limits::idle`] |
//! | the speed of a body, at least; at most | none | [`Limits::slowest`], [`Dialer::limit_rate`] |
//! | everything together | none | [`Dialer::whole`] |
//! | a line, its end included | 16 KiB | [`Limits::line_bytes`] |
//! | lines in one reply | 512 | [`Limits::reply_lines`] |
//! | a body, a dot block | the caller's, for each | [`Wire::copy_to_close`], [`Wire::copy_dot_block`] |
//! | a host | 255 bytes | [`Endpoint::new`] |
//! | a file of certificates | 16 MiB | [`Trust`] |
//! | what a peer said, in a message | 200 bytes | [`escape`] |
//!
//! # Errors
//!
//! | whose fault | kinds of [`Error`] |
//! |---|---|
//! | the caller's, before a byte was sent | `Input`; `Nul` in a message, perhaps behind its first bytes |
//! | nobody was reached | `Resolve`, `Connect`; `Proxy`, `ProxyLogin`, `ProxyRefused` on the way |
//! | the certificate, or the handshake | `Tls` |
//! | time | `TimedOut` with its phase, `OutOfTime`, `TooSlow` |
//! | the peer's | `TooLong`, `Leftover`, `ProxyViolation` |
//! | the peer left, or the line broke | `Closed` before an answer, `Cut` within one, `Io` |
//! | it would have been unsafe | `NotLoopback`, `BehindProxy` |
//! | our sink's or source's | `Local` |

mod connect;
mod copy;
mod deadline;
mod dial;
mod dot;
mod error;
mod identity;
mod limits;
mod listen;
mod message;
mod no_proxy;
mod observer;
mod pace;
mod peer;
mod proxies;
mod proxy;
mod race;
mod rate;
mod resolve;
mod route;
mod saying;
mod secret;
mod socket;
mod socks;
mod source;
mod tls;
mod transport;
mod trust;
mod unix;
mod wire;

pub use copy::Sink;
pub use deadline::{Deadline, Whole};
pub use dial::{ConnectTo, Dialer, Endpoint, Family, Resolved, is_loopback};
pub use dot::{DotReader, Sent};
pub use error::{Error, cause, escape, is_unsafe_on_a_terminal};
pub use identity::Identity;
pub use limits::Limits;
pub use listen::Listener;
pub use message::{MessageChunk, MessageChunks, MessageEncoder};
pub use no_proxy::NoProxy;
pub use observer::{Event, Observer};
pub use pace::Slowest;
pub use peer::Peer;
pub use proxies::{Proxies, Traffic};
pub use proxy::{Proxy, ProxyKind};
pub use route::Route;
pub use saying::Saying;
pub use secret::Secret;
pub use source::Pushed;
pub use trust::{TlsSettings, TlsVersions, Trust};
pub use wire::Wire;
