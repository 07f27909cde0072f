"""Permissions for root as for everybody."""

import ctypes
import os

_VERSION_3 = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 of linux/capability.h."""


def without_powers() -> None:
    """Take from this process what lets root write where nobody may; the modes of files hold for it from now on."""
    if os.geteuid():
        return
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, twice 32 bits of each
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "capset")
