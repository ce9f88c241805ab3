//! `-v` and `--record`: the dialogues of a run as one transcript, written while they happen.
//! Must not hold: the lines of a connection (`dialogue.rs`), secrets (`mask.rs`).

use crate::dialogue::{
    Dialogue, FtpDialogue, HttpDialogue, MailDialogue, Run, Sheet, TelnetDialogue,
};
use crate::mask::Mask;
use crate::recording::Recording;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wireline_transcript::Printer;
use wireline_wire::{Event, Observer, Peer};

/// Writes what the connections of a run say. In a transcript a connection follows the other, so what a
/// second one says while the first is open waits until that is closed.
#[derive(Debug)]
pub(crate) struct Trace<W> {
    state: Mutex<State<W>>,
    keeps_bodies: bool,
}

#[derive(Debug)]
struct State<W> {
    out: W,
    style: Style,
    begun: bool,
    open: BTreeMap<u64, Box<dyn Dialogue>>,
    /// What is over, in its order behind those that are open.
    over: BTreeMap<u64, Box<dyn Dialogue>>,
    /// Connections that are a part of another's dialogue, and whose.
    parts: BTreeMap<u64, u64>,
    mask: Arc<Mask>,
    recording: Recording,
    /// The first thing that could not be written.
    failed: Option<io::Error>,
}

/// How dialogues are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// As `@protocol` names it.
    pub(crate) protocol: &'static str,
    /// Holes for secrets only.
    pub(crate) exact: bool,
}

impl Style {
    fn dialogue(self, number: u64, peer: &Peer) -> Box<dyn Dialogue> {
        let sheet = Sheet::new(number, peer, self.exact);
        match self.protocol {
            "http" => Box::new(HttpDialogue::new(sheet)),
            "ftp" => Box::new(FtpDialogue::new(sheet, peer)),
            "telnet" => Box::new(TelnetDialogue::new(sheet)),
            _ => Box::new(MailDialogue::new(sheet)),
        }
    }
}

impl<W: Write> Trace<W> {
    pub(crate) fn new(out: W, style: Style, mask: Arc<Mask>, recording: Recording) -> Self {
        let (open, over, parts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let keeps_bodies = recording.keeps_bodies();
        let (begun, failed) = (false, None);
        let state = State { out, style, begun, open, over, parts, mask, recording, failed };
        Self { state: Mutex::new(state), keeps_bodies }
    }

    /// What could not be written, if anything.
    pub(crate) fn finish(&self) -> io::Result<()> {
        let mut state = self.state();
        let written = state.out.flush();
        state.failed.take().map_or(written, Err)
    }

    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write + Send> Observer for Trace<W> {
    fn wants_bodies(&self) -> bool {
        self.keeps_bodies
    }

    fn observe(&self, connection: u64, event: &Event<'_>) {
        let mut state = self.state();
        let written = state.take(connection, event).and_then(|()| state.write());
        // The transfer goes on; whoever wants to know asks in the end.
        if let Err(error) = written {
            state.failed.get_or_insert(error);
        }
    }
}

impl<W: Write> State<W> {
    fn take(&mut self, connection: u64, event: &Event<'_>) -> io::Result<()> {
        if let Event::Connected { peer } = event {
            let mut open = self.open.iter_mut();
            match open.find_map(|(&whole, dialogue)| dialogue.claims(peer).then_some(whole)) {
                Some(whole) => drop(self.parts.insert(connection, whole)),
                None => drop(self.open.insert(connection, self.style.dialogue(connection, peer))),
            }
            return Ok(());
        }
        if let Some(whole) = self.parts.get(&connection).copied() {
            return self.take_part(connection, whole, event);
        }
        let Some(dialogue) = self.open.get_mut(&connection) else { return Ok(()) };
        let run = &mut Run { mask: &self.mask, kept: &mut self.recording };
        match event {
            Event::Tls { version, cipher, .. } => dialogue.sheet().tls(version, cipher),
            Event::Said(saying) => dialogue.said(saying, run),
            Event::Sent { bytes, data } => dialogue.sent(*bytes, *data, run),
            Event::Heard(line) => dialogue.heard(line, run),
            Event::Body { bytes, data } => dialogue.body(*bytes, *data, run),
            Event::Closed => {
                let ended = dialogue.end(run);
                self.over.extend(self.open.remove_entry(&connection));
                ended
            }
            _ => Ok(()),
        }
    }

    fn take_part(&mut self, part: u64, whole: u64, event: &Event<'_>) -> io::Result<()> {
        if matches!(event, Event::Closed) {
            self.parts.remove(&part);
        }
        let Some(dialogue) = self.open.get_mut(&whole) else { return Ok(()) };
        dialogue.beside(event, &mut Run { mask: &self.mask, kept: &mut self.recording })
    }

    /// Writes the lines of the first connection, and of those behind it once it is over.
    fn write(&mut self) -> io::Result<()> {
        loop {
            let first = self.open.keys().next().copied();
            let next = self.over.keys().next().copied();
            let over = match (first, next) {
                (Some(first), Some(next)) => next < first,
                (None, Some(_)) => true,
                (Some(_), None) => false,
                (None, None) => return Ok(()),
            };
            let dialogues = if over { &mut self.over } else { &mut self.open };
            let Some(mut entry) = dialogues.first_entry() else { return Ok(()) };
            let lines = entry.get_mut().sheet().take_lines();
            if over {
                entry.remove();
            }
            self.write_lines(&lines)?;
            if !over {
                return Ok(());
            }
        }
    }

    fn write_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if !self.begun {
            self.begun = true;
            let mut head = Vec::new();
            Printer::new(&mut head).begin(self.style.protocol)?;
            self.out.write_all(&head)?;
        }
        self.out.write_all(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;
    use wireline_http::{Login, Method, Request, TargetUri};
    use wireline_wire::{Saying, Secret};

    fn traced(events: &[(u64, Event<'_>)]) -> String {
        let uri = TargetUri::try_from(Url::parse("http://h/").unwrap()).unwrap();
        let login = Login::new("a", &Secret::from("b"), [uri.origin()].into()).unwrap();
        let mask = Mask::of([&Request::new(Method::get(), uri).with_login(login)]);
        let mut out = Vec::new();
        let style = Style { protocol: "http", exact: false };
        let trace = Trace::new(&mut out, style, Arc::new(mask), Recording::default());
        for (connection, event) in events {
            trace.observe(*connection, event);
        }
        trace.finish().unwrap();
        drop(trace);
        String::from_utf8(out).unwrap()
    }

    fn connected() -> Event<'static> {
        Event::Connected { peer: std::net::SocketAddr::from(([127, 0, 0, 1], 80)).into() }
    }

    #[test]
    fn a_dialogue() {
        let request = Saying::new()
            .text("GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\nUser-Agent: me\r\nAuthorization: Basic ")
            .secret("auth.basic", "YTpi")
            .text("\r\n\r\n");
        let text = traced(&[
            (1, connected()),
            (1, Event::Said(&request)),
            (1, Event::Heard(b"HTTP/1.1 103 Early Hints\r\n")),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Heard(b"HTTP/1.1 200 OK\r\n")),
            (1, Event::Heard(b"Date: today\r\n")),
            (1, Event::Heard(b"X-Echo: Basic YTpi, YTpi!\r\n")),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Body { bytes: 3, data: None }),
            (1, Event::Body { bytes: 4, data: None }),
            (1, Event::Closed),
        ]);
        let wanted = "@wire 1\n@protocol http\n== connection 1 to 127.0.0.1:80\n\
            @set user=a\n@secret pass\n\
            C: GET / HTTP/1.1\nC: Host: {{addr}}\nC: User-Agent: {{*=me}}\n\
            C: Authorization: Basic {{auth.basic}}\nC:\n\
            S: HTTP/1.1 103 Early Hints\nS:\nS: HTTP/1.1 200 OK\nS: Date: {{*=today}}\n\
            S: X-Echo: Basic {{auth.basic}}, {{auth.basic}}!\nS:\nS= {{*:bytes(7)}}\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn chunks_become_one() {
        let chunk = || (1, Event::Body { bytes: 8, data: None });
        let text = traced(&[
            (1, connected()),
            (1, Event::Heard(b"HTTP/1.1 200 OK\r\n")),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Heard(b"8\r\n")),
            chunk(),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Heard(b"8\r\n")),
            chunk(),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Heard(b"0\r\n")),
            (1, Event::Heard(b"\r\n")),
            (1, Event::Closed),
        ]);
        let wanted = "S: HTTP/1.1 200 OK\nS:\nS: 10\nS= {{*:bytes(16)}}\nS:\nS: 0\nS:\n";
        assert!(text.ends_with(wanted), "{text}");
    }

    /// Two connections that are open at once follow each other.
    #[test]
    fn connections_do_not_mix() {
        let get = |path: &str| Saying::new().text(format!("GET {path} HTTP/1.1\r\n\r\n"));
        let (a, b) = (get("/a"), get("/b"));
        let text = traced(&[
            (1, connected()),
            (1, Event::Said(&a)),
            (2, connected()),
            (2, Event::Said(&b)),
            (2, Event::Closed),
            (1, Event::Said(&a)),
            (1, Event::Closed),
        ]);
        let one =
            "== connection 1 to 127.0.0.1:80\nC: GET /a HTTP/1.1\nC:\nC: GET /a HTTP/1.1\nC:\n";
        let two = "== connection 2 to 127.0.0.1:80\nC: GET /b HTTP/1.1\nC:\n";
        assert_eq!(text, format!("@wire 1\n@protocol http\n{one}{two}"));
    }
}
