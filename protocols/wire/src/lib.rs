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
//! ```
//! use std::io::Write;
//! use wireline_wire::{Dialer, Endpoint, Saying};
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let port = listener.local_addr()?.port();
//! # let server = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"220 ready\r\n"));
//! let mut wire = Dialer::default().dial(&Endpoint::new("127.0.0.1", port)?)?;
//! assert_eq!(wire.line(512)?, b"220 ready\r\n");
//! wire.say(&Saying::new().text("QUIT\r\n"));
//! wire.flush()?;
//! # server.join().unwrap()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
