"""What the launcher's tests stand on: the wire, a hub that this side plays, HTTP
clients that keep asking, and a launcher in a folder of its own, on this machine
or in a container."""

import http.client
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ.get("TEST_SRCDIR", "."))
BUILT = pathlib.Path(os.environ.get("TEST_BUILDDIR", "."))
JOIN, SWAPPING, READY, FAILED, DRAINED, ENDED, NOTE = 96, 97, 98, 99, 100, 101, 102
SWAP, SIGNAL, ABORT, BUILDING = 64, 65, 66, 67
NAMES = {JOIN: "join", SWAPPING: "swapping", READY: "ready", FAILED: "failed", DRAINED: "drained", ENDED: "ended", NOTE: "note"}


class Skip(Exception):
    """This machine lacks what the test needs."""


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
    """Clients that ask all the time. A kept connection that is closed while a
    request is on its way, before any byte of an answer, is asked again once on a
    new one, as HTTP clients do (RFC 9110, 9.2.2; RFC 9112, 9.3.1): such are
    counted apart, as `crossed`."""

    def __init__(self, port, kept, address="127.0.0.1", clients=8):
        self.port, self.kept, self.address = port, kept, address
        self.stop, self.answers, self.failures, self.crossed = threading.Event(), [], [], 0
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
            if connection.sock is None:  # the answer said that it was the last one
                return True
            connection.sock.setblocking(False)
            return connection.sock.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            try:
                if connection.sock is not None:
                    connection.sock.settimeout(10)
            except OSError:
                pass

    def connect(self):
        connection = http.client.HTTPConnection(self.address, self.port, timeout=10)
        connection.connect()
        return connection

    @staticmethod
    def ask(connection):
        connection.request("GET", "/")
        return connection.getresponse().read().decode()

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
                reused = connection is not None
                connection = connection or self.connect()
                try:
                    body = self.ask(connection)
                except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                    if not reused:
                        raise
                    self.crossed += 1
                    connection.close()
                    connection = self.connect()
                    body = self.ask(connection)
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
            # a kept connection may be closed just as its client asks again, by any
            # server (RFC 9112, 9.5): a client that is late takes a breath first
            self.stop.wait(max(0.004 if self.kept else 0, pause - (time.monotonic() - began)))


class Launched:
    """A launcher with its hub, in a folder of its own."""

    def __init__(self, *arguments, inside=None):
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="launcher-"))
        (self.state / "bin").mkdir()
        subprocess.run(["cp", BUILT / "deckhand-preload-x86_64.so", self.state / "preload.so"], check=True)
        trailer = b"deckhand-launcher\0bin=server\0state=" + str(inside or self.state).encode() + b"\0"
        self.path = self.state / "app"
        self.path.write_bytes((BUILT / "deckhand-x86_64").read_bytes() + trailer.ljust(512, b"\0"))
        self.path.chmod(0o755)
        self.hub = socket.socket(socket.AF_UNIX)
        self.hub.bind(str(self.state / "hub.sock"))
        self.hub.listen()
        self.arguments = arguments
        self.address, self.port = "127.0.0.1", arguments[1] if len(arguments) > 1 else 0
        self.frames, self.news, self.process = [], threading.Condition(), None
        self.swaps, self.before = 0, None

    def compile(self, number, static=False, kind=None):
        folder = self.state / "gen" / str(number)
        folder.mkdir(parents=True)
        subprocess.run(["gcc", "-O1", "-D_GNU_SOURCE", f'-DVERSION="v{number}"', *([f'-DKIND="{kind}"'] if kind else []),
                        *(["-static"] if static else []), "-pthread", "-o", folder / "server", SOURCE / "tests/deckhand/server.c"], check=True)

    def select(self, number):
        link = self.state / "bin" / "server"
        if link.is_symlink():
            link.unlink()
        link.symlink_to(f"../gen/{number}/server")

    def run(self, environment):
        # a PID namespace of its own: the launcher must be in the chain of PID 1
        rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        return subprocess.Popen(["unshare", *rights, "--pid", "--fork", "--mount-proc", "--kill-child", str(self.path), *map(str, self.arguments)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=self.before,
                                env=dict(os.environ, CARGODECK_SERVICE="test", **environment))

    def start(self, **environment):
        self.process = self.run(environment)
        self.output = []
        self.reader = threading.Thread(target=lambda: self.output.extend(self.process.stdout), daemon=True)
        self.reader.start()
        self.hub.settimeout(10)
        self.peer, _ = self.hub.accept()
        self.listen()
        self.joined()

    def joined(self):
        """The launcher has met the hub."""

    def listen(self):
        threading.Thread(target=self._read, args=(self.peer,), daemon=True).start()

    def _read(self, peer):
        data = b""
        while True:
            try:
                block = peer.recv(65536)
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

    def wait_output(self, text, seconds=15):
        """Waits until the program has written that."""
        limit = time.monotonic() + seconds
        while not any(text in line for line in self.output):
            if time.monotonic() > limit:
                raise AssertionError(f"no {text} in the output: {self.output[-5:]}")
            time.sleep(0.002)

    def swap(self, number, mode="auto", **more):
        self.swaps += 1
        began = time.monotonic()
        self.peer.sendall(frame(SWAP, swap=self.swaps, generation=number, mode=mode, grace_ms=5000, **more))
        moment, kind, got = self.wait(READY, FAILED, swap=self.swaps)
        return kind, got, moment - began

    def send(self, kind, **fields):
        self.peer.sendall(frame(kind, **fields))

    def program(self):
        """The process that serves, as this side sees it."""
        chain = subprocess.run(["pgrep", "-P", str(self.launcher())], capture_output=True, text=True, check=True).stdout
        return int(chain.split()[-1])

    def launcher(self):
        return int(subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True).stdout)

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.hub.close()
        shutil.rmtree(self.state, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path="/"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    body = connection.getresponse().read().decode()
    connection.close()
    return body


def until(load, answers):
    """Waits for that many answers more."""
    at = len(load.answers) + answers
    limit = time.monotonic() + 20
    while len(load.answers) < at:
        if time.monotonic() > limit:
            raise AssertionError(f"no answer any more; {load.failures[:3]}")
        load.stop.wait(0.001)


def under_load(kind, kept, rounds=20, static=False, launched=None):
    """Swaps again and again while clients ask: none may fail."""
    launched = launched or Launched(kind, free_port())
    try:
        launched.compile(1, static=static)
        launched.compile(2, static=static)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        swaps, old_gone = [], []
        with Load(launched.port, kept, launched.address) as load:
            for i in range(rounds):
                number = 2 - i % 2
                answered = len(load.answers)
                what, got, seconds = launched.swap(number)
                assert what == READY and got["mode"] == ("seccomp" if static else "preload"), got
                swaps.append(seconds)
                began = time.monotonic()
                launched.wait(DRAINED, generation=3 - number)
                launched.frames = [f for f in launched.frames if f[1] != DRAINED]
                old_gone.append(time.monotonic() - began)
                until(load, max(0, answered + 20 - len(load.answers)))
        # a static program has to be reached from outside: on a machine with more to
        # do than processors a client may ask again between the look and the close
        busy = static and kept and os.getloadavg()[0] > 1.5 * os.cpu_count()
        allowed = len(load.answers) // 25 if busy else 0
        assert len(load.failures) <= allowed, f"{len(load.failures)} of {len(load.answers)} failed: {load.failures[:3]}"
        # 20 swaps close 160 idle connections: a request on its way just then is rare
        assert load.crossed <= max(allowed, 8), f"{load.crossed} requests crossed with a close"
        slowest = max(seconds for _, seconds, _ in load.answers)
        assert slowest < (0.2 if os.getloadavg()[0] <= 1.5 * os.cpu_count() else 1), f"the slowest answer took {slowest * 1000:.0f} ms"
        swaps.sort()
        old_gone.sort()
        return (f"{len(load.answers)} answers, {len(load.failures)} failed, {load.crossed} crossed, slowest {slowest * 1000:.0f} ms, ready after {swaps[len(swaps) // 2] * 1000:.1f} ms, "
                f"old gone {old_gone[len(old_gone) // 2] * 1000:.0f} ms later (p50)")
    finally:
        launched.close()


TESTS = []


def test(function):
    TESTS.append(function)


def main():
    wanted = sys.argv[1:]
    tests = [t for t in TESTS if not wanted or any(word in t.__name__ for word in wanted)]
    print(f"1..{len(tests)}", flush=True)
    bad = 0
    for number, function in enumerate(tests, 1):
        try:
            said = function()
            print(f"ok {number} - {function.__name__} # {said or ''}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {function.__name__} # SKIP {reason}", flush=True)
        except Exception as error:
            bad += 1
            print(f"not ok {number} - {function.__name__}\n# {type(error).__name__}: {error}".rstrip(), flush=True)
    return 1 if bad else 0
