"""A minute at twice the capacity, against the real server: `benchmarks/serving.py --parts soak` is the long form."""

import json
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from medgenius.runs import Run
from tests.serving.support import served_run

pytestmark = pytest.mark.slow

STREAMS = 4
SECONDS = 60


def resident_megabytes(process: subprocess.Popen[str]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def test_a_minute_at_twice_the_capacity(tiny_run: Run, tmp_path: Path) -> None:
    limits = (f"serving.engine.streams={STREAMS}", f"serving.engine.waiting={STREAMS}", "serving.api_keys=off")
    with served_run(tiny_run, tmp_path, *limits, "serving.requests_per_minute=null") as (address, process):
        answers: Counter[str] = Counter()
        unreasoned: list[bytes] = []
        until = time.monotonic() + SECONDS

        def keep_asking(client: int) -> None:
            number = client
            while time.monotonic() < until:
                number += 7
                body = {"message": f"My toe has itched for {number} days.", "max_tokens": 4 + number % 45}
                response, data = address.ask("POST", "/chat", body)
                answers[str(response.status)] += 1
                if response.status == 503:
                    if json.loads(data)["error"]["code"] != "overloaded" or not response.headers["Retry-After"]:
                        unreasoned.append(data)
                    time.sleep(0.1)

        threads = [threading.Thread(target=keep_asking, args=(client,)) for client in range(4 * STREAMS)]
        for thread in threads:
            thread.start()
        time.sleep(SECONDS / 3)  # by then every size of cache was there
        early = resident_megabytes(process)
        for thread in threads:
            thread.join()
        late = resident_megabytes(process)

        print(f"{dict(answers)}, {early:.0f} MB after {SECONDS // 3} s, {late:.0f} MB after {SECONDS} s")
        assert set(answers) == {"200", "503"}
        assert unreasoned == []
        assert late < 1.05 * early
        process.terminate()
        assert process.wait(30) == 0
