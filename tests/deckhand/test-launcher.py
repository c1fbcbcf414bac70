"""The launcher on this machine, without containers: real programs, swapped
under load. This file plays the hub. Prints TAP."""

import http.client
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ.get("TEST_SRCDIR", "."))
BUILT = pathlib.Path(os.environ.get("TEST_BUILDDIR", "."))
JOIN, SWAPPING, READY, FAILED, DRAINED, ENDED = 96, 97, 98, 99, 100, 101
SWAP = 64
NAMES = {JOIN: "join", READY: "ready", FAILED: "failed", DRAINED: "drained", ENDED: "ended"}


def frame(kind, **fields):
    body = bytes([kind]) + b"".join(f"{k}={v}".encode() + b"\0" for k, v in fields.items())
    return struct.pack("<I", len(body)) + body


def parse(body):
    kind, rest, fields = body[0], body[1:], {}
    while rest and not rest.startswith(b"data="):
        field, _, rest = rest.partition(b"\0")
        name, _, value = field.partition(b"=")
        fields[name.decode()] = value.decode()
    if rest.startswith(b"data="):
        fields["data"] = rest[5:].decode(errors="replace")
    return kind, fields


class Load:
    def __init__(self, port, kept, clients=8):
        self.port, self.kept = port, kept
        self.stop, self.answers, self.failures = threading.Event(), [], []
        # out of step: at any moment some request is under way
        self.threads = [threading.Thread(target=self.run, args=(0.04 * i / clients,), daemon=True) for i in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(20)

    def closed(self, connection):
        try:
            connection.sock.setblocking(False)
            return connection.sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            try:
                connection.sock.settimeout(10)
            except OSError:
                pass

    def run(self, delay):
        connection, round_number = None, 0
        self.stop.wait(delay)
        while not self.stop.is_set():
            began = time.monotonic()
            round_number += 1
            try:
                if connection is not None and self.closed(connection):
                    connection.close()
                    connection = None
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                    connection.connect()
                connection.request("GET", "/")
                body = connection.getresponse().read().decode()
                self.answers.append((time.monotonic(), time.monotonic() - began, body))
                if not self.kept:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                if connection is not None:
                    connection.close()
                connection = None
            pause = 0.036 + 0.002 * ((round_number * 7 + int(delay * 1000)) % 5)
            self.stop.wait(max(0, pause - (time.monotonic() - began)))


class Launched:
    """A launcher with its hub, in a folder of its own."""

    def __init__(self, *arguments):
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="launcher-"))
        (self.state / "bin").mkdir()
        subprocess.run(["cp", BUILT / "deckhand-preload-x86_64.so", self.state / "preload.so"], check=True)
        trailer = b"deckhand-launcher\0bin=server\0state=" + str(self.state).encode() + b"\0"
        self.path = self.state / "app"
        self.path.write_bytes((BUILT / "deckhand-x86_64").read_bytes() + trailer.ljust(512, b"\0"))
        self.path.chmod(0o755)
        self.hub = socket.socket(socket.AF_UNIX)
        self.hub.bind(str(self.state / "hub.sock"))
        self.hub.listen()
        self.arguments = arguments
        self.frames, self.news = [], threading.Condition()
        self.swaps = 0

    def compile(self, number, version=None, static=False):
        folder = self.state / "gen" / str(number)
        folder.mkdir(parents=True)
        subprocess.run(["gcc", "-O1", "-D_GNU_SOURCE", f'-DVERSION="{version or "v%d" % number}"', *(["-static"] if static else []), "-pthread",
                        "-o", folder / "server", SOURCE / "tests/deckhand/server.c"], check=True)

    def select(self, number):
        link = self.state / "bin" / "server"
        if link.is_symlink():
            link.unlink()
        link.symlink_to(f"../gen/{number}/server")

    def start(self):
        # a PID namespace of its own: the launcher must be in the chain of PID 1
        self.process = subprocess.Popen(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", str(self.path), *map(str, self.arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, CARGODECK_SERVICE="test"))
        self.output = []
        threading.Thread(target=lambda: self.output.extend(self.process.stdout), daemon=True).start()
        self.hub.settimeout(10)
        self.peer, _ = self.hub.accept()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        data = b""
        while True:
            try:
                block = self.peer.recv(65536)
            except OSError:
                block = b""
            if not block:
                return
            data += block
            while len(data) >= 4 and len(data) >= 4 + struct.unpack("<I", data[:4])[0]:
                size = struct.unpack("<I", data[:4])[0]
                with self.news:
                    self.frames.append((time.monotonic(), *parse(data[4:4 + size])))
                    self.news.notify_all()
                data = data[4 + size:]

    def wait(self, *kinds, seconds=15, **fields):
        limit = time.monotonic() + seconds
        at = 0
        with self.news:
            while True:
                for moment, kind, got in self.frames[at:]:
                    at += 1
                    if kind in kinds and all(got.get(k) == str(v) for k, v in fields.items()):
                        return moment, kind, got
                left = limit - time.monotonic()
                if left <= 0 or not self.news.wait(left):
                    raise AssertionError(f"no {[NAMES.get(k) for k in kinds]} {fields}; frames: {[(NAMES.get(f[1], f[1]), f[2]) for f in self.frames[-6:]]}; output: {b''.join(self.output[-5:])}")

    def swap(self, number, mode="auto", **more):
        self.swaps += 1
        began = time.monotonic()
        self.peer.sendall(frame(SWAP, swap=self.swaps, generation=number, mode=mode, grace_ms=5000, **more))
        moment, kind, got = self.wait(READY, FAILED, swap=self.swaps)
        return kind, got, moment - began

    def close(self):
        self.process.kill()
        self.process.wait()
        self.hub.close()
        shutil.rmtree(self.state, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    body = connection.getresponse().read().decode()
    connection.close()
    return body


TESTS = []


def test(function):
    TESTS.append(function)


def under_load(kind, kept, rounds=20, static=False):
    port = free_port()
    launched = Launched(kind, port)
    try:
        launched.compile(1, static=static)
        launched.compile(2, static=static)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        swaps, old_gone = [], []
        with Load(port, kept) as load:
            for i in range(rounds):
                number = 2 - i % 2
                answered = len(load.answers)
                what, got, seconds = launched.swap(number)
                assert what == READY and got["mode"] == ("seccomp" if static else "preload"), got
                at = len(launched.frames)
                swaps.append(seconds)
                began = time.monotonic()
                launched.wait(DRAINED, generation=3 - number)
                launched.frames = [f for f in launched.frames if f[1] != DRAINED]
                old_gone.append(time.monotonic() - began)
                while len(load.answers) < answered + 20:
                    time.sleep(0.001)
        assert not load.failures, f"{len(load.failures)} of {len(load.answers)} failed: {load.failures[:3]}"
        slowest = max(seconds for _, seconds, _ in load.answers)
        assert slowest < 0.2, f"the slowest answer took {slowest * 1000:.0f} ms"
        swaps.sort()
        old_gone.sort()
        return (f"{len(load.answers)} answers, 0 failed, slowest {slowest * 1000:.0f} ms, ready after {swaps[len(swaps) // 2] * 1000:.1f} ms, "
                f"old gone {old_gone[len(old_gone) // 2] * 1000:.0f} ms later (p50)")
    finally:
        launched.close()


@test
def swaps_an_event_loop_under_new_connections():
    return under_load("edge", kept=False)


@test
def swaps_an_event_loop_under_kept_connections():
    return under_load("edge", kept=True)


@test
def swaps_without_a_sigterm_handler():
    return under_load("plain", kept=True)


@test
def swaps_blocking_accepts():
    return under_load("blocking", kept=False) + "; kept: " + under_load("blocking", kept=True)


@test
def swaps_a_static_event_loop_under_new_connections():
    return under_load("edge", kept=False, static=True)


@test
def swaps_static_blocking_accepts():
    return under_load("blocking", kept=False, static=True)


@test
def swaps_a_static_event_loop_under_kept_connections():
    return under_load("edge", kept=True, static=True)


@test
def swaps_a_static_program_without_a_sigterm_handler():
    return under_load("plain", kept=True, static=True)


def refused(kind, reason, **more):
    port = free_port()
    launched = Launched("edge", port)
    try:
        launched.compile(1)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        folder = launched.state / "gen" / "2"
        folder.mkdir()
        # the same server, of another kind
        source = (SOURCE / "tests/deckhand/server.c").read_text().replace('const char *kind = argc > 1 ? argv[1] : "";', f'const char *kind = argc > 0 ? "{kind}" : "";')
        (folder / "server.c").write_text(source)
        subprocess.run(["gcc", "-D_GNU_SOURCE", '-DVERSION="v2"', "-pthread", "-o", folder / "server", folder / "server.c"], check=True)
        with Load(port, kept=False) as load:
            what, got, _ = launched.swap(2, **more)
            assert what == FAILED and got["reason"] == reason, got
            at = len(load.answers)
            while len(load.answers) < at + 20:
                time.sleep(0.001)
        assert not load.failures, load.failures[:3]
        assert load.answers[-1][2] == "v1"
        return got.get("data", "")[:60].replace("\n", " ")
    finally:
        launched.close()


@test
def keeps_the_old_one_when_the_new_one_panics():
    return refused("panics", "exited")


@test
def keeps_the_old_one_when_the_new_one_never_accepts():
    return refused("deaf", "never-accepted", ready_ms=700)


@test
def keeps_the_old_one_when_the_new_one_never_listens():
    return refused("worker", "never-listened", ready_ms=700)


@test
def swaps_one_that_cannot_live_twice():
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        launched = Launched("pidfile", port, folder + "/pid")
        try:
            launched.compile(1)
            launched.compile(2)
            launched.select(1)
            launched.start()
            launched.wait(READY, swap=0)
            with Load(port, kept=False) as load:
                what, got, seconds = launched.swap(2)
                assert what == READY and got["mode"] == "alone", got
                what, got, again = launched.swap(1)
                assert what == READY and got["mode"] == "alone", got
                at = len(load.answers)
                while len(load.answers) < at + 20:
                    time.sleep(0.001)
            assert not load.failures, load.failures[:3]
            assert get(port) == "v1"
            return f"first {seconds * 1000:.0f} ms, remembered {again * 1000:.0f} ms, waited {got['waited_ms']} ms"
        finally:
            launched.close()


@test
def restarts_a_worker():
    launched = Launched("worker", 0)
    try:
        launched.compile(1)
        launched.compile(2)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        what, got, seconds = launched.swap(2)
        assert what == READY and got["mode"] == "restart", got
        return f"{seconds * 1000:.0f} ms"
    finally:
        launched.close()


@test
def ends_with_the_code_of_its_program():
    launched = Launched("once", 0)
    try:
        launched.compile(1)
        launched.select(1)
        launched.start()
        assert launched.process.wait(10) == 0
        return ""
    finally:
        launched.close()


@test
def stops_at_sigterm_with_its_program():
    launched = Launched("plain", free_port())
    try:
        launched.compile(1)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        child = int(subprocess.run(["pgrep", "-P", str(launched.process.pid)], capture_output=True, text=True, check=True).stdout)
        os.kill(child, signal.SIGTERM)
        assert launched.process.wait(10) == 143, launched.process.returncode
        return ""
    finally:
        launched.close()


def main():
    wanted = sys.argv[1:]
    tests = [t for t in TESTS if not wanted or any(word in t.__name__ for word in wanted)]
    print(f"1..{len(tests)}", flush=True)
    bad = 0
    for number, function in enumerate(tests, 1):
        try:
            said = function()
            print(f"ok {number} - {function.__name__} # {said}", flush=True)
        except Exception as error:
            bad += 1
            print(f"not ok {number} - {function.__name__}\n# {type(error).__name__}: {error}", flush=True)
    return 1 if bad else 0


sys.exit(main())
