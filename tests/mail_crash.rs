//! `wireline mail --delete`, killed: by the network at each place, and with SIGKILL. Whatever was
//! killed when, further runs converge: nothing lost, nothing twice, nothing partial. hostile.md row
//! 195 and rows 15 to 18 of the fault matrix.
//!
//! Not here: a kill at every system call, which takes strace and minutes (`tests/crash/run`).

use crate::mailbox_support::{
    TARGETS, all_stored, contents, is_clean, left, letters, mail, mailbox, pop3, said, stored,
    words_in,
};
use crate::support::{Folder, beside, happens};
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wireline_servers::pop3::Server;
use wireline_servers::{Link, LinkOptions};

const MESSAGES: usize = 12;

/// A mailbox, and where it is collected to.
struct Site {
    letters: Vec<Vec<u8>>,
    server: Server,
    folder: Folder,
    target: &'static str,
}

impl Site {
    fn new(target: &'static str) -> Self {
        let letters = letters(MESSAGES);
        let server = mailbox(&letters);
        Self { letters, server, folder: Folder::new(), target }
    }

    fn line(&self, options: LinkOptions) -> Link {
        Link::start(self.server.addr(), options).expect("a line")
    }

    /// A run by this line, which its caller ends.
    fn begin(&self, link: &Link) -> Child {
        let url = pop3(link.addr());
        let words = ["mail", &url, "--into", self.target, "--delete"];
        let mut command = words_in(self.folder.path(), &words);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs")
    }

    /// Each message is here or there, whole; then further runs bring all of them here, once.
    ///
    /// The account is named after the address, so they go by the same line.
    #[track_caller]
    fn converges(&self, label: &str, link: &Link) {
        let here = contents(&self.folder, self.target);
        let all = all_stored(&self.letters);
        // The journal of an mbox may still have to roll back what is behind its end.
        if self.target != "mbox:in" {
            let partial: Vec<_> = here.iter().filter(|message| !all.contains(message)).collect();
            assert!(partial.is_empty(), "{label}: partial: {partial:?}");
        }
        left(&self.server);
        let there: Vec<_> = self.server.messages().iter().map(|it| stored(&it.bytes)).collect();
        let lost: Vec<_> =
            all.iter().filter(|it| !here.contains(it) && !there.contains(it)).collect();
        assert!(lost.is_empty(), "{label}: lost: {lost:?}");
        let ran = mail(&self.folder, link.addr(), &["--into", self.target, "--delete"]);
        assert_eq!(ran.code, Some(0), "{label}: {ran:?}\n{:?}", said(&self.server));
        assert_eq!(contents(&self.folder, self.target), all, "{label}");
        assert_eq!(left(&self.server), 0, "{label}");
        is_clean(label, &self.folder);
    }
}

/// How many bytes come from the server in a run that nothing disturbs.
fn whole_run(target: &'static str) -> u64 {
    let site = Site::new(target);
    let link = site.line(LinkOptions::default());
    site.converges("undisturbed", &link);
    link.bytes_towards_client()
}

/// The line breaks at each of these places, with FIN and with RST; the next run has a good one.
#[test]
fn a_broken_line_loses_nothing() {
    beside(TARGETS, |target| {
        let whole = whole_run(target);
        for at in (1..whole + 2).step_by(149) {
            for reset in [false, true] {
                let faulty = Some(1);
                let options = match reset {
                    true => LinkOptions { reset_after: Some(at), faulty, ..Default::default() },
                    false => LinkOptions { cut_after: Some(at), faulty, ..Default::default() },
                };
                let site = Site::new(target);
                let link = site.line(options);
                let status = site.begin(&link).wait().unwrap();
                assert!(at >= whole || !status.success(), "{target}: success at {at} of {whole}");
                site.converges(&format!("{target}, {at} of {whole}, reset {reset}"), &link);
            }
        }
    });
}

/// Killed when so many bytes have passed: the line is slow enough that most runs are in the middle.
#[test]
fn kill_at_a_network_point_loses_nothing() {
    beside(TARGETS, |target| {
        let whole = whole_run(target);
        for at in (1..whole).step_by(311) {
            let site = Site::new(target);
            let link = site.line(LinkOptions {
                split: Some(97),
                rate: Some(40_000),
                ..Default::default()
            });
            let mut child = site.begin(&link);
            let passed =
                || link.bytes_towards_client() >= at || child.try_wait().unwrap().is_some();
            assert!(happens(Duration::from_secs(10), passed));
            drop(child.kill());
            child.wait().unwrap();
            site.converges(&format!("{target}, killed at {at} of {whole}"), &link);
        }
    });
}

/// Killed at any moment of a run, several times over before one may end.
#[test]
fn kill_at_random_moments_loses_nothing() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = u64::from(since.subsec_nanos()) | 1;
    beside(TARGETS, |target| {
        let mut random = seed;
        for round in 0..12 {
            let site = Site::new(target);
            let link = site.line(LinkOptions::default());
            for _ in 0..4 {
                let mut child = site.begin(&link);
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                std::thread::sleep(Duration::from_micros((random >> 33) % 40_000));
                drop(child.kill());
                child.wait().unwrap();
            }
            site.converges(&format!("{target}, round {round} of seed {seed}"), &link);
        }
    });
}
