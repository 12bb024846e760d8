"""Something that a question names and that is not there, so that the answer can say how to find it."""

from typing import Literal

from app.errors import NotFound

What = Literal["customer", "several", "screen", "segment", "topic", "campaign"]
"""`several`: more than one customer is called so. `screen`: no customer is on screen."""


class Unknown(NotFound):
    """Nothing of that name in this workspace."""

    def __init__(self, what: What, ref: str) -> None:
        """`ref` is the name as it was written."""
        super().__init__(f"no {what} {ref!r} in this workspace")
        self.what: What = what
        self.ref = ref
