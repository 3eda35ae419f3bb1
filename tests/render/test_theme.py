"""A theme: tokens, fonts and a few files, chosen by the publication."""

import io
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont

from publisher.config import Publication
from publisher.errors import ConfigError
from publisher.render.folders import TEMPLATES, template_folders, themes
from publisher.render.lettering import Style
from publisher.render.pdf import print_pdf
from publisher.render.pdfium import PDFIUM
from publisher.render.setting import Setting
from publisher.render.templates import environment, render
from publisher.render.theme import Theme, Tokens, load_theme
from publisher.tables import describe
from tests.render.conftest import every_kind, publication_in

Write = Callable[..., Publication]
themes_of_ours = ("classic", "modern")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a theme of the publication's own and choose it."""

    def written(text: str, name: str = "ours") -> Publication:
        publication = publication_in(tmp_path / "publication")
        folder = publication.root / "templates" / "themes" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "theme.toml").write_text(text, encoding="utf-8")
        return with_theme(publication, name)

    return written


def with_theme(publication: Publication, name: str) -> Publication:
    """The publication in another theme."""
    return replace(publication, editions=replace(publication.editions, theme=name))


def theme_of(name: str, folder: Path) -> Theme:
    """One of our own themes."""
    return load_theme(with_theme(publication_in(folder), name))


# ---- choosing ------------------------------------------------------------------------


def test_an_unknown_theme_is_refused_with_those_there_are(tmp_path: Path) -> None:
    publication = with_theme(publication_in(tmp_path), "modrn")
    with pytest.raises(ConfigError, match=r'"modrn": there is no such theme: .*classic, modern'):
        load_theme(publication)


@pytest.mark.parametrize("name", ["../classic", "/etc", ".", ""])
def test_a_theme_is_a_name_not_a_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such theme"):
        load_theme(with_theme(publication_in(tmp_path), name))


def test_a_publications_own_theme_stands_beside_ours(write: Write) -> None:
    assert themes(write('about = "Ours."')) == ("classic", "modern", "ours")


def test_a_theme_says_only_what_differs(write: Write) -> None:
    theme = load_theme(write('about = "Ours."\n[colours]\nink = "#112233"\n'))
    assert theme.tokens.colours.ink == "#112233"
    assert theme.tokens.colours.paper == "#ffffff"
    assert theme.layout("feature").columns == 2


def test_a_theme_can_build_on_any_other(write: Write) -> None:
    theme = load_theme(write('about = "Ours."\nlike = "modern"\n'))
    assert theme.face(Style(family="display", weight=900)).name == "poster-black.ttf"


def test_themes_that_build_on_one_another_are_refused(write: Write) -> None:
    write('about = "One."\nlike = "two"\n', "one")
    publication = write('about = "Two."\nlike = "one"\n', "two")
    with pytest.raises(ConfigError, match=r"in a circle: two -> one -> two"):
        load_theme(publication)


def test_a_theme_named_as_ours_replaces_it(write: Write) -> None:
    publication = write('about = "Another."\nlike = "classic"\n', "modern")
    assert load_theme(publication).tokens.about == "Another."


# ---- what is wrong in theme.toml -------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[colours]\nnik = 1", "unknown key colours.nik: did you mean ink?"),
        ('[colours]\nink = "red"', 'ink = "red" is no colour: write #rrggbb'),
        ("[colours]\ntint = 3", "tint must be from 0 to 1"),
        ('[type]\nkicker = "comic 8/10"', "type.kicker = 'comic 8/10' is not allowed"),
        ('[type]\nkicker = "sans huge"', 'such as "sans bold 8.5/10 caps +60"'),
        ("[type]\nkicker = 8", "type.kicker = 8 is not allowed"),
        ("[layouts.nws]\ncolumns = 2", "layouts.nws"),
        ("[layouts.news]\ncolumns = 9", "columns must be from 1 to 6"),
        ("[layouts.news]\nsizes = []", "at least one size"),
        ("[page]\nside = 90", "margins must be from 0 to 60 mm"),
        ('[fonts.text]\nregular = "gone.ttf"', "there is no fonts/gone.ttf"),
        ('[fonts.text]\nregular = "../../secret.ttf"', "must be the plain name of a file"),
        ("like = 3", "like = 3 is not allowed"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(text: str, said: str, write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load_theme(write(f'about = "Ours."\n{text}\n' if "like" not in text else text))
    assert said in str(caught.value)


def test_a_variants_layout_changes_only_what_it_says(write: Write) -> None:
    theme = load_theme(write('about = "Ours."\n[layouts.feature-wide]\nlines = 4\n'))
    assert theme.layout("feature", "wide").lines == 4
    assert theme.layout("feature", "wide").text == theme.layout("feature").text
    assert theme.layout("feature", "unheard-of") == theme.layout("feature")


def test_every_key_is_explained_where_themes_are() -> None:
    rows = ["| key | default | meaning |", "| --- | --- | --- |"]
    for doc in describe(Tokens):
        default = f"`{doc.default}`" if doc.default else ""
        rows.append(f"| `{doc.path}` | {default} | {doc.help} |")
    told = (TEMPLATES / "themes" / "README.md").read_text(encoding="utf-8")
    table = told.split("<!-- theme keys -->")[1].split("<!-- /theme keys -->")[0].strip()
    assert table == "\n".join(rows), "put this between the marks:\n" + "\n".join(rows)


def test_the_theme_shown_in_the_readme_can_be_used(write: Write) -> None:
    told = (TEMPLATES / "themes" / "README.md").read_text(encoding="utf-8")
    shown = told.split("classic unless you say another:")[1].split("A style is written")[0]
    theme = load_theme(write(textwrap.dedent(shown)))
    assert theme.tokens.colours.ink == "#10233f"


# ---- styles ----------------------------------------------------------------------------


def test_a_style_is_written_as_typographers_do() -> None:
    style = Style.parse("sans bold 8.5/10 caps +60")
    assert (style.family, style.weight, style.size, style.leading) == ("sans", 700, 8.5, 10)
    assert style.tracking == 60
    assert style.printed("Water") == "WATER"


def test_a_headline_is_measured_in_the_face_it_is_printed_in(tmp_path: Path) -> None:
    for name, file in (("classic", "display-italic.ttf"), ("modern", "poster-bold.ttf")):
        theme = theme_of(name, tmp_path)
        assert theme.face(theme.layout("opinion").headline).name == file
    assert "arabic" in theme.face(theme.layout("opinion").headline, "ar").name


# ---- fonts -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", themes_of_ours)
def test_fonts_are_static_and_have_what_print_needs(name: str, tmp_path: Path) -> None:
    for face in theme_of(name, tmp_path).faces:
        with TTFont(face.path, lazy=True) as font:
            assert "glyf" in font, f"{face.path.name}: CFF2 outlines are printed invisible"
            assert "fvar" not in font, f"{face.path.name}: variable"
            letters = font.getBestCmap()
        if "display" in face.family.lower() or "text" in face.family.lower():
            missing = [hex(c) for c in (0x2010, 0x2019, 0x202F, 0xAB, 0x20AC) if c not in letters]
            assert not missing, f"{face.path.name} lacks {missing}"


@pytest.mark.parametrize("name", themes_of_ours)
def test_every_font_has_a_licence_beside_it(name: str, tmp_path: Path) -> None:
    for face in theme_of(name, tmp_path).faces:
        texts = [path.read_text("utf-8") for path in face.path.parent.glob("*.txt")]
        assert any("SIL Open Font License" in text or "Apache" in text for text in texts)


def test_a_theme_of_ours_keeps_the_wheel_small() -> None:
    for theme in (TEMPLATES / "themes").iterdir():
        size = sum(path.stat().st_size for path in theme.rglob("*") if path.is_file())
        assert size < 2_000_000


# ---- overrides -------------------------------------------------------------------------


def test_templates_are_looked_for_in_four_places(write: Write) -> None:
    publication = write('about = "Ours."\n', "modern")
    own = publication.root / "templates"
    places = template_folders(publication)
    assert places.index(own / "themes" / "modern") < places.index(own)
    assert places.index(own) < places.index(TEMPLATES / "themes" / "modern")
    assert places.index(TEMPLATES / "themes" / "modern") < places.index(TEMPLATES)


def test_a_theme_can_replace_any_template(write: Write) -> None:
    publication = write('about = "Ours."\n')
    folder = publication.root / "templates" / "themes" / "ours" / "magazine"
    folder.mkdir()
    (folder / "cover.html").write_text("<p>Ours</p>", encoding="utf-8")
    assert render(environment(publication), "magazine/cover.html") == "<p>Ours</p>"
    other = with_theme(publication, "modern")
    assert "Ours" not in (environment(other).get_template("magazine/cover.html").filename or "")


# ---- on the page -----------------------------------------------------------------------


def fonts_in(data: bytes) -> set[bytes]:
    """The font files of a PDF."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        fonts = [font for page in pdf.pages for font in page.Resources.get("/Font", {}).values()]
        return {
            font.DescendantFonts[0].FontDescriptor.FontFile2.read_bytes()
            for font in fonts
            if "/DescendantFonts" in font
        }


def words_in(data: bytes) -> set[str]:
    """The words of a PDF."""
    with PDFIUM:
        document = pypdfium2.PdfDocument(data)
        try:
            text = " ".join(page.get_textpage().get_text_bounded() for page in document)
        finally:
            document.close()
    return {word.casefold() for word in text.split() if word.isalpha()}


def test_the_themes_make_different_pages_of_the_same_words(tmp_path: Path) -> None:
    printed = {}
    for name in themes_of_ours:
        publication = with_theme(publication_in(tmp_path / name), name)
        issue = every_kind(publication)
        setting = Setting(issue, publication)
        drum = next(place for place in setting.places if place.anchor == "drum")
        html = setting.document([setting.front(), setting.part(drum)])
        result = print_pdf(html, base=issue.folder, roots=[issue.folder, TEMPLATES])
        assert not [remark.text for remark in result.remarks if remark.serious]
        printed[name] = result.data
    classic, modern = (printed[name] for name in themes_of_ours)
    assert not fonts_in(classic) & fonts_in(modern)
    assert {"nobody", "remembered", "sirocco", "rivers"} <= words_in(classic) & words_in(modern)
