"""The vendor's own driver of ATOL registers, `libfptr10`, called as it is: tasks in JSON (atol_web.md#tasks).

The library is the vendor's and not ours to hand on; `KIOSK_LIBFPTR10` names the file.
"""

from __future__ import annotations

import ctypes
import json
import os
from typing import Any

LIBRARY = os.environ.get("KIOSK_LIBFPTR10", "")
_JSON = 65645  # LIBFPTR_PARAM_JSON_DATA
_ANY_MODEL, _SERIAL_PORT = 500, 0
_TEXT = 1 << 16


class VendorError(Exception):
    """`code` is the driver's own."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code


class VendorDriver:
    """One connection. Calls block: a test gives it a simulator in a process of its own."""

    def __init__(self, port: str) -> None:
        self._library = library = ctypes.CDLL(LIBRARY)
        library.libfptr_set_settings.argtypes = [ctypes.c_void_p, ctypes.c_wchar_p]
        library.libfptr_set_param_str.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_wchar_p]
        library.libfptr_get_param_str.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_wchar_p, ctypes.c_int]
        library.libfptr_error_description.argtypes = [ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_int]
        for name in ("open", "close", "process_json", "error_code"):
            getattr(library, f"libfptr_{name}").argtypes = [ctypes.c_void_p]
        self._handle = ctypes.c_void_p()
        library.libfptr_create(ctypes.byref(self._handle))
        settings = {"Model": _ANY_MODEL, "Port": _SERIAL_PORT, "ComFile": port, "BaudRate": 115200}
        library.libfptr_set_settings(self._handle, json.dumps(settings))
        self._check(library.libfptr_open(self._handle))

    def close(self) -> None:
        self._library.libfptr_close(self._handle)
        self._library.libfptr_destroy(ctypes.byref(self._handle))

    def run(self, kind: str, **task: Any) -> Any:
        """The task's result. Raises `VendorError`."""
        self._library.libfptr_set_param_str(self._handle, _JSON, json.dumps({"type": kind, **task}))
        self._check(self._library.libfptr_process_json(self._handle))
        text = ctypes.create_unicode_buffer(_TEXT)
        self._library.libfptr_get_param_str(self._handle, _JSON, text, _TEXT)
        return json.loads(text.value) if text.value else None

    def _check(self, failed: int) -> None:
        if failed:
            text = ctypes.create_unicode_buffer(_TEXT)
            self._library.libfptr_error_description(self._handle, text, _TEXT)
            raise VendorError(self._library.libfptr_error_code(self._handle), text.value)
