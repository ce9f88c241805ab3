//! `wireline ftp mirror`: a folder is made like another, one of which is on a server.
//! Must not hold: what has to be done (`mirror/plan.rs`), how it is done (`mirror/work.rs`).

mod crew;
mod plan;
mod report;
mod tree;
mod work;

use super::location::Location;
use super::{Site, is_ftp, list, several, transfer};
use crate::args::Mirror;
use crate::exit::{Exit, Failure};
use crate::plan::bytes;
use crew::Crew;
use plan::{Nodes, Plan, Rules};
use report::{Report, Way};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use tree::Reading;
use wireline_ftp::{Entry, Kind, Type};
use wireline_store::{Tree, names_beside};
use work::Work;

/// `wireline ftp mirror URL DIR` and `wireline ftp mirror -R DIR URL`
pub(crate) fn run(args: &Mirror) -> Result<(), Failure> {
    let (url, folder) = ends(args)?;
    let rules = Rules::parse(&args.include, &args.exclude)?;
    let most = args.lasting.max_size.as_deref().map(|text| bytes("--max-size", text));
    let most = most.transpose()?.unwrap_or(i64::MAX as u64);
    let (site, location) = several::site(url, &args.reaching)?;
    let way = if args.reverse { Way::Up } else { Way::Down };
    let report = Report::new(&site, way, args.reaching.shared.messages.json);
    let folder = Path::new(folder);
    let site_ = &site;
    let mirroring = Mirroring {
        args,
        site: site_,
        location: &location,
        folder,
        rules,
        most,
        way,
        report: &report,
    };
    let mirrored = mirroring.run();
    site.finish(mirrored, "mirroring")
}

/// The URL, and the folder of ours.
fn ends(args: &Mirror) -> Result<(&str, &str), Failure> {
    let Mirror { from, to, reverse, .. } = args;
    let (url, folder) = if *reverse { (to, from) } else { (from, to) };
    match (is_ftp(url), is_ftp(folder)) {
        (true, false) => Ok((url, folder)),
        (false, true) if *reverse => {
            Err(Failure::usage("-R goes from here to the server").hint("-R DIR URL"))
        }
        (false, true) => Err(Failure::usage("this goes from the server to here")
            .hint("-R DIR URL is the other way round")),
        (false, false) => {
            Err(Failure::usage("neither is a URL of FTP").hint("wireline ftp mirror URL DIR"))
        }
        (true, true) => Err(Failure::usage("one of the two is a folder here")),
    }
}

struct Mirroring<'a> {
    args: &'a Mirror,
    site: &'a Site,
    location: &'a Location,
    /// Ours.
    folder: &'a Path,
    rules: Rules,
    most: u64,
    way: Way,
    report: &'a Report<'a>,
}

impl Mirroring<'_> {
    fn run(&self) -> Result<(), Failure> {
        if self.location.transfer_type == Type::Ascii {
            let why = "in TYPE A sizes cannot be compared";
            return Err(Failure::usage(why).hint("a mirror is without ;type=a"));
        }
        // Before anybody is asked.
        let root = if self.way == Way::Up { Some(Tree::open(self.folder)?) } else { None };
        let mut crew = Crew::new(self.site, usize::from(self.args.jobs), self.args.lasting.retry);
        crew.once(|_| Ok(()))?;
        let done = match root {
            Some(root) => self.up(&mut crew, &root),
            None => self.down(&mut crew),
        };
        crew.quit();
        done
    }

    fn down(&self, crew: &mut Crew<'_>) -> Result<(), Failure> {
        let source = self.theirs(crew, |folder| self.rules.enters(folder))?;
        if let Some(failure) = source.refused {
            return Err(failure);
        }
        let root = self.root()?;
        let target = match &root {
            Some(root) => tree::ours(root, self.report, |path| self.compares(&source.nodes, path))?,
            None => Reading::default(),
        };
        let mut plan = self.plan(&source, &target);
        match &root {
            Some(root) if !self.args.dry_run => return self.carry_out(crew, root, plan, &source),
            Some(_) => {}
            None => plan.makes_root(),
        }
        self.preview(&plan, &source)
    }

    fn up(&self, crew: &mut Crew<'_>, root: &Tree) -> Result<(), Failure> {
        let source = tree::ours(root, self.report, |folder| self.rules.enters(folder))?;
        let mut target = self.theirs(crew, |path| self.compares(&source.nodes, path))?;
        let refused = target.refused.take();
        if refused.as_ref().is_some_and(|failure| failure.exit != Exit::Refused) {
            return refused.map_or(Ok(()), Err);
        }
        let mut plan = self.plan(&source, &target);
        if self.args.dry_run {
            if refused.is_some() {
                plan.makes_root();
            }
            return self.preview(&plan, &source);
        }
        if refused.is_some() || target.nodes.is_empty() {
            self.make_root(crew, refused)?;
        }
        self.carry_out(crew, root, plan, &source)
    }

    fn theirs(
        &self,
        crew: &mut Crew<'_>,
        enters: impl Fn(&[u8]) -> bool + Sync,
    ) -> Result<Reading, Failure> {
        // What is on its way here names files here, the other is compared and sent back.
        let component = match self.way {
            Way::Down => Entry::safe_component,
            Way::Up => Entry::component,
        };
        let base = self.location.path.as_ref();
        let read = tree::theirs(crew, self.report, base, &self.rules, component, enters)?;
        if let Some(doubt) = list::doubt(read.unknown) {
            self.site.output.warn(&doubt);
        }
        Ok(read)
    }

    /// A folder of the target is looked into if there is something to compare, or to remove.
    fn compares(&self, source: &Nodes, path: &[u8]) -> bool {
        let is_there = source.get(path).is_some_and(|node| node.kind == Kind::Folder);
        self.rules.enters(path) && (is_there || self.args.delete)
    }

    /// The folder here, made with those above it; none when it is missing and may not be made.
    fn root(&self) -> Result<Option<Tree>, Failure> {
        let is_missing = !self.folder.exists();
        if self.args.dry_run && is_missing {
            return Ok(None);
        }
        std::fs::create_dir_all(self.folder).map_err(|error| {
            Failure::local(&error).doing(format!("making {}", self.folder.display()))
        })?;
        let root = Tree::open(self.folder)?;
        if is_missing {
            self.report.made(b"");
        }
        Ok(Some(root))
    }

    /// The folder there, with those above it. Not every server that lists by LIST says that there is
    /// none.
    fn make_root(&self, crew: &mut Crew<'_>, refused: Option<Failure>) -> Result<(), Failure> {
        let Some(base) = &self.location.path else {
            return refused.map_or(Ok(()), Err);
        };
        let made = crew.once(|session| match refused.is_none() && session.feat()?.has("MLST") {
            true => Ok(false),
            false => Ok(transfer::make_missing(session, base)?),
        });
        if made.map_err(|failure| failure.doing(format!("making the folder {base}")))? {
            self.report.made(b"");
        }
        Ok(())
    }

    fn plan(&self, source: &Reading, target: &Reading) -> Plan {
        let beside = |name: &[u8]| self.names_beside(name);
        let plan = Plan::new(&source.nodes, &target.nodes, &self.rules, self.args.delete, beside);
        self.report.planned(&plan);
        plan
    }

    /// The names that a file takes at the target while it is transferred.
    fn names_beside(&self, name: &[u8]) -> Vec<Vec<u8>> {
        let here = || names_beside(OsStr::from_bytes(name)).map(OsString::into_vec).to_vec();
        match (self.way, self.args.direct) {
            (Way::Down, _) => here(),
            (Way::Up, false) => transfer::names_beside(name).to_vec(),
            (Way::Up, true) => Vec::new(),
        }
    }

    fn preview(&self, plan: &Plan, source: &Reading) -> Result<(), Failure> {
        self.report.preview(plan);
        self.report.verdict()?;
        self.may_remove(plan, source).map(drop)
    }

    fn carry_out(
        &self,
        crew: &mut Crew<'_>,
        root: &Tree,
        mut plan: Plan,
        source: &Reading,
    ) -> Result<(), Failure> {
        let base = self.location.path.as_ref();
        let Self { site, report, way, most, .. } = *self;
        let upload = if self.args.direct { transfer::Way::Direct } else { transfer::Way::Renamed };
        let work = Work { site, report, way, root, base, most, upload };
        work.make(crew, std::mem::take(&mut plan.folders));
        work.transfer(crew, std::mem::take(&mut plan.transfers));
        let may_remove = self.may_remove(&plan, source);
        if let Ok(true) = may_remove {
            work.remove(crew, plan.removals);
        }
        report.conclude(self.site.output.quiet)?;
        may_remove.map(drop)
    }

    /// Only a tree that is known to be whole tells what is too much in another.
    fn may_remove(&self, plan: &Plan, source: &Reading) -> Result<bool, Failure> {
        let failures = self.report.failures();
        if failures > 0 && !plan.removals.is_empty() {
            let count = plan.removals.len();
            let why = format!("{failures} failed, so nothing is deleted ({count} would be)");
            self.site.output.warn(&why);
            return Ok(false);
        }
        match plan.refuses_removal(&source.nodes, source.unknown, self.args.max_delete) {
            Some((why, hint)) => {
                let failure = Failure::new(Exit::Unsafe, format!("{why}: --delete is refused"));
                Err(failure.hint(hint))
            }
            None => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests;
