import json

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import LazyTranslate

from ...lib import batch, facts, mapping, outcome, redact
from ...lib.functions import FUNCTIONS
from ...lib.log_row import describe, mask_outcome, mask_text
from ...lib.operations import ALONE, EXPRESSIONS, OF_REQUEST

_lt = LazyTranslate(__name__)

#: What the functions of expressions do, in a line.
HELP = {
    "phone": _lt(
        "A phone as 'digits' (with country code, no +), 'e164' or 'national'."
    ),
    "date": _lt(
        "A time by a pattern of yyyy MM dd HH mm ss XXX and their like; in the "
        "company's time zone, or in the one given."
    ),
    "parse_date": _lt("Reads a date that is written by a pattern."),
    "money": _lt("An amount as text with so many digits after the point."),
    "minor": _lt(
        "An amount in its smallest units, such as kopecks; 2 digits unless given."
    ),
    "round": _lt("A number rounded as on a receipt."),
    "times": _lt("The product of two numbers."),
    "plus": _lt("The sum of two numbers."),
    "minus": _lt("The first number less the second."),
    "negative": _lt("The number with the opposite sign."),
    "split": _lt("A list of the parts between separators."),
    "replace": _lt("The text with each old part replaced by the new one."),
    "slice": _lt(
        "A part of the text; places count from 0, negative ones from the end."
    ),
    "base64": _lt("The text in Base64."),
    "sha256": _lt("The SHA-256 of the text, in hexadecimal."),
    "hmac": _lt("The HMAC-SHA256 of the text, in hexadecimal."),
}
#: Characters of what is shown.
MAX_SHOWN = 20_000


class InboostMapping(models.AbstractModel):
    """The expressions of an endpoint: checked when saved, and shown as what they
    make."""

    _name = "inboost.mapping"
    _description = "InBoost Mapping"

    # -- what is refused -----------------------------------------------------------

    @api.model
    def _check_expressions(self, endpoint):
        """:raise ValidationError: with the place of what is wrong"""
        for name in EXPRESSIONS:
            if endpoint[name]:
                self._check_expression(endpoint, name)

    @api.model
    def _find_problems(self, endpoint):
        """What :meth:`_check_expressions` refuses, for the places where it is typed.

        :return: {field: {"text", "position": from 0}}
        """
        found = {}
        for name in EXPRESSIONS:
            expression = endpoint[name] or "@"
            try:
                mapping.compile_expression(expression)
            except mapping.MappingError as error:
                place, _rest = error.find_place(expression) or (1, "")
                found[name] = {"text": self._word_error(error), "position": place - 1}
        return found

    @api.model
    def _check_body(self, endpoint):
        has_body = endpoint.body and endpoint.body_format != "none"
        if endpoint.batch_size > 1 and (
            not has_body
            or endpoint.body_format == "form"
            or endpoint.operation in ALONE
        ):
            raise ValidationError(
                self.env._(
                    "Several events in one request are a list in a JSON body, of an "
                    "operation that sends events."
                )
            )
        if endpoint.method == "GET" and has_body:
            raise ValidationError(
                self.env._(
                    "A GET has no body: choose another method, or None as the body's "
                    "format, and write what InBoost has to know into the query."
                )
            )

    @api.model
    def _check_expression(self, endpoint, name):
        expression = endpoint[name]
        try:
            mapping.compile_expression(expression)
        except mapping.MappingError as error:
            raise ValidationError(
                self.env._(
                    "%(field)s is not a valid JMESPath expression: %(error)s %(place)s",
                    field=self._get_label(endpoint, name),
                    error=self._word_error(error),
                    place=self._describe_place(error, expression),
                )
            ) from error

    @api.model
    def _word_error(self, error):
        """:param error: whatever is raised by what makes a request of a fact"""
        problem = mapping.find_problem(error)
        return self.env["inboost.reason"]._word(problem.code, problem.args)

    @api.model
    def _describe_place(self, error, expression):
        if not (found := error.find_place(expression)):
            return ""
        place, rest = found
        if not rest:
            return self.env._("(at the end)")
        return self.env._("(at character %(place)s: %(rest)s)", place=place, rest=rest)

    @api.model
    def _check_address(self, endpoint):
        """Its expressions can be read, all their names are known when it is sent, and
        it leads where we may go."""
        endpoint = endpoint.sudo()
        if not endpoint.address:
            return
        address, sample = endpoint.address, self._get_sample(endpoint)
        try:
            unknown = [n for n in mapping.template_names(address) if n not in sample]
            if unknown:
                raise ValidationError(
                    self.env._(
                        "The address: %(unknown)s is not known when this is sent. "
                        "Known are %(known)s.",
                        unknown=", ".join(unknown),
                        known=", ".join(sample),
                    )
                )
            url = mapping.fill(endpoint._url(), sample)
        except mapping.MappingError as error:
            raise ValidationError(
                self.env._(
                    "The address: %(error)s %(place)s",
                    error=self._word_error(error),
                    place=self._describe_place(error, address)
                    if endpoint.kind == "api"
                    else "",
                )
            ) from error
        self.env["inboost.connection"]._check_url(url, endpoint._has_secret_address())

    @api.model
    def _get_label(self, endpoint, name):
        return endpoint._fields[name].get_description(self.env)["string"]

    # -- what looks wrong ----------------------------------------------------------

    @api.model
    def _find_warnings(self, endpoint):
        """What can be saved and is a mistake, most likely.

        :return: list of texts
        """
        found = []
        for name in (*OF_REQUEST, *(["batch_body"] if endpoint.batch_size > 1 else [])):
            sample = self._get_sample(endpoint, name)
            unknown = self._find_unknown(endpoint[name], sample)
            if unknown:
                found.append(
                    self.env._(
                        "%(field)s: nothing is called %(names)s here. See the input.",
                        field=self._get_label(endpoint, name),
                        names=", ".join(unknown),
                    )
                )
        return found

    @api.model
    def _find_unknown(self, expression, sample):
        try:
            return mapping.unknown_names(expression, sample) if expression else []
        except mapping.MappingError:
            return []  # It is said where the request is shown.

    @api.model
    def _get_sample(self, endpoint, name=""):
        """What an expression can read; of several events together, no single one.

        :param str name: of the expression's field; "" for the address
        """
        if endpoint.batch_size < 2 or name == "body":
            return facts.sample_input(endpoint.operation)
        rows = {"rows": []} if name == "batch_body" else {}
        return {"phone_style": "", "event_id": facts.SAMPLE_ENVELOPE["event_id"]} | rows

    # -- what is shown -------------------------------------------------------------

    @api.model
    def _prepare_input(self, endpoint):
        """The record that a person chose, or the sample.

        :return: (fact, envelope)
        """
        event = endpoint.sample_event_id
        if event:
            return event._get_known(), event._envelope()
        sample = facts.sample_input(endpoint.operation)
        envelope = {
            name: sample.pop(name) for name in facts.SAMPLE_ENVELOPE if name in sample
        }
        del sample["phone_style"]
        return sample, envelope

    @api.model
    def _show_input(self, endpoint):
        fact, envelope = self._prepare_input(endpoint)
        style = endpoint.backend_id.phone_style
        return self._dump({**envelope, "phone_style": style, **fact})

    @api.model
    def _show_request(self, endpoint):
        """The request as it leaves, with secrets as dots; or what is wrong with it."""
        if not endpoint.address:
            return self.env._("There is no address yet.")
        fact, envelope = self._prepare_input(endpoint)
        try:
            target = endpoint._prepare_target()
            request = target.prepare_request(fact, **envelope)
            if target.auth:
                request.headers.update(target.auth.prepare_headers(redact.DOTS))
            request.headers = request.complete_headers()
            request.encode_body()
        except ValueError as error:
            return self._word_error(error)
        return self._show_wire(request, target.log)

    @api.model
    def _show_wire(self, request, rules):
        secrets = list(rules.secrets)
        url = redact.url(request.url) if rules.webhook else request.url
        lines = [f"{request.method} {redact.text(url, secrets)}"]
        masked = redact.headers(request.headers, rules.secret_headers)
        for name, value in masked.items():
            shown = redact.DOTS if value == redact.MASK else value
            lines.append(f"{name}: {redact.text(shown, secrets)}")
        body = ""
        if request.body is not None:
            is_form = request.body_format == "form"
            body = request.encode_body().decode() if is_form else request.body
            body = redact.text(body if is_form else self._dump(body), secrets)
        return "\n".join([*lines, "", body]).strip()[:MAX_SHOWN]

    @api.model
    def _show_answer(self, endpoint, exchange):
        """An answer as it came, what it means, and for customers how they were read."""
        rules = endpoint._get_log_rules()
        found = batch.judge_one(exchange, endpoint._get_rules())
        found = mask_outcome(found, exchange.request, rules)
        parts = [self._get_titles()[found.verdict]]
        if found.code != "accepted":
            reasons = self.env["inboost.reason"]
            parts.append(reasons._word(*reasons._from_outcome(found)))
        for name, problem in found.misfits.items():
            label = self._get_label(endpoint, name)
            parts.append(f"{label}: {self.env['inboost.reason']._word(*problem)}")
        parts += self._read_rows(endpoint, exchange.data)
        shown = describe(exchange, rules)
        parts.append(f"HTTP {exchange.status or ''} {shown['error'] or ''}".strip())
        parts.append(shown["answer"] or "")
        return mask_text("\n".join(parts), rules)[:MAX_SHOWN]

    @api.model
    def _get_titles(self):
        verdicts = outcome.Verdict
        return {
            verdicts.DONE: self.env._("Arrived."),
            verdicts.DUPLICATE: self.env._("Had arrived before."),
            verdicts.RETRY: self.env._("Not taken now; it would be tried again."),
            verdicts.CREDENTIALS: self.env._("The credentials are refused."),
            verdicts.ADDRESS: self.env._("Nobody is at this address."),
            verdicts.FAILED: self.env._("The content is refused."),
            verdicts.UNKNOWN: self.env._("Nobody knows whether it arrived."),
        }

    @api.model
    def _read_rows(self, endpoint, data):
        """The rows of an answer as they are read; an upper storey reads some.

        :return: list of lines
        """
        return []

    @api.model
    def _describe_functions(self):
        """:return: a table of what expressions may call, with examples"""
        rows = Markup().join(
            Markup(
                "<tr><td><code>%s</code></td><td>%s</td>"
                "<td><code>%s</code><br/>→ <code>%s</code></td></tr>"
            )
            % (
                f.usage,
                self.env._(HELP[name]),
                f.example,
                json.dumps(f.result, ensure_ascii=False),
            )
            for name, f in FUNCTIONS.items()
        )
        return Markup("<table class='table table-sm'>%s</table>") % rows

    @staticmethod
    def _dump(value):
        return json.dumps(value, indent=2, ensure_ascii=False)
