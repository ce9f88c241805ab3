//! Fetches a page: `cargo run --example fetch [URL]`, without a URL from a server of its own.

use std::error::Error;
use std::io::{Write, stdout};
use url::Url;
use wireline_http::{Client, Limits, Method, Persistence, Request, TargetUri};
use wireline_servers::http::{Options, Server};
use wireline_wire::{Dialer, Sink};

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        Some(url) => fetch(&url, &mut stdout()).map(|_bytes| ()),
        None => offline(),
    }
}

/// Writes the page to `out`, 1 GiB of it at most, and counts its bytes. What the server refuses is
/// no page.
fn fetch(url: &str, out: &mut dyn Write) -> Result<u64, Box<dyn Error>> {
    let request = Request::new(Method::get(), TargetUri::try_from(Url::parse(url)?)?);
    let mut client = Client::new(Dialer::default(), Limits::default());
    let mut response = client.send(&request, Persistence::Close, |_interim| ())?;
    let status = response.head().status.code();
    if status >= 300 {
        return Err(format!("the server answered {status}").into());
    }
    Ok(response.copy_to(&mut Sink::writer(out), 1 << 30)?)
}

pub(crate) fn offline() -> Result<(), Box<dyn Error>> {
    let server = Server::start(Options::default())?;
    assert_eq!(fetch(&server.url("/"), &mut std::io::sink())?, 601_703);
    assert!(fetch(&server.url("/status/404"), &mut std::io::sink()).is_err());
    Ok(())
}
