//! Fetches a tree by FTP, each file whole or not at all: `cargo run --example mirror`.

use std::{error::Error, ffi::OsStr, os::unix::ffi::OsStrExt as _};
use wireline_ftp::{Kind, Login, Options, Pathname, Retrieval, Session};
use wireline_servers::ftp;
use wireline_store::Tree;
use wireline_wire::{Dialer, Endpoint, Sink};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let files = ["pub/a.txt", "pub/sub/b.txt"].map(|path| (path.to_owned(), path.into())).to_vec();
    let server = ftp::Server::start(ftp::Options { files, ..ftp::Options::default() })?;
    let place = Endpoint::new("127.0.0.1", server.addr().port())?;
    let mut session = Session::connect(&Dialer::default(), &place, Options::default())?;
    session.login(&Login::anonymous())?;
    let folder = tempfile::tempdir()?;
    mirror(&mut session, &Pathname::try_from("pub")?, &Tree::open(folder.path())?, 16)?;
    assert_eq!(folder.path().join("sub/b.txt").metadata()?.len(), 13);
    Ok(())
}

fn mirror(from: &mut Session, path: &Pathname, to: &Tree, deep: u8) -> Result<(), Box<dyn Error>> {
    let entries: Result<Vec<_>, _> = from.mlsd(Some(path))?.collect();
    for entry in entries? {
        let Some(name) = entry.safe_component() else { continue };
        let (path, name) = (path.join(name)?, OsStr::from_bytes(name));
        if entry.kind == Kind::Folder {
            to.make(name)?;
            mirror(from, &path, &to.below(name.as_ref())?, deep.checked_sub(1).ok_or("endless")?)?;
        } else if entry.kind == Kind::File {
            let mut part = to.part(name, wireline_store::Options::default())?;
            part.begin(0, None)?;
            let mut download = from.retr(&path, Retrieval { size: entry.size, offset: 0 })?;
            download.copy_to(&mut Sink::file(part.file()), 1 << 30)?;
            download.finish()?;
            part.commit()?;
        }
    }
    Ok(())
}
