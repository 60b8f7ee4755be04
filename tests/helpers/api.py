"""The API as tests speak to it: over real HTTP, to a server on a loopback port."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from time import sleep
from typing import Any
from uuid import uuid4

import httpx

from infrastructure.http.app import make_app
from infrastructure.http.server.serving import HttpServer, address_of, listen
from infrastructure.services import Services


@contextmanager
def served(services: Services) -> Iterator[str]:
    """The address of the service's own server over these services."""
    with listen("127.0.0.1", 0) as listening:
        server = HttpServer(make_app(services), services.settings)
        thread = Thread(target=server.run, args=[[listening]])
        thread.start()
        while not server.started:
            sleep(0.005)
        try:
            yield address_of(listening)
        finally:
            server.stop()
            thread.join()


def event(item: str = "movie:a", type_: str = "watch", **fields: Any) -> dict[str, Any]:
    """An event as a player sends it, under a new id."""
    return {"id": str(uuid4()), "type": type_, "item": item, **fields}


class Api:
    """A server, and the clients that call it, which are closed with it."""

    def __init__(self, address: str, admin_token: str, services: Services) -> None:
        self.address = address
        self.services = services
        self._clients = ExitStack()
        self.nobody = self._clients.enter_context(httpx.Client(base_url=address))
        self.admin = self.client(admin_token)

    def client(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=self.address, headers=headers)
        return self._clients.enter_context(client)

    def close(self) -> None:
        self._clients.close()

    def register(self, cduid: str = "tv", user: str = "ann", **fields: Any) -> httpx.Client:
        """Registers a device user and gives the client of its device."""
        body = {"user": user, "device": f"device-{cduid}", **fields}
        answer = self.admin.put(f"/v1/device-users/{cduid}", json=body)
        assert answer.status_code == 201, answer.text
        return self.client(answer.json()["token"])

    def place(self, *items: dict[str, Any]) -> int:
        """Places items, all of them, and gives the position reached."""
        answer = self.admin.post("/v1/catalog/items", json={"items": items})
        assert all(result["status"] != "rejected" for result in answer.json()["results"])
        return int(answer.json()["position"])

    def place_movies(self, *keys: str) -> int:
        shelf = {"item": "movie_shelf:m", "parent": None, "title": "Movies"}
        movies = [{"item": f"movie:{key}", "parent": "movie_shelf:m"} for key in keys]
        return self.place(shelf, *movies)

    def place_show(self, *episodes: str) -> int:
        """A shelf, a show, its season 1, and these episodes in order."""
        return self.place(
            {"item": "show_shelf:tv", "parent": None},
            {"item": "show:s", "parent": "show_shelf:tv", "title": "The Show"},
            {"item": "season:s1", "parent": "show:s", "index": 1, "title": "Season 1"},
            *(
                {"item": f"episode:{key}", "parent": "season:s1", "index": index, "title": key}
                for index, key in enumerate(episodes, start=1)
            ),
        )


def send(client: httpx.Client, *events: Any) -> list[dict[str, Any]]:
    """Posts events and gives what became of each."""
    answer = client.post("/v1/events", json={"events": events})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Watchledger-Position"] == str(answer.json()["position"])
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer, which must be a problem as RFC 9457 has it."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return answer.status_code, body["code"]
