//! A folder of ours and everything below it, for a tree that is held like another: no name in it
//! leads out.
//! Must not hold: what the tree is to be like, or a followed link.

use crate::error::Error;
use crate::folder::{Folder, kind, words};
use crate::part::Part;
use crate::replacement::Replacement;
use crate::target::{Options, is_one_element};
use rustix::fs::{FileType, Mode, OFlags, Stat};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Component, Path};

/// An open folder. Whatever it, or one on the way to it, is renamed to or replaced by meanwhile:
/// this is the folder that was opened.
#[derive(Debug)]
pub struct Tree(Folder);

/// What bears a name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// One path element.
    pub name: OsString,
    /// What it is itself: a link is a link.
    pub kind: ItemKind,
    /// Bytes, of a file.
    pub size: u64,
    /// When its bytes were changed last: whole seconds since 1970, UTC.
    pub modified: i64,
}

/// What an [`Item`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, whatever it points to.
    Link,
    /// A FIFO, a socket or a device.
    Other,
}

impl Tree {
    /// Opens the folder that the user typed: links in this path are followed.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let folder = Folder::open(path, true);
        folder.map(Self).map_err(|error| Error::system("opening the folder", path, error))
    }

    /// Opens the folder at a path below this one, element by element. An empty path is this folder.
    ///
    /// # Errors
    /// [`Error::NotAFile`]: a symbolic link, or no folder, is on the way, or the path has elements
    /// that are no names. [`Error::Denied`], [`Error::Io`].
    pub fn below(&self, path: &Path) -> Result<Self, Error> {
        let is_name = |element| matches!(element, Component::Normal(_));
        if !path.components().all(is_name) {
            return Err(self.no_name(path.as_ref()));
        }
        let here = self.0.try_clone().map_err(|error| self.failed("opening", error))?;
        path.iter().try_fold(Self(here), |tree, name| tree.child(name))
    }

    fn child(&self, name: &OsStr) -> Result<Self, Error> {
        match self.0.below(name) {
            Ok(folder) => Ok(Self(folder)),
            Err(error) => Err(self.mistaken(name, FileType::Directory, "opening", error)),
        }
    }

    /// What is in the folder, in no order. What vanishes meanwhile is not in it.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Io`].
    pub fn items(&self) -> Result<Vec<Item>, Error> {
        let mut names = Vec::new();
        let listed = self.0.each_name(|name| {
            if name != "." && name != ".." {
                names.push(name.to_os_string());
            }
        });
        listed.map_err(|error| self.failed("listing", error))?;
        let found = names.into_iter().filter_map(|name| self.item(name).transpose());
        found.collect()
    }

    fn item(&self, name: OsString) -> Result<Option<Item>, Error> {
        let Some(stat) = self.look(&name)? else { return Ok(None) };
        let kind = match kind(&stat) {
            FileType::RegularFile => ItemKind::File,
            FileType::Directory => ItemKind::Folder,
            FileType::Symlink => ItemKind::Link,
            _ => ItemKind::Other,
        };
        let size = u64::try_from(stat.st_size).unwrap_or_default();
        Ok(Some(Item { name, kind, size, modified: seconds(&stat) }))
    }

    /// The part file for a name in this folder, where whatever bears that name will be replaced: a
    /// link itself, not what it points to.
    ///
    /// # Errors
    /// As [`Target::named`](crate::Target::named) and [`Target::open`](crate::Target::open).
    pub fn part(&self, name: &OsStr, options: Options) -> Result<Part, Error> {
        self.check(name)?;
        match self.look(name)?.as_ref().map(kind) {
            None | Some(FileType::RegularFile | FileType::Symlink) => {}
            Some(other) => return Err(self.is_no_file(name, other)),
        }
        let folder = self.0.try_clone().map_err(|error| self.failed("opening", error))?;
        let replacement = Replacement::open(folder, name.to_os_string(), options)?;
        Ok(Part::replacing(self.0.path_of(name), replacement))
    }

    /// Opens a file to read it.
    ///
    /// # Errors
    /// [`Error::NotAFile`]: it is a symbolic link, or no regular file. [`Error::Denied`],
    /// [`Error::Io`].
    pub fn file(&self, name: &OsStr) -> Result<File, Error> {
        self.check(name)?;
        // Without blocking: a FIFO may have taken the file's place.
        let access = OFlags::RDONLY | OFlags::NONBLOCK;
        let file = self
            .0
            .open_file(name, access, Mode::empty())
            .map_err(|error| self.mistaken(name, FileType::RegularFile, "opening", error))?;
        let stat = rustix::fs::fstat(&file).map_err(|error| self.failed("looking at", error))?;
        match kind(&stat) {
            FileType::RegularFile => Ok(file),
            other => Err(self.is_no_file(name, other)),
        }
    }

    /// Makes a folder. One that is there already is fine.
    ///
    /// # Errors
    /// [`Error::NotAFile`]: something else bears the name. [`Error::Denied`], [`Error::Io`].
    pub fn make(&self, name: &OsStr) -> Result<(), Error> {
        self.check(name)?;
        match self.0.make(name) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.child(name).map(drop)
            }
            Err(error) => Err(Error::system("making", self.0.path_of(name), error)),
        }
    }

    /// Removes a file, or a link itself. One that is missing is fine.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Io`].
    pub fn remove_file(&self, name: &OsStr) -> Result<(), Error> {
        self.check(name)?;
        let removed = self.0.remove(name);
        removed.map_err(|error| Error::system("removing", self.0.path_of(name), error))
    }

    /// Removes an empty folder.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Io`]: it is not empty, above all.
    pub fn remove_folder(&self, name: &OsStr) -> Result<(), Error> {
        self.check(name)?;
        let removed = self.0.remove_folder(name);
        removed.map_err(|error| Error::system("removing", self.0.path_of(name), error))
    }

    fn check(&self, name: &OsStr) -> Result<(), Error> {
        if is_one_element(name) { Ok(()) } else { Err(self.no_name(name)) }
    }

    fn look(&self, name: &OsStr) -> Result<Option<Stat>, Error> {
        let stat = self.0.look(name);
        stat.map_err(|error| Error::system("looking at", self.0.path_of(name), error))
    }

    /// What could not be opened may be something else than it was taken for.
    fn mistaken(
        &self,
        name: &OsStr,
        wanted: FileType,
        doing: &'static str,
        error: io::Error,
    ) -> Error {
        match self.0.look(name).ok().flatten().as_ref().map(kind) {
            Some(found) if found != wanted => self.is_no_file(name, found),
            _ => Error::system(doing, self.0.path_of(name), error),
        }
    }

    fn is_no_file(&self, name: &OsStr, found: FileType) -> Error {
        Error::NotAFile { path: self.0.path_of(name), what: words(found) }
    }

    fn no_name(&self, name: &OsStr) -> Error {
        Error::NotAFile { path: self.0.path_of(name), what: "no file name" }
    }

    fn failed(&self, doing: &'static str, error: impl Into<io::Error>) -> Error {
        Error::system(doing, self.0.path(), error)
    }
}

fn seconds(stat: &Stat) -> i64 {
    stat.st_mtime
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    const REPLACE: Options = Options { overwrite: true, sync: false, create_dirs: false };

    fn tree(scratch: &Scratch) -> Tree {
        Tree::open(scratch.path()).unwrap()
    }

    #[test]
    fn items_are_what_they_are() {
        let scratch = Scratch::new();
        scratch.write("a", b"six !!");
        std::fs::create_dir(scratch.at("b")).unwrap();
        symlink("a", scratch.at("c")).unwrap();
        symlink("nowhere", scratch.at("d")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(scratch.at("e")).unwrap();
        let mut items = tree(&scratch).items().unwrap();
        items.sort_by(|a, b| a.name.cmp(&b.name));
        let kinds: Vec<_> = items.iter().map(|item| (item.name.to_str(), item.kind)).collect();
        let rows = [
            (Some("a"), ItemKind::File),
            (Some("b"), ItemKind::Folder),
            (Some("c"), ItemKind::Link),
            (Some("d"), ItemKind::Link),
            (Some("e"), ItemKind::Other),
        ];
        assert_eq!(kinds, rows);
        let modified = std::fs::metadata(scratch.at("a")).unwrap().modified().unwrap();
        let since = modified.duration_since(std::time::UNIX_EPOCH).unwrap();
        let found = (items[0].size, u64::try_from(items[0].modified).unwrap());
        assert_eq!(found, (6, since.as_secs()));
        drop(socket);
    }

    /// hostile.md row 156: a link where a folder was leads nowhere.
    #[test]
    fn nothing_leads_out() {
        let (scratch, outside) = (Scratch::new(), Scratch::new());
        std::fs::create_dir(outside.at("sub")).unwrap();
        outside.write("secret", b"theirs");
        symlink(outside.path(), scratch.at("link")).unwrap();
        symlink(outside.at("secret"), scratch.at("file")).unwrap();
        scratch.write("plain", b"");
        let tree = tree(&scratch);
        for path in ["link", "link/sub", "..", "a/../b", "/tmp", "plain", "plain/x"] {
            assert!(matches!(tree.below(Path::new(path)), Err(Error::NotAFile { .. })), "{path}");
        }
        for name in ["file", "link", "..", ".", "", "a/b"] {
            assert!(matches!(tree.file(name.as_ref()), Err(Error::NotAFile { .. })), "{name}");
        }
        for name in ["link", "plain", "..", "a/b"] {
            assert!(matches!(tree.make(name.as_ref()), Err(Error::NotAFile { .. })), "{name}");
        }
        for name in ["..", "a/b", ""] {
            assert!(tree.part(name.as_ref(), REPLACE).is_err(), "{name}");
            assert!(tree.remove_file(name.as_ref()).is_err(), "{name}");
            assert!(tree.remove_folder(name.as_ref()).is_err(), "{name}");
        }
        let mut part = tree.part("file".as_ref(), REPLACE).unwrap();
        part.begin(0, None).unwrap();
        part.file().write_all(b"ours").unwrap();
        part.commit().unwrap();
        tree.remove_file("link".as_ref()).unwrap();
        assert_eq!(
            (scratch.read("file"), outside.read("secret")),
            (b"ours".into(), b"theirs".into())
        );
        assert_eq!(outside.names(), ["secret", "sub"]);
    }

    #[test]
    fn folders_come_and_go() {
        let scratch = Scratch::new();
        let tree = tree(&scratch);
        for _ in 0..2 {
            tree.make("a".as_ref()).unwrap();
        }
        tree.below(Path::new("a")).unwrap().make("b".as_ref()).unwrap();
        assert!(tree.remove_folder("a".as_ref()).is_err());
        tree.below(Path::new("a")).unwrap().remove_folder("b".as_ref()).unwrap();
        tree.remove_folder("a".as_ref()).unwrap();
        tree.remove_file("a".as_ref()).unwrap();
        assert!(scratch.names().is_empty());
    }

    #[test]
    fn an_open_folder_stays_that_folder() {
        let (scratch, outside) = (Scratch::new(), Scratch::new());
        std::fs::create_dir(scratch.at("a")).unwrap();
        let below = tree(&scratch).below(Path::new("a")).unwrap();
        std::fs::rename(scratch.at("a"), scratch.at("b")).unwrap();
        symlink(outside.path(), scratch.at("a")).unwrap();
        let mut part = below.part("x".as_ref(), REPLACE).unwrap();
        part.begin(0, None).unwrap();
        part.commit().unwrap();
        assert!(scratch.at("b/x").exists());
        assert!(outside.names().is_empty());
    }
}
