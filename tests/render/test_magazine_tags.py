"""What a reader hears who does not see the pages: tags, outline, languages (PDF/UA-1)."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pikepdf

from tests.render.conftest import Copy


def elements(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every structure element in reading order."""
    stack = [pdf.Root.StructTreeRoot]
    while stack:
        element = stack.pop()
        if "/S" in element:
            yield element
        kids: Any = element.get("/K", [])
        kids = kids if isinstance(kids, pikepdf.Array) else [kids]
        stack += [kid for kid in reversed(list(kids)) if isinstance(kid, pikepdf.Dictionary)]


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
        else:
            assert owners[int(properties.MCID)] is not None
    assert pagination >= 3  # flag, number, name and date


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
