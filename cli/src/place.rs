//! Where a server of mail, FTP or Telnet is and how safely it is spoken to: from a URL as typed to an endpoint, a
//! login and the rule of CLI.md's table of what may go in clear.
//! Must not hold: a dialogue.

use crate::args::{Shared, Upgrading};
use crate::exit::{Exit, Failure};
use crate::mask::Mask;
use crate::output::Output;
use crate::plan::{self, Address};
use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use wireline_sasl::{Credentials, Mechanism, Proof};
use wireline_wire::{Dialer, Endpoint, Peer, Proxies, Secret, Wire};
use zeroize::Zeroizing;

/// A scheme of mail, of FTP, or of Telnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Smtp,
    Smtps,
    Lmtp,
    Pop3,
    Pop3s,
    Ftp,
    Ftps,
    Telnet,
    Telnets,
}

impl Scheme {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "smtp" => Self::Smtp,
            "smtps" => Self::Smtps,
            "lmtp" => Self::Lmtp,
            "pop3" => Self::Pop3,
            "pop3s" => Self::Pop3s,
            "ftp" => Self::Ftp,
            "ftps" => Self::Ftps,
            "telnet" => Self::Telnet,
            "telnets" => Self::Telnets,
            _ => return None,
        })
    }

    /// TLS from the first byte on.
    pub(crate) const fn is_implicit_tls(self) -> bool {
        matches!(self, Self::Smtps | Self::Pop3s | Self::Ftps | Self::Telnets)
    }

    /// The command by which TLS begins later.
    pub(crate) const fn upgrade(self) -> &'static str {
        match self {
            Self::Pop3 | Self::Pop3s => "STLS",
            Self::Ftp | Self::Ftps => "AUTH TLS",
            _ => "STARTTLS",
        }
    }

    const fn port(self) -> Option<u16> {
        match self {
            Self::Smtp => Some(25),
            Self::Smtps => Some(465),
            Self::Lmtp => None,
            Self::Pop3 => Some(110),
            Self::Pop3s => Some(995),
            Self::Ftp => Some(21),
            Self::Ftps => Some(990),
            Self::Telnet => Some(23),
            Self::Telnets => Some(992),
        }
    }
}

/// A server, and who logs in there.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) scheme: Scheme,
    endpoint: Endpoint,
    /// In place of an endpoint: `lmtp:///run/lmtp.sock`.
    unix: Option<PathBuf>,
    /// What comes behind the host.
    pub(crate) path: String,
    pub(crate) login: Option<(String, Secret)>,
    /// Whose logins must not be seen either.
    proxies: Proxies,
    /// For messages: no login in it.
    pub(crate) shown: String,
}

impl Place {
    /// Reads a URL of one of these schemes; the first of them is assumed when none is typed.
    pub(crate) fn parse(
        raw: &str,
        schemes: &[(&str, Scheme)],
        shared: &Shared,
        output: Output,
    ) -> Result<Self, Failure> {
        let (place, address) = Self::find(raw, schemes, shared, output)?;
        Ok(Self { login: plan::login(&address, &shared.login)?, ..place })
    }

    /// The same, and nobody logs in yet.
    pub(crate) fn find(
        raw: &str,
        schemes: &[(&str, Scheme)],
        shared: &Shared,
        output: Output,
    ) -> Result<(Self, Address), Failure> {
        let assumed = schemes.first().map_or("", |(name, _)| name);
        let address = Address::parse_as(raw, assumed)?;
        let doing = || format!("reading the URL {}", address.shown());
        let scheme = Scheme::parse(address.url.scheme());
        let known = scheme.filter(|scheme| schemes.iter().any(|(_, known)| known == scheme));
        let Some(scheme) = known else {
            let names: Vec<_> = schemes.iter().map(|(name, _)| *name).collect();
            let why = format!("its scheme is none of {}", names.join(", "));
            return Err(Failure::usage(why).doing(doing()));
        };
        if address.assumed {
            output.note(&format!("no scheme given, using {}", address.shown()));
        }
        if plan::exposes_password(&address, &shared.login) {
            output.warn(
                "a password on the command line is seen by others on this machine; \
                 --password-file FILE hides it",
            );
        }
        plan::warn(shared, output);
        let (endpoint, unix) =
            endpoint(&address, scheme).map_err(|failure| failure.doing(doing()))?;
        let place = Self {
            scheme,
            endpoint,
            unix,
            path: path(&address, scheme),
            login: None,
            proxies: plan::proxies(&shared.dialling)?,
            shown: address.shown().to_owned(),
        };
        Ok((place, address))
    }

    /// Host and port.
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether it is a socket of this machine.
    pub(crate) const fn is_unix(&self) -> bool {
        self.unix.is_some()
    }

    /// The name that a certificate must bear.
    pub(crate) fn host(&self) -> &str {
        self.endpoint.host()
    }

    /// Connects; with the `s` schemes TLS stands then.
    pub(crate) fn dial(
        &self,
        dialer: &Dialer,
        upgrading: &Upgrading,
        allows_clear_login: bool,
    ) -> Result<Wire, Failure> {
        let mut dialer = dialer.clone();
        if self.is_unix() {
            dialer.unix = self.unix.clone();
        }
        dialer.loopback_only = self.only_on_loopback(upgrading, allows_clear_login);
        let wire = dialer.dial(&self.endpoint).map_err(|error| self.refused(error))?;
        match self.scheme.is_implicit_tls() {
            true => wire.start_tls(self.host()).map_err(Failure::from),
            false => Ok(wire),
        }
    }

    /// A password that is certain to go out in clear goes nowhere but to this machine.
    fn only_on_loopback(&self, upgrading: &Upgrading, allows_clear_login: bool) -> bool {
        let reveals = upgrading.auth.as_deref().and_then(Mechanism::parse);
        let reveals = reveals.is_some_and(Mechanism::reveals_secret);
        let in_clear = upgrading.no_tls && !self.scheme.is_implicit_tls();
        in_clear && reveals && self.login.is_some() && !allows_clear_login
    }

    fn refused(&self, error: wireline_wire::Error) -> Failure {
        use wireline_wire::Error as E;
        let silent = matches!(error, E::Connect { .. } | E::TimedOut { .. });
        let unknown = matches!(error, E::Resolve { .. });
        let failure = Failure::from(error);
        match self.scheme {
            Scheme::Smtp | Scheme::Smtps | Scheme::Lmtp if unknown => {
                failure.hint("name the mail server itself: MX records are not looked up")
            }
            Scheme::Smtp if silent && self.endpoint.port() == 25 => failure.hint(format!(
                "many networks block port 25; mail is handed in at smtps://{host} (465) or \
                 smtp://{host}:587",
                host = self.host()
            )),
            _ => failure,
        }
    }

    /// What has to happen to a connection that stands in clear.
    pub(crate) fn safety(&self, peer: &Peer, upgrading: &Upgrading) -> Safety {
        match () {
            () if self.scheme.is_implicit_tls() => Safety::Stands,
            () if upgrading.tls => Safety::Upgrade,
            () if upgrading.no_tls || peer.is_loopback() => Safety::Clear,
            () => Safety::Upgrade,
        }
    }

    /// What is said when TLS must begin and the server does not offer it.
    pub(crate) fn no_upgrade(&self) -> Failure {
        let why = format!(
            "the server does not offer {}, and mail does not leave this machine in clear",
            self.scheme.upgrade()
        );
        let hint = match self.login {
            Some(_) => "--no-tls --allow-plaintext-auth sends it, and the password, in clear",
            None => "--no-tls sends it in clear",
        };
        Failure::new(Exit::Unsafe, why).hint(hint)
    }

    /// What must not be seen in this run.
    pub(crate) fn mask(&self) -> Mask {
        let login = self.login.as_ref();
        let mask = login.map_or_else(Mask::default, |(user, pass)| Mask::of_login(user, pass));
        mask.hiding(&self.proxies)
    }

    /// The login as SASL takes it.
    pub(crate) fn credentials(
        &self,
        upgrading: &Upgrading,
    ) -> Result<Option<Credentials>, Failure> {
        let Some((user, secret)) = &self.login else { return Ok(None) };
        let secret = Zeroizing::new(secret.reveal().to_vec());
        let proof = if upgrading.oauth { Proof::Token(secret) } else { Proof::Password(secret) };
        let credentials = Credentials::new(user, proof)
            .map_err(|error| Failure::usage(error.to_string()).doing("reading the login"))?;
        Ok(Some(credentials.at(self.endpoint.host(), self.endpoint.port())))
    }
}

/// How safe a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Safety {
    /// TLS stands already.
    Stands,
    /// TLS must begin before anything else is said.
    Upgrade,
    /// It stays in clear.
    Clear,
}

/// `--auth MECHANISM`.
pub(crate) fn mechanism(upgrading: &Upgrading) -> Result<Option<Mechanism>, Failure> {
    let Some(name) = &upgrading.auth else { return Ok(None) };
    Mechanism::parse(name).map(Some).ok_or_else(|| {
        let name = wireline_wire::escape(name.as_bytes());
        let failure = Failure::usage(format!("--auth {name}: there is no such mechanism"));
        failure.hint(
            "SCRAM-SHA-256, SCRAM-SHA-1, EXTERNAL, OAUTHBEARER, XOAUTH2, CRAM-MD5, PLAIN, LOGIN",
        )
    })
}

/// What makes a SCRAM exchange unlike any other (RFC 5802 section 5.1).
pub(crate) fn nonce() -> Result<[u8; 24], Failure> {
    let mut nonce = [0; 24];
    let filled = getrandom::fill(&mut nonce);
    filled.map_err(|error| Failure::new(Exit::Local, format!("no random bytes: {error}")))?;
    Ok(nonce)
}

/// What comes behind the host. In FTP there are no queries: a `?` is one, or part of a pattern.
pub(crate) fn path(address: &Address, scheme: Scheme) -> String {
    use url::Position::{AfterPath, AfterQuery, BeforePath};
    let end = match scheme {
        Scheme::Ftp | Scheme::Ftps => AfterQuery,
        _ => AfterPath,
    };
    address.url[BeforePath..end].to_owned()
}

/// The host and port, or the path of a Unix socket for a URL without a host.
fn endpoint(address: &Address, scheme: Scheme) -> Result<(Endpoint, Option<PathBuf>), Failure> {
    let host = address.url.host_str().unwrap_or_default();
    if host.is_empty() {
        let path: Vec<u8> = percent_decode_str(address.url.path()).collect();
        let path = String::from_utf8(path).map_err(|_| Failure::usage("its path is not UTF-8"))?;
        return match scheme {
            Scheme::Lmtp if path.len() > 1 => {
                Ok((Endpoint::new("localhost", 0)?, Some(PathBuf::from(path))))
            }
            _ => Err(Failure::usage("it has no host")),
        };
    }
    // `url` leaves the host of a scheme that it does not know as it was typed.
    let host = url::Host::parse(host).map_err(|error| Failure::usage(error.to_string()))?;
    let port = address.url.port().or(scheme.port()).ok_or_else(|| {
        Failure::usage("lmtp has no port of its own").hint("lmtp://HOST:PORT or lmtp:///PATH")
    })?;
    Ok((Endpoint::new(&host.to_string(), port)?, None))
}
