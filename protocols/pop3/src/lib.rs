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
//! # let messages = vec![b".hello\r\n".to_vec()];
//! # let options = wireline_servers::pop3::Options { messages, ..Default::default() };
//! # let server = wireline_servers::pop3::Server::start(options)?;
//! # let port = server.addr().port();
//! let wire = Dialer::default().dial(&Endpoint::new("127.0.0.1", port)?)?;
//! let mut session = Session::start(wire, Limits::default())?;
//! session.capa()?;
//! session.user_pass(&UserName::try_from("alice")?, &Password::try_from(Secret::from("wonderland"))?)?;
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
//! # assert!(server.messages().is_empty() && server.violations().is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! | what | default | where |
//! |---|---|---|
//! | a status line | 60 s, dripping does not extend it | [`wireline_wire::Limits::idle`] |
//! | a pause in a listing or a message | 60 s | [`wireline_wire::Limits::idle`] |
//! | a line of a reply, a listing or a challenge | 16 KiB | [`wireline_wire::Limits::line_bytes`] |
//! | a line of a message | none | |
//! | a message | the caller's, for each | [`Session::retr`], [`Answer::copy_to`] |
//! | lines of CAPA and LANG | 128 | [`Limits::capabilities`] |
//! | messages listed | 1,000,000 | [`Limits::messages`] |
//! | a unique-id; all of them | 512 bytes; 64 MiB | [`Limits::unique_id_bytes`], [`Limits::unique_ids_bytes`] |
//! | challenges of one AUTH | 10 | [`Limits::challenges`] |
//! | commands ahead of their replies | 128, without PIPELINING 1 | [`Limits::window`] |
//! | a command of ours | 255 octets (RFC 2449 section 4) | [`Command`] |
//!
//! # Errors
//!
//! | whose fault | kind | tried again: [`Error::retry`] |
//! |---|---|---|
//! | not reached, TLS, time, cut | [`Error::Connection`] | safe, as nothing is deleted without QUIT; never after TLS, or for a name without an address |
//! | the server's: nonsense, or a limit | [`Error::Violation`] | never |
//! | the server does not offer it | [`Error::Unsupported`] | never |
//! | the server said `-ERR` | [`Error::Refused`] | after the pause of LOGIN-DELAY; safe after IN-USE and SYS/TEMP; else never |
//! | the caller's | [`Error::Input`] | never |
//! | it would have been unsafe | [`Error::Unsafe`] | never |
//! | our sink's | [`Error::Local`] | never |
//!
//! `-ERR` to one of many commands is an [`Answer`], and what became of the deletions a [`Quit`].
//!
//! # From Python's `poplib`
//!
//! | `poplib` | here |
//! |---|---|
//! | `POP3(host, port, timeout)` | [`Dialer::dial`](wireline_wire::Dialer::dial), [`Session::start`] |
//! | `POP3_SSL(..)` | [`Wire::start_tls`](wireline_wire::Wire::start_tls) before [`Session::start`] |
//! | `getwelcome()` | [`Session::greeting`] |
//! | `user(name)`, `pass_(password)` | [`Session::user_pass`] |
//! | `apop(user, password)`, `timestamp` | [`Session::apop`], which takes it from the greeting |
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
//! | `encoding` | [`UserName`] is text, a message is bytes |
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
