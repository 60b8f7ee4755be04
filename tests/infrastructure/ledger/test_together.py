"""Entries that stand or fall together, and those that are only looked for (rules 3 and 29)."""

from uuid import uuid4

from infrastructure.ledger.application import Ledger
from infrastructure.ledger.entries import Append, Entry, Outcome
from tests.helpers.samples import append, statuses, watched


def both(first: Entry, second: Entry) -> Append:
    return Append([watched("cat"), first, second, watched("cat")], together=[range(1, 3)])


def refused(entry: Entry) -> Entry:
    return entry._replace(is_refused=True)


def test_those_that_stand_together_are_recorded_with_what_is_around_them(ledger: Ledger) -> None:
    submission_id = uuid4()
    ann, bob = (watched(cduid, submission_id=submission_id) for cduid in ("ann", "bob"))
    [answer] = ledger.append([both(ann, bob)])
    assert statuses(answer) == ["recorded"] * 4
    assert [each.stream for each in ledger.read(0, 9)] == [
        "cduid:cat",
        "cduid:ann",
        "cduid:bob",
        "cduid:cat",
    ]


def test_if_one_is_a_conflict_none_is_recorded(ledger: Ledger) -> None:
    ann, bob = watched("ann"), watched("bob")
    ledger.append([append(bob)])
    other = watched("bob", "movie:other", submission_id=bob.submission_id)
    [answer] = ledger.append([both(ann, other)])
    conflict = Outcome("conflict", 1, 1)
    assert answer.outcomes[1:3] == (conflict, conflict)
    assert statuses(answer) == ["recorded", "conflict", "conflict", "recorded"]
    assert ledger.head().position == 3


def test_what_is_there_already_is_a_duplicate_beside_what_is_new(ledger: Ledger) -> None:
    ann, bob = watched("ann"), watched("bob")
    ledger.append([append(bob)])
    [answer] = ledger.append([both(ann, bob)])
    assert statuses(answer) == ["recorded", "recorded", "duplicate", "recorded"]
    [again] = ledger.append([both(ann, bob)])
    assert again.outcomes[1:3] == (Outcome("duplicate", 3, 1), Outcome("duplicate", 1, 1))


def test_the_same_twice_in_one_append_is_recorded_once(ledger: Ledger) -> None:
    ann, bob = watched("ann"), watched("bob")
    groups = [range(2), range(2, 4)]
    [answer] = ledger.append([Append([ann, bob, ann, bob], together=groups)])
    assert statuses(answer) == ["recorded", "recorded", "duplicate", "duplicate"]


def test_what_is_refused_is_a_duplicate_if_it_was_recorded_before(ledger: Ledger) -> None:
    known, unknown = watched(), watched()
    ledger.append([append(known)])
    for more in ([], [watched()]):
        [answer] = ledger.append([append(refused(known), refused(unknown), *more)])
        assert answer.outcomes[:2] == (Outcome("duplicate", 1, 1), Outcome("refused", 0, 0))
    other = refused(watched(item="movie:other", submission_id=known.submission_id))
    [answer] = ledger.append([append(watched(), other, refused(unknown))])
    assert statuses(answer) == ["recorded", "conflict", "refused"]
    assert ledger.head().position == 3


def test_what_is_refused_alone_moves_nothing(ledger: Ledger) -> None:
    [answer] = ledger.append([append(refused(watched()))])
    assert (statuses(answer), answer.position) == (["refused"], 0)
    ledger.append([append(watched())])
    [answer] = ledger.append([append(refused(watched()))])
    assert (statuses(answer), answer.position) == (["refused"], 1)
