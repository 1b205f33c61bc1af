"""The API styles that the stand-in speaks, by name."""

from importlib import import_module

NAMES = ("inboost", "rest-path", "envelope", "oauth")


def load(name):
    """
    :rtype: simulator.style.Style
    """
    return import_module(f".{name.replace('-', '_')}.routes", __package__).style
