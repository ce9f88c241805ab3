//! The dialogue: from the greeting to QUIT, a short method a verb (RFC 959 section 4.1).
//! Must not hold: logins (`login.rs`), data connections (`data.rs`), transfers (`transfer.rs`).

use crate::command::{self, Line, alone};
use crate::dialogue::Dialogue;
use crate::{
    Algorithm, DataMode, Error, Features, Login, Options, Pathname, Reply, Security, Type,
};
use std::net::IpAddr;
use time::UtcDateTime;
use wireline_wire as wire;
use wireline_wire::{Dialer, Endpoint, Family, Peer, Proxies, Route, TlsVersions, Traffic};

/// A session with an FTP server, past its greeting.
///
/// A verb that is [refused](Error::Refused) leaves the session as it was, but for 421, and so does
/// a [data connection](Error::Data) that fails. After other failures of the dialogue it [is
/// over](Session::is_over): dropping it closes the connection.
#[derive(Debug)]
pub struct Session {
    pub(crate) dialogue: Dialogue,
    /// For data connections: to nobody but the control connection's peer, by its route and with its
    /// TLS settings.
    pub(crate) dialer: Dialer,
    /// What to ask the proxy for, by whose tunnel the control connection goes.
    pub(crate) behind_proxy: Option<String>,
    /// Whose certificate it has to be, on every connection.
    pub(crate) host: String,
    pub(crate) options: Options,
    pub(crate) greeting: Reply,
    pub(crate) features: Option<Features>,
    /// PROT P holds.
    pub(crate) protected: bool,
    /// The type that the server has in mind; TYPE A in the beginning.
    pub(crate) representation: Type,
    /// EPSV and EPRT are still worth a try.
    pub(crate) extended: bool,
    pub(crate) ignored_address: Option<IpAddr>,
    /// What HASH makes.
    pub(crate) hashing: Option<Algorithm>,
}

impl Session {
    /// Connects, hears the greeting, and puts TLS on top if [`Options::security`] wants it: TLS
    /// 1.2, whose sessions the data connections can resume at will, and 1.3 where that is refused.
    ///
    /// # Errors
    /// [`Error::Connection`], [`Error::Violation`]; [`Error::Refused`] when the server does not
    /// want us (421); [`Error::Unsafe`] when it refuses TLS.
    pub fn connect(dialer: &Dialer, endpoint: &Endpoint, options: Options) -> Result<Self, Error> {
        match Self::connect_with(dialer, endpoint, options, TlsVersions::Only12) {
            Err(Error::Connection(error)) if error.is_tls_version() => {
                Self::connect_with(dialer, endpoint, options, TlsVersions::Both)
            }
            connected => connected,
        }
    }

    /// The same, and logs in, asks what is offered, and has names in UTF-8 where that is.
    ///
    /// # Errors
    /// As [`Session::connect`], [`Session::login`] and [`Session::feat`].
    pub fn open(
        dialer: &Dialer,
        endpoint: &Endpoint,
        options: Options,
        login: &Login,
    ) -> Result<Self, Error> {
        let mut session = Self::connect(dialer, endpoint, options)?;
        session.login(login)?;
        session.opts_utf8()?;
        Ok(session)
    }

    fn connect_with(
        dialer: &Dialer,
        endpoint: &Endpoint,
        options: Options,
        versions: TlsVersions,
    ) -> Result<Self, Error> {
        let mut dialer = dialer.clone();
        dialer.tls = dialer.tls.apart(versions);
        let mut wire = dialer.dial(endpoint)?;
        if options.security == Security::Implicit {
            wire = wire.start_tls(endpoint.host())?;
        }
        // A Unix socket cannot, and needs not.
        drop(wire.keep_alive(options.limits.keep_alive));
        let mut dialogue = Dialogue::new(wire, options.limits);
        let greeting = hear_greeting(&mut dialogue)?;
        let session = Self {
            behind_proxy: peer_behind_proxy(&dialer, endpoint, dialogue.wire.peer()),
            dialer: data_dialer(dialer, endpoint),
            dialogue,
            host: endpoint.host().to_owned(),
            options,
            greeting,
            features: None,
            protected: false,
            representation: Type::Ascii,
            extended: options.extended,
            ignored_address: None,
            hashing: None,
        };
        match options.security {
            Security::Explicit => session.auth_tls(),
            Security::ExplicitRemotely if !session.peer().is_loopback() => session.auth_tls(),
            _ => Ok(session),
        }
    }

    /// What the server said first.
    #[must_use]
    pub const fn greeting(&self) -> &Reply {
        &self.greeting
    }

    /// How the session is held.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Whether TLS stands.
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.dialogue.wire.is_tls()
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        self.dialogue.wire.peer()
    }

    /// Nothing can be said any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.dialogue.over
    }

    /// Whether EPSV and EPRT are still tried first; `false` once the server did not do them. Other
    /// sessions with it can begin so ([`Options::extended`]).
    #[must_use]
    pub const fn is_extended(&self) -> bool {
        self.extended
    }

    /// Another address than the peer's that the last PASV named. Nobody was connected to there.
    #[must_use]
    pub const fn ignored_address(&self) -> Option<IpAddr> {
        self.ignored_address
    }

    /// How files are transferred from now on.
    pub const fn set_transfer_type(&mut self, transfer_type: Type) {
        self.options.transfer_type = transfer_type;
    }

    /// Who makes the data connections from now on.
    pub const fn set_data_mode(&mut self, data_mode: DataMode) {
        self.options.data_mode = data_mode;
    }

    /// Whether files follow each other from now on ([`Options::ahead`]).
    pub const fn set_ahead(&mut self, ahead: bool) {
        self.options.ahead = ahead;
    }

    pub(crate) fn pipelines(&self) -> bool {
        const LOSING: [&str; 3] = ["Microsoft", "MadGoat", "MikroTik"];
        let greeting = self.greeting.to_string();
        self.options.pipelining && !LOSING.iter().any(|name| greeting.contains(name))
    }

    /// `FEAT`: what the server offers. Asked once; nothing where FEAT is not known.
    ///
    /// # Errors
    /// As every verb: [`Error::Refused`] with what the server said, [`Error::Lost`],
    /// [`Error::Violation`], [`Error::Connection`] when it took too long.
    pub fn feat(&mut self) -> Result<&Features, Error> {
        let features = match self.features.take() {
            Some(features) => features,
            None => match self.dialogue.complete("FEAT", &alone("FEAT")) {
                Err(Error::Refused { reply, .. }) if reply.is_permanent() => Features::default(),
                answered => Features::of(&answered?),
            },
        };
        Ok(self.features.insert(features))
    }

    /// `FEAT` again, after something that may have changed it.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn feat_again(&mut self) -> Result<&Features, Error> {
        self.features = None;
        self.feat()
    }

    /// `OPTS UTF8 ON` where UTF8 is offered: names are in UTF-8 then. A refusal changes nothing,
    /// names are bytes in any case. Whether it was accepted.
    ///
    /// # Errors
    /// As [`Session::feat`], but a refusal.
    pub fn opts_utf8(&mut self) -> Result<bool, Error> {
        if !self.feat()?.has("UTF8") {
            return Ok(false);
        }
        let reply = self.dialogue.ask("OPTS", &alone("OPTS UTF8 ON"))?;
        Ok(reply.is_success())
    }

    /// `OPTS` with anything else: `MLST Type;Size;`.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn opts(&mut self, option: &Line) -> Result<Reply, Error> {
        self.dialogue.complete("OPTS", &command::about("OPTS", option))
    }

    /// `TYPE`, unless the server has it in mind already.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn type_(&mut self, wanted: Type) -> Result<(), Error> {
        if self.representation != wanted {
            self.dialogue.complete("TYPE", &command::with("TYPE", wanted.letter()))?;
            self.representation = wanted;
        }
        Ok(())
    }

    /// `PWD`: the folder we are in.
    ///
    /// # Errors
    /// As [`Session::feat`]; [`Error::Violation`] when there is no name in the reply.
    pub fn pwd(&mut self) -> Result<Pathname, Error> {
        let reply = self.dialogue.complete("PWD", &alone("PWD"))?;
        let no_name = |_| Error::violation("PWD", format!("no name: {reply}"));
        Pathname::try_from(crate::path::quoted_name(reply.first_line())).map_err(no_name)
    }

    /// `CWD`: into this folder.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn cwd(&mut self, folder: &Pathname) -> Result<Reply, Error> {
        self.about("CWD", folder)
    }

    /// `CDUP`: into the folder above.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn cdup(&mut self) -> Result<Reply, Error> {
        self.dialogue.complete("CDUP", &alone("CDUP"))
    }

    /// `MKD`: makes a folder. What the server calls it, if it says so.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn mkd(&mut self, folder: &Pathname) -> Result<Pathname, Error> {
        let reply = self.about("MKD", folder)?;
        let text = reply.first_line();
        let named = text.contains(&b'"').then(|| crate::path::quoted_name(text));
        let named = named.and_then(|name| Pathname::try_from(name).ok());
        Ok(named.unwrap_or_else(|| folder.clone()))
    }

    /// `RMD`: removes an empty folder.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn rmd(&mut self, folder: &Pathname) -> Result<Reply, Error> {
        self.about("RMD", folder)
    }

    /// `DELE`: removes a file.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn dele(&mut self, file: &Pathname) -> Result<Reply, Error> {
        self.about("DELE", file)
    }

    /// `RNFR` and `RNTO`: gives a file another name. Most servers replace what bore it.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn rename(&mut self, from: &Pathname, to: &Pathname) -> Result<Reply, Error> {
        let reply = self.dialogue.ask("RNFR", &self.options.telnet.path("RNFR", from))?;
        self.dialogue.expect("RNFR", reply, Reply::is_intermediate)?;
        self.about("RNTO", to)
    }

    /// `SITE CHMOD`: sets the permissions, of which twelve bits count.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn site_chmod(&mut self, mode: u32, path: &Pathname) -> Result<Reply, Error> {
        let verb = format!("SITE CHMOD {:03o}", mode & 0o7777);
        self.dialogue.complete("SITE CHMOD", &self.options.telnet.path(&verb, path))
    }

    /// `SITE` with anything else.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn site(&mut self, what: &Line) -> Result<Reply, Error> {
        self.dialogue.complete("SITE", &command::about("SITE", what))
    }

    /// `MFMT`: sets when a file was changed last (draft-somers-ftp-mfxx). Whether that was done:
    /// servers without it are many.
    ///
    /// # Errors
    /// As [`Session::feat`], but a 5yz.
    pub fn mfmt(&mut self, at: UtcDateTime, path: &Pathname) -> Result<bool, Error> {
        let verb = format!("MFMT {}", command::time_val(at));
        match self.dialogue.complete("MFMT", &self.options.telnet.path(&verb, path)) {
            Err(Error::Refused { reply, .. }) if reply.is_permanent() => Ok(false),
            answered => answered.map(|_| true),
        }
    }

    /// `ALLO`: tells how many bytes an upload will have, where a server wants to know.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn allo(&mut self, bytes: u64) -> Result<Reply, Error> {
        self.dialogue.complete("ALLO", &command::with("ALLO", bytes))
    }

    /// `STAT`: how the server is, or what it says of a file or folder, without a data connection.
    /// The middle lines are for [`crate::ListParser`].
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn stat(&mut self, path: Option<&Pathname>) -> Result<Reply, Error> {
        let telnet = self.options.telnet;
        let path = path.map(Pathname::for_listing);
        let saying = path.map_or_else(|| alone("STAT"), |path| telnet.path("STAT", &path));
        self.dialogue.begin_turn("STAT")?;
        self.dialogue.wire.say(&saying);
        self.dialogue.flush("STAT")?;
        let limits = self.options.limits;
        let reply = self.dialogue.hear_lines("STAT", limits.final_reply, limits.status_lines)?;
        self.dialogue.expect("STAT", reply, Reply::is_success)
    }

    /// `SYST`: which system the server runs on.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn syst(&mut self) -> Result<Reply, Error> {
        self.dialogue.complete("SYST", &alone("SYST"))
    }

    /// `HELP`, about something or in general.
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn help(&mut self, about: Option<&Line>) -> Result<Reply, Error> {
        let saying = about.map_or_else(|| alone("HELP"), |what| command::about("HELP", what));
        self.dialogue.complete("HELP", &saying)
    }

    /// `NOOP`: is anybody there?
    ///
    /// # Errors
    /// As [`Session::feat`].
    pub fn noop(&mut self) -> Result<Reply, Error> {
        self.dialogue.complete("NOOP", &alone("NOOP"))
    }

    /// Any command, and its last reply whatever its code. What the session believed of TYPE and
    /// the features is forgotten; 421 ends it.
    ///
    /// # Errors
    /// [`Error::Unsafe`] before anything is sent, for what would take TLS away or put it on behind
    /// our back: `AUTH`, `CCC`, `PROT`, `REIN`. Else as [`Session::feat`], but [`Error::Refused`]
    /// with 421 only.
    pub fn command(&mut self, line: &Line) -> Result<Reply, Error> {
        const DOING: &str = "the command";
        if matches!(line.verb().as_str(), "AUTH" | "CCC" | "PROT" | "REIN") {
            let why = "it would change what is protected".to_owned();
            return Err(Error::Unsafe { doing: DOING, why });
        }
        let reply = self.dialogue.ask(DOING, &command::raw(line))?;
        if line.verb() == "TYPE" && reply.is_success() {
            self.representation = type_of(line).unwrap_or(self.representation);
        }
        if line.verb() == "OPTS" {
            (self.features, self.hashing) = (None, None);
        }
        Ok(reply)
    }

    /// `QUIT`: the orderly end. The reply, unless the server just closed, which is as good.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Violation`], [`Error::Connection`] when it took too long.
    pub fn quit(mut self) -> Result<Option<Reply>, Error> {
        match self.dialogue.complete("QUIT", &alone("QUIT")) {
            Err(Error::Lost { source: wire::Error::Closed | wire::Error::Io(_), .. }) => Ok(None),
            answered => answered.map(Some),
        }
    }

    pub(crate) fn about(&mut self, verb: &'static str, path: &Pathname) -> Result<Reply, Error> {
        self.dialogue.complete(verb, &self.options.telnet.path(verb, path))
    }
}

/// 220; 120 before it says that it takes a while (RFC 959 section 5.4).
fn hear_greeting(dialogue: &mut Dialogue) -> Result<Reply, Error> {
    const DOING: &str = "the greeting";
    let heard = dialogue.hear(DOING).and_then(|first| dialogue.last(DOING, first));
    match heard {
        Err(Error::Lost { source, .. }) => Err(Error::Connection(source)),
        heard => dialogue.expect(DOING, heard?, Reply::is_success),
    }
}

/// Data connections go to the peer of the control connection by the same route, whatever that of
/// their own ports were. Straight, the peer is known by its address: what the user said of names
/// and other endpoints has been followed already. By way of a proxy some of it holds for that.
fn data_dialer(mut dialer: Dialer, endpoint: &Endpoint) -> Dialer {
    match dialer.route(endpoint, Traffic::Other) {
        Route::Tunnel(proxy) | Route::Forward(proxy) => {
            dialer.proxies = Proxies::all(proxy.clone());
        }
        Route::Direct => {
            dialer.proxies = Proxies::default();
            (dialer.family, dialer.resolved) = (Family::Any, Vec::new());
        }
    }
    (dialer.unix, dialer.connect_to) = (None, Vec::new());
    dialer
}

fn peer_behind_proxy(dialer: &Dialer, endpoint: &Endpoint, peer: &Peer) -> Option<String> {
    let is_behind = matches!(peer, Peer::Proxied { .. });
    is_behind.then(|| dialer.target(endpoint).host().to_owned())
}

/// What a raw `TYPE` has chosen.
fn type_of(line: &Line) -> Option<Type> {
    match line.words().nth(1)? {
        "I" | "i" => Some(Type::Image),
        "A" | "a" => Some(Type::Ascii),
        _ => None,
    }
}
