"""Text -> tree, by recursive descent; how deep it may go is bounded, so that no text can exhaust the stack.

expression := all ("or" all)*                  all   := part ("and" part)*
part       := "not" part | "(" expression ")" | "any" LIST "(" expression ")" | test
test       := field [comparison value | ["not"] "in" "(" value, ... ")" | ["not"] "between" value "and" value
                    | "contains" value | "is" ["not"] ("known" | "unknown")]
field      := NAME ["(" WORD, ... ")"]         value := NUMBER["%"] | WORD | "quoted" | 30d ago
"""

from math import isfinite
from typing import cast

from app.profile.segments.faults import ExpressionFault, Wanted
from app.profile.segments.tokens import Token, tokens, unit_of
from app.profile.segments.tree import Ago, And, AnyOf, Comparison, Not, Number, Op, Or, Ref, Tree, Value, Word

MAX_DEPTH = 40
"""Parentheses and negations inside one another."""
EXAMPLE = "orders >= 2 and churn_risk >= 60%"
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


def parse(text: str) -> Tree:
    """The tree of an expression; ExpressionFault names the place where it cannot be read."""
    found = _Parser(tokens(text))
    if found.here.kind == "end":
        raise ExpressionFault("empty", 0, example=EXAMPLE)
    tree = found.expression()
    found.expect("end", "joint")
    return tree


class _Parser:
    """Reads tokens one by one."""

    def __init__(self, read: list[Token]) -> None:
        self._tokens, self._place, self._depth = read, 0, 0

    @property
    def here(self) -> Token:
        return self._tokens[self._place]

    def expression(self) -> Tree:
        parts = [self._all()]
        while self._took("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect(self, kind: str, wanted: str = "") -> Token:
        """Take a token of this kind; the fault says what was wanted."""
        if self.here.kind != kind:
            raise self._unexpected(wanted or kind)
        return self._take()

    def _all(self) -> Tree:
        parts = [self._part()]
        while self._took("and"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _part(self) -> Tree:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionFault("too_deep", self.here.at, limit=MAX_DEPTH)
        found = self._whole_part()
        self._depth -= 1
        return found

    def _whole_part(self) -> Tree:
        if self._took("not"):
            return Not(self._part())
        if self._took("("):
            return self._closed()
        if self._took("any"):
            name = self.expect("word", "listing")
            self.expect("(")
            return AnyOf(name.text, self._closed(), name.at)
        return self._test(self.expect("word", "test"))

    def _closed(self) -> Tree:
        found = self.expression()
        self.expect(")")
        return found

    def _test(self, name: Token) -> Tree:
        ref = Ref(name.text, self._arguments(), name.at)
        kind = self.here.kind
        if kind in _COMPARISONS or kind == "contains":
            return Comparison(ref, cast(Op, self._take().kind), (self._value(),))
        if self._took("is"):
            return self._known(ref)
        if kind == "not":
            self._take()
            if self.here.kind not in ("in", "between"):
                raise self._unexpected("in")
            return Not(self._many(ref))
        return self._many(ref) if kind in ("in", "between") else Comparison(ref, "holds")

    def _many(self, ref: Ref) -> Comparison:
        if self._took("between"):
            low = self._value()
            self.expect("and")
            return Comparison(ref, "between", (low, self._value()))
        self.expect("in", "comparison")
        if self.here.kind != "(":
            return Comparison(ref, "in", (self._value(),))
        self._take()
        values = [self._value()]
        while self._took(","):
            values.append(self._value())
        self.expect(")", "next")
        return Comparison(ref, "in", tuple(values))

    def _known(self, ref: Ref) -> Comparison:
        opposite, token = self._took("not"), self.here
        word = token.text.casefold()
        if token.kind != "word" or word not in ("known", "unknown"):
            raise self._unexpected("known")
        self._take()
        return Comparison(ref, "is known" if (word == "known") is not opposite else "is unknown")

    def _arguments(self) -> tuple[Word, ...]:
        if not self._took("("):
            return ()
        found = [self._word()]
        while self._took(","):
            found.append(self._word())
        self.expect(")", "next")
        return tuple(found)

    def _word(self) -> Word:
        token = self.here
        if token.kind not in ("word", "quoted", "number"):
            raise self._unexpected("value")
        self._take()
        return Word(token.text, token.at)

    def _value(self) -> Value:
        token = self.here
        match token.kind:
            case "number":
                value: Value = Number(_number(token), token.at)
            case "ago":
                value = Ago(int(token.text), unit_of(token), token.at)
            case "word" | "quoted":
                value = Word(token.text, token.at)
            case _:
                raise self._unexpected("value")
        self._take()
        return value

    def _took(self, kind: str) -> bool:
        if self.here.kind != kind:
            return False
        self._take()
        return True

    def _take(self) -> Token:
        token = self.here
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _unexpected(self, wanted: str) -> ExpressionFault:
        token = self.here
        found = Wanted("end") if token.kind == "end" else token.shown
        return ExpressionFault("expected", token.at, wanted=Wanted(wanted), found=found)


def _number(token: Token) -> float:
    plain = token.text.replace("_", "")
    value = float(plain[:-1]) / 100 if plain.endswith("%") else float(plain)
    if not isfinite(value):
        raise ExpressionFault("number", token.at, found=token.text)
    return value
