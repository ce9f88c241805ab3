//! From what was typed to what will be done: URLs, logins, the dialer, limits.
//! Must not hold: I/O with a peer.

use crate::args::{LoggingIn, Shared, Trusting};
use crate::exit::Failure;
use crate::mask::without_login;
use percent_encoding::percent_decode_str;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use wireline_http::{Origin, URI_BYTES};
use wireline_wire::{
    ConnectTo, Dialer, Endpoint, Family, Limits, Observer, Resolved, Secret, Trust, Whole, escape,
};

/// A URL as it was meant: without its login, which is kept apart.
#[derive(Debug)]
pub(crate) struct Address {
    /// Has no userinfo.
    pub(crate) url: Url,
    /// The login typed into the URL.
    pub(crate) login: Option<(String, Option<Secret>)>,
    /// `http://` was put in front.
    pub(crate) assumed: bool,
}

impl Address {
    /// Reads one URL as typed. The raw text is checked before `url` sees it, which drops CR, LF
    /// and TAB in silence.
    pub(crate) fn parse(raw: &str) -> Result<Self, Failure> {
        let address = Self::parse_as(raw, "http")?;
        match address.url.host_str().is_none_or(str::is_empty) {
            true => Err(unreadable(raw, "it has no host")),
            false => Ok(address),
        }
    }

    /// The same with another scheme where none was typed, and perhaps without a host.
    pub(crate) fn parse_as(raw: &str, scheme: &str) -> Result<Self, Failure> {
        let fail = |why: &str| unreadable(raw, why);
        if raw.len() > URI_BYTES {
            return Err(fail(&format!("it is longer than {URI_BYTES} bytes")));
        }
        if raw.chars().any(char::is_control) {
            return Err(fail("it holds control bytes"));
        }
        let assumed = !raw.contains("://");
        let text = if assumed { format!("{scheme}://{raw}") } else { raw.to_owned() };
        if authority(&text).matches('@').count() > 1 {
            let hint = "write an @ in a name or password as %40, or use -u";
            return Err(fail("there are two @ before the path").hint(hint));
        }
        let mut url = Url::parse(&text).map_err(|error| fail(&error.to_string()))?;
        let login = take_login(&mut url).map_err(|why| fail(&why))?;
        Ok(Self { url, login, assumed })
    }

    /// The URL for messages and files: no login in it.
    pub(crate) fn shown(&self) -> &str {
        self.url.as_str()
    }
}

fn unreadable(raw: &str, why: &str) -> Failure {
    Failure::usage(why).doing(format!("reading the URL \"{}\"", shown(raw)))
}

/// A URL that could not be read, for a message: escaped, and without what may be a password.
fn shown(raw: &str) -> String {
    let text = if raw.contains("://") { raw.to_owned() } else { format!("://{raw}") };
    let text = without_login(&text);
    escape(text.strip_prefix("://").unwrap_or(&text).as_bytes())
}

fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#', '\\']).next().unwrap_or_default()
}

fn take_login(url: &mut Url) -> Result<Option<(String, Option<Secret>)>, String> {
    let decode = |text: &str| {
        let bytes: Vec<u8> = percent_decode_str(text).collect();
        match bytes.iter().any(u8::is_ascii_control) {
            true => Err("its login holds control bytes".to_owned()),
            false => Ok(bytes),
        }
    };
    let user = String::from_utf8(decode(url.username())?).map_err(|_| "its user is not UTF-8")?;
    let pass = url.password().map(decode).transpose()?.map(Secret::new);
    let login = (!user.is_empty() || pass.is_some()).then_some((user, pass));
    let bare = url.set_username("").and_then(|()| url.set_password(None));
    match (bare, &login) {
        (Err(()), Some(_)) => Err("it cannot hold a login".into()),
        _ => Ok(login),
    }
}

/// The login for one URL: from the URL, `-u`, `--password-file`, `WIRELINE_PASSWORD`, a prompt.
pub(crate) fn login(
    address: &Address,
    typed: &LoggingIn,
) -> Result<Option<(String, Secret)>, Failure> {
    let by_option = typed.user.as_deref().map(|text| match text.split_once(':') {
        Some((user, pass)) => (user.to_owned(), Some(Secret::from(pass))),
        None => (text.to_owned(), None),
    });
    let Some((user, pass)) = address.login.clone().or(by_option) else { return Ok(None) };
    let pass = match (pass, &typed.password_file, std::env::var_os("WIRELINE_PASSWORD")) {
        (Some(pass), ..) => pass,
        (None, Some(path), _) => read_password(path)?,
        (None, None, Some(pass)) => Secret::new(pass.into_vec()),
        (None, None, None) => ask_password(&user, address)?,
    };
    let ends_a_line = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    match ends_a_line(user.as_bytes()) || ends_a_line(pass.reveal()) {
        true => Err(Failure::usage("the login holds control bytes: a line end or a NUL")),
        false => Ok(Some((user, pass))),
    }
}

#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
fn read_password(path: &Path) -> Result<Secret, Failure> {
    const PASSWORD_BYTES: u64 = 64 * 1024;
    let doing = || format!("reading the password from {}", path.display());
    let mut text = Vec::new();
    let read = match path.to_str() {
        Some("-") => io::stdin().take(PASSWORD_BYTES).read_to_end(&mut text),
        _ => File::open(path).and_then(|file| file.take(PASSWORD_BYTES).read_to_end(&mut text)),
    };
    read.map_err(|error| Failure::local(&error).doing(doing()))?;
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    Ok(Secret::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec()))
}

fn ask_password(user: &str, address: &Address) -> Result<Secret, Failure> {
    if !io::stdin().is_terminal() {
        let hint = "use --password-file FILE or WIRELINE_PASSWORD";
        return Err(
            Failure::usage(format!("no password for {}", escape(user.as_bytes()))).hint(hint)
        );
    }
    let host = address.url.host_str().unwrap_or_default();
    let prompt = format!("Password for {} at {host}: ", escape(user.as_bytes()));
    match rpassword::prompt_password(prompt) {
        Ok(pass) => Ok(Secret::new(pass.into_bytes())),
        Err(error) => Err(Failure::local(&error).doing("asking for the password")),
    }
}

/// A password that others on this machine can see in the list of processes.
pub(crate) fn exposes_password(address: &Address, typed: &LoggingIn) -> bool {
    let in_url = address.login.as_ref().is_some_and(|(_, pass)| pass.is_some());
    in_url || typed.user.as_ref().is_some_and(|user| user.contains(':'))
}

/// How everything of this run is dialled.
pub(crate) fn dialer(shared: &Shared, observer: Arc<dyn Observer>) -> Result<Dialer, Failure> {
    let dialling = &shared.dialling;
    let mut dialer = Dialer::default();
    let idle = seconds("--timeout", dialling.timeout)?;
    dialer.limits = Limits {
        connect_each: seconds("--connect-timeout", dialling.connect_timeout)?,
        tls: Limits::default().tls.min(idle),
        idle,
        ..Limits::default()
    };
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
    dialer.tls = trust_of(&shared.trust).into();
    dialer.observer = Some(observer);
    Ok(dialer)
}

/// Whom TLS trusts; the environment's file counts when no option says otherwise.
pub(crate) fn trust_of(typed: &Trusting) -> Trust {
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

/// The proxy that the environment names for an origin.
pub(crate) fn refuse_proxy(origin: &Origin, dialer: &Dialer) -> Result<(), Failure> {
    let named: &[&str] = match origin.is_secure() {
        false => &["http_proxy", "all_proxy", "ALL_PROXY"],
        true => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
    };
    refuse_proxy_of(named, &origin.endpoint()?, dialer)
}

/// wireline has no proxies yet, and going past one in silence would be wrong. Endpoints placed by
/// hand, and this machine, are reached directly.
pub(crate) fn refuse_proxy_of(
    named: &[&str],
    endpoint: &Endpoint,
    dialer: &Dialer,
) -> Result<(), Failure> {
    let set = |name: &&&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let host = endpoint.host();
    let direct = is_here(host) || dialer.is_placed(endpoint) || is_excepted(host);
    let Some(name) = named.iter().find(set).filter(|_| !direct) else { return Ok(()) };
    Err(Failure::usage(format!("{name} names a proxy, and proxies are not supported yet"))
        .hint(format!("no_proxy={host} goes there directly")))
}

/// This machine, by its name or address.
pub(crate) fn is_local(origin: &Origin) -> bool {
    is_here(origin.host())
}

fn is_here(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(wireline_wire::is_loopback)
}

/// `no_proxy`: names with everything below them, `*` for all.
fn is_excepted(host: &str) -> bool {
    let value =
        std::env::var("no_proxy").or_else(|_| std::env::var("NO_PROXY")).unwrap_or_default();
    value.split(',').map(|entry| entry.trim().trim_start_matches('.')).any(|entry| {
        let below =
            host.strip_suffix(entry).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        entry == "*" || !entry.is_empty() && below
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(raw: &str) -> bool {
        Address::parse(raw).is_err_and(|failure| failure.exit == crate::exit::Exit::Usage)
    }

    #[test]
    fn urls() {
        let rows = [
            ("http://www.sina.com.cn/", "http://www.sina.com.cn/", None, false),
            ("localhost:8080/x", "http://localhost:8080/x", None, true),
            ("example.org", "http://example.org/", None, true),
            ("http://a:b@h/", "http://h/", Some(("a", Some("b"))), false),
            ("http://user:p%40ss@h/", "http://h/", Some(("user", Some("p@ss"))), false),
            ("http://a@h/x@y", "http://h/x@y", Some(("a", None)), false),
            ("http://h/%0d%0a", "http://h/%0d%0a", None, false),
        ];
        for (raw, url, login, assumed) in rows {
            let address = Address::parse(raw).unwrap();
            assert_eq!((address.shown(), address.assumed), (url, assumed), "{raw}");
            let login = login.map(|(user, pass)| (user.to_owned(), pass.map(Secret::from)));
            assert_eq!(address.login, login, "{raw}");
        }
    }

    /// hostile.md rows 1, 3, 5, 6, 68.
    #[test]
    fn urls_that_are_refused() {
        let raws = [
            "http://h/a\r\nX: y",
            "http://h/\0",
            "\x01http://h/",
            "http://h/\ta",
            "http://h\r/",
            "http://u%0d%0a@h/",
            "http://u:p%00@h/",
            "http://a@b@c/",
            "http://h%2Fx/",
            "http://h%40x/",
            "http://h%3A80x/",
            "http://",
            "http:///",
            "",
            "http://[::1",
            "http://h:99999/",
        ];
        for raw in raws {
            assert!(refused(raw), "{raw:?}");
        }
        assert!(refused(&format!("http://h/{}", "x".repeat(URI_BYTES))));
    }

    /// hostile.md row 150: a URL that cannot be read is shown without its password.
    #[test]
    fn a_refused_url_keeps_its_secret() {
        for raw in ["http://u:canary@h\n/", "http://u:canary@b@c/", "u:canary@h:99999/"] {
            let failure = Address::parse(raw).unwrap_err();
            assert!(!failure.to_string().contains("canary"), "{failure}");
        }
    }

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
}
