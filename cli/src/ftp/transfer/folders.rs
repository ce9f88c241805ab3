//! Folders on the way to a file. Must not hold: listings.

use super::is_permanent;
use wireline_ftp::{Error, Kind, Pathname, Session};

/// Whether this is a folder: by MLST where that is offered, else by going there and back.
pub(crate) fn is_folder(session: &mut Session, path: &Pathname) -> Result<bool, Error> {
    let found = match session.feat()?.has("MLST") {
        true => session.mlst(path).map(|entry| entry.kind == Kind::Folder),
        false => there_and_back(session, path),
    };
    match found {
        Err(error) if is_permanent(&error) => Ok(false),
        found => found,
    }
}

fn there_and_back(session: &mut Session, folder: &Pathname) -> Result<bool, Error> {
    let home = session.pwd()?;
    session.cwd(folder)?;
    session.cwd(&home)?;
    Ok(true)
}

/// The folder that this is in, if its name tells.
pub(crate) fn parent(path: &Pathname) -> Option<Pathname> {
    let bytes = path.as_bytes();
    let end = bytes.iter().rposition(|&byte| byte == b'/')?;
    Pathname::try_from(bytes.get(..end.max(1)).unwrap_or_default()).ok()
}

/// `MKD` of every missing folder on the way to this one, and of itself. What is there is fine.
///
/// # Errors
/// The last refusal, when the folder is not there in the end.
pub(crate) fn make_folders(session: &mut Session, folder: &Pathname) -> Result<(), Error> {
    make_missing(session, folder).map(drop)
}

/// The same; whether the folder itself was made.
pub(crate) fn make_missing(session: &mut Session, folder: &Pathname) -> Result<bool, Error> {
    if make(session, folder)?.is_none() {
        return Ok(true);
    }
    if is_folder(session, folder)? {
        return Ok(false);
    }
    let bytes = folder.as_bytes();
    let ends = bytes.iter().enumerate().filter(|&(at, &byte)| at > 0 && byte == b'/');
    for (end, _) in ends {
        make(session, &Pathname::try_from(bytes.get(..end).unwrap_or_default())?)?;
    }
    match make(session, folder)? {
        Some(refusal) if !is_folder(session, folder)? => Err(refusal),
        refusal => Ok(refusal.is_none()),
    }
}

/// The refusal, if it was not made.
fn make(session: &mut Session, folder: &Pathname) -> Result<Option<Error>, Error> {
    match session.mkd(folder) {
        Err(error) if is_permanent(&error) => Ok(Some(error)),
        made => made.map(|_| None),
    }
}
