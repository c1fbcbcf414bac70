#!/usr/bin/env python3
"""A virtual workspace whose programs, packages and services have other names,
one Dockerfile for all of them by ARG and target: a static program, images
without a shell, and the programs that are hard to swap."""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import Load, Stage, check, free_port, get, main, run, test, until, wait_answer

SERVICES = ("web", "stock", "price", "blocking", "current", "listenfd", "panics", "deaf")
PORTS = {service: free_port() for service in SERVICES}
SOURCES = {
    "web": "crates/front/src/main.rs", "stock": "crates/stock/src/server.rs", "price": "crates/quote/src/main.rs",
    **{name: f"crates/cases/src/bin/case-{name}.rs" for name in ("blocking", "current", "listenfd", "panics", "deaf")},
}
SHARED = "crates/plain/src/lib.rs"


class Many(Stage):
    def open(self):
        super().open()
        # it accepts at first: what never did cannot be told from what is slow
        self.workspace.edit(SOURCES["deaf"], "ACCEPTS: bool = false", "ACCEPTS: bool = true")


STAGE = Many("many", "tests/workspaces/many", {f"{service.upper()}_PORT": str(port) for service, port in PORTS.items()},
             words=("--profile", "cases"))


def save(service, text):
    path = SOURCES[service]
    source = (STAGE.workspace.root / path).read_text()
    STAGE.workspace.write(path, re.sub(r'const TEXT: &str = "[^"]*";', f'const TEXT: &str = "{text}";', source))


def swaps(service, modes, count=5):
    """Saves under load: nothing is refused, the mode is one of those."""
    deck = STAGE.deck()
    with Load(PORTS[service], "/", clients=4, kept=False, rate=100) as load:
        until(lambda: len(load.answers) >= 20, "the load has no answers")
        deck.mark()
        for _ in range(count):
            text = STAGE.text()
            save(service, text)
            swap = deck.wait("swap", service=service)
            check(swap["mode"] in modes, f"swapped by {swap['mode']}")
            wait_answer(PORTS[service], text, seconds=5)
    check(not load.failures, f"{len(load.failures)} of {len(load.answers)} requests failed: {load.failures[:3]}")
    print(f"# {service}: {swap['mode']}, {len(load.answers)} answers, slowest {load.slowest() * 1000:.0f} ms")


@test
def comes_up_whole():
    deck = STAGE.deck()
    for service, port in PORTS.items():
        check(get(port)[0] == 200, f"{service} does not answer")
    listed = {row["service"]: row for row in json.loads(STAGE.workspace.cargodeck("--profile", "cases", "ps", "--json").stdout)}
    check(listed["web"]["binary"] == "frontd", f"web runs {listed['web']['binary']}")
    check(listed["stock"]["binary"] == "stock-server", f"stock runs {listed['stock']['binary']}")
    check(listed["price"]["binary"] == "quoted", f"price runs {listed['price']['binary']}")
    check(listed["once"]["state"] == "done", f"the one-shot is {listed['once']['state']}")
    check(not deck.seen("fault"), f"faults: {deck.seen('fault')}")
    table = STAGE.workspace.cargodeck("--profile", "cases", "doctor", check_status=False).stdout
    for service, program in (("web", "frontd"), ("stock", "stock-server"), ("price", "quoted"), ("blocking", "case-blocking")):
        check(re.search(rf"^{service} +{program} ", table, re.M), f"doctor does not say that {service} runs {program}")


@test
def a_leaf_is_swapped_alone():
    deck = STAGE.deck()
    mark = deck.mark()
    save("web", "leaf")
    saved = deck.wait("saved")
    check(saved["binaries"] == ["frontd"], f"built: {saved['binaries']}")
    deck.wait("serving", service="web")
    wait_answer(PORTS["web"], "leaf")
    deck.wait("build", since=mark, state="passed", generation=saved["generation"])
    others = {event["service"] for event in deck.seen("swap", since=mark)} - {"web"}
    check(not others, f"swapped too: {others}")


@test
def the_library_is_swapped_wherever_it_is():
    deck = STAGE.deck()
    deck.mark()
    source = (STAGE.workspace.root / SHARED).read_text()
    STAGE.workspace.write(SHARED, re.sub(r'SHARED: &str = "[^"]*"', 'SHARED: &str = "shared anew"', source))
    saved = deck.wait("saved")
    check({"frontd", "stock-server", "quoted"} <= set(saved["binaries"]), f"built: {saved['binaries']}")
    for service in PORTS:
        wait_answer(PORTS[service], "shared anew", seconds=120)


@test
def what_compiles_is_swapped_though_another_program_does_not():
    deck = STAGE.deck()
    deck.mark()
    serving = get(PORTS["web"])[1]
    front = (STAGE.workspace.root / SOURCES["web"]).read_text()
    shared = (STAGE.workspace.root / SHARED).read_text()
    STAGE.workspace.write(SOURCES["web"], front.replace("TEXT: &str", "TEXT: &broken", 1))
    deck.wait("build", 120, state="failed", unbuilt=["frontd"])
    mark = deck.mark()
    STAGE.workspace.write(SHARED, re.sub(r'SHARED: &str = "[^"]*"', 'SHARED: &str = "shared in part"', shared))
    failed = deck.wait("build", 120, state="failed", unbuilt=["frontd"])
    wait_answer(PORTS["stock"], "shared in part", seconds=120)
    check(get(PORTS["web"])[1] == serving, "the program that does not compile is another one")
    check(not deck.seen("serving", since=mark, service="web", generation=failed["generation"]), "it is told to serve")
    listed = {row["service"]: row for row in json.loads(STAGE.workspace.cargodeck("--profile", "cases", "ps", "--json").stdout)}
    check(listed["stock"]["generation"] == failed["generation"] > listed["web"]["generation"], f"ps says {listed}")
    deck.mark()
    save("stock", "alone")  # the next one does not hide it
    deck.wait("build", 120, state="passed", unbuilt=["frontd"])
    wait_answer(PORTS["stock"], "alone")
    deck.mark()
    STAGE.workspace.write(SOURCES["web"], front)
    deck.wait("build", 120, state="passed", unbuilt=[])
    wait_answer(PORTS["web"], "shared in part", seconds=120)


@test
def swaps_a_program_on_an_image_without_a_shell():
    swaps("stock", ("preload",))


@test
def swaps_a_static_program():
    swaps("price", ("seccomp",))


@test
def swaps_a_blocking_accept():
    swaps("blocking", ("preload",))


@test
def swaps_a_current_thread_runtime():
    swaps("current", ("preload",))


@test
def swaps_a_listenfd_program():
    swaps("listenfd", ("preload",))


@test
def keeps_the_old_one_when_the_new_one_panics():
    deck = STAGE.deck()
    deck.mark()
    serving = get(PORTS["panics"])[1]
    with Load(PORTS["panics"], "/", clients=2, kept=False, rate=50) as load:
        STAGE.workspace.edit(SOURCES["panics"], "PANICS: bool = false", "PANICS: bool = true")
        fault = deck.wait("fault")
        check("panics" in fault["message"] and "panicked" in fault["message"], fault["message"])
        check(get(PORTS["panics"])[1] == serving, "the old one does not serve on")
        deck.mark()
        STAGE.workspace.edit(SOURCES["panics"], "PANICS: bool = true", "PANICS: bool = false")
        save("panics", "calm again")
        wait_answer(PORTS["panics"], "calm again", seconds=60)
    check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:3]}")


@test
def keeps_the_old_one_when_the_new_one_never_accepts():
    deck = STAGE.deck()
    deck.mark()
    STAGE.workspace.edit(SOURCES["deaf"], "ACCEPTS: bool = true", "ACCEPTS: bool = false")
    fault = deck.wait("fault", seconds=90)
    check("deaf" in fault["message"] and "never accepted" in fault["message"], fault["message"])
    check(get(PORTS["deaf"])[0] == 200, "the old one does not serve on")
    deck.mark()
    STAGE.workspace.edit(SOURCES["deaf"], "ACCEPTS: bool = false", "ACCEPTS: bool = true")
    save("deaf", "hears again")
    wait_answer(PORTS["deaf"], "hears again", seconds=60)


@test
def restarts_of_containers_begin_with_what_serves():
    deck = STAGE.deck()
    save("stock", "kept over a restart")
    deck.wait("serving", service="stock")
    name = f"{STAGE.workspace.project}-stock-1"
    run("docker", "restart", "-t", "5", name)
    wait_answer(PORTS["stock"], "kept over a restart")
    deck.wait("service", service="stock", state="running")


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
