//! From hosts to connections: names, several addresses, dead ones, the wrong family.

use crate::support::{endpoint, millis, server};
use rustix::net::{AddressFamily, SocketType};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Instant;
use wireline_servers::raw::Act;
use wireline_wire::{ConnectTo, Dialer, Endpoint, Error, Family, Limits, Resolved};

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
    assert_eq!(wire.peer(), server.addr());
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
            assert!(tried.iter().all(|(address, _)| address.is_ipv6()))
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
