//! From what was typed to the requests that are sent.
//! Must not hold: where bodies go (`places.rs`), or what is done with answers (`fetch.rs`).

use crate::args::{Fetch, Proving, Shared};
use crate::content::Typed;
use crate::exit::Failure;
use crate::get::conditions::Conditions;
use crate::plan::{self, Address};
use crate::usage::FETCHED;
use std::sync::Arc;
use wireline_http::{
    ACCEPT_ENCODING, Field, FieldName, Login, Method, Origin, Request, TargetUri, Way, parse_range,
};

/// What is asked of each URL.
#[derive(Debug)]
pub(super) struct Asked {
    method: Method,
    body: Typed,
    fields: Vec<Field>,
    /// Fields of ours that are not wanted.
    removed: Vec<FieldName>,
    path_as_is: bool,
}

impl Asked {
    pub(super) fn read(fetch: &Fetch, method: Method, body: Typed) -> Result<Self, Failure> {
        let (fields, removed) = fields(fetch, &body)?;
        Ok(Self { method, body, fields, removed, path_as_is: fetch.path_as_is })
    }

    /// The request for one URL. `origins` are all that were typed.
    pub(super) fn request(
        &self,
        address: &Address,
        origins: &Arc<[Origin]>,
        (fetch, shared): (&Fetch, &Shared),
    ) -> Result<Request, Failure> {
        let uri = self.uri(address)?;
        let own = uri.origin();
        let mut request = Request::new(self.method.clone(), uri).at_home_in(Arc::clone(origins));
        for field in &self.fields {
            request = request.with_field(field.clone())?;
        }
        for name in &self.removed {
            request = request.without_field(name.clone())?;
        }
        if let Some(content) = &self.body.content {
            request = request.with_content(content.clone()).with_expectation(self.body.expects());
        }
        // A login in a URL is for that URL; one from an option is for all that were typed.
        let home = if address.login.is_some() { [own].into() } else { Arc::clone(origins) };
        Ok(match login(address, &fetch.proving, shared, home)? {
            Some(login) => request.with_login(login),
            None => request,
        })
    }

    /// The URL with what `--query` adds, its path as it was typed if that is wanted.
    fn uri(&self, address: &Address) -> Result<TargetUri, Failure> {
        let mut url = target(address)?.url().clone();
        if let Some(more) = &self.body.query {
            let query = match url.query().unwrap_or_default() {
                "" => more.clone(),
                query => format!("{query}&{more}"),
            };
            url.set_query(Some(&query));
        }
        let uri = TargetUri::try_from(url)?;
        if !self.path_as_is {
            return Ok(uri);
        }
        let path = address.typed_path.split('?').next().unwrap_or_default();
        let query = uri.url().query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(uri.with_origin_form(&format!("{path}{query}"))?)
    }
}

fn login(
    address: &Address,
    proving: &Proving,
    shared: &Shared,
    home: Arc<[Origin]>,
) -> Result<Option<Login>, Failure> {
    if let Some(token) = &proving.bearer {
        if address.login.is_some() || shared.login.user.is_some() {
            return Err(Failure::usage("--bearer is a login of its own: leave out the user"));
        }
        return Ok(Some(Login::bearer(&plan::secret_word("--bearer", token)?, home)?));
    }
    let Some((user, pass)) = plan::login(address, &shared.login)? else { return Ok(None) };
    let way = match () {
        () if proving.digest => Way::Digest,
        () if proving.anyauth => Way::Asked,
        () => Way::Basic,
    };
    Ok(Some(Login::new(&user, &pass, home)?.with_way(way)))
}

/// The target of a URL.
pub(super) fn target(address: &Address) -> Result<TargetUri, Failure> {
    let hint = match address.url.scheme() {
        "pop3" | "pop3s" | "ftp" | "ftps" => Some("wireline get fetches that"),
        "smtp" | "smtps" | "lmtp" => Some("wireline send speaks that"),
        "telnet" | "telnets" => Some("wireline telnet speaks that"),
        "http" | "https" => None,
        _ => Some(FETCHED),
    };
    let failed = |error| {
        let failure = Failure::from(error).doing(format!("reading the URL {}", address.shown()));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    };
    TargetUri::try_from(address.url.clone()).map_err(failed)
}

/// The fields to send, and those of ours to leave out.
fn fields(fetch: &Fetch, body: &Typed) -> Result<(Vec<Field>, Vec<FieldName>), Failure> {
    let (mut fields, mut removed) = (Vec::new(), Vec::new());
    for text in &fetch.header {
        match word(text)? {
            Word::Field(field) => fields.push(field),
            Word::Without(name) => removed.push(name),
        }
    }
    let conditions = Conditions::read(&fetch.wanting)?;
    let referer = fetch.remembering.referer.as_deref().map(referer);
    let range = fetch.wanting.range.as_deref().map(range).transpose()?;
    let own = [
        ("User-Agent", fetch.user_agent.as_deref()),
        ("Referer", referer.as_deref()),
        ("Content-Type", body.media_type.as_deref()),
        ("Accept", body.accept),
        ("Accept-Encoding", fetch.wanting.compressed.then_some(ACCEPT_ENCODING)),
        ("Range", range.as_deref()),
    ];
    let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
    for (name, value) in own.chain(conditions.fields()) {
        let typed = fields.iter().any(|field: &Field| field.name.is(name));
        if !typed && !removed.iter().any(|removed: &FieldName| removed.is(name)) {
            fields.push(Field::new(name, value)?);
        }
    }
    Ok((fields, removed))
}

/// One `-H`.
enum Word {
    Field(Field),
    /// A field of ours that is not wanted.
    Without(FieldName),
}

/// `Name: value`, `Name;` for an empty one, `Name:` for none.
fn word(text: &str) -> Result<Word, Failure> {
    match text.split_once(':') {
        Some((name, value)) if value.trim().is_empty() => Ok(Word::Without(name.try_into()?)),
        Some((name, value)) => Ok(Word::Field(Field::new(name, value)?)),
        None => match text.strip_suffix(';') {
            Some(name) => Ok(Word::Field(Field::new(name, "")?)),
            None => {
                let failure = Failure::usage("-H takes \"Name: value\"");
                Err(failure.hint("\"Name:\" leaves one of ours out, \"Name;\" sends it empty"))
            }
        },
    }
}

/// The URL without userinfo and fragment (RFC 9110 section 10.1.3), otherwise as it was typed.
fn referer(typed: &str) -> String {
    let bare = typed.split('#').next().unwrap_or_default();
    let (scheme, rest) = bare.split_at(bare.find("//").map_or(0, |at| at + 2));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '\\']).unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}{host}{path}")
}

/// The value of `Range`.
fn range(text: &str) -> Result<String, Failure> {
    let asked = format!("bytes={text}");
    match parse_range(asked.as_bytes()) {
        Some(_) => Ok(asked),
        None => {
            let text = wireline_wire::escape(text.as_bytes());
            Err(Failure::usage(format!("-r takes 0-499, 500- or -500, not \"{text}\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for good in ["0-0", "500-", "-500", "0-1,5-9", "0-1, 5-"] {
            assert_eq!(range(good).unwrap(), format!("bytes={good}"));
        }
        for bad in ["", "-", "5", "a-b", "0-1-2", "0-1,", "0x1-", "5-4", " 0-1"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn referers() {
        let rows = [
            ("http://u:p@h.test/a?b=c@d#part", "http://h.test/a?b=c@d"),
            ("http://u:p@q@h", "http://h"),
            ("u:p@h/a", "h/a"),
            ("//u@h/a", "//h/a"),
            ("http://h/a@b", "http://h/a@b"),
            ("/a@b", "/a@b"),
            ("", ""),
        ];
        for (typed, wanted) in rows {
            assert_eq!(referer(typed), wanted, "{typed}");
        }
    }
}
