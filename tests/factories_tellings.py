"""What narratives are told from, made of the state that events fold into."""

from datetime import timedelta

from app.events.intake import Accepted
from app.narrative.claims import choose
from app.narrative.telling import Telling
from app.profile.fold import fold
from app.profile.memory.visits import view
from app.profile.seen import Context
from app.text.taxonomy import Taxonomy
from tests.factories import SHANGHAI, START, a_history, a_profile


def a_telling(taxonomy: Taxonomy, *accepted: Accepted, day: float = 200) -> Telling:
    history, as_of = a_history(*accepted), START + timedelta(days=day)
    context = Context(taxonomy, SHANGHAI, history.items, history.texts)
    state = fold(None, history.events, context)
    profile = a_profile(state, context, as_of)
    claims = choose(state, profile, context, currency="CNY")
    return Telling(profile, claims, view(state.visits), history.items, history.texts, SHANGHAI, "CNY", taxonomy)
