# Copyright 2026 InBoost Connector contributors
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "InBoost Connector: Several Servers",
    "summary": "Several servers deliver InBoost's events at once, by OCA's queue_job",
    "version": "19.0.2.0.0",
    "category": "Hidden",
    "license": "AGPL-3",
    "author": "InBoost Connector contributors",
    "maintainers": ["InBoost Connector contributors"],
    "development_status": "Beta",
    "website": "https://inboost.ai",
    "depends": ["inboost_connector", "queue_job"],
    "data": ["data/queue_job.xml"],
}
