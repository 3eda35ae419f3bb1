"""Lines that were measured once are not measured again.

Multi-column layout asks for every line about three times, and copy-fitting lays the same
text out with several picture heights: four fifths of a magazine's time go into lines that
are known already. What is wrapped is private to WeasyPrint: with any version but the tested
one we do without. The pages are the same either way.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import weasyprint
from weasyprint.formatting_structure import boxes
from weasyprint.layout import inline

#: the version whose private functions were wrapped and compared page by page
TESTED = "70.0"
#: the properties that decide how a text is shaped and broken
_SHAPING = (
    *("direction", "font_family", "font_feature_settings", "font_kerning"),
    *("font_language_override", "font_size", "font_stretch", "font_style"),
    *("font_variant_alternates", "font_variant_caps", "font_variant_east_asian"),
    *("font_variant_ligatures", "font_variant_numeric", "font_variant_position"),
    *("font_variation_settings", "font_weight", "hyphenate_character", "hyphenate_limit_chars"),
    *("hyphenate_limit_zone", "hyphens", "lang", "letter_spacing", "line_height"),
    *("overflow_wrap", "tab_size", "text_decoration_line", "white_space", "word_break"),
    "word_spacing",
)
_PLAIN = (boxes.LineBox, boxes.InlineBox, boxes.TextBox)


class Memo:
    """What is known of some documents' lines; keeps their boxes as long as it lives.

    Documents that share one must share their fonts.
    """

    def __init__(self) -> None:
        self._splits: dict[Any, Any] = {}
        self._styles: dict[int, tuple[str, Any]] = {}
        self._lines: dict[Any, Any] = {}
        self._widths: dict[Any, float] = {}
        self._plain: dict[int, tuple[bool, Any]] = {}

    @contextmanager
    def used(self, *, enabled: bool = True) -> Iterator[None]:
        """Let the engine use it. The engine is the whole process's: one memo at a time."""
        if not enabled or weasyprint.__version__ != TESTED:
            yield
            return
        split, line = inline.split_first_line, inline.get_next_linebox
        least, values = inline.inline_min_content_width, boxes.ParentBox.page_values
        inline.split_first_line = self._splitting(split)
        inline.get_next_linebox = self._breaking(line)
        inline.inline_min_content_width = self._narrowing(least)
        boxes.ParentBox.page_values = _page_values
        try:
            yield
        finally:
            inline.split_first_line, inline.get_next_linebox = split, line
            inline.inline_min_content_width = least
            boxes.ParentBox.page_values = values

    def _splitting(self, split: Callable[..., Any]) -> Callable[..., Any]:
        """Remember where a text is split: it depends on text, style, width and flags alone.

        Justified lines are not kept: the engine empties their Pango layout.
        """
        known = self._splits

        def remembering(
            text: str,
            style: Any,
            context: Any,
            max_width: Any,
            justification_spacing: float,
            is_line_start: bool = True,
            minimum: bool = False,
        ) -> Any:
            if justification_spacing:
                return split(
                    text, style, context, max_width, justification_spacing, is_line_start, minimum
                )
            key = (text, self._shape(style), max_width, is_line_start, minimum)
            found = known.get(key)
            if found is None:
                found = split(text, style, context, max_width, 0, is_line_start, minimum)
                known[key] = found
            return found

        return remembering

    def _shape(self, style: Any) -> str:
        """Return what of a style decides how a text is shaped and broken."""
        found = self._styles.get(id(style))
        if found is None:
            shape = repr([style[name] for name in _SHAPING])
            found = self._styles[id(style)] = (shape, style)  # kept for its id
        return found[0]

    def _breaking(self, break_line: Callable[..., Any]) -> Callable[..., Any]:
        """Remember whole lines of running text where no float stands beside them.

        A line of nothing but text is the same wherever it stands, so a copy is moved there.
        """
        known = self._lines

        def remembering(
            context: Any,
            linebox: Any,
            position_y: float,
            bottom_space: float,
            skip_stack: Any,
            containing_block: Any,
            absolute_boxes: Any,
            fixed_boxes: Any,
            first_letter_style: Any,
            first_line_style: Any,
        ) -> Any:
            def broken() -> Any:
                return break_line(
                    context,
                    linebox,
                    position_y,
                    bottom_space,
                    skip_stack,
                    containing_block,
                    absolute_boxes,
                    fixed_boxes,
                    first_letter_style,
                    first_line_style,
                )

            if first_letter_style or first_line_style or not self._is_plain(linebox):
                return broken()
            if any(s.position_y + s.margin_height() > position_y for s in context.excluded_shapes):
                return broken()
            key = (id(linebox), _frozen(skip_stack), containing_block.width, linebox.text_indent)
            found, x = known.get(key), containing_block.content_box_x()
            if found is None:
                line, resume_at = broken()
                if line is not None:
                    known[key] = (_moved(line, 0, 0), resume_at, x, position_y)
                return line, resume_at
            line, resume_at, left, top = found
            return _moved(line, x - left, position_y - top), resume_at

        return remembering

    def _narrowing(self, least: Callable[..., float]) -> Callable[..., float]:
        """Remember how narrow the first line of a text may be, asked for beside every float."""
        known = self._widths

        def remembering(
            context: Any,
            box: Any,
            outer: bool = True,
            skip_stack: Any = None,
            first_line: bool = False,
            is_line_start: bool = False,
        ) -> float:
            key = (id(box), outer, _frozen(skip_stack), first_line, is_line_start)
            if type(box) is not boxes.LineBox or not self._is_plain(box):
                return least(context, box, outer, skip_stack, first_line, is_line_start)
            found = known.get(key)
            if found is None:
                found = least(context, box, outer, skip_stack, first_line, is_line_start)
                known[key] = found
            return found

        return remembering

    def _is_plain(self, linebox: Any) -> bool:
        found = self._plain.get(id(linebox))
        if found is None:
            plain = all(_only_text(child) for child in linebox.children)
            found = self._plain[id(linebox)] = (plain, linebox)  # kept for its id
        return found[0]


def _page_values(box: Any) -> tuple[Any, Any]:
    """Return the named pages a box begins and ends on (CSS Fragmentation 4, 4.4).

    The engine looks at every box below, each time a break is thought of. Only the first and
    the last one matter, and a line stands on the page of its paragraph.
    """
    start, end = boxes.Box.page_values(box)
    if isinstance(box, boxes.LineBox):
        return start, end
    children = box.children
    first = next((child for child in children if _flows(child)), None)
    if first is None:
        return start, end
    last = next(child for child in reversed(children) if _flows(child))
    return first.page_values()[0] or start, last.page_values()[1] or end


def _flows(box: Any) -> bool:
    return bool(box.is_in_normal_flow() or box.is_floated())


def _only_text(box: Any) -> bool:
    """Return whether a box holds text alone: no float, picture or leader.

    What a style sheet generates may be written anew in place, when it counts pages; a
    footnote's call never is, and the note itself is set when its line has found a page.
    """
    tag = box.element_tag or ""
    return (
        type(box) in _PLAIN
        and ("::" not in tag or tag.endswith("::footnote-call"))
        and box.style["position"] == "static"
        and all(_only_text(child) for child in getattr(box, "children", ()))
    )


def _frozen(skip_stack: Any) -> Any:
    if skip_stack is None:
        return None
    ((index, rest),) = skip_stack.items()
    return index, _frozen(rest)


def _moved(box: Any, dx: float, dy: float) -> Any:
    """Return a copy of a line and all in it, moved."""
    copy = box.copy()
    copy.position_x += dx
    copy.position_y += dy
    if isinstance(copy, boxes.ParentBox):
        copy.children = [_moved(child, dx, dy) for child in copy.children]
    return copy
