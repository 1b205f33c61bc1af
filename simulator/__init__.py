"""A stand-in for InBoost: its contract, a memory, faults on demand, a live page.

Never imported by the addon. Start it with ``python -m simulator --help``.
"""
