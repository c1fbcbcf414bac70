#!/usr/bin/env python3
"""Every command beside the screen, on a single crate with one deck, and in small
folders of their own: what it prints, how it ends, and what it says where a
person is wrong."""

import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import (PROGRAM, Deck, Failed, Stage, check, container, deck_on, folder, free_port, get, inspect, main, run, test, until,
                     wait_answer)

PORT = free_port()
MAIN = "src/main.rs"
STAGE = Stage("single", "tests/workspaces/single", {"HELLO_PORT": str(PORT)})
SOURCE_TEXT = re.compile(r'const TEXT: &str = "[^"]*";')
NO_ENGINE = "unix:///nonexistent/engine.sock"
REDIS = "services:\n  redis:\n    image: redis:7-bookworm\n    command: redis-server --save ''\n"
QUIET = 'get(|| async { TEXT })'
TALKING = 'get(|| async { println!("answered {TEXT}"); TEXT })'


def code(text):
    """The program as it is kept, with another text; each answer of / is told."""
    kept = (STAGE.workspace.source / MAIN).read_text()
    check(QUIET in kept, f"{MAIN} does not hold {QUIET}")
    return SOURCE_TEXT.sub(f'const TEXT: &str = "{text}";', kept.replace(QUIET, TALKING))


def save(text):
    STAGE.workspace.write(MAIN, code(text))


def begin():
    """The deck, with a text of its own that serves."""
    deck = STAGE.deck()
    text = STAGE.text()
    save(text)
    wait_answer(PORT, text)
    deck.wait("serving", service="hello")
    deck.mark()
    return deck, text


def ask(*words, status=0, where=None, env=None):
    """Runs a command; what it printed. `status` is how it must end."""
    place = where if where is not None else STAGE.workspace
    done = run(PROGRAM, *words, cwd=place.root, env=dict(place.env, **(env or {})), check_status=False,
               stdin=subprocess.DEVNULL, timeout=120)
    check(done.returncode == status,
          f"cargodeck {' '.join(words)} ended with {done.returncode}, not {status}: {done.stdout[-800:]} {done.stderr[-800:]}")
    return done


def sentence(*words, status, where=None, env=None):
    """What a command says that ends badly: nothing on standard output."""
    done = ask(*words, status=status, where=where, env=env)
    check(done.stderr.startswith("cargodeck: ") and done.stdout == "", f"{words} printed {done.stdout!r} and said {done.stderr!r}")
    return done.stderr


def states(*words):
    return {each["service"]: each for each in json.loads(ask("ps", "--json", *words).stdout)}


# ---- ps and wait ----

@test
def test_ps_as_json():
    deck, _ = begin()
    generation = deck.seen("serving", service="hello")[-1]["generation"]
    services = json.loads(ask("ps", "--json").stdout)
    check(len(services) == 1, f"ps lists {services}")
    hello = services[0]
    check(list(hello) == ["service", "state", "health", "generation", "binary", "image", "cpu_percent", "memory_bytes", "ports",
                          "restarts"], f"ps has the fields {list(hello)}")
    wanted = {"service": "hello", "state": "running", "health": "none", "generation": generation, "binary": "hello-service",
              "image": "own", "ports": [PORT], "restarts": 0}
    for name, value in wanted.items():
        check(hello[name] == value, f"ps has {name} {hello[name]!r}, not {value!r}")
    check(isinstance(hello["cpu_percent"], (int, float)), f"cpu_percent is {hello['cpu_percent']!r}")
    check(100_000 < hello["memory_bytes"] < 1 << 30, f"memory_bytes is {hello['memory_bytes']!r}")


@test
def test_ps_as_a_line():
    begin()
    line = ask("ps", "--line").stdout
    check(line == f"{STAGE.workspace.project}: 1 of 1 well\n", f"ps --line printed {line!r}")


@test
def test_ps_as_a_table():
    deck, _ = begin()
    generation = deck.seen("serving", service="hello")[-1]["generation"]
    lines = ask("ps").stdout.splitlines()
    check(lines[0].split() == ["SERVICE", "STATE", "GEN", "CPU", "MEMORY", "BINARY", "PORTS"], f"the head is {lines[0]!r}")
    cells = lines[1].split()
    check(len(lines) == 2 and cells[:3] == ["hello", "running", f"g{generation}"], f"the row is {lines[1:]}")
    check(re.fullmatch(r"[\d.]+%", cells[3]) and "hello-service" in cells and f"{PORT}->8080" in cells, f"the row is {cells}")
    check("\033" in ask("ps", "--color", "always").stdout, "--color always prints no colour")
    check("\033" not in ask("ps").stdout, "a pipe gets colours")


@test
def test_names_need_no_engine():
    STAGE.deck()
    check(ask("ps", "--names", env={"DOCKER_HOST": NO_ENGINE}).stdout == "hello\n", "ps --names does not name hello")


@test
def test_wait_until_healthy():
    begin()
    check(ask("wait", "--healthy", "hello").stdout == "", "wait prints something")


@test
def test_wait_gives_up():
    sick = REDIS + ('    healthcheck:\n      test: ["CMD", "false"]\n      interval: 1s\n      retries: 1000\n'
                    '      start_period: 600s\n')
    with folder("sick", compose_dot_yaml=sick) as place:
        said = sentence("wait", "--timeout", "1", status=1, where=place)
        check("redis is absent" in said and "cargodeck start redis" in said, f"without a container it said {said}")
        place.compose("up", "--detach", "--quiet-pull")
        ask("wait", where=place)
        began = time.monotonic()
        said = sentence("wait", "--healthy", "--timeout", "2", status=1, where=place)
        took = time.monotonic() - began
        check(2 <= took < 20, f"it gave up after {took:.1f} s")
        check("redis is starting" in said, f"it said {said}")
        why = ask("why", status=1, where=place).stdout
        check("redis runs" in why and "its probe" in why and "its last lines" in why, f"why said {why}")
        why = json.loads(ask("why", "redis", "--json", status=1, where=place).stdout)[0]
        check(why["service"] == "redis" and why["probe"] and why["lines"] and why["waits_for"] == [], f"why as JSON is {why}")


# ---- logs ----

def answers(number):
    for _ in range(number):
        get(PORT)


@test
def test_logs_end_with_the_last_lines():
    _, text = begin()
    answers(5)
    until(lambda: ask("logs").stdout.count(f"answered {text}\n") >= 5, "the lines do not come")
    lines = ask("logs", "--tail", "3", "hello").stdout.splitlines()
    check(lines == [f"answered {text}"] * 3, f"the last three lines are {lines}")
    stamped = ask("logs", "--tail", "1", "--timestamps").stdout
    check(re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z answered {text}\n", stamped), f"with a time: {stamped!r}")


@test
def test_logs_as_json():
    _, text = begin()
    answers(1)
    until(lambda: f"answered {text}" in ask("logs").stdout, "the line does not come")
    line = json.loads(ask("logs", "--json", "--tail", "1").stdout)
    check(list(line) == ["time", "service", "stream", "text"], f"a line has {list(line)}")
    check((line["service"], line["stream"], line["text"]) == ("hello", "stdout", f"answered {text}"), f"the line is {line}")


@test
def test_logs_follow():
    _, text = begin()
    with subprocess.Popen([PROGRAM, "logs", "--follow", "--tail", "0"], cwd=STAGE.workspace.root, env=STAGE.workspace.env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as follower:
        try:
            seen = b""

            def told():
                nonlocal seen
                get(PORT)
                if select.select([follower.stdout], [], [], 0.2)[0]:
                    seen += os.read(follower.stdout.fileno(), 65536)
                return f"answered {text}\n".encode() in seen

            until(told, "logs --follow does not see a new line")
            follower.send_signal(signal.SIGINT)
            check(follower.wait(10) == 0, f"it ended with {follower.returncode}")
        finally:
            if follower.poll() is None:
                follower.kill()


# ---- stop, start, restart ----

@test
def test_stop_and_start():
    deck, text = begin()
    ask("stop", "hello")
    deck.wait("service", service="hello", state="stopped")
    try:
        get(PORT)
        raise Failed("it answers and is stopped")
    except OSError:
        pass
    check(states()["hello"]["state"] == "stopped", f"ps says {states()['hello']}")
    check("hello stopped" in ask("ps", "--line").stdout, "ps --line does not say that it is stopped")
    ask("start", "hello")
    wait_answer(PORT, text)
    deck.wait("service", service="hello", state="running")
    ask("wait", "hello")
    check(states()["hello"]["state"] == "running", f"ps says {states()['hello']}")


@test
def test_restart():
    deck, text = begin()
    before = inspect(container(STAGE.workspace, "hello"))["State"]["StartedAt"]
    ask("restart", "hello")
    after = inspect(container(STAGE.workspace, "hello"))["State"]["StartedAt"]
    check(after != before, "the container was not started anew")
    wait_answer(PORT, text)
    ask("wait", "hello")
    last = STAGE.text()
    save(last)
    deck.wait("serving", service="hello")
    wait_answer(PORT, last, seconds=2)


# ---- stats, events, inspect, compose-config, open ----

SECRETIVE = """services:
  redis:
    image: redis:7-bookworm
    command: redis-server --save '' --requirepass hunter2
    environment:
      API_KEY: hunter2
      DATABASE_URL: postgres://shop:hunter2@db/shop
      PLAIN: "a$$b"
    mem_limit: 64m
    labels: {a.token: hunter2, a.plain: shown}
    healthcheck:
      test: ["CMD", "redis-cli", "-a", "hunter2", "ping"]
      interval: 1s
    ports: ["127.0.0.1:%d:6379", "127.0.0.1:%d:8000"]
"""


def ports():
    return SECRETIVE % (free_port(), free_port())


def here(port):
    return f"http:{'//'}localhost:{port}/\n"


@test
def test_stats():
    begin()
    lines = ask("stats").stdout.splitlines()
    check(lines[0].split()[:4] == ["SERVICE", "CPU", "MEMORY", "LIMIT"] and lines[1].split()[0] == "hello", f"stats printed {lines}")
    hello = json.loads(ask("stats", "--json", "hello").stdout)[0]
    check(hello["service"] == "hello" and hello["cpu_percent"] >= 0 and hello["processes"] >= 1, f"stats has {hello}")
    check(100_000 < hello["memory_bytes"] < 1 << 30, f"memory_bytes is {hello['memory_bytes']!r}")
    with subprocess.Popen([PROGRAM, "stats", "--watch", "--json"], cwd=STAGE.workspace.root, env=STAGE.workspace.env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as watcher:
        try:
            seen = [json.loads(watcher.stdout.readline()) for _ in range(2)]
            check(seen[0]["time"] < seen[1]["time"] and seen[1]["service"] == "hello", f"--watch printed {seen}")
            watcher.send_signal(signal.SIGINT)
            check(watcher.wait(10) == 0, f"it ended with {watcher.returncode}")
        finally:
            if watcher.poll() is None:
                watcher.kill()


@test
def test_events():
    with folder("events", compose_dot_yaml=REDIS) as place:
        with subprocess.Popen([PROGRAM, "events", "--json", "--since", "1h"], cwd=place.root, env=place.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True) as listener:
            try:
                place.compose("up", "--detach", "--quiet-pull")
                seen = [json.loads(listener.stdout.readline()) for _ in range(2)]
                check([each["action"] for each in seen] == ["create", "start"], f"events are {seen}")
                check(all(each["service"] == "redis" and each["exit_code"] is None for each in seen), f"events are {seen}")
                listener.send_signal(signal.SIGINT)
                check(listener.wait(10) == 0, f"it ended with {listener.returncode}")
            finally:
                if listener.poll() is None:
                    listener.kill()
        check("--since takes a time" in sentence("events", "--since", "tomorrow", status=2, where=place), "a wrong time is taken")


@test
def test_inspect_masks_and_drift_is_found():
    with folder("secretive", compose_dot_yaml=ports()) as place:
        check("redis has no container" in sentence("inspect", "redis", status=1, where=place), "it inspects what is not there")
        drift = ask("compose-config", "--drift", status=1, where=place).stdout
        check("redis: container: configured there, running not there" in drift, f"without a container: {drift}")
        place.compose("up", "--detach", "--quiet-pull")
        until(lambda: ask("ps", where=place).stdout.count("healthy"), "redis is not healthy")
        facts = json.loads(ask("inspect", "redis", "--json", where=place).stdout)
        env = {each["name"]: each["value"] for each in facts["env"]}
        check(env["API_KEY"] == "****" and env["DATABASE_URL"] == "postgres://shop:****@db/shop" and env["PLAIN"] == "a$b", f"env is {env}")
        check(facts["limits"]["memory_bytes"] == 64 << 20 and facts["health"]["status"] == "healthy", f"facts are {facts}")
        check(facts["labels"]["a.plain"] == "shown" and facts["command"][-1] == "****", f"facts are {facts}")
        for words in (["inspect", "redis"], ["inspect", "redis", "--json"], ["compose-config"], ["compose-config", "redis"]):
            check("hunter" not in ask(*words, where=place).stdout, f"{words} tells a secret")
        check(ask("compose-config", "--drift", where=place).stdout == "what runs is as it is configured\n", "there is a drift")
        text = (place.source / "compose.yaml").read_text()
        place.write("compose.yaml", text.replace("64m", "65m").replace("API_KEY: hunter2", "API_KEY: hunter3"))
        drift = ask("compose-config", "--drift", status=1, where=place).stdout
        check("env API_KEY: configured one value, running another value" in drift and "limits memory" in drift, f"drift is {drift}")
        check("hunter" not in drift and drift.count("\n") == 2, f"drift is {drift}")
        found = json.loads(ask("compose-config", "--drift", "--json", status=1, where=place).stdout)
        check([each["what"] for each in found["redis"]] == ["env", "limits"], f"drift is {found}")


@test
def test_the_deck_runs_what_is_configured():
    begin()
    said = ask("compose-config", "--drift").stdout
    check(said == "what runs is as it is configured\n", f"under the deck: {said}")
    image = json.loads(ask("compose-config").stdout)["services"]["hello"]["image"]
    check(image == json.loads(ask("inspect", "hello", "--json").stdout)["image"]["name"], f"the override is not in it: {image}")


@test
def test_open_prints_the_address():
    with folder("opened", compose_dot_yaml=ports()) as place:
        place.compose("up", "--detach", "--quiet-pull")
        numbers = [int(each) for each in re.findall(r"127.0.0.1:(\d+):", (place.source / "compose.yaml").read_text())]
        silent = {"DISPLAY": "", "PATH": "/usr/local/bin:/usr/bin:/bin"}
        check(ask("open", "redis", where=place, env=silent).stdout == here(numbers[1]), "it is another address")
        check(ask("open", "redis", "6379", where=place, env=silent).stdout == here(numbers[0]), "it is another port")
        check("does not publish the port 99" in sentence("open", "redis", "99", status=1, where=place), "it opens what is not published")


# ---- doctor and compose-override ----

@test
def test_doctor():
    begin()
    lines = ask("doctor").stdout.splitlines()
    check(any(line.startswith("good  engine") for line in lines), f"doctor says nothing of the engine: {lines}")
    row = next((line for line in lines if line.startswith("hello ")), "")
    cells = row.split(None, 4)
    check(len(cells) == 5 and cells[1:3] == ["hello-service", "own"], f"doctor's row of hello is {row!r}")


@test
def test_doctor_as_json():
    begin()
    whole = json.loads(ask("doctor", "--json").stdout)
    checks = {each["check"]: each for each in whole["checks"]}
    for name in ("engine", "compose", "buildx", "inotify watches", "disk", "ptrace", "rights"):
        check(checks[name]["good"] is True and checks[name]["text"] and checks[name]["mend"] is None, f"{name} is {checks[name]}")
    hello = whole["services"][0]
    check((hello["service"], hello["binary"], hello["image"]) == ("hello", "hello-service", "own"), f"the service is {hello}")
    check(hello["swap"] and hello["why"], f"the service is {hello}")


@test
def test_doctor_without_an_engine():
    done = ask("doctor", status=1, env={"DOCKER_HOST": NO_ENGINE})
    check(re.search(r"BAD +engine.*\n +mend: ", done.stdout), f"doctor says {done.stdout}")


@test
def test_the_override():
    begin()
    override = json.loads(ask("compose-override").stdout)
    hello = override["services"]["hello"]
    image = inspect(container(STAGE.workspace, "hello"))["Config"]["Image"]
    check(hello["image"] == image, f"the override names {hello['image']}, the container {image}")
    check(any(each["target"].startswith("/.cargodeck") for each in hello["volumes"]), f"the override mounts {hello['volumes']}")


# ---- build and watch beside a deck ----

@test
def test_build_asks_the_deck_that_runs():
    deck, text = begin()
    done = ask("build", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    passed = [each for each in events if each["event"] == "build" and each["state"] == "passed"][-1]
    deck.wait("build", state="passed", generation=passed["generation"])
    check(get(PORT)[1] == text, "the service answers something else")
    STAGE.workspace.edit(MAIN, "    let listener", '    let unused: u32 = "no number";\n    let listener')
    deck.wait("build", state="failed")
    said = ask("build", status=1).stdout
    check("E0308" in said, f"build does not tell the error: {said}")
    check(get(PORT)[1] == text, "the service answers something else")
    begin()


@test
def test_a_second_watch_follows_and_takes_over():
    begin()
    first = STAGE.deck()
    second = Deck(STAGE.workspace)
    try:
        second.wait("step", step="following")
        second.wait("ready", since=0)
        text = STAGE.text()
        save(text)
        told = first.wait("serving", service="hello")
        heard = second.wait("serving", service="hello", generation=told["generation"])
        check(heard["stages_ms"] == told["stages_ms"], f"the second one heard {heard}, the first one told {told}")
        check(STAGE.end() == 0, "the first one ended badly")
        second.wait("ready", seconds=120)
        check(get(PORT)[1] == text, "the service does not answer after the takeover")
        text = STAGE.text()
        save(text)
        second.wait("serving", service="hello")
        wait_answer(PORT, text, seconds=2)
    finally:
        if STAGE.running is None:
            STAGE.running = second
        else:
            second.stop()


# ---- what a person types wrong, and what is not there ----

@test
def test_a_service_that_is_none():
    STAGE.deck()
    for words in (["ps", "helo"], ["logs", "helo"], ["wait", "helo"], ["stop", "helo"], ["start", "helo"], ["restart", "helo"]):
        said = sentence(*words, status=2)
        check("no service helo" in said and ("hello" in said or "ps --names" in said), f"{words} said {said}")


@test
def test_an_option_that_is_none():
    said = sentence("ps", "--jsn", status=2)
    check("--jsn" in said and "did you mean --json?" in said, f"it said {said}")
    said = sentence("logs", "--tail", "many", status=2)
    check("--tail takes a whole number" in said, f"it said {said}")


@test
def test_a_command_that_is_none():
    said = sentence("wacth", status=2)
    check('no command "wacth"' in said and 'did you mean "watch"?' in said, f"it said {said}")


@test
def test_no_compose_file():
    with folder("empty", notes="nothing\n") as place:
        for words in (["ps"], ["logs"], ["wait"], ["start"], ["down"], ["compose-override"], ["ps", "--names"]):
            said = sentence(*words, status=3, where=place)
            check("no compose file" in said and "-f" in said, f"{words} said {said}")
        done = ask("watch", "--json", status=3, where=place)
        fault = json.loads(done.stdout.splitlines()[-1])
        check(fault["event"] == "fault" and "no compose file" in fault["message"] and fault["mend"], f"watch told {fault}")


@test
def test_an_error_in_a_compose_file():
    with folder("wrong", compose_dot_yaml="services:\n  one:\n    imagee: redis\n") as place:
        own = place.compose("config", check_status=False).stderr
        check("imagee" in own, f"compose says {own}")
        said = sentence("ps", status=1, where=place)
        check("imagee is not allowed" in said and str(place.root) in said, f"ps said {said}")
        done = ask("watch", "--json", status=1, where=place)
        fault = json.loads(done.stdout.splitlines()[-1])
        check(fault["event"] == "fault" and "imagee is not allowed" in fault["message"], f"watch told {fault}")


@test
def test_no_engine():
    with folder("lost", compose_dot_yaml=REDIS) as place:
        for words in (["ps"], ["logs"], ["wait"], ["start"], ["stop"], ["watch"], ["build"], ["down"]):
            said = sentence(*words, status=3, where=place, env={"DOCKER_HOST": NO_ENGINE})
            check(NO_ENGINE in said, f"{words} said {said}")


@test
def test_a_project_without_rust():
    tested = REDIS + '    healthcheck:\n      test: ["CMD", "redis-cli", "ping"]\n      interval: 1s\n'
    with folder("plain", compose_dot_yaml=tested) as place:
        with deck_on(place) as deck:
            check(deck.ready(120)["services"] == ["redis"], "ready names other services")
            ask("wait", "--healthy", where=place)
            until(lambda: json.loads(ask("ps", "--json", where=place).stdout)[0]["state"] == "healthy", "redis is not healthy")
            check(json.loads(ask("doctor", "--json", where=place).stdout)["services"][0]["binary"] is None, "redis has a program")
        check(container(place, "redis"), "redis went with the deck")


# ---- down ----

def left(project):
    """What the engine holds with the labels of a project."""
    found = []
    for label in (f"com.docker.compose.project={project}", f"dev.cargodeck.project={project}"):
        for words in (["ps", "-aq"], ["volume", "ls", "-q"], ["network", "ls", "-q"], ["images", "-q"]):
            found += run("docker", *words, "--filter", f"label={label}").stdout.split()
    return found


@test
def test_zz_down_leaves_nothing():
    """The last one: the deck ends here."""
    begin()
    said = sentence("down", "--volumes", status=1)
    check("another cargodeck" in said, f"down said {said}")
    STAGE.end()
    check(left(STAGE.workspace.project), "there is nothing to take down")
    ask("down", "--volumes")
    check(left(STAGE.workspace.project) == [], f"down --volumes left {left(STAGE.workspace.project)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
