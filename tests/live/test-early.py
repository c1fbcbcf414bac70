#!/usr/bin/env python3
"""The first frames: what runs already is shown before compose has answered, and
stays true where compose does not answer well."""

import contextlib
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import check, container, folder, inspect, main, run, test, until
from screen import Screen

SERVICE = """
    image: debian:bookworm-slim
    network_mode: none
    stop_grace_period: 1s
    init: true
    command: ["sleep", "100000"]
"""
COMPOSE = f"services:\n  zebra:{SERVICE}  north:{SERVICE}"
# Before the real docker: `compose config` waits for the word that lets it go on, or to fail.
DOCKER = """#!/bin/sh
case " $* " in
*" config "*)
	read -r word <"$GATE"
	[ "$word" = go ] || { echo 'services.north: nothing is right here' >&2; exit 15; }
	;;
esac
exec REAL "$@"
"""


@contextlib.contextmanager
def gated():
    """Two services that run, and a screen whose compose waits at a gate."""
    with folder("early", compose_dot_yaml=COMPOSE) as workspace:
        workspace.compose("up", "--detach")
        tools = workspace.folder / "tools"
        tools.mkdir()
        (tools / "docker").write_text(DOCKER.replace("REAL", shutil.which("docker")))
        (tools / "docker").chmod(0o755)
        gate = tools / "gate"
        os.mkfifo(gate)
        workspace.env.update(PATH=f"{tools}:{os.environ['PATH']}", GATE=str(gate))
        screen = Screen(workspace, 100, 30)
        try:
            yield workspace, screen, gate
        finally:
            screen.close()
            with contextlib.suppress(OSError):  # whoever still waits there
                os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
            workspace.env["PATH"] = os.environ["PATH"]


@test
def rows_come_before_compose():
    with gated() as (workspace, screen, gate):
        text = screen.wait("north", "zebra", "running", "all 2 well", "0.0%", seconds=10)
        check(text.index("north") < text.index("zebra"), "the rows are not in compose's order")
        check("Coming up" not in text, "what runs is said to come up")
        screen.type("x")
        screen.wait("Stop north?")
        screen.type("y")
        screen.wait("stopping")
        check(inspect(container(workspace, "north"))["State"]["Running"], "it is stopped before compose can do it")
        gate.write_text("go\n")
        screen.wait("nothing is built", "stopped", "1 of 2 run")
        until(lambda: not inspect(container(workspace, "north"))["State"]["Running"], "the container still runs")


@test
def rows_stay_true_where_compose_fails():
    with gated() as (workspace, screen, gate):
        screen.wait("north", "zebra", "all 2 well", seconds=10)
        screen.type("x")
        screen.wait("Stop north?")
        screen.type("y")
        screen.wait("stopping")
        gate.write_text("fail\n")
        screen.wait("nothing is right here", "and 1 more", "zebra", "all 2 well")
        check("stopping" not in screen.text(), "an order that cannot be done is still shown")
        check(inspect(container(workspace, "north"))["State"]["Running"], "the refused order was done")
        run("docker", "stop", "-t", "1", container(workspace, "zebra"))
        screen.wait("1 of 2 not well", seconds=20)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
