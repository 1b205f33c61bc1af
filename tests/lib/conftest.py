"""The rules in lib are plain Python: these tests need no Odoo and take seconds."""

import sys
import types
from pathlib import Path

ADDON = Path(__file__).parents[2] / "inboost_connector"

# The addon's own __init__ would import Odoo.
package = types.ModuleType("inboost_connector")
package.__path__ = [str(ADDON)]
sys.modules["inboost_connector"] = package
