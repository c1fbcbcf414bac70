"""The deck on a pseudo-terminal: typed at and read as a person does."""

import fcntl
import os
import re
import select
import signal
import struct
import termios
import time

from harness import PROGRAM, check

# Escape sequences (ECMA-48): what is left is text, row after row.
SEQUENCE = re.compile(r"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b[=>78cM]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|[\x0e\x0f]")
REDRAW = b"\x0c"  # Ctrl-L: all of the screen again


class Screen:
    """A terminal of the given size with the deck on it."""

    def __init__(self, workspace, columns=80, rows=24, **env):
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
            os.chdir(workspace.root)
            os.execve(PROGRAM, [str(PROGRAM), "up"], dict(workspace.env, TERM="xterm-256color", LC_ALL="C.UTF-8", **env))

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
