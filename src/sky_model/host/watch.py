"""A limit of time for work in this process, where no other process can be ended for it: `sky serve --stdio`.

Rules: what is over its time is broken off between two steps of the program, in the thread that does it, whatever thread that is;
what was done in time is never broken off after it. A single step that takes long (none here does) is not broken off.
"""

from __future__ import annotations

import ctypes
import threading
from types import TracebackType

__all__ = ["TooLong", "Watch"]


class TooLong(BaseException):
    """The time is over. No `Exception`: whoever answers errors as answers lets it through."""


class Watch:
    """`with Watch(30): …` raises TooLong in its own thread when 30 seconds are over."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._turn, self._is_over = threading.Lock(), False
        self._thread = ctypes.c_ulong(threading.get_ident())

    def __enter__(self) -> Watch:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._turn:
            self._is_over = True
            if kind is not TooLong:  # it rang, and is not heard yet: nothing is to be broken off any more
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self._thread, None)
        self._timer.cancel()

    def _ring(self) -> None:
        with self._turn:
            if not self._is_over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self._thread, ctypes.py_object(TooLong))
