from __future__ import annotations

import subprocess
import sys

from django.conf import settings

PROGRAM = """
import sys
import geogame.asgi
heavy = sorted(name for name in sys.modules if name.split(".")[0] in {"torch", "torchvision", "transformers"})
print(heavy)
"""


def test_the_web_process_imports_no_torch() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=settings.BASE_DIR,
        env={"PATH": "", "DATA_DIR": str(settings.DATA_DIR), "DATABASE_URL": "sqlite://:memory:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout.strip(), run.returncode) == ("[]", 0), run.stderr
