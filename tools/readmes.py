"""Write each addon's README.rst and index.html from the fragments in its readme/, as
OCA does, and the parts of the project's README.rst that say the same.

With ``--check`` nothing is written, and a file that is not current is trouble."""

import argparse
import ast
import re

from docutils.core import publish_parts
from workspace import ROOT, Trouble, main

#: The fragments that an addon may have, in order, and their headings.
SECTIONS = {
    "DESCRIPTION": None,
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "TROUBLESHOOTING": "Troubleshooting",
    "ROADMAP": "Known issues",
    "CONTRIBUTORS": "Contributors",
}
GENERATED = ".. This file is made of the fragments in readme/ by: make format"
#: A part of README.rst that is a fragment.
PART = re.compile(r"(?<=\.\. begin )(?P<path>\S+)\n.*?(?=\.\. end\n)", re.DOTALL)


def readme_of(addon):
    """:return: the text of an addon's README.rst"""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text())
    title = manifest["name"]
    parts = [
        f"{'=' * len(title)}\n{title}\n{'=' * len(title)}\n",
        f"{GENERATED}\n",
        f":Status: {manifest['development_status']}\n"
        f":Licence: {manifest['license']}\n"
        f":Maintainers: {', '.join(manifest['maintainers'])}\n",
    ]
    for name, heading in SECTIONS.items():
        fragment = addon / "readme" / f"{name}.rst"
        if fragment.exists():
            parts += [f"{heading}\n{'=' * len(heading)}\n"] if heading else []
            parts.append(fragment.read_text())
    return "\n".join(parts)


def page_of(readme):
    """:return: what Odoo shows of an addon among its apps"""
    settings = {"initial_header_level": 2, "report_level": 2, "halt_level": 2}
    parts = publish_parts(readme, writer="html5", settings_overrides=settings)
    # Odoo does not say in which encoding it reads the page.
    body = parts["html_body"].encode("ascii", "xmlcharrefreplace").decode()
    # Odoo finds pictures by their names, beside the page.
    body = body.replace('src="static/description/', 'src="')
    return f'<section class="container">\n{body}</section>\n'


def with_parts(text):
    """:return: the project's README.rst with its fragments as they are now"""

    def fragment(match):
        return f"{match['path']}\n\n{(ROOT / match['path']).read_text()}\n"

    return PART.sub(fragment, text)


def wanted():
    """:return: {path: the text that it should have}"""
    project = ROOT / "README.rst"
    texts = {project: with_parts(project.read_text())}
    for manifest in sorted(ROOT.glob("*/__manifest__.py")):
        addon = manifest.parent
        readme = readme_of(addon)
        texts[addon / "README.rst"] = readme
        texts[addon / "static/description/index.html"] = page_of(readme)
    return texts


def run(check):
    for path, text in wanted().items():
        if path.exists() and path.read_text() == text:
            continue
        if check:
            raise Trouble(f"{path.relative_to(ROOT)} is not current; run: make format")
        path.write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    main(run, parser.parse_args().check)
