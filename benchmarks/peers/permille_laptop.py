"""A laptop of Permille, as `laptops.py` wants it: `permille_laptop VERB HOME URL`."""

import json
import sys
from pathlib import Path

from benchmarks.figures import timed
from benchmarks.peers.laptops import READY
from benchmarks.peers.sides import Verb
from benchmarks.stage import laptop_at, synced
from collector.sync.tally import SyncReport


def main() -> None:
    """Sync once, as the command does after its start."""
    verb, home, url = Verb(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    reports: list[SyncReport] = []
    with laptop_at(home, url) as laptop:
        print(READY, flush=True)
        sys.stdin.readline()
        took = timed(lambda: reports.append(synced(laptop)))
    (report,) = reports
    records = report.received if verb is Verb.PULL else report.accepted
    said = {"seconds": took.seconds, "cpu_s": took.cpu_s, "records": records}
    print(json.dumps({**said, "received": report.received}))


if __name__ == "__main__":
    main()
