from publisher.render.rtl import apart, spaces_within


def test_a_space_before_words_set_apart_stands_within_their_element() -> None:
    assert spaces_within("إنها <strong>حدود</strong> وهي <em>ماء</em>") == (
        "إنها<strong> حدود</strong> وهي<em> ماء</em>"
    )


def test_links_notes_and_spaces_of_other_elements_stay_where_they_are() -> None:
    for html in ('قال <a href="#x">هنا</a>', "كلمة<strong>كلمة</strong>", "<em> كلمة</em>"):
        assert spaces_within(html) == html


def test_words_against_the_direction_of_a_line_are_kept_apart_and_escaped() -> None:
    assert (
        apart("Amiri (The Amiri Project)", "ar")
        == '<span dir="ltr">Amiri (The Amiri Project)</span>'
    )
    assert apart("<b>", "ar") == '<span dir="ltr">&lt;b&gt;</span>'
    assert apart("أميري!", "en") == '<span dir="rtl">أميري!</span>'
    assert apart("أميري", "ar") == "أميري"
    assert apart("12 (1)", "ar") == "12 (1)"
