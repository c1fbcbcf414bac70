#!/usr/bin/env python3
"""The engine goes and comes back under the open deck: a private engine, in a
network and process namespace of its own, whose containers live on without it."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import PROGRAM, check, folder, main, run, test, until
from screen import Screen

IMAGE = "debian:bookworm-slim"
# Numbered lines: none may be missing, none may come twice.
COMPOSE = f"""services:
  count:
    image: {IMAGE}
    network_mode: none
    stop_grace_period: 1s
    command: ["sh", "-c", "n=0; while :; do n=$$((n + 1)); echo line $$n.; sleep 0.02; done"]
  tick:
    image: {IMAGE}
    network_mode: none
    stop_grace_period: 1s
    command: ["sh", "-c", "while :; do echo tick; sleep 0.1; done"]
"""
ENGINE_LIMIT = 60


class PrivateEngine:
    """A dockerd of our own. Everything in it ends with its first process."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cargodeck-engine-"))
        self.socket = f"unix://{self.folder}/docker.sock"
        self.keeper = subprocess.Popen(["unshare", "--net", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child",
                                        "sh", "-c", "ip link set lo up; exec sleep infinity"], stdin=subprocess.DEVNULL)
        self.daemon = None

    def inside(self):
        """The first process of the namespaces, as this side numbers it."""
        children = pathlib.Path(f"/proc/{self.keeper.pid}/task/{self.keeper.pid}/children")
        return until(lambda: children.read_text().split(), "the namespaces are not there")[0]

    def start(self):
        log = open(self.folder / "log", "ab")
        (self.folder / "daemon.json").write_text("{}")
        self.daemon = subprocess.Popen(
            ["nsenter", "--target", self.inside(), "--net", "--pid", "--mount", "dockerd", "--host", self.socket, "--live-restore",
             "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec", "--pidfile", f"{self.folder}/pid",
             "--config-file", f"{self.folder}/daemon.json", "--storage-driver", "vfs", "--bridge", "none", "--iptables=false"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        until(lambda: run("docker", "-H", self.socket, "version", check_status=False).returncode == 0 or self.daemon.poll() is not None,
              "the private engine does not answer", ENGINE_LIMIT)
        check(self.daemon.poll() is None, f"the private engine ended: {(self.folder / 'log').read_text()[-1500:]}")

    def stop(self):
        # nsenter waits for dockerd, its child; a signal to it would not be passed on
        children = pathlib.Path(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        self.daemon.wait(ENGINE_LIMIT)

    def close(self):
        self.keeper.kill()
        self.keeper.wait()
        until(lambda: not self.mounts(), "mounts of the private engine stay")
        shutil.rmtree(self.folder, ignore_errors=True)

    def mounts(self):
        return [line for line in pathlib.Path("/proc/mounts").read_text().splitlines() if str(self.folder) in line]


@contextlib.contextmanager
def private_engine():
    engine = PrivateEngine()
    try:
        engine.start()
        save = subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE)
        run("docker", "-H", engine.socket, "load", stdin=save.stdout)
        check(save.wait() == 0, f"{IMAGE} is not there")
        yield engine
    finally:
        engine.close()


def workspace_on(engine):
    return folder("away", {"DOCKER_HOST": engine.socket}, compose_dot_yaml=COMPOSE)


def numbers(text):
    return [int(number) for number in re.findall(r"line (\d+)\.", text)]


def whole_log(screen, least):
    """Every number that the log pane holds, from its end back to `least`."""
    seen = set()
    limit = time.monotonic() + 60
    while least not in seen:
        here = numbers(screen.text())
        check(here == sorted(set(here)), f"a line stands twice: {here}")
        seen |= set(here)
        check(time.monotonic() < limit, f"the log ends at {min(seen, default=None)}")
        screen.type("\x1b[5~")  # Page Up
    return seen


@contextlib.contextmanager
def followed(workspace):
    """`cargodeck logs --follow`; what it printed when the block ends."""
    printed = workspace.folder / "printed"
    with open(printed, "w") as out:
        logs = subprocess.Popen([PROGRAM, "logs", "--follow", "--tail", "1", "count"], cwd=workspace.root, env=workspace.env,
                                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True)

    def so_far():
        return numbers(printed.read_text())
    try:
        until(so_far, "logs --follow prints nothing")
        yield so_far
        check(logs.poll() is None, f"logs --follow ended: {logs.stderr.read() if logs.poll() is not None else ''}")
    finally:
        logs.kill()
        logs.wait()


@test
def comes_back_by_itself():
    with private_engine() as engine, workspace_on(engine) as workspace:
        screen = Screen(workspace, 80, 24)
        try:
            screen.wait("count", "running", "all 2 well", "line ", seconds=120)
            goes_through_it(engine, workspace, screen)
            screen.type("q")
            check(screen.ended() == 0, "q does not end with 0")
        finally:
            screen.close()


def every_command_says_so(workspace):
    for words in ("ps",), ("logs", "count"), ("stop", "count"), ("doctor",):
        done = workspace.cargodeck(*words, check_status=False)
        check(done.returncode != 0, f"{words} ends with 0")
        check("docker.sock" in done.stderr + done.stdout, f"{words} says {done.stderr} {done.stdout}")


def merges_both(screen):
    """Both logs as one, in the order of their times."""
    screen.type("l")
    text = screen.wait("merged", "count", "tick", "line ", seconds=10)
    times = re.findall(r"(\d\d:\d\d:\d\d\.\d\d\d) ", text)
    check(len(times) > 4 and times == sorted(times), f"the merged lines are not in order: {times}")
    screen.type("l")
    text = screen.wait("Log count", "line ")
    check("merged" not in text and "tick " not in text.split("Log count")[1], "one log alone is not shown again")


def goes_through_it(engine, workspace, screen):
    merges_both(screen)
    with followed(workspace) as printed:
        before = max(numbers(screen.text()))
        engine.stop()
        went = time.monotonic()
        screen.wait("engine silent", seconds=10)
        screen.type("?")
        screen.wait("Help")  # keys do as ever
        screen.type("\r")
        text = screen.wait("Services", "engine silent")
        check("line " in text, "the log is gone with the engine")
        every_command_says_so(workspace)
        engine.start()
        away = time.monotonic() - went
        text = screen.wait("all 2 well", seconds=10)
        check("engine silent" not in text, "the engine still counts as silent")
        last = before + int(away * 20)  # some 40 a second
        until(lambda: max(numbers(screen.text()), default=0) > last, f"the log does not go on behind line {last}")
        screen.type("\t\tz")  # the log pane, all over the screen
        screen.type("\x1b[5~")
        got = whole_log(screen, before)
        missing = sorted(set(range(before, max(got) + 1)) - got)
        check(not missing, f"lines are missing: {missing[:20]}")
        until(lambda: printed()[-1] > last, f"logs --follow does not go on behind line {last}")
        lines = printed()
        check(lines == list(range(lines[0], lines[-1] + 1)), "logs --follow lost lines, or has some twice")


if __name__ == "__main__":
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        print("ok engine-away # SKIP a private engine needs root and dockerd")
        sys.exit(0)
    sys.exit(main(sys.argv))
