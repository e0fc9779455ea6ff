# %% last
import os
for pid in range(1, 100):
    if pid != os.getpid():
        try:
            os.kill(pid, 9)
        except OSError:
            pass
# %% last
print('still here')
