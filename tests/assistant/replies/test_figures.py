"""Every figure of an answer is what the pipeline says."""

from datetime import timedelta

from app.assistant.schemas import Intent, Reply
from app.assistant.speaking import Speaker
from app.assistant.tools.audience import LEAVING
from app.bootstrap import App
from app.moves import MoveQuery
from app.profile.schemas import RfmClass
from tests.factories_replies import asking_in, replied

SOMEBODY = "u100007"


def column(reply: Reply, number: int, table: int = 0) -> list[str]:
    return [row[number] for row in reply.tables[table].rows]


def test_those_who_drift_away_are_the_segment_that_is_shown(demo: App) -> None:
    asking, pipeline = asking_in(demo), demo.pipeline
    reply = replied(demo, Intent.FIND_CUSTOMERS, state="leaving", limit=100)
    members = pipeline.audiences.members(asking.workspace, LEAVING, as_of=asking.as_of)
    (table,) = reply.tables
    assert table.total == len(members) == len(table.rows) > 3
    assert LEAVING in reply.text
    assert reply.links[0].path.startswith("/segments?segment=churn_risk")
    assert {link.path.removeprefix("/customer/") for link in reply.links[2:]} <= set(members)
    listed = pipeline.customers(asking.workspace, as_of=asking.as_of, order_by="churn_risk", limit=len(members))
    say = Speaker("en", asking.workspace, pipeline.taxonomy)
    assert column(reply, 4) == [say.share(row.churn.churn_risk or 0) for row in listed.rows]
    assert column(reply, 2) == [say.money(row.total_minor) for row in listed.rows]
    assert column(reply, 3) == [say.maybe_money(row.ltv.value) for row in listed.rows]


def test_the_first_thing_to_do_is_that_of_the_queue(demo: App) -> None:
    asking = asking_in(demo)
    queue = demo.pipeline.acting.queue(asking.workspace, as_of=asking.as_of, lang="en", most_waiting=1000)
    waits = {item.customer_id: item.hold for item in queue.waiting}
    reply = replied(demo, Intent.FIND_CUSTOMERS, state="leaving", limit=10)
    ids = [link.path.removeprefix("/customer/") for link in reply.links if link.path.startswith("/customer/")]
    say = Speaker("en", asking.workspace, demo.pipeline.taxonomy)
    for customer_id, step in zip(ids, column(reply, 7), strict=True):
        if customer_id in waits:
            assert step == say(f"steps.held.{waits[customer_id]}")
    assert waits.keys() & set(ids)


def test_the_value_is_the_estimators(demo: App) -> None:
    asking, pipeline = asking_in(demo), demo.pipeline
    reading = pipeline.read_customer(asking.workspace, SOMEBODY, as_of=asking.as_of, lang="en", ask_model=False)
    say = Speaker("en", asking.workspace, pipeline.taxonomy)
    text = replied(demo, Intent.EXPLAIN_NUMBER, customer=SOMEBODY, number="ltv").text
    assert reading.ltv.value is not None
    assert reading.ltv.q90 is not None
    assert say.estimate(reading.ltv.value) in text
    assert say.estimate(reading.ltv.q90) in text
    explanation = pipeline.explanation(asking.workspace, SOMEBODY, as_of=asking.as_of, lang="en")
    reply = replied(demo, Intent.EXPLAIN_NUMBER, customer=SOMEBODY, number="ltv")
    assert column(reply, 1) == [reason.amount for reason in explanation.reasons]
    known = {claim.claim_id for claim in reading.story.claims}
    cited = {ref for sentence in reply.sentences for ref in sentence.claim_ids if ref.startswith("k_")}
    assert cited
    assert cited <= known


def test_a_comparison_counts_as_the_segments_do(demo: App) -> None:
    asking = asking_in(demo)
    reply = replied(demo, Intent.COMPARE_SEGMENTS, segment="重要价值", other_segment="important_keep")
    counts = [
        demo.pipeline.audiences.count(asking.workspace, f"rfm = {name}", as_of=asking.as_of, lang="en")
        for name in (RfmClass.IMPORTANT_VALUE, RfmClass.IMPORTANT_KEEP)
    ]
    say = Speaker("en", asking.workspace, demo.pipeline.taxonomy)
    assert list(reply.tables[0].rows[0][1:]) == [say.number(count.customers) for count in counts]
    assert list(reply.tables[0].rows[2][1:]) == [say.money(count.spend_minor) for count in counts]
    assert list(reply.tables[0].rows[3][1:]) == [say.share(count.spend_share) for count in counts]


def test_consents_are_counted_as_segments_are(demo: App) -> None:
    asking = asking_in(demo)
    count = demo.pipeline.audiences.count(asking.workspace, "consent(sms)", as_of=asking.as_of, lang="en")
    reply = replied(demo, Intent.CONSENT_OR_PRIVACY, channel="sms")
    assert f"{count.customers} of {count.of} customers" in reply.text
    assert reply.sentences[1].claim_ids == ("segment:consent(sms)",)


def test_orders_of_a_period_are_those_of_the_log(demo: App) -> None:
    asking = asking_in(demo)
    reply = replied(demo, Intent.SEGMENT_STATS, period="2026-09")
    months = [
        order
        for order in demo.pipeline.log.order_totals("demo", until=asking.as_of)
        if order.occurred_at.astimezone(asking.workspace.zone).strftime("%Y-%m") == "2026-09"
    ]
    say = Speaker("en", asking.workspace, demo.pipeline.taxonomy)
    assert f"{len(months)} orders worth {say.money(sum(order.amount for order in months))}" in reply.text


def test_campaigns_are_ranked_by_what_they_surely_brought(demo: App) -> None:
    reply = replied(demo, Intent.SEARCH_CAMPAIGNS, state="away")
    known = {case.campaign.campaign_id: case.campaign for case in demo.pipeline.knowledge_base.cases("demo")}
    cited = reply.sentences[1].claim_ids
    assert cited
    assert all(known[campaign_id].objective == "win_back" for campaign_id in cited)
    assert reply.warnings  # they are simulated
    assert known[reply.sentences[2].claim_ids[0]].title_in("en") in reply.text


def test_moves_are_those_of_the_report(demo: App) -> None:
    asking = asking_in(demo)
    reply = replied(demo, Intent.INTEREST_SHIFT_REPORT, to_topic="pets")
    found = demo.pipeline.moves.find(
        asking.workspace, MoveQuery(to_topic="pets"), as_of=asking.as_of, lang="en", limit=100
    )
    assert found.total
    assert f"Customers who changed so: {found.total}." in reply.text
    assert len(reply.tables[0].rows) == min(len(found.rows), 10)


def test_the_next_purchase_is_the_estimate(demo: App) -> None:
    asking = asking_in(demo)
    found = demo.pipeline.next_purchase(asking.workspace, SOMEBODY, as_of=asking.as_of, lang="en")
    reply = replied(demo, Intent.NEXT_PURCHASE, customer=SOMEBODY)
    say = Speaker("en", asking.workspace, demo.pipeline.taxonomy)
    assert column(reply, 1) == [say.share(window.probability) for window in found.intent.windows]


def test_what_to_do_for_those_at_risk_lists_them_with_their_plan(demo: App) -> None:
    listed = replied(demo, Intent.FIND_CUSTOMERS, state="leaving", value="high", period="this_week")
    reply = replied(demo, Intent.DRAFT_STRATEGY, state="leaving", value="high", period="this_week")
    assert reply.tables[0] == listed.tables[0]
    assert set(listed.links) <= set(reply.links)
    assert reply.sentences[: len(listed.sentences) - 1] == listed.sentences[:-1]
    assert len(reply.sentences) > len(listed.sentences)


def test_a_list_names_who_agreed_and_waits_for_a_person(demo: App) -> None:
    asking = asking_in(demo)
    reply = replied(demo, Intent.AUDIENCE_EXPORT, value="high", channel="sms")
    count = demo.pipeline.audiences.count(
        asking.workspace, "monetary_score >= 4 and consent(sms)", as_of=asking.as_of, lang="en"
    )
    assert reply.pending is not None
    assert f"{count.customers} customers at most" in reply.pending.said
    assert reply.pending.arguments == {"segment": "monetary_score >= 4", "channel": "sms"}
    assert any("editor" in warning for warning in reply.warnings)


def test_a_list_of_these_means_those_of_the_question_before(demo: App) -> None:
    before = replied(demo, Intent.FIND_CUSTOMERS, state="leaving").understood
    reply = replied(demo, Intent.AUDIENCE_EXPORT, asking=asking_in(demo, earlier=before))
    assert reply.pending is not None
    assert reply.pending.arguments["segment"] == LEAVING


def test_the_average_order_of_a_group_is_its_spend_by_its_orders(demo: App) -> None:
    asking, pipeline = asking_in(demo), demo.pipeline
    reply = replied(demo, Intent.SEGMENT_STATS, number="average_order", segment="important_value")
    members = pipeline.audiences.members(asking.workspace, "rfm = important_value", as_of=asking.as_of)
    rows = pipeline.customers(asking.workspace, as_of=asking.as_of, limit=1000).rows
    mine = [row for row in rows if row.customer_id in members]
    say = Speaker("en", asking.workspace, pipeline.taxonomy)
    mean = say.money(sum(row.total_minor for row in mine) / sum(row.orders for row in mine))
    assert f"An average order is worth {mean}." in reply.text
    both = replied(
        demo, Intent.COMPARE_SEGMENTS, number="average_order", segment="important_value", other_segment="state:new"
    )
    assert f"{mean} in" in both.sentences[2].text


def test_who_ordered_nothing_in_some_days_is_nobody_who_did(demo: App) -> None:
    asking = asking_in(demo)
    reply = replied(demo, Intent.SEGMENT_STATS, period="last_60_days", without_order=True)
    before = (asking.as_of.astimezone(asking.workspace.zone) - timedelta(days=59)).date()
    n = demo.pipeline.audiences.count(
        asking.workspace, f"last_order < {before}", as_of=asking.as_of, lang="en"
    ).customers
    assert reply.tables[0].rows[0][1] == str(n)


def test_a_time_to_come_does_not_narrow_who_buys_soon(demo: App) -> None:
    everybody, weekend = (replied(demo, Intent.NEXT_PURCHASE, period=period) for period in (None, "this_week"))
    assert weekend.text == everybody.text
    assert weekend.tables == everybody.tables
