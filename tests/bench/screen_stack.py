"""The containers under the bench of the screen: a compose project of small
services whose image holds nothing but the program screen-chatter, and what the
engine takes for itself. Everything goes when the block ends."""

import contextlib
import http.client
import io
import json
import os
import pathlib
import shutil
import socket
import tarfile
import tempfile
import urllib.parse

from harness import BUILT, check, run, until

CHATTER = BUILT / "tests/bench/screen-chatter"
LABEL = "dev.cargodeck.bench=screen"
# What answers a screen. The shims are left out: each collects its garbage every two
# minutes whoever watches, 0.5 % of a core for 50 of them, all at the same moment.
ENGINE_PROGRAMS = ("dockerd", "containerd")


def engine_socket(env=os.environ):
    host = env.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    check(host.startswith("unix://"), f"the bench of the screen needs an engine on a socket of this machine, not {host}")
    return host.removeprefix("unix://")


class Api(http.client.HTTPConnection):
    """The engine without a `docker` process."""

    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, url):
    api = Api(path)
    try:
        api.request(method, url)
        answer = api.getresponse()
        return answer.status, answer.read()
    finally:
        api.close()


@contextlib.contextmanager
def image():
    """The name of the image, made of one file."""
    name = f"cargodeck-bench-screen:{os.getpid()}"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(CHATTER, "chatter")
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        file.write(packed.getvalue())
        file.flush()
        run("docker", "import", "--change", 'ENTRYPOINT ["/chatter"]', "--change", f"LABEL {LABEL}", file.name, name)
    try:
        yield name
    finally:
        run("docker", "rmi", "-f", name, check_status=False)


class Stack:
    def __init__(self, what, made, env=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"cargodeck-bench-{what}-"))
        self.root = self.folder / what
        self.root.mkdir()
        self.project = f"{what}{os.getpid()}"  # short: some screens cut long names
        self.image = made
        self.env = dict(os.environ, COMPOSE_PROJECT_NAME=self.project, XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_CONFIG_HOME=str(self.folder / "config"), XDG_RUNTIME_DIR=str(self.folder / "runtime"), **(env or {}))
        (self.folder / "runtime").mkdir(mode=0o700)
        self.socket = engine_socket(self.env)
        self.names = []
        self.ids = {}

    def grow(self, count, *words):
        """So many services, all of them running."""
        self.names = [f"svc-{number:02}" for number in range(1, count + 1)]
        services = {name: {"image": self.image, "network_mode": "none", "stop_grace_period": "1s",
                           "labels": [LABEL],
                           "logging": {"driver": "json-file", "options": {"max-size": "2g", "max-file": "1"}}} for name in self.names}
        (self.root / "compose.yaml").write_text(json.dumps({"services": services}, indent=1))
        run("docker", "compose", "up", "--detach", *words, cwd=self.root, env=self.env, timeout=300)
        self.ids = until(self.running, f"the {count} services do not run", 60)

    def running(self):
        quoted = urllib.parse.quote(json.dumps({"label": [f"com.docker.compose.project={self.project}"]}))
        status, text = ask(self.socket, "GET", f"/containers/json?filters={quoted}")
        found = {each["Labels"]["com.docker.compose.service"]: each["Id"] for each in json.loads(text)} if status == 200 else {}
        return found if len(found) == len(self.names) else None

    def container(self, name):
        return f"{self.project}-{name}-1"

    def signal(self, name, number):
        status, text = ask(self.socket, "POST", f"/containers/{self.ids[name]}/kill?signal={number}")
        check(status == 204, f"the engine does not signal {name}: {text[:200]!r}")

    def close(self):
        found = run("docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={self.project}", env=self.env,
                    check_status=False).stdout.split()
        if found:
            run("docker", "rm", "-f", "-v", *found, env=self.env, check_status=False)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def stack(what, made, env=None):
    opened = Stack(what, made, env)
    try:
        yield opened
    finally:
        opened.close()


def engine_seconds():
    """CPU seconds that the engine took so far, to the nanosecond: ticks of 10 ms are coarser than what is looked for."""
    total = 0
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if (folder / "comm").read_text().strip() in ENGINE_PROGRAMS:
                total += sum(int((task / "schedstat").read_text().split()[0]) for task in (folder / "task").iterdir())
    return total / 1e9
