# %% last
import os, time
for _ in range(12):
    if os.fork() == 0:
        block = b'x' * 2**28
        time.sleep(600)
time.sleep(60)
