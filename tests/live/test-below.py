#!/usr/bin/env python3
"""A crate below the root whose image starts through a script that drops the
user, and what is saved outside Rust: data, compose files, `.env`, Dockerfile,
script, documents, manifests; at last a folder without Rust that follows
`develop.watch`."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import (Load, Stage, check, container, deck_on, free_port, get, inspect, main, run, test, until,
                     wait_answer, workspace)

PORT = free_port()
MAIN = "server/src/main.rs"
PAGE = "server/templates/page.html"
USER = "1500 1500"
LIMIT = 120


class Below(Stage):
    """The workspace with what the tests look at: a page /env that tells the
    environment, a usage that tells the text, and a service beside it."""

    def open(self):
        super().open()
        place = self.workspace
        place.write(MAIN, code("below 1"))
        place.edit("compose.yaml", "    stop_grace_period: 3s\n", "    stop_grace_period: 3s\n"
                   "    environment:\n      WRITTEN: one\n      FROM_FILE: ${FROM_FILE:-none}\n"
                   "  beside:\n    image: debian:bookworm-slim\n    command: sleep infinity\n    stop_signal: SIGKILL\n")
        place.write(".env", "FROM_FILE=one\n")


STAGE = Below("below", "tests/workspaces/below", {"PAGES_PORT": str(PORT)})


def code(text):
    kept = (STAGE.workspace.source / MAIN).read_text()
    kept = kept.replace('"below 1"', f'"{text}"')
    kept = kept.replace('        "/user" =>', '        "/env" => ("200 OK", environment()),\n        "/user" =>')
    kept = kept.replace('eprintln!("usage: page-server migrate | serve");\n            std::process::exit(2)',
                        'println!("{TEXT} {}", user());\n            std::process::exit(7)')
    return kept + ('\nfn environment() -> String {\n'
                   '    ["WRITTEN", "FROM_FILE", "IN_IMAGE", "IN_SCRIPT"].map(|name| env::var(name).unwrap_or_default()).join(" ") + " " + option_env!("IN_BUILD").unwrap_or_default()\n}\n')


def begin():
    """The deck, with a text of its own that serves; all that was saved before is done."""
    deck = STAGE.deck()
    text = STAGE.text()
    since = deck.mark()
    STAGE.workspace.write(MAIN, code(text))
    saved = deck.wait("saved", since=since, paths=lambda paths: MAIN in paths)
    wait_answer(PORT, text, seconds=LIMIT)
    deck.wait("serving", since=since, service="pages", generation=lambda number: number >= saved["generation"])
    deck.mark()
    return deck, text


def ids():
    return container(STAGE.workspace, "pages"), container(STAGE.workspace, "beside")


def processes():
    """The programs in the container: (uid, process id)."""
    top = run("docker", "top", container(STAGE.workspace, "pages"), "-eo", "uid,pid,args").stdout.splitlines()[1:]
    found = [line.split(None, 2) for line in top]
    return [(int(uid), int(pid)) for uid, pid, words in found if words.endswith("serve")]


def save_config(deck, path, old, new, why="config"):
    """Saves it and waits until the service that was made anew serves; the event `saved`."""
    before = ids()
    since = deck.mark()
    STAGE.workspace.edit(path, old, new)
    saved = deck.wait("saved", since=since)
    check(saved["why"] == why and saved["paths"] == [path], f"saved: {saved}")
    until(lambda: ids()[0] not in ("", before[0]), "the service was not made anew", LIMIT)
    check(ids()[1] == before[1], "another service was made anew too")
    return saved


def environment():
    return dict(zip(("WRITTEN", "FROM_FILE", "IN_IMAGE", "IN_SCRIPT", "IN_BUILD"), get(PORT, "/env")[1].split(" ")))


def serves(name, value, text):
    """The service made anew answers with that in its environment, and the code of before."""
    def asked():
        try:
            return environment().get(name) == value
        except OSError:
            return False
    until(asked, f"the environment does not hold {name}={value}", LIMIT)
    check(get(PORT)[1] == text, f"it answers {get(PORT)[1]}, not {text}")
    check(get(PORT, "/user")[1] == USER, f"it runs as {get(PORT, '/user')[1]}")


def states():
    return {each["service"]: each["state"] for each in json.loads(STAGE.workspace.cargodeck("ps", "--json").stdout)}


@test
def test_a_crate_below_the_root_comes_up():
    deck = STAGE.deck()
    ready = deck.seen("ready")[0]
    check(sorted(ready["services"]) == ["beside", "pages"], f"ready names {ready['services']}")
    check(get(PORT) == (200, "below 1"), f"it answers {get(PORT)}")
    check(get(PORT, "/page")[1] == "<h1>below 1</h1>\n<p>page 1</p>\n", f"the page is {get(PORT, '/page')}")
    check(environment() == {"WRITTEN": "one", "FROM_FILE": "one", "IN_IMAGE": "", "IN_SCRIPT": "", "IN_BUILD": ""}, f"environment: {environment()}")
    print(f"# ready after {ready['ms'] / 1000:.1f} s")


@test
def test_a_save_keeps_the_user_that_the_script_chose():
    deck, _ = begin()
    check(get(PORT, "/user")[1] == USER, f"it runs as {get(PORT, '/user')[1]}")
    before, holder = processes(), ids()[0]
    check(before and all(uid == 1500 for uid, _ in before), f"the programs run as {before}")
    text = STAGE.text()
    with Load(PORT, "/", clients=4, kept=True, rate=100) as load:
        STAGE.workspace.write(MAIN, code(text))
        swap = deck.wait("swap", service="pages")
        check(swap["mode"] == "preload", f"swapped by {swap['mode']}")
        deck.wait("serving", service="pages", generation=swap["generation"])
        wait_answer(PORT, text, seconds=2)
    check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:5]}")
    check(get(PORT, "/user")[1] == USER, f"after the swap it runs as {get(PORT, '/user')[1]}")
    after = processes()
    check(after and all(uid == 1500 for uid, _ in after), f"after the swap the programs run as {after}")
    check({pid for _, pid in after} - {pid for _, pid in before}, "there is no new process")
    check(ids()[0] == holder, "the container was made anew")


@test
def test_exec_by_path_runs_the_serving_generation():
    _, text = begin()
    holder = ids()[0]
    for _ in range(2):
        done = run("docker", "exec", holder, "/srv/app/bin/page-server", check_status=False)
        check((done.returncode, done.stdout) == (7, f"{text} 0 0\n"), f"exec: {done.returncode} {done.stdout!r} {done.stderr!r}")
        done = run("docker", "exec", "--user", "app", holder, "bin/page-server", "anything", check_status=False)
        check((done.returncode, done.stdout) == (7, f"{text} {USER}\n"), f"exec: {done.returncode} {done.stdout!r} {done.stderr!r}")
        done = run("docker", "exec", "--user", "app", holder, "bin/page-server", "migrate", check_status=False)
        check((done.returncode, done.stdout) == (0, ""), f"exec: {done.returncode} {done.stdout!r} {done.stderr!r}")
        _, text = begin()
        check(ids()[0] == holder, "the container was made anew")


@test
def test_data_is_served_without_a_gap():
    deck, text = begin()
    holder = ids()[0]
    with Load(PORT, "/page", clients=8, kept=False, rate=200) as load:
        until(lambda: len(load.answers) >= 20, "the load has no answers")
        for number in range(2, 10):
            since = deck.mark()
            STAGE.workspace.write(PAGE, f"<h1>{{text}}</h1>\n<p>page {number}</p>\n")
            saved = deck.wait("saved", since=since)
            check(saved["why"] == "data" and saved["paths"] == [PAGE] and not saved["binaries"], f"saved: {saved}")
            wait_answer(PORT, f"<h1>{text}</h1>\n<p>page {number}</p>", "/page")
        STAGE.workspace.write("server/templates/more/deep.html", "deep\n")
        until(lambda: run("docker", "exec", holder, "cat", "templates/more/deep.html", check_status=False).stdout == "deep\n",
              "a new file below the folder does not come")
        before = len(load.answers)
        until(lambda: len(load.answers) >= before + 50, "the load has no answers after the save")
    check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:5]}")
    check(ids()[0] == holder, "the container was made anew")
    check(not deck.seen("build", since, state="started"), "data was built")
    names = run("docker", "exec", holder, "find", "templates", "-name", ".*.cargodeck").stdout
    check(not names, f"files are left behind: {names}")


@test
def test_data_that_is_gone_or_private_comes_by_a_new_image():
    deck, _ = begin()
    STAGE.workspace.write("server/templates/gone.html", "gone\n")

    def inside(path):
        return run("docker", "exec", ids()[0], "cat", path, check_status=False).stdout if ids()[0] else ""
    until(lambda: inside("templates/gone.html") == "gone\n", "a new file does not come")
    holder = ids()[0]
    (STAGE.workspace.root / "server/templates/gone.html").unlink()
    until(lambda: ids()[0] not in ("", holder), "the service was not made anew", LIMIT)
    check(not inside("templates/gone.html"), "a file that is gone stays")
    holder = ids()[0]
    private = STAGE.workspace.root / "server/templates/private.html"
    private.touch(0o600)
    private.write_text("private\n")
    until(lambda: ids()[0] not in ("", holder) and inside("templates/private.html") == "private\n", "a private file does not come", LIMIT)
    wait_answer(PORT, "text", seconds=LIMIT)
    begin()


@test
def test_a_changed_environment_makes_one_service_anew():
    deck, text = begin()
    save_config(deck, "compose.yaml", "WRITTEN: one", "WRITTEN: two")
    serves("WRITTEN", "two", text)
    check(environment()["FROM_FILE"] == "one", f"environment: {environment()}")


@test
def test_a_changed_env_file_makes_one_service_anew():
    deck, text = begin()
    save_config(deck, ".env", "FROM_FILE=one", "FROM_FILE=two")
    serves("FROM_FILE", "two", text)


@test
def test_an_error_in_the_compose_file_changes_nothing_that_runs():
    deck, text = begin()
    before = ids()
    good = (STAGE.workspace.root / "compose.yaml").read_text()
    try:
        with Load(PORT, "/", clients=2, kept=True, rate=50) as load:
            since = deck.mark()
            STAGE.workspace.write("compose.yaml", good.replace("    ports:", "    portz:"))
            fault = deck.wait("fault", since=since)
            check("portz" in fault["message"] and fault["mend"], f"the fault is {fault}")
            # what is Rust goes on meanwhile
            text = STAGE.text()
            STAGE.workspace.write(MAIN, code(text))
            wait_answer(PORT, text, seconds=LIMIT)
            check(ids() == before, "a service was made anew")
        check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:5]}")
    finally:
        STAGE.workspace.write("compose.yaml", good)
    # what is saved then counts again
    deck, text = begin()
    since = deck.mark()
    save_config(deck, "compose.yaml", "WRITTEN: two", "WRITTEN: three")
    serves("WRITTEN", "three", text)
    check(not deck.seen("fault", since), f"faults after it was mended: {deck.seen('fault', since)}")


@test
def test_a_changed_script_starts_the_service_anew():
    deck, text = begin()
    save_config(deck, "docker/entrypoint.sh", "set -e\n", "set -e\nexport IN_SCRIPT=one\n")
    serves("IN_SCRIPT", "one", text)


@test
def test_a_changed_dockerfile_starts_the_service_anew():
    deck, text = begin()
    save_config(deck, "docker/Dockerfile", "WORKDIR /srv/app\n", "WORKDIR /srv/app\nENV IN_IMAGE=one\n")
    serves("IN_IMAGE", "one", text)
    check(get(PORT, "/page")[0] == 200, f"the page is {get(PORT, '/page')}")
    # and it swaps on
    begin()


@test
def test_a_changed_compiling_stage_makes_the_builder_anew():
    deck, text = begin()
    with Load(PORT, "/", clients=2, kept=True, rate=50) as load:
        since = deck.mark()
        STAGE.workspace.edit("docker/Dockerfile", "WORKDIR /src\n", "WORKDIR /src\nENV IN_BUILD=one\n")
        saved = deck.wait("saved", since=since)
        check(saved["why"] == "config", f"saved: {saved}")
        until(lambda: environment()["IN_BUILD"] == "one", "the program is not built with the builder's new environment", LIMIT)
    check(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:5]}")
    check(get(PORT)[1] == text, f"it answers {get(PORT)[1]}, not {text}")
    begin()


@test
def test_a_broken_dockerfile_changes_nothing_that_runs():
    deck, text = begin()
    before = ids()
    good = (STAGE.workspace.root / "docker/Dockerfile").read_text()
    try:
        for broken, word in (("RUN true\n", "FROM"), (good + "RUN exit 3\n", "exit code: 3")):
            since = deck.mark()
            STAGE.workspace.write("docker/Dockerfile", broken)
            fault = deck.wait("fault", since=since)
            check(word in fault["message"] and fault["mend"], f"the fault is {fault}")
            check(get(PORT)[1] == text, f"it answers {get(PORT)[1]}, not {text}")
            text = begin()[1]
    finally:
        STAGE.workspace.write("docker/Dockerfile", good)
    since = deck.mark()
    begin()
    check(not deck.seen("fault", since), f"faults after it was mended: {deck.seen('fault', since)}")
    check(ids() == before, "a service was made anew")


@test
def test_a_comment_in_the_dockerfile_changes_nothing():
    deck, text = begin()
    before = ids()
    since = deck.mark()
    path = STAGE.workspace.root / "docker/Dockerfile"
    STAGE.workspace.write("docker/Dockerfile", "# A comment.\n" + path.read_text())
    deck.wait("saved", since=since, why="config")
    begin()
    check(ids() == before, "a service was made anew")
    until(lambda: states().get("pages") in ("running", "healthy"), f"the service is shown as {states()}")


@test
def test_a_document_builds_nothing():
    deck, _ = begin()
    before = ids()
    since = deck.mark()
    for path in ("README.md", "server/README.md"):
        STAGE.workspace.write(path, "# Pages\n")
        saved = deck.wait("saved", paths=[path])
        check(saved["why"] == "none" and not saved["binaries"], f"saved: {saved}")
    # the next save is a barrier: a build of the documents would stand before it
    text = STAGE.text()
    STAGE.workspace.write(MAIN, code(text))
    serving = deck.wait("serving", service="pages")
    started = deck.seen("build", since, state="started")
    check([each["generation"] for each in started] == [serving["generation"]], f"builds: {started}")
    check(ids() == before, "a service was made anew")


@test
def test_a_changed_manifest_builds_all():
    deck, text = begin()
    for old, new in (('version = "0.1.0"', 'version = "0.2.0"'), ("[[bin]]", "[features]\nmore = []\n\n[[bin]]")):
        since = deck.mark()
        STAGE.workspace.edit("server/Cargo.toml", old, new)
        saved = deck.wait("saved", since=since, paths=lambda paths: "server/Cargo.toml" in paths)
        check(saved["why"] == "manifest" and saved["binaries"] == ["page-server"], f"saved: {saved}")
        deck.wait("build", state="started", generation=saved["generation"], since=since)
        deck.wait("build", state="passed", generation=lambda number: number >= saved["generation"], since=since, seconds=LIMIT)
        check(get(PORT)[1] == text, f"it answers {get(PORT)[1]}, not {text}")
    _, text = begin()
    check(get(PORT)[1] == text, f"it answers {get(PORT)[1]}, not {text}")


@test
def test_no_rust_follows_develop_watch():
    with workspace("synced", "tests/workspaces/synced") as place, deck_on(place) as deck:
        ready = deck.ready()
        check(ready["services"] == ["shell"], f"ready names {ready['services']}")
        holder = container(place, "shell")

        def inside(path):
            return run("docker", "exec", holder, "cat", path, check_status=False).stdout

        for path in ("page.txt", "new/deep.txt"):
            place.write(f"site/{path}", "page 2\n")
            saved = deck.wait("saved", paths=[f"site/{path}"])
            check(saved["why"] == "data", f"saved: {saved}")
            until(lambda: inside(f"/srv/site/{path}") == "page 2\n", f"the saved file {path} does not come")
        (place.root / "site/page.txt").unlink()
        until(lambda: not inside("/srv/site/page.txt"), "a file that is gone stays")
        place.write("site/drafts/one.txt", "no\n")
        deck.wait("saved", paths=["site/drafts/one.txt"], why="none")

        began = inspect(holder)["State"]["StartedAt"]
        place.write("conf/word.txt", "word 2\n")
        saved = deck.wait("saved", paths=["conf/word.txt"])
        check(saved["why"] == "data", f"saved: {saved}")
        until(lambda: inside("/tmp/word-at-start") == "word 2\n", "the command did not start anew with the saved file")
        check(inspect(holder)["State"]["StartedAt"] != began, "it was not restarted")
        check(container(place, "shell") == holder, "the container was made anew")
        check(inside("/srv/site/new/deep.txt") == "page 2\n", "a restart lost the synced file")
        check(not inside("/srv/site/drafts/one.txt"), "an ignored file came")
        check(not deck.seen("fault"), f"faults: {deck.seen('fault')}")


@test
def test_it_ends_cleanly():
    begin()
    holder = ids()[0]
    status = STAGE.end()
    said = (STAGE.workspace.folder / "stderr").read_text()
    check(status == 0 and not said, f"it ended with {status}: {said[-2000:]}")
    check(ids()[0] == holder and get(PORT, "/user")[1] == USER, "the service does not serve on")


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
