"""One at a time: pdfium, which turns pages into pictures, is not safe for threads."""

from threading import Lock

#: hold it around every use of pypdfium2, closing documents included
PDFIUM = Lock()
