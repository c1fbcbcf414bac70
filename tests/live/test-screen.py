#!/usr/bin/env python3
"""The whole program on a pseudo-terminal: the deck on real containers, driven
by keys, read as a person reads it."""

import os
import pathlib
import re
import select
import signal
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import Stage, builders, check, container, free_port, get, inspect, main, test, until, wait_answer
from screen import Screen

PORT = free_port()
MAIN = "src/main.rs"
STAGE = Stage("single", "tests/workspaces/single", {"HELLO_PORT": str(PORT)})
class screen_on_it:
    def __init__(self, *size, **env):
        self.size, self.env = size, env

    def __enter__(self):
        self.screen = Screen(STAGE.workspace, *self.size, **self.env)
        self.screen.wait("hello", "running", "all 1 well", seconds=600)
        return self.screen

    def __exit__(self, *_):
        self.screen.close()


def save(text):
    source = (STAGE.workspace.root / MAIN).read_text()
    STAGE.workspace.write(MAIN, re.sub(r'const TEXT: &str = "[^"]*";', f'const TEXT: &str = "{text}";', source))


@test
def shows_a_save_and_its_bar():
    with screen_on_it(100, 30) as screen:
        save("screen one")
        wait_answer(PORT, "screen one")
        screen.wait("beyond cargo", "passed", "event", "ready")
        source = (STAGE.workspace.root / MAIN).read_text()
        STAGE.workspace.write(MAIN, source.replace("TEXT: &str", "TEXT: &broken", 1))
        screen.wait("1 error", "E0425", "serves on")
        check("screen one" in get(PORT)[1], "the old code does not answer")
        STAGE.workspace.write(MAIN, source)
        screen.wait("passed")
        screen.type("q")
        check(screen.ended() == 0, "q does not end with 0")
        check(b"\x1b[?1049l" in screen.raw, "the alternate screen is not left")
        check(termios.tcgetattr(screen.slave) == screen.before, "the terminal is not as it was")
    check("screen one" in get(PORT)[1], "q took the service down")
    until(lambda: not builders(STAGE.workspace), "the builder is still there")


def editor_fails(editor, *words):
    """An error is opened in an editor that does not do it: that is told, and the
    deck goes on. Other editors are tried at the same place, by `VISUAL` and `EDITOR`."""
    source = (STAGE.workspace.root / MAIN).read_text()
    for variable, other in ("VISUAL", "EDITOR"), ("EDITOR", "VISUAL"):
        with screen_on_it(100, 30, **{variable: editor, other: ""}) as screen:
            STAGE.workspace.write(MAIN, source.replace("TEXT: &str", "TEXT: &broken", 1))
            try:
                screen.wait("1 error", "E0425")
                screen.type("]")
                screen.wait("1 error", "E0425")
                screen.type("\r")  # the error as rustc shows it
                screen.wait("-->", MAIN)
                screen.type("\r")
                screen.wait(*(word.format(variable=variable) for word in words))
                check(termios.tcgetattr(screen.slave) != screen.before, "the terminal was not taken again")
                screen.type("\x1b[27u\x1b[27u")
                screen.wait("Services", "E0425", "serves on")
            finally:
                STAGE.workspace.write(MAIN, source)
            screen.wait("passed", "all 1 well")
            screen.type("q")
            check(screen.ended() == 0, "q does not end with 0")


@test
def tells_of_an_editor_that_is_not_there():
    editor_fails("/nowhere/editor", "/nowhere/editor", "set {variable} to the name of another program")


@test
def tells_of_an_editor_that_fails():
    editor_fails("sh -c 'exit 7'", "the editor ended with 7", "{variable}")


@test
def obeys_keys():
    with screen_on_it() as screen:
        screen.type("?")
        screen.wait("Help", "Stop services")
        screen.type("\x1b[27u")  # the key Esc, as CSI u: a bare one, followed at once by more, would be Alt
        screen.wait("Services", "hello")
        screen.type("x")
        screen.wait("Stop hello?")
        screen.type("n")
        screen.wait("running")
        screen.type("x")
        screen.wait("Stop hello?")
        screen.type("y")
        screen.wait("stopped")
        until(lambda: not inspect(container(STAGE.workspace, "hello"))["State"]["Running"], "the container still runs")
        screen.type("s")
        screen.wait("running", "all 1 well")
        screen.type(":")
        screen.type("pause\r")
        screen.wait("paused")
        save("while paused")
        screen.type(":pause\r")
        wait_answer(PORT, "while paused")
        screen.type("u")
        wait_answer(PORT, "screen one")
        screen.type("q")
        check(screen.ended() == 0, "q does not end with 0")


@test
def obeys_while_it_comes_up():
    """Compose is asked, then brings the services up: an order meanwhile holds."""
    screen = Screen(STAGE.workspace)
    try:
        screen.wait("hello", "running")
        screen.type("x")
        screen.wait("Stop hello?")
        screen.type("y")
        screen.wait("stopped")
        until(lambda: not inspect(container(STAGE.workspace, "hello"))["State"]["Running"], "the container still runs")
        screen.wait("Saves", "stopped")  # all is up but what was stopped
        screen.type("s")
        screen.wait("running", "all 1 well")
        screen.type("q")
        check(screen.ended() == 0, "q does not end with 0")
    finally:
        screen.close()
    until(lambda: not builders(STAGE.workspace), "the builder is still there")


@test
def lives_through_sizes_and_ends_with_its_terminal():
    with screen_on_it() as screen:
        for columns, rows in (1, 1), (500, 200), (40, 12), (20, 5), (120, 40), (80, 24):
            screen.size(columns, rows)
            os.kill(screen.pid, signal.SIGWINCH)
            screen.type("j")
        screen.wait("Services", "hello", "running")
        pid = screen.pid
        os.close(screen.slave)
        os.close(screen.master)  # hung up
        screen.master, screen.slave = os.openpty()
        limit = time.monotonic() + 30
        ended = 0
        while ended == 0 and time.monotonic() < limit:
            ended, _ = os.waitpid(pid, os.WNOHANG)
            select.select([], [], [], 0.02)
        screen.pid = 0 if ended else pid
        check(ended == pid, "it lives on without its terminal")
    until(lambda: not builders(STAGE.workspace), "the builder is still there")
    check(get(PORT)[0] == 200, "the service is gone")


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
