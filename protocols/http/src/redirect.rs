//! Redirects as questions: where does this response send this request (RFC 9110 section 15.4)?
//! Must not hold: the loop that follows them.

use crate::{Error, Head, Method, Request, TargetUri};
use wireline_wire::escape;

/// What a response means for where to go next.
#[derive(Debug)]
#[non_exhaustive]
pub enum Hop {
    /// This response is the answer.
    Stay,
    /// The answer is elsewhere: send this.
    Follow(Box<Request>),
}

/// Where a response leads. Only 301, 302, 303, 307 and 308 with one `Location` lead anywhere; a
/// redirect without one is an answer like any other.
///
/// # Errors
/// [`Error::Violation`] for a `Location` that is none or two that differ; [`Error::Unsafe`] from
/// https to http, to another scheme, and for a body that would go to another origin.
pub fn next_hop(request: &Request, head: &Head) -> Result<Hop, Error> {
    const DOING: &str = "following the redirect";
    if !matches!(head.status.code(), 301 | 302 | 303 | 307 | 308) {
        return Ok(Hop::Stay);
    }
    let mut locations = head.fields.all("Location").filter(|value| !value.as_bytes().is_empty());
    let Some(location) = locations.next() else { return Ok(Hop::Stay) };
    if locations.any(|other| other != location) {
        return Err(Error::Violation { doing: DOING, why: "two Locations that differ".into() });
    }
    let uri = request.uri().resolve(location.as_bytes())?;
    let unsafe_to = |why: String| Err(Error::Unsafe { doing: DOING, why });
    if request.uri().origin().is_secure() && !uri.origin().is_secure() {
        let to = escape(uri.as_str().as_bytes());
        return unsafe_to(format!("it leads from https to {to}, in clear"));
    }
    let next = request.redirected(method_after(head.status.code(), request.method()), uri);
    let content = next.content();
    if content.is_some_and(|content| !content.is_repeatable()) {
        return unsafe_to("the body was read from a stream, and is gone".into());
    }
    if content.is_some() && next.uri().origin() != request.uri().origin() {
        return unsafe_to(format!("the body would go to another origin, {}", next.uri().origin()));
    }
    Ok(Hop::Follow(Box::new(next)))
}

/// RFC 9110 sections 15.4.2 to 15.4.4, as every browser reads them: 303 turns all but HEAD into
/// GET, 301 and 302 turn POST into GET.
fn method_after(status: u16, method: &Method) -> Method {
    match (status, method.as_str()) {
        (303, name) if name != "HEAD" => Method::get(),
        (301 | 302, "POST") => Method::get(),
        _ => method.clone(),
    }
}

/// The way so far: counts hops and knows where we have been.
#[derive(Clone, Debug)]
pub struct Trail {
    most: usize,
    seen: Vec<(Method, TargetUri)>,
}

impl Trail {
    /// Allows `most` hops from here on.
    #[must_use]
    pub fn new(request: &Request, most: usize) -> Self {
        Self { most, seen: vec![(request.method().clone(), request.uri().clone())] }
    }

    /// How many hops were taken.
    #[must_use]
    pub fn hops(&self) -> usize {
        self.seen.len().saturating_sub(1)
    }

    /// Goes on to `next`.
    ///
    /// # Errors
    /// [`Error::Violation`] beyond the limit, and where we have been with the same method.
    pub fn step(&mut self, next: &Request) -> Result<(), Error> {
        const DOING: &str = "following the redirect";
        let place = (next.method().clone(), next.uri().clone());
        if self.seen.contains(&place) {
            return Err(Error::Violation {
                doing: DOING,
                why: format!("a loop: back at {}", escape(next.uri().as_str().as_bytes())),
            });
        }
        if self.hops() >= self.most {
            return Err(Error::Violation {
                doing: DOING,
                why: format!("more than {} redirects", self.most),
            });
        }
        self.seen.push(place);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Field, HeadReader, Limits};
    use url::Url;

    fn request(method: &str, uri: &str) -> Request {
        let uri = TargetUri::try_from(Url::parse(uri).unwrap()).unwrap();
        let request = Request::new(Method::try_from(method).unwrap(), uri);
        match method {
            "GET" | "HEAD" => request,
            _ => request
                .with_field(Field::new("Content-Type", "t/x").unwrap())
                .unwrap()
                .with_content(b"body".to_vec()),
        }
    }

    fn head(text: &str) -> Head {
        let mut reader = HeadReader::new(Limits::default());
        let text = format!("HTTP/1.1 {}\r\n\r\n", text.replace('|', "\r\n"));
        text.split_inclusive('\n').find_map(|line| reader.feed(line.as_bytes()).unwrap()).unwrap()
    }

    fn hop(method: &str, from: &str, answer: &str) -> Result<String, &'static str> {
        match next_hop(&request(method, from), &head(answer)) {
            Ok(Hop::Stay) => Ok("stay".into()),
            Ok(Hop::Follow(next)) => {
                let body = if next.content().is_some() { " with body" } else { "" };
                Ok(format!("{} {}{body}", next.method(), next.uri()))
            }
            Err(Error::Violation { .. }) => Err("violation"),
            Err(Error::Unsafe { .. }) => Err("unsafe"),
            Err(_) => Err("other"),
        }
    }

    /// http.md section 2 "Redirects"; hostile.md rows 138, 139, 142, 143.
    #[test]
    fn hops() {
        let follow = |text: &str| Ok(text.to_owned());
        let stay = || follow("stay");
        let rows = [
            ("GET", "http://h/a", "301|Location: /b", follow("GET http://h/b")),
            ("GET", "http://h/a", "302|Location: b", follow("GET http://h/b")),
            ("GET", "http://h/a#f", "307|Location: //k/b", follow("GET http://k/b#f")),
            ("GET", "http://h/a#f", "308|Location: b#g", follow("GET http://h/b#g")),
            ("GET", "http://h/a", "301|Location: https://h/a", follow("GET https://h/a")),
            ("HEAD", "http://h/a", "303|Location: /b", follow("HEAD http://h/b")),
            ("POST", "http://h/a", "301|Location: /b", follow("GET http://h/b")),
            ("POST", "http://h/a", "302|Location: /b", follow("GET http://h/b")),
            ("POST", "http://h/a", "303|Location: /b", follow("GET http://h/b")),
            ("PUT", "http://h/a", "303|Location: /b", follow("GET http://h/b")),
            ("PUT", "http://h/a", "301|Location: /b", follow("PUT http://h/b with body")),
            ("POST", "http://h/a", "307|Location: /b", follow("POST http://h/b with body")),
            ("POST", "http://h/a", "308|Location: /b", follow("POST http://h/b with body")),
            ("POST", "http://h/a", "307|Location: http://k/", Err("unsafe")),
            ("POST", "http://h/a", "303|Location: http://k/", follow("GET http://k/")),
            ("GET", "https://h/a", "301|Location: http://h/a", Err("unsafe")),
            ("GET", "http://h/a", "301|Location: ftp://h/a", Err("unsafe")),
            ("GET", "http://h/a", "301|Location: http://u:p@k/", follow("GET http://k/")),
            ("GET", "http://h/a", "301|Location: /b|Location: /c", Err("violation")),
            ("GET", "http://h/a", "301|Location: /b|Location: /b", follow("GET http://h/b")),
            ("GET", "http://h/a", "301", stay()),
            ("GET", "http://h/a", "301|Location:", stay()),
            ("GET", "http://h/a", "200|Location: /b", stay()),
            ("GET", "http://h/a", "300|Location: /b", stay()),
            ("GET", "http://h/a", "304|Location: /b", stay()),
            ("GET", "http://h/a", "305|Location: /b", stay()),
            ("GET", "http://h/a", "399|Location: /b", stay()),
            ("GET", "http://h/a", "201|Location: /b", stay()),
        ];
        for (method, from, answer, wanted) in rows {
            assert_eq!(hop(method, from, answer), wanted, "{method} {from} {answer}");
        }
    }

    /// What described the body goes with it.
    #[test]
    fn content_fields_go_with_the_body() {
        let Ok(Hop::Follow(next)) =
            next_hop(&request("POST", "http://h/"), &head("303|Location: /b"))
        else {
            panic!("not followed")
        };
        let bytes = next.head(crate::Persistence::Keep).bytes().to_vec();
        assert_eq!(bytes, b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    }

    /// hostile.md row 73: a loop ends at once, a long way at the limit.
    #[test]
    fn trails_end() {
        let mut trail = Trail::new(&request("GET", "http://h/0"), 2);
        assert!(trail.step(&request("GET", "http://h/1")).is_ok());
        assert!(trail.step(&request("GET", "http://h/0")).is_err());
        assert!(trail.step(&request("HEAD", "http://h/0")).is_ok());
        let error = trail.step(&request("GET", "http://h/3")).unwrap_err();
        assert!(error.to_string().contains("more than 2 redirects"));
        assert_eq!(trail.hops(), 2);
    }
}
