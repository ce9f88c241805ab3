//! Sends a mail to two recipients and tells what became of each: `cargo run --example send`.
#![allow(clippy::print_stdout, reason = "what a program says")]

use std::error::Error;
use std::io::Cursor;
use wireline_servers::smtp;
use wireline_smtp::{ClientName, Content, Delivery, Envelope, Mailbox, Options, Session};
use wireline_wire::{Dialer, Endpoint};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let server = smtp::Server::start(smtp::Options::default())?;
    let place = Endpoint::new("127.0.0.1", server.addr().port())?;

    let delivery = send(&place, "alice@client.test", &["bob@mx.test", "rcpt550@mx.test"])?;
    for outcome in delivery.accepted().chain(delivery.refused()) {
        println!("{}: {}", outcome.mailbox, outcome.reply);
    }

    assert_eq!((delivery.accepted().count(), delivery.refused().count()), (1, 1));
    assert_eq!(server.messages().len(), 1);
    assert!(server.violations().is_empty());
    Ok(())
}

/// In clear, as to a server of this machine; elsewhere, [`Session::start_tls`] comes first.
fn send(place: &Endpoint, from: &str, to: &[&str]) -> Result<Delivery, Box<dyn Error>> {
    let wire = Dialer::default().dial(place)?;
    let session = Session::begin(wire, Options::new(ClientName::try_from("client.test")?))?;
    let to: Result<Vec<_>, _> = to.iter().map(|address| Mailbox::try_from(*address)).collect();
    let envelope = Envelope::new(Mailbox::try_from(from)?, to?);
    let mut message = Cursor::new("Subject: hello\n\nIt works.\n");
    Ok(session.send_last(&envelope, &mut Content::surveyed(&mut message)?)?)
}
