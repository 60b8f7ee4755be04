"""Sending: what stands in the spool goes to the ledger in order, as soon as it answers.

An answer that doesn't come may still have been recorded: the same events are sent again under the
same ids, and the ledger answers that they are duplicates.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import uniform
from typing import Any

import aiohttp

from infrastructure.following.spool import Kept, Spool

TIMEOUT_SECONDS = 30.0
AGAIN_SECONDS_MAX = 60.0
LOOK_SECONDS = 60.0
"""How often the spool is looked into without news, for what was put aside."""

LAST_SECONDS = 5.0
_OK = 200
_LATER = frozenset({"unresolved", "ambiguous"})
"""What the ledger's library may answer otherwise, once it has been read anew."""

_WRONG_TOKEN = frozenset({"cduid_missing", "unknown_device_user"})


class Unanswered(Exception):
    """The ledger took nothing; the message says why. After `seconds` it may be asked again."""

    def __init__(self, message: str, seconds: float = 0) -> None:
        super().__init__(message)
        self.seconds = seconds


class Sender:
    """Sends what a spool has to the ledger at `url`, and tells what doesn't go well, once."""

    def __init__(
        self, spool: Spool, url: str, token_file: Path, tell: Callable[[str], None]
    ) -> None:
        self._spool = spool
        self._url = f"{url.rstrip('/')}/v1/events"
        self._token_file = token_file
        self._tell = tell
        self._news = asyncio.Event()
        self._trouble: str | None = None
        self._told: set[tuple[str, str]] = set()

    def keep(self, name: str, event: dict[str, Any]) -> None:
        self._spool.keep(name, event)
        self._news.set()

    async def run(self) -> None:
        """Goes on until it is cancelled. Raises SpoolProblem."""
        again_seconds = 1.0
        while True:
            self._news.clear()
            try:
                await self.flush()
            except Unanswered as unanswered:
                self._tell_trouble(str(unanswered))
                wait_seconds = uniform(0.5, 1) * again_seconds  # noqa: S311  # spreads followers
                await asyncio.sleep(max(wait_seconds, unanswered.seconds))
                again_seconds = min(again_seconds * 2, AGAIN_SECONDS_MAX)
            else:
                again_seconds = 1.0
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), LOOK_SECONDS)

    async def run_out(self) -> None:
        """Sends what there is, if that can be done shortly; the rest waits in the spool."""
        with suppress(Unanswered, TimeoutError):
            await asyncio.wait_for(self.flush(), LAST_SECONDS)

    async def flush(self) -> None:
        """Sends all there is. Raises Unanswered."""
        while batch := self._spool.batch():
            results = await self._post(batch)
            if self._trouble is not None:
                self._trouble = None
                self._tell("The ledger answers again.")
            self._take(batch, results)

    async def _post(self, batch: Sequence[Kept]) -> dict[str, Mapping[str, Any]]:
        """What became of each, by its id. Raises Unanswered."""
        body = {
            "events": [each.body for each in batch],
            "sent_at": batch[0].clock.now().isoformat(),
        }
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        try:
            token = self._token_file.read_text().strip()
            headers = {"Authorization": f"Bearer {token}"}
            async with (
                aiohttp.ClientSession(headers=headers, timeout=timeout) as http,
                http.post(self._url, json=body, allow_redirects=False) as response,
            ):
                return _results(batch, response, await response.text(errors="replace"))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = str(getattr(error, "os_error", error)) or type(error).__name__
            raise Unanswered(f"{self._url} doesn't answer: {why}.") from error

    def _take(self, batch: Sequence[Kept], results: Mapping[str, Mapping[str, Any]]) -> None:
        errors = {each: result["error"] for each, result in results.items() if "error" in result}
        aside = {each for each, error in errors.items() if error["code"] in _LATER}
        for each in batch:
            if each.id in errors:
                again = " It is tried again for a week." if each.id in aside else ""
                self._tell_once(each.name, f"{errors[each.id]['detail']}{again}")
        self._spool.drop(results.keys() - aside)
        self._spool.put_aside(aside)

    def _tell_once(self, name: str, detail: str) -> None:
        """A film is said many things of, and refused each of them for one reason."""
        if (name, detail) not in self._told:
            self._told.add((name, detail))
            self._tell(f"{name} isn't recorded: {detail}")

    def _tell_trouble(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._tell(
                f"{trouble} What is played is kept ({len(self._spool)} so far) and sent later."
            )


def _results(
    batch: Sequence[Kept], response: aiohttp.ClientResponse, text: str
) -> dict[str, Mapping[str, Any]]:
    """What became of each, by its id. Raises Unanswered where that is no answer to the batch."""
    if response.status != _OK:
        wait = response.headers.get("Retry-After", "")
        raise Unanswered(
            f"{response.url} answers {response.status}: {_detail(text)}",
            min(float(wait), AGAIN_SECONDS_MAX) if wait.isdigit() else 0,
        )
    with suppress(ValueError, LookupError, TypeError):
        results = {each["id"]: each for each in json.loads(text)["results"]}
        if set(results) == {each.id for each in batch}:
            _check_token(results.values())
            return results
    raise Unanswered(f"{response.url} answers, but not as a ledger does.")


def _check_token(results: Iterable[Mapping[str, Any]]) -> None:
    """Raises Unanswered if it isn't a device user's: another token says it all the same."""
    for error in (each["error"] for each in results if "error" in each):
        if error["code"] in _WRONG_TOKEN:
            raise Unanswered(f"The token is of no device user: {error['detail']}")


def _detail(text: str) -> str:
    """What a problem says of itself, or what else came, shortened."""
    with suppress(ValueError, LookupError, TypeError):
        return str(json.loads(text)["detail"])
    return text[:100]
