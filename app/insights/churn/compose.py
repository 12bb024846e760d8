"""The deterministic rung of a churn read: every sentence filled from claims, in both languages by the same code."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from math import floor

from app.insights.churn.material import CAUTIONS, Line, Material
from app.insights.churn.schemas import ChurnVerdict, ReadPart, ReadSentence, Thresholds
from app.insights.churn.wording import Headline, templates, wording
from app.insights.ground import kind_of
from app.narrative.schemas import Claim, ClaimKind
from app.narrative.speech import Speaker
from app.predict.churn.leads import SignalLead

_OPEN = 2 / 3
"""From this share of the risk at which watching begins, a calm verdict says that it is open."""
_TELLING = 1.1
"""How many times as often those with a sign must have bought nothing for that to be worth telling."""


class Composer:
    """Says a churn read about one customer in one language."""

    def __init__(self, speaker: Speaker, leads: Mapping[str, SignalLead], thresholds: Thresholds) -> None:
        """`leads` is what the shop's past says of each sign, `thresholds` what a risk means here."""
        self._speaker, self._leads, self._thresholds = speaker, leads, thresholds
        self._words, self._templates = wording(speaker.lang), templates(speaker.lang)

    def headline(self, verdict: ChurnVerdict, churn_risk: float | None) -> str:
        """Verdict and number, in whole tenths of a per cent: a risk below a threshold never looks as if it were it."""
        share, at, risk = self._speaker.share, self._thresholds, churn_risk or 0
        which: Headline = "open" if verdict is ChurnVerdict.CALM and risk >= _OPEN * at.watch else verdict
        return self._words.headlines[which].format(
            risk=f"{_tenths(risk, at) / 10:.1f}%", watch=share(at.watch), leaving=share(at.leaving)
        )

    def sentences(self, material: Material, verdict: ChurnVerdict, *, horizon_days: int) -> tuple[ReadSentence, ...]:
        """All parts; of whoever is not calm also that nothing was said, or that nothing speaks against it."""
        found = [*self._signs(material, horizon_days)]
        found += self._lines(material, ReadPart.WORDS) or self._nothing(
            self._words.words, ReadPart.WORDS, material, verdict
        )
        found += self._lines(material, ReadPart.RHYTHM)
        found += self._against(material) or self._nothing(self._words.against, ReadPart.AGAINST, material, verdict)
        return tuple(found)

    def plainly(self, signs: Sequence[Claim]) -> dict[str, str]:
        """claim_id -> one plain sentence for each sign, with the day on which it was raised."""
        return {sign.claim_id: self._sign("plain", sign) for sign in signs}

    def _signs(self, material: Material, horizon_days: int) -> Iterator[ReadSentence]:
        if not material.signs:
            if material.risk:
                yield _sentence(ReadPart.SIGNS, self._words.signs["none"], [material.risk])
            return
        first, *_ = material.signs
        yield _sentence(ReadPart.SIGNS, self._sign("first" if material.signs[1:] else "only", first), [first])
        for place, (before, sign) in enumerate(pairwise(material.signs)):
            plan, days = self._following(before, sign, place)
            yield _sentence(ReadPart.SIGNS, self._sign(plan, sign, days), [sign])
        yield from self._outcome(material.signs, horizon_days)

    def _following(self, before: Claim, sign: Claim, place: int) -> tuple[str, int]:
        """How a sign is joined to the one before it, and so many local days lie between them."""
        days = (self._local(sign.at) - self._local(before.at)).days
        return ("same_day" if days == 0 else "next" if place % 2 == 0 else "then"), days

    def _outcome(self, signs: tuple[Claim, ...], horizon_days: int) -> Iterator[ReadSentence]:
        """What followed the sign that told most, in this shop's past."""
        known = [(lead.lift or 0, c, lead) for c in signs if (lead := self._leads.get(c.name or ""))]
        telling = [row for row in known if row[0] >= _TELLING]
        for _, claim, lead in sorted(telling, key=lambda row: -row[0])[:1]:
            share = self._speaker.share
            text = self._words.signs["outcome" if signs[1:] else "outcome_only"].format(
                sign=self._speaker.name("signs", claim.name),
                share=share(lead.no_purchase or 0),
                without=share(lead.no_purchase_without or 0),
                horizon=self._words.count_days(horizon_days),
            )
            yield _sentence(ReadPart.SIGNS, text, [claim])

    def _sign(self, plan: str, sign: Claim, days: int = 0) -> str:
        what = self._speaker.fill(self._templates["what"][sign.name or ""], {"sign": sign})
        text = self._words.signs[plan].format(
            what=what, date=self._speaker.date(sign.at), days=self._words.count_days(days)
        )
        return text[:1].upper() + text[1:]

    def _lines(self, material: Material, part: ReadPart) -> list[ReadSentence]:
        return [
            _sentence(part, self._fill(line), [*line.claims.values()]) for line in material.lines if line.part is part
        ]

    def _against(self, material: Material) -> list[ReadSentence]:
        """All that speaks against it in one sentence, then each caution in its own."""
        lines = [line for line in material.lines if line.part is ReadPart.AGAINST]
        signs = [line for line in lines if line.plan not in CAUTIONS]
        found = [
            _sentence(ReadPart.AGAINST, self._fill(line), [*line.claims.values()])
            for line in lines
            if line.plan in CAUTIONS
        ]
        if not signs:
            return found
        words = self._words.against
        text = words["lead"].format(what=words["between"].join(self._fill(line) for line in signs))
        return [_sentence(ReadPart.AGAINST, text, [c for line in signs for c in line.claims.values()]), *found]

    def _nothing(
        self, plans: Mapping[str, str], part: ReadPart, material: Material, verdict: ChurnVerdict
    ) -> list[ReadSentence]:
        if material.risk is None or verdict is ChurnVerdict.CALM:
            return []
        return [_sentence(part, plans["none"], [material.risk])]

    def _fill(self, line: Line) -> str:
        return self._speaker.fill(self._templates[line.part][line.plan], line.claims)

    def _local(self, at: datetime | None) -> datetime:
        moment = (at or self._speaker.voice.as_of).astimezone(self._speaker.voice.zone)
        return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _tenths(risk: float, at: Thresholds) -> int:
    """A risk in tenths of a per cent, rounded; one below a threshold stays below it."""
    rounded = round(1000 * risk)
    crossed = any(1000 * risk < 1000 * least <= rounded for least in at)
    return floor(1000 * risk) if crossed else rounded


def _sentence(part: ReadPart, text: str, claims: list[Claim]) -> ReadSentence:
    """A sentence with what it stands on; what the shop's past says beside a sign makes a claim no less certain."""
    kind = kind_of(claims) if claims else ClaimKind.LINK
    return ReadSentence(part=part, text=text, kind=kind, claim_ids=tuple(claim.claim_id for claim in claims))
