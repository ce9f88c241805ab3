//! Files over an open session: down into a part file, up under a temporary name.
//! Must not hold: which files, where they come from and go to, pauses between tries (`tries.rs`).

mod folders;
mod same;
mod upload;

pub(crate) use folders::{is_folder, make_folders, make_missing, parent};
pub(crate) use upload::{Leaves, Upload, Version, Way, names_beside, store, version};

use crate::exit::{Exit, Failure};
use wireline_ftp::{
    Accuracy, Download, Error, Modified, Pathname, Retrieval, Retry, Session, Type,
};
use wireline_store::{Description, Part};
use wireline_wire::Sink;

/// A file on the server, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Pathname,
    /// Without a login: what the part file is known by. Empty: it is not worth being continued.
    pub(crate) url: &'a str,
    /// Bytes, from a listing, MLST or SIZE; in TYPE A it means nothing.
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Modified>,
}

/// A failure, and whether another try may help: in a new session if this one is over.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) failure: Failure,
    pub(crate) again: bool,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let again = error.retry() == Retry::Safe;
        Self { failure: Failure::from(error).in_session(), again }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self { failure, again: false }
    }
}

impl From<wireline_store::Error> for Trouble {
    fn from(error: wireline_store::Error) -> Self {
        Failure::from(error).into()
    }
}

impl Source<'_> {
    /// What tells the versions of the file apart: its size, and its time where the server tells it.
    /// Without a size nothing is continued.
    fn description(&self) -> Option<Description> {
        let size = self.size.filter(|_| !self.url.is_empty())?;
        let modified = self.modified.map(|Modified { at, accuracy }| match accuracy {
            Accuracy::Exact => format!(" modify={}", at.unix_timestamp()),
            _ => format!(" modify~{}", at.unix_timestamp()),
        });
        let validator = format!("size={size}{}", modified.unwrap_or_default());
        Some(Description { url: self.url.to_owned(), validator, length: Some(size) })
    }

    /// More bytes than the server told of are those of another version, or of none; that fewer are
    /// is known by then.
    pub(crate) fn refuse_more(&self, bytes: u64) -> Result<(), Trouble> {
        match self.size.filter(|&size| bytes > size) {
            None => Ok(()),
            Some(size) => {
                let why = format!("{bytes} bytes came of a file of {size}");
                let failure = Failure::new(Exit::Broken, why);
                let failure = failure.hint("it may be growing: --retry 1 asks for its size again");
                Err(Trouble { failure, again: true })
            }
        }
    }

    /// How many bytes of this version the part file holds already.
    pub(crate) fn held_by(&self, part: &Part) -> u64 {
        let resume = part.resumable(self.url);
        let same = |validator: &str| {
            self.description().is_some_and(|description| description.validator == validator)
        };
        resume.filter(|resume| same(&resume.validator)).map_or(0, |resume| resume.offset)
    }
}

/// Fetches a file into the part, `most` bytes of it; behind what the part holds of this version if
/// it `resumes`, and anew where the server does not continue. The size is compared. How many bytes
/// the part has then; committing it is the caller's.
///
/// In TYPE A nothing is continued or compared: sizes are those of other line ends.
pub(crate) fn fetch(
    session: &mut Session,
    source: &Source<'_>,
    part: &mut Part,
    resumes: bool,
    most: u64,
) -> Result<u64, Trouble> {
    let is_text = session.options().transfer_type == Type::Ascii;
    let source = Source { size: source.size.filter(|_| !is_text), ..*source };
    refuse_beyond(most, source.size)?;
    let offset = if resumes { source.held_by(part) } else { 0 };
    // A part that has every byte is confirmed too: what came behind them may have been a refusal.
    let retrieval = |offset| Retrieval { offset, size: source.size };
    let description = source.description();
    let begins = |part: &mut Part, offset| part.begin(offset, description.clone());
    match session.retr(source.path, retrieval(offset)) {
        Err(error) if offset > 0 && is_permanent(&error) => {}
        begun => return take(begun?, &source, part, (offset, most), begins),
    }
    // It does not continue: all of it, then.
    take(session.retr(source.path, retrieval(0))?, &source, part, (0, most), begins)
}

/// Fetches what comes behind the target's own bytes, of which there are `offset`, on the user's word
/// that they are of this file.
pub(crate) fn fetch_behind(
    session: &mut Session,
    source: &Source<'_>,
    part: &mut Part,
    offset: u64,
    most: u64,
) -> Result<u64, Trouble> {
    refuse_beyond(most, source.size)?;
    let download = session.retr(source.path, Retrieval { offset, size: source.size })?;
    take(download, source, part, (offset, most), |part, offset| part.continue_from(offset))
}

fn take(
    mut download: Download<'_>,
    source: &Source<'_>,
    part: &mut Part,
    (offset, most): (u64, u64),
    begins: impl Fn(&mut Part, u64) -> Result<(), wireline_store::Error>,
) -> Result<u64, Trouble> {
    if let Err(failure) = refuse_beyond(most, download.size()) {
        drop(download.abort());
        return Err(failure.into());
    }
    begins(part, offset)?;
    let copied = download.copy_to(&mut Sink::file(part.file()), most.saturating_sub(offset));
    match copied {
        Err(Error::Local(source)) => {
            let doing = format!("writing {}", part.path().display());
            return Err(Failure::local(&source).doing(doing).into());
        }
        copied => copied?,
    };
    let bytes = offset + download.received();
    download.finish()?;
    source.refuse_more(bytes)?;
    Ok(bytes)
}

/// What is known to be longer is not even begun.
pub(crate) fn refuse_beyond(most: u64, size: Option<u64>) -> Result<(), Failure> {
    match size.filter(|&size| size > most) {
        None => Ok(()),
        Some(size) => {
            let why = format!("the file has {size} bytes, of which {most} are allowed");
            Err(Failure::new(Exit::Broken, why).hint("--max-size sets this limit"))
        }
    }
}

fn is_permanent(error: &Error) -> bool {
    matches!(error, Error::Refused { reply, .. } if reply.is_permanent())
}
