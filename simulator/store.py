"""Everything the stand-in remembers, in one SQLite file.

One process, one thread, one connection: a row is committed before the answer
leaves, and counting needs no lock. ``synchronous=OFF`` survives a killed
process; only a power cut may lose the last rows.
"""

import json
import sqlite3
import uuid
from contextlib import contextmanager
from datetime import datetime, timezone

import pydantic_core

SCHEMA = """
CREATE TABLE IF NOT EXISTS arrivals (
    id INTEGER PRIMARY KEY, at TEXT, method TEXT, path TEXT, endpoint TEXT,
    operation TEXT, phone TEXT, event_id TEXT, order_ref TEXT, amount TEXT,
    nth INTEGER, processed INTEGER, status INTEGER, fault TEXT,
    headers TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS arrivals_event ON arrivals (event_id);
CREATE INDEX IF NOT EXISTS arrivals_phone ON arrivals (phone);
CREATE TABLE IF NOT EXISTS seen (event_id TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
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
"""
TABLES = ("arrivals", "seen", "applied", "clients", "balances", "purchases")
COLUMNS = (
    "at method path endpoint operation phone event_id order_ref amount nth "
    "processed status fault headers body"
).split()
_INSERT = "INSERT INTO arrivals ({}) VALUES ({})".format(
    ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
)


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def parse(text, otherwise=None):
    """JSON as the standard has it (no NaN), or ``otherwise``."""
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError:
        return otherwise


def digits(phone):
    return "".join(c for c in str(phone) if c in "0123456789")


class Store:
    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.executescript(SCHEMA)
        self._load_totals()

    def close(self):
        self.db.close()

    def _all(self, sql, *values):
        return self.db.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self):
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def _load_totals(self):
        arrivals, distinct, doubled = self._all(
            "SELECT total(n), count(*), total(n > 1) FROM seen"
        )[0]
        (refused,) = self._all("SELECT count(*) FROM arrivals WHERE NOT processed")[0]
        (bare,) = self._all(
            "SELECT count(*) FROM arrivals WHERE processed AND event_id IS NULL"
        )[0]
        self.totals = {
            "arrivals": int(arrivals),
            "distinct": distinct,
            "doubled": int(doubled),
            "refused": refused,
            "without_event_id": bare,
        }

    # Arrivals

    def record(self, arrival):
        """Keep one request; count it by its event id when it was processed."""
        nth, event_id = None, arrival["event_id"]
        with self._transaction():
            if arrival["processed"] and event_id is not None:
                (nth,) = self._all(
                    "INSERT INTO seen VALUES (?, 1) ON CONFLICT (event_id) "
                    "DO UPDATE SET n = n + 1 RETURNING n",
                    event_id,
                )[0]
            arrival["nth"] = nth
            cursor = self.db.execute(_INSERT, [arrival[name] for name in COLUMNS])
        arrival["id"] = cursor.lastrowid
        self.totals["refused"] += not arrival["processed"]
        self.totals["without_event_id"] += bool(arrival["processed"] and not nth)
        self.totals["arrivals"] += nth is not None
        self.totals["distinct"] += nth == 1
        self.totals["doubled"] += nth == 2
        return arrival

    def first_time(self, event_id):
        """True once for each event id (and always when there is none)."""
        if event_id is None:
            return True
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
            where.append("endpoint LIKE 'webhook/%'")
        rows = self._all(
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
        arrival["amount"] = json.loads(arrival["amount"] or "null")
        headers, text = arrival.pop("headers"), arrival.pop("body")
        if body:
            arrival["headers"] = json.loads(headers)
            arrival["body"] = parse(text, text or None)
        return arrival

    def counts(self, everything=False):
        least = 1 if everything else 2
        repeated = self._all("SELECT * FROM seen WHERE n >= ?", least)
        by_path = self._all(
            "SELECT path, count(*) FROM arrivals WHERE processed GROUP BY path"
        )
        return {
            "arrivals": self.totals["arrivals"],
            "distinct": self.totals["distinct"],
            "refused": self.totals["refused"],
            "without_event_id": self.totals["without_event_id"],
            "doubled": [event_id for event_id, n in repeated if n > 1],
            "by_event_id": dict(repeated),
            "by_path": dict(by_path),
        }

    def reset(self, keep=()):
        for table in TABLES:
            if table not in keep:
                self.db.execute(f"DELETE FROM {table}")
        self._load_totals()

    # Clients

    def client(self, phone):
        rows = self._all(
            "SELECT row FROM clients WHERE phone = ? ORDER BY pos LIMIT 1", phone
        )
        return json.loads(rows[0]["row"]) if rows else None

    def put_clients(self, rows, raw=False):
        """Create or update many clients.

        A tidy row is completed and found again by its phone. A raw row is kept as
        it is, however broken, and replaces only a row with the same id.
        """
        put = self._put_raw if raw else self._put_tidy
        with self._transaction():
            for row in rows:
                put(row)

    def _put_tidy(self, row):
        phone = digits(row.get("userPhoneNumber", ""))
        old = self.client(phone) or {"id": str(uuid.uuid4()), "lang": "UA"}
        client = {**old, "changed": now(), **row, "userPhoneNumber": phone}
        values = (client["id"], client["changed"], json.dumps(client), phone)
        changed = self.db.execute(
            "UPDATE clients SET id = ?, changed = ?, row = ? WHERE phone = ?", values
        )
        if not changed.rowcount:
            self.db.execute(
                "INSERT INTO clients (id, changed, row, phone) VALUES (?, ?, ?, ?)",
                values,
            )

    def _put_raw(self, row):
        known = row if isinstance(row, dict) else {}

        def text(name):
            return known[name] if isinstance(known.get(name), str) else None

        if text("id"):
            self.db.execute("DELETE FROM clients WHERE id = ?", [text("id")])
        self.db.execute(
            "INSERT INTO clients (id, phone, changed, row) VALUES (?, ?, ?, ?)",
            (
                text("id"),
                text("userPhoneNumber"),
                text("changed") or now(),
                json.dumps(row),
            ),
        )

    def clients(self, where="1", values=(), limit=-1, offset=0):
        """Rows in a steady order, each with its position (the cursor)."""
        rows = self._all(
            f"SELECT pos, row FROM clients WHERE {where} ORDER BY pos LIMIT ? OFFSET ?",
            *values,
            limit,
            offset,
        )
        return [(row["pos"], json.loads(row["row"])) for row in rows]

    def count_clients(self, where="1", values=()):
        return self._all(f"SELECT count(*) FROM clients WHERE {where}", *values)[0][0]

    # Balances and purchases

    def set_balance(self, phone, amount, date, event_id):
        self.db.execute(
            "INSERT INTO balances VALUES (?, ?, ?, ?, 1) ON CONFLICT (phone) DO "
            "UPDATE SET amount = excluded.amount, date = excluded.date, "
            "event_id = excluded.event_id, updates = updates + 1",
            (phone, amount, date, event_id),
        )

    def balances(self):
        return [dict(row) for row in self._all("SELECT * FROM balances ORDER BY phone")]

    def add_purchase(self, phone, event_id, body):
        identity = str(uuid.uuid4())
        self.db.execute(
            "INSERT INTO purchases (id, phone, event_id, body) VALUES (?, ?, ?, ?)",
            (identity, phone, event_id, json.dumps(body)),
        )
        return identity

    def purchases(self):
        rows = self._all("SELECT id, body FROM purchases ORDER BY pos")
        return [{"id": row["id"], **json.loads(row["body"])} for row in rows]
