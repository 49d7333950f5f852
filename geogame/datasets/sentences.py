"""What the process that reads a data set stores, for pages to put into the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop

SENTENCES: Final = (
    gettext_noop("Reading was cancelled."),
    gettext_noop("Interrupted; it goes on by itself."),
    gettext_noop("It goes on by itself."),
    gettext_noop(
        "The process that read it was lost again and again: see run/datasets.log, then read it anew."
    ),
    gettext_noop("Unpacking: %(done)s of %(all)s pictures"),
    gettext_noop("Reading places: %(done)s of %(all)s pictures"),
    gettext_noop("Listing: %(done)s photos so far"),
    gettext_noop("Comparing: %(done)s of %(all)s photos"),
    gettext_noop("Comparing with %(all)s pictures that models meet"),
    gettext_noop("The uploaded file is gone: upload it again."),
    gettext_noop(
        "%(source)s names %(photo)s, which lies outside the folders that data sets may come from, or a link "
        "leads there: leave it out, or add its folder to the setting DATA_SET_ROOTS."
    ),
    gettext_noop("There is no photo that can be used (%(reasons)s)."),
    gettext_noop("There is no photo that can be used."),
)
