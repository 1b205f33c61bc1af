"""The wheel, installed in an empty environment next to Odoo."""

import subprocess
import sys
import zipfile

import cluster
import pytest
from workspace import CACHE, ODOO_CONF, ODOO_HOME_FILE, PYTHON, ROOT, STATE


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    run("git", "clone", "--quiet", ROOT, source)
    # What is not committed yet is built too.
    changed = subprocess.run(
        ["git", "ls-files", "--others", "--modified", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    for name in changed:
        if (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    run(PYTHON, "-m", "build", "--no-isolation", "--wheel", "-o", folder, source)
    [path] = folder.glob("*.whl")
    return path


def run(*command, **kwargs):
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **kwargs,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def test_addon_is_where_odoo_looks(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    addon = "odoo/addons/inboost_connector/"
    for name in (
        "__manifest__.py",
        "lib/outcome.py",
        "data/neutralize.sql",
        "security/ir.model.access.csv",
        "static/description/icon.png",
    ):
        assert addon + name in names
    assert "odoo/addons/inboost_connector_sale/views/sale_order_views.xml" in names
    assert "odoo/__init__.py" not in names
    assert "odoo/addons/__init__.py" not in names


def test_odoo_installs_it_from_there(wheel, tmp_path):
    environment = tmp_path / "venv"
    run(sys.executable, "-m", "venv", environment)
    python = environment / "bin/python"
    home = ODOO_HOME_FILE.read_text().strip()
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    if home:
        (tmp_path / "venv" / site.strip()).joinpath("odoo.pth").write_text(home + "\n")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--cache-dir", CACHE / "pip"]
    run(
        *pip,
        "-r",
        ROOT / "tools/requirements-odoo.txt",
        "-r",
        ROOT / "requirements.txt",
    )
    run(*pip, "--no-deps", "-r", ROOT / "tools/requirements-oca.txt")
    run(*pip, "--no-deps", wheel)
    conf = tmp_path / "odoo.conf"
    text = ODOO_CONF.read_text().replace(f"{ROOT},", "").replace(f"{ROOT}\n", "\n")
    conf.write_text(text)
    [base] = cluster.query(
        "postgres",
        "SELECT datname FROM pg_database WHERE datname ~ '^base_' LIMIT 1",
    ).splitlines()
    cluster.copy(base, "wheel")
    try:
        output = run(
            *(python, "-m", "odoo", "-c", conf, "-d", "wheel", "--no-http"),
            *("-i", "inboost_connector", "--stop-after-init"),
            cwd=STATE,
        )
        assert "Failed to load" not in output
        state = cluster.query(
            "wheel",
            "SELECT state FROM ir_module_module WHERE name = 'inboost_connector'",
        )
        assert state == "installed"
        where = run(
            python,
            "-c",
            "import odoo.addons.inboost_connector as a; print(a.__file__)",
            cwd=STATE,
        )
        assert str(environment) in where
    finally:
        cluster.drop("wheel")
