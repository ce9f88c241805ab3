use super::*;

/// Compressed by others' tools, which wrote these bytes: `printf 'hello hello hello\\n' | ...`.
const HELLO: &[u8] = b"hello hello hello\n";

fn run(codings: &[Coding], encoded: &[u8], step: usize, most: u64) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let limits = Limits::default();
    let decoded = decode(codings, &mut Sink::writer(&mut out), most, &limits, |sink| {
        encoded.chunks(step).try_for_each(|piece| sink.take(piece).and_then(|()| sink.flush()))?;
        Ok(encoded.len() as u64)
    });
    decoded.map(|count| {
        assert_eq!(count, out.len() as u64);
        out
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.as_bytes().chunks(2).map(digit).collect()
}

/// Of gzip 1.12, zlib 1.2.13, zstd 1.5.4 with and without a checksum, and brotli 1.0.9.
const ENCODED: &[(Coding, &str)] = &[
    (Coding::Gzip, "1f8b0800000000000003cb48cdc9c957c840905c003b7c8adf12000000"),
    (Coding::Deflate, "789ccb48cdc9c957c840905c0040b50687"),
    (Coding::Deflate, "cb48cdc9c957c840905c00"),
    (Coding::Brotli, "2144000468656c6c6f2068656c6c6f2068656c6c6f0a03"),
    (Coding::Zstd, "28b52ffd24126d00003868656c6c6f200a0100314a11a3aa74ce"),
    (Coding::Zstd, "28b52ffd20126d00003868656c6c6f200a0100314a11"),
];

#[test]
fn whatever_the_pieces() {
    for (coding, hex) in ENCODED {
        let encoded = bytes(hex);
        for step in 1..=encoded.len() {
            let decoded = run(&[*coding], &encoded, step, u64::MAX);
            assert_eq!(decoded.unwrap(), HELLO, "{coding:?} in steps of {step}");
        }
    }
}

/// hostile.md row 60: cut anywhere, or followed by junk, it is an error.
#[test]
fn cut_or_followed() {
    for (coding, hex) in ENCODED {
        let encoded = bytes(hex);
        for end in 0..encoded.len() {
            let cut = run(&[*coding], &encoded[..end], 7, u64::MAX);
            assert!(cut.is_err(), "{coding:?} cut at {end} of {}", encoded.len());
        }
        let followed = [encoded.as_slice(), b"junk"].concat();
        assert!(run(&[*coding], &followed, 1000, u64::MAX).is_err(), "{coding:?} with junk");
        assert!(run(&[*coding], &followed, 1, u64::MAX).is_err(), "{coding:?} with junk");
    }
}

/// hostile.md row 60: what has a checksum notices every changed bit, but those that mean nothing.
#[test]
fn corrupt() {
    for (coding, hex, header) in [(Coding::Gzip, ENCODED[0].1, 10), (Coding::Zstd, ENCODED[4].1, 6)]
    {
        let encoded = bytes(hex);
        for at in header * 8..encoded.len() * 8 {
            let mut broken = encoded.clone();
            broken[at / 8] ^= 1 << (at % 8);
            match run(&[coding], &broken, 1000, u64::MAX) {
                Ok(decoded) => assert_eq!(decoded, HELLO, "{coding:?} {at}"),
                Err(error) => assert!(matches!(error, Error::Violation { .. }), "{error}"),
            }
        }
    }
}

/// hostile.md row 61, and the order of codings of RFC 9110 section 8.4.
#[test]
fn several() {
    let gzip = bytes(ENCODED[0].1);
    let twice = [gzip.as_slice(), &gzip].concat();
    assert_eq!(run(&[Coding::Gzip], &twice, 5, u64::MAX).unwrap(), [HELLO, HELLO].concat());
    let zstd = bytes(ENCODED[4].1);
    let frames = [zstd.as_slice(), &bytes(ENCODED[5].1)].concat();
    assert_eq!(run(&[Coding::Zstd], &frames, 5, u64::MAX).unwrap(), [HELLO, HELLO].concat());
    let mut outer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    outer.write_all(&bytes(ENCODED[3].1)).unwrap();
    let both = outer.finish().unwrap();
    assert_eq!(run(&[Coding::Brotli, Coding::Gzip], &both, 3, u64::MAX).unwrap(), HELLO);
}

/// hostile.md row 62: a limit of the caller's, and one of growth.
#[test]
fn bombs() {
    let violated = |decoded: Result<Vec<u8>, Error>, word: &str| {
        let error = decoded.unwrap_err();
        assert!(
            matches!(error, Error::Violation { .. }) && error.to_string().contains(word),
            "{error}"
        );
    };
    for (coding, hex) in ENCODED {
        assert_eq!(run(&[*coding], &bytes(hex), 1000, HELLO.len() as u64).unwrap(), HELLO);
        violated(run(&[*coding], &bytes(hex), 1000, HELLO.len() as u64 - 1), "17 bytes");
    }
    let zeros = |input: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(input).unwrap();
        encoder.finish().unwrap()
    };
    let once = zeros(&vec![0; 20 << 20]);
    assert_eq!(run(&[Coding::Gzip], &once, 4096, u64::MAX).unwrap().len(), 20 << 20);
    violated(run(&[Coding::Gzip, Coding::Gzip], &zeros(&once), 4096, u64::MAX), "1100 times");
}

/// RFC 9659: a window of more than 8 MiB is refused before anything is decoded.
#[test]
fn wide_windows() {
    let header = |window: u8| [&[0x28, 0xb5, 0x2f, 0xfd, 0, window][..], &[0; 13]].concat();
    let error = run(&[Coding::Zstd], &header(14 << 3), 1000, u64::MAX).unwrap_err();
    assert!(error.to_string().contains("8 MiB"), "{error}");
}

#[test]
fn what_is_said_of_codings() {
    let head = |value: &str| {
        let mut reader = crate::HeadReader::new(Limits::default());
        assert!(reader.feed(b"HTTP/1.1 200 OK\r\n").unwrap().is_none());
        assert!(
            reader.feed(format!("Content-Encoding: {value}\r\n").as_bytes()).unwrap().is_none()
        );
        reader.feed(b"\r\n").unwrap().unwrap()
    };
    use Coding::{Brotli, Gzip, Zstd};
    let rows: &[(&str, Option<&[Coding]>)] = &[
        ("gzip", Some(&[Gzip])),
        ("X-GZip", Some(&[Gzip])),
        ("identity", Some(&[])),
        (" , br , zstd", Some(&[Brotli, Zstd])),
        ("gzip, gzip, gzip", None),
        ("compress", None),
        ("gzip;q=1", None),
    ];
    for (value, wanted) in rows {
        assert_eq!(codings(&head(value)).ok().as_deref(), *wanted, "{value}");
    }
}
