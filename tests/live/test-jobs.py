#!/usr/bin/env python3
"""Jobs beside the serving build, on a single crate: a failing test is listed
with its place, a save cancels the job and is built as quickly as without one,
and a shell's job runs in the deck's builder and in one of its own."""

import contextlib
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from harness import PROGRAM, Stage, builders, check, compilers, container, free_port, main, run, test, until, wait_answer

PORT = free_port()
MAIN = "src/main.rs"
STAGE = Stage("single", "tests/workspaces/single", {"HELLO_PORT": str(PORT)})
TESTS = """
#[cfg(test)]
mod tests {
    #[test]
    fn adds() {
        assert_eq!(1 + 1, 2);
    }

    #[test]
    fn fails() {
        println!("before it fails");
        assert_eq!(1 + 1, 3, "as told");
    }
}
"""
HANGS = """
#[cfg(test)]
mod tests {
    #[test]
    fn hangs() {
        std::thread::sleep(std::time::Duration::from_secs(600));
    }
}
"""
ANSWERS = []  # what a plain build takes from the decision to cargo, ms


def save(tail=""):
    """Another text and this tail; the event that it serves."""
    deck, text = STAGE.deck(), STAGE.text()
    code = (STAGE.workspace.source / MAIN).read_text().replace('"single 1"', f'"{text}"') + tail
    since = deck.mark()
    STAGE.workspace.write(MAIN, code)
    serving = deck.wait("serving", since=since, service="hello", seconds=120)
    wait_answer(PORT, text, seconds=5)
    return since, serving


def job(*words, **options):
    return run(PROGRAM, "job", *words, cwd=STAGE.workspace.root, env=STAGE.workspace.env, check_status=False, timeout=600, **options)


@test
def test_a_failing_test_is_listed_with_its_place():
    deck = STAGE.deck()
    since, _ = save(TESTS)
    deck.wait("build", since=since, state="passed")
    done = job("test", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [event for event in events if event["event"] == "test"]
    check(len(failed) == 1, f"failing tests: {failed}; {done.stderr[-500:]}")
    check(failed[0]["name"].endswith("tests::fails") and failed[0]["line"] == 34 and failed[0]["column"] == 9, f"the test is {failed[0]}")
    check(failed[0]["file"] == str(STAGE.workspace.root / MAIN), f"its file is {failed[0]['file']}")
    check("before it fails" in failed[0]["output"] and "as told" in failed[0]["message"], f"its output is {failed[0]}")
    ended = events[-1]
    check(ended["event"] == "job" and ended["state"] == "failed" and ended["passed"] == 1 and ended["failed"] == 1, f"the job ended {ended}")
    check(done.returncode == ended["exit_code"] != 0, f"it ended with {done.returncode}")
    # the deck told the same
    deck.wait("test", since=since, line=34)
    deck.wait("job", since=since, name="test", state="failed")
    check(len(builders(STAGE.workspace)) == 1, "the job made a second builder")


@test
def test_it_prints_as_cargo_does():
    save()
    done = job("clippy")
    check(done.returncode == 0 and "Finished" in done.stderr, f"clippy ended with {done.returncode}: {done.stderr[-500:]}")
    save("pub fn unused(a: u32) {}\n")
    done = job("check")
    check(done.returncode == 0 and "unused variable: `a`" in done.stderr, f"check ended with {done.returncode}: {done.stderr[-500:]}")
    check("\x1b" not in done.stderr + done.stdout, "colours without a terminal")
    check(job("lint").returncode == 2, "a job that is none")


@test
def test_a_save_cancels_the_job_and_is_not_slowed():
    deck = STAGE.deck()
    save()
    plain = sorted(save()[1]["stages_ms"]["dispatch"] for _ in range(5))
    save(HANGS)
    dispatches = []
    with asked_job("test") as asked:
        for round_number in range(5):
            until(hanging, "the test does not hang", 120)
            since, serving = save(HANGS if round_number < 4 else "")
            dispatches.append(serving["stages_ms"]["dispatch"])
            cancelled = deck.wait("job", since=since, name="test", state="cancelled", seconds=5)
            check(cancelled["again"], "it will not run again")
            deck.wait("job", since=since, name="test", state="started", seconds=60)
        events = [json.loads(line) for line in asked.stdout]
    check(asked.wait(10) == 0 and events[-1]["state"] == "passed", f"the job ended with {asked.returncode}: {events[-1]}")
    dispatches.sort()
    print(f"# until cargo runs: {plain[2]:.1f} ms without a job, {dispatches[2]:.1f} ms (at most {dispatches[-1]:.1f}) with one")
    check(dispatches[2] < plain[2] + 10, f"cargo begins after {dispatches}, without a job after {plain}")
    check(not hanging(), "a cancelled test runs on")


@contextlib.contextmanager
def asked_job(*words):
    """`cargodeck job` that runs meanwhile."""
    process = subprocess.Popen([str(PROGRAM), "job", *words, "--json"], cwd=STAGE.workspace.root, env=STAGE.workspace.env,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    except Exception:
        process.terminate()
        raise


def hanging():
    """Test programs of the workspace's builder that run now."""
    found = builders(STAGE.workspace)
    if not found:
        return []
    lines = run("docker", "top", found[0], "-eo", "pid,args", check_status=False).stdout.splitlines()
    return [line for line in lines if "/jobs/" in line and "/deps/" in line and "rustc" not in line]


@test
def test_a_builder_of_its_own():
    save(TESTS)
    STAGE.end()
    before = container(STAGE.workspace, "hello")
    done = job("test")
    check(done.returncode not in (0, 1, 2, 3) and "as told" in done.stdout + done.stderr, f"it ended with {done.returncode}: {done.stderr[-500:]}")
    check(container(STAGE.workspace, "hello") == before, "a job touched the service")
    until(lambda: not builders(STAGE.workspace), "its builder is left", 15)
    check(not compilers(STAGE.workspace), "a compiler runs on")


@test
def test_an_own_one():
    settings = STAGE.workspace.folder / "config" / "cargodeck" / "config.ini"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[jobs]\none = Only this test | test -- tests::fails\nstrict = clippy -- -D warnings\n")
    save(TESTS)
    done = job("one", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [event for event in events if event["event"] == "test"]
    check(len(failed) == 1 and failed[0]["job"] == "one" and failed[0]["line"] == 34, f"failing tests: {failed}; {done.stderr[-500:]}")
    check(events[-1]["name"] == "one" and events[-1]["passed"] == 0 and events[-1]["failed"] == 1, f"the job ended {events[-1]}")
    save("pub fn unused(a: u32) {}\n")
    done = job("strict", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines() if '"diagnostic"' in line]
    check(done.returncode == 101 and found and all(one["job"] == "strict" and one["level"] == "error" for one in found), f"it found {found}")


@test
def test_settings_while_it_runs():
    save()
    settings = STAGE.workspace.folder / "config" / "cargodeck" / "config.ini"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[jobs]\nlate = check --quiet\n")
    until(lambda: job("late").returncode == 0, "a job that came while it runs is not known", 60)


if __name__ == "__main__":
    sys.exit(main(sys.argv, STAGE))
