//! From hosts to connections: names, several addresses, dead ones, the wrong family.

use crate::support::{endpoint, millis, server, tempdir::Folder};
use rustix::net::{AddressFamily, SocketType};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::Instant;
use wireline_servers::raw::Act;
use wireline_wire::{
    ConnectTo, Dialer, Endpoint, Error, Family, Limits, Peer, Resolved, Saying, Sink,
};

const HELLO: &[u8] = b"220 hello\r\n";

fn hello() -> wireline_servers::raw::Server {
    server(&[Act::Send(HELLO.to_vec()), Act::Close])
}

/// A dialer for which `name.test` has these addresses.
fn dialer(port: u16, addresses: &[IpAddr]) -> (Dialer, Endpoint) {
    let endpoint = Endpoint::new("name.test", port).unwrap();
    let mut dialer = Dialer::default();
    dialer.resolved = vec![Resolved { endpoint: endpoint.clone(), addresses: addresses.to_vec() }];
    (dialer, endpoint)
}

#[test]
fn names_resolve() {
    let server = hello();
    let endpoint = Endpoint::new("localhost", server.addr().port()).unwrap();
    let mut wire = Dialer::default().dial(&endpoint).unwrap();
    assert_eq!(wire.line(100).unwrap(), HELLO);
    let nowhere = Endpoint::new("nowhere.invalid", 1).unwrap();
    assert!(matches!(Dialer::default().dial(&nowhere), Err(Error::Resolve { .. })));
}

/// hostile.md row 89: refused addresses are passed over, at most eight are tried.
#[test]
fn the_first_address_that_answers_wins() {
    let server = hello();
    let port = server.addr().port();
    let dead = |last| IpAddr::from([127, 0, 0, last]);
    let (first, endpoint) = dialer(port, &[dead(2), dead(3), dead(1)]);
    let mut wire = first.dial(&endpoint).unwrap();
    assert_eq!(*wire.peer(), server.addr().into());
    assert_eq!(wire.line(100).unwrap(), HELLO);
    let many: Vec<_> = (2..=250).map(dead).chain([dead(1)]).collect();
    let (dialer, endpoint) = dialer(port, &many);
    match dialer.dial(&endpoint) {
        Err(Error::Connect { tried }) => assert_eq!(tried.len(), 8),
        other => panic!("{other:?}"),
    }
}

/// A port whose queue is full drops what comes: an address that never answers.
struct BlackHole {
    _listener: OwnedFd,
    _queued: Vec<OwnedFd>,
}

impl BlackHole {
    fn at(address: SocketAddr) -> Self {
        let socket = || rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        let listener = socket();
        rustix::net::bind(&listener, &address).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let queued = (0..4).map(|_| {
            let socket = socket();
            rustix::io::ioctl_fionbio(&socket, true).unwrap();
            rustix::net::connect(&socket, &address).ok();
            socket
        });
        Self { _queued: queued.collect(), _listener: listener }
    }
}

/// RFC 8305: an address that never answers costs the stagger, not the timeout.
#[test]
fn a_dead_first_address_costs_little() {
    let server = hello();
    let port = server.addr().port();
    let dead = IpAddr::from([127, 0, 0, 9]);
    let _hole = BlackHole::at((dead, port).into());
    let (dialer, endpoint) = dialer(port, &[dead, Ipv4Addr::LOCALHOST.into()]);
    let begun = Instant::now();
    let mut wire = dialer.dial(&endpoint).unwrap();
    assert_eq!(wire.line(100).unwrap(), HELLO);
    // Not a measurement: the connect timeout is 10 s.
    assert!(begun.elapsed() < millis(5_000));
}

#[test]
fn an_address_that_never_answers_times_out() {
    let dead = SocketAddr::from(([127, 0, 0, 10], hello().addr().port()));
    let _hole = BlackHole::at(dead);
    let mut dialer = Dialer::default();
    dialer.limits = Limits { connect_each: millis(200), ..Limits::default() };
    match dialer.dial(&endpoint(dead)) {
        Err(Error::TimedOut { phase, after }) => {
            assert_eq!((phase, after), ("connecting", millis(200)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_family_can_be_asked_for() {
    let server = hello();
    let port = server.addr().port();
    let addresses = [IpAddr::from([127, 0, 0, 1]), "::1".parse().unwrap()];
    let (mut dialer, endpoint) = dialer(port, &addresses);
    dialer.family = Family::V4;
    assert!(dialer.dial(&endpoint).is_ok());
    dialer.family = Family::V6;
    match dialer.dial(&endpoint) {
        Err(Error::Connect { tried }) => {
            assert!(tried.iter().all(|(peer, _)| peer.address().unwrap().is_ipv6()))
        }
        other => panic!("{other:?}"),
    }
}

/// The address decides, not the name: nothing is connected to outside this machine.
#[test]
fn loopback_only_is_about_addresses() {
    let server = hello();
    let port = server.addr().port();
    let (mut near, endpoint) = dialer(port, &[Ipv4Addr::LOCALHOST.into()]);
    near.loopback_only = true;
    assert!(near.dial(&endpoint).is_ok());
    let far = IpAddr::from([192, 0, 2, 1]);
    for addresses in [&[far][..], &[Ipv4Addr::LOCALHOST.into(), far]] {
        let (mut dialer, endpoint) = dialer(port, addresses);
        dialer.loopback_only = true;
        match dialer.dial(&endpoint) {
            Err(Error::NotLoopback { address }) => assert_eq!(address.ip(), far),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_source_address_is_used() {
    let server = hello();
    let mut dialer = Dialer::default();
    dialer.bind = Some(IpAddr::from([127, 0, 0, 5]));
    let wire = dialer.dial(&endpoint(server.addr())).unwrap();
    let socket = TcpStream::from(wire.socket().try_clone_to_owned().unwrap());
    assert_eq!(socket.local_addr().unwrap().ip(), IpAddr::from([127, 0, 0, 5]));
}

#[test]
fn another_endpoint_can_stand_in() {
    let server = hello();
    let mut dialer = Dialer::default();
    dialer.connect_to = vec![ConnectTo {
        host: None,
        port: None,
        to_host: Some("127.0.0.1".into()),
        to_port: Some(server.addr().port()),
    }];
    let mut wire = dialer.dial(&Endpoint::new("nowhere.invalid", 80).unwrap()).unwrap();
    assert_eq!(wire.line(100).unwrap(), HELLO);
}

/// A Unix socket counts as this machine, bears its path as name, and carries what TCP carries.
#[test]
fn unix_sockets() {
    let folder = Folder::new();
    let path = folder.path().join("lmtp");
    let listener = UnixListener::bind(&path).unwrap();
    let body = vec![b'x'; 1 << 20];
    let sent = body.clone();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = [0; 4];
        stream.read_exact(&mut heard).unwrap();
        stream.write_all(b"220 ready\r\n").unwrap();
        stream.write_all(&sent).unwrap();
        heard
    });
    let mut dialer = Dialer::default();
    dialer.unix = Some(path.clone());
    dialer.loopback_only = true;
    let somewhere = Endpoint::new("nowhere.invalid", 24).unwrap();
    let mut wire = dialer.dial(&somewhere).unwrap();
    assert_eq!(wire.peer().to_string(), path.to_str().unwrap());
    assert!(wire.peer().is_loopback());
    wire.say(&Saying::new().text("ping"));
    wire.flush().unwrap();
    assert_eq!(wire.line(100).unwrap(), b"220 ready\r\n");
    let file = File::create(folder.path().join("body")).unwrap();
    wire.copy_exact(&mut Sink::file(&file), body.len() as u64).unwrap();
    assert!(matches!(wire.line(100), Err(Error::Closed)));
    assert_eq!(&served.join().unwrap(), b"ping");
    assert_eq!(std::fs::read(folder.path().join("body")).unwrap(), body);

    let long = folder.path().join("x".repeat(200));
    for bad in [path, folder.path().join("none"), long] {
        dialer.unix = Some(bad.clone());
        match dialer.dial(&somewhere) {
            Err(Error::Connect { tried }) => assert_eq!(tried[0].0, Peer::Unix(bad)),
            other => panic!("{other:?}"),
        }
    }
}

/// A server that takes no connection from its queue is given up.
#[cfg(target_os = "linux")]
#[test]
fn a_full_unix_queue_ends_at_the_deadline() {
    let folder = Folder::new();
    let path = folder.path().join("full");
    let address = rustix::net::SocketAddrUnix::new(&path).unwrap();
    let listener = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&listener, &address).unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let mut dialer = Dialer::default();
    dialer.unix = Some(path);
    dialer.limits = Limits { connect_each: millis(200), ..Limits::default() };
    let endpoint = Endpoint::new("localhost", 24).unwrap();
    let _queued = dialer.dial(&endpoint).unwrap();
    let begun = Instant::now();
    match dialer.dial(&endpoint) {
        Err(Error::TimedOut { phase: "connecting", after }) => assert_eq!(after, millis(200)),
        other => panic!("{other:?}"),
    }
    assert!(begun.elapsed() < millis(5000));
}
