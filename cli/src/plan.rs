//! From what was typed to what will be done: URLs and logins here, the rest in `plan/`.
//! Must not hold: I/O with a peer.

mod dialling;

pub(crate) use dialling::{bytes, dialer, proxies, seconds, tls, warn};

use crate::args::LoggingIn;
use crate::exit::Failure;
use crate::mask::without_login;
use percent_encoding::percent_decode_str;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use url::Url;
use wireline_http::{Origin, URI_BYTES};
use wireline_store::Netrc;
use wireline_wire::{Secret, escape};

/// A URL as it was meant: without its login, which is kept apart.
#[derive(Debug)]
pub(crate) struct Address {
    /// Has no userinfo.
    pub(crate) url: Url,
    /// The login typed into the URL.
    pub(crate) login: Option<(String, Option<Secret>)>,
    /// `http://` was put in front.
    pub(crate) assumed: bool,
    /// From the first `/` behind the host on, before the URL was normalised; at least that `/`.
    pub(crate) typed_path: String,
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
        let mut url = Url::parse(&text).map_err(|error| {
            fail(&error.to_string()).hint(format!("as {scheme}://HOST:PORT/PATH"))
        })?;
        let login = take_login(&mut url).map_err(|why| fail(&why))?;
        Ok(Self { url, login, assumed, typed_path: typed_path(&text) })
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

/// Without a fragment.
fn typed_path(text: &str) -> String {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let path = rest.find(['/', '?']).map_or("", |at| rest.split_at(at).1);
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
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

/// The login for one URL: from the URL, `-u`, `--password-file`, `WIRELINE_PASSWORD`, a netrc, a
/// prompt.
pub(crate) fn login(
    address: &Address,
    typed: &LoggingIn,
) -> Result<Option<(String, Secret)>, Failure> {
    let by_option = typed.user.as_deref().map(|text| match text.split_once(':') {
        Some((user, pass)) => (user.to_owned(), Some(Secret::from(pass))),
        None => (text.to_owned(), None),
    });
    let netrc = netrc(typed)?;
    let host = address.url.host_str().unwrap_or_default();
    let kept = |user| netrc.as_ref().and_then(|netrc| netrc.login(host, user));
    let Some((user, pass)) = address.login.clone().or(by_option) else {
        return kept(None).map(|(user, pass)| whole(user.to_owned(), pass.into())).transpose();
    };
    let elsewhere =
        typed.password_file.is_some() || std::env::var_os("WIRELINE_PASSWORD").is_some();
    let kept = kept(Some(&user)).filter(|_| !elsewhere).map(|(_, pass)| Secret::from(pass));
    let pass = match (pass.or(kept), &typed.password_file, std::env::var_os("WIRELINE_PASSWORD")) {
        (Some(pass), ..) => pass,
        (None, Some(path), _) => read_password(path)?,
        (None, None, Some(pass)) => Secret::new(pass.into_vec()),
        (None, None, None) => ask_password(&user, address)?,
    };
    whole(user, pass).map(Some)
}

/// What `-n` and `--netrc-file` name.
fn netrc(typed: &LoggingIn) -> Result<Option<Netrc>, Failure> {
    match (&typed.netrc_file, typed.netrc) {
        (Some(path), _) => Ok(Some(Netrc::read(path)?)),
        // Who has none has no login there.
        (None, true) => {
            let usual = Netrc::usual().filter(|path| path.symlink_metadata().is_ok());
            Ok(usual.map(|path| Netrc::read(&path)).transpose()?)
        }
        (None, false) => Ok(None),
    }
}

/// A login that can be said.
fn whole(user: String, pass: Secret) -> Result<(String, Secret), Failure> {
    let ends_a_line = |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
    match ends_a_line(user.as_bytes()) || ends_a_line(pass.reveal()) {
        true => Err(Failure::usage("the login holds control bytes: a line end or a NUL")),
        false => Ok((user, pass)),
    }
}

/// A secret as an option's value: `@FILE` reads its first line.
pub(crate) fn secret_word(option: &str, word: &str) -> Result<Secret, Failure> {
    let secret = match word.strip_prefix('@') {
        Some(path) => read_password(Path::new(path))?,
        None => Secret::from(word),
    };
    match secret.reveal().is_empty() {
        true => Err(Failure::usage(format!("{option} has no value"))),
        false => Ok(secret),
    }
}

/// The lines of a file of URLs; blank ones and those with a `#` say nothing.
#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
pub(crate) fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    const LIST_BYTES: u64 = 256 << 20;
    let doing = || format!("reading the URLs in {}", path.display());
    let mut text = String::new();
    let read = match path.to_str() {
        Some("-") => io::stdin().take(LIST_BYTES).read_to_string(&mut text),
        _ => File::open(path).and_then(|file| file.take(LIST_BYTES).read_to_string(&mut text)),
    };
    read.map_err(|error| Failure::local(&error).doing(doing()))?;
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
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

/// This machine, by its name or address.
pub(crate) fn is_local(origin: &Origin) -> bool {
    let host = origin.host().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(wireline_wire::is_loopback)
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
}
