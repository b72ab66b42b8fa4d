"""What intake counts, for the console and Prometheus."""

from msgspec import Struct

from plainview.bus import BusStats
from plainview.store import DiskUse


class IntakeStats(Struct, frozen=True):
    """Counts since intake was made, and what is wrong now."""

    stored: int
    duplicates: int
    refused: int
    """Messages that were not a Reading or not of the camera that they came from: not stored."""
    foreign: int
    """Messages of a camera that is not the site's whose key brought them: not stored."""
    fenced: int
    """Messages of a lens that another one has taken the place of: not stored."""
    ahead: int
    """Messages of a time that is still to come: not stored."""
    expired: int
    """Readings older than Readings are kept: not stored."""
    events: int
    """Starts and ends of events, stored with their Readings."""
    events_refused: int
    """Those that were not permitted, or are off: not stored, and taken out of their Readings."""
    statuses: int
    batches: int
    failed: int
    """Attempts to write that failed; they are repeated, nothing of them is lost."""
    unsummed: int
    """Minutes that are summed up anew after a crash."""
    clock_steps: int
    rate: float
    """Readings stored per second, over the last ten seconds or so."""
    trouble: str
    """Why nothing can be written at the moment; empty when all is well."""
    bus: BusStats
    disk: DiskUse | None
    """As of the last deletion; None before it."""

    def numbers(self) -> dict[str, float]:
        """The counts by name, for Prometheus and the console's line."""
        numbers = {
            "readings_per_second": self.rate,
            "readings_stored": self.stored,
            "readings_duplicate": self.duplicates,
            "messages_refused": self.refused,
            "messages_foreign": self.foreign,
            "messages_fenced": self.fenced,
            "messages_ahead": self.ahead,
            "readings_expired": self.expired,
            "events_stored": self.events,
            "events_refused": self.events_refused,
            "statuses": self.statuses,
            "batches": self.batches,
            "writes_failed": self.failed,
            "minutes_unsummed": self.unsummed,
            "clock_steps": self.clock_steps,
            "store_in_trouble": float(bool(self.trouble)),
            "bus_published": self.bus.published,
            "bus_refused": self.bus.refused,
            "bus_waiting": self.bus.waiting,
            "bus_bound": self.bus.bound,
            "bus_redelivered": self.bus.redelivered,
            "bus_poison": self.bus.poison,
            "bus_unreadable": self.bus.unreadable,
            "bus_behind": self.bus.behind,
            "bus_backlog": self.bus.backlog,
            "bus_dropped": self.bus.dropped,
            "bus_in_trouble": float(bool(self.bus.trouble)),
        }
        if self.disk is not None:
            numbers |= {
                "disk_used_bytes": self.disk.used,
                "disk_bound_bytes": self.disk.bound,
            }
            if self.disk.free is not None:
                numbers["disk_free_bytes"] = self.disk.free
        return numbers
