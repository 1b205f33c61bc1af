"""The sink as the measuring process sees it."""

import subprocess
import time

import requests
from workspace import PYTHON, ROOT, Trouble, free_port


class Receiver:
    def __init__(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.http = requests.Session()
        self.process = subprocess.Popen(
            [str(PYTHON), "-m", "benchmarks.sink", str(port)], cwd=ROOT
        )
        end = time.monotonic() + 20
        while True:
            try:
                self.plan()
                return
            except requests.ConnectionError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Trouble("the receiver did not start") from error
                time.sleep(0.05)

    def plan(self, **plan):
        """Begin anew; see :class:`benchmarks.sink.Plan`."""
        self.http.put(f"{self.url}/_sink/plan", json=plan).raise_for_status()

    def counts(self):
        """:return: dict with arrivals, distinct, first, last (unix times)"""
        return self.http.get(f"{self.url}/_sink/counts").json()

    def arrivals(self):
        """:return: list of [unix time, path, event id, order id]"""
        return self.http.get(f"{self.url}/_sink/arrivals").json()

    def wait_for(self, count, seconds):
        """Wait for ``count`` arrivals.

        :return: the counts
        :raise Trouble: when they do not come, or more come
        """
        end = time.monotonic() + seconds
        while (counts := self.counts())["distinct"] < count:
            if time.monotonic() > end:
                raise Trouble(
                    f"{counts['distinct']} of {count} requests arrived in {seconds} s"
                )
            time.sleep(0.05)
        if counts["arrivals"] != count:
            raise Trouble(f"{counts['arrivals']} requests arrived instead of {count}")
        return counts

    def stop(self):
        self.process.terminate()
        self.process.wait()
