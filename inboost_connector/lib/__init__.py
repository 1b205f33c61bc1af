"""The rules of the connector in plain Python: nothing here imports Odoo."""
