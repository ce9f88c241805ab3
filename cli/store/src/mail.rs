//! Fetched mail: taken in, made durable, and only then deleted from the server by the caller.
//! Must not hold: sockets, or a look at what a message says beyond its `Return-Path`.
//!
//! The order that makes every death harmless: a batch's messages are synced, then it is journaled as
//! begun, then they get their names (or their place in the mbox), then it is journaled as done. Each
//! is durable before the next, and only then does [`Collection::commit`] return and may the caller
//! delete on the server. A run that finds a batch begun and not done looks what is there of it:
//! files it knows by their names, and the torn end of an mbox it takes back.

mod asctime;
mod collection;
mod digest;
mod files;
mod journal;
mod line;
mod lines;
mod lock;
mod mbox;
mod text;

pub use collection::{Collection, Delivery, Mailbox, Outcome};
pub use journal::Journal;
pub use line::{Entry, State};
