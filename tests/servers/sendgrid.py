"""The door to the local SendGrid, which lives in `publisher.rehearsal`."""

from publisher.rehearsal.faults import Fault
from publisher.rehearsal.process import SendGridProcess, sendgrid_process
from publisher.rehearsal.server import sendgrid_server
from publisher.rehearsal.service import KEY, Accepted, SendGridServer

__all__ = [
    "KEY",
    "Accepted",
    "Fault",
    "SendGridProcess",
    "SendGridServer",
    "sendgrid_process",
    "sendgrid_server",
]
