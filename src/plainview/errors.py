"""The one tree of errors. A person's error says what is wrong, where, and how to mend it."""

from typing import Final

import msgspec

UNDECODED: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not what was asked for. Text that is no UTF-8 and nesting
that is too deep are no errors of its own, and whoever sends them must be refused all the same."""


class PlainviewError(Exception):
    """Root of every error that Plainview raises on purpose.

    `exit_code` is what a command ends with when this error reaches it (DESIGN.md section 5):
    1 for a failure, 2 for wrong input.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        """Keep the three parts apart, so that each edge can show them its own way."""
        self.what = what
        self.where = where
        self.mend = mend
        super().__init__(self.line())

    def line(self) -> str:
        """One line for a person: what is wrong, where, and how to mend it."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        text = f"{text}. {self.mend}" if self.mend else text
        return " ".join(text.split())


class InputError(PlainviewError):
    """What a person or a file gave is wrong; nothing was changed."""

    exit_code = 2


class ToldError(PlainviewError):
    """A command that was run for this one failed and has said why: nothing is said twice."""

    def __init__(self, what: str, *, where: str, exit_code: int) -> None:
        """As it is told where somebody else asks; `exit_code` is that of the command."""
        super().__init__(what, where=where)
        self.exit_code = exit_code


class ConfigError(InputError):
    """A configuration file is wrong."""


def not_installed(error: ModuleNotFoundError, *, use: str, where: str, extra: str) -> ConfigError:
    """What to say where `use` needs a package that comes with `extra`."""
    return ConfigError(
        f"{use} needs the package {error.name}, which is not installed",
        where=where,
        mend=f"Install plainview[{extra}]: uv sync --extra {extra}",
    )


class CalibrationError(InputError):
    """A calibration cannot be right: singular, not finite, or looking away from the area."""


class BoundaryError(InputError):
    """Something beyond the boundary was asked for (DESIGN.md section 1). It does not exist."""


class SourceError(PlainviewError):
    """A camera's source cannot be opened, or ended."""


class LensError(PlainviewError):
    """A lens died, hung or broke its contract."""


class SealError(LensError):
    """The kernel refused a part of the lens's seal."""


class ReadingRefused(PlainviewError):
    """Bytes that claim to be a Reading are not one, or are too large."""


class StoreError(PlainviewError):
    """The store cannot be opened, read or written."""


class StoreFull(StoreError):
    """The disk, or the configured share of it, is full. Nothing acknowledged was lost."""


class BusFull(PlainviewError):
    """The bus's bound is reached; the message was not taken."""


class LedgerError(PlainviewError):
    """The ledger cannot be opened, read or written. What was to be recorded must not happen."""


class LedgerLie(LedgerError):
    """A ledger, or what stands beside it, contradicts itself: forged, forked, cut or set back."""


class VaultError(PlainviewError):
    """Sealed recordings cannot be written, opened, or destroyed as they must be."""


class PermitRefused(PlainviewError):
    """No valid permit covers what was to start, so it does not start."""


class AccessRefused(PlainviewError):
    """Who asks may not do that, or gave no purpose for it. Nothing was shown or changed."""


class DeliveryFailed(PlainviewError):
    """A notice could not be handed over. It waits, and is tried again."""
