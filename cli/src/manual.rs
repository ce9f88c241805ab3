//! Completions for shells and pages for `man`, made of the definitions that the command line is read by.
//! Must not hold: any option or its text.

use crate::args::{Arguments, Completions, Pages};
use crate::exit::Failure;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// `wireline completions SHELL`
pub(crate) fn complete(args: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "wireline", &mut script);
    print(&script)
}

/// `wireline man [DIR]`
pub(crate) fn write(args: &Pages) -> Result<(), Failure> {
    let mut command = in_full(Arguments::command()).disable_help_subcommand(true);
    command.build();
    match &args.dir {
        None => print(&page(command).map_err(|error| Failure::local(&error))?),
        Some(dir) => {
            fs::create_dir_all(dir).and_then(|()| write_all(command, dir)).map_err(|error| {
                Failure::local(&error).doing(format!("writing pages into {}", dir.display()))
            })
        }
    }
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    io::stdout().write_all(bytes).map_err(|error| Failure::stdout(&error))
}

/// A page says all; what `-h` leaves out would be without a text.
fn in_full(command: Command) -> Command {
    command.mut_args(|arg| arg.hide_short_help(false)).mut_subcommands(in_full)
}

fn write_all(command: Command, dir: &Path) -> io::Result<()> {
    for below in command.get_subcommands() {
        write_all(below.clone(), dir)?;
    }
    let name = Man::new(command.clone()).get_filename();
    fs::write(dir.join(name), page(command)?)
}

/// As clap has it, but for the synopsis, which would name every option, and for what stands below the
/// options: lines that begin with a space are a table there, and stay lines.
fn page(mut command: Command) -> io::Result<Vec<u8>> {
    let below = command.get_after_long_help().or_else(|| command.get_after_help());
    let below = below.map(ToString::to_string).unwrap_or_default();
    let has_commands = command.has_subcommands();
    let usage = command.render_usage().to_string();
    let mut synopsis = Roff::new();
    synopsis.control("SH", ["SYNOPSIS"]);
    synopsis.text([roman(usage.trim_start_matches("Usage: "))]);
    let man = Man::new(command).source(concat!("wireline ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    synopsis.to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if has_commands {
        man.render_subcommands_section(&mut page)?;
    }
    render_below(&below, &mut page)?;
    Ok(page)
}

/// Paragraphs with empty lines between them; one that begins with a heading is a section.
fn render_below(text: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    for (nth, paragraph) in text.split("\n\n").filter(|text| !text.is_empty()).enumerate() {
        let heading = paragraph.lines().next().and_then(|line| line.strip_suffix(':'));
        match heading.filter(|heading| SECTIONS.contains(heading)) {
            Some(heading) => roff.control("SH", [heading.to_uppercase().as_str()]),
            None if nth == 0 => roff.control("SH", ["NOTES"]),
            None => roff.control("PP", []),
        };
        let is_section = heading.is_some_and(|heading| SECTIONS.contains(&heading));
        for line in paragraph.lines().skip(usize::from(is_section)) {
            let is_row = line.starts_with(' ');
            if is_row {
                roff.control("nf", []);
            }
            roff.text([roman(line)]);
            if is_row {
                roff.control("fi", []);
            }
        }
    }
    roff.to_writer(page)
}

const SECTIONS: &[&str] = &["Examples", "Exit codes", "Environment"];
