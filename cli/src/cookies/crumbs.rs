//! The cookies of one run: those that were typed, and those that servers set on the way.
//! Must not hold: the rules of who gets what (`cookies.rs`).

use super::{Cookies, Jar};
use crate::exit::Failure;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use url::Url;
use wireline_http::{Error, FieldValue, Head, Request, cookie_values};

/// What `-b` and `--cookie-jar` have asked for.
#[derive(Debug, Default)]
pub(crate) struct Crumbs {
    /// `-b NAME=VALUE`, for the origins that were typed.
    typed: Option<FieldValue>,
    /// Kept if any of the two options was typed.
    cookies: Option<Mutex<Cookies>>,
    jar: Option<Jar>,
}

impl Crumbs {
    /// `words` are of `-b`: pairs, or files of cookies; `jar` is read now and written in the end.
    pub(crate) fn read(words: &[String], jar: Option<&Path>) -> Result<Self, Failure> {
        let jar = jar.map(Jar::new);
        let (files, pairs): (Vec<_>, Vec<_>) =
            words.iter().filter(|word| !word.is_empty()).partition(|word| !word.contains('='));
        let mut cookies = Cookies::default();
        for file in files {
            cookies.add(Jar::new(Path::new(file)).read_existing()?);
        }
        if let Some(jar) = &jar {
            cookies.add(jar.read()?);
        }
        let pairs: Vec<_> = pairs.iter().map(|pair| pair.as_str()).collect();
        let typed = (!pairs.is_empty()).then(|| FieldValue::try_from(pairs.join("; ").as_str()));
        let is_asked = jar.is_some() || !words.is_empty();
        let cookies = is_asked.then(|| Mutex::new(cookies));
        Ok(Self { typed: typed.transpose()?, cookies, jar })
    }

    /// The request with the cookies that its target gets.
    pub(crate) fn bake(&self, request: Request) -> Result<Request, Error> {
        let Some(cookies) = &self.cookies else { return Ok(request) };
        let kept = lock(cookies).for_url(request.uri().url())?;
        let typed = self.typed.clone().filter(|_| request.is_at_home());
        let both = match (typed, kept) {
            (Some(typed), Some(kept)) => {
                let joined = [typed.as_bytes(), b"; ", kept.as_bytes()].concat();
                Some(FieldValue::try_from(joined.as_slice())?)
            }
            (typed, kept) => typed.or(kept),
        };
        Ok(request.with_cookie(both))
    }

    /// Keeps what an answer sets.
    pub(crate) fn hear(&self, url: &Url, head: &Head) {
        if let Some(cookies) = &self.cookies {
            lock(cookies).hear(url, head);
        }
    }

    /// The values that were typed or read, which are secrets.
    pub(crate) fn secrets(&self) -> Vec<Vec<u8>> {
        let typed = self.typed.iter().flat_map(cookie_values);
        let mut secrets: Vec<_> = typed.map(<[u8]>::to_vec).collect();
        if let Some(cookies) = &self.cookies {
            secrets.extend(lock(cookies).values().map(|value| value.as_bytes().to_vec()));
        }
        secrets
    }

    /// The run is over: the jar gets what is in it now.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        match (&self.jar, &self.cookies) {
            (Some(jar), Some(cookies)) => jar.write(&lock(cookies)),
            _ => Ok(()),
        }
    }
}

fn lock(cookies: &Mutex<Cookies>) -> MutexGuard<'_, Cookies> {
    cookies.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read;
    use wireline_http::{HeadReader, Limits, Method, Persistence, TargetUri};

    fn said(crumbs: &Crumbs, url: &str) -> String {
        let uri = TargetUri::try_from(Url::parse(url).unwrap()).unwrap();
        let request = crumbs.bake(Request::new(Method::get(), uri)).unwrap();
        String::from_utf8(request.head(Persistence::Keep).bytes().to_vec()).unwrap()
    }

    fn head(field: &str) -> Head {
        let mut reader = HeadReader::new(Limits::default());
        for line in ["HTTP/1.1 200 OK", field] {
            assert!(reader.feed(format!("{line}\r\n").as_bytes()).unwrap().is_none());
        }
        reader.feed(b"\r\n").unwrap().unwrap()
    }

    #[test]
    fn typed_and_kept() {
        let crumbs = Crumbs::read(&["a=1".into(), "b=2".into()], None).unwrap();
        crumbs.hear(&Url::parse("http://h.com/").unwrap(), &head("Set-Cookie: c=3"));
        assert!(said(&crumbs, "http://h.com/").contains("\r\nCookie: a=1; b=2; c=3\r\n"));
        assert_eq!(crumbs.secrets(), [b"1".to_vec(), b"2".to_vec(), b"3".to_vec()]);
        assert!(Crumbs::read(&["a=1\r\nX: y".into()], None).is_err());
        assert!(Crumbs::read(&["/no/such/file".into()], None).is_err());
        // Nobody has asked for any.
        let none = Crumbs::read(&[], None).unwrap();
        none.hear(&Url::parse("http://h.com/").unwrap(), &head("Set-Cookie: c=3"));
        assert!(!said(&none, "http://h.com/").contains("Cookie"));
    }

    /// What curl writes is read, what we write is read again.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
    fn a_jar() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jar");
        fs::write(
            &path,
            "# Netscape HTTP Cookie File\n\n\
             #HttpOnly_.example.com\tTRUE\t/\tTRUE\t99999999999\tsid\tx=y\n\
             h.com\tFALSE\t/a\tFALSE\t0\tn\tv\n\
             old.com\tFALSE\t/\tFALSE\t1\tn\tv\n\
             .com\tTRUE\t/\tFALSE\t0\tevil\tv\n\
             nonsense\n",
        )
        .unwrap();
        let crumbs = Crumbs::read(&[], Some(&path)).unwrap();
        assert!(said(&crumbs, "https://www.example.com/").contains("Cookie: sid=x=y\r\n"));
        assert!(said(&crumbs, "http://h.com/a/b").contains("Cookie: n=v\r\n"));
        for (url, cookie) in [("http://www.example.com/", "sid"), ("http://a.com/", "evil")] {
            assert!(!said(&crumbs, url).contains(cookie), "{url}");
        }
        crumbs.finish().unwrap();
        let mut written = String::new();
        fs::File::open(&path).unwrap().take(1000).read_to_string(&mut written).unwrap();
        assert_eq!(
            written,
            "# Netscape HTTP Cookie File\n\
             #HttpOnly_.example.com\tTRUE\t/\tTRUE\t99999999999\tsid\tx=y\n\
             h.com\tFALSE\t/a\tFALSE\t0\tn\tv\n"
        );
        let again = Crumbs::read(&[path.to_str().unwrap().to_owned()], None).unwrap();
        assert!(said(&again, "http://h.com/a/b").contains("Cookie: n=v\r\n"));
    }
}
