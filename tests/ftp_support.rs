//! What the tests of FTP share: sites to fetch from and to upload to, the words to do so, and where
//! what was left behind is looked for.

use crate::mail_support::PASSWORD;
use crate::support::{Folder, Ran, run, wireline};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use wireline_servers::ftp::{Extensions, Options, Server};
use wireline_servers::log;
use wireline_transcript::{Fixture, Overrides, Transcript};

/// A server with these files, for anonymous and for `alice` with [`PASSWORD`].
pub(crate) fn site(files: &[(&str, &[u8])]) -> Server {
    site_with(files, |_| {})
}

/// The same, with other options.
#[track_caller]
pub(crate) fn site_with(files: &[(&str, &[u8])], change: impl FnOnce(&mut Options)) -> Server {
    let login = Some(("alice".to_owned(), PASSWORD.to_owned()));
    let files = files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
    let mut options = Options { login, files, ..Options::default() };
    change(&mut options);
    Server::start(options).expect("a server")
}

/// The same, where a transcript answers in the server's place.
#[track_caller]
pub(crate) fn site_over(files: &[(&str, &[u8])], sections: &str) -> Server {
    site_with(files, |options| options.over = Some(over(sections)))
}

/// What FEAT offers, but for some.
pub(crate) fn without(change: impl FnOnce(&mut Extensions)) -> Extensions {
    let mut extensions = Extensions::default();
    change(&mut extensions);
    extensions
}

/// Overrides of an FTP server.
#[track_caller]
pub(crate) fn over(sections: &str) -> Arc<Overrides> {
    Arc::new(parsed(&format!("@wire 1\n@over ftp\n{sections}")).overrides().expect("overrides"))
}

/// A dialogue in the notation of transcripts, served once.
#[track_caller]
pub(crate) fn dialogue(text: &str) -> Fixture {
    let text = format!("@wire 1\n@protocol ftp\n@timeout 8s\n{text}");
    Fixture::new(parsed(&text)).start().expect("a server")
}

#[track_caller]
fn parsed(text: &str) -> Transcript {
    let read = Transcript::parse(text.as_bytes(), "x.wire", &mut |_| Err("no files".into()));
    read.unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// `ftp://ADDR/PATH`.
pub(crate) fn ftp(addr: SocketAddr, path: &str) -> String {
    format!("ftp://{addr}{path}")
}

/// `ftp://alice@ADDR/PATH`.
pub(crate) fn alice(addr: SocketAddr, path: &str) -> String {
    format!("ftp://alice@{addr}{path}")
}

/// `wireline` with these words, in this folder.
pub(crate) fn words_in(folder: &Path, words: &[&str]) -> Command {
    let mut command = wireline();
    command.current_dir(folder).args(words);
    command
}

/// The same, to its end.
#[track_caller]
pub(crate) fn words(folder: &Folder, words: &[&str]) -> Ran {
    run(&mut words_in(folder.path(), words))
}

/// The same with the password of `alice` at hand.
#[track_caller]
pub(crate) fn with_password(folder: &Folder, words: &[&str]) -> Ran {
    run(words_in(folder.path(), words).env("WIRELINE_PASSWORD", PASSWORD))
}

/// The same, which its caller ends.
pub(crate) fn begun(folder: &Folder, words: &[&str]) -> Child {
    let mut command = words_in(folder.path(), words);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs")
}

/// Where servers of one folder are, one behind the other, whatever their ports.
pub(crate) const HOME: &str = "ftp://files.test";

fn homeward(server: &Server) -> String {
    format!("files.test:21:127.0.0.1:{}", server.addr().port())
}

/// `wireline` with these words, for which this server is [`HOME`].
#[track_caller]
pub(crate) fn at_home(folder: &Folder, server: &Server, said: &[&str]) -> Ran {
    words(folder, &[said, &["--connect-to", &homeward(server)]].concat())
}

/// The same, which its caller ends.
pub(crate) fn begun_at_home(folder: &Folder, server: &Server, said: &[&str]) -> Child {
    begun(folder, &[said, &["--connect-to", &homeward(server)]].concat())
}

/// A server of a folder that outlives it.
#[track_caller]
pub(crate) fn serving(root: &Folder, change: impl FnOnce(&mut Options)) -> Server {
    site_with(&[], |options| {
        options.root = Some(root.path().to_owned());
        change(options);
    })
}

/// The folder's next server, on which names ask for nothing.
#[track_caller]
pub(crate) fn mended(server: Server, root: &Folder) -> Server {
    drop(server);
    serving(root, |options| options.faults = false)
}

/// `wireline get` of this path as nobody, with these words.
#[track_caller]
pub(crate) fn get(folder: &Folder, server: &Server, path: &str, more: &[&str]) -> Ran {
    words(folder, &[&["get", &ftp(server.addr(), path)], more].concat())
}

/// `wireline put` of this file to this path as nobody, with these words.
#[track_caller]
pub(crate) fn put(
    folder: &Folder,
    server: &Server,
    (file, path): (&str, &str),
    more: &[&str],
) -> Ran {
    words(folder, &[&["put", file, &ftp(server.addr(), path)], more].concat())
}

/// `wireline ftp VERB` of this path as nobody, with these words.
#[track_caller]
pub(crate) fn verb(folder: &Folder, server: &Server, verb: &str, path: &str, more: &[&str]) -> Ran {
    words(folder, &[&["ftp", verb, &ftp(server.addr(), path)], more].concat())
}

/// `wireline ftp mirror` of this path to `in`, as nobody, with these words.
#[track_caller]
pub(crate) fn mirror(folder: &Folder, server: &Server, path: &str, more: &[&str]) -> Ran {
    words(folder, &[&["ftp", "mirror", &ftp(server.addr(), path), "in"], more].concat())
}

/// `wireline ftp mirror -R` of `out` to this path, as nobody, with these words.
#[track_caller]
pub(crate) fn mirror_back(folder: &Folder, server: &Server, path: &str, more: &[&str]) -> Ran {
    words(folder, &[&["ftp", "mirror", "-R", "out", &ftp(server.addr(), path)], more].concat())
}

/// Bytes that tell where they stand, so that no two parts are alike.
pub(crate) fn content(count: usize) -> Vec<u8> {
    let mut state = u32::try_from(count).unwrap() | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(&mut next).take(count).collect()
}

/// All that is below a folder, by path: of files the bytes, of folders (whose path ends in `/`)
/// nothing, of links (`@` behind the path) their target.
pub(crate) fn tree(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    walk(path, "", &mut found);
    found
}

fn walk(path: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(path).unwrap_or_else(|error| panic!("{path:?}: {error}")) {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().as_encoded_bytes().escape_ascii());
        // What goes while it is looked at is not there.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_symlink() {
            let target = std::fs::read_link(entry.path()).unwrap_or_default();
            found.insert(format!("{name}@"), target.into_os_string().into_encoded_bytes());
        } else if kind.is_dir() {
            walk(&entry.path(), &format!("{name}/"), found);
            found.insert(format!("{name}/"), Vec::new());
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            found.insert(name, bytes);
        }
    }
}

/// The files of a tree that are no parts of ours.
pub(crate) fn finals(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = tree(path);
    found.retain(|name, _| !name.ends_with('/') && !is_part(name));
    found
}

fn is_part(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    last.starts_with('.') && last.contains("part")
}

/// No part of a file is left below here.
#[track_caller]
pub(crate) fn is_clean(label: &str, path: &Path) {
    let left: Vec<_> = tree(path).into_keys().filter(|name| is_part(name)).collect();
    assert!(left.is_empty(), "{label}: left behind: {left:?}");
}

/// Sets a file's time, in seconds since 1970.
pub(crate) fn touch(path: &Path, seconds: u64) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
}

/// A file's time, in seconds since 1970.
pub(crate) fn modified(path: &Path) -> u64 {
    let at =
        path.metadata().unwrap_or_else(|error| panic!("{path:?}: {error}")).modified().unwrap();
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// The commands so far.
pub(crate) fn said(server: &Server) -> Vec<String> {
    server.commands().iter().map(log::Command::text).collect()
}

/// The commands so far that begin with this word.
pub(crate) fn said_of(server: &Server, verb: &str) -> Vec<String> {
    said(server).into_iter().filter(|line| line.split(' ').next() == Some(verb)).collect()
}

/// The type that was chosen last: a session begins with TYPE A (RFC 959 section 5.1).
pub(crate) fn last_type(server: &Server) -> char {
    said_of(server, "TYPE").last().and_then(|line| line.chars().nth(5)).unwrap_or('A')
}

/// The names in a table of `ls`: what follows the time.
pub(crate) fn listed(table: &str) -> Vec<&str> {
    let name = |line| str::rsplit_once(line, ':').and_then(|(_, rest)| rest.split_once(' '));
    table.lines().map(|line| name(line).map_or("no name", |(_, name)| name.trim_start())).collect()
}

/// Waits for the ends of all connections.
#[track_caller]
pub(crate) fn ended(label: &str, server: &Server) {
    for connection in 0..server.connections() {
        assert!(server.wait_end(connection, Duration::from_secs(10)), "{label}: still open");
    }
}

/// Nothing that came was against the RFCs, once all connections have ended.
#[track_caller]
pub(crate) fn strict(label: &str, server: &Server) {
    ended(label, server);
    assert_eq!(server.violations(), [], "{label}: {:?}", said(server));
}
