//! By way of a proxy: tunnels of every kind, proxies that misbehave, logins that stay where they
//! belong.

use crate::proxy_server::{Server as ProxyServer, Speaks};
use crate::support::{endpoint, millis, server, tempdir::Folder, tls_server};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::raw::{Act, Server};
use wireline_wire::{
    Dialer, Endpoint, Error, Event, Family, Limits, Observer, Peer, Proxies, Proxy, Resolved,
    Route, Saying, Sink, Traffic, Trust, Whole,
};

const HELLO: &[u8] = b"220 hello\r\n";
const CANARY: &str = "canary";
/// Longer than all buffers, so that both layers of TLS have to wait.
const BODY_BYTES: usize = 3_000_000;

fn send(bytes: impl AsRef<[u8]>) -> Act {
    Act::Send(bytes.as_ref().to_vec())
}

/// A dialer that goes by way of this proxy, under limits that a test can wait for.
fn by_way_of(scheme: &str, login: &str, addr: SocketAddr) -> Dialer {
    let mut dialer = Dialer::default();
    dialer.proxies = Proxies::all(format!("{scheme}://{login}{addr}").parse().unwrap());
    dialer
}

fn name() -> Endpoint {
    Endpoint::new("name.test", 4443).unwrap()
}

/// RFC 9110 section 9.3.6, RFC 1928, RFC 1929; and TLS inside TLS.
#[test]
fn tunnels_carry_what_they_are_given() {
    let authority = Authority::new("proxy tests").unwrap();
    let good = Certificate::GoodFor(vec!["name.test".into()]);
    let config = authority.server_config(good).unwrap();
    let folder = Folder::new();
    let pem = folder.path().join("ca.pem");
    std::fs::write(&pem, authority.pem()).unwrap();
    let body = vec![b'x'; BODY_BYTES];
    let script =
        vec![send(HELLO), Act::Read(BODY_BYTES), send(&body), send(b"bye\r\n"), Act::Close];
    let clear = server(&script);
    let secure = Server::start_tls(Arc::clone(&config), vec![script]).unwrap();

    let basic = "CONNECT name.test:4443 HTTP/1.1\r\nHost: name.test:4443\r\n\
                 Proxy-Authorization: Basic dTpjYW5hcnk=\r\n\r\n";
    let open = "CONNECT name.test:4443 HTTP/1.1\r\nHost: name.test:4443\r\n\r\n";
    let rows = [
        ("http", "", Speaks::Http, open),
        ("http", "u:canary@", Speaks::Http, basic),
        ("https", "u:canary@", Speaks::Https(config), basic),
        ("socks5", "", Speaks::Socks, "0  192.0.2.7 4443"),
        ("socks5", "u:canary@", Speaks::Socks, "2 u:canary 192.0.2.7 4443"),
        ("socks5h", "", Speaks::Socks, "0  name.test 4443"),
        ("socks5h", "u:canary@", Speaks::Socks, "2 u:canary name.test 4443"),
    ];
    for (scheme, login, speaks, asked) in rows {
        for (target, is_tls) in [(clear.addr(), false), (secure.addr(), true)] {
            let proxy = ProxyServer::start(speaks.clone(), target);
            let mut dialer = by_way_of(scheme, login, proxy.addr);
            dialer.tls = Trust { files: vec![pem.clone()], ..Trust::default() }.into();
            let addresses = vec![IpAddr::from([192, 0, 2, 7])];
            dialer.resolved = vec![Resolved { endpoint: name(), addresses }];
            let mut wire = dialer.dial(&name()).unwrap();
            assert!(!wire.is_tls(), "TLS with the proxy is none with the peer");
            if is_tls {
                wire = wire.start_tls("name.test").unwrap();
            }
            assert_eq!(*wire.peer(), Peer::Proxied { endpoint: name(), proxy: proxy.addr });
            assert!(!wire.peer().is_loopback() && wire.peer().address().is_none());
            assert_eq!(wire.line(100).unwrap(), HELLO, "{scheme} {login} {is_tls}");
            wire.set_deadline("a body", wireline_wire::Deadline::pause(millis(20_000)));
            wire.send(&body).unwrap();
            let mut heard = Vec::new();
            let mut sink = Sink::writer(&mut heard);
            wire.copy_exact(&mut sink, BODY_BYTES as u64).unwrap();
            sink.flush().unwrap();
            assert!(heard == body);
            assert_eq!(wire.line(100).unwrap(), b"bye\r\n");
            assert!(matches!(wire.line(100), Err(Error::Closed)));
            assert_eq!(proxy.asked(), [asked]);
        }
    }
}

/// Hearing while speaking, through two layers of TLS.
#[test]
fn an_answer_stops_an_upload_through_everything() {
    let authority = Authority::new("proxy tests").unwrap();
    let config = authority.server_config(Certificate::Good).unwrap();
    let folder = Folder::new();
    let pem = folder.path().join("ca.pem");
    std::fs::write(&pem, authority.pem()).unwrap();
    let script = vec![Act::Read(10), send(b"552 too much\r\n"), Act::Pause(millis(20_000))];
    let secure = Server::start_tls(Arc::clone(&config), vec![script]).unwrap();
    let proxy = ProxyServer::start(Speaks::Https(config), secure.addr());
    let mut dialer = by_way_of("https", "", proxy.addr);
    dialer.tls = Trust { files: vec![pem], ..Trust::default() }.into();
    let wire = dialer.dial(&endpoint(secure.addr())).unwrap();
    let mut wire = wire.start_tls("localhost").unwrap();
    assert!(!wire.answer_waiting().unwrap());
    // Less than the proxy of the test buffers: it does not read while it writes.
    let body = vec![b'x'; 1 << 20];
    wire.send_watching(&body[..100_000]).unwrap();
    assert_eq!(wire.line(100).unwrap(), b"552 too much\r\n");
}

/// A proxy of TLS is checked as strictly as ever, and never sees who we are.
#[test]
fn a_proxy_is_not_trusted_blindly() {
    let (proxy, mut dialer, _ca) = tls_server(&[Act::Stall]);
    dialer.proxies = by_way_of("https", "", proxy.addr()).proxies;
    dialer.tls = Trust { insecure: true, ..Trust::default() }.into();
    match dialer.dial(&name()) {
        Err(Error::Proxy { source, .. }) => {
            assert!(matches!(*source, Error::Tls { .. }), "{source}");
        }
        other => panic!("{other:?}"),
    }
}

/// What a proxy says for a tunnel, and what the tunnel says behind it, in any pieces.
#[test]
fn what_follows_the_answer_belongs_to_the_tunnel() {
    let http: &[&[u8]] = &[
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200\n\n",
        b"HTTP/1.1 204 No Content\r\nVia: x\r\n\r\n",
        // RFC 9110 section 9.3.6: lengths of a 2xx to CONNECT count for nothing.
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ];
    let socks: &[&[u8]] = &[
        b"\x05\0\x05\0\0\x01\x7f\0\0\x01\0\x50",
        b"\x05\0\x05\0\0\x03\x0alocal.test\0\x50",
        b"\x05\0\x05\0\0\x03\0\0\x50",
        b"\x05\0\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50",
        b"\x05\x02\x01\0\x05\0\0\x01\x7f\0\0\x01\0\x50",
        // Some answer the login with the version of SOCKS.
        b"\x05\x02\x05\0\x05\0\0\x01\x7f\0\0\x01\0\x50",
    ];
    for (scheme, answers) in [("http", http), ("socks5h", socks)] {
        for answer in answers {
            let all = [answer, HELLO].concat();
            for script in [
                vec![send(&all), Act::Stall],
                vec![Act::Drip(all.clone(), 1, millis(0)), Act::Stall],
            ] {
                let proxy = server(&script);
                let mut wire =
                    by_way_of(scheme, "u:p@", proxy.addr()).dial(&name()).unwrap_or_else(|error| {
                        panic!("{}: {error}", answer.escape_ascii());
                    });
                assert_eq!(wire.line(100).unwrap(), HELLO, "{}", answer.escape_ascii());
                assert!(wire.heard().is_empty());
            }
        }
    }
}

/// Bytes of the tunnel before TLS are an injection, a proxy's too.
#[test]
fn a_tunnel_that_speaks_before_tls_is_refused() {
    let proxy = server(&[Act::Request, send(b"HTTP/1.1 200 OK\r\n\r\nx"), Act::Stall]);
    let wire = by_way_of("http", "", proxy.addr()).dial(&name()).unwrap();
    assert!(matches!(wire.start_tls("name.test"), Err(Error::Leftover { bytes: 1 })));
}

/// Everything else that a proxy may say: an error that names it and neither the login nor what it
/// echoes. hostile.md rows 59 to 67 for heads that do not end.
#[test]
fn proxies_that_misbehave() {
    let endless = [&b"HTTP/1.1 200 OK\r\nX: "[..], &[b'x'; 1 << 20], b"\r\n\r\n"].concat();
    let fields = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: canary\r\n".repeat(100_000)].concat();
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
    let rows: &[(&str, &[u8], &str)] = &[
        ("http", b"HTTP/1.1 407 canary\r\nProxy-Authenticate: Basic realm=canary\r\n\r\n", "login"),
        ("http", b"HTTP/1.1 503 canary dTpjYW5hcnk=\r\n\r\n", "refused: status 503"),
        ("http", b"HTTP/1.1 302 Found\r\nLocation: http://canary/\r\n\r\n", "refused: status 302"),
        ("http", b"HTTP/1.1 401 canary\r\n\r\n", "refused: status 401"),
        ("http", &endless, "source: the head of its answer is longer than 65536 bytes"),
        ("http", &fields, "source: the head of its answer is longer than 65536 bytes"),
        ("http", &interim, "violation: too many interim responses"),
        ("http", b"\x05\0", "source: cut short"),
        ("http", b"SSH-2.0-canary\r\n", "violation: its answer is not HTTP/1"),
        ("http", b"HTTP/2 200 canary\r\n\r\n", "violation: its answer is not HTTP/1"),
        ("http", b"", "source: the peer closed"),
        ("http", b"HTTP/1.1 200 OK\r\n", "source: the peer closed"),
        ("http", b"HTTP/1.1 200 OK\r\nX: y", "source: cut short"),
        ("socks5h", b"", "source: the peer closed"),
        ("socks5h", b"\x05", "source: cut short"),
        ("socks5h", b"\x04\x5a", "violation: it does not speak SOCKS 5"),
        ("socks5h", b"HTTP/1.1 400 canary\r\n\r\n", "violation: it does not speak SOCKS 5"),
        ("socks5h", b"\x05\x01", "violation: it chose a method"),
        ("socks5h", b"\x05\xff", "login"),
        ("socks5h", b"\x05\x02\x01\x01", "login"),
        ("socks5h", b"\x05\x02\x01", "source: cut short"),
        ("socks5h", b"\x05\x02\x07\0", "violation: its answer to the login"),
        ("socks5h", b"\x05\0\x05\x01", "refused: general failure"),
        ("socks5h", b"\x05\0\x05\x02\0\x01", "refused: not allowed by its rules"),
        ("socks5h", b"\x05\0\x05\x03\0\x01\0\0\0\0\0\0", "refused: network unreachable"),
        ("socks5h", b"\x05\0\x05\x04\0\x01\0\0\0\0\0\0", "refused: host unreachable"),
        ("socks5h", b"\x05\0\x05\x05\0\x01\0\0\0\0\0\0", "refused: connection refused"),
        ("socks5h", b"\x05\0\x05\x06\0\x01\0\0\0\0\0\0", "refused: TTL expired"),
        ("socks5h", b"\x05\0\x05\x07\0\x01\0\0\0\0\0\0", "refused: it does not know CONNECT"),
        ("socks5h", b"\x05\0\x05\x08\0\x01\0\0\0\0\0\0", "refused: it does not know this type"),
        ("socks5h", b"\x05\0\x05\x63\0\x01\0\0\0\0\0\0", "refused: reply 99"),
        ("socks5h", b"\x05\0\x04\0\0\x01\0\0\0\0\0\0", "violation: its reply is not SOCKS 5"),
        ("socks5h", b"\x05\0\x05\0\0\x02\0\0\0\0\0\0", "violation: its reply names an address"),
        ("socks5h", b"\x05\0\x05\0\0\x01\x7f\0\0\x01\0", "source: cut short"),
        ("socks5h", b"\x05\0\x05\0\0\x03\xffshort", "source: cut short"),
    ];
    for (scheme, answer, wanted) in rows {
        let proxy = server(&[send(answer), Act::Close]);
        let error = by_way_of(scheme, "u:canary@", proxy.addr()).dial(&name()).unwrap_err();
        let shown = match &error {
            Error::ProxyLogin { proxy } => format!("{proxy} login"),
            Error::ProxyRefused { proxy, reply } => format!("{proxy} refused: {reply}"),
            Error::ProxyViolation { proxy, why } => format!("{proxy} violation: {why}"),
            Error::Proxy { proxy, source } => format!("{proxy} source: {source}"),
            other => panic!("{other:?}"),
        };
        let wanted = format!("{scheme}://{} {wanted}", proxy.addr());
        assert!(shown.starts_with(&wanted), "{shown}\n{wanted}");
        let told = format!("{error} {error:?}");
        assert!(!told.contains(CANARY) && !told.contains("dTpj"), "{told}");
    }
}

/// hostile.md row 87: one deadline for all that a proxy has to say; and the whole holds too.
#[test]
fn a_proxy_has_one_deadline() {
    let drip =
        Act::Drip(b"HTTP/1.1 200 OK\r\nX: xxxxxxxxxxxxxxxxxxxxxxxxxxxx".repeat(10), 1, millis(20));
    for (scheme, script) in [
        ("http", vec![drip, Act::Stall]),
        ("socks5", vec![Act::Stall]),
        ("socks5h", vec![Act::Stall]),
    ] {
        let proxy = server(&script);
        let mut dialer = by_way_of(scheme, "", proxy.addr());
        dialer.limits = Limits { proxy: millis(200), ..Limits::default() };
        match dialer.dial(&endpoint(proxy.addr())) {
            Err(Error::Proxy { source, .. }) => assert!(
                matches!(*source, Error::TimedOut { phase: "its answer", after } if after == millis(200)),
                "{source}"
            ),
            other => panic!("{other:?}"),
        }
        dialer.whole = Some(Whole::starting_now(millis(100)));
        let error = dialer.dial(&endpoint(proxy.addr())).unwrap_err();
        assert!(matches!(error, Error::OutOfTime { .. }), "{error:?}");
    }
}

/// A failure to reach the proxy says that it was the proxy's.
#[test]
fn a_proxy_that_is_not_there_is_named() {
    let port = server(&[]).addr().port();
    let rows = [
        (format!("http://u:canary@127.0.0.9:{port}"), "Connect"),
        ("socks5h://u:canary@nowhere.invalid".to_owned(), "Resolve"),
    ];
    for (text, wanted) in rows {
        let mut dialer = Dialer::default();
        dialer.proxies = Proxies::all(text.parse().unwrap());
        let error = dialer.dial(&name()).unwrap_err();
        let Error::Proxy { proxy, source } = &error else { panic!("{error:?}") };
        assert!(text.ends_with(proxy.rsplit('/').next().unwrap().trim_end_matches(":1080")));
        assert!(format!("{source:?}").starts_with(wanted), "{source:?}");
        assert!(!format!("{error} {error:?}").contains(CANARY));
    }
}

/// The proxy is on this machine, what lies behind it need not be: nothing is even connected.
#[test]
fn loopback_only_refuses_every_proxy() {
    let proxy = server(&[Act::Stall]);
    for scheme in ["http", "socks5", "socks5h"] {
        let mut dialer = by_way_of(scheme, "u:canary@", proxy.addr());
        dialer.loopback_only = true;
        let local = Endpoint::new("127.0.0.1", 80).unwrap();
        for traffic in [Traffic::Http, Traffic::Other] {
            let error = dialer.dial_by(dialer.route(&local, traffic), &local).unwrap_err();
            assert!(matches!(&error, Error::BehindProxy { .. }), "{error:?}");
            assert!(!format!("{error} {error:?}").contains(CANARY));
        }
    }
    assert_eq!(proxy.connections(), 0);
}

/// hostile.md row 9: no host can bring a line into a CONNECT, and no proxy is asked for one that
/// is not ASCII.
#[test]
fn hosts_that_no_proxy_is_asked_for() {
    assert!(Endpoint::new("a\r\nX: y", 80).is_err());
    let proxy = server(&[Act::Stall]);
    let odd = Endpoint::new("b\u{fc}cher.example", 80).unwrap();
    let error = by_way_of("http", "", proxy.addr()).dial(&odd).unwrap_err();
    assert!(matches!(error, Error::Input(_)), "{error:?}");
}

/// Who is asked for what: requests for `http` go to the proxy itself.
#[test]
fn routes() {
    let any = Endpoint::new("example.org", 80).unwrap();
    let rows = [
        ("http", Traffic::Http, "Forward"),
        ("https", Traffic::Http, "Forward"),
        ("socks5", Traffic::Http, "Tunnel"),
        ("http", Traffic::Https, "Tunnel"),
        ("http", Traffic::Other, "Tunnel"),
    ];
    for (scheme, traffic, wanted) in rows {
        let mut dialer = by_way_of(scheme, "", ([127, 0, 0, 1], 1).into());
        let found = match dialer.route(&any, traffic) {
            Route::Direct => "Direct",
            Route::Forward(_) => "Forward",
            Route::Tunnel(_) => "Tunnel",
        };
        assert_eq!(found, wanted, "{scheme} {traffic:?}");
        dialer.unix = Some("/run/none".into());
        assert_eq!(dialer.route(&any, traffic), Route::Direct);
    }
    assert_eq!(Dialer::default().route(&any, Traffic::Http), Route::Direct);
}

/// hostile.md row 147: what a forwarding proxy gets and what it does not.
#[test]
fn a_forwarding_proxy_is_connected_to_and_no_more() {
    let proxy = server(&[Act::Request, send(HELLO), Act::Close]);
    let dialer = by_way_of("http", "u:canary@", proxy.addr());
    let Route::Forward(chosen) = dialer.route(&name(), Traffic::Http) else { panic!() };
    let mut wire = dialer.dial_by(Route::Forward(chosen), &name()).unwrap();
    assert_eq!(*wire.peer(), Peer::Proxied { endpoint: name(), proxy: proxy.addr() });
    let head = Saying::new().text("GET http://name.test:4443/ HTTP/1.1\r\n");
    wire.say(&chosen.authorize(head).text("\r\n"));
    wire.flush().unwrap();
    assert_eq!(wire.line(100).unwrap(), HELLO);
    let sent =
        "GET http://name.test:4443/ HTTP/1.1\r\nProxy-Authorization: Basic dTpjYW5hcnk=\r\n\r\n";
    assert_eq!(String::from_utf8(proxy.received(0)).unwrap(), sent);
}

/// `--connect-to` changes where a tunnel leads, `--resolve` and the family what SOCKS 5 is asked
/// for; one address after the other while it is the address that is refused.
#[test]
fn where_a_tunnel_leads() {
    let refusal = |code| vec![send([5, 0, 5, code]), Act::Close];
    let stands = vec![
        Act::Read(3),
        send(b"\x05\0"),
        Act::Read(10),
        send(b"\x05\0\0\x01\0\0\0\0\0\0"),
        send(HELLO),
        Act::Stall,
    ];
    let v6: IpAddr = "2001:db8::1".parse().unwrap();
    let v4 = IpAddr::from([192, 0, 2, 7]);
    for (code, tries) in [(4, 2), (8, 2), (2, 1)] {
        let proxy = Server::start(vec![refusal(code), stands.clone()]).unwrap();
        let mut dialer = by_way_of("socks5", "", proxy.addr());
        dialer.resolved = vec![Resolved { endpoint: name(), addresses: vec![v6, v4] }];
        let dialled = dialer.dial(&name());
        assert_eq!((dialled.is_ok(), proxy.connections()), (tries == 2, tries), "{code}");
        if let Ok(mut wire) = dialled {
            assert_eq!(wire.line(100).unwrap(), HELLO);
            let asked = proxy.received(1);
            assert_eq!(asked, b"\x05\x01\0\x05\x01\0\x01\xc0\0\x02\x07\x11\x5b");
        }
        dialer.family = Family::V6;
        dialer.resolved[0].addresses = vec![v4];
        assert!(matches!(dialer.dial(&name()), Err(Error::Connect { .. })));
    }

    let proxy = server(&[Act::Request, send(b"HTTP/1.1 200 OK\r\n\r\n"), Act::Stall]);
    let mut dialer = by_way_of("http", "", proxy.addr());
    dialer.connect_to = vec![wireline_wire::ConnectTo {
        host: None,
        port: None,
        to_host: Some("::1".into()),
        to_port: Some(81),
    }];
    let wire = dialer.dial(&name()).unwrap();
    assert_eq!(wire.peer().to_string(), format!("name.test:4443 by way of {}", proxy.addr()));
    assert!(proxy.received(0).starts_with(b"CONNECT [::1]:81 HTTP/1.1\r\nHost: [::1]:81\r\n\r\n"));
}

#[derive(Default)]
struct Notes(Mutex<String>);

impl Observer for Notes {
    fn observe(&self, number: u64, event: &Event<'_>) {
        let mut notes = self.0.lock().unwrap();
        writeln!(notes, "{number} {event:?}").unwrap();
    }
}

/// A proxy's part is told apart, in order, and without the login, also where the proxy echoes none.
#[test]
fn an_observer_sees_the_proxy_and_no_login() {
    let http = [Act::Request, send(b"HTTP/1.1 200 OK\r\n\r\n"), send(HELLO), Act::Stall];
    let socks = [
        Act::Read(4),
        send(b"\x05\x02"),
        Act::Read(10),
        send(b"\x01\0"),
        Act::Read(16),
        send(b"\x05\0\0\x01\0\0\0\0\0\0"),
        send(HELLO),
        Act::Stall,
    ];
    let rows: [(&str, &[Act], &[&str]); 2] = [
        ("http", &http, &["Proxy(Said(Saying(\"CONNECT", "Basic {{auth.proxy}}", "Proxy(Heard("]),
        ("socks5h", &socks, &["\\x01\\x01{{auth.proxy}}\\x06{{auth.proxy}}", "Proxy(Body"]),
    ];
    for (scheme, script, inside) in rows {
        let proxy = server(script);
        let notes = Arc::new(Notes::default());
        let mut dialer = by_way_of(scheme, "u:canary@", proxy.addr());
        dialer.observer = Some(Arc::clone(&notes) as Arc<dyn Observer>);
        let mut wire = dialer.dial(&name()).unwrap();
        wire.line(100).unwrap();
        drop(wire);
        let told = notes.0.lock().unwrap().clone();
        let order = [
            &["1 Resolved", "1 Proxy(Connected"],
            inside,
            &["1 Connected { peer: Proxied", "1 Heard(", "1 Closed"],
        ]
        .concat();
        let mut rest = told.as_str();
        for part in order {
            let Some((_, behind)) = rest.split_once(part) else { panic!("{part} in {told}") };
            rest = behind;
        }
        assert!(!told.contains(CANARY) && !told.contains("dTpj"), "{told}");
        assert_eq!(told.matches("Closed").count(), 1);
    }
}

/// The environment's proxies serve others; those of this machine are dialled straight.
#[test]
fn the_environment_spares_this_machine() {
    let target = server(&[send(HELLO), Act::Close]);
    let mut dialer = Dialer::default();
    let lookup = |name: &str| (name == "ALL_PROXY").then(|| "http://nowhere.invalid:1".into());
    dialer.proxies = Proxies::from_environment(lookup).unwrap();
    assert_eq!(dialer.dial(&endpoint(target.addr())).unwrap().line(100).unwrap(), HELLO);
    let error = dialer.dial(&name()).unwrap_err();
    assert!(matches!(error, Error::Proxy { .. }), "{error:?}");
}

#[test]
fn a_password_can_be_masked() {
    let proxy: Proxy = "http://u:canary@proxy".parse().unwrap();
    assert_eq!(proxy.password().unwrap().reveal(), CANARY.as_bytes());
}
