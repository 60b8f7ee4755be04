"""What is wrong with what players say, and what isn't."""

from uuid import UUID, uuid4

import pytest

from domain.directory import Directory
from domain.events import (
    CATALOG_STREAM,
    AccessChanged,
    Activity,
    ActivityRetracted,
    Details,
    DeviceUserRegistered,
    DeviceUserRetired,
    Event,
    IsolationMode,
    ItemHidden,
    ItemPlaced,
    ItemRestarted,
    ItemWatched,
    ProgressReported,
    Recorded,
    device_user_stream,
    user_stream,
)
from domain.submitting import check_activity, check_company, check_known, companions

ID = UUID(int=7)


def directory_after(*events: tuple[str, Event]) -> Directory:
    directory = Directory()
    for number, (stream, event) in enumerate(events, start=1):
        directory.evolve(Recorded(number, stream, number, 0, 0, 0, None, None, event))
    return directory


def registered(
    cduid: str, user: str, device: str, mode: IsolationMode = IsolationMode.LOUD
) -> tuple[str, Event]:
    event = DeviceUserRegistered(user=user, device=device, isolation_mode=mode)
    return device_user_stream(cduid), event


def placed(item: str, parent: str | None = None, tag: str = "film") -> tuple[str, Event]:
    details = Details(tags=(tag,))
    return CATALOG_STREAM, ItemPlaced(item=item, parent=parent, details=details)


FAMILY = directory_after(
    registered("ann-tv", "ann", "tv"),
    registered("bob-tv-quiet", "bob", "tv", IsolationMode.QUIET),
    registered("bob-tv", "bob", "tv"),
    registered("bob-tv-too", "bob", "tv"),
    registered("cat-phone", "cat", "phone"),
    registered("dan-tv", "dan", "tv"),
    (device_user_stream("dan-tv"), DeviceUserRetired()),
)
ANN = FAMILY.device_users["ann-tv"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (ProgressReported(item="show:x", played_seconds=1), "progress_on_container"),
        (ProgressReported(item="movie:x"), "progress_missing"),
        (ProgressReported(item="movie:x", duration_seconds=9), "progress_missing"),
        (ProgressReported(item="movie:x", share=0, played_seconds=0), "share_with_seconds"),
        (ProgressReported(item="movie:x", share=1, duration_seconds=9), "share_with_seconds"),
        (
            ItemWatched.model_validate(
                {"item": "movie:x", "undated": True, "occurred_at": "2026-01-01T00:00:00Z"},
                strict=False,
            ),
            "undated_with_time",
        ),
        (ActivityRetracted(retracts=ID), "retracts_itself"),
        (ItemRestarted(item="movie:x"), "not_restartable"),
        (ItemRestarted(item="movie_shelf:x"), "not_restartable"),
    ],
)
def test_what_makes_no_sense_in_itself(event: Activity, code: str) -> None:
    rejection = check_activity(event, ID)
    assert rejection is not None
    assert rejection.code == code


@pytest.mark.parametrize(
    "event",
    [
        ProgressReported(item="movie:x", played_seconds=0),
        ProgressReported(item="movie:x", played_seconds=1, duration_seconds=2),
        ProgressReported(item="movie:x", share=0),
        ItemWatched(item="show:x", undated=True),
        ActivityRetracted(retracts=uuid4()),
        ItemRestarted(item="season:x"),
        ItemRestarted(item="show_shelf:x"),
    ],
)
def test_what_may_be_said(event: Activity) -> None:
    assert check_activity(event, ID) is None


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("ann",), "with_oneself"),
        (("bob", "ann"), "with_oneself"),
        (("bob", "bob"), "with_repeated"),
        (("cat",), "user_not_on_device"),
        (("bob", "nobody"), "user_not_on_device"),
        (("dan",), "user_not_on_device"),
        (("bob",), None),
        ((), None),
    ],
)
def test_who_watched_along_is_on_the_same_device(names: tuple[str, ...], code: str | None) -> None:
    rejection = check_company(ItemWatched(item="movie:x", with_users=names), ANN, FAMILY)
    assert (None if rejection is None else rejection.code) == code


def test_of_a_users_two_on_a_device_the_one_is_meant_that_the_others_see() -> None:
    assert companions("bob", ANN, FAMILY) == ["bob-tv", "bob-tv-too", "bob-tv-quiet"]


def test_a_container_must_be_known_and_a_watchable_item_need_not() -> None:
    directory = directory_after(
        placed("movie_shelf:m"),
        placed("movie:a", "movie_shelf:m"),
        placed("movie_shelf:gore"),
        placed("movie:b", "movie_shelf:gore", "gore"),
        placed("movie_shelf:empty"),
        (CATALOG_STREAM, ItemHidden(item="movie_shelf:m")),
        (user_stream("kid"), AccessChanged(denied_tags=("gore",))),
    )
    assert check_known("movie:unknown", ["ann"], directory) is None
    for known in ("movie_shelf:m", "movie_shelf:gore", "movie_shelf:empty"):
        assert check_known(known, ["ann"], directory) is None
    assert check_known("movie_shelf:m", ["kid"], directory) is None
    withheld = check_known("movie_shelf:gore", ["kid"], directory)
    unknown = check_known("movie_shelf:nil", ["kid"], directory)
    assert withheld is not None
    assert unknown is not None
    assert withheld == (unknown.code, unknown.detail.replace("nil", "gore"))
    assert check_known("movie_shelf:gore", ["ann", "kid"], directory) == withheld
