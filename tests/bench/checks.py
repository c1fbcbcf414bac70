"""What `check` takes: on the example, with compose's own start in it, and on a
workspace of fifty crates; beside it compose alone."""

import pathlib
import re
import time

from figures import median, ms, share
from harness import PROGRAM, check, folder, run, workspace

TIMES = 15
CRATES = 50
TOOK = re.compile(r"check: asked (\d+) us, judged (\d+) us")


def wall(*words, **options):
    began = time.monotonic()
    run(*words, check_status=False, **options)
    return (time.monotonic() - began) * 1000


def log_of(place):
    return pathlib.Path(place.env["XDG_STATE_HOME"]) / "cargodeck/log"


def own_work(place):
    """Milliseconds of judging, as the log has them."""
    return [int(judged) / 1000 for _asked, judged in TOOK.findall(log_of(place).read_text())]


def measure(table, place, what, wall_goal, own_goal):
    whole = [wall(PROGRAM, "check", "--format", "json", cwd=place.root, env=place.env) for _ in range(TIMES)]
    compose = [wall("docker", "compose", "--profile", "*", "config", "--format", "json", cwd=place.root, env=place.env) for _ in range(TIMES)]
    own = own_work(place)
    check(len(own) >= TIMES, f"the log tells of {len(own)} runs")
    table.add(f"check, {what}", f"{ms(median(whole))} / {ms(share(whole, 95))} ms (compose alone {ms(median(compose))})",
              f"{wall_goal} ms" if wall_goal else "", median(whole) <= wall_goal if wall_goal else None)
    table.add(f"check, {what}: own work", f"{ms(median(own))} / {ms(share(own, 95))} ms", f"{own_goal} ms" if own_goal else "",
              median(own) <= own_goal if own_goal else None)


def crate_files(number):
    name = f"crate-{number:02}"
    uses = f"crate-{number - 1:02} = {{ path = \"../crate-{number - 1:02}\" }}\n" if number else ""
    code = "".join(f"pub fn f{i}(x: u64) -> u64 {{\n    // line {i}\n    let text = \"a string {i}\";\n    x + {i} + text.len() as u64\n}}\n\n" for i in range(60))
    files = {f"{name}/Cargo.toml": f"[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\n{uses}"}
    for part in range(8):
        files[f"{name}/src/part{part}.rs"] = code
    files[f"{name}/src/lib.rs"] = "".join(f"pub mod part{part};\n" for part in range(8))
    return files


def fill(place):
    for number in range(CRATES):
        for path, text in crate_files(number).items():
            target = place.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    run("cargo", "generate-lockfile", "--offline", cwd=place.root)
    run("git", "init", "-q", cwd=place.root)
    run("git", "add", "-A", cwd=place.root)


def checks(table):
    with workspace("example", "share/example") as place:
        run("git", "init", "-q", cwd=place.root)
        run("git", "add", "-A", cwd=place.root)
        measure(table, place, "the example", 300, None)
    with folder("fifty", **{"Cargo.toml": "[workspace]\nresolver = \"2\"\nmembers = [\"crate-*\"]\n",
                            "Dockerfile": "FROM rust:1-slim-bookworm AS build\nCOPY . .\nRUN cargo build --release --locked\nFROM debian:bookworm-slim\nCOPY --from=build /target/release/x /x\nCMD [\"/x\"]\n",
                            "compose.yaml": "services:\n  x:\n    build: .\n"}) as place:
        fill(place)
        measure(table, place, f"{CRATES} crates", None, 50)
