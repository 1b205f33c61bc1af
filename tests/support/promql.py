"""What alert rules need of PromQL: metrics with labels, numbers, arithmetic and
comparisons, at one moment. Anything else is refused rather than guessed."""

import operator
import re

import promql_parser
from prometheus_client.parser import text_string_to_metric_families
from promql_parser import MatchOp

ARITHMETIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
#: A label that is not there is as an empty one.
MATCHES = {
    str(MatchOp.Equal): operator.eq,
    str(MatchOp.NotEqual): operator.ne,
    str(MatchOp.Re): lambda value, pattern: bool(re.fullmatch(pattern, value)),
    str(MatchOp.NotRe): lambda value, pattern: not re.fullmatch(pattern, value),
}


def read(text):
    """:param str text: what an exporter answers
    :return: list of samples"""
    families = text_string_to_metric_families(text)
    return [sample for family in families for sample in family.samples]


def evaluate(expression, samples):
    """:return: a number, or a vector: {its labels as a frozenset of pairs: number}
    :raise ValueError: for what is no PromQL"""
    return _evaluate(promql_parser.parse(expression), samples)


def _evaluate(node, samples):
    match node:
        case promql_parser.NumberLiteral():
            return node.val
        case promql_parser.ParenExpr():
            return _evaluate(node.expr, samples)
        case promql_parser.VectorSelector(offset=None, at=None):
            return _select(node, samples)
        case promql_parser.BinaryExpr(modifier=None):
            left, right = (_evaluate(one, samples) for one in (node.lhs, node.rhs))
            return _combine(str(node.op), left, right)
    raise NotImplementedError(f"{node}: this evaluator has no such thing")


def _select(node, samples):
    assert not node.matchers.or_matchers, f"{node}: no such thing here"
    return {
        frozenset(sample.labels.items()): sample.value
        for sample in samples
        if sample.name == node.name
        and all(
            MATCHES[str(one.op)](sample.labels.get(one.name, ""), one.value)
            for one in node.matchers.matchers
        )
    }


def _combine(sign, left, right):
    """Vectors meet where all their labels are the same."""
    if not isinstance(left, dict) and not isinstance(right, dict):
        return ARITHMETIC[sign](left, right)
    if not isinstance(left, dict) or sign not in {**ARITHMETIC, **COMPARISONS}:
        raise NotImplementedError(f"this evaluator has no such {sign}")
    others = right if isinstance(right, dict) else dict.fromkeys(left, right)
    pairs = {key: (left[key], others[key]) for key in left if key in others}
    if sign in COMPARISONS:
        holds = COMPARISONS[sign]
        return {key: pair[0] for key, pair in pairs.items() if holds(*pair)}
    return {key: ARITHMETIC[sign](*pair) for key, pair in pairs.items()}
