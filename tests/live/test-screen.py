#!/usr/bin/env python3
"""The whole program on a pseudo-terminal: the deck on real containers, driven
by keys, read as a person reads it."""

import fcntl
import os
import pathlib
import re
import select
import signal
import struct
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import PROGRAM, Stage, builders, check, container, free_port, get, inspect, main, test, until, wait_answer

PORT = free_port()
MAIN = "src/main.rs"
STAGE = Stage("single", "tests/workspaces/single", {"HELLO_PORT": str(PORT)})
# Escape sequences (ECMA-48): what is left is text, row after row.
SEQUENCE = re.compile(r"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b[=>78cM]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|[\x0e\x0f]")
REDRAW = b"\x0c"  # Ctrl-L: all of the screen again


class Screen:
    """A terminal of the given size with the deck on it."""

    def __init__(self, columns=80, rows=24):
        master, slave = os.openpty()
        self.before = termios.tcgetattr(slave)
        self.master, self.slave, self.raw = master, slave, b""
        self.size(columns, rows)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in 0, 1, 2:
                os.dup2(slave, number)
            os.chdir(STAGE.workspace.root)
            os.execve(PROGRAM, [str(PROGRAM), "up"], dict(STAGE.workspace.env, TERM="xterm-256color", LC_ALL="C.UTF-8"))

    def size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            self.raw += os.read(self.master, 1 << 16)
        except OSError:
            return False
        return True

    def type(self, keys):
        os.write(self.master, keys if isinstance(keys, bytes) else keys.encode())

    def text(self):
        """The screen as text, drawn anew."""
        while self.read(0):
            pass
        self.raw = b""
        self.type(REDRAW)
        limit = time.monotonic() + 5
        while time.monotonic() < limit and b"\x1b[?2026l" not in self.raw:
            self.read(0.2)
        return SEQUENCE.sub(" ", self.raw.decode(errors="replace"))

    def wait(self, *words, seconds=60):
        """Until the screen shows all of these."""
        limit = time.monotonic() + seconds
        while True:
            text = self.text()
            if all(word in text for word in words):
                return text
            check(time.monotonic() < limit, f"the screen does not show {words}: {' '.join(text.split())[:900]}")
            self.read(0.1)

    def ended(self, seconds=30):
        """The exit status."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.pid = 0
                while self.read(0):
                    pass
                return os.waitstatus_to_exitcode(status)
        check(False, "the program does not end")

    def close(self):
        if self.pid != 0:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.slave)
        os.close(self.master)


class screen_on_it:
    def __init__(self, *size):
        self.given = size

    def __enter__(self):
        self.screen = Screen(*self.given)
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


@test
def obeys_keys():
    with screen_on_it() as screen:
        screen.type("?")
        screen.wait("Help", "Stop services")
        while screen.read(0):
            pass
        screen.type("\x1b")
        screen.read(5)  # alone it is the key Esc: what follows at once would be Alt
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
