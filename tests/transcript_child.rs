//! `wireline serve` as a child that a test starts, asks and stops.

use crate::support::{Folder, Ran, wait_within, wireline};
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The binary, in `dir`, with these words; shell clients behind `--` find it as `$W`.
pub(crate) fn command_in(dir: &Path, words: &[&str]) -> Command {
    let mut command = wireline();
    command.current_dir(dir).env("W", env!("CARGO_BIN_EXE_wireline")).args(words);
    command
}

/// `serve FILE -- /bin/sh -c CLIENT`, with further words before the `--`.
pub(crate) fn judged(dir: &Path, words: &[&str], client: &str) -> Command {
    let mut command = command_in(dir, &["serve"]);
    command.args(words).args(["--", "/bin/sh", "-c", client]);
    command
}

/// Reads a pipe to its end.
type Drain = JoinHandle<Vec<u8>>;

/// `wireline serve` that has said that it is ready.
pub(crate) struct Served {
    child: Child,
    pub(crate) ready: Value,
    /// The whole of standard output, and of standard error.
    pipes: Option<(Drain, Drain)>,
}

impl Served {
    /// Starts it in this folder and waits for its ready line.
    #[track_caller]
    pub(crate) fn start(folder: &Folder, words: &[&str]) -> Self {
        let mut command = command_in(folder.path(), &["serve"]);
        command.args(words);
        Self::spawn(&mut command)
    }

    #[track_caller]
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the binary runs");
        let (said, first) = mpsc::channel();
        let stdout = child.stdout.take().expect("a pipe");
        let stdout = thread::spawn(move || first_then_rest(stdout, &said));
        let mut stderr = child.stderr.take().expect("a pipe");
        let stderr = thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).expect("readable");
            bytes
        });
        let mut served = Self { child, ready: Value::Null, pipes: Some((stdout, stderr)) };
        match first.recv_timeout(Duration::from_secs(20)) {
            Ok(line) => served.ready = serde_json::from_slice(&line).expect("JSON"),
            Err(_) => panic!("not ready: {:?}", served.end()),
        }
        served
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn to(&self) -> String {
        let addr = self.ready["addr"].as_str().expect("an address");
        let addr = if addr.contains(':') { format!("[{addr}]") } else { addr.to_owned() };
        format!("{addr}:{}", self.ready["port"])
    }

    /// Ends it with SIGTERM.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Ran {
        let kill = format!("kill -TERM {}", self.child.id());
        let killed = Command::new("/bin/sh").args(["-c", &kill]).status();
        assert!(killed.expect("a shell").success());
        self.end()
    }

    /// Waits for its end, which must come.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Ran {
        let took = wait_within(Duration::from_secs(20), &mut self.child);
        let code = self.child.wait().expect("it ends").code();
        let (stdout, stderr) = self.pipes.take().expect("it ends once");
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        let stderr = String::from_utf8(stderr).expect("stderr is UTF-8");
        let took = took.unwrap_or_else(|| panic!("it did not end: {stderr}"));
        Ran { code, stdout, stderr, took }
    }

    /// Closes its standard input.
    pub(crate) fn hang_up(&mut self) {
        drop(self.child.stdin.take().expect("a pipe"));
    }
}

/// Hands over the first line as soon as it is there, and reads on to the end.
fn first_then_rest(mut pipe: impl Read, said: &mpsc::Sender<Vec<u8>>) -> Vec<u8> {
    let (mut all, mut told) = (Vec::new(), false);
    let mut some = [0; 4096];
    loop {
        match pipe.read(&mut some) {
            Ok(0) | Err(_) => return all,
            Ok(count) => all.extend_from_slice(&some[..count]),
        }
        if let (false, Some(end)) = (told, all.iter().position(|byte| *byte == b'\n')) {
            told = true;
            drop(said.send(all[..end].to_vec()));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
