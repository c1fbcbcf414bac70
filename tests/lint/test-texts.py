"""Texts hold for every machine: none names a path of the one it was written on,
the mirror or registry it used, or an address that is not documentation; and
they are clean UTF-8 without trailing blanks. Speaks TAP."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

TOP = pathlib.Path(os.environ.get("TEST_SRCDIR", pathlib.Path(__file__).resolve().parents[2])).resolve()
FOLDERS = ("src", "include", "share", "tests", "themes", ".ci")
FILES = ("README.md", "configure.ac", "Makefile.am")
# Made by tools (lock files) or raw on purpose (bytes for the fuzz targets, pictures).
SKIPPED = re.compile(r"(^|/)(Cargo\.lock|target/|corpus/|__pycache__/)|\.(screen|bin|pyc)$")

# Whom an address in a text may name: documentation, standards, this machine, examples.
KNOWN_HOSTS = re.compile(
    r"(localhost|127\.0\.0\.1|\[::1\]|host(:port)?|[a-z0-9.-]*\.(example|invalid|test)|(www\.)?example\.(com|org|net)"
    r"|[%${@].*|[a-z0-9-]+|docs\.[a-z0-9.-]+|doc\.[a-z0-9.-]+|(www\.)?rfc-editor\.org|datatracker\.ietf\.org"
    r"|no-color\.org|[a-z0-9.-]*freedesktop\.org|man7\.org|www\.gnu\.org|json\.schemastore\.org|containers\.dev|github\.com|token\.actions\.githubusercontent\.com|[a-z0-9.-]*oasis-open\.org)"
)
ADDRESS = re.compile(r"https?://([^/\s\"'`)>\\]+)")


def texts():
    for name in FILES:
        if (TOP / name).is_file():
            yield TOP / name
    for folder in FOLDERS:
        for path in sorted((TOP / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and not SKIPPED.search(str(path.relative_to(TOP))):
                yield path


def mirrors():
    """The hosts that this machine's apt and cargo are set to."""
    hosts = set()
    if shutil.which("apt-get"):
        said = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True, check=False)
        hosts |= {ADDRESS.match(line)[1] for line in said.stdout.split() if ADDRESS.match(line)}
    settings = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")) / "config.toml"
    if settings.is_file():
        hosts |= set(ADDRESS.findall(settings.read_text(errors="replace")))
    return {host for host in hosts if "." in host}


def places():
    """Paths of this machine: the folders around the sources, and what is hidden at home."""
    scratch = {pathlib.Path("/"), pathlib.Path(tempfile.gettempdir()), pathlib.Path("/tmp"), pathlib.Path("/var/tmp"), pathlib.Path("/home"), pathlib.Path("/usr"), pathlib.Path("/opt")}
    found = {str(TOP)}
    for around in list(TOP.parents)[:2]:
        if around not in scratch:
            found |= {str(p) for p in around.iterdir() if len(p.name) > 1}
    return {re.escape(place) for place in found} | {re.escape(str(pathlib.Path.home())) + r"/\.[a-z]"}


def main():
    place = re.compile(r"(?<![\w}\"./-])(" + "|".join(sorted(places(), key=len, reverse=True)) + r")(?![\w-])")
    hosts = mirrors()
    wrong = {"no path of one machine": [], "no mirror or registry of one machine": [], "addresses are documentation or examples": [], "clean text": []}
    count = 0
    for path in texts():
        count += 1
        name = path.relative_to(TOP)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            wrong["clean text"].append(f"{name}: not UTF-8")
            continue
        for number, line in enumerate(text.split("\n"), 1):
            at = f"{name}:{number}"
            if place.search(line):
                wrong["no path of one machine"].append(f"{at}: {place.search(line)[0]}")
            for host in hosts:
                if host in line:
                    wrong["no mirror or registry of one machine"].append(f"{at}: {host}")
            for host in ADDRESS.findall(line):
                if not KNOWN_HOSTS.fullmatch(re.sub(r"(:\d+)?[.,;:}]*$", "", host)):
                    wrong["addresses are documentation or examples"].append(f"{at}: {host}")
            if path.suffix in (".c", ".h", ".py", ".am", ".ac", ".rs", ".sh") and line != line.rstrip():
                wrong["clean text"].append(f"{at}: trailing blanks")
    failed = 0
    for number, (name, lines) in enumerate(wrong.items(), 1):
        failed += bool(lines)
        print(f"{'not ' if lines else ''}ok {number} - {name} ({count} files)")
        for line in lines[:20]:
            print(f"# {line}")
    enough = count > 40
    print(f"{'' if enough else 'not '}ok {len(wrong) + 1} - there were files to read")
    print(f"1..{len(wrong) + 1}")
    return 0 if enough and not failed else 1


if __name__ == "__main__":
    raise SystemExit(main())
