"""Programs of the machine itself: Debian's packages, as root or by sudo."""

import os
import shutil
import subprocess

from workspace import Trouble, run, say


def as_root(*command):
    if os.geteuid() == 0:
        return list(command)
    if not shutil.which("sudo"):
        raise Trouble(f"run this as root: {' '.join(command)}")
    return ["sudo", *command]


def install_system(package, program):
    """Install a Debian package when ``program`` is not there."""
    if not shutil.which("apt-get"):
        raise Trouble(f"{program} is missing; install it with your package manager")
    say(f"installing {package} (for {program})")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = as_root("apt-get", "install", "-y", "--no-install-recommends", package)
    try:
        run(*install, env=environment)
    except subprocess.CalledProcessError:
        # A fresh machine has no lists yet, or old ones.
        try:
            run(*as_root("apt-get", "update"))
            run(*install, env=environment)
        except subprocess.CalledProcessError as error:
            raise Trouble(
                f"{package} could not be installed; check the network, then run: "
                f"apt-get install {package}"
            ) from error
