//! `https`: whom we trust, what a bad certificate costs, and where an encrypted body ends.
//! hostile.md section 2.4.

use crate::support::{Folder, Ran, answer, cut, run, scripts, server, wireline};
use std::sync::Arc;
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::raw::{Act, Server};
use wireline_servers::{Link, LinkOptions, http};

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";

/// An authority, its certificate in `ca.pem` of a folder, and another one's in `other.pem`.
fn authority() -> (Authority, Folder) {
    let (authority, folder) = (Authority::new("e2e root").unwrap(), Folder::new());
    folder.write("ca.pem", authority.pem());
    folder.write("other.pem", Authority::new("another root").unwrap().pem());
    (authority, folder)
}

fn tls(authority: &Authority, certificate: Certificate, script: Vec<Act>) -> Server {
    Server::start_tls(authority.server_config(certificate).unwrap(), vec![script]).unwrap()
}

fn at(host: &str, server: &Server) -> String {
    format!("https://{host}:{}/", server.addr().port())
}

/// hostile.md rows 91 to 110: refused in words, and not a byte of the request was sent.
#[test]
fn a_bad_certificate_gets_no_request() {
    use Certificate as C;
    let (authority, folder) = authority();
    let rows = [
        ("row 91", C::Expired, "localhost", "it has expired"),
        ("row 92", C::NotYetValid, "localhost", "it is not valid yet"),
        ("row 93", C::WrongHost, "localhost", "it is for another host"),
        ("row 93, an address", C::WrongHost, "127.0.0.1", "it is for another host"),
        ("row 94", C::CommonNameOnly, "localhost", "it is for another host"),
        ("row 95", C::UnknownAuthority, "localhost", ""),
        ("row 96", C::SelfSigned, "localhost", "it is not signed by a trusted authority"),
        ("row 97", C::MissingIntermediate, "localhost", "it is not signed by a trusted authority"),
        ("row 101", C::ClientAuthOnly, "localhost", "it is not meant for servers"),
        ("row 102", C::AuthorityAsLeaf, "localhost", "it is an authority's, not a server's"),
        ("row 103", C::IssuedByLeaf, "localhost", ""),
        ("row 104", C::PathTooLong, "localhost", ""),
        ("row 105", C::NameConstrained, "localhost", ""),
        ("row 106", C::UnknownCriticalExtension, "localhost", "unknown critical extension"),
        ("row 108, *", C::Wildcard, "localhost", ""),
        ("row 108, *.tld", C::WildcardTopLevel, "x.localhost", ""),
        ("row 109", C::DnsOnly, "127.0.0.1", "it is for another host"),
        ("row 110", C::NulInName, "localhost", ""),
    ];
    let mut unclear = Vec::new();
    for (label, certificate, host, why) in rows {
        let server = tls(&authority, certificate, answer(PAGE));
        let resolve = format!("{host}:{}:127.0.0.1", server.addr().port());
        let words =
            ["get", &at(host, &server), "-o", "page", "--cacert", "ca.pem", "-u", "a:canary"];
        let ran = folder.wireline(&[&words[..], &["-q", "--resolve", &resolve]].concat());
        assert_eq!(ran.code, Some(4), "{label}: {ran:?}");
        ran.failed(4, "the certificate is not accepted");
        let types = ["Context {", "Other(", "Error("].iter().any(|part| ran.stderr.contains(part));
        if types || !ran.stderr.contains(why) {
            unclear.push((label, ran.stderr));
        }
        assert_eq!(server.received_in_all(0).as_deref(), Some(&b""[..]), "{label}");
        assert!(!folder.has("page"), "{label}");
    }
    assert!(unclear.is_empty(), "in words a user can act on: {unclear:#?}");
}

/// hostile.md row 109 and the certificates that are good, in both versions of TLS.
#[test]
fn a_good_certificate_is_accepted() {
    use Certificate as C;
    let (authority, folder) = authority();
    let rows = [
        (C::Good, "localhost", "TLSv1.3"),
        (C::Good, "127.0.0.1", "TLSv1.3"),
        (C::Good, "LOCALHOST", "TLSv1.3"),
        (C::Good, "localhost.", "TLSv1.3"),
        (C::Intermediate, "localhost", "TLSv1.3"),
        (C::Tls12Only, "localhost", "TLSv1.2"),
        (C::Tls13Only, "localhost", "TLSv1.3"),
        (C::GoodFor(vec!["www.example.test".to_owned()]), "www.example.test", "TLSv1.3"),
    ];
    for (certificate, host, version) in rows {
        let server = tls(&authority, certificate, answer(PAGE));
        let resolve = format!("{host}:{}:127.0.0.1", server.addr().port());
        let words = ["get", &at(host, &server), "-o", "page", "--cacert", "ca.pem", "--json"];
        let ran = folder.wireline(&[&words[..], &["--resolve", &resolve]].concat());
        let json: serde_json::Value =
            serde_json::from_slice(&ran.done_in_silence().stdout).unwrap();
        assert_eq!(json["tls"], version, "{host}");
        assert_eq!(folder.read("page"), b"ab");
    }
}

/// Which roots count: `--cacert` and `SSL_CERT_FILE` replace the built-in ones, `--add-ca` adds.
#[test]
fn roots_are_chosen_by_option_and_environment() {
    let (authority, folder) = authority();
    let server = tls(&authority, Certificate::Good, answer(PAGE));
    let get = |environment: &str, more: &[&str]| -> Ran {
        let mut command = wireline();
        command.current_dir(folder.path()).args(["get", &at("localhost", &server)]).args(more);
        if !environment.is_empty() {
            command.env("SSL_CERT_FILE", environment);
        }
        run(&mut command)
    };
    let rows: &[(&str, &[&str], bool)] = &[
        ("", &[], false),
        ("", &["--cacert", "ca.pem"], true),
        ("", &["--cacert", "other.pem"], false),
        ("", &["--cacert", "other.pem", "--cacert", "ca.pem"], true),
        ("", &["--add-ca", "ca.pem"], true),
        ("", &["--cacert", "other.pem", "--add-ca", "ca.pem"], true),
        ("ca.pem", &[], true),
        ("other.pem", &[], false),
        ("ca.pem", &["--cacert", "other.pem"], false),
        ("other.pem", &["--add-ca", "ca.pem"], true),
        ("", &["--system-roots"], false),
        ("", &["--system-roots", "--cacert", "ca.pem"], true),
    ];
    for (environment, options, good) in rows {
        let ran = get(environment, options);
        match good {
            true => assert_eq!(ran.done_in_silence().stdout, b"ab"),
            false => {
                let ran = ran.failed_in_one_line(4, "it is not signed by a trusted authority");
                ran.hinted("--cacert");
            }
        }
    }
    folder.write("none.pem", "hello\n");
    get("", &["--cacert", "none.pem"]).failed_in_one_line(2, "there is no PEM certificate in it");
    // A missing file is a local failure, as it is for --password-file and -d @FILE.
    get("", &["--cacert", "missing.pem"]).failed_in_one_line(7, "missing.pem");
    get("missing.pem", &[]).failed_in_one_line(7, "missing.pem");
}

/// hostile.md row 120: `-k` warns every time.
#[test]
fn insecure_accepts_and_warns() {
    use Certificate as C;
    let (authority, folder) = authority();
    for certificate in
        [C::Expired, C::WrongHost, C::SelfSigned, C::UnknownAuthority, C::AuthorityAsLeaf]
    {
        let server = tls(&authority, certificate, answer(PAGE));
        for option in ["-k", "--insecure", "-kq", "-ks"] {
            let ran = folder.wireline(&["get", &at("localhost", &server), option]);
            assert_eq!(ran.done().stdout, b"ab");
            assert!(ran.stderr.starts_with("wireline: warning: --insecure"), "{option}: {ran:?}");
        }
    }
}

/// hostile.md row 120: it holds for the origins that were typed, not for where a redirect leads.
#[test]
fn insecure_does_not_follow_a_redirect() {
    let (authority, folder) = authority();
    let there = tls(&authority, Certificate::SelfSigned, answer(PAGE));
    let to = at("localhost", &there);
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    let here = tls(&authority, Certificate::SelfSigned, answer(redirect));
    let ran = folder.wireline(&["get", "-k", &at("localhost", &here), "-o", "page"]);
    ran.failed(4, "the certificate is not accepted");
    assert_eq!(there.received_in_all(0).as_deref(), Some(&b""[..]));
    folder.wireline(&["get", "-k", &at("localhost", &here), &to, "-o", "1", "-o", "2"]).done();
    assert_eq!(folder.read("1"), b"ab", "both were typed");
}

/// hostile.md row 117: without a goodbye only what says its own length is whole.
#[test]
fn an_end_without_a_goodbye_is_whole_when_the_length_is_known() {
    use Certificate as C;
    let rows = [
        ("Content-Length: 2\r\n\r\nab", Act::Cut, Ok("ab")),
        ("Content-Length: 2\r\n\r\nab", Act::Close, Ok("ab")),
        ("Content-Length: 3\r\n\r\nab", Act::Cut, Err(5)),
        ("Content-Length: 3\r\n\r\nab", Act::Close, Err(5)),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", Act::Cut, Ok("ab")),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", Act::Cut, Err(5)),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", Act::Close, Err(5)),
        ("A: b\r\n\r\nab", Act::Close, Ok("ab")),
        ("A: b\r\n\r\nab", Act::Cut, Err(5)),
        ("A: b\r\n", Act::Cut, Err(5)),
        ("A: b\r\n", Act::Close, Err(5)),
    ];
    let (authority, folder) = authority();
    for certificate in [C::Tls12Only, C::Tls13Only] {
        for (rest, end, wanted) in &rows {
            let bytes = format!("HTTP/1.1 200 OK\r\n{rest}");
            let script = vec![Act::Request, Act::Send(bytes.into_bytes()), end.clone()];
            let server = tls(&authority, certificate.clone(), script);
            let link = LinkOptions { split: Some(5), ..LinkOptions::default() };
            let link = Link::start(server.addr(), link).unwrap();
            for port in [server.addr().port(), link.addr().port()] {
                folder.write("page", "old");
                let address = format!("https://localhost:{port}/");
                let ran = folder.wireline(&["get", &address, "-o", "page", "--cacert", "ca.pem"]);
                let label = format!("{rest:?} {end:?}");
                match wanted {
                    Ok(body) => assert_eq!(ran.done_in_silence().code, Some(0), "{label} {body}"),
                    Err(code) => drop(ran.failed_in_one_line(*code, "cut short")),
                }
                let left = wanted.unwrap_or("old");
                assert_eq!(folder.read("page"), left.as_bytes(), "{label}");
                assert!(!folder.has(".page.part"), "{label}");
            }
        }
    }
}

/// hostile.md row 114: a peer that speaks in clear is named as such, and so are those that leave.
#[test]
fn a_peer_without_tls_is_named() {
    let folder = Folder::new();
    let rows = [
        ("row 114: HTTP", vec![Act::Send(PAGE.into())], "does not speak TLS"),
        (
            "row 114: HTTP, after we spoke",
            vec![Act::Read(5), Act::Send(PAGE.into())],
            "does not speak TLS",
        ),
        (
            "row 114: SMTP",
            vec![Act::Send(b"220 mx ESMTP\r\n".to_vec()), Act::Stall],
            "does not speak TLS",
        ),
        ("leaves", vec![Act::Read(5), Act::Close], "left during the TLS handshake"),
        ("resets", vec![Act::Read(5), Act::Reset], "left during the TLS handshake"),
        (
            "cut in a record",
            vec![Act::Read(5), Act::Send(b"\x16\x03\x03\x00\x7a\x02".to_vec())],
            "left during the TLS handshake",
        ),
        (
            "alert",
            vec![Act::Read(5), Act::Send(b"\x15\x03\x03\x00\x02\x02\x28".to_vec())],
            "refused the handshake (handshake failure)",
        ),
    ];
    for (label, script, why) in rows {
        let server = scripts(vec![script]);
        let address = format!("https://localhost:{}/", server.addr().port());
        let ran = folder.wireline(&["get", &address, "-o", "page", "--timeout", "5"]);
        ran.failed_in_one_line(4, why);
        if label.contains("114") {
            ran.hinted("use http://");
        }
        assert!(folder.names().is_empty(), "{label}");
    }
}

/// Large bodies, both codings, over TLS and a line that splits: the same bytes as in clear.
#[test]
fn a_body_over_tls_is_the_same() {
    let (authority, folder) = authority();
    let config = authority.server_config(Certificate::Good).unwrap();
    let options = http::Options { tls: Some(Arc::clone(&config)), ..http::Options::default() };
    let (secure, clear) = (http::Server::start(options).unwrap(), server());
    let link = LinkOptions { split: Some(1000), ..LinkOptions::default() };
    let link = Link::start(secure.addr(), link).unwrap();
    for path in ["/bytes/300000", "/chunked/300000?chunk=777", "/close/300000"] {
        folder.wireline(&["get", "-q", &clear.url(path), "-o", "clear"]).done();
        let through = format!("https://localhost:{}{path}", link.addr().port());
        for address in [secure.url(path), through] {
            folder.wireline(&["get", &address, "--cacert", "ca.pem", "-o", "secure"]).done();
            assert_eq!(folder.read("secure").len(), 300_000);
            assert!(folder.read("secure") == folder.read("clear"), "{address}");
        }
    }
    let (one, two) = (secure.url("/bytes/9"), secure.url("/bytes/10"));
    let before = secure.connections();
    folder.wireline(&["get", &one, &two, "--cacert", "ca.pem"]).done();
    assert_eq!(secure.connections(), before + 1, "kept");
}

/// A redirect from https to http is refused, whatever it would carry.
#[test]
fn a_redirect_into_the_clear_is_refused() {
    let (authority, folder) = authority();
    let clear = server();
    let to = clear.url("/echo");
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    let secure = tls(&authority, Certificate::Good, cut(redirect));
    // hostile.md row 138
    for more in [&[][..], &["-k"]] {
        let words = ["get", &at("localhost", &secure), "--cacert", "ca.pem", "-o", "page"];
        let ran = folder.wireline(&[&words[..], more].concat());
        ran.failed(8, &to).hinted("ask for that URL yourself");
    }
    assert_eq!((clear.connections(), folder.has("page")), (0, false));
}
