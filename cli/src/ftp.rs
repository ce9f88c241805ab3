//! `wireline ftp VERB URL`, and how every command comes to a session with an FTP server.
//! Must not hold: what is done there (`ftp/`).

mod files;
pub(crate) mod list;
pub(crate) mod location;
mod ls;
mod mirror;
pub(crate) mod pattern;
pub(crate) mod several;
pub(crate) mod transfer;
pub(crate) mod tries;
mod uploads;
mod verbs;

use crate::args::{Ftp, FtpVerb, Moving, Securing, Shared};
use crate::exit::{Exit, Failure};
use crate::mask::Mask;
use crate::meter::Meter;
use crate::output::Output;
use crate::place::{Place, Scheme};
use crate::plan;
use crate::watch::Watch;
use location::Location;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;
use transfer::Trouble;
use wireline_ftp::{
    DataMode, Error, Limits, Login, Options, Password, Retry, Security, Session, UserName,
};
use wireline_wire::{Dialer, Secret};

/// What `ftp`, `get` and `put` speak here.
pub(crate) const SCHEMES: &[(&str, Scheme)] = &[("ftp", Scheme::Ftp), ("ftps", Scheme::Ftps)];

/// Whether a word is a URL of an FTP server.
pub(crate) fn is_ftp(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| SCHEMES.iter().any(|(name, _)| scheme == *name))
}

/// A server, and everything that its sessions have in common.
pub(crate) struct Site {
    place: Place,
    login: Login,
    options: Options,
    dialer: Dialer,
    pub(crate) output: Output,
    pub(crate) meter: Arc<Meter>,
    mask: Arc<Mask>,
    watch: Watch,
    /// Commands may be said before their turn. A transcript has each with what comes of it, so not if
    /// one is made.
    ahead: bool,
}

impl Site {
    /// Makes sense of what was typed; nobody is asked yet.
    pub(crate) fn find(
        url: &str,
        securing: &Securing,
        moving: &Moving,
        shared: &Shared,
    ) -> Result<(Self, Location), Failure> {
        let output = Output { quiet: shared.messages.quiet };
        let place = Place::parse(url, SCHEMES, shared, output)?;
        let doing = || format!("reading the URL {}", place.shown);
        let location = Location::parse(&place.path).map_err(|failure| failure.doing(doing()))?;
        let login = login_of(&place)?;
        let mask = Arc::new(place.mask());
        let meter = Meter::new(!output.quiet && io::stderr().is_terminal()).keeping_first();
        let meter = Arc::new(meter);
        let watch = Watch::begin(&shared.messages, "ftp", &mask, &meter)?;
        let mut dialer = plan::dialer(shared, watch.observer())?;
        let allows = shared.login.allow_plaintext_auth;
        let in_clear = securing.no_tls && !place.scheme.is_implicit_tls();
        dialer.loopback_only = in_clear && place.login.is_some() && !allows;
        let idle = dialer.limits.idle;
        let limits = Limits::default();
        let limits =
            Limits { final_reply: idle * 2, aftermath: limits.aftermath.min(idle), ..limits };
        let options = Options {
            limits,
            security: security(&place, securing),
            clear_login: allows,
            data_mode: if moving.active { DataMode::Active } else { DataMode::Passive },
            transfer_type: location.transfer_type,
            ..Options::default()
        };
        let ahead = !shared.messages.verbose && shared.messages.record.is_none();
        let site = Self { place, login, options, dialer, output, meter, mask, watch, ahead };
        Ok((site, location))
    }

    /// Connects, puts TLS on top where it must be, and logs in.
    pub(crate) fn open(&self) -> Result<Session, Trouble> {
        self.open_as(self.options)
    }

    /// The same for many files, with what another session has learned of the server: whether EPSV is
    /// worth a try.
    pub(crate) fn open_beside(&self, extended: bool) -> Result<Session, Trouble> {
        self.open_as(Options { extended, ahead: self.ahead, ..self.options })
    }

    fn open_as(&self, options: Options) -> Result<Session, Trouble> {
        let session = Session::open(&self.dialer, self.place.endpoint(), options, &self.login);
        session.map_err(|error| {
            let again = error.retry() == Retry::Safe;
            Trouble { failure: self.refused(error), again }
        })
    }

    fn refused(&self, error: Error) -> Failure {
        let is_unsafe = matches!(error, Error::Unsafe { .. });
        let failure = Failure::from(error).doing("logging in");
        match (is_unsafe || failure.exit == Exit::Unsafe, self.place.login.is_some()) {
            (true, true) => failure.hint(
                "--no-tls --allow-plaintext-auth sends the password, and the files, in clear",
            ),
            (true, false) => failure.hint("--no-tls goes on in clear"),
            _ => failure,
        }
    }

    /// A failure without the secrets of the run.
    pub(crate) fn masked(&self, failure: Failure) -> Failure {
        failure.masked(&self.mask)
    }

    /// Another try comes.
    fn note_retry(&self, failure: &Failure, nth: u32, pause: Duration) {
        let failure = self.mask.text(&failure.to_string());
        self.output.note(&format!("{failure}; try {nth} in {pause:?}"));
    }

    /// The URL for messages: no login in it.
    pub(crate) fn shown(&self) -> &str {
        &self.place.shown
    }

    /// Whether commands may be said before their turn.
    pub(crate) const fn says_ahead(&self) -> bool {
        self.ahead
    }

    /// How the sessions dial: when they end is in it.
    pub(crate) const fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// The run is over, well or not: the recording gets its name, the failure its place.
    pub(crate) fn finish<T>(self, result: Result<T, Failure>, doing: &str) -> Result<T, Failure> {
        self.meter.end();
        self.watch.finish()?;
        result.map_err(|failure| {
            failure.doing(format!("{doing} {}", self.place.shown)).masked(&self.mask)
        })
    }
}

/// The table of what may go in clear: without a login FTP stays so unless `--tls` is typed.
fn security(place: &Place, securing: &Securing) -> Security {
    match () {
        () if place.scheme.is_implicit_tls() => Security::Implicit,
        () if securing.tls => Security::Explicit,
        () if securing.no_tls || place.login.is_none() => Security::Clear,
        () => Security::ExplicitRemotely,
    }
}

fn login_of(place: &Place) -> Result<Login, Failure> {
    let Some((user, secret)) = &place.login else { return Ok(Login::anonymous()) };
    let secret = Secret::new(secret.reveal().to_vec());
    Ok(Login::new(UserName::try_from(user.as_str())?, Password::try_from(secret)?))
}

/// `wireline ftp VERB URL`
pub(crate) fn run(args: &Ftp) -> Result<(), Failure> {
    match &args.verb {
        FtpVerb::Ls(args) => ls::run(args),
        FtpVerb::Get(args) => files::get(args),
        FtpVerb::Put(args) => uploads::put(args),
        FtpVerb::Mirror(mirror) => mirror::run(mirror),
        FtpVerb::Mv(args) => verbs::mv(args),
        FtpVerb::Rm(args) => verbs::rm(args),
        FtpVerb::Mkdir(args) => verbs::mkdir(args),
        FtpVerb::Rmdir(args) => verbs::rmdir(args),
        FtpVerb::Chmod(args) => verbs::chmod(args),
        FtpVerb::Stat(args) => verbs::stat(args),
        FtpVerb::Quote(args) => verbs::quote(args),
    }
}
