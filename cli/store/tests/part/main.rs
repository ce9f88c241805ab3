//! Part files and targets against a real file system, through the public interface only.
//! Must not hold: deaths in the middle; those are in crash.rs.
#![cfg(test)]

mod parts;
mod resuming;
#[path = "../scratch/mod.rs"]
mod scratch;
mod support;
mod targets;
