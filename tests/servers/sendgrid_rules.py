"""The door to the rules of Mail Send, which live in `publisher.rehearsal`."""

from publisher.rehearsal.rules import complaints

__all__ = ["complaints"]
