//! RFC 1143 section 7, the Q method: for each option and side a state of six, what is said when the
//! peer speaks or we want something, and above all when nothing is. Pure.
//! Must not hold: what an option means, which are agreed to (`option.rs`), or bytes.
//!
//! A peer that repeats itself is not answered, and one that toggles an option gets one answer for
//! each change. So no two implementations of the method can loop, and no flood is amplified.

use crate::{Side, TelnetOption, Verb};
use std::fmt;

/// The state of an option on one side. It is on in [`State::Yes`] only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Off.
    #[default]
    No,
    /// On.
    Yes,
    /// We asked for off, and wait for the answer.
    WantNo(Queue),
    /// We asked for on, and wait for the answer.
    WantYes(Queue),
}

/// What we want as soon as the answer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Nothing more.
    Empty,
    /// The opposite of what we asked for.
    Opposite,
}

/// What comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The state from now on.
    pub state: State,
    /// What is said: `true` for WILL or DO, `false` for WONT or DONT.
    pub say: Option<bool>,
}

impl State {
    /// The peer says WILL about its option, or DO about ours; `agree` is whether we would.
    #[must_use]
    pub const fn hear_yes(self, agree: bool) -> Step {
        use Queue::{Empty, Opposite};
        match self {
            Self::No if agree => Step { state: Self::Yes, say: Some(true) },
            Self::No => Step { state: Self::No, say: Some(false) },
            Self::Yes => Self::Yes.silent(),
            // Our DONT answered by WILL: not sensible, so no more is said.
            Self::WantNo(Empty) => Self::No.silent(),
            Self::WantNo(Opposite) | Self::WantYes(Empty) => Self::Yes.silent(),
            Self::WantYes(Opposite) => Step { state: Self::WantNo(Empty), say: Some(false) },
        }
    }

    /// The peer says WONT about its option, or DONT about ours.
    #[must_use]
    pub const fn hear_no(self) -> Step {
        use Queue::{Empty, Opposite};
        match self {
            Self::Yes => Step { state: Self::No, say: Some(false) },
            Self::WantNo(Opposite) => Step { state: Self::WantYes(Empty), say: Some(true) },
            Self::No | Self::WantNo(Empty) | Self::WantYes(_) => Self::No.silent(),
        }
    }

    /// We want it on.
    #[must_use]
    pub const fn want_yes(self) -> Step {
        use Queue::{Empty, Opposite};
        match self {
            Self::No => Step { state: Self::WantYes(Empty), say: Some(true) },
            Self::WantNo(_) => Self::WantNo(Opposite).silent(),
            Self::WantYes(_) => Self::WantYes(Empty).silent(),
            Self::Yes => Self::Yes.silent(),
        }
    }

    /// We want it off.
    #[must_use]
    pub const fn want_no(self) -> Step {
        use Queue::{Empty, Opposite};
        match self {
            Self::Yes => Step { state: Self::WantNo(Empty), say: Some(false) },
            Self::WantYes(_) => Self::WantYes(Opposite).silent(),
            Self::WantNo(_) => Self::WantNo(Empty).silent(),
            Self::No => Self::No.silent(),
        }
    }

    /// On, or on until the peer has heard that we want it off.
    #[must_use]
    pub const fn is_in_force(self) -> bool {
        matches!(self, Self::Yes | Self::WantNo(_))
    }

    const fn silent(self) -> Step {
        Step { state: self, say: None }
    }
}

/// The state of all options on both sides.
#[derive(Clone)]
pub struct Negotiation {
    us: [State; 256],
    him: [State; 256],
}

/// What hearing a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// On whose side the option is.
    pub side: Side,
    /// Before it.
    pub before: State,
    /// After it.
    pub after: State,
    /// The answer, if there is one.
    pub answer: Option<Verb>,
}

impl Heard {
    /// Whether the option was switched, and to what. One that we want off is on until the peer
    /// says that it is off: what it said before that was said with the option.
    #[must_use]
    pub fn switched(&self) -> Option<bool> {
        let (was, is) = (self.before.is_in_force(), self.after.is_in_force());
        (was != is).then_some(is)
    }

    /// Whether a request of ours has been refused.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self.before, State::WantYes(_)) && self.after == State::No
    }
}

impl Default for Negotiation {
    fn default() -> Self {
        Self { us: [State::No; 256], him: [State::No; 256] }
    }
}

impl Negotiation {
    /// The state of an option.
    #[must_use]
    pub fn state(&self, side: Side, option: TelnetOption) -> State {
        let states = match side {
            Side::Us => &self.us,
            Side::Him => &self.him,
        };
        states.get(usize::from(option.0)).copied().unwrap_or_default()
    }

    /// Whether an option is on.
    #[must_use]
    pub fn is_on(&self, side: Side, option: TelnetOption) -> bool {
        self.state(side, option) == State::Yes
    }

    /// The peer speaks about an option; `agree` is asked whether we grant what is new.
    pub fn hear(&mut self, verb: Verb, option: TelnetOption, agree: bool) -> Heard {
        let (side, yes) = match verb {
            Verb::Will => (Side::Him, true),
            Verb::Wont => (Side::Him, false),
            Verb::Do => (Side::Us, true),
            Verb::Dont => (Side::Us, false),
        };
        let before = self.state(side, option);
        let step = if yes { before.hear_yes(agree) } else { before.hear_no() };
        let answer = self.take(side, option, step);
        Heard { side, before, after: step.state, answer }
    }

    /// We want an option on or off. Returns what is to be said now; nothing when it is so
    /// already, is being asked for, or waits for an answer that is due.
    pub fn want(&mut self, side: Side, option: TelnetOption, on: bool) -> Option<Verb> {
        let state = self.state(side, option);
        let step = if on { state.want_yes() } else { state.want_no() };
        self.take(side, option, step)
    }

    /// The options that are on, with the verb that says so (RFC 859 section 5).
    pub fn status(&self) -> impl Iterator<Item = (Verb, TelnetOption)> {
        (0..=255).map(TelnetOption).flat_map(|option| {
            let us = self.is_on(Side::Us, option).then_some((Verb::Will, option));
            let him = self.is_on(Side::Him, option).then_some((Verb::Do, option));
            us.into_iter().chain(him)
        })
    }

    fn take(&mut self, side: Side, option: TelnetOption, step: Step) -> Option<Verb> {
        let states = match side {
            Side::Us => &mut self.us,
            Side::Him => &mut self.him,
        };
        if let Some(state) = states.get_mut(usize::from(option.0)) {
            *state = step.state;
        }
        step.say.map(|yes| match (side, yes) {
            (Side::Us, true) => Verb::Will,
            (Side::Us, false) => Verb::Wont,
            (Side::Him, true) => Verb::Do,
            (Side::Him, false) => Verb::Dont,
        })
    }
}

impl fmt::Debug for Negotiation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.status().map(|(verb, option)| format!("{verb} {option}")))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Queue::{Empty, Opposite};
    use super::State::{No, WantNo, WantYes, Yes};
    use super::*;

    const STATES: [State; 6] =
        [No, Yes, WantNo(Empty), WantNo(Opposite), WantYes(Empty), WantYes(Opposite)];

    type Row = (State, State, Option<bool>);

    /// RFC 1143 section 7, "Upon receipt of WILL", row by row.
    const WILL: [Row; 7] = [
        (No, Yes, Some(true)),
        (No, No, Some(false)),
        (Yes, Yes, None),
        (WantNo(Empty), No, None),
        (WantNo(Opposite), Yes, None),
        (WantYes(Empty), Yes, None),
        (WantYes(Opposite), WantNo(Empty), Some(false)),
    ];

    /// "Upon receipt of WONT".
    const WONT: [Row; 6] = [
        (No, No, None),
        (Yes, No, Some(false)),
        (WantNo(Empty), No, None),
        (WantNo(Opposite), WantYes(Empty), Some(true)),
        (WantYes(Empty), No, None),
        (WantYes(Opposite), No, None),
    ];

    /// "If we decide to ask him to enable".
    const ENABLE: [Row; 6] = [
        (No, WantYes(Empty), Some(true)),
        (Yes, Yes, None),
        (WantNo(Empty), WantNo(Opposite), None),
        (WantNo(Opposite), WantNo(Opposite), None),
        (WantYes(Empty), WantYes(Empty), None),
        (WantYes(Opposite), WantYes(Empty), None),
    ];

    /// "If we decide to ask him to disable".
    const DISABLE: [Row; 6] = [
        (No, No, None),
        (Yes, WantNo(Empty), Some(false)),
        (WantNo(Empty), WantNo(Empty), None),
        (WantNo(Opposite), WantNo(Empty), None),
        (WantYes(Empty), WantYes(Opposite), None),
        (WantYes(Opposite), WantYes(Opposite), None),
    ];

    fn check(rows: &[Row], step: impl Fn(usize, State) -> Step) {
        for (nth, (before, state, say)) in rows.iter().enumerate() {
            assert_eq!(step(nth, *before), Step { state: *state, say: *say }, "{before:?}");
        }
    }

    /// hostile.md row 186.
    #[test]
    fn the_table_of_the_rfc() {
        check(&WILL, |nth, state| state.hear_yes(nth != 1));
        check(&WONT, |_, state| state.hear_no());
        check(&ENABLE, |_, state| state.want_yes());
        check(&DISABLE, |_, state| state.want_no());
    }

    /// The two sides are the same machine with other words.
    #[test]
    fn sides_and_words() {
        let rows = [
            (Verb::Will, Side::Him, Verb::Do, Verb::Dont, Verb::Wont),
            (Verb::Do, Side::Us, Verb::Will, Verb::Wont, Verb::Dont),
        ];
        for (yes, side, agreed, refused, no) in rows {
            let mut options = Negotiation::default();
            assert_eq!(options.hear(yes, TelnetOption::SGA, false).answer, Some(refused));
            let heard = options.hear(yes, TelnetOption::SGA, true);
            assert_eq!(
                (heard.side, heard.answer, heard.switched()),
                (side, Some(agreed), Some(true))
            );
            assert!(options.is_on(side, TelnetOption::SGA));
            let heard = options.hear(no, TelnetOption::SGA, true);
            assert_eq!((heard.answer, heard.switched()), (Some(refused), Some(false)));
            assert_eq!(options.want(side, TelnetOption::SGA, true), Some(agreed));
            assert!(options.hear(no, TelnetOption::SGA, true).is_refusal());
        }
    }

    /// The loop examples of sections 3 and 4: two machines and every order of a few wishes of
    /// either come to rest, and agree.
    #[test]
    fn no_loop() {
        for wishes in 0..1_u32 << 12 {
            let mut sides = [Negotiation::default(), Negotiation::default()];
            let mut wires = [Vec::new(), Vec::new()];
            let mut said = 0;
            for nth in 0..6 {
                let (speaker, on) = (wishes >> nth & 1, wishes >> (nth + 6) & 1 == 1);
                let speaker = speaker as usize;
                let side = [Side::Us, Side::Him][speaker];
                wires[speaker].extend(sides[speaker].want(side, TelnetOption::ECHO, on));
                if nth % 2 == 0 {
                    said += deliver(&mut sides, &mut wires);
                }
            }
            while wires.iter().any(|wire| !wire.is_empty()) {
                said += deliver(&mut sides, &mut wires);
                assert!(said < 30, "a loop: {wishes:b}");
            }
            let ends = [
                sides[0].state(Side::Us, TelnetOption::ECHO),
                sides[1].state(Side::Him, TelnetOption::ECHO),
            ];
            assert!(ends == [Yes, Yes] || ends == [No, No], "{wishes:b}: {ends:?}");
        }
    }

    /// Everything under way arrives; how many words that were.
    fn deliver(sides: &mut [Negotiation; 2], wires: &mut [Vec<Verb>; 2]) -> usize {
        let under_way = [std::mem::take(&mut wires[0]), std::mem::take(&mut wires[1])];
        for (from, words) in under_way.iter().enumerate() {
            let to = 1 - from;
            for word in words {
                wires[to].extend(sides[to].hear(*word, TelnetOption::ECHO, true).answer);
            }
        }
        under_way.iter().map(Vec::len).sum()
    }

    /// hostile.md row 186: whatever comes, in whatever state, an answer means that the state
    /// changed, or that a request was refused.
    #[test]
    fn an_answer_is_a_change() {
        for state in STATES {
            for agree in [true, false] {
                let step = state.hear_yes(agree);
                assert!(step.say.is_none() || step.state != state || (state == No && !agree));
            }
            let step = state.hear_no();
            assert!(step.say.is_none() || step.state != state);
        }
    }
}
