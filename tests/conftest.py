"""What every test stands on: quiet logs, and the library's own warnings about itself switched to its coming types."""

from __future__ import annotations

import os

os.environ.setdefault("PTB_TIMEDELTA", "1")
