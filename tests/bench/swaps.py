"""Swaps under a steady load (BENCH_WAYS='plain fixed': only these): what callers notice of them, for each way of
swapping, with a new connection a request and with kept-alive ones. Each answer
takes 20 ms of its own."""

import collections
import os
import shutil

from figures import ms, share
from harness import SOURCE, deck_on, free_port, run, workspace
from saves import Edit, run_saves, tell, tell_starts
from steady import Steady

OWN_MS = 20
SWAPS = 20
# name: source, what must hold of failures and waits (None: told, no goal)
WAYS = {
    "plain": ("ways/src/bin/plain.rs", True, "knows nothing, no SIGTERM handler"),
    "listenfd": ("ways/src/bin/listenfd.rs", True, "listenfd"),
    "blocking": ("still/src/bin/blocking.rs", True, "blocking std::net"),
    "fixed": ("still/src/bin/fixed.rs", None, "static, seccomp"),
    "alone": ("ways/src/bin/alone.rs", None, "alone"),
    "restart": ("ways/src/bin/restart.rs", None, "restart"),
}


class Seen:
    """What the callers saw of one run of swaps."""

    def __init__(self):
        self.slowest, self.gone, self.swap_ms, self.modes = [], [], [], set()
        self.served_at = []
        self.failures, self.asked, self.answered_broken, self.outside = [], 0, 0.0, 0.0


def look_at_swap(load, seen, text, before, event_at, swap_ms):
    answers = list(load.answers)
    first_new = min(a.ended for a in answers if a.word == text)
    begin, end = min(event_at, first_new) - swap_ms / 1000 - 0.02, first_new + 0.2
    during = [a for a in answers if a.status == 200 and a.ended >= begin and a.began <= end]
    seen.slowest.append(max((a.ended - a.began) * 1000 - OWN_MS for a in during))
    olds = [a.ended for a in answers if a.status == 200 and a.word == before and a.began > begin - 1]
    seen.gone.append(max([0.0] + [(ended - first_new) * 1000 for ended in olds]))
    calm = [(a.ended - a.began) * 1000 - OWN_MS for a in answers if a.status == 200 and a.ended < begin and a.ended > begin - 0.3]
    seen.outside = max([seen.outside] + calm)


def broken(deck, edit, load, seen):
    since = deck.mark()
    old, at = edit.spoil()
    deck.wait("build", 60, since=since, state="failed")
    load.wait_more(200)
    seen.answered_broken = load.answered(at)
    since = deck.mark()
    edit.work.write(edit.path, old)
    deck.wait("build", 60, since=since, state="passed")


def swap_under_load(deck, edit, service, kept, count):
    seen = Seen()
    with Steady(edit.port, kept=kept) as load:
        before = load.wait(lambda a: a.status == 200).word
        for _ in range(count):
            since, at = deck.mark(), len(load.answers)
            text, _began = edit.save()
            swap = deck.wait("swap", 60, since=since, service=service)
            event = deck.wait("serving", 60, since=since, service=service)
            load.wait(lambda a, text=text: text == a.word, since=at)
            load.wait_more(50)
            deck.wait("build", 60, since=since, state="passed")
            seen.modes.add(swap["mode"])
            seen.served_at.append(event["at"])
            seen.swap_ms.append(swap["ms"])
            look_at_swap(load, seen, text, before, event["at"], swap["ms"])
            before = text
        broken(deck, edit, load, seen)
    seen.failures, seen.asked = load.failures(), len(load.answers)
    return seen


def tell_failures(table, seen):
    """How long each failed request was out, and how far from the nearest swap it ended."""
    for answer in seen.failures[:12]:
        near = min((answer.ended - at for at in seen.served_at), key=abs)
        table.say(f"  failed: {answer.mark} after {ms((answer.ended - answer.began) * 1000)} ms, {near * 1000:+.0f} ms from a swap's end")


def tell_swaps(table, what, must, kept, seen):
    name = f"{what}, {'kept-alive' if kept else 'new connections'}"
    kinds = collections.Counter(a.mark if a.status == 0 else f"status {a.status}" for a in seen.failures)
    failed = len(seen.failures)
    table.add(f"{SWAPS} swaps, {name}: failed", f"{failed} of {seen.asked}" + (f" ({', '.join(f'{number} {kind}' for kind, number in kinds.items())})" if kinds else ""),
              "0" if must else "", failed == 0 if must else None)
    tell_failures(table, seen)
    slowest, gone = max(seen.slowest), max(seen.gone)
    table.add("  slowest answer in a swap, above its work", f"{ms(slowest)} ms (p50 {ms(share(seen.slowest, 50))}; before swaps {ms(seen.outside)})",
              "50 ms" if must else "", slowest <= 50 if must else None)
    table.add("  old code gone after the first new answer", f"{ms(share(seen.gone, 50))} ms, at most {ms(gone)}",
              "150 ms" if must else "", gone <= 150 if must else None)
    table.add("  answered while the code does not compile", f"{seen.answered_broken:.0f} %", "100 %", seen.answered_broken == 100)
    table.say(f"{name}: mode {'/'.join(sorted(seen.modes))}, swap {ms(share(seen.swap_ms, 50))} / {ms(share(seen.swap_ms, 95))} ms")


def git(work, *words, **options):
    return run("git", "-C", work.root, "-c", "user.name=bench", "-c", "user.email=bench@example.com", *words, **options)


def ways_workspace():
    ports = {name: free_port() for name in WAYS}
    return ports, workspace("ways", "tests/bench/ways", {f"{name.upper()}_PORT": str(port) for name, port in ports.items()})


def ways(table, quick, idle, starts, screen):
    ports, made = ways_workspace()
    with made as work:
        if shutil.which("git"):
            git(work, "init", "-q")
            (work.root / ".gitignore").write_text("target\n")
            git(work, "add", "-A")
            git(work, "commit", "-q", "-m", "all")
        table.say("a service for each way of swapping: images, the first build")
        run(SOURCE / "share/stand-ins/build", "gcr.io/distroless/static-debian12")
        with deck_on(work) as deck:
            deck.ready(900)
            edits = {name: Edit(work, WAYS[name][0], 'TEXT: &str = "', f"{name}-1", ports[name]) for name in WAYS}
            chosen = os.environ.get("BENCH_WAYS", "plain" if quick else " ".join(WAYS)).split()
            if quick and "BENCH_WAYS" not in os.environ:
                leaf = run_saves(deck, work, edits["plain"], ["plain"], ["--locked", "-p", "ways", "--bin", "plain"], SWAPS)
                tell(table, "a leaf", leaf)
                library = Edit(work, "ways/src/lib.rs", "{text} ", "shared", ports["plain"])
                words = ["--locked", "-p", "ways"] + [w for b in ("plain", "listenfd", "alone", "restart") for w in ("--bin", b)]
                shared = run_saves(deck, work, library, ["plain", "listenfd"], words, 10)
                tell(table, "a library (4 services)", shared)
                tell_starts(table, leaf.starts + shared.starts)
            for name, (_path, must, what) in WAYS.items():
                if name not in chosen:
                    continue
                for kept in (False, True):
                    seen = swap_under_load(deck, edits[name], name, kept, SWAPS)
                    tell_swaps(table, what, must, kept, seen)
            if "BENCH_WAYS" in os.environ:
                return
            starts(table, deck, work, quick)
            idle(table, deck, "watch")
        screen(table, work)
