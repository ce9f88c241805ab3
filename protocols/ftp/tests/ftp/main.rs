//! Sessions against transcripts: the RFCs' dialogues, files both ways, hostile servers.
#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "files and clocks of the tests' own")]

mod corpus;
mod faults;
mod folders;
mod support;
mod transfers;
