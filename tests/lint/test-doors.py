"""One door for each library, and rooms that know only the rooms below them.
Reads the #include lines of src/ and include/; speaks TAP."""

import os
import pathlib
import re

TOP = pathlib.Path(os.environ.get("TEST_SRCDIR", pathlib.Path(__file__).resolve().parents[2]))

# A library's headers, and the rooms that may include them.
DOORS = [
    (r"curl/.*", "engine"),
    (r"(ncursesw/)?(n?curses|panel|term)\.h", "tui"),
    (r"inotifytools/.*", "watch"),
    (r"uv(/.*|\.h)", "loop"),
    (r"pcre2\.h", "logs"),
    (r"yaml\.h", "checks"),
    (r"vterm\.h", "attach"),
    (r"ini\.h", "config"),
    (r"jansson\.h", "config project engine build data templates checks release deck"),
]

# What a room may know besides itself. `view` and `commands` are plain tables of
# the deck that the screen reads; `verbs` is what the deck does in a shell; `deckhand` is the wire to the helper.
KNOWS = {
    "base": "",
    "loop": "base",
    "config": "base",
    "dockerfile": "base",
    "project": "base loop dockerfile",
    "engine": "base loop",
    "watch": "base loop",
    "build": "base loop deckhand",
    "services": "base",
    "logs": "base loop",
    "data": "base loop",
    "attach": "base loop",
    "templates": "base",
    "checks": "base dockerfile",  # the one reader of Dockerfiles
    "release": "base loop",
    "command": "base",
    "view": "base",
    "commands": "command",
    "deck": "base loop config dockerfile project engine watch build services logs data attach templates checks release command deckhand view commands verbs",
    "tui": "base loop config command deck view commands logs",  # logs: patterns and lines as people read them
    "deckhand": "",
    "verbs": "base command deck",
    "main": "base command commands config verbs screen",
    "editor": "base",
    "screen": "base loop config command commands deck tui view verbs editor",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.MULTILINE)


def room_of(path):
    parts = path.relative_to(TOP).parts
    if parts[0] == "include":
        return path.stem
    return parts[1] if len(parts) > 2 else path.stem


def through_a_wall(path, room, header):
    """The sentence that says what is wrong with this include, or None."""
    for pattern, rooms in DOORS:
        if re.fullmatch(pattern, header) and room not in rooms.split():
            return f"{header} belongs to {rooms.replace(' ', ', ')}"
    other = None
    if header.startswith("cargodeck/"):
        other = pathlib.PurePath(header).stem
    elif "/" in header and (path.parent / header).exists():
        other = room_of((path.parent / header).resolve())
        if other != room:
            return f"{header} is the inside of another room: include its public header"
    if other is None or other == room:
        return None
    if room not in KNOWS:
        return f"the room {room} is not in the table of this test"
    if other not in KNOWS[room].split():
        return f"{room} must not know {other}"
    return None


def main():
    files = sorted(p for top in ("src", "include") for p in (TOP / top).rglob("*.[ch]"))
    number, failed = 0, 0
    rooms = {}
    for path in files:
        rooms.setdefault(room_of(path), []).append(path)
    for room, paths in sorted(rooms.items()):
        wrong = []
        for path in paths:
            for match in INCLUDE.finditer(path.read_text()):
                sentence = through_a_wall(path, room, match[1])
                if sentence:
                    wrong.append(f"{path.relative_to(TOP)}: {sentence}")
        number += 1
        failed += bool(wrong)
        print(f"{'not ' if wrong else ''}ok {number} - {room} keeps to its doors ({len(paths)} files)")
        for line in wrong:
            print(f"# {line}")
    number += 1
    print(f"{'' if len(files) > 10 else 'not '}ok {number} - there were files to read")
    print(f"1..{number}")
    return 1 if failed or len(files) <= 10 else 0


if __name__ == "__main__":
    raise SystemExit(main())
