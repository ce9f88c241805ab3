//! What makes one tree like another: two trees in, actions out.
//! Must not hold: I/O, or which of the two is ours.

use crate::exit::Failure;
use crate::ftp::pattern::Pattern;
use std::collections::{BTreeMap, HashSet};
use wireline_ftp::{Accuracy, Kind, Modified};

/// A path in a tree: names with `/` between them. Empty is the root.
pub(crate) type Branch = Vec<u8>;

/// A tree without its root. Whatever is in a folder comes behind it.
pub(crate) type Nodes = BTreeMap<Branch, Node>;

/// A file, folder or link, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Bytes, of a file.
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Modified>,
}

/// The folder that something is in.
pub(crate) fn folder_of(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&byte| byte == b'/').unwrap_or_default();
    path.get(..end).unwrap_or_default()
}

/// The last element.
pub(crate) fn name_of(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

/// Something in a folder.
pub(crate) fn join(folder: &[u8], name: &[u8]) -> Branch {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// How many elements there are.
pub(crate) fn depth(path: &[u8]) -> usize {
    match path {
        [] => 0,
        _ => 1 + path.iter().filter(|&&byte| byte == b'/').count(),
    }
}

/// What is looked at. The rest is neither transferred nor removed.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl Rules {
    /// Reads the patterns of `--include` and `--exclude`.
    pub(crate) fn parse(include: &[String], exclude: &[String]) -> Result<Self, Failure> {
        let parse = |texts: &[String]| {
            texts.iter().map(|text| Pattern::parse(text.as_bytes())).collect::<Result<_, _>>()
        };
        Ok(Self { include: parse(include)?, exclude: parse(exclude)? })
    }

    /// Whether what is in this folder is looked at.
    pub(crate) fn enters(&self, folder: &[u8]) -> bool {
        !any(&self.exclude, folder)
    }

    fn wants(&self, path: &[u8], kind: Kind) -> bool {
        let is_included =
            self.include.is_empty() || kind == Kind::Folder || any(&self.include, path);
        is_included && !any(&self.exclude, path)
    }
}

fn any(patterns: &[Pattern], path: &[u8]) -> bool {
    patterns.iter().any(|pattern| pattern.matches(path) || pattern.matches(name_of(path)))
}

/// What is to be done, in this order.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// To be made; those above come first.
    pub(crate) folders: Vec<Branch>,
    /// Files to be transferred, as they are at the source.
    pub(crate) transfers: Vec<(Branch, Node)>,
    /// To be removed, what is in a folder before it; whether it is a folder.
    pub(crate) removals: Vec<(Branch, bool)>,
    /// Files that are as they should be.
    pub(crate) up_to_date: u64,
    /// At the source, and neither file nor folder.
    pub(crate) skipped: Vec<(Branch, &'static str)>,
    /// What bears the name at the target is of another kind, and stays.
    pub(crate) conflicts: Vec<(Branch, &'static str)>,
    /// A file beside it takes this name at the target while it is transferred.
    pub(crate) reserved: Vec<Branch>,
}

impl Plan {
    /// Compares the trees. What the source does not have is removed only if `removes`; `beside` are
    /// the names that a file takes in its folder of the target while it is transferred.
    pub(crate) fn new(
        source: &Nodes,
        target: &Nodes,
        rules: &Rules,
        removes: bool,
        beside: impl Fn(&[u8]) -> Vec<Branch>,
    ) -> Self {
        let mut plan = Self::default();
        let mut blocked = HashSet::new();
        let reserved = reserved(source, rules, beside);
        for (path, node) in source.iter().filter(|(path, node)| rules.wants(path, node.kind)) {
            if blocked.contains(folder_of(path)) {
                blocked.insert(path.as_slice());
            } else if reserved.contains(path) {
                plan.reserved.push(path.clone());
                blocked.insert(path);
            } else if !plan.compare(path, node, target.get(path)) {
                blocked.insert(path);
            }
        }
        if !rules.include.is_empty() {
            plan.drop_empty_folders();
        }
        if removes {
            plan.removals = removals(source, target, rules);
        }
        plan
    }

    /// The root is made before anything else.
    pub(crate) fn makes_root(&mut self) {
        self.folders.insert(0, Branch::new());
    }

    /// What one name needs. False when nothing can come below it.
    fn compare(&mut self, path: &[u8], node: &Node, there: Option<&Node>) -> bool {
        match (class(node.kind), there.map(|there| class(there.kind))) {
            (Class::Folder, None) => self.folders.push(path.to_vec()),
            (Class::Folder, Some(Class::Folder)) => {}
            (Class::File, None) => self.transfers.push((path.to_vec(), *node)),
            (Class::File, Some(Class::File)) => {
                match there.is_some_and(|there| differs(node, there)) {
                    true => self.transfers.push((path.to_vec(), *node)),
                    false => self.up_to_date += 1,
                }
            }
            (class @ (Class::Link | Class::Other), _) => {
                self.skipped.push((path.to_vec(), class.words()));
                return false;
            }
            (_, Some(other)) => {
                self.conflicts.push((path.to_vec(), other.words()));
                return false;
            }
        }
        true
    }

    /// Folders that nothing is put into.
    fn drop_empty_folders(&mut self) {
        let mut used = HashSet::new();
        for (path, _) in &self.transfers {
            let mut folder = folder_of(path);
            while !folder.is_empty() && used.insert(folder) {
                folder = folder_of(folder);
            }
        }
        self.folders.retain(|folder| used.contains(folder.as_slice()));
    }

    /// Why nothing may be removed, though something would be.
    pub(crate) fn refuses_removal(
        &self,
        source: &Nodes,
        unknown: u64,
        most: usize,
    ) -> Option<(String, &'static str)> {
        let count = self.removals.len();
        let would = format!("{count} would be deleted, and ");
        match () {
            () if count == 0 => None,
            () if unknown > 0 => {
                let lines = match unknown {
                    1 => "1 line of the source's listings was".to_owned(),
                    _ => format!("{unknown} lines of the source's listings were"),
                };
                let why = format!("{would}{lines} not understood");
                Some((why, "without --delete everything else is done"))
            }
            () if source.is_empty() => {
                Some((would + "the source is empty", "without --delete this is no failure"))
            }
            () if count > most => Some((
                format!("{would}no more than {most} may be"),
                "--max-delete N sets this limit",
            )),
            () => None,
        }
    }
}

/// What the source has under a name that a file beside it takes. All these names are hidden.
fn reserved(
    source: &Nodes,
    rules: &Rules,
    beside: impl Fn(&[u8]) -> Vec<Branch>,
) -> HashSet<Branch> {
    let wanted = || source.iter().filter(|(path, node)| rules.wants(path, node.kind));
    let hidden = wanted().map(|(path, _)| path).filter(|path| name_of(path).starts_with(b"."));
    let hidden: HashSet<_> = hidden.map(Vec::as_slice).collect();
    let folders: HashSet<_> = hidden.iter().map(|path| folder_of(path)).collect();
    wanted()
        .filter(|(path, node)| class(node.kind) == Class::File && folders.contains(folder_of(path)))
        .flat_map(|(path, _)| {
            let folder = folder_of(path);
            beside(name_of(path)).into_iter().map(|name| join(folder, &name))
        })
        .filter(|path| hidden.contains(path.as_slice()))
        .collect()
}

/// What can stand in for another at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    File,
    Folder,
    Link,
    Other,
}

impl Class {
    const fn words(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Other => "neither a file nor a folder",
        }
    }
}

/// What a server does not tell the kind of is asked for as a file.
const fn class(kind: Kind) -> Class {
    match kind {
        Kind::File | Kind::Unknown => Class::File,
        Kind::Folder => Class::Folder,
        Kind::Link => Class::Link,
        Kind::Other => Class::Other,
    }
}

/// Whether the source is of another size, or newer. Where a size is not known the times decide
/// alone, and without both nothing says that they are the same.
fn differs(source: &Node, target: &Node) -> bool {
    let same_size = source.size.zip(target.size).map(|(source, target)| source == target);
    let newer = source.modified.zip(target.modified).map(|(source, target)| newer(source, target));
    match (same_size, newer) {
        (Some(false), _) | (None, None) => true,
        (_, newer) => newer.unwrap_or(false),
    }
}

/// Compared as far as both are known: by the second, the minute, the day.
fn newer(source: Modified, target: Modified) -> bool {
    let seconds = match source.accuracy.min(target.accuracy) {
        Accuracy::Exact => 1,
        Accuracy::Minute => 60,
        Accuracy::Day => 24 * 60 * 60,
    };
    let units = |modified: Modified| modified.at.unix_timestamp().div_euclid(seconds);
    units(source) > units(target)
}

/// What the source does not have, from the leaves up. A folder stays if something in it does.
fn removals(source: &Nodes, target: &Nodes, rules: &Rules) -> Vec<(Branch, bool)> {
    let (mut gone, mut staying) = (Vec::new(), HashSet::new());
    let mut gone_folders = HashSet::new();
    for (path, node) in target {
        let folder = folder_of(path);
        let is_reached = folder.is_empty()
            || gone_folders.contains(folder)
            || source.get(folder).is_some_and(|node| node.kind == Kind::Folder);
        let is_kept = source.contains_key(path)
            || !rules.wants(path, node.kind)
            || is_left_of_one(path, source);
        match is_reached && !is_kept {
            true if node.kind == Kind::Folder => {
                gone_folders.insert(path.as_slice());
                gone.push((path, true));
            }
            true => gone.push((path, false)),
            false => {
                let mut folder = folder;
                while !folder.is_empty() && staying.insert(folder) {
                    folder = folder_of(folder);
                }
            }
        }
    }
    gone.retain(|(path, _)| !staying.contains(path.as_slice()));
    gone.into_iter().rev().map(|(path, is_folder)| (path.clone(), is_folder)).collect()
}

/// Whether this is what an interrupted transfer of a file of the source has left: the next one
/// continues it, or clears it away.
fn is_left_of_one(path: &[u8], source: &Nodes) -> bool {
    const ENDS: [&str; 4] = [".wireline-part", ".part", ".part.json", ".part.temp"];
    let Some(name) = name_of(path).strip_prefix(b".") else { return false };
    let mut names = ENDS.iter().filter_map(|end| name.strip_suffix(end.as_bytes()));
    names.any(|name| source.contains_key(&join(folder_of(path), name)))
}

#[cfg(test)]
mod tests;
