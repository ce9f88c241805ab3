//! What every end-to-end test needs: the binary in a clean environment and with an end in sight, a
//! folder of its own, servers in one word.

use std::io::Read;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wireline_servers::http::{self, Options};
use wireline_servers::raw::{self, Act};

/// The binary with no environment but what a test gives it: `http_proxy` is set in many offices.
pub(crate) fn wireline() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireline"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// The binary behind a line of shell, which sees it as `"$@"`.
pub(crate) fn wireline_after(line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.env_clear().stdin(Stdio::null());
    command.args(["-c", &format!("{line}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_wireline")]);
    command
}

/// Runs it to its end. What is not over after 20 seconds hangs.
pub(crate) fn run(command: &mut Command) -> Ran {
    run_within(Duration::from_secs(20), command)
}

/// Runs it to its end, which must come in time.
#[track_caller]
pub(crate) fn run_within(most: Duration, command: &mut Command) -> Ran {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the binary runs");
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let took = wait_within(most, &mut child);
    let status = child.wait().expect("it ends");
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let stderr = String::from_utf8(stderr).expect("stderr is UTF-8");
    let took = took.unwrap_or_else(|| panic!("not over after {most:?}: {stderr}"));
    Ran { code: status.code(), stdout, stderr, took }
}

/// How long it took; `None` when it took longer than `most`, and it is killed then.
pub(crate) fn wait_within(most: Duration, child: &mut Child) -> Option<Duration> {
    let begun = Instant::now();
    let ended = happens(most, || child.try_wait().unwrap().is_some());
    if !ended {
        child.kill().expect("killed");
    }
    ended.then(|| begun.elapsed())
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    let mut pipe = pipe.expect("a pipe");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("readable");
        bytes
    })
}

/// Whether it happens before `most` has passed; looks again every other millisecond.
pub(crate) fn happens(most: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + most;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Judges the rows beside each other: most of what they do is wait.
pub(crate) fn beside<T: Send>(rows: impl IntoIterator<Item = T>, judge: impl Fn(T) + Sync) {
    let judge = &judge;
    thread::scope(|scope| {
        for row in rows {
            scope.spawn(move || judge(row));
        }
    });
}

/// Runs `wireline` with these words, in `dir`.
pub(crate) fn wireline_in(dir: &Path, words: &[&str]) -> Ran {
    run(wireline().current_dir(dir).args(words))
}

/// A server with the table of routes.
pub(crate) fn server() -> http::Server {
    http::Server::start(Options::default()).expect("a server")
}

/// A server of scripts.
pub(crate) fn scripts(scripts: Vec<Vec<Act>>) -> raw::Server {
    raw::Server::start(scripts).expect("a server of scripts")
}

/// Reads a request, sends these bytes and closes.
pub(crate) fn answer(bytes: impl AsRef<[u8]>) -> Vec<Act> {
    vec![Act::Request, Act::Send(bytes.as_ref().to_vec()), Act::Close]
}

/// Reads a request, sends these bytes and leaves without a goodbye.
pub(crate) fn cut(bytes: impl AsRef<[u8]>) -> Vec<Act> {
    vec![Act::Request, Act::Send(bytes.as_ref().to_vec()), Act::Cut]
}

/// `http://ADDR/PATH`.
pub(crate) fn url(addr: SocketAddr, path: &str) -> String {
    format!("http://{addr}{path}")
}

/// An address of this machine that is not loopback, if it has one. Nothing is sent to find it.
pub(crate) fn own_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Ran {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// It ended with this code, and said why in one line that begins as all of ours do.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, why: &str) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        let last = self.stderr.lines().rfind(|line| line.starts_with("wireline: "));
        assert!(last.is_some_and(|line| line.contains(why)), "{why:?} in {:?}", self.stderr);
        self
    }

    /// As [`Ran::failed`], and nothing else was said but a hint.
    #[track_caller]
    pub(crate) fn failed_in_one_line(&self, code: i32, why: &str) -> &Self {
        self.failed(code, why);
        let lines: Vec<_> = self.stderr.lines().collect();
        let fits = match lines[..] {
            [one] => one.starts_with("wireline: "),
            [one, hint] => one.starts_with("wireline: ") && hint.starts_with("  hint: "),
            _ => false,
        };
        assert!(fits && self.stderr.ends_with('\n'), "not one line: {:?}", self.stderr);
        self
    }

    /// One thing to try was named.
    #[track_caller]
    pub(crate) fn hinted(&self, hint: &str) -> &Self {
        let found = self.stderr.lines().rfind(|line| line.starts_with("  hint: "));
        assert!(found.is_some_and(|line| line.contains(hint)), "{hint:?} in {:?}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn done(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// Done, and nothing was worth a word.
    #[track_caller]
    pub(crate) fn done_in_silence(&self) -> &Self {
        self.done();
        assert_eq!(self.stderr, "");
        self
    }
}

/// A folder that is removed when dropped.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("wireline-e2e-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a folder of our own");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), bytes).expect("written");
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.join(name).symlink_metadata().is_ok()
    }

    pub(crate) fn size(&self, name: &str) -> Option<u64> {
        Some(self.0.join(name).symlink_metadata().ok()?.len())
    }

    /// The names in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("readable");
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `wireline` with these words, in here.
    pub(crate) fn wireline(&self, words: &[&str]) -> Ran {
        wireline_in(&self.0, words)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
