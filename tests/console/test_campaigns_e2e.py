"""From a strategy on a customer's page to a campaign that somebody stops, in a real browser."""

import json
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.console.test_console_e2e import ARGUMENTS, SECONDS
from tests.factories_api import Running

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    expect.set_options(timeout=SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield browser.new_page(viewport={"width": 1440, "height": 900})
        browser.close()


def ask(console: Running, method: str, path: str, body: object = None) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {console.key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(console.address + path, data, headers, method=method)) as answer:
        return dict(json.load(answer)["data"])


def approved(console: Running) -> str:
    """The id of a campaign that was approved over the API."""
    rows = ask(console, "GET", "/v1/customers?limit=40")["rows"]
    for row in rows:  # type: ignore[attr-defined]
        made = ask(console, "POST", f"/v1/customers/{row['customer_id']}/strategy?lang=en")
        strategy = made["strategy"]
        if strategy["status"] == "proposed":  # type: ignore[index]
            terms = {"audience": f"consent({strategy['channel']})", "holdout_share": 0.5}  # type: ignore[index]
            view = ask(console, "POST", f"/v1/decisions/{strategy['decision_id']}/approval", terms)  # type: ignore[index]
            return str(view["run"]["campaign"]["campaign_id"])  # type: ignore[index]
    raise AssertionError("no strategy was proposed to anybody")


def test_a_campaign_is_shown_handed_out_and_stopped_with_two_clicks(console: Running, page: Page) -> None:
    campaign_id = approved(console)
    page.goto(f"{console.address}/campaigns?lang=zh")
    card = page.locator(".campaign", has_text=campaign_id)
    expect(card.locator(".badge").first).to_have_text("进行中")
    page.goto(f"{console.address}/campaigns?lang=en")
    expect(card).to_contain_text("preliminary")
    expect(card).to_contain_text("nobody bought yet")
    with page.expect_download() as download:
        card.locator(".hand-out").click()
    assert download.value.suggested_filename == f"{campaign_id}.csv"
    expect(card).not_to_contain_text("Nothing was handed out")
    card.locator(".stop").click()
    expect(card).to_contain_text("It cannot be started again")
    assert ask(console, "GET", f"/v1/runs/{campaign_id}")["status"] == "running"
    card.locator(".stop-yes").click()
    expect(card.locator(".badge").first).to_have_text("Stopped")
    assert ask(console, "GET", f"/v1/runs/{campaign_id}")["status"] == "stopped"
    expect(card.locator(".hand-out")).to_have_count(0)
