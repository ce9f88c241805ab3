//! Where a response sends a request, and what goes along.
//! Must not hold: the loop that follows redirects.

use super::shown::{assert_sendable, assert_tame, first_line, head_lines, parse_head};
use url::Url;
use wireline_http::{
    Field, Head, Hop, Login, Method, Persistence, Request, TargetUri, Trail, next_hop,
};
use wireline_wire::Secret;

/// The input is `METHOD URL` on a line and the head of an answer, which is followed for some hops.
///
/// The next request goes to http or https, never from https to http, and bears no userinfo, ours or
/// theirs. Away from where it was typed for it takes along neither login nor cookie nor any other
/// bound field, and no body; at home it keeps them. It is a request like one that was typed.
pub fn redirect(data: &[u8]) {
    let (asked, answer) = first_line(data);
    let (Some(head), Some(mut request)) = (parse_head(answer), typed(asked)) else { return };
    let home = request.uri().clone();
    let mut trail = Trail::new(&request, 3);
    loop {
        let next = match next_hop(&request, &head) {
            Ok(Hop::Follow(next)) => *next,
            Ok(_) => return,
            Err(error) => return assert_tame(&error),
        };
        assert_hop(&request, &next, &head);
        assert_sent(&next, &home);
        if let Err(error) = trail.step(&next) {
            return assert_tame(&error);
        }
        assert!(trail.hops() <= 3);
        request = next;
    }
}

/// `user:canary`.
const LOGIN: &str = "Authorization: Basic dXNlcjpjYW5hcnk=";

fn typed(asked: &[u8]) -> Option<Request> {
    let (method, url) = str::from_utf8(asked).ok()?.split_once(' ')?;
    let uri = TargetUri::try_from(Url::parse(url).ok()?).ok()?;
    let login = Login::new("user", &Secret::from("canary"), [uri.origin()].into()).ok()?;
    let mut request = Request::new(Method::try_from(method).ok()?, uri).with_login(login);
    for name in ["X-Canary", "Cookie", "Accept", "Host", "Content-Type"] {
        request = request.with_field(Field::new(name, "no host").ok()?).ok()?;
    }
    let has_body = matches!(method, "POST" | "PUT" | "PATCH");
    Some(if has_body { request.with_content(b"body".to_vec()) } else { request })
}

fn assert_hop(request: &Request, next: &Request, head: &Head) {
    assert!(matches!(head.status.code(), 301 | 302 | 303 | 307 | 308));
    let (from, to) = (request.uri(), next.uri());
    let url = Url::parse(to.as_str()).expect("it was one");
    assert!(matches!(url.scheme(), "http" | "https"), "{to}");
    assert!(url.username().is_empty() && url.password().is_none(), "{to}");
    assert!(!from.origin().is_secure() || to.origin().is_secure(), "{from} to {to}");
    let again = TargetUri::try_from(url);
    assert_eq!(again.as_ref().ok(), Some(to), "what a user could not type: {again:?}");
    if from.origin() != to.origin() {
        assert!(next.content().is_none(), "{from} to {to}");
    }
    let wanted = match (head.status.code(), request.method().as_str()) {
        (303, "HEAD") => "HEAD",
        (303, _) | (301 | 302, "POST") => "GET",
        (_, same) => same,
    };
    assert_eq!(next.method().as_str(), wanted);
    assert!(next.content().is_none() || wanted == request.method().as_str());
}

fn assert_sent(next: &Request, home: &TargetUri) {
    let bytes = next.head(Persistence::Keep).bytes().to_vec();
    let lines = head_lines(&bytes);
    assert_sendable(next, &lines);
    let at_home = next.uri().origin() == home.origin();
    for bound in ["X-Canary: no host", "Cookie: no host", "Host: no host", LOGIN] {
        assert_eq!(lines.contains(&bound.as_bytes()), at_home, "{bound} to {}", next.uri());
    }
    assert!(lines.contains(&&b"Accept: no host"[..]));
    assert_eq!(next.withheld().count(), if at_home { 0 } else { 4 });
    assert_eq!(next.shows_login(), at_home);
}
