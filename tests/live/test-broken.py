#!/usr/bin/env python3
"""What breaks underneath: the builder, a service's container, a manifest, the
crate registry, a build script that never ends, log lines that are no text.
Each ends in one sentence, and a later save is served."""

import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import (Deck, Stage, builders, check, compilers, container, free_port, get, inspect, main, run, test, until, wait_answer,
                     workspace)

PORT = free_port()
MAIN = "src/main.rs"
STAGE = Stage("broken", "tests/workspaces/single", {"HELLO_PORT": str(PORT)})
SOURCE_TEXT = re.compile(r'const TEXT: &str = "[^"]*";')


def code(text):
    return SOURCE_TEXT.sub(f'const TEXT: &str = "{text}";', (STAGE.workspace.source / MAIN).read_text())


def save(text):
    STAGE.workspace.write(MAIN, code(text))


def begin():
    """The deck, with the tree as kept and a text of its own that serves."""
    deck = STAGE.deck()
    STAGE.workspace.restore()
    hello = container(STAGE.workspace, "hello")
    if not hello or not inspect(hello)["State"]["Running"]:  # a test before this one failed
        STAGE.workspace.cargodeck("start", "hello")
    text = STAGE.text()
    since = deck.mark()
    save(text)
    wait_answer(PORT, text)
    generation = deck.wait("serving", service="hello", since=since)["generation"]
    deck.wait("build", since=since, state="passed", generation=generation)
    deck.mark()
    return deck, text


def serves_a_save(deck):
    text = STAGE.text()
    since = deck.mark()
    save(text)
    wait_answer(PORT, text)
    deck.wait("serving", service="hello", since=since)


def compiles():
    return any("rustc" in each or "build-script" in each for each in compilers(STAGE.workspace))


@test
def test_the_builder_is_removed_during_a_build():
    deck, old = begin()
    text = STAGE.text()
    since = deck.mark()
    save(text)
    until(compiles, "no compiler runs")
    (builder,) = builders(STAGE.workspace)
    run("docker", "rm", "-f", builder)
    fault = deck.wait("fault", since=since)
    check("builder" in fault["message"] and fault["code"] == "outside" and fault["mend"], f"the fault is {fault}")
    check(get(PORT)[1] in (old, text), f"meanwhile it answers {get(PORT)[1]}")
    wait_answer(PORT, text)
    check(builders(STAGE.workspace) not in ([], [builder]), "there is no new builder")
    serves_a_save(deck)


@test
def test_a_save_while_there_is_no_builder():
    deck, _ = begin()
    text = STAGE.text()
    since = deck.mark()
    run("docker", "rm", "-f", *builders(STAGE.workspace))
    save(text)
    deck.wait("fault", since=since, code="outside")
    wait_answer(PORT, text)
    serves_a_save(deck)


@test
def test_the_service_is_removed_underneath():
    deck, text = begin()
    since = deck.mark()
    run("docker", "rm", "-f", container(STAGE.workspace, "hello"))
    gone = deck.wait("service", since=since, service="hello", state="absent")
    check(gone["exit_code"] is None, f"an absent service has ended: {gone}")
    STAGE.workspace.cargodeck("start", "hello")
    wait_answer(PORT, text)
    deck.wait("service", service="hello", state="running")
    serves_a_save(deck)


@test
def test_the_service_is_killed():
    deck, text = begin()
    since = deck.mark()
    run("docker", "kill", container(STAGE.workspace, "hello"))
    ended = deck.wait("service", since=since, service="hello", exit_code=137)
    check(ended["state"] == "exited" and ended["generation"], f"a killed service is {ended}")
    STAGE.workspace.cargodeck("start", "hello")
    wait_answer(PORT, text)
    serves_a_save(deck)


@test
def test_a_broken_manifest_and_its_mending():
    deck, old = begin()
    since = deck.mark()
    kept = (STAGE.workspace.root / "Cargo.toml").read_text()
    STAGE.workspace.write("Cargo.toml", kept.replace("[dependencies]", "[dependencies"))
    fault = deck.wait("fault", since=since)
    check("Cargo.toml" in fault["message"] or "TOML" in fault["message"], f"the fault is {fault}")
    check(get(PORT)[1] == old, "a broken manifest changed what is served")
    text = STAGE.text()
    save(text)
    deck.wait("build", since=since, state="failed")
    check(get(PORT)[1] == old, "a broken manifest changed what is served")
    STAGE.workspace.write("Cargo.toml", kept)
    wait_answer(PORT, text)
    serves_a_save(deck)


@test
def test_a_manifest_that_is_removed_and_comes_back():
    deck, old = begin()
    since = deck.mark()
    kept = (STAGE.workspace.root / "Cargo.toml").read_text()
    (STAGE.workspace.root / "Cargo.toml").unlink()
    fault = deck.wait("fault", since=since)
    check(fault["mend"], f"the fault is {fault}")
    check(get(PORT)[1] == old, "a removed manifest changed what is served")
    STAGE.workspace.write("Cargo.toml", kept)
    serves_a_save(deck)


@test
def test_a_build_script_that_never_ends():
    deck, _ = begin()
    since = deck.mark()
    STAGE.workspace.write("build.rs", "fn main() {\n    loop {\n        std::thread::park();\n    }\n}\n")
    save(STAGE.text())
    until(compiles_forever, "the build script does not run", 60)
    (STAGE.workspace.root / "build.rs").unlink()
    text = STAGE.text()
    save(text)
    wait_answer(PORT, text)
    until(lambda: not compiles_forever(), "the build script runs on", 5)
    check(deck.seen("build", since, state="cancelled"), "no build was cancelled")


def compiles_forever():
    """Does a build script run?"""
    for folder in pathlib.Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and (folder / "comm").read_text().startswith("build-script-bu"):
                return STAGE.workspace.project in (folder / "cgroup").read_text() or in_builder(folder)
        except OSError:
            pass
    return False


def in_builder(folder):
    return any(builder in (folder / "cgroup").read_text() for builder in builders(STAGE.workspace))


@test
def test_log_lines_that_are_no_text():
    deck, _ = begin()
    text = STAGE.text()
    loud = code(text).replace('    let listener', r"""    {
        use std::io::Write;
        let mut out = std::io::stdout();
        out.write_all(&vec![b'x'; 1 << 20]).unwrap();
        out.write_all(b"\n\x00\x01\xff\xfe\x80 binary \x1b[31mred\x1b]0;title\x07\x1b[2J\x1b[?1049h\n").unwrap();
        out.write_all(b"\xe2\x80\xaebidi \x1b[38;5;").unwrap();
        out.write_all(b"\nlast line\n").unwrap();
        out.flush().unwrap();
    }
    let listener""")
    STAGE.workspace.write(MAIN, loud)
    wait_answer(PORT, text)

    def lines():
        done = subprocess.run([str(run_program()), "logs", "--tail", "50", "hello"], cwd=STAGE.workspace.root, env=STAGE.workspace.env,
                              capture_output=True, timeout=60, check=True)
        return done.stdout if b"last line" in done.stdout else None

    out = until(lines, "the last line is not printed", 20)
    check(re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", out) is None, "a control byte reaches the terminal")
    out.decode()  # it must be valid
    check("\u202e" not in out.decode(), "a letter that turns the direction of text reaches the terminal")
    check(b"binary" in out and b"red" in out and b"bidi" in out, f"a line is missing: {out[-300:]}")
    longest = max(len(line) for line in out.splitlines())
    check(longest >= 1 << 14, f"the longest line has {longest} bytes")
    print(f"# the line of 1 MB comes with {longest} bytes")
    told = STAGE.workspace.cargodeck("logs", "--json", "--tail", "50", "hello").stdout.splitlines()
    check(any("last line" in json.loads(line)["text"] for line in told), "the last line is not in the JSON")


def run_program():
    from harness import PROGRAM
    return PROGRAM


@test
def test_unreachable_crates():
    """A workspace that needs a crate which is not in the cache, behind a proxy
    that nobody listens on."""
    dead = f"http://127.0.0.1:{free_port()}"
    env = {"HELLO_PORT": str(free_port()), "https_proxy": dead, "HTTPS_PROXY": dead, "http_proxy": dead, "HTTP_PROXY": dead,
           "no_proxy": "", "NO_PROXY": "", "CARGO_NET_RETRY": "0", "CARGO_HTTP_TIMEOUT": "5"}
    with workspace("offline", "tests/workspaces/single", env) as made:
        made.edit("Cargo.toml", "[dependencies]", '[dependencies]\nfastrand = "=1.9.0"')
        (made.root / "Cargo.lock").unlink()
        deck = Deck(made)
        try:
            fault = deck.wait("fault", 120, message=lambda message: "cargo" in message)
            check(fault["mend"] and "registry" in fault["mend"], f"the fault is {fault}")
            deck.wait("build", 60, since=0, state="failed")
        finally:
            status = deck.stop()
        check(status == 0, f"it ended with {status}")
        until(lambda: not builders(made), "the builder's container is still there", 15)


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
