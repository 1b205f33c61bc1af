"""Databases that are dumped, restored and opened again under their own name."""

import os

import cluster
from provision import postgres_bin

from tests.support.odoo_server import OdooServer


def dump(database, path):
    """As a nightly job of an administrator does it."""
    program(
        "pg_dump", "--format=custom", "--compress=1", "--file", path, "-d", database
    )


def plain_dump(database):
    """:return: all data of ``database`` as text"""
    pg_dump = postgres_bin() / "pg_dump"
    return cluster.output(
        pg_dump, *cluster.address(), "-U", cluster.USER, "--data-only", database
    )


def restore_anew(database, path):
    """Drop, create, restore: under the same name, on the same cluster."""
    cluster.query(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{database}'",
    )
    cluster.query("postgres", f'DROP DATABASE "{database}"')
    cluster.query("postgres", f'CREATE DATABASE "{database}"')
    program("pg_restore", "--jobs=2", "-d", database, path)


def restore_in_place(database, path):
    """``--clean``: the database stays, what is in it is replaced."""
    program("pg_restore", "--clean", "--if-exists", "--jobs=2", "-d", database, path)


def program(name, *arguments):
    # A restore is thousands of transactions: the disk need not see each by itself.
    environment = {**os.environ, "PGOPTIONS": "-c synchronous_commit=off"}
    command = (postgres_bin() / name, *cluster.address(), "-U", cluster.USER)
    cluster.run(*command, *arguments, env=environment)


class ServerOf(OdooServer):
    """A server on a database that is there already: a copy of it may not send."""

    def __init__(self, database):
        self.database, self.process, self.uid = database, None, None
