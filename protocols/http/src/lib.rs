//! An HTTP/1.1 client that sends exactly what it was told to, and reads what servers really send.
//!
//! In scope: requests byte for byte (RFC 9112 section 3), heads read leniently on spelling and
//! strictly on length (sections 4 and 5), body framing as one pure function (section 6.3), chunks
//! (section 7.1), redirects, ranges and retries as pure questions (RFC 9110 sections 13, 14,
//! 15.4), Basic, Digest and Bearer (RFCs 7617, 7616, 6750), forms (RFC 7578), kept connections (section 9.3), absolute-form for proxies (section 3.2.2). Out of scope: HTTP/2, caches, and the
//! loops around all this: following, retrying and storing are the caller's policy.
//!
//! ```
//! use url::Url;
//! use wireline_http::{Client, Limits, Method, Persistence, Request, TargetUri};
//! use wireline_wire::{Dialer, Sink};
//! # let server = wireline_servers::http::Server::start(wireline_servers::http::Options::default())?;
//! # let url = server.url("/");
//! let uri = TargetUri::try_from(Url::parse(&url)?)?;
//! let mut client = Client::new(Dialer::default(), Limits::default());
//! let request = Request::new(Method::get(), uri);
//! let mut response = client.send(&request, Persistence::Close, |_interim| ())?;
//! assert_eq!(response.head().status.code(), 200);
//! let mut page = Vec::new();
//! response.copy_to(&mut Sink::writer(&mut page), 1 << 20)?;
//! assert_eq!(page.len(), 601_703);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod auth;
mod body;
mod challenge;
mod client;
mod content;
#[cfg(feature = "decoding")]
mod decoding;
mod digest;
mod disposition;
mod error;
mod exchange;
mod field;
mod forward;
mod framing;
mod grammar;
mod limits;
mod multipart;
mod proofs;
mod range;
mod redirect;
mod request;
mod response;
mod uri;

pub use auth::{Login, Way};
pub use body::parse_chunk_line;
pub use challenge::{Challenge, parse_challenges};
pub use client::Client;
pub use content::Content;
#[cfg(feature = "decoding")]
pub use decoding::{ACCEPT_ENCODING, Coding, codings};
pub use disposition::file_name;
pub use error::{Error, Retry};
pub use exchange::{Exchange, Response};
pub use field::{Field, FieldName, FieldValue, Fields};
pub use framing::{Body, Framing, framing};
pub use limits::Limits;
pub use multipart::{Multipart, Part};
pub use range::{
    ContentRange, RangeSpec, Resumed, Validator, parse_content_range, parse_range, part_asked_for,
    resume, resumed,
};
pub use redirect::{Hop, Trail, next_hop};
pub use request::{Method, Persistence, Request, cookie_values};
pub use response::{Head, HeadReader, Status, Version};
pub use uri::{Origin, TargetUri, URI_BYTES};
