"""The one writer of a process: it gathers what many requests want recorded into one transaction.

A commit costs the same for one event as for a thousand, so whoever waits for it had better wait
together.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Condition, Thread
from typing import ClassVar, NamedTuple

from infrastructure.database.problems import DatabaseProblem
from infrastructure.ledger.entries import Answer, Append


class WriterBusy(DatabaseProblem):
    code: ClassVar[str] = "ledger_busy"


class WriterClosed(DatabaseProblem):
    code: ClassVar[str] = "ledger_closed"


class _Waiting(NamedTuple):
    append: Append
    answer: Future[Answer]


class Writer:
    """A thread that records what is submitted, in order, as much at a time as is waiting.

    `record` is the ledger's `append`. `on_append` hears the position reached after each
    transaction that recorded something; it mustn't raise or block.
    """

    def __init__(
        self,
        record: Callable[[Sequence[Append]], list[Answer]],
        *,
        on_append: Callable[[int], None] = lambda _: None,
        events_at_once: int = 2_000,
        events_waiting: int = 50_000,
    ) -> None:
        self._record = record
        self._on_append = on_append
        self._events_at_once = events_at_once
        self._events_waiting = events_waiting
        self._waiting: deque[_Waiting] = deque()
        self._waiting_count = 0
        self._is_closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, append: Append) -> Future[Answer]:
        """Has an Append recorded; the future gives its answer, or the error that `append` raised.

        Raises WriterBusy if too much is waiting, WriterClosed after `close`.
        """
        answer: Future[Answer] = Future()
        with self._changed:
            if self._is_closed:
                raise WriterClosed("The service is stopping. Send it again.")
            if self._waiting_count >= self._events_waiting:
                raise WriterBusy("More is waiting to be recorded than can be. Send it again later.")
            self._waiting.append(_Waiting(append, answer))
            self._waiting_count += len(append.entries)
            self._changed.notify()
        return answer

    def close(self) -> None:
        """Records what was submitted, then ends."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while taken := self._take():
                self._answer(taken)
        finally:
            self._fail_the_rest()

    def _take(self) -> list[_Waiting]:
        """What is waiting, up to the bound but one at least; nothing once closed and done."""
        taken: list[_Waiting] = []
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            room = self._events_at_once
            while self._waiting and (not taken or len(self._waiting[0].append.entries) <= room):
                waiting = self._waiting.popleft()
                count = len(waiting.append.entries)
                self._waiting_count -= count
                room -= count
                taken.append(waiting)
        return taken

    def _answer(self, taken: list[_Waiting]) -> None:
        """Records what nobody has cancelled, and resolves every future."""
        wanted = [waiting for waiting in taken if waiting.answer.set_running_or_notify_cancel()]
        if not wanted:
            return
        try:
            answers = self._record([waiting.append for waiting in wanted])
        except Exception as error:  # noqa: BLE001  # each goes to whom it concerns
            self._answer_singly(wanted, error)
            return
        for waiting, answer in zip(wanted, answers, strict=True):
            waiting.answer.set_result(answer)
        self._on_append(answers[-1].position)

    def _answer_singly(self, wanted: list[_Waiting], error: Exception) -> None:
        """Tries each alone, so that a bad one hurts no other; a bad database hurts all."""
        if len(wanted) == 1 or isinstance(error, DatabaseProblem):
            for waiting in wanted:
                waiting.answer.set_exception(error)
            return
        for waiting in wanted:
            try:
                [answer] = self._record([waiting.append])
            except Exception as own_error:  # noqa: BLE001  # it goes to whom it concerns
                waiting.answer.set_exception(own_error)
            else:
                waiting.answer.set_result(answer)
                self._on_append(answer.position)

    def _fail_the_rest(self) -> None:
        """Leaves no future hanging, whatever ended the thread."""
        with self._changed:
            self._is_closed = True
            rest = list(self._waiting)
            self._waiting.clear()
        for waiting in rest:
            if waiting.answer.set_running_or_notify_cancel():
                waiting.answer.set_exception(WriterClosed("The ledger's writer has ended."))
