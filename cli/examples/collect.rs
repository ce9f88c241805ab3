//! Collects what is new in a mailbox into a Maildir, and deletes it on the server once it is on the
//! disk: `cargo run --example collect`.

use std::error::Error;
use std::time::SystemTime;
use wireline_pop3::{Limits, Password, Quit, Session, UserName};
use wireline_servers::pop3::{Options, Server};
use wireline_store::Mailbox;
use wireline_wire::{Dialer, Endpoint, Secret, Sink};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let messages = vec![b"Subject: 1\r\n\r\n".to_vec(), b"Subject: 2\r\n\r\n".to_vec()];
    let server = Server::start(Options { messages, ..Options::default() })?;
    let place = Endpoint::new("127.0.0.1", server.addr().port())?;
    let folder = tempfile::tempdir()?;
    let mailbox = Mailbox::Maildir(folder.path().join("Mail"));
    assert_eq!([collect(&place, &mailbox)?, collect(&place, &mailbox)?], [2, 0]);
    Ok(())
}

fn collect(place: &Endpoint, mailbox: &Mailbox) -> Result<usize, Box<dyn Error>> {
    let (user, password) = (UserName::try_from("alice")?, Secret::from("wonderland"));
    let mut mailbox = mailbox.open(format!("alice@{place}").as_bytes(), SystemTime::now())?;
    let mut session = Session::start(Dialer::default().dial(place)?, Limits::default())?;
    session.user_pass(&user, &Password::try_from(password)?)?;
    let (_, listing) = session.listing()?;
    let is_new = |(_, uid): &(_, &[u8])| mailbox.state(uid).is_none();
    let new: Vec<_> = listing.unique_ids().filter(is_new).collect();
    for (number, uid) in &new {
        let mut delivery = mailbox.begin(uid)?;
        session.retr(*number, &mut Sink::writer(&mut delivery), 1 << 26)?;
        delivery.finish()?;
    }
    mailbox.commit()?;
    session.dele_many(new.iter().map(|(number, _)| *number))?;
    matches!(session.quit(), Quit::Done(_)).then_some(new.len()).ok_or("not deleted".into())
}
