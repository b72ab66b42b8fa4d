"""The notice at the place itself: layer 1 of EDPB Guidelines 3/2019, paragraphs 111 to 119.

It says who is responsible, why, on what basis, how long data are kept, which rights people have,
whom to ask, what is never done, and where all the rest is (QR code and address). All of it comes
out of the register, so that a notice cannot promise what is not permitted; where nothing is, there
is none: it would say that a camera counts which does not, and not who answers for it.
"""

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

import segno

from plainview.errors import InputError
from plainview.governance.capability import RECORD, RELEASE
from plainview.governance.exports.common import camera_page, xml_text
from plainview.governance.register import Register, RegisterCamera
from plainview.governance.render.fonts import can_print, families
from plainview.governance.render.typeset import Form, breakable, typeset, typst_language
from plainview.governance.words import LANGUAGES, Words, words

Paper = Literal["a4", "a3"]
MAX_LANGUAGES: Final = 2
MAX_TEXT: Final = 300
"""Characters of one answer over all languages: the page on the web has the rest, and letters that
can be read at 2 m need the room."""

_SEPARATOR: Final = " · "
_NEVER: Final = ("not.face", "not.follow", "not.plate")


class NotPermitted(InputError):
    """There is nothing that a sign could tell of."""


def has_notice(cameras: Iterable[RegisterCamera]) -> bool:
    """Whether a permit in force names any of `cameras`: else there is no notice of them."""
    return any(camera.permit for camera in cameras)


def notice_pdf(
    register: Register,
    camera: str,
    base: str,
    languages: Sequence[str] = ("en",),
    *,
    paper: Paper = "a4",
) -> bytes:
    """The notice of one camera as a tagged PDF of one page.

    `base` is the portal's address; `languages` are one or two of `words.LANGUAGES`, and the QR code
    leads to the page in the first. On A3 every letter is 1.41 times as large.

    Raises NotPermitted where no permit in force names the camera, InputError for an unknown camera
    or language, more than two, or one that no font here can print: a sign in another language than
    the one asked for must not be put up by mistake.
    """
    return _made(register, _cameras(register, camera), base, languages, paper, "pdf")


def notice_svg(
    register: Register,
    camera: str,
    base: str,
    languages: Sequence[str] = ("en",),
    *,
    paper: Paper = "a4",
) -> str:
    """As `notice_pdf`, as an SVG whose letters are outlines: it needs no font. Same errors."""
    return _svg(register, _cameras(register, camera), base, languages, paper)


def zone_notice_pdf(
    register: Register,
    site: str,
    base: str,
    languages: Sequence[str] = ("en",),
    *,
    paper: Paper = "a4",
) -> bytes:
    """One notice for all cameras of a site. It says the most that any of them may do."""
    return _made(register, _zone(register, site), base, languages, paper, "pdf")


def zone_notice_svg(
    register: Register,
    site: str,
    base: str,
    languages: Sequence[str] = ("en",),
    *,
    paper: Paper = "a4",
) -> str:
    """As `zone_notice_pdf`, as an SVG of outlines."""
    return _svg(register, _zone(register, site), base, languages, paper)


def notice_png(
    register: Register, camera: str, base: str, languages: Sequence[str] = ("en",)
) -> bytes:
    """A preview of the A4 notice at 200 dots per inch. Same errors as `notice_pdf`."""
    return _made(register, _cameras(register, camera), base, languages, "a4", "png")


def _zone(register: Register, site: str) -> tuple[RegisterCamera, ...]:
    cameras = tuple(camera for camera in register.cameras if camera.site == site)
    if not cameras:
        raise InputError(f"the register has no site {site!r}", where="notice")
    bodies = {camera.contact.controller for camera in cameras if camera.contact.controller}
    if len(bodies) > 1:
        raise InputError(
            f"the cameras of {site} answer to {len(bodies)} bodies: {', '.join(sorted(bodies))}",
            where="notice",
            mend="Make a notice for each camera",
        )
    if not has_notice(cameras):
        raise _refused(f"a camera of {site}")
    # One that nothing permits has no contact: it must not be the one that speaks for all.
    return tuple(sorted(cameras, key=lambda one: (not one.contact.controller, not one.permit)))


def _cameras(register: Register, camera: str) -> tuple[RegisterCamera, ...]:
    found = register.camera(camera)
    if found is None:
        raise InputError(f"the register has no camera {camera!r}", where="notice")
    if not has_notice((found,)):
        raise _refused(f"camera {camera}")
    return (found,)


def _refused(what: str) -> NotPermitted:
    return NotPermitted(
        f"nothing permits {what} now: there is no notice to put up",
        where="notice",
        mend="There is one once an assessment that covers it is published and has begun",
    )


def _made(
    register: Register,
    cameras: Sequence[RegisterCamera],
    base: str,
    languages: Sequence[str],
    paper: Paper,
    form: Form,
) -> bytes:
    check_languages(languages)
    page = _page(register, cameras, base, languages[0])
    most = MAX_TEXT // len(languages)
    texts = [_text(register, cameras, words(language), most) for language in languages]
    data = {
        "paper": paper,
        "scale": 1.0 if paper == "a4" else 1.414,
        "families": families(languages),
        "title": texts[0]["title"],
        "texts": texts,
        "url": breakable(page.removeprefix("https://")),
        "qr": _qr(page),
        "simulated": register.simulated or any(camera.simulated for camera in cameras),
    }
    return typeset("notice.typ", data, form=form, t=register.t)[0]


def _svg(
    register: Register,
    cameras: Sequence[RegisterCamera],
    base: str,
    languages: Sequence[str],
    paper: Paper,
) -> str:
    svg = _made(register, cameras, base, languages, paper, "svg").decode()
    spoken = words(languages[0])
    told = [
        spoken.text("notice.term", kind=spoken.text(f"notice.{key}"), time=text)
        for key, text in _answers(cameras, spoken)
    ]
    about = "\n".join([_name(register, cameras, spoken), *told])
    return _described(svg, spoken.text("notice.title"), about, spoken.language)


def check_languages(languages: Sequence[str]) -> None:
    """Raise InputError unless a notice can be printed in `languages`."""
    if not 1 <= len(languages) <= MAX_LANGUAGES or len(set(languages)) != len(languages):
        raise InputError("a notice is in one or two languages", where="notice")
    for language in languages:
        if language not in LANGUAGES:
            raise InputError(
                f"there are no words in {language[:40]!r}",
                where="notice",
                mend=f"The languages are {', '.join(LANGUAGES)}",
            )
        if not can_print(language):
            raise InputError(
                f"no font here has the letters of {words(language).text(f'language.{language}')}",
                where="notice",
                mend="Build the console, which brings Noto Sans TC, or install a Noto CJK font",
            )


def _page(register: Register, cameras: Sequence[RegisterCamera], base: str, language: str) -> str:
    if len(cameras) == 1:
        return camera_page(base, cameras[0].id, language)
    site = register.site(cameras[0].site)
    named = site.id if site else ""
    return camera_page(base, named, language).replace("/cameras/", "/sites/")


def _qr(page: str) -> str:
    """A QR code of `page` as SVG, with the quiet zone of four modules that ISO 18004 asks for."""
    buffer = io.BytesIO()
    segno.make(page, error="q", micro=False).save(buffer, kind="svg", border=4, xmldecl=False)
    return buffer.getvalue().decode()


def _text(
    register: Register, cameras: Sequence[RegisterCamera], spoken: Words, most: int
) -> dict[str, Any]:
    """All that the notice says in one language; no answer is longer than `most` characters."""
    one = cameras[0]
    single = len(cameras) == 1
    zone = "" if single else ".zone"
    records = may_record(cameras)
    # What is recorded is kept as the camera sends it, so nothing is promised about sound then.
    never = [*_NEVER, *([] if records else ["not.sound", "not.record"])]
    permit = (
        spoken.text("notice.permit", permit=one.permit, until=spoken.day(one.until, one.timezone))
        if one.until is not None
        else ""
    )
    return {
        **typst_language(spoken.language),
        "title": spoken.text("notice.title"),
        "statement": spoken.text(f"notice.measures{zone}"),
        "never": [spoken.text(f"notice.{key}") for key in never],
        "recorded": spoken.text("notice.record.sealed") if records else "",
        "answers": [
            {
                "label": spoken.text(f"notice.{key}"),
                "text": breakable(clipped(_tied(text) if key == "kept" else text, most)),
            }
            for key, text in _answers(cameras, spoken)
        ],
        "more": spoken.text(f"notice.more{zone}"),
        "scan": spoken.text("notice.scan"),
        "name": _name(register, cameras, spoken),
        "permit": _tied(permit),
        "demonstration": spoken.text("notice.demonstration"),
    }


def _name(register: Register, cameras: Sequence[RegisterCamera], spoken: Words) -> str:
    """What the notice is for: a camera, or the place of several."""
    one = cameras[0]
    if len(cameras) == 1:
        return spoken.text("notice.camera", name=one.name)
    site = register.site(one.site)
    return site.name if site else one.site


def may_record(cameras: Sequence[RegisterCamera]) -> bool:
    """Whether pictures of people may be kept by any of `cameras`."""
    return any(
        one.name in {RECORD, RELEASE} and (one.permitted or one.running)
        for camera in cameras
        for one in camera.capabilities
    )


def _answers(cameras: Sequence[RegisterCamera], spoken: Words) -> list[tuple[str, str]]:
    """(key of the label, text): what paragraph 114 ff. ask for, in the order people ask it."""
    contact = cameras[0].contact
    who = ", ".join(part for part in (contact.controller, contact.address) if part)
    ask = [contact.privacy_officer, contact.privacy_email or contact.email, contact.telephone]
    if contact.simulated:
        who, ask = spoken.text("contact.demonstration"), []
    aims = dict.fromkeys(spoken.said(a.text).text or a.id for c in cameras for a in c.aims)
    does = dict.fromkeys(one.name for camera in cameras for one in camera.capabilities)
    keys = dict.fromkeys(f"basis.{camera.legal_basis}" for camera in cameras)
    bases = [spoken.text(key) for key in keys if spoken.has(key)]
    laws = dict.fromkeys(c.law for c in cameras if c.law and not c.simulated)
    answers = [
        ("who", who),
        ("why", _SEPARATOR.join(aims)),
        ("what", _SEPARATOR.join(spoken.capability(name) for name in does)),
        ("basis", ", ".join([*bases, *laws])),
        ("kept", _kept(cameras, spoken)),
        ("rights", spoken.text("notice.rights.text")),
        ("ask", ", ".join(part for part in ask if part)),
    ]
    return [(key, text) for key, text in answers if text]


def _kept(cameras: Sequence[RegisterCamera], spoken: Words) -> str:
    """The longest term of each kind of data that is kept."""
    terms: dict[str, float] = {}
    for camera in cameras:
        for kind, seconds in camera.retention.items():
            terms[kind] = max(terms.get(kind, 0.0), seconds)
    # The names behind the access log are those of staff: the page has that term, the sign does not.
    terms.pop("access", None)
    if not may_record(cameras):
        terms.pop("footage", None)
    return _SEPARATOR.join(
        spoken.text(
            "notice.term", kind=spoken.text(f"retention.{kind}"), time=spoken.duration(seconds)
        )
        for kind, seconds in terms.items()
        if seconds > 0 and spoken.has(f"retention.{kind}")
    )


def _tied(text: str) -> str:
    """`text` whose numbers keep to the line of what they are of ("7 days"), as a point does."""
    return re.sub(r"(?<=\d) (?=[^\W\d])|(?<=\d\.) | (?=\d{4}$)| (?=·)", "\u00a0", text)


def clipped(text: str, most: int) -> str:
    """`text` on one line, at most `most` characters, with a sign that there is more."""
    # Blanks at which no line may end stay what they are.
    line = re.sub(r"[^\S\u00a0\u202f]+", " ", text).strip()
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _described(svg: str, title: str, about: str, language: str) -> str:
    """`svg` with a title and a description that are read aloud: its letters are only outlines."""
    start = svg.index("<svg")
    end = svg.index(">", start)
    head = f'{svg[start:end]} role="img" lang="{language}" aria-labelledby="title about">'
    spoken = escape(xml_text(about))
    said = f'<title id="title">{escape(title)}</title><desc id="about">{spoken}</desc>'
    return svg[:start] + head + said + svg[end + 1 :]
