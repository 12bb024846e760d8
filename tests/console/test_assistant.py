"""What the assistant's page shows, without a browser."""

from typing import get_args

import pytest

from app.assistant.schemas import Intent, Number, Slots, Understood
from app.bootstrap import App
from app.console.assistant_export import Exported, exported
from app.console.assistant_turn import target
from app.console.assistant_words import understood_line
from app.console.wording import wording
from app.profile.schemas import RfmClass
from app.profile.stages import Stage
from app.retrieval.schemas import Channel, OfferType
from app.schema import Lang
from tests.console.test_pages import a_page


@pytest.mark.parametrize(("lang", "said"), [("zh", "比较人群 · 人群 重要价值 · 对比 价值高"), ("en", "compare groups")])
def test_what_was_understood_is_said_in_words_of_the_page(demo: App, lang: Lang, said: str) -> None:
    slots = Slots(segment=RfmClass.IMPORTANT_VALUE, other_segment="value:high")
    read = Understood(intent=Intent.COMPARE_SEGMENTS, slots=slots, lang=lang, confidence=1)
    line = understood_line(a_page(demo, lang), read)
    assert line.startswith(said)
    assert "important_value" not in line


def test_every_slot_and_every_value_of_a_list_has_words(demo: App) -> None:
    known = wording("en").lines().keys()
    assert {f"assistant.intents.{intent}" for intent in Intent} <= known
    assert {f"assistant.slots.{name}" for name in Slots.model_fields} <= known
    lists = {"state": (*Stage, "leaving"), "number": get_args(Number), "offer": OfferType, "channel": Channel}
    for name, values in lists.items():
        for value in values:
            read = Understood(
                intent=Intent.FIND_CUSTOMERS, slots=Slots.model_validate({name: value}), lang="zh", confidence=1
            )
            (zh, en) = (understood_line(a_page(demo, lang), read).partition(" · ")[2] for lang in ("zh", "en"))
            assert not zh.isascii()
            assert en.isascii()


def test_links_of_an_answer_stay_in_the_console(demo: App) -> None:
    page = a_page(demo, "en")
    assert target(page, "/customer/c_1") == "/customer/c_1?lang=en"
    assert target(page, "/segments?segment=stage+%3D+active") == "/segments?lang=en&segment=stage+%3D+active"
    assert target(page, "/knowledge/a%20b") == "/knowledge/a%20b?lang=en"
    assert target(page, "https://elsewhere.example/") == target(page, "//elsewhere.example") == "/?lang=en"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v1/segments/seg_1/export?format=csv&channel=sms", Exported("seg_1", Channel.SMS)),
        ("/v1/segments/a%20b/export", Exported("a b", None)),
        ("/v1/segments/seg_1/export?channel=pigeon", Exported("seg_1", None)),
        ("/segments?segment=x", None),
    ],
)
def test_a_link_to_an_export_is_told_from_others(path: str, meant: Exported | None) -> None:
    assert exported(path) == meant
