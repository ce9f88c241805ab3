//! What the tests of POP3 share: mailboxes to collect, the words to collect them, and readers of what
//! was stored that are not ours to trust: they know the formats, not the code.

use crate::mail_support::PASSWORD;
use crate::support::{Folder, Ran, run, wireline};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wireline_servers::log::Command;
use wireline_servers::pop3::{Options, Server};
use wireline_transcript::{Fixture, Overrides, Transcript};

/// The mailbox of `alice`, whose password is [`PASSWORD`].
pub(crate) fn mailbox(messages: &[Vec<u8>]) -> Server {
    mailbox_with(messages, |_| {})
}

/// The same, with other options.
pub(crate) fn mailbox_with(messages: &[Vec<u8>], change: impl FnOnce(&mut Options)) -> Server {
    let login = Some(("alice".to_owned(), PASSWORD.to_owned()));
    let mut options = Options { login, messages: messages.to_vec(), ..Options::default() };
    change(&mut options);
    Server::start(options).expect("a server")
}

/// The same, where a transcript answers in the server's place.
#[track_caller]
pub(crate) fn mailbox_over(messages: &[Vec<u8>], sections: &str) -> Server {
    mailbox_with(messages, |options| options.over = Some(over(sections)))
}

/// Overrides of a POP3 server.
#[track_caller]
pub(crate) fn over(sections: &str) -> Arc<Overrides> {
    let read = parse(&format!("@wire 1\n@over pop3\n{sections}"));
    Arc::new(read.overrides().expect("overrides"))
}

/// A dialogue of `alice` in the notation of transcripts, served once.
#[track_caller]
pub(crate) fn dialogue(text: &str) -> Fixture {
    let settings = "@wire 1\n@protocol pop3\n@timeout 8s\n@set user=alice\n@secret pass\n== x\n";
    let fixture = Fixture::new(parse(&format!("{settings}{text}")));
    fixture.secret("pass", PASSWORD).start().expect("a server")
}

#[track_caller]
fn parse(text: &str) -> Transcript {
    let read = Transcript::parse(text.as_bytes(), "x.wire", &mut |_| Err("no files".into()));
    read.unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Messages of `a@x.test`, each with a number of its own and lines that are hard to store.
pub(crate) fn letters(count: usize) -> Vec<Vec<u8>> {
    let letter = |nth| {
        format!(
            "From: a@x.test\r\nMessage-ID: <{nth}@x.test>\r\nSubject: letter {nth}\r\n\r\n\
             .\r\n..dots\r\nFrom here\r\n>From there\r\n\r\n{}\r\n",
            "filler ".repeat(nth % 7)
        )
    };
    (1..=count).map(|nth| letter(nth).into_bytes()).collect()
}

/// A message as it is stored: with LF for CRLF, in the notation of [`shown`].
pub(crate) fn stored(message: &[u8]) -> String {
    let mut lines: Vec<_> = message.split_inclusive(|byte| *byte == b'\n').map(line).collect();
    if !message.ends_with(b"\n") {
        lines.push(b"\n".to_vec());
    }
    shown(&lines.concat())
}

fn line(line: &[u8]) -> Vec<u8> {
    match line.strip_suffix(b"\r\n") {
        Some(text) => [text, b"\n"].concat(),
        None => line.to_vec(),
    }
}

/// Bytes as they are written in Rust: failures can be read.
fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// Several as they are stored, sorted.
pub(crate) fn all_stored(messages: &[Vec<u8>]) -> Vec<String> {
    sorted(messages.iter().map(|message| stored(message)).collect())
}

fn sorted(mut messages: Vec<String>) -> Vec<String> {
    messages.sort();
    messages
}

/// `pop3://alice@ADDR`.
pub(crate) fn pop3(addr: SocketAddr) -> String {
    format!("pop3://alice@{addr}")
}

/// `wireline` with these words, in this folder, with the password at hand.
pub(crate) fn words_in(folder: &Path, words: &[&str]) -> std::process::Command {
    let mut command = wireline();
    command.current_dir(folder).env("WIRELINE_PASSWORD", PASSWORD).args(words);
    command
}

/// The same, to its end.
#[track_caller]
pub(crate) fn words_at(folder: &Folder, words: &[&str]) -> Ran {
    run(&mut words_in(folder.path(), words))
}

/// `wireline mail` with these words.
#[track_caller]
pub(crate) fn mail(folder: &Folder, addr: SocketAddr, more: &[&str]) -> Ran {
    words_at(folder, &[&["mail", &pop3(addr)], more].concat())
}

/// `wireline get` of this path with these words.
#[track_caller]
pub(crate) fn get(folder: &Folder, addr: SocketAddr, path: &str, more: &[&str]) -> Ran {
    words_at(folder, &[&["get", &format!("{}{path}", pop3(addr))], more].concat())
}

/// Where messages can go, each under its name in the folder.
pub(crate) const TARGETS: [&str; 3] = ["maildir:in", "mbox:in", "dir:in"];

/// What is stored in a target, sorted, in the notation of [`shown`].
#[track_caller]
pub(crate) fn contents(folder: &Folder, target: &str) -> Vec<String> {
    let (kind, name) = target.split_once(':').expect("a target");
    let path = folder.at(name);
    let messages: Vec<Vec<u8>> = match kind {
        "maildir" => ["new", "cur"].iter().flat_map(|part| files(&path.join(part))).collect(),
        "mbox" => mbox(&path),
        _ => files(&path),
    };
    sorted(messages.iter().map(|message| shown(message)).collect())
}

/// The files that a user sees in a folder.
fn files(path: &Path) -> Vec<Vec<u8>> {
    let is_shown = |path: &PathBuf| {
        !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    let Ok(entries) = std::fs::read_dir(path) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path()).filter(is_shown);
    paths
        .map(|path| std::fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}")))
        .collect()
}

/// The messages of an mbox in the mboxrd form: `From `, the lines with one `>` less, an empty line.
fn mbox(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut is_behind_empty = true;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"From ") {
            assert!(is_behind_empty, "no empty line before {:?}", String::from_utf8_lossy(line));
            messages.push(Vec::new());
        } else {
            let quoted = line.iter().position(|byte| *byte != b'>').unwrap_or_default();
            let is_quoted = quoted > 0 && line[quoted..].starts_with(b"From ");
            let text = if is_quoted { &line[1..] } else { line };
            messages.last_mut().expect("an mbox begins with From").extend_from_slice(text);
        }
        is_behind_empty = line == b"\n";
    }
    for message in &mut messages {
        assert_eq!(message.pop(), Some(b'\n'), "an empty line behind each message");
    }
    messages
}

/// Nothing is left behind: no file in tmp/, no lock, no part beside or among the messages.
#[track_caller]
pub(crate) fn is_clean(label: &str, folder: &Folder) {
    let mut found = Vec::new();
    walk(folder.path(), &mut found);
    let name = |path: &PathBuf| path.file_name().map(OsStr::to_os_string).unwrap_or_default();
    let is_left = |path: &PathBuf| {
        let name = name(path).into_string().unwrap_or_default();
        let is_in_tmp = path.parent().is_some_and(|parent| parent.ends_with("tmp"));
        is_in_tmp || name.ends_with(".lock") || name.ends_with(".part") || name.contains(".part.")
    };
    found.retain(is_left);
    assert!(found.is_empty(), "{label}: left behind: {found:?}");
}

fn walk(path: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

/// The commands so far.
pub(crate) fn said(server: &Server) -> Vec<String> {
    server.commands().iter().map(Command::text).collect()
}

/// The commands so far that begin with this word.
pub(crate) fn said_of(server: &Server, verb: &str) -> Vec<String> {
    said(server).into_iter().filter(|line| line.starts_with(verb)).collect()
}

/// Nothing that came was against the RFCs, once all connections have ended.
#[track_caller]
pub(crate) fn strict(label: &str, server: &Server) {
    for connection in 0..server.connections() {
        assert!(server.wait_end(connection, Duration::from_secs(10)), "{label}: still open");
    }
    assert_eq!(server.violations(), [], "{label}: {:?}", said(server));
}

/// How many messages are still on the server, once all connections have ended.
#[track_caller]
pub(crate) fn left(server: &Server) -> usize {
    for connection in 0..server.connections() {
        assert!(server.wait_end(connection, Duration::from_secs(10)), "still open");
    }
    server.messages().len()
}
