#!/usr/bin/env python3
"""Mutants of transcripts, from outside: mutants.py WIRELINE FOLDER [SECONDS]

Each C or S line of each file is dropped, then the first and the last letter or digit outside its
holes is changed. `wireline serve MUTANT -- wireline play ORIGINAL --to $WIRELINE_ADDR` must notice it, unless
the profile leaves the place free. Prints what was free and why; exit 1 if a mutant was free
without a reason, or if a file does not pass against itself.
"""
import collections
import concurrent.futures
import itertools
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

wireline, folder = sys.argv[1], pathlib.Path(sys.argv[2])
limit = float(sys.argv[3]) if sys.argv[3:] else 150
LINE = re.compile(r"^([CS](?:/\w+)?[?*~]?[:=])( ?)(.*)$")
HOLE = re.compile(r"\{\{.*?\}\}+")
OPPOSITE = {"WILL": "WONT", "WONT": "WILL", "DO": "DONT", "DONT": "DO", "SEND": "IS", "IS": "SEND",
            "LF": "TAB", "AYT": "NOP", "NUL": "TAB"}


def other(letter):
    """The next digit or letter, of the same case."""
    for first, last in ("09", "az", "AZ"):
        if first <= letter <= last:
            return first if letter == last else chr(ord(letter) + 1)


def changed(text, at):
    return text[:at] + other(text[at]) + text[at + 1:]


def mutants(lines):
    """Yields (number, kind, place, new line or None)."""
    for number, line in enumerate(lines):
        if re.match(r"-- .+ --$", line):
            return
        match = LINE.match(line)
        if not match:
            continue
        tag, blank, text = match.groups()
        yield number, "dropped", 0, None
        covered = [False] * len(text)
        for hole in HOLE.finditer(text):
            covered[hole.start():hole.end()] = [True] * len(hole.group())
        places = [at for at, letter in enumerate(text) if not covered[at] and other(letter)]
        if places:
            yield number, "first", places[0], tag + blank + changed(text, places[0])
            if places[-1] != places[0]:
                yield number, "last", places[-1], tag + blank + changed(text, places[-1])
        else:
            for name in re.finditer(r"\b[A-Z]{2,}\b", text):
                if name.group() in OPPOSITE:
                    new = text[:name.start()] + OPPOSITE[name.group()] + text[name.end():]
                    yield number, "name", name.start(), tag + blank + new
                    break


def why_free(lines, number, kind, at):
    """The rule of the format that leaves this place free, or None."""
    tag, _, text = LINE.match(lines[number]).groups()
    side, mark = tag[0], tag[-2] if tag[-2] in "?*~" else ""
    if mark in ("?", "*"):
        return "the line may be missing"
    start = max((at for at in range(number) if lines[at].startswith("== ")), default=0)
    rest = itertools.takewhile(lambda line: not line.startswith("== "), lines[number + 1:])
    protocol = next((line.split()[1] for line in lines if line.startswith("@protocol ")), "tcp")
    # Text and commands of Telnet are apart from each other, as channels are.
    apart = (lambda tag: tag.endswith("=")) if protocol == "telnet" else (lambda tag: tag.partition("/")[2])
    same = [line for line in rest if LINE.match(line) and line.startswith("C") and apart(LINE.match(line)[1]) == apart(tag)]
    if side == "C" and kind == "dropped" and not same:
        return "the last that the client says there, and a server may speak early"
    if "@match bytes" in lines[start:number] or "@match bytes" in lines[:lines.index(next(
            line for line in lines if line.startswith("== ")))] and "@match protocol" not in lines[start:number]:
        return None
    before = LINE.match(lines[number - 1]) if number else None
    if protocol == "ftp" and "bytes(" in text and kind == "dropped":
        return "bytes(N) is the rest of the stream, of any length"
    if protocol == "ftp" and re.search(r":(pasv|port)\b", text):
        return "text around an address"
    if protocol == "telnet" and side == "C" and kind == "dropped" and "IAC" in text:
        return "a command more than the transcript lists"
    if protocol == "http":
        if side == "S" and re.match(r"[0-9a-f]+ *;", text):
            return "the chunking of a body"
        if side == "S" and number and re.match(r"0+( *;.*)?$", LINE.sub(r"\3", lines[number - 1])):
            return "a trailer"
        if "bytes(" in text and kind == "dropped":
            return "bytes(N) is the whole body, of any length"
        if re.match(r"(?i)content-length:", text):
            return "a length beside a body"
        if side == "S" and kind == "last" and re.match(r"HTTP/1\.\d \d{3} .", text) and at > 12:
            return "the reason"
        if side == "C" and kind == "dropped" and re.match(r"[\w-]+:", text):
            return "a field more than the transcript lists"
        if tag == "C:" and not text:
            return "the end of a turn ends its head"
    if "{{" in text:
        return None
    if protocol in ("smtp", "lmtp"):
        first = not (before and before[1].startswith("S") and before[3][3:4] == "-")
        if side == "S" and kind == "last" and first and re.match(r"\d{3}", text) and at > 3:
            return "text of a reply's first line"
        if kind == "last" and re.match(r"(?i)(ehlo|lhlo|helo) ", text):
            return "the client's name"
    if protocol == "ftp" and tag == "S:" and kind == "last" and re.match(r"\d{3}", text) and at > 2:
        if not re.match(r"213|257", text) or text.startswith("257") and '"' not in text[at:]:
            return "text of a reply"
    if protocol == "pop3" and side == "S" and kind == "last" and re.match(r"\+OK|-ERR", text):
        return "text of a status line"
    return None


def run(text, original, beside):
    with tempfile.NamedTemporaryFile("w", suffix=".wire", dir=beside, encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        command = [wireline, "serve", file.name, "--step-timeout", "1", "--timeout", "20", "--",
                   "sh", "-c", '"$0" play "$1" --to "$WIRELINE_ADDR" --cacert "$WIRELINE_CA" --timeout 1 -q',
                   wireline, str(original)]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment,
                               stdin=subprocess.DEVNULL)
        return ended.returncode, ended.stdout + ended.stderr


environment = dict(os.environ)
work, unplayable, attempts = [], [], 0
files = sorted(folder.rglob("*.wire")) if folder.is_dir() else [folder]
sources = {}
for path in files:
    text = path.read_text(encoding="utf-8")
    sources[path] = text.split("\n")
    for name in re.findall(r"^@secret (\S+)", text, re.M):
        environment.setdefault("WIRELINE_SECRET_" + name, "wonderland")

started = time.monotonic()
pool = concurrent.futures.ThreadPoolExecutor(8)
with tempfile.TemporaryDirectory() as beside:
    # Files that a transcript names lie beside it.
    for path in files:
        for near in path.parent.iterdir():
            if near.suffix != ".wire" and not pathlib.Path(beside, near.name).exists():
                os.symlink(near, pathlib.Path(beside, near.name))
    whole = {path: pool.submit(run, "\n".join(lines), path, beside) for path, lines in sources.items()}
    for path, future in whole.items():
        code, said = future.result()
        if code:
            unplayable.append((path, code, said))
            continue
        work += [(path, mutant) for mutant in mutants(sources[path])]
    random.Random(1).shuffle(work)

    def judge(task):
        path, (number, kind, at, new) = task
        if time.monotonic() - started > limit:
            return None
        lines = list(sources[path])
        lines[number:number + 1] = [] if new is None else [new]
        return run("\n".join(lines), path, beside)

    counts, free, strange = collections.Counter(), collections.defaultdict(list), []
    for task, result in zip(work, pool.map(judge, work)):
        path, (number, kind, at, new) = task
        if result is None:
            counts["not tried"] += 1
            continue
        code, said = result
        place = f"{path.relative_to(folder) if folder.is_dir() else path.name}:{number + 1} {kind}: {sources[path][number]}"
        if new is not None:
            place += f"  ->  {new}"
        if code in (1, 6):
            counts["noticed"] += 1
        elif code == 2:
            counts["no transcript any more"] += 1
        elif code == 0:
            lines = sources[path]
            reason = why_free(lines, number, kind, at)
            protocol = path.parent.name
            free[protocol, reason].append(place)
            counts["free"] += 1
        else:
            counts["noticed"] += 1
            strange.append((code, place, said))

for path, code, said in unplayable:
    print(f"{path.name} does not pass against itself over sockets (exit {code}):")
    print("    " + said.strip().replace("\n", "\n    "))
for (protocol, reason), places in sorted(free.items(), key=str):
    print(f"{protocol}: {len(places)} free: {reason or 'FOR NO REASON'}")
    if not reason:
        for place in sorted(places):
            print("    " + place)
for code, place, said in strange:
    print(f"exit {code}: {place}\n    " + said.strip().replace("\n", "\n    "))
unexplained = sum(len(places) for (_, reason), places in free.items() if not reason)
tried = sum(counts.values()) - counts["not tried"]
print(f"{tried} mutants of {len(files) - len(unplayable)} files in {time.monotonic() - started:.0f} s: "
      f"{counts['noticed']} noticed, {counts['free'] - unexplained} free for a reason, {unexplained} free for none, "
      f"{counts['no transcript any more']} no transcript any more, {counts['not tried']} not tried")
sys.exit(1 if unplayable or unexplained else 0)
