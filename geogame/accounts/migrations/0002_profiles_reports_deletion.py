from __future__ import annotations

from typing import Any

import geogame.lib.tokens
from django.db import migrations, models


def give_profile_tokens(apps: Any, schema_editor: Any) -> None:
    """A default fills all rows of a new column with one value: each player needs an own one."""
    player = apps.get_model("accounts", "Player")
    for pk in player.objects.values_list("pk", flat=True):
        player.objects.filter(pk=pk).update(profile_token=geogame.lib.tokens.random_token())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="player",
            name="profile_token",
            field=models.CharField(editable=False, max_length=32, null=True),
        ),
        migrations.RunPython(give_profile_tokens, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="player",
            name="profile_token",
            field=models.CharField(
                default=geogame.lib.tokens.random_token, editable=False, max_length=32, unique=True
            ),
        ),
        migrations.AddField(
            model_name="player",
            name="in_reports",
            field=models.BooleanField(
                default=True,
                help_text="Reports may use the person's rounds under a pseudonym. Yes, until the person says no.",
            ),
        ),
        migrations.AddField(
            model_name="player",
            name="in_reports_chosen_at",
            field=models.DateTimeField(
                blank=True, help_text="When the person chose; empty: never asked to change it.", null=True
            ),
        ),
        migrations.AddField(
            model_name="player",
            name="deleted_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the person deleted the account; the rounds stay, without a name.",
                null=True,
            ),
        ),
    ]
