"""The few words of our own that editions print, in the publication's language."""

from pathlib import Path

from publisher.tables import load_toml


def words(language: str, *folders: Path) -> dict[str, str]:
    """Return the words of templates/words/LANGUAGE.toml by key.

    Later folders win over earlier ones, key by key; what a language lacks is English.
    """
    found: dict[str, str] = {}
    names = dict.fromkeys(("en", language.split("-")[0], language))
    for name in names:
        for folder in folders:
            path = folder / "words" / f"{name}.toml"
            if path.is_file():
                found |= {key: str(value) for key, value in load_toml(path).items()}
    return found
