"""A process with Odoo's registry of one database, in which functions of the benchmarks
run on request: what a worker of Odoo does, without HTTP before it.

A request is a line of JSON: ``["benchmarks.sales:sell", {"price": 10}]``. The function
gets an environment of the administrator and the keyword arguments; its result goes
back as a line of JSON.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import traceback

from workspace import LOGS, ODOO_CONF, PYTHON, ROOT, Trouble

from .measure import ProcessMeter


class Worker:
    def __init__(self, database, conf=ODOO_CONF, environment=None):
        self.log = LOGS / f"{database}.worker.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    *(str(PYTHON), "-m", "benchmarks.worker"),
                    *("--conf", str(conf), "--database", database),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        self.meter = ProcessMeter(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __call__(self, function, **kwargs):
        """Run ``function`` inside, and wait for its result.

        :raise Trouble: with the exception that it ended with
        """
        where = f"{function.__module__}:{function.__name__}"
        try:
            self.process.stdin.write(json.dumps([where, kwargs]) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Trouble(f"a worker ended; its last words are in {self.log}")
        result = json.loads(answer)
        if "error" in result:
            raise Trouble(f"{where}: {result['error']}; more in {self.log}")
        return result["result"]


def serve(conf, database):
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.service import server
    from odoo.tools import config

    # What Odoo prints must not be taken for an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    options = ["-c", conf, "-d", database, "--no-http", "--log-level=warn"]
    config.parse_config(options, setup_logging=True)
    server.load_server_wide_modules()
    registry = Registry(database)
    for line in sys.stdin:
        where, kwargs = json.loads(line)
        module, _colon, name = where.partition(":")
        try:
            function = getattr(importlib.import_module(module), name)
            with registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                env = env(user=env.ref("base.user_admin").id)
                result = {"result": function(env, **kwargs)}
        except Exception as error:
            traceback.print_exc()
            result = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conf", required=True)
    parser.add_argument("--database", required=True)
    arguments = parser.parse_args()
    serve(arguments.conf, arguments.database)
