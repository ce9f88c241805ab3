//! Mirrors in one process: sessions that end, trees without an end, links in the way.

use super::*;
use crate::args::{Arguments, Command, FtpVerb};
use clap::Parser;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use wireline_servers::ftp::{Extensions, Options, Server};
use wireline_transcript::Transcript;

fn server(files: &[(&str, &[u8])], sections: &str) -> Server {
    let files = files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
    let text = format!("@wire 1\n@over ftp\n{sections}");
    let over = (!sections.is_empty()).then(|| {
        let read = Transcript::parse(text.as_bytes(), "x.wire", &mut |_| Err("no files".into()));
        Arc::new(read.unwrap().overrides().unwrap())
    });
    Server::start(Options { files, over, ..Options::default() }).unwrap()
}

/// What `wireline ftp mirror` with these words comes to.
fn mirrored(words: &[&str]) -> Result<(), Failure> {
    let all = ["wireline", "ftp", "mirror", "--quiet"].iter().chain(words);
    match Arguments::try_parse_from(all).unwrap().command {
        Command::Ftp(ftp) => match ftp.verb {
            FtpVerb::Mirror(args) => run(&args),
            _ => unreachable!(),
        },
        _ => unreachable!(),
    }
}

fn at(folder: &tempfile::TempDir, name: &str) -> (PathBuf, String) {
    let path = folder.path().join(name);
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

fn url(server: &Server, path: &str) -> String {
    format!("ftp://{}/{path}", server.addr())
}

fn codes(words: &[&str]) -> Option<u8> {
    mirrored(words).err().map(|failure| failure.exit.code())
}

fn said(server: &Server, verb: &str) -> Vec<String> {
    let commands = server.commands().into_iter();
    let lines = commands.map(|command| String::from_utf8(command.line).unwrap());
    lines.filter(|line| line.starts_with(verb)).collect()
}

/// A session that ends is followed by another, without being asked for.
#[test]
fn a_lost_session() {
    let cut = "== once\nC: RETR b\nS: 421 idle for too long\n";
    let server = server(&[("a", b"1"), ("b", b"22"), ("c", b"333")], cut);
    let folder = tempfile::tempdir().unwrap();
    let (path, here) = at(&folder, "in");
    assert_eq!(codes(&[&url(&server, ""), &here]), None);
    let sizes = ["a", "b", "c"].map(|name| fs::metadata(path.join(name)).unwrap().len());
    assert_eq!(sizes, [1, 2, 3]);
    assert_eq!(server.connections(), 2);
}

/// What came before a cut is continued, in this run and in the next.
#[test]
fn the_rest_of_a_file() {
    let big = vec![7; 400_000];
    let server = server(&[("drop-150000", &big)], "");
    let folder = tempfile::tempdir().unwrap();
    let (path, here) = at(&folder, "in");
    for _ in 0..2 {
        assert_eq!(codes(&[&url(&server, ""), &here]), Some(5));
        assert!(!path.join("drop-150000").exists());
    }
    // The last reply never comes, so it is never whole.
    assert_eq!(fs::metadata(path.join(".drop-150000.part")).unwrap().len(), 400_000);
    assert_eq!(said(&server, "REST"), ["REST 150000", "REST 300000", "REST 400000"]);
}

/// The same, up: the server has what came before the cut under a name of its own.
#[test]
fn the_rest_of_an_upload() {
    let server = server(&[("up/", b"")], "");
    let folder = tempfile::tempdir().unwrap();
    let (path, here) = at(&folder, "out");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("drop-150000"), vec![7; 280_000]).unwrap();
    assert_eq!(codes(&["-R", &here, &url(&server, "up")]), Some(5));
    assert!(server.file("up/drop-150000").is_none());
    assert_eq!(server.file("up/.drop-150000.wireline-part").unwrap().len(), 280_000);
    assert_eq!((said(&server, "STOR").len(), said(&server, "APPE").len()), (1, 1));
}

/// hostile.md row 169: a tree that is in itself again has no end, and deletes nothing.
#[test]
fn a_tree_without_an_end() {
    // MLSD would tell the folder by its unique fact.
    let extensions = Extensions { mlst: false, ..Extensions::default() };
    let files = [("again/", ""), ("x", "1")].map(|(path, text)| (path.to_owned(), text.into()));
    let options = Options { files: files.into(), extensions, ..Options::default() };
    let server = Server::start(options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (path, here) = at(&folder, "in");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("mine"), b"").unwrap();
    assert_eq!(codes(&[&url(&server, ""), &here, "--delete", "--jobs", "4"]), Some(5));
    let names: Vec<_> = fs::read_dir(&path).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["mine"]);
    assert!(said(&server, "LIST").len() < 80);
}

/// hostile.md row 156: a link in place of a folder leads nowhere, in either direction.
#[test]
fn links_here() {
    let server = server(&[("d/x", b"1"), ("y", b"2"), ("up/", b"")], "");
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (path, here) = at(&folder, "in");
    fs::create_dir(&path).unwrap();
    fs::write(outside.path().join("secret"), b"theirs").unwrap();
    std::os::unix::fs::symlink(outside.path(), path.join("d")).unwrap();
    assert_eq!(codes(&[&url(&server, ""), &here, "--exclude", "up"]), Some(10));
    assert!(path.join("y").exists() && !outside.path().join("x").exists());
    assert_eq!(codes(&["-R", &here, &url(&server, "up")]), None);
    assert_eq!(server.file("up/y").unwrap(), b"2");
    assert!(said(&server, "MKD").is_empty() && said(&server, "STOR").len() == 1);
}

#[test]
fn what_was_typed() {
    let rows: &[&[&str]] = &[
        &["in", "ftp://h/"],
        &["-R", "ftp://h/", "in"],
        &["in", "out"],
        &["ftp://h/", "ftp://i/"],
        &["ftp://127.0.0.1:1/a;type=a", "in"],
        &["ftp://127.0.0.1:1/", "in", "--include", "[a"],
        &["ftp://127.0.0.1:1/", "in", "--max-size", "x"],
    ];
    for row in rows {
        assert_eq!(codes(row), Some(2), "{row:?}");
    }
}
