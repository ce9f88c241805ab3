//! `wireline get` and `wireline http`: from arguments to jobs, from reports to results.
//! Must not hold: the transfer itself (`fetch.rs`), several at a time (`get/crew.rs`).

mod conditions;
mod crew;
mod ftp;
mod places;
pub(crate) mod pop3;
mod request;
mod timing;

use crate::args::{Fetch, Get, Http, Shared};
use crate::content::{Kind, Typed, own_name, url_with_name};
use crate::cookies::Crumbs;
use crate::exit::{Exit, Failure};
use crate::fetch::{Fetcher, Policy, Report};
use crate::ftp::is_ftp;
use crate::job::{Job, Place, Start};
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::Output;
use crate::plan::{self, Address};
use crate::watch::Watch;
use conditions::{Saving, modified};
use places::{name_of, path_of, place_of};
use request::{Asked, target};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;
use wireline_http::{Field, Fields, Method, Origin, Persistence, Request};

/// Everything that was typed, made sense of, before anything is sent.
#[derive(Debug)]
struct Plan<'a> {
    fetch: &'a Fetch,
    shared: &'a Shared,
    output: Output,
    start: Start,
    requests: Vec<(Request, Address)>,
    /// Bodies are not asked for.
    is_head: bool,
    /// Where each origin is asked for the last time.
    last: HashMap<Origin, usize>,
}

/// `wireline get URL...`
pub(crate) fn get(args: &Get) -> Result<(), Failure> {
    if args.urls.iter().any(|url| is_ftp(url)) {
        return ftp::run(args);
    }
    if args.urls.iter().any(|url| pop3::is_mailbox(url)) {
        return pop3::run(args);
    }
    if args.moving.active {
        return Err(Failure::usage("--active is for FTP"));
    }
    if args.upgrading.is_typed() {
        let failure = Failure::usage("--tls, --no-tls, --auth and --oauth are for mailboxes");
        return Err(failure.hint("https:// is HTTP over TLS"));
    }
    let method = if args.fetch.head { Method::head() } else { Method::get() };
    run(&args.urls, &args.fetch, &args.shared, method, Typed::default())
}

/// `wireline http [METHOD] URL`
pub(crate) fn http(args: &Http) -> Result<(), Failure> {
    let (method, url) = match args.words.as_slice() {
        [_, _] if args.method.is_some() => {
            return Err(Failure::usage("the method is given twice, as a word and with -X"));
        }
        [method, url] => (Some(method), url),
        [url] => (args.method.as_ref(), url),
        _ => return Err(Failure::usage("give a method and a URL")),
    };
    let body = Typed::read(&args.body, args.get)?;
    let file = args.body.0.iter().find(|(kind, _)| *kind == Kind::Upload);
    let name = file.and_then(|(_, file)| own_name(Path::new(file)));
    let url = name.and_then(|name| url_with_name(url, name)).unwrap_or_else(|| url.clone());
    let method = match (method, body.method) {
        (Some(method), _) => Method::try_from(method.as_str())?,
        (None, _) if args.fetch.head => Method::head(),
        (None, Some(method)) => Method::try_from(method)?,
        (None, None) => Method::get(),
    };
    run(&[url], &args.fetch, &args.shared, method, body)
}

pub(crate) fn run(
    urls: &[String],
    fetch: &Fetch,
    shared: &Shared,
    method: Method,
    body: Typed,
) -> Result<(), Failure> {
    let mut urls = urls.to_vec();
    urls.extend(fetch.input_file.as_deref().map(plan::lines).transpose()?.unwrap_or_default());
    if urls.is_empty() {
        return Err(Failure::usage("there is no URL in the file"));
    }
    let plan = Plan::new(&urls, fetch, shared, method, body)?;
    let crumbs = Crumbs::read(&fetch.remembering.cookie, fetch.remembering.cookie_jar.as_deref())?;
    let secrets = crumbs.secrets().into_iter().map(|value| ("cookie", value));
    let mask = Mask::of(plan.requests.iter().map(|(request, _)| request)).with(secrets);
    let mask = mask.hiding(&plan::proxies(&shared.dialling)?);
    let (mask, crumbs) = (Arc::new(mask), Arc::new(crumbs));
    let meter = Arc::new(Meter::new(false));
    let watch = Watch::begin(&shared.messages, "http", &mask, &meter)?;
    let result = crew::Crew { plan: &plan, watch: &watch, mask, crumbs: Arc::clone(&crumbs) }.run();
    watch.finish()?;
    crumbs.finish()?;
    result
}

impl<'a> Plan<'a> {
    fn new(
        urls: &[String],
        fetch: &'a Fetch,
        shared: &'a Shared,
        method: Method,
        body: Typed,
    ) -> Result<Self, Failure> {
        let output = Output { quiet: shared.messages.quiet };
        let start = places::start(fetch.continue_at.as_deref())?;
        places::check(urls.len(), fetch, shared.messages.json, true)?;
        let is_head = method.is_head();
        let asked = Asked::read(fetch, method, body)?;
        let addresses =
            urls.iter().map(|raw| Address::parse(raw)).collect::<Result<Vec<_>, _>>()?;
        let mut origins = HashSet::new();
        for address in &addresses {
            origins.insert(target(address)?.origin());
        }
        let origins: Arc<[Origin]> = origins.into_iter().collect();
        let mut requests = Vec::new();
        for address in addresses {
            requests.push((asked.request(&address, &origins, (fetch, shared))?, address));
        }
        let last = requests.iter().enumerate();
        let last = last.map(|(nth, (request, _))| (request.uri().origin(), nth)).collect();
        let plan = Self { fetch, shared, output, start, requests, is_head, last };
        plan.warn();
        Ok(plan)
    }

    fn warn(&self) {
        plan::warn(self.shared, self.output);
        let logins = &self.shared.login;
        let token = self.fetch.proving.bearer.as_ref().is_some_and(|word| !word.starts_with('@'));
        let exposed = |(_, address): &(_, Address)| plan::exposes_password(address, logins);
        if token || self.requests.iter().any(exposed) {
            self.output.warn(
                "a password on the command line is seen by others on this machine; \
                 --password-file FILE hides it",
            );
        }
        for (request, address) in &self.requests {
            if address.assumed {
                self.output.note(&format!("no scheme given, using {}", address.shown()));
            }
            let origin = request.uri().origin();
            let clear = !origin.is_secure() && !plan::is_local(&origin);
            if clear && request.has_field("Authorization") {
                self.output.warn("the Authorization that you typed goes out in clear");
            }
        }
    }

    fn policy(&self) -> Result<Policy, Failure> {
        let most =
            self.fetch.lasting.max_size.as_deref().map(|text| plan::bytes("--max-size", text));
        Ok(Policy {
            redirects: self.fetch.max_redirs,
            retries: self.fetch.lasting.retry,
            most_bytes: most.transpose()?.unwrap_or(i64::MAX as u64),
            verbose: self.shared.messages.verbose,
            stores_errors: self.fetch.fail_with_body,
            decodes: self.fetch.wanting.compressed,
            keeps_time: self.fetch.remote_time || self.fetch.wanting.newer,
        })
    }

    /// The output table: heads go to standard output when the body does not, and with `-i`.
    fn shows_heads(&self, place: &Place) -> bool {
        let has_stdout = !matches!(place, Place::Stdout { .. }) || self.fetch.include;
        has_stdout && !self.shared.messages.json
    }

    /// Does one of the requests, and tells of it.
    fn one(&self, fetcher: &mut Fetcher, nth: usize) -> Result<(), Failure> {
        let Some((request, address)) = self.requests.get(nth) else { return Ok(()) };
        fetcher.meter.begin();
        let mut report = Report::default();
        let result = self
            .transfer(fetcher, nth, (request, address), &mut report)
            .map_err(|failure| failure.doing(format!("fetching {}", address.shown())));
        if self.shared.messages.json {
            let line = json_line(address, &report, fetcher, &result);
            match self.output.line(&line) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    return Err(Failure::local(&error).doing("writing to standard output"));
                }
                _ => {}
            }
        }
        if self.fetch.timing {
            // It was asked for: --quiet is about what was not.
            let shown = timing::waterfall(address.shown(), &fetcher.meter.timings());
            Output { quiet: false }.report(&format!("wireline: {shown}\n"));
        }
        result
    }

    fn transfer(
        &self,
        fetcher: &mut Fetcher,
        nth: usize,
        (request, address): (&Request, &Address),
        report: &mut Report,
    ) -> Result<(), Failure> {
        let there = path_of(self.fetch, nth, || name_of(address));
        if let Some(path) = there.as_ref().filter(|path| self.fetch.no_clobber && path.exists()) {
            self.output.note(&format!("{} is there already", path.display()));
            return Ok(());
        }
        let mut request = request.clone();
        if let Some(time) = there.as_deref().filter(|_| self.fetch.wanting.newer).and_then(modified)
        {
            let mut extra = Fields::default();
            extra.push(Field::new("If-Modified-Since", &httpdate::fmt_http_date(time))?);
            request = request.with_extra(extra);
        }
        let place = self.place(nth, address)?;
        let job = Job {
            persistence: self.persistence(&request, nth),
            request,
            url: address.shown().to_owned(),
            start: self.start,
            shows_heads: self.shows_heads(&place),
            place,
            tries: 0,
        };
        fetcher.run(job, report)?;
        let saving = self.fetch.wanting.etag_save.as_deref().map(Saving::to);
        match (saving, &report.etag) {
            (Some(saving), Some(etag)) => saving.save(etag),
            _ => Ok(()),
        }
    }

    fn persistence(&self, request: &Request, nth: usize) -> Persistence {
        match self.fetch.jobs == 1 && self.last.get(&request.uri().origin()) == Some(&nth) {
            true => Persistence::Close,
            false => Persistence::Keep,
        }
    }

    fn place(&self, nth: usize, address: &Address) -> Result<Place, Failure> {
        if self.is_head {
            return Ok(Place::Nowhere);
        }
        place_of(self.fetch, nth, || Ok(name_of(address)))
    }
}

fn json_line(
    address: &Address,
    report: &Report,
    fetcher: &Fetcher,
    result: &Result<(), Failure>,
) -> String {
    let meter = &fetcher.meter;
    // What was typed is shown as it was; what a server chose may echo a secret.
    let effective_url = match report.redirects {
        0 => report.effective_url.clone(),
        _ => fetcher.mask.text(&report.effective_url),
    };
    let file = report.file.as_ref().filter(|_| result.is_ok());
    json!({
        "url": address.shown(),
        "effective_url": effective_url,
        "status": report.status,
        "bytes": report.bytes,
        "file": file.map(|path| path.to_string_lossy()),
        "remote": meter.remote().map(|remote| remote.to_string()),
        "tls": meter.tls_version(),
        "timings": meter.timings(),
        "redirects": report.redirects,
        "error": result.as_ref().err().map(ToString::to_string),
    })
    .to_string()
}

/// All failed alike: their common code. Some failed, or differently: partly done.
fn verdict(mut failed: Vec<Failure>, asked: usize) -> Result<(), Failure> {
    let Some(last) = failed.pop() else { return Ok(()) };
    if asked == 1 {
        return Err(last);
    }
    let count = failed.len() + 1;
    let alike = count == asked && failed.iter().all(|other| other.exit == last.exit);
    let exit = if alike { last.exit } else { Exit::Partly };
    Err(Failure::new(exit, format!("{count} of {asked} URLs failed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let failed =
            |exits: &[Exit]| exits.iter().map(|&exit| Failure::new(exit, "x")).collect::<Vec<_>>();
        let code =
            |exits: &[Exit], asked| verdict(failed(exits), asked).err().map(|failure| failure.exit);
        assert_eq!(code(&[], 3), None);
        assert_eq!(code(&[Exit::Tls], 1), Some(Exit::Tls));
        assert_eq!(code(&[Exit::Tls], 2), Some(Exit::Partly));
        assert_eq!(code(&[Exit::Tls, Exit::Tls], 2), Some(Exit::Tls));
        assert_eq!(code(&[Exit::Tls, Exit::Refused], 2), Some(Exit::Partly));
    }
}
