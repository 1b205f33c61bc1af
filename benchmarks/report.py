"""The figures that are wanted, and where results go."""

import datetime
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cluster
import psutil
from workspace import ROOT

from .measure import Figure

#: The last full results, one entry a figure; docs/benchmarks.rst is made of it.
RESULTS = Path(__file__).parent / "results.json"
DOCUMENT = ROOT / "docs" / "benchmarks.rst"
#: What is wanted of a figure: "at most" or "at least", and how much.
WANTED = {
    "pos_overhead_ratio": ("<=", 1.03),
    "pos_statements_more": ("<=", 4),
    "points_overhead_ratio": ("<=", 1.03),
    "points_statements_more": ("<=", 4),
    **{
        f"arrival_{mode}_{load}{size}_{share}_ms": ("<=", wanted)
        for mode in ("threaded", "prefork")
        for size in ("", "_1m")
        for load in ("idle", "busy")
        for share, wanted in (("p50", 20), ("p99", 100))
    },
    "drain_50ms_vs_limit": (">=", 0.95),
    "drain_3ms_vs_limit": (">=", 0.8),
    "drain_3ms_per_s": (">=", 1000),
    "drain_vs_queue_job": (">=", 6),
    "drain_1m_ratio": (">=", 0.95),
    "retry_late_p99_ms": ("<=", 1000),
    "pull_create_vs_orm": (">=", 0.9),
    "pull_unchanged_per_s": (">=", 10_000),
    "history_queue_per_s": (">=", 3000),
    "notice_100k_s": ("<=", 5),
    "notice_100k_memory_mb": ("<=", 50),
    "ledger_1m_s": ("<=", 50),
    "ledger_1m_memory_mb": ("<=", 50),
    **{f"screen_{name}_1m_ms": ("<=", 300) for name in ("health", "events", "log")},
    "worker_memory_growth_mb": ("<=", 50),
}
#: How the figures of memory begin that each benchmark gives.
MEMORY = "memory_"
PACKAGES = ("requests", "urllib3", "psycopg2-binary", "psycopg2")


def as_text(value):
    """Three digits that count, or all before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def is_reached(figure, value):
    """:return: None where nothing is wanted"""
    if figure not in WANTED:
        return None
    sign, wanted = WANTED[figure]
    return value <= wanted if sign == "<=" else value >= wanted


def entry(figure):
    """A figure as it is kept, with when and where."""
    return {
        "value": round(figure.value, 4),
        "unit": figure.unit,
        "limited": figure.limited,
        "date": datetime.date.today().isoformat(),
    }


def machine():
    """:return: a line about processor, memory and versions"""
    memory = psutil.virtual_memory().total / 2**30
    database = cluster.query("postgres", "SHOW server_version").split()[0]
    packages = ", ".join(f"{name} {found}" for name, found in versions())
    return (
        f"{psutil.cpu_count()} cores ({processor()}), {memory:.0f} GB, "
        f"{platform.system()}, Python {platform.python_version()}, "
        f"PostgreSQL {database}, Odoo {version('odoo')}, {packages}"
    )


def versions():
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def greatest_growth(entries):
    """:return: Figure of all benchmarks, or None when none looked at its memory"""
    found = {
        name.removeprefix(MEMORY).removesuffix("_mb"): found["value"]
        for name, found in entries.items()
        if name.startswith(MEMORY)
    }
    if not found:
        return None
    most = max(found, key=found.get)
    return Figure("worker_memory_growth_mb", found[most], "MB", f"in {most}")


def keep(entries):
    """Merge results of full runs with those of before, and write the document anew."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"figures": {}}
    known["machine"] = machine()
    known["figures"].update(entries)
    growth = greatest_growth(known["figures"])
    if growth:
        known["figures"][growth.name] = entry(growth)
    RESULTS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    write_document(known)


def write_document(known):
    head, marker, _table = DOCUMENT.read_text().partition(".. results\n")
    lines = ["", f"Machine: {known['machine']}.", "", ".. list-table::"]
    lines += ["   :header-rows: 1", ""]
    lines += row("Figure", "Measured", "Wanted", "Date", "What limited it")
    figures = known["figures"]
    for name in [*WANTED, *(name for name in sorted(figures) if name not in WANTED)]:
        found = figures.get(name)
        sign, wanted = WANTED.get(name, ("", ""))
        lines += row(
            f"``{name}``",
            f"{as_text(found['value'])} {found['unit']}" if found else "not measured",
            f"{sign} {wanted}" + missed(name, found),
            found["date"] if found else "",
            found["limited"] if found else "",
        )
    DOCUMENT.write_text(head + marker + "\n".join(lines) + "\n")


def missed(name, found):
    return ": missed" if found and is_reached(name, found["value"]) is False else ""


def row(*cells):
    marks = ["   * -", *["     -"] * (len(cells) - 1)]
    return [f"{mark} {cell}".rstrip() for mark, cell in zip(marks, cells, strict=True)]
