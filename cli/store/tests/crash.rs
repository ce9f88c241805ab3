//! Deaths in the middle: a child of this test binary downloads, is killed, and the target is looked
//! at.
//! Must not hold: anything that a living process shows; that is in part.rs.
//!
//! The child also runs by hand, to be killed at every system call in turn:
//! `WIRELINE_STORE_CHILD=FOLDER strace -f -e inject=renameat:signal=SIGKILL:when=1 BINARY child`
#![cfg(test)]

mod scratch;

use scratch::Scratch;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use wireline_store::{Description, Options, Target};

/// Names the folder that a child works in.
const CHILD: &str = "WIRELINE_STORE_CHILD";
/// Set when the child has to wait for its death after each piece.
const STEPS: &str = "WIRELINE_STORE_STEPS";
const PIECES: usize = 8;
const PIECE_BYTES: usize = 4096;

/// The version that a file `x` of one repeated byte is of.
fn version(mark: u8) -> Description {
    let length = u64::try_from(PIECES * PIECE_BYTES).ok();
    Description { url: "http://x/".into(), validator: format!("v{mark}"), length }
}

/// Not a test by itself: what the killed processes run. One download of `x`, resumed if that is
/// possible. `MARK` is the byte it consists of; with `NEW` set it may not replace anything.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let mark = std::env::var("MARK").map_or(b'b', |mark| mark.as_bytes()[0]);
    let overwrite = std::env::var_os("NEW").is_none();
    let options = Options { overwrite, sync: true, create_dirs: false };
    let mut part = Target::file(&Path::new(&folder).join("x"), options).unwrap().open().unwrap();
    let resumed =
        part.resumable("http://x/").filter(|there| there.validator == version(mark).validator);
    let offset = resumed.map_or(0, |there| there.offset);
    part.begin(offset, Some(version(mark))).unwrap();
    let left = PIECES * PIECE_BYTES - usize::try_from(offset).unwrap();
    for piece in whole(mark)[..left].chunks(PIECE_BYTES) {
        part.file().write_all(piece).unwrap();
        step();
    }
    part.commit().unwrap();
    step();
}

/// Tells the parent where we are, and waits to be killed or let on.
fn step() {
    if std::env::var_os(STEPS).is_some() {
        // Not print!, which the test harness would catch.
        std::io::stdout().write_all(b"\x01").unwrap();
        std::io::stdout().flush().unwrap();
        std::io::stdin().read_exact(&mut [0]).unwrap();
    }
}

#[test]
fn killed_at_any_piece_the_target_is_old_or_new() {
    for old in [None, Some(b"old".to_vec())] {
        for steps in 0..=PIECES + 1 {
            let scratch = scratch_with(old.as_deref());
            let expected = if steps > PIECES { Some(whole(b'b')) } else { old.clone() };
            assert_eq!(kill_after(steps, Then::Kill, &scratch, "b"), expected, "{steps}");
            finishes(&scratch, "b");
        }
    }
}

#[test]
fn killed_on_the_run_the_target_is_old_or_new() {
    for round in 0..5 * PIECES {
        let scratch = scratch_with(Some(b"old"));
        let steps = PIECES - round % 2;
        let there = kill_after(steps, Then::LetOnAndKill, &scratch, "b");
        assert!(there == Some(b"old".to_vec()) || there == Some(whole(b'b')), "{round}");
        finishes(&scratch, "b");
    }
}

#[test]
fn killed_and_run_for_another_version_nothing_is_mixed() {
    for steps in 0..=PIECES {
        let scratch = scratch_with(None);
        kill_after(steps, Then::Kill, &scratch, "b");
        kill_after(PIECES.min(2), Then::LetOnAndKill, &scratch, "c");
        finishes(&scratch, "c");
    }
}

#[derive(PartialEq)]
enum Then {
    Kill,
    LetOnAndKill,
}

fn scratch_with(old: Option<&[u8]>) -> Scratch {
    let scratch = Scratch::new();
    if let Some(old) = old {
        scratch.write("x", old);
    }
    scratch
}

fn whole(mark: u8) -> Vec<u8> {
    vec![mark; PIECES * PIECE_BYTES]
}

/// Runs a child, lets it take so many steps, kills it, and returns what the target has.
fn kill_after(steps: usize, then: Then, scratch: &Scratch, mark: &str) -> Option<Vec<u8>> {
    let mut child = start(scratch, mark).env(STEPS, "1").spawn().unwrap();
    let mut heard = child.stdout.take().unwrap();
    for step in 1..=steps {
        assert!(reached_step(&mut heard), "{step}");
        if step < steps || then == Then::LetOnAndKill {
            child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        }
    }
    kill(child);
    describes_what_is_there(scratch);
    scratch.names().contains(&"x".to_owned()).then(|| scratch.read("x"))
}

/// At every instant the part file holds a prefix of the version that the description names, or is
/// empty, or has no description.
fn describes_what_is_there(scratch: &Scratch) {
    let names = scratch.names();
    if [".x.part", ".x.part.json"].iter().all(|name| names.contains(&(*name).to_owned())) {
        let description: Description =
            serde_json::from_slice(&scratch.read(".x.part.json")).unwrap();
        let mut bytes = scratch.read(".x.part").into_iter();
        assert!(bytes.all(|byte| description == version(byte)));
    }
}

/// The harness prints lines of its own; the mark is in none of them.
fn reached_step(heard: &mut ChildStdout) -> bool {
    let mut byte = [0];
    while matches!(heard.read(&mut byte), Ok(1)) {
        if byte == [1] {
            return true;
        }
    }
    false
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A run after the death completes, and cleans up.
fn finishes(scratch: &Scratch, mark: &str) {
    let run = start(scratch, mark).spawn().unwrap().wait_with_output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    assert_eq!(scratch.names(), ["x"]);
    assert_eq!(scratch.read("x"), whole(mark.as_bytes()[0]));
}

fn start(scratch: &Scratch, mark: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]);
    command.env_clear().env(CHILD, scratch.path()).env("MARK", mark);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}
