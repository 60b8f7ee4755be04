"""Every setting of the service, from the environment or from options of the same name.

A setting that isn't known or makes no sense is refused by name, before anything is opened.
"""

import os
import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.external_ids import NAMESPACES
from domain.policy import Policy
from infrastructure.database.synchronous import Synchronous

PREFIX = "WATCHLEDGER_"
_TEST_PREFIX = "WATCHLEDGER_TEST_"  # the suite's own; the service doesn't read them
_is_origin = re.compile(
    r"https?://[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?"
).fullmatch


class SettingsProblem(Exception):
    """Settings that can't be used; the message names each and says what is wrong with it."""

    code = "settings_problem"


def _database_url(url: str) -> str:
    # Help over all commands reads this module, and needs no database library for that.
    from sqlalchemy import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        raise ValueError("is no database URL; use sqlite:///FILE or postgresql://…") from None
    if backend == "postgres":  # as hosts often write it
        return url.replace("postgres", "postgresql", 1)
    if backend not in {"sqlite", "postgresql"}:
        raise ValueError("names a database that isn't supported; use sqlite or postgresql")
    return url


def listed(text: str) -> list[str]:
    """What stands between the commas of a setting."""
    return [part for each in text.split(",") if (part := each.strip())]


def _addresses(text: str) -> str:
    for each in listed(text):
        try:
            ip_network(each, strict=False)
        except ValueError:
            raise ValueError(f"{each} is no address or network; use one as 10.0.0.2") from None
    return text


def _origins(text: str) -> str:
    for each in listed(text):
        if each != "*" and not _is_origin(each):
            raise ValueError(f"{each} is no origin; use one as https://player.example, or *")
    return text


def _namespaces(text: str) -> str:
    return text.lower()


def _named(path: Any) -> Any:
    if not str(path).strip():
        raise ValueError("is empty; name a directory")
    return path


def _token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if not text or any(not "!" <= character <= "~" for character in text):
        raise ValueError("must be visible ASCII characters without spaces, one at least")
    return token


class Settings(BaseSettings):
    """See the descriptions; names in the environment carry the prefix WATCHLEDGER_."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data_dir: Annotated[Path, BeforeValidator(_named)] = Field(
        default_factory=lambda: user_data_path("watchledger", appauthor=False),
        description="Where the embedded database and the admin token are kept.",
    )
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        default="",
        validate_default=False,
        repr=False,
        description="sqlite:///FILE or postgresql://USER@HOST/NAME; "
        "without it, watchledger.db in the data directory.",
    )
    admin_token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(
        default=None,
        description="The admin's bearer token; without it one is made and kept in the data "
        "directory.",
    )
    host: Annotated[str, StringConstraints(min_length=1)] = Field(
        default="127.0.0.1", description="The address to listen at."
    )
    port: int = Field(
        default=8470, ge=0, le=65535, description="The port to listen at; 0 takes a free one."
    )
    progress_low: float = Field(
        default=0.05, ge=0, le=1, description="From this share on a progress counts as started."
    )
    progress_high: float = Field(
        default=0.90, gt=0, le=1, description="From this share on a progress counts as complete."
    )
    progress_head_seconds: float = Field(
        default=300,
        gt=0,
        allow_inf_nan=False,
        description="From this time on a progress counts as started, whatever its share.",
    )
    progress_rest_seconds: float = Field(
        default=900,
        ge=0,
        allow_inf_nan=False,
        description="With more than this left a progress isn't complete, whatever its share.",
    )
    progress_every_seconds: float = Field(
        default=60,
        ge=0,
        le=86_400,
        description="A player's progress is recorded once in so many seconds of playing, unless it "
        "tells something new; 0 records all.",
    )
    link_namespaces: Annotated[str, AfterValidator(_namespaces)] = Field(
        default=",".join(NAMESPACES),
        description="Whose external ids make items that share one a single work when they are "
        "placed, with commas between; nothing links none.",
    )
    sqlite_synchronous: Synchronous = Field(
        default="FULL", description="SQLite's synchronous; FULL survives a loss of power."
    )
    database_seconds_max: float = Field(
        default=30,
        gt=0,
        le=3600,
        description="How long PostgreSQL may take to answer a statement of the service; then its "
        "connection is given up.",
    )
    page_size: int = Field(
        default=5000, ge=1, le=100_000, description="Events that the projector takes at a time."
    )
    poll_seconds: float = Field(
        default=0.5,
        gt=0,
        le=3600,
        description="How often the projector looks for events of other processes.",
    )
    body_size_max_bytes: int = Field(
        default=8 * 1024 * 1024, ge=1024, description="The largest request body that is taken."
    )
    header_size_max_bytes: int = Field(
        default=32 * 1024, ge=1024, description="The most that a request's line and headers may be."
    )
    request_seconds_max: float = Field(
        default=30,
        gt=0,
        le=3600,
        description="How long a request may take to arrive; then its connection is closed.",
    )
    connections_max: int = Field(
        default=1000, ge=1, description="How many connections are held; more are turned away."
    )
    address_connections_max: int = Field(
        default=100,
        ge=1,
        description="How many connections, and as many event streams, one address may hold; "
        "trusted proxies may hold them all.",
    )
    streams_max: int = Field(
        default=2000,
        ge=1,
        description="How many event streams are held beside these; more are turned away.",
    )
    look_backs_max: int = Field(
        default=2,
        ge=1,
        description="How many answers as of earlier positions are put together at once; more are "
        "told to ask again.",
    )
    token_look_backs_max: int = Field(
        default=1, ge=1, description="How many of these one token may ask for at once."
    )
    requests_per_second: float = Field(
        default=100,
        ge=0,
        description="How many requests a device's token may make in the long run, with ten seconds'"
        " worth at once; 0 is no limit.",
    )
    admin_requests_per_second: float = Field(
        default=1000, ge=0, description="How many requests the admin's token may make; likewise."
    )
    stranger_requests_per_second: float = Field(
        default=10,
        ge=0,
        description="How many requests an address may make without a valid token; likewise.",
    )
    hook_requests_per_second: float = Field(
        default=500,
        ge=0,
        description="How many deliveries a media server may make at its address; likewise.",
    )
    pull_file: Path | None = Field(
        default=None,
        description="A file of mode 0600 with the addresses and tokens of the media servers that "
        "are pulled from: for each source [SOURCE], url = … and token = ….",
    )
    pull_hours: float = Field(
        default=0,
        ge=0,
        le=8_760,
        description="How often the service pulls from all sources in that file, in hours; 0 is "
        "never.",
    )
    trusted_proxies: Annotated[str, AfterValidator(_addresses)] = Field(
        default="",
        description="Addresses or networks of proxies, with commas between, whose X-Forwarded-For "
        "is believed.",
    )
    trakt_hosts: str = Field(
        default="",
        description="Host names, with commas between, at which Trakt's API is at the root, such as "
        "api.trakt.tv behind a proxy; it is under /trakt at any.",
    )
    cors_origins: Annotated[str, AfterValidator(_origins)] = Field(
        default="",
        description="Origins of web pages that may call the API from a browser, such as "
        "https://player.example, with commas between; * is any.",
    )
    metrics_public: bool = Field(
        default=False, description="Whether /metrics is answered without the admin's token."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged: this and what is graver."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="json: for programs, an object a line; console: for people; auto: for people "
        "where standard error is a terminal.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.progress_low < self.progress_high:
            raise ValueError("progress_low must be less than progress_high")
        if self.pull_hours and self.pull_file is None:
            raise ValueError("pull_hours needs pull_file, which says where the servers are")
        return self

    @property
    def policy(self) -> Policy:
        """What is projected by (rule 8)."""
        return Policy(
            self.progress_low,
            self.progress_high,
            self.progress_head_seconds,
            self.progress_rest_seconds,
        )

    @property
    def url(self) -> str:
        """The URL of the database, that of the embedded one where none is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'watchledger.db'}"


def load_settings(options: Mapping[str, Any] | None = None) -> Settings:
    """The settings of options, which win where they aren't None, and of the environment.

    Raises SettingsProblem.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    _refuse_unknown(os.environ)
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsProblem("\n".join(_reasons(error, given))) from None


def _refuse_unknown(names: Iterable[str]) -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    ours = {name for name in names if name.upper().startswith(PREFIX)}
    unknown = {
        name
        for name in ours
        if name.upper() not in known and not name.upper().startswith(_TEST_PREFIX)
    }
    if unknown:
        raise SettingsProblem(
            f"{', '.join(sorted(unknown))}: no such setting. There are: {', '.join(sorted(known))}."
        )


def _reasons(error: ValidationError, options: Iterable[str]) -> Iterable[str]:
    # Never the value: it may be a token or hold a password.
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        reason = fault["msg"].removeprefix("Value error, ").replace("Input should", "should")
        if not fault["loc"]:
            yield reason
            continue
        name = str(fault["loc"][0])
        yield f"{_shown(name, name in options)}: {reason}"


def _shown(name: str, is_option: bool) -> str:
    return f"--{name.replace('_', '-')}" if is_option else f"{PREFIX}{name.upper()}"
