//! `--quit-after` and `--drop-after`: the dialogue step by step, up to a stage.
//! Must not hold: the sending of whole messages (`send.rs`).

use super::{Letter, Sender};
use crate::args::Stage;
use crate::exit::Failure;
use wireline_smtp::{Content, Envelope, Session};

/// Goes as far as the stage with the first message, and says what the server answered there.
pub(crate) fn run(sender: &Sender<'_>, letters: &[Letter], stage: Stage) -> Result<(), Failure> {
    let quits = sender.args.quit_after.is_some();
    if quits && matches!(stage, Stage::Connect | Stage::Data) {
        let why = match stage {
            Stage::Data => "after DATA the server waits for a message, not for QUIT",
            _ => "before its greeting the server takes no QUIT",
        };
        let name = if stage == Stage::Data { "data" } else { "connect" };
        return Err(Failure::usage(why).hint(format!("--drop-after {name} hangs up there")));
    }
    let [letter] = letters else {
        return Err(Failure::usage("a stage is reached with one message"));
    };
    let wire = sender.opening.dial(&sender.dialer)?;
    if stage == Stage::Connect {
        return sender.note(stage, "connected");
    }
    let mut session = sender.opening.greet(wire)?;
    let mut said = session.greeting().to_string();
    if stage > Stage::Greeting {
        session = sender.opening.introduce(session)?;
        said = session.hello().to_string();
    }
    if stage > Stage::Ehlo {
        session = sender.opening.secure(session)?;
        said = if session.is_tls() { "TLS stands".into() } else { "no TLS".into() };
    }
    if stage > Stage::Tls {
        session = sender.opening.log_in(session)?;
        said = "logged in".to_owned();
    }
    if stage > Stage::Auth {
        said = transaction(sender, &mut session, letter, stage)?;
    }
    if quits {
        session.quit()?;
    }
    sender.note(stage, &said)
}

/// From MAIL to the dot, a command at a time.
fn transaction(
    sender: &Sender<'_>,
    session: &mut Session,
    letter: &Letter,
    stage: Stage,
) -> Result<String, Failure> {
    let Envelope { sender: path, parameters, recipients } = sender.envelope(letter);
    let mut said = session.mail(&path, &parameters)?.to_string();
    if stage > Stage::Mail {
        for one in &recipients {
            said = session.rcpt(&one.mailbox, &one.parameters)?.to_string();
        }
    }
    if stage == Stage::Data {
        let data = wireline_smtp::Line::try_from("DATA")?;
        said = session.command(&data)?.to_string();
    }
    if stage == Stage::Dot {
        let survey = letter.survey;
        let mut content = letter.content()?;
        let content = Content::new(&mut *content);
        let mut content = content.sized(survey.bytes).with_8bit(survey.is_8bit);
        let replies = session.data(&mut content)?;
        said = replies.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    }
    Ok(said)
}

impl Sender<'_> {
    fn note(&self, stage: Stage, said: &str) -> Result<(), Failure> {
        let name = format!("{stage:?}").to_lowercase();
        if self.output.quiet {
            return Ok(());
        }
        let text = format!("stopped after {name}: {}", self.mask.text(said));
        self.output.line(&text).map_err(|error| Failure::stdout(&error))
    }
}
