"""What it costs to watch: how often cargo starts for a save and for a checkout,
how long the first walk takes, what the loop takes when nothing happens."""

import contextlib
import fcntl
import os
import pathlib
import pty
import re
import select
import struct
import subprocess
import termios
import time

from figures import ms
from harness import BUILT, PROGRAM, Failed, check, run

IDLE_SECONDS = 10
CHECKOUT = 5000


# ---- how editors save ----

def save_vim(path, text):
    swap, probe, backup = path.with_name(f".{path.name}.swp"), path.with_name("4913"), path.with_name(path.name + "~")
    swap.write_text("b0VIM")
    probe.write_text("")
    probe.unlink()
    path.rename(backup)
    with open(path, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    path.chmod(0o644)
    backup.unlink()
    swap.unlink()


def save_emacs(path, text):
    lock, own, backup = path.with_name(f".#{path.name}"), path.with_name(f"#{path.name}#"), path.with_name(path.name + "~")
    lock.symlink_to("somebody@somewhere.1:1")
    own.write_text(text)
    path.rename(backup)
    path.write_text(text)
    own.unlink()
    lock.unlink()


def save_jetbrains(path, text):
    new, old = path.with_name(path.name + "___jb_tmp___"), path.with_name(path.name + "___jb_old___")
    new.write_text(text)
    path.rename(old)
    new.rename(path)
    old.unlink()


def save_rename(path, text):
    new = path.with_name("sedX1Y2Z3")
    new.write_text(text)
    new.rename(path)


def save_touch(path, text):
    del text
    os.utime(path)


SAVES = {"vim": save_vim, "emacs": save_emacs, "JetBrains": save_jetbrains, "rename": save_rename, "touch": save_touch}


def count_starts(deck, since):
    """Cargo processes started and killed since then."""
    started = len(deck.seen("build", since, state="started"))
    killed = len(deck.seen("build", since, state="cancelled"))
    return started, killed + sum(e.get("restarted", 0) for e in deck.seen("build", since) if e.get("state") in ("passed", "failed"))


def quiet(deck, seconds=0.4):
    """Until the deck has said nothing for that long."""
    with deck.news:
        while deck.news.wait(seconds):
            pass


def editors(table, deck, work, times):
    path = work.root / "ways/src/bin/plain.rs"
    text = path.read_text()
    for name, save in SAVES.items():
        started = killed = 0
        for number in range(times):
            since = deck.mark()
            save(path, f"{text}// {name} {number}\n")
            deck.wait("build", 60, since=since, state="passed")
            quiet(deck)
            one = count_starts(deck, since)
            started, killed = started + one[0], killed + one[1]
        table.add(f"cargo started / killed, a save of {name}", f"{started / times:.1f} / {killed / times:.1f}",
                  "1, at most 1 begun again", started - killed == times and killed <= times)
    backup = path.with_name(path.name + "~")
    backup.unlink(missing_ok=True)


def big_branch(work, git):
    """A branch with many more files, made without touching the work tree."""
    blob = run("git", "-C", work.root, "hash-object", "-w", "--stdin", input="pub fn part() {}\n").stdout.strip()
    lines = "".join(f"100644 {blob}\tways/src/more/d{i % 50}/f{i}.rs\n" for i in range(CHECKOUT))
    env = dict(os.environ, GIT_INDEX_FILE=str(work.folder / "index"))
    run("git", "-C", work.root, "read-tree", "HEAD", env=env)
    run("git", "-C", work.root, "update-index", "--add", "--index-info", input=lines, env=env)
    tree = run("git", "-C", work.root, "write-tree", env=env).stdout.strip()
    commit = git(work, "commit-tree", tree, "-p", "HEAD", "-m", "many").stdout.strip()
    run("git", "-C", work.root, "branch", "many", commit)


def checkout(table, deck, work, git):
    big_branch(work, git)
    since = deck.mark()
    git(work, "checkout", "-q", "-f", "HEAD")
    quiet(deck, 1.5)
    since = deck.mark()
    git(work, "checkout", "-q", "many")
    ended = time.monotonic()
    deck.wait("build", 120, since=since, state="passed")
    quiet(deck, 1.5)
    started, killed = count_starts(deck, since)
    first = min(e["at"] for e in deck.seen("build", since, state="started"))
    table.add(f"cargo started / killed, a checkout of {CHECKOUT} files", f"{started} / {killed}, {ms((first - ended) * 1000)} ms after its end",
              "1, after its end", started == 1 and first >= ended)


# ---- the walk, the store ----

def walk(table):
    done = run(BUILT / "tests/bench/bench-watch", timeout=900)
    goals = {10000: 200, 100000: 2000}
    for folders, files, watch, alone, find in re.findall(
            r"(\d+) folders, (\d+) files in each\s+walk and watch ([\d.]+) ms \(walk alone ([\d.]+)\)\s+find -type d ([\d.]+) ms", done.stdout):
        goal = goals.get(int(folders))
        table.add(f"walk and watch, {int(folders) // 1000}k folders, {files} files in each",
                  f"{watch} ms (find {find} ms)", f"{goal} ms" if goal else "", float(watch) <= goal if goal else None)
    for name, rest in re.findall(r"^save -> early\(\), (\d+ saves)\s+(.*)$", done.stdout, re.M):
        table.add(f"save to the watch's first word, {name}", " ".join(rest.split()))
    check("folders" in done.stdout, "bench-watch said nothing of folders")


def logs(table):
    done = run(BUILT / "tests/bench/bench-logs", "200000", timeout=300)
    for line in done.stdout.splitlines():
        found = re.match(r"(intake \S+|search .+?)\s{2,}(.*)$", line) or re.match(r"(intake \S+|search .{28})\s*(.*)$", line)
        if found:
            table.add(f"logs: {found[1].strip()}", " ".join(found[2].split()))


# ---- nothing happens ----

def processes_below(pid):
    """That process and its children."""
    found, at = [pid], 0
    while at < len(found):
        for path in pathlib.Path(f"/proc/{found[at]}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in path.read_text().split()]
        at += 1
    return found


def cpu_ns(pid):
    total = 0
    for each in processes_below(pid):
        for path in pathlib.Path(f"/proc/{each}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(path.read_text().split()[0])
    return total


def switches(pid):
    total = 0
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        with contextlib.suppress(OSError):
            total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", path.read_text(), re.M)[1])
    return total


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024


def rest(table, what, pid, pause):
    cpu, woken, began = cpu_ns(pid), switches(pid), time.monotonic()
    pause(IDLE_SECONDS)
    took = time.monotonic() - began
    share = (cpu_ns(pid) - cpu) / 1e7 / took
    table.add(f"idle, {what}: CPU of one core, over {IDLE_SECONDS} s", f"{share:.2f} %, woken {(switches(pid) - woken) / took:.0f} a second")
    table.add("  its memory (PSS)", f"{memory(pid):.1f} MB")


def idle_watch(table, deck, what):
    quiet(deck, 1.5)
    rest(table, what, deck.process.pid, time.sleep)


class Screen:
    """`cargodeck up` on a terminal of its own, its output read and dropped."""

    def __init__(self, work):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen([str(PROGRAM), "up"], cwd=work.root, env=dict(work.env, TERM="xterm-256color"),
                                        stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.read = 0

    def drain(self, seconds):
        """Reads for that long; false: it has ended."""
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    self.read += len(os.read(self.master, 65536))
                except OSError:
                    return False
        return True

    def close(self):
        with contextlib.suppress(OSError):
            os.write(self.master, b"q")
        limit = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < limit:
            self.drain(0.2)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)


def idle_screen(table, work):
    """The stack is up already; the screen opens on it."""
    screen = Screen(work)
    try:
        limit = time.monotonic() + 120
        while True:
            check(screen.drain(2) and time.monotonic() < limit, "the screen did not come to rest")
            done = work.cargodeck("ps", "--json", check_status=False)
            if done.returncode == 0 and '"generation"' in done.stdout and not re.search(r'"state": *"(starting|waiting|restarting)"', done.stdout):
                break
        screen.drain(5)
        before = screen.read
        rest(table, "screen on a terminal", screen.process.pid, screen.drain)
        table.add("  bytes written to the terminal in that time", str(screen.read - before))
    finally:
        screen.close()


def skipped(table, name, why):
    table.note(f"skipped: {name}: {why}")


__all__ = ["Failed", "checkout", "editors", "idle_screen", "idle_watch", "logs", "skipped", "walk"]
