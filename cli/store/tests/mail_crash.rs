//! Deaths and full disks in the middle of collecting mail: a child of this test binary drains a
//! server that is a folder, dies, and is run again.
//! Must not hold: anything that a living process shows; that is in mail.rs.
#![cfg(test)]

mod scratch;

use scratch::Scratch;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Output, Stdio};
use std::time::{Duration, UNIX_EPOCH};
use wireline_store::{Mailbox, State};

/// Names the folder that a child works in.
const CHILD: &str = "WIRELINE_STORE_MAIL";
/// Set when the child has to wait for its death after each piece.
const STEPS: &str = "WIRELINE_STORE_STEPS";
const KINDS: [&str; 3] = ["maildir", "mbox", "dir"];
const MESSAGES: usize = 5;
const BATCH: usize = 2;
const FIRST_LINE: &str = "From MAILER-DAEMON Tue Nov 14 22:13:20 2023\n";

/// Not a test by itself: what the killed processes run. One session: collect what is new in batches,
/// and delete on the server (`server/UID`) what is stored.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let kind = std::env::var("KIND").unwrap();
    // No two runs are at one time; but an mbox is taken apart by its dates.
    let later = if kind == "mbox" { 0 } else { u64::from(std::process::id()) };
    let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000 + later);
    let mailbox = mailbox(&folder, &kind);
    let mut collection = mailbox.open(b"account", now).unwrap();
    step();
    let listed = names(&folder.join("server"));
    for batch in listed.chunks(BATCH) {
        for uid in batch {
            if collection.state(uid.as_bytes()).is_some() {
                continue;
            }
            let mut delivery = collection.begin(uid.as_bytes()).unwrap();
            for piece in read(&folder.join("server").join(uid)).chunks(700) {
                delivery.write_all(piece).unwrap();
                delivery.flush().unwrap();
                step();
            }
            delivery.finish().unwrap();
            step();
        }
        collection.commit().unwrap();
        step();
        for uid in batch {
            assert_eq!(collection.state(uid.as_bytes()), Some(State::Stored));
            fs::remove_file(folder.join("server").join(uid)).unwrap();
            step();
        }
    }
    collection.forget_unlisted([]).unwrap();
}

fn mailbox(folder: &Path, kind: &str) -> Mailbox {
    let path = folder.join(kind);
    match kind {
        "maildir" => Mailbox::Maildir(path),
        "mbox" => Mailbox::Mbox(path),
        _ => Mailbox::Folder(path),
    }
}

/// Tells the parent where we are, and waits to be killed or let on.
fn step() {
    if std::env::var_os(STEPS).is_some() {
        std::io::stdout().write_all(b"\x01").unwrap();
        std::io::stdout().flush().unwrap();
        std::io::stdin().read_exact(&mut [0]).unwrap();
    }
}

#[test]
fn killed_between_any_two_calls_nothing_is_lost_or_doubled() {
    // 15, 16, 17, 195
    for kind in KINDS {
        for steps in 1.. {
            let scratch = filled();
            let mut child =
                child_of(&scratch, kind, Command::new(binary())).env(STEPS, "1").spawn().unwrap();
            let mut heard = child.stdout.take().unwrap();
            let mut reached = 0;
            while reached < steps && reached_step(&mut heard) {
                reached += 1;
                if reached < steps {
                    child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
                }
            }
            child.kill().unwrap();
            child.wait().unwrap();
            nothing_is_lost(&scratch, kind, &format!("step {steps}"));
            rerun_finishes(&scratch, kind, &format!("step {steps}"));
            if reached < steps {
                break;
            }
        }
    }
}

/// Each system call that changes something, and each occurrence of it: the child dies on entering.
#[test]
fn killed_at_any_system_call_nothing_is_lost_or_doubled() {
    // 15, 16, 17, 20, 195
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    if !traced.is_ok_and(|output| output.status.success()) {
        return eprintln!("skipped: strace is missing or may not trace");
    }
    std::thread::scope(|scope| {
        for kind in KINDS {
            scope.spawn(move || {
                let deaths: u32 = CALLS.iter().map(|call| deaths_at(kind, call)).sum();
                assert!(deaths > 40, "{kind}: strace does not kill");
            });
        }
    });
}

/// How often a child can be killed on entering this call.
fn deaths_at(kind: &str, call: &str) -> u32 {
    for occurrence in 1..1000 {
        let scratch = filled();
        let row = format!("{kind}, {call} {occurrence}");
        let trace = format!("trace={call}");
        let inject = format!("inject={call}:signal=SIGKILL:when={occurrence}");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject]);
        strace.arg(binary());
        let lived = run(child_of(&scratch, kind, strace)).status.success();
        nothing_is_lost(&scratch, kind, &row);
        rerun_finishes(&scratch, kind, &row);
        if lived {
            return occurrence - 1;
        }
    }
    panic!("{kind}, {call}: it never ends");
}

/// `openat` is left out: the linker and the harness make dozens, and a death at ours is a death
/// before the next call of these.
const CALLS: [&str; 12] = [
    "mkdir",
    "unlink",
    "write",
    "pwrite64",
    "copy_file_range",
    "sendfile",
    "fdatasync",
    "fsync",
    "renameat",
    "renameat2",
    "unlinkat",
    "ftruncate",
];

#[test]
fn a_full_disk_stops_the_run_and_takes_nothing_back() {
    // 19, 20: no file may grow beyond so many blocks of 512 bytes.
    for kind in KINDS {
        let mut failed = 0;
        for blocks in 0..24 {
            let scratch = filled();
            let old = format!("{FIRST_LINE}old\n\n");
            if kind == "mbox" {
                scratch.write("mbox", old.as_bytes());
            }
            let mut shell = Command::new("sh");
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
            shell.args([OsStr::new("-c"), OsStr::new(&script), binary().as_os_str()]);
            let lived = run(child_of(&scratch, kind, shell)).status.success();
            failed += u32::from(!lived);
            let row = format!("{kind}, {blocks} blocks");
            nothing_is_lost(&scratch, kind, &row);
            rerun_finishes(&scratch, kind, &row);
            if kind == "mbox" {
                assert!(scratch.read("mbox").starts_with(old.as_bytes()), "{row}");
            }
        }
        assert!((1..24).contains(&failed), "{kind}: {failed}");
    }
}

/// The content of message `uid`, as the wire has it and as it is stored.
fn message(uid: usize) -> (String, String) {
    let line = format!("message {uid} ").repeat(9);
    let wire = format!("Subject: {uid}\r\n\r\n{}", format!("{line}\r\n").repeat(10 + uid));
    let stored = wire.replace("\r\n", "\n");
    (wire, stored)
}

fn filled() -> Scratch {
    let scratch = Scratch::new();
    fs::create_dir(scratch.at("server")).unwrap();
    for uid in 0..MESSAGES {
        scratch.write(&format!("server/{uid}"), message(uid).0.as_bytes());
    }
    scratch
}

/// Every message is on the server or whole in the mailbox, and what is visible there is whole.
fn nothing_is_lost(scratch: &Scratch, kind: &str, row: &str) {
    let server = names(&scratch.at("server"));
    let stored = stored(scratch, kind);
    for uid in 0..MESSAGES {
        let times = stored.get(&message(uid).1).copied().unwrap_or(0);
        assert!(times == 1 || server.contains(&uid.to_string()), "{row}: {uid} is lost");
        assert!(times <= 1, "{row}: {uid} is doubled");
    }
    // The end of an mbox may be torn until the next run.
    if kind != "mbox" {
        assert!(
            stored.keys().all(|text| (0..MESSAGES).any(|uid| message(uid).1 == *text)),
            "{row}"
        );
    }
}

fn rerun_finishes(scratch: &Scratch, kind: &str, row: &str) {
    let output = run(child_of(scratch, kind, Command::new(binary())));
    assert!(output.status.success(), "{row}: {}", String::from_utf8_lossy(&output.stdout));
    let mut expected: BTreeMap<String, u32> =
        (0..MESSAGES).map(|uid| (message(uid).1, 1)).collect();
    if stored(scratch, kind).contains_key("old\n") {
        expected.insert("old\n".into(), 1);
    }
    assert_eq!(stored(scratch, kind), expected, "{row}");
    assert_eq!(names(&scratch.at("server")), [""; 0], "{row}");
    let leftovers = [scratch.names(), names(&scratch.at("dir")), names(&scratch.at("maildir/tmp"))];
    let allowed = |name: &String| {
        [kind, "server", ".wireline-uids", "mbox.wireline-uids"].contains(&name.as_str())
            || name.ends_with(".eml")
    };
    assert!(leftovers.iter().flatten().all(allowed), "{row}: {leftovers:?}");
}

/// The messages in the mailbox, and how often.
fn stored(scratch: &Scratch, kind: &str) -> BTreeMap<String, u32> {
    let texts: Vec<String> = match kind {
        "mbox" => {
            let path = scratch.at("mbox");
            let text = if path.exists() { read_text(&path) } else { String::new() };
            let bodies = text.split(FIRST_LINE).skip(1);
            bodies.map(|body| body.strip_suffix('\n').unwrap_or(body).to_owned()).collect()
        }
        "maildir" => read_all(&scratch.at("maildir/new")),
        _ => read_all(&scratch.at("dir")),
    };
    let mut counted = BTreeMap::new();
    texts.into_iter().for_each(|text| *counted.entry(text).or_default() += 1);
    counted
}

fn read_all(folder: &Path) -> Vec<String> {
    let visible = names(folder).into_iter().filter(|name| !name.starts_with('.'));
    visible.map(|name| read_text(&folder.join(name))).collect()
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::copy(&mut fs::File::open(path).unwrap(), &mut bytes).unwrap();
    bytes
}

fn read_text(path: &Path) -> String {
    String::from_utf8(read(path)).unwrap()
}

/// Sorted; none of a folder that is missing.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
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

fn binary() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// The command that ends in this binary, with what the child needs.
fn child_of(scratch: &Scratch, kind: &str, mut command: Command) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.args(["--exact", "child", "--nocapture"]);
    command.env_clear().env("PATH", path).env(CHILD, scratch.path()).env("KIND", kind);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}
