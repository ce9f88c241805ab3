//! A mail session against a server that says anything.
//! Must not hold: the server's manners (`mail_peer.rs`), single replies (`smtp_reply.rs`).

use super::dot_block::{dot_block, holds};
use super::mail_peer::{NEVER, Turns};
use super::shown::{assert_tame, first_line};
use std::io::Cursor;
use wireline_sasl::{Credentials, Proof};
use wireline_smtp::{ClientName, Content, Delivery, Envelope, Error, Mailbox, Options, Session};
use wireline_wire as wire;

/// The input is a line of letters, and what the server says: turns with a byte 0xFF between them.
/// Letters: `l` is LMTP, `b` sends in chunks of 16 bytes, `q` says QUIT behind the message, `n`
/// does not log in, `u` sends bytes beyond ASCII unannounced, `t` sets tight limits.
///
/// Whatever the server says, the session ends by itself in a message that is tame and does not
/// hold the password. A message for whom anybody was accepted has left whole; and once it has left
/// whole, an error is a refusal, or says that the outcome is not known.
pub fn smtp_session(data: &[u8]) {
    let (letters, said) = first_line(data);
    let Some(turns) = Turns::read(said) else { return };
    let plan = Plan { letters };
    let (found, heard) = turns.play(plan.has(b't'), |wire| plan.run(wire));
    let whole = plan.left_whole(&heard);
    match &found {
        Ok(delivery) => {
            assert_eq!(delivery.recipients.len(), 2);
            let answers = delivery.recipients.iter().map(|one| &one.reply).chain(&delivery.reply);
            answers.for_each(assert_tame);
            assert!(whole || delivery.is_nothing(), "{delivery:?}");
            let answered = delivery.reply.as_ref().is_none_or(wireline_smtp::Reply::is_success);
            assert!(answered, "{delivery:?}");
        }
        Err(error) => {
            assert_tame(error);
            let shown = format!("{error} {error:?}");
            for secret in SECRETS {
                let is_said = holds(&turns.said(), secret.as_bytes());
                assert!(is_said || !shown.contains(secret), "{shown}");
            }
            assert!(!whole || is_an_outcome(error), "sent whole, and then: {shown}");
            assert!(!is_hang(error), "{shown}");
        }
    }
}

const CANARY: &str = "canary-Ua5";

/// The password, and what `PLAIN` and `LOGIN` make of it.
const SECRETS: [&str; 3] = [CANARY, "AHRpbQBjYW5hcnktVWE1", "Y2FuYXJ5LVVhNQ"];

const MESSAGE: &[u8] = b"Subject: hi\r\n\r\n.\r\n..\r\nThe end of it.\r\n";
const MESSAGE_8BIT: &[u8] = b"Subject: h\xc3\xad\r\n\r\n.\r\nThe end of it.\r\n";

struct Plan<'a> {
    letters: &'a [u8],
}

impl Plan<'_> {
    fn has(&self, letter: u8) -> bool {
        self.letters.contains(&letter)
    }

    fn message(&self) -> &'static [u8] {
        if self.has(b'u') { MESSAGE_8BIT } else { MESSAGE }
    }

    fn run(&self, wire: wire::Wire) -> Result<Delivery, Error> {
        let mut session = Session::begin(wire, self.options())?;
        if !self.has(b'n') {
            let credentials = Credentials::new("tim", Proof::password(CANARY));
            session.login(&credentials.expect("a login"), &[b'n'; 18])?;
        }
        let mailbox = |text| Mailbox::try_from(text).expect("an address");
        let recipients = [mailbox("b@mx.test"), mailbox("c@mx.test")];
        let envelope = Envelope::new(mailbox("a@client.test"), recipients);
        let mut source = Cursor::new(self.message());
        let content = match self.has(b'u') {
            true => Ok(Content::new(&mut source)),
            false => Content::surveyed(&mut source),
        };
        let mut content = content.expect("it can be sent");
        match self.has(b'q') {
            true => session.send_last(&envelope, &mut content),
            false => session.send(&envelope, &mut content),
        }
    }

    fn options(&self) -> Options {
        let name = ClientName::try_from("client.test").expect("a name");
        let mut options = if self.has(b'l') { Options::lmtp(name) } else { Options::new(name) };
        options.limits.final_reply = NEVER;
        options.chunking = self.has(b'b');
        if options.chunking {
            (options.limits.chunk_bytes, options.limits.chunks_ahead) = (16, 2);
        }
        options
    }

    /// Whether the message and its end are in what the client said. The last chunk ends as the
    /// message does.
    fn left_whole(&self, heard: &[u8]) -> bool {
        const LAST: &[u8] = b" LAST\r\n";
        let last_chunk = heard.windows(LAST.len()).position(|window| window == LAST);
        match last_chunk.and_then(|at| heard.get(at + LAST.len()..)) {
            Some(last_chunk) => holds(last_chunk, b".\r\n"),
            None => holds(heard, &dot_block(self.message())),
        }
    }
}

/// 4yz or 5yz behind the message, or nothing that can be relied on.
fn is_an_outcome(error: &Error) -> bool {
    match error {
        Error::OutcomeUnknown { .. } => true,
        Error::Refused { doing, .. } => matches!(*doing, "the message" | "BDAT"),
        _ => false,
    }
}

fn is_hang(error: &Error) -> bool {
    match error {
        Error::Connection(error) | Error::Lost { source: error, .. } => {
            matches!(error, wire::Error::TimedOut { .. })
        }
        Error::OutcomeUnknown { source } => is_hang(source),
        _ => false,
    }
}
