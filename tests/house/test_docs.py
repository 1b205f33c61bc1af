"""What the documentation names is there: commands, menus, pictures."""

import re
import subprocess
import sys

import pictures
import polib
import pytest
import screenshots
from lxml import etree
from workspace import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.rst"),
        *ROOT.glob("docs/**/*.rst"),
        *ROOT.glob("inboost_connector*/readme/*.rst"),
        ROOT / "simulator/README.rst",
    ]
)
MENU = re.compile(r"\*(InBoost > [^*]+)\*")


# -- menus -----------------------------------------------------------------------------


def menus():
    """:return: the paths of all our menus, as "InBoost > Configuration > Backends" """
    titles, parents, names = {}, {}, {}
    for path in sorted(ROOT.glob("inboost_connector*/views/**/*.xml")):
        for node in etree.parse(path).iter("record", "menuitem"):
            name = node.findtext("field[@name='name']")
            titles[node.get("id")] = node.get("name") or name
            if node.tag == "menuitem":
                names[node.get("id")] = node.get("name") or node.get("action")
                parents[node.get("id")] = (node.get("parent") or "").split(".")[-1]

    def path_of(menu):
        own = [titles.get(menu) or titles[names[menu].split(".")[-1]]]
        return path_of(parents[menu]) + own if parents[menu] in names else own

    return {" > ".join(path_of(menu)) for menu in names}


def buttons():
    """:return: set of what may be pressed on our screens"""
    paths = [
        *ROOT.glob("inboost_connector*/views/**/*.xml"),
        *ROOT.glob("inboost_connector*/static/src/**/*.xml"),
    ]
    return {
        " ".join((node.get("string") or "".join(node.itertext())).split())
        for path in paths
        for node in etree.parse(path).iter("button", "a", "page")
    }


def translations():
    return {
        entry.msgid: entry.msgstr
        for path in ROOT.glob("inboost_connector*/i18n/uk.po")
        for entry in polib.pofile(str(path)).translated_entries()
    }


def named_menus(page):
    return {" ".join(path.split()) for path in MENU.findall(page.read_text())}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_menu_that_is_named_exists(page):
    """Its last part may be a button of the screen that it opens."""
    words = translations() if page.parent.name == "uk" else {}
    known, last = (
        {
            " > ".join(words.get(part, part) for part in path.split(" > "))
            for path in some
        }
        for some in (menus(), buttons())
    )
    assert len(known) > 10
    for path in named_menus(page) - known:
        menu, _, button = path.rpartition(" > ")
        assert menu in known and button in last, path


def test_menus_are_found_in_both_languages():
    for page in ("staff.rst", "uk/staff.rst"):
        assert len(named_menus(ROOT / "docs/guides" / page)) > 3


# -- pictures --------------------------------------------------------------------------


@pytest.mark.parametrize("language", screenshots.LANGUAGES)
def test_each_screen_has_its_picture_and_no_other(language):
    names = {path.stem for path in (screenshots.IMAGES / language).iterdir()}
    assert names == set(pictures.names()), "run make screenshots"


def test_each_screen_is_judged():
    judged = re.findall(r"^``([\w-]+)``", (ROOT / "docs/screens.rst").read_text(), re.M)
    assert sorted(judged) == sorted(pictures.names())


def test_the_pictures_stay_small():
    sizes = [path.stat().st_size for path in screenshots.IMAGES.rglob("*.png")]
    assert sum(sizes) < 8_000_000


def test_each_picture_of_the_readme_exists():
    found = re.findall(r"image:: (\S+)", (ROOT / "README.rst").read_text())
    assert found
    assert [path for path in found if not (ROOT / path).exists()] == []


# -- Sphinx ----------------------------------------------------------------------------


def test_sphinx_has_nothing_to_complain_about(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "dummy"]
    done = subprocess.run(
        [*command, str(ROOT / "docs"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
