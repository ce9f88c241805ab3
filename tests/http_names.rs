//! Where a body goes: names of the server's choice made safe (RFC 6266), folders, and files that
//! are not to be replaced. hostile.md rows 155 to 157 and 162.

use crate::http_support::{escaped, heads, none_wrong};
use crate::support::{Folder, Ran, run, server, wireline};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// `get -q -J -O` in the folder `in` of a folder.
fn attached(folder: &Folder, address: &str, more: &[&str]) -> Ran {
    fs::create_dir_all(folder.at("in")).unwrap();
    let mut command = wireline();
    command.current_dir(folder.at("in")).args(["get", "-q", "-J", "-O", address]).args(more);
    run(&mut command)
}

fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The whole value of Content-Disposition, and the name that comes of it.
#[rustfmt::skip]
const NAMES: &[(&str, &str)] = &[
    ("attachment; filename=\"report.txt\"", "report.txt"),
    ("attachment; filename=report.txt", "report.txt"),
    ("attachment;filename=report.txt", "report.txt"),
    ("ATTACHMENT; FILENAME=\"report.txt\"", "report.txt"),
    ("attachment; filename = \"report.txt\"", "report.txt"),
    ("attachment; foo=bar; filename=\"report.txt\"; size=3", "report.txt"),
    ("attachment; filename=\"a b.txt\"", "a b.txt"),
    ("attachment; filename=\"a;b.txt\"", "a;b.txt"),
    ("attachment; filename=\"-rf\"", "-rf"),
    ("attachment; filename*=UTF-8''%e2%82%ac%20rates", "\u{20ac} rates"),
    ("attachment; filename*=utf-8'en'%C3%A4.txt", "\u{e4}.txt"),
    ("attachment; filename=\"plain\"; filename*=UTF-8''better", "better"),
    ("attachment; filename*=UTF-8''better; filename=\"plain\"", "better"),
    ("attachment; filename=\"plain\"; filename*=KOI8-R''%C1", "plain"),
    ("attachment; filename=\"plain\"; filename*=nonsense", "plain"),
    ("attachment; filename=\"plain\"; filename*=UTF-8''%ff%fe", "plain"),
    // Only the last part of a path, by either slash.
    ("attachment; filename=\"../../evil\"", "evil"),
    ("attachment; filename=\"/etc/passwd\"", "passwd"),
    ("attachment; filename=\"..\\\\..\\\\evil\"", "evil"),
    ("attachment; filename=\"C:\\\\Windows\\\\evil.exe\"", "evil.exe"),
    ("attachment; filename*=UTF-8''..%2f..%2fevil", "evil"),
    ("attachment; filename*=UTF-8''%2e%2e%5cevil", "evil"),
    // Nothing that hides or shows otherwise.
    ("attachment; filename=\".bashrc\"", "_bashrc"),
    ("attachment; filename*=UTF-8''%2ebashrc", "_bashrc"),
    ("attachment; filename*=UTF-8''a%0d%0ab", "a__b"),
    ("attachment; filename*=UTF-8''a%00b", "a_b"),
    ("attachment; filename*=UTF-8''%e2%80%aetxt.exe", "_txt.exe"),
    ("attachment; filename*=UTF-8''%1b%5b2J", "_[2J"),
    // Device names of some systems.
    ("attachment; filename=\"CON\"", "_CON"),
    ("attachment; filename=\"nul.txt\"", "_nul.txt"),
    // No name at all: the URL's.
    ("attachment", "attachment"),
    ("attachment; filename=\"\"", "attachment"),
    ("attachment; filename=\"..\"", "attachment"),
    ("attachment; filename=\"/\"", "attachment"),
    ("attachment; filename=\"a/\"", "attachment"),
    ("nonsense=\"", "attachment"),
];

/// RFC 6266 section 4.3 and hostile.md rows 155 and 157.
#[test]
fn a_name_of_the_server_is_made_safe() {
    let (server, mut wrong) = (server(), Vec::new());
    for (value, name) in NAMES {
        let folder = Folder::new();
        let address = server.url(&format!("/attachment?raw={}", escaped(value)));
        let ran = attached(&folder, &address, &[]);
        let found = names(&folder.at("in"));
        // Where nothing of a name is left, `index` is as good as the URL's.
        let fits = found == [*name] || *name == "attachment" && found == ["index"];
        if ran.code != Some(0) || !fits || folder.names() != ["in"] {
            wrong.push((value, name, found, folder.names(), ran));
        }
    }
    none_wrong(&wrong);
}

/// As above, with names for which only one thing matters: that there is one file, here.
#[test]
fn no_name_leads_out_or_is_too_long() {
    let (server, mut wrong) = (server(), Vec::new());
    let long = "x".repeat(3000);
    let umlauts = "\u{e4}".repeat(400);
    let names_of = [
        long.as_str(),
        &umlauts,
        "a/../../b/../../../c",
        "~/x",
        "$HOME",
        "|sh",
        "x\u{7f}",
        "\u{85}\u{9b}2J",
        "....",
        " . ",
        "x:y::$DATA",
        "page.",
        ".page.part",
        ".part.json",
    ];
    for name in names_of {
        for parameter in ["name", "name*"] {
            let folder = Folder::new();
            let address = server.url(&format!("/attachment?{parameter}={}", escaped(name)));
            let ran = attached(&folder, &address, &[]);
            let found = names(&folder.at("in"));
            let safe = found.len() == 1
                && found[0].len() <= 255
                && !found[0].starts_with('.')
                && !found[0].chars().any(char::is_control);
            // hostile.md row 35: DEL is no byte of a field.
            let refused = ran.code == Some(5) && name.contains('\u{7f}') && found.is_empty();
            if !(refused || ran.code == Some(0) && safe) || folder.names() != ["in"] {
                wrong.push((name.chars().take(20).collect::<String>(), parameter, found, ran));
            }
        }
    }
    none_wrong(&wrong);
}

/// Only with `-J`, only of the answer that has the body, and never of where a redirect leads.
#[test]
fn a_name_is_taken_only_when_asked() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/attachment?name=report.txt");
    folder.wireline(&["get", "-q", "-O", &address]).done();
    assert_eq!(folder.names(), ["attachment"]);
    // hostile.md row 156.
    let other = Folder::new();
    other.wireline(&["get", "-q", "-O", &server.url("/redirect/302?to=/bytes/7")]).done();
    other.wireline(&["get", "-q", "-J", "-O", &server.url("/redirect/301?to=/bytes/8")]).done();
    assert_eq!(other.names(), ["301", "302"]);
    let third = Folder::new();
    let to = server.url(&format!("/redirect/302?to={}", escaped("/attachment?name=report.txt")));
    third.wireline(&["get", "-q", "--remote-header-name", "-O", &to]).done();
    assert_eq!(third.names(), ["report.txt"]);
    let fourth = Folder::new();
    fourth.wireline(&["get", "-qOJ", &address, "--json"]).done();
    assert_eq!(fourth.names(), ["report.txt"]);
    let ran = fourth.wireline(&["get", "-q", "-J", "-O", &server.url("/status/404")]);
    assert_eq!((ran.failed(1, "404").code, fourth.names().len()), (Some(1), 1));
}

/// hostile.md row 162: a server's name replaces nothing, and follows no link.
#[test]
fn a_name_of_the_server_replaces_nothing() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/attachment?name=report.txt");
    fs::create_dir(folder.at("in")).unwrap();
    folder.write("in/report.txt", "old");
    attached(&folder, &address, &[]).failed(7, "report.txt");
    assert_eq!(folder.read("in/report.txt"), b"old");
    attached(&folder, &address, &["--overwrite"]).done();
    assert_eq!(folder.size("in/report.txt"), Some(16));
    // A link is not written through, whatever is typed.
    folder.write("outside", "old");
    fs::remove_file(folder.at("in/report.txt")).unwrap();
    symlink("../outside", folder.at("in/report.txt")).unwrap();
    attached(&folder, &address, &[]).failed(7, "report.txt");
    let ran = attached(&folder, &address, &["--overwrite"]);
    assert_eq!(folder.read("outside"), b"old", "{ran:?}");
    // A folder is in the way.
    fs::remove_file(folder.at("in/report.txt")).unwrap();
    fs::create_dir(folder.at("in/report.txt")).unwrap();
    attached(&folder, &address, &["--overwrite"]).failed(7, "");
    assert_eq!(names(&folder.at("in")), ["report.txt"]);
    // A link that leads nowhere is in the way as well.
    fs::remove_dir(folder.at("in/report.txt")).unwrap();
    symlink("../nowhere", folder.at("in/report.txt")).unwrap();
    attached(&folder, &address, &[]).failed(7, "");
    assert!(!folder.has("nowhere"));
}

/// `--no-clobber`: a target that is there is left alone, which is what was wanted.
#[test]
fn no_clobber_leaves_what_is_there() {
    let (server, folder) = (server(), Folder::new());
    folder.write("5", "old");
    folder.write("page", "old");
    let address = server.url("/bytes/5");
    for words in [&["-O"][..], &["-o", "page"], &["-o", "page", "--json"]] {
        let ran = folder.wireline(&[&["get", "--no-clobber", &address][..], words].concat());
        assert!(ran.done().stderr.contains("wireline: "), "it is said: {ran:?}");
    }
    assert_eq!((folder.read("5"), folder.read("page")), (b"old".to_vec(), b"old".to_vec()));
    let fresh = folder.wireline(&["get", "-q", "--no-clobber", &address, "-o", "new"]);
    assert_eq!((fresh.done().code, folder.size("new")), (Some(0), Some(5)));
    // One of two is there: the other comes.
    let six = server.url("/bytes/6");
    folder.wireline(&["get", "-q", "--no-clobber", "-O", &address, &six]).done();
    assert_eq!((folder.read("5"), folder.size("6")), (b"old".to_vec(), Some(6)));
    let asked = heads(&server).iter().filter(|head| head.starts_with("GET /bytes/5 ")).count();
    assert!(asked <= 1, "what is not wanted need not be asked for: {asked}");
    // Neither of the two.
    folder.wireline(&["get", "--no-clobber", "--overwrite", "-O", &address]).failed(2, "");
}

/// The same under a name of the server's.
#[test]
fn no_clobber_holds_for_names_of_the_server() {
    let (server, folder) = (server(), Folder::new());
    fs::create_dir(folder.at("in")).unwrap();
    folder.write("in/report.txt", "old");
    let address = server.url("/attachment?name=report.txt");
    attached(&folder, &address, &["--no-clobber"]).done();
    assert_eq!(folder.read("in/report.txt"), b"old");
    assert_eq!(names(&folder.at("in")), ["report.txt"]);
}

/// `--output-dir` and `--create-dirs`.
#[test]
fn a_folder_can_be_chosen_and_made() {
    let (server, folder) = (server(), Folder::new());
    let address = server.url("/bytes/5");
    let get = |words: &[&str]| folder.wireline(&[&["get", "-q", &address][..], words].concat());
    fs::create_dir(folder.at("there")).unwrap();
    get(&["--output-dir", "there", "-O"]).done();
    get(&["--output-dir", "there", "-o", "page"]).done();
    get(&["--output-dir", "there/", "-o", "slash"]).done();
    assert_eq!(names(&folder.at("there")), ["5", "page", "slash"]);
    let before = server.requests().len();
    get(&["--output-dir", "missing", "-O"]).failed(7, "missing");
    get(&["-o", "missing/page"]).failed(7, "missing");
    get(&["--output-dir", "there/page", "-O"]).failed(7, "");
    get(&["--output-dir", "there/page", "-O", "--create-dirs"]).failed(7, "");
    assert_eq!(server.requests().len(), before, "hostile.md row 167");
    assert!(!folder.has("missing"));
    get(&["--output-dir", "a/b/c", "-O", "--create-dirs"]).done();
    get(&["-o", "d/e/page", "--create-dirs"]).done();
    get(&["--output-dir", "f", "-o", "g/page", "--create-dirs"]).done();
    for name in ["a/b/c/5", "d/e/page", "f/g/page"] {
        assert_eq!(folder.size(name), Some(5), "{name}");
    }
    let attachment = server.url("/attachment?name=..%2Freport.txt");
    folder.wireline(&["get", "-q", "-J", "-O", &attachment, "--output-dir", "a/b"]).done();
    assert!(folder.has("a/b/report.txt") && !folder.has("a/report.txt"));
    // A refusal leaves no file, whatever became of the folder.
    let refused = server.url("/status/404");
    folder.wireline(&["get", "-q", &refused, "-o", "h/page", "--create-dirs"]).failed(1, "404");
    assert!(!folder.has("h/page"));
}
