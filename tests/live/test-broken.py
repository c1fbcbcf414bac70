#!/usr/bin/env python3
"""What goes wrong around a single crate: containers that are removed, manifests
that are broken, a build that never ends, cargodeck killed, a log that is no
text, two projects of the same names."""

import json
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import (PROGRAM, Load, Stage, builders, check, compilers, container, deck_on, free_port, get, inspect, main, run, test, until,
                     wait_answer, workspace)

PORT = free_port()
MAIN = "src/main.rs"
SOURCE = "tests/workspaces/single"
STAGE = Stage("single", SOURCE, {"HELLO_PORT": str(PORT)})
SOURCE_TEXT = re.compile(r'const TEXT: &str = "[^"]*";')
LINE_LIMIT = 64 * 1024 + 100  # a line of a log is cut at 64 KiB, and says how much is missing


def code(text, tail=""):
    """The program as it is kept, with another text."""
    return SOURCE_TEXT.sub(f'const TEXT: &str = "{text}";', (STAGE.workspace.source / MAIN).read_text()) + tail


def save(text, where=None):
    (where or STAGE.workspace).write(MAIN, code(text))


def begin():
    """The deck, with the tree as kept and a text of its own that serves."""
    deck = STAGE.deck()
    since = deck.mark()
    STAGE.workspace.restore()
    hello = container(STAGE.workspace, "hello")
    if not hello or not inspect(hello)["State"]["Running"]:  # a test before this one failed
        STAGE.workspace.cargodeck("start", "hello")
    text = STAGE.text()
    save(text)
    wait_answer(PORT, text, seconds=60)
    deck.served(since, "hello")
    return deck, text


def in_the_builder():
    """The names of what runs in the builder, with their process ids."""
    found = builders(STAGE.workspace)
    if not found:
        return []
    top = run("docker", "top", found[0], "-eo", "pid,comm", check_status=False).stdout.splitlines()[1:]
    return [tuple(line.split(None, 1)) for line in top]


@test
def test_the_builder_is_removed_during_a_build():
    deck, old = begin()
    before = builders(STAGE.workspace)
    with Load(PORT, "/slow", clients=2, kept=True, rate=50) as load:
        text = STAGE.text()
        save(text)
        deck.wait("build", state="started")
        until(lambda: compilers(STAGE.workspace), "no compiler runs")
        run("docker", "rm", "-f", before[0])
        fault = deck.wait("fault", message=lambda message: "builder" in message)
        check("has gone" in fault["message"] and fault["mend"], f"the fault is {fault}")
        wait_answer(PORT, text, seconds=120)
        deck.wait("serving", service="hello")
    check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:5]}")
    after = builders(STAGE.workspace)
    check(len(after) == 1 and after != before, f"the builders are {after}, before {before}")
    check({body for _, _, body in load.answers} <= {old, text}, "it answered something else")
    begin()


@test
def test_a_save_while_there_is_no_builder():
    deck, old = begin()
    text = STAGE.text()
    run("docker", "rm", "-f", *builders(STAGE.workspace))
    save(text)
    fault = deck.wait("fault", code="outside")
    check("builder" in fault["message"] and get(PORT)[1] in (old, text), f"the fault is {fault}")
    wait_answer(PORT, text, seconds=60)
    begin()


@test
def test_a_service_is_killed():
    deck, text = begin()
    run("docker", "kill", container(STAGE.workspace, "hello"))
    ended = deck.wait("service", service="hello", exit_code=137)
    check(ended["state"] == "exited", f"a killed service is {ended}")
    STAGE.workspace.cargodeck("start", "hello")
    wait_answer(PORT, text)
    deck.wait("service", service="hello", state="running")
    begin()


@test
def test_the_container_of_a_service_is_removed():
    deck, text = begin()
    before = container(STAGE.workspace, "hello")
    run("docker", "rm", "-f", before)
    deck.wait("service", service="hello", state="absent")
    said = json.loads(STAGE.workspace.cargodeck("ps", "--json").stdout)[0]
    check(said["state"] == "absent" and said["generation"] is None, f"ps says {said}")
    STAGE.workspace.cargodeck("start", "hello")
    wait_answer(PORT, text)
    after = container(STAGE.workspace, "hello")
    check(after and after != before, "no other container was made")
    deck.wait("service", service="hello", state="running")
    last = STAGE.text()
    save(last)
    deck.wait("serving", service="hello")
    wait_answer(PORT, last, seconds=2)


@test
def test_a_broken_manifest():
    deck, text = begin()
    STAGE.workspace.edit("Cargo.toml", "[package]", "[package")
    fault = deck.wait("fault", message=lambda message: "Cargo.toml" in message or "manifest" in message)
    check(fault["message"], f"the fault is {fault}")
    check(get(PORT)[1] == text, "the old code does not answer any more")
    last = STAGE.text()
    save(last)
    since = deck.mark()
    STAGE.workspace.write("Cargo.toml", (STAGE.workspace.source / "Cargo.toml").read_text())
    deck.wait("serving", service="hello", since=since)
    wait_answer(PORT, last, seconds=2)


@test
def test_a_manifest_that_is_removed_and_comes_back():
    deck, old = begin()
    (STAGE.workspace.root / "Cargo.toml").unlink()
    fault = deck.wait("fault")
    check("Cargo.toml" in fault["message"] and fault["mend"], f"the fault is {fault}")
    check(get(PORT)[1] == old, "a removed manifest changed what is served")
    begin()


@test
def test_a_registry_that_cannot_be_reached():
    """The crate is in no cache, and nobody listens at the proxy."""
    dead = "http://127.0.0.1:" + str(free_port())
    proxies = {name: dead for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
    with workspace("offline", SOURCE, {"HELLO_PORT": str(free_port()), "no_proxy": "", "NO_PROXY": "", "CARGO_NET_RETRY": "0",
                                       **proxies}) as made:
        made.edit("Cargo.toml", "[dependencies]", '[dependencies]\nfastrand = "=1.9.0"')
        (made.root / "Cargo.lock").unlink()
        with deck_on(made) as deck:
            fault = deck.wait("fault", 120, message=lambda message: "cargo" in message)
            check(fault["mend"] and "registry" in fault["mend"], f"the fault is {fault}")
            deck.wait("build", since=0, state="failed")
        until(lambda: not builders(made), "the builder's container is still there", 15)


@test
def test_a_dependency_that_cannot_be_had():
    deck, text = begin()
    STAGE.workspace.edit("Cargo.toml", "[dependencies]", '[dependencies]\nitoa = "99"')
    fault = deck.wait("fault", 120, message=lambda message: "itoa" in message)
    check("failed to select a version" in fault["message"], f"the fault is {fault}")
    check(get(PORT)[1] == text, "the old code does not answer any more")
    begin()


@test
def test_a_build_script_that_never_ends():
    deck, text = begin()
    STAGE.workspace.write("build.rs", "fn main() {\n    loop {\n        std::thread::park();\n    }\n}\n")
    begun = deck.wait("build", state="started")

    def scripts():
        return [pid for pid, name in in_the_builder() if name.startswith("build-script")]

    hanging = until(scripts, "the build script does not run", 120)
    check(get(PORT)[1] == text, "the old code does not answer any more")
    since = deck.mark()
    last = STAGE.text()
    STAGE.workspace.write("build.rs", "fn main() {}\n")
    save(last)
    wait_answer(PORT, last, seconds=120)
    serving = deck.wait("serving", service="hello", since=since)
    check(serving["generation"] > begun["generation"], f"it serves {serving}, begun was {begun}")
    check(not set(scripts()) & set(hanging), "the build script runs on")
    deck.wait("build", state="passed", since=since)
    until(lambda: not [name for _, name in in_the_builder() if name.startswith(("cargo", "rustc", "build-script"))],
          "a compiler is left in the builder", 10)


@test
def test_killed():
    deck, text = begin()
    with Load(PORT, "/slow", clients=2, kept=True, rate=50) as load:
        save(STAGE.text())
        deck.wait("build", state="started")
        STAGE.end(signal.SIGKILL)
        until(lambda: not builders(STAGE.workspace), "the builder's container did not end by itself", 15)
        check(get(PORT)[1] == text, "the service does not answer after SIGKILL")
        deck = STAGE.deck()
        last = STAGE.text()
        save(last)
        deck.wait("serving", service="hello")
        wait_answer(PORT, last, seconds=5)
    check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:5]}")


LOUD = r"""
    let mut line: Vec<u8> = b"started over\x0dbegin \x1b]0;title".to_vec();
    while line.len() < 1 << 20 {
        line.extend_from_slice(b"abc\x00\xff\xfe\x1b[31m\x1b]52;c;ZXZpbA\x1bP\x9b\x08\x07\xc3\x1b[");
    }
    line.extend_from_slice(b"\nafter \x1b[5n\x1b[1;31mred\n");
    std::io::Write::write_all(&mut std::io::stdout(), &line).unwrap();
    std::io::Write::flush(&mut std::io::stdout()).unwrap();
"""


def printed(*words):
    done = subprocess.run([PROGRAM, "logs", *words], cwd=STAGE.workspace.root, env=STAGE.workspace.env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60)
    check(done.returncode == 0, f"logs ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


@test
def test_a_log_that_is_no_text():
    deck, _ = begin()
    text = STAGE.text()
    STAGE.workspace.write(MAIN, code(text).replace("    let app", LOUD + "    let app"))
    wait_answer(PORT, text)
    deck.wait("serving", service="hello")
    until(lambda: b"\nafter " in printed("--tail", "200"), "the line after it does not come")
    out = printed("--tail", "200")
    check(b"\x1b" not in out, "an escape is printed")
    controls = re.findall(rb"[\x00-\x08\x0b-\x1f\x7f]", out)
    check(not controls, f"control bytes are printed: {controls[:5]}")
    out.decode()  # whole UTF-8
    check(b"\nafter red\n" in out, f"the line after it is {out[-80:]!r}")
    longest = max(out.split(b"\n"), key=len)
    check(longest.startswith(b"begin ") and longest.endswith(b" bytes more"), f"the long line is {longest[:80]!r}{longest[-80:]!r}")
    check(len(longest) <= LINE_LIMIT, f"a line of {len(longest)} bytes is printed")
    for line in printed("--json", "--tail", "200").decode().splitlines():
        check("\x1b" not in json.loads(line)["text"], f"JSON holds an escape: {line[:200]}")
    coloured = printed("--tail", "200", "--color", "always")
    check(b"\nafter \x1b[0;1" in coloured, f"with colours the end is {coloured[-120:]!r}")
    rest = re.sub(rb"\x1b\[[\d;]*m", b"", coloured)
    check(b"\x1b" not in rest, "with colours another escape than a colour is printed")
    begin()


@test
def test_two_projects_of_the_same_names():
    deck, text = begin()
    port = free_port()
    with workspace("twin", SOURCE, {"HELLO_PORT": str(port)}) as twin:
        with deck_on(twin) as other:
            other.ready()
            since, other_since = deck.mark(), other.mark()
            check(get(port)[1] == "single 1" and get(PORT)[1] == text, "one answers for the other")
            save("the twin", twin)
            other.wait("serving", service="hello")
            wait_answer(port, "the twin", seconds=2)
            check(get(PORT)[1] == text, "a save in one project is served in the other")
            check(not deck.seen("saved", since), "a save in one project is seen in the other")
            last = STAGE.text()
            save(last)
            deck.wait("serving", service="hello", since=since)
            wait_answer(PORT, last, seconds=2)
            check(get(port)[1] == "the twin", "a save in one project is served in the other")
            check(len(other.seen("saved", other_since)) == 1, "a save in one project is seen in the other")
            twin.cargodeck("stop", "hello")
            other.wait("service", service="hello", state="stopped")
            check(get(PORT)[1] == last, "an order to one project stops the other")
        twin.cargodeck("down", "--volumes")
        check(get(PORT)[1] == last and builders(STAGE.workspace), "down of one project touches the other")
    text = STAGE.text()
    save(text)
    deck.wait("serving", service="hello")
    wait_answer(PORT, text, seconds=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
