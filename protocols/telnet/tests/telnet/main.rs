//! Sessions against transcripts and hostile peers: the RFCs' dialogues, scripts, floods, connections
//! that end anywhere.
#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "files, sockets and clocks of the tests' own")]

mod corpus;
mod faults;
mod floods;
mod script;
mod support;
mod tls;
