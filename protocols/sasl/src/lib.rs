//! SASL mechanisms (RFC 4422) as pure challenge and response.
//!
//! In scope: what to answer to which challenge, which mechanism to choose, SASLprep (RFC 4013), and
//! whether the server has proven itself. Out of scope: I/O, base64, how a protocol spells the
//! exchange (RFC 4954, RFC 5034), channel binding (the PLUS mechanisms), security layers.
//!
//! Strongest first, as [`strongest`] prefers them:
//!
//! | mechanism | defined in | proof | speaks first | who listens learns |
//! |---|---|---|---|---|
//! | SCRAM-SHA-256 | RFC 7677 | password | client | what a guess can be tried on |
//! | SCRAM-SHA-1 | RFC 5802 | password | client | what a guess can be tried on |
//! | EXTERNAL | RFC 4422 appendix A | certificate | client | nothing |
//! | OAUTHBEARER | RFC 7628 | token | client | the token |
//! | XOAUTH2 | Google | token | client | the token |
//! | CRAM-MD5 | RFC 2195 | password | server | what a guess can be tried on |
//! | PLAIN | RFC 4616 | password | client | the password |
//! | LOGIN | draft-murchison-sasl-login | password | server | the password |
//!
//! ```
//! use wireline_sasl::{Credentials, Exchange, Proof, strongest};
//!
//! let credentials = Credentials::new("tim", Proof::password("tanstaaftanstaaf"))?;
//! let mechanism = strongest(["LOGIN", "CRAM-MD5", "NTLM"], &credentials).unwrap();
//! assert_eq!(mechanism.name(), "CRAM-MD5");
//!
//! let mut exchange = Exchange::new(mechanism, &credentials, &[])?;
//! assert!(exchange.initial().is_none());
//! let answer = exchange.respond(b"<1896.697170952@postoffice.reston.mci.net>")?;
//! assert_eq!(*answer, b"tim b913a602c7eda7a495b4e6e7334d3890");
//! exchange.finish()?; // the server said that we are in
//! # Ok::<(), wireline_sasl::Error>(())
//! ```
//!
//! # Limits
//!
//! | what | limit | beyond it |
//! |---|---|---|
//! | a challenge | 64 KiB | [`Error::Violation`] |
//! | SCRAM: iterations | 4096 (RFC 5802 section 5.1) to 1,000,000 | [`Error::Violation`] |
//! | SCRAM: our nonce | 18 bytes at least | [`Error::Input`] |
//! | challenges of one exchange | those of the mechanism | [`Error::Violation`] |
//! | what the server said, in a message | 200 bytes, escaped | cut |
//!
//! # Errors
//!
//! | whose fault | kind |
//! |---|---|
//! | the caller's, before anything was said: an empty password, a NUL, a mechanism that does not fit | [`Error::Input`] |
//! | the server said what the mechanism does not allow | [`Error::Violation`] |
//! | the server does not know the password: whoever it is, it is not to be trusted | [`Error::ServerNotProven`] |
//! | the server refused, in the mechanism's own words | [`Error::Refused`] |
//!
//! A refusal in the protocol's words (`535`, `-ERR`) is the protocol crate's.

mod cram;
mod credentials;
mod error;
mod exchange;
mod mechanism;
mod oauth;
mod plain;
mod prep;
mod scram;

pub use credentials::{Credentials, Proof};
pub use error::Error;
pub use exchange::Exchange;
pub use mechanism::{Mechanism, strongest};
