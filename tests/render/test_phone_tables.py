"""Tables on a phone: as they are while they fit, else row under row."""

from publisher.render.phone_tables import stacked
from publisher.render.templates import STATIC

FACE = STATIC / "fonts" / "sans-regular.ttf"


def table(heads: list[str], *rows: list[str], title: str = "") -> str:
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    caption = f"<figcaption>{title}</figcaption>" if title else ""
    return (
        f'<figure class="table">{caption}<table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></figure>"
    )


def test_a_narrow_table_stays_a_table() -> None:
    assert stacked(table(["Town", "Rain"], ["Tunis", "40"]), 90, FACE) == []


def test_a_wide_one_becomes_a_group_for_each_row() -> None:
    wide = table(
        ["Mountain", "Range", "In feet", "Nearest town or village"],
        ["Toubkal", "High <em>Atlas</em>", "13,671", "Imlil"],
        ["Catherine", "Sinai", "", "Saint Catherine"],
        title="Five &amp; more",
    )
    first, second = stacked(wide, 90, FACE)
    assert '<p class="chart-title">Five &amp; more</p>' in first
    assert '<p class="record-name">Toubkal</p>' in first
    assert "<dt>Range</dt><dd>High <em>Atlas</em></dd>" in first
    assert "In feet" not in second  # an empty cell says nothing
    assert "<dt>Nearest town or village</dt><dd>Saint Catherine</dd>" in second


def test_what_is_no_table_is_left_alone() -> None:
    assert stacked('<figure class="table"></figure>', 90, FACE) == []
