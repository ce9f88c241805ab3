//! Reading the trees: the server's folder by folder over its listings, ours by its handles.
//! Must not hold: comparisons.

use super::crew::{Crew, lock};
use super::plan::{Branch, Node, Nodes, Rules, depth, folder_of, join};
use super::report::{Deed, Report};
use crate::exit::{Exit, Failure};
use crate::ftp::list::{self, line::shown};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use time::UtcDateTime;
use wireline_ftp::{Accuracy, Entry, Error, Kind, Modified, Pathname};
use wireline_store::{Item, ItemKind, Tree};

/// Folders in folders. A server that shows the same tree again in itself comes to it soon.
const DEPTH: usize = 64;

/// Files and folders of a tree.
const ENTRIES: usize = 1_000_000;

/// Bytes of all the paths of a tree.
const PATH_BYTES: usize = 256 << 20;

/// A tree as far as it is read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) nodes: Nodes,
    /// Lines of listings that were not understood.
    pub(crate) unknown: u64,
    /// The root could not be listed.
    pub(crate) refused: Option<Failure>,
    bytes: usize,
    /// What the server tells its folders by.
    uniques: HashMap<Branch, Vec<u8>>,
    /// It has no end: nothing may be believed.
    endless: Option<Failure>,
}

/// The name of an entry if it may be in a tree.
pub(crate) type Component = fn(&Entry) -> Option<&[u8]>;

/// Why an entry is not in the tree.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    Unsafe,
    Twice,
}

impl Reading {
    /// One more, unless there are too many.
    fn add(&mut self, path: Branch, node: Node) -> Result<(), Odd> {
        self.bytes += path.len();
        let too_many = self.nodes.len() >= ENTRIES || self.bytes > PATH_BYTES;
        if too_many || node.kind == Kind::Folder && depth(&path) > DEPTH {
            let why = match too_many {
                true => format!("more than {ENTRIES} files and folders"),
                false => format!("folders in folders, more than {DEPTH} deep"),
            };
            self.endless = Some(Failure::new(Exit::Broken, why));
            return Ok(());
        }
        match self.nodes.insert(path, node) {
            None => Ok(()),
            Some(_) => Err(Odd::Twice),
        }
    }

    /// What a server has listed of a folder. The folders to be listed next, and what is odd.
    fn take(
        &mut self,
        folder: &[u8],
        listed: list::Folder,
        component: Component,
    ) -> (Vec<Branch>, Vec<(Branch, Odd)>) {
        self.unknown += listed.unknown;
        self.know(folder, listed.unique);
        let (mut folders, mut odd) = (Vec::new(), Vec::new());
        for mut entry in listed.entries {
            let path = join(folder, &entry.name);
            if entry.kind == Kind::Folder && self.is_above(folder, entry.unique.as_deref()) {
                // What leads back up is as good as a link.
                entry.kind = Kind::Link;
            }
            let added = match component(&entry) {
                Some(_) => self.add(path.clone(), node_of(&entry)),
                None => Err(Odd::Unsafe),
            };
            match added {
                Err(why) => odd.push((path, why)),
                Ok(()) if entry.kind == Kind::Folder => {
                    self.know(&path, entry.unique);
                    folders.push(path);
                }
                Ok(()) => {}
            }
        }
        (folders, odd)
    }

    fn know(&mut self, folder: &[u8], unique: Option<Vec<u8>>) {
        if let Some(unique) = unique {
            self.bytes += unique.len();
            self.uniques.insert(folder.to_vec(), unique);
        }
    }

    /// Whether something in this folder is the folder itself, or one that it is in.
    fn is_above(&self, folder: &[u8], unique: Option<&[u8]>) -> bool {
        let Some(unique) = unique else { return false };
        let mut above = Some(folder);
        while let Some(folder) = above {
            if self.uniques.get(folder).is_some_and(|own| own == unique) {
                return true;
            }
            above = (!folder.is_empty()).then(|| folder_of(folder));
        }
        false
    }

    fn take_items(&mut self, folder: &[u8], items: Vec<Item>) -> Vec<Branch> {
        let mut folders = Vec::new();
        for item in items {
            let path = join(folder, item.name.as_bytes());
            // No folder has a name twice.
            let added = self.add(path.clone(), node_of_item(&item));
            if added.is_ok() && item.kind == ItemKind::Folder {
                folders.push(path);
            }
        }
        folders
    }

    fn whole(self) -> Result<Self, Failure> {
        match self.endless {
            Some(failure) => Err(failure),
            None => Ok(self),
        }
    }
}

/// The server's tree below `base`, the folders of it that `enters` allows. Names that are none are
/// reported, unless the rules exclude them.
pub(crate) fn theirs(
    crew: &mut Crew<'_>,
    report: &Report<'_>,
    base: Option<&Pathname>,
    rules: &Rules,
    component: Component,
    enters: impl Fn(&[u8]) -> bool + Sync,
) -> Result<Reading, Failure> {
    let reading = Mutex::new(Reading::default());
    let work = |session: &mut _, folder: &mut Branch, _: bool| {
        if lock(&reading).endless.is_some() {
            return Ok(Vec::new());
        }
        let listed = list::entries(session, remote_folder(base, folder)?.as_ref())?;
        let (mut folders, mut odd) = lock(&reading).take(folder, listed, component);
        odd.retain(|(path, _)| rules.enters(path));
        report.odd(&odd);
        folders.retain(|folder| enters(folder));
        // The last is taken first.
        folders.reverse();
        Ok(folders)
    };
    crew.each(vec![Branch::new()], work, |folders, failure| {
        match folders.first().is_some_and(Vec::is_empty) {
            true => lock(&reading).refused = Some(failure),
            false => report.failed(Deed::List, &folders, failure),
        }
    });
    reading.into_inner().unwrap_or_else(PoisonError::into_inner).whole()
}

/// Our tree, the folders of it that `enters` allows.
pub(crate) fn ours(
    root: &Tree,
    report: &Report<'_>,
    enters: impl Fn(&[u8]) -> bool,
) -> Result<Reading, Failure> {
    let mut reading = Reading::default();
    let mut folders = vec![Branch::new()];
    while let Some(folder) = folders.pop() {
        match root.below(local(&folder)).and_then(|tree| tree.items()) {
            Ok(items) => folders.extend(reading.take_items(&folder, items)),
            Err(error) if folder.is_empty() => return Err(error.into()),
            Err(error) => report.failed(Deed::List, &[folder], error.into()),
        }
        folders.retain(|folder| enters(folder));
        if reading.endless.is_some() {
            break;
        }
    }
    reading.whole()
}

/// What a path is called on the server.
pub(crate) fn remote(base: Option<&Pathname>, path: &[u8]) -> Result<Pathname, Error> {
    match base {
        Some(base) => base.join(path),
        None => Pathname::try_from(path),
    }
}

/// The same of a folder: the one that a login begins in has no name.
fn remote_folder(base: Option<&Pathname>, path: &[u8]) -> Result<Option<Pathname>, Error> {
    if path.is_empty() { Ok(base.cloned()) } else { remote(base, path).map(Some) }
}

/// What a path is called here.
pub(crate) fn local(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

/// The folder that something of ours is in.
pub(crate) fn folder(root: &Tree, path: &[u8]) -> Result<Tree, wireline_store::Error> {
    root.below(local(folder_of(path)))
}

/// A path for messages.
pub(crate) fn said(path: &[u8]) -> String {
    if path.is_empty() { "the folder itself".to_owned() } else { shown(path) }
}

fn node_of(entry: &Entry) -> Node {
    let Entry { kind, size, modified, .. } = *entry;
    Node { kind, size, modified }
}

fn node_of_item(item: &Item) -> Node {
    let kind = match item.kind {
        ItemKind::File => Kind::File,
        ItemKind::Folder => Kind::Folder,
        ItemKind::Link => Kind::Link,
        ItemKind::Other => Kind::Other,
    };
    let at = UtcDateTime::from_unix_timestamp(item.modified).ok();
    let modified = at.map(|at| Modified { at, accuracy: Accuracy::Exact });
    Node { kind, size: Some(item.size).filter(|_| kind == Kind::File), modified }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: Kind) -> Entry {
        let name = name.as_bytes().to_vec();
        Entry { name, kind, size: None, modified: None, mode: None, link: None, unique: None }
    }

    /// What a server has listed, for a tree of ours.
    fn listed(names: &[&str]) -> list::Folder {
        let mut entries: Vec<_> = names.iter().map(|name| entry(name, Kind::File)).collect();
        entries.push(entry("sub", Kind::Folder));
        list::Folder { entries, unknown: 2, unique: None }
    }

    const NAMES: [&str; 11] =
        ["a", "..", "a", "b/c", "b\\c", "", "/etc", "C:x", "d\n", "e", ".hidden"];

    /// hostile.md rows 154, 155 and 159: names that lead out, and those that would be one file of
    /// ours.
    #[test]
    fn names_of_a_server() {
        let mut reading = Reading::default();
        let (folders, odd) = reading.take(b"in", listed(&NAMES), Entry::safe_component);
        assert_eq!(folders, [b"in/sub".to_vec()]);
        let odd: Vec<_> = odd.iter().map(|(path, why)| (shown(path), why)).collect();
        let lines: Vec<_> = odd.iter().map(|(path, why)| format!("{path} {why:?}")).collect();
        let wanted = [
            "in/.. Unsafe",
            "in/a Twice",
            "in/b/c Unsafe",
            "in/b\\\\c Unsafe",
            "in/ Unsafe",
            "in//etc Unsafe",
            "in/C:x Unsafe",
            "in/d\\n Unsafe",
        ];
        assert_eq!(lines, wanted);
        let nodes: Vec<_> = reading.nodes.keys().map(|path| shown(path)).collect();
        assert_eq!(nodes, ["in/.hidden", "in/a", "in/e", "in/sub"]);
        assert_eq!(reading.unknown, 2);
    }

    /// What is not written here has only to be a name there.
    #[test]
    fn names_to_be_sent_back() {
        let mut reading = Reading::default();
        let (_, odd) =
            reading.take(b"", listed(&[&NAMES[..], &["t\tb"]].concat()), Entry::component);
        let odd: Vec<_> = odd.iter().map(|(path, _)| shown(path)).collect();
        assert_eq!(odd, ["..", "a", "b/c", "", "/etc", "d\\n"]);
        let nodes: Vec<_> = reading.nodes.keys().map(|path| shown(path)).collect();
        assert_eq!(nodes, [".hidden", "C:x", "a", "b\\\\c", "e", "sub", "t\\tb"]);
    }

    /// hostile.md: a tree that is in itself again.
    #[test]
    fn trees_end() {
        let mut reading = Reading::default();
        let mut folder = Branch::new();
        for level in 1..=DEPTH + 1 {
            let entries = vec![entry("again", Kind::Folder)];
            folder = reading
                .take(
                    &folder,
                    list::Folder { entries, unknown: 0, unique: None },
                    Entry::safe_component,
                )
                .0
                .remove(0);
            assert_eq!(reading.endless.is_some(), level > DEPTH, "{level}");
        }
        assert_eq!(reading.whole().unwrap_err().exit.code(), 5);
        let mut reading = Reading { bytes: PATH_BYTES - 1, ..Reading::default() };
        let node = Node { kind: Kind::File, size: None, modified: None };
        reading.add(b"a".to_vec(), node).unwrap();
        assert!(reading.endless.is_none());
        reading.add(b"b".to_vec(), node).unwrap();
        assert_eq!(reading.whole().unwrap_err().exit.code(), 5);
    }

    /// A folder that is one of those it is in is a link, whatever the server calls it.
    #[test]
    fn loops_are_links() {
        let unique = |name: &str, unique: &str| Entry {
            unique: (!unique.is_empty()).then(|| unique.as_bytes().to_vec()),
            ..entry(name, Kind::Folder)
        };
        type Row<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a str)], &'a [&'a str]);
        let rows: [Row<'_>; 4] = [
            ("", Some("r"), &[("a", "1"), ("up", "r"), ("plain", "")], &["a", "plain"]),
            ("a", None, &[("b", "2"), ("self", "1"), ("up", "r")], &["a/b"]),
            (
                "a/b",
                Some("2"),
                &[("c", "3"), ("d", "3"), ("x", "1"), ("y", "r")],
                &["a/b/c", "a/b/d"],
            ),
            ("plain", None, &[("a", "1"), ("up", "r")], &["plain/a"]),
        ];
        let mut reading = Reading::default();
        for (folder, own, entries, wanted) in rows {
            let entries = entries.iter().map(|(name, own)| unique(name, own)).collect();
            let own = own.map(|own| own.as_bytes().to_vec());
            let listed = list::Folder { entries, unknown: 0, unique: own };
            let (folders, odd) = reading.take(folder.as_bytes(), listed, Entry::safe_component);
            let folders: Vec<_> = folders.iter().map(|path| shown(path)).collect();
            assert_eq!(
                (folders, odd),
                (wanted.iter().map(|it| (*it).to_owned()).collect(), vec![])
            );
        }
        assert_eq!(reading.nodes[b"a/b/x".as_slice()].kind, Kind::Link);
    }

    #[test]
    fn names_on_the_server() {
        let base = Pathname::try_from("pub").unwrap();
        let rows = [
            (None, "", None),
            (None, "a/b", Some("a/b")),
            (Some(&base), "", Some("pub")),
            (Some(&base), "a/b", Some("pub/a/b")),
        ];
        for (base, path, wanted) in rows {
            let found = remote_folder(base, path.as_bytes()).unwrap();
            assert_eq!(found.map(|path| path.to_string()).as_deref(), wanted);
        }
        assert!(remote(None, b"a\nDELE b").is_err());
    }
}
