"""The rules of Mail Send's less travelled fields: settings, groups, batches, templates."""

from collections.abc import Iterator
from typing import Any

_SWITCHES = {
    "mail_settings": (
        *("bcc", "bypass_list_management", "bypass_spam_management"),
        *("bypass_bounce_management", "bypass_unsubscribe_management"),
        *("footer", "sandbox_mode", "spam_check"),
    ),
    "tracking_settings": (
        *("click_tracking", "open_tracking", "subscription_tracking", "ganalytics"),
    ),
}


def about_settings(body: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Go through what is wrong with switches, groups, batches, pools and templates."""
    for group, names in _SWITCHES.items():
        settings = body.get(group, {})
        if not isinstance(settings, dict):
            yield "Invalid type. Expected: object.", group
            continue
        for name in settings.keys() - set(names):
            yield f"Additional property {name} is not allowed", f"{group}.{name}"
        for name in settings.keys() & set(names):
            switch = settings[name].get("enable") if isinstance(settings[name], dict) else None
            if not isinstance(switch, bool):
                told = f"The {name.replace('_', ' ')} enable param should be a boolean value."
                yield told, f"{group}.{name}.enable"
    for name, told in (
        ("batch_id", "The batch_id must be a string."),
        ("ip_pool_name", "The name of your IP pool must be a string."),
        ("template_id", "The template ID must be a string."),
    ):
        if name in body and not isinstance(body[name], str):
            yield told, name
    yield from _about_groups(body.get("asm"))
    sections = body.get("sections", {})
    if not isinstance(sections, dict) or not all(isinstance(v, str) for v in sections.values()):
        yield "The section values must be strings.", "sections"
    if str(body.get("template_id", "")).startswith("d-"):
        for place, person in enumerate(body.get("personalizations") or []):
            if isinstance(person, dict) and person.get("substitutions"):
                told = "Substitutions may not be used with dynamic templating"
                yield told, f"personalizations.{place}.substitutions"


def _about_groups(asm: Any) -> Iterator[tuple[str, str | None]]:
    if asm is None:
        return
    if not isinstance(asm, dict) or not isinstance(asm.get("group_id"), int):
        yield "The ASM group ID must be an integer.", "asm.group_id"
        return
    shown = asm.get("groups_to_display", [])
    if not isinstance(shown, list) or not all(isinstance(group, int) for group in shown):
        yield "The ASM Group IDs to display must be an array of integers.", "asm.groups_to_display"
    elif len(shown) > 25:
        told = (
            "There is a limit of 25 unsubscribe groups that can be displayed to a user at a time."
        )
        yield told, "asm.groups_to_display"
