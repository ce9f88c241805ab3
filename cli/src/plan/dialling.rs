//! From options to the dialer: times, places by hand, proxies, speeds, whom TLS trusts.
//! Must not hold: URLs, logins of servers.

use crate::args::{Dialling, Shared, Trusting};
use crate::exit::Failure;
use crate::output::Output;
use std::sync::Arc;
use std::time::Duration;
use wireline_wire::{
    ConnectTo, Dialer, Endpoint, Family, Identity, Limits, NoProxy, Observer, Proxies, Proxy,
    Resolved, Slowest, TlsSettings, Trust, Whole, escape,
};

/// How everything of this run is dialled.
pub(crate) fn dialer(shared: &Shared, observer: Arc<dyn Observer>) -> Result<Dialer, Failure> {
    let dialling = &shared.dialling;
    let mut dialer = Dialer::default();
    dialer.limits = limits(dialling)?;
    let whole = dialling.max_time.map(|limit| seconds("--max-time", limit)).transpose()?;
    dialer.whole = whole.map(Whole::starting_now);
    dialer.family = match (dialling.ipv4, dialling.ipv6) {
        (true, _) => Family::V4,
        (_, true) => Family::V6,
        _ => Family::Any,
    };
    dialer.bind = dialling.bind;
    dialer.resolved =
        dialling.resolve.iter().map(|text| parse_resolve(text)).collect::<Result<_, _>>()?;
    dialer.connect_to =
        dialling.connect_to.iter().map(|text| parse_connect_to(text)).collect::<Result<_, _>>()?;
    dialer.unix = dialling.unix_socket.clone();
    dialer.proxies = proxies(dialling)?;
    let rate =
        dialling.limit_rate.as_deref().map(|text| bytes("--limit-rate", text)).transpose()?;
    dialer.limit_rate = rate.filter(|&rate| rate > 0);
    dialer.tls = tls(&shared.trust);
    dialer.observer = Some(observer);
    Ok(dialer)
}

fn limits(dialling: &Dialling) -> Result<Limits, Failure> {
    const SPEED_SECONDS: f64 = 30.0;
    let (defaults, idle) = (Limits::default(), seconds("--timeout", dialling.timeout)?);
    let over = seconds("--speed-time", dialling.speed_time.unwrap_or(SPEED_SECONDS))?;
    let slowest = dialling.speed_limit.as_deref().map(|text| bytes("--speed-limit", text));
    let slowest = slowest.transpose()?.map(|bytes_per_second| Slowest { bytes_per_second, over });
    Ok(Limits {
        connect_each: seconds("--connect-timeout", dialling.connect_timeout)?,
        tls: defaults.tls.min(idle),
        proxy: defaults.proxy.min(idle),
        idle,
        slowest,
        ..defaults
    })
}

/// The proxies: what is typed, else what the environment says.
pub(crate) fn proxies(typed: &Dialling) -> Result<Proxies, Failure> {
    let lookup = |name: &str| std::env::var_os(name);
    let proxies = match typed.proxy.as_deref() {
        None => Proxies::from_environment(lookup)?,
        Some("") => Proxies::default(),
        Some(text) => {
            let except = NoProxy::from_environment(lookup)?;
            Proxies::all(proxy(text, typed.proxy_user.as_deref())?).except(except)
        }
    };
    Ok(match &typed.noproxy {
        Some(list) => proxies.except(NoProxy::new(list)),
        None => proxies,
    })
}

fn proxy(text: &str, login: Option<&str>) -> Result<Proxy, Failure> {
    let failed = |error| Failure::from(error).doing("reading --proxy");
    let proxy: Proxy = text.parse().map_err(failed)?;
    let Some(login) = login else { return Ok(proxy) };
    let wrong = || Failure::usage("--proxy-user takes USER:PASS");
    let (user, password) = login.split_once(':').ok_or_else(wrong)?;
    proxy
        .with_login(user.into(), password.into())
        .map_err(|error| Failure::from(error).doing("reading --proxy-user"))
}

/// What is not safe, and done because it was typed.
pub(crate) fn warn(shared: &Shared, output: Output) {
    if shared.trust.insecure {
        output.warn("--insecure: anybody in between can read and change what is sent");
    }
    let dialling = &shared.dialling;
    let typed = dialling.proxy.as_deref().and_then(|text| text.parse::<Proxy>().ok());
    let password = typed.as_ref().and_then(Proxy::password);
    let in_proxy = password.is_some_and(|password| !password.reveal().is_empty());
    if in_proxy || dialling.proxy_user.is_some() {
        output.warn(
            "the proxy's password on the command line is seen by others on this machine; in the \
             environment (all_proxy) it is not",
        );
    }
}

/// Whom TLS trusts, and who we are.
pub(crate) fn tls(typed: &Trusting) -> TlsSettings {
    let settings = TlsSettings::from(trust(typed));
    match &typed.cert {
        Some(certificate) => {
            let (certificate, key) = (certificate.clone(), typed.key.clone());
            settings.with_identity(Identity { certificate, key })
        }
        None => settings,
    }
}

/// The environment's file counts when no option says otherwise.
fn trust(typed: &Trusting) -> Trust {
    let from_environment = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty());
    let mut files = typed.cacert.clone();
    if files.is_empty() && !typed.system_roots {
        files.extend(from_environment.map(Into::into));
    }
    let (add, insecure) = (typed.add_ca.clone(), typed.insecure);
    Trust { files, system: typed.system_roots, add, insecure }
}

/// Seconds, as an option's value.
pub(crate) fn seconds(option: &str, value: f64) -> Result<Duration, Failure> {
    const MOST: f64 = 1e9;
    match value > 0.0 && value < MOST {
        true => Ok(Duration::from_secs_f64(value)),
        false => Err(Failure::usage(format!("{option} takes seconds above 0, not {value}"))),
    }
}

/// `HOST:PORT:ADDR[,ADDR]`, as in curl.
fn parse_resolve(text: &str) -> Result<Resolved, Failure> {
    let fail = || {
        Failure::usage(format!(
            "--resolve takes HOST:PORT:ADDR, not \"{}\"",
            escape(text.as_bytes())
        ))
    };
    let [host, port, rest] = split_host(text, 3).try_into().map_err(|_| fail())?;
    let endpoint = Endpoint::new(host, port.parse().map_err(|_| fail())?).map_err(|_| fail())?;
    let parse = |text: &str| text.trim_matches(['[', ']']).parse().map_err(|_| fail());
    let addresses = rest.split(',').map(parse).collect::<Result<_, _>>()?;
    Ok(Resolved { endpoint, addresses })
}

/// `H1:P1:H2:P2`, each of which may be empty, as in curl.
fn parse_connect_to(text: &str) -> Result<ConnectTo, Failure> {
    let fail = || {
        Failure::usage(format!(
            "--connect-to takes H1:P1:H2:P2, not \"{}\"",
            escape(text.as_bytes())
        ))
    };
    let [host, port, to_host, to_port] = split_host(text, 4).try_into().map_err(|_| fail())?;
    let name = |text: &str| match text {
        "" => Ok(None),
        text => Endpoint::new(text, 0)
            .map(|endpoint| Some(endpoint.host().to_owned()))
            .map_err(|_| fail()),
    };
    let number = |text: &str| match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| fail()),
    };
    Ok(ConnectTo {
        host: name(host)?,
        port: number(port)?,
        to_host: name(to_host)?,
        to_port: number(to_port)?,
    })
}

/// Splits at colons outside brackets, into at most `parts`.
fn split_host(text: &str, parts: usize) -> Vec<&str> {
    let mut depth = 0;
    let outside = move |letter: char| {
        match letter {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        letter == ':' && depth == 0
    };
    text.splitn(parts, outside).collect()
}

/// `1500`, `10k`, `2M`, `1G` (of 1024).
pub(crate) fn bytes(option: &str, text: &str) -> Result<u64, Failure> {
    let fail = || {
        let text = escape(text.as_bytes());
        Failure::usage(format!(
            "{option} takes a number of bytes, with k, M or G perhaps, not \"{text}\""
        ))
    };
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (text.split_at(at).0, 1 << 10),
        Some((at, 'm' | 'M')) => (text.split_at(at).0, 1 << 20),
        Some((at, 'g' | 'G')) => (text.split_at(at).0, 1 << 30),
        _ => (text, 1_u64),
    };
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, size) in
            [("0", 0), ("1500", 1500), ("10k", 10_240), ("2M", 2 << 20), ("1G", 1 << 30)]
        {
            assert_eq!(bytes("--x", text).unwrap(), size);
        }
        for text in ["", "k", "-1", "1.5k", "1T", "99999999999G"] {
            assert!(bytes("--x", text).is_err(), "{text}");
        }
    }

    #[test]
    fn places_by_hand() {
        let resolved = parse_resolve("h:80:127.0.0.1,[::1]").unwrap();
        assert_eq!((resolved.endpoint.to_string(), resolved.addresses.len()), ("h:80".into(), 2));
        let to = parse_connect_to("[::1]:80::8080").unwrap();
        assert_eq!((to.host.as_deref(), to.port), (Some("::1"), Some(80)));
        assert_eq!((to.to_host.as_deref(), to.to_port), (None, Some(8080)));
        for bad in ["", "h", "h:80", "h:x:1.2.3.4", "h:80:name", "a b:80:1.2.3.4"] {
            assert!(parse_resolve(bad).is_err(), "{bad}");
        }
        for bad in ["", "a:1:b", "a:x:b:1", "a:1:b:70000"] {
            assert!(parse_connect_to(bad).is_err(), "{bad}");
        }
    }

    /// hostile.md row 9: nothing in a proxy or its login can end a line; no failure shows it.
    #[test]
    fn proxies_that_are_none() {
        let rows = [
            ("http://u:canary@h\r\nX: y", None),
            ("http://u:canary%0d%0a@h", None),
            ("ftp://u:canary@h", None),
            ("http://u:canary@h:x", None),
            ("http://h", Some("canary")),
            ("http://h", Some("u:canary\n")),
            ("socks5://h", Some("canary:")),
        ];
        for (text, login) in rows {
            let failure = proxy(text, login).unwrap_err();
            let shown = format!("{failure} {:?}", failure.hint);
            assert_eq!(failure.exit, crate::exit::Exit::Usage, "{text}");
            assert!(!shown.contains("canary") && shown.contains("--proxy"), "{shown}");
        }
        let with_login = proxy("http://a:b@h", Some("u:p:q")).unwrap();
        assert_eq!(with_login.password(), Some(&"p:q".into()));
    }
}
