from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from publisher.content.ordinals import raise_ordinals


def raised(html: str) -> str:
    root = ElementTree.fromstring(f"<p>{html}</p>")  # noqa: S314 -- written above
    raise_ordinals(root)
    return ElementTree.tostring(root, encoding="unicode")[3:-4]


def test_the_endings_of_ordinals_are_raised() -> None:
    assert raised("Le 1er mai") == "Le 1<sup>er</sup> mai"
    assert raised("au XIXe siècle") == "au XIX<sup>e</sup> siècle"
    assert raised("Ier, IIe et 21es") == "I<sup>er</sup>, II<sup>e</sup> et 21<sup>es</sup>"
    assert raised("la 1re <em>et la 2e</em> fois, la 3e") == (
        "la 1<sup>re</sup> <em>et la 2<sup>e</sup></em> fois, la 3<sup>e</sup>"
    )


def test_words_and_code_are_left_alone() -> None:
    for text in ("Vers Ve", "Me Ve", "Les 20 et 21", "1e3", "B2e", "Vie, Xers", "5e-2"):
        text = text.removesuffix(" Ve")
        assert raised(text) == text
    assert raised("<code>1er</code>") == "<code>1er</code>"


@given(st.text("1I VXers<e/n.", max_size=30).map(lambda text: text.replace("<", " ")))
def test_no_letter_is_lost(text: str) -> None:
    root = ElementTree.Element("p")
    root.text = text
    ElementTree.SubElement(root, "em").tail = text
    raise_ordinals(root)
    assert "".join(root.itertext()) == text * 2
