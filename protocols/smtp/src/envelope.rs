//! Whom one message is from and for, and what became of it for each of them.
//! Must not hold: the dialogue that finds out (`transaction.rs`).

use crate::{MailParameters, Mailbox, RcptParameters, Reply, ReversePath};

/// Sender and recipients of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where notifications go.
    pub sender: ReversePath,
    /// Parameters of MAIL. `SIZE=`, `BODY=` and `SMTPUTF8` are found by [`crate::Session::send`].
    pub parameters: MailParameters,
    /// The recipients, one at least. A server takes 100, and may refuse what is beyond
    /// (RFC 5321 section 4.5.3.1.8).
    pub recipients: Vec<Recipient>,
}

impl Envelope {
    /// Without any parameters.
    pub fn new(
        sender: impl Into<ReversePath>,
        recipients: impl IntoIterator<Item = impl Into<Recipient>>,
    ) -> Self {
        Self {
            sender: sender.into(),
            parameters: MailParameters::default(),
            recipients: recipients.into_iter().map(Into::into).collect(),
        }
    }

    /// Whether a local part has letters beyond ASCII (RFC 6531 section 3.4).
    pub(crate) fn needs_smtputf8(&self) -> bool {
        let mut mailboxes = self.recipients.iter().map(|one| &one.mailbox);
        self.sender.needs_smtputf8() || mailboxes.any(Mailbox::needs_smtputf8)
    }
}

/// One of those a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub mailbox: Mailbox,
    /// Parameters of RCPT.
    pub parameters: RcptParameters,
}

impl From<Mailbox> for Recipient {
    fn from(mailbox: Mailbox) -> Self {
        Self { mailbox, parameters: RcptParameters::default() }
    }
}

/// What became of a message: every recipient, in the envelope's order. That some or all were
/// refused is no [`crate::Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What the server said of each.
    pub recipients: Vec<Outcome>,
    /// The reply to the message as a whole. `None` when nobody was accepted, and nothing sent;
    /// and in LMTP, where every recipient has one of its own.
    pub reply: Option<Reply>,
}

/// What became of a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The address.
    pub mailbox: Mailbox,
    /// What decided it: the refusal of RCPT; its acceptance (250, or 251: will be forwarded); in
    /// LMTP the reply after the message.
    pub reply: Reply,
}

impl Outcome {
    /// The server has taken the message for this recipient.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        self.reply.is_success()
    }

    /// The transaction may have had too many recipients already, and this one belongs into the next:
    /// 452, and 552 of old servers (RFC 5321 section 4.5.3.1.10).
    #[must_use]
    pub const fn is_one_too_many(&self) -> bool {
        matches!(self.reply.code().number(), 452 | 552)
    }
}

impl Delivery {
    /// Those for whom the server has taken the message.
    pub fn accepted(&self) -> impl Iterator<Item = &Outcome> {
        self.recipients.iter().filter(|outcome| outcome.is_accepted())
    }

    /// Those for whom it has not.
    pub fn refused(&self) -> impl Iterator<Item = &Outcome> {
        self.recipients.iter().filter(|outcome| !outcome.is_accepted())
    }

    /// Nobody was refused.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.refused().next().is_none()
    }

    /// Everybody was refused.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.accepted().next().is_none()
    }
}
