"""Every text for people is in the catalogues, and each catalogue is whole: what
the sources say is looked up by gettext(3), nothing is left without a translation,
and a translation takes the same arguments. Speaks TAP."""

import collections
import os
import pathlib
import re
import shlex
import subprocess
import sys

TOP = pathlib.Path(os.environ.get("TEST_SRCDIR", pathlib.Path(__file__).resolve().parents[2])).resolve()
# A text is more than a name: two words at least, or a word that begins a sentence.
TEXT = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}|^[A-Z][a-z]{3,}$")
# What looks like one and is none, by its line and by itself: see each.
NO_TEXT_LINES = re.compile(
    r"\blog_line\(|\bsscanf\(|\bexecl|#include|\bstatic_assert\(|_Static_assert\(|"
    r"json_pack\(|json_unpack|json_object_get\(|\bhelper_|/\* no text \*/|"
    # what is looked for or asked for
    r"\blive_(text|at|number)\(|\bcompose_(member|place)\(|\byaml_(get|at|is|key)\(|\brust_(find|find_string|crate|has_feature)\(|"
    r"\bstrn?(case)?cmp\(|\bstrstr\(|\btext_(starts_with|ends_with|equal|equal_fold)\(|\btree_(find|each|has_folder)\(|"
    r"\bpipe_(command_is|option|with|has_word|is_action|matrix)\(|\bcache_value\("
)
# Written for shells and for roff, in English alone.
NO_TEXT_FILES = {"src/command/complete.c", "src/command/man.c", "src/deck/manual.c"}
NO_TEXTS = TOP / "tests/lint/no-texts"


class Message:
    def __init__(self):
        self.id, self.plural, self.texts, self.places, self.flags = "", None, {}, [], set()


def read_catalogue(text):
    """The messages of a PO file (GNU gettext manual, "The Format of PO Files")."""
    messages, message, field = [], None, None
    for line in text.split("\n"):
        if line.startswith("#") or not line.strip():
            if message is None or message.texts:
                message = Message()
            if line.startswith("#:"):
                message.places += line[2:].split()
            if line.startswith("#,"):
                message.flags |= {flag.strip() for flag in line[2:].split(",")}
            continue
        word, _, rest = line.partition(" ")
        if not line.startswith('"'):
            if word == "msgid" and (message is None or message.texts):
                message = Message()
            field, value = word, rest
        else:
            value = line
        part = re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), value[1:-1])
        if field == "msgid":
            message.id += part
        elif field == "msgid_plural":
            message.plural = (message.plural or "") + part
        elif field.startswith("msgstr"):
            if not message.texts:
                messages.append(message)
            message.texts[field] = message.texts.get(field, "") + part
    return messages


def extract(*options):
    files = [p for folder in ("src", "include") for p in sorted((TOP / folder).rglob("*.[ch]")) if "deckhand" not in p.parts]
    names = [str(p.relative_to(TOP)) for p in files]
    return xgettext(*options, *names)


def xgettext(*words, text=None):
    begin = ["xgettext", "--language=C", "--from-code=UTF-8", "--no-wrap", "--add-location=full", "-o", "-"]
    return read_catalogue(subprocess.run([*begin, *words], cwd=TOP, capture_output=True, text=True, check=True, input=text).stdout)


def sentences():
    """What is said of the files that `init` writes."""
    said = subprocess.run(["sh", "share/po/sentences"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    return xgettext(*keywords(), "-", text=said)


def keywords():
    said = subprocess.run(["sh", "share/po/keywords"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    return [word for word in shlex.split(said) if word.startswith(("--keyword", "--flag"))]


def unmarked(marked):
    """Texts in the sources that nothing looks up."""
    known = {m.id for m in marked} | {m.plural for m in marked if m.plural}
    allowed = set()
    if NO_TEXTS.is_file():
        allowed = {line for line in NO_TEXTS.read_text().split("\n") if line and not line.startswith("#")}
    sources = collections.defaultdict(list)
    for message in extract("--extract-all"):
        if message.id in known or not TEXT.search(re.sub(r"%[-0-9.*]*[a-z]+", "%", message.id)):
            continue
        if message.id.replace("\n", "\\n") in allowed:
            continue
        for place in message.places:
            name, _, line = place.rpartition(":")
            if name in NO_TEXT_FILES:
                continue
            if name not in sources:
                sources[name] = (TOP / name).read_text().split("\n")
            near = "\n".join(sources[name][max(0, int(line) - 2) : int(line)])
            if not NO_TEXT_LINES.search(near):
                yield f"{place}: {message.id[:100]!r}"


def faults_of(catalogue, marked):
    known = {m.id: m for m in catalogue if "fuzzy" not in m.flags}
    for message in marked:
        if message.id == "":
            continue
        found = known.get(message.id)
        if found is None:
            yield f"not in it: {message.id[:100]!r}"
        elif not all(found.texts.values()) or (message.plural and len(found.texts) < 3):
            yield f"no translation: {message.id[:100]!r}"
        else:
            for text in found.texts.values():
                if any(c in text for c in "\x1b\x07") or text.startswith(" ") != message.id.startswith(" ") or text.endswith("\n") != message.id.endswith("\n"):
                    yield f"other blanks at its ends: {message.id[:100]!r}"


def report(number, name, wrong):
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
    for each in wrong[: int(os.environ.get("MOST", "20"))]:
        print(f"# {each}")
    if len(wrong) > 20:
        print(f"# and more: {len(wrong)} in all")
    return not wrong


def main():
    marked = extract(*keywords()) + sentences()
    russian = read_catalogue((TOP / "share/po/ru.po").read_text(encoding="utf-8"))
    ids = {m.id for m in marked}
    checked = subprocess.run(["msgfmt", "--check-format", "--check-domain", "-o", "/dev/null", "share/po/ru.po"], cwd=TOP, capture_output=True, text=True, check=False)
    print("1..4")
    good = report(1, "every text is looked up", list(unmarked(marked)))
    good &= report(2, "Russian is whole", list(faults_of(russian, marked)))
    good &= report(3, "Russian holds nothing that is no longer said", [f"{m.id[:100]!r}" for m in russian if m.id not in ids and m.id])
    good &= report(4, "translations take the same arguments", checked.stderr.split("\n") if checked.returncode else [])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
