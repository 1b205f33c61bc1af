"""What is wrong with an expression, and where, before any data is there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jmespath
from jmespath import exceptions, lexer
from jmespath.functions import Functions

from .functions import FUNCTIONS
from .problems import ProblemError

_OPENING = ("lparen", "lbracket", "filter", "lbrace")
_CLOSING = ("rparen", "rbracket", "rbrace")
_QUOTES = "'\"`"


class MappingError(ProblemError):
    """An expression that cannot be read or applied.

    :ivar position: of what is wrong, from 0; None when it is the data"""

    def __init__(self, code: str, position: int | None = None, **args: Any) -> None:
        super().__init__(code, **args)
        self.position = position

    def find_place(self, expression: str, context: int = 25) -> tuple[int, str] | None:
        """:return: the number of the character, from 1, and what begins there"""
        if self.position is None:
            return None
        rest = expression[self.position : self.position + context]
        return self.position + 1, rest


def parse(expression: str) -> Any:
    """:raise MappingError: when ``expression`` is not valid JMESPath"""
    try:
        return jmespath.compile(expression)
    except exceptions.EmptyExpressionError:
        raise MappingError("empty", 0) from None
    except exceptions.IncompleteExpressionError as error:
        raise MappingError("ends_early", len(expression)) from error
    except exceptions.LexerError as error:
        unclosed = error.message.startswith("Unclosed")
        code = "unclosed" if unclosed else "unexpected"
        token = str(error.lexer_value)[:40]
        raise MappingError(code, error.lexer_position, token=token) from error
    except exceptions.ParseError as error:
        token, position = str(error.token_value)[:40], error.lex_position
        raise MappingError("unexpected", position, token=token) from error
    except Exception as error:
        # Nested deeper than Python's stack, a number with too many digits.
        text = str(error)[:200]
        raise MappingError("no_jmespath", 0, error=text) from error


@dataclass
class _Call:
    """A call in the text.

    :ivar arguments: the tokens of each, those within brackets as one"""

    name: str
    position: int
    arguments: list[list[dict[str, Any]]] = field(default_factory=lambda: [[]])

    def check(self) -> None:
        arguments = [tokens for tokens in self.arguments if tokens]
        self._check_count(len(arguments))
        function = FUNCTIONS.get(self.name)
        for number, check in function.checks.items() if function else ():
            tokens = arguments[number] if number < len(arguments) else []
            if len(tokens) == 1 and tokens[0]["type"] == "literal":
                try:
                    check(tokens[0]["value"])
                except ProblemError as error:
                    place, problem = tokens[0]["start"], error.problem
                    raise MappingError(problem.code, place, **problem.args) from error

    def _check_count(self, count: int) -> None:
        if self.name in FUNCTIONS:
            function = FUNCTIONS[self.name]
            least, most = function.arity
            wanted = MappingError("usage", self.position, usage=function.usage)
        elif self.name in Functions.FUNCTION_TABLE:
            signature = Functions.FUNCTION_TABLE[self.name]["signature"]
            variadic = bool(signature) and bool(signature[-1].get("variadic"))
            least, most = len(signature), count if variadic else len(signature)
            wanted = MappingError(
                "arguments", self.position, name=self.name, count=least
            )
        else:
            raise MappingError("no_function", self.position, name=self.name)
        if not least <= count <= max(least, most):
            raise wanted


def check_calls(expression: str) -> None:
    """JMESPath itself looks at functions only when data is there.

    :raise MappingError: for an unknown function, a wrong number of arguments, and a
        constant that cannot be used: a style, a pattern, a time zone
    """
    previous: dict[str, Any] = {}
    stack: list[_Call | None] = [None]
    for token in lexer.Lexer().tokenize(expression):
        kind, call = token["type"], stack[-1]
        if kind in _CLOSING:
            closed = stack.pop()
            if closed:
                closed.check()
        elif kind == "comma" and call:
            call.arguments.append([])
        elif call:
            call.arguments[-1].append(token)
        if kind in _OPENING:
            is_call = kind == "lparen" and previous.get("type") == "unquoted_identifier"
            stack.append(
                _Call(previous["value"], previous["start"]) if is_call else None
            )
        previous = token


def placeholders(template: str) -> Iterator[tuple[str, str | None]]:
    """The pieces of an address: a text, and the expression after it or None.

    :raise MappingError: for a brace without its other, and an expression that cannot
        be read, with the place in ``template``
    """
    at = 0
    while at < len(template):
        start = template.find("{", at)
        text = template[at:] if start < 0 else template[at:start]
        if "}" in text:
            raise MappingError("not_opened", at + text.index("}"))
        if start < 0:
            yield text, None
            return
        end = _closing(template, start)
        expression = template[start + 1 : end]
        try:
            parse(expression)
            check_calls(expression)
        except MappingError as error:
            error.position = start + 1 + (error.position or 0)
            raise
        yield text, expression
        at = end + 1


def _closing(template: str, start: int) -> int:
    """Where the brace at ``start`` is closed; those in quotes are text."""
    depth, quoted = 0, ""
    for at in range(start, len(template)):
        char = template[at]
        if quoted:
            quoted = "" if char == quoted else quoted
        elif char in _QUOTES:
            quoted = char
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if not depth:
                return at
    raise MappingError("not_closed", start)
