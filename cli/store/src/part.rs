//! The open end of a download: bytes go in, and the target is complete or as it was.
//! Must not hold: system calls on names; those are the replacement's.

use crate::description::Description;
use crate::error::Error;
use crate::replacement::Replacement;
use crate::through;
use std::fs::File;
use std::path::{Path, PathBuf};

/// An open part file, or a device, FIFO or descriptor that is written through.
///
/// The order of calls is `begin` (or `continue_from`), writes to [`file`](Self::file), `commit`;
/// after an attempt that failed, `begin` may come again. Dropping is [`abandon`](Self::abandon). A
/// process killed at any moment leaves the target as it was or complete.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    end: End,
}

#[derive(Debug)]
enum End {
    Replacing(Box<Replacement>),
    Through { file: File, sync: bool },
}

/// Where an earlier transfer of the same URL stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Bytes that are there, at least 1.
    pub offset: u64,
    /// What tells the version that they are of.
    pub validator: String,
    /// The length of that version in bytes, when it is known; not less than the offset.
    pub length: Option<u64>,
}

impl Part {
    pub(crate) fn replacing(path: PathBuf, replacement: Replacement) -> Self {
        Self { path, end: End::Replacing(Box::new(replacement)) }
    }

    pub(crate) fn through(path: PathBuf, file: File, sync: bool) -> Self {
        Self { path, end: End::Through { file, sync } }
    }

    /// The target, links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether bytes go straight to a device, FIFO or descriptor, and cannot be taken back.
    pub fn is_written_through(&self) -> bool {
        matches!(self.end, End::Through { .. })
    }

    /// The file to write or splice into, at its own position, which `begin` has set.
    ///
    /// One that is written through may be in append mode (`>> log`): `splice` then fails with
    /// `EINVAL`, writing does not.
    pub fn file(&self) -> &File {
        match &self.end {
            End::Replacing(replacement) => replacement.file(),
            End::Through { file, .. } => file,
        }
    }

    /// Bytes in the part file; 0 where there is none.
    ///
    /// # Errors
    /// [`Error::Io`]: the system could not say.
    pub fn size(&self) -> Result<u64, Error> {
        match &self.end {
            End::Replacing(replacement) => replacement.size(),
            End::Through { .. } => Ok(0),
        }
    }

    /// What could be continued: `Some` only if the part file has bytes, a description for this very
    /// `url` with a validator, and not more bytes than that description's length. Changes nothing
    /// on the disk.
    pub fn resumable(&self, url: &str) -> Option<Resume> {
        match &self.end {
            End::Replacing(replacement) => replacement.resumable(url),
            End::Through { .. } => None,
        }
    }

    /// Makes the part ready for bytes from `offset` on, of the version that `description` names;
    /// `None` when nothing tells its versions apart, and then a part that is not completed is not
    /// kept.
    ///
    /// An `offset` above 0 needs a description that agrees with the one on the disk: same URL, same
    /// validator that is not empty, same length where both are known. Bytes beyond `offset` are
    /// dropped.
    ///
    /// # Errors
    /// - [`Error::OtherVersion`]: `offset` is above 0 and the bytes there are not known to be of
    ///   this version.
    /// - [`Error::Offset`]: the part file has fewer than `offset` bytes.
    /// - [`Error::Unseekable`]: `offset` is above 0 and the target is written through.
    /// - [`Error::Denied`], [`Error::Io`]: the system says no; nothing may be written then.
    pub fn begin(&mut self, offset: u64, description: Option<Description>) -> Result<(), Error> {
        match &mut self.end {
            End::Replacing(replacement) => replacement.begin(offset, description),
            End::Through { .. } => self.only_from_the_start(offset),
        }
    }

    /// Whether the target, not the part file, has exactly `offset` bytes; a missing one has 0. To
    /// be asked before the request is sent, as it changes nothing.
    ///
    /// # Errors
    /// - [`Error::Offset`]: it has more or fewer.
    /// - [`Error::Unseekable`]: `offset` is above 0 and the target is written through.
    /// - [`Error::NotAFile`], [`Error::Denied`], [`Error::Io`]: the target cannot be read.
    pub fn continuable(&self, offset: u64) -> Result<(), Error> {
        match &self.end {
            End::Replacing(replacement) => replacement.source(offset).map(|_| ()),
            End::Through { .. } => self.only_from_the_start(offset),
        }
    }

    /// Begins with the target's own bytes, of which there must be exactly `offset`, on the user's
    /// word that they are of the same version. They are copied (shared, where the file system can),
    /// so the target survives a failure. Takes the place of `begin`.
    ///
    /// # Errors
    /// As [`continuable`](Self::continuable) and [`begin`](Self::begin).
    pub fn continue_from(&mut self, offset: u64) -> Result<(), Error> {
        match &mut self.end {
            End::Replacing(replacement) => replacement.continue_from(offset),
            End::Through { .. } => self.only_from_the_start(offset),
        }
    }

    /// The transfer is whole: puts the part in the target's place and returns the target's path.
    ///
    /// A new file has the mode 0666 less the umask. A replaced file's permission bits are taken
    /// over (owner, group, access lists and the set-id bits are not); while partial, the part is
    /// never wider than they are. With [`Options::sync`](crate::Options::sync) the file is synced
    /// before and the folder after the renaming. When syncing the file fails, its bytes cannot be
    /// trusted any more, and the part is removed; when syncing the folder fails, the target is the
    /// new file already, but maybe not after a power failure.
    ///
    /// # Errors
    /// - [`Error::Exists`]: the target appeared meanwhile and may not be replaced; the part file is
    ///   kept.
    /// - [`Error::NotAFile`]: the target became a directory or device meanwhile; the part file is
    ///   kept.
    /// - [`Error::Lost`]: the part file was removed or replaced by somebody.
    /// - [`Error::NotBegun`]: neither `begin` nor `continue_from` came before.
    /// - [`Error::Denied`], [`Error::Io`]: the system says no; when it was the renaming, the part
    ///   file is kept.
    pub fn commit(self) -> Result<PathBuf, Error> {
        match self.end {
            End::Replacing(replacement) => replacement.commit()?,
            End::Through { file, sync: true } => {
                let failed = |source| Error::system("syncing", &self.path, source);
                if through::can_sync(&file).map_err(failed)? {
                    file.sync_all().map_err(failed)?;
                }
            }
            End::Through { .. } => {}
        }
        Ok(self.path)
    }

    /// The transfer failed. The part file stays only if it can be resumed, or if it was there
    /// before and `begin` never came: then not a byte of it has changed. Returns its path if it can
    /// be resumed.
    pub fn abandon(self) -> Option<PathBuf> {
        match self.end {
            End::Replacing(replacement) => replacement.abandon(),
            End::Through { .. } => None,
        }
    }

    fn only_from_the_start(&self, offset: u64) -> Result<(), Error> {
        if offset == 0 { Ok(()) } else { Err(Error::Unseekable { path: self.path.clone() }) }
    }
}
