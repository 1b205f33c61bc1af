"""The recipes of docs/mapping.rst give what they say."""

import json
import re
from pathlib import Path

import pytest

from inboost_connector.lib import customers, facts, mapping
from inboost_connector.lib.operations import OPERATIONS

TEXT = (Path(__file__).parents[2] / "docs/mapping.rst").read_text()
RECIPE = re.compile(
    r"^``(?P<operation>\w+)``::\n\n    (?P<expression>.+)\n\ngives::\n\n"
    r"(?P<result>(?:    .*\n)+)",
    re.MULTILINE,
)
RECIPES = [found.groupdict() for found in RECIPE.finditer(TEXT)]


def test_there_are_twenty_at_least_and_each_is_read():
    assert len(RECIPES) == TEXT.count("\ngives::") >= 20


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe["expression"])
def test_a_recipe_gives_what_it_says(recipe):
    sample = facts.sample_input(recipe["operation"])
    made = mapping.apply(recipe["expression"], sample, "Europe/Kyiv")
    assert made == json.loads(recipe["result"])
    assert mapping.unknown_names(recipe["expression"], sample) == []


def test_what_may_be_known_of_a_customer_is_the_shipped_mapping_and_a_line_more():
    [shown] = re.findall(r"^    (\{inboost_id: id, phone: (?:.*\n)+?.*\})$", TEXT, re.M)
    row = {"userPhoneNumber": "380671234567", "cardBarcode": "0421"}
    read = customers.read({**row, "unsubscribed": True}, shown, "UA")
    assert (read.customer["barcode"], read.customer["opted_out"]) == ("0421", True)
    shipped = OPERATIONS["customers_list"].row
    assert " ".join(shown.split()).startswith(shipped[:-1])
