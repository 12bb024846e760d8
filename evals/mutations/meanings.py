"""False meanings: other directions, negations, certainty, subjects, topics, products, quotes and customers."""

import re

from app.narrative.schemas import ClaimKind, Predicate
from evals.mutations.case import QUOTES, Case, Mutation, any_case_in

_TURNED = {
    "en": {"rose to": "fell to", "fell to": "rose to", "up from": "down from", "down from": "up from",
           "growing": "fading", "fading": "growing", "went up to": "went down to", "went down to": "went up to",
           "More and more": "Less and less", "Less and less": "More and more", "shorter": "longer", "longer": "shorter",
           "smaller": "larger", "higher": "lower", "lower": "higher", "climbed to": "dropped to",
           "dropped to": "climbed to"},
    "zh": {"上升": "下降", "减退": "上升", "高于": "低于", "低于": "高于", "多了起来": "少了下去",
           "少了下去": "多了起来", "缩短到": "延长到", "延长到": "缩短到", "减少到": "增加到",
           "增加到": "减少到", "升到": "降到", "降到": "升到", "涨到": "跌到", "跌到": "涨到"},
}  # fmt: skip
_DENIED = {
    "en": {"and not bought": "and bought", "without an order": "and ordered", "not ordered yet": "ordered already",
           "Nothing ordered yet": "Ordered a lot already", "no purchase": "a purchase", "none in the": "some in the",
           "There was no order": "There was an order", "nothing in the last": "something in the last",
           "does not show yet": "shows clearly", "Hardly anything": "Nearly everything"},
    "zh": {"至今没有买": "已经买了", "未下单": "已下单", "还没有下单": "已经下单", "不购买": "购买",
           "没有互动": "有互动", "没有下单": "有下单", "还看不出": "已经看出", "没有再碰": "一直在看",
           "几乎不再看": "几乎天天看"},
}  # fmt: skip
_AFFIRMED = {
    "en": {"has placed": "has not placed", "was put": "was never put", "have placed": "have never placed",
           "brought": "did not bring", "Searched for": "Never searched for", "keeps coming back": "never comes back",
           "comes first": "does not come first", "goes to": "does not go to", "is on": "is not on",
           "have taken back": "have not taken back", "was taken back": "was not taken back"},
    "zh": {"共有": "没有", "花得最多的是": "花得最多的不是", "被加入购物车": "没有被加入购物车", "搜索了": "没有搜索",
           "是常买的商品": "不是常买的商品", "撤回了": "没有撤回", "已经被撤回": "没有被撤回", "最关注": "并不关注",
           "属于": "不属于"},
}  # fmt: skip
_SURE = {
    "en": {"Inference, not fact: ": "", "By inference, and no more than that, ": "", "may be": "is",
           "Expected spend": "Spend", "The model expects": "They will spend",
           "The chance of no purchase": "The fact of no purchase",
           "Most likely nothing will": "Nothing will", "they seem unhappy": "they are unhappy",
           "they may be unhappy": "they are unhappy"},
    "zh": {"推断（非事实）：": "", "只是推断：": "", "可能是": "就是", "也许是": "就是", "预计消费": "一定消费",
           "模型预计": "可以肯定", "大概率不会": "绝对不会", "不购买的概率为": "不购买已成定局，为", "似乎对": "对"},
}  # fmt: skip


def turned(case: Case) -> str | None:
    """A rise becomes a fall, and a fall a rise."""
    return any_case_in(case.text, _TURNED[case.lang], case.dice)


def denial_removed(case: Case) -> str | None:
    """What did not happen happened."""
    return any_case_in(case.text, _DENIED[case.lang], case.dice)


def denial_added(case: Case) -> str | None:
    """What happened did not happen."""
    return any_case_in(case.text, _AFFIRMED[case.lang], case.dice)


def hedge_removed(case: Case) -> str | None:
    """An inference or prediction told as a fact: every hedge of ours is gone."""
    if not any(claim.kind in (ClaimKind.INFERENCE, ClaimKind.PREDICTION) for claim in case.claims):
        return None
    text = case.text
    for old, new in _SURE[case.lang].items():
        text = text.replace(old, new)
    hedged = r"may|seem|expect|chance|probab|likely|risk|inference|可能|似乎|也许|预计|概率|推断|风险|%的"
    return text if text != case.text and not re.search(hedged, QUOTES.sub("", text), re.IGNORECASE) else None


def _topics_in(case: Case) -> list[str]:
    return [name for name in case.topics if name.lower() in case.text.lower()]


def topic_swapped(case: Case) -> str | None:
    """A topic that no claim of the sentence is about."""
    inside = [name for name in _topics_in(case) if name in case.text]
    own = {topic for claim in case.claims for topic in (claim.topic, claim.to_topic)}
    strange = [name for name, topic in case.topics.items() if topic not in own and name not in case.facts]
    if not inside or not strange:
        return None
    return case.text.replace(max(inside, key=len), case.dice.choice(strange), 1)


def subjects_swapped(case: Case) -> str | None:
    """Two topics of one sentence change places; its claims must not say the same of both."""
    inside = sorted((name for name in case.topics if name in case.text), key=len, reverse=True)[:2]
    if len(inside) < 2 or inside[1] in inside[0] or case.text.count(inside[0]) != 1 or case.text.count(inside[1]) != 1:
        return None
    values = [_said(case, claim.value) for claim in case.claims if claim.topic]
    if len(case.claims) > 1 and len(set(values)) < len(values):
        return None
    one, two = inside
    return case.text.replace(one, "\0").replace(two, one).replace("\0", two)


def _said(case: Case, value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def product_swapped(case: Case) -> str | None:
    """Another product than the one that was put in the cart or bought."""
    if not any(claim.item_id for claim in case.claims):
        return None
    found = list(QUOTES.finditer(case.text))
    strange = [title for title in case.titles if title not in case.facts and title not in case.text]
    if not found or not strange:
        return None
    match = case.dice.choice(found)
    return case.text[: match.start() + 1] + case.dice.choice(strange) + case.text[match.end() - 1 :]


def foreign_sentence(case: Case) -> str | None:
    """What is true of another customer, told of this one."""
    mine = {claim.predicate for claim in case.claims}
    known = "".join(case.spoken.values())
    for sentence in case.dice.sample(list(case.others), min(30, len(case.others))):
        figures = re.findall(r"\d[\d,.]*\d|\d", sentence.text)
        if figures and len(sentence.claim_ids) == len(case.claims) and not any(f in known for f in figures) and mine:
            return sentence.text
    return None


def quote_altered(case: Case) -> str | None:
    """A customer's words with a word added, or cut."""
    found = [match for match in QUOTES.finditer(case.text) if len(match[0]) > 5]
    if not found:
        return None
    match, extra = case.dice.choice(found), "，全要了" if case.is_zh else " and everything else"
    inside = match[0][1:-1]
    new = case.dice.choice((inside + extra, inside[: len(inside) // 2].strip(), inside[::-1]))
    if re.sub(r"[\W_]", "", new) == re.sub(r"[\W_]", "", inside):
        return None
    return case.text[: match.start() + 1] + new + case.text[match.end() - 1 :]


def quote_of_nobody(case: Case) -> str | None:
    """Words that nobody said."""
    said = "他们说「真想全部买下来」" if case.is_zh else "they said “I want to buy it all”"
    return case.told(f"{case.bare}{'，' if case.is_zh else ', and '}{said}")


def first_for_last(case: Case) -> str | None:
    """The first order told as the latest, the latest as the first or as the dearest."""
    words = {
        "en": {"The latest order": "The first order", "The first order": "The latest order",
               "A customer since": "Last ordered on", "The dearest order": "The first order",
               "the last one was": "the first one was"},
        "zh": {"最近一单": "第一单", "上一单": "第一单", "首次下单": "最近一次下单", "成为买家": "最后一次下单",
               "最大的一单": "第一单"},
    }  # fmt: skip
    only_one = any(claim.predicate is Predicate.ORDER_COUNT and claim.value == 1 for claim in case.claims)
    return None if only_one else any_case_in(case.text, words[case.lang], case.dice)


MEANINGS: dict[str, Mutation] = {
    "direction": turned,
    "negation_removed": denial_removed,
    "negation_added": denial_added,
    "hedge_removed": hedge_removed,
    "topic": topic_swapped,
    "subjects_swapped": subjects_swapped,
    "product": product_swapped,
    "other_customer": foreign_sentence,
    "quote_altered": quote_altered,
    "quote_invented": quote_of_nobody,
    "first_for_last": first_for_last,
}
