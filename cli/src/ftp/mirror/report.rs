//! What became of a mirror: named when it fails, counted in the end.
//! Must not hold: what is done.

use super::crew::lock;
use super::plan::{Branch, Node, Plan};
use super::tree::{Odd, said};
use crate::exit::{Exit, Failure};
use crate::ftp::Site;
use crate::ftp::list::line::{spelled_out, text};
use serde_json::{Value, json};
use std::io;
use std::sync::Mutex;

/// Which way files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the server to us.
    Down,
    /// From us to the server (`-R`).
    Up,
}

impl Way {
    /// What becomes of a file.
    pub(crate) const fn deed(self) -> Deed {
        match self {
            Self::Down => Deed::Fetch,
            Self::Up => Deed::Store,
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Down => "fetched",
            Self::Up => "stored",
        }
    }
}

/// What is done with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    List,
    Skip,
    Mkdir,
    Fetch,
    Store,
    Delete,
}

impl Deed {
    const fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Skip => "skip",
            Self::Mkdir => "mkdir",
            Self::Fetch => "fetch",
            Self::Store => "store",
            Self::Delete => "delete",
        }
    }

    const fn doing(self) -> &'static str {
        match self {
            Self::List => "listing",
            Self::Skip => "skipping",
            Self::Mkdir => "making",
            Self::Fetch => "fetching",
            Self::Store => "storing",
            Self::Delete => "deleting",
        }
    }
}

/// Numbers, and where they are told.
pub(crate) struct Report<'a> {
    site: &'a Site,
    way: Way,
    /// A line of JSON for everything that is done.
    json: bool,
    tally: Mutex<Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    files: u64,
    bytes: u64,
    folders: u64,
    up_to_date: u64,
    deleted: u64,
    failed: u64,
    /// What all failures have in common so far.
    exit: Option<Exit>,
    /// Standard output took no more.
    unheard: Option<io::Error>,
}

impl<'a> Report<'a> {
    /// Nothing is done yet.
    pub(crate) fn new(site: &'a Site, way: Way, json: bool) -> Self {
        Self { site, way, json, tally: Mutex::default() }
    }

    /// What a plan leaves alone.
    pub(crate) fn planned(&self, plan: &Plan) {
        lock(&self.tally).up_to_date = plan.up_to_date;
        for (path, what) in &plan.skipped {
            self.site.output.note(&format!("{} is {what}, and skipped", said(path)));
        }
        for (path, what) in &plan.conflicts {
            let why = format!("at the target {what} has this name");
            let failure = Failure::new(Exit::Local, why).hint("remove it, or --exclude the name");
            self.failed(self.way.deed(), std::slice::from_ref(path), failure);
        }
        self.reserved(&plan.reserved);
    }

    /// Names that files beside them take while they are transferred.
    fn reserved(&self, paths: &[Branch]) {
        for path in paths {
            let why = "a file beside it has this name while it is transferred";
            let failure = Failure::new(Exit::Local, why).hint("--exclude one of the two");
            self.failed(self.way.deed(), std::slice::from_ref(path), failure);
        }
    }

    /// Names that have no place in a tree of ours.
    pub(crate) fn odd(&self, odd: &[(Branch, Odd)]) {
        for (path, odd) in odd {
            let why = match (odd, self.way) {
                (Odd::Unsafe, Way::Down) => "the server's name for it is not safe here",
                (Odd::Unsafe, Way::Up) => "the server's name for it is no name in a folder",
                (Odd::Twice, _) => "the server has listed this name twice",
            };
            let failure = Failure::new(Exit::Unsafe, why).hint("--exclude leaves it out");
            self.failed(Deed::Skip, std::slice::from_ref(path), failure);
        }
    }

    /// A file is where it should be.
    pub(crate) fn transferred(&self, path: &[u8], bytes: u64) {
        let mut tally = lock(&self.tally);
        tally.files += 1;
        tally.bytes += bytes;
        drop(tally);
        self.line(self.way.deed(), path, Some(("bytes", bytes.into())));
    }

    /// A folder is there now.
    pub(crate) fn made(&self, path: &[u8]) {
        lock(&self.tally).folders += 1;
        self.line(Deed::Mkdir, path, None);
    }

    /// Something is there no more.
    pub(crate) fn deleted(&self, path: &[u8]) {
        lock(&self.tally).deleted += 1;
        self.line(Deed::Delete, path, None);
    }

    /// These failed, for one reason.
    pub(crate) fn failed(&self, deed: Deed, paths: &[Branch], failure: Failure) {
        let Some(first) = paths.first() else { return };
        let count = u64::try_from(paths.len()).unwrap_or(u64::MAX);
        let mut tally = lock(&self.tally);
        let is_alike = tally.failed == 0 || tally.exit == Some(failure.exit);
        tally.exit = is_alike.then_some(failure.exit);
        tally.failed += count;
        drop(tally);
        let mut what = format!("{} {}", deed.doing(), said(first));
        if count > 1 {
            what.push_str(&format!(" and {} more", count - 1));
        }
        let mut failure = self.site.masked(failure);
        failure.doing = match failure.doing.as_str() {
            "" => what,
            inner => format!("{what}: {inner}"),
        };
        self.site.meter.end();
        self.site.output.fail(&failure);
        for path in paths {
            self.line(deed, path, Some(("error", failure.why.clone().into())));
        }
    }

    /// `--dry-run`: what would be done.
    pub(crate) fn preview(&self, plan: &Plan) {
        for path in &plan.folders {
            self.preview_line(Deed::Mkdir, path, None);
        }
        for (path, Node { size, .. }) in &plan.transfers {
            self.preview_line(self.way.deed(), path, *size);
        }
        for (path, _) in &plan.removals {
            self.preview_line(Deed::Delete, path, None);
        }
    }

    fn preview_line(&self, deed: Deed, path: &[u8], size: Option<u64>) {
        if self.json {
            return self.line(deed, path, size.map(|size| ("bytes", size.into())));
        }
        let size = size.map_or_else(String::new, |size| format!(" ({size} bytes)"));
        self.print(&format!("{} {}{size}", deed.word(), said(path)));
    }

    /// `{"action":"fetch","bytes":6,"path":"a/b.txt"}`; the folder itself is `.`.
    fn line(&self, deed: Deed, path: &[u8], fact: Option<(&str, Value)>) {
        if !self.json {
            return;
        }
        let path = if path.is_empty() { b"." } else { path };
        let mut line = json!({ "action": deed.word(), "path": text(path) });
        if let (Some(line), Some((name, value))) = (line.as_object_mut(), fact) {
            line.insert(name.to_owned(), value);
        }
        self.print(&spelled_out(&line));
    }

    fn print(&self, line: &str) {
        self.site.meter.end();
        let printed = self.site.output.line(line);
        let unheard = &mut lock(&self.tally).unheard;
        *unheard = unheard.take().or(printed.err());
    }

    /// How many failed so far.
    pub(crate) fn failures(&self) -> u64 {
        lock(&self.tally).failed
    }

    /// The last line, and what it all comes to.
    pub(crate) fn conclude(&self, quiet: bool) -> Result<(), Failure> {
        let last = match (self.json, quiet) {
            (true, _) => Some(lock(&self.tally).json()),
            (false, true) => None,
            (false, false) => Some(lock(&self.tally).line(self.way)),
        };
        if let Some(last) = last {
            self.print(&last);
        }
        self.verdict()
    }

    /// All failed alike: their common code. Some failed, or differently: partly done.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        let tally = lock(&self.tally);
        match &tally.unheard {
            Some(error) => Err(Failure::stdout(error)),
            None => tally.verdict(),
        }
    }
}

impl Tally {
    /// Folders are made for what is in them, and do not count.
    fn done(&self) -> u64 {
        self.files + self.up_to_date + self.deleted
    }

    /// `12 files, 34567 bytes fetched; 3 folders made; 5 up to date; 1 deleted`
    fn line(&self, way: Way) -> String {
        let Self { files, bytes, folders, up_to_date, deleted, failed, .. } = self;
        let mut line = format!(
            "{}, {} {}; {} made; {up_to_date} up to date; {deleted} deleted",
            counted(*files, "file"),
            counted(*bytes, "byte"),
            way.done(),
            counted(*folders, "folder"),
        );
        if *failed > 0 {
            line.push_str(&format!("; {failed} failed"));
        }
        line
    }

    fn json(&self) -> String {
        let Self { files, bytes, folders, up_to_date, deleted, failed, .. } = self;
        let totals = json!({
            "files": files,
            "bytes": bytes,
            "folders": folders,
            "up_to_date": up_to_date,
            "deleted": deleted,
            "failed": failed,
        });
        totals.to_string()
    }

    fn verdict(&self) -> Result<(), Failure> {
        let (failed, all) = (self.failed, self.failed + self.done());
        let exit = match (failed, self.done()) {
            (0, _) => return Ok(()),
            (_, 0) => self.exit.unwrap_or(Exit::Partly),
            _ => Exit::Partly,
        };
        Err(Failure::new(exit, format!("{failed} of {all} failed")))
    }
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let tally = Tally {
            files: 12,
            bytes: 34567,
            folders: 3,
            up_to_date: 5,
            deleted: 1,
            ..Tally::default()
        };
        let wanted = "12 files, 34567 bytes fetched; 3 folders made; 5 up to date; 1 deleted";
        assert_eq!(tally.line(Way::Down), wanted);
        let tally = Tally { files: 1, bytes: 1, folders: 1, failed: 2, ..Tally::default() };
        let wanted = "1 file, 1 byte stored; 1 folder made; 0 up to date; 0 deleted; 2 failed";
        assert_eq!(tally.line(Way::Up), wanted);
    }

    #[test]
    fn verdicts() {
        let tally = |files, failed, exit| Tally { files, failed, exit, ..Tally::default() };
        let rows = [
            (tally(3, 0, None), None),
            (tally(0, 2, Some(Exit::Refused)), Some(1)),
            (tally(0, 2, None), Some(10)),
            (tally(1, 2, Some(Exit::Refused)), Some(10)),
        ];
        for (tally, wanted) in rows {
            assert_eq!(tally.verdict().err().map(|failure| failure.exit.code()), wanted);
        }
    }
}
