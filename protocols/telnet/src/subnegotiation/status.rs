//! STATUS (RFC 859): which options are on.

use super::IS;
use crate::command::{SB, SE};
use crate::{TelnetOption, Verb};

/// `IS *( ( WILL / DO ) option )` (RFC 859 section 5), a SE among the options doubled.
pub(crate) fn encode(options: impl Iterator<Item = (Verb, TelnetOption)>) -> Vec<u8> {
    let mut parameters = vec![IS];
    for (verb, option) in options {
        parameters.extend([verb.code(), option.0]);
        if option.0 == SE {
            parameters.push(SE);
        }
    }
    parameters
}

/// What the peer says behind IS. Its subnegotiations (`SB .. SE`) are skipped; what is neither
/// ends the reading.
pub(crate) fn parse(parameters: &[u8]) -> Vec<(Verb, TelnetOption)> {
    let mut found = Vec::new();
    let mut rest = parameters;
    loop {
        rest = match rest {
            [SB, inside @ ..] => behind_se(inside),
            [_, SE, SE, after @ ..] | [_, _, after @ ..] => match pair(rest) {
                Some(pair) => {
                    found.push(pair);
                    after
                }
                None => return found,
            },
            _ => return found,
        };
    }
}

fn pair(bytes: &[u8]) -> Option<(Verb, TelnetOption)> {
    match bytes {
        [code, option, ..] => Some((Verb::from_code(*code)?, TelnetOption(*option))),
        _ => None,
    }
}

/// What follows a SE that is not doubled.
fn behind_se(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = match bytes {
            [SE, SE, rest @ ..] => rest,
            [SE, rest @ ..] => return rest,
            [_, rest @ ..] => rest,
            [] => return &[],
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        type Row<'a> = (&'a [u8], &'a [(Verb, u8)]);
        let rows: &[Row<'_>] = &[
            (&[251, 1, 253, 3], &[(Verb::Will, 1), (Verb::Do, 3)]),
            (&[251, SE, SE, 253, 3], &[(Verb::Will, SE), (Verb::Do, 3)]),
            (&[SB, 24, SE, SE, 1, SE, 251, 1], &[(Verb::Will, 1)]),
            (&[SB, 24, 1], &[]),
            (&[251], &[]),
            (&[251, 1, 7, 7, 251, 3], &[(Verb::Will, 1)]),
            (&[], &[]),
        ];
        for (parameters, wanted) in rows {
            let options = wanted.iter().map(|(verb, option)| (*verb, TelnetOption(*option)));
            let found = parse(parameters);
            assert_eq!(found, options.clone().collect::<Vec<_>>(), "{parameters:?}");
            assert_eq!(parse(&encode(options)[1..]), found);
        }
    }
}
