//! The fuzz targets as plain functions: any bytes in, a panic out when something does not hold.
//! Must not hold: anything that needs a crate the end-to-end tests do not have (`differential.rs`).

mod body;
mod content_range;
mod dot_block;
mod escape;
mod file_name;
mod head;
mod loopback;
mod mail_address;
mod mail_peer;
mod message;
mod pop3_session;
mod redirect;
mod sasl;
mod shown;
mod smtp_reply;
mod smtp_session;
mod transcript;
mod url_and_target;
mod wire_file;
mod wire_peer;

pub use body::body;
pub use content_range::content_range;
pub use escape::escape;
pub use file_name::file_name;
pub use head::head;
pub use mail_address::mail_address;
pub use message::message;
pub use pop3_session::pop3_session;
pub use redirect::redirect;
pub use sasl::sasl;
pub use smtp_reply::smtp_reply;
pub use smtp_session::smtp_session;
pub use transcript::transcript;
pub use url_and_target::url_and_target;
pub use wire_file::wire_file;
pub use wire_peer::wire_peer;
