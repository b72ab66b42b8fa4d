import re
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest
from msgspec import structs

from plainview.errors import InputError
from plainview.governance.register import Aim, Contact, Register, RegisterCapability
from plainview.governance.render import fonts, notice
from plainview.governance.render.notice import (
    MAX_TEXT,
    NotPermitted,
    check_languages,
    clipped,
    notice_pdf,
    notice_png,
    notice_svg,
    zone_notice_pdf,
    zone_notice_svg,
)
from plainview.governance.words import LANGUAGES, load, words

BASE = "https://cameras.sampleton.example"
CAMERA = "plaza-north"
A4 = (595.276, 841.89)
A3 = (841.89, 1190.551)


@pytest.fixture
def both() -> tuple[str, str]:
    """Two languages, Chinese among them where there are letters for it."""
    return ("en", "fr") if fonts.have_none() else ("zh-Hant", "en")


def picture(png: bytes) -> np.ndarray:
    """The pixels of a PNG."""
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return found


def test_the_code_leads_to_the_cameras_own_page(published: Register, both: tuple[str, str]) -> None:
    """Read with an independent reader from the printed picture, in the first language."""
    png = notice_png(published, CAMERA, BASE, both)
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(picture(png))
    assert text == f"{BASE}/portal/{both[0]}/cameras/{CAMERA}"


@pytest.mark.parametrize(("paper", "size"), [("a4", A4), ("a3", A3)])
def test_it_is_one_tagged_page(
    published: Register, paper: notice.Paper, size: tuple[float, float]
) -> None:
    """However much was written, it is one page of the paper asked for, and PDF/UA."""
    aims = (Aim("a", {"en": "See early when the plaza fills up. " * 60}),)
    cameras = tuple(structs.replace(camera, aims=aims) for camera in published.cameras)
    for register in (published, structs.replace(published, cameras=cameras)):
        pdf = notice_pdf(register, CAMERA, BASE, ("en",), paper=paper)
        assert re.search(rb"/Count 1\b", pdf)
        box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
        assert box
        assert (float(box[1]), float(box[2])) == pytest.approx(size, abs=0.01)
        assert b"pdfuaid" in pdf
        assert pdf == notice_pdf(register, CAMERA, BASE, ("en",), paper=paper)


def test_layer_one_is_complete(published: Register) -> None:
    """What paragraphs 114 to 118 ask for is on it: who, why, rights, contact, term, the rest."""
    svg = notice_svg(published, CAMERA, BASE)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    about = root.findtext("{http://www.w3.org/2000/svg}desc") or ""
    for said in (
        "Camera Plaza north",
        "Who is responsible: City of Sampleton, 1 Plaza",
        "Why: See when it gets too full.",
        "What it does: Counting people · Density and movement",
        "Legal basis: A task in the public interest, Cap. 172, s. 3",
        "Measurements as they come: 1 day · Sums by minute: 31 days",
        "Your rights: You may ask what is held",
        "Office of Privacy, privacy@city.example",
    ):
        assert said in about


def test_no_line_ends_between_a_number_and_what_it_is_of(published: Register) -> None:
    """A span and its unit, a day and its month, in each language."""
    camera = published.camera(CAMERA)
    assert camera is not None
    for language in LANGUAGES:
        told = notice._text(published, [camera], words(language), MAX_TEXT)
        (kept,) = (
            one["text"] for one in told["answers"]
            if one["label"] == words(language).text("notice.kept")
        )  # fmt: skip
        assert not re.search(r"\d [^\W\d]| ·", kept), kept
        assert not re.search(r"\d\.? [^\W\d]|\w \d{4}$", told["permit"]), told["permit"]


def test_the_svg_needs_no_font_and_no_other_file(published: Register) -> None:
    """Letters are outlines; nothing is fetched or runs; it has a name for those who listen."""
    svg = notice_svg(published, CAMERA, BASE)
    root = ET.fromstring(svg)  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert root.get("lang") == "en"
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Camera area"
    names = {element.tag.partition("}")[2] for element in root.iter()}
    assert not names & {"script", "text", "foreignObject", "style", "a"}
    for element in root.iter():
        for name, value in element.attrib.items():
            if name.endswith("href"):
                assert value.startswith(("#", "data:image/"))


def test_nothing_is_promised_that_is_not_so(published: Register) -> None:
    """Where footage may be kept, the notice says so, and promises nothing about sound."""
    camera = published.camera(CAMERA)
    assert camera is not None
    recording = RegisterCapability("record", permitted=True, running=False)
    kept = structs.replace(
        camera,
        capabilities=(*camera.capabilities, recording),
        retention={**camera.retention, "footage": 72 * 3600.0},
    )
    plain = notice._text(published, [camera], words("en"), MAX_TEXT)
    sealed = notice._text(published, [kept], words("en"), MAX_TEXT)
    assert "No pictures of people kept" in plain["never"]
    assert plain["recorded"] == ""
    assert "No pictures of people kept" not in sealed["never"]
    assert "No sound" not in sealed["never"]
    assert sealed["recorded"].startswith("Footage is kept sealed")
    assert "Sealed recordings: 3\\xa0days" in str(sealed["answers"])
    assert "Sealed recordings" not in str(plain["answers"])


def test_without_a_permit_there_is_no_notice(published: Register) -> None:
    """It would say that the camera counts, and not who answers for it; a site's other speaks."""
    assert published.camera("old") is not None
    for make in (notice_pdf, notice_svg, notice_png):
        with pytest.raises(NotPermitted, match="nothing permits camera old now"):
            make(published, "old", BASE)
    with pytest.raises(NotPermitted, match="nothing permits a camera of pier now"):
        zone_notice_pdf(published, "pier", BASE)
    north, south = (camera for camera in published.cameras if camera.site == "plaza")
    silent = structs.replace(north, contact=Contact(), permit="", until=None)
    register = structs.replace(published, cameras=(silent, south))
    assert zone_notice_pdf(register, "plaza", BASE).startswith(b"%PDF")


def test_a_zone_says_the_most_that_any_camera_may_do(published: Register) -> None:
    """One notice for a site: longest term, every capability, and the way to the site's page."""
    cameras = [camera for camera in published.cameras if camera.site == "plaza"]
    longer = structs.replace(
        cameras[1],
        retention={"readings": 7 * 86_400.0},
        capabilities=(RegisterCapability("events:fire", permitted=True, running=False),),
    )
    told = notice._text(published, [cameras[0], longer], words("en"), MAX_TEXT)
    assert told["statement"].startswith("The cameras here")
    assert told["name"] == "The Plaza"
    assert "Measurements as they come: 7\\xa0days" in str(told["answers"])
    assert "Alert: fire" in str(told["answers"])
    assert notice._page(published, cameras, BASE, "en") == f"{BASE}/portal/en/sites/plaza"
    assert zone_notice_pdf(published, "plaza", BASE).startswith(b"%PDF")
    root = ET.fromstring(zone_notice_svg(published, "plaza", BASE))  # noqa: S314 - our own
    about = root.findtext("{http://www.w3.org/2000/svg}desc") or ""
    assert about.startswith("The Plaza\nWho is responsible:")
    for make in (zone_notice_pdf, zone_notice_svg):
        with pytest.raises(InputError, match="no site 'nowhere'"):
            make(published, "nowhere", BASE)


def test_a_zone_speaks_for_one_body_only(published: Register) -> None:
    """Cameras of two bodies get two notices; one that nothing permits speaks for no other."""
    north, south = (camera for camera in published.cameras if camera.site == "plaza")
    other = structs.replace(south, contact=structs.replace(south.contact, controller="A shop"))
    with pytest.raises(InputError, match="answer to 2 bodies"):
        zone_notice_pdf(structs.replace(published, cameras=(north, other)), "plaza", BASE)
    silent = structs.replace(north, contact=Contact(), permit="", until=None)
    register = structs.replace(published, cameras=(silent, south))
    told = notice._text(register, notice._zone(register, "plaza"), words("en"), MAX_TEXT)
    assert told["permit"].startswith("Permit plaza@2")
    assert "City of Sampleton" in str(told["answers"])


def test_a_demonstration_cannot_be_taken_for_real(published: Register) -> None:
    """The printed page of a demonstration is another one, with its orange band."""
    cameras = tuple(structs.replace(camera, simulated=True) for camera in published.cameras)
    real = picture(notice_png(published, CAMERA, BASE))
    shown = picture(notice_png(structs.replace(published, cameras=cameras), CAMERA, BASE))
    orange = np.array([0, 0xB0, 0xFF])

    def share(pixels: np.ndarray) -> float:
        return float(np.mean(np.all(np.abs(pixels.astype(int) - orange) < 12, axis=-1)))

    assert share(real) == 0
    assert share(shown) > 0.02


def test_a_demonstration_names_nobody_to_write_to(published: Register) -> None:
    """Nobody answers for it, and its notice says so in the reader's language."""
    north = published.cameras[1]
    contact = structs.replace(north.contact, simulated=True)
    cameras = (structs.replace(north, contact=contact, simulated=True),)
    told = dict(notice._answers(cameras, words("fr")))
    assert told["who"].startswith("Ceci est une démonstration")
    assert "ask" not in told
    assert "ask" in dict(notice._answers((north,), words("fr")))


@pytest.mark.parametrize(
    ("camera", "languages", "said"),
    [
        ("nowhere", ("en",), "no camera 'nowhere'"),
        (CAMERA, (), "one or two languages"),
        (CAMERA, ("en", "fr", "de"), "one or two languages"),
        (CAMERA, ("en", "en"), "one or two languages"),
        (CAMERA, ("tlh",), "no words in 'tlh'"),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(
    published: Register, camera: str, languages: tuple[str, ...], said: str
) -> None:
    """An unknown camera or language is one clear line."""
    with pytest.raises(InputError, match=said):
        notice_pdf(published, camera, BASE, languages)


def test_a_sign_is_never_made_in_another_language_than_the_one_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a font for it, there is no sign, and a sentence on how to get the font."""
    monkeypatch.setattr(fonts, "have_none", lambda: True)
    with pytest.raises(InputError, match="no font here") as refused:
        check_languages(["zh-Hant"])
    assert "Noto" in refused.value.mend
    check_languages(["en", "fr"])


def test_hostile_texts_stay_texts(published: Register) -> None:
    """Names with markup of any kind are drawn as they are, and the SVG stays well formed."""
    text = '<script>#panic("x")</script> & \x00\x1b ]]> {} "\'\u202e'
    camera = published.camera(CAMERA)
    assert camera is not None
    contact = structs.replace(camera.contact, controller=text)
    odd = structs.replace(camera, name=text, contact=contact, aims=(Aim("a", {"en": text}),))
    register = structs.replace(published, cameras=(odd,), name=text)
    assert notice_pdf(register, CAMERA, BASE).startswith(b"%PDF")
    root = ET.fromstring(notice_svg(register, CAMERA, BASE))  # noqa: S314 - our own
    assert '<script>#panic("x")</script>' in (
        root.findtext("{http://www.w3.org/2000/svg}desc") or ""
    )


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "zh-Hant"])
def test_no_label_is_wider_than_its_column(language: str) -> None:
    """A long word has a place to break (Chinese, anywhere): one lay over the address beside it."""
    labels = [forms[0] for key, forms in load(language).texts.items() if key.startswith("notice.")]
    words_of = [word for label in labels for word in re.split(r"[\s\u00ad-]", label)]
    assert max(len(word) for word in words_of if "{" not in word) <= 20


def test_a_long_answer_is_cut_and_shows_it() -> None:
    """The page has the rest; the sign stays readable."""
    assert clipped("a b\n c", 20) == "a b c"
    assert clipped("trop\u00a0: 1\u202f000", 20) == "trop\u00a0: 1\u202f000"
    assert clipped("x" * 30, 20) == "x" * 19 + "…"


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance of `#rrggbb`."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_pair_of_colours_has_the_contrast_of_level_aaa() -> None:
    """7:1 for text (WCAG 2.2, 1.4.6), on black, white, the grey foot and the orange band."""
    ink, white = "#0b0d10", "#ffffff"
    for first, second in ((ink, white), (ink, "#eceef2"), (ink, "#ffb000"), ("#b00020", white)):
        lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 7
    template = (notice.__file__ or "").replace("notice.py", "templates/notice.typ")
    with open(template, encoding="utf-8") as file:  # noqa: PTH123 - beside the module
        used = set(re.findall(r"#[0-9a-f]{6}", file.read()))
    assert used == {ink, white, "#eceef2", "#ffb000", "#b00020", "#767b85"}
