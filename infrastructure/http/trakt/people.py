"""Who a client speaks for, and what is read at the start of a sync and is nothing here.

Collections, ratings and lists aren't kept: reading them gives none, and writing changes nothing.
"""

from typing import Any

from fastapi import APIRouter

from infrastructure.http.trakt.asking import Client, ClientAsked

router = APIRouter()

_NONE = {"movies": 0, "shows": 0, "seasons": 0, "episodes": 0}
_NO_LISTS = ("/sync/collection", "/sync/ratings", "/sync/watchlist", "/sync/favorites")


@router.get("/users/settings")
def get_settings(client: ClientAsked) -> dict[str, Any]:
    return {
        "user": _person(client),
        "account": {"timezone": "UTC", "time_24hr": True},
        "connections": {},
        "sharing_text": {},
    }


@router.get("/users/me")
def get_me(client: ClientAsked) -> dict[str, Any]:
    return _person(client)


@router.get("/users/{_user}/lists")
def get_lists(_: ClientAsked, _user: str) -> list[Any]:
    return []


def get_nothing(_: ClientAsked) -> list[Any]:
    return []


def post_nothing(_: ClientAsked) -> dict[str, Any]:
    return {
        "added": _NONE,
        "updated": _NONE,
        "existing": _NONE,
        "deleted": _NONE,
        "not_found": {name: [] for name in _NONE},
    }


for _path in _NO_LISTS:
    router.add_api_route(_path, get_nothing, methods=["GET"])
    router.add_api_route(_path + "/{_rest:path}", get_nothing, methods=["GET"])
    router.add_api_route(_path, post_nothing, methods=["POST"], status_code=201)
    router.add_api_route(_path + "/remove", post_nothing, methods=["POST"])


def _person(client: Client) -> dict[str, Any]:
    return {
        "username": client.user,
        "private": True,
        "name": client.user,
        "vip": True,
        "ids": {"slug": client.user},
    }
