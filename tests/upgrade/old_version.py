"""The addons as they were in 19.0.1.0.0, and what runs with them."""

import hashlib
import subprocess
import tarfile
from pathlib import Path

import cluster
from workspace import LOGS, MODULES, ODOO_CONF, PYTHON, ROOT, STATE

ARCHIVE = Path(__file__).with_name("addons-19.0.1.0.0.tar.gz")
#: Our options had no section of their own.
OPTIONS = (
    "[options]\ninboost_allow_http = True\ninboost_allowed_networks = 127.0.0.0/8\n"
)


class OldVersion:
    """Odoo with the old addons in place of the checkout's."""

    def __init__(self, folder):
        with tarfile.open(ARCHIVE) as archive:
            archive.extractall(folder)
        checkout, old = f"addons_path = {ROOT}", f"addons_path = {folder}"
        text = ODOO_CONF.read_text()
        assert checkout in text, text
        self.conf = folder / "odoo.conf"
        self.conf.write_text(
            text.replace(checkout, old).replace("[options]\n", OPTIONS)
        )

    def template(self):
        """A database with the old version, made once: the archive never changes."""
        key = hashlib.sha256(ARCHIVE.read_bytes() + MODULES.encode()).hexdigest()[:8]
        database = f"old_{key}"
        if not cluster.exists(database):
            cluster.copy(cluster.base(MODULES), f"{database}_new")
            self.run(f"{database}_new", "-i", MODULES, "--stop-after-init")
            cluster.rename(f"{database}_new", database)
        return database

    def shell(self, database, script):
        """:return: what ``script`` printed"""
        return self.run(database, command="shell", script=script).stdout

    def run(self, database, *arguments, command="server", script=None):
        LOGS.mkdir(exist_ok=True)
        done = subprocess.run(
            [
                *(str(PYTHON), "-m", "odoo", command, "-c", str(self.conf)),
                *("-d", database, "--no-http", *arguments),
            ],
            input=script or "",
            text=True,
            capture_output=True,
            cwd=STATE,
            check=False,
            timeout=300,
        )
        (LOGS / f"{database}.old.log").write_text(done.stderr)
        assert done.returncode == 0, done.stderr[-3000:]
        return done
