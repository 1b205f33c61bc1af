"""The Python environments and the programs of node that the project works with.

There are two environments: ``newest`` has the newest version of everything and the
tools; ``pins`` has the versions that Odoo itself pins, and the lowest of what we need
besides. A lock says what "newest" is, so that a package published tonight breaks
nobody's morning. Run as a program, this makes the locks anew."""

import os
import subprocess
import sys
from pathlib import Path

from machine import install_system
from workspace import (
    CACHE,
    ODOO_HOME_FILE,
    ROOT,
    STATE,
    VENVS,
    Trouble,
    main,
    output,
    run,
    say,
)

#: What each environment is made of.
REQUIREMENTS = {
    "newest": [
        "requirements.txt",
        "tools/requirements-odoo.txt",
        "tools/requirements-test.txt",
        "tools/requirements-dev.txt",
        "simulator/requirements.txt",
    ],
    "pins": [
        "requirements.txt",
        "tools/requirements-lowest.txt",
        "tools/requirements-odoo-pins.txt",
        "tools/requirements-test.txt",
    ],
}
OCA = "tools/requirements-oca.txt"
NODE = [
    "@prettier/plugin-xml@3.4.2",
    "eslint@9.39.5",
    "globals@17.14.0",
    "prettier@3.6.2",
]
LOCK_HEADER = """\
# What the environment "{name}" is made of. Written by: make renew
# It holds for the Python that it was made with; another one takes the newest.
"""


def provide(names):
    """:param names: of environments"""
    for name in names:
        provide_environment(name)
    provide_node()


def provide_environment(name):
    """A virtual environment that sees Odoo and has what Odoo, we and the tests need."""
    files = [ROOT / path for path in [*REQUIREMENTS[name], OCA]]
    files += [path for path in [lock_of(name)] if path.exists()]
    wanted = "".join(path.read_text() for path in files) + ODOO_HOME_FILE.read_text()
    stamp = VENVS[name] / "provisioned"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"installing Python packages ({name})")
    make_environment(name)
    install(name, *constraints_of(name))
    stamp.write_text(wanted)


def lock_of(name):
    return ROOT / f"tools/lock-{name}.txt"


def constraints_of(name):
    return ("-c", lock_of(name)) if lock_of(name).exists() else ()


def make_environment(name):
    """An empty environment that sees Odoo, if there is none yet."""
    folder = VENVS[name]
    if (folder / "bin/python").exists():
        return
    home = ODOO_HOME_FILE.read_text()
    site = [] if home else ["--system-site-packages"]
    try:
        run(sys.executable, "-m", "venv", *site, folder)
    except subprocess.CalledProcessError:
        install_system("python3-venv", "python3 -m venv")
        run(sys.executable, "-m", "venv", "--clear", *site, folder)
    if home:
        [packages] = folder.glob("lib/python*/site-packages")
        Path(packages, "odoo-home.pth").write_text(home + "\n")


def install(name, *options):
    """Install what an environment is made of.

    :param options: for pip
    """
    pip = [VENVS[name] / "bin/python", "-m", "pip", "--disable-pip-version-check"]
    pip += ["install", "--quiet", "--cache-dir", CACHE / "pip", *options]
    files = [part for path in REQUIREMENTS[name] for part in ("-r", ROOT / path)]
    try:
        run(*pip, *files)
        # Their dependency on "odoo" is there already and would pull in packages that
        # Odoo itself does not want.
        run(*pip, "--no-deps", "-r", ROOT / OCA)
    except subprocess.CalledProcessError as error:
        print(error.stdout.decode("utf-8", "replace")[-1500:])
        raise Trouble(
            "Python packages could not be installed; check the network, then run the "
            "same command again"
        ) from error


def renew(name):
    """Bring the newest versions that the requirements allow, and lock them."""
    make_environment(name)
    install(name, "--upgrade", "--upgrade-strategy", "eager")
    write_lock(name)


def write_lock(name):
    python = VENVS[name] / "bin/python"
    frozen = output(python, "-m", "pip", "freeze", "--local", "--all").splitlines()
    marker = f"python_version == '{sys.version_info[0]}.{sys.version_info[1]}'"
    lines = [
        f"{line} ; {marker}\n"
        for line in frozen
        # Odoo comes from elsewhere, and pip with the environment.
        if "==" in line and not line.startswith(("odoo==", "pip=="))
    ]
    lock_of(name).write_text(LOCK_HEADER.format(name=name) + "".join(lines))


def provide_node():
    """What checks XML, JavaScript and CSS. node itself is a Python package."""
    programs = VENVS["newest"] / "bin"
    stamp = STATE / "node" / "provisioned"
    if stamp.exists() and stamp.read_text() == " ".join(NODE):
        return
    say("installing packages of node")
    npm = [programs / "npm", "install", "--silent", "--no-fund", "--no-audit"]
    npm += ["--prefix", STATE / "node", "--cache", CACHE / "npm"]
    try:
        path = f"{programs}:{os.environ['PATH']}"
        run(*npm, *NODE, env={**os.environ, "PATH": path})
    except subprocess.CalledProcessError as error:
        raise Trouble(
            "the packages of node could not be installed; check the network, then run "
            "the same command again"
        ) from error
    stamp.write_text(" ".join(NODE))


if __name__ == "__main__":
    main(lambda: [renew(name) for name in VENVS] and None)
