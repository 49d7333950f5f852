from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings
from django.db import migrations

FACTS = ("network", "parameters", "image_px", "temperature", "packed_from")


def fill_in(apps, schema_editor):
    """What the registry knows of new versions, for those that are there already."""
    for version in apps.get_model("registry", "ModelVersion").objects.all():
        directory = Path(settings.MODEL_ROOT) / version.directory
        try:
            config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
            version.bytes = sum(path.stat().st_size for path in directory.iterdir())
        except (OSError, ValueError):
            continue
        version.facts = {name: config[name] for name in FACTS if name in config}
        version.partition_digest = config.get("partition_digest", "")
        version.card_is_own = bool(version.card)
        if version.directory.startswith("procedural-earth-"):
            version.origin = "shipped"
        version.save()


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0003_versions_and_activations"),
    ]

    operations = [
        migrations.RunPython(fill_in, migrations.RunPython.noop),
    ]
