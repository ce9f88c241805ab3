//! One FTP session: every command and reply is shown, a data connection stands where its transfer
//! was. Must not hold: what is the same for every protocol.

use super::{Dialogue, Made, Run, Sheet};
use crate::recording::{LINES_BYTES, is_text};
use std::fs::File;
use std::io::{self, Write};
use std::net::IpAddr;
use std::ops::Range;
use wireline_transcript::{Piece, Printer, Side};
use wireline_wire::{Event, Peer, Saying};

/// The control connection, and the data connection that belongs to it now.
#[derive(Debug)]
pub(crate) struct FtpDialogue {
    sheet: Sheet,
    server: Peer,
    awaited: Awaited,
    stage: Stage,
    /// Who sends what goes over the data connection.
    sender: Side,
    data: Option<Data>,
    /// `PORT` or `EPRT`, until the server has answered.
    offer: Vec<Made>,
}

/// Which new connection would be a data connection of this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    None,
    /// To this port of the server (`PASV`, `EPSV`).
    Port(u16),
    /// Whatever comes from the server (`PORT`, `EPRT`).
    Any,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    None,
    Asked,
    Begun,
}

/// What went over a data connection.
#[derive(Debug, Default)]
struct Data {
    bytes: u64,
    /// All of it while it is small and a recording keeps it.
    small: Vec<u8>,
    /// What a recording keeps of more.
    large: Option<(String, File)>,
    /// Version and cipher.
    tls: Option<(String, String)>,
}

/// What the channel is called.
const DATA: &str = "data";

impl FtpDialogue {
    pub(crate) fn new(sheet: Sheet, peer: &Peer) -> Self {
        Self {
            sheet,
            server: peer.clone(),
            awaited: Awaited::None,
            stage: Stage::None,
            sender: Side::S,
            data: None,
            offer: Vec::new(),
        }
    }

    /// The data connection is over. Its sender closes it, but one without a transfer is ours to
    /// close.
    fn end_data(&mut self, run: &mut Run<'_>) -> io::Result<()> {
        let Some(mut data) = self.data.take() else { return Ok(()) };
        let has_begun = std::mem::replace(&mut self.stage, Stage::None) == Stage::Begun;
        let closer = if has_begun { self.sender } else { Side::C };
        data.print_tls(&mut self.sheet.printer())?;
        data.print(closer, &mut self.sheet.printer(), run)?;
        self.sheet.printer().act_on(closer, DATA, "close")
    }

    /// Says our address, on which a player of the transcript dials at once: only one that the server
    /// has accepted is that of a data connection.
    fn settle_offer(&mut self, accepted: bool) -> io::Result<()> {
        let channel = format!("{DATA}:");
        let mut offer = std::mem::take(&mut self.offer);
        for piece in &mut offer {
            if let Made::Hole(hole) = piece
                && let Some((_, address)) = hole.split_once('=')
                && hole.starts_with(&channel)
                && !accepted
            {
                *hole = format!("*={address}");
            }
        }
        self.sheet.say(Side::C, &offer)
    }

    /// A line of a listing.
    fn list(&mut self, line: &[u8], run: &Run<'_>) -> io::Result<()> {
        if let Some(data) = &mut self.data {
            data.print_tls(&mut self.sheet.printer())?;
        }
        let pieces = self.sheet.masked(line, run.mask, |bytes| vec![Made::Bytes(bytes.to_vec())]);
        self.sheet.say_on(Side::S, DATA, &pieces)
    }

    /// What a command has to do with data connections.
    fn note_command(&mut self, line: &[u8]) {
        let verb: Vec<u8> = line.iter().take(4).map(u8::to_ascii_uppercase).collect();
        match verb.as_slice() {
            b"PASV" | b"EPSV" | b"PORT" | b"EPRT" => {
                self.awaited = if is_offer(line) { Awaited::Any } else { Awaited::None };
                (self.stage, self.data) = (Stage::None, None);
            }
            b"STOR" | b"APPE" | b"STOU" => (self.stage, self.sender) = (Stage::Asked, Side::C),
            b"RETR" | b"LIST" | b"NLST" | b"MLSD" => {
                (self.stage, self.sender) = (Stage::Asked, Side::S);
            }
            _ => {}
        }
    }

    /// What a reply has to do with them.
    fn note_reply(&mut self, line: &[u8], run: &mut Run<'_>) -> io::Result<()> {
        if let Some(port) = address_in(line).and_then(|(_, port)| port) {
            self.awaited = Awaited::Port(port);
        }
        match (self.stage, line.first()) {
            (Stage::Asked, Some(b'1' | b'2')) => self.stage = Stage::Begun,
            (Stage::Asked, Some(b'4' | b'5')) => self.stage = Stage::None,
            (Stage::Begun, Some(b'2' | b'4' | b'5')) => self.end_data(run)?,
            _ => {}
        }
        Ok(())
    }

    /// A line whose address of a data connection is a hole: the next run has another.
    fn with_address(&self, line: &[u8]) -> Vec<Made> {
        let Some((range, _)) = address_in(line) else { return vec![Made::Bytes(line.to_vec())] };
        let (before, rest) = line.split_at_checked(range.start).unwrap_or((line, &[]));
        let (address, rest) = rest.split_at_checked(range.len()).unwrap_or((rest, &[]));
        let address = String::from_utf8_lossy(address);
        let hole = match address.contains(',') {
            true => format!("{DATA}:pasv={}", self.at_home(&address)),
            false => format!("{DATA}:port={address}"),
        };
        let before = without_own_address(before);
        before.into_iter().chain([Made::Hole(hole), Made::Bytes(rest.to_vec())]).collect()
    }

    /// `h1,h2,h3,h4,p1,p2`: the server's own address, or ours, is that of loopback when it is
    /// played again; a foreign one stays.
    fn at_home(&self, address: &str) -> String {
        let numbers: Vec<_> = address.split(',').collect();
        let Some((host, port)) = numbers.split_at_checked(4) else { return address.to_owned() };
        let named = host.join(".").parse::<IpAddr>().ok();
        let server = self.server.address().map(|server| server.ip().to_canonical());
        match self.awaited == Awaited::Any || named == server {
            true => format!("127,0,0,1,{}", port.join(",")),
            false => address.to_owned(),
        }
    }
}

impl Data {
    /// More of it. A recording puts what is long into a file.
    fn take(&mut self, bytes: u64, data: Option<&[u8]>, run: &mut Run<'_>) -> io::Result<()> {
        self.bytes += bytes;
        if !run.kept.keeps_bodies() {
            return Ok(());
        }
        self.small.extend_from_slice(data.unwrap_or_default());
        match self.large.is_some() || self.small.len() > LINES_BYTES {
            true => self.enlarge(run),
            false => Ok(()),
        }
    }

    fn enlarge(&mut self, run: &mut Run<'_>) -> io::Result<()> {
        if self.large.is_none() {
            self.large = run.kept.file_beside()?;
        }
        let small = std::mem::take(&mut self.small);
        match &mut self.large {
            Some((_, file)) => file.write_all(&small),
            None => Ok(()),
        }
    }

    /// The handshake, once.
    fn print_tls<W: Write>(&mut self, printer: &mut Printer<W>) -> io::Result<()> {
        let Some((version, cipher)) = self.tls.take() else { return Ok(()) };
        printer.comment(&format!("{version} {cipher}"))?;
        printer.act_on(Side::S, DATA, "tls")
    }

    /// Small text as lines, other things as files, a secret or what a trace does not keep as so many
    /// bytes.
    fn print<W: Write>(
        mut self,
        sender: Side,
        printer: &mut Printer<W>,
        run: &mut Run<'_>,
    ) -> io::Result<()> {
        if self.bytes == 0 {
            return Ok(());
        }
        let is_whole = self.large.is_none() && self.small.len() as u64 == self.bytes;
        let holds_secret = run.mask.pieces(&self.small).len() > 1;
        if is_whole && !holds_secret && is_text(&self.small) {
            let mut lines = self.small.split_inclusive(|&byte| byte == b'\n');
            return lines.try_for_each(|line| printer.say_on(sender, DATA, [Piece::Bytes(line)]));
        }
        if is_whole && !holds_secret {
            self.enlarge(run)?;
        }
        let hole = match &self.large {
            Some((name, _)) => format!("@{name}"),
            None => format!("*:bytes({})", self.bytes),
        };
        printer.say_on(sender, DATA, [Piece::Hole(&hole)])
    }
}

/// `PORT` or `EPRT`.
fn is_offer(line: &[u8]) -> bool {
    let verb = line.get(..5).unwrap_or_default();
    verb.eq_ignore_ascii_case(b"PORT ") || verb.eq_ignore_ascii_case(b"EPRT ")
}

/// Where in a line the address of a data connection is, and the port to dial if it is a reply.
///
/// `227 .. h1,h2,h3,h4,p1,p2`, `229 .. (|||port|)`, `PORT h1,h2,h3,h4,p1,p2`, `EPRT |1|host|port|`.
fn address_in(line: &[u8]) -> Option<(Range<usize>, Option<u16>)> {
    let (is_list, is_reply) = match line.get(..5)? {
        head if head.starts_with(b"227 ") => (true, true),
        head if head.starts_with(b"229 ") => (false, true),
        head if head.eq_ignore_ascii_case(b"PORT ") => (true, false),
        head if head.eq_ignore_ascii_case(b"EPRT ") => (false, false),
        _ => return None,
    };
    let belongs = |byte: &u8| byte.is_ascii_digit() || is_list && *byte == b',';
    let end = line.iter().skip(4).rposition(belongs)? + 5;
    let start = line.get(..end)?.iter().rposition(|byte| !belongs(byte))? + 1;
    let text = str::from_utf8(line.get(start..end)?).ok()?;
    let port = match is_list {
        false => text.parse().ok()?,
        true => {
            let numbers: Vec<u8> =
                text.split(',').map(|part| part.parse().ok()).collect::<Option<_>>()?;
            let [_, _, _, _, high, low] = numbers.as_slice() else { return None };
            u16::from_be_bytes([*high, *low])
        }
    };
    Some((start..end, is_reply.then_some(port)))
}

/// `EPRT |1|10.0.0.1|`: the next run may be elsewhere.
fn without_own_address(before: &[u8]) -> Vec<Made> {
    let whole = || vec![Made::Bytes(before.to_vec())];
    let Some(text) = str::from_utf8(before).ok().filter(|text| text.starts_with("EPRT")) else {
        return whole();
    };
    let mut parts = text.rsplitn(3, '|');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(""), Some(host), Some(head)) if host != "127.0.0.1" => vec![
            Made::Bytes(format!("{head}|").into_bytes()),
            Made::Hole(format!("*={host}")),
            Made::Bytes(b"|".to_vec()),
        ],
        _ => whole(),
    }
}

impl Dialogue for FtpDialogue {
    fn sheet(&mut self) -> &mut Sheet {
        &mut self.sheet
    }

    fn said(&mut self, saying: &Saying, run: &mut Run<'_>) -> io::Result<()> {
        self.sheet.open(run.mask.login())?;
        for line in saying.bytes().split_inclusive(|&byte| byte == b'\n') {
            self.note_command(line);
        }
        let pieces = self.sheet.pieces(saying, |line| self.with_address(line));
        if is_offer(saying.bytes()) {
            self.offer = pieces;
            return Ok(());
        }
        self.sheet.say(Side::C, &pieces)
    }

    fn sent(&mut self, _: u64, _: Option<&[u8]>, _: &mut Run<'_>) -> io::Result<()> {
        Ok(())
    }

    fn heard(&mut self, line: &[u8], run: &mut Run<'_>) -> io::Result<()> {
        self.sheet.open(run.mask.login())?;
        self.settle_offer(line.first() == Some(&b'2'))?;
        self.note_reply(line, run)?;
        let pieces = self.sheet.masked(line, run.mask, |bytes| self.with_address(bytes));
        self.sheet.say(Side::S, &pieces)
    }

    fn body(&mut self, _: u64, _: Option<&[u8]>, _: &mut Run<'_>) -> io::Result<()> {
        Ok(())
    }

    fn claims(&mut self, peer: &Peer) -> bool {
        let claims = match (&self.server, peer, self.awaited) {
            (Peer::Address(server), Peer::Address(peer), Awaited::Port(port)) => {
                peer.port() == port && peer.ip() == server.ip()
            }
            (Peer::Address(server), Peer::Address(peer), Awaited::Any) => {
                peer.port() != server.port() && peer.ip() == server.ip()
            }
            // Behind the same proxy: the address of the server is not known.
            (
                Peer::Proxied { proxy: one, .. },
                Peer::Proxied { endpoint, proxy },
                Awaited::Port(port),
            ) => endpoint.port() == port && one == proxy,
            _ => false,
        };
        if claims {
            (self.awaited, self.data) = (Awaited::None, Some(Data::default()));
        }
        claims
    }

    fn beside(&mut self, event: &Event<'_>, run: &mut Run<'_>) -> io::Result<()> {
        let Some(data) = &mut self.data else { return Ok(()) };
        match event {
            Event::Tls { version, cipher, .. } => {
                data.tls = Some(((*version).to_owned(), (*cipher).to_owned()));
                Ok(())
            }
            Event::Sent { bytes, data: sent } => data.take(*bytes, *sent, run),
            Event::Body { bytes, data: came } => data.take(*bytes, *came, run),
            // As a part of the dialogue: whole, in a trace too.
            Event::Heard(line) => self.list(line, run),
            Event::Closed => self.end_data(run),
            _ => Ok(()),
        }
    }

    fn end(&mut self, run: &mut Run<'_>) -> io::Result<()> {
        self.settle_offer(false)?;
        self.end_data(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Recording;
    use crate::trace::{Style, Trace};
    use std::net::SocketAddr;
    use std::sync::Arc;
    use wireline_wire::Observer;

    /// A control connection to 127.0.0.1 port 21 as a trace, with its data connections as number 2.
    fn traced(events: &[(u64, Event<'_>)]) -> String {
        let mut out = Vec::new();
        let style = Style { protocol: "ftp", exact: false };
        let trace = Trace::new(&mut out, style, Arc::default(), Recording::default());
        trace.observe(1, &connected(21));
        events.iter().for_each(|(connection, event)| trace.observe(*connection, event));
        trace.observe(1, &Event::Closed);
        trace.finish().unwrap();
        drop(trace);
        let text = String::from_utf8(out).unwrap();
        text.strip_prefix("@wire 1\n@protocol ftp\n== connection 1 to 127.0.0.1:21\n")
            .unwrap()
            .into()
    }

    fn connected(port: u16) -> Event<'static> {
        Event::Connected { peer: SocketAddr::from(([127, 0, 0, 1], port)).into() }
    }

    #[test]
    fn a_transfer_stands_where_it_was() {
        let say = |text: &'static str| Saying::new().text(text);
        let (epsv, retr, port, stor) =
            (say("EPSV\r\n"), say("RETR a\r\n"), say("PORT 10,0,0,9,1,2\r\n"), say("STOR a\r\n"));
        let got = [
            (1, Event::Said(&epsv)),
            (1, Event::Heard(b"229 ok (|||2000|)\r\n")),
            (2, connected(2000)),
            (1, Event::Said(&retr)),
            (1, Event::Heard(b"150 ok\r\n")),
            (2, Event::Body { bytes: 3, data: None }),
            (2, Event::Closed),
            (1, Event::Heard(b"226 ok\r\n")),
        ];
        let wanted = "C: EPSV\nS: 229 ok (|||{{data:port=2000}}|)\nC: RETR a\nS: 150 ok\n\
            S/data= {{*:bytes(3)}}\nS/data! close\nS: 226 ok\n";
        assert_eq!(traced(&got), wanted);
        let put = [
            (1, Event::Said(&port)),
            (1, Event::Heard(b"200 ok\r\n")),
            (1, Event::Said(&stor)),
            (1, Event::Heard(b"150 ok\r\n")),
            (2, connected(20)),
            (2, Event::Sent { bytes: 4, data: None }),
            (1, Event::Heard(b"226 ok\r\n")),
            (2, Event::Closed),
        ];
        let wanted = "C: PORT {{data:pasv=127,0,0,1,1,2}}\nS: 200 ok\nC: STOR a\nS: 150 ok\n\
            C/data= {{*:bytes(4)}}\nC/data! close\nS: 226 ok\n";
        assert_eq!(traced(&put), wanted);
        let refused = [
            (1, Event::Said(&port)),
            (1, Event::Heard(b"500 no\r\n")),
            (1, Event::Said(&epsv)),
            (1, Event::Heard(b"229 ok (|||2000|)\r\n")),
            (2, connected(2000)),
            (1, Event::Said(&retr)),
            (1, Event::Heard(b"550 no\r\n")),
            (2, Event::Closed),
        ];
        let wanted = "C: PORT {{*=127,0,0,1,1,2}}\nS: 500 no\n\
            C: EPSV\nS: 229 ok (|||{{data:port=2000}}|)\nC: RETR a\nS: 550 no\n\
            C/data! close\n";
        assert_eq!(traced(&refused), wanted);
    }

    #[test]
    fn addresses() {
        let rows = [
            ("229 Extended (|||50000|)\r\n", Some(("50000", Some(50000)))),
            ("229 (!!!6446!)\r\n", Some(("6446", Some(6446)))),
            ("227 on (127,0,0,1,200,10).\r\n", Some(("127,0,0,1,200,10", Some(51210)))),
            ("227 =10,0,0,1,1,2\r\n", Some(("10,0,0,1,1,2", Some(258)))),
            ("PORT 127,0,0,1,15,107\r\n", Some(("127,0,0,1,15,107", None))),
            ("EPRT |2|::1|5282|\r\n", Some(("5282", None))),
            ("227 nothing\r\n", None),
            ("227 1,2,3,4,5\r\n", None),
            ("227 1,2,3,4,5,256\r\n", None),
            ("229 (|||99999|)\r\n", None),
            ("226 (|||50000|)\r\n", None),
            ("RETR 229\r\n", None),
            ("229", None),
        ];
        for (line, wanted) in rows {
            let found = address_in(line.as_bytes());
            let found =
                found.as_ref().map(|(range, port)| (line.get(range.clone()).unwrap(), *port));
            assert_eq!(found, wanted, "{line}");
        }
    }
}
