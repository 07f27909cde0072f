"""Permissions for root as for everybody."""

import ctypes
import os

_VERSION_3 = 0x20080522
"""_LINUX_CAPABILITY_VERSION_3 of linux/capability.h."""
_SET_SECUREBITS = 28
"""PR_SET_SECUREBITS of linux/prctl.h."""
_NOROOT = 3
"""SECBIT_NOROOT and its lock: a program that this process starts does not get them back."""


def without_powers() -> None:
    """Take from this process what lets root write where nobody may; the modes of files hold for it from now on.

    For programs that it starts as well.
    """
    if os.geteuid():
        return
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, twice 32 bits of each
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SET_SECUREBITS, _NOROOT, 0, 0, 0) or libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "the powers of root can't be laid down")
