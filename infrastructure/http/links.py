"""What can be asked next with what an answer says, for the API's description.

People find their way by these, and so do programs that try out sequences of calls.
"""

from typing import Any

Json = dict[str, Any]

_OF_CDUID = {"cduid": "$request.path.cduid"}
_OF_SOURCE = {"source": "$request.path.source"}
_OF_PLACED = {"item": "$response.body#/results/0/item"}
_LINKS: dict[str, dict[str, dict[str, str]]] = {
    "put_device_user": {
        "patch_device_user": _OF_CDUID,
        "rotate_token": _OF_CDUID,
        "revoke_token": _OF_CDUID,
        "get_items": _OF_CDUID,
        "get_watched": _OF_CDUID,
        "get_in_progress": _OF_CDUID,
        "get_plays": _OF_CDUID,
        "get_next_up": _OF_CDUID,
        "get_viewer_now_playing": _OF_CDUID,
        "get_viewer_history": _OF_CDUID,
    },
    "put_source": {
        "get_source": _OF_SOURCE,
        "rotate_secret": _OF_SOURCE,
        "get_deliveries": _OF_SOURCE,
        "retry_deliveries": _OF_SOURCE,
        "remove_source": _OF_SOURCE,
    },
    "post_items": {"hide_item": _OF_PLACED, "restore_item": _OF_PLACED},
    "post_links": {"unlink_item": _OF_PLACED},
    "hide_item": {"restore_item": {"item": "$request.path.item"}},
    "get_items": {
        "get_item": {**_OF_CDUID, "item": "$response.body#/items/0/item"},
        "get_why": {**_OF_CDUID, "item": "$response.body#/items/0/item"},
    },
    "get_device_users": {"get_watched": {"cduid": "$response.body#/items/0/cduid"}},
}
"""By operation: what may follow, and where its parameters are found."""


def add_links(document: Json) -> None:
    """Writes the links into a description, with one from each page of a list to the next."""
    for path in document["paths"].values():
        for operation in path.values():
            links = _links_of(operation, document)
            for status in ("200", "201"):
                if links and status in operation["responses"]:
                    operation["responses"][status]["links"] = links


def _links_of(operation: Json, document: Json) -> Json:
    links = {
        target: {"operationId": target, "parameters": parameters}
        for target, parameters in _LINKS.get(operation["operationId"], {}).items()
    }
    if _has_pages(operation, document):
        links["next_page"] = _next_page(operation)
    return links


def _has_pages(operation: Json, document: Json) -> bool:
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    schema = document["components"]["schemas"].get(name, {})
    return "next_cursor" in schema.get("properties", {})


def _next_page(operation: Json) -> Json:
    same = {
        each["name"]: f"$request.path.{each['name']}"
        for each in operation.get("parameters", ())
        if each["in"] == "path"
    }
    return {
        "operationId": operation["operationId"],
        "parameters": {**same, "cursor": "$response.body#/next_cursor"},
    }
