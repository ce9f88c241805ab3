#!/usr/bin/env python3
"""What `run` asks of Python: a mailbox, its collection, kills, and the count of what they cost.

sweep.py WIRELINE FOLDER [--messages N] [--kills N] [--only KIND]...
"""

import argparse
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

# What changes files or the server's mind. strace counts each call by itself, so each is swept by itself.
CALLS = ("write writev pwrite64 sendto sendmsg copy_file_range sendfile fsync fdatasync sync_file_range syncfs "
         "openat ftruncate fallocate mkdirat mkdir link linkat rename renameat renameat2 unlink unlinkat fchmod "
         "fcntl flock").split()
KINDS = ("maildir", "mbox", "dir")


def letters(count):
    """Messages that differ, with lines that are hard to store."""
    return [(f"From: a@x.test\r\nMessage-ID: <{nth}@x.test>\r\nSubject: {nth}\r\n\r\n.\r\n..a\r\nFrom b\r\n>From c\r\n"
             + "filler " * (nth * 37 % 900) + "\r\n").encode() for nth in range(1, count + 1)]


class Site:
    """A mailbox that is filled anew for each kill, and a target that is new for each."""

    def __init__(self, wireline, folder, count):
        self.wireline, self.folder = wireline, folder
        self.letters = letters(count)
        self.stored = sorted(letter.replace(b"\r\n", b"\n") for letter in self.letters)
        self.root = folder / "root"
        for part in ("new", "cur", "tmp"):
            (self.root / part).mkdir(parents=True)
        words = [wireline, "serve", "pop3", "--root", self.root, "--login", "alice:secret", "--until-eof"]
        self.server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = json.loads(self.server.stdout.readline())["port"]
        self.rounds = 0
        self.counts = collections.Counter()

    def begin(self, kind):
        """An empty target, a full mailbox."""
        self.kind = kind
        self.rounds += 1
        self.target = self.folder / f"round-{self.rounds}"
        self.target.mkdir()
        for nth, letter in enumerate(self.letters, 1):
            (self.root / "new" / f"{nth:04}.round{self.rounds}").write_bytes(letter)

    def end(self):
        shutil.rmtree(self.target)

    def words(self):
        return [self.wireline, "mail", "-q", f"pop3://alice@127.0.0.1:{self.port}", "--into",
                f"{self.kind}:{self.target}/in", "--delete"]

    def run(self, before=()):
        """A run with these words before it; its process, which may have been killed."""
        return subprocess.run([*before, *self.words()], env={"WIRELINE_PASSWORD": "secret"},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")

    def here(self):
        path = self.target / "in"
        if self.kind == "mbox":
            return mbox(path)
        parts = [path / "new", path / "cur"] if self.kind == "maildir" else [path]
        return [file.read_bytes() for part in parts if part.is_dir() for file in part.iterdir()
                if file.is_file() and not file.name.startswith(".")]

    def there(self):
        return [file.read_bytes().replace(b"\r\n", b"\n") for file in (self.root / "new").iterdir()]

    def judge_killed(self):
        """Every message is here or there, whole."""
        here = self.here()
        # Behind its end an mbox may have what the next run takes back.
        if self.kind != "mbox":
            self.counts["partial"] += sum(message not in self.stored for message in here)
        there = self.there()
        self.counts["lost"] += sum(letter not in here and letter not in there for letter in self.stored)

    def converge(self):
        """Runs it until it is done; then all is here, once, and nothing else."""
        for _ in range(50):
            ran = self.run()
            if ran.returncode == 0:
                break
            # The server may not have noticed yet that the killed one is gone.
            if "IN-USE" not in ran.stderr:
                self.fault("stuck", f"exit {ran.returncode}: {ran.stderr}")
                break
            time.sleep(0.02)
        here = collections.Counter(self.here())
        self.counts["lost"] += sum(letter not in here for letter in self.stored)
        self.counts["doubled"] += sum(number - 1 for number in here.values())
        self.counts["partial"] += sum(letter not in self.stored for letter in here)
        self.counts["undeleted"] += len(self.there())
        left = [str(path.relative_to(self.target)) for path in self.target.rglob("*") if path.is_file()
                and (path.parent.name == "tmp" or path.suffix in (".lock", ".part") or "spool" in path.name)]
        if left:
            self.fault("left behind", ", ".join(left))

    def fault(self, what, why):
        self.counts[what] += 1
        print(f"  {what}: {why}", file=sys.stderr)


def mbox(path):
    """The messages of an mboxrd."""
    if not path.exists():
        return []
    messages = []
    for line in path.read_bytes().splitlines(keepends=True):
        if line.startswith(b"From "):
            messages.append(b"")
        elif messages:
            messages[-1] += line[1:] if re.match(rb">+From ", line) else line
    return [message.removesuffix(b"\n") for message in messages]


def counted(site, kind):
    """The calls of a run that is not disturbed, each with how often it is made."""
    site.begin(kind)
    trace = site.target / "trace"
    site.run(["strace", "-f", "-o", trace, "-e", "trace=" + ",".join(CALLS)])
    # strace pads the process's number, and says when a call was interrupted by another thread's.
    names = re.findall(r"^\d+ +(\w+)\(", trace.read_text(errors="replace"), re.M)
    site.converge()
    site.end()
    return collections.Counter(names)


def killed_at(site, call, nth):
    """Whether the run was killed at its nth such call."""
    ran = site.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=SIGKILL:when={nth}"])
    return ran.returncode in (-9, 137)


def sweep(site, kind, twice):
    """Kills at every counted call, until a run survives; then, if asked, the next run at random too."""
    kills = collections.Counter()
    for call in sorted(counted(site, kind)):
        for nth in range(1, 100_000):
            site.begin(kind)
            killed = killed_at(site, call, nth)
            if killed:
                kills[call] += 1
                site.judge_killed()
                if twice:
                    other = random.choice(list(kills))
                    killed_at(site, other, random.randint(1, kills[other]))
                    site.judge_killed()
            site.converge()
            site.end()
            if not killed:
                break
    return kills


def at_random(site, kills):
    """Kills at random moments, up to four times a round, in each kind of target."""
    done = 0
    lasts = {}
    for kind in KINDS:
        site.begin(kind)
        begun = time.monotonic()
        site.run()
        lasts[kind] = time.monotonic() - begun
        site.converge()
        site.end()
    while done < kills:
        kind = random.choice(site.kinds)
        site.begin(kind)
        for _ in range(random.randint(1, 4)):
            child = subprocess.Popen(site.words(), env={"WIRELINE_PASSWORD": "secret"}, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, lasts[kind] * 1.1))
            child.kill()
            done += child.wait() == -9
            site.judge_killed()
        site.converge()
        site.end()
    return done


def told(site, what, kills):
    wrong = {name: number for name, number in site.counts.items() if number}
    print(f"{what}: {kills} kills x {len(site.letters)} messages:", wrong or "0 lost, 0 doubled, 0 partial, nothing left",
          flush=True)
    faults = sum(wrong.values())
    site.counts.clear()
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("wireline", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--messages", type=int, default=20)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--only", action="append", choices=KINDS)
    args = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big")
    random.seed(seed)
    print(f"seed {seed}")
    site = Site(args.wireline, args.folder, args.messages)
    site.kinds = args.only or KINDS
    faults = 0
    for kind in site.kinds:
        for twice in (False, True):
            kills = sweep(site, kind, twice)
            label = f"{kind}, each call" + (", and again at random" if twice else "")
            faults += told(site, label, sum(kills.values()))
            if not twice:
                print("  " + ", ".join(f"{call} {number}" for call, number in kills.items()))
    kills = at_random(site, args.kills)
    faults += told(site, "random moments", kills)
    site.server.stdin.close()
    site.server.wait(10)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
