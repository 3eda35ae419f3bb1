"""What a PDF says of itself, in XMP (ISO 16684-1), by the words of PDF/A-3u and PDF/UA-1."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from publisher.config import Publication
from publisher.content.issue import Issue
from publisher.render.templates import direction

CREATOR = "Publisher"
#: characters no XML document may hold
_UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# PDF/A knows no pdfuaid, so the file itself must describe it (ISO 19005-3, 6.6.2.3).
_SCHEMAS = """
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>"""


@dataclass(frozen=True, kw_only=True)
class About:
    """What a finished file says of itself."""

    title: str
    language: str  #: BCP 47
    date: date  #: of the issue; clocks have no say in a file's bytes
    authors: tuple[str, ...] = ()
    description: str = ""
    keywords: tuple[str, ...] = ()
    from_right: bool = False  #: its pages are turned from left to right


def about(issue: Issue, publication: Publication, title: str) -> About:
    """Return what a paged edition of an issue says of itself; `title` is the reader's window's."""
    cover = (issue.cover.title, issue.cover.standfirst)
    return About(
        title=title,
        language=publication.language,
        date=issue.date,
        authors=(publication.sender.name,),
        description=". ".join(line for line in cover if line),
        keywords=(publication.title, str(issue.week), *(s.name for s in publication.sections)),
        from_right=direction(publication.language) == "rtl",
    )


def packet(about: About, *, producer: str, identity: bytes) -> bytes:
    """Return the XMP packet that goes into the PDF's catalogue.

    `identity` is hashed into the document's id: the same content has the same id.
    """
    day = f"{about.date:%Y-%m-%d}T00:00:00+00:00"
    document = uuid.uuid5(uuid.NAMESPACE_OID, identity.hex())
    properties = {
        "pdfaid:part": "3",
        "pdfaid:conformance": "U",
        "pdfuaid:part": "1",
        "dc:format": "application/pdf",
        "dc:title": _alternatives(about.title),
        "dc:creator": _list("Seq", about.authors),
        "dc:description": _alternatives(about.description),
        "dc:language": _list("Bag", [about.language]),
        "dc:subject": _list("Bag", about.keywords),
        "pdf:Keywords": _said(", ".join(about.keywords)),
        "pdf:Producer": _said(producer),
        "xmp:CreatorTool": CREATOR,
        "xmp:CreateDate": day,
        "xmp:ModifyDate": day,
        "xmp:MetadataDate": day,
        "xmpMM:DocumentID": f"uuid:{document}",
    }
    body = "\n".join(f"<{name}>{said}</{name}>" for name, said in properties.items() if said)
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
{body}
</rdf:Description>{_SCHEMAS}
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()


def _said(text: str) -> str:
    return escape(_UNSAYABLE.sub("", text))


def _list(kind: str, items: Iterable[str]) -> str:
    inside = "".join(f"<rdf:li>{_said(item)}</rdf:li>" for item in items)
    return f"<rdf:{kind}>{inside}</rdf:{kind}>" if inside else ""


def _alternatives(text: str) -> str:
    if not text:
        return ""
    return f'<rdf:Alt><rdf:li xml:lang="x-default">{_said(text)}</rdf:li></rdf:Alt>'
