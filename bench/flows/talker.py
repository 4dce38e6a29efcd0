"""python talker.py BYTES: a step that writes so much into its log."""

import json
import os
import sys

from penstock import flow, step


@step
def talk(size: int) -> int:
    block = b"".join(b"epoch %09d: loss 0.12345, accuracy 0.98765\n" % number for number in range(20_000))
    while size > 0:
        size -= os.write(1, block[:size])
    print("the end")
    return 0


@flow
def talker(size: int) -> int:
    return talk(size)


if __name__ == "__main__":
    talker(int(sys.argv[1]))
    print("RESULT " + json.dumps({}))
