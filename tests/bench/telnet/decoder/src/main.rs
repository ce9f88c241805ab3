//! Bytes a second through the Telnet decoder, on one core: a line for each kind of stream, its name,
//! the rate in MB/s of the best of some rounds, and the bytes of text that came out.
//! Must not hold: what rate is enough (`run`).

use std::hint::black_box;
use std::time::Instant;
use wireline_telnet::{Decoder, Event};

const STREAM_BYTES: usize = 64 << 20;
/// As large as the pieces that a socket gives.
const PIECE_BYTES: usize = 64 << 10;
const ROUNDS: usize = 7;

fn main() {
    let line = b"the quick brown fox jumps over the lazy dog, and then does it again\r\n";
    let command = [&[b'x'; 62][..], b"\xff\xf1"].concat();
    let escape = [&[b'x'; 62][..], b"\xff\xff"].concat();
    let request = [&[b'x'; 61][..], b"\xff\xfb\x01"].concat();
    let rows: [(&str, &[u8]); 5] = [
        ("plain", &[b'x'; 64]),
        ("lines", line),
        ("command-64", &command),
        ("escape-64", &escape),
        ("request-64", &request),
    ];
    for (name, again) in rows {
        let stream = again.repeat(STREAM_BYTES / again.len());
        let (mut best, mut text) = (f64::INFINITY, 0);
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            text = black_box(decoded(black_box(&stream)));
            best = best.min(begun.elapsed().as_secs_f64());
        }
        println!("{name} {:.0} {text}", stream.len() as f64 / best / 1e6);
    }
}

/// How many bytes of text are in a stream.
fn decoded(stream: &[u8]) -> usize {
    let mut decoder = Decoder::new(64 << 10);
    let mut text = 0;
    for mut piece in stream.chunks(PIECE_BYTES) {
        while let Some(event) = decoder.next(&mut piece) {
            if let Event::Text(bytes) = black_box(event) {
                text += bytes.len();
            }
        }
    }
    text
}
