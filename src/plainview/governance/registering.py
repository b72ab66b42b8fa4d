"""From the ledger's standing to the public register: a pure function, with no say of its own.

A camera is in the register when the ledger registered or started it, or a live permit names it.
Nothing else is asked: not whether the configuration names it, whether its documents can be read, or
whether it has a place on the map. So nothing can run that the register leaves out.
"""

from collections.abc import Iterable, Mapping, Sequence

from plainview.governance.assessment import Assessment
from plainview.governance.capability import CAPABILITIES
from plainview.governance.changes import change
from plainview.governance.permit import Permit
from plainview.governance.places import Place, stand
from plainview.governance.register import (
    About,
    Aim,
    Contact,
    Observed,
    Register,
    RegisterAssessment,
    RegisterCamera,
    RegisterCapability,
    RegisterNetwork,
    RegisterSite,
)
from plainview.governance.register_state import (
    Documents,
    Granted,
    Moment,
    granted,
    permit_state,
    state_of,
)
from plainview.governance.release_standing import at
from plainview.governance.standing import Standing, Started
from plainview.ledger.entry import Entry

NOTHING_SEEN = Observed()


def build_register(
    standing: Standing,
    documents: Documents,
    places: Iterable[Place],
    observed: Mapping[str, Observed],
    now: int,
    *,
    about: About,
    entries: Iterable[tuple[int, Entry]] = (),
) -> Register:
    """The register at `now` (UTC milliseconds).

    `entries` are the ledger's latest, from which the changes are told. A stop that is in force and
    not recorded yet belongs into `standing.stops` of the copy that is given.
    """
    permits = [granted(record, documents) for record in standing.permits.values()]
    permits.sort(key=lambda one: one.record.index, reverse=True)
    live: dict[str, list[Granted]] = {}
    lapsed: dict[str, Granted] = {}
    for one in permits:
        holds = one.record.holds(now)
        for camera in one.permit.cameras if one.permit else ():
            if holds:
                live.setdefault(camera, []).append(one)
            else:
                lapsed.setdefault(camera, one)
    moment = Moment(
        standing=standing,
        live=live,
        lapsed=lapsed,
        by_digest={one.record.digest: one for one in permits},
        t=now,
    )
    by_camera = {place.camera: place for place in places}
    cameras = tuple(
        _camera(moment, camera, by_camera.get(camera), observed.get(camera, NOTHING_SEEN))
        for camera in sorted(known_cameras(standing, live))
    )
    return Register(
        name=about.name,
        t=now,
        origin=about.origin,
        checkpoint=standing.size,
        software=standing.software,
        simulated=about.simulated or any(camera.simulated for camera in cameras),
        contact=next((_contact(one.assessment) for one in permits if one.assessment), Contact()),
        sites=_sites(cameras, by_camera.values()),
        cameras=cameras,
        assessments=tuple(_assessment(one, standing, now) for one in permits),
        changes=tuple(reversed([change(index, entry) for index, entry in entries])),
        footage=tuple(
            at(one, now) for one in sorted(standing.footage.values(), key=lambda one: -one.index)
        ),
    )


def _networks(place: Place) -> tuple[RegisterNetwork, ...]:
    return tuple(
        RegisterNetwork(one.sha256, {sought.name: sought.kind for sought in one.classes})
        for one in place.view.networks
    )


def known_cameras(standing: Standing, permitted: Iterable[str] = ()) -> set[str]:
    """Ids that the register must have: registered, running or permitted.

    A camera that was removed leaves the register, unless it runs all the same.
    """
    registered = {camera for camera, known in standing.cameras.items() if not known.removed}
    removed = set(standing.cameras) - registered
    return registered | set(standing.running) | (set(permitted) - removed)


def _camera(now: Moment, camera: str, place: Place | None, seen: Observed) -> RegisterCamera:
    known = now.standing.cameras.get(camera)
    started = now.standing.running.get(camera)
    live = now.live.get(camera, ())
    main = now.by_digest.get(started.permit) if started else None
    # What runs under a permit whose document is gone is shown as running all the same.
    main = main or next(iter(live), None)
    state, reason, why = state_of(now, camera, started, live)
    assessment = main.assessment if main else None
    permit = main.permit if main else None
    where = stand(place) if place else None
    aims = _aims(assessment, permit)
    site = known.site if known else ""
    return RegisterCamera(
        id=camera,
        site=site or (place.site if place else ""),
        name=place.name if place else camera,
        state=state,
        reason=reason,
        why=why,
        longitude=where.longitude if where else None,
        latitude=where.latitude if where else None,
        height=where.height if where else None,
        direction=where.direction if where else None,
        area=where.area if where else (),
        view=where.view if where else (),
        capabilities=_capabilities(camera, live, started, assessment),
        aims=aims,
        legal_basis=assessment.legal.basis if assessment else "",
        law=assessment.legal.law if assessment else "",
        legal_text=assessment.legal.text if assessment else {},
        since=main.record.begins if main else (known.since if known else None),
        until=main.record.ends if main else None,
        hours=permit.hours if permit else (),
        timezone=permit.timezone if permit else "UTC",
        retention=permit.retention if permit else {},
        contact=_contact(assessment),
        assessment=main.record.id if main else "",
        permit=main.record.id if main else "",
        notice=assessment.notice.text if assessment else {},
        configured=place is not None,
        networks=_networks(place) if place else (),
        sealed=seen.sealed,
        connected=seen.connected,
        health=seen.health,
        uptime_today=seen.uptime_today,
        scorecards=seen.scorecards,
        simulated=bool(permit and permit.simulated),
    )


def _capabilities(
    camera: str,
    live: Sequence[Granted],
    started: Started | None,
    assessment: Assessment | None,
) -> tuple[RegisterCapability, ...]:
    """What it may do and what it does. What runs is told even where nothing permits it any more."""
    permitted = {name for one in live for name, allowed in one.allowed.items() if camera in allowed}
    running = set(started.capabilities) if started else set()
    serves = {one.name: one.aims for one in assessment.capabilities} if assessment else {}
    every = permitted | running
    ordered = [name for name in CAPABILITIES if name in every]
    return tuple(
        RegisterCapability(name, name in permitted, name in running, serves.get(name, ()))
        for name in (*ordered, *sorted(every.difference(CAPABILITIES)))
    )


def _aims(assessment: Assessment | None, permit: Permit | None) -> tuple[Aim, ...]:
    if assessment is not None:
        return tuple(Aim(aim.id, aim.text) for aim in assessment.aims)
    return tuple(Aim(aim, {}) for aim in permit.aims) if permit else ()


def _contact(assessment: Assessment | None) -> Contact:
    if assessment is None:
        return Contact()
    controller, officer = assessment.controller, assessment.privacy_officer
    return Contact(
        controller=controller.name,
        address=controller.address,
        email=controller.email,
        telephone=controller.telephone,
        website=controller.website,
        privacy_officer=officer.name,
        privacy_email=officer.email,
        complaints=assessment.complaints.text,
        complaints_to=assessment.complaints.contact,
        authority=assessment.complaints.authority,
        language=assessment.language,
        simulated=assessment.simulated,
    )


def _sites(cameras: Iterable[RegisterCamera], places: Iterable[Place]) -> tuple[RegisterSite, ...]:
    placed = {place.site: place for place in places}
    names = {camera.site for camera in cameras if camera.site}
    return tuple(
        RegisterSite(
            id=name,
            name=placed[name].site_name if name in placed else name,
            longitude=placed[name].longitude if name in placed else None,
            latitude=placed[name].latitude if name in placed else None,
            bearing=placed[name].bearing if name in placed else 0.0,
        )
        for name in sorted(names)
    )


def _assessment(one: Granted, standing: Standing, now: int) -> RegisterAssessment:
    record, assessment = one.record, one.assessment
    identifier, _, revision = record.id.rpartition("@")
    approvals = standing.approvals.get(record.assessment, ())
    return RegisterAssessment(
        id=identifier,
        revision=int(revision) if revision.isdigit() else 0,
        title=assessment.title if assessment else {},
        digest=record.assessment,
        permit=record.id,
        state=permit_state(record, now),
        begins=record.begins,
        ends=record.ends,
        approved=max((approval.t for approval in approvals), default=None),
        review=assessment.review_date.isoformat() if assessment and assessment.review_date else "",
        simulated=bool(assessment and assessment.simulated),
        document=assessment,
    )
