#!/usr/bin/env python3
"""Renders share/templates for the projects of golden/ and compares each file.

    test-golden.py            TAP
    test-golden.py --accept   writes what is rendered as what is expected

Beside that: names that mean something to YAML, a shell or a Dockerfile never get
out of their place, and no part leaves a trace once it is not wanted.
"""
import copy
import importlib.util
import json
import os
import sys
import tempfile
from importlib.machinery import SourceFileLoader
from pathlib import Path

top = Path(os.environ.get("TEST_SRCDIR") or Path(__file__).resolve().parents[2])
golden = top / "tests/templates/golden"
loader = SourceFileLoader("render_project", str(top / "tests/templates/render-project"))
spec = importlib.util.spec_from_loader("render_project", loader)
render = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
loader.exec_module(render)

HOSTILE = 'x"\n  evil: yes\n$(touch /tmp/evil) `id` ${HOME} \' # }} {{'
results = []


def result(good, name, notes=()):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
    for note in notes:
        print(f"# {note}")


def expected_files(case):
    return {str(path.relative_to(case)) for path in case.rglob("*") if path.is_file() and path.name != "facts.json"}


def test_case(case, accept):
    rendered = {entry["path"]: text for entry, text in render.files(case / "facts.json")}
    # Stored without the leading dot: a .gitignore in the tree would count there.
    stored = {stored_name(path): text for path, text in rendered.items()}
    if accept:
        for path in expected_files(case) - set(stored):
            (case / path).unlink()
        for path, text in stored.items():
            (case / path).parent.mkdir(parents=True, exist_ok=True)
            (case / path).write_text(text)
    notes = [f"not expected: {path}" for path in set(stored) - expected_files(case)]
    notes += [f"not rendered: {path}" for path in expected_files(case) - set(stored)]
    notes += [f"differs: {path}" for path in set(stored) & expected_files(case) if (case / path).read_text() != stored[path]]
    result(not notes, f"{case.name}: {len(stored)} files are as expected", notes)
    odd = [path for path, text in rendered.items() if not text.endswith("\n") or "%%" in text or "@{" in text]
    result(not odd, f"{case.name}: nothing of the template is left", odd)


def stored_name(path):
    return "/".join(f"dot-{part[1:]}" if part.startswith(".") else part for part in path.split("/"))


def places(value, path=()):
    """Every text of the facts, by its path."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, path + (key,))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from places(each, path + (index,))


def with_value(facts, path, value):
    changed = copy.deepcopy(facts)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def test_hostile(case):
    """Each text in turn is one that would break out: it is quoted, or refused."""
    facts = json.loads((case / "facts.json").read_text())
    escaped = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "facts.json"
        for path in places(facts):
            file.write_text(json.dumps(with_value(facts, path, HOSTILE)))
            try:
                for entry, text in render.files(file):
                    if any(line.startswith("  evil:") for line in text.split("\n")):
                        escaped.append(f"{'.'.join(map(str, path))} breaks out of {entry['path']}")
            except RuntimeError:
                continue  # refused
    result(not escaped, f"{case.name}: hostile texts are quoted or refused", escaped)


def main():
    accept = "--accept" in sys.argv[1:]
    cases = sorted(path for path in golden.iterdir() if (path / "facts.json").exists())
    for case in cases:
        test_case(case, accept)
    test_hostile(golden / "slim")
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
