"""The projects of golden/, rendered as `cargodeck init` writes them."""
import copy
import json
import os
import subprocess
import tempfile
from pathlib import Path

top = Path(os.environ.get("TEST_SRCDIR") or Path(__file__).resolve().parents[2])
build = Path(os.environ.get("TEST_BUILDDIR") or top / ".out")
templates = top / "share/templates"
golden = top / "tests/templates/golden"
FACTS = "facts.json"


def names():
    return sorted(path.parent.name for path in golden.glob(f"*/{FACTS}"))


def facts_of(name):
    return json.loads((golden / name / FACTS).read_text())


def with_value(facts, path, value):
    """The facts with another value at a path of keys."""
    changed = copy.deepcopy(facts)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def render_into(folder, facts):
    """Writes the files of a project. RuntimeError: it is refused."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / FACTS
        file.write_text(json.dumps(facts))
        folder.mkdir()
        done = subprocess.run([build / "tests/templates/render", templates, file, folder], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())


def render(facts):
    """The files of a project, by their path. RuntimeError: it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        render_into(out, facts)
        return {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}
