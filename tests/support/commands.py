"""Commands as somebody types them, in the checkout."""

import os
import subprocess

from workspace import ROOT


def alone(**variables):
    """:return: the environment of a command that no other command of make started"""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return {**kept, **variables}


def run(*command, cwd=ROOT, **options):
    """:return: what it printed"""
    options.setdefault("env", alone())
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout
