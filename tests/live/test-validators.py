#!/usr/bin/env python3
"""What `init` writes for the projects of golden/, judged by the programs that
others judge such files with: those that share/start/validators fetched, else
those of the machine. One that is not there is named and counts as skipped. Each
that is there must also find a mistake that is put into its files. TAP."""
import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "templates"))
from projects import facts_of, names, render_into, with_value

FETCHED = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cargodeck/validators/bin"
SPOILED = "single"  # the project that mistakes are put into
# What no project of golden/ has: by a name, a project and what is otherwise there.
VARIANTS = {
    "mysql": ("single", {("database", "engine"): "mysql"}),
    "mysql, diesel": ("slim", {("database", "engine"): "mysql"}),
    "sqlite, sqlx": ("sqlite", {("choices", "migrator"): "sqlx"}),
    "sqlite, diesel": ("sqlite", {("choices", "migrator"): "diesel"}),
}
ENOUGH = 20  # lines of what a program says
YAML_RULES = """
extends: default
rules:
  braces: {max-spaces-inside: 1}
  comments: {min-spaces-from-content: 1}
  document-start: disable
  line-length: disable
  truthy: {check-keys: false}
"""
judges = []
results = []


class Project:
    """The files of a project, on disk; `scratch` is beside them."""

    def __init__(self, name, folder):
        self.name, self.root, self.scratch = name, folder / "files", folder / "scratch"
        base, changes = VARIANTS.get(name, (name, {}))
        facts = facts_of(base)
        for path, value in changes.items():
            facts = with_value(facts, path, value)
        render_into(self.root, facts)
        self.scratch.mkdir()

    def find(self, *patterns):
        """Paths below the root, as the root's."""
        found = {path for pattern in patterns for path in self.root.glob(pattern) if path.is_file()}
        return sorted(str(path.relative_to(self.root)) for path in found)

    def text(self, path):
        return (self.root / path).read_text()

    def beside(self, name, text):
        """The path of a file with this text that is none of the project's."""
        path = self.scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


def result(good, name, notes=()):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
    for note in notes:
        print(f"# {note}")


def judge(program, wrong=None):
    """A function that yields the words to run for a project. WRONG is a mistake
    that it must find: a path, a text in it, and what to write instead."""
    def keep(function):
        judges.append((program, function, wrong))
        return function
    return keep


def locate(program):
    """Its path, or none: what the tests' own start fetched goes before the machine's."""
    return shutil.which(program, path=f"{FETCHED}{os.pathsep}{os.environ.get('PATH', '')}")


def run(project, words):
    environment = dict(os.environ, PATH=f"{FETCHED}{os.pathsep}{os.environ.get('PATH', '')}", NO_COLOR="1")
    done = subprocess.run([str(word) for word in words], cwd=project.root, env=environment, stdin=subprocess.DEVNULL,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout


def findings(project, program, function):
    """What it says of the files that it does not take; how many times it was run."""
    said, count = [], 0
    for words in function(project, program):
        status, output = run(project, words)
        count += 1
        if status != 0:
            said += [f"{' '.join(map(str, words[1:]))}: status {status}"] + output.strip().splitlines()[:ENOUGH]
    return said, count


# ---- GitHub ----

def as_tags(text):
    """Each action by the major of its comment: what inputs that one has is known."""
    return re.sub(r"@[0-9a-f]{40} # (v[0-9]+)(\.[0-9.]+)?", lambda pin: f"@{pin[1]}" if pin[1] != "v0" else pin[0], text)


@judge("actionlint", (".github/workflows/docker.yml", "cache-from:", "cache-of:"))
def workflow_means_something(project, program):
    for path in project.find(".github/workflows/*.yml"):
        yield [program, "-oneline", path]
        yield [program, "-oneline", project.beside("tagged.yml", as_tags(project.text(path)))]


@judge("zizmor", (".github/workflows/docker.yml", "persist-credentials: false", "fetch-depth: 0"))
def workflow_is_safe(project, program):
    if project.find(".github/**/*.yml"):
        yield [program, "--offline", "--no-progress", "--format=plain", "."]


# ---- schemas ----

def without_tags(text):
    """Compose's own tags are none of YAML's: a value that the key may have stands for what is taken away."""
    text = re.sub(r"(build|profiles|volumes|ports): !reset null", lambda each: f"{each[1]}: {'.' if each[1] == 'build' else '[]'}", text)
    return text.replace("!reset null", "null").replace("!override ", "")


@judge("check-jsonschema", ("docker-compose.yml", "restart: unless-stopped", "restarts: unless-stopped"))
def files_fit_their_schema(project, program):
    plain = [project.beside(f"{path.replace('/', '-')}.yml", without_tags(project.text(path)))
             for path in project.find("docker-*.yml", "docker-*.yml.example", ".devcontainer/*.yml")]
    for schema, paths in (("github-workflows", project.find(".github/workflows/*.yml")),
                          ("dependabot", project.find(".github/dependabot.yml")), ("compose-spec", plain)):
        if paths:
            yield [program, "--builtin-schema", f"vendor.{schema}", *paths]


@judge("yamllint", ("docker-compose.yml", "restart: unless-stopped", "restart: always\n  restart: unless-stopped"))
def yaml_is_clean(project, program):
    paths = project.find("**/*.yml", "**/*.yaml", "*.yml.example")
    if paths:
        yield [program, "--strict", "-c", project.beside("yamllint.yaml", YAML_RULES), *paths]


# ---- images and what runs them ----

@judge("hadolint", ("Dockerfile", "USER 65532:65532", "USER 65532:65532\nRUN cd /tmp && sudo ls"))
def dockerfile_is_clean(project, program):
    for path in project.find("Dockerfile", "docker/*.Dockerfile"):
        yield [program, "--no-color", "--failure-threshold", "info", path]


COMPOSE_LAYERS = ["docker-compose.dev.yml", "docker-compose.prod.yml", "docker-compose.override.yml.example"]


def required(project, paths):
    """A value for each variable without which the files are refused."""
    found = {name for path in paths for name in re.findall(r"\$\{([A-Z0-9_]+):\?", project.text(path))}
    known = {"VERSION": "1.0.0", "IMAGE_PREFIX": "registry.example.com/team"}
    values = {name: f"sha256:{'0' * 64}" if name.endswith("_DIGEST") else known.get(name, "a-word") for name in sorted(found)}
    return project.beside("required.env", "".join(f"{name}={value}\n" for name, value in values.items()))


@judge("docker-compose", ("docker-compose.yml", "networks: [backend]", "networks: [nowhere]"))
def compose_reads_each_combination(project, program):
    if not project.find("docker-compose.yml"):
        return
    layers = project.find(*COMPOSE_LAYERS)
    chosen = [each for count in range(len(layers) + 1) for each in itertools.combinations(layers, count)]
    chosen += [("docker-compose.dev.yml", path) for path in project.find(".devcontainer/docker-compose.yml")]
    for files in chosen:
        paths = ["docker-compose.yml", *files]
        flags = [flag for path in paths for flag in ("-f", path)]
        yield [*program, "--env-file", required(project, paths), *flags, "--profile", "*", "config", "--quiet"]


@judge("docker-stack", ("docker-stack.yml", "mode: ingress", "modus: ingress"))
def swarm_reads_the_stack(project, program):
    for path in project.find("docker-stack.yml"):
        yield ["env", *required(project, [path]).read_text().split(), *program, "config", "-c", path]


# ---- what runs beside ----

@judge("promtool", ("docker/prometheus/alerts.yml", "up == 0", "up == "))
def prometheus_reads_its_files(project, program):
    for path in project.find("docker/prometheus/prometheus.yml"):
        # Where it lies in the container is here the folder of the project.
        here = project.text(path).replace("/etc/prometheus/", f"{(project.root / path).parent}/")
        yield [program, "check", "config", project.beside("prometheus.yml", here)]
    for path in project.find("docker/prometheus/alerts.yml"):
        yield [program, "check", "rules", "--lint=all", "--lint-fatal", path]
        yield [program, "test", "rules", project.beside("alerts-test.yml", alerts_test(project, project.root / path))]


def alerts_test(project, rules):
    """Each program in turn is away: that one is told of, and no other."""
    jobs = re.findall(r'absent\(up\{job="([^"]+)"\}\)', rules.read_text())
    tests = []
    for away in jobs:
        tests.append({
            "interval": "1m",
            "input_series": [{"series": f'up{{job="{job}", instance="1"}}', "values": "1x20"} for job in jobs if job != away],
            "alert_rule_test": [{"eval_time": "10m", "alertname": "ProgramMissing",
                                 "exp_alerts": [{"exp_labels": {"severity": "critical", "job": away},
                                                 "exp_annotations": {"summary": f"no container of {away} is there"}}]}],
        })
    return json.dumps({"rule_files": [str(rules)], "tests": tests})


@judge("fluent-bit")
def fluent_bit_reads_its_file(project, program):
    for path in project.find("docker/logs/fluent-bit.yaml"):
        yield [program, "--dry-run", "-c", path]


@judge("otelcol")
def collector_reads_its_file(project, program):
    for path in project.find("docker/otel/config.yaml"):
        yield [program, "validate", f"--config={path}"]


@judge("logstash")
def logstash_reads_its_file(project, program):
    for path in project.find("docker/logs/logstash.conf"):
        yield [program, "--config.test_and_exit", "-f", path]


# ---- scripts ----

@judge("shellcheck", ("docker/secrets.sh", 'mkdir -p "$folder"', "mkdir -p $folder"))
def scripts_are_clean(project, program):
    paths = project.find("docker/**/*.sh")
    if paths:
        yield [program, *paths]


@judge("cosign", ("docker/sign.sh", "--recursive", "--recursively"))
def cosign_knows_the_options(project, program):
    texts = [project.text(path) for path in project.find("docker/sign.sh", ".github/workflows/*.yml")]
    for verb in ("sign", "verify"):
        calls = [call for text in texts for call in re.findall(rf"cosign {verb} ((?:[^\n]*\\\n)*[^\n]*)", text)]
        known = set(re.findall(r"--[a-z-]+", run(project, [program, verb, "--help"])[1])) if calls else set()
        unknown = {option for call in calls for option in re.findall(r"--[a-z-]+", call)} - known
        if calls:
            yield ["test", "-z", " ".join(sorted(unknown))]


@judge("trivy")
def nothing_is_set_up_unsafely(project, program):
    yield [program, "config", "--quiet", "--exit-code", "1", "--severity", "HIGH,CRITICAL", "."]


# ---- BuildKit ----

class Engine:
    """An engine of the test's own, new enough for BuildKit's checks. No container
    runs in it, so it needs no network and no runtime; base images are empty."""

    def __init__(self, dockerd, folder):
        self.folder, self.bases, self.is_up = folder, set(), threading.Event()
        fetched = Path(dockerd).resolve().parents[1]
        plugins = folder / "config/cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-buildx").symlink_to(fetched / "libexec/docker/cli-plugins/docker-buildx")
        address = f"unix://{folder}/socket"
        self.words = ["env", f"DOCKER_HOST={address}", f"DOCKER_CONFIG={folder}/config", shutil.which("docker") or "docker"]
        path = f"{fetched}/bin:{fetched}/sbin:{os.environ.get('PATH', '')}"
        self.process = subprocess.Popen(
            ["unshare", "--net", dockerd, "--config-file=/dev/null", "--data-root", folder / "data", "--exec-root", folder / "exec", "--pidfile", folder / "pid",
             "-H", address, "--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"],
            env=dict(os.environ, PATH=path), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said = []
        self.reader = threading.Thread(target=self.listen)
        self.reader.start()
        self.is_up.wait(60)

    def listen(self):
        for line in self.process.stderr:
            self.said = [*self.said[-ENOUGH:], line.strip()]
            if "API listen on" in line:
                self.is_up.set()
        self.is_up.set()  # it ended

    def why_not(self):
        """Why it does not answer; none where it does."""
        return None if answers([*self.words, "version"]) is None else f"its engine does not start: {(self.said or ['it says nothing'])[-1]}"

    def provide(self, dockerfile):
        """An empty image for each that its stages stand on."""
        given = dict(re.findall(r"^ARG (\w+)=(\S+)", dockerfile, re.M))
        stages = set(re.findall(r"^FROM \S+ AS (\S+)", dockerfile, re.M))
        for base in re.findall(r"^FROM (\S+)", dockerfile, re.M):
            name = re.sub(r"\$\{(\w+)\}", lambda each: given[each[1]], base)
            if name not in stages | {"scratch"} | self.bases:
                subprocess.run([*self.words, "import", "-", name], input=bytes(10240), stdout=subprocess.DEVNULL, check=True)
                self.bases.add(name)

    def close(self):
        self.process.terminate()
        self.process.wait(60)
        self.reader.join()


def leaves(dockerfile):
    """The stages that no other one stands on or copies from."""
    used = set(re.findall(r"^FROM (\S+)", dockerfile, re.M)) | set(re.findall(r"--from=(\S+)", dockerfile))
    return [stage for stage in re.findall(r"^FROM \S+ AS (\S+)", dockerfile, re.M) if stage not in used]


@judge("buildkit", ("Dockerfile", " AS planner", " as planner"))
def builder_has_nothing_to_say(project, engine):
    for path in project.find("Dockerfile", "docker/*.Dockerfile"):
        text = project.text(path)
        engine.provide(text)
        for stage in leaves(text):
            yield [*engine.words, "buildx", "build", "--check", "--target", stage, "-f", path, "."]


# ---- what is there ----

def first_line(text):
    return next((line.strip() for line in text.splitlines() if line.strip()), "it says nothing")


def answers(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return None if done.returncode == 0 else first_line(done.stdout)


def docker_words(name):
    """What is run, and why it cannot be, where it cannot."""
    docker = shutil.which("docker")
    if docker is None:
        return None, "there is no docker"
    if name == "docker-compose":
        return [docker, "compose"], answers([docker, "compose", "version"])
    return [docker, "stack"], answers([docker, "stack", "config", "--help"])


def start_engine(stack, folder):
    dockerd = locate("dockerd")
    if dockerd is None or not Path(dockerd).is_relative_to(FETCHED):
        return None, "share/start/validators has fetched no engine for it"
    if os.geteuid() != 0:
        return None, "only root may start an engine"
    engine = Engine(dockerd, folder)
    stack.callback(engine.close)
    return engine, engine.why_not()


def prepare(name, stack, folder):
    """What to run for a judge, or why it is not run."""
    if name == "buildkit":
        return start_engine(stack, folder)
    if name in ("docker-compose", "docker-stack"):
        return docker_words(name)
    program = locate(name)
    return program, None if program else "it is not installed"


def test_projects(projects, name, program, function):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda project: findings(project, program, function), projects)
    for project, (said, count) in zip(projects, found):
        if count:
            result(not said, f"{name}: {project.name}", said)


def test_mistake(name, program, function, wrong, folder):
    """A program that takes anything would pass as well."""
    path, right, mistake = wrong
    project = Project(SPOILED, folder)
    text = project.text(path)
    (project.root / path).write_text(text.replace(right, mistake, 1))
    said, _ = findings(project, program, function)
    result(right in text and bool(said), f"{name} finds a mistake in {path}", [] if right in text else [f"there is no {right} in it"])


def main():
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        folders = (Path(scratch) / str(number) for number in itertools.count())
        fresh = lambda: next(folder for folder in folders if not folder.mkdir())
        projects = [Project(name, fresh()) for name in (*names(), *VARIANTS)]
        for name, function, wrong in judges:
            program, why = prepare(name, stack, fresh())
            if why is not None:
                result(True, f"{name} # SKIP not run: {name}, {why}")
                continue
            test_projects(projects, name, program, function)
            if wrong is not None:
                test_mistake(name, program, function, wrong, fresh())
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
