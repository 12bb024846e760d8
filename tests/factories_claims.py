"""The claims of a book's customer, made of the state that its events fold into."""

from app.narrative.book import Book
from app.narrative.claims import choose
from app.narrative.ground import Grounded, ground
from app.narrative.schemas import Claim
from app.profile.fold import fold
from tests.factories import a_profile


def chosen(book: Book) -> tuple[Claim, ...]:
    """The claims of the folded state, before anybody looked at the events."""
    state = fold(None, book.history.events, book.context)
    return choose(state, a_profile(state, book.context, book.as_of), book.context, currency=book.currency)


def grounded(book: Book) -> Grounded:
    """The same after they were measured on the book's events."""
    return ground(chosen(book), book)


def told(book: Book) -> tuple[Claim, ...]:
    """The claims with their evidence."""
    return grounded(book).claims
