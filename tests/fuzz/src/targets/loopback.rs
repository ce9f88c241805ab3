//! A peer for a `Wire`: it says what it is told to, in pieces of the sizes it is told, and leaves.
//! Must not hold: what is said.

use std::cell::OnceCell;
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;
use wireline_wire::{Dialer, Endpoint, Wire};

/// More might not fit the kernel's buffers, and then a peer that says all at once would wait for
/// its own thread.
pub(crate) const MOST_BYTES: usize = 32 * 1024;

/// What the peer says before it leaves.
pub(crate) type Pieces = Vec<Vec<u8>>;

/// The other end of a connection; both ends are gone when this and the `Wire` are dropped.
pub(crate) struct Peer {
    /// Our end. It closes first, with the request unread: that resets the connection, and nothing
    /// of it stays behind to use up the ports of a long run.
    stream: Arc<TcpStream>,
    /// The end of the client, which outlives ours.
    client: Arc<TcpStream>,
    done: Arc<AtomicBool>,
    /// Closed when the worker has let go.
    finished: Option<Receiver<()>>,
}

/// Connects to a peer that says these pieces, each when the one before it has been read, and
/// closes. Everything is said whether or not anything is asked.
pub(crate) fn dial(pieces: Pieces) -> (Wire, Peer) {
    thread_local! {
        static HOUSE: OnceCell<House> = const { OnceCell::new() };
    }
    HOUSE.with(|house| house.get_or_init(House::new).dial(pieces))
}

struct House {
    listener: TcpListener,
    dialer: Dialer,
    endpoint: Endpoint,
    work: Sender<Work>,
}

struct Work {
    pieces: Pieces,
    /// Our end.
    stream: Arc<TcpStream>,
    /// The end of the client, to see whether it has read everything.
    client: Arc<TcpStream>,
    done: Arc<AtomicBool>,
    /// Dropped at the end.
    _finished: Sender<()>,
}

impl House {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("it is bound").port();
        let endpoint = Endpoint::new("127.0.0.1", port).expect("an address is a host");
        let mut dialer = Dialer::default();
        // The peer always leaves, so nothing ever waits this long.
        dialer.limits.idle = Duration::from_secs(30);
        let (work, orders) = mpsc::channel::<Work>();
        thread::spawn(move || orders.into_iter().for_each(Work::run));
        Self { listener, dialer, endpoint, work }
    }

    fn dial(&self, pieces: Pieces) -> (Wire, Peer) {
        let wire = self.dialer.dial(&self.endpoint).expect("the listener stands");
        let client: OwnedFd = wire.socket().try_clone_to_owned().expect("descriptors are left");
        let client = Arc::new(TcpStream::from(client));
        let stream = Arc::new(self.accept(client.local_addr().expect("it is connected")));
        let done = Arc::new(AtomicBool::new(false));
        let mut peer = Peer { stream, client, done, finished: None };
        if pieces.len() < 2 {
            pieces.iter().for_each(|piece| drop((&*peer.stream).write_all(piece)));
            peer.stream.shutdown(Shutdown::Write).expect("nobody closed it");
            return (wire, peer);
        }
        let (_finished, finished) = mpsc::channel();
        peer.finished = Some(finished);
        let (stream, client) = (peer.stream.clone(), peer.client.clone());
        let work = Work { pieces, stream, client, done: peer.done.clone(), _finished };
        self.work.send(work).expect("the worker lives as long as we");
        (wire, peer)
    }

    /// Others on this machine may knock at the wrong door.
    fn accept(&self, from: SocketAddr) -> TcpStream {
        loop {
            let (stream, address) = self.listener.accept().expect("somebody dialled");
            if address == from {
                return stream;
            }
        }
    }
}

impl Work {
    fn run(self) {
        for piece in &self.pieces {
            // The client may have heard enough and left.
            if self.done.load(Ordering::Relaxed) || (&*self.stream).write_all(piece).is_err() {
                return;
            }
            while !self.done.load(Ordering::Relaxed) && self.is_unread() {
                thread::yield_now();
            }
        }
        drop(self.stream.shutdown(Shutdown::Write));
    }

    fn is_unread(&self) -> bool {
        matches!(self.client.peek(&mut [0]), Ok(1..))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        // The worker never sends: this waits until it has let go.
        let let_go = self.finished.as_ref().map(Receiver::recv);
        debug_assert!(!matches!(let_go, Some(Ok(()))));
    }
}
