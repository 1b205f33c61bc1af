"""The documentation names tests that are there."""

import re
from functools import cache

import pytest

from tests.storeys import ROOT

#: How the documents shorten the folders of tests.
FOLDERS = {"sale": "inboost_connector_sale/tests"}
#: A file, one test in it, and the list of its tests in italics: to the next file.
NAMED = re.compile(
    r"``([\w/]*\btest_\w+)(?:\.py)?(?:::(test_\w+))?``((?:\s*[(:])(?:(?!``)[^`])*)?"
)
#: What a test is named after, with spaces.
TEST = re.compile(r"\*(\w[^*]*)\*")


@cache
def sources():
    """:return: {path without its ending: text}"""
    paths = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("*/tests/**/test_*.py")]
    return {
        path.relative_to(ROOT).with_suffix("").as_posix(): path.read_text()
        for path in paths
    }


def files(name):
    """:return: paths that ``name`` may mean"""
    folder, _, rest = name.partition("/")
    if folder in FOLDERS:
        name = f"{FOLDERS[folder]}/{rest}"
    return [path for path in sources() if f"/{path}".endswith(f"/{name}")]


def method_of(words):
    return "test_" + re.sub(r"\W+", "_", words.strip().lower()).strip("_")


def faults(text):
    """:return: what ``text`` names that is not there"""
    found = []
    for name, one, listed in NAMED.findall(text):
        paths = files(name)
        if not paths:
            found.append(name)
        for test in [one] * bool(one) + [method_of(w) for w in TEST.findall(listed)]:
            if not any(f"def {test}(" in sources()[path] for path in paths):
                found.append(f"{name}: {test}")
    return found


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/*.rst")), ids=lambda p: p.stem)
def test_each_test_that_a_document_names_is_there(path):
    assert faults(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "``outbox/test_nothing``",
        "``test_capture.py``: *nothing of the kind*",
        "``lib/test_codes`` (*a code never\n  changed*)",
        "``lib/test_codes::test_a_code_never_changed``",
    ],
)
def test_one_that_is_not_there_is_noticed(text):
    assert len(faults(text)) == 1


def test_one_that_is_there_is_found():
    assert faults("``lib/test_codes``: *a code never\n  changes*, ``lives/``") == []


def test_each_promise_names_a_test():
    text = (ROOT / "docs/architecture.rst").read_text()
    rows = re.split(r"\n   \* - ", text[text.index("What must hold, and which") :])
    promises = [row for row in rows[1:] if "Proved by" not in row]
    assert len(promises) > 40
    assert [
        row for row in promises if not re.search(r"``\w+/test_\w+(::test_\w+)?``", row)
    ] == []
