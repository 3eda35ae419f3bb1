"""Seals a finished PDF: PDF/A-3u (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) together.

What belongs to pages and tags, `finish` did while each part was written; here is what is
asked of the whole file. What cannot be mended is told, never hidden.
"""

import io
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from publisher.render.xmp import CREATOR, About, packet

_PROFILE = Path(__file__).parent / "data" / "sRGB2014.icc"
_PRINT = 4  #: annotation flag; ISO 32000-1, table 165
#: what an annotation may not be: invisible, hidden, never seen, seen only under the pointer
_UNSEEN = 1 | 2 | 32 | 256
_ACTIONS = ("/GoTo", "/GoToR", "/GoToE", "/URI", "/Named")
_STANDARD_14 = frozenset({"Courier", "Helvetica", "Times", "Symbol", "ZapfDingbats"})


def seal(pdf: pikepdf.Pdf, about: About) -> list[str]:
    """Make a PDF conform to PDF/A-3u and PDF/UA-1; return what stands in the way, if anything.

    Changes `pdf` in place, the same way every time; save it with `written`. Fonts, tags and
    alternative texts must be there already: they are checked, not made.
    """
    remarks: dict[str, None] = {}
    _say_what_it_is(pdf, about)
    _colours(pdf)
    _catalogue(pdf, about)
    _index_elements(pdf)
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
            _mend(item)
            remarks |= dict.fromkeys(_complaints(item))
    for page in pdf.pages:
        _page(page.obj)
    remarks |= dict.fromkeys(_missing(pdf))
    return list(remarks)


def written(pdf: pikepdf.Pdf) -> bytes:
    """Return a sealed PDF's bytes: PDF 1.7, unencrypted, its id made from its content."""
    out = io.BytesIO()
    pdf.save(
        out,
        force_version="1.7",
        deterministic_id=True,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        encryption=False,
    )
    return out.getvalue()


def _say_what_it_is(pdf: pikepdf.Pdf, about: About) -> None:
    """Write XMP and the old information dictionary, which must say the same (6.6.2)."""
    producer = str(pdf.docinfo.get("/Producer", CREATOR))
    day = String(f"D:{about.date:%Y%m%d}000000+00'00'")
    said = {
        "/Title": about.title,
        "/Author": ", ".join(about.authors),
        "/Subject": about.description,
        "/Keywords": ", ".join(about.keywords),
        "/Creator": CREATOR,
        "/Producer": producer,
    }
    for key in list(pdf.docinfo.keys()):
        del pdf.docinfo[key]
    for key, text in said.items():
        if text:
            pdf.docinfo[key] = String(text)
    pdf.docinfo["/CreationDate"] = pdf.docinfo["/ModDate"] = day
    xmp = packet(about, producer=producer, identity=_identity(pdf, about))
    stream = pdf.make_stream(xmp, Type=Name.Metadata, Subtype=Name.XML)
    pdf.Root.Metadata = stream


def _identity(pdf: pikepdf.Pdf, about: About) -> bytes:
    digest = sha256(repr(about).encode())
    for page in pdf.pages:
        digest.update(_painted(page.obj))
    return digest.digest()


@cache
def _profile() -> bytes:
    return _PROFILE.read_bytes()


def _colours(pdf: pikepdf.Pdf) -> None:
    """Say by which profile the file's RGB is meant: sRGB (6.2.3)."""
    profile = pdf.make_stream(_profile(), N=3, Alternate=Name.DeviceRGB)
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB IEC61966-2.1"),
        RegistryName=String("http://www.color.org"),
        Info=String("sRGB IEC61966-2.1"),
        DestOutputProfile=profile,
    )
    pdf.Root.OutputIntents = Array([pdf.make_indirect(intent)])


def _catalogue(pdf: pikepdf.Pdf, about: About) -> None:
    root = pdf.Root
    root.Lang = String(about.language)
    root.MarkInfo = Dictionary(Marked=True)
    root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    if about.from_right:
        root.ViewerPreferences.Direction = Name.R2L
    for forbidden in ("/AA", "/NeedsRendering", "/Requirements", "/Perms", "/Legal"):
        if forbidden in root:
            del root[forbidden]
    opening = root.get("/OpenAction")
    if isinstance(opening, Dictionary) and opening.get("/S") not in _ACTIONS:
        del root.OpenAction
    names = root.get("/Names")
    if names is not None:
        for forbidden in ("/JavaScript", "/AlternatePresentations"):
            if forbidden in names:
                del names[forbidden]
    files = list(_attached(names))
    for file in files:
        _describe_file(file)
    if files:
        root.AF = Array(files)


def _index_elements(pdf: pikepdf.Pdf) -> None:
    """List the elements that have an id (notes, table heads) so that readers find them."""
    if "/StructTreeRoot" not in pdf.Root:
        return
    known: dict[bytes, Any] = {}
    waiting: list[Any] = [pdf.Root.StructTreeRoot]
    while waiting:
        element = waiting.pop()
        if "/ID" in element:
            known[bytes(element.ID)] = element
        kids = element.get("/K", [])
        kids = list(kids) if isinstance(kids, Array) else [kids]
        waiting += [kid for kid in kids if isinstance(kid, Dictionary) and "/S" in kid]
    if known:
        pairs = [part for key in sorted(known) for part in (String(key), known[key])]
        root = pdf.Root.StructTreeRoot
        limits = Array([String(min(known)), String(max(known))])
        leaf = pdf.make_indirect(Dictionary(Names=Array(pairs), Limits=limits))
        root.IDTree = Dictionary(Kids=Array([leaf]))


def _attached(names: Any) -> Iterator[Any]:
    """Yield the file specifications of the attachments' name tree."""
    nodes = [names["/EmbeddedFiles"]] if names is not None and "/EmbeddedFiles" in names else []
    while nodes:
        node = nodes.pop()
        yield from list(node.get("/Names", []))[1::2]
        nodes += list(node.get("/Kids", []))


def _describe_file(file: Any) -> None:
    """Let an attachment say what it is to the document (6.8) and to readers (14289-1, 7.11)."""
    name = str(file.get("/UF", file.get("/F", "attachment")))
    file.F = file.UF = String(name)
    if not str(file.get("/Desc", "")).strip():
        file.Desc = String(name)
    if "/AFRelationship" not in file:
        file.AFRelationship = Name.Unspecified
    stream = file.EF.F
    if "/Subtype" not in stream:
        stream.Subtype = Name("/application/octet-stream")


def _mend(item: Any) -> None:
    """Take from an object what PDF/A forbids and readers do not miss."""
    kind, subtype = item.get("/Type"), item.get("/Subtype")
    if subtype == "/Image":
        for key in ("/Interpolate", "/Alternates", "/OPI"):  # 6.2.8
            if key in item:
                del item[key]
    elif subtype == "/Form":
        for key in ("/OPI", "/PS", "/Subtype2", "/Ref"):  # 6.2.9
            if key in item:
                del item[key]
    elif kind == "/Annot":
        item.F = (int(item.get("/F", 0)) | _PRINT) & ~_UNSEEN  # 6.3.2
        for key in ("/AA", "/CA", "/IC") if subtype == "/Link" else ("/AA",):
            if key in item:
                del item[key]
    elif kind == "/FontDescriptor" and "/CIDSet" in item:
        del item["/CIDSet"]  # 6.2.11.4.2: right or not there; nobody needs it
    elif kind == "/ExtGState" or ("/SMask" in item and "/BM" in item):
        _mend_state(item)


def _mend_state(state: Any) -> None:
    for key in ("/TR", "/TR2", "/HTP", "/HTO"):  # 6.2.5
        if key in state and not (key == "/TR2" and state[key] == "/Default"):
            del state[key]


def _page(page: Any) -> None:
    """Say in which order the tab key goes, and in which colours what is see-through is blended."""
    page.Tabs = Name.S  # ISO 14289-1, 7.18.3
    if "/AA" in page:
        del page["/AA"]
    states = page.get("/Resources", Dictionary()).get("/ExtGState", Dictionary())
    for state in states.values():
        _mend_state(state)
    faint = [str(name).encode() for name, state in states.items() if _see_through(state)]
    if faint and any(name + b" gs" in _painted(page) for name in faint):
        page.Group = Dictionary(Type=Name.Group, S=Name.Transparency, CS=Name.DeviceRGB)


def _painted(page: Any) -> bytes:
    contents = page.get("/Contents")
    streams = contents if isinstance(contents, Array) else [contents]
    return b"\n".join(one.read_bytes() for one in streams if isinstance(one, pikepdf.Stream))


def _see_through(state: Any) -> bool:
    faint = any(float(state.get(key, 1)) < 1 for key in ("/ca", "/CA"))
    return faint or isinstance(state.get("/SMask"), Dictionary)


def _complaints(item: Any) -> Iterator[str]:
    """Yield what is wrong with an object and cannot be mended here."""
    kind, subtype = item.get("/Type"), item.get("/Subtype")
    if kind == "/FontDescriptor":
        if not any(key in item for key in ("/FontFile", "/FontFile2", "/FontFile3")):
            yield f"the font {_font(item.get('/FontName'))} is not embedded: use one of a file"
    elif kind == "/Font" and subtype != "/CIDFontType0" and subtype != "/CIDFontType2":
        if "/ToUnicode" not in item and subtype in ("/Type0", "/Type3"):
            yield f"the font {_font(item.get('/BaseFont'))} does not say which letters it shows"
        if subtype == "/Type1" and _font(item.get("/BaseFont")).split("-")[0] in _STANDARD_14:
            yield f"the font {_font(item.get('/BaseFont'))} is not embedded: use one of a file"
    elif subtype == "/Image":
        if _inks(item.get("/ColorSpace")):
            yield "a picture is in printing inks (CMYK): save it as RGB"
        if item.get("/Filter") == "/JPXDecode":
            yield "a picture is JPEG 2000: save it as JPEG or PNG"
    elif kind == "/Annot":
        if subtype not in ("/Link", "/Popup", "/Widget") and "/AP" not in item:
            yield f"a mark of the kind {str(subtype)[1:]} has no appearance"
        action = item.get("/A")
        if action is not None and action.get("/S") not in _ACTIONS:
            yield f"a link does what an archived file must not do: {str(action.get('/S'))[1:]}"
        if subtype == "/Link" and not str(item.get("/Contents", "")).strip():
            yield "a link does not say where it leads"


def _font(name: Any) -> str:
    return str(name).lstrip("/").split("+")[-1]


def _inks(space: Any) -> bool:
    return space == "/DeviceCMYK" or (
        isinstance(space, Array) and len(space) > 1 and space[1] == "/DeviceCMYK"
    )


def _missing(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Yield what the whole file lacks."""
    if "/StructTreeRoot" not in pdf.Root:
        yield "the file has no tags: it cannot be read aloud"
    if not str(pdf.docinfo.get("/Title", "")).strip():
        yield "the file has no title"
    for number, page in enumerate(pdf.pages, 1):
        if "/StructTreeRoot" in pdf.Root and "/StructParents" not in page.obj:
            yield f"nothing on page {number} is tagged"
