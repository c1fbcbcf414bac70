"""What every live test stands on: a copy of a workspace, a cargodeck on it, its
events as they come, HTTP clients and a load. Nothing here sleeps to wait for
something: events and answers are waited for, with a limit."""

import contextlib
import http.client
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ.get("TEST_SRCDIR", pathlib.Path(__file__).resolve().parents[2]))
BUILT = pathlib.Path(os.environ.get("TEST_BUILDDIR", SOURCE / ".out"))
PROGRAM = BUILT / "cargodeck"
KEEP = bool(os.environ.get("KEEP"))


class Failed(Exception):
    """A test did not see what it must."""


def check(condition, sentence):
    if not condition:
        raise Failed(sentence)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*words, check_status=True, **options):
    done = subprocess.run([str(word) for word in words], text=True, capture_output=True, **options)
    if check_status and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, words))} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done


class Workspace:
    """A copy of a workspace of the source tree, under a project name of its own."""

    def __init__(self, name, source, env=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"cargodeck-live-{name}-"))
        self.root = self.folder / name
        self.source = SOURCE / source
        shutil.copytree(self.source, self.root, ignore=shutil.ignore_patterns("target", ".git"))
        self.project = f"cdlive-{name}-{os.getpid()}"
        self.env = dict(os.environ, COMPOSE_PROJECT_NAME=self.project, XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_CONFIG_HOME=str(self.folder / "config"), XDG_RUNTIME_DIR=str(self.folder / "runtime"), **(env or {}))

    def write(self, path, text):
        """As most editors do: a new file, renamed over the old one."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name("." + target.name + ".tmp~")
        beside.write_text(text)
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)

    def edit(self, path, old, new):
        text = (self.root / path).read_text()
        check(old in text, f"{path} does not hold {old!r}")
        self.write(path, text.replace(old, new))

    def restore(self):
        """The tree as it was copied; files that are not of it go."""
        kept = {}
        for path in self.source.rglob("*"):
            if path.is_file() and not {"target", ".git"} & set(path.relative_to(self.source).parts):
                kept[path.relative_to(self.source)] = path.read_bytes()
        for path in sorted(self.root.rglob("*"), reverse=True):
            below = path.relative_to(self.root)
            if {"target", ".git"} & set(below.parts):
                continue
            if path.is_dir() and not path.is_symlink():
                if not any(below in each.parents for each in kept):
                    shutil.rmtree(path)
            elif below not in kept:
                path.unlink()
        for below, text in kept.items():
            target = self.root / below
            if not target.exists() or target.read_bytes() != text:
                target.parent.mkdir(parents=True, exist_ok=True)
                beside = target.with_name("." + target.name + ".tmp~")
                beside.write_bytes(text)
                shutil.copymode(self.source / below, beside)
                os.replace(beside, target)

    def cargodeck(self, *words, **options):
        return run(PROGRAM, *words, cwd=self.root, env=self.env, **options)

    def compose(self, *words, **options):
        return run("docker", "compose", *words, cwd=self.root, env=self.env, **options)

    def close(self):
        if KEEP:
            print(f"# kept: {self.root}, project {self.project}")
            return
        run(PROGRAM, "down", "--volumes", cwd=self.root, env=self.env, check_status=False)
        for kind, remove in (("container", ["rm", "-f", "-v"]), ("volume", ["volume", "rm", "-f"]), ("network", ["network", "rm"])):
            listing = ["ps", "-aq"] if kind == "container" else [kind, "ls", "-q"]
            found = set()
            for label in (f"com.docker.compose.project={self.project}", f"dev.cargodeck.project={self.project}"):
                found |= set(run("docker", *listing, "--filter", f"label={label}", check_status=False).stdout.split())
            if found:
                run("docker", *remove, *found, check_status=False)
        images = run("docker", "images", "-q", "--filter", f"label=dev.cargodeck.project={self.project}", check_status=False)
        if images.stdout.split():
            run("docker", "rmi", "-f", *set(images.stdout.split()), check_status=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Deck:
    """`cargodeck watch --json` on a workspace; its events in order."""

    def __init__(self, workspace, *words):
        self.workspace = workspace
        self.log = open(workspace.folder / "stderr", "ab")
        self.process = subprocess.Popen([str(PROGRAM), *words, "watch", "--json"], cwd=workspace.root, env=workspace.env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.events = []
        self.at = 0
        self.news = threading.Condition()
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = {"event": "broken-line", "line": line}
            event["at"] = time.monotonic()
            with self.news:
                self.events.append(event)
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def _tail(self):
        lines = [json.dumps({k: v for k, v in e.items() if k != "at"}) for e in self.events if e.get("state") != "progress"][-12:]
        stderr = (self.workspace.folder / "stderr").read_text(errors="replace")[-800:]
        return "\n  ".join(["last events:"] + lines + ["stderr: " + stderr])

    def wait(self, what, seconds=60, since=None, **fields):
        """The next event with this name and these fields, after `since` or the last one waited for."""
        wanted = {"event": what, **fields}
        limit = time.monotonic() + seconds
        at = self.at if since is None else since
        with self.news:
            while True:
                while at < len(self.events):
                    event = self.events[at]
                    at += 1
                    if self._fits(event, wanted):
                        self.at = at
                        return event
                left = limit - time.monotonic()
                if self.ended or left <= 0:
                    raise Failed(f"no event {wanted} within {seconds} s{' (cargodeck ended)' if self.ended else ''}\n  {self._tail()}")
                self.news.wait(left)

    def mark(self):
        with self.news:
            self.at = len(self.events)
            return self.at

    @staticmethod
    def _fits(event, wanted):
        return all(v(event.get(k)) if callable(v) else event.get(k) == v for k, v in wanted.items())

    def seen(self, what, since=0, **fields):
        """All events so far with this name and these fields."""
        wanted = {"event": what, **fields}
        with self.news:
            return [e for e in self.events[since:] if self._fits(e, wanted)]

    def served(self, since, service):
        """The last save after `since`, once it is built and serves; its generation."""
        self.wait("saved", since=since)
        generation = self.seen("saved", since)[-1]["generation"]
        self.wait("serving", since=since, service=service, generation=generation)
        self.wait("build", since=since, state="passed", generation=generation)
        self.mark()
        return generation

    def ready(self, seconds=900):
        return self.wait("ready", seconds, since=0)

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed("cargodeck did not end within 60 s of the signal")
        finally:
            self.log.close()


@contextlib.contextmanager
def deck_on(workspace, *words):
    deck = Deck(workspace, *words)
    try:
        yield deck
    finally:
        deck.stop()


@contextlib.contextmanager
def workspace(name, source, env=None):
    made = Workspace(name, source, env)
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def folder(name, env=None, **files):
    """A project of a few files; a dot in a file's name is written `_dot_`."""
    made = pathlib.Path(tempfile.mkdtemp(prefix=f"cargodeck-live-{name}-files-"))
    try:
        for path, text in files.items():
            (made / path.replace("_dot_", ".")).write_text(text)
        with workspace(name, made, env) as place:
            yield place
    finally:
        shutil.rmtree(made)


def get(port, path="/", timeout=10):
    """Status and body; raises OSError where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def wait_answer(port, want, path="/", seconds=30):
    """Asks until the answer holds `want`; the moment of the first such answer."""
    limit = time.monotonic() + seconds
    last = None
    while time.monotonic() < limit:
        try:
            last = get(port, path, timeout=5)
            if want in last[1]:
                return time.monotonic()
        except OSError as error:
            last = error
        time.sleep(0.002)  # the pace of asking
    raise Failed(f"no answer with {want!r} from port {port}{path} within {seconds} s; the last: {last}")


class Load:
    """Clients that ask all the time; each failure is kept. `kept`: one
    connection a client, else a new one a request. A kept connection that the
    server closed while it was idle is opened anew. One that it closed while the
    request was on its way, before any byte of an answer, is asked again once on
    a new connection, as HTTP clients do (RFC 9110, 9.2.2; RFC 9112, 9.3.1):
    that is counted apart, as `crossed`."""

    def __init__(self, port, path="/slow", clients=8, kept=True, rate=200):
        self.port, self.path, self.kept = port, path, kept
        self.pause = clients / rate
        self.stopping = threading.Event()
        self.answers = []  # (moment, seconds, body)
        self.failures = []
        self.crossed = 0
        self.threads = [threading.Thread(target=self._client, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)

    @staticmethod
    def _closed_by_server(connection):
        """Has the server said goodbye on this idle connection?"""
        if connection.sock is None:
            return True
        try:
            connection.sock.setblocking(False)
            return connection.sock.recv(1, socket.MSG_PEEK) == b""
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True
        finally:
            with contextlib.suppress(OSError):
                connection.sock.settimeout(10)

    def _ask(self, connection):
        connection.request("GET", self.path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def _connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def _client(self):
        connection = None
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                if connection is not None and self._closed_by_server(connection):
                    connection.close()
                    connection = None
                reused = connection is not None
                connection = connection or self._connect()
                try:
                    status, body = self._ask(connection)
                except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                    if not reused:
                        raise
                    self.crossed += 1
                    connection.close()
                    connection = self._connect()
                    status, body = self._ask(connection)
                ended = time.monotonic()
                if status != 200:
                    self.failures.append((ended, f"status {status}"))
                self.answers.append((ended, ended - began, body))
                if not self.kept:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                self.failures.append((time.monotonic(), f"{type(error).__name__}: {error}"))
                if connection is not None:
                    connection.close()
                connection = None
            left = self.pause - (time.monotonic() - began)
            if left > 0:
                self.stopping.wait(left)

    def slowest(self):
        return max((seconds for _, seconds, _ in self.answers), default=0.0)


class Stage:
    """One workspace and one deck on it for all tests of a file: the cold build
    is paid once. A test begins with `begin()` or `deck()`."""

    def __init__(self, name, source, env=None, words=()):
        self.name, self.source, self.env, self.words = name, source, env, words
        self.workspace = None
        self.running = None
        self.texts = 0

    def open(self):
        self.workspace = Workspace(self.name, self.source, self.env)

    def deck(self):
        """The deck, up and ready."""
        if self.running is None or self.running.process.poll() is not None:
            self.running = Deck(self.workspace, *self.words)
            self.running.ready()
        return self.running

    def text(self):
        """A text that no test has used before."""
        self.texts += 1
        return f"text {self.texts:03}"

    def end(self, number=signal.SIGTERM):
        """Ends the deck; its exit status."""
        ended, self.running = self.running, None
        return ended.stop(number)

    def close(self):
        try:
            if self.running is not None:
                self.end()
        finally:
            if self.workspace is not None:
                self.workspace.close()


def builders(workspace):
    """The builder containers of a workspace, by id."""
    return run("docker", "ps", "-aq", "--filter", f"label=dev.cargodeck.project={workspace.project}",
               "--filter", "label=dev.cargodeck.role=builder").stdout.split()


def compilers(workspace):
    """Processes on this machine that compile in the workspace's folder."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            name = (folder / "comm").read_text().strip()
            if name in ("cargo", "rustc", "ld", "ld.lld", "cc") and os.readlink(folder / "cwd").startswith(str(workspace.root)):
                found.append(f"{name} {folder.name}")
    return found


def container(workspace, service):
    """The id of a service's container, or nothing."""
    return run("docker", "ps", "-aq", "--no-trunc", "--filter", f"label=com.docker.compose.project={workspace.project}",
               "--filter", f"label=com.docker.compose.service={service}").stdout.strip()


def inspect(what):
    return json.loads(run("docker", "inspect", what).stdout)[0]


def until(ask, sentence, seconds=30):
    """Asks until the answer is true; that answer."""
    limit = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > limit:
            raise Failed(f"{sentence} (waited {seconds} s)")
        time.sleep(0.02)  # the pace of asking


TESTS = []


def test(function):
    TESTS.append(function)
    return function


def main(argv, stage=None):
    """Runs the tests of a file, or those with one of the given words in their
    names; `stage` is opened before and closed after them."""
    try:
        if stage is not None:
            stage.open()
        return _run_tests(argv[1:])
    finally:
        if stage is not None:
            stage.close()


def _run_tests(wanted):
    passed, failed = 0, []
    for function in TESTS:
        name = function.__name__
        if wanted and not any(word in name for word in wanted):
            continue
        began = time.monotonic()
        try:
            function()
            passed += 1
            print(f"ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Failed as error:
            failed.append(name)
            print(f"not ok {name} ({time.monotonic() - began:.1f} s): {error}", flush=True)
        except Exception as error:  # a test that breaks has failed, and the next must run
            failed.append(name)
            print(f"not ok {name}: {type(error).__name__}: {error}", flush=True)
            import traceback
            traceback.print_exc()
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0
