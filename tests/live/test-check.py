#!/usr/bin/env python3
"""`check` on a real engine: files as compose merges them, what runs beside them,
the formats, and the mends. SARIF is held against the schema of the OASIS."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import venv

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import PROGRAM, Stage, check, container, folder, free_port, inspect, main, run, test

STAGE = Stage("single", "tests/workspaces/single", {"HELLO_PORT": str(free_port())})
REDIS = "services:\n  redis:\n    image: redis:7-bookworm\n    command: redis-server --save ''\n"
STATES = {"kept", "broken", "not-applicable", "cannot-tell"}


def ask(place, *words, status=None):
    done = run(PROGRAM, "check", *words, cwd=place.root, env=place.env, check_status=False, stdin=subprocess.DEVNULL, timeout=120)
    check(done.returncode in ((0, 1) if status is None else (status,)), f"check {' '.join(words)} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def results(place, *words):
    return {each["id"]: each for each in json.loads(ask(place, "--format", "json", *words))["results"]}


def catalogue():
    return json.loads(run(PROGRAM, "check", "--list", "--format", "json").stdout)


def live(result):
    return [each["text"] for each in result["evidence"] if each["live"]]


@test
def each_practice_is_answered():
    found = results(STAGE.workspace)
    check(len(catalogue()) == 83 and list(found) == [each["id"] for each in catalogue()], f"these were judged: {list(found)}")
    for name, each in found.items():
        check(each["state"] in STATES, f"{name}: {each['state']}")
        check(each["evidence"] if each["state"] in ("kept", "broken") else each["reason"], f"{name} says nothing: {each}")
        check(each["state"] != "broken" or each["mend"], f"{name} says no mend")
    unsure = [name for name, each in found.items() if each["state"] == "cannot-tell"]
    check(len(unsure) <= 8, f"too much cannot be told: {unsure}")


@test
def what_runs_is_seen():
    STAGE.deck()
    found = results(STAGE.workspace, "--live")
    seen = [name for name, each in found.items() if live(each)]
    check(len(seen) >= 12, f"only {seen} say something of what runs")
    check(any(text.startswith("hello: ") for name in seen for text in live(found[name])), "no evidence names the service")
    said = live(found["2.3"])
    ours = next(line for line in run("docker", "ps", "--no-trunc", "--format", "{{.ID}} {{.Label \"com.docker.compose.service\"}}",
                                     "--filter", f"label=com.docker.compose.project={STAGE.workspace.project}").stdout.split("\n") if line.endswith(" hello"))
    read_only = inspect(ours.split()[0])["HostConfig"]["ReadonlyRootfs"]
    check(said and (found["2.3"]["state"] == "kept") == read_only, f"ReadonlyRootfs is {read_only}, and 2.3 is {found['2.3']}")


@test
def a_copy_is_stopped_and_removed():
    STAGE.deck()
    found = results(STAGE.workspace, "--probe", "--only", "8.2,8.8")
    check(any("s" in text for each in found.values() for text in live(each)), f"no stop was timed: {found}")
    left = run("docker", "ps", "-aq", "--filter", "label=dev.cargodeck.drill").stdout.split()
    check(not left, f"a copy is left: {left}")


SENDER = {
    "compose.yaml": """services:
  hello:
    build: .
    logging:
      driver: syslog
      options: { syslog-address: "tcp://127.0.0.1:PORT" }
    stop_grace_period: 1s
    depends_on: [sink]
  sink:
    image: debian:bookworm-slim
    command: ["perl", "-MIO::Socket::INET", "-e", PROGRAM]
    ports: ["127.0.0.1:PORT:5140"]
    init: true
""",
    "Dockerfile": "FROM rust:1-slim-bookworm AS builder\nWORKDIR /src\nCOPY . .\nRUN cargo build --release --locked --offline\n"
                  "FROM debian:bookworm-slim\nCOPY --from=builder /src/target/release/hello /usr/local/bin/hello\nENTRYPOINT [\"/usr/local/bin/hello\"]\n",
    "Cargo.toml": "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[[bin]]\nname = \"hello\"\npath = \"main.rs\"\n",
    "Cargo.lock": "version = 3\n\n[[package]]\nname = \"hello\"\nversion = \"0.1.0\"\n",
    "main.rs": "fn main() {\n    for each in std::net::TcpListener::bind(\"0.0.0.0:8080\").unwrap().incoming() {\n        drop(each);\n    }\n}\n",
}
TAKES_IN = "$| = 1; $s = IO::Socket::INET->new(LocalPort => 5140, Listen => 9, ReuseAddr => 1); while ($c = $s->accept) { next if fork; while (<$c>) { print } exit }"


def receiver_of(place):
    return results(place, "--probe", "--only", "5.3")["5.3"]


@test
def a_line_reaches_the_receiver():
    """A real one, of syslog over TCP; then nobody publishes its port any more."""
    compose = SENDER["compose.yaml"].replace("PORT", str(free_port())).replace("PROGRAM", json.dumps(TAKES_IN).replace("$", "$$"))
    with folder("cdreceiver", **{**SENDER, "compose.yaml": compose}) as place:
        place.compose("up", "-d", "--build")
        found = receiver_of(place)
        check(found["state"] == "kept" and "hello: a line that was sent through syslog came to sink" in live(found), f"it did not arrive: {found}")
        run("docker", "rm", "-f", container(place, "sink"))
        found = receiver_of(place)
        check(found["state"] == "cannot-tell" and "no service of this project publishes that port" in found["reason"], f"nobody is there: {found}")
        left = run("docker", "ps", "-aq", "--filter", "label=dev.cargodeck.drill").stdout.split()
        check(not left, f"a container is left: {left}")
        run("docker", "compose", "down", "--rmi", "local", cwd=place.root, env=place.env)


@test
def a_live_proof_outranks_the_file():
    """The same project beside, whose file says the opposite of what runs."""
    STAGE.deck()
    runs = results(STAGE.workspace, "--live", "--only", "2.3")["2.3"]
    text = (STAGE.workspace.root / "compose.yaml").read_text()
    other = re.sub(r"\n +read_only:.*", "", text) if "read_only" in text else re.sub(r"(\n( +)build:)", r"\n\2read_only: true\1", text, count=1)
    check(other != text, "the compose file was not changed")
    with folder("cdoutrank", **{"compose.yaml": other}) as place:
        for name in ("Dockerfile", "Cargo.toml", "Cargo.lock"):
            (place.root / name).write_text((STAGE.workspace.root / name).read_text())
        shutil.copytree(STAGE.workspace.root / "src", place.root / "src")
        place.env = dict(place.env, COMPOSE_PROJECT_NAME=STAGE.workspace.project)
        alone = results(place, "--only", "2.3")["2.3"]
        beside = results(place, "--live", "--only", "2.3")["2.3"]
        check(alone["state"] != runs["state"], f"the file alone says {alone['state']} too")
        check(beside["state"] == runs["state"] and live(beside), f"what runs is {runs['state']}: {beside}")
        place.env = dict(place.env, COMPOSE_PROJECT_NAME=place.project)


@test
def an_override_is_part_of_it():
    """Compose merges it: what it adds is found, at its own line."""
    files = {"compose.yaml": REDIS, "compose.override.yaml": "services:\n  redis:\n    ports:\n      - \"6379:6379\"\n"}
    with folder("cdoverride", **files) as place:
        places = [(each["file"], each["line"]) for result in results(place).values() if result["state"] == "broken" for each in result["evidence"]]
        check(("compose.override.yaml", 3) in places or ("compose.override.yaml", 4) in places, f"the port of the override is at none of {places}")


@test
def circles_end():
    files = {"compose.yaml": "include: [other.yaml]\n" + REDIS, "other.yaml": "include: [compose.yaml]\nservices: {}\n"}
    with folder("cdcircle", **files) as place:
        told = json.loads(ask(place, "--format", "json"))
        check(len(told["results"]) == 83 and any("compose" in note for note in told["notes"]), f"compose's refusal is not told: {told['notes']}")


@test
def a_missing_env_file_is_no_end():
    with folder("cdnoenv", **{"compose.yaml": REDIS + "    env_file: [missing.env]\n    environment:\n      A: ${WANTED:?set it}\n"}) as place:
        told = json.loads(ask(place, "--format", "json"))
        check(any("missing.env" in note or "WANTED" in note for note in told["notes"]), f"not told: {told['notes']}")
        check(any(each["state"] == "broken" and any(e["file"] == "compose.yaml" for e in each["evidence"]) for each in told["results"]),
              "the compose file was not read")


@test
def sarif_is_valid():
    with folder("cdsarif", **{"compose.yaml": REDIS, "Cargo.toml": "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\npath = \"x.rs\"\n"
                              "[dependencies]\nserde-sarif = \"0.8\"\n", "x.rs": ""}) as place:
        told = json.loads(ask(place, "--format", "sarif", "--all"))
        run("cargo", "fetch", "--quiet", cwd=place.root, env=dict(place.env, CARGO_HOME=os.environ.get("CARGO_HOME", str(pathlib.Path.home() / ".cargo"))))
        home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
        schema = next(home.glob("registry/src/*/serde-sarif-*/src/schema.json"))
        venv.create(place.root / "venv", with_pip=True)
        run(place.root / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "jsonschema")
        (place.root / "told.json").write_text(json.dumps(told))
        judged = run(place.root / "venv/bin/python", "-c",
                     "import json, sys, jsonschema; s = json.load(open(sys.argv[1])); jsonschema.validate(json.load(open(sys.argv[2])), s)",
                     schema, place.root / "told.json", check_status=False)
        check(judged.returncode == 0, judged.stderr[-1500:])
        check({each["kind"] for each in told["runs"][0]["results"]} >= {"pass", "fail", "notApplicable"}, "not every kind is in it")
        broken = json.loads(ask(place, "--format", "sarif"))
        check({each["kind"] for each in broken["runs"][0]["results"]} == {"fail"}, "only what is broken is an alert")


SERVICE = {
    "compose.yaml": "# kept\nservices:\n  app:\n    build: .\n    ports:\n      - \"127.0.0.1:8080:8080\"  # kept too\n",
    "Dockerfile": "FROM rust:1-slim-bookworm AS builder\nWORKDIR /src\nCOPY . .\nRUN cargo build --release --locked\n\n"
                  "FROM debian:bookworm-slim\nCOPY --from=builder /src/target/release/app /usr/local/bin/app\nUSER 10001:10001\n"
                  "ENTRYPOINT [\"/usr/local/bin/app\"]\n",
    "Cargo.toml": "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
    "Cargo.lock": "version = 3\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n",
}


@test
def mends_are_edits():
    """The diff is shown, written, and mends: a second run finds nothing to do there."""
    with folder("cdmend", **SERVICE) as place:
        (place.root / "src").mkdir()
        (place.root / "src/main.rs").write_text("fn main() {}\n")
        before = results(place)
        fixable = [name for name, each in before.items() if each["fixable"]]
        check(len(fixable) >= 3, f"only {fixable} can be mended by an edit")
        shown = ask(place, "--dry-run", status=0)
        check(re.search(r"^\+", shown, re.M), "a dry run shows no diff")
        check((place.root / "compose.yaml").read_text() == SERVICE["compose.yaml"], "a dry run has written")
        ask(place, "--fix", "--yes", status=0)
        after = results(place)
        left = [name for name in fixable if after[name]["fixable"]]
        check(not left, f"still to be mended: {left}")
        text = (place.root / "compose.yaml").read_text()
        check(all(line in text.split("\n") for line in SERVICE["compose.yaml"].split("\n")), f"lines were changed: {text}")
        run("docker", "compose", "config", "--quiet", cwd=place.root, env=place.env)


@test
def wrong_words_are_named():
    place = STAGE.workspace
    for words, said in ((("--only", "9.99"), "9.99"), (("--explain", "x"), "x"), (("--format", "yaml"), "yaml"), (("--fail-on", "all"), "all")):
        done = run(PROGRAM, "check", *words, cwd=place.root, env=place.env, check_status=False, stdin=subprocess.DEVNULL)
        check(done.returncode == 2 and said in done.stderr, f"check {' '.join(words)}: {done.returncode} {done.stderr}")
    none = run(PROGRAM, "check", "--project", "/nowhere", env=place.env, check_status=False, stdin=subprocess.DEVNULL)
    check(none.returncode == 2 and "/nowhere" in none.stderr, f"a folder that is not there: {none.returncode} {none.stderr}")


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
