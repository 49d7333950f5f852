"""Why no model plays a round: kept as they are, said in the language of whoever reads."""

from __future__ import annotations

from django.utils.translation import gettext_noop

NO_MODEL = gettext_noop("No model plays this trip: you play alone.")
MODEL_LATE = gettext_noop("PlaNet did not answer in time: you play this trip alone.")
COULD_NOT_LOOK = gettext_noop("PlaNet could not look at these photos: you play this trip alone.")
