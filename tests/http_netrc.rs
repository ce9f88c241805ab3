//! `--netrc` and `--netrc-file`: which entry is used, and which file is not. hostile.md rows 27, 90
//! and 144 to 146.

use crate::http_support::{escaped, has, heads, none_wrong, private, value};
use crate::support::{Folder, Ran, run, server, wireline};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

fn get(folder: &Folder, address: &str, more: &[&str]) -> Ran {
    folder.wireline(&[&["get", "-q", address][..], more].concat())
}

/// `alice:wonderland`
const BASIC: &str = "Basic YWxpY2U6d29uZGVybGFuZA==";

/// `-n` and `--netrc-file`: the entry of the host, its `default`, and what has to be quoted.
#[test]
fn netrc_gives_the_login() {
    let rows = [
        ("machine 127.0.0.1 login alice password wonderland", true),
        ("machine 127.0.0.1\n\tlogin alice\n\tpassword wonderland\n", true),
        (
            "machine h.test login eve password x\nmachine 127.0.0.1 login alice password wonderland",
            true,
        ),
        ("default login alice password wonderland", true),
        ("machine h.test login eve password x\ndefault login alice password wonderland", true),
        ("machine 127.0.0.1 login alice account x password wonderland", true),
        ("# a note\nmachine 127.0.0.1 login alice password wonderland\n", true),
        ("machine 127.0.0.1 login alice password \"wonderland\"\n", true),
        ("machine 127.0.0.1 login alice password wonderland\nmacdef init\ncd /x\n\n", true),
        ("machine h.test login alice password wonderland", false),
        ("machine 127.0.0.10 login alice password wonderland", false),
        ("machine 127.0.0 login alice password wonderland", false),
        ("", false),
    ];
    let mut wrong = Vec::new();
    for (text, found) in rows {
        for home in [false, true] {
            let (server, folder) = (server(), Folder::new());
            private(&folder, ".netrc", text);
            let mut command = wireline();
            command.current_dir(folder.path()).args(["get", "-q", &server.url("/auth/basic")]);
            match home {
                true => command.env("HOME", folder.path()).arg("-n"),
                false => command.args(["--netrc-file", ".netrc"]),
            };
            let ran = run(&mut command);
            let code = if found { 0 } else { 1 };
            if ran.code != Some(code) || (!found && heads(&server)[0].contains("Basic")) {
                wrong.push((text, home, ran));
            }
        }
    }
    none_wrong(&wrong);
    // Digest by netrc; and nothing is read that was not asked for.
    let (server, folder) = (server(), Folder::new());
    private(&folder, ".netrc", "default login alice password wonderland");
    let words = ["--netrc-file", ".netrc", "--digest"];
    get(&folder, &server.url("/auth/digest"), &words).done();
    let mut command = wireline();
    command.current_dir(folder.path()).env("HOME", folder.path());
    run(command.args(["get", "-q", &server.url("/auth/basic")])).failed(1, "401");
    get(&folder, &server.url("/auth/basic"), &["--netrc-file", "missing"]).failed(7, "missing");
}

/// hostile.md rows 144 and 146: a name of one entry and a password of another are no login.
#[test]
fn entries_of_a_netrc_are_not_mixed() {
    let rows: &[(&str, &str, &[&str])] = &[
        (
            "a user of the URL without an entry",
            "machine ADDR login bob password c4nary",
            &["U", "carol"],
        ),
        ("-u without an entry", "machine ADDR login bob password c4nary", &["-u", "carol"]),
        ("another case", "machine ADDR login bob password c4nary", &["-u", "Bob"]),
        (
            "default without a password",
            "machine h.test login bob password c4nary\ndefault login alice",
            &[],
        ),
        ("default for another user", "default login bob password c4nary", &["-u", "carol"]),
        (
            "an entry without a password",
            "machine ADDR login alice\nmachine h.test login alice password c4nary",
            &[],
        ),
        (
            "an entry without a password, and default",
            "machine ADDR login alice\ndefault login bob password c4nary",
            &[],
        ),
        (
            "an entry without a login, and default",
            "machine ADDR password c4nary\ndefault login bob password x",
            &["-u", "bob"],
        ),
    ];
    let mut wrong = Vec::new();
    for (label, text, words) in rows {
        let (server, folder) = (server(), Folder::new());
        private(&folder, "netrc", &text.replace("ADDR", "127.0.0.1"));
        let address = server.url("/auth/basic");
        let (address, words) = match words {
            ["U", user] => (address.replace("://", &format!("://{user}@")), &[][..]),
            words => (address, *words),
        };
        let ran = get(&folder, &address, &[&["--netrc-file", "netrc"][..], words].concat());
        // base64 of `c4nary` behind any name, in each of its three places.
        let spells = ["c4nary", "YzRuYXJ5", "M0bmFye", "jNG5hcn"];
        let sent = heads(&server).concat();
        if spells.iter().any(|spell| sent.contains(spell)) || ran.code == Some(0) {
            wrong.push((label, sent, ran));
        }
    }
    none_wrong(&wrong);
    // Of two entries for a host the name decides.
    let (server, folder) = (server(), Folder::new());
    let two = "machine 127.0.0.1 login bob password x\nmachine 127.0.0.1 login alice password wonderland\n";
    private(&folder, "netrc", two);
    let words = ["--netrc-file", "netrc", "-u", "alice"];
    get(&folder, &server.url("/auth/basic"), &words).done();
    // What was typed comes first.
    private(&folder, "netrc", "default login alice password wrong\n");
    let words = ["--netrc-file", "netrc", "-u", "alice:wonderland"];
    get(&folder, &server.url("/auth/basic"), &words).done();
}

/// hostile.md row 144: the host a redirect names gets nothing from the netrc either.
#[test]
fn a_netrc_is_not_asked_for_a_redirect() {
    let (here, there, folder) = (server(), server(), Folder::new());
    let text = "machine 127.0.0.1 login alice password wonderland\n\
                machine localhost login alice\ndefault login alice password wonderland\n";
    private(&folder, "netrc", text);
    for host in ["127.0.0.1", "localhost"] {
        let to = there.url("/auth/basic").replace("127.0.0.1", host);
        let address = here.url(&format!("/redirect/302?to={}", escaped(to)));
        get(&folder, &address, &["--netrc-file", "netrc"]).failed(1, "401");
    }
    assert!(heads(&there).iter().all(|head| !has(head, "Authorization")));
    assert!(heads(&here).iter().all(|head| value(head, "Authorization") == BASIC));
}

/// hostile.md row 145: a netrc that others can read is not used, and not for anything.
#[test]
fn a_netrc_that_others_can_read_is_refused() {
    let server = server();
    for mode in [0o640, 0o604, 0o644, 0o660, 0o666, 0o620] {
        let folder = Folder::new();
        private(&folder, "netrc", "default login alice password wonderland\n");
        fs::set_permissions(folder.at("netrc"), Permissions::from_mode(mode)).unwrap();
        let ran = get(&folder, &server.url("/auth/basic"), &["--netrc-file", "netrc"]);
        if mode & 0o044 != 0 {
            ran.failed(8, "netrc");
            assert!(!ran.stderr.contains("wonderland"), "{ran:?}");
        }
        let mut command = wireline();
        fs::rename(folder.at("netrc"), folder.at(".netrc")).unwrap();
        command.env("HOME", folder.path()).args(["get", "-q", "-n", &server.url("/auth/basic")]);
        let ran = run(&mut command);
        assert!(mode & 0o044 == 0 || ran.code == Some(8), "{mode:o}: {ran:?}");
    }
    assert!(heads(&server).len() <= 2, "{:?}", heads(&server));
}

/// hostile.md rows 27, 144: an odd netrc is named, or what it says is used; nothing breaks.
#[test]
fn an_odd_netrc_does_no_harm() {
    let rows: &[&[u8]] = &[
        b"machine",
        b"machine 127.0.0.1 login",
        b"login alice password wonderland",
        b"machine 127.0.0.1 login alice password \"wonder",
        b"machine 127.0.0.1 login al\0ice password wonderland",
        b"machine 127.0.0.1 login alice password \"a\r\nb\"",
        b"machine 127.0.0.1 login \xff\xfe password \xff",
        b"macdef x",
        b"default default default",
    ];
    for text in rows {
        let (server, folder) = (server(), Folder::new());
        private(&folder, "netrc", "");
        folder.write("netrc", text);
        let ran = get(&folder, &server.url("/auth/basic"), &["--netrc-file", "netrc"]);
        let shown: Vec<_> = text.iter().take(60).collect();
        assert!(matches!(ran.code, Some(1 | 2 | 7)), "{shown:?}: {ran:?}");
        assert!(
            ran.stderr.starts_with("wireline: ") && !ran.stderr.contains("panicked"),
            "{ran:?}"
        );
        assert!(ran.stderr.len() < 1000, "{} bytes", ran.stderr.len());
    }
}

/// hostile.md row 90: a netrc has at most 128 KiB, and what it is refused for takes no time.
#[test]
fn a_large_netrc_is_refused() {
    let (server, folder) = (server(), Folder::new());
    let password = "x".repeat(1 << 20);
    private(&folder, "netrc", &format!("machine 127.0.0.1 login alice password {password}\n"));
    let ran = get(&folder, &server.url("/auth/basic"), &["--netrc-file", "netrc"]);
    ran.failed(7, "netrc");
    assert!(ran.stderr.len() < 1000 && server.connections() == 0, "{} bytes", ran.stderr.len());
}

/// hostile.md row 145: what a link or another's file says may not be ours.
#[test]
fn a_netrc_behind_a_link_is_judged_by_what_it_is() {
    let (server, folder) = (server(), Folder::new());
    folder.write("open", "default login alice password wonderland\n");
    symlink(folder.at("open"), folder.at("netrc")).unwrap();
    fs::set_permissions(folder.at("open"), Permissions::from_mode(0o644)).unwrap();
    get(&folder, &server.url("/auth/basic"), &["--netrc-file", "netrc"]).failed(8, "netrc");
    assert_eq!(server.connections(), 0);
}
