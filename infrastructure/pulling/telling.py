"""What a server knows that its accounts watched, said once: an id is made of who, what and when."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from uuid import NAMESPACE_URL, uuid5

from pydantic import ValidationError

from domain.events import ItemWatched, ProgressReported, Spoken
from domain.rejection import Rejection
from domain.source import Source
from domain.sourcing import Speaker
from infrastructure.commands.submissions import EVENTS_MAX, Submission
from infrastructure.pulling.ledgers import Target, speaks_as
from infrastructure.pulling.library import LibraryPull
from infrastructure.pulling.listed import Seen
from infrastructure.pulling.report import Report
from infrastructure.sources.heard import Account

_PULLED = uuid5(NAMESPACE_URL, "watchledger:pulled")


def admitted(
    source: Source, accounts: Sequence[Account], target: Target, report: Report
) -> list[Account]:
    """Those accounts that are somebody's; why the others aren't is in the report."""
    found: list[Account] = []
    for account in accounts:
        refused = target.admit(source.name, Speaker(account.key, account.name))
        if refused is None:
            found.append(account)
        else:
            is_unknown = refused.code == "account_unknown"
            why = "it is nobody's yet" if is_unknown else refused.detail
            report.nobodys[account.name or account.key] = why
    return found


def tell(
    source: Source, seen: Iterable[Seen], library: LibraryPull, target: Target, report: Report
) -> Iterator[int]:
    """Says what was seen, and after each batch how much that was."""
    submissions = _submissions(source, seen, library, report)
    while batch := list(islice(submissions, EVENTS_MAX)):
        for submission, said in zip(batch, target.say(batch), strict=True):
            status = "rejected" if isinstance(said, Rejection) else said
            report.said[status] += 1
            if status != "duplicate":
                why = f": {said.detail}" if isinstance(said, Rejection) else ""
                report.tell(f"{_told(status)} {_in_words(submission)}{why}")
        yield len(batch)


def _submissions(
    source: Source, seen: Iterable[Seen], library: LibraryPull, report: Report
) -> Iterator[Submission]:
    for each in seen:
        items = library.items(each.kind, each.key)
        if not items:
            report.said["of what isn't listed"] += 1
            continue
        if each.played_seconds is not None and (len(items) > 1 or each.at is None):
            report.said["of a position without a time or an item"] += 1
            continue
        for item in items:
            try:
                event = _event(each, item)
            except ValidationError:
                report.said["of a time that is none"] += 1
                continue
            name = f"{source.name}:{each.account.key}:{item}:{event.type_name}:{each.stamp}"
            if each.played_seconds is not None:
                name += f":{each.played_seconds:.0f}"
            cduid = speaks_as(source.name, each.account.key)
            yield Submission(uuid5(_PULLED, name), cduid, event)


def _event(seen: Seen, item: str) -> Spoken:
    """A watch, or a position that can be gone on from. Raises ValidationError."""
    if seen.played_seconds is None:
        return ItemWatched(item=item, occurred_at=seen.at, undated=seen.at is None)
    return ProgressReported(
        item=item,
        occurred_at=seen.at,
        played_seconds=seen.played_seconds,
        duration_seconds=seen.duration_seconds,
    )


def _told(status: str) -> str:
    return "said" if status == "recorded" else "not said"


def _in_words(submission: Submission) -> str:
    event = submission.event
    item = getattr(event, "item", "")
    return f"{event.type_name} {item} by {submission.cduid}, {event.occurred_at or 'undated'}"
