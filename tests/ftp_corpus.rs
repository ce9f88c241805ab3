//! The dialogues of the RFCs (`fixtures/corpus/ftp`), played with the command line wherever it can
//! say their client's part. What the RFCs leave out and every client of today says (FEAT, TYPE I,
//! EPSV) is answered by a go-between, so that the files stay as the RFCs have them.

use crate::ftp_support::words_in;
use crate::support::{Folder, run};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use wireline_transcript::{Fixture, Transcript};

/// What is said to what the section does not know: by its verb, the reply.
const COMMON: [(&str, &str); 9] = [
    ("USER", "230 in"),
    ("OPTS", "501 no"),
    ("TYPE", "200 fine"),
    ("EPSV", "500 what"),
    ("EPRT", "500 what"),
    ("SIZE", "500 what"),
    ("MDTM", "500 what"),
    ("MLST", "500 what"),
    ("NOOP", "200 fine"),
];

struct Row {
    file: &'static str,
    title: &'static str,
    /// `URL` is the go-between's.
    words: &'static [&'static str],
    /// What FEAT says, if the section does not.
    features: &'static str,
    code: i32,
    /// Among what is printed then.
    printed: &'static str,
}

const fn row(file: &'static str, title: &'static str, words: &'static [&'static str]) -> Row {
    Row { file, title, words, features: "502 no", code: 0, printed: "" }
}

const MLST: &str = "211-ok\r\n MLST type*;size*;modify*;perm*;\r\n211 end";

const ROWS: [Row; 10] = [
    row("2389-3.2-feat", "FEAT", &["ftp", "quote", "URL/", "NOOP"]),
    row("2389-3.2-feat", "a server without", &["ftp", "quote", "URL/", "NOOP"]),
    Row { printed: "Read me.\n", ..row("2428-3-epsv", "EPSV", &["get", "URL/README"]) },
    Row {
        code: 1,
        printed: "522 ",
        ..row("2428-3-epsv", "EPSV 2 without IPv6", &["ftp", "quote", "URL/", "EPSV", "2"])
    },
    row(
        "3659-5.5-rest",
        "the rest of a file",
        &["get", "URL/cap60.pl198.tar", "--active", "-C", "802816", "-o", "cap60"],
    ),
    Row {
        features: MLST,
        printed: "melbcs.tif\n",
        ..row("3659-7.7.3-mlsd", "MLSD of a directory", &["ftp", "ls", "URL/tmp/"])
    },
    row(
        "4217-12.4-clear-data",
        "a standard data transfer",
        &["put", "file", "URL/file", "--direct", "--active"],
    ),
    row(
        "4217-12.4-clear-data",
        "a firewall-friendly data transfer",
        &["put", "file", "URL/file", "--direct"],
    ),
    Row {
        printed: "214 Help message.\n",
        ..row("959-4.2-replies", "lines that look like replies", &["ftp", "quote", "URL/", "HELP"])
    },
    Row {
        features: MLST,
        ..row("959-4.2-replies", "lines that look like replies", &["ftp", "quote", "URL/", "HELP"])
    },
];

#[test]
fn the_examples_of_the_rfcs() {
    for row in &ROWS {
        let label = format!("{}: {}", row.file, row.title);
        let folder = Folder::new();
        folder.write("file", "one\r\ntwo\r\n");
        folder.write("cap60", vec![7; 802_816]);
        let (fixture, expected) = section(row);
        let (addr, between) = go_between(fixture.addr(), expected, row.features);
        let said: Vec<_> =
            row.words.iter().map(|word| word.replace("URL", &format!("ftp://{addr}"))).collect();
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let ran = run(&mut words_in(folder.path(), &said));
        between.join().unwrap();
        if let Err(failed) = fixture.finish() {
            panic!("{label}: {failed}\n{ran:?}");
        }
        assert_eq!(ran.code, Some(row.code), "{label}: {ran:?}");
        assert!(ran.text().contains(row.printed), "{label}: {ran:?}");
        if row.file.contains("rest") {
            assert_eq!(folder.size("cap60"), Some(1_024_990), "{label}");
        }
    }
}

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../fixtures/corpus/ftp/{name}.wire"))
}

/// The section as a server, and the client's verbs in it.
fn section(row: &Row) -> (Fixture, Vec<String>) {
    let text = std::fs::read_to_string(corpus(row.file)).unwrap();
    let (head, rest) = text.split_once("\n== ").unwrap();
    let wanted = |part: &&str| part.lines().next() == Some(row.title);
    let part = rest.split("\n== ").find(wanted).expect("the section");
    let verb = |line: &str| line.strip_prefix("C: ")?.split(' ').next().map(str::to_uppercase);
    let expected = part.lines().filter_map(verb).collect();
    let text = format!("{head}\n== {part}\n");
    let read = Transcript::parse(text.as_bytes(), row.file, &mut |_| Err("no files".into()));
    (Fixture::new(read.unwrap()).start().unwrap(), expected)
}

/// One connection: what comes next in the section goes to its server, the rest is answered here.
fn go_between(
    to: SocketAddr,
    expected: Vec<String>,
    features: &'static str,
) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let serve = move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(to).unwrap();
        let (mut says, mut asks) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let (client, mut server) = (BufReader::new(client), BufReader::new(server));
        let mut expected = expected.into_iter().peekable();
        pass_reply(&mut server, &mut says);
        for line in client.lines().map_while(Result::ok) {
            let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
            if expected.next_if_eq(&verb).is_some() {
                asks.write_all(format!("{line}\r\n").as_bytes()).unwrap();
                pass_reply(&mut server, &mut says);
                continue;
            }
            let reply = match verb.as_str() {
                "FEAT" => features,
                "QUIT" => "221 bye",
                _ => {
                    COMMON.iter().find(|(it, _)| *it == verb).map_or("500 what", |(_, reply)| reply)
                }
            };
            if says.write_all(format!("{reply}\r\n").as_bytes()).is_err() || verb == "QUIT" {
                break;
            }
        }
    };
    (addr, std::thread::spawn(serve))
}

/// A reply with those that are preliminary to it.
fn pass_reply(server: &mut impl BufRead, client: &mut impl Write) {
    let mut line = Vec::new();
    while server.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if client.write_all(&line).is_err() {
            return;
        }
        if line.len() > 3
            && (b'2'..=b'5').contains(&line[0])
            && line[..3].iter().all(u8::is_ascii_digit)
            && line[3] == b' '
        {
            return;
        }
        line.clear();
    }
}

/// RFC 4217 sections 12.1 and 12.6: the session by TLS with what today's clients say put in.
#[test]
fn a_protected_upload() {
    let text = std::fs::read_to_string(corpus("4217-12.6-protected-data")).unwrap();
    let (head, rest) = text.split_once("\n== ").unwrap();
    for (part, more) in rest.split("\n== ").zip([&["--active"][..], &[]]) {
        let part = part.replace(
            "C: PROT P\nS: 200 Protection set to Private\n",
            "C: PROT P\nS: 200 Protection set to Private\nC: FEAT\nS: 502 no\nC: TYPE I\nS: 200 fine\n\
             C: {{*:/EPSV|EPRT.*/=EPSV}}\nS: 500 what\n",
        );
        let text = format!("{head}\n== {part}\nC: SIZE file\nS: 213 10\nC: QUIT\nS: 221 bye\n");
        let read = Transcript::parse(text.as_bytes(), "x.wire", &mut |_| Err("no files".into()));
        let fixture = Fixture::new(read.unwrap()).start().unwrap();
        let folder = Folder::new();
        folder.write("file", "one\r\ntwo\r\n");
        folder.write("ca.pem", fixture.ca_pem());
        let url = format!("ftp://{}/file", fixture.addr());
        let said =
            [&["put", "file", &url, "--direct", "--tls", "--cacert", "ca.pem"], more].concat();
        let ran = run(&mut words_in(folder.path(), &said));
        if let Err(failed) = fixture.finish() {
            panic!("{failed}\n{ran:?}");
        }
        ran.done();
    }
}
