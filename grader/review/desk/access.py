"""Who sits at the desk: links that can be used once, and the sessions that come of them.

A link's token has 256 bits, stands behind the `#` of its address (which a browser never sends, so
that no log and no `Referer` has it), and is exchanged once for a cookie. Only digests are kept.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from dataclasses import dataclass, field
from enum import IntEnum

from reference.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Role(IntEnum):
    """What somebody may do; each role may do all that those before it may."""

    NOBODY = 0
    """Has no session: only the page that takes the link."""
    READER = 1
    """Looks."""
    GRADER = 2
    """Decides."""
    HEAD = 3
    """Changes rubrics, settles conflicts, publishes, lets others in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Somebody at the desk."""

    name: str
    """The author of what they decide."""
    role: Role
    """What they may do."""


NOBODY = Reviewer(name="", role=Role.NOBODY)
"""Whoever has no session."""


def parse_reviewer(text: str) -> Reviewer:
    """Return who `alice`, `alice:head` or `alice:reader` means; a grader where no role is named.

    Raises:
        ConfigError: no name that can stand in a store, or no such role.
    """
    name, _, word = text.partition(":")
    roles = {role.name.lower(): role for role in Role if role is not Role.NOBODY}
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"grader {text!r}: expected a name of letters, digits, and ._@- (at most 64), such as "
            "alice or alice:head"
        )
    if word and word not in roles:
        raise ConfigError(f"grader {text!r}: expected a role of {', '.join(roles)}, found {word!r}")
    return Reviewer(name=name, role=roles.get(word, Role.GRADER))


@dataclass(slots=True)
class Doors:
    """Links that are still good, and open sessions, by the digests of their secrets."""

    _links: dict[str, Reviewer] = field(default_factory=dict)
    _sessions: dict[str, Reviewer] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def link_for(self, reviewer: Reviewer) -> str:
        """Return a new token that lets somebody in once."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._links[_digest(token)] = reviewer
        return token

    def enter(self, token: str) -> str | None:
        """Exchange a token for a session's secret; None where it is not good, or no longer."""
        with self._lock:
            reviewer = self._links.pop(_digest(token), None)
            if reviewer is None:
                return None
            secret = secrets.token_urlsafe(32)
            self._sessions[_digest(secret)] = reviewer
        return secret

    def who(self, secret: str) -> Reviewer:
        """Return whose session it is; `NOBODY` where there is none."""
        # Looked up by digest: what time that takes tells nothing of the secret.
        return self._sessions.get(_digest(secret), NOBODY)

    def leave(self, secret: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_digest(secret), None)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
