//! The built-in servers of `wireline serve`, by their names.
//! Must not hold: transcripts that are served.

use super::{announce, listen_for_signals, make_authority, ready_line, run_client};
use crate::args::Serve;
use crate::check::load;
use crate::exit::Failure;
use crate::output::Output;
use crate::{client, values};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use wireline_servers::{Maildrop, ftp, hello, http, pop3, proxy, smtp, socks, telnet};
use wireline_transcript::Overrides;
use wireline_transcript::ca::{Authority, Certificate};

/// Their names.
pub(crate) const KINDS: &[&str] =
    &["http", "proxy", "socks", "smtp", "lmtp", "pop3", "mail", "ftp", "telnet", "hello"];

/// Serves until it is told to stop.
pub(crate) fn run(args: &Serve, kind: &str) -> Result<(), Failure> {
    if args.step_timeout.is_some() {
        return Err(Failure::usage("--step-timeout is for transcripts"));
    }
    let stop = listen_for_signals(args)?;
    // Mail servers offer TLS in the middle, whatever happens at the beginning.
    let plain = matches!(kind, "http" | "proxy" | "socks");
    let authority = (args.tls || !plain).then(make_authority).transpose()?;
    let over = args.over.as_deref().map(|path| overrides(path, args)).transpose()?;
    let settings = Settings {
        args,
        authority: authority.as_ref().map(|(authority, _)| authority),
        over: over.as_ref(),
    };
    let running = settings.start(kind)?;
    let ca = authority.as_ref().map(|(_, file)| file.path());
    let lines: Vec<_> =
        running.iter().map(|one| ready_line(one.proto, one.addr, args.tls, ca)).collect();
    let ended = match args.client.is_empty() {
        true => {
            announce(&lines, args.ready_file.as_deref())?;
            stop.wait().map_err(|error| Failure::local(&error).doing("waiting for the end"))?;
            None
        }
        false => {
            let addresses: Vec<_> = running.iter().map(|one| one.addr).collect();
            Some(run_client(args, &addresses, ca, &stop)?)
        }
    };
    running.iter().flat_map(|one| one.server.violations()).for_each(|broken| {
        Output { quiet: false }.note(&format!("the client broke the protocol: {broken}"));
    });
    for (title, line) in over.iter().flat_map(|over| over.unused()) {
        let note = format!("the override \"{title}\" in line {line} was not used up");
        Output { quiet: false }.note(&note);
    }
    ended.map_or(Ok(()), client::verdict)
}

fn overrides(path: &Path, args: &Serve) -> Result<Arc<Overrides>, Failure> {
    let Some(mut over) = load(path)?.overrides() else {
        let failure = Failure::usage(format!("{} holds no overrides", path.display()));
        return Err(failure.hint("its first line is then @over http, or another protocol"));
    };
    for (name, value) in values::set(&args.playing)? {
        over = over.set(&name, &value);
    }
    for (name, value) in values::secrets(&args.playing)? {
        over = over.secret(&name, &value);
    }
    Ok(Arc::new(over))
}

/// A server that listens, until it is dropped.
struct Running {
    proto: &'static str,
    addr: SocketAddr,
    server: Server,
}

enum Server {
    Http(http::Server),
    Proxy(proxy::Server),
    Socks(socks::Server),
    Smtp(smtp::Server),
    Pop3(pop3::Server),
    Ftp(ftp::Server),
    Telnet(telnet::Server),
    Hello(hello::Server),
}

impl Server {
    /// What clients did that no RFC allows.
    fn violations(&self) -> Vec<String> {
        let logged = match self {
            Self::Http(server) => server.violations(),
            Self::Proxy(server) => server.violations(),
            Self::Socks(server) => server.violations(),
            Self::Smtp(server) => server.violations(),
            Self::Pop3(server) => server.violations(),
            Self::Ftp(server) => server.violations(),
            Self::Telnet(server) => server.violations(),
            Self::Hello(server) => server.violations(),
        };
        logged.into_iter().map(|violation| violation.what).collect()
    }
}

/// What the servers of one run share.
struct Settings<'a> {
    args: &'a Serve,
    authority: Option<&'a Authority>,
    over: Option<&'a Arc<Overrides>>,
}

impl Settings<'_> {
    fn start(&self, kind: &str) -> Result<Vec<Running>, Failure> {
        match kind {
            "http" => Ok(vec![self.http()?]),
            "ftp" => Ok(vec![self.ftp()?]),
            "telnet" | "hello" | "proxy" | "socks" if self.args.root.is_some() => {
                Err(Failure::usage("--root is for servers of files and mail"))
            }
            "proxy" | "socks" if self.args.tls || self.over.is_some() => {
                Err(Failure::usage("--tls and --over are not for proxies"))
            }
            "proxy" => Ok(vec![self.proxy()?]),
            "socks" => Ok(vec![self.socks()?]),
            "telnet" => Ok(vec![self.telnet()?]),
            "hello" => Ok(vec![self.hello()?]),
            _ => self.mail(kind),
        }
    }

    fn mail(&self, kind: &str) -> Result<Vec<Running>, Failure> {
        let maildrop = match &self.args.root {
            Some(root) => Maildrop::folder(root).map_err(|error| {
                Failure::local(&error).doing(format!("opening the Maildir {}", root.display()))
            })?,
            None => Maildrop::memory(),
        };
        match kind {
            "pop3" => Ok(vec![self.pop3(maildrop, true)?]),
            "mail" if self.args.listen.port() != 0 => {
                Err(Failure::usage("--listen takes port 0 with mail, which is two servers"))
            }
            "mail" => {
                let over = self.over.map(|over| over.protocol().to_string());
                let for_pop3 = over.as_deref() == Some("pop3");
                Ok(vec![
                    self.smtp("smtp", maildrop.clone(), !for_pop3)?,
                    self.pop3(maildrop, for_pop3)?,
                ])
            }
            "lmtp" => Ok(vec![self.smtp("lmtp", maildrop, true)?]),
            _ => Ok(vec![self.smtp("smtp", maildrop, true)?]),
        }
    }

    fn http(&self) -> Result<Running, Failure> {
        self.root_is_there()?;
        let options = http::Options {
            addr: self.args.listen,
            root: self.args.root.clone(),
            tls: self.tls()?,
            login: Some(self.login()?),
            over: self.over.cloned(),
            ..http::Options::default()
        };
        let server = http::Server::start(options).map_err(|error| self.failed(&error))?;
        Ok(Running { proto: "http", addr: server.addr(), server: Server::Http(server) })
    }

    /// Whoever is not asked to log in does not have to.
    fn proxy(&self) -> Result<Running, Failure> {
        let options = proxy::Options {
            addr: self.args.listen,
            login: self.args.login.is_some().then(|| self.login()).transpose()?,
            ..proxy::Options::default()
        };
        let server = proxy::Server::start(options).map_err(|error| self.failed(&error))?;
        Ok(Running { proto: "http", addr: server.addr(), server: Server::Proxy(server) })
    }

    fn socks(&self) -> Result<Running, Failure> {
        let options = socks::Options {
            addr: self.args.listen,
            login: self.args.login.is_some().then(|| self.login()).transpose()?,
            ..socks::Options::default()
        };
        let server = socks::Server::start(options).map_err(|error| self.failed(&error))?;
        Ok(Running { proto: "socks5", addr: server.addr(), server: Server::Socks(server) })
    }

    fn smtp(
        &self,
        proto: &'static str,
        maildrop: Maildrop,
        overridden: bool,
    ) -> Result<Running, Failure> {
        let options = smtp::Options {
            addr: self.args.listen,
            tls: self.tls()?,
            implicit_tls: self.args.tls,
            lmtp: proto == "lmtp",
            login: Some(self.login()?),
            maildrop,
            over: self.over.filter(|_| overridden).cloned(),
            ..smtp::Options::default()
        };
        let server = smtp::Server::start(options).map_err(|error| self.failed(&error))?;
        Ok(Running { proto, addr: server.addr(), server: Server::Smtp(server) })
    }

    fn pop3(&self, maildrop: Maildrop, overridden: bool) -> Result<Running, Failure> {
        let options = pop3::Options {
            addr: self.args.listen,
            tls: self.tls()?,
            implicit_tls: self.args.tls,
            login: Some(self.login()?),
            maildrop,
            over: self.over.filter(|_| overridden).cloned(),
            ..pop3::Options::default()
        };
        let server = pop3::Server::start(options).map_err(|error| self.failed(&error))?;
        Ok(Running { proto: "pop3", addr: server.addr(), server: Server::Pop3(server) })
    }

    /// Trouble that a file's name asks for is for servers that make their own files.
    fn ftp(&self) -> Result<Running, Failure> {
        self.root_is_there()?;
        let options = ftp::Options {
            addr: self.args.listen,
            tls: self.tls()?,
            implicit_tls: self.args.tls,
            login: Some(self.login()?),
            faults: self.args.root.is_none(),
            root: self.args.root.clone(),
            over: self.over.cloned(),
            ..ftp::Options::default()
        };
        let server = ftp::Server::start(options).map_err(|error| self.failed(&error))?;
        Ok(Running { proto: "ftp", addr: server.addr(), server: Server::Ftp(server) })
    }

    fn telnet(&self) -> Result<Running, Failure> {
        let options = telnet::Options {
            addr: self.args.listen,
            tls: self.tls_from_the_start()?,
            login: Some(self.login()?),
            over: self.over.cloned(),
            ..telnet::Options::default()
        };
        let server = telnet::Server::start(options).map_err(|error| self.failed(&error))?;
        Ok(Running { proto: "telnet", addr: server.addr(), server: Server::Telnet(server) })
    }

    fn hello(&self) -> Result<Running, Failure> {
        let options = hello::Options {
            addr: self.args.listen,
            tls: self.tls_from_the_start()?,
            over: self.over.cloned(),
        };
        let server = hello::Server::start(options).map_err(|error| self.failed(&error))?;
        Ok(Running { proto: "tcp", addr: server.addr(), server: Server::Hello(server) })
    }

    fn root_is_there(&self) -> Result<(), Failure> {
        match self.args.root.as_deref().filter(|root| !root.is_dir()) {
            Some(root) => Err(Failure::usage(format!("--root {} is no folder", root.display()))),
            None => Ok(()),
        }
    }

    fn tls_from_the_start(&self) -> Result<Option<Arc<rustls::ServerConfig>>, Failure> {
        if self.args.tls { self.tls() } else { Ok(None) }
    }

    fn tls(&self) -> Result<Option<Arc<rustls::ServerConfig>>, Failure> {
        let config = self.authority.map(|authority| authority.server_config(Certificate::Good));
        config.transpose().map_err(|error| self.failed(&error))
    }

    /// `--login USER:PASS`, else that of all built-in servers.
    fn login(&self) -> Result<(String, String), Failure> {
        let typed = self.args.login.as_deref().unwrap_or("alice:wonderland");
        match typed.split_once(':') {
            Some((user, pass)) => Ok((user.to_owned(), pass.to_owned())),
            None => Err(Failure::usage("--login takes USER:PASS")),
        }
    }

    fn failed(&self, error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::InvalidInput => Failure::usage(error.to_string()),
            _ => Failure::local(error).doing(format!("listening on {}", self.args.listen)),
        }
    }
}
