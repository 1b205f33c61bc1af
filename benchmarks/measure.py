"""Numbers out of runs: medians, percentiles, memory, and what a process waited for."""

import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil

MB = 1024 * 1024
#: From this share of a core on, a process is said to be limited by its interpreter.
BUSY = 0.85


class Figure(NamedTuple):
    """:ivar limited: what kept it from being better, in words"""

    name: str
    value: float
    unit: str = "ratio"
    limited: str = ""


def percentile(values, share):
    """:param float share: 0 to 1; the nearest rank"""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def interleave(rounds, *measures):
    """Run each of ``measures`` in turn, ``rounds`` times, beginning with another one
    each time, so that what drifts hits all of them alike.

    :return: for each measure its list of results
    """
    results = [[] for _measure in measures]
    for number in range(rounds):
        order = list(range(len(measures)))
        for index in order[number % len(order) :] + order[: number % len(order)]:
            results[index].append(measures[index]())
    return results


def ratio(ours, others):
    """:return: the median of the rounds' ratios"""
    return median(a / b for a, b in zip(ours, others, strict=True))


class ProcessMeter:
    """Memory and time of a process and its children."""

    def __init__(self, pid):
        self.root = psutil.Process(pid)
        self.first = {}
        self.growth = 0.0

    def processes(self):
        return [self.root, *self.root.children(recursive=True)]

    def resident(self):
        """:return: {process id: MB}"""
        return {p.pid: p.memory_info().rss / MB for p in self.processes()}

    def mark(self):
        """Forget what was; to be called when all is warm."""
        self.first = self.resident()
        for pid in self.first:
            # Begins the peak anew.
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.growth = 0.0

    def note(self):
        """Look at the peaks since the mark.

        :return: the greatest growth of one process so far, in MB
        """
        for pid, first in self.first.items():
            if psutil.pid_exists(pid):
                self.growth = max(self.growth, peak(pid) - first)
        return self.growth

    def clock(self):
        """:return: where :meth:`limited` begins"""
        return time.monotonic(), {
            p.pid: sum(p.cpu_times()[:2]) for p in self.processes()
        }

    def limited(self, clock, otherwise="waiting for the receiver and the database"):
        """:return: in words, what the busiest process spent its time on since
        ``clock``"""
        before, now = clock, self.clock()
        used = max(cpu - before[1].get(pid, 0.0) for pid, cpu in now[1].items())
        share = used / (now[0] - before[0])
        if share >= BUSY:
            return f"the interpreter: {share:.0%} of a core"
        return f"{otherwise}; the interpreter had {share:.0%} of a core"


def peak(pid):
    """:return: the greatest resident size of a process, in MB"""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
