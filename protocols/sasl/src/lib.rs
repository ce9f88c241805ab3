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
