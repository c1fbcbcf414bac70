"""The launcher on this machine, without containers: real programs, swapped
under load. This file plays the hub. Prints TAP."""

import ctypes
import http.client
import os
import pathlib
import signal
import socket
import struct
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


def kept(port):
    """A connection that was answered once and is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    return connection, connection.getresponse().read().decode()


@test
def answers_who_asks_just_when_the_reading_side_is_shut():
    launched = Launched("remembers", free_port())
    try:
        launched.compile(1)
        launched.compile(2)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        connection, body = kept(launched.port)
        assert body == "v1", body
        other = http.client.HTTPConnection("127.0.0.1", launched.port, timeout=10)
        other.request("GET", "/busy")
        kind, got, _ = launched.swap(2)
        assert kind == READY, got
        launched.wait_output(b"shut")
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.read() == b"v1"
        assert other.getresponse().read() == b"v1"
        drained = launched.wait(DRAINED, generation=1)[2]
        assert drained.get("killed") != "1", drained
        assert get(launched.port) == "v2"
    finally:
        launched.close()


@test
def tells_clients_that_an_answer_is_the_last_one():
    launched = Launched("edge", free_port())
    try:
        launched.compile(1)
        launched.compile(2)
        launched.select(1)
        launched.start()
        launched.wait(READY, swap=0)
        connection, body = kept(launched.port)
        connection.request("GET", "/")
        before = connection.getresponse()
        assert before.getheader("connection") is None and before.read() == b"v1"
        assert launched.swap(2)[0] == READY
        connection.request("GET", "/")  # far within the time that it is waited for
        last = connection.getresponse()
        assert last.read() == b"v1" and last.getheader("connection") == "close", last.headers
        assert last.getheader("content-length") == "2", last.headers
        connection.close()
        drained = launched.wait(DRAINED, generation=1)[2]
        assert drained.get("killed") != "1", drained
        connection, body = kept(launched.port)
        assert body == "v2"
    finally:
        launched.close()


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
        launched.compile(2, kind=kind)
        with Load(port, kept=False) as load:
            what, got, _ = launched.swap(2, **more)
            assert what == FAILED and got["reason"] == reason, got
            until(load, 20)
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
                until(load, 20)
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
        os.kill(launched.launcher(), signal.SIGTERM)
        assert launched.process.wait(10) == 143, launched.process.returncode
        return ""
    finally:
        launched.close()


class Served:
    """A launcher whose first generation is ready, and ends with the test."""

    def __init__(self, *arguments, static=False, kinds=(None,), before=None, **environment):
        self.launched = Launched(*arguments)
        self.launched.before = before
        self.static, self.kinds, self.environment = static, kinds, environment

    def __enter__(self):
        try:
            for number, kind in enumerate(self.kinds, 1):
                self.launched.compile(number, static=self.static, kind=kind)
            self.launched.select(1)
            self.launched.start(**self.environment)
            self.launched.wait(READY, swap=0)
        except BaseException:
            self.launched.close()
            raise
        return self.launched

    def __exit__(self, *_):
        self.launched.close()


def changes_kind(before, after, mode):
    with Served("any", free_port(), static=True, kinds=(before, after, before)) as launched, Load(launched.port, kept=False) as load:
        what, got, _ = launched.swap(2)
        assert what == READY and got["mode"] == mode, got
        launched.wait(DRAINED, generation=1)
        until(load, 20)
        assert load.answers[-1][2] == "v2", load.answers[-1]
        what, got, _ = launched.swap(3)
        assert what == READY and got["mode"] == mode, got
        launched.wait(DRAINED, generation=2)
        until(load, 20)
        assert load.answers[-1][2] == "v3", load.answers[-1]
        assert not load.failures, load.failures[:3]
        return f"waited {got.get('waited_ms', 0)} ms"


@test
def static_ones_of_unlike_flags_never_live_together():
    return changes_kind("blocking", "fromstd", "alone")


@test
def static_ones_of_like_flags_live_together():
    return changes_kind("fromstd", "fromstd", "seccomp")


@test
def a_static_program_becomes_a_dynamic_one_and_back():
    with Served("blocking", free_port(), kinds=(None, None, None)) as launched, Load(launched.port, kept=False) as load:
        (launched.state / "gen/2/server").unlink()
        (launched.state / "gen/2").rmdir()
        launched.compile(2, static=True)
        for number in 2, 3:
            what, got, _ = launched.swap(number)
            assert what == READY and got["mode"] == "alone", got
            until(load, 20)
            assert load.answers[-1][2] == f"v{number}", load.answers[-1]
        assert not load.failures, load.failures[:3]


def crash(port):
    try:
        get(port, "/crash")
    except (OSError, http.client.HTTPException):
        return
    raise AssertionError("it did not crash")


def holds_after_a_crash(static):
    with Served("blocking", free_port(), static=static, kinds=(None, None)) as launched:
        launched.send(BUILDING, on=1)
        until_heard(launched)
        crash(launched.port)
        launched.wait(ENDED, generation=1, signal=6)
        early = [http.client.HTTPConnection("127.0.0.1", launched.port, timeout=10) for _ in range(4)]
        for client in early: # nobody runs: they are taken in and wait
            client.request("GET", "/")
        what, got, _ = launched.swap(2)
        assert what == READY and got["generation"] == "2", got
        assert [client.getresponse().read() for client in early] == [b"v2"] * 4
        return f"waited {got['waited_ms']} ms"


def until_heard(launched):
    """Frames are read in order: an order that is refused answers for those before."""
    launched.send(SWAP, swap=900, generation=0)
    launched.wait(FAILED, swap=900)


@test
def holds_connections_after_a_crash_while_a_save_builds():
    return holds_after_a_crash(static=False)


@test
def holds_connections_after_a_crash_of_a_static_program():
    return holds_after_a_crash(static=True)


@test
def ends_after_a_crash_when_no_build_comes_of_it():
    with Served("blocking", free_port()) as launched:
        launched.send(BUILDING, on=1)
        until_heard(launched)
        crash(launched.port)
        began = time.monotonic()
        assert launched.process.wait(10) == 134, launched.process.returncode
        seconds = time.monotonic() - began
        assert 0.5 < seconds < 3, f"it held for {seconds:.1f} s"


@test
def ends_at_once_after_a_crash_without_a_build():
    with Served("blocking", free_port()) as launched:
        crash(launched.port)
        launched.wait(ENDED, generation=1, signal=6)
        assert launched.process.wait(10) == 134, launched.process.returncode


@test
def the_new_one_takes_over_when_the_old_one_crashes_meanwhile():
    with Served("blocking", free_port(), kinds=(None, "late")) as launched:
        launched.send(SWAP, swap=1, generation=2, mode="auto", grace_ms=5000)
        launched.wait(SWAPPING, swap=1)
        crash(launched.port)
        launched.wait(READY, swap=1, generation=2)
        launched.wait(DRAINED, generation=1)
        assert get(launched.port) == "v2"


@test
def ends_with_the_old_ones_code_when_both_crash():
    with Served("blocking", free_port(), kinds=(None, "late-panics")) as launched:
        launched.send(SWAP, swap=1, generation=2, mode="auto", grace_ms=5000)
        launched.wait(SWAPPING, swap=1)
        crash(launched.port)
        launched.wait(FAILED, swap=1, reason="exited", status=101)
        assert launched.process.wait(10) == 134, launched.process.returncode


@test
def goes_back_when_the_new_one_fails_alone():
    with Served("blocking", free_port(), kinds=(None, "panics")) as launched, Load(launched.port, kept=False) as load:
        what, got, _ = launched.swap(2, mode="alone")
        assert what == FAILED and got["reason"] == "exited" and got["status"] == "101", got
        launched.wait(READY, swap=1, generation=1)
        until(load, 20)
        assert load.answers[-1][2] == "v1"
        launched.compile(3)
        what, got, _ = launched.swap(3)
        assert what == READY and got["mode"] == "preload", got
        assert not load.failures, load.failures[:3]


@test
def goes_back_when_the_new_one_is_never_ready_alone():
    with Served("blocking", free_port(), kinds=(None, "worker")) as launched, Load(launched.port, kept=False) as load:
        what, got, _ = launched.swap(2, mode="alone", ready_ms=300)
        assert what == FAILED and got["reason"] == "never-listened", got
        launched.wait(READY, swap=1, generation=1)
        until(load, 20)
        assert not load.failures, load.failures[:3]


def stops_while_a_swap_runs(static):
    with Served("plain", free_port(), static=static, kinds=(None, "deaf")) as launched:
        launched.send(SWAP, swap=1, generation=2, mode="auto", grace_ms=5000)
        launched.wait(SWAPPING, swap=1)
        os.kill(launched.launcher(), signal.SIGTERM)
        assert launched.process.wait(10) == 143, launched.process.returncode


@test
def stops_at_sigterm_while_a_swap_runs():
    stops_while_a_swap_runs(static=False)
    stops_while_a_swap_runs(static=True)


@test
def a_handled_sigterm_ends_it_with_zero():
    with Served("edge", free_port(), static=True) as launched:
        os.kill(launched.launcher(), signal.SIGTERM)
        launched.wait(ENDED, generation=1, status=0)
        assert launched.process.wait(10) == 0, launched.process.returncode


@test
def says_the_generation_at_each_change():
    with Served("blocking", free_port(), kinds=(None, None)) as launched:
        launched.swap(2)
        launched.wait(DRAINED, generation=1)
        os.kill(launched.launcher(), signal.SIGTERM)
        launched.process.wait(10)
        launched.reader.join(10)
        lines = b"".join(launched.output).decode().splitlines()
        assert lines.count("cargodeck: serving g2") == 1, lines
        assert lines.count("started v1") == 1 and lines.count("started v2") == 1, lines


@test
def children_see_nothing_of_the_library():
    with Served("blocking", free_port()) as launched:
        seen = get(launched.port, "/children")
        assert "PATH=" in seen
        assert "CARGODECK" not in seen and "LD_PRELOAD" not in seen, seen


@test
def keeps_a_preload_that_was_there():
    with Served("blocking", free_port(), LD_PRELOAD="libm.so.6", EXPECT_PRELOAD="libm.so.6", kinds=(None, None)) as launched:
        assert "LD_PRELOAD=libm.so.6\n" in get(launched.port, "/children")
        maps = pathlib.Path(f"/proc/{launched.program()}/maps").read_text()
        assert "/libm.so.6" in maps and "/preload.so" in maps
        what, got, _ = launched.swap(2)
        assert what == READY and got["mode"] == "preload", got


@test
def asks_the_ready_path_of_the_new_one():
    with Served("blocking", free_port(), kinds=(None, None)) as launched, Load(launched.port, kept=False) as load:
        what, got, seconds = launched.swap(2, ready="/ready")
        assert what == READY, got
        assert seconds >= 0.3, f"ready after {seconds * 1000:.0f} ms"
        assert not load.failures, load.failures[:3]
        return f"{seconds * 1000:.0f} ms"


@test
def asks_the_ready_path_of_a_static_one():
    with Served("blocking", free_port(), static=True, kinds=(None, None)) as launched, Load(launched.port, kept=False) as load:
        what, got, seconds = launched.swap(2, ready="/ready")
        assert what == READY and got["mode"] == "seccomp", got
        assert seconds >= 0.3, f"ready after {seconds * 1000:.0f} ms"
        assert not load.failures, load.failures[:3]
        return f"{seconds * 1000:.0f} ms"


@test
def asks_a_ready_command():
    with Served("blocking", free_port(), kinds=(None, None)) as launched:
        mark = launched.state / "mark"
        what, got, _ = launched.swap(2, ready=f"test -e {mark}", ready_ms=400)
        assert what == FAILED and got["reason"] == "timeout", got
        assert get(launched.port) == "v1"
        mark.touch()
        what, got, _ = launched.swap(2, ready=f"test -e {mark}")
        assert what == READY, got


def without_seccomp():
    """As on a kernel without it: seccomp(2) answers ENOSYS (a filter of this side)."""
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = struct.pack("HBBI", 0x20, 0, 0, 0) + struct.pack("HBBI", 0x15, 0, 1, 317) + \
        struct.pack("HBBI", 0x06, 0, 0, 0x00050000 | 38) + struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)
    steps = ctypes.create_string_buffer(numbers, len(numbers))
    program = struct.pack("HxxxxxxP", 4, ctypes.addressof(steps))
    if libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) != 0:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        raise OSError(ctypes.get_errno(), "no filter")


@test
def restarts_a_static_program_where_seccomp_is_not():
    if os.uname().machine != "x86_64":
        raise Skip("the number of seccomp(2) is another one here")
    with Served("blocking", free_port(), static=True, kinds=(None, None), before=without_seccomp) as launched:
        _, _, got = launched.wait(NOTE)
        assert "linked statically" in got["text"] and "Function not implemented" in got["text"], got
        what, got, seconds = launched.swap(2)
        assert what == READY and got["mode"] == "restart", got
        assert get(launched.port) == "v2" # ready means that it listens
        return f"{seconds * 1000:.0f} ms"


def open_stream(port, path):
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert client.recv(4096).startswith(b"HTTP/1.1 ")
    return client


def end_of(client):
    try:
        while client.recv(4096):
            pass
    except ConnectionError:
        pass
    return time.monotonic()


@test
def streams_are_closed_after_a_second_and_counted():
    with Served("blocking", free_port(), kinds=(None, None)) as launched:
        events, switched = open_stream(launched.port, "/events"), open_stream(launched.port, "/switch")
        what, got, _ = launched.swap(2)
        began = time.monotonic()
        assert what == READY, got
        seconds = [end_of(events) - began, end_of(switched) - began]
        assert all(0.8 < each < 2 for each in seconds), seconds
        _, _, got = launched.wait(DRAINED, generation=1)
        assert got["closed"] == "2" and "killed" not in got, got


@test
def two_without_sockets_overlap_where_told():
    with Served("worker", 0, kinds=(None, None)) as launched:
        first = launched.program()
        launched.send(SWAP, swap=1, generation=2, mode="overlap", grace_ms=5000)
        launched.wait(SWAPPING, swap=1)
        assert pathlib.Path(f"/proc/{first}").exists(), "the first one ended before"
        launched.wait(READY, swap=1, generation=2)
        launched.wait(DRAINED, generation=1)


@test
def aborts_a_swap():
    with Served("blocking", free_port(), kinds=(None, "deaf")) as launched:
        launched.send(SWAP, swap=1, generation=2, mode="auto")
        launched.wait(SWAPPING, swap=1)
        launched.send(ABORT, swap=1)
        launched.wait(FAILED, swap=1, reason="aborted")
        assert get(launched.port) == "v1"


@test
def joins_a_hub_that_came_back():
    with Served("blocking", free_port(), kinds=(None, None)) as launched:
        launched.peer.shutdown(socket.SHUT_RDWR)  # a thread reads it: close() alone would wait for that
        launched.peer.close()
        launched.peer, _ = launched.hub.accept()
        launched.listen()
        _, _, got = launched.wait(JOIN, state="ready", generation=1)
        assert got["way"] == "preload" and got["service"] == "test", got
        what, got, _ = launched.swap(2)
        assert what == READY, got


@test
def a_broken_frame_ends_the_conversation_alone():
    with Served("blocking", free_port()) as launched:
        launched.peer.sendall(b"\xff\xff\xff\xff junk")
        assert get(launched.port) == "v1"
        launched.peer, _ = launched.hub.accept()
        launched.listen()
        launched.wait(JOIN, state="ready")


sys.exit(main())
