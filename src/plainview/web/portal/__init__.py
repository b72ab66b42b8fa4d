"""The public's pages: what runs, why, who allowed it, and how to check. No script, no login."""

from plainview.web.portal.handlers import portal_handlers
from plainview.web.portal.source import PortalSource

__all__ = ["PortalSource", "portal_handlers"]
