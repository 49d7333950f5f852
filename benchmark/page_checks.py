"""What a reader asks next of a comparison, on the page: calibration, difficulty, leaks, trivial players."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from benchmark import html
from benchmark.html import Part
from benchmark.pictures import PictureOf
from benchmark.table import kilometres
from benchmark.words import many
from planet_core.metrics import SCALES_KM


def calibration(found: Part) -> Iterator[str]:
    """What the model's probabilities are worth."""
    yield "<h3>Calibration</h3>"
    rows = []
    for name, values in found.items():
        if values:
            brier = values.get("brier")
            rows.append(
                [
                    name.replace("_", " ") + (" (few answers: little can be said)" if values["few"] else ""),
                    f"{values['answers']:,}",
                    f"{values['mean_confidence']:.1%}",
                    f"{values['right']:.1%}",
                    f"{values['ece']:.1%}",
                    "-" if brier is None else f"{brier['value']:.3f}",
                ]
            )
    if rows:
        titles = ["", "n", "mean confidence", "right", "calibration error (ECE)", "Brier score"]
        yield (
            '<p class="soft">Confidence: the probability that the model gave to the country in which its'
            " answer lies; right: the answer is in the country of the truth. Country probabilities: the"
            " same of the country that it found most probable. Each panorama on land counts once.</p>"
        )
        yield html.table(titles, rows)
    else:
        yield '<p class="soft">The rows have no probabilities.</p>'


def difficulty(found: Part, pictures: PictureOf | None = None) -> Iterator[str]:
    """Whether what is hard for people is hard for the model."""
    yield "<h3>Difficulty</h3>"
    rank = found["rank_correlation"]
    value = "cannot be told" if rank["value"] is None else f"{rank['value']:.2f}"
    if rank["low"] is not None:
        value += f" ({rank['low']:.2f} to {rank['high']:.2f})"
    yield (
        f"<p>Rank correlation of people's and the model's points over"
        f" {many(found['panoramas'], 'panorama')} ({found['rounds_each']:.1f} rounds each): {value}.</p>"
    )
    for name in ("hard_for_people_easy_for_model", "easy_for_people_hard_for_model"):
        if found[name]:
            title = name.replace("_", " ").replace("people", "people,").capitalize()
            cards = "".join(_card(one, pictures) for one in found[name])
            yield f'<details><summary>{title}</summary><div class="cards">{cards}</div></details>'


def _card(one: Part, pictures: PictureOf | None) -> str:
    text = (
        f"{many(one['rounds'], 'round')} on {one['panorama']}: people {one['person_points']:,.0f} points,"
        f" model {one['model_points']:,.0f}"
    )
    found = pictures(one["panorama"]) if pictures else None
    return html.card(text, f"panorama {one['panorama']}", found)


def leakage(found: Part) -> Iterator[str]:
    """Which rounds have a flag."""
    yield "<h3>What may have leaked</h3>"
    flags = {name: values for name, values in found.items() if name != "without"}
    if not any(values["known"] for values in flags.values()):
        yield '<p class="soft">The rows say nothing of near duplicates, sequences or authors.</p>'
        return
    rows = [[name.replace("_", " "), f"{v['known']:,}", f"{v['set']:,}"] for name, v in flags.items()]
    yield html.table(["flag", "known of", "set"], rows)
    yield '<p class="soft">Rounds of which a flag is not known stay in, as if it were not set.</p>'
    without = found["without"]
    if without and without["rounds"]:
        rate = html.share(without["win_rate"])
        yield f"<p>Without flagged rounds: {many(without['rounds'], 'round')}, win rate {rate}.</p>"


def trivial(players: Sequence[Part] | None, fitted: str | None = None) -> str:
    """Players that do not look; nothing where there are none."""
    if not players:
        return ""
    rows = [
        [
            one["player"],
            f"{one['rounds']:,}",
            f"{one['wins']:,} / {one['ties']:,} / {one['losses']:,}",
            html.share(one["win_rate"]),
            kilometres(one["side"]["median_km"]),
            *(f"{one['side']['within_km'][str(km)]:.1%}" for km in SCALES_KM),
            f"{one['side']['mean_points']:,.0f}",
        ]
        for one in players
    ]
    titles = [
        "player",
        "n",
        "win / tie / loss",
        "win rate",
        "median km",
        *(f"≤ {km:,} km" for km in SCALES_KM),
        "points",
    ]
    who = f"Players that hardly look, against the people in the same rounds. {fitted or ''}".rstrip()
    return f'<h3>Trivial players</h3><p class="soft">{escape(who)}</p>{html.table(titles, rows)}'
