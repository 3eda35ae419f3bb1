"""Sealing: what PDF/A-3u asks of a whole file, and what is said when it cannot be had."""

import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from publisher.render.archive import seal, written
from publisher.render.pdf import print_pdf
from publisher.render.templates import STATIC
from publisher.render.xmp import About

ABOUT = About(
    title="Sirocco & friends, No 12 <week>",
    language="en",
    date=date(2026, 11, 21),
    authors=("Sirocco",),
    description="The rivers\x00 under the sand",
    keywords=("Sirocco", "2026-W47"),
)
FONT = (STATIC / "fonts/serif-regular.ttf").as_uri()
PAGE = f"""<!doctype html><html lang="en"><head><title>T</title><style>
@font-face {{ font-family: "Publisher Serif"; src: url({FONT}); }}
html {{ font: 10pt "Publisher Serif" }} .faint {{ color: rgba(10, 20, 30, 0.5) }}
</style></head><body><section id="one"><h1>Title</h1><p>Text <a href="https://a.example/">link</a>
<span class="faint">faint</span></p><table><tr><th>A</th></tr><tr><td>1</td></tr></table>
</section></body></html>"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A tagged page with a link, a table and something see-through, as the engine prints it."""
    folder = tmp_path_factory.mktemp("page")
    return print_pdf(PAGE, base=folder, roots=[folder, STATIC]).data


@pytest.fixture
def pdf(page: bytes) -> Iterator[pikepdf.Pdf]:
    """The page, not sealed yet."""
    with pikepdf.open(io.BytesIO(page)) as opened:
        yield opened


def faults(pdf: pikepdf.Pdf) -> list[str]:
    """What ISO 19005-3, as far as a walk over the objects can tell, forbids or misses here.

    There is no independent checker of PDF/A-3 to be had as a package; this one goes by the
    clauses and shares no code with what it checks.
    """
    found = []
    with pdf.open_metadata() as metadata:
        if metadata.pdfa_status != "3U":
            found.append("6.6.4 identification")
        if metadata.get("pdfuaid:part") != "1":
            found.append("14289-1, 5 identification")
    packet = pdf.Root.Metadata.read_bytes()
    if b"http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>" not in packet:
        found.append("6.6.2.3 extension schema")
    if "/Filter" in pdf.Root.Metadata:
        found.append("metadata should be plain")
    intents = [one for one in pdf.Root.get("/OutputIntents", []) if one.S == "/GTS_PDFA1"]
    if len(intents) != 1 or intents[0].DestOutputProfile.read_bytes()[36:40] != b"acsp":
        found.append("6.2.3 output intent")
    if len(pdf.trailer.get("/ID", [])) != 2 or pdf.is_encrypted:
        found.append("6.1.3 trailer")
    if "/AA" in pdf.Root or "/JavaScript" in pdf.Root.get("/Names", {}):
        found.append("6.5 actions")
    for item in pdf.objects:
        if isinstance(item, Dictionary | pikepdf.Stream):
            found += _faults_of(item)
    return found


def _faults_of(item: Any) -> Iterator[str]:
    kind, subtype = item.get("/Type"), item.get("/Subtype")
    if subtype == "/Image" and (item.get("/Interpolate") or "/Alternates" in item):
        yield "6.2.8 image"
    if kind == "/Annot" and (int(item.get("/F", 0)) & 4 == 0 or int(item.F) & (1 | 2 | 32)):
        yield "6.3.2 annotation flags"
    if kind == "/FontDescriptor" and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(
        item.keys()
    ):
        yield "6.2.11.4 font embedding"
    if kind == "/FontDescriptor" and "/CIDSet" in item:
        yield "6.2.11.4.2 CIDSet"
    if kind == "/Font" and subtype == "/Type0":
        if "/ToUnicode" not in item:
            yield "6.2.11.7.2 Unicode"
        elif re.search(rb"> <(0000|feff|fffe)?>", item.ToUnicode.read_bytes()):
            yield "6.2.11.7.2 Unicode values"
    if kind == "/Filespec" and not ({"/AFRelationship", "/F", "/UF"} <= set(item.keys())):
        yield "6.8 embedded file"
    for state in item.get("/ExtGState", {}).values() if kind is None or kind == "/Page" else ():
        if isinstance(state, Dictionary) and "/TR" in state:
            yield "6.2.5 transfer function"


def sealed(pdf: pikepdf.Pdf, about: About = ABOUT) -> pikepdf.Pdf:
    """Seal, save and open again."""
    assert seal(pdf, about) == []
    return pikepdf.open(io.BytesIO(written(pdf)))


def test_a_page_is_no_archive_until_it_is_sealed(pdf: pikepdf.Pdf) -> None:
    assert "6.6.4 identification" in faults(pdf)
    assert "6.2.3 output intent" in faults(pdf)
    assert faults(sealed(pdf)) == []


def test_a_sealed_file_is_sound_and_says_its_version(pdf: pikepdf.Pdf) -> None:
    seal(pdf, ABOUT)
    data = written(pdf)
    assert data.startswith(b"%PDF-1.7\n%")
    assert all(byte > 127 for byte in data[10:14])
    assert pikepdf.open(io.BytesIO(data)).check_pdf_syntax() == []


def test_both_descriptions_say_the_same(pdf: pikepdf.Pdf) -> None:
    done = sealed(pdf)
    assert str(done.docinfo.CreationDate) == "D:20261121000000+00'00'"
    with done.open_metadata() as metadata:
        assert metadata["dc:title"] == str(done.docinfo.Title) == ABOUT.title
        assert metadata["dc:creator"] == [str(done.docinfo.Author)]
        assert metadata["pdf:Keywords"] == str(done.docinfo.Keywords)
        assert metadata["pdf:Producer"] == str(done.docinfo.Producer)
        assert metadata["dc:language"] == {"en"}
        assert metadata["xmp:CreateDate"].startswith("2026-11-21")


def test_characters_no_xml_can_hold_are_left_out(pdf: pikepdf.Pdf) -> None:
    with sealed(pdf).open_metadata() as metadata:
        assert metadata["dc:description"] == "The rivers under the sand"


def test_the_same_pages_make_the_same_bytes(page: bytes) -> None:
    def once() -> bytes:
        with pikepdf.open(io.BytesIO(page)) as pdf:
            seal(pdf, ABOUT)
            return written(pdf)

    assert once() == once()


def test_sealing_twice_changes_nothing(pdf: pikepdf.Pdf) -> None:
    seal(pdf, ABOUT)
    first = written(pdf)
    with pikepdf.open(io.BytesIO(first)) as again:
        assert seal(again, ABOUT) == []
        assert faults(again) == []
        assert str(again.docinfo.Title) == ABOUT.title


def test_readers_show_its_title_and_turn_its_pages_the_right_way(pdf: pikepdf.Pdf) -> None:
    arabic = About(title="سيروكو", language="ar", date=date(2026, 11, 21), from_right=True)
    done = sealed(pdf, arabic)
    assert done.Root.ViewerPreferences.DisplayDocTitle
    assert done.Root.ViewerPreferences.Direction == "/R2L"
    assert done.Root.Lang == "ar"
    assert done.docinfo.Title == "سيروكو"


def test_what_is_see_through_is_blended_in_a_named_space(pdf: pikepdf.Pdf) -> None:
    done = sealed(pdf)
    assert done.pages[0].obj.Group.CS == "/DeviceRGB"


def test_elements_with_an_id_are_found_by_it(pdf: pikepdf.Pdf) -> None:
    done = sealed(pdf)
    leaf = done.Root.StructTreeRoot.IDTree.Kids[0]
    assert [str(one) for one in list(leaf.Names)[::2]] == ["one-th-1"]
    assert list(leaf.Names)[1].S == "/TH"


def hidden_link(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Annots[0].F = 2


def script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([])))
    pdf.Root.AA = Dictionary()


def smoothed_picture(pdf: pikepdf.Pdf) -> None:
    image = pdf.make_stream(
        b"\x00\x00\x00", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1
    )
    image.ColorSpace, image.BitsPerComponent, image.Interpolate = Name.DeviceRGB, 8, True
    pdf.pages[0].obj.Resources.XObject.Im0 = image


def wrong_cidset(pdf: pikepdf.Pdf) -> None:
    for item in pdf.objects:
        if isinstance(item, Dictionary) and item.get("/Type") == "/FontDescriptor":
            item.CIDSet = pdf.make_stream(b"\x80")


def transfer_function(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Resources.ExtGState.T = Dictionary(Type=Name.ExtGState, TR=Name.Identity)


def nameless_file(pdf: pikepdf.Pdf) -> None:
    stream = pdf.make_stream(b"text", Type=Name.EmbeddedFile)
    file = pdf.make_indirect(
        Dictionary(Type=Name.Filespec, F=String("a.md"), EF=Dictionary(F=stream))
    )
    names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String("a.md"), file])))
    pdf.Root.Names = names


@pytest.mark.parametrize(
    "spoil",
    [hidden_link, script, smoothed_picture, wrong_cidset, transfer_function, nameless_file],
)
def test_what_archives_forbid_is_mended(
    spoil: Callable[[pikepdf.Pdf], None], pdf: pikepdf.Pdf
) -> None:
    before = set(faults(pdf))
    spoil(pdf)
    assert set(faults(pdf)) - before, "the fault is not one the walk can see"
    assert faults(sealed(pdf)) == []


def naked_font(pdf: pikepdf.Pdf) -> None:
    for item in pdf.objects:
        if isinstance(item, Dictionary) and item.get("/Type") == "/FontDescriptor":
            del item["/FontFile2"]


def mute_font(pdf: pikepdf.Pdf) -> None:
    for item in pdf.objects:
        if isinstance(item, Dictionary) and item.get("/Subtype") == "/Type0":
            del item["/ToUnicode"]


def inked_picture(pdf: pikepdf.Pdf) -> None:
    smoothed_picture(pdf)
    pdf.pages[0].obj.Resources.XObject.Im0.ColorSpace = Name.DeviceCMYK


def launching_link(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Annots[0].A = Dictionary(S=Name.Launch)


def silent_link(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[0].obj.Annots[0]["/Contents"]


def no_tags(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/StructTreeRoot"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (naked_font, "is not embedded"),
        (mute_font, "does not say which letters"),
        (inked_picture, "printing inks"),
        (launching_link, "Launch"),
        (silent_link, "does not say where it leads"),
        (no_tags, "has no tags"),
    ],
)
def test_what_cannot_be_mended_is_told(
    spoil: Callable[[pikepdf.Pdf], None], said: str, pdf: pikepdf.Pdf
) -> None:
    spoil(pdf)
    remarks = seal(pdf, ABOUT)
    assert remarks
    assert all(said in remark for remark in remarks)


def test_the_profile_is_the_consortium_s_own() -> None:
    folder = Path(seal.__code__.co_filename).parent / "data"
    assert "copied, distributed, embedded" in " ".join((folder / "README.md").read_text().split())
    assert (folder / "sRGB2014.icc").stat().st_size == 3024
