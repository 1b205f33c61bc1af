"""The cluster serves several commands at once, and the last of them stops it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workspace import ROOT

USE = """
import cluster
with cluster.running(SAFE) as port:
    print(port, flush=True)
    input()
"""


class Checkout:
    """A checkout of its own, with a cluster of its own."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(ROOT / "tools", folder / "tools")
        (folder / ".local").mkdir()
        (folder / ".local" / "odoo_home").write_text("")
        self.users = []

    def use(self, safe=True):
        """A command that needs the cluster until it is left; returns once it has it."""
        user = subprocess.Popen(
            [sys.executable, "-c", USE.replace("SAFE", str(safe))],
            cwd=self.folder / "tools",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.users.append(user)
        lines = iter(user.stdout.readline, "")
        assert any(line.strip().isdigit() for line in lines), "it got no cluster"
        return user

    def leave(self, user):
        self.users.remove(user)
        user.communicate("\n", timeout=60)
        assert user.returncode == 0

    def kill(self, user):
        self.users.remove(user)
        user.kill()
        user.communicate(timeout=60)

    def call(self, command):
        return subprocess.run(
            [sys.executable, "tools/cluster.py", command],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def is_up(self):
        return self.ask("cluster.is_up()") == "True"

    def ask(self, expression):
        script = f"import cluster; print({expression})"
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=self.folder / "tools",
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.strip()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    yield checkout
    done = checkout.call("clean")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def checkout(home):
    yield home
    for user in home.users[:]:
        home.kill(user)
    home.call("stop")


def test_a_second_command_leaves_the_cluster_to_the_first(checkout):
    demo, tests = checkout.use(), checkout.use()
    checkout.leave(tests)
    assert checkout.is_up()
    checkout.leave(demo)
    assert not checkout.is_up()


def test_a_first_command_leaves_the_cluster_to_the_second(checkout):
    tests, demo = checkout.use(), checkout.use()
    checkout.leave(tests)
    assert checkout.is_up()
    checkout.leave(demo)
    assert not checkout.is_up()


def test_only_what_tests_do_may_be_lost_by_a_power_cut(checkout):
    show = "cluster.query('postgres', 'SHOW fsync')"
    demo = checkout.use()
    assert checkout.ask(show) == "on"
    tests = checkout.use(safe=False)
    assert checkout.ask(show) == "off"
    checkout.leave(tests)
    assert checkout.ask(show) == "on"
    checkout.leave(demo)


def test_a_cluster_started_by_hand_is_stopped_by_hand(checkout):
    assert checkout.call("start").returncode == 0
    checkout.leave(checkout.use())
    assert checkout.is_up()
    assert checkout.call("stop").returncode == 0
    assert not checkout.is_up()


def test_a_cluster_left_by_a_killed_command_is_taken_over(checkout):
    checkout.kill(checkout.use())
    assert checkout.is_up()
    checkout.leave(checkout.use())
    assert not checkout.is_up()


@pytest.mark.parametrize("command", ["stop", "clean"])
def test_a_cluster_in_use_is_not_taken_away(checkout, command):
    checkout.use()
    done = checkout.call(command)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the cluster is in use")
    assert checkout.is_up()


def test_clean_leaves_nothing(tmp_path):
    checkout = Checkout(tmp_path)
    checkout.leave(checkout.use())
    place = Path(checkout.ask("cluster.folder()"))
    assert place.exists()
    subprocess.run(
        ["make", "-f", ROOT / "Makefile", f"PYTHON={sys.executable}", "clean"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert not place.exists()
    assert not (tmp_path / ".local").exists()
