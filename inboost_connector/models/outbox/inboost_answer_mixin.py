from odoo import fields, models

from ...lib.outcome import AnswerRules


class InboostAnswerMixin(models.AbstractModel):
    """What answers of an operation mean, and how lists are read."""

    _name = "inboost.answer.mixin"
    _description = "InBoost Answer"

    answers_path = fields.Char(
        "Answer for Each Event",
        tracking=True,
        help="JMESPath over the answer to several events: a list with what became of "
        "each, by its event id or in the same order. Refusal, repeat and reason are "
        "looked for in each of its rows then. Empty: all share the answer.",
    )
    rows_path = fields.Char(
        "Rows",
        help="JMESPath of the rows, or of the customer, in an answer.",
        tracking=True,
    )
    total_path = fields.Char(
        "Total", help="JMESPath of the total in a list's answer.", tracking=True
    )
    next_path = fields.Char(
        "Next Page",
        help="JMESPath of the next page's cursor or address in a list's answer.",
        tracking=True,
    )
    row_map = fields.Text(
        "Customer",
        help="JMESPath from a row to a customer: inboost_id, phone, firstname, "
        "lastname, email, birthdate, source, specialty, lang, barcode, opted_out. Only "
        "the phone is required.",
        tracking=True,
    )
    paging = fields.Selection(
        [
            ("page", "Page number"),
            ("offset", "Offset"),
            ("cursor", "Cursor"),
            ("address", "Next address in the answer"),
            ("link", "Next address in the Link header"),
        ],
        required=True,
        default="page",
        tracking=True,
        help="How the next rows of a list are asked for: by page and page_size, by "
        "offset and limit, by cursor and page_size, in the query or the body; or at "
        "the address that the answer names.",
    )
    page_size = fields.Integer(
        required=True,
        default=500,
        help="Rows that are asked for at once.",
        tracking=True,
    )
    incremental = fields.Boolean(
        "Only What Changed",
        help="InBoost can list what changed since a moment (since in the body). All "
        "customers are still read once a day.",
        tracking=True,
    )
    repeat_path = fields.Char(
        "Repeat",
        help="JMESPath over an answer that is true when InBoost says that it knew the "
        "event already.",
        tracking=True,
    )
    failure_path = fields.Char(
        "Refusal",
        help="JMESPath over an answer that is true when InBoost refuses the content "
        'though the status says success, such as {"success": false}.',
        tracking=True,
    )
    text_path = fields.Char(
        "Reason in the Answer",
        help="JMESPath over an answer: the words that people read as the reason. "
        "Empty: the usual places are looked through.",
        tracking=True,
    )
    received_path = fields.Char(
        "Received",
        help="JMESPath over an answer that is true when InBoost has the event that was "
        "asked about, and false when it has not. Anything else: nobody knows.",
        tracking=True,
    )
    not_found = fields.Selection(
        [
            ("address_until_proven", "A wrong address, until something was accepted"),
            ("content", "An unknown customer or order"),
        ],
        "404 Means",
        required=True,
        default="address_until_proven",
        help="A wrong address pauses the endpoint; an unknown customer is that event's "
        "own failure.",
        tracking=True,
    )
    conflict = fields.Selection(
        [("busy", "Busy: try again"), ("repeat", "It had the event before")],
        "409 Means",
        required=True,
        default="busy",
        tracking=True,
    )
    web_page = fields.Selection(
        [("refused", "Is never a success"), ("accepted", "May be the answer")],
        "A Web Page",
        required=True,
        default="refused",
        help="A login page or a firewall answers with a web page, too.",
        tracking=True,
    )
    proven = fields.Boolean(
        readonly=True, copy=False, help="Something was accepted at this address."
    )

    def _get_rules(self):
        """:rtype: lib.outcome.AnswerRules"""
        self.ensure_one()
        return AnswerRules(
            failure_path=self.failure_path or "",
            repeat_path=self.repeat_path or "",
            text_path=self.text_path or "",
            answers_path=(self.answers_path or "") if self.batch_size > 1 else "",
            not_found=self.not_found,
            conflict=self.conflict,
            web_page=self.web_page,
            authorised=self.authorised,
            proven=self.proven,
        )
