"""The launcher in real containers: with every right taken away, and in images
with and without a shell. Prints TAP; run by `make check-live`."""

import json
import subprocess
import sys
import uuid

from launched import *

STRICT = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "1000:1000", "--read-only"]
STATE = "/.cargodeck/target/.deckhand"


def docker(*words, **options):
    done = subprocess.run(["docker", *map(str, words)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"docker {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


class Contained(Launched):
    """A launcher in a container of its own, reached at the container's address."""

    def __init__(self, image, options, *arguments):
        super().__init__(*arguments, inside=STATE)
        self.image, self.options = image, options
        self.name = "launcher-" + uuid.uuid4().hex[:12]
        self.state.chmod(0o755)
        (self.state / "hub.sock").chmod(0o666)

    def run(self, environment):
        variables = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        process = subprocess.Popen(
            ["docker", "run", "--rm", "--name", self.name, "--env", "CARGODECK_SERVICE=test", "--env", "SERVE_ANY=1", *variables,
             "--volume", f"{self.state}:{STATE}:ro", "--volume", f"{self.path}:/app:ro", *self.options, "--entrypoint", "/app", self.image,
             *map(str, self.arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return process

    def joined(self):
        networks = json.loads(docker("inspect", self.name))[0]["NetworkSettings"]["Networks"]
        self.address = next(iter(networks.values()))["IPAddress"]

    def close(self):
        subprocess.run(["docker", "rm", "--force", self.name], capture_output=True)
        super().close()


def need(image):
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode != 0:
        raise Skip(f"there is no image {image}")
    return image


class Scratch:
    """An image with nothing in it."""

    def __enter__(self):
        self.image = "launcher-scratch:" + uuid.uuid4().hex[:12]
        subprocess.run(["docker", "import", "-", self.image], input=bytes(10240), capture_output=True, check=True)
        return self.image

    def __exit__(self, *_):
        subprocess.run(["docker", "rmi", "--force", self.image], capture_output=True)


@test
def swaps_a_static_program_without_any_right():
    with Scratch() as image:
        return under_load("edge", kept=False, static=True, launched=Contained(image, STRICT, "edge", 8080))


@test
def swaps_a_static_program_without_any_right_under_kept_connections():
    with Scratch() as image:
        return under_load("plain", kept=True, static=True, launched=Contained(image, STRICT, "plain", 8080))


@test
def swaps_static_blocking_accepts_without_any_right():
    with Scratch() as image:
        return under_load("blocking", kept=True, static=True, launched=Contained(image, STRICT, "blocking", 8080))


@test
def swaps_in_distroless_static():
    image = need("gcr.io/distroless/static-debian12")
    return under_load("edge", kept=True, static=True, launched=Contained(image, ["--user", "65532:65532"], "edge", 8080))


@test
def swaps_by_the_library_in_debian():
    image = need("debian:bookworm-slim")
    return under_load("plain", kept=True, launched=Contained(image, STRICT, "plain", 8080))


@test
def swaps_by_the_library_in_distroless_cc():
    image = need("gcr.io/distroless/cc-debian12")
    return under_load("blocking", kept=True, launched=Contained(image, [*STRICT[:4], "--user", "65532:65532", "--read-only"], "blocking", 8080))


@test
def ends_the_container_with_its_program():
    image = need("debian:bookworm-slim")
    launched = Contained(image, STRICT, "edge", 8080)
    try:
        launched.compile(1)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        assert docker("exec", launched.name, "/app", "once") == "started v1"
        docker("stop", "--time", "10", launched.name)
        assert launched.process.wait(15) == 0, launched.process.returncode
    finally:
        launched.close()


sys.exit(main())
