//! `wireline demo`: the suite against its own servers, offline, for a newcomer to watch.
//! Must not hold: a client of its own. What it shows is what the commands do.

mod ftp;
mod telnet;

use crate::args::{Arguments, Demo};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use clap::Parser;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use wireline_servers::{Maildrop, http, pop3, smtp};

/// Runs every part; the first that does not do its job fails the demo.
pub(crate) fn run(args: &Demo) -> Result<(), Failure> {
    let screen = Screen(Output { quiet: false });
    let dir = match &args.dir {
        Some(dir) => dir.clone(),
        None => std::env::temp_dir().join(format!("wireline-demo-{}", std::process::id())),
    };
    std::fs::create_dir_all(&dir)
        .map_err(|error| Failure::local(&error).doing(format!("creating {}", dir.display())))?;
    fetch_a_page(&screen, &dir).map_err(|failure| failure.doing("the HTTP part of the demo"))?;
    send_and_collect(&screen, &dir)
        .map_err(|failure| failure.doing("the mail part of the demo"))?;
    ftp::there_and_back(&screen, &dir)
        .map_err(|failure| failure.doing("the FTP part of the demo"))?;
    telnet::ask_a_device(&screen, &dir)
        .map_err(|failure| failure.doing("the Telnet part of the demo"))?;
    screen.say(&format!("All of it worked. The files are in {}", dir.display()))
}

/// The oldest example there is: 60 bytes out, the head on the screen, the body in a file.
fn fetch_a_page(screen: &Screen, dir: &Path) -> Result<(), Failure> {
    let server = http::Server::start(http::Options::default())
        .map_err(|error| Failure::local(&error).doing("starting the HTTP server"))?;
    let file = dir.join("sina.html");
    screen.say(
        "HTTP: fetch a page. The server is our own, with the head of www.sina.com.cn of 2017.\n",
    )?;
    screen.say(&format!("$ wireline get http://www.sina.com.cn/ -o {}\n", file.display()))?;
    let to_ours = format!("www.sina.com.cn:80:127.0.0.1:{}", server.addr().port());
    let words = ["get", "http://www.sina.com.cn/", "--connect-to", &to_ours, "-o"];
    carry_out(words.into_iter().map(OsString::from).chain([file.clone().into()]))?;
    let requests = server.requests();
    let Some(request) = requests.first() else { return Err(differs("the server saw no request")) };
    screen.say(&format!("The request, {} bytes:", request.head.len()))?;
    screen.say(&String::from_utf8_lossy(&request.head).replace("\r\n", "\\r\\n\n"))?;
    let stored = read(&file)?;
    if stored != http::sina_page() {
        return Err(differs("the file is not what was served"));
    }
    screen.say(&format!("The file {}: {} bytes, as served.\n", file.display(), stored.len()))
}

/// One mailbox, two servers over it: a message goes in by SMTP and comes out by POP3.
fn send_and_collect(screen: &Screen, dir: &Path) -> Result<(), Failure> {
    let starting = |error| Failure::local(&error).doing("starting the mail servers");
    let maildrop = Maildrop::memory();
    let options = smtp::Options { maildrop: maildrop.clone(), ..smtp::Options::default() };
    let sending = smtp::Server::start(options).map_err(starting)?;
    let options = pop3::Options { maildrop: maildrop.clone(), ..pop3::Options::default() };
    let collecting = pop3::Server::start(options).map_err(starting)?;

    screen.say("Mail: send a message, and collect it again.\n")?;
    let url = format!("smtp://{}", sending.addr());
    let words = [
        "send",
        "--from",
        "me@example.org",
        "--to",
        "alice@example.org",
        "--subject",
        "hello",
        "-d",
    ];
    let shown = words.map(quoted).join(" ");
    screen.say(&format!("$ wireline {shown} 'how are you' {url}\n"))?;
    carry_out(words.into_iter().chain(["how are you", &url]).map(OsString::from))?;

    let (folder, pass) = (dir.join("Mail"), dir.join("password"));
    std::fs::write(&pass, "wonderland\n").map_err(|error| Failure::local(&error))?;
    let url = format!("pop3://alice@{}", collecting.addr());
    let target = format!("maildir:{}", folder.display());
    let words = ["mail", &url, "--into", &target, "--delete", "--password-file"];
    screen.say(&format!("\n$ wireline {} {}\n", words.join(" "), pass.display()))?;
    carry_out(words.into_iter().map(OsString::from).chain([pass.into()]))?;
    if !maildrop.messages().is_empty() {
        return Err(differs("the message is still on the server"));
    }
    let file = std::fs::read_dir(folder.join("new"))
        .ok()
        .and_then(|mut files| files.find_map(Result::ok))
        .ok_or_else(|| differs("no message was stored"))?;
    let stored = String::from_utf8_lossy(&read(&file.path())?).into_owned();
    if !stored.contains("Subject: hello") || !stored.ends_with("how are you\n") {
        return Err(differs("the message is not what was sent"));
    }
    screen.say(&format!("\nThe message, in {}:\n\n{stored}", file.path().display()))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    match word.contains([' ', '\'', '$', '\\']) {
        true => format!("'{word}'"),
        false => word.to_owned(),
    }
}

/// Runs a command line of wireline.
fn carry_out(words: impl Iterator<Item = OsString>) -> Result<(), Failure> {
    match Arguments::try_parse_from([OsString::from("wireline")].into_iter().chain(words)) {
        Ok(arguments) => crate::run(&arguments.command),
        Err(_) => Err(Failure::usage("the demo's own command line")),
    }
}

fn differs(why: &str) -> Failure {
    Failure::new(Exit::Broken, why)
}

#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    const PAGE_BYTES: u64 = 16 << 20;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(PAGE_BYTES).read_to_end(&mut bytes));
    read.map_err(|error| Failure::local(&error).doing(format!("reading {}", path.display())))?;
    Ok(bytes)
}

/// Where the demo is shown.
struct Screen(Output);

impl Screen {
    fn say(&self, text: &str) -> Result<(), Failure> {
        self.0.line(text).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::new(Exit::ReaderLeft, ""),
            _ => Failure::local(&error),
        })
    }
}
