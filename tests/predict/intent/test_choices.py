import numpy as np
import pytest

from app.predict.intent import choices, habits
from app.predict.intent.baskets import Baskets, Touches, no_touches
from app.predict.intent.choices import FEATURES, POPULARITY, Choices
from tests.factories_intent import DAY, a_shop


def test_shares_sum_to_one() -> None:
    baskets, touches = a_shop()
    everybody = np.unique(baskets.customer)
    x = choices.features(habits.learn(baskets, DAY), baskets, touches, everybody, DAY)
    weights = Choices(tuple(np.linspace(-0.5, 1.5, len(FEATURES))))
    assert x.shape == (everybody.size, len(baskets.names) + 1, len(FEATURES))
    assert weights.shares(x).sum(axis=1) == pytest.approx(np.ones(everybody.size))


def test_who_is_not_known_is_given_what_is_popular() -> None:
    baskets, touches = a_shop()
    shop = habits.learn(baskets, DAY)
    stranger = np.array([10_000])
    x = choices.features(shop, baskets, touches, stranger, DAY)
    taught = Choices((1.0, *np.full(len(FEATURES) - 1, 0.7)))
    assert taught.shares(x)[0] == pytest.approx(shop.popularity)
    assert POPULARITY.shares(x)[0] == pytest.approx(shop.popularity)


def test_features_read_nothing_later_and_do_not_depend_on_who_else_is_asked_for() -> None:
    baskets, touches = a_shop()
    cut = DAY - 100
    shop = habits.learn(baskets, cut)
    some = np.array([7, 3, 44])
    whole = choices.features(shop, baskets, touches, some, cut)
    before = choices.features(shop, baskets.until(cut), touches.until(cut), some, cut)
    alone = choices.features(shop, baskets, touches, np.array([44]), cut)
    assert np.array_equal(whole, before)
    assert np.allclose(whole[2], alone[0])


def test_a_cart_counts_until_its_category_is_bought_and_not_for_ever() -> None:
    names = ("tea", "toys")
    baskets = Baskets.from_columns([0, 0], [100, 110], ["tea", "toys"], [5, 5], names)
    touches = Touches.from_columns([0, 0, 0], [105, 105, 108], ["tea", "toys", "tea"], [2, 2, 2], [1, 1, 1], names)
    shop = habits.learn(baskets, 120)
    cart = FEATURES.index("cart")
    at = {day: choices.features(shop, baskets, touches, np.array([0]), day)[0, :, cart] for day in (106, 112, 150)}
    assert at[106].tolist() == pytest.approx([np.log(2), np.log(2), 0])
    assert at[112].tolist() == pytest.approx([np.log(3), 0, 0])
    assert at[150].tolist() == [0, 0, 0]


def test_what_speaks_for_a_choice_is_learned() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4000, 4, len(FEATURES)))
    truth = np.array([1.0, 0.8, 0.0, 0.0, 0.4, 0.0, 1.2, 0.0, 0.5])
    gumbel = rng.gumbel(size=(4000, 4))
    chosen = (x @ truth + gumbel).argmax(axis=1)
    assert choices.learn(x, chosen).weights == pytest.approx(truth, abs=0.1)


def test_few_choices_teach_little() -> None:
    x = np.zeros((3, 4, len(FEATURES)))
    x[:, 0, 1] = 1.0
    assert choices.learn(x, np.zeros(3, np.int64)).weights == pytest.approx(POPULARITY.weights, abs=0.5)


def test_a_shop_without_touches_has_no_wishes() -> None:
    baskets, _ = a_shop()
    x = choices.features(habits.learn(baskets, DAY), baskets, no_touches(), np.array([0, 1]), DAY)
    silent = [FEATURES.index(name) for name in ("wanted", "wanted_lately", "cart")]
    assert not x[:, :, silent].any()
