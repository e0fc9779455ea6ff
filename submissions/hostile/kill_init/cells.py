# %% last
import os
for pid in [int(n) for n in os.listdir('/proc') if n.isdigit()]:
    if pid != os.getpid():
        try:
            os.kill(pid, 9)
        except OSError:
            pass
# %% last
print('still here')
