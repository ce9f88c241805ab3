//! An FTP and FTPS client that moves files whole or says why not.
//!
//! In scope: sessions from the greeting to QUIT and all transfers in stream mode (RFC 959, as RFC
//! 1123 section 4.1 mends it), EPSV and EPRT (RFC 2428), FEAT and OPTS (RFC 2389), UTF8 (RFC 2640),
//! SIZE, MDTM, REST, MLST and MLSD (RFC 3659), TLS on both connections (RFC 4217) and from the
//! first byte, MFMT, HASH and the X commands for checksums, listings for people in the formats of
//! Unix, DOS, EPLF and VMS. Out of scope: URLs, files of ours and their names, retries, mirrors,
//! which login: those are the caller's. Absent: transfers between two servers, MODE B and C, STRU R
//! and P, EBCDIC, CCC.
//!
//! A transfer is a guard: the bytes that came are a file only when [`Download::finish`] says so.
//!
//! ```
//! use wireline_ftp::{Login, Options, Pathname, Retrieval, Session};
//! use wireline_wire::{Dialer, Endpoint, Sink};
//! # let dialogue = b"@protocol ftp\nS: 220 ready\nC: USER anonymous\nS: 331 mail?\nC: PASS anonymous@\nS: 230 in\n\
//! #   C: FEAT\nS: 211-ok\nS:  MLST type*;size*;\nS: 211 end\nC: EPSV\nS: 229 (|||{{data:port=50000}}|)\n\
//! #   C: MLSD pub\nS: 150 ok\nS/data: type=file;size=6; hello.txt\nS/data! close\nS: 226 ok\nC: TYPE I\nS: 200 ok\n\
//! #   C: EPSV\nS: 229 (|||{{data:port=50001}}|)\nC: RETR pub/hello.txt\nS: 150 ok\nS/data= hello{{LF}}\n\
//! #   S/data! close\nS: 226 ok\nC: QUIT\nS: 221 bye\n";
//! # let parsed = wireline_transcript::Transcript::parse(dialogue, "doc", &mut |_| Err("no files".into()))?;
//! # let server = wireline_transcript::Fixture::new(parsed).start()?;
//! # let (port, now) = (server.addr().port(), time::UtcDateTime::UNIX_EPOCH);
//! let endpoint = Endpoint::new("127.0.0.1", port)?;
//! let login = Login::anonymous();
//! let mut session = Session::open(&Dialer::default(), &endpoint, Options::default(), &login)?;
//!
//! let folder = Pathname::try_from("pub")?;
//! let entries: Result<Vec<_>, _> = session.entries(Some(&folder), now)?.collect();
//! for entry in entries? {
//!     let Some(name) = entry.safe_component() else { continue };
//!     let retrieval = Retrieval { size: entry.size, ..Retrieval::default() };
//!     let mut download = session.retr(&folder.join(name)?, retrieval)?;
//!     let mut text = Vec::new();
//!     download.copy_to(&mut Sink::writer(&mut text), 1 << 20)?;
//!     download.finish()?;
//!     assert_eq!(text, b"hello\n");
//! }
//! session.quit()?;
//! # server.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! | what | default | where |
//! |---|---|---|
//! | the greeting, and every reply but the last of a transfer | 60 s, dripping does not extend it | [`wireline_wire::Limits::idle`] |
//! | the reply behind the last byte of a file | 120 s | [`Limits::final_reply`] |
//! | what is said of a transfer that failed | 5 s | [`Limits::aftermath`] |
//! | silence on the control connection until the system probes it | 30 s | [`Limits::keep_alive`] |
//! | a pause in a file or a listing | 60 s | [`wireline_wire::Limits::idle`] |
//! | the data connection: ours, the server's | 10 s, 30 s | [`wireline_wire::Limits::connect_each`], [`connect_all`](wireline_wire::Limits::connect_all) |
//! | a line of a reply; its lines; those of STAT | 16 KiB; 512; 100,000 | [`wireline_wire::Limits`], [`Limits::status_lines`] |
//! | preliminary replies to one command | 16 | [`Limits::preliminaries`] |
//! | a line of a listing; its lines | 16 KiB; 10,000,000 | [`Limits::listing_line_bytes`], [`Limits::listing_lines`] |
//! | a file | the caller's, for each | [`Download::copy_to`] |
//! | a pathname; a raw command | 4096 bytes | [`Pathname`], [`Line`] |
//!
//! # Errors
//!
//! | whose fault | kind | tried again: [`Error::retry`] |
//! |---|---|---|
//! | not reached, TLS, time, gone before the greeting | [`Error::Connection`] | safe; never after TLS, or for a name without an address |
//! | the control connection broke in the dialogue | [`Error::Lost`] | safe, in a new session |
//! | the data connection failed, or brought less than was announced | [`Error::Data`] | safe; never after TLS |
//! | the server's: nonsense, or a limit | [`Error::Violation`] | never |
//! | the server does not offer it | [`Error::Unsupported`] | never |
//! | the server said 4yz, 5yz | [`Error::Refused`] | safe after 4yz; never |
//! | the caller's | [`Error::Input`] | never |
//! | it would have been unsafe | [`Error::Unsafe`] | never |
//! | our sink's or source's | [`Error::Local`] | never |
//!
//! Safe is a try, not a continuation: a failed upload may have left a part of the file. Whether the
//! same session can be used for it is said by [`Session::is_over`].
//!
//! # From Python's `ftplib`
//!
//! | `FTP`, `FTP_TLS` | here |
//! |---|---|
//! | `FTP(host, timeout, source_address)`, `connect` | [`Session::connect`] with a [`Dialer`](wireline_wire::Dialer) and its fields |
//! | `FTP_TLS`, `auth`, `prot_p`, `ssl_version` | [`Options::security`], [`Session::auth_tls`], [`Session::protect`], which [`Session::login`] does by itself |
//! | `prot_c`, `ccc` | none: files never leave TLS |
//! | `encoding` | names are bytes; [`Session::opts_utf8`] |
//! | `getwelcome` | [`Session::greeting`] |
//! | `login(user, passwd, acct)`, `acct` | [`Session::login`], [`Login::anonymous`], [`Session::acct`] |
//! | `set_pasv`, `makepasv`, `makeport`, `sendport`, `sendeprt` | [`Options::data_mode`], [`Options::extended`] |
//! | `trust_server_pasv_ipv4_address` | none: never; [`Session::ignored_address`] |
//! | `sendcmd`, `voidcmd`, `putcmd`, `getresp`, `voidresp`, `getline`, `getmultiline` | [`Session::command`] |
//! | `maxline` | [`wireline_wire::Limits::line_bytes`] |
//! | `transfercmd`, `ntransfercmd` | [`Session::retr`], [`Session::stor`] |
//! | `retrbinary(cb, rest)`, `retrlines` | [`Session::retr`] with [`Type::Image`] or [`Type::Ascii`] |
//! | `storbinary(fp, rest)`, `storlines` | [`Session::stor`] with [`Type::Image`] or [`Type::Ascii`] |
//! | `dir`, `nlst`, `mlsd(path, facts)` | [`Session::list`], [`Session::list_lines`], [`Session::nlst`], [`Session::mlsd`], [`Session::mlsd_lines`] with [`Facts`], [`Session::opts`] |
//! | `rename`, `delete`, `cwd`, `mkd`, `rmd`, `pwd` | [`Session::rename`], [`Session::dele`], [`Session::cwd`] and [`Session::cdup`], [`Session::mkd`], [`Session::rmd`], [`Session::pwd`] |
//! | `size` | [`Session::size`], [`Session::examine`] |
//! | `abort` | [`Download::abort`], [`Upload::abort`] |
//! | `quit`, `close`, the end of a `with` block | [`Session::quit`], dropping the session |
//! | `set_debuglevel`, `sanitize` | an [`Observer`](wireline_wire::Observer), without secrets |
//! | `error_temp`, `error_perm`, `error_reply`, `error_proto` | [`Error::Refused`], [`Error::Violation`] |
//! | `parse150`, `parse227`, `parse229`, `parse257` | inside |
//! | none | [`Session::mlst`], [`Session::mdtm`], [`Session::mfmt`], [`Session::appe`], [`Session::stou`], [`Session::feat`], [`Session::stat`], [`Session::site_chmod`], [`Session::checksum`] |

mod checksum;
mod command;
mod data;
mod dialogue;
mod error;
mod features;
mod file;
mod folder;
mod limits;
mod line_end;
mod listing;
mod login;
mod options;
mod path;
mod reply;
mod session;
mod transfer;

pub use checksum::{Algorithm, Checksum};
pub use command::{Line, Password, Telnet, UserName};
pub use data::DataMode;
pub use error::{Error, Retry};
pub use features::Features;
pub use file::Retrieval;
pub use folder::{Lines, Listing};
pub use limits::Limits;
pub use listing::{Accuracy, Entry, Facts, Kind, ListParser, ListingLine, Modified, time_val};
pub use login::Login;
pub use options::{Options, Security, Type};
pub use path::Pathname;
pub use reply::{Code, Reply, ReplyReader, parse_reply_line};
pub use session::Session;
pub use transfer::{Download, Upload};
