//! What we say: method, target, fields, body. A request that exists can be sent.
//! Must not hold: I/O, or anything the user did not ask for.

use crate::field::is_token;
use crate::proofs::Proof;
use crate::{Content, Error, Field, FieldName, FieldValue, Fields, Login, Origin, TargetUri};
use std::fmt;
use std::sync::Arc;
use wireline_wire::{Saying, escape};

/// `method = token` (RFC 9110 section 9.1); case matters.
#[derive(Clone, PartialEq, Eq)]
pub struct Method(String);

/// A request. Encoded as it stands: request line, `Host`, the fields, `Content-Length` when there
/// is a body, `Connection: close` when it is the last one, and nothing else.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    uri: TargetUri,
    fields: Fields,
    /// The origins that the bound fields were typed for.
    home: Arc<[Origin]>,
    login: Option<Login>,
    /// Fields of our own for this one try: a range and its condition.
    extra: Fields,
    content: Option<Content>,
    /// The head is to be heard before the content is sent.
    expects: bool,
    /// For this one try.
    proof: Option<Proof>,
    /// Fields of our own that are not wanted.
    removed: Vec<FieldName>,
    /// For this one target.
    cookie: Option<FieldValue>,
}

/// Whether the connection is to serve another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// The last request on its connection: says `Connection: close`.
    Close,
    /// More will follow: HTTP/1.1 keeps the connection unless told otherwise.
    Keep,
}

impl Method {
    /// `GET`.
    #[must_use]
    pub fn get() -> Self {
        Self("GET".into())
    }

    /// `HEAD`.
    #[must_use]
    pub fn head() -> Self {
        Self("HEAD".into())
    }

    /// As it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether sending it twice has the effect of sending it once (RFC 9110 section 9.2.2).
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        matches!(self.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE")
    }

    /// Whether the answer has a head only.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.0 == "HEAD"
    }

    /// Whether a request without a body says so with `Content-Length: 0` (RFC 9110 section 8.6).
    fn anticipates_content(&self) -> bool {
        matches!(self.as_str(), "POST" | "PUT" | "PATCH")
    }
}

impl TryFrom<&str> for Method {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        match is_token(text.as_bytes()) && text.len() <= 64 {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::Input(format!("\"{}\" is not a method", escape(text.as_bytes())))),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Request {
    /// A bare request. Fields, login and body are bound to the origin of `uri` until
    /// [`Request::at_home_in`] names more.
    #[must_use]
    pub fn new(method: Method, uri: TargetUri) -> Self {
        let home = [uri.origin()].into();
        let (fields, extra) = (Fields::default(), Fields::default());
        let (login, content, proof, removed, cookie) = (None, None, None, Vec::new(), None);
        Self {
            method,
            uri,
            fields,
            home,
            login,
            extra,
            content,
            expects: false,
            proof,
            removed,
            cookie,
        }
    }

    /// Binds the fields to these origins: all that the user typed, this request's own among them.
    #[must_use]
    pub fn at_home_in(mut self, origins: Arc<[Origin]>) -> Self {
        self.home = origins;
        self
    }

    /// Adds a field. `Host` and `Connection` replace our own.
    ///
    /// # Errors
    /// [`Error::Input`] for a second `Host` or `Connection`, and for `Content-Length` and
    /// `Transfer-Encoding`, which follow from the body.
    pub fn with_field(mut self, field: Field) -> Result<Self, Error> {
        let single = ["Host", "Connection"].into_iter().find(|name| field.name.is(name));
        if single.is_some_and(|name| self.fields.first(name).is_some()) {
            return Err(Error::Input(format!("{} is given twice", field.name.as_str())));
        }
        framing_is_ours(&field.name)?;
        self.fields.push(field);
        Ok(self)
    }

    /// Leaves a field of ours out: `Host`, `Connection`, `Expect`, `Authorization`.
    ///
    /// # Errors
    /// [`Error::Input`] for `Content-Length` and `Transfer-Encoding`, which follow from the body.
    pub fn without_field(mut self, name: FieldName) -> Result<Self, Error> {
        framing_is_ours(&name)?;
        self.removed.push(name);
        Ok(self)
    }

    fn has_removed(&self, name: &str) -> bool {
        self.removed.iter().any(|removed| removed.is(name))
    }

    /// Adds a login, proven to the origins it is bound to.
    #[must_use]
    pub fn with_login(mut self, login: Login) -> Self {
        self.login = Some(login);
        self
    }

    /// Sets the content. `Content-Length` follows from it, or `Transfer-Encoding: chunked` where
    /// its length is not known.
    #[must_use]
    pub fn with_content(mut self, content: impl Into<Content>) -> Self {
        self.content = Some(content.into());
        self
    }

    /// Asks the server whether it wants the content before it is sent: `Expect: 100-continue`
    /// (RFC 9110 section 10.1.1). Without content nothing is asked.
    #[must_use]
    pub const fn with_expectation(mut self, expects: bool) -> Self {
        self.expects = expects;
        self
    }

    /// Sets `Cookie` (RFC 6265 section 4.2) for this very target: a redirect does not take it along.
    /// One that was added as a field goes before.
    #[must_use]
    pub fn with_cookie(mut self, cookie: Option<FieldValue>) -> Self {
        self.cookie = cookie;
        self
    }

    /// The same with a proof of the login, for one try.
    pub(crate) fn with_proof(mut self, proof: Option<Proof>) -> Self {
        self.proof = proof;
        self
    }

    /// Sets the fields of one try, a range for instance, in place of those of the last try.
    #[must_use]
    pub fn with_extra(mut self, extra: Fields) -> Self {
        self.extra = extra;
        self
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The target.
    #[must_use]
    pub const fn uri(&self) -> &TargetUri {
        &self.uri
    }

    /// The content.
    #[must_use]
    pub const fn content(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    /// Whether the server is asked before the content is sent.
    #[must_use]
    pub fn expects_continue(&self) -> bool {
        self.expects && self.content.is_some() && !self.has_removed("Expect")
    }

    /// Whether a field of this name is sent.
    #[must_use]
    pub fn has_field(&self, name: &str) -> bool {
        self.sent(name).is_some()
    }

    /// The value of the first field of this name that is sent.
    pub(crate) fn sent(&self, name: &str) -> Option<&FieldValue> {
        self.sent_fields().find(|field| field.name.is(name)).map(|field| &field.value)
    }

    /// Whether it asks for a part of the representation.
    #[must_use]
    pub fn is_ranged(&self) -> bool {
        self.has_field("Range")
    }

    /// Whether the request leads to an origin that the user typed: bound fields go only there.
    #[must_use]
    pub fn is_at_home(&self) -> bool {
        self.home.contains(&self.uri.origin())
    }

    fn sent_fields(&self) -> impl Iterator<Item = &Field> {
        let at_home = self.is_at_home();
        let typed = self.fields.iter().filter(move |field| at_home || follows(field));
        typed.chain(self.extra.iter())
    }

    /// What the user typed and a redirect to another origin does not get to see.
    pub fn withheld(&self) -> impl Iterator<Item = &str> {
        let away = !self.is_at_home();
        let fields = self.fields.iter().filter(move |field| away && !follows(field));
        let login = self.login.iter().filter(|login| !login.serves(&self.uri.origin()));
        fields.map(|field| field.name.as_str()).chain(login.map(|_| "Authorization"))
    }

    /// Whether a login of ours goes out with it.
    #[must_use]
    pub fn shows_login(&self) -> bool {
        self.shown_login().is_some()
    }

    /// Whether a login of ours goes out when the server asks for it, and not before.
    pub(crate) fn waits_to_be_asked(&self) -> bool {
        let login = self.login.as_ref().filter(|login| login.serves(&self.uri.origin()));
        login.is_some_and(|login| !login.is_unasked()) && !self.has_removed("Authorization")
    }

    /// The login that goes out as it is: unasked, or because Basic was asked for.
    fn shown_login(&self) -> Option<&Login> {
        let login = self.login.as_ref().filter(|login| login.serves(&self.uri.origin()));
        login.filter(|login| {
            !self.has_removed("Authorization")
                && match &self.proof {
                    Some(proof) => *proof == Proof::Basic,
                    None => login.is_unasked(),
                }
        })
    }

    /// The login, wherever it is bound to.
    #[must_use]
    pub const fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// What must not be seen in a trace or a message, wherever it turns up: the password, its
    /// encoding, the values of bound fields. Each has the name of the hole that stands for it.
    #[must_use]
    pub fn secrets(&self) -> Vec<(&'static str, Vec<u8>)> {
        let login = self.login.iter().flat_map(Login::secrets);
        let bound = self.fields.iter().filter(|field| !field.is_free());
        let values = bound.flat_map(|field| {
            let cookies = field.name.is("Cookie").then(|| cookie_values(&field.value));
            let whole = std::iter::once(field.value.as_bytes());
            whole.chain(cookies.into_iter().flatten()).map(|value| ("header", value.to_vec()))
        });
        login.chain(values).collect()
    }

    /// The same request to where a redirect leads; without its body and what describes it when
    /// the method changed.
    pub(crate) fn redirected(&self, method: Method, uri: TargetUri) -> Self {
        let mut next = Self { uri, cookie: None, ..self.clone() };
        if next.method != method {
            next.method = method;
            next.content = None;
            next.fields
                .retain(|field| !field.name.as_str().to_ascii_lowercase().starts_with("content-"));
        }
        next
    }

    /// The bytes of the head.
    #[must_use]
    pub fn head(&self, persistence: Persistence) -> Saying {
        let line = format!("{} {} HTTP/1.1\r\n", self.method, self.uri.origin_form());
        self.fields_behind(Saying::new().text(line), persistence).text("\r\n")
    }

    /// The fields behind a request line, without the empty line that ends them.
    pub(crate) fn fields_behind(&self, saying: Saying, persistence: Persistence) -> Saying {
        let typed = |name| self.sent_fields().find(move |field| field.name.is(name));
        let mut saying = match typed("Host") {
            Some(host) => line(saying, host),
            None if self.has_removed("Host") => saying,
            None => saying.text(format!("Host: {}\r\n", self.uri.origin().host_field())),
        };
        saying = match (typed("Authorization"), &self.proof, self.shown_login()) {
            (None, Some(Proof::Digest(answer)), _) => {
                saying.text("Authorization: ").secret("auth.digest", answer).text("\r\n")
            }
            (None, _, Some(login)) => {
                login.credentials(saying.text("Authorization: ")).text("\r\n")
            }
            _ => saying,
        };
        for field in self.sent_fields().filter(|field| !is_placed(field)) {
            saying = line(saying, field);
        }
        if let Some(cookie) = self.cookie.as_ref().filter(|_| typed("Cookie").is_none()) {
            saying = saying.text("Cookie: ").secret("cookie", cookie.as_bytes()).text("\r\n");
        }
        if self.expects_continue() {
            saying = saying.text("Expect: 100-continue\r\n");
        }
        saying = match self.content.as_ref().map(Content::length) {
            Some(Some(length)) => saying.text(format!("Content-Length: {length}\r\n")),
            Some(None) => saying.text("Transfer-Encoding: chunked\r\n"),
            None if self.method.anticipates_content() => saying.text("Content-Length: 0\r\n"),
            None => saying,
        };
        match (typed("Connection"), persistence) {
            (Some(connection), _) => saying = line(saying, connection),
            (None, Persistence::Close) if !self.has_removed("Connection") => {
                saying = saying.text("Connection: close\r\n")
            }
            (None, _) => {}
        }
        saying
    }
}

/// What would contradict our own framing cannot be had by hand.
/// The values in `cookie-string` (RFC 6265 section 4.2.1), without their quotes.
pub fn cookie_values(value: &FieldValue) -> impl Iterator<Item = &[u8]> {
    let pairs = value.as_bytes().split(|&byte| byte == b';');
    pairs.filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let value = pair.get(equals + 1..)?.trim_ascii();
        Some(value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value))
    })
}

fn framing_is_ours(name: &FieldName) -> Result<(), Error> {
    match name.is("Content-Length") || name.is("Transfer-Encoding") {
        true => {
            let why = format!("{} follows from the body and cannot be set", name.as_str());
            Err(Error::Input(why))
        }
        false => Ok(()),
    }
}

/// `Host` and `Connection` have places of their own.
fn is_placed(field: &Field) -> bool {
    field.name.is("Host") || field.name.is("Connection")
}

/// Whether a typed field goes along to another origin. A typed `Host` was meant for the first.
fn follows(field: &Field) -> bool {
    field.is_free() && !is_placed(field)
}

fn line(saying: Saying, field: &Field) -> Saying {
    let saying = saying.text(field.name.as_str()).text(": ");
    let value = field.value.as_bytes();
    let saying = match field.is_free() {
        true => saying.text(value),
        false => saying.secret("header", value),
    };
    saying.text("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;
    use wireline_wire::Secret;

    fn uri(text: &str) -> TargetUri {
        TargetUri::try_from(Url::parse(text).unwrap()).unwrap()
    }

    fn get(text: &str) -> Request {
        Request::new(Method::get(), uri(text))
    }

    fn shown(request: &Request, persistence: Persistence) -> String {
        String::from_utf8(request.head(persistence).bytes().to_vec()).unwrap()
    }

    #[test]
    fn sixty_bytes() {
        let head = shown(&get("http://www.sina.com.cn/"), Persistence::Close);
        assert_eq!(head, "GET / HTTP/1.1\r\nHost: www.sina.com.cn\r\nConnection: close\r\n\r\n");
        assert_eq!(head.len(), 60);
    }

    #[test]
    fn heads() {
        let field = |request: Request, name, value| {
            request.with_field(Field::new(name, value).unwrap()).unwrap()
        };
        let post = Request::new(Method::try_from("POST").unwrap(), uri("http://h:81/p?q"));
        let rows = [
            (get("http://h/"), "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            (field(get("http://h/"), "Host", "x"), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            (
                field(get("http://h/"), "Connection", "TE"),
                "GET / HTTP/1.1\r\nHost: h\r\nConnection: TE\r\n\r\n",
            ),
            (field(get("http://h/"), "A", ""), "GET / HTTP/1.1\r\nHost: h\r\nA: \r\n\r\n"),
            (post.clone(), "POST /p?q HTTP/1.1\r\nHost: h:81\r\nContent-Length: 0\r\n\r\n"),
            (
                field(post.with_content(b"abc".to_vec()), "Content-Type", "t/x"),
                "POST /p?q HTTP/1.1\r\nHost: h:81\r\nContent-Type: t/x\r\nContent-Length: 3\r\n\r\n",
            ),
        ];
        for (request, wanted) in rows {
            assert_eq!(shown(&request, Persistence::Keep), wanted);
        }
    }

    /// hostile.md row 7.
    #[test]
    fn methods() {
        for bad in ["", "GET ", "G\r\nET", "G/T", "ä", "A\0"] {
            assert!(Method::try_from(bad).is_err(), "{bad:?}");
        }
        assert!(Method::try_from("M-SEARCH").is_ok());
    }

    /// hostile.md row 8: a field that would contradict our own framing.
    #[test]
    fn fields_that_are_refused() {
        for name in ["Content-Length", "transfer-encoding"] {
            assert!(get("http://h/").with_field(Field::new(name, "1").unwrap()).is_err());
        }
        let host = Field::new("host", "x").unwrap();
        assert!(get("http://h/").with_field(host.clone()).unwrap().with_field(host).is_err());
    }

    /// hostile.md row 137: away from home only what is free is sent, and the rest is named.
    #[test]
    fn away_from_home() {
        let typed = uri("http://h/");
        let login = Login::new("u", &Secret::from("p"), [typed.origin()].into()).unwrap();
        let mut request = Request::new(Method::get(), typed).with_login(login);
        for name in ["X-Api-Key", "Accept", "Host", "Cookie"] {
            request = request.with_field(Field::new(name, "v").unwrap()).unwrap();
        }
        let home = shown(&request, Persistence::Keep);
        for part in ["X-Api-Key: v", "Cookie: v", "Host: v", "Authorization: Basic dTpw"] {
            assert!(home.contains(part), "{part}");
        }
        assert_eq!(request.withheld().count(), 0);
        for away in ["http://h:81/", "https://h/", "http://h2/"] {
            let request = request.redirected(Method::get(), uri(away));
            let host = uri(away).origin().host_field();
            let wanted = format!("GET / HTTP/1.1\r\nHost: {host}\r\nAccept: v\r\n\r\n");
            assert_eq!(shown(&request, Persistence::Keep), wanted);
            let withheld: Vec<_> = request.withheld().collect();
            assert_eq!(withheld, ["X-Api-Key", "Host", "Cookie", "Authorization"]);
        }
    }

    /// hostile.md row 150: neither a trace nor a debug print shows what is secret.
    #[test]
    fn secrets_are_marked() {
        let typed = uri("http://h/");
        let login = Login::new("alice", &Secret::from("canary"), [typed.origin()].into()).unwrap();
        let request = Request::new(Method::get(), typed)
            .with_login(login)
            .with_field(Field::new("X-Token", "canary").unwrap())
            .unwrap();
        let saying = request.head(Persistence::Close);
        let shown = format!("{saying:?} {request:?}");
        assert!(shown.contains("{{auth.basic}}") && shown.contains("{{header}}"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
