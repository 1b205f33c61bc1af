# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "InBoost Benchmark Job",
    "summary": "One request a job, for the comparison with OCA's queue",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "license": "AGPL-3",
    "author": "InBoost Connector contributors",
    "website": "https://inboost.ai",
    "depends": ["queue_job"],
    "installable": True,
}
