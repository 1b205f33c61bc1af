"""Each check of ``make lint`` sees the fault that it is there for."""

import shutil
import subprocess

import manifests
import pytest
import readmes
from pytest import raises
from workspace import PYTHON, ROOT, Trouble

PROGRAMS = PYTHON.parent
PYLINT = [PROGRAMS / "pylint", f"--rcfile={ROOT / '.pylintrc'}"]
BANDIT = [PROGRAMS / "bandit", "-q", "-c", ROOT / "pyproject.toml"]
MYPY = [PROGRAMS / "mypy", "--config-file", ROOT / "pyproject.toml"]
PRETTIER = [ROOT / "tools/node.sh", "prettier", "--check"]
PRETTIER += ["--config", ROOT / "tools/prettier.json"]
ESLINT = [ROOT / "tools/node.sh", "eslint"]
ESLINT += ["--config", ROOT / "tools/eslint.config.mjs"]
FAULTS = {
    "print in an addon": (PYLINT, "models.py", 'print("here")\n', "print-used"),
    "unchecked certificate": (
        BANDIT,
        "client.py",
        'import requests\n\nrequests.get("https://a.b", verify=False, timeout=1)\n',
        "B501",
    ),
    "untyped function": (MYPY, "rule.py", "def rule(a):\n    return a\n", "no-untyped"),
    "unformatted XML": (PRETTIER, "view.xml", "<odoo><a   b='c'/></odoo>\n", "style"),
    "unformatted JavaScript": (PRETTIER, "a.js", "const a = { b : 1 }\n", "style"),
    "unformatted CSS": (PRETTIER, "a.css", "a{color:red}\n", "style"),
    "undefined name": (ESLINT, "a.js", "nobody.knows();\n", "no-undef"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_seen(fault, tmp_path):
    command, name, text, says = FAULTS[fault]
    (tmp_path / name).write_text(text)
    done = subprocess.run(
        [str(part) for part in [*command, name]],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode
    assert says in done.stdout + done.stderr


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of what the READMEs and the manifests are made of."""
    for addon in ROOT.glob("inboost_connector*"):
        for name in ("readme", "static/description"):
            shutil.copytree(addon / name, tmp_path / addon.name / name)
        for name in ("__init__.py", "__manifest__.py", "README.rst"):
            shutil.copy(addon / name, tmp_path / addon.name)
    for name in ("README.rst", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.setattr(readmes, "ROOT", tmp_path)
    monkeypatch.setattr(manifests, "ROOT", tmp_path)
    command = [str(tmp_path) if p == str(ROOT) else p for p in manifests.MANIFESTOO]
    monkeypatch.setattr(manifests, "MANIFESTOO", command)
    return tmp_path


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_readmes_follow_their_fragments(project):
    readmes.run(check=True)
    change(project / "inboost_connector/readme/INSTALL.rst", "*Activate*", "*Begin*")
    with raises(Trouble, match="make format"):
        readmes.run(check=True)
    readmes.run(check=False)
    readmes.run(check=True)
    addon = project / "inboost_connector"
    for path in (
        project / "README.rst",
        addon / "README.rst",
        addon / "static/description/index.html",
    ):
        assert "Begin" in path.read_text()


def test_manifests_agree(project):
    manifests.check()


@pytest.mark.parametrize(
    "old, new, says",
    [
        ('"license": "AGPL-3"', '"license": "OPL-1"', "check-licenses"),
        ('"Beta"', '"Mature"', "check-dev-status"),
        ('"requests>=', '"requests>=99.', "requirements.txt"),
    ],
)
def test_manifest_that_disagrees_is_seen(project, old, new, says):
    change(project / "inboost_connector/__manifest__.py", old, new)
    with raises(Trouble, match=says):
        manifests.check()
