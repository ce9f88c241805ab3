//! `wireline get ftp://`: files and listings, as if they were pages without heads. URLs of one site
//! share a session. Must not hold: one transfer (`ftp/visit.rs`).

mod visit;

use crate::args::{Get, Securing};
use crate::exit::{Exit, Failure};
use crate::ftp::Site;
use crate::ftp::is_ftp;
use crate::ftp::location::Location;
use crate::ftp::tries::Tries;
use crate::output::Output;
use crate::place::{Scheme, path};
use crate::plan::{self, Address};
use url::Position;
use visit::Visit;
use wireline_wire::Secret;

/// One URL, made sense of.
struct Asked<'a> {
    raw: &'a str,
    /// Without a login.
    shown: String,
    location: Location,
    home: Home,
}

/// What a session is with: URLs that agree in it share one.
struct Home {
    /// Scheme, host and port.
    site: String,
    login: Option<(String, Option<Secret>)>,
}

/// Fetches what each URL names.
pub(super) fn run(args: &Get) -> Result<(), Failure> {
    if !args.urls.iter().all(|url| is_ftp(url)) {
        let why = "pages, mailboxes and files of FTP are fetched one kind at a time";
        return Err(Failure::usage(why));
    }
    refuse(args)?;
    let start = super::places::start(args.fetch.continue_at.as_deref())?;
    let most = args.fetch.lasting.max_size.as_deref();
    let most = most.map(|text| plan::bytes("--max-size", text)).transpose()?.unwrap_or(u64::MAX);
    let all = args.urls.iter().map(|url| Asked::parse(url)).collect::<Result<Vec<_>, _>>()?;
    all.iter().try_for_each(|asked| asked.refuse_json(args))?;
    let (sites, homes) = sites(args, &all)?;
    let retries = args.fetch.lasting.retry;
    let mut tries: Vec<_> = sites.iter().map(|site| Tries::new(site, retries)).collect();
    let output = Output { quiet: args.shared.messages.quiet };
    let mut failed = Vec::new();
    for (nth, (asked, home)) in all.iter().zip(homes).enumerate() {
        let (Some(site), Some(tries)) = (sites.get(home), tries.get_mut(home)) else { continue };
        let visit = Visit { args, site, asked, nth, start, most };
        let Err(failure) = visit.make(tries) else { continue };
        if failure.exit == Exit::ReaderLeft {
            continue;
        }
        if all.len() > 1 {
            output.fail(&failure);
        }
        failed.push(failure);
    }
    tries.into_iter().for_each(Tries::quit);
    sites.into_iter().try_for_each(|site| site.finish(Ok(()), "fetching"))?;
    super::verdict(failed, all.len())
}

/// What FTP has no use for.
fn refuse(args: &Get) -> Result<(), Failure> {
    let fetch = &args.fetch;
    super::places::check(args.urls.len(), fetch, false, false)?;
    let unfit = [(
        args.upgrading.oauth || args.upgrading.auth.is_some(),
        "--auth and --oauth are for mail",
    )];
    let unfit = unfit.into_iter().find(|(typed, _)| *typed).map(|(_, why)| why);
    match unfit.or(fetch.of_http_alone()) {
        Some(why) => Err(Failure::usage(why)),
        None => Ok(()),
    }
}

/// A site for each home, and for each URL which of them is its own.
fn sites(args: &Get, all: &[Asked<'_>]) -> Result<(Vec<Site>, Vec<usize>), Failure> {
    let securing = Securing { tls: args.upgrading.tls, no_tls: args.upgrading.no_tls };
    let mut homes: Vec<&Home> = Vec::new();
    let mut own = Vec::new();
    for asked in all {
        let known = homes.iter().position(|home| asked.home.is(home));
        own.push(known.unwrap_or(homes.len()));
        if known.is_none() {
            homes.push(&asked.home);
        }
    }
    if homes.len() > 1 && args.shared.messages.record.is_some() {
        return Err(Failure::usage("--record takes URLs of one site"));
    }
    let firsts = (0..homes.len()).filter_map(|home| own.iter().position(|&own| own == home));
    let sites = firsts.filter_map(|first| all.get(first)).map(|asked| {
        Site::find(asked.raw, &securing, &args.moving, &args.shared).map(|(site, _)| site)
    });
    Ok((sites.collect::<Result<_, _>>()?, own))
}

impl<'a> Asked<'a> {
    fn parse(raw: &'a str) -> Result<Self, Failure> {
        let address = Address::parse(raw)?;
        let location = Location::parse(&path(&address, Scheme::Ftp))
            .map_err(|failure| failure.doing(format!("reading the URL {}", address.shown())))?;
        let site = address.url[..Position::BeforePath].to_owned();
        let shown = address.shown().to_owned();
        Ok(Self { raw, shown, location, home: Home { site, login: address.login } })
    }

    /// The bytes of a file and what is said of it do not go to the same place.
    fn refuse_json(&self, args: &Get) -> Result<(), Failure> {
        let fetch = &args.fetch;
        let is_file = |path: &std::path::PathBuf| path != std::path::Path::new("-");
        let to_file =
            fetch.remote_name || fetch.output_dir.is_some() || fetch.output.iter().any(is_file);
        match args.shared.messages.json && !to_file && !fetch.head && !self.location.is_folder {
            true => {
                let why = "--json needs -o FILE, -O or -I: the file has standard output";
                Err(Failure::usage(why).hint("the URL of a folder ends in a /"))
            }
            false => Ok(()),
        }
    }
}

impl Home {
    fn is(&self, other: &Self) -> bool {
        let login = |home: &Self| {
            let (user, pass) = home.login.as_ref()?;
            Some((user.clone(), pass.as_ref().map(|pass| pass.reveal().to_vec())))
        };
        self.site == other.site && login(self) == login(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_one_site_share_it() {
        let rows = [
            ("ftp://h/a", "ftp://h:21/b/;type=a", true),
            ("ftp://h/a", "ftp://H/a", true),
            ("ftp://u:p@h/a", "ftp://u:p@h/b", true),
            ("ftp://u:p@h/a", "ftp://u:q@h/a", false),
            ("ftp://u@h/a", "ftp://h/a", false),
            ("ftp://h/a", "ftps://h/a", false),
            ("ftp://h/a", "ftp://h:2121/a", false),
        ];
        for (one, other, same) in rows {
            let home = |raw| Asked::parse(raw).unwrap().home;
            assert_eq!(home(one).is(&home(other)), same, "{one} {other}");
        }
    }
}
