"""The forms of a mailing: the same issue as a link, with its PDF, or as plain text.

A reader's form is chosen when she is planned and frozen with her chunk: what she asks
for later holds from the next issue on.
"""

from dataclasses import replace

from sqlalchemy import Engine

from publisher.deliver.mailing import Mailing, frozen_form, load_message
from publisher.deliver.sender import Form, Message


def in_form(message: Message, form: Form) -> Message:
    """Return a mail as the readers of a form get it; see `Form`.

    Without an attachment in the mail, `ATTACH` is the same as `LINK`.
    """
    match form:
        case Form.ATTACH:
            return message
        case Form.LINK:
            return replace(message, attachments=())
        case Form.TEXT:
            return replace(message, html="", attachments=(), pictures={}, embed=False)


def message_in_form(engine: Engine, mailing: Mailing, form: Form) -> Message:
    """Return the frozen mail for the chunks of a form; read it once for many of them.

    Once the attachments have proved too large (see `leave_attachments`), `ATTACH` gives
    the mail with the link alone.
    """
    if form is Form.LINK and frozen_form(mailing) is None:
        form = Form.ATTACH  # frozen before there were forms: all readers got one mail
    return in_form(load_message(engine, mailing, files=form is Form.ATTACH), form)
