import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from publisher.content.body import Medium
from publisher.problems import Severity

Render = Callable[..., Any]

CHART = """/// chart | Roads "of" the north
    type: bar
    unit: km
    alt: Egypt has the most.
    source: Own count

Label,Value
Egypt,2450
"Libya, east",998.5
///"""

MAP = """/// map | Where it flows
    countries: [tn, LY]
    highlight: [TN]
    places:
      - [Tunis, 10.18, 36.80]
    alt: Tunisia and Libya.
    source: Natural Earth
///"""


def test_a_pull_quote_says_who_said_it(render: Render) -> None:
    body = render('/// quote | Ada "the" Baker\nBread is *time*.\n///')
    assert body.html == (
        '<aside class="pull-quote">\n<p>Bread is <em>time</em>.</p>\n'
        '<p class="who">Ada “the” Baker</p>\n</aside>'
    )


def test_a_long_pull_quote_is_told(render: Render) -> None:
    assert (
        "a pull quote has 26 words: cut it to 25" in render(f"/// quote\n{'word ' * 26}\n///").said
    )
    assert not render(f"/// quote | Somebody\n{'word ' * 25}\n///").said


def test_a_fact_box_holds_lists_and_lesser_headings(render: Render) -> None:
    body = render("/// fact | The *seked*\nText.\n\n- one\n\n## Inner\n///\n\nAfter.")
    assert '<aside class="fact-box">\n<h3>The <em>seked</em></h3>' in body.html
    assert "<h4>Inner</h4>\n</aside>\n<p>After.</p>" in body.html


def test_answers_are_a_section(render: Render) -> None:
    body = render("/// answers\n1. One\n2. Two\n///")
    assert body.html.startswith('<section class="answers">\n<ol>')


def test_a_qr_code_is_a_link_with_a_caption(render: Render) -> None:
    body = render("/// qr | https://a.example/q?a=1&b\nScan *me*.\n///")
    assert '<figure class="qr"><a href="https://a.example/q?a=1&amp;b"><img src="data:' in body.html
    assert 'alt="QR code: https://a.example/q?a=1&amp;b"' in body.html
    assert "<figcaption>Scan <em>me</em>.</figcaption>" in body.html


def test_a_qr_code_without_an_address_leaves_its_caption(render: Render) -> None:
    body = render("/// qr | our quiz\nScan.\n///")
    assert 'the QR code has "our quiz", which is no web address' in body.said
    assert body.text == "Scan."


@pytest.mark.parametrize("medium", Medium)
def test_a_chart_has_its_title_figures_and_source(render: Render, medium: Medium) -> None:
    body = render(CHART, medium)
    assert body.html.startswith(
        '<figure class="chart"><figcaption class="chart-title">Roads “of” the north</figcaption>'
    )
    assert body.html.endswith('<p class="source">Source: Own count</p></figure>')
    for words in ("Egypt", "2,450", "998.5", "<title>Egypt has the most.</title>"):
        assert words in body.html
    assert not body.said


def test_a_chart_speaks_the_articles_language(render: Render) -> None:
    body = render(CHART, language="fr")
    assert "Source\u00a0: Own count" in body.html
    assert "2\u202f450" in body.html
    assert "المصدر" in render(CHART, language="ar").html


@pytest.mark.parametrize("medium", Medium)
def test_a_map_names_places_and_countries(render: Render, medium: Medium) -> None:
    body = render(MAP, medium)
    assert body.html.startswith('<figure class="map"><figcaption class="chart-title">Where')
    for words in (">Tunis<", ">Tunisia<", ">Libya<", ">Algeria<", "<title>Tunisia and Libya.<"):
        assert words in body.html
    assert not body.said


def test_a_map_names_countries_in_the_articles_language(render: Render) -> None:
    assert ">Tunisie<" in render(MAP, language="fr").html
    assert ">تونس<" in render(MAP, language="ar").html


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (
            "type: pie",
            "/// chart: type is not as it must be: write type: bar, line, area, slope or table",
        ),
        ("colour: red", '/// chart has no option "colour": it has type, highlight, stacked'),
        ("unit: [km]", "/// chart: unit is not as it must be: write unit: km"),
        ("stacked: 7", "/// chart: stacked is not as it must be: write stacked: yes"),
        ("file: ../x.csv", "/// chart: file is not as it must be: write file: data/name.csv"),
        ("file: articles/a.md", "/// chart: file is not as it must be"),
        ("unit: a: b", "the options of /// chart cannot be read"),
        ("- km", "the options of /// chart cannot be read"),
        ("unit: &a [*a]", "the options of /// chart cannot be read"),
    ],
)
def test_a_wrong_option_is_told_and_the_chart_is_drawn(
    render: Render, option: str, sentence: str
) -> None:
    body = render(f"/// chart | Roads\n    {option}\n\nL,V\nEgypt,2450\n///")
    assert sentence in body.said
    assert '<figure class="chart">' in body.html
    assert "2,450" in body.html


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ("L,V\nEgypt,many", 'the chart "Roads": row 1 holds "many", which is no number'),
        ("L,V\nEgypt,1,234", "row 1 (Egypt,1,234) has 3 columns, the header has 2"),
        ("L,V", "there are no figures"),
        ("L,V\nEgypt,", "there are no figures: every cell is empty"),
        ("L,A,B,C,D,E\nEgypt,1,2,3,4,5", "a bar chart shows at most 4 columns of figures"),
        ("L,V\n" + "x,1\n" * 41, "a bar chart shows from 1 to 40 rows"),
        ("L,V\nEgypt,nan", 'holds "nan", which is no number'),
        ("L,V\nEgypt,1e300", "which is no number"),
    ],
)
def test_figures_that_cannot_be_drawn_are_printed_as_a_table(
    render: Render, figures: str, sentence: str
) -> None:
    body = render(f"/// chart | Roads\n    alt: x\n\n{figures}\n///")
    assert sentence in body.said
    assert "printed as a table" in body.said
    assert '<figure class="table"><figcaption class="chart-title">Roads' in body.html
    assert '<th scope="col">L</th>' in body.html


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("countries: [XX]", 'the map has no country "XX": use two letters such as TN'),
        ("countries: []", "/// map: countries is not as it must be: write countries: [TN, LY]"),
        ("alt: nothing else", "the map shows nothing: name countries: [TN, LY] or places"),
        ("places: [[Moon, 500, 0]]", "Moon cannot be at 500.0, 0.0"),
        ("places: [[Tunis, '10', 36]]", "/// map: places is not as it must be"),
        ("places: [[Tunis, .nan, 36]]", "Tunis cannot be at nan"),
        (f"places: [{', '.join(['[a, 1, 1]'] * 21)}]", "the map has more than 20 places"),
    ],
)
def test_a_map_that_cannot_be_drawn_is_left_out(render: Render, option: str, sentence: str) -> None:
    body = render(f"Before.\n\n/// map | Where\n    {option}\n///\n\nAfter.")
    assert sentence in body.said
    assert "left out" in body.said
    assert body.text == "Before. After."


def test_norway_is_a_country(render: Render) -> None:
    assert ">Norway<" in render("/// map | N\n    countries: [NO]\n    alt: Norway\n///").html


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Bar chart: Roads. Km: highest Egypt, 900, lowest Chad, 20."),
        ("fr", "Diagramme en barres\u00a0: Roads. Km\u00a0: maximum Egypt, 900, minimum Chad, 20."),
        ("ar", "رسم بياني بالأعمدة: Roads. Km: الأعلى Egypt، 900، الأدنى Chad، 20."),
    ],
)
def test_a_chart_without_alt_is_described_by_its_figures(
    render: Render, language: str, sentence: str
) -> None:
    body = render("/// chart | Roads\nL,Km\nEgypt,900\nLibya,30\nChad,20\n///", language=language)
    assert f"<title>{sentence}</title>" in body.html
    assert not body.said


def test_a_map_without_alt_names_what_it_shows(render: Render) -> None:
    body = render("/// map | Where\n    countries: [TN]\n    places: [[Sfax, 10.7, 34.7]]\n///")
    assert "<title>Map: Where. Tunisia. Places: Sfax.</title>" in body.html
    shaded = render("/// map | People\n    figures: yes\n    unit: m\n\nL,V\nLibya,7\nEG,112\n///")
    assert "<title>Map: People. Egypt 112\u00a0m, Libya 7\u00a0m.</title>" in shaded.html
    assert not body.said + shaded.said


# ---- where figures come from -----------------------------------------------------


def test_figures_may_stand_in_the_front_matter(render: Render) -> None:
    text = "/// chart | Rain\n    data: rain\n///"
    for table in ("City,mm\nTunis,450\nSfax,220\n", [["City", "mm"], ["Tunis", "450"]]):
        body = render(text, data={"rain": table})
        assert "Tunis" in body.html
        assert "450" in body.html
        assert not body.said
    assert 'no table "rain" under data: it has snow' in render(text, data={"snow": "x"}).said


def test_figures_may_lie_in_a_file_of_the_issue(render: Render, tmp_path: Path) -> None:
    home = tmp_path / "articles"
    (tmp_path / "data").mkdir()
    home.mkdir()
    (tmp_path / "data/rain.csv").write_bytes("\ufeffVille;mm\r\nTunis;450\r\n".encode())
    text = "/// chart | Rain\n    file: data/{}.csv\n///"
    body = render(text.format("rain"), home=home)
    assert "Tunis" in body.html
    assert not body.said
    missing = render(text.format("snow"), home=home)
    assert 'the chart "Rain": there is no file data/snow.csv' in missing.said
    assert missing.body.problems[0].severity is Severity.ERROR
    assert missing.text == ""


def test_a_file_outside_the_issue_is_not_read(render: Render, tmp_path: Path) -> None:
    home = tmp_path / "issue/articles"
    (tmp_path / "issue/data").mkdir(parents=True)
    home.mkdir()
    (tmp_path / "secret.csv").write_text("User,Password\nroot,1234\n", encoding="utf-8")
    (tmp_path / "issue/data/x.csv").symlink_to(tmp_path / "secret.csv")
    body = render("/// chart | Rain\n    file: data/x.csv\n///", home=home)
    assert "data/x.csv lies outside the issue's folder: copy it into data/" in body.said
    assert "1234" not in body.html


# ---- tables with bars ------------------------------------------------------------


def test_a_table_with_bars_is_a_table_to_everyone(render: Render) -> None:
    body = render(
        "/// chart | People\n    type: table\n    bars: [People]\n    unit: m\n    source: UN\n\n"
        "Country,People,Area\nEgypt,112,1002\nLibya,7,\n///"
    )
    assert body.html.count('scope="col"') == 3
    assert body.html.count('<th scope="row">') == 2
    assert body.html.count('class="bar"') == 2
    assert "width: 100.0%" in body.html
    assert "width: 6.2%" in body.html
    assert body.text.startswith("PeopleCountryPeople (m)AreaEgypt112")
    assert body.text.endswith("Source: UN")
    assert not body.said


def test_a_table_with_bars_may_have_columns_of_words(render: Render) -> None:
    figures = "Mountain,Range,Metres\nToubkal,Atlas,4167\nTahat,Hoggar,2908"
    for option in ("bars: [Metres]", "unit: m"):
        body = render(f"/// chart | Roofs\n    type: table\n    {option}\n\n{figures}\n///")
        assert body.html.count('<td class="words">') == 2
        assert body.html.count('class="bar"') == 2
        assert not body.said
    assert 'aria-label="Table: Roofs. Metres: highest Toubkal, 4,167' in body.html


def test_the_figures_of_a_column_have_as_many_decimals(render: Render) -> None:
    body = render("/// chart | P\n    type: table\n\nC,V\nA,10\nB,9.6\n///")
    assert ">10.0<" in body.html
    assert ">9.6<" in body.html


@pytest.mark.parametrize(
    ("options", "figures", "sentence"),
    [
        ("bars: [People]", "C,Range,People\nA,x,many", 'row 1 holds "many", which is no number'),
        ("bars: [People]", "C,Range,People\nA,1", "row 1 (A,1) has 2 columns, the header has 3"),
        ("bars: [Peple]", "C,People\nA,1", 'bars names the column "Peple": it is one of People'),
        ("unit: m", "C,People\nA,-1", "People has figures below zero"),
    ],
)
def test_bars_that_would_lie_are_refused(
    render: Render, options: str, figures: str, sentence: str
) -> None:
    body = render(f"/// chart | P\n    type: table\n    {options}\n\n{figures}\n///")
    assert sentence in body.said


# ---- fences ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "sentence"),
    [
        (
            "/// video | Film\n    x: 1\n\nText *inside*.\n///\n\nAfter.",
            "there is no block /// video",
        ),
        ("/// fact | Film\nText *inside*.\n\nAfter.", "/// fact is never closed"),
        ("Film Text *inside*.\n\n///\n\nAfter.", "/// closes no block"),
        ("/// quote\nFilm Text *inside*.\n\n/// quote\nAfter.\n///", "/// quote is never closed"),
        (
            "/// answers | no\nFilm Text *inside*.\n///\n\nAfter.",
            '/// answers takes no title: "no"',
        ),
        ("/// quote\n    Film Text *inside*.\n///\n\nAfter.", "/// quote has no options"),
        ("/// fact\nFilm Text *inside*.\n///\n\nAfter.", "/// fact has no title"),
    ],
)
def test_a_broken_block_is_told_and_its_text_printed(
    render: Render, markdown: str, sentence: str
) -> None:
    body = render(markdown)
    assert sentence in body.said
    assert "Text inside." in body.text
    assert "Film" in body.text
    assert "After." in body.text
    assert "///" not in body.html


def test_a_block_with_more_slashes_holds_others(render: Render) -> None:
    body = render(f"//// fact | Box\nText.\n\n{CHART}\n\nMore.\n////\n\nAfter.")
    box = body.html[: body.html.index("</aside>")]
    assert '<figure class="chart">' in box
    assert "More." in box
    assert not body.said


def test_what_looks_like_a_block_within_figures_is_data(render: Render) -> None:
    body = render("//// chart | T\n    alt: x\n\nL,V\n/// quote,1\n////")
    assert "/// quote" in body.html
    assert not body.said


def test_text_may_follow_a_block_without_a_blank_line(render: Render) -> None:
    body = render("Before.\n/// quote\nInside.\n///\nAfter.")
    assert '<p>Before.</p>\n<aside class="pull-quote">\n<p>Inside.</p>\n</aside>' in body.html
    assert body.html.endswith("<p>After.</p>")


def test_the_same_article_gives_the_same_bytes(render: Render) -> None:
    text = f"{CHART}\n\n{MAP}\n\n/// qr | https://a.example\nx\n///"
    assert render(text).html == render(text).html


def test_many_blocks_are_read_in_a_moment(render: Render) -> None:
    began = time.process_time()
    render("/// quote\n" * 3000)
    render("/// fact | F\nx\n///\n\n" * 200)
    assert time.process_time() - began < 20
