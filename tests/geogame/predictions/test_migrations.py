from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

OLD = [("opponent", "0001_initial"), ("panoramas", "0002_drawn"), ("registry", "0002_drawn")]


@pytest.mark.slow
def test_the_predictions_of_an_older_database_stay(transactional_db: None) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([*OLD, ("predictions", None)])
    try:
        old = executor.loader.project_state(OLD).apps
        panorama = old.get_model("panoramas", "Panorama").objects.create(
            digest="1" * 64, file="a.jpg", file_digest="2" * 64, width=4, height=2, lat=1.0, lng=2.0
        )
        version = old.get_model("registry", "ModelVersion").objects.create(digest="3" * 64, cells=2)
        old.get_model("opponent", "Prediction").objects.create(
            model_version=version,
            panorama=panorama,
            view="whole",
            rule="top-cell",
            lat=1.0,
            lng=2.0,
            top_cells=[],
            distribution=b"12345678",
            digest="4" * 64,
            created_at=datetime(2026, 11, 22, tzinfo=UTC),
        )
    finally:
        call_command("migrate", verbosity=0)
    from geogame.predictions.models import Prediction

    [kept] = Prediction.objects.all()
    assert (bytes(kept.distribution), kept.view, kept.panorama.withdrawn_at) == (b"12345678", "whole", None)


def test_no_migration_is_missing(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
