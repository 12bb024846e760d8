"""The agent over its real graph and database, without a language model."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select

from app.access.schemas import Role, Workspace
from app.assistant.agent import MAX_MESSAGE, Assistant
from app.assistant.approvals import CLAIM, chat_approvals
from app.assistant.history import MAX_TITLE, MAX_TURNS
from app.assistant.schemas import Intent, Understood
from app.database.engine import Database
from app.errors import Busy, Conflict, Forbidden, InvalidInput, NotFound
from app.text.taxonomy import Taxonomy
from tests.databases import database_url
from tests.factories_assistant import NOW, DiaryReplies, an_assistant, asking


@pytest.fixture
def replies() -> DiaryReplies:
    return DiaryReplies()


@pytest.fixture
def assistant(database: Database, taxonomy: Taxonomy, replies: DiaryReplies) -> Assistant:
    return an_assistant(database, taxonomy, replies)


def test_a_question_is_answered_and_kept_as_a_turn(assistant: Assistant) -> None:
    heard: list[Understood] = []
    first = assistant.ask(asking(), "  who is u1?  ", heard=heard.append)
    assert first.reply.text == "read_customer."
    assert [understood.intent for understood in heard] == [Intent.READ_CUSTOMER]
    second = assistant.ask(asking(), "and?", conversation_id=first.conversation_id)
    assert (first.turn, second.turn) == (1, 2)
    kept = assistant.turns("shop", first.conversation_id)
    assert [(turn.question, turn.asked_by, turn.reply) for turn in kept] == [
        ("who is u1?", "key 1", first.reply),
        ("and?", "key 1", second.reply),
    ]
    (listed,) = assistant.conversations("shop", limit=5)
    assert (listed.title, listed.turns) == ("who is u1?", 2)


def test_nothing_is_done_before_a_person_says_yes(assistant: Assistant, replies: DiaryReplies) -> None:
    found = assistant.ask(asking(), "approve c1")
    pending = found.reply.pending
    assert pending is not None
    assert (pending.status, replies.done) == ("waiting", [])
    done = assistant.decide(asking(), found.conversation_id, pending.pending_id, "approve")
    assert replies.done == [pending]
    assert done.reply.pending == pending.model_copy(update={"status": "approved"})
    first, second = assistant.turns("shop", found.conversation_id)
    assert first.reply.pending == done.reply.pending
    assert (second.question, second.decision, second.pending_id) == ("", "approve", pending.pending_id)


def test_after_a_no_nothing_is_done_and_nothing_waits(assistant: Assistant, replies: DiaryReplies) -> None:
    found = assistant.ask(asking(), "approve c1")
    assert found.reply.pending
    where = (found.conversation_id, found.reply.pending.pending_id)
    no = assistant.decide(asking(), *where, "reject")
    assert "nothing was created" in no.reply.text
    assert no.reply.pending
    assert no.reply.pending.status == "rejected"
    with pytest.raises(Conflict, match="decided before: rejected"):
        assistant.decide(asking(), *where, "approve")
    assert replies.done == []


def test_a_decision_counts_after_a_restart(tmp_path: Path, database: Database, taxonomy: Taxonomy) -> None:
    before = DiaryReplies()
    found = an_assistant(database, taxonomy, before).ask(asking(), "approve c1")
    assert found.reply.pending
    database.close()
    later, after = Database(database_url(tmp_path)), DiaryReplies()
    an_assistant(later, taxonomy, after).decide(
        asking(), found.conversation_id, found.reply.pending.pending_id, "approve"
    )
    later.close()
    assert (before.done, after.done) == ([], [found.reply.pending])


def test_a_second_approval_is_a_conflict(assistant: Assistant, replies: DiaryReplies) -> None:
    found = assistant.ask(asking(), "approve c1")
    assert found.reply.pending
    where = (found.conversation_id, found.reply.pending.pending_id)
    assistant.decide(asking(), *where, "approve")
    with pytest.raises(Conflict, match="decided before: approved"):
        assistant.decide(asking(), *where, "approve")
    assert len(replies.done) == 1


def test_of_two_who_decide_at_once_one_is_refused(assistant: Assistant, replies: DiaryReplies) -> None:
    found = assistant.ask(asking(), "approve c1")
    assert found.reply.pending
    where = (found.conversation_id, found.reply.pending.pending_id)
    meet = Barrier(4)

    def decide(number: int) -> bool:
        meet.wait()
        try:
            assistant.decide(asking(), *where, "approve" if number % 2 else "reject")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as people:
        assert sum(people.map(decide, range(4))) == 1
    (_, decided) = assistant.turns("shop", found.conversation_id)
    assert len(replies.done) == (decided.decision == "approve")


def test_while_one_decides_nobody_else_can_until_the_claim_is_old(
    assistant: Assistant, replies: DiaryReplies, database: Database
) -> None:
    found = assistant.ask(asking(), "approve c1")
    assert found.reply.pending
    where = (found.conversation_id, found.reply.pending.pending_id)
    assistant._approvals.claim("shop", *where, now=NOW)  # and then the process dies
    with pytest.raises(Conflict, match="right now"):
        assistant.decide(asking(), *where, "approve")
    later = asking()._replace(now=NOW + CLAIM + CLAIM)
    assistant.decide(later, *where, "approve")
    assert len(replies.done) == 1
    with database.read() as connection:
        assert connection.scalar(select(chat_approvals.c.checkpoint)) is None


def test_two_things_of_one_conversation_wait_apart(assistant: Assistant, replies: DiaryReplies) -> None:
    first = assistant.ask(asking(), "approve c1")
    second = assistant.ask(asking(), "approve c1 again", conversation_id=first.conversation_id)
    assert first.reply.pending
    assert second.reply.pending
    assistant.decide(asking(), first.conversation_id, second.reply.pending.pending_id, "approve")
    assert replies.done == [second.reply.pending]
    statuses = [t.reply.pending.status for t in assistant.turns("shop", first.conversation_id) if t.reply.pending]
    assert statuses == ["waiting", "approved", "approved"]


def test_what_was_approved_and_cannot_be_done_says_why(assistant: Assistant, replies: DiaryReplies) -> None:
    found = assistant.ask(asking(), "approve c1")
    assert found.reply.pending
    replies.fault = Conflict("nobody is in it")
    done = assistant.decide(asking(), found.conversation_id, found.reply.pending.pending_id, "approve")
    assert "nobody is in it" in done.reply.text
    assert done.reply.pending
    assert done.reply.pending.status == "failed"


def test_where_the_machine_fails_it_waits_again(assistant: Assistant, replies: DiaryReplies) -> None:
    found = assistant.ask(asking(), "approve c1")
    assert found.reply.pending
    where = (found.conversation_id, found.reply.pending.pending_id)
    replies.fault = Busy("not now")
    with pytest.raises(Busy):
        assistant.decide(asking(), *where, "approve")
    replies.fault = None
    assistant.decide(asking(), *where, "approve")
    assert len(replies.done) == 1


def test_a_question_that_cannot_be_answered_is_told_why_and_kept(assistant: Assistant, replies: DiaryReplies) -> None:
    replies.fault = NotFound("no customer 'u1'")
    found = assistant.ask(asking(), "who is u1?")
    assert "no customer 'u1'" in found.reply.text
    assert found.reply.abstained
    replies.fault = Busy("not now")
    with pytest.raises(Busy):
        assistant.ask(asking(), "who is u1?", conversation_id=found.conversation_id)
    assert len(assistant.turns("shop", found.conversation_id)) == 1


def test_a_reader_may_ask_and_only_an_editor_decides(assistant: Assistant, replies: DiaryReplies) -> None:
    found = assistant.ask(asking(role=Role.VIEWER), "approve c1")
    assert found.reply.pending
    with pytest.raises(Forbidden, match="needs 'editor'"):
        assistant.decide(asking(role=Role.VIEWER), found.conversation_id, found.reply.pending.pending_id, "approve")
    assert replies.done == []


def test_a_conversation_of_another_workspace_does_not_exist(assistant: Assistant, replies: DiaryReplies) -> None:
    found = assistant.ask(asking(), "approve c1")
    assert found.reply.pending
    stranger = asking(Workspace(workspace_id="other"))
    with pytest.raises(NotFound):
        assistant.ask(stranger, "who is u1?", conversation_id=found.conversation_id)
    with pytest.raises(NotFound):
        assistant.decide(stranger, found.conversation_id, found.reply.pending.pending_id, "approve")
    for look in (assistant.conversation, assistant.turns, assistant.forget):
        with pytest.raises(NotFound):
            look("other", found.conversation_id)
    assert assistant.conversations("other", limit=5) == ()
    assert replies.done == []


def test_what_was_not_made_out_does_not_break_the_thread(assistant: Assistant) -> None:
    first = assistant.ask(asking(), "who is u1?")
    place = first.conversation_id
    assistant.ask(asking(), "hm", conversation_id=place)
    assistant.ask(asking(), "something forbidden", conversation_id=place)
    found = assistant.ask(asking(), "who is this?", conversation_id=place)
    assert found.reply.understood.slots.customer == "u1"


def test_of_an_address_that_is_not_kept_nobody_goes_on(assistant: Assistant) -> None:
    first = assistant.ask(asking(), "who is 13800138000?")
    found = assistant.ask(asking(), "who is this?", conversation_id=first.conversation_id)
    assert found.reply.understood.slots.customer is None


def test_an_erased_conversation_leaves_nothing(assistant: Assistant, database: Database) -> None:
    found = assistant.ask(asking(), "approve c1 for 13912345678")
    assert found.reply.pending
    assistant.forget("shop", found.conversation_id)
    with pytest.raises(NotFound):
        assistant.decide(asking(), found.conversation_id, found.reply.pending.pending_id, "approve")
    with database.read() as connection:
        for name in ("chat_conversations", "chat_turns", "chat_approvals"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() == 0


def test_phones_and_addresses_are_not_kept(assistant: Assistant, database: Database) -> None:
    found = assistant.ask(asking(), "approve c1 of 13912345678, li@example.com")
    with database.read() as connection:
        for name in ("chat_conversations", "chat_turns", "chat_approvals"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {name}").all()
            assert rows
            assert "13912345678" not in str(rows)
            assert "li@example.com" not in str(rows)
    (turn,) = assistant.turns("shop", found.conversation_id)
    assert turn.question == "approve c1 of [phone], [email]"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("", "ask something"),
        (" \n ", "ask something"),
        ("a" * (MAX_MESSAGE + 1), "at most 2000"),
        ("who\x00", "printable"),
        ("who \ud800", "printable"),
        ("who \u202e", "printable"),
    ],
)
def test_what_is_no_question_is_refused(assistant: Assistant, message: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        assistant.ask(asking(), message)
    assert assistant.conversations("shop", limit=5) == ()


def test_lines_and_wide_blanks_may_stand_in_a_question(assistant: Assistant) -> None:
    found = assistant.ask(asking(), "who\n\tis\u3000u1" + "?" * 200)
    assert len(assistant.conversation("shop", found.conversation_id).title) == MAX_TITLE


def test_a_full_conversation_takes_no_question_and_still_a_decision(
    assistant: Assistant, replies: DiaryReplies, database: Database
) -> None:
    found = assistant.ask(asking(), "approve c1")
    assert found.reply.pending
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE chat_conversations SET turns = {MAX_TURNS}")
    with pytest.raises(Conflict, match="begin another"):
        assistant.ask(asking(), "who is u2?", conversation_id=found.conversation_id)
    assistant.decide(asking(), found.conversation_id, found.reply.pending.pending_id, "approve")
    assert replies.done == [found.reply.pending]


def test_replies_come_back_from_the_database_as_they_were(assistant: Assistant) -> None:
    found = assistant.ask(asking(), "approve c1")
    (turn,) = assistant.turns("shop", found.conversation_id)
    assert turn.reply == found.reply
