"""The private PostgreSQL cluster, and databases in it.

It listens on the loopback only and belongs to this checkout."""

import argparse
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from provision import postgres_bin
from workspace import (
    LOGS,
    MODULES,
    ODOO_CONF,
    PYTHON,
    ROOT,
    STATE,
    Trouble,
    checkout_id,
    free_port,
    main,
    odoo_home,
    output,
    run,
    say,
)

USER = "odoo"  # Odoo refuses one named postgres
PORT_FILE = STATE / "pg_port"
#: There while a cluster is up that was started by hand: no command stops it.
KEPT_FILE = STATE / "pg_kept"
#: Odoo loads an addon's demo data where all that it stands on has its own.
OUR_DEMO = "UPDATE ir_module_module SET demo = {} WHERE name = 'partner_firstname'"
#: Locked by whoever uses the cluster.
USERS_FILE = STATE / "pg_users"


def folder():
    """Where the cluster lives: a place that the user postgres can reach even when the
    checkout is in root's own folder."""
    name = f"inboost-connector-{os.getuid()}-{checkout_id()}"
    return Path(tempfile.gettempdir()) / name


def as_owner(*command):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return command
    try:
        pwd.getpwnam("postgres")
    except KeyError as error:
        raise Trouble("there is no user postgres; install PostgreSQL") from error
    return (
        "setpriv",
        "--reuid=postgres",
        "--regid=postgres",
        "--clear-groups",
        *command,
    )


@contextmanager
def running(safe=True):
    """The cluster, up for as long as a command needs it. Commands share it: the last
    one to leave stops it, unless it was started by hand.

    :param bool safe: from a power cut. Tests can do without, and spare minutes: to drop
        a database is to wait for the disk.
    :return: its port
    """
    with USERS_FILE.open("w") as users:
        if not lock_alone(users):
            # Waits while another command starts or stops it.
            fcntl.flock(users, fcntl.LOCK_SH)
        port = start()
        fcntl.flock(users, fcntl.LOCK_SH)
        make_safe(safe)
        try:
            yield port
        finally:
            if not safe:
                make_safe(True)
            if lock_alone(users) and not KEPT_FILE.exists():
                stop()


def make_safe(safe):
    """A kill of PostgreSQL loses nothing either way."""
    query("postgres", f"ALTER SYSTEM SET fsync = {'on' if safe else 'off'}")
    query("postgres", "SELECT pg_reload_conf()")


def lock_alone(users):
    """:return: whether nobody else uses the cluster; then it is locked"""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def by_hand(function):
    """Run ``function`` if no command uses the cluster."""
    with USERS_FILE.open("w") as users:
        if not lock_alone(users):
            raise Trouble("the cluster is in use; end make demo, make test or the like")
        function()


def keep():
    """Start the cluster by hand."""
    with running():
        KEPT_FILE.touch()


def is_up():
    place = folder()
    if not (place / "data" / "PG_VERSION").exists():
        return False
    status = subprocess.run(
        [
            *map(str, as_owner(postgres_bin() / "pg_ctl")),
            *("-D", str(place / "data"), "status"),
        ],
        stdout=subprocess.DEVNULL,
        cwd=place,
        check=False,
    )
    return status.returncode == 0


def start():
    """Start the cluster, making it when there is none.

    :return: its port
    """
    programs, place = postgres_bin(), folder()
    if not programs:
        raise Trouble("PostgreSQL is missing; run: make provision")
    if is_up() and PORT_FILE.exists():
        return int(PORT_FILE.read_text())
    KEPT_FILE.unlink(missing_ok=True)
    if not (place / "data" / "PG_VERSION").exists():
        say("making a PostgreSQL cluster")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o755)
        if os.geteuid() == 0:
            shutil.chown(place, "postgres", "postgres")
        run(
            *as_owner(programs / "initdb", "-A", "trust", "-U", "postgres"),
            *("-D", place / "data", "-E", "UTF8", "--locale=C.UTF-8"),
            cwd=place,
        )
    port = free_port()
    options = (
        f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c max_connections=200"
    )
    run(
        *as_owner(programs / "pg_ctl", "-D", place / "data", "-o", options),
        *("-l", place / "log", "-w", "start"),
        cwd=place,
        stdout=subprocess.DEVNULL,
    )
    PORT_FILE.write_text(str(port))
    if not query(
        "postgres", f"SELECT 1 FROM pg_roles WHERE rolname = '{USER}'", "postgres"
    ):
        query("postgres", f"CREATE ROLE {USER} SUPERUSER LOGIN", "postgres")
    write_conf(port)
    return port


def stop():
    place = folder()
    if (place / "data" / "postmaster.pid").exists():
        run(
            *as_owner(postgres_bin() / "pg_ctl", "-D", place / "data"),
            *("-m", "fast", "-w", "stop"),
            cwd=place,
        )
    for path in (PORT_FILE, KEPT_FILE):
        path.unlink(missing_ok=True)


def clean():
    """Remove all that was made; the cache of downloads stays."""
    stop()
    shutil.rmtree(folder(), ignore_errors=True)
    shutil.rmtree(STATE, ignore_errors=True)


def address():
    return ("-h", "127.0.0.1", "-p", PORT_FILE.read_text())


def query(database, sql, user=USER):
    """:return: the answer's text, columns parted by "|" """
    psql = postgres_bin() / "psql"
    return output(psql, *address(), "-U", user, "-d", database, "-XAtc", sql)


def exists(database):
    sql = f"SELECT 1 FROM pg_database WHERE datname = '{database}'"
    return bool(query("postgres", sql))


def copy(template, database):
    drop(database)
    createdb = postgres_bin() / "createdb"
    run(createdb, *address(), "-U", USER, "-T", template, database)
    if filestore(template).exists():
        shutil.copytree(filestore(template), filestore(database), copy_function=os.link)


def rename(database, name):
    drop(name)
    query("postgres", f'ALTER DATABASE "{database}" RENAME TO "{name}"')
    if filestore(database).exists():
        filestore(database).rename(filestore(name))


def drop(database):
    dropdb = postgres_bin() / "dropdb"
    run(dropdb, *address(), "-U", USER, "--force", "--if-exists", database)
    shutil.rmtree(filestore(database), ignore_errors=True)


def filestore(database):
    """Images and other files of a database; Odoo never changes one in place."""
    return STATE / "data" / "filestore" / database


def write_conf(port):
    home = odoo_home()
    paths = [ROOT]
    if home:
        paths += [p for p in (home / "addons", home / "odoo/addons") if p.is_dir()]
    ODOO_CONF.write_text(
        "[options]\n"
        "db_host = 127.0.0.1\n"
        f"db_port = {port}\n"
        f"db_user = {USER}\n"
        f"addons_path = {','.join(map(str, paths))}\n"
        f"data_dir = {STATE / 'data'}\n"
        "http_interface = 127.0.0.1\n"
        # The simulator has no certificate and lives on this machine.
        "[inboost]\n"
        "allow_http = True\n"
        "allowed_networks = 127.0.0.0/8\n"
    )


def odoo(database, *arguments, log):
    """Run Odoo once; its output goes to a file of logs."""
    LOGS.mkdir(exist_ok=True)
    path = LOGS / log
    with path.open("w") as stream:
        status = subprocess.run(
            [
                *(str(PYTHON), "-m", "odoo", "-c", str(ODOO_CONF), "-d", database),
                *(*arguments, "--stop-after-init", "--no-http"),
            ],
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=STATE,
            check=False,
        ).returncode
    text = path.read_text(errors="replace")
    if status or "Failed to load registry" in text:
        raise Trouble(f"Odoo failed; its last words: {text[-1500:]}\nAll of it: {path}")


def base(modules):
    """A database with what ``modules`` stand on and none of ours, made once."""
    database = f"base_{hashlib.sha256(modules.encode()).hexdigest()[:8]}"
    if not exists(database):
        say(f"making the database {database} (about a minute)")
        drop(f"{database}_new")
        others = ",".join(m for m in modules.split(",") if "inboost" not in m)
        others += ",pos_loyalty,contacts,utm,phone_validation"
        others += ",partner_firstname,partner_contact_birthdate"
        odoo(f"{database}_new", "-i", others, "--with-demo", log="base.log")
        rename(f"{database}_new", database)
    query(database, OUR_DEMO.format("FALSE"))
    return database


def template(name, modules, source=None, demo=False):
    """A database with ``modules``, made once for each version of our code.

    :param source: the database it starts from; one with none of ours by default
    :param bool demo: with our own demo data, in English and Ukrainian
    """
    made_of = f"{modules}{source or ''}{demo or ''}".encode()
    key = hashlib.sha256(made_of + fingerprint()).hexdigest()[:8]
    database = f"{name}_{key}"
    if not exists(database):
        source = source or base(modules)
        say(f"making the database {database}")
        for old in query("postgres", "SELECT datname FROM pg_database").splitlines():
            if re.fullmatch(rf"{name}_[0-9a-f]{{8}}(_new)?", old):
                drop(old)
        copy(source, f"{database}_new")
        if demo:
            query(f"{database}_new", OUR_DEMO.format("TRUE"))
        languages = ("--load-language", "uk_UA") if demo else ()
        odoo(f"{database}_new", "-i", modules, *languages, log="template.log")
        rename(f"{database}_new", database)
    return database


def fingerprint():
    """Of what an installation depends on."""
    digest = hashlib.sha256()
    for addon in sorted(ROOT.glob("inboost_connector*")):
        for path in sorted(addon.rglob("*")):
            if path.is_relative_to(addon / "tests"):
                continue
            if path.suffix in (".py", ".xml", ".csv", ".json", ".sql", ".po"):
                digest.update(path.read_bytes())
    return digest.digest()


def print_template():
    with running():
        print(template("test", MODULES))


COMMANDS = {
    "start": keep,
    "stop": lambda: by_hand(stop),
    "clean": lambda: by_hand(clean),
    "template": print_template,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    STATE.mkdir(exist_ok=True)
    main(COMMANDS[parser.parse_args().command])
