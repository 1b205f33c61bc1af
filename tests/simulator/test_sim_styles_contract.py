"""The contract of each other style and the app say the same."""

from pathlib import Path

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.simulator.conftest import OTHER_STYLES

STYLES = Path(__file__).resolve().parents[2] / "simulator/styles"
BOUNDED = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def contract_of(style):
    return STYLES / style.replace("-", "_") / "openapi.yaml"


def conforms(style, without_key=False):
    """A test that the running style keeps to its contract, whatever is sent."""
    document = yaml.safe_load(contract_of(style).read_text("utf-8"))
    if without_key:
        del document["security"]
    contract = schemathesis.openapi.from_dict(document)

    @contract.parametrize()
    @BOUNDED
    def test(case, speaking):
        running = speaking(style)
        # A cursor that fits the contract is still none that was given out.
        made_up = [positive_data_acceptance] if "cursor" in str(case.body) else []
        if "after" in (case.query or {}):
            made_up = [positive_data_acceptance]
        case.call_and_validate(
            base_url=running.url,
            headers=running.headers(),
            timeout=20,
            excluded_checks=made_up,
        )

    return test


# A wrong key is said inside a 200 there, which is tested apart.
test_rest_path_conforms_to_its_contract = conforms("rest-path", without_key=True)
test_envelope_conforms_to_its_contract = conforms("envelope")
test_oauth_conforms_to_its_contract = conforms("oauth")


@pytest.mark.parametrize("style", OTHER_STYLES)
def test_contract_is_served_and_names_each_address(speaking, style):
    running = speaking(style)
    served = requests.get(f"{running.url}/openapi.yaml", timeout=10)
    assert served.content == contract_of(style).read_bytes()
    document = yaml.safe_load(served.content)
    written = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert set(running.control("GET", "about")["addresses"].values()) <= written


@pytest.mark.parametrize("style", OTHER_STYLES)
def test_examples_of_the_contract_are_taken(speaking, style):
    running = speaking(style)
    document = yaml.safe_load(contract_of(style).read_text("utf-8"))
    tried = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for kind, content in content_of(operation).items():
                body = {"json" if "json" in kind else "data": content["example"]}
                address = path.replace("{phone}", "%2B380671234567")
                answer = requests.request(
                    method,
                    running.url + address.replace("{token}", "abc"),
                    headers=running.headers(),
                    timeout=10,
                    **body,
                )
                assert answer.status_code < 300, (path, answer.text)
                tried += 1
    assert tried >= 4


def content_of(operation):
    if not isinstance(operation, dict):
        return {}
    content = operation.get("requestBody", {}).get("content", {})
    return {kind: one for kind, one in content.items() if "example" in one}
