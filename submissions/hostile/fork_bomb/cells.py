# %% last
import os, time
for _ in range(1000):
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
