//! Whole dialogues: with transcripts as servers, over real sockets.
#![cfg(test)]

mod auth;
mod corpus;
mod faults;
mod sending;
mod support;
