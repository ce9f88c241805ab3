//! A Telnet client: the option dialogue by RFC 1143, and expect for scripts.
//!
//! In scope: the network virtual terminal and its commands (RFC 854), options (RFC 855) negotiated
//! by the Q method (RFC 1143), the options of the table below, waiting for text by literal, glob and
//! linear-time regex. Out of scope: a user's terminal, its raw mode and its escape character,
//! character encodings ([`Transcode`] is where one goes), filters for what may reach a terminal:
//! those are the caller's.
//!
//! ```
//! use std::time::Duration;
//! use wireline_telnet::{Alternative, LineEnd, Limits, Session, Settings};
//! use wireline_wire::{Dialer, Endpoint, Secret};
//! # let dialogue = b"@protocol telnet\nS= {{IAC WILL ECHO}}\nC= {{IAC DO ECHO}}\nS= login:{{SP}}\nC: guest\n\
//! #   S= Password:{{SP}}\nC: secret\nS: Welcome, it is 21 degrees.\nS= ${{SP}}\nC: exit\nS! close\n";
//! # let parsed = wireline_transcript::Transcript::parse(dialogue, "doc", &mut |_| Err("no files".into()))?;
//! # let server = wireline_transcript::Fixture::new(parsed).start()?;
//! # let port = server.addr().port();
//! let wire = Dialer::default().dial(&Endpoint::new("127.0.0.1", port)?)?;
//! let mut session = Session::start(wire, Settings::default(), Limits::default());
//! let step = Duration::from_secs(10);
//!
//! session.read_until("login: ", step)?;
//! session.send_line("guest", LineEnd::CrLf)?;
//! session.read_until("Password: ", step)?;
//! session.send_secret("pass", &Secret::from("secret"), LineEnd::CrLf)?;
//!
//! let denied = Alternative::literal("incorrect")?;
//! let prompt = Alternative::regex(r"(?<degrees>\d+) degrees[^$]*\$ $")?;
//! let found = session.expect(&[denied, prompt], step)?;
//! assert_eq!(found.alternative, 1);
//! assert_eq!(found.named("degrees"), Some(&b"21"[..]));
//! session.send_line("exit", LineEnd::CrLf)?;
//! # server.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! By hand, `poll` the standard input together with [`Session::socket`]: call [`Session::receive`]
//! with [`Wait::Never`] until it has nothing, take the text, send what was typed. Without a socket
//! at all, [`Nvt`] is the whole dialogue from bytes to text and answers, and [`Decoder`] the first
//! half of it.
//!
//! # Limits
//!
//! | what | default | beyond it |
//! |---|---|---|
//! | a subnegotiation: [`Limits::subnegotiation_bytes`] | 64 KiB | skipped to its end, [`Notice::Ignored`] |
//! | text that was not taken: [`Limits::text_bytes`] | 64 KiB | `expect` forgets the older half, the others stop reading |
//! | notices that were not taken: [`Limits::notices`] | 64 | the oldest goes |
//! | the answer to NEW-ENVIRON SEND | 16 KiB | it ends there |
//! | answers to requests | one a change, one a refusal | |
//! | answers that were not sent | 64 KiB | they are sent before more is heard |
//! | a regex | 1 MiB compiled, linear in the text | [`Error::Input`] |
//! | a step of a script | the caller's, absolute | [`Error::TimedOut`] |
//! | sending; a pause in [`Session::read_all`] | 60 s: [`wireline_wire::Limits::idle`] | [`Error::Connection`] |
//! | what has come, in an error | the last 200 bytes, escaped | |
//!
//! # Errors
//!
//! | whose fault | kind |
//! |---|---|
//! | TLS, time, cut within a command, broken | [`Error::Connection`] |
//! | what a script waits for did not come | [`Error::TimedOut`], or [`Error::Ended`] when the peer closed; both with the text that came |
//! | the peer's: more than the caller allows | [`Error::Violation`] |
//! | the caller's: a pattern, bytes that cannot be sent | [`Error::Input`] |
//! | it would have been unsafe: START_TLS that the peer refuses, or speaks before | [`Error::Unsafe`] |
//! | our sink's | [`Error::Local`] |
//!
//! An option that the peer refuses is a [`Notice`].
//!
//! # Options
//!
//! What is granted when the peer asks; [`Settings::policy`] changes it, [`Session::want`] asks.
//!
//! | option | RFC | ours | the peer's | what it does here |
//! |---|---|---|---|---|
//! | BINARY | 856 | yes | yes | CR means nothing in that direction |
//! | ECHO | 857 | no | yes | [`Session::is_on`] tells whether to echo |
//! | SGA | 858 | yes | yes | |
//! | STATUS | 859 | yes | if we ask | [`Session::ask_status`] |
//! | TIMING-MARK | 860 | yes | if we ask | [`Session::timing_mark`] |
//! | TTYPE | 1091 | yes | no | [`Settings::terminal_types`], and MTTS |
//! | EOR | 885 | yes | yes | [`Command::EndOfRecord`] |
//! | NAWS | 1073 | with a window | no | [`Session::resize`] |
//! | TSPEED | 1079 | yes | no | [`Settings::speed`] |
//! | LINEMODE, LFLOW | 1184, 1080 | with characters | no | MODE and SLC; FORWARDMASK is refused |
//! | NEW-ENVIRON | 1572 | yes | no | [`Settings::environment`] and nothing else |
//! | CHARSET | 2066 | with names | with names | no translation tables |
//! | START_TLS | draft | if we ask | no | [`Session::start_tls`] |
//! | all others | | no | no | |
//!
//! # Synch
//!
//! RFC 854 sends the data mark as TCP urgent data, which `std` can neither send nor notice. So
//! [`Session::synch`] sends the data mark in its place in the stream: the host sees it after all
//! that was typed before, and drops none of that. A data mark that the host sends urgently is kept
//! in its place (`SO_OOBINLINE`) and is a [`Notice`]; text in front of it is not dropped, which is
//! for the caller to do. Hosts that act on IP, AO or BRK by themselves need none of this.
//!
//! # From Python's `telnetlib`
//!
//! | `telnetlib.Telnet` | here |
//! |---|---|
//! | `Telnet(host, port, timeout)`, `open(..)` | [`Dialer::dial`](wireline_wire::Dialer::dial), [`Session::start`] |
//! | `close()`, `with` | drop the session |
//! | `get_socket()`, `fileno()`, `sock_avail()` | [`Session::socket`], [`Wait::Never`] |
//! | `write(buffer)` | [`Session::send`], [`Session::send_line`], [`Session::send_some`] |
//! | `read_until(expected, timeout)` | [`Session::read_until`], an error where it returns short |
//! | `expect(list, timeout)` | [`Session::expect`] with [`Alternative::timed_out`], [`Alternative::ended`] |
//! | `read_all()` | [`Session::read_all`] |
//! | `read_some()` | [`Session::read_some`] |
//! | `read_very_eager()`, `read_eager()` | [`Session::read_available`] |
//! | `read_lazy()`, `read_very_lazy()` | [`Session::take_text`] |
//! | `read_sb_data()` | [`Session::take_notice`]: [`Notice::Subnegotiation`] and its typed sisters |
//! | `set_option_negotiation_callback(f)` | [`Settings::policy`], [`Notice::Switched`] |
//! | `interact()`, `mt_interact()`, `listener()` | a loop over [`Session::socket`], [`Session::receive`], [`Session::resize`] |
//! | `set_debuglevel(n)`, `msg(..)` | a [`wireline_wire::Observer`] |
//! | `process_rawq()`, `rawq_getchar()`, `fill_rawq()` | [`Nvt::hear`], [`Decoder::next`] |
//! | `eof` | [`Session::has_ended`] |
//! | the constants of options | [`TelnetOption`] |
//! | none | [`Session::command`], [`Session::want`], [`Session::start_tls`], captures by name |

mod codec;
mod command;
mod error;
mod event;
mod expect;
mod hearing;
mod limits;
mod negotiation;
mod nvt;
mod option;
mod plain;
mod session;
mod settings;
mod subnegotiation;
mod text;
mod transcode;

pub use codec::{Decoder, Encoder, LineEnd};
pub use command::{Command, Verb, subnegotiation};
pub use error::Error;
pub use event::{Event, Notice};
pub use expect::{Alternative, Match};
pub use hearing::{Received, Wait};
pub use limits::Limits;
pub use negotiation::{Heard, Negotiation, Queue, State, Step};
pub use nvt::Nvt;
pub use option::{Policy, Side, TelnetOption};
pub use session::Session;
pub use settings::Settings;
pub use subnegotiation::charset::CharacterSet;
pub use subnegotiation::linemode::{Mode, SpecialCharacter, unix_characters};
pub use subnegotiation::naws::Window;
pub use subnegotiation::new_environ::Variable;
pub use subnegotiation::tspeed::Speed;
pub use subnegotiation::ttype::TerminalType;
pub use transcode::Transcode;
