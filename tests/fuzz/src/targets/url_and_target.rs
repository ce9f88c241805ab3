//! Text to `TargetUri` to the bytes of a request's head.
//! Must not hold: redirects (`redirect.rs`).

use super::shown::{assert_printable, assert_sendable, head_lines};
use url::Url;
use wireline_http::{Error, Field, Method, Persistence, Request, TargetUri, URI_BYTES};

/// The input is a URL; behind bytes 0xFF (no UTF-8 has them) a method, a field's name, its value
/// and a body.
///
/// Whatever becomes a request is exactly one head: as many lines as were asked for, two blanks in
/// the request line, no CR, LF or NUL, a `Host` that names the host of the URL and nothing else,
/// no fragment, no userinfo. Host and target together read as the same URL again.
pub fn url_and_target(data: &[u8]) {
    let mut parts = data.split(|&byte| byte == 0xff);
    let raw = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let Some(uri) = target(&raw) else { return };
    assert!(uri.as_str().len() <= URI_BYTES);
    assert_host(&uri);
    let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
    let method = parts.next().map(text).unwrap_or_else(|| "GET".into());
    let name = parts.next().map(text);
    let value = parts.next().map(text).unwrap_or_default();
    let body = parts.next().map(<[u8]>::to_vec);

    let Some(method) = tame(Method::try_from(method.as_str())) else { return };
    let mut request = Request::new(method, uri);
    let mut lines = 2;
    if let Some(name) = name {
        let Some(field) = tame(Field::new(&name, &value)) else { return };
        let replaces = field.name.is("Host");
        let Some(with) = tame(request.with_field(field)) else { return };
        request = with;
        lines += usize::from(!replaces);
    }
    let anticipates = matches!(request.method().as_str(), "POST" | "PUT" | "PATCH");
    lines += usize::from(body.is_some() || anticipates);
    if let Some(body) = body {
        request = request.with_content(body);
    }
    assert_head(&request, Persistence::Keep, lines);
    let says = usize::from(!request.has_field("Connection"));
    assert_head(&request, Persistence::Close, lines + says);
}

fn target(raw: &str) -> Option<TargetUri> {
    tame(TargetUri::try_from(Url::parse(raw).ok()?))
}

fn tame<T>(result: Result<T, Error>) -> Option<T> {
    result.inspect_err(assert_printable).ok()
}

fn assert_host(uri: &TargetUri) {
    let (origin, host) = (uri.origin(), uri.origin().host_field());
    assert!(!host.contains(['@', '/', '\\', '#', '?', ' ', '%']), "{host}");
    assert!(origin.endpoint().is_ok(), "{host}");
    let scheme = if origin.is_secure() { "https" } else { "http" };
    let whole = format!("{scheme}://{host}{}", uri.origin_form());
    let again = target(&whole).unwrap_or_else(|| panic!("{whole} is no target"));
    assert_eq!(again.origin(), origin, "{whole}");
    assert_eq!(again.origin_form(), uri.origin_form(), "{whole}");
}

fn assert_head(request: &Request, persistence: Persistence, count: usize) {
    let head = request.head(persistence);
    let lines = head_lines(head.bytes());
    assert_eq!(lines.len(), count, "{}", head.bytes().escape_ascii());
    assert_sendable(request, &lines);
    let host = format!("Host: {}", request.uri().origin().host_field());
    assert!(request.has_field("Host") || lines[1] == host.as_bytes(), "{host}");
}
