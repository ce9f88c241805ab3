//! One HTTP connection: how far it has come, and what stands for what is not shown.
//! Must not hold: what is the same for every protocol (`dialogue.rs`).

use super::{Dialogue, Made, Run, Sheet};
use crate::recording::Shape;
use std::io;
use wireline_transcript::Side;
use wireline_wire::Saying;

/// Heads are shown; bodies are their size, or what the recording keeps of them.
#[derive(Debug)]
pub(crate) struct HttpDialogue {
    sheet: Sheet,
    at: At,
    interim: bool,
    /// Bytes of the request's body that are not shown.
    sent: u64,
    body: Body,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    StatusLine,
    Fields,
    Body,
}

/// The body of a response, until it is over.
#[derive(Debug, Default)]
struct Body {
    bytes: u64,
    chunked: Chunked,
}

/// Whether a body is chunked, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Chunked {
    #[default]
    No,
    Yes,
    /// The last chunk was heard.
    Ended,
}

impl HttpDialogue {
    pub(crate) fn new(sheet: Sheet) -> Self {
        Self { sheet, at: At::default(), interim: false, sent: 0, body: Body::default() }
    }

    fn end_sending(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.sent) {
            0 => Ok(()),
            bytes => self.sheet.printer().elided(Side::C, bytes),
        }
    }

    fn end_body(&mut self, run: &mut Run<'_>) -> io::Result<()> {
        (self.at, self.interim) = (At::StatusLine, false);
        let Body { bytes, chunked } = std::mem::take(&mut self.body);
        if chunked != Chunked::No && bytes > 0 {
            self.sheet.say_text(Side::S, &format!("{bytes:x}\r\n"))?;
        }
        if bytes > 0 {
            run.kept.print(bytes, run.mask, &mut self.sheet.printer(), Shape::Plain)?;
        }
        match (chunked, bytes) {
            (Chunked::Ended, 0) => self.sheet.say_text(Side::S, "0\r\n\r\n"),
            (Chunked::Ended, _) => self.sheet.say_text(Side::S, "\r\n0\r\n\r\n"),
            _ => Ok(()),
        }
    }

    /// Whether the line belongs to a head; those of the chunked coding are not shown.
    fn hear(&mut self, line: &[u8]) -> bool {
        let empty = matches!(line, b"\r\n" | b"\n");
        match self.at {
            At::StatusLine => {
                self.interim = line.get(9..10) == Some(b"1");
                self.at = if empty { At::StatusLine } else { At::Fields };
            }
            At::Fields if empty && self.interim => self.at = At::StatusLine,
            At::Fields if empty => self.at = At::Body,
            At::Fields => {}
            At::Body => {
                let ended = is_last_chunk(line) || self.body.chunked == Chunked::Ended;
                self.body.chunked = if ended { Chunked::Ended } else { Chunked::Yes };
                return false;
            }
        }
        true
    }
}

impl Dialogue for HttpDialogue {
    fn sheet(&mut self) -> &mut Sheet {
        &mut self.sheet
    }

    fn said(&mut self, saying: &Saying, run: &mut Run<'_>) -> io::Result<()> {
        self.end_body(run)?;
        let at_origin = if run.kept.keeps_bodies() { at_origin(saying) } else { None };
        let saying = at_origin.as_ref().unwrap_or(saying);
        let user = saying.pieces().find_map(|(piece, _)| run.mask.user(piece));
        self.sheet.open(user)?;
        let pieces = self.sheet.pieces(saying, |line| self.sheet.loosened(line, b"User-Agent: "));
        self.sheet.say(Side::C, &pieces)
    }

    fn sent(&mut self, bytes: u64, _: Option<&[u8]>, _: &mut Run<'_>) -> io::Result<()> {
        self.sent += bytes;
        Ok(())
    }

    fn heard(&mut self, line: &[u8], run: &mut Run<'_>) -> io::Result<()> {
        self.sheet.open(None)?;
        self.end_sending()?;
        if !self.hear(line) {
            return Ok(());
        }
        if let Some(name) =
            line.get(..COOKIE.len()).filter(|name| name.eq_ignore_ascii_case(COOKIE))
        {
            let (name, end) = (Made::Bytes(name.to_vec()), Made::Bytes(b"\r\n".to_vec()));
            return self.sheet.say(Side::S, &[name, Made::Hole("*=hidden".into()), end]);
        }
        let loosen = |bytes: &[u8]| self.sheet.loosened(bytes, b"Date: ");
        let pieces = self.sheet.masked(line, run.mask, loosen);
        self.sheet.say(Side::S, &pieces)
    }

    fn body(&mut self, bytes: u64, data: Option<&[u8]>, run: &mut Run<'_>) -> io::Result<()> {
        self.body.bytes += bytes;
        run.kept.take(data.unwrap_or_default())
    }

    fn end(&mut self, run: &mut Run<'_>) -> io::Result<()> {
        self.end_sending()?;
        self.end_body(run)
    }
}

/// A head for a proxy that forwards, as the origin would have got it: in origin-form, and without
/// the login for the proxy. A recording is played without the proxy.
fn at_origin(saying: &Saying) -> Option<Saying> {
    const LOGIN: &[u8] = b"Proxy-Authorization: Basic ";
    let bytes = saying.bytes();
    let line = bytes.split(|&byte| byte == b'\r').next()?;
    let line = str::from_utf8(line).ok()?.strip_suffix(" HTTP/1.1")?;
    let (method, target) = line.split_once(" http://")?;
    let (authority, _) = target.split_once('/')?;
    let mut skip = method.len() + " http://".len() + authority.len();
    let mut made = Saying::new().text(method).text(" ");
    for (bytes, hole) in saying.pieces() {
        let bytes = bytes.get(std::mem::take(&mut skip)..)?;
        made = match hole {
            Some("auth.proxy") => {
                skip = b"\r\n".len();
                made
            }
            Some(hole) => made.secret(hole, bytes),
            None => made.text(bytes.strip_suffix(LOGIN).unwrap_or(bytes)),
        };
    }
    Some(made)
}

/// A cookie is a secret that the server gives.
const COOKIE: &[u8] = b"Set-Cookie: ";

/// `last-chunk = 1*("0") [ chunk-ext ] CRLF` (RFC 9112 section 7.1).
fn is_last_chunk(line: &[u8]) -> bool {
    let size: Vec<_> = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).collect();
    !size.is_empty() && size.iter().all(|&&digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_as_the_origin_gets_them() {
        let head =
            |target: &str| Saying::new().text(format!("GET {target} HTTP/1.1\r\nHost: h\r\n"));
        let of = |saying: Saying| at_origin(&saying).map(|saying| format!("{saying:?}"));
        let with_login = head("http://h:81/p?http://x/")
            .text("Authorization: Basic ")
            .secret("auth.basic", "x")
            .text("\r\nProxy-Authorization: Basic ")
            .secret("auth.proxy", "y")
            .text("\r\n\r\n");
        let wanted = Saying::new()
            .text("GET /p?http://x/ HTTP/1.1\r\nHost: h\r\nAuthorization: Basic ")
            .secret("auth.basic", "x")
            .text("\r\n\r\n");
        assert_eq!(of(with_login), Some(format!("{wanted:?}")));
        assert_eq!(of(head("http://h/")), Some(format!("{:?}", head("/"))));
        assert_eq!(of(head("/?http://h/")), None);
        assert_eq!(of(Saying::new().text("a http://h/ b")), None);
    }
}
