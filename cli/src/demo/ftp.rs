//! The FTP part of the demo: a file goes up, is listed, and comes down again.
//! Must not hold: a client of its own.

use super::{Screen, carry_out, differs, read};
use crate::exit::Failure;
use std::ffi::OsString;
use std::path::Path;
use wireline_servers::ftp;

const TEXT: &str = "Whole, or not at all.\n";

/// Uploads a file, lists its folder, fetches it back, and leaves the dialogue of that as a transcript.
pub(super) fn there_and_back(screen: &Screen, dir: &Path) -> Result<(), Failure> {
    let server = ftp::Server::start(ftp::Options::default())
        .map_err(|error| Failure::local(&error).doing("starting the FTP server"))?;
    let (file, back, record) = (dir.join("note.txt"), dir.join("back.txt"), dir.join("ftp.wire"));
    std::fs::write(&file, TEXT).map_err(|error| Failure::local(&error))?;
    screen.say("\nFTP: upload a file, list its folder, and fetch it back.\n")?;
    let folder = format!("ftp://{}/pub/", server.addr());
    show(screen, vec!["put".into(), file.into(), folder.clone().into(), "--create-dirs".into()])?;
    show(screen, vec!["get".into(), folder.clone().into()])?;
    let url = format!("{folder}note.txt");
    let (to, recorded) = (back.clone().into(), record.clone().into());
    show(screen, vec!["get".into(), url.into(), "-o".into(), to, "--record".into(), recorded])?;
    if read(&back)? != TEXT.as_bytes() {
        return Err(differs("the file is not what was uploaded"));
    }
    if let Some(violation) = server.violations().first() {
        return Err(differs(&format!("the server complains: {violation:?}")));
    }
    screen
        .say(&format!("\nThe file came back as it was. What was said is in {}\n", record.display()))
}

/// Shows a command line and carries it out.
fn show(screen: &Screen, words: Vec<OsString>) -> Result<(), Failure> {
    let shown: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    screen.say(&format!("$ wireline {}", shown.join(" ")))?;
    carry_out(words.into_iter())
}
