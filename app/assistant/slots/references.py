"""Whom and what a question names: customers by id, phone, address or name; campaigns and proposals by id; quotes.

What stands in quotation marks may be a segment, a campaign or a person: the intent decides (`QUOTED`).
"""

import re
from collections.abc import Iterator

from app.assistant.slots.found import Found, Text, apart

QUOTED, CUSTOMER, CAMPAIGN, TITLE = "quoted", "customer", "campaign", "title"
NAME, BARE, PRONOUN = "name", "bare", "pronoun"
THIS = "this"

_EMAIL = re.compile(r"[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\d\w])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|\+[1-9]\d(?:[- ]?\d){7,12}(?!\d)")
_TYPED = re.compile(
    r"(?<![a-z])(?:phone|email|user_id|openid|unionid|device|anonymous|alias):[a-z0-9_.@+:*\-]*[a-z0-9*]", re.IGNORECASE
)
_CAMPAIGN_ID = re.compile(
    r"(?<![a-z0-9])(?:\d{4,8}-(?:\d{2}-)?[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
    r"|(?:p|s|st|prop|proposal|camp|cmp|cp|campaign|str|strategy|plan|strat|act)[-_#]\d[a-z0-9]*"
    r"|(?:camp|cmp|str|prop|strategy|plan|proposal)_[a-z0-9]{3,})(?![a-z0-9])",
    re.IGNORECASE,
)
_CAMPAIGN_NUMBER = re.compile(
    r"(?:(?<![a-z])(?:campaign|proposal|strategy|plan)|活动|方案|提案|策略)\s?(?:no\.?|id|编号|号)?\s?[#:]?\s?(\d{1,8})(?![\d\w])"
)
_CUSTOMER_ID = re.compile(
    r"(?<![a-z0-9])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|c_[0-9a-f]{4,}|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,}"
    r"|(?:[a-z]{1,8}[-_#])+\d{2,}[a-z0-9]*|(?:c|u|m|k|v|id|uid|cid|cu|cus|cust|customer|user|usr|member|vip|buyer)\d{2,}"
    r"|(?:u|uid|cust|customer|user|usr|member)\d)"
    r"(?![a-z0-9])",
    re.IGNORECASE,
)
_CUED = re.compile(
    r"(?:顾客|客户|用户|会员|买家|编号|尾号是?|账号"
    r"|(?<![a-z])(?:customer|client|user|member|shopper|buyer|account|ending(?: in)?|uid|id|no\.))"
    r"\s?(?:id|no\.?|number|编号|号码?|是|为)?\s?[#:：是]?\s?(\d{2,}|[a-z]\d{2,})(?![\d\w年月个位名元块%])",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?<![a-z0-9.\-/¥$£€,])#?(\d{1,3}(?:,\d{3})+|\d{3,})"
    r"(?![.,]?\d|[%a-z/]|\s?[元块万千百年月日天个位名人条字镑]|\s?(?:yuan|rmb|pounds|dollars|customers|people|names)(?![a-z]))"
)
_QUOTES = re.compile(
    r"[「『“\"《【]([^「」『』“”\"《》【】]{1,80})[」』”\"》】]|(?<![a-z0-9])'([^']{2,80})'(?![a-z0-9])"
)
_PLAIN = re.compile(
    r"(?<![\w.@:\-])[a-z]+(?:_[a-z]+)+(?![a-z0-9_])"
    r"(?=\s?(?:分群|人群|群|那批|那群|那些|的?[人客顾]|segment|group|audience|cohort|customers|people|folks))"
)
"""A segment by a name as programs write it: "at_risk group"."""
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟"
    "姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
_TITLED = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}?(?:女士|先生|小姐|太太|阿姨)")
_MISTER = re.compile(r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Dr)\.? [A-Z][a-z]+(?: [A-Z][a-z]+)?")
_PROPER = re.compile(r"(?<![A-Za-z.?!] )(?<!^)(?<![A-Za-z])[A-Z][a-z]{2,}(?: [A-Z][a-z]+)?(?![A-Za-z])")
_THIS_ZH = re.compile(
    r"(?:这|该|此|当前|目前这|眼前这|屏幕上这?|页面上这?|上面这|打开的这)一?[个位名]?[老新]?"
    r"(?:顾客|客户|用户|会员|客人|买家|人(?!群|数|们)|主儿?|女士|先生|姐|哥)"
    r"|这一?位(?!数)|这个页面"
)
_THIS_EN = re.compile(
    r"(?<![a-z])(?:(?:this|that|the current|the open|the selected) (?:[a-z]+ )?"
    r"(?:customer|client|shopper|person|buyer|user|member|guy|lady|woman|man|profile|account)"
    r"|(?:on|from) this page|this one(?:'s)?"
    r"|the customer (?:on (?:the |my )?screen|i have open|i'm looking at|in front of me|here))(?![a-z])"
)
_PRONOUN = re.compile(r"(?<!其)[他她](?!们|人)|(?<![a-z])(?:ta|him|her|he|she|his|hers)(?![a-z])")
_TITLE_EN = re.compile(
    r"(?<![a-z])(?:the|our|that) ((?:(?!running|current|live|same|latest|previous|last|new|proposed|best|next|two|three"
    r"|whole|draft)[a-z0-9'\-]+ ){1,6}?(?:campaign|letter|mailing|promo|promotion|series))(?![a-z])"
)
_TITLE_ZH = re.compile(
    r"(?:^|[，,。把将恢复停掉批准])((?:(?!正在|现在|目前|在跑|所有|这个|那个|哪个|哪些|我们|最近|进行|以前|之前|过去"
    r"|类似|几个|什么|有没有|做过|本店|历史|怎么|预算|营销|上一?个|上次|这次|的)[\u4e00-\u9fff]){3,12}?)(?:那波|那封|那个|这波|活动)"
)
"""A campaign by its title without quotation marks; values that other readers took do not count as titles."""
_GROUP = re.compile(r"\s?(?:分群|人群|群体|客群|标签|这个群|segment|group|audience|cohort)")
_THING = re.compile(
    r"\s?(?:这个|那个|的|这次|那次)?(?:活动|方案|提案|策略|campaign|proposal|plan|e-?mail|sms|push|send|mailing)"
)


def ids(text: Text) -> list[Found]:
    """Ids, phone numbers and addresses, as written."""
    return apart(_ids(text))


def _ids(text: Text) -> Iterator[Found]:
    for slot, pattern in (
        (CUSTOMER, _EMAIL), (CUSTOMER, _PHONE), (CUSTOMER, _TYPED), (CAMPAIGN, _CAMPAIGN_ID), (CUSTOMER, _CUSTOMER_ID),
        (CAMPAIGN, _CAMPAIGN_NUMBER), (CUSTOMER, _CUED),
    ):  # fmt: skip
        for match in pattern.finditer(text.written):
            group = 1 if pattern.groups else 0
            yield Found(slot, match[group], *match.span(group))


def bare_numbers(text: Text) -> list[Found]:
    """Numbers that count nothing: an id of a customer, or a sum, by what is asked."""
    return [Found(BARE, match[1], *match.span(1)) for match in _BARE.finditer(text.low)]


def people(text: Text) -> list[Found]:
    """`this` for the one on screen, and people by name and title."""
    named = [Found(CUSTOMER, m[0], *m.span()) for p in (_TITLED, _MISTER) for m in p.finditer(text.written)]
    shown = [Found(CUSTOMER, THIS, *match.span()) for p in (_THIS_ZH, _THIS_EN) for match in p.finditer(text.low)]
    meant = [Found(PRONOUN, THIS, *match.span()) for match in _PRONOUN.finditer(text.low)]
    return apart([*named, *shown, *meant])


def titles(text: Text) -> list[Found]:
    """What is called a campaign."""
    return [
        Found(TITLE, text.written[slice(*match.span(1))].strip(), *match.span(1))
        for pattern in (_TITLE_EN, _TITLE_ZH)
        for match in pattern.finditer(text.low)
    ]


def proper_names(text: Text) -> list[Found]:
    """Capitalised English names within a sentence: of people or campaigns, for want of something surer."""
    return [Found(NAME, match[0], *match.span()) for match in _PROPER.finditer(text.written)]


def quotes(text: Text) -> list[Found]:
    """What stands in quotation marks, as a segment or a campaign where the next word says so; segments' plain names."""
    quoted = [_quote(match, text) for match in _QUOTES.finditer(text.written)]
    return apart([*quoted, *(Found("segment", m[0], *m.span()) for m in _PLAIN.finditer(text.low))])


def _quote(match: re.Match[str], text: Text) -> Found:
    after = text.low[match.end() :]
    slot = "segment" if _GROUP.match(after) else CAMPAIGN if _THING.match(after) else QUOTED
    return Found(slot, (match[1] or match[2]).strip(), *match.span())
