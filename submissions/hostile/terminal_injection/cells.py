# %% last
import fcntl
for request in (0x5412, 0x541C):
    for path in ('/dev/tty', '/dev/pts/0', '/dev/console', '/dev/ptmx'):
        try:
            with open(path, 'rb+', buffering=0) as terminal:
                fcntl.ioctl(terminal, request, b'x')
        except OSError:
            continue
        raise AssertionError(path)
