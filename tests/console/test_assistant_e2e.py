"""A conversation with the assistant in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.console.test_console_e2e import CHINESE, SECONDS, Watched, browser, watched  # noqa: F401

pytestmark = pytest.mark.e2e


def test_a_question_is_answered_and_what_waits_is_approved(watched: Watched) -> None:  # noqa: F811
    page = watched.open("/assistant?lang=en")
    assert not CHINESE.search(page.locator("main.content").inner_text())
    page.get_by_role("button", name="How many customers are in each RFM class?").click()
    expect(page.locator(".answer-table")).to_contain_text("Important", timeout=SECONDS * 2)
    expect(page.locator(".understood")).to_contain_text("Understood as: figures of a group")
    page.reload()
    expect(page.locator(".answer-table")).to_contain_text("Important")
    page.locator(".ask-field input").fill("Export the active customers as a file")
    page.locator(".ask-field input").press("Enter")
    page.locator(".pending .approve").click(timeout=SECONDS * 2)
    expect(page.locator(".badge.status-approved")).to_be_visible(timeout=SECONDS * 2)
    expect(page.locator(".turn")).to_have_count(3)
    with page.expect_download(timeout=SECONDS * 2) as waiting:
        page.locator(".answer-links button").click()
    assert re.fullmatch(r"audience-exp_\w+\.csv", waiting.value.suggested_filename)
    page.locator(".talk a").first.click()
    expect(page.locator(".turn")).to_have_count(3)
    expect(page.locator(".badge.status-approved")).to_be_visible()
    page.locator(".talk .q-btn").first.click()
    expect(page.locator(".talk")).to_have_count(0)


def test_this_is_the_customer_whose_page_led_here(watched: Watched) -> None:  # noqa: F811
    page = watched.open("/?lang=zh")
    page.locator(".row-link").first.click()
    page.get_by_role("link", name="问问助手").click()
    page.get_by_role("button", name="这位顾客是谁？").click()
    expect(page.locator(".answer-text")).to_be_visible(timeout=SECONDS * 2)
    expect(page.locator(".understood")).to_contain_text("看一位顾客")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_bar_on_top_fits_a_small_screen(watched: Watched, lang: str) -> None:  # noqa: F811
    page = watched.open(f"/assistant?lang={lang}")
    page.set_viewport_size({"width": 1280, "height": 800})
    last = page.locator(".bar-top .language").bounding_box()
    bar = page.locator(".bar-top").bounding_box()
    assert last
    assert bar
    assert last["x"] + last["width"] <= 1280
    assert bar["height"] < 60
