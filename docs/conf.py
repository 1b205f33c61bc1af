"""How Sphinx makes the documentation: make docs."""

project = "InBoost Connector"
author = "InBoost Connector contributors"
copyright = f"2026, {author}"
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "description": "for Odoo 19"}
html_show_sourcelink = False
