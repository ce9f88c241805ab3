//! A response over a connection, beside a decoder that sees all its bytes at once.
//! Must not hold: the connection (`loopback.rs`), the rules for heads (`head.rs`).

use super::loopback::{self, MOST_BYTES, Pieces};
use super::shown::{assert_tame, first_line};
use std::fs::File;
use std::io::{Read, Seek};
use wireline_http::{
    Body, Error, Exchange, Field, Head, HeadReader, Limits, Method, Persistence, Request, Response,
};
use wireline_wire as wire;
use wireline_wire::Sink;

/// The input is a line of letters and a response. Letters: `H` asks with HEAD, `r` for a range, `l`
/// sets tight limits, `f` copies to a file, `k` leaves the body unread and keeps the connection;
/// `m` and a digit say how much may come (`MOST`); further digits are the sizes of the pieces in
/// which the response is sent (`PIECES`), over and over.
///
/// However the response is cut into pieces, the result is what the decoder below says: the same
/// bytes, the same kind of end, and no more than may come. What is cut is never whole, but for a
/// close right behind the last chunk. A connection is kept only behind a whole body.
pub fn body(data: &[u8]) {
    let (letters, response) = first_line(data);
    let plan = Plan::read(letters);
    if response.len() > MOST_BYTES {
        return;
    }
    let wanted = decode(&plan, response);
    let (wire, _peer) = loopback::dial(plan.cut(response));
    let exchange = Exchange::send(wire, &plan.request(), Persistence::Keep, plan.limits);
    let found = exchange.and_then(|exchange| exchange.receive(|_| ()));
    let found = match (found, &wanted) {
        (Ok(found), _) => found,
        (Err(error), Expected { got: None, end, .. }) => return assert_end(&error, end, None),
        (Err(error), _) => panic!("{error} where a head was expected"),
    };
    let got = wanted.got.as_ref().expect("a head came where none was expected");
    assert_eq!(found.body(), wanted.body);
    if plan.keeps {
        let kept = found.into_wire().is_some();
        return assert!(!kept || (wanted.stays && wanted.end == End::Whole));
    }
    assert_body(&plan, found, got, &wanted);
}

/// `m` and a digit.
const MOST: [u64; 10] = [0, 1, 4, 5, 11, 100, 4096, 65_535, 65_536, 1 << 20];

/// A digit.
const PIECES: [usize; 10] = [1, 2, 3, 4, 5, 7, 16, 64, 512, 4096];

/// As in `head.rs`: so that small inputs meet the limits.
const TIGHT: Limits = Limits {
    head_bytes: 96,
    fields: 3,
    interim: 1,
    chunk_line_bytes: 16,
    extension_bytes: 24,
    trailer_bytes: 32,
    expansion: 4,
};

struct Plan {
    method: Method,
    ranged: bool,
    into_file: bool,
    keeps: bool,
    limits: Limits,
    most: u64,
    pieces: Vec<usize>,
}

impl Plan {
    fn read(letters: &[u8]) -> Self {
        let has = |letter| letters.contains(&letter);
        let digit = |letter: &u8| letter.is_ascii_digit().then(|| usize::from(letter - b'0'));
        let most = letters.windows(2).find(|pair| pair[0] == b'm').and_then(|pair| digit(&pair[1]));
        let pieces = letters.iter().filter_map(digit).skip(most.iter().count());
        Self {
            method: if has(b'H') { Method::head() } else { Method::get() },
            ranged: has(b'r'),
            into_file: has(b'f'),
            keeps: has(b'k'),
            limits: if has(b'l') { TIGHT } else { Limits::default() },
            // What is read only to keep the connection has a limit of its own.
            most: if has(b'k') { 65_536 } else { most.map_or(1 << 20, |digit| MOST[digit]) },
            pieces: pieces.map(|digit| PIECES[digit]).collect(),
        }
    }

    fn request(&self) -> Request {
        let uri = url::Url::parse("http://h/").ok().and_then(|url| url.try_into().ok());
        let request = Request::new(self.method.clone(), uri.expect("a target"));
        let range = Field::new("Range", "bytes=1-").expect("a field");
        match self.ranged {
            true => request.with_field(range).expect("a range may be set"),
            false => request,
        }
    }

    /// At most some hundred pieces; the last one takes the rest.
    fn cut(&self, mut bytes: &[u8]) -> Pieces {
        const PIECES_AT_MOST: usize = 200;
        let mut pieces = Vec::new();
        for &size in self.pieces.iter().cycle().take(PIECES_AT_MOST) {
            let (piece, rest) = bytes.split_at(size.min(bytes.len()));
            pieces.push(piece.to_vec());
            bytes = rest;
            if bytes.is_empty() {
                return pieces;
            }
        }
        pieces.push(bytes.to_vec());
        pieces
    }
}

fn assert_body(plan: &Plan, mut found: Response, got: &[u8], wanted: &Expected) {
    let mut bytes = Vec::new();
    let copied = match plan.into_file {
        true => through_file(&mut found, plan.most, &mut bytes),
        false => found.copy_to(&mut Sink::writer(&mut bytes), plan.most),
    };
    assert!(bytes.len() as u64 <= plan.most, "{} bytes of {}", bytes.len(), plan.most);
    assert_eq!(bytes.escape_ascii().to_string(), got.escape_ascii().to_string());
    match copied {
        Ok(count) => {
            assert_eq!((&wanted.end, count), (&End::Whole, bytes.len() as u64));
        }
        Err(error) => assert_end(&error, &wanted.end, Some(bytes.len())),
    }
    let kept = found.into_wire().is_some();
    assert!(!kept || (wanted.stays && wanted.end == End::Whole));
}

/// The way of the kernel: socket to pipe to file.
fn through_file(found: &mut Response, most: u64, bytes: &mut Vec<u8>) -> Result<u64, Error> {
    thread_local! {
        static FILE: File = scratch();
    }
    FILE.with(|mut file| {
        file.set_len(0).and_then(|()| file.rewind()).expect("a file of ours");
        let copied = found.copy_to(&mut Sink::file(file), most);
        let length = file.metadata().expect("a file of ours").len();
        bytes.resize(usize::try_from(length).expect("small"), 0);
        file.rewind().and_then(|()| file.read_exact(bytes)).expect("a file of ours");
        copied
    })
}

/// A file without a name.
fn scratch() -> File {
    let name = format!("wireline-fuzz-{}-{:?}", std::process::id(), std::thread::current().id());
    let path = std::env::temp_dir().join(name);
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true).open(&path);
    std::fs::remove_file(&path).expect("it is ours");
    file.expect("a folder for it")
}

/// `got` is how much of the body came, if its head did.
fn assert_end(error: &Error, wanted: &End, got: Option<usize>) {
    assert_tame(error);
    let found = match error {
        Error::Violation { .. } => End::Violation,
        Error::Unsupported { .. } => End::Unsupported,
        Error::Connection(wire::Error::Closed) => End::Closed,
        Error::Connection(wire::Error::Cut { got: said, .. }) => {
            assert!(got.is_none_or(|got| *said == got as u64), "{got:?} bytes, not: {error}");
            End::Cut
        }
        other => panic!("{other:?} where {wanted:?} was expected"),
    };
    assert_eq!(found, *wanted, "{error}");
}

/// How a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    Closed,
    Cut,
    Violation,
    Unsupported,
}

/// What a response is, when all of it is there.
struct Expected {
    body: Body,
    /// The body's bytes, as far as they come; `None` when the head is not even one.
    got: Option<Vec<u8>>,
    end: End,
    stays: bool,
}

fn decode(plan: &Plan, response: &[u8]) -> Expected {
    let headless = |end| Expected { body: Body::None, got: None, end, stays: false };
    let mut rest = response;
    for nth in 0..=plan.limits.interim {
        let head = match decode_head(plan.limits, &mut rest, nth > 0) {
            Ok(head) => head,
            Err(end) => return headless(end),
        };
        match head.status.code() {
            101 => return headless(End::Violation),
            100..200 => continue,
            206 | 416 if !plan.ranged => return headless(End::Violation),
            _ => {}
        }
        let (body, stays) = match framing(plan, &head) {
            Ok(framing) => framing,
            Err(end) => return headless(end),
        };
        let (got, end) = decode_body(body, plan, rest);
        return Expected { body, got: Some(got), end, stays };
    }
    headless(End::Violation)
}

fn decode_head(limits: Limits, rest: &mut &[u8], begun: bool) -> Result<Head, End> {
    let mut reader = HeadReader::new(limits);
    loop {
        let begun = begun || !reader.is_empty();
        let line = line(rest, reader.room()).map_err(|end| match end {
            End::Closed if begun => End::Cut,
            other => other,
        })?;
        if let Some(head) = reader.feed(line).map_err(|_| End::Violation)? {
            return Ok(head);
        }
    }
}

/// The next line with its end, which is no longer than this.
fn line<'a>(rest: &mut &'a [u8], limit: usize) -> Result<&'a [u8], End> {
    let end = rest.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
    if end.unwrap_or(rest.len()) > limit {
        return Err(End::Violation);
    }
    let Some(end) = end else {
        return Err(if rest.is_empty() { End::Closed } else { End::Cut });
    };
    let (line, after) = rest.split_at(end);
    *rest = after;
    Ok(line)
}

/// RFC 9112 section 6.3, told again.
fn framing(plan: &Plan, head: &Head) -> Result<(Body, bool), End> {
    let list = |name| {
        let values = head.fields.list(name).map(|value| value.to_ascii_lowercase());
        values.collect::<Vec<_>>()
    };
    let mut codings = list("transfer-encoding");
    codings.retain(|coding| coding != b"identity");
    let chunked = match &codings[..] {
        [] => false,
        [one] if one == b"chunked" => true,
        [one] if !one.is_empty() => return Err(End::Unsupported),
        _ => return Err(End::Violation),
    };
    let lengths = list("content-length");
    let is_new = head.version == wireline_http::Version::Http11;
    let closes = list("connection").iter().any(|option| option == b"close");
    let stays = is_new && !closes && (!chunked || lengths.is_empty());
    if plan.method.is_head() || matches!(head.status.code(), 204 | 304) {
        return Ok((Body::None, stays));
    }
    if chunked {
        return Ok((Body::Chunked, stays));
    }
    let mut length = None;
    for text in &lengths {
        let digits = text.iter().all(u8::is_ascii_digit) && !text.is_empty();
        let number = text.iter().fold(0_u128, |number, digit| {
            number.saturating_mul(10).saturating_add(u128::from(digit.wrapping_sub(b'0')))
        });
        let number = u64::try_from(number).ok().filter(|&number| digits && number < 1 << 63);
        let number = number.ok_or(End::Violation)?;
        if length.is_some_and(|length| length != number) {
            return Err(End::Violation);
        }
        length = Some(number);
    }
    Ok(length.map_or((Body::ToClose, false), |length| (Body::Length(length), stays)))
}

fn decode_body(body: Body, plan: &Plan, rest: &[u8]) -> (Vec<u8>, End) {
    let up_to = |most: u64| {
        rest[..usize::try_from(most).map_or(rest.len(), |most| most.min(rest.len()))].to_vec()
    };
    let there = rest.len() as u64;
    match body {
        Body::None => (Vec::new(), End::Whole),
        Body::Length(length) if length > plan.most => (Vec::new(), End::Violation),
        Body::Length(length) => (up_to(length), if there < length { End::Cut } else { End::Whole }),
        Body::ToClose => {
            (up_to(plan.most), if there > plan.most { End::Violation } else { End::Whole })
        }
        Body::Chunked => {
            let mut got = Vec::new();
            let end = decode_chunks(plan, rest, &mut got);
            (got, end.err().unwrap_or(End::Whole))
        }
    }
}

/// RFC 9112 section 7.1, told again.
fn decode_chunks(plan: &Plan, mut rest: &[u8], got: &mut Vec<u8>) -> Result<(), End> {
    let limits = plan.limits;
    let cut = |end| if end == End::Closed { End::Cut } else { end };
    let mut extensions = 0;
    loop {
        let (size, extension) = chunk_line(line(&mut rest, limits.chunk_line_bytes).map_err(cut)?)
            .ok_or(End::Violation)?;
        extensions += extension;
        if extensions > limits.extension_bytes {
            return Err(End::Violation);
        }
        if size == 0 {
            break;
        }
        if u128::from(size) + got.len() as u128 > u128::from(plan.most) {
            return Err(End::Violation);
        }
        let there = usize::try_from(size).map_or(rest.len(), |size| size.min(rest.len()));
        got.extend_from_slice(&rest[..there]);
        rest = &rest[there..];
        if (there as u64) < size {
            return Err(End::Cut);
        }
        if !matches!(line(&mut rest, 2).map_err(cut)?, b"\r\n" | b"\n") {
            return Err(End::Violation);
        }
    }
    if rest.is_empty() {
        return Ok(());
    }
    let mut room = limits.trailer_bytes;
    loop {
        let line = line(&mut rest, room).map_err(cut)?;
        if matches!(line, b"\r\n" | b"\n") {
            return Ok(());
        }
        room -= line.len();
    }
}

/// Size and bytes of extension.
fn chunk_line(line: &[u8]) -> Option<(u64, usize)> {
    let line = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n"))?;
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let mut size = 0_u128;
    for &digit in &line[..digits] {
        size = (size * 16 + u128::from(char::from(digit).to_digit(16)?)).min(1 << 100);
    }
    let blanks = line[digits..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let extension = &line[digits + blanks..];
    let is_odd = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if digits == 0 || !matches!(extension, [] | [b';', ..]) || extension.iter().any(is_odd) {
        return None;
    }
    let mut quoted = false;
    let mut bytes = extension.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if quoted => drop(bytes.next()),
            b'"' => quoted = !quoted,
            _ => {}
        }
    }
    let size = u64::try_from(size).ok().filter(|&size| size < 1 << 63)?;
    (!quoted).then_some((size, extension.len()))
}
