import pytest

from app.demo.catalogue import products
from app.demo.shop import DemoShop
from app.demo.truth import CustomerTruth, truth
from app.retrieval.schemas import Case
from tests.demo.logbook import Logbook, read_log


@pytest.fixture(scope="session")
def shop() -> DemoShop:
    return DemoShop(customers=300)


@pytest.fixture(scope="session")
def log(shop: DemoShop) -> Logbook:
    return read_log(shop)


@pytest.fixture(scope="session")
def truths(shop: DemoShop) -> tuple[CustomerTruth, ...]:
    return truth(shop)


@pytest.fixture(scope="session")
def cases(shop: DemoShop) -> tuple[Case, ...]:
    return shop.cases()


@pytest.fixture(scope="session")
def topic_of(shop: DemoShop) -> dict[str, str]:
    return {product.item.item_id: product.topic for product in products(shop.seed)}
