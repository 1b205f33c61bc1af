"""The portal's clients, kept in the store."""

import json
import uuid
from datetime import datetime, timezone


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")


def digits(phone):
    return "".join(c for c in str(phone) if c in "0123456789")


class Clients:
    def __init__(self, store):
        self.store, self.db = store, store.db

    def find(self, phone):
        rows = self.store.all(
            "SELECT row FROM clients WHERE phone = ? ORDER BY pos LIMIT 1", phone
        )
        return json.loads(rows[0]["row"]) if rows else None

    def put(self, rows, raw=False):
        """Create or update many clients.

        A tidy row is completed and found again by its phone. A raw row is kept as
        it is, however broken, and replaces only a row with the same id.
        """
        put = self._put_raw if raw else self._put_tidy
        with self.store.transaction():
            for row in rows:
                put(row)

    def _put_tidy(self, row):
        phone = digits(row.get("userPhoneNumber", ""))
        old = self.find(phone) or {"id": str(uuid.uuid4()), "lang": "UA"}
        client = {**old, "changed": now(), **row, "userPhoneNumber": phone}
        values = (client["id"], client["changed"], json.dumps(client), phone)
        changed = self.db.execute(
            "UPDATE clients SET id = ?, changed = ?, row = ? WHERE phone = ?", values
        )
        if not changed.rowcount:
            self._insert([values])

    def _put_raw(self, row):
        known = row if isinstance(row, dict) else {}

        def text(name):
            return known[name] if isinstance(known.get(name), str) else None

        if text("id"):
            self.db.execute("DELETE FROM clients WHERE id = ?", [text("id")])
        phone, changed = text("userPhoneNumber"), text("changed") or now()
        self._insert([(text("id"), changed, json.dumps(row), phone)])

    def _insert(self, values):
        self.db.executemany(
            "INSERT INTO clients (id, changed, row, phone) VALUES (?, ?, ?, ?)", values
        )

    def add_new(self, rows):
        """Add clients of whom it is known that their phones are new."""
        with self.store.transaction():
            self._insert(
                (row["id"], row["changed"], json.dumps(row), row["userPhoneNumber"])
                for row in rows
            )

    def rows(self, where="1", values=(), limit=-1, offset=0):
        """Rows in a steady order, each with its position (the cursor)."""
        rows = self.store.all(
            f"SELECT pos, row FROM clients WHERE {where} ORDER BY pos LIMIT ? OFFSET ?",
            *values,
            limit,
            offset,
        )
        return [(row["pos"], json.loads(row["row"])) for row in rows]

    def count(self, where="1", values=()):
        sql = f"SELECT count(*) FROM clients WHERE {where}"
        return self.store.all(sql, *values)[0][0]

    def delete(self, column, value):
        """
        :return: whether there was one
        """
        self.store.begin()
        cursor = self.db.execute(f"DELETE FROM clients WHERE {column} = ?", [value])
        return cursor.rowcount > 0
