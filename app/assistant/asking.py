"""Who asks the assistant, where, when and about what: everything of a question beside its words."""

from datetime import datetime
from typing import NamedTuple

from app.access.schemas import Role, Workspace
from app.assistant.schemas import Understood


class Asking(NamedTuple):
    """What an answer depends on beside the question. The workspace is the credential's."""

    workspace: Workspace
    as_of: datetime
    now: datetime
    by: str
    """Who asks; kept with the turn and named in the log of whatever is approved."""
    on_screen: str | None = None
    """The customer that the person is looking at, which `this` in a question means."""
    earlier: Understood | None = None
    """How the question before this one was understood."""
    role: Role = Role.VIEWER
    """What the credential allows; anything beyond reading needs an editor."""
    ask_model: bool = True
    """Whether a model may word the answer, where there is one."""
