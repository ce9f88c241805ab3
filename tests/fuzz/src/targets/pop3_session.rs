//! A mailbox behind a server that says anything.
//! Must not hold: the server's manners (`mail_peer.rs`).

use super::dot_block::{dot_block_text, holds};
use super::mail_peer::Turns;
use super::shown::{assert_tame, first_line};
use wireline_pop3::{
    Error, Limits, Listing, MessageNumber, Password, Quit, Reply, Session, UserName,
};
use wireline_wire::{Error as WireError, Secret, Sink, Wire};

/// The input is a line of letters, and what the server says: turns with a byte 0xFF between them.
/// Letters: `a` logs in with APOP, `c` does not ask for CAPA, `t` sets tight limits.
///
/// Whatever the server says, the session ends by itself in a message that is tame and does not
/// hold the password. What counts as a message is a dot block that the server said, its end
/// included; nothing is marked as deleted but what came so; nothing is larger than it may be.
pub fn pop3_session(data: &[u8]) {
    let (letters, said) = first_line(data);
    let Some(turns) = Turns::read(said) else { return };
    let plan = Plan { letters };
    let mut kept = Kept::default();
    let (ended, heard) = turns.play(plan.has(b't'), |wire| plan.run(wire, &mut kept));
    let said = turns.said();
    let blocks = blocks(&said);
    for text in &kept.texts {
        assert!(blocks.contains(text), "no block says {}", text.escape_ascii());
        assert!(text.len() as u64 <= plan.most());
    }
    let deletes = heard.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"DELE "));
    assert!(deletes.count() <= kept.texts.len());
    match ended {
        Ok(Quit::Done(reply) | Quit::Refused(reply)) => assert_tame(&reply),
        Err(error) | Ok(Quit::Lost(error)) => assert_error(&error, &said),
    }
}

fn assert_error(error: &Error, said: &[u8]) {
    assert_tame(error);
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(CANARY) || holds(said, CANARY.as_bytes()), "{shown}");
    assert!(!matches!(error, Error::Connection(WireError::TimedOut { .. })), "{shown}");
}

/// The password.
const CANARY: &str = "canary-Ua5";

/// The text behind every line end that begins a whole dot block.
fn blocks(said: &[u8]) -> Vec<Vec<u8>> {
    let starts = said.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    starts.filter_map(|start| dot_block_text(&said[start..])).map(|(text, _)| text).collect()
}

#[derive(Default)]
struct Kept {
    texts: Vec<Vec<u8>>,
    numbers: Vec<MessageNumber>,
}

struct Plan<'a> {
    letters: &'a [u8],
}

impl Plan<'_> {
    fn has(&self, letter: u8) -> bool {
        self.letters.contains(&letter)
    }

    fn most(&self) -> u64 {
        if self.has(b't') { 64 } else { 1 << 20 }
    }

    fn run(&self, wire: Wire, kept: &mut Kept) -> Result<Quit, Error> {
        let mut session = Session::start(wire, self.limits())?;
        assert_tame(session.greeting());
        if !self.has(b'c') {
            session.capa()?;
        }
        let user = UserName::try_from("mrose").expect("a name");
        let password = Password::try_from(Secret::from(CANARY)).expect("a password");
        let welcome = match self.has(b'a') {
            true => session.apop(&user, &password),
            false => session.user_pass(&user, &password),
        }?;
        assert_tame(&welcome);
        let (_, listing) = session.listing()?;
        self.assert_listing(&listing);
        let wanted: Vec<_> = listing.entries().map(|entry| entry.number).collect();
        self.fetch(&mut session, wanted, kept)?;
        let refused = session.dele_many(kept.numbers.iter().copied())?;
        refused.iter().for_each(|(_, reply): &(_, Reply)| assert_tame(reply));
        Ok(session.quit())
    }

    /// So that small inputs meet the limits.
    fn limits(&self) -> Limits {
        let (capabilities, messages, unique_id_bytes, unique_ids_bytes) = (3, 3, 8, 16);
        let tight = Limits {
            capabilities,
            messages,
            unique_id_bytes,
            unique_ids_bytes,
            window: 2,
            ..Limits::default()
        };
        if self.has(b't') { tight } else { Limits::default() }
    }

    fn assert_listing(&self, listing: &Listing) {
        let limits = self.limits();
        assert!(listing.len() <= limits.messages);
        let numbers: Vec<_> = listing.entries().map(|entry| entry.number).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
        let ids = listing.entries().filter_map(|entry| entry.unique_id);
        let bytes = ids.map(|id| {
            assert_tame(&id);
            assert!((1..=limits.unique_id_bytes).contains(&id.as_bytes().len()));
            id.as_bytes().len()
        });
        assert!(bytes.sum::<usize>() <= limits.unique_ids_bytes);
    }

    fn fetch(
        &self,
        session: &mut Session,
        wanted: Vec<MessageNumber>,
        kept: &mut Kept,
    ) -> Result<(), Error> {
        let mut pipeline = session.retr_many(wanted);
        while let Some(answer) = pipeline.answer()? {
            let number = answer.message().expect("RETR is about one");
            if !answer.reply().is_ok() {
                assert_tame(answer.reply());
                continue;
            }
            let mut text = Vec::new();
            let copied = answer.copy_to(&mut Sink::writer(&mut text), self.most());
            assert!(text.len() as u64 <= self.most());
            assert_eq!(copied?, text.len() as u64);
            kept.texts.push(text);
            kept.numbers.push(number);
        }
        Ok(())
    }
}
