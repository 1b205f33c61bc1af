"""What an upgrade from 19.0.1.0.0 changes on purpose. All else stays as it was."""

#: {table in 19.0.1.0.0: table now}
RENAMED_TABLES = {}
#: {(table in 19.0.1.0.0, column): column now}
RENAMED_COLUMNS = {}
#: {(table in 19.0.1.0.0, column): why it is gone}
GONE_COLUMNS = {}
#: {(table in 19.0.1.0.0, column): why its values are others now}
CHANGED_VALUES = {}
#: {table now: why the upgrade adds rows to it}
NEW_ROWS = {}
#: {"module.name" in 19.0.1.0.0: "module.name" now}
RENAMED_XML_IDS = {}
#: {"module.name" in 19.0.1.0.0: why it is gone}
GONE_XML_IDS = {}
