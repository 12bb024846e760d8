"""The console in a real browser: list, story, evidence, languages, a strategy; nothing leaves the machine."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from app.retrieval.knowledge_base import written
from tests.factories_api import Running, an_order_body
from tests.factories_campaigns import case_of

pytestmark = pytest.mark.e2e

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")  # fmt: skip # noqa: E501
SECONDS = 30_000
CHINESE, QUOTED = re.compile("[一-鿿]"), re.compile("“[^”]*”")


@dataclass
class Watched:
    """A page with what it asked for and complained about."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._on_request)
        self.page.on("websocket", lambda ws: self.hosts.add(urlsplit(ws.url).hostname or ""))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss"):
            self.hosts.add(parts.hostname or "")

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def watched(browser: Browser, console: Running) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(SECONDS)
    expect.set_options(timeout=SECONDS)
    watched = Watched(context.new_page(), console.address)
    yield watched
    context.close()
    assert watched.complaints == []
    assert watched.hosts == {"127.0.0.1"}


def open_first_customer(page: Page) -> None:
    page.locator(".customers tbody tr").first.click()
    page.wait_for_url("**/customer/**")
    page.locator(".sentence").first.wait_for()


def test_from_the_list_to_a_story_to_its_evidence_to_a_strategy(watched: Watched) -> None:
    page = watched.open("/?lang=en")
    expect(page.locator(".customers tbody tr")).to_have_count(50)
    expect(page.locator(".model-card")).to_contain_text("Measured:")
    open_first_customer(page)
    sentence = page.locator(".sentence").first
    sentence.click()
    expect(page.locator(".evidence-head")).to_contain_text(sentence.locator(".words").inner_text())
    expect(page.locator(".evidence .event-table tbody tr").first).to_contain_text("20")
    expect(page.locator(".sentence.prediction .mark").first).to_have_text("prediction")
    page.get_by_role("button", name="Draft a strategy for this customer").click()
    expect(page.locator(".status-line .reason")).not_to_be_empty()
    expect(page.locator(".weighed tbody tr").first).to_contain_text("no contact")
    expect(page.locator(".strategy .who")).to_contain_text("decision d_")


def test_the_language_switch_keeps_page_and_date(watched: Watched) -> None:
    page = watched.open("/?lang=zh&as_of=2026-08-01")
    open_first_customer(page)
    assert CHINESE.search(page.locator(".story").inner_text())
    customer = urlsplit(page.url).path
    page.locator(".language").click()
    page.wait_for_url("**lang=en**")
    assert urlsplit(page.url).path == customer
    expect(page.locator(".date-field input")).to_have_value("2026-08-01")
    expect(page.locator(".story-card .panel-title")).to_have_text("Story")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_labels_of_an_english_page_are_english(watched: Watched) -> None:
    page = watched.open("/?lang=en")
    open_first_customer(page)
    for label in page.locator(".panel-title, .panel-head .muted, .sub, .badge, summary, .q-btn").all_inner_texts():
        assert not CHINESE.search(label)


def test_search_and_order_ask_the_pipeline_again(watched: Watched) -> None:
    page = watched.open("/?lang=en")
    rows = page.locator(".customers tbody tr")
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Churn risk").click()
    expect(rows.first.locator(".meter")).to_have_class(re.compile("hot|warm"))
    name = rows.nth(3).locator(".row-link").inner_text()
    page.get_by_placeholder("Find by member id").fill(name)
    expect(rows).to_have_count(1)
    page.get_by_placeholder("Find by member id").fill("no such customer")
    expect(page.get_by_text("No customer matches.")).to_be_visible()


def test_more_customers_are_shown_on_demand(watched: Watched) -> None:
    page = watched.open("/?lang=en")
    rows = page.locator(".customers tbody tr")
    expect(rows).to_have_count(50)
    page.locator(".more").click()
    expect(rows).to_have_count(100)


def test_a_wrong_address_is_answered_in_words(watched: Watched) -> None:
    page = watched.open("/customer/nobody?lang=en")
    expect(page.get_by_text("There is no such customer in this workspace.")).to_be_visible()
    page = watched.open("/?lang=zh&as_of=someday")
    expect(page.get_by_text("看不懂这个日期")).to_be_visible()


def test_a_page_under_another_host_name_is_refused(watched: Watched) -> None:
    page = watched.open("/?lang=en")
    answer = page.request.get(watched.address, headers={"Host": "rebound.example"})
    assert answer.status == 400
    assert "Customers" not in answer.text()


def test_what_a_source_sends_is_text_and_never_markup(watched: Watched, console: Running) -> None:
    nasty = "<img src=x onerror=alert(1)> {{ 7*7 }}"
    order = an_order_body(1, identifiers={"user_id": nasty}, item_id=nasty, order_id=nasty, occurred_at="2026-10-30")
    review = {**order, "message_id": "m2", "kind": "review", "text": nasty}
    dialogs: list[str] = []
    watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    answer = watched.page.request.post(
        f"{watched.address}/v1/events",
        headers={"Authorization": f"Bearer {console.key}"},
        data={"source": nasty, "events": [order, review]},
    )
    assert answer.json()["data"]["accepted"] == 2
    page = watched.open("/?lang=en")
    page.get_by_placeholder("Find by member id").fill("onerror")
    expect(page.locator(".customers tbody tr")).to_have_count(1)
    expect(page.locator(".row-link")).to_have_text(nasty)
    open_first_customer(page)
    page.locator(".sentence").first.click()
    expect(page.locator(".evidence .cell-item").last).to_have_text("＜img src=x onerror=alert(1)＞ {{ 7*7 }}")
    assert page.locator("img[src=x]").count() == 0
    assert dialogs == []


def post(watched: Watched, console: Running, source: str, *events: dict[str, object]) -> dict[str, int]:
    answer = watched.page.request.post(
        f"{watched.address}/v1/events",
        headers={"Authorization": f"Bearer {console.key}"},
        data={"source": source, "events": list(events)},
    )
    assert answer.ok, answer.text()
    counts: dict[str, int] = answer.json()["data"]
    return counts


def test_the_data_page_tells_what_came_and_replays_after_a_fix(watched: Watched, console: Running) -> None:
    ambiguous = an_order_body(1, occurred_at="03/02/2026 10:00", identifiers={"phone": "13912345678"})
    assert post(watched, console, "till", ambiguous, an_order_body(2, kind="spun_the_wheel"))["quarantined"] == 1
    page = watched.open("/?lang=en")
    page.get_by_role("link", name="Data").click()
    page.wait_for_url("**/data?lang=en")
    page.locator(".sources a", has_text="till").click()
    expect(page.locator(".cleaning .panel-title")).to_have_text("Cleaning report: till")
    expect(page.locator(".faults tbody tr", has_text="reads in two ways")).to_contain_text("put in quarantine")
    expect(page.locator(".unknown-kinds")).to_have_text("spun_the_wheel 1")
    row = page.locator(".records tbody tr", has_text="till")
    expect(row).to_contain_text("[phone]")
    assert "13912345678" not in page.content()
    settings = watched.page.request.put(
        f"{watched.address}/v1/sources/till",
        headers={"Authorization": f"Bearer {console.key}"},
        data={"time_format": "dmy"},
    )
    assert settings.ok
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.locator(".sure")).to_contain_text("waiting records now?")
    expect(row).to_contain_text("waiting")
    page.get_by_role("button", name="Yes, replay").click()
    expect(page.locator(".replay-done")).to_contain_text("1 accepted")
    expect(row).to_contain_text("replayed")


def test_the_data_page_speaks_both_languages(watched: Watched) -> None:
    page = watched.open("/data?lang=zh")
    expect(page.locator(".heading")).to_have_text("数据与数据质量")
    page.locator(".language").click()
    page.wait_for_url("**/data?lang=en**")
    expect(page.locator(".cleaning .panel-title")).to_contain_text("Cleaning report")
    for label in page.locator(".panel-title, .panel-head .muted, th, .faults td, .q-btn").all_inner_texts():
        assert not CHINESE.search(label)


def test_a_source_that_is_not_there_is_answered_in_words(watched: Watched) -> None:
    page = watched.open("/data?lang=en&source=nobody")
    expect(page.get_by_text("There is no such source in this workspace.")).to_be_visible()


def test_a_kind_that_nobody_knows_is_shown_on_the_customer_as_it_came(watched: Watched, console: Running) -> None:
    at = {"occurred_at": "2026-10-30T10:00:00+08:00", "identifiers": {"user_id": "wheel", "device": "d-wheel"}}
    post(watched, console, "wheel", an_order_body(8, **at), an_order_body(9, kind="spun_the_wheel", **at))
    page = watched.open("/customer/user_id:wheel?lang=en")
    expect(page.locator(".latest .cell-kind", has_text="spun_the_wheel")).to_have_count(1)
    expect(page.locator(".identity tbody tr")).to_contain_text("same event")
    expect(page.locator(".identity tbody tr")).to_contain_text("bridge")


@pytest.mark.parametrize(("lang", "action"), [("zh", "轻触达"), ("en", "Light touch")])
def test_paths_are_drawn_with_their_sources_and_kept_as_a_page(watched: Watched, lang: str, action: str) -> None:
    page = watched.open(f"/?lang={lang}")
    open_first_customer(page)
    card = page.locator(".paths")
    expect(card.locator("canvas")).to_have_count(1)
    expect(card.locator(".path-said")).to_have_count(3)
    expect(card.locator(".path-said").nth(1)).to_contain_text(action)
    card.locator("summary").click()
    assert card.locator(".reasons tbody tr").count() >= 2
    if lang == "en":
        for label in card.locator(".panel-head, .path-said, th, .small, .q-btn").all_inner_texts():
            assert not CHINESE.search(label)
    with page.expect_download() as kept:
        card.get_by_role("button").click()
    assert "<svg" in kept.value.path().read_text(encoding="utf-8")


@pytest.mark.parametrize(("lang", "group"), [("zh", "买过多少次"), ("en", "How often they have bought")])
def test_a_number_says_why_when_asked(watched: Watched, lang: str, group: str) -> None:
    page = watched.open(f"/?lang={lang}")
    open_first_customer(page)
    card = page.locator(".numbers")
    expect(card.locator(".why-step")).to_have_count(0)
    card.locator(".why-ask").click()
    reason = card.locator(".why-reason").filter(has_text=group)
    expect(reason).to_have_count(1)
    reason.locator("summary").click()
    expect(reason.locator("li").first).to_be_visible()
    steps = card.locator(".why-step")
    assert steps.count() == card.locator(".why-reason").count() + 2
    assert card.locator(".figure").inner_text() in steps.last.inner_text()
    if lang == "en":
        assert not CHINESE.search(QUOTED.sub("", card.locator(".why").inner_text()))
    card.locator(".why-ask").click()
    expect(card.locator(".why-step")).to_have_count(0)


def test_a_page_says_how_sure_the_numbers_are(watched: Watched) -> None:
    page = watched.open("/models?lang=zh")
    expect(page.get_by_text("这些数字有多准？").first).to_be_visible()
    expect(page.get_by_text("understory fit --workspace demo")).to_be_visible()
    page = watched.open("/models/card_00000000000000000000?lang=en")
    expect(page.get_by_text("How sure are these numbers?").first).to_be_visible()


def test_a_strategy_is_turned_down_with_a_reason_and_only_with_one(watched: Watched) -> None:
    page = watched.open("/?lang=en")
    for place in range(6):  # somebody who is not left in peace
        page.locator(".customers tbody tr").nth(place).click()
        page.wait_for_url("**/customer/**")
        page.get_by_role("button", name="Draft a strategy for this customer").click()
        page.locator(".strategy .who").wait_for()
        expect(page.locator(".strategy .theme")).to_have_count(3)
        if page.locator(".verdict .reject").count():
            break
        watched.open("/?lang=en")
    page.locator(".verdict .reject").click()
    expect(page.get_by_text("Say why in one line")).to_be_visible()
    page.locator(".verdict-reason input").fill("not this season")
    page.locator(".verdict .reject").click()
    expect(page.locator(".verdict")).to_contain_text("Turned down: not this season")


def test_the_knowledge_page_imports_a_file_and_a_person_approves_it(watched: Watched, tmp_path: Path) -> None:
    case = case_of("e2e-case", n=80, evidence_kind="simulated", title="Winter scarves")
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(written([case], "csv"))
    bad.write_bytes(good.read_bytes().replace(b",sms,", b",fax,"))
    page = watched.open("/knowledge?lang=en")
    expect(page.locator(".knowledge tbody tr").first).to_be_visible()
    page.set_input_files("input[type=file]", bad)
    expect(page.locator(".upload-faults tbody tr")).to_have_text(re.compile("^2\\s*channel\\s*must be one of: sms"))
    page.set_input_files("input[type=file]", good)
    expect(page.locator(".import-done")).to_contain_text("1 new")
    page.get_by_label("Title, theme, topic or id ...").fill("winter SCARVES")
    row = page.locator(".knowledge tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("waiting")
    row.get_by_role("link").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Write your name first.")).to_be_visible()
    page.get_by_label("Your name").fill("Li Wei")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".badge.case-approved")).to_be_visible()
    expect(page.locator(".versions tbody tr")).to_contain_text("approved by Li Wei")
    page.get_by_label("Your name").fill("Zhao")
    page.get_by_role("button", name="Take the approval back").click()
    expect(page.locator(".badge.case-rejected")).to_be_visible()
    report = tmp_path / "report.csv"
    report.write_text("会员ID,分组,支付金额\nu1,实验组,9\nu2,实验组,x\n", encoding="utf-8")
    page.set_input_files("input[type=file]", report)
    expect(page.locator(".upload-faults tbody tr")).to_contain_text("支付金额")
    report.write_text("会员ID,分组,支付金额\nu1,实验组,9\nu2,实验组,0\n", encoding="utf-8")
    page.set_input_files("input[type=file]", report)
    expect(page.locator(".report-done")).to_contain_text("2 rows read")
    expect(page.get_by_text("No holdout for a")).to_be_visible()
    expect(page.locator(".badge.case-pending")).to_be_visible()
    expect(page.locator(".versions tbody tr")).to_have_count(2)


def test_the_knowledge_page_speaks_both_languages(watched: Watched) -> None:
    page = watched.open("/knowledge?lang=zh")
    expect(page.get_by_text("过去什么有效")).to_be_visible()
    page = watched.open("/knowledge?lang=en")
    expect(page.get_by_text("What worked before")).to_be_visible()
    for label in page.locator(".knowledge th, .heading, .import .panel-head").all_inner_texts():
        assert not CHINESE.search(label)
    page = watched.open("/knowledge/nothing/here?lang=en")
    expect(page.get_by_text("Back to the customers")).to_be_visible()


@pytest.mark.parametrize(
    ("lang", "keep", "fault"),
    [("zh", "重要保持", "是不是 `churn_risk`"), ("en", "Important · keep", "did you mean `churn_risk`")],
)
def test_an_expression_is_counted_as_it_is_typed(watched: Watched, lang: str, keep: str, fault: str) -> None:
    page = watched.open(f"/segments?lang={lang}")
    cell = page.locator(".rfm-cell", has_text=keep).first
    customers = cell.locator(".figure").inner_text()
    cell.click()
    expect(page.locator(".expression textarea").first).to_have_value("rfm = important_keep")
    expect(page.locator(".segment-count .figure")).to_have_text(customers)
    page.locator(".expression textarea").first.fill("churnrisk >= 60%")
    expect(page.locator(".warn-text", has_text=fault)).to_be_visible()
    page.locator(".expression textarea").first.fill("orders >= 1 or orders = 0")
    expect(page.locator(".event-table .row-link").first).to_be_visible()
