"""Chaos in short, for every commit: what kills most, each once."""

import pytest

from tests.chaos.accidents import Accidents
from tests.chaos.test_chaos import live_through

SEED = 7
KINDS = ["kill_server", "end_connections", "restart_postgres"]


@pytest.fixture
def kinds(mode):
    return [*KINDS, "kill_worker"] if mode else KINDS


def test_in_short(odoo, inboost, clock, mode, kinds):
    live_through(Accidents(odoo, inboost, clock, mode, SEED, kinds), SEED, 0)
