"""The same edits by other ways: `docker compose watch` on containers, and
bacon, `watchexec -r` and `cargo watch` on the host. The gateway of the example
under 200 requests/s, a new connection each. The tools are built once, into a
cache; one that cannot be had is left out with its reason."""

import contextlib
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import threading
import time

from costs import processes_below
from figures import median, ms, share
from harness import SOURCE, Failed, check, free_port, run, workspace
from saves import Edit
from steady import Steady

EDITS = 5
COMPOSE_EDITS = 3
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "cargodeck/bench-tools"
CRATES = {"bacon": "bacon", "watchexec": "watchexec-cli", "cargo-watch": "cargo-watch", "dtop": "dtop@0.10.2", "oxker": "oxker",
          "mprocs": "mprocs"}
BACON = """[jobs.serve]
command = ["cargo", "run", "--locked", "-p", "gateway"]
need_stdout = true
watch = ["crates"]
on_change_strategy = "kill_then_restart"
"""


def install(table, tool):
    """The tool's path, built at the first time; None with a note where it cannot be had."""
    path = CACHE / "bin" / tool
    if path.is_file():
        return path
    if shutil.which("cargo") is None:
        table.note(f"skipped: {tool}: there is no cargo on the host")
        return None
    table.say(f"building {tool} from the crate registry, once; takes minutes")
    log = CACHE / f"{tool}.log"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(log, "w") as out:
        done = subprocess.run(["nice", "cargo", "install", "--locked", "--root", str(CACHE), CRATES[tool]],
                              stdout=out, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0 or not path.is_file():
        last = [line for line in log.read_text(errors="replace").splitlines() if "error" in line] or ["no word of why"]
        table.note(f"skipped: {tool}: it could not be built: {last[0].strip()[:200]}")
        return None
    return path


@contextlib.contextmanager
def running(words, folder, env):
    """On a terminal, as such tools are run; its whole process group ends with it."""
    master, slave = pty.openpty()
    process = subprocess.Popen([str(word) for word in words], cwd=folder, env=env, stdin=slave, stdout=slave, stderr=slave,
                               start_new_session=True)
    os.close(slave)
    said = bytearray()

    def read():
        with contextlib.suppress(OSError):
            while block := os.read(master, 65536):
                said.extend(block)
                del said[:-20000]

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield said
    finally:
        below = processes_below(process.pid)[1:]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            try:
                process.wait(10)
                break
            except subprocess.TimeoutExpired:
                continue
        for pid in below:  # what a tool left behind in a group of its own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        reader.join(10)
        os.close(master)


def measure(edit, bare_ms, count):
    """Milliseconds beyond cargo, failures a swap, and the share answered while broken."""
    beyond, refused = [], []
    with Steady(edit.port) as load:
        load.wait(lambda a: a.status == 200, 600)
        load.wait_more(100)
        for _ in range(count):
            at = len(load.answers)
            text, began = edit.save()
            first = load.wait(lambda a, text=text: a.word == text, 180, since=at)
            load.wait_more(100)
            beyond.append((first.ended - began) * 1000 - bare_ms)
            refused.append(len(load.failures(began, first.ended + 0.3)))
        old, broken_at = edit.spoil()
        load.wait(lambda a: a.began > broken_at + 3, 60)  # long enough for a build that fails
        answered = load.answered(broken_at)
        edit.work.write(edit.path, old)
        load.wait(lambda a: a.status == 200 and a.began > broken_at + 3, 180)
    return beyond, refused, answered


def tell(table, name, beyond, refused, answered):
    table.peer("beyond cargo, a leaf (gateway)", name, f"{ms(median(beyond))} / {ms(share(beyond, 95))} ms")
    table.peer("gateway, 200/s: failed a swap", name, f"{sum(refused) / len(refused):.0f}")
    table.peer("gateway, 200/s: answered while the code is broken", name, f"{answered:.0f} %")
    table.say(f"{name}: beyond cargo {', '.join(ms(b) for b in beyond)} ms; failed {refused}; answered while broken {answered:.0f} %")


def bare_builds(edit, env, count=3):
    took = []
    for _ in range(count):
        edit.save()
        began = time.monotonic()
        run("cargo", "build", "--locked", "-p", "gateway", cwd=edit.work.root, env=env)
        took.append((time.monotonic() - began) * 1000)
    return took


def host_ways(work, port):
    """Each tool's words, for the gateway on the host."""
    (work.root / "bacon.toml").write_text(BACON)
    serve = ["cargo", "run", "--locked", "-p", "gateway"]
    path = os.environ["PATH"]
    env = dict(work.env, PORT=str(port), API="127.0.0.1:1", CARGO_TARGET_DIR=str(work.folder / "target"),
               PATH=f"{CACHE / 'bin'}:{path}", TERM="xterm-256color", HOME=str(work.folder), RUST_LOG="error",
               CARGO_HOME=os.environ.get("CARGO_HOME", str(pathlib.Path.home() / ".cargo")),
               RUSTUP_HOME=os.environ.get("RUSTUP_HOME", str(pathlib.Path.home() / ".rustup")))
    return env, {
        "bacon": ("bacon", ["bacon", "--job", "serve"]),
        "watchexec -r": ("watchexec", ["watchexec", "-r", "-w", "crates", "-e", "rs", "--", *serve]),
        "cargo watch": ("cargo-watch", ["cargo-watch", "-w", "crates", "-x", " ".join(serve[1:])]),
    }


def on_host(table):
    """Returns what a bare `cargo build` of the edit takes, in ms; 0: unknown."""
    port = free_port()
    with workspace("shop", "share/example") as work:
        env, tools = host_ways(work, port)
        edit = Edit(work, "crates/gateway/src/main.rs", '"', "<!doctype html>", port)
        if shutil.which("cargo") is None:
            table.note("skipped: bacon, watchexec and cargo watch: there is no cargo on the host")
            return 0
        table.say("the gateway on the host: the first build")
        run("cargo", "build", "--locked", "-p", "gateway", cwd=work.root, env=env)
        all_bare = []
        for name, (tool, words) in tools.items():
            if install(table, tool) is None:
                continue
            before = bare_builds(edit, env)
            said = b""
            try:
                with running(words, work.root, env) as said:
                    beyond, refused, answered = measure(edit, median(before), EDITS)
                after = bare_builds(edit, env)
            except Failed as error:
                table.note(f"{name} gave no figure: {error}; it said last: {bytes(said)[-300:]!r}")
                continue
            change = median(before) - median(before + after)
            all_bare += before + after
            tell(table, name, [value + change for value in beyond], refused, answered)
        return median(all_bare or bare_builds(edit, env))


WATCHED = """services:
  gateway:
    build: { context: ., dockerfile: Dockerfile.watch, args: { BIN: gateway }, secrets: [ca] }
    environment: { API: "127.0.0.1:1", RUST_LOG: error }
    ports: ["127.0.0.1:${GATEWAY_PORT}:8080"]
    stop_grace_period: 1s
    develop:
      watch: [{ action: rebuild, path: ./crates }]
secrets:
  ca: { file: "${SSL_CERT_FILE:-/dev/null}" }
"""


def on_compose(table, bare_ms):
    """As fast as it can be set: the debug profile, caches, a short grace. `bare_ms`:
    cargo's own time for the same edit, measured on the host."""
    port = free_port()
    with workspace("watched", "share/example", {"GATEWAY_PORT": str(port)}) as work:
        text = (SOURCE / "share/example/Dockerfile").read_text()
        check("target/release" in text, "the example's Dockerfile has changed")
        (work.root / "Dockerfile.watch").write_text(text.replace(" --release", "").replace("target/release", "target/debug"))
        (work.root / "compose.yaml").write_text(WATCHED)
        edit = Edit(work, "crates/gateway/src/main.rs", '"', "<!doctype html>", port)
        (work.folder / "runtime").mkdir(exist_ok=True)  # compose keeps its lock there
        table.say("docker compose watch: the first image")
        work.compose("up", "-d", "--build", timeout=900)
        with running(["docker", "compose", "watch", "--no-up"], work.root, work.env) as said:
            try:
                limit = time.monotonic() + 30
                while not any(word in bytes(said).lower() for word in (b"watch configuration", b"watch enabled", b"watching")):
                    check(time.monotonic() < limit, f"it did not begin to watch: {bytes(said)[-300:]!r}")
                    time.sleep(0.05)  # the pace of looking
                beyond, refused, answered = measure(edit, bare_ms, COMPOSE_EDITS)
            except Failed as error:
                table.note(f"docker compose watch gave no figure: {error}; it said last: {bytes(said)[-300:]!r}")
                return
        tell(table, "compose watch", beyond, refused, answered)


def run_all(table):
    on_compose(table, on_host(table))
