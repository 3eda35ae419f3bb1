"""Plain WeasyPrint, as its documentation has it: python -m benchmarks.one_pass HTML PDF.

Nothing of ours is imported, so nothing of ours changes how WeasyPrint works. The last line
is what it took, as JSON.
"""

import json
import resource
import sys
import time


def main(html: str, pdf: str) -> None:
    """Read a document, lay it out, and write it."""
    started = time.perf_counter()
    from weasyprint import HTML

    HTML(filename=html).write_pdf(pdf, pdf_variant="pdf/ua-1")
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu_s": time.process_time(), "peak_mb": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
