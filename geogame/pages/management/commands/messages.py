from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from geogame.lib import translations
from geogame.lib.words import counted


class Command(BaseCommand):
    help = "Bring the translations in locale/ up to date with the texts of the sources; list what is missing."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; fail where one is missing")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if not check:
            for path in translations.update():
                self.stdout.write(f"{path.relative_to(translations.ROOT)}: written")
            translations.compile_changed()
        flaws = [
            flaw
            for language in translations.LANGUAGES
            for domain in translations.DOMAINS
            for flaw in translations.flaws(language, domain)
        ]
        for flaw in flaws:
            self.stdout.write(str(flaw))
        found = counted(len(flaws), "text")
        if flaws and check:
            raise CommandError(f"{found} to translate or to mend (above): see locale/README.md.")
        self.stdout.write(f"{found} to translate or to mend.")
