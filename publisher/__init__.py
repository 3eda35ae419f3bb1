"""Publisher turns a newsroom's week of articles into a PDF magazine and mails it."""

__version__ = "0.1.0"
