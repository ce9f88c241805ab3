//! `wireline get` and `wireline http`: from arguments to jobs, from reports to results.
//! Must not hold: the transfer itself (`fetch.rs`).

mod ftp;
pub(crate) mod pop3;

use crate::args::{Fetch, Get, Http, Shared};
use crate::exit::{Exit, Failure};
use crate::fetch::{Fetcher, Policy, Report};
use crate::ftp::is_ftp;
use crate::job::{Job, Place, Start};
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::Output;
use crate::plan::{self, Address};
use crate::watch::Watch;
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::sync::Arc;
use wireline_http::{
    Client, Field, Limits, Login, Method, Origin, Persistence, Request, TargetUri,
};
use wireline_store::{Options, Target, safe_name};
use wireline_wire::escape;

/// What is asked of each URL.
#[derive(Debug)]
struct Asked {
    method: Method,
    body: Option<Vec<u8>>,
    fields: Vec<Field>,
}

/// Everything that was typed, made sense of, before anything is sent.
#[derive(Debug)]
struct Plan<'a> {
    fetch: &'a Fetch,
    shared: &'a Shared,
    output: Output,
    start: Start,
    requests: Vec<(Request, Address)>,
}

/// `wireline get URL...`
pub(crate) fn get(args: &Get) -> Result<(), Failure> {
    if args.urls.iter().any(|url| is_ftp(url)) {
        return ftp::run(args);
    }
    if args.urls.iter().any(|url| pop3::is_mailbox(url)) {
        return pop3::run(args);
    }
    if args.moving.active || args.remote_time {
        let failure = Failure::usage("--active and --remote-time are for FTP");
        return Err(failure.hint("-H \"If-Modified-Since: DATE\" asks for what has changed"));
    }
    if args.upgrading.is_typed() {
        let failure = Failure::usage("--tls, --no-tls, --auth and --oauth are for mailboxes");
        return Err(failure.hint("https:// is HTTP over TLS"));
    }
    let method = if args.fetch.head { Method::head() } else { Method::get() };
    run(&args.urls, &args.fetch, &args.shared, method, None)
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
    let body = args.data.as_deref().map(read_data).transpose()?;
    let method = match method {
        Some(method) => Method::try_from(method.as_str())?,
        None if args.fetch.head => Method::head(),
        None if body.is_some() => Method::try_from("POST")?,
        None => Method::get(),
    };
    run(std::slice::from_ref(url), &args.fetch, &args.shared, method, body)
}

fn run(
    urls: &[String],
    fetch: &Fetch,
    shared: &Shared,
    method: Method,
    body: Option<Vec<u8>>,
) -> Result<(), Failure> {
    let plan = Plan::new(urls, fetch, shared, method, body)?;
    let progress = !shared.messages.quiet && io::stderr().is_terminal();
    let meter = Arc::new(Meter::new(progress));
    let mask = Arc::new(Mask::of(plan.requests.iter().map(|(request, _)| request)));
    let watch = Watch::begin(&shared.messages, "http", &mask, &meter)?;
    let dialer = plan::dialer(shared, watch.observer())?;
    for (request, _) in &plan.requests {
        plan::refuse_proxy(&request.uri().origin(), &dialer)?;
    }
    let client = Client::new(dialer.clone(), Limits::default());
    let client = client.with_clear_login(shared.login.allow_plaintext_auth);
    let (policy, output) = (plan.policy()?, plan.output);
    let fetcher = Fetcher { client, dialer, policy, output, meter, mask };
    let result = plan.carry_out(fetcher);
    watch.finish()?;
    result
}

impl<'a> Plan<'a> {
    fn new(
        urls: &[String],
        fetch: &'a Fetch,
        shared: &'a Shared,
        method: Method,
        body: Option<Vec<u8>>,
    ) -> Result<Self, Failure> {
        let output = Output { quiet: shared.messages.quiet };
        let start = parse_start(fetch.continue_at.as_deref())?;
        check_places(urls.len(), fetch, shared.messages.json, true)?;
        let asked = Asked { fields: typed_fields(fetch, body.is_some())?, method, body };
        let addresses =
            urls.iter().map(|raw| Address::parse(raw)).collect::<Result<Vec<_>, _>>()?;
        let mut origins = HashSet::new();
        for address in &addresses {
            origins.insert(target(address)?.origin());
        }
        let origins: Arc<[Origin]> = origins.into_iter().collect();
        let mut requests = Vec::new();
        for address in addresses {
            requests.push((asked.request(&address, &origins, shared)?, address));
        }
        let plan = Self { fetch, shared, output, start, requests };
        plan.warn();
        Ok(plan)
    }

    fn warn(&self) {
        if self.shared.trust.insecure {
            self.output.warn("--insecure: anybody in between can read and change what is sent");
        }
        if self
            .requests
            .iter()
            .any(|(_, address)| plan::exposes_password(address, &self.shared.login))
        {
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
        })
    }

    /// The output table: heads go to standard output when the body does not, and with `-i`.
    fn shows_heads(&self, place: &Place) -> bool {
        let has_stdout = !matches!(place, Place::Stdout { .. }) || self.fetch.include;
        has_stdout && !self.shared.messages.json
    }

    fn carry_out(self, mut fetcher: Fetcher) -> Result<(), Failure> {
        let origins = self.requests.iter().map(|(request, _)| request.uri().origin());
        let last: HashMap<_, _> = origins.enumerate().map(|(nth, origin)| (origin, nth)).collect();
        let mut failed = Vec::new();
        for (nth, (request, address)) in self.requests.iter().enumerate() {
            let is_last = last.get(&request.uri().origin()) == Some(&nth);
            let persistence = if is_last { Persistence::Close } else { Persistence::Keep };
            let result = self.one(&mut fetcher, nth, request, address, persistence);
            let Err(failure) = result else { continue };
            if failure.exit == Exit::ReaderLeft {
                continue;
            }
            let failure = failure.doing(format!("fetching {}", address.shown()));
            if self.requests.len() > 1 {
                self.output.fail(&failure);
            }
            failed.push(failure);
        }
        verdict(failed, self.requests.len())
    }

    fn one(
        &self,
        fetcher: &mut Fetcher,
        nth: usize,
        request: &Request,
        address: &Address,
        persistence: Persistence,
    ) -> Result<(), Failure> {
        fetcher.meter.begin();
        let mut report = Report::default();
        let mut file = None;
        let result = self.place(nth, address).and_then(|place| {
            if let Place::File(part) = &place {
                file = Some(part.path().to_owned());
            }
            let job = Job {
                request: request.clone(),
                url: address.shown().to_owned(),
                persistence,
                start: self.start,
                shows_heads: self.shows_heads(&place),
                place,
                tries: 0,
            };
            fetcher.run(job, &mut report)
        });
        if self.shared.messages.json {
            let line = json_line(address, file.as_deref(), &report, fetcher, &result);
            match self.output.line(&line) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    return Err(Failure::local(&error).doing("writing to standard output"));
                }
                _ => {}
            }
        }
        result
    }

    fn place(&self, nth: usize, address: &Address) -> Result<Place, Failure> {
        if self.requests.iter().any(|(request, _)| request.method().is_head()) {
            return Ok(Place::Nowhere);
        }
        place_of(self.fetch, nth, || Ok(name_of(address)))
    }
}

/// Where the body of this URL goes; `name` is that of the file, if the URL is to name it.
fn place_of(
    fetch: &Fetch,
    nth: usize,
    name: impl FnOnce() -> Result<String, Failure>,
) -> Result<Place, Failure> {
    let options = Options {
        overwrite: fetch.overwrite || !fetch.output.is_empty(),
        sync: fetch.sync,
        create_dirs: fetch.create_dirs,
    };
    let folder = fetch.output_dir.as_deref().unwrap_or(Path::new(""));
    let target = match fetch.output.get(nth) {
        Some(path) if path == Path::new("-") => return Ok(Place::Stdout { binary: true }),
        Some(path) => Target::file(&folder.join(path), options)?,
        None if fetch.remote_name || fetch.output_dir.is_some() => {
            Target::named(folder, &name()?, options)?
        }
        None => return Ok(Place::Stdout { binary: false }),
    };
    Ok(Place::File(target.open()?))
}

impl Asked {
    fn request(
        &self,
        address: &Address,
        origins: &Arc<[Origin]>,
        shared: &Shared,
    ) -> Result<Request, Failure> {
        let uri = target(address)?;
        let own = uri.origin();
        let mut request = Request::new(self.method.clone(), uri).at_home_in(Arc::clone(origins));
        for field in &self.fields {
            request = request.with_field(field.clone())?;
        }
        if let Some(body) = &self.body {
            request = request.with_body(body.clone());
        }
        if let Some((user, pass)) = plan::login(address, &shared.login)? {
            // A login in a URL is for that URL; one from an option is for all that were typed.
            let home = if address.login.is_some() { [own].into() } else { Arc::clone(origins) };
            request = request.with_login(Login::new(&user, &pass, home)?);
        }
        Ok(request)
    }
}

fn target(address: &Address) -> Result<TargetUri, Failure> {
    let hint = match address.url.scheme() {
        "pop3" | "pop3s" | "ftp" | "ftps" => Some("wireline get fetches that"),
        "smtp" | "smtps" | "lmtp" => Some("wireline send speaks that"),
        "telnet" | "telnets" => Some("wireline telnet speaks that"),
        _ => None,
    };
    let failed = |error| {
        let failure = Failure::from(error).doing(format!("reading the URL {}", address.shown()));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    };
    TargetUri::try_from(address.url.clone()).map_err(failed)
}

/// The last part of the path that the user typed, made safe; `index` when there is none.
fn name_of(address: &Address) -> String {
    let last = address.url.path().rsplit('/').next().unwrap_or_default();
    let decoded: Vec<u8> = percent_decode_str(last).collect();
    safe_name(&decoded).unwrap_or_else(|| "index".into())
}

fn check_places(urls: usize, fetch: &Fetch, json: bool, has_range: bool) -> Result<(), Failure> {
    let files = fetch.output.len();
    let by_url = fetch.remote_name || fetch.output_dir.is_some();
    if fetch.remote_name && files > 0 {
        return Err(Failure::usage("-o and -O exclude each other"));
    }
    if files > 0 && files != urls {
        return Err(Failure::usage(format!("{files} -o for {urls} URLs"))
            .hint("-O or --output-dir names them all"));
    }
    let twice = fetch.output.iter().enumerate().find(|(nth, path)| {
        let is_device = path.starts_with("/dev") || *path == Path::new("-");
        !is_device && fetch.output.iter().skip(nth + 1).any(|other| other == *path)
    });
    if let Some((_, path)) = twice {
        return Err(Failure::usage(format!("-o {} is given twice", path.display())));
    }
    let to_file = files > 0 && !fetch.output.iter().any(|path| path == Path::new("-")) || by_url;
    if json && !to_file && !fetch.head {
        return Err(Failure::usage("--json needs -o FILE, -O or -I: the body has standard output"));
    }
    let is_range = |text: &&String| {
        text.split(':').next().is_some_and(|name| name.eq_ignore_ascii_case("Range"))
    };
    if has_range && fetch.continue_at.is_some() && fetch.header.iter().any(|text| is_range(&text)) {
        return Err(Failure::usage("-C asks for a range of its own: leave out -H Range"));
    }
    if fetch.continue_at.as_deref() == Some("-") && !to_file {
        return Err(Failure::usage(
            "-C - needs -o FILE or -O: only a file has a part to continue from",
        ));
    }
    Ok(())
}

fn parse_start(text: Option<&str>) -> Result<Start, Failure> {
    match text {
        None => Ok(Start::Afresh),
        Some("-") => Ok(Start::FromPart),
        Some("0") => Ok(Start::Afresh),
        Some(text) => match text.parse() {
            Ok(offset) => Ok(Start::At(offset)),
            Err(_) => {
                let text = escape(text.as_bytes());
                Err(Failure::usage(format!("-C takes - or a number of bytes, not \"{text}\"")))
            }
        },
    }
}

fn typed_fields(fetch: &Fetch, has_body: bool) -> Result<Vec<Field>, Failure> {
    let mut fields = Vec::new();
    for text in &fetch.header {
        let Some((name, value)) = text.split_once(':') else {
            let failure = Failure::usage("-H takes \"Name: value\"");
            return Err(failure.hint("\"Name:\" sends it empty"));
        };
        fields.push(Field::new(name, value)?);
    }
    let typed = fields.iter().any(|field| field.name.is("User-Agent"));
    if let Some(name) = fetch.user_agent.as_ref().filter(|_| !typed) {
        fields.push(Field::new("User-Agent", name)?);
    }
    if has_body && !fields.iter().any(|field| field.name.is("Content-Type")) {
        fields.push(Field::new("Content-Type", "application/x-www-form-urlencoded")?);
    }
    Ok(fields)
}

/// `-d DATA`, `-d @FILE`, `-d @-`. Held in memory, 64 MiB at most.
#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
fn read_data(data: &str) -> Result<Vec<u8>, Failure> {
    const DATA_BYTES: u64 = 64 << 20;
    let Some(name) = data.strip_prefix('@') else { return Ok(data.as_bytes().to_vec()) };
    let mut body = Vec::new();
    let read = match name {
        "-" => io::stdin().take(DATA_BYTES + 1).read_to_end(&mut body),
        name => File::open(name).and_then(|file| file.take(DATA_BYTES + 1).read_to_end(&mut body)),
    };
    read.map_err(|error| Failure::local(&error).doing(format!("reading the body from {name}")))?;
    match body.len() as u64 > DATA_BYTES {
        true => Err(Failure::usage("a body for -d has 64 MiB at most")),
        false => Ok(body),
    }
}

fn json_line(
    address: &Address,
    file: Option<&Path>,
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
    let file = file.filter(|_| result.is_ok());
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

    /// hostile.md row 154: what `-O` makes of a URL.
    #[test]
    fn names() {
        let rows = [
            ("http://h/a/page.html", "page.html"),
            ("http://h/a/b%20c?q", "b c"),
            ("http://h/", "index"),
            ("http://h/a/", "index"),
            ("http://h/%2e%2e", "index"),
            ("http://h/%2e%2e%2fetc%2fpasswd", "passwd"),
            ("http://h/a%5cb", "b"),
            ("http://h/.bashrc", "_bashrc"),
        ];
        for (url, name) in rows {
            assert_eq!(name_of(&Address::parse(url).unwrap()), name, "{url}");
        }
    }

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
