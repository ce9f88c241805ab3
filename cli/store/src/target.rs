//! Which file a download is for: from what the user typed, or a server named, to a place that will
//! not move.
//! Must not hold: the writing of anything.

use crate::error::Error;
use crate::folder::{Folder, kind, words};
use crate::part::Part;
use crate::replacement::Replacement;
use crate::through::Way;
use rustix::fs::FileType;
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// How a target is treated. Every switch is off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Replace a file that exists. Off: such a target is [`Error::Exists`], at once and again at
    /// the end.
    pub overwrite: bool,
    /// Return from [`Part::commit`] only when file and folder are on the disk.
    pub sync: bool,
    /// Create the folders that lead to the target. They stay whatever comes of the transfer.
    pub create_dirs: bool,
}

/// A place to write to, resolved once: a symbolic link that changes later changes nothing.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    place: Place,
    options: Options,
}

#[derive(Debug)]
enum Place {
    Replaced { folder: Folder, name: OsString },
    Through(Way),
}

impl Target {
    /// The target that the user typed.
    ///
    /// A symbolic link is followed and what it points to is replaced, or created when it is
    /// missing. A character device, a FIFO, `/dev/stdout` and `/dev/fd/N` are written through,
    /// whatever [`Options::overwrite`] says. A regular file, or nothing, is replaced when the
    /// transfer is whole.
    ///
    /// # Errors
    /// - [`Error::NotAFile`]: a directory, a block device or a socket, or a path that ends as a
    ///   directory's.
    /// - [`Error::Exists`]: it is there and may not be replaced.
    /// - [`Error::Denied`], [`Error::Io`]: the folder cannot be opened or created, or the links run
    ///   in a circle.
    pub fn file(path: &Path, options: Options) -> Result<Self, Error> {
        let (path, found) = resolve(path)?;
        match found {
            Found::Nothing => Self::replaced(path, options),
            Found::Kind(FileType::RegularFile) if options.overwrite => {
                Self::replaced(path, options)
            }
            Found::Kind(FileType::RegularFile) => Err(Error::Exists { path, kept: None }),
            Found::Kind(FileType::CharacterDevice | FileType::Fifo) => {
                Ok(Self::through(path, Way::Device, options))
            }
            Found::Kind(other) => Err(Error::NotAFile { path, what: words(other) }),
            Found::Descriptor(way) => Ok(Self::through(path, way, options)),
        }
    }

    /// The target `name` in `folder`, where a server or a URL chose the name (see
    /// [`safe_name`](crate::safe_name)).
    ///
    /// Nothing is followed and nothing is written through: a symbolic link counts as a file that
    /// exists, and is itself replaced.
    ///
    /// # Errors
    /// - [`Error::NotAFile`]: the name is no single path element, or bears a directory, device,
    ///   FIFO or socket.
    /// - [`Error::Exists`]: it is there and may not be replaced.
    /// - [`Error::Denied`], [`Error::Io`]: the folder cannot be opened or created.
    pub fn named(folder: &Path, name: &str, options: Options) -> Result<Self, Error> {
        let path = folder.join(name);
        if !is_one_element(name) {
            return Err(Error::NotAFile { path, what: "no file name" });
        }
        let target = Self::replaced(path, options)?;
        match target.bears()? {
            None => Ok(target),
            Some(FileType::RegularFile | FileType::Symlink) if options.overwrite => Ok(target),
            Some(FileType::RegularFile | FileType::Symlink) => {
                Err(Error::Exists { path: target.path, kept: None })
            }
            Some(other) => Err(Error::NotAFile { path: target.path, what: words(other) }),
        }
    }

    /// Where the bytes will be, links resolved.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether bytes go straight to a device, FIFO or descriptor: they cannot be taken back, so an
    /// attempt that wrote some is not to be repeated.
    pub fn is_written_through(&self) -> bool {
        matches!(self.place, Place::Through(_))
    }

    /// Opens the part file, or what is written through. This comes before the request is sent: a
    /// folder that cannot be written shows here. A FIFO without a reader waits here for one,
    /// without a limit of time.
    ///
    /// # Errors
    /// - [`Error::Locked`]: another process is writing the same target.
    /// - [`Error::Exists`]: the target has appeared and may not be replaced.
    /// - [`Error::Planted`]: the part file's name is taken by something that is not a part file of
    ///   ours.
    /// - [`Error::NotAFile`]: the target has become something that is not written through.
    /// - [`Error::Denied`], [`Error::Io`]: the system says no.
    pub fn open(self) -> Result<Part, Error> {
        match self.place {
            Place::Replaced { folder, name } => {
                Ok(Part::replacing(self.path, Replacement::open(folder, name, self.options)?))
            }
            Place::Through(way) => {
                let file = way.open(&self.path)?;
                Ok(Part::through(self.path, file, self.options.sync))
            }
        }
    }

    fn replaced(path: PathBuf, options: Options) -> Result<Self, Error> {
        let Some(name) = file_name(&path) else {
            return Err(Error::NotAFile { path, what: "a directory's name" });
        };
        let parent = path.parent().unwrap_or(Path::new(""));
        if options.create_dirs && !parent.as_os_str().is_empty() {
            std::fs::create_dir_all(parent)
                .map_err(|error| Error::system("creating the folder", parent, error))?;
        }
        let folder = Folder::open(parent, options.sync)
            .map_err(|error| Error::system("opening the folder of", &path, error))?;
        let name = name.to_os_string();
        Ok(Self { path, place: Place::Replaced { folder, name }, options })
    }

    fn through(path: PathBuf, way: Way, options: Options) -> Self {
        Self { path, place: Place::Through(way), options }
    }

    fn bears(&self) -> Result<Option<FileType>, Error> {
        let Place::Replaced { folder, name } = &self.place else { return Ok(None) };
        let stat =
            folder.look(name).map_err(|error| Error::system("looking at", &self.path, error))?;
        Ok(stat.as_ref().map(kind))
    }
}

enum Found {
    Nothing,
    Kind(FileType),
    Descriptor(Way),
}

/// Follows links one by one, because the last may point to nothing, and to see a descriptor's name
/// on the way.
fn resolve(typed: &Path) -> Result<(PathBuf, Found), Error> {
    let mut path = typed.to_path_buf();
    for _ in 0..LINKS {
        if let Some(way) = Way::of_descriptor(&path) {
            return Ok((path, Found::Descriptor(way)));
        }
        let next = match rustix::fs::lstat(&path) {
            Ok(found) if kind(&found) == FileType::Symlink => follow(&path),
            Ok(found) => return Ok((path, Found::Kind(kind(&found)))),
            Err(Errno::NOENT) => return Ok((path, Found::Nothing)),
            Err(error) => Err(error.into()),
        };
        path = next.map_err(|error| Error::system("looking at", &path, error))?;
    }
    Err(Error::system("following the links of", typed, Errno::LOOP))
}

/// One link further. The look through the link lets the kernel object: to a link that a stranger
/// put into a sticky folder, above all, which reading the link by hand would slip past.
fn follow(link: &Path) -> io::Result<PathBuf> {
    let to = std::fs::read_link(link)?;
    match std::fs::metadata(link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(link.parent().unwrap_or(Path::new("")).join(to)),
    }
}

/// The last element of a path that does not end as a directory's.
fn file_name(path: &Path) -> Option<&OsStr> {
    let name = path.file_name()?;
    path.as_os_str().as_bytes().ends_with(name.as_bytes()).then_some(name)
}

pub(crate) fn is_one_element(name: impl AsRef<OsStr>) -> bool {
    let name = name.as_ref();
    let mut elements = Path::new(name).components();
    matches!(elements.next(), Some(Component::Normal(element)) if element == name)
        && elements.next().is_none()
}

/// As many links as Linux follows in one path.
const LINKS: u32 = 40;
