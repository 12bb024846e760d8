"""Past arms as plain sentences: what was sent, what it brought against its control group, on how many, and when.

What a rationale may say of a campaign is what stands here. A sentence holds no moment of the request, so it is the same
for everybody who is shown the case.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from app.access.schemas import Workspace
from app.retrieval.schemas import CampaignMatch, Retrieval
from app.schema import Lang
from app.strategy.evidence import failures
from app.strategy.weigh import action_of, smaller_group
from app.strategy.wording import money, month_of, wording

SHOWN = 8
"""Past arms of a segment that a model is shown."""
_QUOTES = str.maketrans(dict.fromkeys('“”"「」『』', "'"))
_FAILURES = 2
"""Of these at most so many that failed, beside those that are near anyway."""


_OF_SAME_TOPICS = 2
"""Of campaigns about the very same topics at most so many."""


def say_case(match: CampaignMatch, workspace: Workspace, lang: Lang) -> str:
    """One arm in one sentence: its lift as measured, with interval, group sizes, kind of evidence and month."""
    words, lift, arm = wording(lang).cases, match.lift, match.arm
    currency = workspace.currency
    # An interval that is all losses is told as losses, as the mean before it is.
    low, high = (-lift.high, -lift.low) if lift.high <= 0 else (lift.low, lift.high)
    return words[match.stance].format(
        title=_unquoted(match.campaign.title_in(lang)),
        how=wording(lang).channels[arm.channel],
        offer=words[arm.offer.type] if arm.offer else "",
        kind=words[match.campaign.evidence_kind],
        month=month_of(match.campaign.ends_at.astimezone(workspace.zone), lang),
        lift=words["more" if lift.mean >= 0 else "less"].format(lift=money(abs(lift.mean), currency, lang)),
        low=money(low, currency, lang),
        high=money(high, currency, lang),
        treated=f"{lift.treated_n:,}",
        control=f"{lift.control_n:,}",
    )


def _unquoted(title: str) -> str:
    """One line that cannot end the quotation marks around it."""
    return " ".join(title.translate(_QUOTES).split())


def say_cases(matches: Sequence[CampaignMatch], workspace: Workspace, lang: Lang) -> Mapping[str, str]:
    """`campaign_id/arm_id` -> its sentence, by id."""
    by_id = {action_of(match): match for match in matches}
    return {name: say_case(by_id[name], workspace, lang) for name in sorted(by_id)}


def of_segment(retrieval: Retrieval, *, least: int) -> tuple[CampaignMatch, ...]:
    """The arms that a segment's customers are judged by: the best of each campaign, and the nearest failures.

    None that was measured on fewer than `least` customers in either group.
    """
    failed = [match for match in failures(retrieval) if smaller_group(match) >= least][:_FAILURES]
    best = {match.campaign.campaign_id: match for match in reversed((*retrieval.matches, *failed))}
    near = [match for match in best.values() if match not in failed and smaller_group(match) >= least]
    ranked = sorted(near, key=retrieval.matches.index)
    return (*unlike(ranked, _OF_SAME_TOPICS)[: SHOWN - len(failed)], *failed)


def unlike(ranked: Sequence[CampaignMatch], most: int) -> list[CampaignMatch]:
    """The arms in their order, at most so many of campaigns about the very same topics."""
    seen = Counter[tuple[str, ...]]()
    kept: list[CampaignMatch] = []
    for match in ranked:
        topics = match.campaign.audience.topics
        seen[topics] += 1
        if seen[topics] <= most:
            kept.append(match)
    return kept
