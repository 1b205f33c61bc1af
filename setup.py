"""Builds a wheel that puts the addons under ``odoo/addons/``, where Odoo finds them."""

import ast
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
ADDONS = sorted(path.parent.name for path in ROOT.glob("*/__manifest__.py"))
MANIFEST = ast.literal_eval((ROOT / "inboost_connector/__manifest__.py").read_text())


def packages_of(addon):
    return [addon, *(f"{addon}.{name}" for name in find_packages(addon))]


def data_of(addon):
    return [
        str(path.relative_to(addon))
        for path in Path(addon).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]


setup(
    name="odoo-addon-inboost-connector",
    version=MANIFEST["version"],
    description=MANIFEST["summary"],
    long_description=(ROOT / "README.rst").read_text(),
    long_description_content_type="text/x-rst",
    author=MANIFEST["author"],
    license="AGPL-3.0-or-later",
    python_requires=">=3.10",
    packages=[f"odoo.addons.{name}" for addon in ADDONS for name in packages_of(addon)],
    package_dir={f"odoo.addons.{addon}": addon for addon in ADDONS},
    package_data={f"odoo.addons.{addon}": data_of(addon) for addon in ADDONS},
    install_requires=[
        "odoo==19.0.*",
        "odoo-addon-partner-firstname>=19.0,<20",
        "odoo-addon-partner-contact-birthdate>=19.0,<20",
        *(
            line
            for line in (ROOT / "requirements.txt").read_text().splitlines()
            if line and not line.startswith("#")
        ),
    ],
    zip_safe=False,
)
