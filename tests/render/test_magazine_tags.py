"""What a reader hears who does not see the pages: tags, outline, languages (PDF/UA-1)."""

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pikepdf

from publisher.config import Publication
from publisher.content.article import Kind
from tests.render.conftest import Copy, make
from tests.render.issues import article, folder_of, issue, picture, slot
from tests.render.reading import Voice, elements, kids_of, outline_of


def test_it_says_title_author_language_and_subject(pdf: pikepdf.Pdf) -> None:
    assert pdf.docinfo.Title == "Sirocco, No 12"
    assert pdf.docinfo.Author == "Sirocco"
    assert pdf.Root.Lang == "en"
    assert "The rivers under the sand" in str(pdf.docinfo.Subject)
    assert str(pdf.docinfo.CreationDate).startswith("D:20261121")
    assert pdf.Root.ViewerPreferences.DisplayDocTitle


def test_it_calls_itself_pdf_ua_1(pdf: pikepdf.Pdf) -> None:
    with pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
    assert pdf.Root.MarkInfo.Marked


def test_the_outline_leads_by_section_to_articles(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        tree = {str(item.title): [str(kid.title) for kid in item.children] for item in outline.root}
    assert list(tree)[:3] == ["Sirocco", "Contents", "From the editor"]
    assert tree["In brief"] == ["Brief number 1", "Brief number 2", "Brief number 3"]
    assert "In praise of the last page" in tree["Culture"]


def test_headings_leave_out_no_rank(pdf: pikepdf.Pdf) -> None:
    ranks = [int(str(e.S)[2]) for e in elements(pdf) if str(e.S) in ("/H1", "/H2", "/H3")]
    assert ranks[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(ranks))


def test_every_figure_says_what_it_shows(pdf: pikepdf.Pdf) -> None:
    figures = [element for element in elements(pdf) if element.S == "/Figure"]
    assert len(figures) >= 8
    assert all(str(figure.get("/Alt", "")).strip() for figure in figures)


def test_every_article_says_its_language(pdf: pikepdf.Pdf, copy: Copy) -> None:
    languages = Counter(
        str(element.Lang) for element in elements(pdf) if element.S == "/Art" and "/Lang" in element
    )
    assert set(languages) == {"en", "ar", "fr"}
    assert sum(languages.values()) >= len(copy.issue.articles)


def test_folios_are_artefacts_and_all_else_is_read(pdf: pikepdf.Pdf, copy: Copy) -> None:
    page = pdf.pages[copy.page("praise") - 1]
    owners = _owners(pdf, int(page.StructParents))
    pagination = 0
    for instruction in pikepdf.parse_content_stream(page):
        if str(instruction.operator) != "BDC":
            continue
        tag, properties = str(instruction.operands[0]), instruction.operands[1]
        if tag == "/Artifact":
            pagination += properties.get("/Type") == "/Pagination"
        elif "/MCID" in properties:
            assert owners[int(properties.MCID)] is not None
    assert pagination >= 1  # flag, number, name and date


def _owners(pdf: pikepdf.Pdf, key: int) -> list[Any]:
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    place = [int(n) for n in list(numbers)[::2]].index(key)
    return list(numbers[2 * place + 1])


def test_links_are_printed_and_say_where_they_lead(pdf: pikepdf.Pdf) -> None:
    links = [link for page in pdf.pages for link in page.get("/Annots", [])]
    assert all(int(link.F) == 4 for link in links)
    words = {str(link.Contents) for link in links}
    assert any("In praise of the last page" in word for word in words)
    addresses = {str(link.A.URI) for link in links if "/A" in link}
    assert "https://sirocco.example/rivers" in addresses
    assert any(address.endswith("/subscribe") for address in addresses)


def test_links_lead_to_pages_that_are_there(pdf: pikepdf.Pdf) -> None:
    names = pdf.Root.Names.Dests.Names
    known = {str(name) for name in list(names)[::2]}
    wanted = {
        str(link.Dest) for page in pdf.pages for link in page.get("/Annots", []) if "/Dest" in link
    }
    assert wanted
    assert wanted <= known


def test_only_our_fonts_are_embedded(pdf: pikepdf.Pdf) -> None:
    names = {
        str(item.BaseFont)
        for item in pdf.objects
        if isinstance(item, pikepdf.Dictionary) and "/BaseFont" in item
    }
    assert names
    assert all("Publisher" in name for name in names)


def test_every_link_has_one_annotation_on_an_element_of_its_own(pdf: pikepdf.Pdf) -> None:
    on_pages = [link.objgen for page in pdf.pages for link in page.get("/Annots", [])]
    tagged = [
        (str(element.S), kid.Obj.objgen)
        for element in elements(pdf)
        for kid in (element.get("/K") or [])
        if isinstance(kid, pikepdf.Dictionary) and kid.get("/Type") == "/OBJR"
    ]
    assert {tag for tag, _ in tagged} == {"/Link"}
    assert sorted(on_pages) == sorted(number for _, number in tagged)
    assert len(set(on_pages)) == len(on_pages)


def test_contents_are_listed_as_such_and_lead_to_every_piece(pdf: pikepdf.Pdf, copy: Copy) -> None:
    (contents,) = [element for element in elements(pdf) if element.S == "/TOC"]
    voice = Voice(pdf)
    entries = [voice.read(entry) for entry in kids_of(contents)]
    assert {str(entry.S) for entry in kids_of(contents)} == {"/TOCI"}
    assert any(entry.split()[0] == str(copy.page("praise")) for entry in entries)
    assert any("In praise of the last page" in entry for entry in entries)


def test_every_piece_is_one_article_however_many_pages_it_takes(
    pdf: pikepdf.Pdf, copy: Copy
) -> None:
    articles = [element for element in elements(pdf) if element.S == "/Art"]
    assert len(articles) == len(copy.issue.articles)


def _numbered(prefix: str, paragraphs: int, words: int) -> list[str]:
    return [
        " ".join(f"{prefix}{paragraph}w{word}" for word in range(words))
        for paragraph in range(paragraphs)
    ]


def test_a_piece_is_heard_in_its_order_over_columns_and_pages(publication: Publication) -> None:
    """Every word once, paragraphs whole, figures and quotes between them, notes after theirs."""
    paragraphs = _numbered("p", 16, 70)
    paragraphs[3] += " in the end.[^1] And on it goes."
    view = '![A view](pictures/second.jpg "What we see."){ credit="Someone, CC0" }'
    quote = "/// quote | Ada\nWhat she said of it.\n///"
    fact = "/// fact | In numbers\nSo many.\n///"
    body = [*paragraphs[:5], view, *paragraphs[5:9], quote, *paragraphs[9:12], fact]
    body += [*paragraphs[12:], "[^1]: It is noted."]
    folder = folder_of(publication)
    picture(folder, "second", "#aa7733")
    lead = picture(folder, "lead", size=(3200, 2400))
    piece = article("long", "A long piece", body="\n\n".join(body), picture=lead)
    made = make(issue(publication, [slot(publication, piece, kind=Kind.FEATURE)]), publication)
    with pikepdf.open(made.path) as pdf:
        (heard,) = [element for element in elements(pdf) if element.S == "/Art"]
        voice = Voice(pdf)
        words = re.findall(r"p\d+w\d+", voice.read(heard))
        pages = {element.Pg.objgen for element in _below(heard) if "/Pg" in element}
        lines = [line.strip() for line in outline_of(pdf)]
    assert words == re.findall(r"p\d+w\d+", " ".join(paragraphs))
    assert len(pages) > 1  # or the test shows nothing
    whole = [line for line in lines if re.match(r"P p\d+w0", line)]
    assert len(whole) == len(paragraphs)
    noted = next(number for number, line in enumerate(lines) if line.startswith("P p3w0"))
    assert [line.split()[0] for line in lines[noted : noted + 3]] == ["P", "Reference", "Note"]
    for number, before in (
        (lines.index("Figure A view"), "p4w0"),
        (lines.index("BlockQuote"), "p8w0"),
    ):
        assert lines[number - 1].startswith(f"P {before}")
        assert lines[number + 1].split()[0] in ("Caption", "P")
    assert lines[lines.index("H2 In numbers") - 1] == "Sect"


def _below(element: Any) -> list[Any]:
    found = [element]
    for kid in kids_of(element):
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            found += _below(kid)
    return found
