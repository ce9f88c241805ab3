//! `-v` and `--record` of FTP: what they print passes `check`, serves the client that made it, and
//! holds no secret.

use crate::ftp_support::{
    alice, content, ftp, site, site_with, tree, with_password, words, words_in,
};
use crate::mail_support::{PASSWORD, no_canary};
use crate::support::{Folder, run};
use wireline_servers::ca::{Authority, Certificate};
use wireline_servers::ftp::{Extensions, Server};

const FILES: [(&str, &[u8]); 4] = [
    ("x", b"hello\nworld\n"),
    ("sub/y", b""),
    ("sub/z.bin", &[0, 255, 13, 10, 0]),
    ("sub/deep/t", b"1"),
];

/// The transcript of `-v`: what is no line of ours.
fn transcript(stderr: &str) -> String {
    let ours = |line: &&str| !line.starts_with("wireline: ") && !line.starts_with("  hint: ");
    stderr.lines().filter(ours).map(|line| format!("{line}\n")).collect()
}

/// Each command, without the option that records; `URL` is the server's, as `alice`.
const COMMANDS: [&[&str]; 14] = [
    &["get", "URL/x"],
    &["get", "URL/x", "-o", "out"],
    &["get", "URL/sub/"],
    &["get", "URL/x", "-I"],
    &["get", "URL/x", "--active"],
    &["get", "URL/none"],
    &["put", "up", "URL/up"],
    &["put", "up", "URL/up", "--direct", "--active"],
    &["put", "up", "URL/x", "-a"],
    &["ftp", "ls", "URL/sub/"],
    &["ftp", "ls", "-R", "URL/"],
    &["ftp", "mirror", "URL/", "in"],
    &["ftp", "mkdir", "URL/new"],
    &["ftp", "stat", "URL/x"],
];

fn at(command: &[&str], url: &str) -> Vec<String> {
    command.iter().map(|word| word.replace("URL", url)).collect()
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("up", content(5000));
    folder
}

fn ran(folder: &Folder, server: &Server, command: &[&str], more: &[&str]) -> crate::support::Ran {
    let url = alice(server.addr(), "");
    let said = at(command, &url);
    let said: Vec<&str> = said.iter().map(String::as_str).chain(more.iter().copied()).collect();
    with_password(folder, &said)
}

/// What `-v` prints is a transcript that passes `check`, with its data connections; files are
/// shortened, listings are not.
#[test]
fn verbose_is_a_transcript() {
    for command in COMMANDS {
        let (server, folder) = (site(&FILES), folder());
        let ran = ran(&folder, &server, command, &["-v"]);
        no_canary("verbose", &ran, &Folder::new());
        let text = transcript(&ran.stderr);
        folder.write("v.wire", &text);
        let checked = folder.wireline(&["check", "v.wire"]);
        assert_eq!(checked.code, Some(0), "{command:?}: {checked:?}\n{text}");
        assert!(text.contains("@protocol ftp\n") && text.contains("C: PASS {{pass}}\n"), "{text}");
        assert!(!text.contains("hello"), "{command:?}: a file is not for the eye: {text}");
        if command.contains(&"URL/sub/") {
            assert!(text.contains("S/data: ") && text.contains(" z.bin\n"), "{text}");
        }
    }
}

/// A recording passes `check`, is canonical, and serves the same client again, which does the same.
#[test]
fn a_recording_serves_the_client_that_made_it() {
    let mut wrong = Vec::new();
    for extensions in [Extensions::default(), Extensions::none()] {
        for command in COMMANDS {
            let server = site_with(&FILES, |options| options.extensions = extensions.clone());
            if let Err(why) = again(&server, command) {
                wrong.push(format!("{command:?}, MLST {}: {why}", extensions.mlst));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Records it, checks what was recorded, and runs it again with that as its server.
fn again(server: &Server, command: &[&str]) -> Result<(), String> {
    let (first, second) = (folder(), folder());
    let made = ran(&first, server, command, &["--record", "a.wire"]);
    no_canary("record", &made, &Folder::new());
    let leaks = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains(PASSWORD);
    assert!(!tree(first.path()).values().any(leaks), "{command:?}");
    let text = String::from_utf8_lossy(&first.read("a.wire")).into_owned();
    for check in [&["check", "a.wire"][..], &["fmt", "--check", "a.wire"]] {
        let checked = first.wireline(check);
        if checked.code != Some(0) {
            return Err(format!("{check:?}: {}\n{text}", checked.stderr));
        }
    }
    // In a folder of its own, beside what it needs.
    for name in first.names().iter().filter(|name| name.starts_with("a.")) {
        second.write(name, first.read(name));
    }
    let said = at(command, "ftp://alice@$WIRELINE_ADDR");
    let line = format!("\"$W\" {} > printed; test $? = {}", said.join(" "), made.code.unwrap());
    let mut again = words_in(second.path(), &["serve", "a.wire", "--", "/bin/sh", "-c", &line]);
    again.env("WIRELINE_PASSWORD", PASSWORD).env("W", env!("CARGO_BIN_EXE_wireline"));
    let replayed = run(&mut again);
    if replayed.code != Some(0) {
        return Err(format!("replayed: {}\n{text}", replayed.stderr));
    }
    let files = |folder: &Folder| {
        let mut found = tree(folder.path());
        found.retain(|name, _| !name.starts_with("a.") && name != "printed");
        found
    };
    if second.read("printed") != made.stdout || files(&first) != files(&second) {
        return Err(format!("another outcome: {:?}", files(&second).keys()));
    }
    Ok(())
}

/// By TLS, too: the handshakes of both connections are written down.
#[test]
fn a_recording_of_tls_serves_the_client_that_made_it() {
    for implicit in [false, true] {
        for command in [
            &["get", "URL/x", "-o", "out"][..],
            &["ftp", "ls", "URL/sub/"],
            &["put", "up", "URL/up"],
        ] {
            let (authority, folder) = (Authority::new("ftp").unwrap(), folder());
            folder.write("ca.pem", authority.pem());
            let server = site_with(&FILES, |options| {
                options.tls = Some(authority.server_config(Certificate::Good).unwrap());
                (options.implicit_tls, options.require_tls) = (implicit, true);
            });
            let scheme = if implicit { "ftps" } else { "ftp" };
            let tls: &[&str] = if implicit { &[] } else { &["--tls"] };
            let said = at(command, &format!("{scheme}://alice@{}", server.addr()));
            let said: Vec<&str> = said.iter().map(String::as_str).collect();
            let more = [tls, &["--cacert", "ca.pem", "--record", "a.wire"]].concat();
            let made = with_password(&folder, &[&said[..], &more].concat());
            no_canary("tls", made.done(), &folder);
            let text = String::from_utf8_lossy(&folder.read("a.wire")).into_owned();
            assert!(text.contains("S! tls\n") && text.contains("S/data! tls\n"), "{text}");
            folder.wireline(&["check", "a.wire"]).done();
            let said = at(command, &format!("{scheme}://alice@$WIRELINE_ADDR")).join(" ");
            let line =
                format!("\"$W\" {said} {} --cacert \"$WIRELINE_CA\" > printed", tls.join(" "));
            let mut again =
                words_in(folder.path(), &["serve", "a.wire", "--", "/bin/sh", "-c", &line]);
            again.env("WIRELINE_PASSWORD", PASSWORD).env("W", env!("CARGO_BIN_EXE_wireline"));
            let replayed = run(&mut again);
            assert_eq!(replayed.code, Some(0), "{command:?}: {replayed:?}\n{text}");
            assert_eq!(folder.read("printed"), made.stdout, "{command:?}");
        }
    }
}

/// Row 150: wherever the password was typed and however it goes wrong, it is nowhere to be read.
#[test]
fn no_secret_is_shown() {
    let (server, folder) = (site(&FILES), folder());
    folder.write("pass", format!("{PASSWORD}\n"));
    let plain = ftp(server.addr(), "");
    let with = |user: &str| plain.replace("ftp://", &format!("ftp://{user}@"));
    let typed = with(&format!("alice:{PASSWORD}"));
    let logins: [(&str, &[&str]); 3] = [
        (&typed, &[]),
        (&plain, &["-u", &format!("alice:{PASSWORD}")]),
        (&with("alice"), &["--password-file", "pass"]),
    ];
    for (url, login) in logins {
        for (path, more) in [
            ("/x", &["-o", "out"][..]),
            ("/x", &["-v"]),
            ("/none", &["-v"]),
            ("/x", &["-o", "out", "--json"]),
            ("/none", &["-o", "none", "--json"]),
            ("/cut-5", &["-o", "cut"]),
            ("/x", &["--record", "a.wire"]),
            ("/drop-500", &["-o", "dropped"]),
        ] {
            let path = format!("{url}{path}");
            let ran = words(&folder, &[&["get", &path], login, more].concat());
            no_canary(&format!("{login:?} {path} {more:?}"), &ran, &folder);
            assert!(ran.code.is_some_and(|code| [0, 1, 3, 5].contains(&code)), "{ran:?}");
            let warns = ran.stderr.contains("warning");
            assert_eq!(warns, url == typed || login.contains(&"-u"), "{login:?}: {ran:?}");
        }
    }
    let logged =
        server.commands().iter().filter(|it| it.text() == format!("PASS {PASSWORD}")).count();
    assert_eq!(logged, 24);
}

/// A failure is recorded up to its end, and a recording that cannot be written is exit 7 before
/// anything is fetched.
#[test]
fn failures_are_recorded_too() {
    let (server, folder) = (site(&FILES), folder());
    let url = |path: &str| ftp(server.addr(), path);
    words(&folder, &["get", &url("/drop-50"), "-o", "x", "--record", "a.wire"]);
    let text = String::from_utf8(folder.read("a.wire")).unwrap();
    assert!(text.contains("C: RETR drop-50\nS: 150"), "{text}");
    folder.wireline(&["check", "a.wire"]).done();
    let before = server.connections();
    words(&folder, &["get", &url("/x"), "--record", "missing/a.wire"]).failed(7, "");
    words(&folder, &["put", "up", &url("/x"), "--record", "missing/a.wire"]).failed(7, "");
    assert_eq!(server.connections(), before);
}
