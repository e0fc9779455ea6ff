# %% last
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x20000, 0x20000000, 0x40000000):
    assert libc.unshare(flags) == -1, flags
args = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
ctypes.set_errno(0)
assert libc.syscall(435, ctypes.byref(args), 88) == -1 and ctypes.get_errno() == errno.ENOSYS
