"""What people say around a question, and does not change it."""

import re

_OPENERS = (
    "hi|hey|hello|please|pls|sorry|so|ok|well|um|quick question|one question|my boss asks|the boss asks|morning|"
    "你好|您好|请问一下|请问|麻烦你?|劳驾|想问下|想问一下|问一下|老板问|领导问|那个|帮我看下|急|快"
)
_CLOSERS = "thanks|thank you|thx|please|pls|asap|cheers|谢谢|多谢|急|谢啦|拜托了?|哈|呗|~"
_POLITE = re.compile(
    rf"^(?:(?:{_OPENERS})(?: there| all)?[\s,:，、!。]+|(?:请问一下|请问|麻烦你?|想问下|想问一下))+(?=.{{4}})"
    rf"|(?:[\s,，、!。~]*(?:{_CLOSERS})[\s!。.?？~]*)+$"
)


def polite_off(low: str) -> str:
    """A question in lower case without its please and thanks; all of it where nothing else is said."""
    rest = _POLITE.sub("", low).strip()
    return rest if len(rest) > 1 else low
