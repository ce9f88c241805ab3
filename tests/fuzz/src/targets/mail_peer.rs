//! A mail server for a session: it says a turn at once and one more for each line that it hears.
//! Must not hold: what is said, or what a session makes of it.

use std::cell::OnceCell;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;
use wireline_wire::{Dialer, Endpoint, Wire};

/// Between two turns; no UTF-8 has it.
const NEXT_TURN: u8 = 0xff;

/// What is behind them belongs to the last.
const MOST_TURNS: usize = 24;

/// As in `loopback.rs`: more might not fit the kernel's buffers.
const MOST_BYTES: usize = 32 * 1024;

/// A client that says nothing for so long hears the next turn: it may wait for the rest of one.
const PATIENCE: Duration = Duration::from_millis(4);

/// The server always leaves in the end, so nothing ever waits this long.
pub(crate) const NEVER: Duration = Duration::from_secs(20);

/// What a server will say, turn by turn; it leaves behind the last.
pub(crate) struct Turns<'a>(Vec<&'a [u8]>);

impl<'a> Turns<'a> {
    pub(crate) fn read(data: &'a [u8]) -> Option<Self> {
        let turns = data.splitn(MOST_TURNS, |&byte| byte == NEXT_TURN).collect();
        (data.len() <= MOST_BYTES).then_some(Self(turns))
    }

    /// All of it, as it comes over the connection.
    pub(crate) fn said(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// Has this server answer to a client. What the client found, and every byte that it said.
    /// A tight wire takes 4 lines of 64 bytes for a reply, so that small inputs meet the limits.
    pub(crate) fn play<T>(&self, is_tight: bool, client: impl FnOnce(Wire) -> T) -> (T, Vec<u8>) {
        thread_local! {
            static HOUSE: OnceCell<House> = const { OnceCell::new() };
        }
        let (wire, ours, theirs) = HOUSE.with(|house| house.get_or_init(House::new).dial(is_tight));
        let found = thread::scope(|scope| {
            let server = scope.spawn(|| Server::new(&ours, &self.0).run());
            let goodbye = Goodbye(&theirs);
            let found = client(wire);
            drop(goodbye);
            (found, server.join().expect("the server ends"))
        });
        // Our end closes first, with this unread: a reset, which leaves no port behind.
        drop(Goodbye(&theirs));
        drop(ours);
        found
    }
}

/// Says that the client has gone, panic or not. It never says NUL itself.
struct Goodbye<'a>(&'a TcpStream);

impl Drop for Goodbye<'_> {
    fn drop(&mut self) {
        drop(self.0.write_all(b"\0"));
    }
}

struct House {
    listener: TcpListener,
    endpoint: Endpoint,
}

impl House {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("it is bound").port();
        let endpoint = Endpoint::new("127.0.0.1", port).expect("an address is a host");
        Self { listener, endpoint }
    }

    /// The client's wire, the server's end, and the client's once more: it outlives the wire.
    fn dial(&self, is_tight: bool) -> (Wire, TcpStream, TcpStream) {
        let mut dialer = Dialer::default();
        dialer.limits.idle = NEVER;
        if is_tight {
            (dialer.limits.line_bytes, dialer.limits.reply_lines) = (64, 4);
        }
        let wire = dialer.dial(&self.endpoint).expect("the listener stands");
        let client: OwnedFd = wire.socket().try_clone_to_owned().expect("descriptors are left");
        let client = TcpStream::from(client);
        let from = client.local_addr().expect("it is connected");
        // Others on this machine may knock at the wrong door.
        let mut knocks = self.listener.incoming().flatten();
        let ours = knocks.find(|stream| stream.peer_addr().is_ok_and(|address| address == from));
        let ours = ours.expect("somebody dialled");
        // One turn must not wait until the one before it is acknowledged.
        ours.set_nodelay(true).expect("it is TCP");
        (wire, ours, client)
    }
}

struct Server<'a> {
    stream: &'a TcpStream,
    turns: std::slice::Iter<'a, &'a [u8]>,
    heard: Vec<u8>,
    /// Where the line begins that has not been answered.
    at: usize,
    in_content: bool,
}

impl<'a> Server<'a> {
    fn new(stream: &'a TcpStream, turns: &'a [&'a [u8]]) -> Self {
        Self { stream, turns: turns.iter(), heard: Vec::new(), at: 0, in_content: false }
    }

    fn run(mut self) -> Vec<u8> {
        self.speak();
        let mut buffer = [0; 4096];
        loop {
            let patience = (!self.turns.as_slice().is_empty()).then_some(PATIENCE);
            self.stream.set_read_timeout(patience).expect("a pause");
            match self.stream.read(&mut buffer) {
                Ok(0) => return self.heard,
                Ok(count) => {
                    let lines = buffer[..count].split(|&byte| byte == 0).next();
                    let lines = lines.unwrap_or_default();
                    self.heard.extend_from_slice(lines);
                    self.answer();
                    if lines.len() < count {
                        return self.heard;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => drop(self.speak()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.heard,
            }
        }
    }

    fn answer(&mut self) {
        while let Some((line, end)) = self.command() {
            let said_354 = match self.in_content && line != b".\r\n" {
                true => true,
                false => self.speak().starts_with(b"354"),
            };
            self.in_content = said_354 && (self.in_content || line == b"DATA\r\n");
            self.at = end;
        }
    }

    /// The next line, when it and the chunk that follows a BDAT have come; and where it ends.
    fn command(&self) -> Option<(Vec<u8>, usize)> {
        let rest = self.heard.get(self.at..)?;
        let length = rest.iter().position(|&byte| byte == b'\n')? + 1;
        let line = rest[..length].to_vec();
        let words = String::from_utf8_lossy(&line);
        let chunk = words.strip_prefix("BDAT ").and_then(|words| words.split_whitespace().next());
        let chunk = chunk.and_then(|count| count.parse().ok()).unwrap_or(0);
        let end = self.at + length + if self.in_content { 0 } else { chunk };
        (end <= self.heard.len()).then_some((line, end))
    }

    fn speak(&mut self) -> &'a [u8] {
        let said = self.turns.next().copied().unwrap_or_default();
        // The client may have heard enough and left.
        drop(self.stream.write_all(said));
        if self.turns.as_slice().is_empty() {
            drop(self.stream.shutdown(Shutdown::Write));
        }
        said
    }
}
