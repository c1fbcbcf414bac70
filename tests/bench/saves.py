"""From a save to the new answer: what cargodeck adds to cargo itself. Told by
its own `serving` events, and beside them from outside: the whole time until the
first new HTTP answer, less a bare `cargo build` of a like edit in the same
builder container, one after the other. For the bare build cargodeck is stopped
by SIGSTOP: it sees that edit afterwards, and there is nothing left to compile."""

import json
import os
import re
import signal
import socket
import time

from figures import median, ms, share, spread
from harness import Failed, check, deck_on, free_port, run, workspace
from steady import Steady

RAW = os.environ.get("BENCH_RAW")  # a file that gets every `serving` event
PROGRAMS = ("api", "gateway", "worker")  # of the example
STARTS = ("event", "settle", "dispatch")


class Edit:
    """A text in a source file that is seen in the answer; each save has a new one."""

    count = 0

    def __init__(self, work, path, before, after, port):
        self.work, self.path, self.before, self.after, self.port = work, path, before, after, port

    def save(self):
        """The text to be seen, and when the file was there."""
        Edit.count += 1
        text = f"edit-{Edit.count}"
        old = (self.work.root / self.path).read_text()
        new, found = re.subn(re.escape(self.before) + r"[^\"{]*?" + re.escape(self.after),
                             lambda _: self.before + text + " " + self.after, old, count=1)
        check(found == 1, f"{self.path} has no place for an edit")
        began = time.monotonic()
        self.work.write(self.path, new)
        return text, began

    def spoil(self):
        """The same file, not to be compiled; what it was comes back."""
        old = (self.work.root / self.path).read_text()
        began = time.monotonic()
        self.work.write(self.path, old + "\nfn broken( {\n")
        return old, began


def ask_raw(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while block := connection.recv(65536):
            answer += block
        return answer


def first_answer(port, text, seconds=120):
    """The moment of the first answer that holds the text, asked every 2 ms."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            if text.encode() in ask_raw(port):
                return time.monotonic()
        except OSError:
            pass
        time.sleep(0.002)  # the pace of asking
    raise Failed(f"port {port} did not answer with {text} within {seconds} s")


def bare_build(work, family, words):
    """A `cargo build` in the builder, in ms, by the container's clock."""
    script = 'a=$(date +%s%N); cargo build "$@" >/dev/null 2>&1 || exit 1; b=$(date +%s%N); echo $((b - a))'
    done = run("docker", "exec", "-w", work.root, f"{work.project}-cargodeck-builder-{family}", "sh", "-c", script, "sh", *words)
    return int(done.stdout) / 1e6


class Saves:
    """What many saves of one kind took."""

    def __init__(self):
        self.beyond, self.starts, self.outside, self.bare, self.whole = [], [], [], [], []
        self.own = []  # the program's own start, until it listens
        self.stages = {}

    def take(self, event):
        stages = event.get("stages_ms")
        if stages is None:
            return
        if RAW:
            with open(RAW, "a") as out:
                print(json.dumps(event), file=out)
        self.beyond.append(event["beyond_cargo_ms"])
        self.own.append(event["own_ms"])
        self.starts.append(sum(stages[name] for name in STARTS))
        for name, value in stages.items():
            self.stages.setdefault(name, []).append(value)


def one_save(deck, edit, services, saves):
    since = deck.mark()
    text, began = edit.save()
    saves.whole.append((first_answer(edit.port, text) - began) * 1000)
    generation = deck.wait("saved", 10, since=since)["generation"]
    for service in services:
        saves.take(deck.wait("serving", 60, since=since, service=service, generation=generation))
    deck.wait("build", 60, since=since, state="passed")


def one_bare(deck, work, edit, words, saves):
    os.kill(deck.process.pid, signal.SIGSTOP)
    try:
        since = deck.mark()
        edit.save()
        saves.bare.append(bare_build(work, 0, words))
    finally:
        os.kill(deck.process.pid, signal.SIGCONT)
    deck.wait("build", 60, since=since, state="passed")
    check(not deck.seen("swap", since), "the bare build did not make what cargodeck makes of the same edit")


def run_saves(deck, work, edit, services, words, count, bare=True):
    saves = Saves()
    one_save(deck, edit, services, Saves())  # what is read for the first time is no figure
    for _ in range(count):
        one_save(deck, edit, services, saves)
        if bare:
            one_bare(deck, work, edit, words, saves)
    saves.outside = [whole - bare for whole, bare in zip(saves.whole, saves.bare)]
    return saves


def tell(table, name, saves):
    p50, p95 = median(saves.beyond), share(saves.beyond, 95)
    table.add(f"beyond cargo, {name}", f"{ms(p50)} / {ms(p95)} ms", "15 / 40 ms", p50 <= 15 and p95 <= 40)
    less = [beyond - own for beyond, own in zip(saves.beyond, saves.own)]
    table.add(f"  of it the program's own start until it listens, {name}", f"{spread(saves.own)}; without it {spread(less)}")
    if saves.outside:
        table.add(f"  save to new answer less a bare build, {name}", f"{spread(saves.outside)}")
    table.add(f"  cargo's own time, {name}", spread(saves.stages["cargo"]) + (f"; bare build {spread(saves.bare)}" if saves.bare else ""))
    table.note(f"stages of {name}, p50: " + " | ".join(f"{stage} {ms(median(values))}" for stage, values in saves.stages.items())
               + "; p95: " + " | ".join(f"{stage} {ms(share(values, 95))}" for stage, values in saves.stages.items()))


def tell_starts(table, starts):
    p50, p99 = median(starts), share(starts, 99)
    table.add("save to cargo running (p50 / p99)", f"{ms(p50)} / {ms(p99)} ms of {len(starts)}", "5 / 20 ms", p50 <= 5 and p99 <= 20)


def refused_by_us(table, deck, edit, service):
    """What the peers are asked too: the same edits under a load, and a broken one."""
    with Steady(edit.port) as load:
        load.wait(lambda a: a.status == 200)
        for _ in range(5):
            since = deck.mark()
            text, _began = edit.save()
            deck.wait("serving", 60, since=since, service=service)
            load.wait(lambda a, text=text: a.word == text)
            load.wait_more(40)
        failed = len(load.failures())
        since = deck.mark()
        old, broken_at = edit.spoil()
        deck.wait("build", 60, since=since, state="failed")
        load.wait_more(400)
        answered = load.answered(broken_at)
        since = deck.mark()
        edit.work.write(edit.path, old)
        deck.wait("build", 60, since=since, state="passed")
    table.add("gateway, 200/s: failed a swap", f"{failed / 5:.1f}", "0", failed == 0)
    table.add("gateway, 200/s: answered while the code is broken", f"{answered:.0f} %", "100 %", answered == 100)


def example(table, idle):
    """The example: a leaf, its library, and the gateway's load that the peers get too."""
    gateway, api = free_port(), free_port()
    with workspace("shop", "share/example", {"GATEWAY_PORT": str(gateway), "API_PORT": str(api)}) as work:
        table.say("example: images, the first build")
        with deck_on(work) as deck:
            ready = deck.ready(1200)
            table.add("example: from nothing to every service healthy", f"{ready['ms'] / 1000:.0f} s")
            title = Edit(work, "crates/gateway/src/main.rs", '"', "<!doctype html>", gateway)
            name = Edit(work, "crates/shop-core/src/lib.rs", 'SHOP: &str = "', "The Corner Shop", gateway)
            # all packages are named, as cargodeck does: cargo unites the features of those that are
            packages = ["--locked"] + [word for package in PROGRAMS for word in ("-p", package)]
            leaf = run_saves(deck, work, title, ["gateway"], [*packages, "--bin", "gateway"], 20)
            tell(table, "a leaf (gateway)", leaf)
            # the worker does not show the shop's name: its program stays the same, byte for byte, and is not swapped
            bins = [word for program in PROGRAMS for word in ("--bin", program)]
            library = run_saves(deck, work, name, ["api", "gateway"], packages + bins, 20)
            tell(table, "the library (3 programs)", library)
            tell_starts(table, leaf.starts + library.starts)
            refused_by_us(table, deck, title, "gateway")
            idle(table, deck, "watch, example")
