//! The part file in use: cut, described, filled, and renamed onto its target.
//! Must not hold: the choice of the target, or targets that are written through.

use crate::beside::Names;
use crate::description::Description;
use crate::error::Error;
use crate::folder::{Folder, kind, permissions, same, words};
use crate::part::Resume;
use crate::take::{Taken, take};
use crate::target::Options;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

/// A part file under our lock.
#[derive(Debug)]
pub(crate) struct Replacement {
    folder: Folder,
    name: OsString,
    names: Names,
    options: Options,
    file: File,
    /// What is on the disk and true of the bytes in `file`.
    description: Option<Description>,
    /// The file that the description is in, once we have written it.
    described: Option<Stat>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As it was found, which may be newly created.
    Untouched,
    /// Cut, and maybe written to.
    Begun,
    /// Complete, but not renamed yet: nobody may throw it away.
    Whole,
    /// Renamed, or not ours any more.
    Gone,
}

impl Replacement {
    pub(crate) fn open(folder: Folder, name: OsString, options: Options) -> Result<Self, Error> {
        let names = Names::beside(&name);
        let Taken { file, stat } = take(&folder, &name, &names)?;
        let description = if stat.st_size > 0 {
            Description::read(&folder, &names.description, &stat)
        } else {
            None
        };
        let state = State::Untouched;
        let new = Self { folder, name, names, options, file, description, described: None, state };
        // Whoever held the lock before may have finished.
        if !options.overwrite && new.look_at_target()?.is_some() {
            return Err(Error::Exists { path: new.target(), kept: None });
        }
        Ok(new)
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn size(&self) -> Result<u64, Error> {
        Ok(size_of(&self.look_at_part()?))
    }

    pub(crate) fn resumable(&self, url: &str) -> Option<Resume> {
        self.description.as_ref().filter(|there| there.url == url)?;
        self.resume()
    }

    /// At every instant the part file holds a prefix of the version that the description names, or
    /// is empty:
    ///
    /// - From 0 the file is emptied first, and only then is the description replaced or removed. A
    ///   death in between leaves no byte for the old description to be wrong about; a death after
    ///   it, no byte for the new one. The first byte is written when this has returned.
    /// - From further on, the old and the new description name the same version, so either is true
    ///   of the bytes before as of the bytes after the cut.
    ///
    /// With `sync` the cut is on the disk before the new description can be, so that this outlives
    /// a power failure.
    pub(crate) fn begin(
        &mut self,
        offset: u64,
        description: Option<Description>,
    ) -> Result<(), Error> {
        let there = self.size()?;
        if offset == 0 {
            self.description = None;
        } else {
            self.agrees(offset, there, description.as_ref())?;
        }
        self.state = State::Begun;
        self.narrow()?;
        self.cut(offset, there)?;
        self.describe(description)?;
        (&self.file)
            .seek(SeekFrom::Start(offset))
            .map_err(|error| self.failed("seeking in", error))?;
        Ok(())
    }

    /// The target's own bytes, when there are exactly so many. A missing target has none.
    pub(crate) fn source(&self, offset: u64) -> Result<Option<File>, Error> {
        let path = || self.folder.path_of(&self.name);
        // Without blocking: a FIFO may have taken the target's place.
        let file = match self.folder.open_file(
            &self.name,
            OFlags::RDONLY | OFlags::NONBLOCK,
            Mode::empty(),
        ) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::system("opening", path(), error)),
        };
        let stat = file.as_ref().map(rustix::fs::fstat).transpose();
        let stat = stat.map_err(|error| Error::system("looking at", path(), error))?;
        if let Some(kind) = stat.as_ref().map(kind).filter(|kind| *kind != FileType::RegularFile) {
            return Err(Error::NotAFile { path: path(), what: words(kind) });
        }
        let found = stat.as_ref().map_or(0, size_of);
        if found == offset {
            Ok(file)
        } else {
            Err(Error::Offset { path: path(), asked: offset, found })
        }
    }

    pub(crate) fn continue_from(&mut self, offset: u64) -> Result<(), Error> {
        let source = self.source(offset)?;
        self.begin(0, None)?;
        let Some(source) = source else { return Ok(()) };
        let copied = io::copy(&mut source.take(offset), &mut &self.file)
            .map_err(|error| self.failed("copying the target to", error))?;
        if copied != offset {
            return Err(Error::Offset {
                path: self.folder.path_of(&self.name),
                asked: offset,
                found: copied,
            });
        }
        Ok(())
    }

    pub(crate) fn commit(mut self) -> Result<(), Error> {
        if self.state != State::Begun {
            return Err(Error::NotBegun { path: self.folder.path_of(&self.name) });
        }
        if !self.is_in_place()? {
            self.state = State::Gone;
            return Err(Error::Lost { path: self.folder.path_of(&self.names.part) });
        }
        self.state = State::Whole;
        self.take_over_mode()?;
        self.sync_file()?;
        self.rename()?;
        self.state = State::Gone;
        self.remove_described();
        if self.options.sync {
            self.folder
                .sync()
                .map_err(|error| Error::system("syncing the folder of", self.target(), error))?;
        }
        Ok(())
    }

    pub(crate) fn abandon(self) -> Option<PathBuf> {
        self.resume().map(|_| self.folder.path_of(&self.names.part))
    }

    fn resume(&self) -> Option<Resume> {
        let there = self.description.as_ref()?;
        let offset = self.size().ok()?;
        let fits = offset > 0
            && there.length.is_none_or(|length| offset <= length)
            && !there.validator.is_empty();
        fits.then(|| Resume { offset, validator: there.validator.clone(), length: there.length })
    }

    fn agrees(
        &self,
        offset: u64,
        there: u64,
        description: Option<&Description>,
    ) -> Result<(), Error> {
        let path = || self.folder.path_of(&self.names.part);
        match (self.description.as_ref(), description) {
            (Some(old), Some(new)) if old.is_of_version(new) => {}
            _ => return Err(Error::OtherVersion { path: path() }),
        }
        if offset > there {
            return Err(Error::Offset { path: path(), asked: offset, found: there });
        }
        Ok(())
    }

    /// While partial, no wider than the file that it will replace; the owner has to be able to open
    /// it again.
    fn narrow(&self) -> Result<(), Error> {
        let Some(target) =
            self.look_at_target()?.filter(|target| kind(target) == FileType::RegularFile)
        else {
            return Ok(());
        };
        let mode = permissions(&self.look_at_part()?);
        self.set_mode(mode, mode & (permissions(&target) | Mode::RUSR | Mode::WUSR))
    }

    fn cut(&self, offset: u64, there: u64) -> Result<(), Error> {
        if there == offset {
            return Ok(());
        }
        self.file.set_len(offset).map_err(|error| self.failed("cutting", error))?;
        if self.options.sync {
            self.file.sync_all().map_err(|error| self.failed("syncing", error))?;
        }
        Ok(())
    }

    fn describe(&mut self, description: Option<Description>) -> Result<(), Error> {
        self.described = match &description {
            Some(new) => new.write(&self.folder, &self.names),
            None => self.folder.remove(&self.names.description).map(|()| None),
        }
        .map_err(|error| {
            Error::system("describing", self.folder.path_of(&self.names.part), error)
        })?;
        self.description = description.filter(|_| self.described.is_some());
        Ok(())
    }

    /// The bytes are whole by now, so wider is no harm.
    fn take_over_mode(&self) -> Result<(), Error> {
        if !self.options.overwrite {
            return Ok(());
        }
        let Some(target) = self.look_at_target()? else { return Ok(()) };
        match kind(&target) {
            FileType::RegularFile => {
                let mode = permissions(&self.look_at_part()?);
                self.set_mode(mode, permissions(&target))
            }
            FileType::Symlink => Ok(()),
            other => Err(Error::NotAFile { path: self.target(), what: words(other) }),
        }
    }

    /// Never tried twice: after a failure the system may call the same bytes clean. They cannot be
    /// trusted then, and must not be resumed from.
    fn sync_file(&mut self) -> Result<(), Error> {
        if !self.options.sync {
            return Ok(());
        }
        let synced = self.file.sync_all().map_err(|error| self.failed("syncing", error));
        if synced.is_err() {
            self.state = State::Begun;
            self.description = None;
        }
        synced
    }

    fn rename(&self) -> Result<(), Error> {
        let renamed = if self.options.overwrite {
            self.folder.rename(&self.names.part, &self.name)
        } else {
            self.folder.rename_new(&self.names.part, &self.name)
        };
        renamed.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists if !self.options.overwrite => Error::Exists {
                path: self.target(),
                kept: Some(self.folder.path_of(&self.names.part)),
            },
            _ => Error::system("renaming the part file to", self.target(), error),
        })
    }

    /// The lock went with the part file's name, so another process may have begun by now, and the
    /// description be its own. One that stays behind does no harm.
    fn remove_described(&self) {
        let Some(ours) = self.described else { return };
        let there = self.folder.look(&self.names.description).ok().flatten();
        if there.is_some_and(|there| same(&there, &ours)) {
            self.folder.remove(&self.names.description).ok();
        }
    }

    /// Removes what is ours; the part file last, because its name holds the lock.
    fn remove(&self) -> io::Result<()> {
        if !self.folder.leads_to(&self.names.part, &self.file)? {
            return Ok(());
        }
        self.folder.remove(&self.names.description).ok();
        self.folder.remove(&self.names.part)
    }

    fn is_worth_keeping(&self) -> bool {
        match self.state {
            State::Untouched => self.size().is_ok_and(|bytes| bytes > 0),
            State::Begun => self.resume().is_some(),
            State::Whole | State::Gone => true,
        }
    }

    fn is_in_place(&self) -> Result<bool, Error> {
        self.folder
            .leads_to(&self.names.part, &self.file)
            .map_err(|error| self.failed("looking at", error))
    }

    fn look_at_part(&self) -> Result<Stat, Error> {
        rustix::fs::fstat(&self.file).map_err(|error| self.failed("looking at", error.into()))
    }

    fn look_at_target(&self) -> Result<Option<Stat>, Error> {
        self.folder
            .look(&self.name)
            .map_err(|error| Error::system("looking at", self.target(), error))
    }

    fn set_mode(&self, from: Mode, to: Mode) -> Result<(), Error> {
        if from == to {
            return Ok(());
        }
        rustix::fs::fchmod(&self.file, to)
            .map_err(|error| self.failed("setting the mode of", error.into()))
    }

    fn target(&self) -> PathBuf {
        self.folder.path_of(&self.name)
    }

    fn failed(&self, doing: &'static str, error: io::Error) -> Error {
        Error::system(doing, self.folder.path_of(&self.names.part), error)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.is_worth_keeping() {
            self.remove().ok();
        }
    }
}

fn size_of(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or_default()
}
