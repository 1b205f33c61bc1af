"""Measurements side by side: what the connector costs and how fast it is.

``make bench`` runs them; each file is one subject. Nothing here is part of the addons.
"""
