//! The file of `--cookie-jar`, as Netscape, curl and wget write it.
//! Must not hold: which cookies are good (`cookies.rs`).

use super::{Cookies, domain_of, is_public, may_set};
use crate::exit::Failure;
use cookie_store::{Cookie, CookieDomain, CookieExpiration, RawCookie};
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use url::Url;
use wireline_store::{Options, Target};

/// A file of cookies, read in the beginning and written anew in the end.
#[derive(Debug)]
pub(super) struct Jar {
    path: PathBuf,
}

/// A larger file is no jar of ours.
const JAR_BYTES: u64 = 4 << 20;

impl Jar {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// What is in the file; nothing when there is none yet.
    pub(super) fn read(&self) -> Result<Cookies, Failure> {
        match self.path.exists() {
            true => self.read_existing(),
            false => Ok(Cookies::default()),
        }
    }

    /// What is in the file, which must be there.
    #[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
    pub(super) fn read_existing(&self) -> Result<Cookies, Failure> {
        let doing = || format!("reading the cookies in {}", self.path.display());
        let opened = File::open(&self.path);
        let file = opened.map_err(|error| Failure::local(&error).doing(doing()))?;
        let mut text = Vec::new();
        let read = file.take(JAR_BYTES).read_to_end(&mut text);
        read.map_err(|error| Failure::local(&error).doing(doing()))?;
        let mut cookies = Cookies::default();
        for line in String::from_utf8_lossy(&text).lines() {
            if let Some((cookie, url)) = parse_line(line) {
                cookies.set(cookie, &url);
            }
        }
        Ok(cookies)
    }

    /// Puts the cookies in the file's place, for its owner's eyes only, whoever could read the old
    /// one.
    pub(super) fn write(&self, cookies: &Cookies) -> Result<(), Failure> {
        let options = Options { overwrite: true, ..Options::default() };
        let mut part = Target::file(&self.path, options)?.open()?;
        part.begin(0, None)?;
        let mut text = String::from("# Netscape HTTP Cookie File\n");
        let mut lines: Vec<_> = cookies.store.iter_unexpired().map(line_of).collect();
        lines.sort();
        lines.iter().for_each(|line| text += line);
        let mut file = part.file();
        let doing = || format!("writing the cookies to {}", self.path.display());
        let written = match part.is_written_through() {
            true => Ok(()),
            false => {
                let ours = Permissions::from_mode(0o600);
                // The new file takes over the mode of the old one.
                let closed = match fs::set_permissions(part.path(), ours.clone()) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    closed => closed,
                };
                closed.and_then(|()| file.set_permissions(ours))
            }
        };
        let written = written.and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(|error| Failure::local(&error).doing(doing()))?;
        part.commit()?;
        Ok(())
    }
}

/// `domain TAB below TAB path TAB secure TAB expires TAB name TAB value`; `#HttpOnly_` in front of
/// the domain is one of its own kind, other lines with `#` say nothing.
fn parse_line(line: &str) -> Option<(Cookie<'static>, Url)> {
    let (line, http_only) = match line.strip_prefix("#HttpOnly_") {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    if line.starts_with('#') {
        return None;
    }
    let mut parts = line.splitn(7, '\t');
    let [domain, below, path, secure, expires, name] =
        [(); 6].map(|()| parts.next().unwrap_or_default());
    let value = parts.next()?;
    let is_true = |text: &str| text.eq_ignore_ascii_case("TRUE");
    let host = domain.trim_start_matches('.');
    let url = url_for(host, is_true(secure))?;
    let mut raw = RawCookie::new(name.to_owned(), value.to_owned());
    raw.set_path(path.to_owned());
    raw.set_secure(is_true(secure));
    raw.set_http_only(http_only);
    if is_true(below) {
        raw.set_domain(host.to_owned());
    }
    match expires.parse::<i64>().ok()? {
        0 => {}
        at => raw.set_expires(OffsetDateTime::from_unix_timestamp(at).ok()?),
    }
    let cookie = Cookie::try_from_raw_cookie(&raw, &url).ok()?.into_owned();
    let shared = is_true(below) && is_public(host);
    (!shared && may_set(&cookie, &url)).then_some((cookie, url))
}

/// A URL that may have set this cookie.
pub(super) fn url_of(cookie: &Cookie<'_>) -> Option<Url> {
    url_for(domain_of(cookie), cookie.secure().unwrap_or(false))
}

fn url_for(host: &str, is_secure: bool) -> Option<Url> {
    let scheme = if is_secure { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{host}/")).ok()
}

fn line_of(cookie: &Cookie<'_>) -> String {
    let upper = |value: bool| if value { "TRUE" } else { "FALSE" };
    let below = matches!(cookie.domain, CookieDomain::Suffix(_));
    let expires = match cookie.expires {
        CookieExpiration::AtUtc(at) => at.unix_timestamp(),
        CookieExpiration::SessionEnd => 0,
    };
    format!(
        "{}{}{}\t{}\t{}\t{}\t{expires}\t{}\t{}\n",
        if cookie.http_only().unwrap_or(false) { "#HttpOnly_" } else { "" },
        if below { "." } else { "" },
        domain_of(cookie),
        upper(below),
        cookie.path.as_ref(),
        upper(cookie.secure().unwrap_or(false)),
        cookie.name(),
        cookie.value(),
    )
}
