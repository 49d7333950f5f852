"""Give the panoramas that are there already their country, and a place that names the same one."""

from __future__ import annotations

from django.db import migrations

BATCH = 1000


def fill(apps, schema_editor):
    from geogame.panoramas.places import describe
    from planet_core.geography import countries_at, country_name

    Panorama = apps.get_model("panoramas", "Panorama")
    panoramas = Panorama.objects.using(schema_editor.connection.alias)
    last = 0
    while batch := list(panoramas.filter(pk__gt=last).order_by("pk").only("lat", "lng", "place")[:BATCH]):
        codes = countries_at([row.lat for row in batch], [row.lng for row in batch])
        for row, code in zip(batch, codes.tolist(), strict=True):
            row.country = code
            if row.place and code and not _names(row.place, country_name(code)):
                row.place = describe(row.lat, row.lng, code)[:200]
        panoramas.bulk_update(batch, ["country", "place"], batch_size=200)
        last = batch[-1].pk


def _names(place, country):
    return place.startswith(f"{country}, ") or place.endswith(f", {country}")


class Migration(migrations.Migration):
    dependencies = [
        ("panoramas", "0004_withdrawn"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
