"""A program on a terminal of 160x50, as the bench of the screen sees it: each
piece of its output with the moment it came; what stood on the screen at each of
these moments, found afterwards by libvterm."""

import contextlib
import ctypes
import ctypes.util
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time

from costs import processes_below

COLUMNS, ROWS = 160, 50
PIECE = 1 << 16
# What programs ask a terminal at their start, and what xterm answers.
ANSWERS = ((re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"), (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"), (re.compile(rb"\x1b\[5n"), b"\x1b[0n"),
           (re.compile(rb"\x1b\]11;\?(?:\x07|\x1b\\)"), b"\x1b]11;rgb:0000/0000/0000\x1b\\"))
REPEAT = re.compile(rb"([\x20-\x7f]|[\xc2-\xf4][\x80-\xbf]{1,3})\x1b\[(\d+)b")
SEQUENCE = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b[=>78cM]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x0e\x0f]")


def plain(raw):
    """The text in terminal output, whatever its place."""
    return SEQUENCE.sub(b"", raw)


class Rect(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("start_row", "end_row", "start_col", "end_col")]


def library():
    """libvterm, or None where it is not installed."""
    for name in (ctypes.util.find_library("vterm"), "libvterm.so.0"):
        with contextlib.suppress(OSError):
            if name:
                found = ctypes.CDLL(name)
                found.vterm_new.restype = found.vterm_obtain_screen.restype = ctypes.c_void_p
                found.vterm_screen_get_text.restype = ctypes.c_size_t
                return found
    return None


class Picture:
    """A screen that bytes are written to."""

    def __init__(self):
        self.library = library()
        self.term = ctypes.c_void_p(self.library.vterm_new(ROWS, COLUMNS))
        self.library.vterm_set_utf8(self.term, 1)
        self.screen = ctypes.c_void_p(self.library.vterm_obtain_screen(self.term))
        self.library.vterm_screen_enable_altscreen(self.screen, 1)
        self.library.vterm_screen_reset(self.screen, 1)
        self.last = b""

    def write(self, raw):
        """With CSI b, which libvterm 0.1 does not know, written out (ECMA-48, REP)."""
        raw = REPEAT.sub(lambda found: found[1] * (1 + int(found[2])), self.last + raw)[len(self.last):]
        self.last = raw[-1:] if raw[-1:].isascii() else b""
        self.library.vterm_input_write(self.term, raw, ctypes.c_size_t(len(raw)))

    def lines(self):
        room = ctypes.create_string_buffer(COLUMNS * 8)
        found = []
        for row in range(ROWS):
            used = self.library.vterm_screen_get_text(self.screen, room, ctypes.c_size_t(len(room)), Rect(row, row + 1, 0, COLUMNS))
            found.append(room.raw[:used].decode(errors="replace").rstrip("\0 "))
        return found

    def close(self):
        self.library.vterm_free(self.term)


class Program:
    """Words started on the terminal, in a session of their own."""

    def __init__(self, words, folder, env):
        self.master, slave = os.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.pieces = []  # (moment, bytes)
        self.bytes = 0
        self.pictured = None
        self.began = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in words], cwd=folder, env=dict(env, TERM="xterm-256color", LC_ALL="C.UTF-8", COLORTERM="truecolor"),
                                        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def read(self, seconds):
        """One piece, waited for so long; b'': nothing came."""
        if not select.select([self.master], [], [], max(0, seconds))[0]:
            return b""
        try:
            piece = os.read(self.master, PIECE)
        except OSError:
            return b""
        moment = time.monotonic()
        self.bytes += len(piece)
        self.pieces.append((moment, piece))
        if b"\x1b" in piece:
            for asked, answer in ANSWERS:
                if asked.search(piece):
                    os.write(self.master, answer)
        return piece

    def drain(self, seconds):
        """Reads for that long; false: it has ended."""
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            if not self.read(left) and self.process.poll() is not None:
                return False
        return True

    def type(self, keys):
        os.write(self.master, keys.encode())

    def key(self, keys, answer, patience=2.0):
        """Milliseconds from a key to the first piece in which `answer` is found since; None: it never came."""
        while self.read(0):
            pass
        began, seen = time.monotonic(), b""
        self.type(keys)
        while (left := began + patience - time.monotonic()) > 0:
            seen += self.read(left)
            moment = time.monotonic()
            if answer.search(plain(seen)):
                return (moment - began) * 1000
        return None

    def lines(self):
        """The screen as it stands."""
        if self.pictured is None:
            self.pictured = (Picture(), [0])
        picture, at = self.pictured
        while at[0] < len(self.pieces):
            picture.write(self.pieces[at[0]][1])
            at[0] += 1
        return picture.lines()

    def wait(self, what, seconds):
        """Until `what` holds of the lines of the screen; the moment, or None. The screen is looked at piece by piece."""
        limit = time.monotonic() + seconds
        while True:
            found = what(self.lines())
            if found:
                return self.pieces[-1][0] if self.pieces else time.monotonic()
            left = limit - time.monotonic()
            if left <= 0 or (not self.read(min(left, 0.5)) and self.process.poll() is not None):
                return None

    def moments(self, *whats):
        """For each of `whats` the first moment at which it held of what was read so far; None: at none."""
        picture, found = Picture(), [None] * len(whats)
        for moment, piece in self.pieces:
            picture.write(piece)
            lines = picture.lines()
            for number, what in enumerate(whats):
                if found[number] is None and what(lines):
                    found[number] = moment
        picture.close()
        return found

    def close(self, keys="q"):
        below = processes_below(self.process.pid)[1:]
        with contextlib.suppress(OSError):
            self.type(keys)
        for number in (None, signal.SIGTERM, signal.SIGKILL):
            if number is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, number)
            limit = time.monotonic() + 2
            while self.process.poll() is None and time.monotonic() < limit:
                self.read(0.05)
            if self.process.poll() is not None:
                break
        self.process.wait()
        for pid in below:  # what it left behind
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.close(self.master)
        if self.pictured is not None:
            self.pictured[0].close()


@contextlib.contextmanager
def on_terminal(words, folder, env, keys="q"):
    program = Program(words, folder, env)
    try:
        yield program
    finally:
        program.close(keys)
