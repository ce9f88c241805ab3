//! A POP3 client that pipelines, and that never takes half a message for one.
//!
//! In scope: POP3 (RFC 1939) with CAPA, PIPELINING and response codes (RFC 2449, RFC 3206), STLS
//! (RFC 2595), AUTH (RFC 5034) with the mechanisms of [`wireline_sasl`], APOP when asked for, UTF8
//! and LANG (RFC 6856). Out of scope: where mail is kept, which of it is new, retries: those are
//! the caller's. Obsolete and absent: RPOP, LAST.
//!
//! ```
//! use wireline_pop3::{Limits, Quit, Session, UserName, Password};
//! use wireline_wire::{Dialer, Endpoint, Secret, Sink};
//! # use std::io::{BufRead as _, Write as _};
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let port = listener.local_addr()?.port();
//! # let server = std::thread::spawn(move || {
//! #     let (mut socket, _) = listener.accept().unwrap();
//! #     socket.write_all(b"+OK ready\r\n").unwrap();
//! #     let heard = std::io::BufReader::new(socket.try_clone().unwrap());
//! #     for line in heard.lines() {
//! #         let reply: &[u8] = match line.unwrap().as_str() {
//! #             "CAPA" => b"+OK\r\nPIPELINING\r\nUIDL\r\n.\r\n",
//! #             "STAT" => b"+OK 1 8\r\n",
//! #             "LIST" => b"+OK\r\n1 8\r\n.\r\n",
//! #             "UIDL" => b"+OK\r\n1 a1\r\n.\r\n",
//! #             "RETR 1" => b"+OK\r\n..hello\r\n.\r\n",
//! #             _ => b"+OK\r\n",
//! #         };
//! #         socket.write_all(reply).unwrap();
//! #     }
//! # });
//! let wire = Dialer::default().dial(&Endpoint::new("127.0.0.1", port)?)?;
//! let mut session = Session::start(wire, Limits::default())?;
//! session.capa()?;
//! session.user_pass(&UserName::try_from("mrose")?, &Password::try_from(Secret::from("tanstaaf"))?)?;
//! let (_, listing) = session.listing()?;
//! let wanted: Vec<_> = listing.entries().map(|entry| entry.number).collect();
//!
//! let mut kept = Vec::new();
//! let mut pipeline = session.retr_many(wanted);
//! while let Some(answer) = pipeline.answer()? {
//!     let Some(number) = answer.message().filter(|_| answer.reply().is_ok()) else { continue };
//!     let mut message = Vec::new();
//!     answer.copy_to(&mut Sink::writer(&mut message), 1 << 20)?;
//!     assert_eq!(message, b".hello\r\n");
//!     kept.push(number);
//! }
//! session.dele_many(kept)?;
//! assert!(matches!(session.quit(), Quit::Done(_)));
//! # server.join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! | what | limit | beyond it |
//! |---|---|---|
//! | a line of a reply, a listing or a challenge | 16 KiB | [`Error::Violation`] |
//! | a line of a message | none | |
//! | a message | the caller's, for each | [`Error::Violation`] |
//! | lines of CAPA and LANG | 128 | [`Error::Violation`] |
//! | messages listed | 1,000,000 | [`Error::Violation`] |
//! | a unique-id; all of them | 512 bytes; 64 MiB | [`Error::Violation`] |
//! | challenges of one AUTH | 10 | [`Error::Violation`] |
//! | commands sent ahead | 128, without PIPELINING 1 | they wait |
//! | a status line | the idle time, 60 s | [`Error::Connection`] |
//! | a pause in a listing or message | the idle time, 60 s | [`Error::Connection`] |
//! | a command of ours | 255 octets (RFC 2449 section 4) | [`Error::Input`] |
//!
//! # From Python's `poplib`
//!
//! | `poplib` | here |
//! |---|---|
//! | `POP3(host, port, timeout)` | [`Dialer::dial`](wireline_wire::Dialer::dial), [`Session::start`] |
//! | `POP3_SSL(..)` | [`Wire::start_tls`](wireline_wire::Wire::start_tls) before [`Session::start`] |
//! | `getwelcome()` | [`Session::greeting`] |
//! | `user(name)`, `pass_(password)` | [`Session::user_pass`] |
//! | `apop(user, password)` | [`Session::apop`] |
//! | `rpop(user)` | none: obsolete, and trusts the source port |
//! | `stat()` | [`Session::stat`] |
//! | `list()`, `list(n)` | [`Session::list`], [`Session::list_one`] |
//! | `uidl()`, `uidl(n)` | [`Session::uidl`], [`Session::uidl_one`] |
//! | `retr(n)` | [`Session::retr`], [`Session::retr_many`] |
//! | `top(n, lines)` | [`Session::top`] |
//! | `dele(n)` | [`Session::dele`], [`Session::dele_many`] |
//! | `noop()`, `rset()` | [`Session::noop`], [`Session::rset`] |
//! | `quit()` | [`Session::quit`] |
//! | `close()` | drop the session: nothing is deleted |
//! | `capa()` | [`Session::capa`] |
//! | `stls(context)` | [`Session::start_tls`] |
//! | `utf8()` | [`Session::utf8`] |
//! | `set_debuglevel(n)` | a [`wireline_wire::Observer`] |
//! | `error_proto` | [`Error::Refused`] or [`Error::Violation`] |
//! | none | [`Session::auth`], [`Session::lang`], [`Session::listing`], [`Session::pipeline`] |

mod capabilities;
mod command;
mod error;
mod exchange;
mod limits;
mod listing;
mod login;
mod reply;
mod retrieval;
mod session;

pub use capabilities::{Capabilities, Expire};
pub use command::{Command, Form, MessageNumber, Password, UserName};
pub use error::{Error, Retry};
pub use limits::Limits;
pub use listing::{Entry, Listing, Stat, UniqueId};
pub use reply::{Reply, ResponseCode, Status};
pub use retrieval::{Answer, Pipeline};
pub use session::{Commands, Quit, Session};
