//! A proxy of a few lines, from RFC 9110 section 9.3.6, RFC 1928 and RFC 1929: it leads to one
//! address, whatever is asked for, and remembers what that was.

use rustix::event::{PollFd, PollFlags, poll};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Clone)]
pub(crate) enum Speaks {
    Http,
    Https(Arc<ServerConfig>),
    Socks,
}

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(speaks: Speaks, target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (speaks, all) = (speaks.clone(), Arc::clone(&all));
                // A client that leaves early is the test's business.
                thread::spawn(move || serve(stream.unwrap(), &speaks, target, &all).ok());
            }
        });
        Self { addr, asked }
    }

    /// For each connection: the request head, or `method login target` of SOCKS.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(
    stream: TcpStream,
    speaks: &Speaks,
    target: SocketAddr,
    asked: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut client = match speaks {
        Speaks::Https(config) => {
            let session = ServerConnection::new(Arc::clone(config)).unwrap();
            Client::Tls(Box::new(StreamOwned::new(session, stream)))
        }
        _ => Client::Clear(stream),
    };
    let request = match speaks {
        Speaks::Socks => socks(&mut client)?,
        _ => http(&mut client)?,
    };
    asked.lock().unwrap().push(request);
    let target = TcpStream::connect(target)?;
    match speaks {
        Speaks::Socks => client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80])?,
        _ => client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?,
    }
    client.flush()?;
    relay(client, target)
}

fn http(client: &mut Client) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

fn socks(client: &mut Client) -> io::Result<String> {
    let methods = counted(client, 1)?;
    let method = if methods.contains(&2) { 2 } else { 0 };
    client.write_all(&[5, method])?;
    let mut login = String::new();
    if method == 2 {
        let (user, password) = (counted(client, 1)?, counted(client, 0)?);
        login = String::from_utf8([&user[..], b":", &password].concat()).unwrap();
        client.write_all(&[1, 0])?;
    }
    let mut head = [0; 4];
    client.read_exact(&mut head)?;
    let host = match head {
        [5, 1, 0, 1] => std::net::IpAddr::from(array::<4>(client)?).to_string(),
        [5, 1, 0, 3] => String::from_utf8(counted(client, 0)?).unwrap(),
        [5, 1, 0, 4] => std::net::IpAddr::from(array::<16>(client)?).to_string(),
        other => panic!("{other:?}"),
    };
    let port = u16::from_be_bytes(array(client)?);
    Ok(format!("{method} {login} {host} {port}"))
}

/// Bytes behind their number, and `before` that a version.
fn counted(client: &mut Client, before: usize) -> io::Result<Vec<u8>> {
    let mut head = vec![0; before + 1];
    client.read_exact(&mut head)?;
    let mut bytes = vec![0; usize::from(head[before])];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn array<const BYTES: usize>(client: &mut Client) -> io::Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

enum Client {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Client {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Clear(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Decrypted bytes that no `poll` would tell of.
    fn holds_bytes(&mut self) -> bool {
        match self {
            Self::Clear(_) => false,
            Self::Tls(stream) => stream
                .conn
                .process_new_packets()
                .is_ok_and(|state| state.plaintext_bytes_to_read() > 0),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            stream.flush()?;
        }
        self.socket().shutdown(Shutdown::Write)
    }
}

impl Read for Client {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Client {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// Both ways, until the target has said everything and the client has gone.
fn relay(mut client: Client, mut target: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let (mut hears, mut speaks) = (true, true);
    while hears || speaks {
        let (from_client, from_target) = ready(&mut client, &target, hears, speaks)?;
        if from_client {
            match client.read(&mut buffer)? {
                0 => {
                    hears = false;
                    target.shutdown(Shutdown::Write).ok();
                }
                count => target.write_all(&buffer[..count])?,
            }
        }
        if from_target {
            match target.read(&mut buffer)? {
                0 => {
                    speaks = false;
                    client.end()?;
                }
                count => {
                    client.write_all(&buffer[..count])?;
                    client.flush()?;
                }
            }
        }
    }
    Ok(())
}

fn ready(
    client: &mut Client,
    target: &TcpStream,
    hears: bool,
    speaks: bool,
) -> io::Result<(bool, bool)> {
    if hears && client.holds_bytes() {
        return Ok((true, false));
    }
    let flags = |wanted| if wanted { PollFlags::IN } else { PollFlags::empty() };
    let mut fds = [PollFd::new(client.socket(), flags(hears)), PollFd::new(target, flags(speaks))];
    poll(&mut fds, None)?;
    Ok((hears && !fds[0].revents().is_empty(), speaks && !fds[1].revents().is_empty()))
}
