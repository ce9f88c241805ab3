//! An SMTP, submission and LMTP client that says exactly what happened to each recipient.
//!
//! In scope: sessions from the greeting to QUIT (RFC 5321 sections 3 and 4), EHLO with HELO behind
//! it, STARTTLS (RFC 3207), AUTH (RFC 4954), PIPELINING (RFC 2920), SIZE (RFC 1870), 8BITMIME (RFC
//! 6152), SMTPUTF8 (RFC 6531), CHUNKING and BINARYMIME (RFC 3030), DSN (RFC 3461), REQUIRETLS (RFC
//! 8689), enhanced status codes (RFC 2034, 3463), LMTP (RFC 2033). Out of scope: the message's own
//! grammar (RFC 5322, MIME), MX records, queues, and the policy around all this: which login,
//! whether TLS is required, what is tried again. TLS from the first byte is a [`Wire`] on which
//! [`Wire::start_tls`] was called before [`Session::begin`].
//!
//! [`Wire`]: wireline_wire::Wire
//! [`Wire::start_tls`]: wireline_wire::Wire::start_tls
//!
//! ```
//! use wireline_smtp::{ClientName, Content, Envelope, Mailbox, Options, Session};
//! use wireline_wire::{Dialer, Endpoint};
//! # let dialogue = b"@protocol smtp\nS: 220 mx.test\nC: EHLO client.test\nS: 250-mx.test\nS: 250 PIPELINING\n\
//! #   C: MAIL FROM:<a@client.test>\nC: RCPT TO:<b@mx.test>\nC: RCPT TO:<c@mx.test>\nC: DATA\n\
//! #   S: 250 ok\nS: 250 ok\nS: 550 5.1.1 no such user\nS: 354 go\n\
//! #   C: Subject: hi\nC:\nC: It works.\nC: .\nC: QUIT\nS: 250 queued\nS: 221 bye\n";
//! # let parsed = wireline_transcript::Transcript::parse(dialogue, "doc", &mut |_| Err("no files".into()))?;
//! # let server = wireline_transcript::Fixture::new(parsed).start()?;
//! # let port = server.addr().port();
//! let wire = Dialer::default().dial(&Endpoint::new("127.0.0.1", port)?)?;
//! let session = Session::begin(wire, Options::new(ClientName::try_from("client.test")?))?;
//!
//! let recipients = [Mailbox::try_from("b@mx.test")?, Mailbox::try_from("c@mx.test")?];
//! let envelope = Envelope::new(Mailbox::try_from("a@client.test")?, recipients);
//! let mut message = std::io::Cursor::new("Subject: hi\n\nIt works.\n");
//! let delivery = session.send_last(&envelope, &mut Content::surveyed(&mut message)?)?;
//! assert_eq!(delivery.accepted().count(), 1);
//! for outcome in delivery.refused() {
//!     assert_eq!(format!("{}: {}", outcome.mailbox, outcome.reply), "c@mx.test: 550 5.1.1 no such user");
//! }
//! # server.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! | what | default | where |
//! |---|---|---|
//! | the greeting, and every reply but the last | 60 s, dripping does not extend it | [`wireline_wire::Limits::idle`] |
//! | the reply to the whole message | 600 s | [`Limits::final_reply`] |
//! | a pause in sending the message | 60 s | [`wireline_wire::Limits::idle`] |
//! | a line of a reply | 16 KiB | [`wireline_wire::Limits::line_bytes`] |
//! | lines of a reply | 512 | [`wireline_wire::Limits::reply_lines`] |
//! | commands ahead of their replies | 16 KiB | [`Limits::batch_bytes`] |
//! | chunks ahead of their replies, and their size | 8 of 64 KiB | [`Limits::chunks_ahead`], [`Limits::chunk_bytes`] |
//! | challenges in an authentication | 8 | [`Limits::challenges`] |
//! | a local part, a domain, a path | 64, 255, 256 bytes | [`Mailbox`] |
//! | a raw command | 510 bytes | [`Line`] |
//!
//! # Errors
//!
//! | whose fault | kind | tried again: [`Error::retry`] |
//! |---|---|---|
//! | not reached, TLS, time, gone before the greeting | [`Error::Connection`] | safe; never after TLS, or for a name without an address |
//! | the line broke in the dialogue; nothing was handed over | [`Error::Lost`] | safe |
//! | the server's: nonsense, or a limit | [`Error::Violation`] | never |
//! | the server does not offer it | [`Error::Unsupported`] | never |
//! | the server said 4yz, 5yz | [`Error::Refused`], [`Error::LoginRefused`] | safe after 4yz; never |
//! | the caller's | [`Error::Input`] | never |
//! | it would have been unsafe | [`Error::Unsafe`] | never |
//! | our source's | [`Error::Local`] | never |
//! | the message left, its reply was lost | [`Error::OutcomeUnknown`] | never: it might come twice |
//!
//! A recipient that was refused is no error: see [`Delivery`].
//!
//! # From Python's `smtplib`
//!
//! | `SMTP`, `SMTP_SSL`, `LMTP` | here |
//! |---|---|
//! | `connect`, `source_address`, `timeout` | [`Dialer::dial`](wireline_wire::Dialer::dial) and its fields, then [`Session::begin`] |
//! | `SMTP_SSL` | [`Wire::start_tls`] before [`Session::begin`] |
//! | `LMTP`, a Unix socket | [`Options::lmtp`] |
//! | `default_port` | none: an [`Endpoint`](wireline_wire::Endpoint) has its port |
//! | `ehlo`, `helo`, `ehlo_or_helo_if_needed`, `ehlo_msg` | [`Session::ehlo`], [`Session::helo`]; [`Session::begin`] has done it |
//! | `ehlo_resp`, `helo_resp`, `esmtp_features`, `does_esmtp`, `has_extn` | [`Session::hello`], [`Session::capabilities`], [`Capabilities::has`] |
//! | `starttls` | [`Session::start_tls`], which checks the certificate |
//! | `login`, `auth`, `auth_plain`, `auth_login`, `auth_cram_md5` | [`Session::login`], [`Session::auth`] |
//! | `mail`, `rcpt`, `data`, `rset` | [`Session::mail`], [`Session::rcpt`], [`Session::data`], [`Session::rset`] |
//! | `noop`, `help`, `verify`, `vrfy`, `expn`, `quit` | [`Session::noop`], [`Session::help`], [`Session::vrfy`], [`Session::expn`], [`Session::quit`] |
//! | `sendmail`, its `mail_options` and `rcpt_options` | [`Session::send`], [`MailParameters`], [`RcptParameters`] |
//! | `send_message` | reading and writing header fields is the caller's |
//! | `docmd`, `putcmd`, `send`, `getreply` | [`Session::command`] |
//! | `set_debuglevel` | an [`Observer`](wireline_wire::Observer), without secrets |
//! | `close`, the end of a `with` block | dropping the session; [`Session::send_last`], [`Session::quit`] |
//! | `quoteaddr`, `quotedata` | [`Mailbox`]; [`Session::data`] doubles the dots |
//! | `SMTPException` | [`Error`] |
//! | `SMTPServerDisconnected`, `SMTPConnectError` | [`Error::Connection`], [`Error::Lost`], [`Error::OutcomeUnknown`] |
//! | `SMTPResponseException`, `SMTPSenderRefused`, `SMTPDataError`, `SMTPHeloError`, `SMTPAuthenticationError` | [`Error::Refused`], which says what was being done |
//! | `SMTPRecipientsRefused`, the dict of refusals | [`Delivery`] |
//! | `SMTPNotSupportedError` | [`Error::Unsupported`] |

mod auth;
mod capabilities;
mod command;
mod content;
mod dialogue;
mod envelope;
mod error;
mod limits;
mod message;
mod parameter;
mod path;
mod reply;
mod session;
mod transaction;

pub use capabilities::Capabilities;
pub use command::Line;
pub use content::{Content, Survey};
pub use envelope::{Delivery, Envelope, Outcome, Recipient};
pub use error::{Error, Retry};
pub use limits::Limits;
pub use parameter::{
    Body, EnvelopeId, MailParameters, Notify, OriginalRecipient, Parameter, RcptParameters, Ret,
};
pub use path::{ClientName, Mailbox, ReversePath};
pub use reply::{Code, EnhancedCode, Reply, ReplyReader, parse_reply_line};
pub use session::{Options, Session};
