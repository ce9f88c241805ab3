//! Which proxy serves which endpoint: one for all, or what the environment says.
//! Must not hold: how a proxy is talked to; the environment itself, which the caller looks up.

use crate::{Endpoint, Error, NoProxy, Proxy, is_loopback};
use std::ffi::OsString;
use std::net::IpAddr;

/// What a connection is for: the environment has a proxy for each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Requests for `http` URLs. HTTP proxies take them in absolute-form, without a tunnel.
    Http,
    /// `https` URLs.
    Https,
    /// Everything else.
    Other,
}

/// The proxies for all endpoints. The default is none for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    other: Option<Proxy>,
    except: NoProxy,
    spares_loopback: bool,
}

impl Proxies {
    /// This proxy for every endpoint, those of this machine too: somebody asked for it by name.
    #[must_use]
    pub fn all(proxy: Proxy) -> Self {
        let proxy = Some(proxy);
        Self { http: proxy.clone(), https: proxy.clone(), other: proxy, ..Self::default() }
    }

    /// The same, but none for these.
    #[must_use]
    pub fn except(self, except: NoProxy) -> Self {
        Self { except, ..self }
    }

    /// What the environment says: `http_proxy` in lower case only (a CGI program finds the
    /// request's field `Proxy` in `HTTP_PROXY`), `https_proxy`, `all_proxy` for whatever has none of
    /// its own, and `no_proxy`. Of the latter three the lower-case name wins over the upper-case
    /// one. A variable that is set and empty means none. Endpoints of this machine
    /// (`localhost`, what ends in `.localhost`, and loopback addresses) never get one from here.
    ///
    /// # Errors
    /// [`Error::Input`], which names the variable and not its value.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let proxy = |names: &[&str]| {
            let found = first(&lookup, names)?;
            found.map(|(name, text)| parsed(name, &text)).transpose()
        };
        let all = proxy(&["all_proxy", "ALL_PROXY"])?;
        let or_all = |own: Option<Option<Proxy>>| own.unwrap_or_else(|| all.clone().flatten());
        Ok(Self {
            http: or_all(proxy(&["http_proxy"])?),
            https: or_all(proxy(&["https_proxy", "HTTPS_PROXY"])?),
            other: all.clone().flatten(),
            except: NoProxy::from_environment(&lookup)?,
            spares_loopback: true,
        })
    }

    /// Every proxy of these; one may come several times.
    pub fn each(&self) -> impl Iterator<Item = &Proxy> {
        [&self.http, &self.https, &self.other].into_iter().flatten()
    }

    /// The proxy for this endpoint, if it has one.
    #[must_use]
    pub fn choose(&self, endpoint: &Endpoint, traffic: Traffic) -> Option<&Proxy> {
        let spared = self.spares_loopback && is_local(endpoint.host());
        let chosen = match traffic {
            Traffic::Http => &self.http,
            Traffic::Https => &self.https,
            Traffic::Other => &self.other,
        };
        chosen.as_ref().filter(|_| !spared && !self.except.covers(endpoint))
    }
}

impl NoProxy {
    /// `no_proxy`, or else `NO_PROXY`.
    ///
    /// # Errors
    /// [`Error::Input`] when it is not UTF-8.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let found = first(&lookup, &["no_proxy", "NO_PROXY"])?;
        Ok(found.map(|(_, text)| Self::new(&text)).unwrap_or_default())
    }
}

type Found<'a> = Option<(&'a str, String)>;

fn first<'a>(
    lookup: &impl Fn(&str) -> Option<OsString>,
    names: &[&'a str],
) -> Result<Found<'a>, Error> {
    let mut set = names.iter().filter_map(|&name| Some((name, lookup(name)?)));
    let Some((name, value)) = set.next() else { return Ok(None) };
    let text = value.into_string().map_err(|_| Error::Input(format!("{name} is not UTF-8")))?;
    Ok(Some((name, text.trim().to_owned())))
}

/// What a variable says; `None` when it is empty.
fn parsed(name: &str, text: &str) -> Result<Option<Proxy>, Error> {
    let named = |error| match error {
        Error::Input(why) => Error::Input(format!("{name}: {why}")),
        other => other,
    };
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(named) }
}

/// Whether the name can only mean this machine (RFC 6761 section 6.3), or the address does.
fn is_local(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let named = host == "localhost" || host.ends_with(".localhost");
    named || host.parse::<IpAddr>().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Traffic::{Http, Https, Other};

    fn environment(text: &str) -> Result<Proxies, Error> {
        let entries: Vec<_> =
            text.split('|').filter_map(|entry| entry.trim().split_once('=')).collect();
        Proxies::from_environment(|name| {
            let found = entries.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(*value))
        })
    }

    fn chosen(proxies: &Proxies, traffic: Traffic, host: &str) -> Option<String> {
        let endpoint = Endpoint::new(host, 80).unwrap();
        proxies.choose(&endpoint, traffic).map(|proxy| proxy.endpoint().host().to_owned())
    }

    /// hostile.md row 148.
    #[test]
    fn the_environment_chooses() {
        let rows = [
            ("", [None, None, None]),
            ("http_proxy=http://h", [Some("h"), None, None]),
            ("HTTP_PROXY=http://cgi", [None, None, None]),
            ("HTTP_PROXY=http://cgi | all_proxy=a", [Some("a"); 3]),
            ("https_proxy=s", [None, Some("s"), None]),
            ("HTTPS_PROXY=S", [None, Some("S"), None]),
            ("HTTPS_PROXY=upper | https_proxy=lower", [None, Some("lower"), None]),
            ("HTTPS_PROXY=upper | https_proxy=", [None, None, None]),
            ("ALL_PROXY=socks5h://a", [Some("a"); 3]),
            ("ALL_PROXY=A | all_proxy=a | http_proxy=h", [Some("h"), Some("a"), Some("a")]),
            ("all_proxy=a | https_proxy=", [Some("a"), None, Some("a")]),
            ("all_proxy=  a ", [Some("a"); 3]),
            ("all_proxy=a | no_proxy=*", [None; 3]),
            ("all_proxy=a | NO_PROXY=example.org", [None; 3]),
            ("all_proxy=a | NO_PROXY=example.org | no_proxy=", [Some("a"); 3]),
        ];
        for (text, wanted) in rows {
            let proxies = environment(text).unwrap();
            let found = [Http, Https, Other].map(|kind| chosen(&proxies, kind, "www.example.org"));
            assert_eq!(found.each_ref().map(Option::as_deref), wanted, "{text}");
        }
    }

    #[test]
    fn this_machine_needs_no_proxy_unless_told() {
        let environment = environment("all_proxy=a").unwrap();
        let told = Proxies::all("a".parse().unwrap());
        let spared = told.clone().except(NoProxy::new("localhost,127.0.0.0/8,::1"));
        let local = [
            "localhost",
            "LOCALHOST.",
            "app.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "[::1]",
            "::ffff:127.0.0.1",
        ];
        for host in local {
            assert_eq!(chosen(&environment, Other, host), None, "{host}");
            assert_eq!(chosen(&told, Other, host).as_deref(), Some("a"), "{host}");
        }
        assert_eq!(chosen(&spared, Http, "127.0.0.1"), None);
        for host in ["localhost.example.org", "128.0.0.1", "notlocalhost"] {
            assert_eq!(chosen(&environment, Other, host).as_deref(), Some("a"), "{host}");
        }
    }

    #[test]
    fn a_bad_variable_is_named_and_not_shown() {
        for (text, name) in [
            ("all_proxy=socks4://u:canary@x", "all_proxy: "),
            ("HTTPS_PROXY=http://u:canary@x:y", "HTTPS_PROXY: "),
        ] {
            let why = environment(text).unwrap_err().to_string();
            assert!(why.starts_with(name) && !why.contains("canary"), "{why}");
        }
        use std::os::unix::ffi::OsStringExt;
        let bad = |_: &str| Some(OsString::from_vec(vec![0xff]));
        assert!(matches!(Proxies::from_environment(bad), Err(Error::Input(_))));
    }
}
