//! `-v` and `--record`: the dialogues of a run as one transcript, written while they happen.
//! Must not hold: the lines of a connection (`dialogue.rs`), secrets (`mask.rs`).

use crate::dialogue::{
    Dialogue, FtpDialogue, HttpDialogue, MailDialogue, ProxyLines, Run, Sheet, TelnetDialogue,
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
    /// What was said to proxies that do not lead on yet.
    proxies: BTreeMap<u64, ProxyLines>,
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
        let (proxies, begun, failed) = (BTreeMap::new(), false, None);
        let state =
            State { out, style, begun, open, over, parts, proxies, mask, recording, failed };
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
        match event {
            Event::Proxy(event) => return self.take_proxy(connection, event),
            Event::Connected { peer } => {
                self.connected(connection, peer);
                return Ok(());
            }
            _ => {}
        }
        if let Some(whole) = self.parts.get(&connection).copied() {
            return self.take_part(connection, whole, event);
        }
        let Some(dialogue) = self.open.get_mut(&connection) else {
            return self.lost_proxy(connection);
        };
        let run = &mut Run { mask: &self.mask, kept: &mut self.recording };
        match event {
            Event::Tls { version, cipher, .. } => dialogue.tls(version, cipher, run),
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

    /// The connection stands: it has a section of its own, or a place in another's.
    fn connected(&mut self, connection: u64, peer: &Peer) {
        let mut open = self.open.iter_mut();
        let claimed = open.find_map(|(&whole, dialogue)| dialogue.claims(peer).then_some(whole));
        if let Some(whole) = claimed {
            self.parts.insert(connection, whole);
        } else {
            self.open.insert(connection, self.style.dialogue(connection, peer));
        }
        let dialogue = self.open.get_mut(&claimed.unwrap_or(connection));
        if let (Some(dialogue), Some(proxy)) = (dialogue, self.proxies.remove(&connection)) {
            dialogue.sheet().note(proxy.into_lines());
        }
    }

    /// A recording is played without the proxy.
    fn take_proxy(&mut self, connection: u64, event: &Event<'_>) -> io::Result<()> {
        if self.recording.keeps_bodies() {
            return Ok(());
        }
        match (event, self.proxies.get_mut(&connection)) {
            (Event::Connected { peer }, _) => {
                self.proxies.insert(connection, ProxyLines::new(peer)?);
                Ok(())
            }
            (event, Some(proxy)) => proxy.take(event, &self.mask),
            _ => Ok(()),
        }
    }

    /// The connection ends, perhaps at a proxy: what was said there is a section of its own.
    fn lost_proxy(&mut self, connection: u64) -> io::Result<()> {
        let Some(proxy) = self.proxies.remove(&connection) else { return Ok(()) };
        let mut dialogue = self.style.dialogue(connection, &proxy.peer);
        dialogue.sheet().note(proxy.into_lines());
        dialogue.sheet().end_at_once()?;
        self.over.insert(connection, dialogue);
        Ok(())
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

    /// hostile.md rows 147 and 150: what is said to a proxy is a comment, without its secrets.
    #[test]
    fn a_proxy_is_a_comment() {
        let connect = Saying::new()
            .text("CONNECT h:443 HTTP/1.1\r\nProxy-Authorization: Basic ")
            .secret("auth.proxy", "canary")
            .text("\r\n\r\n");
        let socks = Saying::new().text(b"\x05\x01\0");
        let get = Saying::new().text("GET / HTTP/1.1\r\n\r\n");
        let (proxy, peer) = (std::net::SocketAddr::from(([127, 0, 0, 1], 3128)), |proxy| {
            let endpoint = wireline_wire::Endpoint::new("h", 443).unwrap();
            Event::Connected { peer: Peer::Proxied { endpoint, proxy } }
        });
        let at_proxy = Event::Connected { peer: proxy.into() };
        let text = traced(&[
            (1, Event::Proxy(&at_proxy)),
            (1, Event::Proxy(&Event::Said(&connect))),
            (1, Event::Proxy(&Event::Heard(b"HTTP/1.1 200 YTpi\r\n"))),
            (1, peer(proxy)),
            (1, Event::Said(&get)),
            (2, Event::Proxy(&at_proxy)),
            (2, Event::Proxy(&Event::Said(&socks))),
            (2, Event::Proxy(&Event::Body { bytes: 2, data: Some(b"\x05\xff") })),
            (2, Event::Proxy(&Event::Closed)),
            (2, Event::Closed),
            (1, Event::Closed),
        ]);
        let wanted = "@wire 1\n@protocol http\n== connection 1 to h:443\n\
            # the proxy 127.0.0.1:3128\n# C: CONNECT h:443 HTTP/1.1\n\
            # C: Proxy-Authorization: Basic {{*=hidden}}\n# C:\n\
            # S: HTTP/1.1 200 {{auth.basic}}\nC: GET / HTTP/1.1\nC:\n\
            == connection 2 to 127.0.0.1:3128\n# the proxy 127.0.0.1:3128\n\
            # C= {{0x05}}{{0x01}}{{0x00}}\n# S= {{0x05}}{{0xff}}\n";
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
