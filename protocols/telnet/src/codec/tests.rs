//! The codec against tables, every split, and noise.

use super::*;

/// A piece that owns what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Command(Command),
    Negotiation(Verb, TelnetOption),
    Subnegotiation(u8, Vec<u8>),
    Oversize(u8),
    Broken,
}

const MOST: usize = 8;

/// Text that follows text is one piece.
fn push(pieces: &mut Vec<Piece>, event: Event<'_>) {
    match (event, pieces.last_mut()) {
        (Event::Text(text), Some(Piece::Text(before))) => before.extend_from_slice(text),
        (Event::Text(text), _) => pieces.push(Piece::Text(text.to_vec())),
        (Event::Command(command), _) => pieces.push(Piece::Command(command)),
        (Event::Negotiation(verb, option), _) => pieces.push(Piece::Negotiation(verb, option)),
        (Event::Subnegotiation(option, parameters), _) => {
            pieces.push(Piece::Subnegotiation(option.0, parameters.to_vec()));
        }
        (Event::Oversize(option), _) => pieces.push(Piece::Oversize(option.0)),
        (Event::Broken, _) => pieces.push(Piece::Broken),
    }
}

fn decoded(decoder: &mut Decoder, inputs: &[&[u8]]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for input in inputs {
        let mut rest = *input;
        while let Some(event) = decoder.next(&mut rest) {
            push(&mut pieces, event);
        }
        assert_eq!(rest, b"");
    }
    pieces
}

fn text(text: &[u8]) -> Piece {
    Piece::Text(text.to_vec())
}

/// Streams, what they decode into, and whether they may end there. Rows of ftp-telnet section 5:
/// 40 to 46; hostile.md row 187.
fn rows() -> Vec<(&'static [u8], Vec<Piece>, bool)> {
    use Piece::{Broken, Negotiation, Oversize, Subnegotiation};
    let echo = || Negotiation(Verb::Will, TelnetOption::ECHO);
    vec![
        (b"", vec![], true),
        (b"plain", vec![text(b"plain")], true),
        (b"a\r\nb\r\0c\rd\n", vec![text(b"a\r\nb\rc\rd\n")], true),
        (b"\0a\0", vec![text(b"\0a\0")], true),
        (b"\r\0\0", vec![text(b"\r\0")], true),
        (b"\r\r\0\r", vec![text(b"\r\r\r")], true),
        (b"\xff\xff", vec![text(b"\xff")], true),
        (b"a\xff\xffb\xff\xff", vec![text(b"a\xffb\xff")], true),
        (b"\r\xff\xff\0", vec![text(b"\r\xff\0")], true),
        (
            b"\r\xff\xf1\0x",
            vec![text(b"\r"), Piece::Command(Command::NoOperation), text(b"x")],
            true,
        ),
        (b"x\xff\xfb\x01y", vec![text(b"x"), echo(), text(b"y")], true),
        (b"\xff\xfb\xff", vec![Negotiation(Verb::Will, TelnetOption(255))], true),
        (
            b"\xff\xf9\xff\xf2\xff\xef\xff\x07",
            vec![
                Piece::Command(Command::GoAhead),
                Piece::Command(Command::DataMark),
                Piece::Command(Command::EndOfRecord),
                Piece::Command(Command::Other(7)),
            ],
            true,
        ),
        (b"\xff\xf0", vec![Piece::Command(Command::Other(SE))], true),
        (b"\xff\xfa\x18\x01\xff\xf0!", vec![Subnegotiation(24, vec![1]), text(b"!")], true),
        (
            b"\xff\xfa\x1f\0\xff\xff\0\x18\xff\xf0",
            vec![Subnegotiation(31, vec![0, 255, 0, 24])],
            true,
        ),
        (b"\xff\xfa\x18\xff\xf0", vec![Subnegotiation(24, vec![])], true),
        (b"\xff\xfa\xff\xf0x", vec![Broken, text(b"x")], true),
        (b"\xff\xfa1234567\xff\xf0", vec![Subnegotiation(b'1', b"234567".to_vec())], true),
        (b"\xff\xfa12345678\xff\xf0", vec![Subnegotiation(b'1', b"2345678".to_vec())], true),
        (b"\xff\xfa123456789\xff\xf0x", vec![Oversize(b'1'), text(b"x")], true),
        (b"\xff\xfa1234567\xff\xff\xff\xff89\xff\xf0x", vec![Oversize(b'1'), text(b"x")], true),
        (
            b"\xff\xfa\x18\x01\xff\xfb\x01x\xff\xf0",
            vec![Broken, echo(), text(b"x"), Piece::Command(Command::Other(SE))],
            true,
        ),
        (
            b"\xff\xfa\x18\x01\xff\xfa\x18\x01\xff\xf0",
            vec![Broken, Subnegotiation(24, vec![1])],
            true,
        ),
        (b"x\xff", vec![text(b"x")], false),
        (b"\xff\xfb", vec![], false),
        (b"\xff\xfa", vec![], false),
        (b"\xff\xfa\x18abc", vec![], false),
        (b"\xff\xfa\x18abc\xff", vec![], false),
    ]
}

#[test]
fn streams() {
    for (stream, wanted, whole) in rows() {
        let mut decoder = Decoder::new(MOST);
        assert_eq!(decoded(&mut decoder, &[stream]), wanted, "{stream:?}");
        assert_eq!(decoder.is_whole(), whole, "{stream:?}");
    }
}

/// ftp-telnet edge 40: every way into three pieces, and byte by byte.
#[test]
fn splits_change_nothing() {
    for (stream, wanted, whole) in rows() {
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                let mut decoder = Decoder::new(MOST);
                assert_eq!(decoded(&mut decoder, &pieces), wanted, "{pieces:?}");
                assert_eq!(decoder.is_whole(), whole, "{pieces:?}");
            }
        }
        let bytes: Vec<_> = stream.chunks(1).collect();
        assert_eq!(decoded(&mut Decoder::new(MOST), &bytes), wanted, "{stream:?}");
    }
}

/// RFC 856: in binary only 255 means anything.
#[test]
fn binary() {
    let mut decoder = Decoder::new(MOST);
    decoder.set_binary(true);
    let stream: &[u8] = b"a\r\0\r\n\xff\xff\r";
    assert_eq!(decoded(&mut decoder, &[stream]), [text(b"a\r\0\r\n\xff\r")]);
    assert_eq!(decoded(&mut decoder, &[b"\0"]), [text(b"\0")]);
    decoder.set_binary(false);
    assert_eq!(decoded(&mut decoder, &[b"\r", b"\0."]), [text(b"\r.")]);
}

/// hostile.md row 187: the memory of a subnegotiation that never ends.
#[test]
fn an_endless_subnegotiation_is_bounded() {
    let mut decoder = Decoder::new(64 * 1024);
    assert_eq!(decoded(&mut decoder, &[b"\xff\xfa\x18"]), []);
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..1024 {
        assert_eq!(decoded(&mut decoder, &[&piece]), []);
        assert!(decoder.held.capacity() <= 128 * 1024);
    }
    let after = decoded(&mut decoder, &[b"\xff\xf0in sync"]);
    assert_eq!(after, [Piece::Oversize(24), text(b"in sync")]);
}

/// hostile.md row 23 and ftp-telnet edges 41, 45.
const ENCODED: &[(&[u8], &[u8], &[u8])] = &[
    (b"", b"", b""),
    (b"plain\n", b"plain\n", b"plain\n"),
    (b"a\r\nb", b"a\r\nb", b"a\r\nb"),
    (b"a\r\0b", b"a\r\0b", b"a\r\0b"),
    (b"a\rb", b"a\r\0b", b"a\rb"),
    (b"\r", b"\r\0", b"\r"),
    (b"\r\r\n\r", b"\r\0\r\n\r\0", b"\r\r\n\r"),
    (b"\xff", b"\xff\xff", b"\xff\xff"),
    (b"\r\xff\xf4", b"\r\0\xff\xff\xf4", b"\r\xff\xff\xf4"),
];

fn encoded(binary: bool, pieces: &[&[u8]]) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::default(), Vec::new());
    encoder.set_binary(binary, &mut out);
    for piece in pieces {
        encoder.encode(piece, &mut out);
    }
    encoder.finish(&mut out);
    out
}

#[test]
fn text_as_it_leaves() {
    for (text, nvt, binary) in ENCODED {
        for first in 0..=text.len() {
            let pieces = [&text[..first], &text[first..]];
            assert_eq!(encoded(false, &pieces), *nvt, "{pieces:?}");
            assert_eq!(encoded(true, &pieces), *binary, "{pieces:?}");
        }
    }
    let rows = [
        (LineEnd::CrLf, &b"\r\n"[..], &b"\r"[..]),
        (LineEnd::CrNul, b"\r\0", b"\r"),
        (LineEnd::Lf, b"\n", b"\n"),
    ];
    for (end, nvt, binary) in rows {
        assert_eq!((end.bytes(false), end.bytes(true)), (nvt, binary));
    }
}

/// Noise of the bytes that matter: no panic, no byte held but a subnegotiation's, the same
/// whatever the pieces, and text that we encode is decoded as it was.
#[test]
fn noise() {
    let letters = [IAC, IAC, SB, SE, 251, 253, 241, CR, LF, NUL, b'x', 24];
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for _ in 0..20_000 {
        let length = random.below(40);
        let stream: Vec<u8> = (0..length).map(|_| letters[random.below(letters.len())]).collect();
        let whole = decoded(&mut Decoder::new(MOST), &[&stream]);
        let mut decoder = Decoder::new(MOST);
        let pieces: Vec<_> = stream.chunks(1 + random.below(5)).collect();
        assert_eq!(decoded(&mut decoder, &pieces), whole, "{stream:?}");
        assert!(decoder.held.len() <= MOST);

        let sent = encoded(true, &[&stream]);
        let mut binary = Decoder::new(MOST);
        binary.set_binary(true);
        let heard = decoded(&mut binary, &[&sent]);
        assert_eq!(heard, if stream.is_empty() { vec![] } else { vec![text(&stream)] });
    }
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}
