"""The launcher on this machine, without containers: real programs, swapped
under load. This file plays the hub. Prints TAP."""

import os
import signal
import subprocess
import sys
import tempfile
import time

from launched import *

@test
def swaps_an_event_loop_under_new_connections():
    return under_load("edge", kept=False)


@test
def swaps_an_event_loop_under_kept_connections():
    return under_load("edge", kept=True)


@test
def swaps_without_a_sigterm_handler():
    return under_load("plain", kept=True)


@test
def swaps_blocking_accepts():
    return under_load("blocking", kept=False) + "; kept: " + under_load("blocking", kept=True)


@test
def swaps_a_static_event_loop_under_new_connections():
    return under_load("edge", kept=False, static=True)


@test
def swaps_static_blocking_accepts():
    return under_load("blocking", kept=False, static=True)


@test
def swaps_a_static_event_loop_under_kept_connections():
    return under_load("edge", kept=True, static=True)


@test
def swaps_a_static_program_without_a_sigterm_handler():
    return under_load("plain", kept=True, static=True)


def refused(kind, reason, **more):
    port = free_port()
    launched = Launched("edge", port)
    try:
        launched.compile(1)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        folder = launched.state / "gen" / "2"
        folder.mkdir()
        # the same server, of another kind
        source = (SOURCE / "tests/deckhand/server.c").read_text().replace('const char *kind = argc > 1 ? argv[1] : "";', f'const char *kind = argc > 0 ? "{kind}" : "";')
        (folder / "server.c").write_text(source)
        subprocess.run(["gcc", "-D_GNU_SOURCE", '-DVERSION="v2"', "-pthread", "-o", folder / "server", folder / "server.c"], check=True)
        with Load(port, kept=False) as load:
            what, got, _ = launched.swap(2, **more)
            assert what == FAILED and got["reason"] == reason, got
            at = len(load.answers)
            while len(load.answers) < at + 20:
                time.sleep(0.001)
        assert not load.failures, load.failures[:3]
        assert load.answers[-1][2] == "v1"
        return got.get("data", "")[:60].replace("\n", " ")
    finally:
        launched.close()


@test
def keeps_the_old_one_when_the_new_one_panics():
    return refused("panics", "exited")


@test
def keeps_the_old_one_when_the_new_one_never_accepts():
    return refused("deaf", "never-accepted", ready_ms=700)


@test
def keeps_the_old_one_when_the_new_one_never_listens():
    return refused("worker", "never-listened", ready_ms=700)


@test
def swaps_one_that_cannot_live_twice():
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        launched = Launched("pidfile", port, folder + "/pid")
        try:
            launched.compile(1)
            launched.compile(2)
            launched.select(1)
            launched.start()
            launched.wait(READY, swap=0)
            with Load(port, kept=False) as load:
                what, got, seconds = launched.swap(2)
                assert what == READY and got["mode"] == "alone", got
                what, got, again = launched.swap(1)
                assert what == READY and got["mode"] == "alone", got
                at = len(load.answers)
                while len(load.answers) < at + 20:
                    time.sleep(0.001)
            assert not load.failures, load.failures[:3]
            assert get(port) == "v1"
            return f"first {seconds * 1000:.0f} ms, remembered {again * 1000:.0f} ms, waited {got['waited_ms']} ms"
        finally:
            launched.close()


@test
def restarts_a_worker():
    launched = Launched("worker", 0)
    try:
        launched.compile(1)
        launched.compile(2)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        what, got, seconds = launched.swap(2)
        assert what == READY and got["mode"] == "restart", got
        return f"{seconds * 1000:.0f} ms"
    finally:
        launched.close()


@test
def ends_with_the_code_of_its_program():
    launched = Launched("once", 0)
    try:
        launched.compile(1)
        launched.select(1)
        launched.start()
        assert launched.process.wait(10) == 0
        return ""
    finally:
        launched.close()


@test
def stops_at_sigterm_with_its_program():
    launched = Launched("plain", free_port())
    try:
        launched.compile(1)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        child = int(subprocess.run(["pgrep", "-P", str(launched.process.pid)], capture_output=True, text=True, check=True).stdout)
        os.kill(child, signal.SIGTERM)
        assert launched.process.wait(10) == 143, launched.process.returncode
        return ""
    finally:
        launched.close()


sys.exit(main())
