use super::*;
use wireline_http::{HeadReader, Limits};

fn head(fields: &[&str]) -> Head {
    let mut reader = HeadReader::new(Limits::default());
    assert!(reader.feed(b"HTTP/1.1 200 OK\r\n").unwrap().is_none());
    for field in fields {
        assert!(reader.feed(format!("Set-Cookie: {field}\r\n").as_bytes()).unwrap().is_none());
    }
    reader.feed(b"\r\n").unwrap().unwrap()
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// What `to` gets after `from` has set this.
fn sent(from: &str, field: &str, to: &str) -> Option<String> {
    let mut cookies = Cookies::default();
    cookies.hear(&url(from), &head(&[field]));
    let value = cookies.for_url(&url(to)).unwrap();
    value.map(|value| value.to_str().unwrap().to_owned())
}

/// hostile.md row 65.
#[test]
fn who_gets_what() {
    let home = "http://www.example.com/a/b";
    let long = format!("a={}", "x".repeat(COOKIE_BYTES));
    let rows = [
        // Where it came from, and below.
        (home, "a=1", "http://www.example.com/a/c", true),
        (home, "a=1", "http://example.com/a/c", false),
        (home, "a=1; Domain=example.com", "http://example.com/a/", true),
        (home, "a=1; Domain=.Example.COM", "http://other.example.com/a/", true),
        (home, "a=1; Domain=example.com", "http://badexample.com/a/", false),
        (home, "a=1; Domain=other.com", "http://other.com/a/", false),
        (home, "a=1; Domain=www.example.com.evil.org", "http://www.example.com.evil.org/a/", false),
        // What many share.
        (home, "a=1; Domain=com", "http://other.com/a/", false),
        ("http://a.co.uk/", "a=1; Domain=co.uk", "http://b.co.uk/", false),
        ("http://a.github.io/", "a=1; Domain=github.io", "http://b.github.io/", false),
        ("http://a.com./", "a=1; Domain=com.", "http://b.com./", false),
        ("http://localhost/", "a=1; Domain=localhost", "http://localhost/", true),
        ("http://github.io/", "a=1; Domain=github.io", "http://github.io/", true),
        ("http://github.io/", "a=1; Domain=github.io", "http://b.github.io/", false),
        // Addresses have no parts.
        ("http://127.0.0.1/", "a=1", "http://127.0.0.1/", true),
        ("http://127.0.0.1/", "a=1; Domain=0.0.1", "http://10.0.0.1/", false),
        ("http://127.0.0.1/", "a=1; Domain=127.0.0.1", "http://127.0.0.1/", true),
        // Paths end at a slash.
        (home, "a=1; Path=/foo", "http://www.example.com/foo/x", true),
        (home, "a=1; Path=/foo", "http://www.example.com/foo", true),
        (home, "a=1; Path=/foo", "http://www.example.com/foobar", false),
        (home, "a=1", "http://www.example.com/ab", false),
        (home, "a=1; Path=x", "http://www.example.com/a/", true),
        // Secure.
        ("https://h.com/", "a=1; Secure", "https://h.com/", true),
        ("https://h.com/", "a=1; Secure", "http://h.com/", false),
        ("http://h.com/", "a=1; Secure", "https://h.com/", false),
        ("https://h.com/", "__Host-a=1; Secure; Path=/", "https://h.com/", true),
        ("https://w.h.com/", "__Host-a=1; Secure; Path=/; Domain=h.com", "https://w.h.com/", false),
        ("https://h.com/", "__Secure-a=1", "https://h.com/", false),
        // Time.
        (home, "a=1; Max-Age=60", "http://www.example.com/a/", true),
        (home, "a=1; Max-Age=0", "http://www.example.com/a/", false),
        (home, "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://www.example.com/a/", false),
        // Nonsense.
        (home, long.as_str(), "http://www.example.com/a/", false),
        (home, "=1", "http://www.example.com/a/", false),
        (home, "nonsense", "http://www.example.com/a/", false),
    ];
    for (from, field, to, wanted) in rows {
        let found = sent(from, field, to);
        assert_eq!(found.is_some(), wanted, "{field} of {from} to {to}: {found:?}");
    }
}

/// hostile.md row 65: fifty of one domain, and no more.
#[test]
fn how_many() {
    let mut cookies = Cookies::default();
    let fields: Vec<_> = (0..EACH_DOMAIN + 10).map(|nth| format!("c{nth}=1")).collect();
    let fields: Vec<_> = fields.iter().map(String::as_str).collect();
    cookies.hear(&url("http://h.com/"), &head(&fields));
    assert_eq!(cookies.values().count(), EACH_DOMAIN);
    cookies.hear(&url("http://h.com/"), &head(&["c0=new"]));
    assert_eq!(cookies.values().filter(|value| *value == "new").count(), 1);
}

/// What was set under TLS is not replaced in clear (RFC 6265bis section 5.7).
#[test]
fn secure_ones_are_left_alone() {
    let mut cookies = Cookies::default();
    cookies.hear(&url("https://h.com/"), &head(&["a=good; Secure"]));
    cookies.hear(&url("http://h.com/"), &head(&["a=evil"]));
    cookies.hear(&url("http://w.h.com/"), &head(&["a=evil; Domain=h.com"]));
    let value = cookies.for_url(&url("https://h.com/")).unwrap().unwrap();
    assert_eq!(value.to_str(), Some("a=good"));
}

/// RFC 6265 section 5.4: longer paths first.
#[test]
fn order() {
    let mut cookies = Cookies::default();
    cookies.hear(&url("http://h.com/"), &head(&["a=1; Path=/", "b=2; Path=/x", "c=3; Path=/x"]));
    let value = cookies.for_url(&url("http://h.com/x")).unwrap().unwrap();
    assert_eq!(value.to_str(), Some("b=2; c=3; a=1"));
}
