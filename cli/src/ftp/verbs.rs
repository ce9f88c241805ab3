//! The verbs that move no files: `wireline ftp mv | rm | mkdir | rmdir | chmod | stat | quote`.
//! Must not hold: listings (`ls.rs`), transfers (`files.rs`, `uploads.rs`).

use super::is_ftp;
use super::list::line::shown;
use super::location::Location;
use super::several::{self, Named, Tally};
use super::transfer::{Trouble, make_folders};
use super::tries::Tries;
use crate::args::{Chmod, FtpQuote, MakeFolder, Reaching, Remove, Rename, Stat};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use serde_json::json;
use wireline_ftp::{Error, Line, Pathname, Reply, Session};
use wireline_wire::escape;

/// `wireline ftp rm URL...`
pub(crate) fn rm(args: &Remove) -> Result<(), Failure> {
    let (site, named) = several::find(&args.urls, &args.reaching)?;
    for named in &named {
        named.file().map_err(|failure| match named.location.is_folder {
            true => failure.hint("wireline ftp rmdir removes empty folders"),
            false => failure,
        })?;
    }
    each((site, named), &args.reaching, "removing", |session, path| session.dele(path).map(drop))
}

/// `wireline ftp rmdir URL...`
pub(crate) fn rmdir(args: &Remove) -> Result<(), Failure> {
    let found = several::find(&args.urls, &args.reaching)?;
    each(found, &args.reaching, "removing", |session, path| session.rmd(path).map(drop))
}

/// `wireline ftp mkdir URL...`
pub(crate) fn mkdir(args: &MakeFolder) -> Result<(), Failure> {
    let found = several::find(&args.urls, &args.reaching)?;
    each(found, &args.reaching, "making", |session, path| match args.parents {
        true => make_folders(session, path),
        false => session.mkd(path).map(drop),
    })
}

/// `wireline ftp chmod MODE URL...`
pub(crate) fn chmod(args: &Chmod) -> Result<(), Failure> {
    let mode = mode(&args.mode)?;
    let found = several::find(&args.urls, &args.reaching)?;
    each(found, &args.reaching, "setting the mode of", |session, path| {
        session.site_chmod(mode, path).map(drop)
    })
}

/// Three or four octal digits.
fn mode(text: &str) -> Result<u32, Failure> {
    let mode = u32::from_str_radix(text, 8).ok();
    let is_octal = matches!(text.len(), 3 | 4) && text.bytes().all(|byte| byte.is_ascii_digit());
    mode.filter(|_| is_octal).ok_or_else(|| {
        let text = escape(text.as_bytes());
        Failure::usage(format!("a mode is three or four octal digits, not \"{text}\"")).hint("644")
    })
}

/// `wireline ftp mv URL NAME`
pub(crate) fn mv(args: &Rename) -> Result<(), Failure> {
    if is_ftp(&args.to) {
        let failure = Failure::usage("the new name is no URL");
        return Err(failure.hint("NAME, in the same folder, or /PATH"));
    }
    let (site, named) = several::find(std::slice::from_ref(&args.url), &args.reaching)?;
    let to = named.first().map(|named| new_name(&named.location, args.to.as_bytes()));
    let Some(to) = to.transpose()? else { return Ok(()) };
    each((site, named), &args.reaching, "renaming", |session, path| {
        session.rename(path, &to).map(drop)
    })
}

/// In the folder of the old one, unless it begins at the root; behind a `/` the name stays.
fn new_name(old: &Location, typed: &[u8]) -> Result<Pathname, Failure> {
    let name = if typed.ends_with(b"/") { old.name() } else { b"" };
    let name = [typed, name].concat();
    Ok(match old.folder().filter(|_| !typed.starts_with(b"/")) {
        Some(folder) if !name.is_empty() => folder.join(&name)?,
        _ => Pathname::try_from(name)?,
    })
}

/// Does the same to each.
fn each(
    (site, named): (super::Site, Vec<Named>),
    reaching: &Reaching,
    doing: &str,
    act: impl Fn(&mut Session, &Pathname) -> Result<(), Error>,
) -> Result<(), Failure> {
    if reaching.shared.messages.json {
        return Err(Failure::usage("--json: there is nothing to print"));
    }
    let paths = named.iter().map(Named::path).collect::<Result<Vec<_>, _>>()?;
    let mut tries = Tries::new(&site, 0);
    let acted = tries.session().map(drop).map_err(|trouble| trouble.failure).and_then(|()| {
        let mut tally = Tally::of(&site, named.len());
        for (path, named) in paths.into_iter().zip(&named) {
            let done = tries.make(|session, _| act(session, path).map_err(Trouble::from));
            tally.count(done.map_err(|failure| failure.doing(format!("{doing} {}", named.url))));
        }
        tries.quit();
        tally.verdict(doing)
    });
    site.finish(acted, doing)
}

/// `wireline ftp stat URL`
pub(crate) fn stat(args: &Stat) -> Result<(), Failure> {
    let (site, location) = several::site(&args.url, &args.reaching)?;
    let mut tries = Tries::new(&site, 0);
    let replied = tries.make(|session, _| Ok(session.stat(location.path.as_ref())?));
    tries.quit();
    let reply = site.finish(replied, "asking about")?;
    print(&reply, &args.reaching)
}

/// `wireline ftp quote URL COMMAND...`
pub(crate) fn quote(args: &FtpQuote) -> Result<(), Failure> {
    let line = Line::try_from(args.words.join(" ").as_str())?;
    let (site, location) = several::site(&args.url, &args.reaching)?;
    if location.path.is_some() {
        let failure = Failure::usage("the URL of a server has no path here");
        return Err(failure.doing(format!("reading the URL {}", site.shown())));
    }
    let mut tries = Tries::new(&site, 0);
    let replied = tries.make(|session, _| Ok(session.command(&line)?));
    let verb = verb(&args.words);
    if verb != "QUIT" {
        tries.quit();
    }
    let reply = site.finish(replied, "asking")?;
    print(&reply, &args.reaching)?;
    if !reply.is_transient() && !reply.is_permanent() {
        return Ok(());
    }
    let failure = Failure::new(Exit::Refused, format!("the server refused: {reply}"));
    Err(match needs_data(&verb) {
        Some(instead) => {
            failure.hint(format!("{verb} needs a data connection: wireline ftp {instead}"))
        }
        None => failure,
    })
}

fn verb(words: &[String]) -> String {
    let first = words.iter().flat_map(|words| words.split_ascii_whitespace()).next();
    first.unwrap_or_default().to_ascii_uppercase()
}

/// What does the same as a command that is nothing without a data connection.
fn needs_data(verb: &str) -> Option<&'static str> {
    match verb {
        "LIST" | "NLST" | "MLSD" => Some("ls"),
        "RETR" => Some("get"),
        "STOR" | "STOU" | "APPE" => Some("put"),
        _ => None,
    }
}

fn print(reply: &Reply, reaching: &Reaching) -> Result<(), Failure> {
    let text = match reaching.shared.messages.json {
        true => {
            let lines: Vec<_> = reply.lines().map(shown).collect();
            json!({ "code": reply.code().number(), "text": lines.join("\n") }).to_string()
        }
        false => lines(reply).join("\n"),
    };
    Output { quiet: false }.line(&text).map_err(|error| Failure::stdout(&error))
}

/// As it came, escaped: `214-SITE knows`, ` CHMOD`, `214 that is all`.
fn lines(reply: &Reply) -> Vec<String> {
    let (code, count) = (reply.code(), reply.lines().count());
    let line = |(nth, line): (usize, &[u8])| match (nth + 1 == count, nth) {
        (true, _) => format!("{code} {}", shown(line)),
        (false, 0) => format!("{code}-{}", shown(line)),
        (false, _) => shown(line),
    };
    reply.lines().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wireline_ftp::ReplyReader;

    #[test]
    fn modes() {
        for (text, wanted) in [("644", Some(0o644)), ("0755", Some(0o755)), ("4755", Some(0o4755))]
        {
            assert_eq!(mode(text).ok(), wanted, "{text}");
        }
        for bad in ["", "7", "64", "648", "u+x", "+44", "00644", "-644", "6 4"] {
            assert_eq!(mode(bad).unwrap_err().exit.code(), 2, "{bad}");
        }
    }

    #[test]
    fn new_names() {
        let rows = [
            ("/a", "b", Some("b")),
            ("/pub/a", "b", Some("pub/b")),
            ("/pub/a", "sub/b", Some("pub/sub/b")),
            ("/pub/a", "/b", Some("/b")),
            ("/%2Fpub/a", "b", Some("/pub/b")),
            ("/%2Fa", "b", Some("/b")),
            ("/pub/a", "old/", Some("pub/old/a")),
            ("/pub/a", "/old/", Some("/old/a")),
            ("/pub/a", "", None),
            ("/a", "", None),
            ("/a", "b\r\nDELE c", None),
        ];
        for (old, typed, wanted) in rows {
            let name = new_name(&Location::parse(old).unwrap(), typed.as_bytes()).ok();
            let wanted = wanted.map(|text| Pathname::try_from(text).unwrap());
            assert_eq!(name, wanted, "{old} {typed}");
        }
    }

    /// hostile.md row 170: what a reply holds is shown, not obeyed.
    #[test]
    fn replies() {
        let rows: [(&[&str], &[&str]); 2] = [
            (&["200 \u{1b}[2J done"], &["200 \\x1b[2J done"]),
            (
                &["214-SITE knows", " CHMOD", "214-", "214 that is all"],
                &["214-SITE knows", " CHMOD", "", "214 that is all"],
            ),
        ];
        for (heard, wanted) in rows {
            let mut reader = ReplyReader::default();
            let reply = heard.iter().find_map(|line| reader.feed(line.as_bytes(), 9).unwrap());
            assert_eq!(lines(&reply.unwrap()), wanted);
        }
    }

    #[test]
    fn what_needs_a_data_connection() {
        let words = |text: &str| vec![text.to_owned(), "x".to_owned()];
        assert_eq!(needs_data(&verb(&words("retr"))), Some("get"));
        assert_eq!(needs_data(&verb(&words("List -la"))), Some("ls"));
        assert_eq!(needs_data(&verb(&words("SITE"))), None);
    }
}
