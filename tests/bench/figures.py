"""Figures and the one table in which they end: medians with p95, the goal, and
whether it was met. A section that cannot run leaves its reason, never a row."""

import os
import pathlib
import subprocess
import time

PEERS = ("compose watch", "bacon", "watchexec -r", "cargo watch", "floor", "raw reader", "dtop", "oxker", "mprocs", "docker stats",
         "docker logs", "lazydocker", "ctop")


def share(values, percent):
    """The value that `percent` of all do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values):
    return share(values, 50)


def ms(value):
    return f"{value:.1f}" if abs(value) < 99.95 else f"{value:.0f}"


def spread(values):
    """Median and p95, in ms."""
    return f"{ms(median(values))} / {ms(share(values, 95))} ms"


def first_line(*words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        return (done.stdout.strip().splitlines() or ["none"])[0]
    except OSError:
        return "none"


def machine():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    engine = first_line("docker", "version", "--format", "{{.Server.Version}}")
    compose = first_line("docker", "compose", "version", "--short")
    return (f"{model}, {os.cpu_count()} cores, {memory:.0f} GB; Linux {os.uname().release}; "
            f"engine {engine}, compose {compose}; {first_line('cargo', '--version')}")


def load():
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


class Table:
    def __init__(self):
        self.rows = []
        self.notes = []
        self.began = time.monotonic()
        self.loads = [load()]

    def say(self, text):
        print(f"# {time.monotonic() - self.began:4.0f} s  {text}", flush=True)

    def note(self, text):
        self.notes.append(text)
        self.say(text)

    def add(self, line, ours, goal="", met=None, peers=None):
        """`met`: None where there is no goal."""
        self.rows.append((line, goal, ours, {True: "met", False: "MISSED", None: ""}[met], peers or {}))
        self.say(f"{line}: {ours}" + (f" (goal {goal}: {self.rows[-1][3]})" if goal else ""))

    def peer(self, line, name, text):
        """Another program's figure beside a line of ours; a line of its own where ours is not there yet."""
        for row in self.rows:
            if row[0] == line:
                row[4][name] = text
                return
        self.rows.append((line, "", "", "", {name: text}))

    def missed(self):
        return [row for row in self.rows if row[3] == "MISSED"]

    def show(self):
        self.loads.append(load())
        used = [name for name in PEERS if any(name in row[4] for row in self.rows)]
        cells = [["", "goal", "ours", "", *used]]
        cells += [[line, goal, ours, verdict, *(peers.get(name, "") for name in used)] for line, goal, ours, verdict, peers in self.rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        print()
        for number, row in enumerate(cells):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
            if number == 0:
                print("  ".join("-" * width for width in widths))
        print()
        for text in self.notes:
            print(f"* {text}")
        goals = [row for row in self.rows if row[3]]
        print(f"* {len(goals) - len(self.missed())} of {len(goals)} goals met; pairs are median / p95 unless said; "
              f"{time.monotonic() - self.began:.0f} s in all")
        print(f"* load average before {self.loads[0]}, after {self.loads[-1]}")
        print(f"* {machine()}", flush=True)
