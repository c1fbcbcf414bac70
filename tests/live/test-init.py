#!/usr/bin/env python3
"""`init` on a real engine: what it writes for a workspace without any container
file is what compose understands, builds, comes up healthy under plain compose
and under cargodeck, is swapped at a save, and keeps what `check` asks of files;
a second run changes nothing."""

import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import PROGRAM, Deck, Workspace, check, free_port, get, inspect, container, main, run, test, wait_answer

# What the workspace's own source lacks; no container file can mend it.
OF_THE_PROGRAM = {"5.2": "no logger", "5.4": "no route of health", "5.5": "no metrics", "5.7": "no traces",
                  "8.2": "no handler of SIGTERM", "8.8": "no graceful end"}
LAYERS = ["docker-compose.dev.yml", "docker-compose.prod.yml"]
PORT = free_port()


class Bare:
    """The workspace single without its container files."""

    def __init__(self):
        self.workspace = None

    def open(self):
        self.workspace = Workspace("init", "tests/workspaces/single", {"HELLO_SERVICE_PORT": str(PORT)})
        for name in ("Dockerfile", "compose.yaml", ".dockerignore"):
            (self.workspace.root / name).unlink()
        run("git", "init", "-q", self.workspace.root)
        self.began = time.monotonic()
        self.first = self.init("--yes")

    def init(self, *words):
        done = run(PROGRAM, "init", *words, "--json", cwd=self.workspace.root, env=self.workspace.env, stdin=subprocess.DEVNULL)
        return json.loads(done.stdout)

    def close(self):
        if self.workspace is not None:
            run("docker", "compose", "down", "-v", "--rmi", "local", cwd=self.workspace.root, env=self.workspace.env, check_status=False)
            self.workspace.close()


STAGE = Bare()


def broken(*words):
    done = run(PROGRAM, "check", "--format", "json", *words, cwd=STAGE.workspace.root, env=STAGE.workspace.env, check_status=False)
    found = {each["id"]: each for each in json.loads(done.stdout)["results"] if each["state"] == "broken"}
    return {name: [line["text"] for line in each["evidence"]][:3] for name, each in found.items() if name not in OF_THE_PROGRAM}


@test
def writes_what_applies_and_nothing_twice():
    written = {each["path"] for each in STAGE.first["files"] if each["written"]}
    for path in ("Dockerfile", ".dockerignore", "docker-compose.yml", "docker-compose.prod.yml", ".env", ".github/workflows/docker.yml"):
        check(path in written and (STAGE.workspace.root / path).is_file(), f"{path} was not written: {sorted(written)}")
    check(not any("postgres" in path for path in written), f"there is no database, and these were written: {sorted(written)}")
    check((STAGE.workspace.root / ".env").stat().st_mode & 0o77 == 0, "others may read .env")
    again = STAGE.init("--yes")
    check(not [each["path"] for each in again["files"] if each["written"]], f"a second run wrote again: {again['files']}")
    check(all(each["state"] == "same" for each in again["files"]), f"a second run sees something else: {again['files']}")


@test
def leaves_alone_what_somebody_changed():
    path = STAGE.workspace.root / "Dockerfile"
    text = path.read_text()
    path.write_text(text + "# ours\n")
    again = STAGE.init("--yes")
    check(path.read_text() == text + "# ours\n", "a changed Dockerfile was written over without a yes")
    check(next(each for each in again["files"] if each["path"] == "Dockerfile")["state"] == "differs", "it is not said that it differs")
    STAGE.init("--yes", "--force")
    check(path.read_text() == text, "--force did not write it again")


@test
def compose_understands_each_combination():
    root, env = STAGE.workspace.root, dict(STAGE.workspace.env, IMAGE_PREFIX="registry.example.com/team", VERSION="1.0.0",
                                           HELLO_SERVICE_DIGEST="sha256:" + "0" * 64)
    for count in range(len(LAYERS) + 1):
        for layers in itertools.combinations(LAYERS, count):
            words = [word for layer in ("docker-compose.yml", *layers) for word in ("-f", layer)]
            run("docker", "compose", *words, "config", "--quiet", cwd=root, env=env)


@test
def no_file_breaks_a_practice():
    found = broken()
    check(not found, f"what was written breaks {found}")


@test
def comes_up_under_plain_compose():
    run("docker", "compose", "up", "--build", "--wait", "--quiet-pull", cwd=STAGE.workspace.root, env=STAGE.workspace.env, timeout=900)
    print(f"# healthy {time.monotonic() - STAGE.began:.0f} s after init")
    check(get(PORT)[0] == 200, "it is healthy and does not answer")
    image = inspect(container(STAGE.workspace, "hello-service"))["Image"]
    size = json.loads(run("docker", "image", "inspect", image).stdout)[0]["Size"]
    print(f"# its image has {size / 1e6:.1f} MB")
    check(size < 30e6, f"the image that ships has {size / 1e6:.1f} MB")
    found = broken("--live")
    check(not found, f"what runs breaks {found}")


@test
def compiles_only_its_own_crates_after_an_edit():
    # a text that no layer was built of before
    STAGE.workspace.edit("src/main.rs", "single 1", f"single {os.getpid()} 2")
    done = run("docker", "compose", "build", "--progress", "plain", cwd=STAGE.workspace.root, env=STAGE.workspace.env, timeout=900)
    compiled = {line.split("Compiling ")[1].split()[0] for line in (done.stdout + done.stderr).splitlines() if "Compiling " in line}
    check(compiled == {"hello-service"}, f"these were compiled: {sorted(compiled)}")
    run("docker", "compose", "down", cwd=STAGE.workspace.root, env=STAGE.workspace.env)


@test
def runs_in_the_deck_and_is_swapped():
    deck = Deck(STAGE.workspace)
    try:
        deck.ready()
        since = deck.mark()
        STAGE.workspace.edit("src/main.rs", f"single {os.getpid()} 2", "single 3")
        serving = deck.wait("serving", 120, since=since, service="hello-service")
        wait_answer(PORT, "single 3")
        check(serving["stages_ms"]["cargo"] > 0, f"it did not say how long it took: {serving}")
    finally:
        deck.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
