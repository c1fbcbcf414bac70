#!/usr/bin/env python3
"""A single crate without any settings, on a real engine: saves, swaps under
load, broken code, editors' ways of saving, and how cargodeck ends."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import (Load, Stage, builders, check, compilers, container, free_port, get, inspect, main, run, test,
                     until, wait_answer)

PORT = free_port()
MAIN = "src/main.rs"
STAGE = Stage("single", "tests/workspaces/single", {"HELLO_PORT": str(PORT)})
SOURCE_TEXT = re.compile(r'const TEXT: &str = "[^"]*";')


def code(text, tail=""):
    """The program as it is kept, with another text."""
    return SOURCE_TEXT.sub(f'const TEXT: &str = "{text}";', (STAGE.workspace.source / MAIN).read_text()) + tail


def save(text, tail=""):
    STAGE.workspace.write(MAIN, code(text, tail))


def begin():
    """The deck, with the tree as kept and a text of its own that serves."""
    deck = STAGE.deck()
    since = deck.mark()
    STAGE.workspace.restore()
    text = STAGE.text()
    save(text)
    wait_answer(PORT, text)
    deck.served(since, "hello")
    return deck, text


def swaps_under_load(kept):
    deck, _ = begin()
    with Load(PORT, "/slow", clients=8, kept=kept) as load:
        until(lambda: len(load.answers) >= 50, "the load has no answers")
        for _ in range(20):
            text = STAGE.text()
            save(text)
            deck.wait("serving", service="hello")
            wait_answer(PORT, text, seconds=2)
        before = len(load.answers)
        until(lambda: len(load.answers) >= before + 50, "the load has no answers after the last swap")
    bars = sorted(deck.seen("serving", service="hello")[-20:], key=lambda event: event["beyond_cargo_ms"])
    print(f"# {'kept' if kept else 'new'} connections: {len(load.answers)} answers, {len(load.failures)} failed, {load.crossed} crossed, "
          f"slowest {load.slowest() * 1000:.0f} ms, beyond cargo {bars[10]['beyond_cargo_ms']:.0f} ms in the middle, "
          f"at most {bars[-1]['beyond_cargo_ms']:.0f}: {bars[-1]['stages_ms']}")
    # 20 swaps close 160 idle connections: a request on its way just then is rare
    check(load.crossed <= 16, f"{load.crossed} requests crossed with a close")
    check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:5]}")
    check(load.slowest() < 1, f"an answer took {load.slowest():.3f} s")


@test
def test_comes_up_and_answers():
    deck = STAGE.deck()
    ready = deck.seen("ready")[0]
    check(ready["services"] == ["hello"], f"ready names {ready['services']}")
    check(get(PORT) == (200, "single 1"), f"it answers {get(PORT)}")
    print(f"# ready after {ready['ms'] / 1000:.1f} s")


@test
def test_a_save_answers_anew():
    deck, _ = begin()
    text, since = STAGE.text(), deck.at
    save(text)
    saved = deck.wait("saved")
    check(saved["paths"] == [MAIN] and saved["binaries"] == ["hello-service"] and saved["why"] == "dep-info", f"saved: {saved}")
    generation = saved["generation"]
    deck.wait("build", state="started", generation=generation)
    swap = deck.wait("swap", generation=generation, service="hello")
    check(swap["mode"] == "preload", f"swapped by {swap['mode']}")
    serving = deck.wait("serving", generation=generation, service="hello")
    check(get(PORT)[1] == text, "the new code serves and does not answer")
    stages = serving["stages_ms"]
    beyond = sum(value for name, value in stages.items() if name != "cargo")
    check(abs(beyond - serving["beyond_cargo_ms"]) < 2, f"the stages {stages} do not add up to {serving['beyond_cargo_ms']}")
    check(0 < serving["own_ms"] <= stages["ready"], f"its own start of {serving['own_ms']} ms is no part of ready, {stages}")
    deck.wait("build", since=since, state="passed", generation=generation)


@test
def test_old_code_answers_while_it_does_not_compile():
    deck, text = begin()
    with Load(PORT, "/slow", clients=4, kept=True, rate=100) as load:
        STAGE.workspace.edit(MAIN, "    let listener", '    let unused: u32 = "no number";\n    let listener')
        error = deck.wait("diagnostic", level="error")
        check(error["code"] == "E0308" and error["file"].endswith(MAIN), f"the diagnostic is {error}")
        check(error["line"] == 17 and error["column"] > 1, f"the diagnostic's place is {error}")
        deck.wait("build", state="failed")
        before = len(load.answers)
        until(lambda: len(load.answers) >= before + 100, "no answers while it does not compile")
        bodies = {body for _, _, body in load.answers}
        check(bodies == {text}, f"while it did not compile it answered {bodies}")
        mended = STAGE.text()
        save(mended)
        deck.wait("serving", service="hello")
        wait_answer(PORT, mended, seconds=2)
    check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:5]}")


@test
def test_swaps_under_new_connections():
    swaps_under_load(kept=False)


@test
def test_swaps_under_kept_connections():
    swaps_under_load(kept=True)


@test
def test_a_save_during_a_build_wins():
    deck, _ = begin()
    for _ in range(3):
        first, second = STAGE.text(), STAGE.text()
        save(first)
        begun = deck.wait("build", state="started")
        until(lambda: any("rustc" in each for each in compilers(STAGE.workspace)), "no compiler runs")
        save(second)
        wait_answer(PORT, second)
        last = settle(deck)
        check(last > begun["generation"], f"the last save is g{last}")
        check(get(PORT)[1] == second, f"it answers {get(PORT)[1]}, not {second}")


@test
def test_a_program_that_ends_is_not_served():
    deck, text = begin()
    STAGE.workspace.edit(MAIN, "    let listener", '    panic!("as told");\n    let listener')
    fault = deck.wait("fault", message=lambda message: "hello" in message)
    check("as told" in fault["message"] and fault["mend"], f"the fault is {fault}")
    check(get(PORT)[1] == text, "the old code does not answer any more")


def one_build(deck, since, swapped=True):
    """One save, one build of it; begun again once at most."""
    passed = deck.wait("build", state="passed", since=since)
    if swapped:
        deck.wait("serving", service="hello", since=since)
    builds = deck.seen("build", since, state=lambda state: state in ("passed", "failed", "cancelled"))
    check(len(builds) == 1, f"there were {len(builds)} builds: {deck.seen('saved', since)} {builds}")
    check(passed["restarted"] <= 1, f"it was begun again {passed['restarted']} times")


@test
def test_save_in_place():
    deck, _ = begin()
    text = STAGE.text()
    (STAGE.workspace.root / MAIN).write_text(code(text))
    one_build(deck, deck.at)
    wait_answer(PORT, text, seconds=2)


@test
def test_save_by_rename():
    deck, _ = begin()
    text = STAGE.text()
    save(text)
    one_build(deck, deck.at)
    wait_answer(PORT, text, seconds=2)


@test
def test_save_as_vim_does():
    """It tries the folder with the file 4913, keeps the old file beside, writes
    the new one and removes the old one."""
    deck, _ = begin()
    text, source = STAGE.text(), STAGE.workspace.root / "src"
    swap = source / ".main.rs.swp"
    swap.write_bytes(b"b0VIM 9.0")
    (source / "4913").touch()
    (source / "4913").unlink()
    os.rename(source / "main.rs", source / "main.rs~")
    (source / "main.rs").write_text(code(text))
    (source / "main.rs").chmod(0o644)
    (source / "main.rs~").unlink()
    swap.unlink()
    one_build(deck, deck.at)
    wait_answer(PORT, text, seconds=2)


@test
def test_save_as_emacs_does():
    """A lock that is a dangling link, a copy beside, then the file in place."""
    deck, _ = begin()
    text, source = STAGE.text(), STAGE.workspace.root / "src"
    os.symlink("someone@host.1:2", source / ".#main.rs")
    (source / "main.rs~").write_bytes((source / "main.rs").read_bytes())
    (source / "main.rs").write_text(code(text))
    (source / ".#main.rs").unlink()
    one_build(deck, deck.at)
    wait_answer(PORT, text, seconds=2)


@test
def test_save_as_jetbrains_does():
    deck, _ = begin()
    text, source = STAGE.text(), STAGE.workspace.root / "src"
    (source / "main.rs___jb_tmp___").write_text(code(text))
    os.rename(source / "main.rs", source / "main.rs___jb_old___")
    os.rename(source / "main.rs___jb_tmp___", source / "main.rs")
    (source / "main.rs___jb_old___").unlink()
    one_build(deck, deck.at)
    wait_answer(PORT, text, seconds=2)


@test
def test_touch_builds_and_does_not_swap():
    deck, text = begin()
    pid = program_of("hello")
    os.utime(STAGE.workspace.root / MAIN)
    one_build(deck, deck.at, swapped=False)
    # the next save is a barrier: a swap of the touch would stand before it
    since = deck.at
    last = STAGE.text()
    save(last)
    serving = deck.wait("serving", service="hello")
    swaps = deck.seen("swap", since)
    check([each["generation"] for each in swaps] == [serving["generation"]], f"swaps after a touch: {swaps}")
    check(pid, "the program has no process")


def program_of(service):
    """The process ids of a service's container."""
    top = run("docker", "top", container(STAGE.workspace, service), "-eo", "pid").stdout.split()[1:]
    return [int(pid) for pid in top]


@test
def test_a_new_module_that_failed_is_built_when_it_is_mended():
    deck, old = begin()
    text = STAGE.text()
    os.makedirs(STAGE.workspace.root / "src/deep/er")
    STAGE.workspace.write("src/deep/er/new.rs", "pub const NEW: u32 = ;\n")
    save(text, '#[path = "deep/er/new.rs"]\nmod new;\n')
    deck.wait("build", state="failed")
    check(get(PORT)[1] == old, "a failed build changed what is served")
    since = deck.mark()
    STAGE.workspace.write("src/deep/er/new.rs", "#[allow(dead_code)]\npub const NEW: u32 = 1;\n")
    saved = deck.wait("saved", since=since)
    check(saved["binaries"] == ["hello-service"], f"the mended module builds {saved['binaries']}")
    deck.wait("serving", service="hello")
    wait_answer(PORT, text, seconds=2)


@test
def test_a_checkout_is_one_build():
    deck, _ = begin()
    root = STAGE.workspace.root

    def git(*words):
        run("git", "-C", root, "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false", *words)

    try:
        text = STAGE.text()
        git("init", "-q", "-b", "one")
        git("add", "-A")
        git("commit", "-q", "-m", "one")
        git("checkout", "-q", "-b", "two")
        os.makedirs(root / "src/many")
        for number in range(2000):
            (root / f"src/many/m{number}.rs").write_text(f"pub const N{number}: u32 = {number};\n")
        (root / MAIN).write_text(code(text))
        git("add", "-A")
        git("commit", "-q", "-m", "two")
        wait_answer(PORT, text)
        deck.wait("build", state="passed")
        git("checkout", "-q", "one")
        until(lambda: get(PORT)[1] != text, "the checkout back is not served")
        settle(deck)
        since = deck.mark()
        git("checkout", "-q", "two")
        wait_answer(PORT, text)
        settle(deck)
        started = deck.seen("build", since, state="started")
        saved = deck.seen("saved", since)
        check(len(saved) >= 1 and len(saved[0]["paths"]) >= 1000, f"saved: {len(saved)}, {len(saved[0]['paths'])} paths")
        finished = deck.seen("build", since, state="passed") + deck.seen("build", since, state="cancelled")
        # the second one is what settle() touched
        check(len(started) == 2 and len(finished) == 2, f"a checkout made {len(started) - 1} builds")
    finally:
        subprocess.run(["rm", "-rf", root / ".git"], check=True)


def settle(deck):
    """All that was saved before is built: a touch after it is."""
    since = deck.mark()
    os.utime(STAGE.workspace.root / MAIN)
    saved = deck.wait("saved", since=since, paths=[MAIN])
    deck.wait("build", since=since, state="passed", generation=saved["generation"])
    return saved["generation"]


NUMBER = (int, float)
FIELDS = {
    "step": {"step": str, "state": str, "text": (str, type(None))},
    "ready": {"services": list, "ms": NUMBER},
    "saved": {"paths": list, "binaries": list, "why": str, "generation": int},
    "build": {"state": str, "restarted": int, "generation": int},
    "diagnostic": {"level": str, "code": (str, type(None)), "file": (str, type(None)), "line": (int, type(None)),
                   "column": (int, type(None)), "message": str},
    "swap": {"service": str, "mode": str, "ms": NUMBER, "generation": int},
    "serving": {"service": str, "generation": int},
    "service": {"service": str, "state": str, "health": str, "exit_code": (int, type(None)), "image": (str, type(None))},
    "fault": {"code": str, "message": str, "mend": (str, type(None))},
}
WORDS = {
    ("step", "state"): {"waiting", "running", "done", "failed"},
    ("saved", "why"): {"dep-info", "graph", "manifest", "data", "config", "none"},
    ("build", "state"): {"started", "progress", "passed", "failed", "cancelled"},
    ("diagnostic", "level"): {"error", "warning", "note"},
    ("swap", "mode"): {"preload", "seccomp", "alone", "restart"},
    ("service", "health"): {"healthy", "unhealthy", "starting", "none"},
    ("service", "image"): {"own", "builder", None},
    ("fault", "code"): {"usage", "input", "failed", "outside", "cancelled"},
}


def check_event(kind):
    """Every event of that kind so far is as the manual page says."""
    stamp = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
    events = STAGE.deck().seen(kind)
    check(events, f"no event {kind} was seen")
    for event in events:
        check(stamp.match(event["time"]), f"time is {event['time']}")
        for name, kinds in FIELDS[kind].items():
            check(name in event and isinstance(event[name], kinds), f"{kind} has a bad {name}: {event}")
            if (kind, name) in WORDS:
                check(event[name] in WORDS[kind, name], f"{kind} has {name} {event[name]!r}")
    return events


@test
def test_every_event_is_as_documented():
    deck, _ = begin()
    STAGE.workspace.edit(MAIN, "    let listener", '    let unused: u32 = "no number";\n    let listener')
    deck.wait("build", state="failed")
    STAGE.workspace.restore()
    STAGE.workspace.edit(MAIN, "    let listener", '    panic!("as told");\n    let listener')
    deck.wait("fault")
    begin()
    for kind in FIELDS:
        check_event(kind)
    names = {event["event"] for event in deck.events}
    check(names <= set(FIELDS), f"there are events that are not documented: {names - set(FIELDS)}")
    for event in check_event("serving"):
        if "stages_ms" in event:
            check(list(event["stages_ms"]) == ["event", "settle", "dispatch", "cargo", "start", "ready"], f"stages: {event}")
            check(isinstance(event["beyond_cargo_ms"], NUMBER), f"serving: {event}")
    progress = deck.seen("build", state="progress")
    check(any(0 < event["done"] <= event["total"] for event in progress), f"no progress n of m: {progress[:3]}")
    check(all(isinstance(event["ms"], NUMBER) for event in deck.seen("build", state="passed")), "a build that passed has no ms")


@test
def test_it_ends_cleanly_during_a_build():
    deck, text = begin()
    save(STAGE.text())
    deck.wait("build", state="started")
    status = STAGE.end(signal.SIGTERM)
    check(status == 0, f"it ended with {status}")
    check(get(PORT)[1] == text, "the service does not answer after the end")
    until(lambda: not builders(STAGE.workspace), "the builder's container is still there", 5)
    until(lambda: not compilers(STAGE.workspace), "a compiler runs on", 5)
    check(not inspect(container(STAGE.workspace, "hello"))["ExecIDs"], "the service has an exec")
    STAGE.workspace.restore()


@test
def test_it_ends_on_interrupt():
    begin()
    status = STAGE.end(signal.SIGINT)
    check(status == 0, f"it ended with {status}")
    until(lambda: not builders(STAGE.workspace), "the builder's container is still there", 5)


@test
def test_the_second_start_serves_at_once():
    _, text = begin()
    before = container(STAGE.workspace, "hello")
    STAGE.end()
    began = time.monotonic()
    deck = STAGE.deck()
    took = time.monotonic() - began
    print(f"# the second start took {took:.1f} s")
    check(took < 15, f"the second start took {took:.1f} s")
    check(container(STAGE.workspace, "hello") == before, "the service's container was made anew")
    check(get(PORT)[1] == text, f"it answers {get(PORT)[1]}")
    text = STAGE.text()
    save(text)
    deck.wait("serving", service="hello")
    wait_answer(PORT, text, seconds=2)


@test
def test_killed_and_started_again():
    deck, text = begin()
    with Load(PORT, "/slow", clients=2, kept=True, rate=50) as load:
        save(STAGE.text())
        deck.wait("build", state="started")
        STAGE.end(signal.SIGKILL)
        until(lambda: not builders(STAGE.workspace), "the builder's container did not end by itself", 15)
        until(lambda: not compilers(STAGE.workspace), "a compiler runs on", 5)
        check(get(PORT)[1] == text, "the service does not answer after SIGKILL")
        deck = STAGE.deck()
        last = STAGE.text()
        save(last)
        deck.wait("serving", service="hello")
        wait_answer(PORT, last, seconds=5)
    check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:5]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
