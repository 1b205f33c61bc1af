import json
import re
from pathlib import Path

import pytest

from inboost_connector.lib import problems
from inboost_connector.lib.problems import Problem, ProblemError, is_problem

from .conftest import ADDON

SOURCES = "".join(
    path.read_text()
    for path in sorted((ADDON / "lib").glob("*.py"))
    if path != Path(problems.__file__)
)
RAISED = (
    "Problem", "ProblemError", "PageError", "RowRefused", "_Odd", "MappingError",
    "AddressRefused",
)  # fmt: skip
#: Raised by the models, who send the requests.
OF_MODELS = {"answer_too_large", "endless"}
#: Named after a part of a request, or a type of JSON.
MADE = ("in_", "type_")


@pytest.mark.parametrize("code", problems.TEXTS)
def test_each_text_is_used_and_can_be_filled(code):
    is_made = code.startswith(MADE) or code in OF_MODELS
    assert is_made or f'"{code}"' in SOURCES
    names = re.findall(r"%\((\w+)\)", problems.TEXTS[code])
    assert str(Problem(code, dict.fromkeys(names, "x")))
    assert str(ProblemError(code, **dict.fromkeys(names, "x")))


def test_each_code_has_a_text():
    used = re.findall(rf'(?:{"|".join(RAISED)})\(\s*"(\w+)"', SOURCES)
    used += [f"in_{part}" for part in re.findall(r'_named\("(\w+)"\)', SOURCES)]
    assert len(used) > 80
    assert set(used) <= set(problems.TEXTS)


def test_a_problem_within_another_is_kept_as_json_and_worded_with_it():
    inner = ProblemError("no_number", value="a").problem
    outer = ProblemError("function", name="round", error=inner).problem
    assert str(outer) == "round(): “a” is not a number; to_number() makes one"
    kept = json.loads(json.dumps(outer.as_json()))
    assert is_problem(kept) and is_problem(kept[1]["error"])
    assert str(Problem(*kept)) == str(outer)


@pytest.mark.parametrize("value", ["text", ["fone", "email"], [], {}, None, 5])
def test_what_is_no_problem(value):
    assert not is_problem(value)
