"""The checkout: where its things are, how commands are run, how trouble is shown."""

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
CACHE = Path(
    os.environ.get("INBOOST_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "inboost-connector"
)
#: The Python environments: the newest of everything, and what Odoo itself pins.
VENVS = {"newest": STATE / "venv", "pins": STATE / "venv-pins"}
PYTHON = VENVS["newest"] / "bin" / "python"
ODOO_CONF = STATE / "odoo.conf"
ODOO_HOME_FILE = STATE / "odoo_home"
LOGS = STATE / "logs"
#: What a database for the demo and for the tests contains.
MODULES = (
    "inboost_connector,inboost_connector_sale,inboost_connector_privacy"
    ",inboost_connector_forget,inboost_connector_spreadsheet_dashboard"
    ",sale_management,sale_loyalty,privacy_lookup,privacy_partner_to_be_forgotten"
)


class Trouble(Exception):
    """Something that a person has to mend; the text says how."""


def main(function, *args):
    """Run ``function`` and show its trouble in one line."""
    try:
        sys.exit(function(*args))
    except Trouble as trouble:
        sys.exit(f"error: {trouble}")
    except subprocess.CalledProcessError as error:
        tail = (error.stdout or b"")[-2000:].decode("utf-8", "replace")
        command = " ".join(map(str, error.cmd))[:200]
        sys.exit(f"{tail}\nerror: this command failed: {command}")
    except KeyboardInterrupt:
        sys.exit("stopped")


def say(text):
    print(f"-- {text}", flush=True)


def run(*command, **kwargs):
    """Run a command quietly; its output is shown when it fails."""
    kwargs.setdefault("stdout", subprocess.PIPE)
    kwargs.setdefault("stderr", subprocess.STDOUT)
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([str(part) for part in command], check=True, **kwargs)


def output(*command, **kwargs):
    return run(*command, **kwargs).stdout.decode().strip()


def checkout_id():
    """Tells this checkout from others on the machine."""
    return hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def check_port(port, what, option):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise Trouble(
                f"port {port} for {what} is taken; end the program that uses it, or "
                f"choose another: make demo {option}={port + 100}"
            )


def odoo_home():
    """The folder of an Odoo that is not importable by itself; None when it is."""
    if ODOO_HOME_FILE.exists():
        text = ODOO_HOME_FILE.read_text().strip()
        return Path(text) if text else None
    raise Trouble("nothing is provisioned yet; run: make provision")
