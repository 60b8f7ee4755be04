"""A subscription that polls: a NOTIFY would serialize PostgreSQL's commits, SQLite has none."""

from collections.abc import Sequence
from threading import Event
from typing import Any

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

_PAGE = 500
_POLL_SECONDS = 0.05


class PollingSubscription(Subscription[ApplicationRecorder]):
    """Yields events by position, and waits for more at the end, until it is stopped."""

    def __init__(
        self, recorder: ApplicationRecorder, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._page: list[Notification] = []
        self._stopped = Event()

    def stop(self) -> None:
        super().stop()
        self._stopped.set()

    def __next__(self) -> Notification:
        while not self._stopped.is_set():
            if self._page:
                return self._page.pop()
            self._page = self._next_page()
            if not self._page:
                self._stopped.wait(_POLL_SECONDS)
        raise StopIteration

    def _next_page(self) -> list[Any]:
        page = self._recorder.select_notifications(
            self._last_notification_id, _PAGE, topics=self._topics, inclusive_of_start=False
        )
        if page:
            self._last_notification_id = page[-1].id
        return list(reversed(page))  # taken from its end
