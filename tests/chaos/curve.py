"""What is measured over time while sales go on: how soon they arrive, what waits, what
the tables and the processes grow to. Kept as CSV and as a picture in .local/curves."""

import csv
import sqlite3
import statistics
import threading
import time
from datetime import datetime

import matplotlib
import psutil
from matplotlib.figure import Figure
from workspace import STATE

from benchmarks.measure import percentile

FOLDER = STATE / "curves"
MB = 1024 * 1024
#: Looks at each curve.
POINTS = 120
TABLES = """
SELECT (SELECT count(*) FROM inboost_event WHERE state IN ('pending', 'sending')),
       (SELECT count(*) FROM inboost_event),
       e.n_dead_tup, l.n_dead_tup,
       pg_total_relation_size(e.relid), pg_total_relation_size(l.relid)
  FROM pg_stat_user_tables e, pg_stat_user_tables l
 WHERE e.relname = 'inboost_event' AND l.relname = 'inboost_request_log'
"""
#: Panels of a picture: (title, columns and what they are called in it).
PANELS = (
    ("Seconds to arrive", {"arrival_p50": "p50", "arrival_p99": "p99"}),
    ("Seconds of a sale", {"sale_p50": "p50"}),
    ("Events that wait", {"waiting": "waiting"}),
    ("Dead rows", {"dead_events": "events", "dead_log": "log"}),
    ("MB of tables", {"events_mb": "events", "log_mb": "log"}),
    ("MB of processes", {"memory_mb": "resident"}),
)


def arrivals_of(inboost):
    """:return: a connection to its own file: so many rows would take HTTP long"""
    uri = f"file:{inboost.db}?mode=ro"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


class Curve(threading.Thread):
    """Looks at everything again and again until it is stopped.

    :param load: what sells. Its ``begun`` is {uuid of an order: the unix time from
        which its arrival counts}; ``take_sales()`` are the seconds that those sales
        took which were made since it was asked last
    :ivar rows: list of {column: value}, of seconds and MB
    :ivar marks: seconds at which something began or ended, in pairs
    """

    def __init__(self, odoo, inboost, load, seconds):
        super().__init__(daemon=True)
        self.odoo, self.load = odoo, load
        self.every = min(max(seconds / POINTS, 2.0), 30.0)
        self.arrivals = arrivals_of(inboost)
        self.rows, self.marks, self.seen = [], [], 0
        self.begin, self.closing = time.monotonic(), threading.Event()

    def run(self):
        while not self.closing.wait(self.every):
            self.rows.append(self.look())

    def close(self):
        broke = not self.is_alive() and not self.closing.is_set()
        assert not broke, "nobody looked any more"
        self.closing.set()
        self.join(60)

    def mark(self):
        self.marks.append(time.monotonic() - self.begin)

    def look(self):
        waiting, events, *rest = map(int, self.odoo.sql(TABLES)[0])
        dead_events, dead_log, size_events, size_log = rest
        waits, sales = self.take_arrivals(), self.load.take_sales()
        return {
            "seconds": round(time.monotonic() - self.begin, 1),
            "arrived": len(waits),
            "arrival_p50": share_of(waits, 0.5),
            "arrival_p99": share_of(waits, 0.99),
            "sale_p50": share_of(sales, 0.5),
            "waiting": waiting,
            "events": events,
            "dead_events": dead_events,
            "dead_log": dead_log,
            "events_mb": round(size_events / MB, 2),
            "log_mb": round(size_log / MB, 2),
            "bytes_of_an_event": size_events // max(events, 1),
            "memory_mb": round(self.measure_memory(), 1),
        }

    def take_arrivals(self):
        """:return: how long those webhooks took that came since the last look"""
        found = self.arrivals.execute(
            "SELECT id, body ->> 'orderId', at FROM arrivals WHERE id > ? AND processed"
            " AND nth = 1 AND operation = 'purchase' ORDER BY id",
            [self.seen],
        ).fetchall()
        if found:
            self.seen = found[-1][0]
        begun = self.load.begun
        return [
            datetime.fromisoformat(moment).timestamp() - begun[order]
            for _id, order, moment in found
        ]

    def measure_memory(self):
        root = psutil.Process(self.odoo.process.pid)
        return sum(p.memory_info().rss for p in (root, *root.children(True))) / MB

    # -- what came of it -----------------------------------------------------------

    def middle(self, column, part, parts=4):
        """:return: the median of a column in one of so many parts of the time"""
        size = len(self.rows) / parts
        some = self.rows[int(part * size) : int((part + 1) * size)]
        known = [row[column] for row in some if row.get(column) is not None]
        return statistics.median(known)

    def keep(self, name):
        FOLDER.mkdir(parents=True, exist_ok=True)
        with (FOLDER / f"{name}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, self.rows[0])
            writer.writeheader()
            writer.writerows(self.rows)
        draw(self.rows, self.marks, FOLDER / f"{name}.svg")
        print(f"{len(self.rows)} looks at it: {FOLDER / name}.csv and .svg")


def share_of(values, share):
    """:return: a percentile to the millisecond; None where there is nothing"""
    return round(percentile(values, share), 3) if values else None


def draw(rows, marks, path):
    """:param marks: what is between each two of them is coloured"""
    # Texts stay texts, and the same numbers give the same file.
    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "curve"}
    figure = Figure(figsize=(11, 5))
    axes = figure.subplots(2, 3, sharex=True)
    minutes = [row["seconds"] / 60 for row in rows]
    for axis, (title, columns) in zip(axes.flat, PANELS, strict=True):
        axis.set_visible(
            any(row[column] is not None for column in columns for row in rows)
        )
        for column, label in columns.items():
            axis.plot(minutes, [row[column] for row in rows], label=label)
        for begin, end in zip(marks[::2], marks[1::2], strict=True):
            axis.axvspan(begin / 60, end / 60, color="orange", alpha=0.15)
        axis.set_title(title, fontsize=10)
        most = max(row[column] or 0 for column in columns for row in rows)
        axis.set_ylim(0, 1.2 * most or 1)
        if len(columns) > 1:
            axis.legend(fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("minutes")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
