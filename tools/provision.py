"""Bring what is missing: Odoo 19, Python packages, PostgreSQL, Chromium.

Nothing that is there already is fetched again, and downloads are kept in a cache."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import packages
from machine import as_root, install_system
from workspace import (
    CACHE,
    LOGS,
    ODOO_HOME_FILE,
    ROOT,
    STATE,
    Trouble,
    main,
    output,
    run,
    say,
)

MIN_PYTHON = (3, 10)
MIN_DISK = 6 * 2**30
#: Odoo's package links to files of these: without them its pages are broken.
FROM_SID = (
    "odoo-19 libjs-jquery libjs-jquery-form libjs-underscore fonts-montserrat "
    "fonts-ocr-b fonts-roboto-unhinted fonts-glyphicons-halflings"
).split()
#: These have other paths in sid.
FROM_STABLE = ["fonts-font-awesome", "fonts-inconsolata"]
ODOO_REPOSITORY = "https://github.com/odoo/odoo.git"


def check_machine():
    if sys.version_info < MIN_PYTHON:
        raise Trouble(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} is too old; install "
            "Python 3.10 or newer and run: make PYTHON=python3.11 …"
        )
    free = shutil.disk_usage(ROOT).free
    if free < MIN_DISK and not ODOO_HOME_FILE.exists():
        raise Trouble(
            f"{free / 2**30:.1f} GB of disk are free and {MIN_DISK / 2**30:.0f} GB are "
            "needed; free some, or check out the project elsewhere"
        )


def postgres_bin():
    """The newest PostgreSQL's folder of programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
    )
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def provide_postgres():
    if not postgres_bin():
        install_system("postgresql", "initdb")
    programs = postgres_bin()
    version = int(output(programs / "postgres", "--version").split()[2].split(".")[0])
    if version < 13:
        raise Trouble(
            f"PostgreSQL {version} is too old; install PostgreSQL 13 or newer"
        )
    say(f"PostgreSQL {version}")


def provide_chromium():
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        install_system("chromium", "chromium")
    say("Chromium")


def importable_odoo():
    script = "import odoo.release as r; print(r.version_info[0])"
    try:
        return output(sys.executable, "-c", script, cwd="/").splitlines()[-1]
    except (subprocess.CalledProcessError, IndexError):
        return None


def provide_odoo():
    """Use the Odoo that is there; else Debian's package; else a clone."""
    given = os.environ.get("ODOO_HOME")
    if given:
        if not (Path(given) / "odoo" / "release.py").exists():
            raise Trouble(
                f"ODOO_HOME={given} has no odoo/release.py; name Odoo's source folder"
            )
        return keep_home(given)
    if ODOO_HOME_FILE.exists():
        return None
    version = importable_odoo()
    if version and version.startswith("19"):
        return keep_home("")
    if shutil.which("apt-get") and shutil.which("dpkg"):
        try:
            return keep_home(odoo_from_debian())
        except subprocess.CalledProcessError as error:
            say(f"Debian's package is out of reach ({error.cmd[0]}); cloning instead")
    return keep_home(odoo_from_clone())


def keep_home(folder):
    say(f"Odoo: {folder or 'the one that Python imports'}")
    ODOO_HOME_FILE.write_text(str(folder))


def odoo_from_debian():
    """Unpack Debian's package into a folder; nothing is installed on the system."""
    target = STATE / "odoo"
    debs = CACHE / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    wanted = FROM_SID + FROM_STABLE
    missing = [name for name in wanted if not list(debs.glob(f"{name}_*.deb"))]
    if missing:
        say(f"downloading {len(missing)} Debian packages, 150 MB")
        download(debs, [name for name in missing if name in FROM_SID], "sid")
        download(debs, [name for name in missing if name in FROM_STABLE])
    say("unpacking Odoo")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in wanted:
        run("dpkg", "-x", sorted(debs.glob(f"{name}_*.deb"))[-1], target)
    broken = output("find", target, "-xtype", "l")
    if broken:
        raise Trouble(f"Odoo's package has broken links: {broken.splitlines()[0]}")
    return target / "usr/lib/python3/dist-packages"


def download(folder, names, suite=None):
    """Download packages; of another suite by apt with folders of its own, so that the
    machine's own sources stay what they are."""
    if not names:
        return
    with tempfile.TemporaryDirectory() as private:
        options = []
        if suite:
            sources = output("apt-get", "indextargets", "--format", "$(REPO_URI)")
            if not sources:
                # A fresh machine knows its sources only after its first update.
                run(*as_root("apt-get", "update"))
                sources = output("apt-get", "indextargets", "--format", "$(REPO_URI)")
            address = next(uri for uri in sources.splitlines() if "security" not in uri)
            Path(private, "lists/partial").mkdir(parents=True)
            Path(private, "cache/archives/partial").mkdir(parents=True)
            Path(private, "sources.list").write_text(f"deb {address} {suite} main\n")
            for option in (
                f"Dir::Etc::sourcelist={private}/sources.list",
                "Dir::Etc::sourceparts=/dev/null",
                f"Dir::State::lists={private}/lists",
                f"Dir::Cache={private}/cache",
                "APT::Sandbox::User=root",
            ):
                options += ["-o", option]
            run("apt-get", *options, "update")
        else:
            run(*as_root("apt-get", "update"))
        run("apt-get", *options, "download", *names, cwd=folder)


def odoo_from_clone():
    target = STATE / "odoo-source"
    say("cloning Odoo 19 (one commit deep)")
    shutil.rmtree(target, ignore_errors=True)
    try:
        run("git", "clone", "--depth=1", "--branch=19.0", ODOO_REPOSITORY, target)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        raise Trouble(
            "Odoo 19 could not be downloaded; check the network, or name a source "
            "folder: make ODOO_HOME=/path/to/odoo …"
        ) from error
    return target


def provision(for_tests):
    STATE.mkdir(exist_ok=True)
    LOGS.mkdir(exist_ok=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    check_machine()
    provide_postgres()
    if for_tests:
        provide_chromium()
    provide_odoo()
    packages.provide(packages.REQUIREMENTS if for_tests else ["newest"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--no-tests",
        action="store_true",
        help="do without what only tests need: Chromium, Odoo's pins (demo, lint)",
    )
    arguments = parser.parse_args()
    main(provision, not arguments.no_tests)
