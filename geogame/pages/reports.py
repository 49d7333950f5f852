"""People against models: the list of reports, a page for each, and their rows. Nothing is computed here."""

from __future__ import annotations

import gzip
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from benchmark.public import BATCH_ROUNDS, LEAST_IN_PART, LEAST_PANORAMAS
from geogame.pages import report_tables as tables
from geogame.pages import report_words as words
from geogame.pages.report_figures import Figure, figures_of, parts_figure
from geogame.reports.models import Refresh, ReportRows, StoredReport
from geogame.reports.outside import MARK
from geogame.reports.refresh import look, the_refresh
from planet_core.near_duplicates_bits import PHASH_THRESHOLD

Part = dict[str, Any]
KINDS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
DRAWN_PARTS = ("continent", "country")
COMPUTING = (Refresh.State.QUEUED, Refresh.State.RUNNING)


@never_cache
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    look()
    reports = StoredReport.objects.select_related("map").defer("public", "full")
    cards = [_card(report) for report in reports]
    return render(request, "pages/benchmark.html", {"cards": cards, **_status(request)})


@never_cache
@require_GET
def report(request: HttpRequest, map: str, view: str, source: str) -> HttpResponse:
    look()
    # The staff's numbers tell of single pictures: nobody else's answer may depend on them.
    is_staff = _is_staff(request)
    hidden = () if is_staff else ("full",)
    stored = _stored_or_404(map, view, source, *hidden)
    paper = (stored.condition, stored.source) == ("fair", "photo")
    full = {one["model"]: one for one in stored.full["models"]} if is_staff else {}
    public = stored.public
    sections = [_section(model, full.get(model["model"]), paper=paper) for model in public["models"]]
    files = _files(stored, is_staff)
    context = {
        "stored": stored,
        "public": public,
        "sections": sections,
        "apart": tables.apart_table(public["apart"]),
        "coverage": tables.coverage_table(public["interval_coverage"]),
        "files": files,
        "has_pairs": any(file["kind"] == ReportRows.Kind.PAIRS for file in files),
        "is_staff": is_staff,
        "paper": paper,
        "least_panoramas": LEAST_PANORAMAS,
        "least_in_part": LEAST_IN_PART,
        "batch_rounds": BATCH_ROUNDS,
        "near_bits": PHASH_THRESHOLD,
        **_status(request),
    }
    return render(request, "pages/report.html", context)


@never_cache
@require_GET
def report_json(request: HttpRequest, map: str, view: str, source: str) -> JsonResponse:
    stored = _stored_or_404(map, view, source, "full")
    return JsonResponse(stored.public, headers=_attachment(stored, "report.json"))


@never_cache
@require_GET
def report_rows(
    request: HttpRequest, map: str, view: str, source: str, rows: str, format: str
) -> HttpResponse:
    if format not in KINDS or (rows == ReportRows.Kind.ALL and not _is_staff(request)):
        raise Http404("There are no such rows.")
    stored = _stored_or_404(map, view, source, "public", "full")
    file = get_object_or_404(ReportRows.objects.only(format), report=stored, kind=rows)
    content = gzip.decompress(getattr(file, format))
    return HttpResponse(content, content_type=KINDS[format], headers=_attachment(stored, f"{rows}.{format}"))


@never_cache
@require_GET
def state(request: HttpRequest) -> JsonResponse:
    """For a page that waits: when it changes, the page is loaded again."""
    look()
    refresh = the_refresh()
    return JsonResponse(
        {
            "computing": refresh.state in COMPUTING,
            "text": _progress(refresh),
            "made_at": refresh.made_at.isoformat() if refresh.made_at else None,
        }
    )


def _is_staff(request: HttpRequest) -> bool:
    return bool(request.user.is_authenticated and request.user.is_staff)


def _stored_or_404(map_: str, view: str, source: str, *hidden: str) -> StoredReport:
    reports = StoredReport.objects.select_related("map").defer(*hidden)
    return get_object_or_404(reports, map__slug=map_, condition=view, source=source)


def _attachment(stored: StoredReport, name: str) -> dict[str, str]:
    full = f"planet-arena-{stored.condition}-{stored.source}-{name}"  # a slug may have letters of any script
    return {"Content-Disposition": f'attachment; filename="{full}"'}


def _status(request: HttpRequest) -> Part:
    refresh = the_refresh()
    return {
        "refresh": refresh,
        "computing": refresh.state in COMPUTING,
        "progress": _progress(refresh),
        "failed": refresh.state == Refresh.State.FAILED,
        "failure": refresh.message if _is_staff(request) else "",
    }


def _progress(refresh: Refresh) -> str:
    if refresh.state == Refresh.State.QUEUED:
        return _("Waiting for a worker.")
    if refresh.state == Refresh.State.RUNNING and refresh.total:
        return _("Map %(done)s of %(total)s.") % {"done": refresh.done + 1, "total": refresh.total}
    return ""


def _card(report: StoredReport) -> Part:
    best = report.summary[0] if report.summary else None
    return {
        "report": report,
        "url": reverse("report", args=[report.map.slug, report.condition, report.source]),
        "model": best,
        **(_named(best["model"]) if best else {}),
        "size": words.size(best) if best else "",
        "rate": words.rate_in_words(best["win_rate"]) if best else "",
        "medians": {side: words.median_in_words(best["median_km"][side]) for side in best["median_km"]}
        if best
        else {},
        "more": len(report.summary) - 1,
    }


def _section(model: Part, full: Part | None, *, paper: bool) -> Part:
    if full and model["too_few"]:
        model = {**full, "too_few": False, "each_person": []}
    found: Part = {
        "model": model,
        **_named(model["model"]),
        "size": words.size(model),
        "verdict": words.verdict(model),
    }
    if not model["too_few"]:
        found |= {
            "judgement": words.judgement(model),
            "findings": list(words.findings(model)),
            "remarks": list(words.remarks(model)),
            "figures": figures_of(model, paper=paper),
            "numbers": tables.numbers_table(model),
            "outcomes": tables.outcomes_table(model),
            "players": [tables.parts_table(name, some) for name, some in _told(model["by_player"])],
            "leaks": tables.leaks_table(model["leakage"]),
            "people": tables.people_table(model),
        }
    places = full["by_place"] if full else model["places"]["parts"]
    found["places"] = [tables.parts_table(name, some) for name, some in _told(places)]
    found["place_figures"] = [_places_figure(name, places[name]) for name in DRAWN_PARTS if name in places]
    trivial = _trivial(full) if full else model["places"].get("trivial", [])
    found["trivial"] = tables.trivial_table(trivial)
    if full:
        found["hard"] = list(tables.hard_tables(full["difficulty"], _admin_url))
    return found


def _named(model: str) -> Part:
    """What stands before a name, so that nobody mistakes it, and the name."""
    outside = model.endswith(MARK)
    return {"name": model.removesuffix(MARK), "outside": outside}


def _trivial(full: Part) -> list[Part]:
    return [{**one, "mean_points": one["side"]["mean_points"]} for one in full.get("trivial") or ()]


def _told(parts: Part) -> list[tuple[str, list[Part]]]:
    """Those of which anything is known."""
    return [
        (name, some)
        for name, some in parts.items()
        if some and [part["value"] for part in some] != ["not known"]
    ]


def _places_figure(name: str, parts: list[Part]) -> Figure | None:
    labelled = [{**part, "label": words.label(name, part["value"])} for part in parts]
    return parts_figure(name, _(words.KINDS[name]), labelled)


def _admin_url(panorama: str) -> str:
    return reverse("admin:panoramas_panorama_change", args=[panorama])


def _files(stored: StoredReport, is_staff: bool) -> list[Part]:
    counts = dict(stored.files.values_list("kind", "rows"))
    titles = [
        (
            ReportRows.Kind.PAIRS,
            _("Pairs: distances and points of person and model, without names and places"),
        ),
        (ReportRows.Kind.TOLD, _("Answers with their places, on panoramas that nobody can meet any more")),
    ]
    if is_staff:
        titles.append((ReportRows.Kind.ALL, _("Every answer (staff only)")))
    return [
        {"kind": kind.value, "title": title, "rows": counts.get(kind, 0)}
        for kind, title in titles
        if counts.get(kind)
    ]
