"""The same said otherwise: what a model that keeps to its claims would write. Nothing is rounded, added or left out."""

import re
from collections.abc import Mapping, Sequence
from random import Random

from app.schema import Lang
from evals.mutations.case import QUOTES

_SAME: Mapping[Lang, Mapping[str, Sequence[str]]] = {
    "en": {
        "A customer since": ["Buying here since", "A buyer since", "The first order dates from"],
        "this customer has placed": ["they have placed", "there have been", "this person has made"],
        "by now there are": ["so far there are", "to date there are"],
        "worth": ["for a total of", "amounting to"],
        "totalling": ["adding up to", "with a total of"],
        "and a basket of": ["with a basket of", "and a typical order of"],
        "on average": ["as an average"],
        "The largest share of the spend goes to": ["The biggest part of the spend goes to", "Spend goes first to"],
        "Spend by range:": ["By product range, the spend puts"],
        "What holds their attention now is": ["Their attention is now on", "Right now their interest lies with"],
        "Going by what they did lately,": ["Judging by recent behaviour,", "From what they did recently,"],
        "There are usually": ["Usually there are", "Typically there are"],
        "The latest order was": ["The most recent order was"],
        "The latest order,": ["The most recent order,"],
        "The last": ["The past"],
        "in the last": ["over the last", "during the last"],
        "Interest in": ["Their interest in"],
        "is growing": ["is rising", "has grown"],
        "is fading": ["is declining", "has faded"],
        "has come up": ["has appeared"],
        "rose to": ["climbed to", "went up to"],
        "fell to": ["dropped to", "went down to"],
        "against": ["compared with"],
        "Most visits begin around": ["Visits mostly begin around"],
        "Visits are usually": ["Their visits are usually"],
        "Expected spend over the next": ["The spend expected over the next"],
        "The chance of no purchase": ["The probability of no purchase"],
        "was put in the cart": ["was added to the cart", "went into the cart"],
        "Searched for": ["They searched for", "They looked for"],
        "Wrote to support": ["They wrote to support"],
        "A sign of leaving:": ["One sign of leaving:", "An early sign of leaving:"],
        "Among the shop's buyers this is": ["Among all buyers they are"],
        "Also on record,": ["On record as well,"],
    },
    "zh": {
        "首次下单以来": ["第一次下单以来", "首单以来"],
        "，共有": ["，一共有", "，总共有"],
        "合计": ["总计", "加起来"],
        "平均每单": ["每单平均"],
        "客单价": ["平均每单"],
        "花得最多的是": ["消费最多的是", "花费最多的品类是"],
        "其次是": ["接下来是", "第二是"],
        "眼下的心思主要在": ["目前的心思主要在", "现在的关注主要在"],
        "从近期的行为看，最关注": ["近期最关注的是", "看近期的行为，最关注"],
        "平时隔": ["通常隔"],
        "平时每隔": ["一般每隔", "通常每隔"],
        "最近一单在": ["最近的一单在"],
        "，近90天": ["，最近90天", "，过去90天"],
        "之前90天": ["再之前90天", "此前90天"],
        "没有下单": ["没有订单"],
        "的兴趣在上升": ["的兴趣在升高", "的兴趣越来越浓"],
        "的兴趣在减退": ["的兴趣在下降", "的兴趣在减弱"],
        "高于": ["多于"],
        "低于": ["少于"],
        "来访多在": ["来访大多在"],
        "一般每隔": ["通常每隔"],
        "预计消费": ["预计会消费", "预计花费"],
        "不购买的概率为": ["不购买的概率是"],
        "被加入购物车": ["放进购物车"],
        "搜索了": ["搜过", "查找过"],
        "有流失的苗头": ["出现了流失的苗头"],
        "在全店买家中属于": ["在所有买家中属于"],
        "另外记录着": ["此外还记录了", "另有记录"],
        "至今没有买": ["到现在没有买", "至今还没有买"],
    },
}
_OPENINGS: Mapping[Lang, Sequence[str]] = {
    "en": ("So far, ", "Overall, ", "In short, ", "At present, ", "As things stand, ", "To sum up, ", "Besides, "),
    "zh": ("目前来看，", "总体来看，", "从记录看，", "此外，", "同时，", "简单来说，", "值得一提的是，"),
}


def reworded(text: str, lang: Lang, dice: Random) -> str:
    """The sentence with some of its words said otherwise, outside quotation marks, sometimes with an opening."""
    changes = [
        (old, new) for old, choices in _SAME[lang].items() for new in choices if old in QUOTES.sub("", text)
    ]  # fmt: skip
    dice.shuffle(changes)
    for old, new in changes[: dice.randint(1, 3)]:
        text = _outside_quotes(text, old, new)
    if dice.random() < 0.3:
        text = _OPENINGS[lang][dice.randrange(len(_OPENINGS[lang]))] + (text if lang == "zh" else _lowered(text))
    return text


def merged(one: str, two: str, lang: Lang) -> str:
    """Two sentences in one."""
    return one.rstrip("。. ") + ("；" if lang == "zh" else "; ") + (two if lang == "zh" else _lowered(two))


def reordered(text: str, lang: Lang) -> str | None:
    """The parts of a list-like sentence the other way round; None for any other sentence."""
    bare = text.rstrip("。. ")
    parts = bare.split("；" if lang == "zh" else "; ")
    if len(parts) != 2 or QUOTES.search(text):
        return None
    two, one = parts
    return (
        one[:1].upper() + one[1:] + ("；" if lang == "zh" else "; ") + _lowered(two) + ("。" if lang == "zh" else ".")
    )


def _outside_quotes(text: str, old: str, new: str) -> str:
    parts = re.split(f"({QUOTES.pattern})", text)
    return "".join(part if number % 2 else part.replace(old, new, 1) for number, part in enumerate(parts))


def _lowered(text: str) -> str:
    """The first letter small, where it begins an ordinary word."""
    first = re.match(r"[A-Z][a-z]+(?=[\s,])|A(?=\s)|In(?=\s)", text)
    return text[0].lower() + text[1:] if first else text
