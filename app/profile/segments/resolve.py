"""Tree -> plan: every name is looked up, every value read as what its field holds; a fault names place and remedy."""

from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

from app.profile.segments import plan
from app.profile.segments.faults import Choice, ExpressionFault, Guess
from app.profile.segments.fields import Catalogue, Field, FieldType, Values, key_of
from app.profile.segments.plan import Plan, Wanted
from app.profile.segments.times import Clock, Span
from app.profile.segments.tree import Ago, And, AnyOf, Comparison, Not, Number, Op, Or, Ref, Tree, Value, Word
from app.text.normalise import normalise

_ORDERED: tuple[Op, ...] = ("=", "!=", "<", "<=", ">", ">=", "in", "between", "is known", "is unknown")
_ALLOWED: dict[FieldType, tuple[Op, ...]] = {
    "number": _ORDERED,
    "share": _ORDERED,
    "money": _ORDERED,
    "moment": _ORDERED,
    "word": ("=", "!=", "in", "contains", "is known", "is unknown"),
    "flag": ("holds", "=", "!=", "is known", "is unknown"),
}
_TRUE, _FALSE = frozenset(map(key_of, ("true", "yes", "是"))), frozenset(map(key_of, ("false", "no", "否")))


class Scope(NamedTuple):
    """What an expression is read with."""

    catalogue: Catalogue
    values: Values
    clock: Clock
    minor_per_unit: int
    """Minor units in one whole unit of the workspace's currency."""
    forbidden: Callable[[str], Sequence[str]] = lambda _: ()
    """Which subjects a text touches that nobody may be chosen by."""


def resolve(tree: Tree, scope: Scope) -> Plan:
    """The plan of an expression; ExpressionFault for names and values that there are not."""
    return _resolved(tree, scope, "")


def _resolved(tree: Tree, scope: Scope, listing: str) -> Plan:
    match tree:
        case And(parts):
            return plan.All(tuple(_resolved(part, scope, listing) for part in parts))
        case Or(parts):
            return plan.Either(tuple(_resolved(part, scope, listing) for part in parts))
        case Not(part):
            return plan.Opposite(_resolved(part, scope, listing))
        case AnyOf(name, part, at):
            lists, found = scope.catalogue.lists, name.casefold()
            if listing or found not in lists:
                raise ExpressionFault("listing", at, found=name, allowed=Choice(() if listing else lists))
            return plan.Exists(found, _resolved(part, scope, found))
        case Comparison():
            return _test(tree, scope, listing)


def _test(test: Comparison, scope: Scope, listing: str) -> Plan:
    field = _field(test.ref, scope, listing)
    column = Wanted(field.name, _arguments(test.ref, field, scope))
    _check(test, field)
    match test.op:
        case "is known":
            return plan.Known(column)
        case "is unknown":
            return plan.Opposite(plan.Known(column))
    if field.type == "word":
        return _words(test, field, column, scope)
    if field.type == "flag":
        return _flag(test, field, column)
    return _span_test(test, field, column, lambda value: _span(value, field, scope))


def _field(ref: Ref, scope: Scope, listing: str) -> Field:
    known = scope.catalogue
    if found := known.find(ref.name, listing):
        return found
    if not listing and ref.name.casefold() in known.lists:
        raise ExpressionFault("own_list", ref.at, found=ref.name, example=known.lists[ref.name.casefold()].example)
    guess = known.guess(ref.name, listing)
    if not guess and scope.values.find("rfm", ref.name):
        guess = Guess(f"rfm = {ref.name}")
    raise ExpressionFault("field", ref.at, found=ref.name, hint=guess)


def _arguments(ref: Ref, field: Field, scope: Scope) -> tuple[str, ...]:
    given, wanted = ref.arguments, field.argument
    if wanted and not given:
        raise ExpressionFault("argument", ref.at, field=field.name, example=field.example)
    if given and not wanted:
        raise ExpressionFault("no_argument", given[0].at, field=field.name)
    if len(given) > len(wanted):
        raise ExpressionFault("arguments", given[len(wanted)].at, field=field.name, limit=len(wanted))
    pairs = zip(given, wanted, strict=False)
    return tuple(_id(word, listing, field, scope) for word, listing in pairs)


def _id(word: Word, listing: str, field: Field, scope: Scope) -> str:
    """The value that a word means: an id of a closed list, else the word as columns compare it."""
    values = scope.values
    if not values.known(listing):
        return _free(word, scope)
    found = values.find(listing, word.text)
    if found is None:
        hint, allowed = values.guess(listing, word.text), values.choice(listing)
        raise ExpressionFault("value", word.at, found=word.text, field=field.name, hint=hint, allowed=allowed)
    return found


def _free(word: Word, scope: Scope) -> str:
    """A word that may be anything but what nobody may be chosen by."""
    if touched := scope.forbidden(word.text):
        raise ExpressionFault("sensitive", word.at, found=word.text, names=Choice(touched))
    return normalise(word.text)


def _check(test: Comparison, field: Field) -> None:
    allowed = _ALLOWED[field.type]
    if test.op in allowed:
        return
    if test.op == "holds":
        raise ExpressionFault("wants_test", test.ref.at, field=field.name, example=field.example)
    shown = Choice(op for op in allowed if op != "holds")
    raise ExpressionFault("operator", test.ref.at, field=field.name, op=test.op, allowed=shown)


def _words(test: Comparison, field: Field, column: Wanted, scope: Scope) -> Plan:
    words = [_word(value, field) for value in test.values]
    if test.op == "contains":
        return plan.Contains(column, _free(words[0], scope))
    found = plan.OneOf(column, frozenset(key_of(_id(word, field.values, field, scope)) for word in words))
    return plan.Opposite(found) if test.op == "!=" else found


def _word(value: Value, field: Field) -> Word:
    match value:
        case Word():
            return value
        case Number(number):
            return Word(repr(number).removesuffix(".0"), value.at)
        case Ago():
            raise ExpressionFault("wants_word", value.at, field=field.name, found=_shown(value))


def _flag(test: Comparison, field: Field, column: Wanted) -> Plan:
    if test.op == "holds":
        return plan.Within(column, 1.0, 1.0)
    value = test.values[0]
    said = key_of(value.text) if isinstance(value, Word) else ""
    if said not in _TRUE | _FALSE:
        raise ExpressionFault("wants_flag", value.at, field=field.name)
    wanted = float((said in _TRUE) is (test.op == "="))
    return plan.Within(column, wanted, wanted)


def _span_test(test: Comparison, field: Field, column: Wanted, read: Callable[[Value], Span]) -> Plan:
    spans = [read(value) for value in test.values]
    low, high = spans[0]
    match test.op:
        case "=":
            return plan.Within(column, low, high)
        case "!=":
            return plan.Opposite(plan.Within(column, low, high))
        case "<":
            return plan.Within(column, -inf, low, below=True)
        case "<=":
            return plan.Within(column, -inf, high)
        case ">":
            return plan.Within(column, high, inf, above=True)
        case ">=":
            return plan.Within(column, low, inf)
        case "between":
            return _between(test.values, spans, column)
    found = tuple(plan.Within(column, *span) for span in spans)
    return found[0] if len(found) == 1 else plan.Either(found)


def _between(values: Sequence[Value], spans: Sequence[Span], column: Wanted) -> Plan:
    low, high = spans[0][0], spans[1][1]
    if low > high:
        raise ExpressionFault("between", values[0].at, low=_shown(values[0]), high=_shown(values[1]))
    return plan.Within(column, low, high)


def _span(value: Value, field: Field, scope: Scope) -> Span:
    """A value of an ordered field as first and last number of what it means."""
    if field.type == "moment":
        return _moment(value, scope.clock)
    if not isinstance(value, Number):
        raise ExpressionFault("wants_number", value.at, field=field.name, found=_shown(value))
    if field.type == "share" and not 0 <= value.value <= 1:
        raise ExpressionFault("wants_share", value.at, field=field.name, found=_shown(value))
    number = value.value * (scope.minor_per_unit if field.type == "money" else 1)
    return (number, number)


def _moment(value: Value, clock: Clock) -> Span:
    found = None
    match value:
        case Ago():
            found = clock.ago(value)
        case Word(text):
            found = clock.named(text)
    if found is None:
        raise ExpressionFault("moment", value.at, found=_shown(value))
    return found


def _shown(value: Value) -> str:
    match value:
        case Number(number):
            return repr(number).removesuffix(".0")
        case Word(text):
            return text
        case Ago(number, unit):
            return f"{number}{unit} ago"
