"""A PDF made by hand: pages of Courier text in plain ASCII, and the table that readers find its objects by."""

from collections.abc import Sequence

LINES_A_PAGE = 54
CATALOG, TREE, FONT, FIRST_PAGE = 1, 2, 3, 4


def text_pdf(lines: Sequence[str]) -> bytes:
    """The lines as a PDF file of A4 pages. A character that Western fonts lack is shown as a question mark."""
    sheets = [lines[start : start + LINES_A_PAGE] for start in range(0, max(len(lines), 1), LINES_A_PAGE)]
    pages = [FIRST_PAGE + 2 * index for index in range(len(sheets))]
    kids = " ".join(f"{number} 0 R" for number in pages)
    objects = [
        f"<< /Type /Catalog /Pages {TREE} 0 R >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for number, sheet in zip(pages, sheets, strict=True):
        content = _content(sheet)
        objects.append(
            f"<< /Type /Page /Parent {TREE} 0 R /MediaBox [0 0 595 842] /Contents {number + 1} 0 R "
            f"/Resources << /Font << /F1 {FONT} 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _file(objects)


def _content(lines: Sequence[str]) -> bytes:
    shown = [b"(%s) Tj T*" % _literal(line) for line in lines]
    return b"BT /F1 10 Tf 14 TL 50 790 Td\n" + b"\n".join(shown) + b"\nET"


def _literal(line: str) -> bytes:
    """The text of a PDF string; what is not ASCII is written as the octal number of its WinAnsi byte."""
    raw = line.encode("cp1252", errors="replace")
    plain = set(range(32, 127)) - set(b"()\\")
    return b"".join(bytes([byte]) if byte in plain else b"\\%03o" % byte for byte in raw)


def _file(objects: Sequence[bytes]) -> bytes:
    """Number the objects from 1, and add the table of where each begins."""
    parts = [b"%PDF-1.4\n"]
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = sum(map(len, parts))
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, entries))
    parts.append(b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, CATALOG, start))
    return b"".join(parts)
