"""Pieces of the page: its style, tables, notes, figures, and numbers as text."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from benchmark import figures
from benchmark.pictures import SmallPicture

Part = dict[str, Any]
VARIABLES = {
    figures.INK: "ink",
    figures.SOFT: "soft",
    figures.LINE: "line",
    figures.PAPER: "paper",
    figures.PERSON: "person",
    figures.MODEL: "model",
    figures.CROWD: "crowd",
    figures.SEA: "sea",
    figures.LAND: "land",
    figures.COAST: "coast",
}
STYLE = """
:root { color-scheme: light dark;
  --ink: light-dark(#1b1d22, #efece4); --soft: light-dark(#57575a, #b0b4bf);
  --line: light-dark(#ddd6c6, #303b54); --paper: light-dark(#faf8f3, #121828);
  --surface: light-dark(#fffdf9, #1a2235); --wash: light-dark(#fbf1d3, #2e2a22);
  --person: light-dark(#11704a, #5fd0a2); --model: light-dark(#1f56c9, #8fb3ff);
  --crowd: light-dark(#6a3ab6, #bf9cf5); --land: light-dark(#f7f3e8, #28334b);
  --sea: light-dark(#d7e3e8, #111a2c); --coast: light-dark(#9db3bd, #4a5a7c); }
body { margin: 0 auto; max-width: 1080px; padding: 24px clamp(16px, 4vw, 32px) 72px;
  background: var(--paper); color: var(--ink); font: 16px/1.5 "Inter Variable", system-ui, sans-serif; }
h1 { font-size: 2rem; margin: 0 0 4px; } h2 { margin: 48px 0 4px; } h3 { margin: 28px 0 8px; }
p { max-width: 74ch; margin: 8px 0; } .soft, figcaption, caption { color: var(--soft); font-size: 0.875rem; }
.notes { background: var(--wash); border-radius: 10px; padding: 8px 16px; margin: 16px 0; }
.verdict { font-size: 1.125rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.875rem; margin: 8px 0;
  font-variant-numeric: tabular-nums; background: var(--surface); }
caption { text-align: left; padding: 4px 0; } th, td { padding: 4px 12px; text-align: right;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; }
figure { margin: 16px 0; } figure svg { max-width: 100%; height: auto; }
.cards { display: flex; flex-wrap: wrap; gap: 16px; } .card { width: 240px; margin: 8px 0; }
.card img { display: block; max-width: 100%; height: auto; margin-bottom: 4px; }
summary { cursor: pointer; font-weight: 600; padding: 8px 0; }
.person { color: var(--person); } .model { color: var(--model); }
"""


def notes(texts: Sequence[str]) -> str:
    """What a reader has to know first; nothing where there is none."""
    return f'<div class="notes">{"".join(f"<p>{escape(text)}</p>" for text in texts)}</div>' if texts else ""


def share(found: Part) -> str:
    """A share with its interval, in percent."""
    if found["value"] is None:
        return "-"
    interval = "" if found["low"] is None else f" ({100 * found['low']:.1f}-{100 * found['high']:.1f})"
    return f"{100 * found['value']:.1f} %{interval}"


def whole(value: float) -> str:
    """A number without decimals."""
    return f"{value:,.0f}"


def points(found: Part) -> str:
    """Points with their interval."""
    interval = "" if found["low"] is None else f" ({found['low']:,.0f}-{found['high']:,.0f})"
    return f"{found['value']:,.0f}{interval}"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table that scrolls where it is too wide."""
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide"><table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def card(text: str, name: str, picture: SmallPicture | None) -> str:
    """A picture with a text and its credit below; the text alone where there is no picture."""
    if picture is None:
        return f'<figure class="card"><figcaption>{escape(text)}</figcaption></figure>'
    data = base64.b64encode(picture.jpeg).decode()
    credit = f"<br>{escape(picture.credit)}" if picture.credit else ""
    return (
        f'<figure class="card"><img src="data:image/jpeg;base64,{data}" alt="{escape(name, quote=True)}">'
        f"<figcaption>{escape(text)}{credit}</figcaption></figure>"
    )


def figure(name: str, caption: str, svg: str) -> str:
    """The figure in the page: colours follow the theme, and no two figures share a name of a part."""
    drawing = svg[svg.index("<svg") :]
    for colour, variable in VARIABLES.items():
        drawing = drawing.replace(colour, f"var(--{variable})")
    drawing = re.sub(r'id="([^"]+)"', rf'id="{name}-\1"', drawing)
    drawing = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", drawing)
    drawing = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', drawing)
    label = escape(caption, quote=True)
    drawing = drawing.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
