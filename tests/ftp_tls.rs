//! FTP in clear, or not: AUTH TLS and PROT P, implicit TLS, sessions that are resumed, and what takes
//! TLS away. hostile.md rows 91 to 97, 122, 124 to 128, 133, 134; ftp-telnet.md sections 0 and 5 row 29.

use crate::ftp_support::{
    alice, content, dialogue, ftp, is_clean, mirror_back, over, said, said_of, site, site_with,
    strict, tree, with_password, words,
};
use crate::mail_support::{PASSWORD, no_canary};
use crate::support::{Folder, beside, own_address};
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::ftp::{Options, Server};

const TLS: [&str; 3] = ["--tls", "--cacert", "ca.pem"];

const FILES: [(&str, &[u8]); 3] = [("x", b"hello\n"), ("sub/y", b""), ("sub/z", &[5; 100_000])];

/// A site with AUTH TLS, or TLS from the first byte, and a folder with its authority.
fn secured(certificate: Certificate, change: impl FnOnce(&mut Options)) -> (Server, Folder) {
    let (authority, folder) = (Authority::new("ftp").unwrap(), Folder::new());
    folder.write("ca.pem", authority.pem());
    let server = site_with(&FILES, |options| {
        options.tls = Some(authority.server_config(certificate).unwrap());
        options.require_tls = true;
        change(options);
    });
    (server, folder)
}

/// Files, listings and uploads, all of them by TLS and each of a resumed session: `AUTH TLS` comes
/// first, nothing but it goes in clear.
#[test]
fn everything_goes_by_tls() {
    let certificates = [
        Certificate::Good,
        Certificate::Intermediate,
        Certificate::Tls12Only,
        Certificate::Tls13Only,
    ];
    let rows = certificates.into_iter().flat_map(|it| [(it.clone(), false), (it, true)]);
    beside(rows, |(certificate, implicit)| {
        let label = format!("{certificate:?} {implicit}");
        let (server, folder) = secured(certificate, |options| {
            options.implicit_tls = implicit;
            options.require_session_reuse = true;
        });
        let url = |path: &str| match implicit {
            true => alice(server.addr(), path).replace("ftp:", "ftps:"),
            false => alice(server.addr(), path),
        };
        let tls: &[&str] = if implicit { &TLS[1..] } else { &TLS };
        let ran = |said: &[&str]| with_password(&folder, &[said, tls].concat());
        let json = ran(&["get", &url("/x"), "-o", "x", "--json"]).done_in_silence().text();
        assert!(json.contains("\"tls\":\"TLSv1."), "{label}: {json}");
        assert_eq!(folder.read("x"), b"hello\n", "{label}");
        assert_eq!(ran(&["get", &url("/sub/y")]).done_in_silence().text(), "", "{label}");
        ran(&["put", "x", &url("/up")]).done_in_silence();
        folder.write("empty", "");
        ran(&["put", "empty", &url("/none")]).done_in_silence();
        assert_eq!(
            (server.file("up"), server.file("none")),
            (Some(b"hello\n".into()), Some(vec![]))
        );
        assert!(ran(&["ftp", "ls", &url("/sub/")]).done().text().lines().count() == 2, "{label}");
        ran(&["ftp", "mirror", &url("/"), "in"]).done();
        assert_eq!(tree(&folder.at("in")), tree(server.root()), "{label}");
        assert!(
            server.transfers().iter().all(|it| it.tls && it.code == 226),
            "{:?}",
            server.transfers()
        );
        let clear = server.commands().into_iter().filter(|command| !command.tls);
        let clear: Vec<_> = clear.map(|command| command.text()).collect();
        assert!(clear.iter().all(|line| line == "AUTH TLS"), "{label}: {clear:?}");
        assert_eq!(clear.is_empty(), implicit, "{label}");
        strict(&label, &server);
    });
}

/// ftp-telnet.md section 0: twelve transfers of one session, each of which must resume it. Servers
/// that give no new tickets on the data connection are no exception.
#[test]
fn sessions_are_resumed() {
    for (data_tickets, jobs) in [(true, "1"), (false, "1"), (true, "4")] {
        let (server, folder) = secured(Certificate::Good, |options| {
            (options.require_session_reuse, options.data_tickets) = (true, data_tickets);
        });
        std::fs::create_dir(folder.at("out")).unwrap();
        for nth in 0..12 {
            folder.write(&format!("out/f{nth}"), content(5000 + nth));
        }
        let url = alice(server.addr(), "/up/");
        let mirrored = ["ftp", "mirror", "-R", "out", &url, "--jobs", jobs];
        with_password(&folder, &[&mirrored[..], &TLS].concat()).done();
        let back = ["ftp", "mirror", &url, "back", "--jobs", jobs];
        with_password(&folder, &[&back[..], &TLS].concat()).done();
        assert!(tree(&folder.at("back")) == tree(&folder.at("out")));
        assert!(
            server.transfers().iter().all(|it| it.tls && it.resumed),
            "{:?}",
            server.transfers()
        );
        strict("resumed", &server);
    }
}

/// hostile.md rows 91 to 97: a certificate that is not this server's ends it, exit 4, before a word
/// of the login; `-k` warns.
#[test]
fn bad_certificates_are_refused() {
    let certificates = [
        Certificate::Expired,
        Certificate::NotYetValid,
        Certificate::WrongHost,
        Certificate::UnknownAuthority,
        Certificate::SelfSigned,
        Certificate::MissingIntermediate,
    ];
    beside(certificates, |certificate| {
        for implicit in [false, true] {
            let label = format!("{certificate:?} {implicit}");
            let (server, folder) =
                secured(certificate.clone(), |options| options.implicit_tls = implicit);
            let scheme = if implicit { "ftps" } else { "ftp" };
            let url = format!("{scheme}://alice@{}/x", server.addr());
            let tls: &[&str] = if implicit { &TLS[1..] } else { &TLS };
            let ran = with_password(&folder, &[&["get", &url, "-o", "x", "-v"], tls].concat());
            ran.failed(4, "");
            no_canary(&label, &ran, &folder);
            assert!(!folder.has("x") && said_of(&server, "USER").is_empty(), "{label}");
            let ran =
                with_password(&folder, &[&["get", &url, "-k"], &tls[..tls.len() - 2]].concat());
            assert!(ran.done().stderr.contains("warning"), "{label}: -k warns: {ran:?}");
        }
    });
}

/// hostile.md rows 122, 124 to 127, 133: who takes TLS away, before the login or behind it, gets
/// neither the password nor a file. ftp-telnet.md row 29.
#[test]
fn a_downgrade_is_refused() {
    let rows: [(&str, &str, &[i32]); 11] = [
        ("AUTH 500", "C: AUTH TLS\nS: 500 what\n", &[8]),
        ("AUTH 502", "C: AUTH TLS\nS: 502 not here\n", &[8]),
        ("AUTH 431", "C: AUTH TLS\nS: 431 not now\n", &[8]),
        ("AUTH 534", "C: AUTH TLS\nS: 534 no\n", &[8]),
        ("AUTH closes", "C: AUTH TLS\nS! close\n", &[3, 4, 5]),
        ("AUTH and more", "C: AUTH TLS\nS: 234 go\nS: 230 injected\n", &[5]),
        ("PBSZ 500", "C: PBSZ 0\nS: 500 what\n== more\nC: PROT P\nS: 503 PBSZ first\n", &[8]),
        ("PROT 534", "C: PROT P\nS: 534 no\n", &[8]),
        ("PROT 536", "C: PROT P\nS: 536 no\n", &[8]),
        ("PROT 504", "C: PROT P\nS: 504 no\n", &[8]),
        ("PROT 431", "C: PROT P\nS: 431 no\n", &[8]),
    ];
    let verbs: [(&str, &[&str]); 3] =
        [("/x", &["get"]), ("/", &["ftp", "ls"]), ("/up", &["put", "ca.pem"])];
    for (label, section, codes) in rows {
        for (path, verb) in verbs {
            let (server, folder) = secured(Certificate::Good, |options| {
                (options.require_tls, options.over) =
                    (false, Some(over(&format!("== no\n{section}"))));
            });
            let url = alice(server.addr(), path);
            let ran = with_password(&folder, &[verb, &[&url], &TLS].concat());
            assert!(
                ran.code.is_some_and(|code| codes.contains(&code)),
                "{label}: {ran:?}\n{:?}",
                said(&server)
            );
            assert_eq!((ran.text(), server.transfers()), (String::new(), vec![]), "{label}");
            let clear = server.commands().into_iter().filter(|it| !it.tls).map(|it| it.text());
            let is_bare =
                clear.into_iter().any(|line| line.starts_with("PASS") || line.starts_with("USER"));
            assert!(!is_bare, "{label}: {:?}", said(&server));
            no_canary(label, &ran, &folder);
        }
    }
}

/// hostile.md row 122: the data connection has to be the same server's; nothing goes to another.
#[test]
fn the_data_connection_is_judged_too() {
    for fault in ["wrong-host", "expired", "self-signed"] {
        let fixture = dialogue(&format!(
            "== x\nS: 220 hi\nC: AUTH TLS\nS: 234 go\nS! tls\nC: USER anonymous\nS: 230 in\n\
             C: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 200 ok\nC: FEAT\nS: 502 no\nC: TYPE I\nS: 200 ok\n\
             C: EPSV\nS: 229 fine (|||{{{{data:port=50000}}}}|)\nC: STOR x\nS: 150 go\nS/data! tls {fault}\n"
        ));
        let folder = Folder::new();
        folder.write("ca.pem", fixture.ca_pem());
        let url = ftp(fixture.addr(), "/x");
        let ran = words(&folder, &[&["put", "ca.pem", &url, "--direct"], &TLS[..]].concat());
        assert_eq!(ran.code, Some(4), "{fault}: {ran:?}");
        if let Err(failed) = fixture.finish() {
            panic!("{fault}: {failed}\n{ran:?}");
        }
    }
}

/// PROT P is not asked to be refused twice: a mirror stops as a whole.
#[test]
fn a_mirror_stops_where_data_would_be_clear() {
    let (server, folder) = secured(Certificate::Good, |options| {
        (options.require_tls, options.over) =
            (false, Some(over("== no @times *\nC: PROT P\nS: 536 no\n")));
    });
    let url = alice(server.addr(), "/");
    with_password(&folder, &[&["ftp", "mirror", &url, "in"][..], &TLS].concat()).failed(8, "");
    assert_eq!(server.transfers(), []);
    assert!(!folder.has("in/x"));
}

/// hostile.md row 133: a raw command cannot undo TLS.
#[test]
fn a_raw_command_does_not_undo_tls() {
    for said in [&["CCC"][..], &["PROT", "C"], &["prot", "c"], &["REIN"]] {
        let (server, folder) = secured(Certificate::Good, |_| {});
        let url = alice(server.addr(), "/");
        let quoted = [&["ftp", "quote"][..], &TLS, &[&url], said].concat();
        with_password(&folder, &quoted).failed(8, "");
        let verb = said[0].to_uppercase();
        assert!(
            !said_of(&server, &verb)
                .iter()
                .any(|line| line.to_uppercase() == said.join(" ").to_uppercase()),
            "{said:?}"
        );
    }
}

/// "In clear, or not": this machine and nobody's login are plain; `--tls` demands it anywhere.
#[test]
fn loopback_is_plain() {
    let (server, folder) = (site(&FILES), Folder::new());
    with_password(&folder, &["get", &alice(server.addr(), "/x"), "-o", "a"]).done_in_silence();
    words(&folder, &["get", &ftp(server.addr(), "/x"), "-o", "b"]).done_in_silence();
    assert_eq!(said_of(&server, "AUTH").len(), 0);
    for url in [alice(server.addr(), "/x"), ftp(server.addr(), "/x")] {
        with_password(&folder, &["get", &url, "--tls", "-o", "c"]).failed(8, "");
    }
    assert_eq!(folder.names(), ["a", "b"]);
    assert_eq!(
        words(&folder, &["get", &ftp(server.addr(), "/x"), "--tls", "--no-tls"]).code,
        Some(2)
    );
    let (server, folder) = secured(Certificate::Good, |_| {});
    let url = ftp(server.addr(), "/x");
    words(&folder, &[&["get", &url, "-o", "a"], &TLS[..]].concat()).done_in_silence();
    assert!(server.transfers().iter().all(|it| it.tls));
}

/// hostile.md row 134: to another machine no password goes in clear, unless that is typed; nobody's
/// login may. Each exit 8 names what to type.
#[test]
fn a_password_in_clear_is_for_this_machine() {
    let Some(ip) = own_address() else { return };
    let server = site_with(&FILES, |options| options.addr = (ip, 0).into());
    let folder = Folder::new();
    let fetch = |url: &str, more: &[&str]| {
        let ran = with_password(&folder, &[&["get", url, "-o", "x"], more].concat());
        no_canary("remote", &ran, &folder);
        ran
    };
    let url = alice(server.addr(), "/x");
    let refused = fetch(&url, &[]);
    refused.failed(8, "").hinted("--no-tls");
    refused.hinted("--allow-plaintext-auth");
    fetch(&url, &["--no-tls"]).failed(8, "").hinted("--allow-plaintext-auth");
    fetch(&url, &["--allow-plaintext-auth"]).failed(8, "");
    for verb in ["mirror", "ls", "rm"] {
        let target = if verb == "mirror" { &["in"][..] } else { &[] };
        with_password(&folder, &[&["ftp", verb, &url], target].concat()).failed(8, "");
    }
    folder.write("up", "x");
    with_password(&folder, &["put", "up", &url]).failed(8, "");
    assert_eq!((said_of(&server, "USER").len(), said_of(&server, "PASS").len()), (0, 0));
    fetch(&url, &["--no-tls", "--allow-plaintext-auth"]).done();
    assert_eq!(said_of(&server, "PASS"), [format!("PASS {PASSWORD}")]);
    fetch(&ftp(server.addr(), "/x"), &[]).done();
    fetch(&ftp(server.addr(), "/x"), &["--tls"]).failed(8, "");
    let authority = Authority::new("ftp").unwrap();
    folder.write("ca.pem", authority.pem());
    let server = site_with(&FILES, |options| {
        let certificate = Certificate::GoodFor(vec![ip.to_string()]);
        options.tls = Some(authority.server_config(certificate).unwrap());
        (options.addr, options.require_tls) = ((ip, 0).into(), true);
    });
    fetch(&alice(server.addr(), "/x"), &["--cacert", "ca.pem"]).done_in_silence();
    assert!(
        server.commands().iter().all(|it| it.tls || it.text() == "AUTH TLS"),
        "{:?}",
        said(&server)
    );
    strict("remote", &server);
}

/// TLS data that ends without its goodbye is no file: ftp-telnet.md row 27. What TLS carries can be
/// cut as any other.
#[test]
fn a_cut_by_tls_is_a_cut() {
    let rows: [(&str, &[i32]); 6] = [
        ("reset-5000", &[1, 3, 5]),
        ("drop-5000", &[3, 5]),
        ("cut-5000", &[5]),
        ("err426-5000", &[1, 5]),
        ("no226", &[3, 5, 6]),
        ("nodata", &[5]),
    ];
    for (name, codes) in rows {
        let (server, folder) = secured(Certificate::Good, |_| {});
        folder.write("old", "old");
        let url = alice(server.addr(), &format!("/{name}"));
        let ran = with_password(&folder, &[&["get", &url, "-o", "old"], &TLS[..]].concat());
        assert!(ran.code.is_some_and(|code| codes.contains(&code)), "{name}: {ran:?}");
        assert_eq!(folder.read("old"), b"old", "{name}");
        folder.write("up", content(300_000));
        let ran = with_password(&folder, &[&["put", "up", &url], &TLS[..]].concat());
        assert_ne!(ran.code, Some(0), "{name}: {ran:?}");
        assert!(
            server.root().join(name).symlink_metadata().is_err(),
            "{name}: a short file under the name"
        );
    }
}

/// Uploads by TLS go up as a tree, too: a mirror of nobody's.
#[test]
fn nobody_can_be_protected() {
    let (server, folder) = secured(Certificate::Good, |_| {});
    std::fs::create_dir(folder.at("out")).unwrap();
    folder.write("out/new", content(50_000));
    mirror_back(&folder, &server, "/up/", &TLS).done();
    assert!(server.file("up/new") == Some(content(50_000)));
    assert!(server.transfers().iter().all(|it| it.tls));
    is_clean("nobody", server.root());
    strict("nobody", &server);
}

/// A password that is wrong: exit 1, and it is nowhere.
#[test]
fn a_wrong_password_is_nowhere() {
    let (server, folder) = secured(Certificate::Good, |options| {
        options.login = Some(("alice".into(), "other".into()));
    });
    for more in [&[][..], &["-v"], &["--record", "a.wire"], &["--json", "-o", "x"]] {
        let url = alice(server.addr(), "/x");
        let ran = with_password(&folder, &[&["get", &url], &TLS[..], more].concat());
        ran.failed(1, "");
        no_canary("wrong", &ran, &folder);
    }
}
