"""What the past campaigns say in the other language, so that both console languages read them."""

from collections.abc import Iterable
from functools import cache

from app.demo.parameters import load_yaml
from app.retrieval.schemas import Themes, Titles
from app.schema import Frozen


class Translations(Frozen):
    """Text as it is written in past_campaigns.yaml -> the same in the other language. A text without is a mistake."""

    titles: dict[str, str]
    themes: dict[str, str]

    def of_title(self, title: str) -> Titles:
        """One title in both languages."""
        zh, en = _pair(title, self.titles)
        return Titles(zh=zh, en=en)

    def of_themes(self, themes: Iterable[str]) -> Themes:
        """The themes in both languages, in their order."""
        pairs = [_pair(theme, self.themes) for theme in themes]
        return Themes(zh=tuple(zh for zh, _ in pairs), en=tuple(en for _, en in pairs))


@cache
def translations() -> Translations:
    """Of all past campaigns."""
    return Translations.model_validate(load_yaml("past_campaigns_words.yaml"))


def _pair(text: str, others: dict[str, str]) -> tuple[str, str]:
    """Chinese and English; what is written in ASCII is English."""
    other = others[text]
    return (other, text) if text.isascii() else (text, other)
