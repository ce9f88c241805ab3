//! Sessions against transcripts: the RFCs' dialogues, hostile servers, connections that end anywhere.
#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "files and clocks of the tests' own")]

mod corpus;
mod faults;
mod login;
mod pipeline;
mod support;
