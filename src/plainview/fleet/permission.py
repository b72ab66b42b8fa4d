"""What allows one camera to run: the first wall. The zygote's gate is the second."""

import msgspec

from plainview import __version__
from plainview.governance.capability import RECORD, VIEW, to_watch
from plainview.governance.fingerprint import bare_source, fingerprint
from plainview.governance.lapse import Keys, admit_until
from plainview.governance.permit import Grant
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Claim


class Permission:
    """Owns one camera's grant, and from when until when it was found to hold."""

    def __init__(
        self, camera: str, tap: TapSpec, lens: LensSpec, grant: Grant, trusted: Keys
    ) -> None:
        """Nothing is checked yet: `check` does."""
        self._camera = camera
        self._fingerprint = fingerprint(tap.source, lens.view)
        self._needs = (
            *to_watch(lens.events),
            *([RECORD] if tap.record else ()),
            *([VIEW] if lens.picture else ()),
        )
        self._grant = grant
        self._trusted = trusted
        self._since = self._until = 0
        self.term = 0.0
        """Seconds for which the permit lets footage be kept, once it was checked."""
        self.claim = Claim(
            camera=camera,
            source=bare_source(tap.source),
            view=lens.view,
            grant=msgspec.msgpack.encode(grant),
            events=lens.events,
            record=tap.record,
            picture=lens.picture,
        )
        """The same, for the zygote to judge by itself."""

    def check(self, now: int) -> None:
        """Raise PermitRefused unless the camera may start at `now` (UTC milliseconds)."""
        permit, self._until = admit_until(
            self._grant,
            self._trusted,
            camera=self._camera,
            fingerprint=self._fingerprint,
            needs=self._needs,
            now=now,
            software=__version__,
        )
        self.term = permit.retention.get("footage", 0.0)
        self._since = now

    def keep(self, now: int) -> None:
        """Raise PermitRefused unless it may still run at `now`. Cheap: to be asked at every turn.

        A clock that was set, to before the last check too, is judged anew.
        """
        if not self._since <= now < self._until:
            self.check(now)
