"""`python -m bot.sandbox` as a process of its own: this machine only, ended by a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request

from tests.process.world import free_port, until


def test_it_serves_until_it_is_told_to_stop() -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bot.sandbox", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:

        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/sandbox/health", timeout=2) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        until(answers, what="the sandbox answers")
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()


def test_it_serves_nobody_but_this_machine() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "bot.sandbox", "--host", "0.0.0.0"], capture_output=True, text=True, timeout=20
    )
    assert refused.returncode == 2
    assert "no locks" in refused.stderr
