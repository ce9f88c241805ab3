//! What goes out with a request: content in every form, and the method it means. RFC 9110 sections
//! 8 and 9, RFC 7578. Uploads are in `http_upload`, fields in `http_fields`.

use crate::http_support::{MIB, has, head, json, none_wrong, piped_in, value, values};
use crate::support::{Folder, server};
use wireline_servers::http::{Request, filler_vec};

const FORM: &str = "application/x-www-form-urlencoded";

fn files() -> Folder {
    let folder = Folder::new();
    folder.write("data", "a\r\nb\0c\n");
    folder.write("odd", "x y&z=\u{e4}\n");
    folder.write("good.json", "{\"a\": [1, null]}\n");
    folder.write("bad.json", "{\"a\": }");
    folder
}

/// The one request that these words made; `URL` stands for `/echo`.
#[track_caller]
fn sent(folder: &Folder, words: &[&str]) -> Request {
    let server = server();
    let address = server.url("/echo");
    let words: Vec<_> = words.iter().map(|word| word.replace("URL", &address)).collect();
    let words: Vec<_> =
        ["http", "-q"].into_iter().chain(words.iter().map(String::as_str)).collect();
    piped_in(folder, &words, b"in\r\nput\0\n").done();
    let mut requests = server.requests();
    assert_eq!((requests.len(), server.violations()), (1, vec![]), "{words:?}");
    requests.remove(0)
}

/// Words, method and target, Content-Type (none: no such field), content.
type Row = (&'static [&'static str], &'static str, Option<&'static str>, &'static [u8]);

#[rustfmt::skip]
const CONTENT: &[Row] = &[
    (&["URL"], "GET /echo", None, b""),
    (&["-d", "a=1", "URL"], "POST /echo", Some(FORM), b"a=1"),
    (&["--data", "a=1", "-d", "b=2", "URL"], "POST /echo", Some(FORM), b"a=1&b=2"),
    (&["-d", "@data", "URL"], "POST /echo", Some(FORM), b"abc"),
    (&["-d", "@-", "URL"], "POST /echo", Some(FORM), b"input"),
    (&["-d", "a=1", "-d", "@data", "URL"], "POST /echo", Some(FORM), b"a=1&abc"),
    (&["-d", "a\nb", "URL"], "POST /echo", Some(FORM), b"a\nb"),
    (&["--data-raw", "@data", "URL"], "POST /echo", Some(FORM), b"@data"),
    (&["--data-binary", "@data", "URL"], "POST /echo", Some(FORM), b"a\r\nb\0c\n"),
    (&["--data-binary", "@-", "URL"], "POST /echo", Some(FORM), b"in\r\nput\0\n"),
    (&["--data-binary", "x", "-d", "y", "--data-raw", "z", "URL"], "POST /echo", Some(FORM), b"x&y&z"),
    (&["-X", "PUT", "-d", "x", "URL"], "PUT /echo", Some(FORM), b"x"),
    (&["PATCH", "-d", "x", "URL"], "PATCH /echo", Some(FORM), b"x"),
    (&["GET", "-d", "x", "URL"], "GET /echo", Some(FORM), b"x"),
    (&["-d", "x", "-H", "Content-Type: text/plain", "URL"], "POST /echo", Some("text/plain"), b"x"),
    (&["-d", "x", "-H", "content-type: a/b", "URL"], "POST /echo", Some("a/b"), b"x"),
    (&["-d", "x", "-H", "Content-Type:", "URL"], "POST /echo", None, b"x"),
    (&["--json-body", "{\"a\": 1}", "URL"], "POST /echo", Some("application/json"), b"{\"a\": 1}"),
    (&["--json-body", "@good.json", "URL"], "POST /echo", Some("application/json"), b"{\"a\": [1, null]}\n"),
    (&["PUT", "--json-body", "[]", "URL"], "PUT /echo", Some("application/json"), b"[]"),
    (&["--json-body", "{}", "-H", "Content-Type: a/b+json", "URL"], "POST /echo", Some("a/b+json"), b"{}"),
    (&["-T", "data", "URL"], "PUT /echo", None, b"a\r\nb\0c\n"),
    (&["POST", "-T", "data", "URL"], "POST /echo", None, b"a\r\nb\0c\n"),
    (&["-T", "data", "-H", "Content-Type: a/b", "URL"], "PUT /echo", Some("a/b"), b"a\r\nb\0c\n"),
    (&["-G", "-d", "a=1", "-d", "b=2", "URL"], "GET /echo?a=1&b=2", None, b""),
    (&["--get", "-d", "a=1", "URL?x=0"], "GET /echo?x=0&a=1", None, b""),
    (&["-G", "-d", "a=1", "URL#f"], "GET /echo?a=1", None, b""),
    (&["-G", "-d", "@data", "URL"], "GET /echo?abc", None, b""),
    (&["-G", "URL"], "GET /echo", None, b""),
    (&["-G", "-I", "-d", "a=1", "URL"], "HEAD /echo?a=1", None, b""),
    (&["--query", "a=1", "URL"], "GET /echo?a=1", None, b""),
    (&["--query", "a=1", "--query", "b=2", "URL?x=0#f"], "GET /echo?x=0&a=1&b=2", None, b""),
    (&["--query", "a=1", "-d", "b=2", "URL"], "POST /echo?a=1", Some(FORM), b"b=2"),
];

/// The options of curl mean what they mean in curl.
#[test]
fn content_is_what_was_typed() {
    let (folder, mut wrong) = (files(), Vec::new());
    for (words, line, content_type, body) in CONTENT {
        let request = sent(&folder, words);
        let head = head(&request);
        let begins = format!("{line} HTTP/1.1\r\n");
        let lengths = values(&head, "Content-Length");
        let length = match (body.len(), line.starts_with("GET") || line.starts_with("HEAD")) {
            (0, true) => vec![],
            (length, _) => vec![length.to_string()],
        };
        let types = values(&head, "Content-Type");
        let type_fits = match content_type {
            // An upload may say what its name tells.
            None if words.contains(&"-T") => true,
            _ => types.iter().map(String::as_str).eq(content_type.iter().copied()),
        };
        if !head.starts_with(&begins) || request.body != *body || lengths != length || !type_fits {
            wrong.push((words, head, String::from_utf8_lossy(&request.body).into_owned()));
        }
    }
    none_wrong(&wrong);
}

/// `--data-urlencode` and `--query`: what is escaped, and that nothing else is. A space may be `+`.
#[test]
fn text_is_escaped_for_forms_and_queries() {
    let (folder, mut wrong) = (files(), Vec::new());
    let rows = [
        ("a b&c", "a%20b%26c", false),
        ("=a=b&c", "a%3Db%26c", false),
        ("n=a b", "n=a%20b", true),
        ("n==%", "n=%3D%25", true),
        ("n=\u{e4}+/?#", "n=%C3%A4%2B%2F%3F%23", true),
        ("n=\r\n", "n=%0D%0A", true),
        ("n=-._~9zZ", "n=-._~9zZ", true),
        ("n=", "n=", true),
        ("@odd", "x%20y%26z%3D%C3%A4%0A", false),
        ("n@odd", "n=x%20y%26z%3D%C3%A4%0A", false),
    ];
    // A space may be `+`.
    let plain = |sent: &str| sent.replace('+', "%20");
    for (text, wanted, query) in rows {
        let body =
            String::from_utf8(sent(&folder, &["--data-urlencode", text, "URL"]).body).unwrap();
        if plain(&body) != wanted {
            wrong.push((text, body));
        }
        let ways = [&["-G", "--data-urlencode", text, "URL"][..], &["--query", text, "URL"]];
        for way in &ways[..if query { 2 } else { 1 }] {
            let head = head(&sent(&folder, way));
            let asked = head.split(' ').nth(1).unwrap();
            if plain(asked) != format!("/echo?{wanted}") {
                wrong.push((text, asked.to_owned()));
            }
        }
    }
    none_wrong(&wrong);
    let both = ["-d", "a=1", "--data-urlencode", "b=c&d", "--data-raw", "e=f", "URL"];
    assert_eq!(sent(&folder, &both).body, b"a=1&b=c%26d&e=f");
}

/// `--json-body` says what it is and what it hopes for; what is no JSON is not sent.
#[test]
fn json_is_json() {
    let folder = files();
    let head_of = |words: &[&str]| head(&sent(&folder, words));
    let plain = head_of(&["--json-body", "{}", "URL"]);
    assert_eq!(value(&plain, "Accept"), "application/json");
    let other = head_of(&["--json-body", "{}", "-H", "Accept: a/b", "URL"]);
    assert_eq!(value(&other, "Accept"), "a/b");
    assert!(!has(&head_of(&["--json-body", "{}", "-H", "Accept:", "URL"]), "Accept"));
    let server = server();
    let address = server.url("/echo");
    for bad in ["", "{", "{\"a\": }", "nul", "{} {}", "{'a': 1}", "@bad.json", "@odd"] {
        folder
            .wireline(&["http", "--json-body", bad, &address])
            .failed_in_one_line(2, "--json-body");
    }
    folder.wireline(&["http", "--json-body", "@missing", &address]).failed(7, "missing");
    assert_eq!(server.connections(), 0);
}

/// Bad combinations and missing files are seen before anything is sent.
#[test]
fn what_cannot_be_sent_is_not_begun() {
    let (server, folder) = (server(), files());
    let address = server.url("/echo");
    let rows: &[(&[&str], i32)] = &[
        (&["-d", "@missing"], 7),
        (&["--data-binary", "@missing"], 7),
        (&["--data-urlencode", "n@missing"], 7),
        (&["-F", "a=@missing"], 7),
        (&["-F", "a=<missing"], 7),
        (&["-T", "missing"], 7),
        (&["-T", "."], 7),
        (&["-F", "a"], 2),
        (&["-F", "a=b", "-d", "c=d"], 2),
        (&["-T", "data", "-d", "c=d"], 2),
        (&["-T", "data", "-F", "a=b"], 2),
        (&["--json-body", "{}", "-d", "c=d"], 2),
        (&["-G", "-F", "a=b"], 2),
    ];
    let mut wrong = Vec::new();
    for (words, code) in rows {
        let ran = folder.wireline(&[&["http", &address][..], words].concat());
        if ran.code != Some(*code) || !ran.stderr.starts_with("wireline: ") {
            wrong.push((words, ran));
        }
    }
    none_wrong(&wrong);
    assert_eq!(server.connections(), 0);
}

/// A part of multipart/form-data: its fields, and its content.
#[derive(Debug, PartialEq)]
struct Part {
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
    content: Vec<u8>,
}

/// RFC 7578 and RFC 2046 section 5.1.1, read strictly.
fn parts(request: &Request) -> Vec<Part> {
    let head = head(request);
    let content_type = value(&head, "Content-Type");
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").expect("a form");
    let boundary = boundary.trim_matches('"');
    assert!((1..=70).contains(&boundary.len()), "{boundary}");
    let open = format!("--{boundary}\r\n").into_bytes();
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    let mut rest = request.body.strip_prefix(&open[..]).expect("begins with its boundary");
    let mut found = Vec::new();
    loop {
        let end = position(rest, &delimiter).expect("every part is closed");
        found.push(part(&rest[..end]));
        rest = &rest[end + delimiter.len()..];
        match rest.strip_prefix(b"\r\n") {
            Some(next) => rest = next,
            None => break assert!(matches!(rest, b"--\r\n" | b"--"), "{:?}", rest.escape_ascii()),
        }
    }
    found
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn part(bytes: &[u8]) -> Part {
    let end = position(bytes, b"\r\n\r\n").expect("an empty line");
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head in UTF-8");
    let content = bytes[end + 4..].to_vec();
    let field = |wanted: &str| {
        let fields = head.split("\r\n").filter_map(|line| line.split_once(": "));
        let mut found = fields.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.next().map(|(_, value)| value.to_owned())
    };
    let disposition = field("Content-Disposition").expect("a disposition");
    let parameter = |name: &str| {
        let from = disposition.split_once(&format!("; {name}=\""))?.1;
        Some(from.split_once('"').expect("a closing quote").0.to_owned())
    };
    assert!(disposition.starts_with("form-data; name=\""), "{disposition}");
    Part {
        name: parameter("name").expect("a name"),
        filename: parameter("filename"),
        content_type: field("Content-Type"),
        content,
    }
}

/// `-F` and `--form-string`: each part as it was described.
#[test]
fn a_form_has_its_parts() {
    let folder = files();
    folder.write("page.html", "<p>");
    let words = [
        "-F",
        "a=text",
        "-F",
        "b=@data",
        "-F",
        "c=<odd",
        "-F",
        "d=@odd;type=a/b;filename=x.y",
        "--form-string",
        "e=@x;type=no",
        "-F",
        "f=",
        "-F",
        "g=@page.html",
        "-F",
        "h=words;type=text/x",
        "URL",
    ];
    let request = sent(&folder, &words);
    assert!(request.head.starts_with(b"POST /echo "));
    let length = value(&head(&request), "Content-Length");
    assert_eq!(length, request.body_len.to_string());
    let found = parts(&request);
    let seen: Vec<_> = found
        .iter()
        .map(|part| (part.name.as_str(), part.filename.as_deref(), part.content.as_slice()))
        .collect();
    let odd = "x y&z=\u{e4}\n".as_bytes();
    let wanted: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("a", None, b"text"),
        ("b", Some("data"), b"a\r\nb\0c\n"),
        ("c", None, odd),
        ("d", Some("x.y"), odd),
        ("e", None, b"@x;type=no"),
        ("f", None, b""),
        ("g", Some("page.html"), b"<p>"),
        ("h", None, b"words"),
    ];
    assert_eq!(seen, wanted);
    assert_eq!(found[3].content_type.as_deref(), Some("a/b"));
    assert_eq!(found[7].content_type.as_deref(), Some("text/x"));
    assert_eq!(found[0].content_type, None);
    assert!(found[1].content_type.is_some(), "a file says what it is");
    assert_eq!(
        head(&sent(&folder, &["-X", "PUT", "-F", "a=b", "URL"])).split(' ').next(),
        Some("PUT")
    );
}

/// hostile.md row 10: a name of a field or of a file cannot begin a line or another parameter.
#[test]
fn a_name_in_a_form_stays_a_name() {
    let folder = files();
    let (server, mut wrong) = (server(), Vec::new());
    let address = server.url("/echo");
    for form in [
        "a\"; filename=\"evil=b",
        "a\r\nContent-Type: evil=b",
        "a=@data;filename=x\r\nX-Evil: y",
        "a=@data;filename=x\"; y=\"evil",
        "a=@data;filename=\"x\ny\"",
        "a=@data;type=a/b\r\nX-Evil: y",
        "a=text;type=a/b\r\n\r\nevil",
    ] {
        let before = server.requests().len();
        let ran = folder.wireline(&["http", "-q", "-F", form, &address]);
        match ran.code {
            Some(2) => assert_eq!(server.requests().len(), before, "{form:?}"),
            Some(0) => {
                let request = server.requests().pop().unwrap();
                let body = String::from_utf8_lossy(&request.body).into_owned();
                let injected = body.lines().any(|line| {
                    line.starts_with("X-Evil")
                        || line.starts_with("Content-Type: evil")
                        || line == "evil"
                });
                let found = parts(&request);
                let renamed = found.iter().any(|part| part.filename.as_deref() == Some("evil"));
                if injected || renamed || found.len() != 1 {
                    wrong.push((form, body));
                }
            }
            _ => wrong.push((form, ran.stderr)),
        }
    }
    none_wrong(&wrong);
}

/// A large file in a form is streamed, with its length known before.
#[test]
fn a_large_file_in_a_form_has_its_length() {
    let (server, folder) = (server(), Folder::new());
    folder.write("big", filler_vec("v1", 3 * MIB));
    let ran = folder.wireline(&["http", "-q", "-F", "a=@big", "-F", "b=c", &server.url("/sink")]);
    let line = json(ran.done());
    let request = server.requests().remove(0);
    assert_eq!(value(&head(&request), "Content-Length"), request.body_len.to_string());
    assert_eq!(line["bytes"], request.body_len);
    let room = request.body_len - 3 * 1_048_576;
    assert!((100..1000).contains(&room), "{room} bytes around it");
}
