"""Foreign HTML becomes our Markdown."""

import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown

from publisher.collect.clean import MAX_HTML, Cleaned, clean
from publisher.collect.figures import Figure, split_credit
from publisher.content.article import Article, Picture
from publisher.content.body import Look, Medium
from publisher.content.markdown import render_body
from publisher.errors import CollectError

BASE = "https://daily.example/2026/11/harbour/"


def body(html: str, **more: str) -> str:
    return clean(html, **{"base": BASE, **more}).body


def rendered(markdown: str) -> str:
    """Return what the magazine prints of it."""

    def url(picture: Picture, wide: bool) -> str:
        return picture.path

    article = Article(slug="a", title="A", body=markdown)
    return render_body(article, medium=Medium.WEB, picture_url=url, look=Look()).html


def test_paragraphs_emphasis_and_links() -> None:
    html = '<div><p>The <b>old </b>port &amp; the <em>new</em> one,<a href="/map?a=1&amp;b=2"> here</a>.</p></div>'
    assert body(html) == (
        "The **old** port & the *new* one, [here](https://daily.example/map?a=1&b=2)."
    )


def test_loose_text_and_double_breaks_become_paragraphs() -> None:
    assert body("<div>One<br><br>two<div>three</div>four</div>") == "One\n\ntwo\n\nthree\n\nfour"


def test_plain_text_keeps_its_paragraphs() -> None:
    assert body("One\nmore\n\ntwo") == "One  \nmore\n\ntwo"


def test_headings_become_crossheads_whatever_their_level() -> None:
    html = "<h1>The Harbour</h1><p>a</p><h3>First</h3><p>b</p><h5>Inner</h5><p>c</p>"
    assert re.findall("^#.*", body(html, title="The harbour!"), re.M) == ["## First", "### Inner"]


def test_nested_lists_nest_in_print() -> None:
    html = "<ul><li>One<ol start='3'><li>deep</li><li>deeper</li></ol></li><li>Two</li></ul>"
    assert rendered(body(html)).replace("\n", "") == (
        '<ul><li>One<ol start="3"><li>deep</li><li>deeper</li></ol></li><li>Two</li></ul>'
    )


def test_a_figure_keeps_alt_caption_and_credit() -> None:
    html = """<figure class="wp-block-image"><a href="full.jpg"><img alt="Boats" src="b-300x200.jpg"
        srcset="b-300x200.jpg 300w, b-1600x900.jpg 1600w, b.jpg 5000w"></a>
        <figcaption>Boats at "dawn". Photo: Amel Ben Ali / AFP</figcaption></figure>"""
    cleaned = clean(html, base=BASE)
    assert cleaned.body == (
        f'![Boats]({BASE}b-1600x900.jpg "Boats at “dawn”."){{ credit="Amel Ben Ali / AFP" }}'
    )
    assert cleaned.figures[0].caption == 'Boats at "dawn".'


@pytest.mark.parametrize(
    ("caption", "split"),
    [
        ("The port at dawn. Photo: A. Ben Ali", ("The port at dawn.", "A. Ben Ali")),
        ("The port (Photo by A. Ben Ali)", ("The port", "A. Ben Ali")),
        ("Le port. Crédit photo : A. Ben Ali", ("Le port.", "A. Ben Ali")),
        ("© Reuters", ("", "© Reuters")),
        ("الميناء. تصوير: أمل", ("الميناء.", "أمل")),
        ("A photo of the port", ("A photo of the port", "")),
    ],
)
def test_captions_give_up_their_credit(caption: str, split: tuple[str, str]) -> None:
    assert split_credit(caption) == split


@pytest.mark.parametrize(
    "html",
    [
        '<div class="wp-caption"><img src="b.jpg"><p class="wp-caption-text">Boats</p></div>',
        '[caption id="x" width="300"]<img src="b.jpg"> Boats[/caption]',
        '<p>Text</p><figure><picture><source srcset="b.webp"><img src="b.jpg"></picture>'
        "<figcaption>Boats</figcaption></figure>",
        '<figure><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="b.jpg">'
        '<noscript><img src="b.jpg"></noscript><figcaption>Boats</figcaption></figure>',
    ],
)
def test_figures_are_found_in_every_dress(html: str) -> None:
    cleaned = clean(html, base=BASE)
    assert [(f.address, f.caption) for f in cleaned.figures] == [(f"{BASE}b.jpg", "Boats")]


def test_a_gallery_gives_every_picture_and_its_words() -> None:
    html = """<figure class="wp-block-gallery"><figure><img src="1.jpg"></figure>
        <figure><img src="2.jpg"></figure><figcaption>Two views</figcaption></figure>"""
    assert body(html) == f'![]({BASE}1.jpg)\n\n![]({BASE}2.jpg "Two views")'


def test_a_picture_within_a_line_stands_after_its_paragraph() -> None:
    assert body('<p>Boats <img src="b.jpg" alt="B"> at dawn.</p><p>Next</p>') == (
        f"Boats at dawn.\n\n![B]({BASE}b.jpg)\n\nNext"
    )


def test_counting_pixels_and_smileys_are_dropped() -> None:
    html = """<p>Hello <img class="wp-smiley" src="s.png" alt="🙂"></p>
        <img src="https://t.example/x.gif" width="1" height="1"><img src="https://pixel.wp.com/b.gif">
        <img src="https://www.facebook.com/tr?id=1"><img src="/i.png" width="16px">"""
    assert body(html) == "Hello 🙂"


def test_pull_quotes_name_their_speaker_and_other_quotes_stay_quotes() -> None:
    html = """<figure class="wp-block-pullquote"><blockquote><p>We are tired.</p>
        <cite>— Amina</cite></blockquote></figure>
        <blockquote><p>First</p><p>Second</p><cite>Amina</cite></blockquote>"""
    assert body(html) == (
        "/// quote | Amina\nWe are tired.\n///\n\n> First\n>\n> Second\n>\n> — Amina"
    )
    assert 'class="pull-quote"' in rendered(body(html))


def test_fact_boxes_keep_title_and_content() -> None:
    html = '<div class="factbox"><h4>The port</h4><p>Built 1890.</p><ul><li>Three quays</li></ul></div>'
    assert body(html) == "/// fact | The port\nBuilt 1890.\n\n- Three quays\n///"


def test_tables_of_figures_stay_tables() -> None:
    html = """<figure><table><thead><tr><th>Port</th><th>Ships|year</th></tr></thead>
        <tbody><tr><td>Sfax</td><td>12<br>new</td></tr></tbody></table>
        <figcaption>Source: ministry</figcaption></figure>"""
    text = body(html)
    assert text.splitlines()[2] == "| Sfax | 12 new |"
    assert text.endswith("*Source: ministry*")
    assert "<td>12 new</td>" in rendered(text)


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td>Boats</td><td>at dawn</td></tr></table>",
        "<table><tr><td>Boats</td></tr><tr><td>at dawn</td></tr></table>",
    ],
)
def test_a_single_row_or_column_is_no_table(html: str) -> None:
    assert body(html) == "Boats\n\nat dawn"


def test_tables_that_only_place_things_are_unfolded() -> None:
    html = '<table><tr><td><img src="b.jpg"></td></tr><tr><td>Boats at dawn</td></tr></table>'
    assert "|" not in body(html)
    assert "Boats at dawn" in body(html)


@pytest.mark.parametrize(
    "html",
    [
        '<p>Text<sup class="fn" data-fn="x"><a href="#n1" id="n1-link">1</a></sup>.</p>'
        '<ol class="wp-block-footnotes"><li id="n1">The <i>note</i>. <a href="#n1-link">↩︎</a></li></ol>',
        '<p>Text<a href="#n1">[1]</a>.</p><p id="n1">The <i>note</i>. <a href="#x">^</a></p>',
    ],
)
def test_footnotes_stay_footnotes(html: str) -> None:
    assert body(html) == "Text[^1].\n\n[^1]: The *note*."


def test_players_become_links() -> None:
    html = """<iframe src="https://www.youtube.com/embed/abc?feature=oembed" title="A film"></iframe>
        <figure class="wp-block-embed"><div class="wp-block-embed__wrapper">
        https://www.instagram.com/p/xyz/
        </div></figure><video src="clip.mp4"></video><iframe src="javascript:x"></iframe>"""
    assert body(html).split("\n\n") == [
        "[A film](https://www.youtube.com/watch?v=abc)",
        "[instagram.com/p/xyz](https://www.instagram.com/p/xyz/)",
        f"[daily.example/2026/11/harbour/clip.mp4]({BASE}clip.mp4)",
    ]


def test_share_buttons_and_other_furniture_go() -> None:
    html = f'<p>{"Text. " * 40}</p><div class="sharedaddy">Share</div><div id="jp-relatedposts">More</div>'
    assert body(html) == ("Text. " * 40).strip()


def test_a_text_is_kept_even_if_its_theme_calls_it_furniture() -> None:
    assert body('<div class="newsletter"><p>The whole article.</p></div>') == "The whole article."


def test_shortcodes_go_and_words_in_brackets_stay() -> None:
    html = '<p>[vc_row][vc_column width="1/2"]Text [sic] stays[/vc_column][/vc_row][gallery ids="1,2"]</p>'
    assert body(html) == r"Text \[sic\] stays"


@pytest.mark.parametrize(
    ("html", "sources"),
    [
        ("<p>Text</p><p><b>Sources:</b> Reuters, Libya Observer.</p>", ("Reuters", "Libya Observer")),
        ("<p>Text</p><p>Source : <a href='https://afp.com'>AFP</a> (Tunis, 3 mai)</p>", ("AFP (Tunis, 3 mai)",)),
        ("<p>Text</p><p>المصادر: رويترز، وكالة الأنباء</p>", ("رويترز", "وكالة الأنباء")),
        ("<p>Text</p><h3>Sources</h3><ul><li>Reuters</li><li>AFP</li></ul>", ("Reuters", "AFP")),
    ],
)  # fmt: skip
def test_the_sources_line_becomes_data(html: str, sources: tuple[str, ...]) -> None:
    cleaned = clean(html, base=BASE)
    assert (cleaned.body, cleaned.sources) == ("Text", sources)


def test_a_sentence_about_sources_stays() -> None:
    assert clean("<p>Sources close to the minister said no.</p>").sources == ()


def test_first_appeared_on_goes() -> None:
    html = f'<p>Text</p><p>The post <a href="{BASE}">X</a> appeared first on <a href="/">Daily</a>.</p>'
    cleaned = clean(html, base=BASE, url=BASE)
    assert (cleaned.body, cleaned.cut_off) == ("Text", False)


@pytest.mark.parametrize(
    "html",
    [
        f'<p>Begins [&#8230;]</p><p>The post <a href="{BASE}">X</a> appeared on <a href="/">D</a>.</p>',
        f'<p>Begins…</p><p><a href="{BASE}">Read more</a></p>',
        f'<p>Begins… <a href="{BASE}">Continue reading →</a></p>',
        f'<p>Commence…</p><p><a href="{BASE}">Lire la suite</a></p>',
    ],
)
def test_a_teaser_is_noticed(html: str) -> None:
    cleaned = clean(html, base=BASE, url=BASE)
    assert cleaned.cut_off
    assert "http" not in cleaned.body


def test_struck_words_are_not_printed() -> None:
    assert body("<p>He <del>resigned</del> <ins>was dismissed</ins>.</p>") == "He was dismissed."


def test_formulas_and_ordinals_survive() -> None:
    assert (
        body("<p>H<sub>2</sub>O, m<sup>2</sup>, le 1<sup>er</sup> mai</p>") == "H₂O, m², le 1er mai"
    )


def test_arabic_keeps_its_joiners_and_loses_invisible_signs() -> None:
    assert body("<p>می\u200cخواهم \u200bالبحر\u00ad</p>") == "می\u200cخواهم البحر"


def test_poems_keep_their_lines() -> None:
    assert body("<pre>One &lt;line&gt;\nanother</pre>") == "One &lt;line>  \nanother"


@pytest.mark.parametrize(
    "text",
    [
        *("# no heading", "#hashtag", "1. no list", "- no list", "+ no list", "* no list", "> no quote"),
        *("/// fact | no box", "*no emphasis*", "_no emphasis_", "[no](link)", "![no](picture.jpg)"),
        *("{: onclick=x }", "no attributes { .wide }", "`no code`", "\\*", "&lt;b&gt;", "&amp;amp;"),
        *("=====", "-----", "***", "~~~", ": no definition", "[^1]: no note", "*[no]: abbreviation"),
        *("    no code", "<b>", "<script>alert(1)</script>", "a | b", "AT&T", "snake_case_name"),
    ],
)  # fmt: skip
def test_what_looks_like_markup_is_printed_as_written(text: str) -> None:
    class Words(HTMLParser):
        said = ""

        def handle_data(self, data: str) -> None:
            self.said += data

    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    for html in (f"<p>{escaped}</p>", f"<p>x<br>{escaped}</p>", f"<ul><li>{escaped}</li></ul>"):
        markdown = Markdown(extensions=["tables", "def_list", "attr_list", "footnotes", "abbr"])
        words = Words()
        words.feed(markdown.convert(body(html)))
        assert " ".join(words.said.split()).removeprefix("x ") == " ".join(text.split())


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<ScRiPt src=//x.example/a.js></sCrIpT>",
        "<p>x</p><style>p{}</style>",
        '<svg onload="alert(1)"><script>x</script></svg>',
        '<math><mtext><img src="x" onerror="alert(1)"></mtext></math>',
        '<form action="/x"><input value="y"><button>go</button></form>',
        '<object data="x.swf">y</object>',
        "<template><img src=x onerror=alert(1)></template>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    ],
)
def test_active_content_never_arrives(html: str) -> None:
    text = rendered(body(html))
    assert not re.search(r"alert|<script|<style|onerror|onload|<form|<input|<object", text, re.I)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "&#106;avascript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "https://me:secret@x.example/",
    ],
)
def test_links_and_pictures_lead_to_the_web_alone(address: str) -> None:
    text = body(f'<p><a href="{address}">words</a></p><img src="{address}">')
    assert text == "words"


def test_an_address_cannot_break_out_of_its_link() -> None:
    html = '<p><a href="https://x.example/a) [b](javascript:c) \'&quot;">words</a></p>'
    assert body(html) == ("[words](https://x.example/a%29%20%5Bb%5D%28javascript:c%29%20%27%22)")


def test_a_caption_cannot_break_out_of_its_figure() -> None:
    html = """<figure><img src="b.jpg" alt='](javascript:x) "'><figcaption>") { onclick="x" }
        &lt;script&gt; ![](y.jpg)</figcaption></figure>"""
    text = body(html).replace(BASE, "pictures/")
    assert "\n" not in text
    assert rendered(text).count("<img") == 1
    assert "<script" not in rendered(text)
    assert "onclick=" not in re.sub(r">[^<]*<", "><", rendered(text))


BOMBS: dict[str, Callable[[], str]] = {
    "nested divs": lambda: "<div>" * 50_000 + "x",
    "nested lists": lambda: "<ul><li>" * 50_000 + "x",
    "nested quotes": lambda: "<blockquote>" * 900 + "<p>x",
    "nested figures": lambda: "<figure>" * 900 + '<img src="b.jpg">',
    "open tags": lambda: "<" * 400_000,
    "entities": lambda: "&" * 200_000,
    "shortcodes": lambda: "[caption " * 30_000 + "[gallery " * 30_000,
    "captions": lambda: "[caption]" * 30_000,
    "breaks": lambda: "<br> " * 60_000,
    "spaces": lambda: "<p>" + "&nbsp;" * 60_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_shapes_take_no_long_time(name: str) -> None:
    html = BOMBS[name]()
    begun = time.monotonic()
    body(html)
    assert time.monotonic() - begun < 10  # quadratic ones take minutes


def test_a_text_of_megabytes_is_refused() -> None:
    with pytest.raises(CollectError, match="no article"):
        clean("<p>x</p>" * (MAX_HTML // 7))


def test_pictures_written_into_the_text_do_not_count_as_its_length() -> None:
    html = f'<p>Text</p><img src="data:image/png;base64,{"A" * MAX_HTML}">'
    assert body(html) == "Text"


TAGS = (
    "p div span b i a img figure figcaption blockquote ul ol li table tr td h1 h2 h6 script style"
    " iframe svg pre code sup sub br hr aside details summary cite q dl dt dd noscript del"
)
ATTRIBUTES = [
    'href="javascript:alert(1)"', 'href="#n1"', 'id="n1"', 'src="javascript:alert(1)"',
    'src="b.jpg"', 'onclick="alert(1)"', 'style="x:expression(1)"', 'class="pullquote"',
    'class="factbox"', 'class="wp-caption"', 'data-shape="quote"', 'data-n="7"', 'data-note="9"',
    'data-title="x"', 'alt="](javascript:1)"', "srcset='b.jpg 9w, javascript:1 99w'",
]  # fmt: skip
TEXTS = ["x", "*", "_", "<script>", "&lt;script&gt;", "javascript:alert(1)", "[a](javascript:b)",
         "![a](javascript:b)", "\n", "\n\n", "///", "/// qr | javascript:x", "# ", "1. ", "{: .x}",
         "|", "\\", "`", "[caption]", "[/caption]", '"', "\x02", "\x03", "&#2;", "--", "é", "بحر"]  # fmt: skip
pieces = st.one_of(
    st.builds(
        lambda tag, attributes: f"<{tag} {' '.join(attributes)}>",
        st.sampled_from(TAGS.split()),
        st.lists(st.sampled_from(ATTRIBUTES), max_size=2),
    ),
    st.builds("</{}>".format, st.sampled_from(TAGS.split())),
    st.sampled_from(TEXTS),
    st.text(max_size=5),
)


class Actives(HTMLParser):
    """Collects what would act in a reader's browser."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "iframe", "object", "form", "svg"):
            self.found.append(tag)
        for name, value in attrs:
            scheme = urlsplit((value or "").strip()).scheme.lower()
            if name.startswith("on") or (
                name in ("href", "src") and scheme not in ("", "http", "https", "mailto")
            ):
                self.found.append(f"{name}={value}")


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=25).map("".join))
def test_nothing_active_survives_whatever_the_html(html: str) -> None:
    cleaned = clean(html, base=BASE)
    # even a Markdown renderer without a cleaner of its own finds nothing to act upon
    bare = Markdown(extensions=["tables", "def_list", "attr_list", "footnotes"])
    actives = Actives()
    actives.feed(bare.convert(cleaned.body))
    assert actives.found == []
    assert "<script" not in cleaned.body.lower()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_a_figures_words_stay_within_their_figure(alt: str, caption: str, credit: str) -> None:
    figure = Figure(
        address="https://x.example/b.jpg",
        alt=" ".join(alt.split()),
        caption=" ".join(caption.split()),
        credit=" ".join(credit.split()),
    )
    actives = Actives()
    html = Markdown(extensions=["attr_list"]).convert(f"Before\n\n{figure.markdown()}\n\nAfter")
    actives.feed(html)
    assert actives.found == []
    assert html.count("<p>") == 3


def test_cleaned_is_empty_for_nothing() -> None:
    assert clean("") == Cleaned(body="")
