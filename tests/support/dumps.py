"""Databases that are dumped, restored and opened again under their own name."""

import cluster
from provision import postgres_bin

from tests.support.odoo_server import OdooServer


def dump(database, path):
    """As a nightly job of an administrator does it."""
    program(
        "pg_dump", "--format=custom", "--compress=1", "--file", path, "-d", database
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
    cluster.run(
        postgres_bin() / name, *cluster.address(), "-U", cluster.USER, *arguments
    )


class ServerOf(OdooServer):
    """A server on a database that is there already: a copy of it may not send."""

    def __init__(self, database):
        self.database, self.process, self.uid = database, None, None
