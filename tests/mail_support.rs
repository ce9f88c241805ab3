//! What the mail tests share: dialogues as transcripts, the usual words of `wireline send`, and
//! where secrets are looked for.

use crate::support::{Folder, Ran, run_within, wireline};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use wireline_servers::log::Command;
use wireline_servers::maildrop::Message;
use wireline_servers::smtp::{Options, Server};
use wireline_transcript::{Fixture, FixtureBuilder, Transcript};

/// The greeting.
pub(crate) const GREETING: &str = "S: 220 mx.test ESMTP\n";

/// One message from `a@x.test` to `b@x.test`, accepted, from MAIL to the end.
pub(crate) const DELIVERY: &str = "\
C: MAIL FROM:<a@x.test>{{*=}}
S: 250 ok
C: RCPT TO:<b@x.test>{{*=}}
S: 250 ok
C: DATA
S: 354 go
C*: {{*=line}}
C: .
S: 250 2.0.0 queued
C: QUIT
S: 221 bye
S! close
";

/// We leave politely, and nothing else is said.
pub(crate) const LEAVE: &str = "C: QUIT\nS: 221 bye\nC! close\n";

/// The words of a short message from `a@x.test` to `b@x.test`.
pub(crate) const SHORT: [&str; 8] =
    ["--from", "a@x.test", "--to", "b@x.test", "--subject", "hi", "-d", "text"];

/// EHLO and what is offered.
pub(crate) fn hello(capabilities: &[&str]) -> String {
    let lines = [&["mx.test"], capabilities].concat();
    let last = lines.len() - 1;
    let said = lines.iter().enumerate().map(|(nth, line)| {
        let hyphen = if nth == last { ' ' } else { '-' };
        format!("S: 250{hyphen}{line}\n")
    });
    format!("C: EHLO {{{{*=x}}}}\n{}", said.collect::<String>())
}

/// The greeting, EHLO and what is offered.
pub(crate) fn opening(capabilities: &[&str]) -> String {
    format!("{GREETING}{}", hello(capabilities))
}

/// A stateful server with this section in the place of its own answers.
#[track_caller]
pub(crate) fn overridden(section: &str, change: impl FnOnce(&mut Options)) -> Server {
    let text = format!("@wire 1\n@over smtp\n== over\n{section}");
    let read = Transcript::parse(text.as_bytes(), "over.wire", &mut |_| Err("no files".into()));
    let over = read.unwrap_or_else(|error| panic!("{error}: {text}")).overrides();
    mail_server(|options| {
        options.over = Some(Arc::new(over.expect("it has @over")));
        change(options);
    })
}

/// A dialogue in the notation of transcripts, ready to be served.
#[track_caller]
pub(crate) fn transcript(text: &str) -> FixtureBuilder {
    let text = format!("@wire 1\n@protocol smtp\n@timeout 8s\n{text}");
    let read = Transcript::parse(text.as_bytes(), "x.wire", &mut |_| Err("no files".into()));
    Fixture::new(read.unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// A server that speaks this dialogue, once.
#[track_caller]
pub(crate) fn dialogue(text: &str) -> Fixture {
    transcript(text).start().expect("a server")
}

/// `smtp://ADDR`.
pub(crate) fn smtp(addr: SocketAddr) -> String {
    format!("smtp://{addr}")
}

/// `wireline` with these words in the folder, within ten seconds.
#[track_caller]
pub(crate) fn wireline_at(folder: &Folder, words: &[&str]) -> Ran {
    let mut command = wireline();
    command.current_dir(folder.path()).env("WIRELINE_PASSWORD", PASSWORD).args(words);
    run_within(Duration::from_secs(10), &mut command)
}

/// Sends the short message by this server, with more words.
#[track_caller]
pub(crate) fn send(folder: &Folder, url: &str, more: &[&str]) -> Ran {
    wireline_at(folder, &[&["send", url], &SHORT[..], more].concat())
}

/// Everything went as the dialogue says.
#[track_caller]
pub(crate) fn judged(label: &str, fixture: Fixture, ran: &Ran) {
    if let Err(failed) = fixture.finish() {
        panic!("{label}: {failed}\n{ran:?}");
    }
}

/// The password of `alice`, in `WIRELINE_PASSWORD`.
pub(crate) const PASSWORD: &str = "c4nary";

/// Any of these in an output is a leak: the password, in base64, and as PLAIN of `alice`.
pub(crate) const CANARIES: [&str; 3] = [PASSWORD, "YzRuYXJ5", "AGFsaWNlAGM0bmFyeQ=="];

/// The secret shows in no output and in no file but `pass`.
#[track_caller]
pub(crate) fn no_canary(label: &str, ran: &Ran, folder: &Folder) {
    for canary in CANARIES {
        assert!(!ran.stderr.contains(canary), "{label}: {}", ran.stderr);
        assert!(!ran.text().contains(canary), "{label}: {}", ran.text());
        for name in folder.names().iter().filter(|name| *name != "pass") {
            let text = String::from_utf8_lossy(&folder.read(name)).into_owned();
            assert!(!text.contains(canary), "{label}: {name}: {text}");
        }
    }
}

/// The stateful server with everything on, whose login is `alice` and [`PASSWORD`].
pub(crate) fn mail_server(change: impl FnOnce(&mut Options)) -> Server {
    let login = Some(("alice".to_owned(), PASSWORD.to_owned()));
    let mut options = Options { login, ..Options::default() };
    change(&mut options);
    Server::start(options).expect("a server")
}

/// The one message that came, when nothing that came was against the RFCs.
#[track_caller]
pub(crate) fn the_message(label: &str, server: &Server) -> Arc<Message> {
    strict(label, server);
    let messages = server.messages();
    assert_eq!(messages.len(), 1, "{label}: {messages:?}");
    Arc::clone(&messages[0])
}

/// Nothing that came was against the RFCs, once all connections have ended.
#[track_caller]
pub(crate) fn strict(label: &str, server: &Server) {
    for connection in 0..server.connections() {
        assert!(server.wait_end(connection, Duration::from_secs(10)), "{label}: still open");
    }
    assert_eq!(server.violations(), [], "{label}: {:?}", lines(server));
}

/// The commands so far.
pub(crate) fn lines(server: &Server) -> Vec<String> {
    server.commands().iter().map(Command::text).collect()
}
