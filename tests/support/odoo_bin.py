"""Odoo's command, as a file: a prefork server starts its own once more."""

from odoo.cli.command import main

main()
