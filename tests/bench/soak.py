"""Half an hour of the screen on 50 services that write without pause, with keys
pressed all the while: what it keeps must not grow. Not a part of the whole bench:
  make bench BENCH=soak [SOAK_SECONDS=1800]"""

import os
import pathlib
import random
import statistics
import time

from costs import memory
from harness import check
from screen_stack import image, stack
from screens import own_subjects

SERVICES = 50
SECONDS = int(os.environ.get("SOAK_SECONDS", "1800"))
WARM = SECONDS * 0.4  # until each log has reached its bound
SAMPLE = 10
# Around the panes, merged logs and single ones, searches, filters, sizes: all that holds something.
KEYS = ["j", "k", "\t", "z", "z", "l", "l", "G", "g", "/checkout\r", "n", "N", "&cart\r", "&\x15\r", "t", "w", "?", "\x1b[27u", "i",
        "\x1b[27u", "y", "\x1b[27u", "o", "\x1b[27u", "+", "-", "|", "|", "!", "\x1b[27u", ":", "\x1b[27u", " ", " "]


def sample(program):
    return memory(program.process.pid), len(os.listdir(f"/proc/{program.process.pid}/fd"))


def soak(table):
    with image() as made, stack("soak", made) as project:
        project.grow(SERVICES)
        config = pathlib.Path(project.env["XDG_CONFIG_HOME"]) / "cargodeck"
        config.mkdir(parents=True, exist_ok=True)
        (config / "config.ini").write_text("[logs]\nlog_bytes = 1M\n")
        with own_subjects()[0].on(project) as program:
            program.drain(3)
            for name in project.names:
                project.signal(name, "SIGURG")
            program.type("l")
            keys, began, samples, turn = random.Random(4), time.monotonic(), [], 0
            while (now := time.monotonic() - began) < SECONDS:
                program.type(keys.choice(KEYS))
                check(program.drain(0.5), "the screen has ended")
                program.pieces.clear()
                if now >= turn * SAMPLE:
                    turn += 1
                    samples.append((now, *sample(program)))
            report(table, samples)


def report(table, samples):
    warm = [each for each in samples if each[0] >= WARM]
    third = max(1, len(warm) // 3)
    early, late = (statistics.median(each[1] for each in part) for part in (warm[:third], warm[-third:]))
    first, last = (max(each[2] for each in part) for part in (warm[:third], warm[-third:]))
    table.say(f"PSS by time: {', '.join(f'{at:.0f} s {pss:.0f}' for at, pss, _ in samples[:: max(1, len(samples) // 12)])} MiB")
    table.add(f"soak: PSS after {SECONDS // 60} min of {SERVICES} services, 5k lines/s", f"{early:.1f}, then {late:.1f} MiB", "+2 MiB",
              late - early <= 2)
    # the keys open and close the logs of all services: the most of each third is held against the other's
    table.add("soak: descriptors, the most", f"{first}, then {last}", "8 more", last - first <= 8)
