# %% last
import os
seen = []
for fd in os.listdir('/proc/self/fd'):
    try:
        seen.append(os.readlink(f'/proc/self/fd/{fd}'))
    except OSError:
        pass
strange = [s for s in seen if s.startswith('/') and not s.startswith(('/dev', '/proc', '/box', '/tmp')) and 'kernel.log' not in s]
assert not strange, strange
