# %% last
import socket
for family, kind in ((40, 1), (17, 3), (38, 5), (2, 3), (10, 3), (16, 3), (31, 3), (29, 3)):
    try:
        socket.socket(family, kind, 9 if family == 16 else 0)
    except OSError:
        continue
    raise AssertionError(family)
