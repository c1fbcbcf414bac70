"""A steady load (the program bench-load) and what it saw."""

import collections
import subprocess
import threading
import time

from harness import BUILT, Failed


class Answer(collections.namedtuple("Answer", "began ended status mark")):
    """Moments in seconds of the monotonic clock; status 0: none, and mark says why."""

    @property
    def word(self):
        return self.mark.split("_")[0]



class Steady:
    def __init__(self, port, path="/", rate=200, clients=8, kept=False):
        self.answers = []
        self.news = threading.Condition()
        self.process = subprocess.Popen(
            [str(BUILT / "tests/bench/bench-load"), str(port), path, str(rate), str(clients), "kept" if kept else "new"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            began, ended, status, mark = line.split(" ", 3)
            with self.news:
                self.answers.append(Answer(int(began) / 1e9, int(ended) / 1e9, int(status), mark.strip()))
                self.news.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)
        self.reader.join(30)

    def wait(self, what, seconds=60, since=0):
        """The first answer from number `since` on for which `what` holds."""
        limit = time.monotonic() + seconds
        with self.news:
            while True:
                for at in range(since, len(self.answers)):
                    if what(self.answers[at]):
                        return self.answers[at]
                since = len(self.answers)
                left = limit - time.monotonic()
                if left <= 0:
                    raise Failed(f"the load did not see what it must within {seconds} s; the last: {self.answers[-1:]}")
                self.news.wait(left)

    def wait_more(self, count, seconds=60):
        """Waits for that many further answers."""
        limit = time.monotonic() + seconds
        with self.news:
            wanted = len(self.answers) + count
            while len(self.answers) < wanted:
                left = limit - time.monotonic()
                if left <= 0:
                    raise Failed(f"fewer than {count} answers within {seconds} s")
                self.news.wait(left)

    def failures(self, since=0.0, until=float("inf")):
        return [a for a in list(self.answers) if a.status != 200 and since <= a.ended <= until]

    def answered(self, since, until=float("inf")):
        """Which share of what was asked since then was answered, in percent."""
        asked = [a for a in list(self.answers) if a.began >= since and a.began <= until]
        return 100.0 * sum(a.status == 200 for a in asked) / len(asked) if asked else 0.0
