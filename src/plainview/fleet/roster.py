"""Every camera of a fleet of nodes: where it runs, under which token, and what is still to be done.

No thread and no link of its own. It is told what nodes say and what the time is, and answers what
each node is to be asked. What moves stops first: a camera has one place at a time, and what still
comes from an earlier one bears an earlier token.
"""

from collections.abc import Sequence

from msgspec import Struct

from plainview.fleet import spread
from plainview.fleet.orders import Begin, Item, News, Orders, Used
from plainview.fleet.placement import Cost, Node, Wish, default_cost, place, rebalance
from plainview.governance.permit import Grant
from plainview.vision.spec import LensSpec, TapSpec

_ASK_AGAIN = 1.5
"""Seconds after which a node that does not yet hold what it was asked to begin is asked again."""
_LOOK_AGAIN = 30.0
"""Seconds after which a node that lacked a file or device is asked again."""
_PLAN_EVERY = 5.0
_MOVE_EVERY = 5.0
"""Seconds between two cameras that move to even out the nodes."""
_AT_ONCE = 4
"""Cameras that are between two nodes at one time, of those that need not hurry."""
_LEARN = 0.3
"""Weight of a new measurement in a camera's cost."""


class Task(Struct, frozen=True):
    """What a camera is to do, whichever node runs it."""

    camera: str
    tap: TapSpec
    lens: LensSpec
    grant: Grant
    plate: bytes | None = None
    admitted: bytes | None = None
    looks: bytes | None = None
    near: tuple[str, ...] = ()


class Place:
    """Owns where one camera runs."""

    def __init__(self, task: Task) -> None:
        """Nowhere yet."""
        self.task = task
        source = task.tap.source
        self.block = spread.block_of(source)
        self.path = "" if self.block else source.removeprefix("file:")
        self.cost = default_cost(task.lens.view.calibration.image_size, task.lens.rate)
        self.node: str | None = None
        self.fence = 0
        self.due = 0.0
        self.leaving = False
        """It is being ended where it is, to begin elsewhere."""
        self.asked = float("-inf")
        self.why = "it waits for its first node"
        """Why it does not run, while it does not."""
        self.moves = 0
        """Times that it lost or left a node."""
        self.forbidden = ""
        self.spare: int | None = None
        """The token of its next placement, in stock."""

    def free(self, why: str) -> None:
        """It runs nowhere now."""
        self.node, self.leaving, self.why = None, False, why
        self.asked = float("-inf")
        self.moves += 1


class Roster:
    """Owns all places. For use under its owner's lock."""

    def __init__(self, spreading: spread.Spread) -> None:
        """No camera yet."""
        self._spread = spreading
        self.places: dict[str, Place] = {}
        self._leaving: list[Place] = []
        """Those that end for good on a node that is still heard."""
        self._holds: dict[str, dict[str, int]] = {}
        self._paths: dict[str, dict[str, float | None]] = {}
        """By node and path: None where it is there, else when to look again."""
        self._plan_at = self._move_at = float("-inf")
        self._known: Sequence[Node] = ()
        self._by_node: dict[str | None, list[Place]] | None = None
        self._files: set[str] = set()
        self._tokenless: set[str] = set()
        self._urgent: set[str] = set()
        self.moves = self.left_out = 0

    def add(self, task: Task) -> None:
        """Run this camera from now on, in the place of one of the same name."""
        new, old = Place(task), self.places.get(task.camera)
        if old is not None and old.node is not None:
            new.node, new.fence = old.node, old.fence
            self._leave(new)
        if old is not None:
            new.spare = old.spare
        if new.spare is None:
            self._tokenless.add(task.camera)
        self.places[task.camera] = new
        self._look_again()

    def without_token(self) -> set[str]:
        """The cameras that have no token in stock."""
        return self._tokenless

    def give(self, tokens: dict[str, int]) -> None:
        """Put `tokens`, by camera, in stock."""
        for name, fence in tokens.items():
            one = self.places.get(name)
            if one is not None and fence > max(one.fence, one.spare or 0):
                one.spare = fence
                self._tokenless.discard(name)
                if one.node is None:
                    self._plan_at = float("-inf")

    def remove(self, camera: str) -> Place | None:
        """End this camera for good; its place while it has one (see `ended`)."""
        old = self.places.pop(camera, None)
        self._tokenless.discard(camera)
        self._look_again()
        if old is None or old.node is None:
            return None
        self._urgent.add(old.node)
        self._leaving.append(old)
        return old

    def ended(self, old: Place) -> bool:
        """Whether what `remove` gave has ended."""
        return old not in self._leaving

    def orders_for(self, node: str, now: float) -> Orders:
        """What `node` is to be asked."""
        holds = self._holds.get(node, {})
        begin = [
            self._begin(one, now)
            for one in self._on(node)
            if not (one.leaving or one.forbidden)
            and holds.get(one.task.camera) != one.fence
            and one.due <= now
            and now - one.asked >= _ASK_AGAIN
        ]
        leaving = [*self._leaving, *(one for one in self._on(node) if one.leaving)]
        end = [(one.task.camera, one.fence) for one in leaving if one.node == node]
        named = {camera for camera, _ in end}
        for name, fence in holds.items():
            one = self.places.get(name)
            if name not in named and (one is None or one.node != node):
                end.append((name, fence))
        paths = self._paths.setdefault(node, {})
        look = tuple(path for path in self._files if _unknown(paths, path, now))
        paths.update(dict.fromkeys(look, now + _LOOK_AGAIN))
        return Orders(begin=tuple(begin), end=tuple(end), look=look)

    def urgent(self) -> set[str]:
        """The nodes that were given something to end since the last call."""
        urgent, self._urgent = self._urgent, set()
        return urgent

    def take(self, node: str, news: News) -> None:
        """Know what `node` has told, but for its items: see `current`."""
        self._holds[node] = news.holds
        paths = self._paths.setdefault(node, {})
        if news.found:
            paths.update(dict.fromkeys(news.found, None))
            self._plan_at = float("-inf")
        for name, (fence, why) in news.refused.items():
            one = self.places.get(name)
            if one is not None and (one.node, one.fence) == (node, fence) and not one.leaving:
                one.forbidden = why
                self._leave(one)
        for name, used in news.used.items():
            one = self.places.get(name)
            if one is not None and (one.node, one.fence) == (node, news.holds.get(name)):
                one.cost = _learned(one.cost, used)
        self._let_go(node, news.holds, "it moves to another node")

    def lose(self, node: str) -> None:
        """Nothing runs on `node` any more; what ran there is to run elsewhere."""
        why = f"its node ({node[:12]}) was lost; it begins on another"
        self._holds.pop(node, None)
        self._paths.pop(node, None)
        self._let_go(node, {}, why)
        for one in self._on(node):
            one.free(why)
        self._look_again()

    def current(self, node: str, item: Item) -> bool:
        """Whether what `node` sent is of the placement that holds now."""
        one = self.places.get(item.camera)
        if one is None:
            one = next((old for old in self._leaving if old.task.camera == item.camera), None)
        return one is not None and (one.node, one.fence) == (node, item.fence)

    def plan(self, nodes: Sequence[Node], now: float) -> None:
        """Give places to those that have none, and let those go that are to move."""
        if self._known == nodes and now - self._plan_at < _PLAN_EVERY:
            return
        self._known, self._plan_at = list(nodes), now
        self._spread.forget(now)
        wanted = [one for one in self.places.values() if not one.forbidden and not one.leaving]
        wishes = [self._wish(one) for one in wanted]
        there = {one.task.camera: one.node for one in wanted if one.node is not None}
        plan = place(nodes, wishes, there)
        self.left_out = 0
        between = sum(one.leaving for one in self.places.values())
        for one in wanted:
            name = one.task.camera
            chosen = plan.places.get(name)
            if chosen is None:
                # Where it runs on a node that is to leave, it runs on while it can.
                self.left_out += one.node is None
                one.why = plan.left_out[name]
            elif one.node is not None and chosen != one.node:
                if between < _AT_ONCE:
                    between += 1
                    self._move(one)
            elif one.node is None and one.spare is not None:
                one.node, one.fence, one.spare = chosen, one.spare, None
                one.due = self._spread.due(one.block, now)
                self._tokenless.add(name)
                self._by_node = None
        if not (self.left_out or between) and now - self._move_at >= _MOVE_EVERY:
            self._move_at = now
            self._even_out(nodes, wishes, plan.places)

    def _even_out(self, nodes: Sequence[Node], wishes: list[Wish], places: dict[str, str]) -> None:
        move = rebalance(nodes, wishes, places)
        if move is not None and self.places[move[0]].node is not None:
            self._move(self.places[move[0]])

    def _move(self, one: Place) -> None:
        self._leave(one)
        self.moves += 1

    def _leave(self, one: Place) -> None:
        """Have `one` end where it is."""
        one.leaving = True
        if one.node is not None:
            self._urgent.add(one.node)

    def _on(self, node: str) -> list[Place]:
        """What runs on `node`, or is to, or is leaving it to begin elsewhere."""
        if self._by_node is None:
            self._by_node = {}
            for one in self.places.values():
                self._by_node.setdefault(one.node, []).append(one)
            self._files = {one.path for one in self.places.values() if one.path}
        return self._by_node.get(node, [])

    def _look_again(self) -> None:
        """Places have changed: the next plan is due, and what is on which node."""
        self._by_node = None
        self._plan_at = float("-inf")

    def _wish(self, one: Place) -> Wish:
        only = None
        if one.path:
            only = frozenset(
                node for node, paths in self._paths.items() if paths.get(one.path, 0.0) is None
            )
        return Wish(one.task.camera, one.cost, one.task.near, only)

    def _begin(self, one: Place, now: float) -> Begin:
        one.asked = now
        task = one.task
        age = None if task.tap.began is None else max(now - task.tap.began, 0.0)
        return Begin(
            task.camera,
            one.fence,
            task.tap,
            task.lens,
            task.grant,
            task.plate,
            task.admitted,
            task.looks,
            age,
        )

    def _let_go(self, node: str, holds: dict[str, int], why: str) -> None:
        """Those that were to end on `node`, and have."""
        self._leaving = [
            one
            for one in self._leaving
            if one.node != node or holds.get(one.task.camera, -1) == one.fence
        ]
        for one in self._on(node):
            if one.leaving and holds.get(one.task.camera, -1) != one.fence:
                one.free(one.forbidden or why)
                self._look_again()


def _unknown(paths: dict[str, float | None], path: str, now: float) -> bool:
    """Whether it is time to ask a node for `path`."""
    again = paths.get(path, now)
    return again is not None and again <= now


def _learned(cost: Cost, used: Used) -> Cost:
    return Cost(
        cost.cpu + _LEARN * (used.cpu - cost.cpu),
        cost.memory + _LEARN * (used.memory - cost.memory),
    )
