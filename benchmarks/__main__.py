"""Measure the connector side by side with what it is compared to.

Prints a line ``name value unit`` for each figure; what goes on is on stderr. A run
without --quick keeps its results in benchmarks/results.json and writes the table of
docs/benchmarks.rst anew, after each benchmark. --prepare makes the databases only, so
that a later run, of the same code, is the measuring alone.
"""

import argparse
import contextlib
import json
import sys
import time
import traceback
from functools import partial
from pathlib import Path

import cluster
from workspace import STATE, Trouble, main

from . import (
    arrival,
    customers,
    drain,
    drain_queue_job,
    history,
    ledger,
    million,
    report,
    retry,
    sales,
    screens,
    shop,
)
from .measure import Figure
from .receiver import Receiver

#: Benchmark -> what runs it, and the figures that it gives begin with.
BENCHMARKS = {
    "sales": (sales.run, ("pos_", "points_")),
    "arrival_threaded": (partial(arrival.run, mode="threaded"), ("arrival_threaded",)),
    "arrival_prefork": (partial(arrival.run, mode="prefork"), ("arrival_prefork",)),
    "drain": (drain.run, ("drain_50ms", "drain_3ms", "bare_")),
    "drain_1m": (drain.run_beside_a_million, ("drain_1m",)),
    "queue_job": (drain_queue_job.run, ("drain_vs_queue_job", "queue_job_")),
    "retry": (retry.run, ("retry_",)),
    "customers": (customers.run, ("pull_", "orm_")),
    "history": (history.run, ("history_",)),
    "notice": (ledger.run_notice, ("notice_",)),
    "ledger": (ledger.run, ("ledger_",)),
    "screens": (screens.run, ("screen_",)),
}
#: Benchmark -> what makes its databases.
PREPARATIONS = {
    "sales": shop.prepare,
    "arrival_threaded": million.prepare,
    "arrival_prefork": million.prepare,
    "drain": shop.prepare,
    "drain_1m": million.prepare,
    "queue_job": drain_queue_job.prepare,
    "retry": shop.prepare,
    "customers": shop.prepare,
    "history": history.prepare,
    "notice": ledger.prepare_notice,
    "ledger": ledger.prepare,
    "screens": million.prepare,
}


class Bench:
    """What the benchmarks share.

    :ivar rounds: how often each comparison is made
    :ivar receiver: Receiver
    :ivar growth: of one process in the present benchmark at most, in MB"""

    def __init__(self, quick, receiver):
        self.quick = quick
        self.rounds = 2 if quick else 5
        self.receiver = receiver
        self.growth = 0.0

    def scale(self, full, quick):
        return quick if self.quick else full

    @staticmethod
    def say(text):
        print(f"   {text}", flush=True)

    def note_memory(self, meter):
        self.growth = max(self.growth, meter.note())


def chosen(only):
    """:return: names of benchmarks, for names of benchmarks or figures"""
    found = {}
    for name in only:
        fitting = [
            benchmark
            for benchmark, (_run, figures) in BENCHMARKS.items()
            if name == benchmark or name.startswith(figures)
        ]
        if not fitting:
            raise Trouble(
                f"there is no benchmark {name}; there are {', '.join(BENCHMARKS)}"
            )
        found.update(dict.fromkeys(fitting))
    return list(found or BENCHMARKS)


def prepare(bench, names):
    """Make the databases of benchmarks.

    :return: names of those of which it failed
    """
    return [name for name in names if not tried(name, PREPARATIONS[name], bench)]


def measure(bench, names, output, keep):
    """
    :param keep: called with the entries of each benchmark
    :return: ({name of a figure: entry}, names of benchmarks that failed)
    """
    entries, failed = {}, []

    def tell(figure):
        print(figure.name, report.as_text(figure.value), figure.unit, file=output)
        output.flush()
        entries[figure.name] = report.entry(figure)

    def measure_one(bench, name):
        bench.growth = 0.0
        for figure in BENCHMARKS[name][0](bench):
            tell(figure)
        if bench.growth:
            tell(Figure(f"{report.MEMORY}{name}_mb", bench.growth, "MB"))

    for name in names:
        if not tried(name, measure_one, bench, name):
            failed.append(name)
        keep(entries)
    growth = report.greatest_growth(entries)
    if growth:
        tell(growth)
    return entries, failed


def tried(name, act, *arguments):
    """What fails of one benchmark stops no other.

    :return: whether it succeeded
    """
    print(f"-- {name}", flush=True)
    begin = time.monotonic()
    try:
        act(*arguments)
    except Exception as error:
        if not isinstance(error, Trouble):
            traceback.print_exc()
        print(f"error: {name}: {error}", flush=True)
        return False
    print(f"   {time.monotonic() - begin:.0f} s", flush=True)
    return True


def run(arguments, output):
    names = chosen(arguments.only)
    with cluster.running():
        receiver = Receiver()
        try:
            bench = Bench(arguments.quick, receiver)
            if arguments.prepare:
                failed = prepare(bench, names)
            else:
                keep = (lambda entries: None) if arguments.quick else report.keep
                entries, failed = measure(bench, names, output, keep)
                arguments.json.write_text(json.dumps(entries, indent=2) + "\n")
        finally:
            receiver.stop()
    if failed:
        raise Trouble(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help=f"a benchmark or figure, may be repeated: {', '.join(BENCHMARKS)}",
    )
    parser.add_argument(
        "--quick", action="store_true", help="small numbers, to see that all works"
    )
    parser.add_argument(
        "--prepare", action="store_true", help="make the databases, measure nothing"
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=STATE / "benchmarks.json",
        help="where the results of this run go (%(default)s)",
    )
    with contextlib.redirect_stdout(sys.stderr):
        main(run, parser.parse_args(), sys.__stdout__)
