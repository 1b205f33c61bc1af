"""Prepared databases, kept in the cluster as templates, and rows by the million."""

import hashlib
import inspect
import re
import subprocess
from contextlib import contextmanager

import cluster
from workspace import Trouble, say


def prepared(name, make, *settings):
    """A database to copy, made once for each version of our code.

    :param make: called with the name of the database to make and with ``settings``
    :return: its name
    """
    made_of = inspect.getsource(inspect.getmodule(make)) + repr(settings)
    digest = hashlib.sha256(cluster.fingerprint() + made_of.encode()).hexdigest()
    database = f"bench_{name}_{digest[:8]}"
    if not cluster.exists(database):
        say(f"making the database {database}")
        for old in cluster.query(
            "postgres", "SELECT datname FROM pg_database"
        ).splitlines():
            if re.fullmatch(rf"bench_{name}_[0-9a-f]{{8}}(_new)?", old):
                cluster.drop(old)
        make(f"{database}_new", *settings)
        cluster.query(f"{database}_new", "VACUUM ANALYZE")
        cluster.rename(f"{database}_new", database)
    return database


@contextmanager
def copy_of(template, database):
    """A copy for one benchmark, dropped at its end."""
    cluster.copy(template, database)
    try:
        yield database
    finally:
        cluster.drop(database)


def run_sql(database):
    """:return: a function that runs a statement in ``database`` and gives its rows"""

    def fetch(sql):
        try:
            answer = cluster.query(database, sql)
        except subprocess.CalledProcessError as error:
            raise Trouble(f"{error.stdout.decode()[-500:]}: {sql[:200]}") from error
        return [line.split("|") for line in answer.splitlines()]

    return fetch


def clone(fetch, source, target, count, age="interval '0'", **values):
    """Insert ``count`` copies of each row of ``source`` into ``target``. Whatever
    columns there are come along; times move so that the copies are as old as ``age``.

    :param fetch: runs a statement and gives its rows
    :param str age: SQL of an interval
    :param values: columns that differ, as SQL over ``s``, the row that is copied, and
        ``n``, which counts from 1
    """
    columns = dict(
        fetch(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            f" WHERE attrelid = '{target}'::regclass AND attnum > 0"
            " AND NOT attisdropped"
        )
    )
    unknown = values.keys() - columns.keys()
    assert not unknown, f"{target} has no columns {', '.join(sorted(unknown))}"
    if "id" not in values:
        del columns["id"]
    moved = f"((now() AT TIME ZONE 'UTC') - {age} - s.create_date)"
    expressions = []
    for column, kind in columns.items():
        if column in values:
            expressions.append(f"({values[column]})::{kind}")
        elif kind.startswith("timestamp"):
            # Odoo's own times have no fractions: one that has is not due yet.
            expressions.append(f"date_trunc('second', s.\"{column}\" + {moved})")
        else:
            expressions.append(f's."{column}"')
    names = ", ".join(f'"{column}"' for column in columns)
    fetch(
        # What a row refers to is there: it need not be looked up a million times.
        "SET session_replication_role = replica;"
        f"INSERT INTO {target} ({names}) SELECT {', '.join(expressions)}"
        f" FROM {source} s, generate_series(1, {count}) n ORDER BY n, s.id"
    )


def next_ids(fetch, table, count):
    """Take ``count`` ids of ``table`` out of its sequence.

    :return: the id before the first of them
    """
    [[last]] = fetch(f"SELECT COALESCE(max(id), 0) FROM {table}")
    fetch(f"SELECT setval('{table}_id_seq', {int(last) + count + 1})")
    return int(last)


def drop_indexes(fetch, table):
    """Millions of rows go in faster without.

    :return: a function that brings the indexes back
    """
    found = fetch(
        "SELECT i.indexrelid::regclass, COALESCE(c.conname, ''),"
        " COALESCE(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid))"
        " FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid"
        f" AND c.conrelid = i.indrelid WHERE i.indrelid = '{table}'::regclass"
        " AND NOT i.indisprimary"
    )
    restore = []
    for index, constraint, definition in found:
        if constraint:
            fetch(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
            definition = f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {definition}"
        else:
            fetch(f"DROP INDEX {index}")
        restore.append(definition)
    return lambda: fetch(f"SET maintenance_work_mem = '1GB'; {'; '.join(restore)}")
