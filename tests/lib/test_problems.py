import re
from pathlib import Path

import pytest

from inboost_connector.lib import problems

from .conftest import ADDON

SOURCES = "".join(
    path.read_text()
    for path in sorted((ADDON / "lib").glob("*.py"))
    if path != Path(problems.__file__)
)


#: Raised by the models, who send the requests.
OF_MODELS = {"answer_too_large", "endless"}


@pytest.mark.parametrize("code", problems.TEXTS)
def test_each_text_is_used_and_can_be_filled(code):
    assert f'"{code}"' in SOURCES or code in OF_MODELS
    names = re.findall(r"%\((\w+)\)", problems.TEXTS[code])
    assert str(problems.Problem(code, dict.fromkeys(names, "x")))
    assert str(problems.ProblemError(code, **dict.fromkeys(names, "x")))


def test_each_code_has_a_text():
    used = re.findall(r'(?:Problem|PageError|RowRefused|_Odd)\(\s*"(\w+)"', SOURCES)
    assert set(used) <= set(problems.TEXTS)
