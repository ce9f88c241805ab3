//! The fuzz targets as plain tests: over every seed under `fuzz/corpus`, and over mutations of it.
//! Must not hold: what the targets check (`fuzz/src/targets`), or the search for new inputs (cargo fuzz).

#[path = "fuzz/src/targets/mod.rs"]
#[expect(unreachable_pub, reason = "public in the fuzz crate, which shares these files")]
mod targets;

use std::fs;
use std::path::Path;

/// Runs a target over its seeds, and so many mutations of each; fewer of a long one, which takes
/// its time. The same ones every time.
fn run(name: &str, target: fn(&[u8]), mutations: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus").join(name);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 10, "the seeds of {name} are there");
    let seeds: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    for (path, seed) in paths.iter().zip(&seeds) {
        try_one(path, 0, seed, target);
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let fewer = mutations * USUAL_BYTES / seed.len().max(USUAL_BYTES);
        for nth in 1..=fewer {
            let other = &seeds[dice.below(seeds.len())];
            try_one(path, nth, &mutated(seed, other, &mut dice), target);
        }
    }
}

/// Few seeds are longer.
const USUAL_BYTES: usize = 200;

fn try_one(path: &Path, nth: usize, input: &[u8], target: fn(&[u8])) {
    let found = std::panic::catch_unwind(|| target(input));
    assert!(found.is_ok(), "{} mutation {nth}: \"{}\"", path.display(), input.escape_ascii());
}

/// A few small changes: what a fuzzer does, without its feedback.
fn mutated(seed: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    const WORDS: [&[u8]; 12] = [
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b"0",
        b"{",
        b"/",
        b"\0",
        b"\xff",
        b"\xe2\x80\xae",
    ];
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len() + 1);
        let end = at + dice.below(9).min(bytes.len() - at);
        let piece = bytes[at..end].to_vec();
        let from = dice.below(other.len() + 1);
        let to = from + dice.below(33).min(other.len() - from);
        match dice.below(7) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, piece)),
            2 => drop(bytes.splice(at..end, other[from..to].iter().copied())),
            3 => bytes.truncate(at),
            4 => drop(bytes.splice(at..at, WORDS[dice.below(WORDS.len())].iter().copied())),
            5 => bytes[at..end].iter_mut().take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
            _ => bytes[at..end].reverse(),
        }
    }
    bytes
}

/// An xorshift generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[test]
fn url_and_target() {
    run("url_and_target", targets::url_and_target, 1500);
}

#[test]
fn head() {
    run("head", targets::head, 1000);
}

/// Connections cost more than parsers do.
#[test]
fn body() {
    run("body", targets::body, 60);
}

#[test]
fn file_name() {
    run("file_name", targets::file_name, 2000);
}

#[test]
fn content_range() {
    run("content_range", targets::content_range, 2000);
}

#[test]
fn redirect() {
    run("redirect", targets::redirect, 1000);
}

#[test]
fn wire_peer() {
    run("wire_peer", targets::wire_peer, 40);
}

#[test]
fn wire_file() {
    run("wire_file", targets::wire_file, 100);
}

#[test]
fn escape() {
    run("escape", targets::escape, 2000);
}

#[test]
fn transcript() {
    run("transcript", targets::transcript, 2000);
}

#[test]
fn smtp_reply() {
    run("smtp_reply", targets::smtp_reply, 1000);
}

#[test]
fn mail_address() {
    run("mail_address", targets::mail_address, 1000);
}

#[test]
fn message() {
    run("message", targets::message, 500);
}

/// Mutations make servers pause, and the client wait for them.
#[test]
fn smtp_session() {
    run("smtp_session", targets::smtp_session, 10);
}

#[test]
fn pop3_session() {
    run("pop3_session", targets::pop3_session, 10);
}

/// SCRAM hashes some thousand times.
#[test]
fn sasl() {
    run("sasl", targets::sasl, 20);
}
