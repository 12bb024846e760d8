"""What the shop sells, and how a customer's hand falls on it."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from math import exp, fsum, log
from typing import NamedTuple

from pydantic import TypeAdapter

from app.demo.dice import Dice, Wheel
from app.demo.parameters import CatalogueSpread, load_yaml, parameters
from app.demo.synonyms import Synonyms, Vocabulary, synonyms
from app.events.schemas import Item
from app.schema import Frozen

CATALOGUE_PLACE = 1
_FILES = ("catalogue.yaml", "catalogue_later.yaml")
_VALID_FROM = datetime(2025, 12, 31, 16, tzinfo=UTC)


class Category(Frozen):
    """One entry of a catalogue file; a product has one price, or one for each of its sizes, colours or packs."""

    path: tuple[str, ...]
    topic: str
    brands: tuple[str, ...]
    products: dict[str, float | dict[str, float]]

    def listings(self) -> Iterator[tuple[str, dict[str, float]]]:
        """(name without its brand, yuan by variant); a product without variants has one that is not named."""
        for name, price in self.products.items():
            yield name, price if isinstance(price, dict) else {"": price}


class Product(NamedTuple):
    """An item with what only the simulator knows of it."""

    item: Item
    topic: str
    nickname: str
    name: str
    """As the catalogue files have it, without brand and variant."""
    price: int


@cache
def _categories() -> tuple[Category, ...]:
    return TypeAdapter(tuple[Category, ...]).validate_python([entry for file in _FILES for entry in load_yaml(file)])


@cache
def products(seed: int, vocabulary: Vocabulary = "A") -> tuple[Product, ...]:
    """The catalogue in its fixed order; brands, prices and costs vary with the seed, titles with the vocabulary."""
    dice, words, spread = Dice(seed, CATALOGUE_PLACE), synonyms(vocabulary), parameters().catalogue
    found = list[Product]()
    for category in _categories():
        for name, variants in category.listings():
            found.extend(_variants(len(found) + 1, category, name, variants, spread, dice, words))
    return tuple(found)


def _variants(
    first: int,
    category: Category,
    name: str,
    variants: dict[str, float],
    spread: CatalogueSpread,
    dice: Dice,
    words: Synonyms,
) -> Iterator[Product]:
    """The sizes, colours or packs of one product: one brand, one markup, a price each."""
    factor, brand, share = (
        dice.between(*spread.price_factor),
        dice.pick(category.brands),
        dice.between(*spread.cost_share),
    )
    for number, (variant, yuan) in enumerate(variants.items(), start=first):
        price = _shelf_price(yuan * factor)
        item = Item(
            item_id=f"P{number:04d}",
            title=f"{brand} {words.swap(f'{name} {variant}'.rstrip())}",
            category_path=category.path,
            brand=brand,
            price=price,
            cost=round(price * share),
            currency="CNY",
            valid_from=_VALID_FROM,
        )
        yield Product(item=item, topic=category.topic, nickname=name.split(" ")[0], name=name, price=price)


def _shelf_price(yuan: float) -> int:
    """Fen: below 100 yuan ending in .9, above in whole yuan ending in 9 or 8."""
    if yuan < 100:
        return int(yuan) * 100 + 90
    return (round(yuan / 10) * 10 - (1 if int(yuan) % 2 else 2)) * 100


class Shelf:
    """The catalogue arranged for drawing: by topic, popular things more often, near the customer's price level."""

    def __init__(self, seed: int, vocabulary: Vocabulary = "A") -> None:
        """Stock the shelf of one shop; its customers write in the vocabulary of its titles."""
        self.vocabulary: Vocabulary = vocabulary
        self.products = products(seed, vocabulary)
        self.by_topic: dict[str, list[Product]] = defaultdict(list)
        for product in self.products:
            self.by_topic[product.topic].append(product)
        self.topics = tuple(self.by_topic)
        self._wheels: dict[tuple[str, int, int], Wheel[Product]] = {}
        self._wandering: dict[int, Wheel[str]] = {}

    def draw(self, topic: str, level: int, month: int, dice: Dice) -> Product:
        """A product of the topic; what belongs to other months of the year seldom."""
        key = (topic, level, month)
        if key not in self._wheels:
            self._wheels[key] = self._wheel(topic, level, month)
        return dice.spin(self._wheels[key])

    def any_topic(self, month: int, dice: Dice) -> str:
        """Where somebody strays to in a month."""
        if month not in self._wandering:
            self._wandering[month] = Wheel((topic, parameters().topic_pull(topic, month)) for topic in self.topics)
        return dice.spin(self._wandering[month])

    def dearest(self, topic: str, count: int) -> list[Product]:
        """The dearest products of the topic, dearest first."""
        return sorted(self.by_topic[topic], key=lambda product: -product.price)[:count]

    def cheapest(self, topic: str) -> Product:
        """The cheapest product of the topic."""
        return min(self.by_topic[topic], key=lambda product: product.price)

    def _wheel(self, topic: str, level: int, month: int) -> Wheel[Product]:
        """Weight = popularity (a power of the catalogue rank) x closeness of log price to the level's x season."""
        stock = self.by_topic[topic]
        spread, middle = parameters().catalogue, fsum(log(product.price) for product in stock) / len(stock)
        tilt = spread.level_tilt[level]
        return Wheel(
            (product, (rank + 1) ** -spread.popularity * exp(-((log(product.price) - middle - tilt) ** 2)) * season)
            for rank, (product, season) in enumerate((product, _season(product, month, spread)) for product in stock)
        )


def _season(product: Product, month: int, spread: CatalogueSpread) -> float:
    """Factor on how often a product is drawn in a month."""
    months = next((months for word, months in spread.months.items() if word in product.name), None)
    return 1.0 if months is None or month in months else spread.out_of_season
