//! The steps of a script as typed, in their order across options: each option by itself would only
//! know its own. Must not hold: what a step does (`script.rs`).

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// The kinds of steps, each an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Expect,
    ExpectRegex,
    ExpectGlob,
    Send,
    SendRaw,
    SendPassword,
    Login,
}

/// Option, value and help.
const OPTIONS: &[(Kind, &str, &str, &str)] = &[
    (Kind::Expect, "expect", "TEXT", "Wait for this text"),
    (
        Kind::ExpectRegex,
        "expect-re",
        "RE",
        "Wait for what a regex matches; $ is the end of what came",
    ),
    (Kind::ExpectGlob, "expect-glob", "GLOB", "Wait for what a glob matches: * ? [a-z]"),
    (Kind::Send, "send", "TEXT", "Send this text and CR LF (CR once BINARY is agreed)"),
    (Kind::SendRaw, "send-raw", "TEXT", "Send this text as it is"),
    (Kind::SendPassword, "send-password", "", "Send the password and CR LF"),
    (Kind::Login, "login", "USER", "Answer the questions for the user and the password"),
];

/// Steps in the order in which they were typed, each with its value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps(pub(crate) Vec<(Kind, String)>);

impl Kind {
    /// As it is typed.
    pub(crate) fn option(self) -> &'static str {
        OPTIONS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, ..)| *name)
    }
}

impl Args for Steps {
    fn augment_args(command: Command) -> Command {
        OPTIONS.iter().fold(command, |command, (_, name, value, help)| {
            let arg = Arg::new(*name).long(*name).help(*help).help_heading("Script");
            let arg = arg.action(ArgAction::Append);
            command.arg(match *value {
                "" => arg.num_args(0).default_missing_value(""),
                value => arg.value_name(value).allow_hyphen_values(true),
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Steps {
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_order_is_the_one_typed() {
        let words = "wireline telnet h --send-password --send a --expect b --send-raw c --send d \
                     --expect-re e --expect-glob f --login g --send-password -q";
        let matches = crate::args::Arguments::command().get_matches_from(words.split_whitespace());
        let Steps(steps) = Steps::from_arg_matches(matches.subcommand().unwrap().1).unwrap();
        let typed: Vec<_> =
            steps.iter().map(|(kind, value)| (kind.option(), value.as_str())).collect();
        let wanted = [
            ("send-password", ""),
            ("send", "a"),
            ("expect", "b"),
            ("send-raw", "c"),
            ("send", "d"),
            ("expect-re", "e"),
            ("expect-glob", "f"),
            ("login", "g"),
            ("send-password", ""),
        ];
        assert_eq!(typed, wanted);
    }
}
