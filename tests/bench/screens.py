"""The screen beside other screens: how soon it shows all, what it takes while
nothing happens, how soon it answers a key, and what a flood of lines does to
it. The same containers, the same terminal and the same reader for all; the
floor is a program of curses and curl alone (screen-floor.c). One program that
breaks costs its own figures, never those of the others."""

import contextlib
import importlib.util
import json
import pathlib
import re
import select
import shutil
import socket
import threading
import time

from costs import cpu_ns, memory
from figures import median, ms, share
from harness import BUILT, PROGRAM, Failed, check
from peers import CACHE, install
from screen_pty import library, on_terminal, plain
from screen_stack import ask, engine_seconds, image, stack

FLOOR = BUILT / "tests/bench/screen-floor"
OURS, LEAST = "ours", "floor"
BUDGET = 560  # seconds; no other program is begun behind it
NAME = re.compile(rb"svc-\d\d|[a-z0-9]-1\b")  # others list all containers of the engine
NUMBER = re.compile(r"line (\d{7})")
FIGURES = re.compile(r"\d%.*[1-9]\d*(\.\d+)? ?[KMGk]i?B?\b|\d ?%.*[1-9]\d*(\.\d+)? ?[KMGk]i?B?\b")
BURST = 1000000
# services: rows ms, figures ms, idle %, engine %
GOALS = {5: (20, 35, 0.2, 1.0), 20: (20, 35, 0.2, 1.0), 50: (25, 45, 0.35, 1.5)}


class Subject:
    """A program that is looked at: its words for a project, and what it can show."""

    def __init__(self, name, words, figures=True, chooses=True, opens_log="", shows_log=True, patience=3.0):
        self.name, self.words = name, words
        self.figures, self.chooses, self.opens_log, self.shows_log, self.patience = figures, chooses, opens_log, shows_log, patience

    def on(self, project):
        quits = "\x03" if self.name.startswith("docker") else "q"
        return on_terminal(self.words(project), project.root, project.env, quits)


def mprocs_words(project):
    procs = {name: {"shell": f"docker logs -f --tail 300 {project.container(name)}"} for name in project.names}
    (project.root / "mprocs.json").write_text(json.dumps({"procs": procs}))
    return [CACHE / "bin/mprocs", "--config", project.root / "mprocs.json"]


def own_subjects():
    return [Subject(OURS, lambda project: [PROGRAM, "up"], patience=1.5),
            Subject(LEAST, lambda project: [FLOOR, project.socket, project.project], patience=0.6)]


def other_subjects(table):
    """What this machine has or can build; the rest is named with its reason."""
    found = [Subject("docker stats", lambda project: ["docker", "stats", *map(project.container, project.names)], chooses=False,
                     shows_log=False)]
    for tool, options in (("dtop", {"opens_log": "\r"}), ("oxker", {}), ("mprocs", {"figures": False, "patience": 1.5})):
        if install(table, tool) is not None:
            words = mprocs_words if tool == "mprocs" else lambda project, tool=tool: [CACHE / "bin" / tool]
            found.append(Subject(tool, words, **options))
    for tool in ("lazydocker", "ctop"):
        if shutil.which(tool) is None:
            table.note(f"skipped: {tool}: it is not installed, and Debian has no package of it")
        else:
            found.append(Subject(tool, lambda project, tool=tool: [tool]))
    return found


def tell(table, line, subject, text, goal="", met=None):
    if subject.name == OURS:
        table.add(line, text, goal, met)
    else:
        table.peer(line, subject.name, text)
        table.say(f"{line}: {subject.name}: {text}")


@contextlib.contextmanager
def excused(table, subject, what):
    """A program that breaks leaves a word in its row."""
    try:
        yield
    except Exception as error:
        if subject.name == OURS:
            table.add(f"screen: {what}", "broke off", "it works", False)
        table.note(f"{subject.name} gave no figure for {what}: {type(error).__name__}: {error}")


# ---- the start ----

def visible(lines, names):
    text = "\n".join(lines)
    return {name for name in names if name in text}


def with_figures(lines, names):
    return {name for line in lines for name in names if name in line and FIGURES.search(line.split(name, 1)[1])}


def one_start(subject, project):
    """Rows shown at the end, and the milliseconds until they stood there, and with figures; None: never."""
    with subject.on(project) as program:
        check(program.drain(subject.patience), f"it ended: {plain(b''.join(p for _, p in program.pieces))[-200:]!r}")
        shown = visible(program.lines(), project.names)
        check(shown, "it shows no service")
        rows, figures = program.moments(lambda lines: shown <= visible(lines, project.names),
                                        lambda lines: len(with_figures(lines, shown)) == len(shown))
        return len(shown), (rows - program.began) * 1000, (figures - program.began) * 1000 if figures else None


def starts(table, subject, project, times):
    head, goals = f"screen, {len(project.names)} services", GOALS[len(project.names)]
    seen = [one_start(subject, project) for _ in range(times)]
    rows, figures = median([each[1] for each in seen]), [each[2] for each in seen if each[2] is not None]
    few = f" ({seen[-1][0]} rows fit)" if seen[-1][0] < len(project.names) else ""
    tell(table, f"{head}: all rows after start", subject, f"{ms(rows)} ms{few}", f"{goals[0]} ms", rows <= goals[0])
    if not subject.figures:
        tell(table, f"{head}: first CPU and memory figures", subject, "none")
    elif figures:
        tell(table, f"{head}: first CPU and memory figures", subject, f"{ms(median(figures))} ms", f"{goals[1]} ms", median(figures) <= goals[1])
    else:
        tell(table, f"{head}: first CPU and memory figures", subject, f"not in {subject.patience} s", f"{goals[1]} ms", False)


# ---- nothing happens ----

def engine_alone(seconds):
    began, before = time.monotonic(), engine_seconds()
    time.sleep(seconds)  # the length of the look
    return (engine_seconds() - before) / (time.monotonic() - began) * 100


def rests(table, subject, project, program, alone, seconds):
    head, goals = f"screen, {len(project.names)} services", GOALS[len(project.names)]
    own, engine, read, began = cpu_ns(program.process.pid), engine_seconds(), program.bytes, time.monotonic()
    check(program.drain(seconds), "it ended by itself")
    took = time.monotonic() - began
    idle = (cpu_ns(program.process.pid) - own) / 1e7 / took
    added = max(0.0, (engine_seconds() - engine) / took * 100 - alone)
    sent, pss = (program.bytes - read) / took, memory(program.process.pid)
    tell(table, f"{head}: idle, of a core", subject, f"{idle:.2f} %", f"{goals[2]} %", idle <= goals[2])
    tell(table, f"{head}: engine work added", subject, f"{added:.2f} %", f"{goals[3]} %", added <= goals[3])
    tell(table, f"{head}: PSS", subject, f"{pss:.1f} MiB", "12 MiB", pss <= 12)
    tell(table, f"{head}: to the terminal, idle", subject, f"{sent:.0f} B/s", "150 B/s", sent <= 150)


def press(program, count, keys="jk", answer=NAME, pause=0.03):
    """The milliseconds of each key, one after the other; a key without an answer is told."""
    took, lost = [], 0
    for number in range(count):
        one = program.key(keys[number % len(keys)], answer)
        took, lost = (took + [one], lost) if one is not None else (took, lost + 1)
        check(lost < 5, "keys are not answered")
        program.drain(pause + 0.001 * (number % 17))  # never in step with its frames
    return took, f", {lost} unanswered" if lost else ""


def keys(table, line, subject, program, count, goal, **options):
    took, lost = press(program, count, **options)
    p50, p90 = share(took, 50), share(took, 90)
    limits = [float(word) for word in goal.split(" ms")[0].split(" / ")]
    met = p90 <= limits[-1] and (len(limits) < 2 or p50 <= limits[0]) and not lost
    tell(table, f"{line} (p50 / p90)", subject, f"{p50:.2f} / {p90:.2f} ms{lost}", goal, met)


def calm(table, subject, project, alone, quick):
    """One run of a program: at rest, then keys."""
    with subject.on(project) as program:
        check(program.drain((1 if quick else 2) + subject.patience), "it ended by itself")
        rests(table, subject, project, program, alone, 3 if quick else 10 if subject.name in (OURS, LEAST) else 6)
        if subject.chooses:
            keys(table, f"screen, {len(project.names)} services: key to screen", subject, program, 40 if quick else 100, "0.6 / 0.8 ms")


def sized(table, project, subjects, quick, budget):
    alone = engine_alone(2 if quick else 6)
    for subject in subjects:
        own = subject.name in (OURS, LEAST)
        if not own and (len(project.names) < 20 or budget.is_over(subject.name)):
            continue
        with excused(table, subject, f"the start with {len(project.names)} services"):
            starts(table, subject, project, 3 if quick or not own else 7)
        with excused(table, subject, f"rest and keys with {len(project.names)} services"):
            calm(table, subject, project, alone, quick)


def busy_core(table, project):
    """A service begins to take a core: how long until its row says so."""
    subject = own_subjects()[0]
    with excused(table, subject, "a service at 100 % of a core"), subject.on(project) as program:
        program.drain(3)
        busy = re.compile(r"\b(9[5-9]|1\d\d)(\.\d)? ?%")
        began = time.monotonic()
        project.signal("svc-02", "SIGWINCH")
        try:
            at = program.wait(lambda lines: any("svc-02" in line and busy.search(line) for line in lines), 12)
        finally:
            project.signal("svc-02", "SIGHUP")
        check(at is not None, "the row did not say so within 12 s")
        table.add("screen: a service at 100 % of a core reads >= 95 %", f"{at - began:.1f} s", "2 s", at - began <= 2)


# ---- logs ----

def flooded(table, subjects, made, quick, budget):
    """Keys while the log in view gets lines. Both services get them, so that it does whichever is chosen."""
    with stack("flood", made) as project:
        project.grow(2)
        for subject in subjects[:1] if quick else subjects:
            if not subject.chooses or not subject.shows_log or subject.opens_log or subject.name == "mprocs" or budget.is_over(subject.name):
                continue
            with excused(table, subject, "keys under 10k lines/s"), subject.on(project) as program:
                program.drain(2)
                try:
                    for name in project.names:
                        project.signal(name, "SIGUSR1")
                    program.drain(1)
                    keys(table, "screen: key with 10k lines/s in view", subject, program, 40 if quick else 100, "2 / 2 ms")
                finally:
                    for name in project.names:
                        project.signal(name, "SIGHUP")
        for subject in [] if quick else subjects[:2]:
            with excused(table, subject, "keys under 100k lines/s"), subject.on(project) as program:
                program.drain(2)
                try:
                    project.signal("svc-01", "SIGUSR2")
                    program.drain(1)
                    keys(table, "screen: key with 100k lines/s in view", subject, program, 60, "8 / 8 ms", **ahead(subject))
                finally:
                    project.signal("svc-01", "SIGHUP")


def ahead(subject):
    """Keys that leave the log in view: the focus goes round in ours; the floor has the first row still chosen."""
    return {"keys": "\t", "answer": re.compile(rb"Services|Log")} if subject.name == OURS else {"keys": "jk"}


def raw_reader(project):
    """Seconds in which a plain socket reads the burst from the engine's log endpoint."""
    with socket.socket(socket.AF_UNIX) as plug:
        plug.connect(project.socket)
        plug.settimeout(60)
        plug.sendall(f"GET /containers/{project.ids['svc-01']}/logs?stdout=1&stderr=1&timestamps=1&follow=1&tail=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        plug.recv(1 << 16)
        began, tail, seen = time.monotonic(), b"", 0
        project.signal("svc-01", "SIGALRM")
        while b"burst ended" not in tail:
            block = plug.recv(1 << 20)
            check(block, "the engine closed the log")
            seen += block.count(b"checkout")  # a cut one counts for nothing: few are
            tail = tail[-16:] + block
        took = time.monotonic() - began
        check(seen > BURST * 0.98, f"the engine gave {seen} of {BURST} lines: its log files are too small")
        return took


def newest(lines):
    return max((int(number) for line in lines for number in NUMBER.findall(line)), default=0)


def burst_seen(subject, project, program, patience):
    """Lines that were read, and the seconds until then."""
    began = time.monotonic()
    project.signal("svc-01", "SIGALRM")
    if subject.name == "docker logs":
        tail = b""
        while b"burst ended" not in tail and time.monotonic() < began + patience:
            tail = tail[-16:] + program.read(1)
            program.pieces.clear()
        return (BURST if b"burst ended" in tail else 0), time.monotonic() - began
    at = program.wait(lambda lines: any("burst ended" in line for line in lines), patience)
    return (BURST, at - began) if at is not None else (newest(program.lines()), patience)


def intake(table, subjects, made, quick, budget):
    """A million lines as fast as the service writes them, the log in view."""
    with stack("burst", made) as project:
        rate = 0
        for _ in range(1 if quick else 2):
            project.grow(1, "--force-recreate")
            rate = max(rate, BURST / raw_reader(project) / 1000)
        for subject in subjects:
            if not subject.shows_log or budget.is_over(subject.name):
                continue
            with excused(table, subject, "the intake of 1M lines"):
                project.grow(1, "--force-recreate")
                with subject.on(project) as program:
                    program.drain(subject.patience + 1)
                    if subject.opens_log:
                        program.type(subject.opens_log)
                        program.drain(1)
                    one_intake(table, subject, project, program, rate)
        table.peer("screen: intake of 1M lines", "raw reader", f"{rate:.0f} k/s")


def logs_subject():
    return Subject("docker logs", lambda project: ["docker", "logs", "-f", "--tail", "1", project.container("svc-01")])


def one_intake(table, subject, project, program, rate):
    own = cpu_ns(program.process.pid)
    lines, took = burst_seen(subject, project, program, 60 if subject.name in (OURS, LEAST) else 15)
    ours = lines / took / 1000
    end = "" if lines == BURST else f", at {lines // 1000}k after {took:.0f} s"
    tell(table, "screen: intake of 1M lines", subject, f"{ours:.0f} k/s, {ours / rate * 100:.0f} % of a raw reader{end}", "90 %",
         ours >= 0.9 * rate and lines == BURST)
    if lines > 0:
        each = (cpu_ns(program.process.pid) - own) / 1000 / lines
        tell(table, "screen: CPU a line", subject, f"{each:.1f} us", "2.5 us", each <= 2.5)
    pss = memory(program.process.pid)
    tell(table, "screen: PSS after 1M lines", subject, f"{pss:.0f} MiB", "80 MiB", pss <= 80)


# ---- the engine goes and comes back ----

def away_module():
    path = pathlib.Path(__file__).resolve().parents[1] / "live/test-engine-away.py"
    spec = importlib.util.spec_from_file_location("engine_away", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answers(path):
    try:
        return ask(path, "GET", "/_ping")[0] == 200
    except OSError:
        return False


def until_cut(path, turn, program):
    """When the engine, which `turn` stops, cuts an event stream: it may refuse new connections before that."""
    with socket.socket(socket.AF_UNIX) as plug:
        plug.connect(path)
        plug.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        turn.start()
        limit = time.monotonic() + 30
        while time.monotonic() < limit:
            if select.select([plug], [], [], 0.001)[0] and not plug.recv(1 << 16):
                return time.monotonic()
            program.read(0)
    raise Failed("the engine did not end")


def recovery(table, made):
    subject, away = own_subjects()[0], away_module()
    away.IMAGE = made
    with excused(table, subject, "an engine that restarts"), away.private_engine() as engine, \
            stack("away", made, {"DOCKER_HOST": engine.socket}) as project:
        project.grow(5)
        with subject.on(project) as program:
            check(program.wait(lambda lines: any("all 5 well" in line for line in lines), 20), "its services are not shown")
            program.drain(1)
            turn = threading.Thread(target=engine.stop)
            gone = until_cut(project.socket, turn, program)
            at = program.wait(lambda lines: any("engine silent" in line for line in lines), 10)
            turn.join()
            check(at is not None, "it does not say that the engine is gone")
            table.add("screen: engine stopped, shown after", f"{ms(max(0.0, at - gone) * 1000)} ms", "100 ms", at - gone <= 0.1)
            turn = threading.Thread(target=engine.start)
            turn.start()
            while not answers(project.socket):
                program.read(0.001)
            back = time.monotonic()
            at = program.wait(lambda lines: not any("engine silent" in line for line in lines), 20)
            turn.join()
            check(at is not None, "it does not see that the engine is back")
            table.add("screen: engine back, live after", f"{ms(max(0.0, at - back) * 1000)} ms", "500 ms", at - back <= 0.5)


# ---- all ----

class Budget:
    def __init__(self, table):
        self.table, self.began, self.told = table, time.monotonic(), set()

    def is_over(self, name):
        over = name not in (OURS, LEAST) and time.monotonic() - self.began > BUDGET
        if over and name not in self.told:
            self.told.add(name)
            self.table.note(f"skipped: more of {name}: the {BUDGET} s for the section are over")
        return over


def screen(table, quick):
    if library() is None:
        table.note("skipped: screen: libvterm is not installed")
        return
    subjects = own_subjects() if quick else own_subjects() + other_subjects(table)
    budget = Budget(table)
    table.say("the screen: 2 cores are shared by the program, the engine and the reader")
    with image() as made:
        with stack("screen", made) as project:
            for count in (5,) if quick else (5, 20, 50):
                project.grow(count, "--no-recreate")
                sized(table, project, subjects, quick, budget)
                if count == 5:
                    busy_core(table, project)
        flooded(table, subjects, made, quick, budget)
        if not quick:
            recovery(table, made)
        intake(table, subjects[:1] if quick else [*subjects, logs_subject()], made, quick, budget)
