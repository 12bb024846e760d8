"""The held-out vocabulary is worth nothing once the product has seen it: these tests keep the two apart."""

import re
from collections.abc import Iterator
from pathlib import Path

from app.config import ROOT
from app.demo.catalogue import products
from app.demo.dice import Dice
from app.demo.parameters import load_yaml, parameters
from app.demo.shop import DemoShop
from app.demo.synonyms import Synonyms, Vocabulary, synonyms
from app.demo.wording import FILES, wording
from app.demo.writing import Writer
from app.events.schemas import IncomingEvent
from app.text.taxonomy import Taxonomy

DEMO = ROOT / "app" / "demo"
TEXT = {".py", ".yaml", ".yml", ".json", ".jsonl", ".md", ".txt", ".csv", ".tsv", ".toml", ".j2", ".css", ".mako"}
PAIRS: dict[str, str] = load_yaml("wording_b.yaml")["synonyms"]


def product_files() -> Iterator[Path]:
    """Whatever the product is made of or trained on: code, words, prompts, campaigns, pairs, patterns, settings."""
    for folder in ("app", "knowledge_base", "prompts", "evals", "scripts"):
        for path in sorted((ROOT / folder).rglob("*")):
            written_by_runs = (ROOT / "evals" / "runs") in path.parents
            if path.suffix in TEXT and path.is_file() and DEMO not in path.parents and not written_by_runs:
                yield path


def is_evaluation(path: Path) -> bool:
    return ROOT / "evals" in path.parents and ROOT / "evals" / "train" not in path.parents


def holds(text: str, phrase: str) -> bool:
    """True where the phrase stands in the lower-case text: English as whole words, Chinese anywhere."""
    if phrase not in text or not phrase.isascii():
        return phrase in text
    return re.search(rf"(?<![a-z0-9]){re.escape(phrase)}(?![a-z0-9])", text) is not None


def found_in(phrases: list[str], files: Iterator[Path]) -> list[str]:
    """`phrase in file` for every place where a phrase stands."""
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8").lower() for path in files}
    return [f"{phrase!r} in {path}" for path, text in texts.items() for phrase in phrases if holds(text, phrase)]


def words_of(vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """(topic, query) as the shop's customers type them."""
    for place, topic in enumerate(wording().searches):
        for number in range(120):
            english = number % 12 == 0
            dice = Dice(number, place)
            writer = Writer(wording(), dice, parameters().writing, english=english, vocabulary=vocabulary)
            yield topic, writer.search(topic, broad=number % 5 == 0)


def without_words(event: IncomingEvent) -> tuple[object, ...]:
    """All but the text of an event, and how many things a search for it found."""
    fields = {name: getattr(event, name) for name in event.__struct_fields__ if name not in {"text", "properties"}}
    return *fields.values(), {key: value for key, value in event.properties.items() if key != "results"}


def test_there_are_words_to_hold_out() -> None:
    assert len(PAIRS) >= 150
    assert sum(phrase.isascii() for phrase in PAIRS) >= 50
    assert all(len(phrase) >= (4 if phrase.isascii() else 2) for phrase in PAIRS.values())
    assert all(phrase == phrase.lower() for phrase in PAIRS.values())


def test_no_held_out_phrase_stands_in_the_product() -> None:
    files = list(product_files())
    assert ROOT / "knowledge_base" / "taxonomy.yaml" in files
    assert ROOT / "app" / "insights" / "lexicon.yaml" in files
    assert ROOT / "knowledge_base" / "campaigns.jsonl" in files
    assert found_in(list(PAIRS.values()), iter(files)) == []


def test_no_held_out_phrase_is_used_without_the_flag() -> None:
    """Words for training may be taken from the shop's usual wording and its campaigns; these must not come along."""
    usual = ("catalogue.yaml", "catalogue_later.yaml", "past_campaigns.yaml", "past_campaigns_words.yaml", *FILES)
    assert found_in(list(PAIRS.values()), (DEMO / name for name in usual)) == []


def test_nothing_but_the_shop_reads_the_file() -> None:
    assert found_in(["wording_b"], product_files()) == []


def test_neither_product_nor_training_asks_for_the_held_out_words() -> None:
    """Evaluations may; what is shipped or learned from may not."""
    asks = re.compile(r"""(wording|vocabulary)\s*=\s*["']b["']|demoshop\([^)]*["']b["']|--wording[= ]b""")
    assert asks.search('demoshop(seed, 20, "b")')
    assert asks.search('demo(wording="b")')
    learned = [path for path in product_files() if not is_evaluation(path)]
    assert found_in(["app.demo.synonyms"], iter(learned)) == []
    assert [path for path in learned if asks.search(path.read_text(encoding="utf-8").lower())] == []


def test_a_copied_phrase_would_be_named_with_its_file() -> None:
    phrase = next(iter(PAIRS.values()))
    assert found_in([phrase], iter([DEMO / "wording_b.yaml"])) == [f"{phrase!r} in app/demo/wording_b.yaml"]
    assert holds(f"topics: [{phrase}]", phrase)
    assert holds("we like a bedroll sack.", "bedroll sack")
    assert not holds("embedroll sacks", "bedroll sack")


def test_what_is_swapped_occurs_and_the_swap_is_understood_by_no_word_list(taxonomy: Taxonomy) -> None:
    usual = "\n".join((DEMO / name).read_text(encoding="utf-8") for name in ("catalogue.yaml", *FILES))
    usual += (DEMO / "catalogue_later.yaml").read_text(encoding="utf-8")
    assert [phrase for phrase in PAIRS if phrase not in usual] == []
    assert [phrase for phrase in PAIRS.values() if taxonomy.topics_in(phrase) or taxonomy.readings_in(phrase)] == []


def test_the_taxonomy_finds_the_topic_of_few_held_out_queries(taxonomy: Taxonomy) -> None:
    found = dict[Vocabulary, float]()
    vocabularies: tuple[Vocabulary, ...] = ("A", "B")
    for vocabulary in vocabularies:
        queries = list(words_of(vocabulary))
        found[vocabulary] = sum(topic in taxonomy.topics_in(query) for topic, query in queries) / len(queries)
    assert found["A"] > 0.3
    assert found["B"] < 0.1 * found["A"]


def test_titles_are_said_otherwise_and_prices_stay() -> None:
    usual, held_out = products(7), products(7, "B")
    assert [p.item.price for p in usual] == [p.item.price for p in held_out]
    assert [p.nickname for p in usual] == [p.nickname for p in held_out]
    assert sum(a.item.title != b.item.title for a, b in zip(usual, held_out, strict=True)) > 200


def doubled(text: str) -> set[str]:
    """Chinese syllables or words that stand there twice running, a blank between them or not."""
    return {match.group(1) for match in re.finditer(r"([\u4e00-\u9fff]{1,6}) ?\1", text)}


def stammers(usual: str, held_out: str) -> set[str]:
    """What the swap doubled; a phrase may be doubled in itself."""
    own = {word for phrase in PAIRS.values() for word in doubled(phrase)}
    return doubled(held_out) - doubled(usual) - own


def test_the_swap_doubles_no_word_in_titles_and_texts() -> None:
    titles = zip(products(7), products(7, "B"), strict=True)
    told = [(usual.item.title, held_out.item.title) for usual, held_out in titles]
    logs = zip(DemoShop(7, 90).events(), DemoShop(7, 90, "B").events(), strict=True)
    told += [(a.text, b.text) for (_, a), (_, b) in logs if a.text and b.text]
    assert len(told) > 780 + 500
    assert [(b, stammers(a, b)) for a, b in told if stammers(a, b)] == []
    assert stammers("遮光窗帘", "遮光遮光帘布") == {"遮光"}


def test_the_longest_phrase_wins_and_nothing_is_swapped_twice() -> None:
    swap = Synonyms({"猫": "狗", "猫粮": "鱼", "鱼": "鸟", "cat": "dog"}).swap
    assert swap("猫粮和猫, a cat in category") == "鱼和狗, a dog in category"
    assert synonyms("A").swap("猫粮") == "猫粮"


def test_the_same_lives_are_told_in_other_words() -> None:
    usual, held_out = (list(DemoShop(11, 12, wording).events()) for wording in ("A", "B"))
    assert [(source, without_words(event)) for source, event in usual] == [
        (source, without_words(event)) for source, event in held_out
    ]
    texts = [(a.text, b.text) for (_, a), (_, b) in zip(usual, held_out, strict=True) if a.text]
    assert sum(a != b for a, b in texts) / len(texts) > 0.3
    assert held_out == list(DemoShop(11, 12, "B").events())
