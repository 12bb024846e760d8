"""Take the screenshots anew: `python docs/screenshots/take.py http://127.0.0.1:8000`, serve.py running on the demo.

The page of models needs one, that of campaigns too: `understory fit` and `understory campaign approve` first.
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent


def main(address: str) -> None:
    """All of them, in a window of 1280 pixels."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 820})
        page.goto(f"{address}/?lang=zh")
        page.locator(".customers tbody tr").first.wait_for()
        shoot(page, "console-list-zh.png")
        customer = with_inference(page)
        for lang in ("zh", "en"):
            page.goto(f"{customer}?lang={lang}")
            page.locator(".sentence.inference").first.click()
            page.locator(".evidence .event-table").first.wait_for()
            shoot(page, f"customer-{lang}.png", height=1180)
        page.goto(f"{customer}?lang=zh")
        page.locator(".draft").click()
        page.locator(".status-line").wait_for()
        page.add_style_tag(content=".bar-top { position: static }")
        page.locator(".strategy").screenshot(path=HERE / "strategy-zh.png")
        page.goto(f"{customer}?lang=zh")
        page.locator(".narrative .marker").first.click()
        page.locator(".narrative .event-table").first.wait_for()
        page.add_style_tag(content=".bar-top { position: static }")
        page.locator(".narrative").screenshot(path=HERE / "narrative-zh.png")
        page.goto(f"{address}/shifts?lang=en")
        page.locator(".records table").wait_for()
        shoot(page, "shifts-en.png")
        page.goto(f"{address}/data?lang=en")
        page.locator("section.panel").nth(2).wait_for()
        shoot(page, "data-en.png", height=1000)
        page.goto(f"{address}/models?lang=en")
        page.locator("section.panel").first.wait_for()
        shoot(page, "models-en.png", height=1000)
        page.goto(f"{customer}?lang=en")
        page.locator(".why-ask").first.click()
        page.locator(".why-step").first.wait_for()
        page.add_style_tag(content=".bar-top { position: static }")
        page.locator(".why").first.screenshot(path=HERE / "why-en.png")
        told_card(page, f"{customer}?lang=zh", "brief-card", "brief-zh.png")
        assistant_page(page, address, "zh", height=930)
        assistant_page(page, address, "en", height=1090)
        leaving = str(page.locator(".answer-table a").first.evaluate("link => link.href"))
        told_card(page, leaving, "churn-card", "churn-en.png")
        campaign_pages(page, address)
        browser.close()


def told_card(page: Page, address: str, card: str, name: str) -> None:
    """One card of a customer's page."""
    page.goto(address)
    page.locator(f".{card}").wait_for()
    page.add_style_tag(content=".bar-top { position: static }")
    page.locator(f".{card}").screenshot(path=HERE / name)


def assistant_page(page: Page, address: str, lang: str, *, height: int) -> None:
    """The first question that the page offers, answered; the conversation stays in the list."""
    page.goto(f"{address}/assistant?lang={lang}")
    page.locator(".suggestion").first.click()
    page.locator(".answer .suggestion").first.wait_for(timeout=120_000)
    shoot(page, f"assistant-{lang}.png", height=height)


def campaign_pages(page: Page, address: str) -> None:
    """What worked before, who is meant, whom to reach today, a plan under a budget, and what is running."""
    for name, ready, height in (
        ("knowledge-zh", ".records table", 820),
        ("segments-zh", ".records table", 1000),
        ("segments-en", ".records table", 1000),
        ("queue-zh", ".queue-chart canvas", 1420),
        ("queue-en", ".queue-chart canvas", 1420),
        ("campaigns-zh", ".campaign", 820),
    ):
        path, lang = name.rsplit("-", 1)
        page.goto(f"{address}/{path}?lang={lang}")
        page.locator(ready).first.wait_for()
        shoot(page, f"{name}.png", height=height)
    page.goto(f"{address}/plan?lang=zh")
    page.locator(".controls button.push").click()
    page.locator(".plan .facts").wait_for(timeout=300_000)
    shoot(page, "plan-zh.png", height=1000)


def with_inference(page: Page) -> str:
    """The address of the first customer on the list whose story draws an inference."""
    links = page.locator(".customers tbody a").evaluate_all("found => found.map(link => link.href.split('?')[0])")
    for link in dict.fromkeys(links):
        page.goto(f"{link}?lang=zh")
        page.locator(".sentence").first.wait_for()
        if page.locator(".sentence.inference").count():
            return str(link)
    raise SystemExit("no story on the list's first page draws an inference")


def shoot(page: Page, name: str, height: int = 820) -> None:
    """The top of the page, without the pointer on anything."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.mouse.move(0, 400)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(600)
    page.screenshot(path=HERE / name)


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
