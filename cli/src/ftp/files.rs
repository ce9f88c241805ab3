//! `wireline ftp get URL...`: files by name or pattern, over one session.
//! Must not hold: how one is fetched (`transfer.rs`).

use super::Site;
use super::list::{self, line::shown};
use super::pattern::Pattern;
use super::several::{self, Named, Tally};
use super::transfer::{Source, Trouble, fetch};
use super::tries::Tries;
use crate::args::GetFiles;
use crate::exit::{Exit, Failure};
use crate::plan;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use wireline_ftp::{Accuracy, Entry, Error, Kind, Modified, Pathname, Session, Type};
use wireline_store::{Options, Part, Target, safe_name};

/// `wireline ftp get URL...`
pub(crate) fn get(args: &GetFiles) -> Result<(), Failure> {
    let (site, named) = several::find(&args.urls, &args.reaching)?;
    let most = args.lasting.max_size.as_deref().map(|text| plan::bytes("--max-size", text));
    let most = most.transpose()?.unwrap_or(i64::MAX as u64);
    let mut asked = Vec::new();
    for named in &named {
        named.file().map_err(|failure| match named.location.is_folder {
            true => failure.hint("wireline ftp mirror fetches folders"),
            false => failure,
        })?;
        asked.push((named, Pattern::in_name(named.location.name())?));
    }
    let mut getting = Getting {
        args,
        site: &site,
        tries: Tries::new(&site, args.lasting.retry),
        most,
        names: HashSet::new(),
    };
    let got = getting.all(&asked);
    getting.tries.quit();
    site.finish(got, "fetching")
}

struct Getting<'a> {
    args: &'a GetFiles,
    site: &'a Site,
    tries: Tries<'a>,
    most: u64,
    /// Those of this run: no file of it replaces another.
    names: HashSet<String>,
}

impl Getting<'_> {
    fn all(&mut self, asked: &[(&Named, Option<Pattern>)]) -> Result<(), Failure> {
        self.tries.make(|_, _| Ok(()))?;
        let mut wanted = Vec::new();
        for (named, pattern) in asked {
            match pattern {
                None => wanted.push(Wanted::named(named)),
                Some(pattern) => match self.matching(named, pattern) {
                    Ok(found) => wanted.extend(found),
                    Err(failure) => wanted.push(Err(about(failure, &named.url))),
                },
            }
        }
        let all = wanted.len();
        self.site.meter.begin();
        self.site.meter.expect(0, sum(&wanted));
        let mut tally = Tally::of(self.site, all);
        for (nth, wanted) in wanted.into_iter().enumerate() {
            self.site.meter.file(nth + 1, all);
            tally.count(wanted.and_then(|wanted| self.one(&wanted, nth + 1 < all)));
        }
        tally.verdict("fetching")
    }

    /// The files that a pattern names.
    fn matching(
        &mut self,
        named: &Named,
        pattern: &Pattern,
    ) -> Result<Vec<Result<Wanted, Failure>>, Failure> {
        let folder = named.location.folder();
        let listed = self.tries.make(|session, _| Ok(list::entries(session, folder.as_ref())?))?;
        if let Some(doubt) = list::doubt(listed.unknown) {
            self.site.output.warn(&doubt);
        }
        let mut wanted = Vec::new();
        for entry in listed.entries {
            match (pattern.names(&entry.name), entry.kind) {
                (false, _) => {}
                (true, Kind::Folder | Kind::Other) => {
                    let name = shown(&entry.name);
                    self.site.output.note(&format!("{name} is no file, and not fetched"));
                }
                (true, _) => wanted.push(Wanted::listed(named, folder.as_ref(), &entry)),
            }
        }
        match wanted.is_empty() {
            true => Err(Failure::new(Exit::Refused, "there is no such file")),
            false => Ok(wanted),
        }
    }

    /// One, behind which there may be more.
    fn one(&mut self, wanted: &Wanted, more: bool) -> Result<(), Failure> {
        let fetched = self.store(wanted, more).map_err(|failure| about(failure, &wanted.url));
        if self.args.reaching.shared.messages.json {
            let done = fetched.as_ref().map(|(bytes, path)| (*bytes, path.as_path()));
            self.site.tell(&wanted.url, done)?;
        }
        fetched.map(drop)
    }

    /// Under a name of ours. What an earlier run has left is continued where it is certain to be of
    /// the same version.
    fn store(&mut self, wanted: &Wanted, more: bool) -> Result<(u64, PathBuf), Failure> {
        let mut part = self.part(&wanted.name)?;
        let (mut is_first, most) = (true, self.most);
        let fetched = self.tries.make(|session, _| {
            session.set_transfer_type(wanted.transfer_type);
            session.set_ahead(more && self.site.says_ahead());
            let (size, modified) = wanted.known(session)?;
            let is_certain = modified.is_some_and(|time| time.accuracy == Accuracy::Exact);
            let resumes = is_certain || !is_first;
            is_first = false;
            let source = Source { path: &wanted.path, url: &wanted.url, size, modified };
            fetch(session, &source, &mut part, resumes, most)
        });
        match fetched {
            Ok(bytes) => Ok((bytes, part.commit()?)),
            Err(failure) => {
                part.abandon();
                Err(failure)
            }
        }
    }

    fn part(&mut self, name: &[u8]) -> Result<Part, Failure> {
        let name = safe_name(name).ok_or_else(|| unsafe_name(name))?;
        if !self.names.insert(name.clone()) {
            let why = format!("another file of this run is {name} here already");
            return Err(Failure::new(Exit::Local, why));
        }
        let options =
            Options { overwrite: self.args.overwrite, create_dirs: true, ..Options::default() };
        let folder = self.args.into.as_deref().unwrap_or(Path::new(""));
        Ok(Target::named(folder, &name, options)?.open()?)
    }
}

/// A file to be fetched.
struct Wanted {
    path: Pathname,
    /// Without a login.
    url: String,
    /// What the server calls it; our own name comes of it.
    name: Vec<u8>,
    transfer_type: Type,
    /// Size and time, when a listing has told them.
    listed: Option<(Option<u64>, Option<Modified>)>,
}

impl Wanted {
    fn named(named: &Named) -> Result<Self, Failure> {
        let location = &named.location;
        Ok(Self {
            path: named.file()?.clone(),
            url: named.url.clone(),
            name: location.name().to_vec(),
            transfer_type: location.transfer_type,
            listed: None,
        })
    }

    fn listed(named: &Named, folder: Option<&Pathname>, entry: &Entry) -> Result<Self, Failure> {
        let url = named.beside(&entry.name);
        let name = entry.safe_component().ok_or_else(|| unsafe_name(&entry.name))?;
        let path = folder.map_or_else(|| Pathname::try_from(name), |folder| folder.join(name));
        Ok(Self {
            path: path.map_err(|error| about(error.into(), &url))?,
            url,
            name: name.to_vec(),
            transfer_type: named.location.transfer_type,
            listed: Some((entry.size, entry.modified)),
        })
    }

    /// Size and time, as far as the server tells. That there is no such file, RETR will say.
    fn known(&self, session: &mut Session) -> Result<(Option<u64>, Option<Modified>), Trouble> {
        if let Some(listed) = self.listed {
            return Ok(listed);
        }
        match session.examine(&self.path) {
            Ok(entry) if entry.kind == Kind::Folder => {
                let failure = Failure::new(Exit::Refused, "it is a folder");
                Err(failure.hint("wireline ftp mirror fetches folders").into())
            }
            Err(Error::Refused { reply, .. }) if reply.is_permanent() => Ok((None, None)),
            examined => examined.map(|entry| (entry.size, entry.modified)).map_err(Trouble::from),
        }
    }
}

/// Bytes of all the files; none when one is not known.
fn sum(wanted: &[Result<Wanted, Failure>]) -> Option<u64> {
    let sizes = wanted.iter().flatten().map(|wanted| wanted.listed.and_then(|(size, _)| size));
    sizes.sum()
}

fn unsafe_name(name: &[u8]) -> Failure {
    let failure = Failure::new(Exit::Unsafe, "no file here may be called so");
    failure.doing(format!("fetching \"{}\"", shown(name)))
}

fn about(failure: Failure, url: &str) -> Failure {
    failure.doing(format!("fetching {url}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(size: Option<u64>) -> Result<Wanted, Failure> {
        Ok(Wanted {
            path: Pathname::try_from("a").unwrap(),
            url: String::new(),
            name: Vec::new(),
            transfer_type: Type::Image,
            listed: Some((size, None)),
        })
    }

    #[test]
    fn sums() {
        let failed = || Err(Failure::new(Exit::Refused, "x"));
        assert_eq!(sum(&[wanted(Some(1)), wanted(Some(2)), failed()]), Some(3));
        assert_eq!(sum(&[wanted(Some(1)), wanted(None)]), None);
        assert_eq!(sum(&[]), Some(0));
    }
}
