"""Which alerts are told to whose purpose covers some sites: the list and the search agree."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from litestar.testing import TestClient
from tests.web.access.conftest import HERE, SAFETY, KeptDesk, Someone
from tests.web.standin_alerts import RealAlerts

from plainview.alerts.routes import RouteAlerts
from plainview.clock import SystemClock
from plainview.governance.person import Role
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import create_app
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

    from plainview.web.desk import Desk


@pytest.fixture
def alerts(live_world: "World") -> RealAlerts:
    """Three of each site that are over, and a broken route that is kept under the fair."""
    told = RealAlerts(live_world.store)
    for _ in range(3):
        for site in ("plaza", "fair", "quay"):
            told.rise(told.alarm, 6.0, site)
            (shown,) = told.open(site)
            told.decide(shown.alert.id, "clear", "Ada", "over")
    RouteAlerts(told.book, SystemClock()).broken("mail", "fair", "nobody answers")
    return told


def test_list_and_search_tell_the_same_in_full_pages(
    live_world: "World",
    real: tuple[SiteView, ...],
    desk: KeptDesk,
    alerts: RealAlerts,
    tmp_path: Path,
) -> None:
    """Of the sites that may be seen, and what is of no place; never of another site."""
    access = Access(AccessSettings(), tmp_path / "access", SystemClock())
    app = create_app(
        sites=real,
        store=live_world.store,
        static=tmp_path,
        access=access,
        desk=cast("Desk", desk),
        alerts=alerts,
    )
    with TestClient(app, base_url=HERE) as client:
        kim = Someone(client, access).sign_in(Role.OPERATOR, SAFETY.id)

        def told(query: str) -> list[tuple[str, str | None]]:
            answer = kim.get(f"/api/v1/{query}")
            assert answer.status_code == 200, answer.text
            found = answer.json()
            listed = found["alerts"] if isinstance(found, dict) else found
            return [(one["id"], one["site"]) for one in listed]

        whole = told("alerts?state=all")
        # The quay's too: nobody exists there, so that everyone may look.
        assert [site for _, site in whole] == [None, *("quay", "plaza") * 3]
        assert told("search/alerts") == whole
        assert told("search/alerts?kind=route") == whole[:1]
        assert told("search/alerts?kind=route&site=plaza") == []
        assert told("search/alerts?kind=route&camera=plaza-north") == []
        assert told("alerts?state=open") == whole[:1]
        over = told("alerts?state=cleared")
        assert over == whole[1:]
        first = told("alerts?state=cleared&limit=4")
        assert first == over[:4], "a page is full where there are enough"
        assert told(f"alerts?state=cleared&limit=4&before={first[-1][0]}") == over[4:]
        plaza = [one for one in over if one[1] == "plaza"]
        assert told("alerts?state=cleared&site=plaza&limit=2") == plaza[:2]
        assert told(f"alerts?state=all&site=plaza&limit=2&before={plaza[1][0]}") == plaza[2:]
        assert told("alerts?state=all&site=fair") == told("alerts?state=open&site=fair") == []
