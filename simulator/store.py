"""Everything the stand-in remembers, in one SQLite file.

One process, one thread, one connection: counting needs no lock. What came is in the
file before its answer leaves; requests that come together share one commit.
``synchronous=OFF`` survives a killed process; only a power cut may lose the last rows.
"""

import asyncio
import json
import sqlite3
import uuid
from contextlib import contextmanager

from .call import parse_json
from .style import EVENTS

VERSION = 2
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS arrivals (
    id INTEGER PRIMARY KEY, at TEXT, method TEXT, path TEXT, endpoint TEXT,
    operation TEXT, phone TEXT, event_id TEXT, order_ref TEXT, amount REAL, key TEXT,
    nth INTEGER, processed INTEGER, status INTEGER, fault TEXT,
    headers TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS arrivals_event ON arrivals (event_id);
CREATE INDEX IF NOT EXISTS arrivals_phone ON arrivals (phone);
CREATE TABLE IF NOT EXISTS seen (event_id TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS applied (event_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clients (
    pos INTEGER PRIMARY KEY, id TEXT, phone TEXT, changed TEXT, row TEXT);
CREATE INDEX IF NOT EXISTS clients_phone ON clients (phone);
CREATE INDEX IF NOT EXISTS clients_id ON clients (id);
CREATE INDEX IF NOT EXISTS clients_changed ON clients (changed);
CREATE TABLE IF NOT EXISTS balances (
    phone TEXT PRIMARY KEY, amount REAL, date TEXT, event_id TEXT, updates INTEGER);
CREATE TABLE IF NOT EXISTS purchases (
    pos INTEGER PRIMARY KEY, id TEXT, phone TEXT, event_id TEXT, body TEXT);
PRAGMA user_version = {VERSION};
"""
TABLES = ("arrivals", "seen", "keys", "applied", "clients", "balances", "purchases")
COLUMNS = (
    "at method path endpoint operation phone event_id order_ref amount key nth "
    "processed status fault headers body"
).split()
_INSERT = "INSERT INTO arrivals ({}) VALUES ({})".format(
    ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
)
_COUNT = (
    "INSERT INTO {0} VALUES (?, 1) ON CONFLICT ({1}) "
    "DO UPDATE SET n = n + 1 RETURNING n"
)
_WEBHOOKS = "(endpoint LIKE 'webhook/%' OR operation IN ({}))".format(
    ", ".join(f"'{name}'" for name in EVENTS)
)


class OtherVersion(Exception):
    """The file was written by another version of the stand-in."""


class Store:
    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self._check_version(path)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.executescript(SCHEMA)
        self._commit = None
        self._load_totals()

    def _check_version(self, path):
        (version,) = self.all("PRAGMA user_version")[0]
        if self.all("SELECT 1 FROM sqlite_master LIMIT 1") and version != VERSION:
            raise OtherVersion(
                f"{path} was written by another version of the stand-in: "
                "delete it, or name another file with --db"
            )

    def close(self):
        self.flush()
        self.db.close()

    def all(self, sql, *values):
        return self.db.execute(sql, values).fetchall()

    # Transactions

    def begin(self):
        if not self.db.in_transaction:
            self.db.execute("BEGIN")

    def flush(self):
        """Commit what is open, and let the answers leave that wait for it."""
        if self.db.in_transaction:
            self.db.execute("COMMIT")
        if self._commit is not None:
            self._commit.set_result(None)
            self._commit = None

    async def committed(self):
        """Return when all that was written until now is in the file."""
        if self._commit is None:
            loop = asyncio.get_running_loop()
            self._commit = loop.create_future()
            # After the requests that came in the same turn of the loop.
            loop.call_soon(self._flush_once, self._commit)
        await self._commit

    def _flush_once(self, commit):
        if self._commit is commit:
            self.flush()

    @contextmanager
    def transaction(self):
        """All or nothing, apart from what the requests wrote."""
        self.flush()
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    # Arrivals

    def _load_totals(self):
        arrivals, distinct, doubled = self.all(
            "SELECT total(n), count(*), total(n > 1) FROM seen"
        )[0]
        (refused,) = self.all("SELECT count(*) FROM arrivals WHERE NOT processed")[0]
        (bare,) = self.all(
            "SELECT count(*) FROM arrivals WHERE processed AND event_id IS NULL"
        )[0]
        self.totals = {
            "arrivals": int(arrivals),
            "distinct": distinct,
            "doubled": int(doubled),
            "refused": refused,
            "without_event_id": bare,
        }

    def record(self, arrival):
        """Keep one request; count it by its event id when it was processed."""
        self.begin()
        nth, event_id, key = None, arrival["event_id"], arrival["key"]
        if arrival["processed"] and event_id is not None:
            nth = self._count("seen", "event_id", event_id)
        if arrival["processed"] and key is not None:
            self._count("keys", "key", key)
        arrival["nth"] = nth
        cursor = self.db.execute(_INSERT, [arrival[name] for name in COLUMNS])
        arrival["id"] = cursor.lastrowid
        self.totals["refused"] += not arrival["processed"]
        self.totals["without_event_id"] += bool(arrival["processed"] and not nth)
        self.totals["arrivals"] += nth is not None
        self.totals["distinct"] += nth == 1
        self.totals["doubled"] += nth == 2
        return arrival

    def _count(self, table, column, value):
        return self.all(_COUNT.format(table, column), value)[0][0]

    def first_time(self, event_id):
        """True once for each event id (and always when there is none)."""
        if event_id is None:
            return True
        self.begin()
        cursor = self.db.execute("INSERT OR IGNORE INTO applied VALUES (?)", [event_id])
        return cursor.rowcount == 1

    def arrivals(self, limit=1000, processed=None, webhooks=False, **equal):
        """The latest ``limit`` arrivals, oldest first."""
        where, values = ["1"], []
        for name, value in equal.items():
            if value is not None:
                where.append(f"{name} = ?")
                values.append(value)
        if processed is not None:
            where.append("processed = ?")
            values.append(int(processed))
        if webhooks:
            where.append(_WEBHOOKS)
        rows = self.all(
            f"SELECT * FROM arrivals WHERE {' AND '.join(where)} "
            "ORDER BY id DESC LIMIT ?",
            *values,
            limit,
        )
        return [self.readable(row) for row in reversed(rows)]

    @staticmethod
    def readable(row, body=True):
        arrival = dict(row)
        arrival["order"] = arrival.pop("order_ref")
        arrival["processed"] = bool(arrival["processed"])
        arrival["repeat"] = (arrival["nth"] or 0) > 1
        headers, text = arrival.pop("headers"), arrival.pop("body")
        if body:
            arrival["headers"] = json.loads(headers)
            arrival["body"] = parse_json(text, text or None)
        return arrival

    def counts(self, everything=False):
        least = 1 if everything else 2
        repeated = self.all("SELECT * FROM seen WHERE n >= ?", least)
        keys = self.all("SELECT * FROM keys WHERE n >= ?", least)
        totals = {k: v for k, v in self.totals.items() if k != "doubled"}
        return {
            **totals,
            "doubled": [event_id for event_id, n in repeated if n > 1],
            "doubled_keys": [key for key, n in keys if n > 1],
            "by_event_id": dict(repeated),
            "by_key": dict(keys),
            "by_path": self._grouped("path", "processed"),
            "by_operation": self._grouped("operation", "processed AND operation <> ''"),
            "by_fault": self._by_fault(),
        }

    def _grouped(self, column, where):
        return dict(
            self.all(
                f"SELECT {column}, count(*) FROM arrivals WHERE {where} "
                f"GROUP BY {column}"
            )
        )

    def _by_fault(self):
        """For each fault that struck, how many arrived and how many did not."""
        rows = self.all(
            "SELECT fault, total(processed) AS arrived, total(NOT processed) AS not_"
            " FROM arrivals WHERE fault IS NOT NULL GROUP BY fault"
        )
        return {
            row["fault"]: {
                "arrived": int(row["arrived"]),
                "not_arrived": int(row["not_"]),
            }
            for row in rows
        }

    def times_seen(self, event_id=None, key=None):
        """How often an event id, or a business key, came and had its effect."""
        table, column = ("keys", "key") if event_id is None else ("seen", "event_id")
        sql = f"SELECT n FROM {table} WHERE {column} = ?"
        found = self.all(sql, key if event_id is None else event_id)
        return found[0][0] if found else 0

    def reset(self, keep=()):
        with self.transaction():
            for table in TABLES:
                if table not in keep:
                    self.db.execute(f"DELETE FROM {table}")
        self._load_totals()

    # Balances and purchases

    def set_balance(self, phone, amount, date, event_id):
        self.begin()
        self.db.execute(
            "INSERT INTO balances VALUES (?, ?, ?, ?, 1) ON CONFLICT (phone) DO "
            "UPDATE SET amount = excluded.amount, date = excluded.date, "
            "event_id = excluded.event_id, updates = updates + 1",
            (phone, amount, date, event_id),
        )

    def balances(self):
        return [dict(row) for row in self.all("SELECT * FROM balances ORDER BY phone")]

    def add_purchase(self, phone, event_id, body):
        self.begin()
        identity = str(uuid.uuid4())
        self.db.execute(
            "INSERT INTO purchases (id, phone, event_id, body) VALUES (?, ?, ?, ?)",
            (identity, phone, event_id, json.dumps(body)),
        )
        return identity

    def purchases(self):
        rows = self.all("SELECT id, body FROM purchases ORDER BY pos")
        return [{"id": row["id"], **json.loads(row["body"])} for row in rows]
