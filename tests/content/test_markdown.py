from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.article import Article, Picture
from publisher.content.body import Look, Medium
from publisher.content.markdown import render_body
from publisher.errors import ContentError
from publisher.problems import Severity

Render = Callable[..., Any]

PICTURE = '![A dune](pictures/dune.jpg "Sand. \'Hot\'."){ credit="Ada, CC0" focus="0.2 0.7" .wide }'


# ---- text ------------------------------------------------------------------------


def test_paragraphs_and_headings_have_the_editions_names(render: Render) -> None:
    body = render("One.\n\n# Head\n\n## Cross\n\n### Small\n\n##### Tiny")
    assert body.html == (
        '<p>One.</p>\n<h2 class="crosshead">Head</h2>\n<h2 class="crosshead">Cross</h2>\n'
        "<h3>Small</h3>\n<h4>Tiny</h4>"
    )


def test_a_wholly_bold_paragraph_is_a_question(render: Render) -> None:
    body = render("**Where *exactly*?**\n\n**Bold** start.\n\n**a** **b**")
    assert '<p class="question">Where <em>exactly</em>?</p>' in body.html
    assert "<p><strong>Bold</strong> start.</p>" in body.html
    assert body.html.count("question") == 1


def test_text_is_typeset_across_its_markup_but_code_is_not(render: Render) -> None:
    body = render('He said "*never*" - `"raw"` ... "[link](https://a.example)"')
    assert body.text == 'He said “never” – "raw" … “link”'


def test_text_is_typeset_in_the_articles_language(render: Render) -> None:
    assert render('"Oui!"', language="fr").text == "« Oui ! »"
    assert "«\u202fOui\u202f!\u202f»" in render('"Oui!"', language="fr").html


def test_backslashes_entities_and_signs_survive(render: Render) -> None:
    assert render(r"5 \* 3 &amp; a &copy; < b > c & d").text == "5 * 3 & a © < b > c & d"


def test_lists_definitions_and_abbreviations_are_set(render: Render) -> None:
    body = render("3. three\n4. four\n\nTerm\n:   Meaning\n\nThe AU.\n\n*[AU]: African Union")
    assert '<ol start="3">' in body.html
    assert "<dt>Term</dt>\n<dd>Meaning</dd>" in body.html
    assert '<abbr title="African Union">AU</abbr>' in body.html


def test_a_table_stands_in_a_figure_and_says_what_its_heads_are(render: Render) -> None:
    body = render("| Name | Height |\n|---|--:|\n| Toubkal | 4167 |")
    assert body.html.startswith('<figure class="table"><table>')
    assert '<th class="right" scope="col">Height</th>' in body.html
    assert '<td class="right">4167</td>' in body.html


def test_words_are_those_of_the_article(render: Render) -> None:
    assert render("One two three.").body.words == 3


# ---- links and anchors -----------------------------------------------------------


def test_links_of_the_articles_own_site_get_its_address(render: Render) -> None:
    body = render("[a](/b) [c](https://x.example/?d=1&e)", url="https://a.example/story")
    assert 'href="https://a.example/b"' in body.html
    assert 'href="https://x.example/?d=1&amp;e"' in body.html
    assert not body.said


@pytest.mark.parametrize("href", ["/b", "b.html", "ftp://x/y", "file:///etc/passwd", "http://[x"])
def test_a_link_that_leads_nowhere_keeps_its_words(render: Render, href: str) -> None:
    body = render(f"See [the words]({href}).")
    assert body.html == "<p>See <a>the words</a>.</p>"
    assert 'the link on "the words" leads nowhere' in body.said


def test_anchors_carry_the_articles_name(render: Render) -> None:
    body = render("## Head {#top}\n\n[up](#top)", slug="my salt")
    assert 'id="my-salt-top"' in body.html
    assert 'href="#my-salt-top"' in body.html


def test_a_mail_address_is_a_link(render: Render) -> None:
    assert 'href="mailto:desk@a.example"' in render("<desk@a.example>").html


# ---- hostile text ----------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>after",
    "<style>@import 'http://evil.example'</style>after",
    '<img src=x onerror="alert(1)">after',
    '<p onclick="alert(1)" style="position:fixed">after</p>',
    '<a href="javascript:alert(1)">after</a>',
    '<a href=" java&#115;cript:alert(1)">after</a>',
    '<iframe src="https://evil.example"></iframe>after',
    "<svg><script>alert(1)</script></svg>after",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>after",
    '<link rel=stylesheet href="http://evil.example">after',
    '<object data="file:///etc/passwd"></object>after',
    '<base href="http://evil.example/">after',
    '<form action="http://evil.example"><input name=a></form>after',
    "[after](javascript:alert(1))",
    "[after](data:text/html,<script>alert(1)</script>)",
    '[after](https://a.example){ onclick="alert(1)" style="x" }',
    '## after { onmouseover="alert(1)" style="background:url(http://evil.example)" }',
    "after\n{: onclick=alert(1) }",
    "![after](https://evil.example/pixel.gif) after",
    "![after](file:///etc/passwd) after",
    "![after](javascript:alert(1)) after",
    '![a](pictures/a.jpg "after"){ onerror="alert(1)" credit="x" }',
    '/// fact | after<script>alert(1)</script>\n    attrs: {onclick: "alert(1)"}\n\nafter\n///',
    "/// qr | javascript:alert(1)\nafter\n///",
    "/// quote | <img src=x onerror=alert(1)>\nafter\n///",
    "/// chart | <script>alert(1)</script>\n    alt: '<script>'\n\nafter,V\n<script>,1\n///",
    "/// map | after\n    places: [['<script>alert(1)</script>', 10, 36]]\n    alt: x\n///",
    "after[^1]\n\n[^1]: <script>alert(1)</script>",
    "| after |\n|---|\n| <script>alert(1)</script> |",
    "after\x02wzxhzdk:0\x03 \x02klzzwxh:0000\x03",
]


@pytest.mark.parametrize("medium", Medium)
@pytest.mark.parametrize("markdown", HOSTILE)
def test_nothing_hostile_reaches_the_page_and_the_text_is_still_printed(
    render: Render, markdown: str, medium: Medium
) -> None:
    body = render(markdown, medium)
    assert "after" in body.html
    assert "\x02" not in body.html
    for tag, attributes in body.tags:
        assert tag not in {
            *("script", "style", "iframe", "object", "link", "base", "form", "input", "math")
        }
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name != "srcdoc"
            if name in ("href", "src"):
                assert (value or "").startswith(
                    ("https://a.example", "pictures/", "#", "data:image/svg+xml")
                )
            if name == "style":  # only our own drawings carry one
                assert "evil" not in (value or "")


def test_html_that_is_left_out_is_told(render: Render) -> None:
    assert "the HTML <iframe> is left out: write it in Markdown" in render("<iframe></iframe>").said


def test_harmless_html_stays(render: Render) -> None:
    body = render('Water is H<sub>2</sub>O, <span lang="ar" dir="rtl">ماء</span>.')
    assert 'H<sub>2</sub>O, <span lang="ar" dir="rtl">ماء</span>' in body.html


def test_an_author_cannot_ask_for_a_drawing_that_is_not_theirs(render: Render) -> None:
    body = render('/// qr | https://a.example/\nx\n///\n\n<figure id="drawn-0"></figure>')
    assert body.html.count("<img") == 1


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    *("/// quote", "/// chart | T", "///", "////", "    type: bar", "a,1", "b,x"),
                    *(
                        "/// map",
                        "    countries: [TN]",
                        "/// fact | F",
                        "[^1]",
                        "[^1]: n",
                        "",
                        "> q",
                    ),
                    *("![a](p.jpg)", "- i", "    code", "<b>", "</div>", "| a |", "|---|", "**x**"),
                    *("/// qr | https://a.example", "# H", ": d", "*[A]: b", "[x]: y", "{: .c }"),
                ]
            ),
            st.text(max_size=20),
        ),
        max_size=14,
    ),
    st.sampled_from(Medium),
)
def test_whatever_an_author_writes_a_body_comes_out(lines: list[str], medium: Medium) -> None:
    body = render_body(
        Article(slug="s", title="T", body="\n".join(lines)),
        medium=medium,
        picture_url=lambda picture, wide: picture.path,
        look=Look(),
    )
    assert "\x02" not in body.html
    assert "drawn-" not in body.html
    assert "<script" not in body.html


# ---- pictures --------------------------------------------------------------------


def test_a_picture_alone_in_its_paragraph_is_a_figure(render: Render) -> None:
    body = render(f"Before.\n\n{PICTURE}\n\nAfter.")
    assert (
        '<figure class="picture wide"><img src="pictures/dune.jpg" alt="A dune"><figcaption>'
        '<span class="caption">Sand. ‘Hot’.</span> <span class="credit">Ada, CC0</span>'
        "</figcaption></figure>"
    ) in body.html
    assert body.html.index("Before") < body.html.index("<figure") < body.html.index("After")
    assert body.body.pictures == (
        Picture(
            path="pictures/dune.jpg",
            alt="A dune",
            caption="Sand. 'Hot'.",
            credit="Ada, CC0",
            focus=(0.2, 0.7),
        ),
    )
    assert not body.body.problems
    assert "<p></p>" not in body.html


def test_several_pictures_of_a_paragraph_stay_in_order(render: Render) -> None:
    body = render("\n".join(f'![{n}](p/{n}.jpg){{ credit="c" }}' for n in "abc"))
    assert [picture.alt for picture in body.body.pictures] == ["a", "b", "c"]
    places = [body.html.index(f"p/{n}.jpg") for n in "abc"]
    assert places == sorted(places)
    assert "<p" not in body.html


def test_a_picture_within_a_line_moves_behind_it_and_is_told(render: Render) -> None:
    body = render('Some *![x](p/x.jpg){ credit="c" } words* here.')
    assert body.text == "Some words here. c"
    assert "stands within a line" in body.said


@pytest.mark.parametrize(
    ("markdown", "sentence"),
    [
        ('![](p/x.jpg){ credit="c" }', "the picture p/x.jpg has no alt text"),
        ("![a](p/x.jpg)", "the picture p/x.jpg has no credit"),
        ("![a](../x.jpg)", "the picture ../x.jpg is left out: only pictures below"),
        ("![a](%2e%2e/x.jpg)", "the picture ../x.jpg is left out"),
        ("![a](/etc/passwd)", "is left out"),
        ("![a](https://x.example/a.jpg)", "is left out"),
    ],
)
def test_a_picture_that_must_not_go_out_is_an_error(
    render: Render, markdown: str, sentence: str
) -> None:
    body = render(markdown)
    problem = body.body.problems[0]
    assert sentence in problem.message
    assert (problem.article, problem.severity) == ("salt", Severity.ERROR)


@pytest.mark.parametrize(
    ("kind", "severity"), [("feed", Severity.WARNING), ("folder", Severity.ERROR)]
)
def test_what_a_feed_left_out_of_its_pictures_holds_nothing_up(
    render: Render, kind: str, severity: Severity
) -> None:
    body = render("![](p/x.jpg)", extra={"fetched": {"source": "Daily", "kind": kind}})
    assert "has no alt text" in body.said
    assert "has no credit" in body.said
    assert {problem.severity for problem in body.body.problems} == {severity}


def test_a_picture_that_cannot_be_made_is_left_out_with_the_reason(render: Render) -> None:
    def gone(picture: Picture, wide: bool) -> str:
        raise ContentError(f"there is no picture {picture.path}")

    body = render(f"Text.\n\n{PICTURE}", picture_url=gone)
    assert body.html == "<p>Text.</p>"
    assert body.said == "there is no picture pictures/dune.jpg; the picture is left out"
    assert body.body.pictures == ()


def test_the_edition_hears_whether_a_picture_is_wide(render: Render) -> None:
    asked = []

    def address(picture: Picture, wide: bool) -> str:
        asked.append((picture.path, wide))
        return 'x"><script>'

    body = render(f'{PICTURE}\n\n![b](b%20c.jpg){{ credit="c" focus="9 9" }}', picture_url=address)
    assert asked == [("pictures/dune.jpg", True), ("b c.jpg", False)]
    assert 'src="x&quot;&gt;&lt;script&gt;"' in body.html
    assert body.body.pictures[1].focus == (0.5, 0.5)
    assert "the focus of b c.jpg is no place in it" in body.said


# ---- footnotes -------------------------------------------------------------------

NOTES = (
    "First.[^b] Second.[^a] First again.[^b]\n\n"
    '[^a]: Note *a*.\n[^b]: Note "b"\n\n    - one\n    - two\n'
)


def test_on_paper_footnotes_stand_in_the_text_and_run_on(render: Render) -> None:
    body = render(NOTES)
    assert 'Second.<span class="footnote">Note <em>a</em>.</span> First again.' in body.html
    assert body.html.count('<span class="footnote">Note “b” one two</span>') == 2
    assert body.html.count("<p>") == 1


def test_on_screen_footnotes_are_a_list_in_the_order_of_the_text(render: Render) -> None:
    body = render(NOTES, Medium.WEB)
    assert (
        'First.<sup class="footnote-ref" id="salt-fnref-1"><a href="#salt-fn-1">1</a></sup>'
        in body.html
    )
    assert 'again.<sup class="footnote-ref"><a href="#salt-fn-1">1</a></sup>' in body.html
    notes = body.html[body.html.index('<section class="footnotes">') :]
    assert notes.index("Note “b”") < notes.index("Note <em>a</em>")
    assert '<li id="salt-fn-2">' in notes
    assert 'href="#salt-fnref-2">↩</a>' in notes


@pytest.mark.parametrize(
    ("markdown", "sentence"),
    [
        ("Text.[^1]", "the footnote [^1] has no text: add [^1]: ..."),
        ("Text.\n\n[^1]: Lost.", "nothing refers to the footnote [^1]"),
        ("Text.[^1]\n\n[^1]: See.[^2]\n[^2]: There.", "refers to another footnote"),
    ],
)
def test_a_footnote_that_leads_nowhere_is_told(
    render: Render, markdown: str, sentence: str
) -> None:
    assert sentence in render(markdown).said
    assert sentence in render(markdown, Medium.WEB).said
