"""The command init as a person or a script runs it: what it says and writes, what
it asks on a terminal, and how it ends. No engine and no cargo are needed: the
project has no lock file, so that its manifest is read. Speaks TAP."""

import json
import os
import pty
import select
import subprocess
import tempfile
import time
import traceback
from pathlib import Path

PROGRAM = Path(os.environ["TEST_BUILDDIR"]) / "cargodeck"
TIME_OVER = 60  # seconds until a run counts as hanging
MANIFEST = '[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\naxum = "0.8"\n'
MAIN = ('#[tokio::main]\nasync fn main() {\n\tlet app = axum::Router::new();\n'
        '\tlet listener = tokio::net::TcpListener::bind("0.0.0.0:3000").await.unwrap();\n\taxum::serve(listener, app).await.unwrap();\n}\n')


class Project:
    """A folder with a small package in it."""

    def __init__(self, folder, manifest=MANIFEST):
        self.root = Path(folder) / "project"
        self.home = Path(folder) / "home"
        self.home.mkdir()
        (self.root / "src").mkdir(parents=True)
        if manifest:
            (self.root / "Cargo.toml").write_text(manifest)
            (self.root / "src/main.rs").write_text(MAIN)
        self.env = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self.home), "NO_COLOR": "1"}
        for name in "LANGUAGE", "COMPOSE_FILE", "XDG_CONFIG_HOME":
            self.env.pop(name, None)

    def run(self, *words, status=0):
        done = subprocess.run([PROGRAM, "init", *words], cwd=self.root, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=TIME_OVER)
        assert done.returncode == status, f"init {words} ended with {done.returncode}: {done.stderr}"
        return done

    def files(self):
        """What is there, by path, without what was there from the beginning."""
        return {str(path.relative_to(self.root)): path.read_bytes() for path in sorted(self.root.rglob("*"))
                if path.is_file() and path.name not in ("Cargo.toml", "main.rs")}

    def ask(self, answers, *words):
        """Runs it on a terminal; `answers` are pairs of a question and what is typed. (status, all that was shown)"""
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.root)
            os.execve(PROGRAM, [str(PROGRAM), "init", *words], self.env)
        shown, seen, left, limit = "", 0, list(answers), time.monotonic() + TIME_OVER
        try:
            while time.monotonic() < limit:
                if select.select([master], [], [], 1)[0]:
                    try:
                        shown += os.read(master, 1 << 16).decode(errors="replace")
                    except OSError:
                        break
                while left and left[0][0] in shown[seen:]:
                    question, answer = left.pop(0)
                    seen += shown[seen:].index(question) + len(question)
                    os.write(master, answer.encode() + b"\n")
            else:
                os.kill(pid, 9)
        finally:
            os.close(master)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        assert not left, f"never asked: {left}; shown: {shown}"
        return status, shown


QUESTIONS = [("stands on", ""), ("Write files for production", "n"), ("Write a workflow", "n"), ("Write files for editors", "n")]


def a_dry_run_writes_nothing(project):
    done = project.run("--dry-run")
    assert project.files() == {}, project.files().keys()
    assert done.stdout.startswith("--- /dev/null\n+++ b/Dockerfile\n@@ -0,0 +1,"), done.stdout[:200]
    assert "Found in " in done.stderr and "Dockerfile" in done.stderr
    # and it is a diff that git takes
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=project.root, input=done.stdout, text=True, check=True)
    assert "docker-compose.yml" in project.files()


def yes_takes_all_and_a_second_run_changes_nothing(project):
    project.run("--yes")
    files = project.files()
    assert {"Dockerfile", ".dockerignore", "docker-compose.yml", ".env", ".gitignore", ".github/workflows/docker.yml"} <= files.keys(), files.keys()
    assert (project.root / ".env").stat().st_mode & 0o777 == 0o600
    assert (project.root / "docker/scan.sh").stat().st_mode & 0o777 == 0o755
    assert not [name for name in files if ".tmp" in name or name.startswith(".Dockerfile")]
    done = project.run("--yes")
    assert project.files() == files
    assert "nothing is left to write" in done.stderr
    assert project.run("--dry-run").stdout == ""


def parts_are_chosen(project):
    project.run("--yes", "--without", "ci,devcontainer", "--without", "vscode")
    files = project.files()
    assert not [name for name in files if name.startswith((".github", ".devcontainer", ".vscode"))], files.keys()
    assert "docker-stack.yml" in files


def with_takes_what_is_named(project):
    project.run("--yes", "--with", "ci")
    files = project.files()
    assert ".github/workflows/docker.yml" in files and "Dockerfile" in files
    assert "docker-stack.yml" not in files and ".vscode/launch.json" not in files


def wrong_words_are_said(project):
    for words in ("--with", "nonsense"), ("--without", "ci,nonsense"):
        done = project.run("--yes", *words, status=2)
        assert "there is no part nonsense" in done.stderr, done.stderr
    project.run("--base", "alpine", status=2)
    project.run("--nonsense", status=2)
    project.run("word", status=2)
    assert project.files() == {}


def json_says_what_was_written(project):
    dry = json.loads(project.run("--json", "--dry-run").stdout)
    assert not any(file["written"] for file in dry["files"]) and project.files() == {}
    said = json.loads(project.run("--json", "--yes").stdout)
    assert said["found"]["kind"] == "service", said["found"]["kind"]
    assert {file["path"] for file in said["files"] if file["written"]} == project.files().keys()
    again = json.loads(project.run("--json", "--yes").stdout)
    assert {file["state"] for file in again["files"]} == {"same"}, again["files"]


def without_a_package_it_ends_with_3(project):
    for name in "Cargo.toml", "src/main.rs":
        (project.root / name).unlink()
    done = project.run("--yes", status=3)
    assert "there is no Rust package" in done.stderr and project.files() == {}


def what_is_there_stays(project):
    (project.root / "Dockerfile").write_text("FROM mine\n")
    (project.root / "compose.yaml").write_text("services: {}\n")
    (project.root / ".gitignore").write_text("mine\n")
    (project.home / "aside").mkdir()
    (project.root / "docker").symlink_to(project.home / "aside")
    project.run("--yes")
    files = project.files()
    assert files["Dockerfile"] == b"FROM mine\n" and files["compose.yaml"] == b"services: {}\n"
    assert "docker-compose.yml" not in files
    assert files[".gitignore"].startswith(b"mine\n") and len(files[".gitignore"]) > 5
    assert list((project.home / "aside").iterdir()) == []
    project.run("--yes", "--force")
    assert project.files()["Dockerfile"] != b"FROM mine\n"
    assert list((project.home / "aside").iterdir()) == []


def a_person_says_no(project):
    status, shown = project.ask(QUESTIONS + [("[Y/n] ", "n")])
    assert status == 1 and "nothing was changed" in shown, shown
    assert project.files() == {}


def a_person_chooses(project):
    status, shown = project.ask([("stands on", "s")] + QUESTIONS[1:] + [("[Y/n] ", "y")])
    files = project.files()
    assert status == 0 and "Dockerfile" in files and ".github/workflows/docker.yml" not in files, (status, shown)
    assert b"slim" in files["Dockerfile"] and "docker-stack.yml" not in files


def one_file_is_agreed_to(project):
    for name in "Dockerfile", ".dockerignore":
        (project.root / name).write_text("mine\n")
    status, shown = project.ask(QUESTIONS + [("Dockerfile is there with another text", "d"), ("-mine", ""), (".dockerignore is there", "n"), ("[Y/n] ", "y")])
    assert status == 0, shown
    assert project.files()["Dockerfile"] == b"mine\n" and project.files()[".dockerignore"] == b"mine\n"
    status, shown = project.ask(QUESTIONS + [("Dockerfile is there with another text", "y"), (".dockerignore is there", "n"), ("[Y/n] ", "y")])
    assert status == 0, shown
    assert project.files()["Dockerfile"] != b"mine\n" and project.files()[".dockerignore"] == b"mine\n"


def several(project, *folders):
    """Packages below a root without a manifest; each named is a service, or a tool where it begins with a t."""
    for name in "Cargo.toml", "src/main.rs":
        (project.root / name).unlink()
    for folder in folders:
        name = Path(folder).name
        (project.root / folder / "src").mkdir(parents=True)
        (project.root / folder / "Cargo.toml").write_text(MANIFEST.replace("demo", name))
        (project.root / folder / "src/main.rs").write_text("fn main() {}\n" if name.startswith("t") else MAIN)


def the_only_one_with_a_service_is_taken(project):
    several(project, "backend", "tidy")
    done = project.run("--yes", "--with", "database")
    assert "backend is taken" in done.stderr, done.stderr
    assert "backend" in (project.root / "Dockerfile").read_text()


def one_of_several_has_to_be_named(project):
    several(project, "services/a", "services/b b", "tidy")
    done = project.run("--yes", status=2)
    assert "services/a (a)" in done.stderr and "services/b b (b b)" in done.stderr and "--manifest-path services/a/Cargo.toml" in done.stderr, done.stderr
    assert not (project.root / "Dockerfile").exists()
    project.run("--yes", "--with", "database", "--manifest-path", "services/a/Cargo.toml")
    assert "services/a" in (project.root / "Dockerfile").read_text()
    done = project.run("--yes", "--manifest-path", "services/none/Cargo.toml", status=2)
    assert "there is no manifest" in done.stderr, done.stderr


def in_its_own_folder_it_is_the_only_one(project):
    several(project, "services/a", "services/c")
    project.run("--yes", "--with", "database", "--project", "services/c")
    assert (project.root / "services/c/Dockerfile").exists() and not (project.root / "Dockerfile").exists()


def a_person_names_one_of_several(project):
    several(project, "services/a", "services/c")
    status, shown = project.ask([("Type its number", "2")] + QUESTIONS + [("[Y/n] ", "y")])
    assert status == 0 and "services/c" in (project.root / "Dockerfile").read_text(), shown
    (project.root / "Dockerfile").unlink()
    status, shown = project.ask([("Type its number", "9")])
    assert status == 2 and "it is not clear which one" in shown and not (project.root / "Dockerfile").exists(), (status, shown)


def below_a_repository_github_s_files_are_left_out(project):
    below = project.root / "services/shop"
    several(project, "services/shop")
    (project.root / ".git").mkdir()
    (project.root / ".git/config").write_text('[remote "origin"]\n\turl = git@github.com:acme/all.git\n')
    done = project.run("--yes", "--project", str(below))
    assert "the repository begins in" in done.stderr and "--manifest-path services/shop/Cargo.toml" in done.stderr, done.stderr
    assert (below / "Dockerfile").exists() and (below / ".devcontainer/devcontainer.json").exists()
    assert not (below / ".github").exists() and not (project.root / ".github").exists()
    assert "ghcr.io/acme/all" in (below / "docker-compose.prod.yml").read_text()
    project.run("--yes", "--with", "ci", "--project", str(below))
    assert not (below / ".github").exists()
    project.run("--yes", "--manifest-path", "services/shop/Cargo.toml")
    assert (project.root / ".github/workflows/docker.yml").exists()


TESTS = [a_dry_run_writes_nothing, yes_takes_all_and_a_second_run_changes_nothing, parts_are_chosen, with_takes_what_is_named,
         wrong_words_are_said, json_says_what_was_written, without_a_package_it_ends_with_3, what_is_there_stays,
         a_person_says_no, a_person_chooses, one_file_is_agreed_to, the_only_one_with_a_service_is_taken,
         one_of_several_has_to_be_named, in_its_own_folder_it_is_the_only_one, a_person_names_one_of_several,
         below_a_repository_github_s_files_are_left_out]

print(f"1..{len(TESTS)}")
for number, test in enumerate(TESTS, 1):
    with tempfile.TemporaryDirectory() as folder:
        try:
            test(Project(folder))
            print(f"ok {number} - {test.__name__}", flush=True)
        except Exception:
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {number} - {test.__name__}", flush=True)
