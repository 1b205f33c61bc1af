"""One Odoo shell for many scripts: most of a shell's time is its start."""

import subprocess
from multiprocessing.connection import Listener

from workspace import LOGS, STATE

#: Run in the shell; each script has a transaction and caches of its own.
DRIVER = """
import io, traceback
from contextlib import redirect_stdout
from multiprocessing.connection import Client

connection = Client(ADDRESS)
while True:
    try:
        script = connection.recv()
    except EOFError:
        break
    printed = io.StringIO()
    env.cr.rollback()
    env.registry.check_signaling()
    env.transaction.reset()
    try:
        with redirect_stdout(printed):
            exec(script, {"env": env(), "__name__": "console"})
        env.cr.commit()
        trouble = ""
    except Exception:
        env.cr.rollback()
        trouble = traceback.format_exc()
    connection.send((printed.getvalue(), trouble))
"""


class Console:
    def __init__(self, command, name):
        self.log = (LOGS / f"{name}.console.log").open("a")
        with Listener(("127.0.0.1", 0)) as listener:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=self.log,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=STATE,
            )
            self.process.stdin.write(f"ADDRESS = {listener.address!r}\n{DRIVER}")
            self.process.stdin.close()
            self.connection = listener.accept()

    def run(self, script):
        """:return: what ``script`` printed"""
        self.connection.send(script)
        printed, trouble = self.connection.recv()
        assert not trouble, f"{printed[-2000:]}\n{trouble[-3000:]}"
        return printed

    def close(self):
        self.connection.close()
        self.process.wait(30)
        self.log.close()
