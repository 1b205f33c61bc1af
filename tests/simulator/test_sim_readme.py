"""What simulator/README.rst says can be done is done, as it stands there."""

import json
import re
import subprocess

import pytest
import requests

from tests.simulator.conftest import ROOT

README = (ROOT / "simulator/README.rst").read_text()
#: An address and a JSON that may go on in the next lines.
EXAMPLE = re.compile(r"^    PUT /_sim/(\S+)\s+((?:.+\n)(?: {8,}.+\n)*)", re.M)
EXAMPLES = [(place, json.loads(body)) for place, body in EXAMPLE.findall(README)]


def blocks(text, start):
    """:return: the indented commands that begin with ``start``, each in one line"""
    joined = re.sub(r"\\\n\s*", "", text)
    return re.findall(rf"^ +({start} .*)$", joined, re.M)


def test_the_command_with_curl_sets_its_fault(simulator):
    [command] = blocks(README, "curl")
    assert "localhost:8099" in command
    command = command.replace("localhost:8099", simulator.url)
    subprocess.run(["bash", "-c", command], check=True, capture_output=True)
    fault = simulator.control("GET", "faults")["balance_set"]
    assert fault == {"answer": "unknown_customer", "phone": "380671234567"}


def test_there_are_examples():
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize(("place", "body"), EXAMPLES, ids=lambda one: str(one)[:30])
def test_each_example_is_taken(simulator, place, body):
    simulator.control("PUT", place, body)


def test_what_can_be_read_of_the_control_api_is_there(simulator):
    paths = set(re.findall(r"GET (/_sim/[a-z]+)``", README))
    assert len(paths) > 6
    for path in paths:
        assert requests.get(simulator.url + path, timeout=20).ok, path
