//! The options that a body is made of, in the order in which they were typed.
//! Must not hold: what becomes of them (`content.rs`).

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// One option that carries something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Data,
    DataRaw,
    DataBinary,
    DataUrlencode,
    Json,
    Form,
    FormString,
    Upload,
    Query,
}

/// Kind, option, letter, value and help.
const OPTIONS: &[(Kind, &str, Option<char>, &str, &str)] = &[
    (
        Kind::Data,
        "data",
        Some('d'),
        "DATA",
        "Send this; @FILE reads FILE without its line ends, @- standard input; & joins several",
    ),
    (Kind::DataRaw, "data-raw", None, "DATA", "The same, and an @ is an @"),
    (Kind::DataBinary, "data-binary", None, "DATA", "The same, and line ends in files stay"),
    (
        Kind::DataUrlencode,
        "data-urlencode",
        None,
        "NAME=TEXT",
        "The same, percent-encoded; NAME@FILE reads the text",
    ),
    (Kind::Json, "json-body", None, "JSON", "Send JSON; @FILE reads it"),
    (
        Kind::Form,
        "form",
        Some('F'),
        "NAME=TEXT",
        "Send a form; NAME=@FILE is a file, ;type= and ;filename= describe it",
    ),
    (Kind::FormString, "form-string", None, "NAME=TEXT", "The same, and the text is nothing else"),
    (Kind::Upload, "upload-file", Some('T'), "FILE", "Send FILE, - is standard input, by PUT"),
    (Kind::Query, "query", None, "NAME=TEXT", "Add this to the URL's query, percent-encoded"),
];

/// Those that `-h` shows.
const USUAL: &[Kind] = &[Kind::Data, Kind::Json, Kind::Form];

/// What was typed, in its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words(pub(crate) Vec<(Kind, String)>);

impl Args for Words {
    fn augment_args(command: Command) -> Command {
        OPTIONS.iter().fold(command, |command, (kind, name, letter, value, help)| {
            let arg = Arg::new(*name).long(*name).value_name(*value).help(*help);
            let arg = arg.help_heading("Body").action(ArgAction::Append);
            let arg = arg.allow_hyphen_values(true).hide_short_help(!USUAL.contains(kind));
            command.arg(match letter {
                Some(letter) => arg.short(*letter),
                None => arg,
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Words {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut typed = Vec::new();
        for (kind, name, ..) in OPTIONS {
            let places = matches.indices_of(name).into_iter().flatten();
            let values = matches.get_many::<String>(name).into_iter().flatten();
            typed.extend(places.zip(values).map(|(place, value)| (place, *kind, value.clone())));
        }
        typed.sort_by_key(|(place, ..)| *place);
        Ok(Self(typed.into_iter().map(|(_, kind, value)| (kind, value)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
