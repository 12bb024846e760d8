"""What of somebody else's words may be repeated: a quotation carries no address, no number of a person, no marker.

Whatever reads a quotation, a person or a model, must be able to tell where it ends. So what is quoted holds no mark of
quotation, nothing that cannot be seen, nothing that looks like an id of ours, and nowhere to click.
"""

import re
import unicodedata
from functools import lru_cache

from app.privacy.redaction import masked_in, redact

LINK = "[link]"
_TOP = r"(?:com|cn|net|org|info|top|xyz|shop|vip|io|co|cc|me|app|site|online|link|club|example|test)"
_LINKS = re.compile(
    r"[a-z][a-z0-9+.\-]*:\s?/{1,2}[!-~]*|(?:javascript|data|mailto|tel|sms):[!-~]+|www[.。][!-~。]+"
    r"|(?<!\d\.)(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?![\d.])(?:[:/][!-~]*)?"
    r"|(?<![a-z0-9.])[a-z0-9\-]{2,}(?:[.。][a-z0-9\-]+)*[.。](?-i:[a-z]{2,}|[A-Z]{2,})(?![a-z])(?:[:/?#][!-~]*)?"
    rf"|(?<![a-z0-9])[a-z0-9\-]+\s*[\[(]?\s?(?:\.|dot|点|點)\s?[\])]?\s*{_TOP}(?![a-z0-9])(?:/[!-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_HANDLES = re.compile(
    r"(?:微信|薇信|威信|v信|vx|wx|wechat|weixin|qq|telegram|whatsapp)\s*(?:号|號|id)?\s*[:：是]?\s*"
    r"((?=[a-z\-_]*[\d_])[a-z\d\-_]{5,24})(?![a-z\d])",
    re.IGNORECASE | re.ASCII,
)
_IDS = re.compile(r"\[(\s*(?:[es]\s*\d+|k_\w+|[^\[\]\s]+/[^\[\]\s]+)\s*)\]", re.IGNORECASE)
"""What stands for evidence, claims, sentences and past campaigns in our own texts."""
_MARKS = str.maketrans({**dict.fromkeys('“”„‟«»‹›「」『』﹁﹂﹃﹄〝〞〟"＂`', "'"), "<": "＜", ">": "＞"})
_INCHES = re.compile(r"(?<=\d)\"")
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@lru_cache(maxsize=20_000)
def quotable(text: str) -> str:
    """`text` in one line as it may stand between quotation marks; the same when it is given again."""
    seen = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    plain = _INCHES.sub("″", without_links(redact(" ".join(seen.split()))))
    return _IDS.sub(r"(\1)", plain.translate(_MARKS)).replace("](", "] (")


def without_links(text: str) -> str:
    """`text` with every web address and every name in a messenger replaced by `[link]`."""
    return masked_in(masked_in(text, _LINKS, LINK), _HANDLES, LINK)
