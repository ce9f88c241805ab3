//! End-to-end tests: the binary as a user types it, against the fixture servers.
#![cfg(test)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the judges must not use the clients' own dialer and line reader"
)]

mod architecture;
mod get;
mod support;
