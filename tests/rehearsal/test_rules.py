"""Every rule of Mail Send that the documentation names: what is refused, and in which field."""

import json
from typing import Any

import pytest

from publisher.rehearsal.rules import complaints

NOW = 1_795_244_400


def good(**changes: Any) -> dict[str, Any]:
    """Return a body nothing is wrong with."""
    body = {
        "personalizations": [person("a@example.org"), person("b@example.org")],
        "from": {"email": "weekly@sirocco.example", "name": "Sirocco"},
        "subject": "Sirocco 12",
        "content": [
            {"type": "text/plain", "value": "Read."},
            {"type": "text/html", "value": "<p>Read.</p>"},
        ],
        "custom_args": {"publisher_chunk": "1"},
    }
    return {**body, **changes}


def person(email: str, **more: Any) -> dict[str, Any]:
    return {"to": [{"email": email}], **more}


def file(**changes: Any) -> dict[str, Any]:
    usual = {"content": "JVBERi0xLjc=", "type": "application/pdf", "filename": "a.pdf"}
    return {"attachments": [{**usual, **changes}]}


def one(**more: Any) -> dict[str, Any]:
    """Return a body whose one personalization holds more."""
    return good(personalizations=[person("a@example.org", **more)])


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in good().items() if key != name}


BAD = {
    "no personalization": (good(personalizations=[]), "personalizations"),
    "personalizations that are no list": (good(personalizations={}), "personalizations"),
    "1001 personalizations": (
        good(personalizations=[person(f"r{n}@example.org") for n in range(1001)]),
        "personalizations",
    ),
    "1001 recipients in few personalizations": (
        good(personalizations=[
            {"to": [{"email": f"r{n}.{p}@example.org"} for n in range(501)]} for p in range(2)
        ]),
        "personalizations",
    ),
    "an address twice": (
        good(personalizations=[person("a@example.org"), person("A@example.org")]),
        "personalizations.1",
    ),
    "an address as to and as cc": (one(cc=[{"email": "a@example.org"}]), "personalizations.0"),
    "no to": (good(personalizations=[{"cc": []}]), "personalizations.0.to"),
    "no address": (good(personalizations=[person("a@")]), "personalizations.0.to.0.email"),
    "a local part of 65 letters": (
        good(personalizations=[person(f"{'a' * 65}@example.org")]),
        "personalizations.0.to.0.email",
    ),
    "an address of 321 letters": (
        good(personalizations=[person(f"a@{'b.' * 158}org")]),
        "personalizations.0.to.0.email",
    ),
    "a name with a semicolon": (
        good(personalizations=[{"to": [{"email": "a@example.org", "name": "A; B"}]}]),
        "personalizations.0.to.0.name",
    ),
    "a number as substitution": (one(substitutions={"x": 1}), "personalizations.0.substitutions"),
    "10,001 bytes of substitutions": (
        one(substitutions={"x": "é" * 5000}),
        "personalizations.0.substitutions",
    ),
    "a number as custom arg": (one(custom_args={"x": 1}), "personalizations.0.custom_args"),
    "an empty custom arg": (one(custom_args={"x": ""}), "personalizations.0.custom_args"),
    "10,001 bytes of custom args, merged": (
        {**one(custom_args={"x": "y" * 6000}), "custom_args": {"z": "y" * 6000}},
        "personalizations.0.custom_args",
    ),
    "a reserved header": (one(headers={"Reply-To": "x"}), "personalizations.0.headers"),
    "a header with a space": (one(headers={"X A": "x"}), "personalizations.0.headers"),
    "a header twice": (one(headers={"X-A": "x", "x-a": "y"}), "personalizations.0.headers"),
    "a header that is no text": (good(headers={"X-A": 1}), "headers"),
    "a header beyond ASCII": (good(headers={"X-A": "é"}), "headers"),
    "a header with a line break": (good(headers={"X-A": "a\r\nBcc: b"}), "headers"),
    "a moment in 73 hours": (good(send_at=NOW + 73 * 3600), "send_at"),
    "a moment in words": (one(send_at="soon"), "personalizations.0.send_at"),
    "no sender": (without("from"), "from"),
    "a sender without address": (good(**{"from": {"name": "Sirocco"}}), "from.email"),
    "no subject": (without("subject"), "subject"),
    "an empty subject": (good(subject=""), "subject"),
    "no content": (without("content"), "content"),
    "an empty text": (good(content=[{"type": "text/plain", "value": ""}]), "content.0.value"),
    "a type with parameters": (
        good(content=[{"type": "text/plain; charset=utf-8", "value": "a"}]),
        "content.0.type",
    ),
    "HTML before text": (good(content=good()["content"][::-1]), "content"),
    "an attachment not in base64": (good(**file(content="%PDF")), "attachments.0.content"),
    "an empty attachment": (good(**file(content="")), "attachments.0.content"),
    "an attachment without a name": (good(**file(filename="")), "attachments.0.filename"),
    "an attachment's name beyond ASCII": (good(**file(filename="é.pdf")), "attachments.0.filename"),
    "an attachment's name with a comma": (good(**file(filename="a,b")), "attachments.0.filename"),
    "an unknown disposition": (good(**file(disposition="hung")), "attachments.0.disposition"),
    "a content id with a line break": (good(**file(content_id="a\n")), "attachments.0.content_id"),
    "11 categories": (good(categories=[str(n) for n in range(11)]), "categories"),
    "a category twice": (good(categories=["a", "a"]), "categories"),
    "a category of 256 letters": (good(categories=["a" * 256]), "categories"),
    "a category beyond ASCII": (good(categories=["é"]), "categories"),
    "a category that is no text": (good(categories=[1]), "categories"),
    "two ways to reply": (
        good(reply_to={"email": "a@example.org"}, reply_to_list=[{"email": "b@example.org"}]),
        "reply_to_list",
    ),
    "a switch that is no switch": (
        good(mail_settings={"sandbox_mode": {"enable": "yes"}}),
        "mail_settings.sandbox_mode.enable",
    ),
    "a group that is no number": (good(asm={"group_id": "one"}), "asm.group_id"),
    "a batch that is no text": (good(batch_id=7), "batch_id"),
    "a field nobody knows": (good(attachements=[]), "attachements"),
    "a field nobody knows, of one reader": (one(substitution={}), "personalizations.0.substitution"),
}  # fmt: skip


def test_nothing_is_wrong_with_a_good_body() -> None:
    assert complaints(good(), now=NOW) == []
    assert complaints(good(**file(), send_at=NOW + 71 * 3600), now=NOW) == []


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_named_by_its_field(what: str) -> None:
    body, where = BAD[what]
    found = complaints(json.loads(json.dumps(body)), now=NOW)
    assert where in [named for _, named in found]
    assert all(told for told, _ in found)


def test_the_subject_may_stand_with_every_reader_instead() -> None:
    people = [person(f"r{n}@example.org", subject="Sirocco 12") for n in range(3)]
    assert complaints({**without("subject"), "personalizations": people}, now=NOW) == []
    del people[2]["subject"]
    (complaint,) = complaints({**without("subject"), "personalizations": people}, now=NOW)
    assert complaint[1] == "subject"


def test_a_poisoned_address_is_called_invalid() -> None:
    (complaint,) = complaints(good(), poisoned={"b@example.org"}, now=NOW)
    assert complaint == ("Does not contain a valid address.", "personalizations.1.to.0.email")


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_json_that_is_no_object_is_a_bad_request(body: object) -> None:
    assert complaints(body) == [("Bad Request", None)]
