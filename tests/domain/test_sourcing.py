"""What is decided about sources, their accounts, and who is heard of for the first time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.commands import PutSource
from domain.directory import Directory
from domain.events import (
    AccountMapped,
    AccountUnmapped,
    DeviceUserReassigned,
    DeviceUserRegistered,
    IsolationMode,
    IsolationModeChanged,
    Recorded,
    SourceConfigured,
    SourceKind,
    SourceRemoved,
    SourceSecretIssued,
)
from domain.items import Id, Kind
from domain.rejection import Rejection
from domain.source import Source, cduid_of, device_of
from domain.sourcing import Speaker, Told, admit, issue_secret, put_source, remove_source

HASH, OTHER_HASH = "a" * 64, "b" * 64
ANN = Speaker("1", "Ann", "tv-1", "Living room", "Plex for LG")
ANN_ON_TV = "plex.1.tv-1"


class World:
    """A directory that takes in what is decided."""

    def __init__(self) -> None:
        self.now = Directory()

    def tell(self, decided: list[Told] | Rejection) -> list[Told]:
        assert not isinstance(decided, Rejection), decided
        for stream, event, user in decided:
            position = self.now.position + 1
            self.now.evolve(Recorded(position, stream, position, 0, 0, 0, None, user, event))
        return decided

    def put(self, **fields: Any) -> list[Told]:
        command = PutSource(**{"kind": "plex", **fields})
        return self.tell(put_source("plex", command, self.now, HASH))

    def hear(self, speaker: Speaker) -> list[Told]:
        return self.tell(admit("plex", speaker, self.now))

    def refused(self, speaker: Speaker) -> Rejection:
        decided = admit("plex", speaker, self.now)
        assert isinstance(decided, Rejection)
        return decided

    def user_of(self, cduid: str) -> str:
        return self.now.device_users[cduid].user


@pytest.fixture
def world() -> World:
    return World()


def test_a_source_is_set_up_once_with_its_first_secret(world: World) -> None:
    shelves = {"Films": "movie_shelf:films"}
    assert world.put(shelves=shelves, places=False) == [
        Told("source:plex", SourceConfigured(kind=SourceKind.PLEX, shelves=shelves, places=False)),
        Told("source:plex", SourceSecretIssued(secret_sha256=HASH)),
    ]
    assert world.put() == []
    assert world.put(shelves=shelves) == []
    assert world.now.sources["plex"].secret_sha256 == HASH


def test_what_is_left_out_keeps_its_value(world: World) -> None:
    world.put(places=False, accounts={"1": "ann"})
    [changed] = world.put(unknown_accounts="create")
    assert isinstance(changed.event, SourceConfigured)
    assert changed.event.places is False
    assert world.now.sources["plex"].accounts.keys() == {"1"}


@pytest.mark.parametrize("name", ["import", "trakt"])
def test_no_source_is_named_as_what_the_ledger_itself_registers(world: World, name: str) -> None:
    refused = put_source(name, PutSource(kind=SourceKind.PLEX), world.now, HASH)
    assert isinstance(refused, Rejection)
    assert refused.code == "source_reserved"


def test_a_sources_kind_stays(world: World) -> None:
    world.put()
    refused = put_source("plex", PutSource(kind=SourceKind.EMBY), world.now, OTHER_HASH)
    assert isinstance(refused, Rejection)
    assert refused.code == "source_differs"


def test_only_a_shelf_is_a_shelf() -> None:
    with pytest.raises(ValidationError):
        PutSource(kind=SourceKind.PLEX, shelves={"Films": "movie:heat"})


def test_an_accounts_mapping_stands_in_its_users_stream(world: World) -> None:
    mapped = world.put(accounts={"1": "ann"})[-1]
    assert mapped == Told("user:ann", AccountMapped(source="plex", account="1"), "ann")
    moved = world.put(accounts={"1": "ben"})
    assert moved == [
        Told("user:ann", AccountUnmapped(source="plex", account="1"), "ann"),
        Told("user:ben", AccountMapped(source="plex", account="1"), "ben"),
    ]
    assert not world.now.knows_user("ann")
    assert world.now.knows_user("ben")
    assert world.put(accounts={"1": None}) == [
        Told("user:ben", AccountUnmapped(source="plex", account="1"), "ben")
    ]


def test_whoever_is_heard_first_is_registered_under_the_servers_names(world: World) -> None:
    world.put(accounts={"1": "ann"}, isolation_mode="quiet")
    assert world.hear(ANN) == [
        Told("user:ann", AccountMapped(source="plex", account="1", name="Ann"), "ann"),
        Told(
            "cduid:plex.1.tv-1",
            DeviceUserRegistered(
                user="ann",
                device="plex.tv-1",
                reported_name="Living room",
                kind="Plex for LG",
                isolation_mode=IsolationMode.QUIET,
            ),
            "ann",
        ),
    ]
    assert world.hear(ANN) == []
    assert world.now.device_users[ANN_ON_TV].token_sha256 is None


def test_a_mark_without_a_device_is_the_servers_own(world: World) -> None:
    world.put(accounts={"1": "ann"})
    world.hear(Speaker("1", "Ann"))
    known = world.now.device_users["plex.1"]
    assert (known.device, known.reported_name, known.kind) == ("plex", "plex", "plex")


def test_two_accounts_on_one_player_share_its_device(world: World) -> None:
    world.put(accounts={"1": "ann", "2": "ben"})
    world.hear(ANN)
    world.hear(ANN._replace(account="2", account_name="Ben"))
    assert {each.device for each in world.now.device_users.values()} == {"plex.tv-1"}


def test_an_account_that_was_mapped_by_name_is_known_by_its_key(world: World) -> None:
    world.put(accounts={"ann": "ada"})
    world.hear(ANN)
    assert set(world.now.sources["plex"].accounts) == {"1"}
    assert world.hear(ANN._replace(account_name="Ann at home")) == []
    assert world.put(accounts={"ANN": "ada"}) == []
    assert world.refused(Speaker("7", "Ann")).code == "account_unknown"


def test_nobody_is_taken_for_another_by_calling_themselves_by_a_key(world: World) -> None:
    world.put(accounts={"1": "ann"})
    world.hear(ANN)
    assert world.refused(Speaker("99", "1")).code == "account_unknown"


def test_an_account_that_is_nobodys_is_held_and_named(world: World) -> None:
    world.put()
    refused = world.refused(ANN)
    assert refused.code == "account_unknown"
    assert "1 (Ann)" in refused.detail


def test_a_user_is_made_where_the_source_may(world: World) -> None:
    world.put(unknown_accounts="create")
    world.hear(ANN._replace(account_name="Ann at home"))
    assert world.user_of(ANN_ON_TV) == "Ann-at-home"


def test_no_user_is_made_beside_one_of_that_name(world: World) -> None:
    world.put(unknown_accounts="create", accounts={"2": "ann"})
    refused = world.refused(ANN)
    assert refused.code == "account_ambiguous"
    assert "A user ann is there already" in refused.detail
    world.put(accounts={"1": "ann"})
    world.hear(ANN)
    assert world.user_of(ANN_ON_TV) == "ann"


def test_what_an_account_said_goes_with_it_to_whom_it_is_mapped_to(world: World) -> None:
    world.put(accounts={"1": "ann", "2": "cleo"})
    world.hear(ANN)
    world.hear(ANN._replace(account="2", account_name="Cleo"))
    moved = world.put(accounts={"1": "ben"})
    assert moved[-1] == Told("cduid:plex.1.tv-1", DeviceUserReassigned(user="ben"), "ben")
    assert world.user_of("plex.2.tv-1") == "cleo"


def test_a_device_user_that_was_given_to_somebody_else_stays_theirs(world: World) -> None:
    world.put(accounts={"1": "ann"})
    world.hear(ANN)
    world.tell([Told(f"cduid:{ANN_ON_TV}", DeviceUserReassigned(user="ben"), "ben")])
    assert world.hear(ANN) == []
    assert world.user_of(ANN_ON_TV) == "ben"


def test_a_sources_mode_is_that_of_its_device_users_unless_they_have_their_own(
    world: World,
) -> None:
    world.put(accounts={"1": "ann"})
    for player in ("tv", "phone"):
        world.hear(ANN._replace(player=player))
    silent = IsolationModeChanged(isolation_mode=IsolationMode.SILO)
    world.tell([Told("cduid:plex.1.phone", silent, "ann")])
    world.put(isolation_mode="quiet")
    modes = {cduid: each.isolation_mode for cduid, each in world.now.device_users.items()}
    assert modes == {"plex.1.tv": "quiet", "plex.1.phone": "silo"}


def test_a_removed_source_is_gone_with_its_accounts(world: World) -> None:
    world.put(accounts={"1": "ann"})
    removed = world.tell(remove_source("plex", world.now))
    assert removed[-1] == Told("source:plex", SourceRemoved())
    assert "plex" not in world.now.sources
    assert not world.now.knows_user("ann")
    for decided in (
        remove_source("plex", world.now),
        issue_secret("plex", HASH, world.now),
        admit("plex", ANN, world.now),
    ):
        assert isinstance(decided, Rejection)
        assert decided.code == "unknown_source"


def test_a_forked_directory_goes_its_own_way(world: World) -> None:
    world.put(accounts={"1": "ann"})
    before = world.now.fork()
    world.put(accounts={"1": "ben"})
    assert before.sources["plex"].accounts["1"].user == "ann"


@pytest.mark.parametrize(
    ("kind", "library", "shelf"),
    [
        (Kind.MOVIE, "Films", "movie_shelf:films"),
        (Kind.MOVIE, "Others", "movie_shelf:rest"),
        (Kind.MOVIE, None, "movie_shelf:rest"),
        (Kind.EPISODE, "Films", "show_shelf:plex"),
        (Kind.SHOW, None, "show_shelf:plex"),
    ],
)
def test_things_stand_on_their_librarys_shelf_or_their_kinds(
    kind: Kind, library: str | None, shelf: str
) -> None:
    source = Source("plex", shelves={"Films": "movie_shelf:films", "movie": "movie_shelf:rest"})
    assert source.shelf(kind, library) == shelf


NAMES = st.text(max_size=200)


@given(NAMES, NAMES, st.none() | NAMES, st.none() | NAMES)
def test_cduids_are_ids_and_no_two_collide(
    one: str, other: str, player: str | None, other_player: str | None
) -> None:
    source = "s" * 32
    cduids = [cduid_of(source, one, player), cduid_of(source, other, other_player)]
    for cduid in (*cduids, device_of(source, player)):
        assert TypeAdapter(Id).validate_python(cduid) == cduid
    assert (cduids[0] == cduids[1]) == ((one, player) == (other, other_player))


@pytest.mark.parametrize(
    ("account", "player", "cduid"),
    [
        ("1", "tv", "plex.1.tv"),
        ("a.b", "c", "plex.a~2eb.c"),
        ("a", "b.c", "plex.a.b~2ec"),
        ("a~2eb", None, "plex.a~7e2eb"),
        ("ä", None, "plex.~c3~a4"),
    ],
)
def test_what_ids_do_not_allow_is_escaped(account: str, player: str | None, cduid: str) -> None:
    assert cduid_of("plex", account, player) == cduid
