from odoo import api, models


class InboostSeveralMixin(models.AbstractModel):
    """Whose portal a record is of is shown where there are several."""

    _name = "inboost.several.mixin"
    _description = "Shown Where There Are Several Backends"

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, self._has_several())

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if not self._has_several():
            hidden = "column_invisible" if view_type == "list" else "invisible"
            for node in arch.iterfind(".//field[@name='backend_id']"):
                node.attrib.pop("optional", None)
                node.set(hidden, "1")
        return arch, view

    @api.model
    def _has_several(self):
        backends = self.env["inboost.backend"]
        # The form of an order is made with its list of events for everybody, and shown
        # without it to those who may not see them.
        return backends.has_access("read") and backends.search_count([], limit=2) > 1
