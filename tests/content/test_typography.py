import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.typography import NO_BREAK, THIN, typeset, typeset_parts


def shown(text: str) -> str:
    """Make the spaces that do not break visible."""
    return text.replace(NO_BREAK, "~").replace(THIN, "_")


@pytest.mark.parametrize(
    ("language", "written", "printed"),
    [
        ("en", '"It\'s time," she said.', "“It’s time,” she said."),
        ("en", "'Yes' in the '90s, rock 'n' roll", "‘Yes’ in the ’90s, rock ’n’ roll"),
        ("en", "the dogs' dinner", "the dogs’ dinner"),
        ("en", "He said 'it's late' twice", "He said ‘it’s late’ twice"),
        ("en", "a 6'2\" wall", "a 6′2″ wall"),
        ("en", "Wait...", "Wait…"),
        ("en", "Dots ..... stay", "Dots ..... stay"),
        ("en", "salt - and gold -- too", "salt~– and gold~– too"),
        ("en", "salt--and gold", "salt—and gold"),
        ("en", "1990-1995, pp. 10-15", "1990–1995, pp.~10–15"),
        ("en", "2025-26", "2025–26"),
        ("en", "2026-11-20, 2026-11, W47-2, 0555-1234", "2026-11-20, 2026-11, W47-2, 0555-1234"),
        ("en", "10 km, 5 %, No. 5, Mr Smith", "10~km, 5~%, No.~5, Mr~Smith"),
        ("en", "https://a.example/1-2/x...y?a", "https://a.example/1-2/x...y?a"),
        ("fr", '"Quoi?" dit-il: non; si!', "«_Quoi_?_» dit-il~: non_; si_!"),
        ("fr", "« Déjà là ! »", "«_Déjà là_!_»"),
        ("fr", "l'été, 25 000 km à 10:30", "l’été, 25_000~km à 10:30"),
        ("fr", 'Il a dit "dis "oui" vite"', "Il a dit «_dis “oui” vite_»"),
        ("fr", "http://a.example/?b", "http://a.example/?b"),
        ("de", '"Ja", sagte er', "„Ja“, sagte er"),
        ("it", '"L\'uomo"', "«L’uomo»"),
        ("sv", '"Ja"', "”Ja”"),
        ("ar", 'قال "مرحبا، كيف الحال؟" ثم...', "قال «مرحبا، كيف الحال؟» ثم…"),
        ("ar", "١٩٩٠-١٩٩٥ - سنة", "١٩٩٠-١٩٩٥~– سنة"),
        ("ar", "خبز ، وملح; وماء?", "خبز، وملح؛ وماء؟"),
        ("ar", "زاد ٥ % أو 5 %", "زاد ٥٪ أو 5 %"),
        ("ar", "UNESCO, 1990-1995", "UNESCO, 1990-1995"),
        ("fr", "à 21 h 50, dans 6 mois", "à 21~h~50, dans 6~mois"),
        ("fr", "— Oui, dit-il", "—~Oui, dit-il"),
        ("fr", 'Il dit : "l\'été "doux" !"', "Il dit~: «_l’été “doux”_!_»"),
        ("en", "3 years, 40 days", "3~years, 40~days"),
        ("he", 'צה"ל', 'צה"ל'),
        ("xx", '"quoted"', "“quoted”"),
        ("", '"quoted"', "“quoted”"),
        ("fr-CH", "Oui!", "Oui_!"),
    ],
)
def test_each_language_is_set_in_its_own_way(language: str, written: str, printed: str) -> None:
    assert shown(typeset(written, language)) == printed


def test_a_quote_may_open_in_one_part_and_close_in_another() -> None:
    assert typeset_parts(['He said "', "hello", '" to her...'], "en") == [
        "He said “",
        "hello",
        "” to her…",
    ]
    assert typeset_parts(["", "a.", "..", ""], "en") == ["", "a…", "", ""]


_LANGUAGES = st.sampled_from(["en", "fr", "ar", "de", "it", "sv", "ru", "he"])
_TEXTS = st.one_of(
    st.text(max_size=60),
    st.text("ab15 .-\"'«»“”:;!?%(@/\u00a0\u202f–—…kmMr", max_size=40),
    st.text('\u0628\u0627\u0650٥5 ,;?%،؛؟."«»–- ', max_size=30),
)


@given(_TEXTS, _LANGUAGES)
def test_no_letter_and_no_digit_is_lost(text: str, language: str) -> None:
    set_text = typeset(text, language)
    assert [c for c in set_text if c.isalnum()] == [c for c in text if c.isalnum()]
    assert "".join(set_text.split()) == "".join(typeset(set_text, language).split())


@given(_TEXTS, _LANGUAGES)
def test_setting_twice_is_setting_once(text: str, language: str) -> None:
    once = typeset(text, language)
    assert typeset(once, language) == once


@given(st.lists(_TEXTS, min_size=1, max_size=5), _LANGUAGES)
def test_parts_are_set_as_the_whole_would_be(parts: list[str], language: str) -> None:
    pieces = typeset_parts(parts, language)
    assert len(pieces) == len(parts)
    assert "".join(pieces) == typeset("".join(parts), language)
