"""Builds one wheel with the addons under ``odoo/addons/``, where Odoo finds them."""

import ast
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
ADDONS = sorted(path.parent.name for path in ROOT.glob("*/__manifest__.py"))
MANIFEST = ast.literal_eval((ROOT / "inboost_connector/__manifest__.py").read_text())
REQUIREMENTS = (ROOT / "requirements.txt").read_text().splitlines()


def packages_of(addon):
    return [addon, *(f"{addon}.{name}" for name in find_packages(addon))]


def files_of(addon):
    """All of them: a migration is Python, but in no package."""
    paths = [path for path in Path(addon).rglob("*") if path.is_file()]
    return [str(path.relative_to(addon)) for path in paths if path.suffix != ".pyc"]


setup(
    version=MANIFEST["version"],
    packages=[f"odoo.addons.{name}" for addon in ADDONS for name in packages_of(addon)],
    package_dir={f"odoo.addons.{addon}": addon for addon in ADDONS},
    package_data={f"odoo.addons.{addon}": files_of(addon) for addon in ADDONS},
    install_requires=[
        "odoo==19.0.*",
        "odoo-addon-partner-firstname>=19.0,<20",
        "odoo-addon-partner-contact-birthdate>=19.0,<20",
        *(line for line in REQUIREMENTS if line and not line.startswith("#")),
    ],
)
