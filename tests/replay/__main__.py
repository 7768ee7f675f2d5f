"""`python -m tests.replay record [SCENE…]`: record histories anew.

Only on purpose: each file stands for threads that run somewhere. One that no longer replays means that a deploy breaks
them; then the workflow needs `workflow.patched`, and a new recording goes beside the old one.
"""

import argparse
import asyncio
import os
import sys

from tests.replay.recording import record_all
from tests.replay.scenes import SCENES

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.replay", description=__doc__)
    parser.add_argument("action", choices=["record"])
    parser.add_argument("scene", nargs="*", choices=[[], *(scene.name for scene in SCENES)])
    asyncio.run(record_all(parser.parse_args().scene))
    sys.stdout.flush()
    os._exit(0)  # the SDK can crash while the interpreter is torn down
