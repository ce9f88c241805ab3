//! Hostile answers: each comes whole, byte by byte, and through a link that splits it, and must end
//! the same. http.md section 2, hostile.md section 2.2.

use crate::support::{Folder, Ran, answer, cut, scripts, url};
use std::net::SocketAddr;
use wireline_servers::raw::{Act, Server};
use wireline_servers::{Link, LinkOptions};

/// What an answer is called, its heads, what follows them, and what becomes of it: the bytes of the
/// file, or the exit code.
type Row = (&'static str, &'static str, &'static [u8], Result<&'static [u8], i32>);

const OLD: &[u8] = b"old";

#[rustfmt::skip]
const HEADS: &[Row] = &[
    ("plain", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 29, tolerated: 1.2", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 29: 3.7", "HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 29: 2.0", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 29: 1.257", "HTTP/1.257 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 29: lower case", "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 29: ICY", "ICY 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 29: no version", "HTTP 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 30: 2 digits", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 30: 4 digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 30: a sign", "HTTP/1.1 +20 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 30: a minus", "HTTP/1.1 -20 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 30: 099", "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 30: 000", "HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 30: 999 is a refusal", "HTTP/1.1 999 No\r\nContent-Length: 2\r\n\r\n", b"ab", Err(1)),
    ("no reason, no blank", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("blanks and a tab", "HTTP/1.1  200\tOK\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("8-bit reason", "HTTP/1.1 200 \u{e4}\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 31: HTTP/0.9", "", b"<html>hello</html>\n", Err(5)),
    ("row 31: HTTP/0.9, no line end", "", b"hello", Err(5)),
    ("row 32, tolerated: one blank line", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 32: two blank lines", "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 32: junk", "junk\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 33: CR in a value", "HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 33: CR in the reason", "HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 34, tolerated: LF only", "HTTP/1.1 200 OK\nContent-Length: 2\n\n", b"ab", Ok(b"ab")),
    ("row 35: NUL", "HTTP/1.1 200 OK\r\nA: b\0\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 35: ESC", "HTTP/1.1 200 OK\r\nA: \x1b[2J\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 35: DEL", "HTTP/1.1 200 OK\r\nA: \x7f\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 36, tolerated: blank before the colon", "HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 36: in Content-Length", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n", b"ab", Err(5)),
    ("row 36: in Transfer-Encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding\t: chunked\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 37, skipped: no colon", "HTTP/1.1 200 OK\r\nPHP Warning\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 37, skipped: no name", "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 37, skipped: no token", "HTTP/1.1 200 OK\r\nPHP Warning: x\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 38: folded", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 38: a folded length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 38: a length folded in two", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n", b"ab", Err(5)),
    ("row 38: the first line begins with a blank", "HTTP/1.1 200 OK\r\n A: b\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 39: CR LF CR X", "HTTP/1.1 200 OK\r\nA: b\r\n\rX: y\r\n\r\n", b"ab", Err(5)),
    ("row 40: cut in the status line", "", b"HTTP/1.1 20", Err(5)),
    ("row 40: cut behind the status line", "", b"HTTP/1.1 200 OK\r\n", Err(5)),
    ("row 40: cut in a field", "", b"HTTP/1.1 200 OK\r\nContent-Len", Err(5)),
    ("row 40: cut before the last CR LF", "", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", Err(5)),
    ("row 40: cut before the last LF", "", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r", Err(5)),
    ("nothing at all is not reached", "", b"", Err(3)),
    ("row 53: 101 unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", b"ab", Err(5)),
    ("interim heads", "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("100 and nothing more", "HTTP/1.1 100 Continue\r\n\r\n", b"", Err(5)),
    ("row 54: 206 unasked", "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\n", b"ab", Err(5)),
    ("row 55: 416 unasked", "HTTP/1.1 416 No\r\nContent-Range: bytes */9\r\nContent-Length: 0\r\n\r\n", b"", Err(5)),
    ("row 58: 200 with Content-Range", "HTTP/1.1 200 OK\r\nContent-Range: bytes 5-6/9\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
];

#[rustfmt::skip]
const LENGTHS: &[Row] = &[
    ("to the close", "HTTP/1.1 200 OK\r\n\r\n", b"ab", Ok(b"ab")),
    ("to the close, 1.0", "HTTP/1.0 200 OK\r\n\r\n", b"ab", Ok(b"ab")),
    ("cut short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"ab", Err(5)),
    ("cut at once", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"", Err(5)),
    ("row 41: differing", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", b"abc", Err(5)),
    ("row 41: differing list", "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n", b"abc", Err(5)),
    ("row 41: the same twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 41: the same as a list", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("leading zeros", "HTTP/1.1 200 OK\r\nContent-Length: 0002\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 42: plus", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n", b"ab", Err(5)),
    ("row 42: minus", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", b"ab", Err(5)),
    ("row 42: hex", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n", b"ab", Err(5)),
    ("row 42: junk", "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\n", b"ab", Err(5)),
    ("row 42: underscore", "HTTP/1.1 200 OK\r\nContent-Length: _2\r\n\r\n", b"ab", Err(5)),
    ("row 42: empty", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", b"ab", Err(5)),
    ("row 42: two numbers", "HTTP/1.1 200 OK\r\nContent-Length: 2 2\r\n\r\n", b"ab", Err(5)),
    ("row 43: 2^63", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", b"ab", Err(5)),
    ("row 43: 2^64", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n", b"ab", Err(5)),
    ("row 43: 2^64 + 2", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\n", b"ab", Err(5)),
    ("row 44: chunked wins", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Ok(b"ab")),
    ("row 44: in the other order", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Ok(b"ab")),
    ("row 45: chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 45: in two fields", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 45: an empty member", "HTTP/1.1 200 OK\r\nTransfer-Encoding: ,chunked\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 45: unknown", "HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\n", b"ab", Err(5)),
    ("row 45: xchunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 45: chunked is not last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 45, tolerated: in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Ok(b"ab")),
    ("row 45, tolerated: identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 45, tolerated: CHUNKED", "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Ok(b"ab")),
    ("row 51: 204 has no body", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"")),
    ("row 51: 204 chunked", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n0\r\n\r\n", Ok(b"")),
    ("row 51: 304 leaves the file", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(OLD)),
    ("row 52: bytes behind the body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"abHTTP/1.1 200 OK\r\n\r\nevil", Ok(b"ab")),
    ("row 52: bytes behind the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n0\r\n\r\nevil", Ok(b"ab")),
    ("205 is read by its framing", "HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\n", b"ab", Ok(b"ab")),
    ("row 60: encoded unasked is stored as it is", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n", b"\x1f\x8b", Ok(b"\x1f\x8b")),
];

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[rustfmt::skip]
const CHUNKS: &[Row] = &[
    ("two chunks", CHUNKED, b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n", Ok(b"ab")),
    ("none", CHUNKED, b"0\r\n\r\n", Ok(b"")),
    ("several zeros", CHUNKED, b"2\r\nab\r\n000\r\n\r\n", Ok(b"ab")),
    ("leading zeros", CHUNKED, b"00000000000000000000000000000000002\r\nab\r\n0\r\n\r\n", Ok(b"ab")),
    ("upper and lower case", CHUNKED, b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", Ok(b"01234567890123456789")),
    ("tolerated: blanks behind the size", CHUNKED, b"2 \t\r\nab\r\n0  \r\n\r\n", Ok(b"ab")),
    ("extensions", CHUNKED, b"2;a=b;c=\"d;\\\"e\"\r\nab\r\n0;x\r\n\r\n", Ok(b"ab")),
    ("row 46: plus", CHUNKED, b"+2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 46: minus", CHUNKED, b"-2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 46: 0x", CHUNKED, b"0x2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 46: underscore", CHUNKED, b"0_2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 46: empty", CHUNKED, b"\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 46: leading blank", CHUNKED, b" 2\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 46: 17 digits", CHUNKED, b"10000000000000002\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 46: 2^63", CHUNKED, b"8000000000000000\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 46: junk", CHUNKED, b"2 x\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 46: no chunks at all", CHUNKED, b"<html>ab</html>", Err(5)),
    ("row 47: no line end behind the data", CHUNKED, b"2\r\nab0\r\n\r\n", Err(5)),
    ("row 47: more data than its size", CHUNKED, b"2\r\nabc\r\n0\r\n\r\n", Err(5)),
    ("row 47: only CR behind the data", CHUNKED, b"2\r\nab\r0\r\n\r\n", Err(5)),
    ("row 47, tolerated: LF only", CHUNKED, b"2\nab\n0\n\n", Ok(b"ab")),
    ("row 48: CR in an extension", CHUNKED, b"2;a\rb\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 48: an open quote", CHUNKED, b"2;a=\"b\r\nab\r\n0\r\n\r\n", Err(5)),
    ("row 49: cut in the size", CHUNKED, b"2", Err(5)),
    ("row 49: cut in the data", CHUNKED, b"2\r\na", Err(5)),
    ("row 49: cut behind the data", CHUNKED, b"2\r\nab", Err(5)),
    ("row 49: cut behind a chunk", CHUNKED, b"2\r\nab\r\n", Err(5)),
    ("row 49: cut in the last chunk", CHUNKED, b"2\r\nab\r\n0", Err(5)),
    ("row 49: cut in the last chunk's end", CHUNKED, b"2\r\nab\r\n0\r", Err(5)),
    ("row 49, tolerated: cut behind the last chunk", CHUNKED, b"2\r\nab\r\n0\r\n", Ok(b"ab")),
    ("row 49: cut in a trailer", CHUNKED, b"2\r\nab\r\n0\r\nA: b", Err(5)),
    ("row 49: cut behind a trailer", CHUNKED, b"2\r\nab\r\n0\r\nA: b\r\n", Err(5)),
    ("row 50: a trailer decides nothing", CHUNKED, b"2\r\nab\r\n0\r\nContent-Length: 1\r\nTransfer-Encoding: foo\r\nLocation: /x\r\nSet-Cookie: a=b\r\n\r\n", Ok(b"ab")),
];

/// What can be seen of it, the port aside.
fn seen(from: SocketAddr, folder: &Folder, ran: &Ran) -> (Option<i32>, Vec<u8>, Vec<u8>, String) {
    let stderr = ran.stderr.replace(&from.to_string(), "ADDR");
    (ran.code, folder.read("page"), ran.stdout.clone(), stderr)
}

fn fetch(from: SocketAddr) -> (Option<i32>, Vec<u8>, Vec<u8>, String) {
    let folder = Folder::new();
    folder.write("page", OLD);
    let ran = folder.wireline(&["get", &url(from, "/"), "-o", "page"]);
    assert_eq!(folder.names(), ["page"], "no validator, no part: {ran:?}");
    if ran.code != Some(0) {
        ran.failed_in_one_line(ran.code.unwrap_or_default(), "fetching http://");
    }
    seen(from, &folder, &ran)
}

fn judge(rows: &[Row]) {
    for (label, heads, rest, wanted) in rows {
        let bytes = [heads.as_bytes(), rest].concat();
        let server = Server::answer(bytes.clone()).unwrap();
        let whole = fetch(server.addr());
        let (code, file, stdout, stderr) = &whole;
        match wanted {
            Ok(body) => {
                assert_eq!((*code, file.as_slice()), (Some(0), *body), "{label}: {stderr}");
                assert_eq!(stdout, heads.as_bytes(), "{label}: the heads as they came");
            }
            Err(wanted) => {
                assert_eq!((*code, file.as_slice()), (Some(*wanted), OLD), "{label}: {stderr}");
            }
        }
        let drip = Server::answer_bytewise(bytes).unwrap();
        assert_eq!(fetch(drip.addr()), whole, "{label}, byte by byte");
        let link = LinkOptions { split: Some(3), ..LinkOptions::default() };
        let link = Link::start(server.addr(), link).unwrap();
        assert_eq!(fetch(link.addr()), whole, "{label}, split");
    }
}

#[test]
fn heads_are_lenient_on_spelling_and_strict_on_length() {
    judge(HEADS);
}

#[test]
fn a_body_whose_end_is_in_doubt_is_no_body() {
    judge(LENGTHS);
}

#[test]
fn chunks_are_whole_or_nothing() {
    judge(CHUNKS);
}

/// hostile.md row 51: whatever an answer to HEAD says, nothing follows it.
#[test]
fn an_answer_to_head_has_no_body() {
    for fields in ["Content-Length: 9", "Transfer-Encoding: chunked", "A: b"] {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
        let script = vec![Act::Request, Act::Send(head.clone().into_bytes()), Act::Stall];
        let (server, folder) = (scripts(vec![script]), Folder::new());
        let ran = folder.wireline(&["get", "-I", "--timeout", "5", &url(server.addr(), "/")]);
        assert_eq!(ran.done_in_silence().text(), head);
        assert!(server.received(0).starts_with(b"HEAD / HTTP/1.1\r\n"), "{fields}");
    }
}

/// hostile.md rows 44 and 52, http.md "Body length": a connection is used again only when nothing
/// is doubtful about it, and one that was closed meanwhile costs nothing.
#[test]
fn a_doubtful_connection_is_not_used_again() {
    let chunked_and_length = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
    let rows = [
        ("row 44", chunked_and_length),
        ("row 52", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\nevil"),
        ("says close", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na"),
        ("1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"),
        ("closes all the same", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"),
    ];
    let second = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb";
    for (label, first) in rows {
        let (server, folder) = (scripts(vec![cut(first), answer(second)]), Folder::new());
        let (one, two) = (url(server.addr(), "/1"), url(server.addr(), "/2"));
        folder.wireline(&["get", &one, &two, "-o", "1", "-o", "2"]).done_in_silence();
        assert_eq!((folder.read("1"), folder.read("2")), (b"a".to_vec(), b"b".to_vec()), "{label}");
        assert_eq!(server.connections(), 2, "{label}");
        assert!(server.received(1).starts_with(b"GET /2 HTTP/1.1\r\n"), "{label}");
    }
}

/// hostile.md row 59: an answer that comes while we still send is the answer.
#[test]
fn an_early_answer_ends_the_sending() {
    let folder = Folder::new();
    folder.write("big", vec![b'x'; 24 << 20]);
    let refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n";
    let server = scripts(vec![vec![Act::Request, Act::Send(refusal.to_vec()), Act::Stall]]);
    let ran = folder.wireline(&["http", "-d", "@big", &url(server.addr(), "/"), "--timeout", "5"]);
    ran.failed_in_one_line(1, "the server answered 413 Too Large");
    assert_eq!(ran.stdout, b"no\n");
}

/// hostile.md rows 170 and 172: what a server says cannot move a terminal or forge a line of ours.
#[test]
fn what_a_server_says_is_escaped() {
    let rows: &[(&[u8], &str)] = &[
        (b"HTTP/1.1 404 \xc2\x9b2J\r\nContent-Length: 0\r\n\r\n", "404 \\u{9b}2J"),
        (b"HTTP/1.1 404 \xe2\x80\xaetxt\r\nContent-Length: 0\r\n\r\n", "404 \\u{202e}txt"),
        (b"HTTP/1.1 404 \xff\r\nContent-Length: 0\r\n\r\n", "404 \\xff"),
        (b"\x1b]0;x\x07\r\n\r\n", "\\x1b]0;x\\x07"),
        (b"HTTP/1.1 200 OK\r\nA: \x1b[2J\r\n\r\n", "A: \\x1b[2J"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: \xc2\x9b\r\n\r\n", "\\u{9b}"),
    ];
    for (bytes, shown) in rows {
        let (server, folder) = (scripts(vec![answer(bytes)]), Folder::new());
        let ran = folder.wireline(&["get", &url(server.addr(), "/"), "-o", "page"]);
        ran.failed_in_one_line(ran.code.unwrap(), shown);
        assert!(ran.stderr.chars().all(|letter| letter == '\n' || !letter.is_control()), "{ran:?}");
    }
    let long = format!("HTTP/1.1 404 {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(10_000));
    let (server, folder) = (scripts(vec![answer(long)]), Folder::new());
    let ran = folder.wireline(&["get", &url(server.addr(), "/"), "-o", "page"]);
    assert!(ran.failed_in_one_line(1, "404 xxx").stderr.len() < 400, "{ran:?}");
}
