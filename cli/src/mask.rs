//! The secrets of a run, and how they are kept out of traces, messages and JSON. Servers echo them.
//! Must not hold: where a secret came from.

use wireline_http::Request;
use wireline_transcript::Piece;

/// What must not be seen, each with the transcript hole that stands for it.
#[derive(Debug, Default)]
pub(crate) struct Mask(Vec<(Vec<u8>, &'static str)>);

/// A shorter value is no secret, and masking it would blot every second word.
const SHORTEST_BYTES: usize = 4;

impl Mask {
    /// Everything secret in these requests. Of a value of words (`Bearer TOKEN`) the last counts
    /// by itself too.
    pub(crate) fn of<'a>(requests: impl IntoIterator<Item = &'a Request>) -> Self {
        let mut secrets = Vec::new();
        for (hole, secret) in requests.into_iter().flat_map(Request::secrets) {
            let last = secret.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
            secrets.push((last.to_vec(), hole));
            secrets.push((secret, hole));
        }
        secrets.retain(|(secret, _)| secret.len() >= SHORTEST_BYTES);
        // The longest first: one may be part of another.
        secrets.sort_by(|a, b| (b.0.len(), b).cmp(&(a.0.len(), a)));
        secrets.dedup();
        Self(secrets)
    }

    /// The text with dots in place of secrets.
    pub(crate) fn text(&self, text: &str) -> String {
        let secrets = self.0.iter().filter_map(|(secret, _)| str::from_utf8(secret).ok());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "..."))
    }

    /// The line in pieces, with holes in place of secrets.
    pub(crate) fn pieces<'a>(&self, line: &'a [u8]) -> Vec<Piece<'a>> {
        let mut pieces = vec![Piece::Bytes(line)];
        for (secret, hole) in &self.0 {
            pieces = pieces.into_iter().flat_map(|piece| split_at(piece, secret, hole)).collect();
        }
        pieces
    }
}

/// The text of a transcript hole: one that cannot be computed again has a made-up example.
pub(crate) const fn hole_text(hole: &'static str) -> &'static str {
    match hole.as_bytes() {
        b"auth.basic" | b"pass" => hole,
        _ => "*=hidden",
    }
}

fn split_at<'a>(piece: Piece<'a>, secret: &[u8], hole: &'static str) -> Vec<Piece<'a>> {
    let Piece::Bytes(mut bytes) = piece else { return vec![piece] };
    let mut pieces = Vec::new();
    while let Some(at) = bytes.windows(secret.len()).position(|window| window == secret) {
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
        Mask::of([&request.with_field(field("X-Flag", "1")).unwrap()])
    }

    #[test]
    fn secrets_are_dots_in_text() {
        let rows = [
            ("no YWxpY2U6d29uZGVy!", "no ...!"),
            ("alice wonder", "alice ..."),
            ("t0ken, Bearer t0ken", "..., ..."),
            ("1 is no secret", "1 is no secret"),
        ];
        for (text, masked) in rows {
            assert_eq!(mask().text(text), masked);
        }
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
    }
}
