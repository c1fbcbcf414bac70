#!/usr/bin/env python3
"""Renders share/templates for the projects of golden/, as `cargodeck init` does,
and compares each file.

    test-golden.py            TAP
    test-golden.py --accept   writes what is rendered as what is expected

The project `single` is there file by file; of the others it is there which files
they have and how those differ from single's. A template without a directive is
what is expected of its file. Beside that: names that mean something to YAML, a
shell or a Dockerfile never get out of their place.
"""
import difflib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from projects import FACTS, facts_of, golden, names, render, templates, with_value

BASE = "single"
LIST = "expected.list"  # all its files, also those that are as their template
HOSTILE = 'x"\n  evil: yes\n$(touch /tmp/evil) `id` ${HOME} \' # }} {{'
results = []


def result(good, name, notes=()):
    results.append(good)
    print(f"{'ok' if good else 'not ok'} {len(results)} - {name}")
    for note in notes:
        print(f"# {note}")


def plain_files():
    """Text by path of the templates that hold no directive."""
    entries = json.loads((templates / "templates.json").read_text())["files"]
    texts = {entry["path"]: (templates / entry["template"]).read_text() for entry in entries}
    return {path: text for path, text in texts.items() if "@{" not in text and "%%" not in text}


def stored_name(path):
    """Without the leading dot: a .gitignore in the tree would count there."""
    return "/".join(f"dot-{part[1:]}" if part.startswith(".") else part for part in path.split("/"))


def difference(before, after, plain):
    """Which files a project has, and how those that are rendered differ from single's."""
    lines = [f"{path}\n" for path in sorted(after)]
    for path in sorted(set(after) - plain):
        old = before.get(path)
        lines += difflib.unified_diff((old or "").splitlines(keepends=True), after[path].splitlines(keepends=True),
                                      "/dev/null" if old is None else path, path, n=1)
    return "".join(lines)


def accept(rendered, plain):
    for name, files in rendered.items():
        if name != BASE:
            (golden / name / "expected.diff").write_text(difference(rendered[BASE], files, set(plain)))
    for path in golden.joinpath(BASE).rglob("*"):
        if path.is_file() and path.name != FACTS:
            path.unlink()
    (golden / BASE / LIST).write_text("".join(f"{path}\n" for path in sorted(rendered[BASE])))
    for path, text in rendered[BASE].items():
        if path not in plain:
            file = golden / BASE / stored_name(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def test_base(rendered, plain):
    folder = golden / BASE
    stored = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    del stored[FACTS]
    wanted = {stored_name(path): text for path, text in rendered.items() if path not in plain}
    wanted[LIST] = "".join(f"{path}\n" for path in sorted(rendered))
    notes = [f"not expected: {path}" for path in set(wanted) - set(stored)]
    notes += [f"not rendered: {path}" for path in set(stored) - set(wanted)]
    notes += [f"differs: {path}" for path in set(wanted) & set(stored) if stored[path] != wanted[path]]
    result(not notes, f"{BASE}: {len(rendered)} files are as expected", notes)


def test_other(name, rendered, base, plain):
    is_now, was = difference(base, rendered, set(plain)).splitlines(), (golden / name / "expected.diff").read_text().splitlines()
    notes = [line for line in difflib.unified_diff(was, is_now, "expected", "rendered", lineterm="", n=0)]
    result(not notes, f"{name}: {len(rendered)} files are as expected", notes)


def test_texts(name, rendered, plain):
    odd = [path for path, text in rendered.items() if not text.endswith("\n") or "%%" in text or "@{" in text]
    odd += [path for path, text in rendered.items() if path in plain and text != plain[path]]
    result(not odd, f"{name}: nothing of the template is left, and what has no directive is as it was", odd)


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


def test_hostile(name):
    """Each text in turn is one that would break out: it is quoted, or refused."""
    facts = facts_of(name)
    escaped = []
    for path in places(facts):
        try:
            rendered = render(with_value(facts, path, HOSTILE))
        except RuntimeError:
            continue  # refused
        escaped += [f"{'.'.join(map(str, path))} breaks out of {file}" for file, text in rendered.items()
                    if any(line.startswith("  evil:") for line in text.split("\n"))]
    result(not escaped, f"{name}: hostile texts are quoted or refused", escaped)


def main():
    plain = plain_files()
    rendered = {name: render(facts_of(name)) for name in names()}
    if "--accept" in sys.argv[1:]:
        accept(rendered, plain)
    test_base(rendered[BASE], plain)
    for name in rendered:
        if name != BASE:
            test_other(name, rendered[name], rendered[BASE], plain)
        test_texts(name, rendered[name], plain)
    test_hostile("slim")
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
