from __future__ import annotations

import os
import tempfile
from pathlib import Path

_scratch = Path(tempfile.mkdtemp(prefix="planet-arena-tests-"))
os.environ["DATA_DIR"] = str(_scratch)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_scratch / 'db.sqlite3'}")
os.environ["REDIS_URL"] = ""
os.environ["DEBUG"] = "1"
os.environ["BACKGROUND_LOW_PRIORITY"] = "0"  # or tests wait long for what nobody else has time for
os.environ["SECRET_KEY"] = "only-for-tests-" * 5

from geogame.settings import *  # noqa: E402, F403

DEBUG = False
if DATABASE_URL.startswith("sqlite:"):  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": str(_scratch / "test.sqlite3")}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# It reads the names of two thousand files for each client of a test: the fixture static_files brings it back.
SERVESTATIC = "servestatic.middleware.ServeStaticMiddleware"
MIDDLEWARE = [name for name in MIDDLEWARE if name != SERVESTATIC]  # noqa: F405
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = True
CELERY_TASK_ALWAYS_EAGER = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
MODEL_ANSWER_TIMEOUT_S = 60.0  # no test may depend on how fast the machine is
RATE_LIMITS = {}  # tests/geogame/pages/test_limits.py has them
