"""A model card as HTML: of Markdown what `planet_core.model_card` writes.

All text is escaped: cards come with imported models, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

HEADING = re.compile(r"(#{1,4}) +(.*)")
ITEM = re.compile(r"[-*] +(.*)")
RULE = re.compile(r"\|[\s|:-]+\|")
INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|<(https?://[^\s<>]+)>")
TOP_HEADING = 3
"""The card is a part of a page: its first heading is of this rank."""


def card_html(text: str) -> SafeString:
    return mark_safe("\n".join(_blocks(text)))


def _blocks(text: str) -> Iterator[SafeString]:
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        if not lines:
            continue
        if heading := HEADING.fullmatch(lines[0]):
            rank = min(6, TOP_HEADING - 1 + len(heading[1]))
            yield format_html("<h{}>{}</h{}>", rank, _inline(heading[2]), rank)
            lines = lines[1:]
        if lines:
            yield _body(lines)


def _body(lines: list[str]) -> SafeString:
    if all(line.startswith("|") and line.endswith("|") for line in lines):
        return _table([line for line in lines if not RULE.fullmatch(line)])
    items = [ITEM.fullmatch(line) for line in lines]
    if items[0]:
        texts = _joined(lines)
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_inline(one),) for one in texts))
        )
    return format_html("<p>{}</p>", _inline(" ".join(lines)))


def _joined(lines: list[str]) -> list[str]:
    """The items of a list; a line that begins none goes on with the one before."""
    texts: list[str] = []
    for line in lines:
        if item := ITEM.fullmatch(line):
            texts.append(item[1])
        else:
            texts[-1] += f" {line}"
    return texts


def _table(lines: list[str]) -> SafeString:
    head, *rows = ([_inline(cell.strip()) for cell in line.strip("|").split("|")] for line in lines)
    return format_html(
        '<div class="table-scroll"><table class="figures">'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        format_html_join("", '<th scope="col">{}</th>', ((cell,) for cell in head)),
        format_html_join("", "<tr>{}</tr>", ((_row(row),) for row in rows)),
    )


def _row(cells: list[SafeString]) -> SafeString:
    first, *others = cells
    return format_html(
        '<th scope="row">{}</th>{}', first, format_html_join("", "<td>{}</td>", ((cell,) for cell in others))
    )


def _inline(text: str) -> SafeString:
    parts: list[SafeString] = []
    end = 0
    for match in INLINE.finditer(text):
        parts.append(conditional_escape(text[end : match.start()]))
        code, strong, address = match.groups()
        if code:
            parts.append(format_html("<code>{}</code>", code))
        elif strong:
            parts.append(format_html("<strong>{}</strong>", strong))
        else:
            parts.append(format_html('<a href="{}" rel="noopener noreferrer">{}</a>', address, address))
        end = match.end()
    parts.append(conditional_escape(text[end:]))
    return mark_safe("".join(parts))
