"""The log holds: the database refuses to change it, and a chain of seals shows whoever gets past that."""

from __future__ import annotations

from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from moderation.append_only import TABLES, is_protected, lifted
from moderation.models import Event, Seal
from moderation.services import events, sealing

if TYPE_CHECKING:
    from collections.abc import Callable

    from moderation.models import Artwork, Case

pytestmark = pytest.mark.django_db


def write(count: int) -> list[Event]:
    for number in range(count):
        events.log(f"verb_{number}", after={"n": number, "score": 0.1 * number})
    return list(Event.objects.order_by("-pk")[:count])[::-1]


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def tamper(*statements: str) -> None:
    """Change the log as an owner of the database could."""
    with lifted(connection):
        execute(*statements)


STATEMENTS = [
    "UPDATE moderation_event SET verb = 'other'",
    "DELETE FROM moderation_event",
    "UPDATE moderation_seal SET digest = ''",
    "DELETE FROM moderation_seal",
]
if connection.vendor == "postgresql":
    STATEMENTS += [
        "TRUNCATE moderation_event CASCADE",
        "INSERT INTO moderation_seal SELECT * FROM moderation_seal ON CONFLICT (event_id) DO UPDATE SET digest = ''",
    ]
else:
    STATEMENTS += ["INSERT OR REPLACE INTO moderation_seal SELECT event_id, position, '' FROM moderation_seal"]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_itself_refuses_to_change_the_log(statement: str) -> None:
    (event,) = write(1)
    sealing.seal_log()
    connection.check_constraints()  # else PostgreSQL refuses to truncate for another reason
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        execute(statement)
    event.refresh_from_db()
    assert event.verb == "verb_0"
    assert len(Seal.objects.get().digest) == 64


def test_the_models_refuse_too() -> None:
    write(1)
    sealing.seal_log()
    for model in (Event, Seal):
        row = model.objects.get()
        for attempt in (row.save, row.delete, model.objects.all().delete, lambda m=model: m.objects.update(pk=1)):
            with pytest.raises(TypeError, match="append-only"):
                attempt()


def test_every_migration_has_left_the_triggers_standing() -> None:
    # Django rebuilds a table on SQLite to alter it, and the triggers go with the old one.
    assert [table for table in TABLES if not is_protected(connection, table)] == []


@pytest.mark.django_db(transaction=True)
def test_a_flush_still_empties_the_database_and_leaves_the_triggers_standing() -> None:
    write(2)
    sealing.seal_log()
    call_command("flush", interactive=False, verbosity=0)
    assert not Event.objects.exists()
    assert all(is_protected(connection, table) for table in TABLES)


def test_a_whole_life_of_a_work_is_sealed(make_case: Callable[..., Case], capsys: pytest.CaptureFixture[str]) -> None:
    make_case(score=0.95)
    count = Event.objects.count()
    assert count >= 4
    assert sealing.seal_log() == count
    assert sealing.seal_log() == 0
    call_command("verify_log")
    assert f"The log holds: {count} events sealed, 0 wait for their seal." in capsys.readouterr().out


def test_writing_an_event_asks_nothing_of_the_chain(django_assert_num_queries: Callable[..., object]) -> None:
    with django_assert_num_queries(1):
        events.log("verb")


def test_many_events_are_sealed_in_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 4)
    write(11)
    assert sealing.seal_log() == 11
    assert list(Seal.objects.order_by("position").values_list("position", flat=True)) == list(range(1, 12))
    assert sealing.verify_log().problems == []


def test_a_transaction_that_commits_late_is_sealed_late() -> None:
    early, late, after = write(3)
    with lifted(connection):
        Event.objects.filter(pk=late.pk)._raw_delete(Event.objects.db)
    sealing.seal_log()
    late._state.adding = True
    late.save(force_insert=True)
    sealing.seal_log()
    order = list(Seal.objects.order_by("position").values_list("event", flat=True))
    assert order == [early.pk, after.pk, late.pk]
    assert sealing.verify_log().problems == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE moderation_event SET reason = 'never said' WHERE verb = 'verb_2'", "verb_2) is not what was sealed"),
        ("UPDATE moderation_event SET at = '2000-01-01' WHERE verb = 'verb_0'", "verb_0) is not what was sealed"),
        ("UPDATE moderation_event SET before = '{\"n\": 9}' WHERE verb = 'verb_4'", "verb_4) is not what was sealed"),
        ("UPDATE moderation_seal SET digest = 'f' WHERE position = 2", "seal 2, verb_1) is not what was sealed"),
        ("DELETE FROM moderation_seal WHERE position IN (3, 4)", "Seals 3 to 4 or their events are missing"),
    ],
)
def test_tampering_shows_where_it_was_done(statement: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(5)
    sealing.seal_log()
    tamper(statement)
    with pytest.raises(CommandError, match="does not hold"):
        call_command("verify_log")
    assert said in capsys.readouterr().err


def test_a_chain_that_was_rewritten_whole_shows_by_a_head_noted_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(5)
    sealing.seal_log()
    noted = str(sealing.head())
    call_command("verify_log", "--head", noted)
    tamper("DELETE FROM moderation_seal", "UPDATE moderation_event SET reason = 'forged' WHERE verb = 'verb_1'")
    sealing.seal_log()
    call_command("verify_log")  # consistent in itself
    with pytest.raises(CommandError):
        call_command("verify_log", "--head", noted)
    assert "the chain was rewritten" in capsys.readouterr().err
    tamper("DELETE FROM moderation_seal WHERE position = 5", "DELETE FROM moderation_event WHERE verb = 'verb_4'")
    call_command("verify_log")
    with pytest.raises(CommandError):
        call_command("verify_log", "--head", noted)
    assert "Seal 5 was noted, but is missing" in capsys.readouterr().err


def test_a_log_that_has_lost_its_triggers_does_not_pass() -> None:
    with lifted(connection):
        assert [problem for problem in sealing.verify_log().problems if "not protected" in problem] != []
    assert sealing.verify_log().problems == []


@pytest.mark.parametrize("head", ["5", "5:short", "x:" + "0" * 64])
def test_a_head_that_is_none_is_refused(head: str) -> None:
    with pytest.raises(CommandError, match="is no head"):
        call_command("verify_log", "--head", head)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_sealers_and_writers_side_by_side_leave_one_whole_chain() -> None:
    def work(job: Callable[[], object]) -> None:
        try:
            for _turn in range(20):
                job()
        finally:
            connection.close()

    jobs: list[Callable[[], object]] = [sealing.seal_log, partial(write, 3)] * 4
    threads = [Thread(target=work, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealing.seal_log()
    verdict = sealing.verify_log()
    assert (verdict.sealed, verdict.unsealed, verdict.problems) == (4 * 20 * 3, 0, [])


def test_an_event_holds_no_words_of_the_artist(
    make_case: Callable[..., Case], artwork_of: Callable[..., Artwork], moderator: object, artist: object
) -> None:
    from moderation import services

    case = make_case(score=0.95, title="Portrait of my sister Ottilie")
    listing = case.artwork.host_object
    listing.title = "Ottilie again"
    listing.save()
    claimed = services.claim_case(case=case, moderator=moderator)
    question = services.ask_artist(case=claimed, moderator=moderator, text="How was it made?", version=claimed.version)
    services.answer_question(question=question, artist=artist, answer="With Ottilie's brushes")
    told = " ".join(str(row) for row in Event.objects.values_list("before", "after", "reason"))
    assert "Ottilie" not in told
    assert {"artwork_described", "artist_answered"} <= set(Event.objects.values_list("verb", flat=True))
