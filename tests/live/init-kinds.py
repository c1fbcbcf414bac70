#!/usr/bin/env python3
"""What `init` writes for projects of every kind, for real: each is built, run
and looked at as its kind demands. `make check-init` calls it; it takes many
minutes, for each image compiles its tools anew. Of MySQL there is no image that
this could be tried with."""

import contextlib
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import PROGRAM, SOURCE, Deck, Workspace, check, container, free_port, get, inspect, main, run, test, wait_answer

# What the programs' own sources lack; no container file can mend it.
OF_THE_PROGRAM = {"5.2", "5.4", "5.5", "5.7", "6.6", "6.8", "8.2", "8.8"}
BUILD = 1800  # seconds


class Project:
    """A copy of a small project without container files, and what `init` made of it."""

    def __init__(self, kind, *words, source=None, variable=None, remove=()):
        self.kind, self.words, self.remove = kind, words, remove
        self.source = source or f"tests/workspaces/kinds/{kind}"
        self.port = free_port()
        self.env = {variable: str(self.port)} if variable else {}

    def __enter__(self):
        self.workspace = Workspace(f"init-{self.kind}", self.source, self.env)
        self.root = self.workspace.root
        for name in self.remove:
            (self.root / name).unlink()
        run("git", "init", "-q", self.root)
        for manifest in sorted(self.root.rglob("Cargo.toml"), key=lambda path: len(path.parts))[:1]:
            if not manifest.with_name("Cargo.lock").exists():
                run("cargo", "generate-lockfile", cwd=manifest.parent)
        done = run(PROGRAM, "init", "--yes", "--json", *self.words, cwd=self.root, env=self.workspace.env, stdin=subprocess.DEVNULL)
        self.facts = json.loads(done.stdout)["found"]
        again = json.loads(run(PROGRAM, "init", "--yes", "--json", *self.words, cwd=self.root, env=self.workspace.env,
                               stdin=subprocess.DEVNULL).stdout)
        written = [each["path"] for each in again["files"] if each["written"] or each["state"] not in ("same", "elsewhere", "differs")]
        check(not written, f"a second run wrote again: {written}")
        return self

    def __exit__(self, *_):
        run("docker", "compose", "--profile", "*", "down", "-v", "--rmi", "local", cwd=self.root, env=self.workspace.env, check_status=False)
        self.workspace.close()

    def compose(self, *words, check_status=True):
        return run("docker", "compose", *words, cwd=self.root, env=self.workspace.env, timeout=BUILD, check_status=check_status)

    def up(self, *layers):
        self.compose(*layers, "up", "--build", "--wait", "--quiet-pull")

    def broken(self, *words):
        done = run(PROGRAM, "check", "--format", "json", *words, cwd=self.root, env=self.workspace.env, check_status=False)
        found = {each["id"]: [line["text"] for line in each["evidence"]][:3] for each in json.loads(done.stdout)["results"]
                 if each["state"] == "broken" and not each.get("allowed")}
        return {name: why for name, why in found.items() if name not in OF_THE_PROGRAM}

    def in_the_deck(self, answer):
        """The same under cargodeck: ready, and it answers."""
        self.compose("down")
        deck = Deck(self.workspace)
        try:
            deck.ready()
            wait_answer(self.port, answer, seconds=60)
        finally:
            deck.stop()
        self.workspace.cargodeck("down")

    def keeps_all(self, *words):
        found = self.broken(*words)
        check(not found, f"{self.kind} {' '.join(words)} breaks {found}")

    @contextlib.contextmanager
    def image(self, *words):
        """An image built by plain docker."""
        tag = f"{self.workspace.project}-tried"
        run("docker", "build", "-q", "-t", tag, *words, ".", cwd=self.root, timeout=BUILD, env=dict(self.workspace.env, DOCKER_BUILDKIT="1"))
        try:
            yield tag
        finally:
            run("docker", "rmi", "-f", tag, check_status=False)

    def user_of(self, service):
        return inspect(container(self.workspace, service))["Config"]["User"]


def stand_in(*names):
    """Base images of the official names, where no registry is reachable."""
    run(SOURCE / "share/stand-ins/build", *names, timeout=BUILD)


@test
def a_tool_ships_its_program():
    with Project("tool") as project:
        check(project.facts["kind"] == "tool", f"it is taken for a {project.facts['kind']}")
        project.keeps_all()
        with project.image() as image:
            done = run("docker", "run", "--rm", "-i", image, "b", input="abc\nxyz\nbcd\n")
            check(done.stdout == "abc\nbcd\n", f"the program in its image said {done.stdout!r}")
            size = json.loads(run("docker", "image", "inspect", image).stdout)[0]["Size"]
            check(size < 30e6, f"the image has {size / 1e6:.1f} MB")
        with project.image("--target", "test") as image:
            done = run("docker", "run", "--rm", image)
            check("1 passed" in done.stdout, f"the tests in their image said {done.stdout[-500:]!r}")


@test
def a_library_ships_nothing():
    with Project("library") as project:
        check(project.facts["kind"] == "library", f"it is taken for a {project.facts['kind']}")
        project.keeps_all()
        with project.image("--target", "test") as image:
            done = run("docker", "run", "--rm", image)
            check("1 passed" in done.stdout, f"the tests in their image said {done.stdout[-500:]!r}")


def single(*words):
    return Project("single", *words, source="tests/workspaces/single", variable="HELLO_SERVICE_PORT",
                   remove=("Dockerfile", "compose.yaml", ".dockerignore"))


@test
def a_service_on_slim_debian():
    with single("--base", "slim") as project:
        project.keeps_all()
        project.up()
        check(get(project.port)[0] == 200, "it is healthy and does not answer")
        check(project.user_of("hello-service") not in ("", "0", "root"), "it runs as root")
        size = json.loads(run("docker", "image", "inspect", inspect(container(project.workspace, "hello-service"))["Image"]).stdout)[0]["Size"]
        print(f"# slim: {size / 1e6:.1f} MB")
        check(size < 110e6, f"the image has {size / 1e6:.1f} MB")
        project.keeps_all("--live")


@test
def a_service_on_scratch():
    with single("--base", "scratch") as project:
        project.keeps_all()
        project.up()
        check(get(project.port)[0] == 200, "it is healthy and does not answer")
        size = json.loads(run("docker", "image", "inspect", inspect(container(project.workspace, "hello-service"))["Image"]).stdout)[0]["Size"]
        print(f"# scratch: {size / 1e6:.1f} MB")
        check(size < 30e6, f"the image has {size / 1e6:.1f} MB")
        project.keeps_all("--live")
        project.compose("down")
        deck = Deck(project.workspace)
        try:
            deck.ready()
            since = deck.mark()
            project.workspace.edit("src/main.rs", "single 1", "single 2")
            deck.wait("serving", 120, since=since, service="hello-service")
            wait_answer(project.port, "single 2")
        finally:
            deck.stop()


@test
def a_debugger_comes_in():
    with single() as project:
        layers = ("-f", "docker-compose.yml", "-f", "docker-compose.dev.yml")
        project.workspace.env["DEBUG_PORT"] = str(free_port())
        project.compose(*layers, "--profile", "debug", "up", "-d", "--build", "debug")
        logs = subprocess.Popen(["docker", "compose", *layers, "logs", "-f", "--no-log-prefix", "debug"], cwd=project.root,
                                env=project.workspace.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            check(any("Listening on port 2345" in line for line in logs.stdout), "gdbserver never listened")
        finally:
            logs.kill()
            logs.wait()


@test
def a_save_is_built_in_the_dev_container():
    with single() as project:
        layers = ("-f", "docker-compose.yml", "-f", "docker-compose.dev.yml")
        project.up(*layers)
        wait_answer(project.port, "single 1", seconds=120)
        project.workspace.edit("src/main.rs", "single 1", "single 2")
        wait_answer(project.port, "single 2", seconds=120)
        project.compose(*layers, "down")


@test
def a_service_with_diesel():
    stand_in("postgres:17-trixie")
    with Project("diesel", variable="NOTEBOOK_PORT") as project:
        check(project.facts["choices"]["base"] == "slim", "libpq5 is in no distroless image")
        project.keeps_all()
        project.up()
        wait_answer(project.port, "1 notes", seconds=60)
        project.keeps_all("--live")
        project.in_the_deck("1 notes")


@test
def a_service_with_a_file_of_sqlite():
    with Project("sqlite", variable="LEDGER_PORT") as project:
        project.keeps_all()
        project.up()
        wait_answer(project.port, "visits", seconds=60)
        count = int(get(project.port)[1].split()[0])
        project.compose("down")
        project.compose("up", "--wait")
        check(int(get(project.port)[1].split()[0]) == count + 1, "the visits of before are gone")
        project.keeps_all("--live")
        project.in_the_deck("visits")


@test
def a_workspace_of_several_programs():
    stand_in("postgres:17-trixie", "redis:8-trixie")
    gone = ("Dockerfile", ".dockerignore", "compose.yaml", "compose.override.yaml.example")
    with Project("example", source="share/example", variable="GATEWAY_PORT", remove=gone) as project:
        project.workspace.env["API_PORT"] = str(free_port())
        check({each["name"] for each in project.facts["programs"]} == {"api", "gateway", "worker"}, "not all three are services")
        project.keeps_all()
        project.up()
        check(get(project.port, "/healthz")[0] == 200, "it is healthy and does not answer")
        project.keeps_all("--live")
        project.in_the_deck("")


@test
def a_manifest_below_the_root():
    with Project("below", variable="GREETER_PORT") as project:
        project.keeps_all()
        project.up()
        wait_answer(project.port, "from below", seconds=60)
        probe = inspect(container(project.workspace, "greeter"))["Config"]["Healthcheck"]["Test"]
        check("/api/health" in probe, f"it is asked for its health by {probe}")
        project.keeps_all("--live")
        project.in_the_deck("from below")


@test
def a_project_with_a_dockerfile_of_its_own():
    with Project("some", variable="COUNTER_PORT") as project:
        ticks = free_port()
        project.workspace.env["TICKER_PORT"] = str(ticks)
        project.up()
        wait_answer(project.port, "there", seconds=60)
        wait_answer(ticks, "tick", seconds=60)
        project.in_the_deck("there")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
