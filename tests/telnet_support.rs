//! What the tests of `wireline telnet` share: a device that a test plays line by line, and a terminal
//! that somebody sits at. What is judged must not be here.

use crate::support::{happens, wireline};
use pty_process::Size;
use pty_process::blocking::{self, Pts, Pty};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// What has not come by then does not come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A port at which one caller is awaited.
pub(crate) struct Port(TcpListener);

impl Port {
    pub(crate) fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The caller, who must come in time.
    #[track_caller]
    pub(crate) fn device(&self) -> Device {
        self.0.set_nonblocking(true).unwrap();
        let mut caller = None;
        let came = happens(PATIENCE, || {
            caller = self.0.accept().ok();
            caller.is_some()
        });
        assert!(came, "nobody calls");
        let (socket, _) = caller.unwrap();
        socket.set_nonblocking(false).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Device { socket, heard: Vec::new() }
    }
}

/// The device's side of one connection.
pub(crate) struct Device {
    pub(crate) socket: TcpStream,
    heard: Vec<u8>,
}

impl Device {
    #[track_caller]
    pub(crate) fn says(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).unwrap();
    }

    /// Waits for these bytes; gives what came before them.
    #[track_caller]
    pub(crate) fn hears(&mut self, wanted: impl AsRef<[u8]>) -> Vec<u8> {
        let wanted = wanted.as_ref();
        loop {
            if let Some(at) = position(&self.heard, wanted) {
                let rest = self.heard.split_off(at + wanted.len());
                let mut before = std::mem::replace(&mut self.heard, rest);
                before.truncate(at);
                return before;
            }
            assert!(self.hears_more(), "no {} in {}", shown(wanted), shown(&self.heard));
        }
    }

    fn hears_more(&mut self) -> bool {
        let mut piece = [0; 4096];
        let length = self.socket.read(&mut piece).unwrap_or(0);
        self.heard.extend_from_slice(&piece[..length]);
        length > 0
    }

    /// The rest, until the client closes.
    #[track_caller]
    pub(crate) fn hears_the_end(mut self) -> Vec<u8> {
        match self.socket.read_to_end(&mut self.heard) {
            Ok(_) => self.heard,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => self.heard,
            Err(error) => panic!("{error} behind {}", shown(&self.heard)),
        }
    }

    /// Says no more, and hears the rest: who closes with answers unread resets.
    #[track_caller]
    pub(crate) fn closes(self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
        self.hears_the_end();
    }

    /// Says no goodbye.
    pub(crate) fn resets(self) {
        set_socket_linger(&self.socket, Some(Duration::ZERO)).unwrap();
    }

    /// Reads what came so far without waiting for more than `most`.
    pub(crate) fn hears_nothing_for(&mut self, most: Duration) -> bool {
        self.socket.set_read_timeout(Some(most)).unwrap();
        let more = self.hears_more();
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        !more && self.heard.is_empty()
    }
}

/// Somebody at a terminal of 80 columns and 24 rows, in which the program runs.
pub(crate) struct Terminal {
    pty: Pty,
    /// Held, so that the modes can be asked for when the program has ended.
    pts: Pts,
    pub(crate) child: Child,
    screen: Vec<u8>,
    /// Up to here somebody has looked.
    looked: usize,
    /// The modes before the program began.
    before: String,
}

impl Terminal {
    /// `wireline telnet WORDS`
    #[track_caller]
    pub(crate) fn telnet(words: &[&str]) -> Self {
        let mut command = wireline();
        command.env("TERM", "xterm").arg("telnet").args(words);
        Self::of(command)
    }

    #[track_caller]
    pub(crate) fn of(command: Command) -> Self {
        let (pty, pts) = blocking::open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let before = modes(&pts);
        // What `wireline()` says of standard input does not hold here.
        let mut fresh = Command::new(command.get_program());
        fresh.env_clear().args(command.get_args());
        fresh.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(dir) = command.get_current_dir() {
            fresh.current_dir(dir);
        }
        let child = blocking::Command::from(fresh).spawn_borrowed(&pts).unwrap();
        Self { pty, pts, child, screen: Vec::new(), looked: 0, before }
    }

    #[track_caller]
    pub(crate) fn types(&mut self, keys: impl AsRef<[u8]>) {
        self.pty.write_all(keys.as_ref()).unwrap();
    }

    /// Types ^] and waits until something is said about it.
    #[track_caller]
    pub(crate) fn escapes(&mut self) {
        self.shows_all();
        self.looked = self.screen.len();
        self.types("\x1d");
        let came = self.until(|new| !new.is_empty());
        assert!(came, "^] changes nothing");
    }

    /// Waits for this text; gives what is on the screen before it since the last look.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: impl AsRef<[u8]>) -> String {
        let text = text.as_ref();
        // What was looked through is not looked through again: there may be megabytes.
        let mut known = 0;
        let found = self.until(|new| {
            let found = position(&new[known..], text).is_some();
            known = if found { known } else { new.len().saturating_sub(text.len()) };
            found
        });
        let new = &self.screen[self.looked..];
        assert!(found, "no {} in {}", shown(text), shown(new));
        let at = position(new, text).unwrap();
        let before = String::from_utf8_lossy(&new[..at]).into_owned();
        self.looked += at + text.len();
        before
    }

    fn until(&mut self, mut holds: impl FnMut(&[u8]) -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        loop {
            if holds(&self.screen[self.looked..]) {
                return true;
            }
            if Instant::now() > end {
                return false;
            }
            self.shows_some(5);
        }
    }

    /// Whether something came within so many milliseconds.
    fn shows_some(&mut self, millis: i64) -> bool {
        let wait = Timespec { tv_sec: 0, tv_nsec: millis * 1_000_000 };
        let mut fds = [PollFd::new(&self.pty, PollFlags::IN)];
        if poll(&mut fds, Some(&wait)).unwrap_or(0) == 0 {
            return false;
        }
        let mut piece = [0; 65536];
        let length = self.pty.read(&mut piece).unwrap_or(0);
        self.screen.extend_from_slice(&piece[..length]);
        length > 0
    }

    fn shows_all(&mut self) {
        while self.shows_some(0) {}
    }

    /// All that ever was on the screen.
    pub(crate) fn screen(&mut self) -> Vec<u8> {
        self.shows_all();
        self.screen.clone()
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Neither lines nor echo nor signals of the terminal's own.
    pub(crate) fn is_raw(&self) -> bool {
        let cooked = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        !tcgetattr(&self.pts).unwrap().local_modes.intersects(cooked)
    }

    #[track_caller]
    pub(crate) fn becomes_raw(&self) {
        assert!(happens(PATIENCE, || self.is_raw()), "not raw: {}", modes(&self.pts));
    }

    /// Waits for the end; its code, or 128 and its signal as a shell says it. The terminal must be as
    /// it was.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> i32 {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            self.shows_some(2);
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > end {
                panic!("does not end; on the screen: {}", shown(&self.screen));
            }
        };
        self.shows_all();
        let screen = shown(&self.screen);
        assert_eq!(modes(&self.pts), self.before, "the terminal is not as it was: {screen}");
        status.code().or(status.signal().map(|signal| 128 + signal)).unwrap()
    }

    /// The line is cut, the window closed.
    pub(crate) fn hangs_up(self) -> Child {
        let Self { pty, pts, child, .. } = self;
        drop(pty);
        drop(pts);
        child
    }
}

fn modes(pts: &Pts) -> String {
    format!("{:?}", tcgetattr(pts).unwrap())
}

pub(crate) fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn shown(bytes: &[u8]) -> String {
    let from = bytes.len().saturating_sub(2000);
    format!("\"{}\"", bytes[from..].escape_ascii())
}

/// The most memory that a process ever had, in bytes; `None` when it has ended.
pub(crate) fn peak_memory(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap())
}
