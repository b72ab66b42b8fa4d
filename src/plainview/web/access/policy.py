"""Decides by the Cedar policies in `policies/`: what they do not permit is refused.

Any doubt is a refusal: a policy that cannot be evaluated, an answer that is neither allow nor deny.
"""

import enum
import functools
import json
from importlib import resources
from typing import Final, Literal

import cedarpy
import structlog
from msgspec import Struct

from plainview.errors import PlainviewError
from plainview.governance.person import Role
from plainview.web.access.rules import Action

_log = structlog.get_logger(__name__)

_NAMESPACE: Final = "Plainview"


class Worth(enum.StrEnum):
    """What a purpose is worth for one resource at one moment."""

    NONE = "none"
    ENDED = "ended"
    ELSEWHERE = "elsewhere"
    COVERS = "covers"


class Resource(Struct, frozen=True):
    """What is asked about."""

    kind: Literal["City", "Site", "Camera"]
    id: str
    simulated: bool = False
    site: str = ""
    """Of a camera."""


class Decision(Struct, frozen=True):
    """What the policies say."""

    allowed: bool
    by: tuple[str, ...] = ()
    """Ids of the policies that decided; empty where nothing permitted it."""


class Policy:
    """The reviewed policies, parsed once. Immutable; safe to share between threads."""

    def __init__(self, policies: str | None = None, schema: str | None = None) -> None:
        """Parse and validate the policies of the package, or those given.

        Raises PlainviewError, naming the policy, where they do not fit their schema: then nothing
        may start, for nobody knows who would be let in.
        """
        folder = resources.files(__package__) / "policies"
        text = policies or (folder / "plainview.cedar").read_text(encoding="utf-8")
        words = schema or (folder / "plainview.cedarschema").read_text(encoding="utf-8")
        mend = "Put back the reviewed files of the package"
        try:
            checked = cedarpy.validate_policies(text, words)
            self._policies = cedarpy.PolicySet.from_str(text)
            self._schema = cedarpy.Schema.from_str(words)
        except ValueError as error:
            raise PlainviewError(str(error), where="access policies", mend=mend) from error
        if not checked.validation_passed:
            said = "; ".join(str(error) for error in checked.errors) or "they are not valid"
            raise PlainviewError(said, where="access policies", mend=mend)
        self.decide = functools.lru_cache(maxsize=8192)(self._decide)
        """`_decide`, remembered: the same question has the same answer until the next start."""

    def _decide(
        self, role: Role | None, action: Action, resource: Resource, worth: Worth
    ) -> Decision:
        """Whether somebody in `role` (None: a visitor) may do `action` to `resource`."""
        who = {"type": f"{_NAMESPACE}::{'Person' if role else 'Visitor'}", "id": "who"}
        what = {"type": f"{_NAMESPACE}::{resource.kind}", "id": resource.id}
        request = {
            "principal": who,
            "action": {"type": f"{_NAMESPACE}::Action", "id": action.value},
            "resource": what,
            "context": {"purpose": worth.value},
        }
        try:
            found = cedarpy.is_authorized(
                request,
                self._policies,
                json.dumps(_entities(role, who, what, resource)),
                self._schema,
            )
            errors = found.diagnostics.errors
            named = found.diagnostics.id_annotations_by_reason
            by = tuple(sorted(named.get(reason, reason) for reason in found.diagnostics.reasons))
            allowed = found.decision is cedarpy.Decision.Allow
        except (ValueError, KeyError, TypeError) as error:
            errors, by, allowed = [str(error)], (), False
        if errors:
            _log.error("access.policy_error", action=action.value, errors=errors)
            return Decision(allowed=False, by=("error",))
        return Decision(allowed=allowed, by=by)


def _entities(
    role: Role | None, who: dict[str, str], what: dict[str, str], resource: Resource
) -> list[dict[str, object]]:
    parents = [{"type": f"{_NAMESPACE}::Role", "id": role.value}] if role else []
    above = []
    if resource.kind == "Camera":
        above.append({"type": f"{_NAMESPACE}::Site", "id": resource.site})
    if resource.kind != "City":
        above.append({"type": f"{_NAMESPACE}::City", "id": "city"})
    return [
        {"uid": who, "attrs": {}, "parents": parents},
        {"uid": what, "attrs": {"simulated": resource.simulated}, "parents": above},
    ]
