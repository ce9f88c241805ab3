//! `wireline demo`: the suite against its own servers, offline, for a newcomer to watch.
//! Must not hold: a client of its own. What it shows is what the commands do.

use crate::args::{Arguments, Command, Demo};
use crate::exit::{Exit, Failure};
use crate::get;
use crate::output::Output;
use clap::Parser;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use wireline_servers::http;

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
    let words = ["wireline", "get", "http://www.sina.com.cn/", "--connect-to", &to_ours, "-o"];
    let words = words.into_iter().map(PathBuf::from).chain([file.clone()]);
    match Arguments::try_parse_from(words) {
        Ok(Arguments { command: Command::Get(args) }) => get::get(&args)?,
        _ => return Err(Failure::usage("the demo's own command line")),
    }
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
