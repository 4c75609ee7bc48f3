"""Each room imports only what is below it; the runtime never imports torch."""

import subprocess
import sys
from pathlib import Path


def test_contracts_hold() -> None:
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([script, "--no-cache"], cwd=Path(__file__).parent.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
