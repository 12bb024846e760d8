import re

from app.demo.campaigns import campaign_specs
from app.demo.translations import translations
from app.retrieval.schemas import Case

CHINESE = re.compile(r"[\u3400-\u9fff]")


def test_every_title_and_theme_has_its_counterpart_and_nothing_else_has() -> None:
    specs = campaign_specs()
    assert set(translations().titles) == {spec.title for spec in specs}
    assert set(translations().themes) == {t for spec in specs for arm in spec.arms for t in arm.themes or spec.themes}


def test_no_two_titles_or_themes_are_called_alike_in_the_other_language() -> None:
    for words in (translations().titles, translations().themes):
        assert len(set(words.values())) == len(words)


def test_all_texts_are_in_the_language_they_are_asked_for(cases: tuple[Case, ...]) -> None:
    for campaign in (case.campaign for case in cases):
        english = [campaign.title_in("en"), *(theme for arm in campaign.arms for theme in arm.themes_in("en"))]
        chinese = [campaign.title_in("zh"), *(theme for arm in campaign.arms for theme in arm.themes_in("zh"))]
        assert all(text.isascii() and text[0] == text[0].upper() for text in english)
        assert all(CHINESE.search(text) for text in chinese)


def test_themes_stand_at_the_place_of_what_they_translate(cases: tuple[Case, ...]) -> None:
    for arm in (arm for case in cases for arm in case.campaign.arms):
        told = zip(arm.themes, arm.themes_in("zh"), arm.themes_in("en"), strict=True)
        assert all(theme in (zh, en) for theme, zh, en in told)


def test_themes_can_be_quoted_within_a_sentence(cases: tuple[Case, ...]) -> None:
    themes = [theme for case in cases for arm in case.campaign.arms for theme in arm.themes_in("en")]
    assert not [theme for theme in themes if theme[-1] in ".?!:" or ": " in theme]
