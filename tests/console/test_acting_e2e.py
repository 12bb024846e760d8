"""The queue and a plan in a real browser, as an operator works them off."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.console.test_console_e2e import CHINESE, SECONDS, Watched, browser, watched  # noqa: F401

pytestmark = pytest.mark.e2e


def test_whoever_was_contacted_leaves_the_queue_and_says_until_when(watched: Watched) -> None:  # noqa: F811
    page = watched.open("/queue?lang=en")
    expect(page.locator(".queue-chart canvas")).to_be_visible(timeout=SECONDS)
    assert not CHINESE.search(page.locator("main.content").inner_text())
    rows = page.locator(".queue-row")
    before = rows.count()
    assert before >= 2
    name = rows.first.locator(".row-link").inner_text()
    rows.first.get_by_role("button", name="Contacted").click()
    expect(rows).to_have_count(before - 1)
    expect(page.locator(".queue-waiting tr", has_text=name)).to_contain_text("left alone until")
    rows.first.get_by_role("button", name="Not now").click()
    page.locator(".queue-today .reason-field input").fill("on holiday")
    page.get_by_role("button", name="Save").click()
    expect(rows).to_have_count(before - 2)


def test_a_plan_is_drafted_confirmed_and_exported(watched: Watched, tmp_path: Path) -> None:  # noqa: F811
    page = watched.open("/plan?lang=zh&segment=orders%20%3E%3D%201")
    page.get_by_role("button", name="拟方案").click()
    expect(page.locator(".plan .facts")).to_contain_text("预期增量订单额", timeout=SECONDS * 2)
    page.locator(".plan-confirm").click()
    page.locator(".plan-yes").click()
    export = page.get_by_role("button", name="导出给发送工具")
    expect(export).to_be_visible(timeout=SECONDS * 2)
    with page.expect_download(timeout=SECONDS) as waiting:
        export.click()
    file = tmp_path / "messages.csv"
    waiting.value.save_as(file)
    assert file.read_bytes().startswith(b"\xef\xbb\xbfdecision_id,")
