//! `wireline check` and `wireline fmt`: transcripts judged and written anew, without a network.
//! Must not hold: the format itself (`fixtures/transcript`).

use crate::args::{Check, Format};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use wireline_store::{Options, Target};
use wireline_transcript::{Section, Transcript, check, format, from_rfc};

const TRANSCRIPT_BYTES: u64 = 64 << 20;

/// `wireline check FILE...`: parses each file and plays its two sides against each other, whole
/// and one byte at a time.
pub(crate) fn run_check(args: &Check) -> Result<(), Failure> {
    let output = Output { quiet: args.quiet };
    let coloured = wants_colour();
    let mut failed = 0;
    let mut worst = None;
    if let [path] = args.files.as_slice() {
        load(path).and_then(|transcript| judge(output, &transcript, coloured))?;
        output.note("1 passed, 0 failed");
        return Ok(());
    }
    for path in &args.files {
        let judged = load(path).and_then(|transcript| judge(output, &transcript, coloured));
        if let Err(failure) = judged {
            output.fail(&failure);
            failed += 1;
            worst = worst.max(Some(failure.exit.code()));
        }
    }
    let passed = args.files.len() - failed;
    output.note(&format!("{passed} passed, {failed} failed"));
    match worst {
        None => Ok(()),
        Some(code) => {
            let exit = if code == Exit::Usage.code() { Exit::Usage } else { Exit::Refused };
            Err(Failure::new(exit, format!("{failed} of {} transcripts failed", args.files.len())))
        }
    }
}

fn judge(output: Output, transcript: &Transcript, coloured: bool) -> Result<(), Failure> {
    let report = check(transcript);
    if report.passed() {
        return Ok(());
    }
    let shown = report.render(coloured);
    output.line(shown.trim_end()).map_err(|error| Failure::local(&error))?;
    Err(Failure::new(Exit::Refused, format!("{} does not play against itself", transcript.name())))
}

/// `wireline fmt FILE...`: the canonical form, to standard output or in place.
pub(crate) fn run_format(args: &Format) -> Result<(), Failure> {
    let mut differing = Vec::new();
    for path in &args.files {
        let transcript = if args.rfc { None } else { Some(load(path)?) };
        let before = read(path)?;
        let after = match transcript {
            Some(transcript) => format(&transcript),
            None => from_rfc(&String::from_utf8_lossy(&before)).into_bytes(),
        };
        match (args.write, args.check) {
            (true, _) if after != before => write_file(path, &after)?,
            (true, _) => {}
            (_, true) if after != before => differing.push(path.display().to_string()),
            (_, true) => {}
            _ => print(&after)?,
        }
    }
    match differing.is_empty() {
        true => Ok(()),
        false => {
            let why = format!("not in canonical form: {}", differing.join(", "));
            Err(Failure::new(Exit::Refused, why).hint("wireline fmt --write does it"))
        }
    }
}

/// A section that does not exist cannot pass.
pub(crate) fn check_only(files: &[Transcript], only: Option<&str>) -> Result<(), Failure> {
    let Some(only) = only else { return Ok(()) };
    let titles: Vec<_> = files.iter().flat_map(Transcript::sections).map(Section::title).collect();
    if titles.contains(&only) {
        return Ok(());
    }
    let only = wireline_wire::escape(only.as_bytes());
    let known: Vec<_> = titles.iter().take(5).map(|title| format!("\"{title}\"")).collect();
    let failure = Failure::usage(format!("--only: no section is titled \"{only}\""));
    Err(failure.hint(format!("there is {}", known.join(", "))))
}

/// Reads and parses a file.
pub(crate) fn load(path: &Path) -> Result<Transcript, Failure> {
    Transcript::from_file(path).map_err(|error| {
        let place = format!("{}:{}", error.file, error.line);
        let failure = Failure::usage(error.message).doing(place);
        match error.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "read through take(limit)")]
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(TRANSCRIPT_BYTES).read_to_end(&mut text));
    read.map_err(|error| Failure::local(&error).doing(format!("reading {}", path.display())))?;
    Ok(text)
}

/// Writes a file that is whole when it appears.
pub(crate) fn write_file(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let options = Options { overwrite: true, ..Options::default() };
    let mut part = Target::file(path, options)?.open()?;
    part.begin(0, None)?;
    let written = part.file().write_all(text);
    written.map_err(|error| Failure::local(&error).doing(format!("writing {}", path.display())))?;
    part.commit()?;
    Ok(())
}

fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::ReaderLeft, ""))
        }
        written => {
            written.map_err(|error| Failure::local(&error).doing("writing to standard output"))
        }
    }
}

/// Colour is for terminals, and for those who want it.
pub(crate) fn wants_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
