"""How many are wanted, and how much money there is to spend."""

import re
from collections.abc import Iterator
from functools import cache

from app.assistant.slots.found import Found, Text, apart
from app.assistant.slots.numerals import number, number_pattern

LIMIT, BUDGET = "limit", "budget_minor"
_PEOPLE = (
    "customers|clients|people|persons|names|buyers|shoppers|users|members|campaigns|ideas|examples|candidates|ones|"
    "of them|of those|cases|accounts|contacts|suggestions|options|rows|results|vips"
)


def amounts(text: Text, minor_per_unit: int) -> list[Found]:
    """Budgets in minor units, and limits."""
    return apart([*_budgets(text.low, minor_per_unit), *_limits(text.low)])


def _budgets(low: str, minor_per_unit: int) -> Iterator[Found]:
    for pattern in _money():
        for match in pattern.finditer(low):
            yield Found(BUDGET, round(number(match["n"]) * minor_per_unit), *match.span())


def _limits(low: str) -> Iterator[Found]:
    for pattern in _counts():
        for match in pattern.finditer(low):
            wanted = 0 if "半" in match["n"] else round(number(match["n"]))
            if 2 <= wanted <= 1000 or (wanted == 1 and match["sure"]):
                yield Found(LIMIT, wanted, *match.span("n"))


@cache
def _money() -> tuple[re.Pattern[str], ...]:
    """A currency's sign or name, a word of budgets beside a number, a thousand as k, ten thousand as 万."""
    n = rf"(?P<n>{number_pattern()})"
    names = "元|块钱?(?!儿|起|比)|人民币|rmb|cny|镑|英镑|美元|欧元|yuan|pounds?|quid|dollars?|bucks|euros?|usd|gbp|eur"
    before = "预算|经费|费用|拨款|budget(?: is)?(?: of)?|budget:|spend(?:ing)?|allocate|split|distribute|invest|spread"
    between = "只?有|是|为|给|一共|总共|大概|大约|about|around|just|only|of|another"
    things = "个|位|名|天|周|人|月|customers|days|weeks|campaigns|%|people|names"
    after = "预算|经费|拨款|额度|budget|to spend|left|to play with|to allocate|in the pot|in hand|available"
    return tuple(
        map(
            re.compile,
            (
                rf"(?:¥|￥|\$|£|€|rmb|cny|gbp|usd|eur)\s?{n}",
                rf"{n}\s?多?(?:{names})(?![a-z])",
                rf"(?:{before})\s?(?:{between})?\s?{n}(?!\s?(?:{things}))",
                rf"{n}\s?(?:的|块的)?\s?(?:{after})",
                r"(?<![\w.])(?P<n>\d+(?:\.\d+)?k)(?![a-z])",
                r"(?P<n>(?:\d+(?:\.\d+)?|[一二两三四五六七八九十]+)万[一二三四五六七八九]?)(?!人|个|名|位|条|次|单)",
            ),
        )
    )


@cache
def _counts() -> tuple[re.Pattern[str], ...]:
    """Shapes of a limit; `sure` is there where even one is meant."""
    n = rf"(?P<n>{number_pattern()})"
    never = r"(?P<sure>\Z\A)?"
    first = "top|first|best|worst|biggest|largest|highest|at most|up to|max|limit(?: to)?|no more than"
    spans = r"(?!\s?(?:day|week|month|year|%|percent))"
    verbs = "show|list|give|find|name|pick|get|pull|want|export|send"
    others = (
        "月|星期|礼拜|季|小时|分钟|分群|群|组|类|人群|活动|样|格|人里|账号|号码|手机|渠道|方案|类别|指标|数|账|设备|点|维度|字|词"
        "|方面|问题|版本|客群|档|等级|层|[a-z]"
    )
    return tuple(
        map(
            re.compile,
            (
                rf"(?<![a-z])(?P<sure>{first})[ -]{n}{spans}",
                rf"(?P<sure>前|头|最多|至多|取|排名?前)\s?{n}(?!\s?(?:个?月|个?星期|天|周|年|季|%|次|单|成|几))",
                rf"{n} (?:of )?(?:the |our |my )?(?:[a-z\-]+ ){{0,3}}(?:{_PEOPLE})(?![a-z]){never}",
                rf"{n}\s?[个位名条]?(?:人(?!群|均|民)|名单|顾客|客户|用户|会员){never}",
                rf"(?<![第这那每哪某上下的]){n}[位名个](?!{others}){never}",
                rf"(?<![a-z])(?:{verbs})(?: me| us)? (?:the |just |only |about |around )?{n}(?![\w%.,-]){spans}{never}",
            ),
        )
    )
