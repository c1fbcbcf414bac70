"""The builder's agent on this machine: this file plays cargodeck at its standard
input and output, and launchers at its socket. Prints TAP."""

import fcntl
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

from launched import BUILT, JOIN, SWAP, Skip, frame, main, parse, test

RUN, KILL, PUBLISH, SELECT, TOUCH, READ, LOCKS, DEPS, TO_LAUNCHER, BYE, LIST = range(1, 12)
HELLO, STARTED, OUT, ERR, EXITED, PUBLISHED, FILE, DONE, LAUNCHER_UP, LAUNCHER_DOWN, FROM_LAUNCHER = range(32, 43)
HELPER = (BUILT / "deckhand-x86_64").resolve()


def order(kind, fields, data=None):
    """A frame whose fields may repeat."""
    body = bytes([kind]) + b"".join(f"{name}={value}".encode() + b"\0" for name, value in fields)
    if data is not None:
        body += b"data=" + data
    return struct.pack("<I", len(body)) + body


class Agent:
    def __init__(self, state=None, wrap=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="agent-"))
        self.state = pathlib.Path(state or self.folder / "state")
        self.process = subprocess.Popen([*wrap, HELPER, "agent", self.state], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, bufsize=0)
        self.frames, self.news, self.reading = [], threading.Condition(), threading.Event()
        self.reading.set()
        threading.Thread(target=self.read, daemon=True).start()
        self.wait(HELLO)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self):
        data = b""
        while True:
            self.reading.wait()
            block = self.process.stdout.read(1 << 16)
            if not block:
                return
            data += block
            while len(data) >= 4 and len(data) >= 4 + struct.unpack("<I", data[:4])[0]:
                size = struct.unpack("<I", data[:4])[0]
                with self.news:
                    self.frames.append((*parse(data[4:4 + size]), data[4:4 + size]))
                    self.news.notify_all()
                data = data[4 + size:]

    def wait(self, kind, seconds=10, **fields):
        """The first frame of that kind and these fields; it and those before it are done with."""
        limit = time.monotonic() + seconds
        with self.news:
            while True:
                for at, (got_kind, got, raw) in enumerate(self.frames):
                    if got_kind == kind and all(got.get(name) == str(value) for name, value in fields.items()):
                        self.passed, self.raw = self.frames[:at], raw
                        del self.frames[:at + 1]
                        return got
                left = limit - time.monotonic()
                if left <= 0 or not self.news.wait(left):
                    raise AssertionError(f"no {kind} {fields}; got {[(f[0], f[1]) for f in self.frames[-5:]]}")

    def send(self, kind, *fields, data=None):
        self.process.stdin.write(order(kind, fields, data))

    def run(self, identity, *words, env=(), cwd=None):
        self.send(RUN, ("id", identity), *(("arg", word) for word in words), *(("env", entry) for entry in env),
                  *([("cwd", cwd)] if cwd else []))

    def artifact(self, content, name="artifact"):
        path = self.folder / name
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)
        return path

    def publish(self, generation, content, *more, bin="app", data=None):
        path = self.artifact(content)
        self.send(PUBLISH, ("id", generation), ("generation", generation), ("bin", bin), ("path", path), *more, data=data)
        return self.wait(PUBLISHED, id=generation)

    def kept(self):
        """What LIST says: name, generation, whether new containers start with it."""
        self.send(LIST, ("id", 77))
        self.wait(DONE, id=77)
        words = [field[5:].decode().split() for field in self.raw[1:].split(b"\0") if field.startswith(b"kept=")]
        return sorted((name, int(generation), current == "1") for name, generation, _, _, current in words)

    def wait_kept(self, want):
        """Old generations go a while after the last one came."""
        limit = time.monotonic() + 10
        while self.kept() != want:
            assert time.monotonic() < limit, f"kept: {self.kept()}"
            threading.Event().wait(0.02)  # the pace of asking


def alive(pid):
    """Runs, and is not merely waiting to be reaped."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid, seconds=5):
    limit = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > limit:
            return False
        threading.Event().wait(0.01)
    return True


@test
def is_small_enough():
    files = [path for name in ("x86_64", "aarch64") if (path := BUILT / f"deckhand-{name}").exists()]
    size = sum(path.stat().st_size for path in files)
    assert size < 1_500_000, f"{size} bytes"
    return f"{len(files)} files, {size} bytes"


@test
def runs_a_command():
    with Agent() as agent:
        agent.run(1, "sh", "-c", "echo one; echo $WORD $PWD; echo bad >&2; printf last; exit 3", env=["WORD=two"], cwd="/usr")
        assert int(agent.wait(STARTED, id=1)["pid"]) > 0
        got = agent.wait(EXITED, id=1)
        assert got["status"] == "3", got
        lines = [fields["data"] for kind, fields, _ in agent.passed if kind == OUT]
        assert lines == ["one", "two /usr", "last"], lines
        assert "".join(fields["data"] for kind, fields, _ in agent.passed if kind == ERR) == "bad\n"


@test
def cuts_a_line_without_end():
    with Agent() as agent:
        agent.run(1, "sh", "-c", "head -c 700000 /dev/zero | tr '\\0' x; echo; echo next")
        agent.wait(EXITED, id=1, status=0)
        lines = [fields for kind, fields, _ in agent.passed if kind == OUT]
        assert len(lines) == 2 and lines[0]["cut"] == "1" and len(lines[0]["data"]) == 512 * 1024, [len(line["data"]) for line in lines]
        assert lines[1]["data"] == "next" and "cut" not in lines[1]


@test
def says_what_cannot_start():
    with Agent() as agent:
        agent.run(1, "/no/such/program")
        got = agent.wait(EXITED, id=1)
        assert "cannot start /no/such/program in the builder: No such file or directory" == got["error"], got
        for identity in range(2, 11):
            agent.run(identity, "sleep", "1000")
        assert "too many" in agent.wait(EXITED, id=10)["error"]


@test
def kills_a_whole_group():
    with Agent() as agent:
        agent.run(1, "sh", "-c", "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1000; done' & wait")
        child = int(agent.wait(OUT, id=1)["data"])
        assert alive(child)
        began = time.monotonic()
        agent.send(KILL, ("id", 1), ("signal", 15))
        got = agent.wait(EXITED, id=1)
        seconds = time.monotonic() - began
        assert got.get("signal") == "15", got
        assert gone(child, 0.1), "the child that ignores SIGTERM lives on"
        assert seconds < 2, f"{seconds:.1f} s"
        return f"{seconds * 1000:.0f} ms"


@test
def an_end_leaves_nobody_of_the_group():
    with Agent() as agent:
        agent.run(1, "sh", "-c", "sleep 1000 & echo $!; exit 0")
        child = int(agent.wait(OUT, id=1)["data"])
        agent.wait(EXITED, id=1, status=0)
        assert gone(child, 0.1)


def busy_ticks(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


@test
def stays_small_when_nobody_reads():
    with Agent() as agent:
        agent.reading.clear()
        agent.run(1, "yes", "a line that comes again and again")
        limit, ticks, still = time.monotonic() + 20, -1, 0
        while still < 10 and time.monotonic() < limit: # until the agent takes no more
            before, ticks = ticks, busy_ticks(agent.process.pid)
            still = still + 1 if ticks == before else 0
            threading.Event().wait(0.02)
        assert still == 10, "it goes on reading"
        status = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text()
        kib = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
        agent.reading.set()
        agent.send(KILL, ("id", 1), ("signal", 9))
        agent.wait(EXITED, id=1, seconds=30)
        assert kib < 48 * 1024, f"{kib} KiB"
        return f"{kib} KiB"


@test
def keeps_three_generations():
    with Agent() as agent:
        for generation in 1, 2, 3, 4, 5:
            got = agent.publish(generation, b"program %d" % generation)
            assert "error" not in got and "same" not in got, got
            assert (agent.state / "bin/app").read_bytes() == b"program %d" % generation
        agent.wait_kept([("app", 3, False), ("app", 4, False), ("app", 5, True)])
        assert not (agent.state / "gen/1").exists()
        assert os.readlink(agent.state / "bin/app") == "../gen/5/app"
        agent.send(SELECT, ("id", 9), ("generation", 3), ("bin", "app"))
        assert "error" not in agent.wait(PUBLISHED, id=9)
        assert (agent.state / "bin/app").read_bytes() == b"program 3"
        agent.publish(6, b"program 6")
        agent.wait_kept([("app", 4, False), ("app", 5, False), ("app", 6, True)])
        agent.send(SELECT, ("id", 9), ("generation", 1), ("bin", "app"))
        assert "not kept any more" in agent.wait(PUBLISHED, id=9)["error"]


@test
def keeps_what_serves_however_old():
    with Agent() as agent:
        for generation in 1, 2, 3, 4, 5, 6:
            agent.publish(generation, b"program %d" % generation, ("keep", 1))
        agent.wait_kept([("app", 1, False), ("app", 4, False), ("app", 5, False), ("app", 6, True)])
        agent.publish(7, b"program 7")
        agent.wait_kept([("app", 5, False), ("app", 6, False), ("app", 7, True)])


@test
def knows_an_equal_program():
    with Agent() as agent:
        agent.publish(1, b"the same")
        got = agent.publish(2, b"the same", ("compare", 1))
        assert got.get("same") == "1" and got.get("generation") == "1", got
        assert agent.kept() == [("app", 1, True)], "it is not kept twice: what serves may be called by its path"
        assert "same" not in agent.publish(3, b"not same", ("compare", 1))


@test
def keeps_an_artifact_apart_from_cargos():
    with Agent() as agent:
        agent.publish(1, b"first")
        agent.artifact(b"second")  # cargo writes a new file, as here, over the old name
        assert (agent.state / "gen/1/app").read_bytes() == b"first"


@test
def refuses_names_that_lead_away():
    with Agent() as agent:
        for name in "../app", ".app", "", "a/b":
            assert "needs a program" in agent.publish(1, b"x", bin=name)["error"], name
        agent.send(PUBLISH, ("id", 5), ("generation", 5), ("bin", "app"), ("path", "/no/such/artifact"))
        assert "cannot be kept" in agent.wait(PUBLISHED, id=5)["error"]


@test
def says_that_the_disk_is_full():
    if os.geteuid() != 0:
        raise Skip("only root mounts a tmpfs")
    place = tempfile.mkdtemp(prefix="agent-full-")
    try:
        wrap = ["unshare", "--mount", "sh", "-c", f"mount -t tmpfs -o size=256k none {place} && exec \"$@\"", "sh"]
        with Agent(state=place + "/state", wrap=wrap) as agent:
            got = agent.publish(1, b"x" * 1_000_000)
            assert got["error"] == "no space is left for the program in the target volume", got
            got = agent.publish(2, b"small")
            assert "error" not in got, got
    finally:
        os.rmdir(place)


@test
def reads_and_touches_files():
    with Agent() as agent:
        one, two = agent.artifact(b"one", "one.d"), agent.artifact(b"two" * 1000, "two.d")
        agent.artifact(b"three", "three.txt")
        os.utime(one, (1, 1))
        agent.send(READ, ("id", 1), ("path", one), ("path", "/no/such"), ("path", two), ("limit", 100))
        agent.wait(DONE, id=1)
        seen = {fields["path"]: fields for kind, fields, _ in agent.passed if kind == FILE}
        assert seen[str(one)]["data"] == "one" and seen[str(one)]["mtime_ns"] == "1000000000"
        assert seen["/no/such"]["error"] == "No such file or directory"
        assert "too large" in seen[str(two)]["error"]
        agent.send(DEPS, ("id", 2), ("path", agent.folder))
        agent.wait(DONE, id=2)
        assert {fields["path"] for kind, fields, _ in agent.passed if kind == FILE} == {str(one), str(two)}
        agent.send(TOUCH, ("id", 3), ("path", one))
        assert "error" not in agent.wait(DONE, id=3)
        assert time.time() - one.stat().st_mtime < 60
        agent.send(TOUCH, ("id", 4), ("path", "/no/such"))
        assert agent.wait(DONE, id=4)["error"] == "No such file or directory"


@test
def names_who_holds_a_lock():
    with Agent() as agent:
        path = agent.artifact(b"", "lock")
        agent.send(LOCKS, ("id", 1), ("path", path))
        assert "holder" not in agent.wait(DONE, id=1)
        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            agent.send(LOCKS, ("id", 2), ("path", path))
            holder = agent.wait(DONE, id=2)["holder"]
        name = pathlib.Path("/proc/self/comm").read_text().strip()
        assert holder == f"{os.getpid()} {name}", holder


class Peer:
    """A launcher at the agent's socket."""

    def __init__(self, agent):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(agent.state / "hub.sock"))

    def join(self):
        self.socket.sendall(frame(JOIN, version=1, service="web", bin="app", pid=1, generation=4, way="preload", state="ready"))


@test
def passes_a_swap_on_with_what_it_keeps():
    with Agent() as agent:
        peer = Peer(agent)
        peer.join()
        number = agent.wait(LAUNCHER_UP)["launcher"]
        swaps = [order(SWAP, [("swap", n)]) for n in range(3)]
        along = [order(TO_LAUNCHER, [("launcher", number)], swap) for swap in swaps]
        agent.publish(1, b"program 1", ("compare", 1), data=along[0])
        assert peer.socket.recv(4096) == swaps[0]
        assert agent.publish(2, b"program 1", ("compare", 1), data=along[1])["same"] == "1"
        agent.publish(3, b"program 3", ("compare", 1), data=along[2])
        assert peer.socket.recv(4096) == swaps[2], "something came for the equal one"


@test
def passes_frames_between_cargodeck_and_launchers():
    with Agent() as agent:
        peer = Peer(agent)
        peer.join()
        up = agent.wait(LAUNCHER_UP, service="web", generation=4)
        inner = frame(SWAP, swap=1, generation=5)
        agent.send(TO_LAUNCHER, ("launcher", up["launcher"]), data=inner)
        assert peer.socket.recv(1000) == inner
        said = order(98, [("swap", 1)], b"\0\1\2")
        peer.socket.sendall(said)
        agent.wait(FROM_LAUNCHER, launcher=up["launcher"])
        agent.send(TO_LAUNCHER, ("launcher", 99), data=inner)  # nobody: nothing happens
        peer.socket.close()
        agent.wait(LAUNCHER_DOWN, launcher=up["launcher"])


@test
def a_broken_launcher_hurts_nobody():
    with Agent() as agent:
        good = Peer(agent)
        good.join()
        agent.wait(LAUNCHER_UP)
        for junk in b"\xff\xff\xff\xff", b"\0\0\0\0", order(JOIN, [("service", "x")])[:-3] + b"\xff" * 9:
            bad = Peer(agent)
            bad.socket.sendall(junk)
            bad.socket.shutdown(socket.SHUT_WR)
            while bad.socket.recv(1000):
                pass
        early = Peer(agent)
        early.socket.sendall(frame(98, swap=1))  # speaks before it has joined: not passed on
        early.join()
        agent.wait(LAUNCHER_UP)
        assert not [each for each in agent.passed if each[0] == FROM_LAUNCHER]
        good.socket.sendall(frame(98, swap=1))
        agent.wait(FROM_LAUNCHER)


@test
def drops_a_launcher_that_does_not_read():
    with Agent() as agent:
        deaf = Peer(agent)
        deaf.join()
        number = agent.wait(LAUNCHER_UP)["launcher"]
        for _ in range(40):
            agent.send(TO_LAUNCHER, ("launcher", number), data=order(SWAP, [], b"x" * 60000))
        agent.wait(LAUNCHER_DOWN, launcher=number)


def ends_everything(how):
    with Agent() as agent:
        agent.run(1, "sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1000; done")
        child = int(agent.wait(OUT, id=1)["data"])
        how(agent)
        assert agent.process.wait(10) == 0
        assert gone(child), "what it started lives on"
        assert not (agent.state / "hub.sock").exists()


@test
def ends_with_its_input():
    ends_everything(lambda agent: agent.process.stdin.close())


@test
def ends_when_told():
    ends_everything(lambda agent: agent.send(BYE))
    ends_everything(lambda agent: agent.process.terminate())


@test
def ends_at_a_broken_order():
    ends_everything(lambda agent: agent.process.stdin.write(b"\xff\xff\xff\xff\0"))


@test
def gives_the_library_to_services():
    with Agent() as agent:
        library = agent.state / "preload.so"
        assert library.read_bytes() == (BUILT / "deckhand-preload-x86_64.so").read_bytes()
        assert library.stat().st_mode & 0o777 == 0o755
        helper = agent.state / "deckhand"
        assert helper.read_bytes() == HELPER.read_bytes()
        assert helper.stat().st_mode & 0o777 == 0o755
        assert (agent.state / "hub.sock").stat().st_mode & 0o777 == 0o666


@test
def moves_files_into_their_place():
    with tempfile.TemporaryDirectory() as folder:
        one, two, folder_there = (pathlib.Path(folder) / name for name in ("one", "two", "folder"))
        one.write_text("new")
        two.write_text("old")
        helper = [HELPER, "move"]
        subprocess.run([*helper, one, two], check=True)
        assert two.read_text() == "new" and not one.exists()
        # what has no place goes, and the others are moved all the same
        (folder_there / "inside").mkdir(parents=True)
        one.write_text("astray")
        three = pathlib.Path(folder) / "three"
        three.write_text("three")
        done = subprocess.run([*helper, one, folder_there, three, two], capture_output=True, text=True)
        assert done.returncode == 1 and "cannot be put in its place" in done.stderr, done
        assert not one.exists() and two.read_text() == "three"
        assert subprocess.run([*helper, one], capture_output=True).returncode == 2


sys.exit(main())
