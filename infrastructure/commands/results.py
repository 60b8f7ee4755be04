"""What is told of a submission once it was taken, as `POST /v1/events` answers it."""

from typing import Any

from domain.rejection import Rejection
from infrastructure.commands.activity import Taken, conflict


def result_of(taken: Taken) -> dict[str, Any]:
    """What became of a submission; what there is nothing to say of is left out."""
    submission_id, result, warning, positions, is_idle, item = taken
    if isinstance(result, Rejection):
        return rejected(str(submission_id), result)
    if result.status == "conflict":
        return rejected(str(submission_id), conflict(result))
    answer = {"id": str(submission_id), "status": result.status, "position": result.position}
    if item is not None:
        answer["item"] = item
    if positions:
        answer["positions"] = positions
    if is_idle:
        answer["idle"] = True
    if warning is not None:
        answer["warning"] = warning
    return answer


def rejected(name: str | None, rejection: Rejection) -> dict[str, Any]:
    """What is told of something that isn't taken, by the name that it carried."""
    return {"id": name, "status": "rejected", "error": rejection._asdict()}
