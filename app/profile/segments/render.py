"""Tree -> text in its one plain form: what `parse` makes of it is the same tree again."""

from app.profile.segments.tokens import is_bare
from app.profile.segments.tree import Ago, And, AnyOf, Comparison, Not, Number, Or, Ref, Tree, Value, Word


def render(tree: Tree) -> str:
    """The expression as text."""
    match tree:
        case Comparison():
            return _test(tree)
        case Not(part):
            return f"not {_closed(part)}"
        case AnyOf(listing, part):
            return f"any {listing}({render(part)})"
        case And(parts):
            return " and ".join(map(_closed, parts))
        case Or(parts):
            return " or ".join(map(_closed, parts))


def _closed(tree: Tree) -> str:
    """In parentheses where it could be read otherwise."""
    return f"({render(tree)})" if isinstance(tree, And | Or) else render(tree)


def _test(test: Comparison) -> str:
    name, values = _ref(test.ref), [_value(value) for value in test.values]
    match test.op:
        case "holds":
            return name
        case "is known" | "is unknown":
            return f"{name} {test.op}"
        case "in":
            return f"{name} in ({', '.join(values)})"
        case "between":
            return f"{name} between {values[0]} and {values[1]}"
    return f"{name} {test.op} {values[0]}"


def _ref(ref: Ref) -> str:
    return f"{ref.name}({', '.join(map(_value, ref.arguments))})" if ref.arguments else ref.name


def _value(value: Value) -> str:
    match value:
        case Number(number):
            return repr(number).removesuffix(".0")
        case Ago(number, unit):
            return f"{number}{unit} ago"
        case Word(text):
            return text if is_bare(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
