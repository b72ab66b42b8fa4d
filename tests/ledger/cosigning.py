"""Child process for the witness's crash test: cosigns growing trees until it is killed."""

import os
import sys
from pathlib import Path

from tests.ledger.grown import LOG, leaves, request

from plainview.clock import SystemClock
from plainview.ledger.cosignature import ED25519, Cosigner
from plainview.ledger.witness import Witness


def main(state: str) -> None:
    """Say each size once its cosignature is given."""
    cosigner = Cosigner("w.example", ED25519, bytes(32))
    with Witness(
        Path(state), cosigners=[cosigner], logs=[LOG.verifier], clock=SystemClock()
    ) as witness:
        latest = witness.latest(LOG.name)
        size = latest.size if latest else 0
        while True:
            answer = witness.add_checkpoint(request(size, leaves(size + 1)))
            if answer.status != 200:
                sys.exit(answer.body)
            size += 1
            os.write(1, b"%d\n" % size)


if __name__ == "__main__":
    main(sys.argv[1])
