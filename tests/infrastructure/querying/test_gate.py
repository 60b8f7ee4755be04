"""Many may be inside the gate, or one alone."""

from collections.abc import Callable
from threading import Barrier, Event, Thread

import pytest

from infrastructure.querying.gate import Gate

PATIENCE_SECONDS = 10.0
A_MOMENT_SECONDS = 0.05


def started(target: Callable[[], None]) -> Thread:
    thread = Thread(target=target, daemon=True)
    thread.start()
    return thread


def test_many_are_inside_at_once() -> None:
    gate, together = Gate(), Barrier(5)

    def enter() -> None:
        with gate.shared():
            together.wait(PATIENCE_SECONDS)

    for thread in [started(enter) for _ in range(5)]:
        thread.join(PATIENCE_SECONDS)
    assert not together.broken


def test_who_wants_to_be_alone_waits_until_all_have_left_and_then_keeps_them_out() -> None:
    gate, alone, leave, entered = Gate(), Event(), Event(), Event()

    def be_alone() -> None:
        with gate.alone():
            alone.set()
            leave.wait(PATIENCE_SECONDS)

    def enter() -> None:
        with gate.shared():
            entered.set()

    with gate.shared():
        started(be_alone)
        assert not alone.wait(A_MOMENT_SECONDS)
    assert alone.wait(PATIENCE_SECONDS)
    started(enter)
    assert not entered.wait(A_MOMENT_SECONDS)
    leave.set()
    assert entered.wait(PATIENCE_SECONDS)


def test_who_wants_to_be_alone_does_not_starve() -> None:
    gate, alone, entered = Gate(), Event(), Event()

    def be_alone() -> None:
        with gate.alone():
            alone.set()

    def enter() -> None:
        with gate.shared():
            entered.set()

    with gate.shared():
        started(be_alone)
        assert not alone.wait(A_MOMENT_SECONDS)
        started(enter)
        assert not entered.wait(A_MOMENT_SECONDS)  # someone waits to be alone
    assert alone.wait(PATIENCE_SECONDS)
    assert entered.wait(PATIENCE_SECONDS)


def test_an_error_inside_lets_the_next_one_in() -> None:
    gate = Gate()
    for inside in (gate.shared, gate.alone):
        with pytest.raises(ZeroDivisionError), inside():
            _ = 1 / 0
    with gate.alone():
        pass
