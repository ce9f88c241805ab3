//! The secrets of a run, and how they are kept out of traces, messages and JSON. Servers echo them.
//! Must not hold: where a secret came from.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use wireline_http::Request;
use wireline_transcript::Piece;
use wireline_wire::{Proxies, Saying, Secret};

/// What must not be seen, each with the transcript hole that stands for it.
#[derive(Debug, Default)]
pub(crate) struct Mask {
    secrets: Vec<(Vec<u8>, &'static str)>,
    /// Encoded logins with their users.
    users: Vec<(Vec<u8>, String)>,
    /// The user of a run with one login.
    login: Option<String>,
}

/// A shorter value is no secret, and masking it would blot every second word.
const SHORTEST_BYTES: usize = 4;
/// Messages quote 200 bytes, of which each may be escaped as four.
const MOST_BEGUN_BYTES: usize = 1024;

impl Mask {
    /// Everything secret in these requests. Of a value of words (`Bearer TOKEN`) the last counts
    /// by itself too.
    pub(crate) fn of<'a>(requests: impl IntoIterator<Item = &'a Request>) -> Self {
        let (mut secrets, mut users) = (Vec::new(), Vec::new());
        let requests: Vec<_> = requests.into_iter().collect();
        for request in &requests {
            let encoded = request.secrets().into_iter().find(|(hole, _)| *hole == "auth.basic");
            users.extend(
                encoded
                    .zip(request.login())
                    .map(|((_, token), login)| (token, login.user().to_owned())),
            );
        }
        users.dedup();
        for (hole, secret) in requests.into_iter().flat_map(Request::secrets) {
            let last = secret.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
            let escaped = [wireline_wire::escape(&secret), wireline_wire::escape(last)];
            secrets.extend(escaped.map(|text| (text.into_bytes(), hole)));
            secrets.push((last.to_vec(), hole));
            secrets.push((secret, hole));
        }
        Self { secrets: in_order(secrets), users, login: None }
    }

    /// The same with more secrets, each with its hole.
    pub(crate) fn with(mut self, more: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Self {
        self.secrets.extend(more.into_iter().map(|(hole, secret)| (secret, hole)));
        self.secrets = in_order(self.secrets);
        self
    }

    /// The forms in which mail protocols say one password, and may hear it again.
    pub(crate) fn of_login(user: &str, pass: &Secret) -> Self {
        let pass = pass.reveal();
        let plain = [b"\0", user.as_bytes(), b"\0", pass].concat();
        let escaped = wireline_wire::escape(pass).into_bytes();
        let encode = |bytes: &[u8]| STANDARD.encode(bytes).into_bytes();
        let secrets = vec![
            (encode(&plain), "auth.plain"),
            (encode(pass), "pass|b64"),
            (pass.to_vec(), "pass"),
            (escaped, "pass"),
        ];
        Self { secrets: in_order(secrets), users: Vec::new(), login: Some(user.to_owned()) }
    }

    /// The logins for these proxies too.
    pub(crate) fn hiding(mut self, proxies: &Proxies) -> Self {
        for proxy in proxies.each() {
            let saying = proxy.authorize(Saying::new());
            let encoded = saying.pieces().filter_map(|(bytes, hole)| Some((bytes.to_vec(), hole?)));
            self.secrets.extend(encoded);
            let password = proxy.password().map(Secret::reveal).unwrap_or_default();
            let escaped = wireline_wire::escape(password).into_bytes();
            self.secrets.extend([password.to_vec(), escaped].map(|secret| (secret, "auth.proxy")));
        }
        self.secrets = in_order(self.secrets);
        self
    }

    /// The same with one more form of the password.
    pub(crate) fn and(mut self, pass: &Secret) -> Self {
        self.secrets.push((pass.reveal().to_vec(), "pass"));
        Self { secrets: in_order(self.secrets), ..self }
    }

    /// The user of a run with one login.
    pub(crate) fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }

    /// The user whose encoded login this is.
    pub(crate) fn user(&self, encoded: &[u8]) -> Option<&str> {
        let known = self.users.iter().find(|(token, _)| token == encoded);
        known.map(|(_, user)| user.as_str())
    }

    /// The text with dots in place of secrets, and of the beginning of one where the text was cut.
    pub(crate) fn text(&self, text: &str) -> String {
        let secrets = self.secrets.iter().filter_map(|(secret, _)| str::from_utf8(secret).ok());
        let text = secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "..."));
        let mut parts = text.split("...");
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            shown.truncate(shown.len() - self.begun(shown.as_bytes()));
            shown.extend(["...", part]);
        }
        shown
    }

    /// How much of the end of this text is the beginning of a secret.
    fn begun(&self, text: &[u8]) -> usize {
        let longest = |secret: &[u8]| {
            let most = secret.len().min(text.len()).min(MOST_BEGUN_BYTES);
            let is_at_end = |&bytes: &usize| text.ends_with(secret.get(..bytes).unwrap_or(secret));
            (SHORTEST_BYTES..=most).rev().find(is_at_end).unwrap_or(0)
        };
        let secrets = self.secrets.iter().filter(|(secret, _)| str::from_utf8(secret).is_ok());
        secrets.map(|(secret, _)| longest(secret)).max().unwrap_or(0)
    }

    /// The line in pieces, with holes in place of secrets.
    pub(crate) fn pieces<'a>(&self, line: &'a [u8]) -> Vec<Piece<'a>> {
        let mut pieces = vec![Piece::Bytes(line)];
        for (secret, hole) in &self.secrets {
            pieces = pieces.into_iter().flat_map(|piece| split_at(piece, secret, hole)).collect();
        }
        pieces
    }
}

/// Without what is too short, the longest first: one may be part of another.
fn in_order(mut secrets: Vec<(Vec<u8>, &'static str)>) -> Vec<(Vec<u8>, &'static str)> {
    secrets.retain(|(secret, _)| secret.len() >= SHORTEST_BYTES);
    secrets.sort_by(|a, b| (b.0.len(), b).cmp(&(a.0.len(), a)));
    secrets.dedup();
    secrets
}

/// The text of a transcript hole: one that cannot be computed again has a made-up example.
pub(crate) const fn hole_text(hole: &'static str) -> &'static str {
    match hole.as_bytes() {
        b"auth.basic" | b"auth.plain" | b"auth.cram" | b"auth.apop" => hole,
        b"user|b64" | b"pass|b64" | b"pass" => hole,
        _ => "*=hidden",
    }
}

fn split_at<'a>(piece: Piece<'a>, secret: &[u8], hole: &'static str) -> Vec<Piece<'a>> {
    let Piece::Bytes(mut bytes) = piece else { return vec![piece] };
    let mut pieces = Vec::new();
    while let Some(at) = memmem::find(bytes, secret) {
        let (before, rest) = bytes.split_at(at);
        pieces.extend([Piece::Bytes(before), Piece::Hole(hole_text(hole))]);
        bytes = rest.get(secret.len()..).unwrap_or_default();
    }
    pieces.push(Piece::Bytes(bytes));
    pieces
}

/// The text without the logins of the URLs in it: `http://...@host/`.
pub(crate) fn without_userinfo(text: &str) -> String {
    let mut parts = text.split("://");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("://");
        let end = part.find(['/', '?', '#', '\\', ' ', '\'', '"']).unwrap_or(part.len());
        let (authority, rest) = part.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => shown.extend(["...@", host]),
            None => shown.push_str(authority),
        }
        shown.push_str(rest);
    }
    shown
}

/// As [`without_userinfo`], for text that quotes what could not be read: a password may hold any
/// letter, so everything up to the last @ goes.
pub(crate) fn without_login(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            let (before, _) = text.split_at(scheme);
            let (_, after) = text.split_at(at);
            format!("{before}://...{after}")
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;
    use wireline_http::{Field, Login, Method, TargetUri};
    use wireline_wire::Secret;

    fn mask() -> Mask {
        let uri = TargetUri::try_from(Url::parse("http://h/").unwrap()).unwrap();
        let login = Login::new("alice", &Secret::from("wonder"), [uri.origin()].into()).unwrap();
        let field = |name, value| Field::new(name, value).unwrap();
        let request = Request::new(Method::get(), uri).with_login(login);
        let request = request.with_field(field("X-Token", "Bearer t0ken")).unwrap();
        let request = request.with_field(field("Cookie", "s=c00kie; t=1")).unwrap();
        Mask::of([&request.with_field(field("X-Flag", "1")).unwrap()])
    }

    #[test]
    fn secrets_are_dots_in_text() {
        let rows = [
            ("no YWxpY2U6d29uZGVy!", "no ...!"),
            ("alice wonder", "alice ..."),
            ("t0ken, Bearer t0ken", "..., ..."),
            ("1 is no secret", "1 is no secret"),
            ("cut: YWxpY2U6...", "cut: ..."),
            ("t0ke... YWxp... Bea...", "... ... Bea..."),
            ("c00k, s=c00kie; t=a b", "c00k, s=...; t=a b"),
        ];
        for (text, masked) in rows {
            assert_eq!(mask().text(text), masked);
        }
    }

    /// hostile.md rows 147 and 150.
    #[test]
    fn a_login_for_a_proxy_is_hidden() {
        let proxies = Proxies::all("http://alice:s%40cret@proxy".parse().unwrap());
        let mask = mask().hiding(&proxies);
        let text = mask.text("s@cret, YWxpY2U6c0BjcmV0, wonder");
        assert_eq!(text, "..., ..., ...");
        let hole = Piece::Hole("*=hidden");
        assert_eq!(mask.pieces(b"s@cret"), [Piece::Bytes(b""), hole, Piece::Bytes(b"")]);
    }

    #[test]
    fn secrets_are_holes_in_transcripts() {
        use Piece::{Bytes, Hole};
        assert_eq!(
            mask().pieces(b"a YWxpY2U6d29uZGVy wonder"),
            [Bytes(b"a "), Hole("auth.basic"), Bytes(b" "), Hole("pass"), Bytes(b"")]
        );
        assert_eq!(mask().pieces(b"t0ken"), [Bytes(b""), Hole("*=hidden"), Bytes(b"")]);
    }

    #[test]
    fn urls_lose_their_logins() {
        let rows = [
            ("'http://a:b@h/x@y' and http://c@k", "'http://...@h/x@y' and http://...@k"),
            ("http://h/", "http://h/"),
            ("a@b", "a@b"),
            ("x://a@b@c/", "x://...@c/"),
        ];
        for (text, shown) in rows {
            assert_eq!(without_userinfo(text), shown);
        }
        let rows = [
            ("'http://a:b/c d'@h/' is bad", "'http://...@h/' is bad"),
            ("http://h/ is bad", "http://h/ is bad"),
        ];
        for (text, shown) in rows {
            assert_eq!(without_login(text), shown);
        }
    }
}
