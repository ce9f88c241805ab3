//! One transfer from request to file: the redirect loop, the retry loop, resuming.
//! Must not hold: the command line, or how results are shown.

use crate::cookies::Crumbs;
use crate::exit::{Exit, Failure};
use crate::job::{Earlier, Job, Place, Trouble};
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::Output;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};
use wireline_http::{
    Body, Client, FieldValue, Head, Hop, Request, Response, Resumed, Retry, Trail, next_hop,
    part_asked_for, resume, resumed,
};
use wireline_store::Part;
use wireline_wire::Dialer;

/// What holds for every transfer of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) redirects: usize,
    pub(crate) retries: u32,
    pub(crate) most_bytes: u64,
    /// Notes about odd heads are wanted.
    pub(crate) verbose: bool,
    /// Bodies of 400 and above are stored too.
    pub(crate) stores_errors: bool,
    /// Bodies are stored without their content codings.
    pub(crate) decodes: bool,
    /// Files get the time that they have on the server.
    pub(crate) keeps_time: bool,
}

/// What is known of a transfer, whether it went well or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) effective_url: String,
    pub(crate) status: Option<u16>,
    /// Bytes of the body, those from before included.
    pub(crate) bytes: u64,
    pub(crate) redirects: usize,
    /// Of the final answer.
    pub(crate) etag: Option<String>,
    /// The file that has the body now.
    pub(crate) file: Option<PathBuf>,
}

/// Fetches, one transfer after the other, over kept connections.
#[derive(Debug)]
pub(crate) struct Fetcher {
    pub(crate) client: Client,
    /// How the client dials.
    pub(crate) dialer: Dialer,
    pub(crate) policy: Policy,
    pub(crate) output: Output,
    pub(crate) meter: Arc<Meter>,
    pub(crate) mask: Arc<Mask>,
    pub(crate) crumbs: Arc<Crumbs>,
}

/// How a transfer ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// The body is whole, where it was to go.
    Stored,
    /// There was nothing to store: the file stays as it is.
    Untouched,
}

impl Fetcher {
    /// Carries a job out, with as many tries as the policy allows.
    pub(crate) fn run(&mut self, mut job: Job, report: &mut Report) -> Result<(), Failure> {
        let result = loop {
            let trouble = match self.attempt(&mut job, report) {
                Ok(done) => break Ok(done),
                Err(trouble) => trouble,
            };
            let failure = trouble.failure.masked(&self.mask);
            let Some(pause) = self.pause(trouble.retry, &job) else { break Err(failure) };
            job.tries += 1;
            let when = if pause.is_zero() { "now".into() } else { format!("in {pause:?}") };
            self.output.note(&format!("{failure}; try {} {when}", job.tries + 1));
            thread::sleep(pause);
        };
        self.meter.end();
        match (result, job.place) {
            (Ok(Done::Stored), Place::File(part)) => {
                report.file = Some(part.commit()?);
                Ok(())
            }
            (Err(failure), Place::File(part)) => Err(with_part_hint(failure, part)),
            (result, _) => result.map(drop),
        }
    }

    /// How long to wait before another try; `None` when there is none, or no time for it.
    fn pause(&self, retry: Retry, job: &Job) -> Option<Duration> {
        let pause = pause_before_retry(retry, job.tries)?;
        let in_time = self.dialer.whole.is_none_or(|whole| whole.remaining() > pause);
        (job.tries < self.policy.retries && in_time).then_some(pause)
    }

    fn attempt(&mut self, job: &mut Job, report: &mut Report) -> Result<Done, Trouble> {
        let earlier = job.earlier(job.tries > 0)?;
        let Some(earlier) = earlier else {
            let (request, response) = self.answer(job.request.clone(), job, report)?;
            return self.take(&request, response, None, job, report);
        };
        let extra = resume(earlier.validator.as_ref(), earlier.offset)?;
        let (request, response) =
            self.answer(job.request.clone().with_extra(extra), job, report)?;
        match resumed(response.head(), earlier.validator.as_ref(), earlier.offset, earlier.length) {
            Resumed::Continues { bytes } => {
                let earlier = Earlier { missing: Some(bytes), ..earlier };
                self.take(&request, response, Some(earlier), job, report)
            }
            Resumed::IsComplete => {
                self.output.note("it was complete already");
                report.bytes = earlier.offset;
                job.begin(Some(&earlier), response.head(), Some(0), false)?;
                Ok(Done::Stored)
            }
            answer if response.head().status.is_success() || answer == Resumed::Changed => {
                if !matches!(job.place, Place::File(_)) {
                    let why = format!("the server does not continue at {}", earlier.offset);
                    return Err(Failure::new(Exit::Refused, why).into());
                }
                let starting_over = match answer {
                    Resumed::Changed => "it has changed on the server: starting over",
                    _ => "the server does not continue: starting over",
                };
                self.output.note(starting_over);
                if answer != Resumed::Changed {
                    return self.take(&request, response, None, job, report);
                }
                drop(response);
                let (request, response) = self.answer(job.request.clone(), job, report)?;
                self.take(&request, response, None, job, report)
            }
            _ => self.take(&request, response, None, job, report),
        }
    }

    /// Sends a request, and follows where the answers lead.
    fn answer(
        &mut self,
        mut request: Request,
        job: &Job,
        report: &mut Report,
    ) -> Result<(Request, Response), Trouble> {
        let mut trail = Trail::new(&request, self.policy.redirects);
        loop {
            request.uri().as_str().clone_into(&mut report.effective_url);
            report.redirects = trail.hops();
            let mut written = Ok(());
            let (policy, output, wanted) = (self.policy, self.output, job.shows_heads);
            let show = |head: &Head| show(head, wanted, policy, output);
            let (crumbs, url) = (&self.crumbs, request.uri().url().clone());
            let interim = |head: &Head| {
                crumbs.hear(&url, head);
                written = std::mem::replace(&mut written, Ok(())).and_then(|()| show(head));
            };
            request = crumbs.bake(request)?;
            let sent = self.client.send(&request, job.persistence, interim);
            let response = sent.map_err(|error| Trouble::http(error, &request))?;
            crumbs.hear(&url, response.head());
            written
                .and_then(|()| show(response.head()))
                .or_else(|error| job.without_reader(&error))?;
            let head = response.head();
            report.status = Some(head.status.code());
            report.etag = head.fields.first("ETag").and_then(FieldValue::to_str).map(str::to_owned);
            if self.policy.redirects == 0 {
                return Ok((request, response));
            }
            let Hop::Follow(next) = next_hop(&request, response.head())? else {
                return Ok((request, response));
            };
            trail.step(&next)?;
            self.client.keep(request.uri().origin(), response);
            self.say_what_stays(&request, &next);
            request = *next;
        }
    }

    fn say_what_stays(&self, before: &Request, next: &Request) {
        let known: Vec<_> = before.withheld().collect();
        let names: Vec<_> = next.withheld().filter(|name| !known.contains(name)).collect();
        if !names.is_empty() {
            let origin = next.uri().origin();
            let names = names.join(", ");
            let note = format!("redirected to {origin}, which does not get {names}");
            self.output.note(&self.mask.text(&note));
        }
    }

    /// Takes the body of the final answer.
    fn take(
        &mut self,
        request: &Request,
        mut response: Response,
        earlier: Option<Earlier>,
        job: &mut Job,
        report: &mut Report,
    ) -> Result<Done, Trouble> {
        let status = response.head().status;
        let is_file = job.place.is_file();
        if status.code() == 304 && is_file {
            self.output.note("not modified: the file stays as it is");
            return Ok(Done::Untouched);
        }
        if status.is_error() {
            return self.refuse(request, response, job, report);
        }
        if let Some(path) = job.place.kept(response.head()) {
            self.output.note(&format!("{} is there already", path.display()));
            // It is not that of the file.
            report.etag = None;
            return Ok(Done::Untouched);
        }
        self.copy(request, &mut response, earlier, job, report)?;
        self.client.keep(request.uri().origin(), response);
        Ok(Done::Stored)
    }

    /// An answer of 400 and above. A file gets its body only with `--fail-with-body`, and nothing
    /// gets it when another try may bring a better one.
    fn refuse(
        &mut self,
        request: &Request,
        mut response: Response,
        job: &mut Job,
        report: &mut Report,
    ) -> Result<Done, Trouble> {
        let trouble = refused(response.head(), request);
        let comes_again = self.pause(trouble.retry, job).is_some();
        let is_file = job.place.is_file();
        if comes_again || is_file && !self.policy.stores_errors {
            self.client.keep(request.uri().origin(), response);
            return Err(trouble);
        }
        self.copy(request, &mut response, None, job, report)?;
        self.client.keep(request.uri().origin(), response);
        job.commit()?;
        Err(Trouble { retry: Retry::Never, ..trouble })
    }

    /// Gives the file the time that it has on the server, where that is wanted and told.
    fn keep_time(&self, head: &Head, place: &Place) -> Result<(), Trouble> {
        let (true, Place::File(part)) = (self.policy.keeps_time, place) else { return Ok(()) };
        let Some(time) = last_modified(head).filter(|_| !part.is_written_through()) else {
            return Ok(());
        };
        let set = part.file().set_modified(time);
        set.map_err(|error| Failure::local(&error).doing("setting the file's time").into())
    }

    fn copy(
        &mut self,
        request: &Request,
        response: &mut Response,
        earlier: Option<Earlier>,
        job: &mut Job,
        report: &mut Report,
    ) -> Result<(), Trouble> {
        let have = earlier.as_ref().map_or(0, |earlier| earlier.offset);
        let is_encoded = response.head().fields.first("Content-Encoding").is_some();
        let decodes = self.policy.decodes && is_encoded;
        if is_encoded && !decodes && job.place.is_file() && !request.has_field("Accept-Encoding") {
            self.output.note("the body is stored as it came, encoded: --compressed takes it apart");
        }
        let more = match response.body() {
            Body::Length(_) if decodes => None,
            Body::Length(length) => Some(length),
            Body::None => Some(0),
            _ => None,
        };
        let missing = match &earlier {
            Some(earlier) => earlier.missing,
            None => part_asked_for(request, response.head())?
                .filter(|_| !decodes && response.body() != Body::None),
        };
        let most = self.policy.most_bytes.saturating_sub(have);
        if more.is_some_and(|more| more > most) {
            let why =
                format!("the body has more than the {} bytes allowed", self.policy.most_bytes);
            return Err(Failure::new(Exit::Broken, why).hint("--max-size sets this limit").into());
        }
        // What is taken apart on the way cannot be continued in the middle.
        let can_be_cut = !decodes && !response.is_at_hand();
        job.begin(earlier.as_ref(), response.head(), more, can_be_cut)?;
        self.meter.expect(have, more);
        let copied =
            job.place.copy(response, missing.map_or(most, |missing| missing.min(most)), decodes);
        let copied = copied.and_then(|got| match missing {
            Some(expected) if got != expected => {
                Err(wireline_wire::Error::Cut { got, expected: missing }.into())
            }
            _ => Ok(got),
        });
        report.bytes = match (&copied, &job.place) {
            (Ok(bytes), _) => have + bytes,
            (Err(_), Place::File(part)) if !part.is_written_through() => {
                part.size().unwrap_or(have)
            }
            (Err(_), _) => self.meter.bytes(),
        };
        let Err(error) = copied else { return self.keep_time(response.head(), &job.place) };
        let trouble = job.place.trouble(error);
        match job.is_spent(report.bytes) || !request.method().is_idempotent() {
            true => Err(Trouble { retry: Retry::Never, ..trouble }),
            false => Err(trouble),
        }
    }
}

/// `Last-Modified` (RFC 9110 section 8.8.2).
fn last_modified(head: &Head) -> Option<SystemTime> {
    let text = head.fields.first("Last-Modified").and_then(FieldValue::to_str)?;
    httpdate::parse_http_date(text).ok()
}

fn show(head: &Head, wanted: bool, policy: Policy, output: Output) -> io::Result<()> {
    if policy.verbose {
        head.notes.iter().for_each(|note| output.note(&format!("odd head: {note}")));
    }
    if wanted { output.head(&head.raw) } else { Ok(()) }
}

fn refused(head: &Head, request: &Request) -> Trouble {
    let reason = wireline_wire::escape(&head.reason);
    let failure =
        Failure::new(Exit::Refused, format!("the server answered {} {reason}", head.status));
    let hint = match head.status.code() {
        401 if request.login().is_none() => Some("-u USER logs in"),
        401 => Some("the login is wrong, or not for this place; --anyauth asks how it is proven"),
        403 if !request.has_field("User-Agent") => {
            Some("some servers want to know who asks: -A NAME tells them")
        }
        407 => Some("that is a proxy's answer"),
        _ => None,
    };
    let failure = match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    };
    let repeatable = request.method().is_idempotent();
    let retry = if repeatable { head.retry(SystemTime::now()) } else { Retry::Never };
    Trouble { failure, retry }
}

/// One second, doubled from try to try up to a minute.
pub(crate) fn back_off(tries: u32) -> Duration {
    Duration::from_secs(1 << tries.min(6)).min(Duration::from_secs(60))
}

/// That pause, or what the server asked for.
fn pause_before_retry(retry: Retry, tries: u32) -> Option<Duration> {
    match retry {
        Retry::Never => None,
        Retry::Safe => Some(back_off(tries)),
        Retry::After(pause) => Some(pause),
    }
}

/// What a failure has left to continue from.
pub(crate) fn with_part_hint(failure: Failure, part: Part) -> Failure {
    match part.abandon() {
        Some(path) => failure.hint(format!("-C - continues from {}", path.display())),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double() {
        let seconds = |tries| pause_before_retry(Retry::Safe, tries).map(|pause| pause.as_secs());
        assert_eq!([0, 1, 5, 6, 40].map(seconds), [1, 2, 32, 60, 60].map(Some));
        assert_eq!(pause_before_retry(Retry::After(Duration::ZERO), 3), Some(Duration::ZERO));
        assert_eq!(pause_before_retry(Retry::Never, 0), None);
    }
}
