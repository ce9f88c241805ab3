//! What the tests of HTTP in full share: requests as they arrived, a run with a pipe for standard
//! input, lines of JSON, names that lead to a fixture.

use crate::support::{Folder, Ran, run, wireline};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread;
use wireline_servers::http::{Request, Server};

/// The head of a request as text.
pub(crate) fn head(request: &Request) -> String {
    String::from_utf8_lossy(&request.head).into_owned()
}

/// The heads so far, in order.
pub(crate) fn heads(server: &Server) -> Vec<String> {
    server.requests().iter().map(head).collect()
}

/// The request lines so far, without the version: `GET /echo`.
pub(crate) fn lines(server: &Server) -> Vec<String> {
    let line = |head: String| head.lines().next().unwrap_or_default().replace(" HTTP/1.1", "");
    heads(server).into_iter().map(line).collect()
}

/// The values of a field in a head, as they stand there; the name is case-blind.
pub(crate) fn values(head: &str, name: &str) -> Vec<String> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let ours = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
    ours.map(|(_, value)| value.trim_matches(' ').to_owned()).collect()
}

/// The value of a field that is there once.
#[track_caller]
pub(crate) fn value(head: &str, name: &str) -> String {
    let mut found = values(head, name);
    assert_eq!(found.len(), 1, "{name} in {head}");
    found.remove(0)
}

/// Whether a field is there at all.
pub(crate) fn has(head: &str, name: &str) -> bool {
    !values(head, name).is_empty()
}

/// What came to standard output as JSON.
#[track_caller]
pub(crate) fn json(ran: &Ran) -> serde_json::Value {
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The same, where a line is a transfer.
#[track_caller]
pub(crate) fn json_lines(ran: &Ran) -> Vec<serde_json::Value> {
    let parse = |line: &str| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}: {ran:?}"))
    };
    ran.text().lines().map(parse).collect()
}

/// Runs it with these bytes in a pipe as standard input: nobody can tell how many there will be.
pub(crate) fn piped(command: &mut Command, bytes: &[u8]) -> Ran {
    let (read, mut write) = std::io::pipe().expect("a pipe");
    let bytes = bytes.to_vec();
    let writer = thread::spawn(move || {
        // The reader may have had enough before the end.
        write.write_all(&bytes).ok();
    });
    command.stdin(Stdio::from(read));
    let ran = run(command);
    // The command holds the reading end; without it the writer would not end.
    command.stdin(Stdio::null());
    writer.join().expect("written");
    ran
}

/// `wireline` with these words in a folder, and `bytes` in a pipe.
pub(crate) fn piped_in(folder: &Folder, words: &[&str], bytes: &[u8]) -> Ran {
    piped(wireline().current_dir(folder.path()).args(words), bytes)
}

/// `http://HOST:PORT/path` at a server, to go with [`resolve`].
pub(crate) fn named(host: &str, server: &Server, path: &str) -> String {
    format!("http://{host}:{}{path}", server.addr().port())
}

/// The value of `--resolve` that leads a host to a server on loopback.
pub(crate) fn resolve(host: &str, server: &Server) -> String {
    format!("{host}:{}:127.0.0.1", server.addr().port())
}

/// A file that only its owner may read.
pub(crate) fn private(folder: &Folder, name: &str, text: &str) {
    folder.write(name, text);
    fs::set_permissions(folder.at(name), Permissions::from_mode(0o600)).expect("it is ours");
}

/// Every byte but those that a query may hold in plain, as `%XX`.
pub(crate) fn escaped(text: impl AsRef<[u8]>) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
    let escape = |byte: &u8| match plain(*byte) {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.as_ref().iter().map(escape).collect()
}

/// Prints what went wrong in a table, all rows at once.
#[track_caller]
pub(crate) fn none_wrong<T: std::fmt::Debug>(wrong: &[T]) {
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// From here on content is much.
pub(crate) const MIB: usize = 1 << 20;
