"""A client as a process of its own: it posts batches, tries again until each is acknowledged, and remembers which are.

Run as `python -m evals.durability.client NAME PORT SIZE SEED LEDGER STOP`, with the key on standard input. It goes on
until the file STOP is there. Now and then it sends an acknowledged batch once more, as one does whose answer was lost.
"""

import http.client
import json
import random
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TextIO

from evals.durability.batches import batch

SOURCE = "loop"
AGAIN = 0.03
"""Share of acknowledged batches that are sent once more."""
ANSWER_S = 60
PAUSE_S = 0.05


class Client:
    """Keeps one connection as long as it lives."""

    def __init__(self, name: str, port: int, key: str, *, size: int, seed: int) -> None:
        """Nothing is sent yet."""
        self._name, self._port, self._size, self._seed = name, port, size, seed
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._connection: http.client.HTTPConnection | None = None

    def run(self, ledger: TextIO, stop: Path) -> None:
        """Batch after batch; the ledger gets a line when, and only when, one is acknowledged."""
        dice, number = random.Random(f"{self._seed} {self._name}"), 0
        while not stop.exists():
            if self.delivered(number, stop):
                ledger.write(f"{number}\n")
                ledger.flush()
                number += 1
            if number and dice.random() < AGAIN:
                self.delivered(dice.randrange(number), stop)

    def delivered(self, number: int, stop: Path) -> bool:
        """Send a batch until it is acknowledged; False when we are told to stop before."""
        events = batch(self._name, number, size=self._size, seed=self._seed)
        body = json.dumps({"source": SOURCE, "events": events}).encode()
        while not stop.exists():
            if self.acknowledged(body):
                return True
            time.sleep(PAUSE_S)
        return False

    def acknowledged(self, body: bytes) -> bool:
        """One try. A refusal that trying again cannot mend ends the client, which the run then reports."""
        try:
            self._connection = self._connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
            self._connection.request("POST", "/v1/events", body, self._headers)
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return False
        if 400 <= answer.status < 500:
            sys.exit(f"refused with {answer.status}: {said[:300]!r}")
        return answer.status == 200

    def close(self) -> None:
        """Drop the connection; the next try opens another."""
        if self._connection:
            self._connection.close()
        self._connection = None


def main() -> None:
    """One client until it is told to stop."""
    name, port, size, seed, ledger, stop = sys.argv[1:]
    key = sys.stdin.readline().strip()
    client = Client(name, int(port), key, size=int(size), seed=int(seed))
    with closing(client), Path(ledger).open("w", encoding="utf-8") as book:
        client.run(book, Path(stop))


if __name__ == "__main__":
    main()
