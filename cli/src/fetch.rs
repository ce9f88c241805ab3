//! One transfer from request to file: the redirect loop, the retry loop, resuming.
//! Must not hold: the command line, or how results are shown.

use crate::exit::{Exit, Failure};
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::{BinaryOnTerminal, Output, TerminalGuard, stdout_file};
use crate::plan;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};
use wireline_http::{
    Body, Client, Head, Hop, Persistence, Request, Response, Resumed, Retry, Trail, Validator,
    next_hop, resume, resumed,
};
use wireline_store::{Description, Part};
use wireline_wire::{Dialer, Sink};

/// What holds for every transfer of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) redirects: usize,
    pub(crate) retries: u32,
    pub(crate) most_bytes: u64,
    /// Heads are wanted on standard output.
    pub(crate) shows_heads: bool,
    /// Notes about odd heads are wanted.
    pub(crate) verbose: bool,
    /// Bodies of 400 and above are stored too.
    pub(crate) stores_errors: bool,
}

/// Where a body goes.
#[derive(Debug)]
pub(crate) enum Place {
    /// There is none.
    Nowhere,
    /// Standard output; when it is a terminal only text, unless `binary`.
    Stdout { binary: bool },
    /// A file.
    File(Part),
}

/// How a first try begins. Later tries always continue what the part file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the first byte.
    Afresh,
    /// Behind what the part file holds.
    FromPart,
    /// Behind so many bytes of the target, on the user's word.
    At(u64),
}

/// What is known of a transfer, whether it went well or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) effective_url: String,
    pub(crate) status: Option<u16>,
    /// Bytes of the body, those from before included.
    pub(crate) bytes: u64,
    pub(crate) redirects: usize,
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
}

/// One transfer.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request: Request,
    /// The URL for the part file's description.
    pub(crate) url: String,
    pub(crate) persistence: Persistence,
    pub(crate) place: Place,
    pub(crate) start: Start,
}

/// How a transfer ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// The body is whole, where it was to go.
    Stored,
    /// There was nothing to store: the file stays as it is.
    Untouched,
}

/// A failure, and whether another try may help.
struct Trouble {
    failure: Failure,
    retry: Retry,
}

impl<E: Into<Failure>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self { failure: error.into(), retry: Retry::Never }
    }
}

impl Trouble {
    fn http(error: wireline_http::Error, request: &Request) -> Self {
        let retry = if request.method().is_idempotent() { error.retry() } else { Retry::Never };
        Self { retry, failure: error.into() }
    }
}

/// What an earlier try, or an earlier run, has left.
struct Earlier {
    offset: u64,
    validator: Option<Validator>,
    length: Option<u64>,
    /// Bytes that an answer has promised to continue with.
    missing: Option<u64>,
}

impl Fetcher {
    /// Carries a job out, with as many tries as the policy allows.
    pub(crate) fn run(&mut self, mut job: Job, report: &mut Report) -> Result<(), Failure> {
        let mut tries = 0;
        let result = loop {
            let mut trouble = match self.attempt(&mut job, report, tries > 0) {
                Ok(done) => break Ok(done),
                Err(trouble) => trouble,
            };
            trouble.failure = trouble.failure.masked(&self.mask);
            let Some(pause) = pause_before_retry(trouble.retry, tries) else {
                break Err(trouble.failure);
            };
            let in_time = self.dialer.whole.is_none_or(|whole| whole.remaining() > pause);
            if tries == self.policy.retries || !in_time {
                break Err(trouble.failure);
            }
            tries += 1;
            self.output.note(&format!("{}; try {} in {pause:?}", trouble.failure, tries + 1));
            thread::sleep(pause);
        };
        self.meter.end();
        match (result, job.place) {
            (Ok(Done::Stored), Place::File(part)) => Ok(part.commit().map(drop)?),
            (Err(failure), Place::File(part)) => Err(with_part_hint(failure, part)),
            (result, _) => result.map(drop),
        }
    }

    fn attempt(
        &mut self,
        job: &mut Job,
        report: &mut Report,
        again: bool,
    ) -> Result<Done, Trouble> {
        let earlier = job.earlier(again)?;
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
            let (policy, output) = (self.policy, self.output);
            let interim = |head: &Head| written = show(policy, output, head);
            let sent = self.client.send(&request, job.persistence, interim);
            let response = sent.map_err(|error| Trouble::http(error, &request))?;
            written
                .and_then(|()| show(policy, output, response.head()))
                .map_err(|error| stdout_trouble(&error))?;
            report.status = Some(response.head().status.code());
            if self.policy.redirects == 0 {
                return Ok((request, response));
            }
            let Hop::Follow(next) = next_hop(&request, response.head())? else {
                return Ok((request, response));
            };
            trail.step(&next)?;
            plan::refuse_proxy(&next.uri().origin(), &self.dialer)?;
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
            self.output
                .note(&format!("redirected to {origin}, which does not get {}", names.join(", ")));
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
        let is_file = matches!(job.place, Place::File(_));
        if status.code() == 304 && is_file {
            self.output.note("not modified: the file stays as it is");
            return Ok(Done::Untouched);
        }
        if !(status.is_error() && is_file && !self.policy.stores_errors) {
            self.copy(&mut response, earlier, job, report).map_err(|mut trouble| {
                let spent = job.is_spent(report.bytes) || !request.method().is_idempotent();
                trouble.retry = if spent { Retry::Never } else { trouble.retry };
                trouble
            })?;
        }
        let refused = status.is_error().then(|| refused(response.head(), request));
        self.client.keep(request.uri().origin(), response);
        match refused {
            Some(mut trouble) => {
                let stored = is_file && self.policy.stores_errors;
                let shown = matches!(job.place, Place::Stdout { .. }) && report.bytes > 0;
                if stored {
                    job.commit()?;
                }
                trouble.retry = if stored || shown { Retry::Never } else { trouble.retry };
                Err(trouble)
            }
            None => Ok(Done::Stored),
        }
    }

    fn copy(
        &mut self,
        response: &mut Response,
        earlier: Option<Earlier>,
        job: &mut Job,
        report: &mut Report,
    ) -> Result<(), Trouble> {
        let have = earlier.as_ref().map_or(0, |earlier| earlier.offset);
        let more = match response.body() {
            Body::Length(length) => Some(length),
            Body::None => Some(0),
            _ => None,
        };
        let missing = earlier.as_ref().and_then(|earlier| earlier.missing);
        let most = self.policy.most_bytes.saturating_sub(have);
        if more.is_some_and(|more| more > most) {
            let why =
                format!("the body has more than the {} bytes allowed", self.policy.most_bytes);
            return Err(Failure::new(Exit::Broken, why).hint("--max-size sets this limit").into());
        }
        let can_be_cut = !response.is_at_hand();
        job.begin(earlier.as_ref(), response.head(), more, can_be_cut)?;
        self.meter.expect(have, more);
        let copied = job.place.copy(response, missing.map_or(most, |missing| missing.min(most)));
        let copied = copied.and_then(|got| match missing {
            Some(expected) if got != expected => {
                Err(wireline_wire::Error::Cut { got, expected: missing }.into())
            }
            _ => Ok(got),
        });
        report.bytes = match (&copied, &job.place) {
            (Ok(bytes), _) => have + bytes,
            (Err(_), Place::File(part)) => part.size().unwrap_or(have),
            (Err(_), _) => self.meter.bytes(),
        };
        match copied {
            Ok(_) => Ok(()),
            Err(error) => Err(job.place.trouble(error)),
        }
    }
}

fn show(policy: Policy, output: Output, head: &Head) -> io::Result<()> {
    if policy.verbose {
        head.notes.iter().for_each(|note| output.note(&format!("odd head: {note}")));
    }
    if policy.shows_heads {
        output.head(&head.raw)?;
    }
    Ok(())
}

impl Job {
    /// What there is to continue from.
    fn earlier(&mut self, again: bool) -> Result<Option<Earlier>, Failure> {
        match (&self.place, self.start) {
            (Place::File(part), Start::At(offset)) if !again => {
                part.continuable(offset)?;
                Ok(Some(Earlier { offset, validator: None, length: None, missing: None }))
            }
            (Place::Nowhere | Place::Stdout { .. }, Start::At(offset)) => {
                Ok(Some(Earlier { offset, validator: None, length: None, missing: None }))
            }
            (Place::File(part), start) if again || start == Start::FromPart => {
                let Some(found) = part.resumable(&self.url) else { return Ok(None) };
                let validator = found.validator.parse().ok();
                Ok(validator.map(|validator| Earlier {
                    offset: found.offset,
                    validator: Some(validator),
                    length: found.length,
                    missing: None,
                }))
            }
            _ => Ok(None),
        }
    }

    /// Makes the file ready for the body of this answer.
    fn begin(
        &mut self,
        earlier: Option<&Earlier>,
        head: &Head,
        more: Option<u64>,
        can_be_cut: bool,
    ) -> Result<(), Failure> {
        let Place::File(part) = &mut self.place else { return Ok(()) };
        let offset = earlier.map_or(0, |earlier| earlier.offset);
        if let Some(Earlier { validator: None, .. }) = earlier {
            return Ok(part.continue_from(offset)?);
        }
        let known = earlier.and_then(|earlier| earlier.validator.clone());
        // What cannot be cut need not be continued.
        let is_whole = head.status.code() == 200;
        let validator = known.or_else(|| Validator::of(head).filter(|_| can_be_cut && is_whole));
        let length = earlier.and_then(|earlier| earlier.length).or(more.map(|more| offset + more));
        let description = validator.map(|validator| Description {
            url: self.url.clone(),
            validator: validator.to_string(),
            length,
        });
        Ok(part.begin(offset, description)?)
    }

    /// Bytes are out that cannot be taken back.
    fn is_spent(&self, bytes: u64) -> bool {
        match &self.place {
            Place::Nowhere => false,
            Place::Stdout { .. } => bytes > 0,
            Place::File(part) => part.is_written_through() && bytes > 0,
        }
    }

    fn commit(&mut self) -> Result<(), Failure> {
        match std::mem::replace(&mut self.place, Place::Nowhere) {
            Place::File(part) => Ok(part.commit().map(drop)?),
            _ => Ok(()),
        }
    }
}

impl Place {
    fn copy(&self, response: &mut Response, most: u64) -> Result<u64, wireline_http::Error> {
        use wireline_http::Error::Local;
        match self {
            Self::Nowhere => response.copy_to(&mut Sink::writer(&mut io::sink()), most),
            Self::File(part) => response.copy_to(&mut Sink::file(part.file()), most),
            Self::Stdout { binary: false } if io::stdout().is_terminal() => {
                let mut guard = TerminalGuard(stdout_file().map_err(Local)?);
                response.copy_to(&mut Sink::writer(&mut guard), most)
            }
            Self::Stdout { .. } => {
                let out = stdout_file().map_err(Local)?;
                response.copy_to(&mut Sink::file(&out), most)
            }
        }
    }

    fn trouble(&self, error: wireline_http::Error) -> Trouble {
        let retry = error.retry();
        match (self, &error) {
            (Self::Stdout { .. }, wireline_http::Error::Local(source)) => stdout_trouble(source),
            (Self::File(part), wireline_http::Error::Local(_)) => {
                let failure = Failure::from(error);
                let doing = format!("writing {}", part.path().display());
                Trouble { failure: failure.doing(doing), retry: Retry::Never }
            }
            _ => Trouble { failure: error.into(), retry },
        }
    }
}

/// Standard output takes no more. A reader who has seen enough is no failure.
fn stdout_trouble(error: &io::Error) -> Trouble {
    if error.get_ref().is_some_and(|inner| inner.is::<BinaryOnTerminal>()) {
        let hint = "-o FILE stores it, -o - writes it anyway";
        return Failure::new(Exit::Unsafe, error.to_string()).hint(hint).into();
    }
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::new(Exit::ReaderLeft, "").into();
    }
    Failure::local(error).doing("writing to standard output").into()
}

fn refused(head: &Head, request: &Request) -> Trouble {
    let reason = wireline_wire::escape(&head.reason);
    let failure =
        Failure::new(Exit::Refused, format!("the server answered {} {reason}", head.status));
    let hint = match head.status.code() {
        401 => Some("-u USER logs in"),
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

/// One second, doubled from try to try up to a minute, or what the server asked for.
fn pause_before_retry(retry: Retry, tries: u32) -> Option<Duration> {
    match retry {
        Retry::Never => None,
        Retry::Safe => Some(Duration::from_secs(1 << tries.min(6)).min(Duration::from_secs(60))),
        Retry::After(pause) => Some(pause),
    }
}

fn with_part_hint(failure: Failure, part: Part) -> Failure {
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
