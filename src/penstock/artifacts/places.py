"""Types whose values hold a place in a running program, and so are never stored. PyPy would pickle some of them."""

from __future__ import annotations

import _thread
import types

NEVER_STORED = (
    *(types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.FrameType),
    *(_thread.LockType, _thread.RLock),
)
