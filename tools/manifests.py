"""The manifests agree with what they depend on, and with requirements.txt."""

import os
import subprocess

from workspace import PYTHON, ROOT, Trouble, main

MANIFESTOO = [
    *(str(PYTHON.parent / "manifestoo"), "--select-addons-dir", str(ROOT)),
    *("--addons-path-python", str(PYTHON)),
]


def manifestoo(*arguments):
    """:return: what it prints; trouble when it objects"""
    done = subprocess.run(
        [*MANIFESTOO, *arguments],
        # Not the addons that a configuration file of Odoo names.
        env={name: value for name, value in os.environ.items() if name != "ODOO_RC"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Trouble(f"manifestoo {arguments[0]}: {done.stderr or done.stdout}")
    return done.stdout


def requirements():
    """:return: list of the lines of requirements.txt that are no comment"""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def check():
    manifestoo("check-licenses", "--transitive")
    # Most of OCA's addons do not say theirs, which OCA takes for Beta.
    manifestoo("check-dev-status", "--transitive", "--default-dev-status=Beta")
    named = manifestoo("list-external-dependencies", "python").split()
    if sorted(named) != sorted(requirements()):
        raise Trouble(
            "requirements.txt and the external_dependencies of the manifests differ: "
            f"{sorted(set(named) ^ set(requirements()))}"
        )


if __name__ == "__main__":
    main(check)
