//! What is done to make a target like its source, here or on the server.
//! Must not hold: what has to be done, how often it is tried.

use super::crew::Crew;
use super::plan::{Branch, Node, depth, name_of};
use super::report::{Deed, Report, Way};
use super::tree::{folder, remote};
use crate::exit::Failure;
use crate::ftp::Site;
use crate::ftp::transfer::{
    self, Leaves, Source, Trouble, Upload, Version, refuse_beyond, version,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use time::UtcDateTime;
use wireline_ftp::{Accuracy, Error, Pathname, Session};
use wireline_store::{Options, Tree};

/// Both ends, and how files go between them.
pub(crate) struct Work<'a> {
    pub(crate) site: &'a Site,
    pub(crate) report: &'a Report<'a>,
    pub(crate) way: Way,
    /// The folder here.
    pub(crate) root: &'a Tree,
    /// The folder there; where a login begins if it has no name.
    pub(crate) base: Option<&'a Pathname>,
    /// Bytes of a file that are allowed.
    pub(crate) most: u64,
    /// How an upload comes to its name.
    pub(crate) upload: transfer::Way,
}

/// A file to be transferred.
struct Piece {
    path: Branch,
    node: Node,
    /// It has been tried in this run.
    is_tried: bool,
    /// The version that was sent, in part.
    sent: Option<Version>,
}

/// A file of ours is replaced, and is on the disk when the system likes.
const OPTIONS: Options = Options { overwrite: true, sync: false, create_dirs: false };

/// Bytes of a file that is worth being continued. To note what the part of a smaller one is of would
/// take longer than to fetch it again.
const CONTINUED: u64 = 64 * 1024;

/// What stays as it is in the URL of a file.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_');

impl Work<'_> {
    /// Makes folders, those above first.
    pub(crate) fn make(&self, crew: &mut Crew<'_>, folders: Vec<Branch>) {
        if self.way == Way::Down {
            for path in folders {
                let made = folder(self.root, &path).and_then(|tree| tree.make(name(&path)));
                self.made(path, made.map_err(Failure::from));
            }
            return;
        }
        for (_, level) in levels(folders) {
            let work = |session: &mut Session, path: &mut Branch, _: bool| {
                transfer::make_folders(session, &self.there(path)?)?;
                self.report.made(path);
                Ok(Vec::new())
            };
            crew.each(level, work, |paths, failure| {
                self.report.failed(Deed::Mkdir, &paths, failure)
            });
        }
    }

    fn made(&self, path: Branch, made: Result<(), Failure>) {
        match made {
            Ok(()) => self.report.made(&path),
            Err(failure) => self.report.failed(Deed::Mkdir, &[path], failure),
        }
    }

    /// Transfers files, whole or not at all.
    pub(crate) fn transfer(&self, crew: &mut Crew<'_>, files: Vec<(Branch, Node)>) {
        let all = files.len();
        let bytes = files
            .iter()
            .map(|(_, node)| node.size)
            .try_fold(0_u64, |sum, size| size.and_then(|size| sum.checked_add(size)));
        self.site.meter.begin();
        self.site.meter.expect(0, bytes);
        let begun = AtomicUsize::new(0);
        let piece = |(path, node)| Piece { path, node, is_tried: false, sent: None };
        // The last is taken first.
        let pieces = files.into_iter().rev().map(piece).collect();
        let work = |session: &mut Session, piece: &mut Piece, again: bool| {
            if !piece.is_tried {
                self.site.meter.file(begun.fetch_add(1, Ordering::Relaxed) + 1, all);
            }
            let moved = match self.way {
                Way::Down => self.fetch(session, piece),
                Way::Up => self.store(session, piece, again),
            };
            piece.is_tried = true;
            self.report.transferred(&piece.path, moved?);
            Ok(Vec::new())
        };
        crew.each(pieces, work, |pieces, failure| {
            let paths: Vec<_> = pieces.into_iter().map(|piece| piece.path).collect();
            self.report.failed(self.way.deed(), &paths, failure);
        });
    }

    /// What an earlier run has left is continued only where it is certain to be of the same version.
    fn fetch(&self, session: &mut Session, piece: &Piece) -> Result<u64, Trouble> {
        let Piece { path, node: Node { size, modified, .. }, .. } = piece;
        let there = self.there(path)?;
        let mut part = folder(self.root, path)?.part(name(path), OPTIONS)?;
        let url = match size {
            Some(size) if *size >= CONTINUED => self.url_of(path),
            _ => String::new(),
        };
        let source = Source { path: &there, url: &url, size: *size, modified: *modified };
        let is_certain = modified.is_some_and(|modified| modified.accuracy == Accuracy::Exact);
        let resumes = is_certain || piece.is_tried;
        let bytes = transfer::fetch(session, &source, &mut part, resumes, self.most)?;
        if let Some(modified) = modified {
            // A file system that knows no such time makes the file be fetched again, that is all.
            drop(part.file().set_modified(modified.at.into()));
        }
        part.commit()?;
        Ok(bytes)
    }

    fn store(&self, session: &mut Session, piece: &mut Piece, again: bool) -> Result<u64, Trouble> {
        let there = self.there(&piece.path)?;
        let file = folder(self.root, &piece.path)?.file(name(&piece.path))?;
        let (size, modified) = version(&file)?;
        refuse_beyond(self.most, Some(size))?;
        let mut upload = Upload::new(&file, true, &there, self.upload, self.site.output);
        upload.sent = piece.sent;
        upload.leaves = if again { Leaves::ForAnotherTry } else { Leaves::Nothing };
        let stored = transfer::store(session, &mut upload);
        piece.sent = upload.sent;
        let bytes = stored?;
        if session.feat().is_ok_and(|features| features.has("MFMT")) {
            // Without it the file is as new as this run, which is new enough.
            drop(session.mfmt(UtcDateTime::from(modified), &there));
        }
        Ok(bytes)
    }

    /// Removes files and folders, what is in a folder before it.
    pub(crate) fn remove(&self, crew: &mut Crew<'_>, removals: Vec<(Branch, bool)>) {
        if self.way == Way::Down {
            return removals
                .into_iter()
                .for_each(|(path, is_folder)| self.remove_here(path, is_folder));
        }
        let (folders, files): (Vec<_>, Vec<_>) =
            removals.into_iter().partition(|(_, is_folder)| *is_folder);
        let paths = |removals: Vec<(Branch, bool)>| removals.into_iter().map(|(path, _)| path);
        self.remove_there(crew, paths(files).collect(), Session::dele);
        for (_, level) in levels(paths(folders).collect()).into_iter().rev() {
            self.remove_there(crew, level, Session::rmd);
        }
    }

    fn remove_here(&self, path: Branch, is_folder: bool) {
        let removed = folder(self.root, &path).and_then(|tree| match is_folder {
            true => tree.remove_folder(name(&path)),
            false => tree.remove_file(name(&path)),
        });
        match removed {
            Ok(()) => self.report.deleted(&path),
            Err(error) => self.report.failed(Deed::Delete, &[path], error.into()),
        }
    }

    fn remove_there<T>(
        &self,
        crew: &mut Crew<'_>,
        paths: Vec<Branch>,
        verb: impl Fn(&mut Session, &Pathname) -> Result<T, Error> + Sync,
    ) {
        let work = |session: &mut Session, path: &mut Branch, _: bool| {
            verb(session, &self.there(path)?)?;
            self.report.deleted(path);
            Ok(Vec::new())
        };
        crew.each(paths, work, |paths, failure| self.report.failed(Deed::Delete, &paths, failure));
    }

    fn url_of(&self, path: &[u8]) -> String {
        let base = self.site.shown().trim_end_matches('/');
        format!("{base}/{}", percent_encode(path, PLAIN))
    }

    fn there(&self, path: &[u8]) -> Result<Pathname, Error> {
        remote(self.base, path)
    }
}

fn name(path: &[u8]) -> &OsStr {
    OsStr::from_bytes(name_of(path))
}

/// Folders by how deep they are.
fn levels(folders: Vec<Branch>) -> BTreeMap<usize, Vec<Branch>> {
    let mut levels: BTreeMap<usize, Vec<Branch>> = BTreeMap::new();
    for folder in folders {
        levels.entry(depth(&folder)).or_default().push(folder);
    }
    levels
}
