"""The policies against the table in the guide, exhaustively."""

import re
from itertools import product
from pathlib import Path
from typing import Literal, get_args

import pytest

from plainview.errors import PlainviewError
from plainview.governance.person import Role
from plainview.web.access.policy import Decision, Policy, Resource, Worth
from plainview.web.access.rules import DATA, Action

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "access.md"
Kind = Literal["City", "Site", "Camera"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ON_CITY_ONLY = frozenset(Action) - {Action.READ_NOW, Action.READ_HISTORY, Action.READ_METRICS}
PEOPLE: list[Role | None] = [*Role, None]


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The policies of the package."""
    return Policy()


def table() -> dict[tuple[str, str], str]:
    """The guide's table: (action, column) to its cell."""
    rows = [
        [cell.strip(" `") for cell in line.strip().strip("|").split("|")]
        for line in GUIDE.read_text(encoding="utf-8").splitlines()
        if line.startswith(("| `", "| action |"))
    ]
    columns = rows[0]
    return {
        (row[0], column): cell
        for row in rows[1:]
        for column, cell in zip(columns[2:], row[2:], strict=True)
    }


TABLE = table()


def expected(role: Role | None, action: Action, simulated: bool, worth: Worth) -> bool:  # noqa: FBT001 - one axis of the table
    """What the guide says."""
    if simulated and TABLE[action, "visitor, nobody exists"] == "yes":
        return True
    cell = TABLE[action, role or "visitor"]
    return cell == "yes" or (cell == "P" and (simulated or worth is Worth.COVERS))


def test_the_guides_table_names_every_action_and_role() -> None:
    """No action and no role is missing from it, and its cells are of the three kinds."""
    assert {action for action, _ in TABLE} == {action.value for action in Action}
    assert {column for _, column in TABLE} == {*Role, "visitor", "visitor, nobody exists"}
    assert set(TABLE.values()) == {"", "yes", "P"}
    with_purpose = {action for (action, _), cell in TABLE.items() if cell == "P"}
    assert with_purpose == DATA


@pytest.mark.parametrize("action", Action)
def test_the_policies_say_what_the_guide_says(policy: Policy, action: Action) -> None:
    """Role x action x resource x worth of the purpose x whether anybody exists: all of it."""
    checked = 0
    for role, kind, simulated, worth in product(PEOPLE, KINDS, (False, True), Worth):
        if kind != "City" and action in ON_CITY_ONLY:
            continue
        resource = Resource(kind, "x", simulated, "plaza" if kind == "Camera" else "")
        decision = policy.decide(role, action, resource, worth)
        assert decision.allowed is expected(role, action, simulated, worth), (
            role,
            kind,
            simulated,
            worth,
            decision,
        )
        checked += 1
    assert checked == len(PEOPLE) * 8 * (1 if action in ON_CITY_ONLY else 3)


def test_oversight_changes_nothing(policy: Policy) -> None:
    """A commissioner may do nothing that changes anything but their own purpose."""
    city = Resource("City", "city")
    changing = (Action.ASSESS, Action.APPROVE, Action.PUBLISH, Action.STOP, Action.RESUME)
    for action in changing:
        assert policy.decide(Role.COMMISSIONER, action, city, Worth.COVERS) == Decision(
            allowed=False
        )


def test_a_refusal_for_want_of_a_purpose_names_its_policy(policy: Policy) -> None:
    """So that the answer can say how to mend it."""
    plaza = Resource("Site", "plaza")
    assert policy.decide(Role.OPERATOR, Action.READ_NOW, plaza, Worth.NONE).by == ("purpose",)
    assert policy.decide(Role.OPERATOR, Action.READ_NOW, plaza, Worth.COVERS).by == ("operator",)


def test_an_id_cannot_become_policy_text(policy: Policy) -> None:
    """Quotes, line ends and Cedar's own syntax in an id are an id."""
    for name in ('x" || true', "x\n", 'Plainview::Role::"administrator"', "x\\", "名"):
        plaza = Resource("Site", name)
        assert policy.decide(None, Action.READ_NOW, plaza, Worth.COVERS).allowed is False


SCHEMA = """
namespace Plainview {
  entity Role; entity Person in [Role]; entity Visitor;
  entity City { simulated: Bool }; entity Site in [City] { simulated: Bool };
  entity Camera in [Site] { simulated: Bool };
  action "read-now" appliesTo {
    principal: [Person, Visitor], resource: [City, Site, Camera],
    context: { purpose: String, age?: Long },
  };
}
"""


@pytest.mark.parametrize(
    "text",
    [
        "permit (principal, action, resource",
        "permit (principal, action, resource) when { resource.colour == 1 };",
        'permit (principal, action == Plainview::Action::"fly", resource);',
        'permit (principal == User::"root", action, resource);',
    ],
)
def test_policies_that_do_not_fit_keep_the_program_from_starting(text: str) -> None:
    """Not parsable, an unknown attribute, action or type: one line that says where."""
    with pytest.raises(PlainviewError) as caught:
        Policy(text)
    assert caught.value.where == "access policies"


def test_a_policy_that_cannot_be_evaluated_denies() -> None:
    """Even beside one that permits: who reads overflowed numbers does not know what they do."""
    overflowing = Policy(
        "permit (principal, action, resource);"
        "permit (principal, action, resource) when { 9223372036854775807 + 1 > 0 };",
        SCHEMA,
    )
    decision = overflowing.decide(None, Action.READ_NOW, Resource("City", "city"), Worth.NONE)
    assert decision == Decision(allowed=False, by=("error",))


def test_a_request_that_the_schema_does_not_know_is_denied(policy: Policy) -> None:
    """An action on a kind of thing that it is not for."""
    camera = Resource("Camera", "x", simulated=True, site="plaza")
    assert policy.decide(Role.ADMINISTRATOR, Action.STOP, camera, Worth.COVERS).allowed is False


def test_policies_are_as_the_formatter_writes_them() -> None:
    """Every policy has an id, so that a refusal can be traced to it."""
    folder = Path(__file__).parents[3] / "src/plainview/web/access/policies"
    text = (folder / "plainview.cedar").read_text(encoding="utf-8")
    statements = re.findall(r"^(?:permit|forbid) ?\(", text, re.MULTILINE)
    ids = re.findall(r'^@id\("([a-z-]+)"\)$', text, re.MULTILINE)
    assert len(ids) == len(statements) == len(set(ids))
