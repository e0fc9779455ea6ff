# %% last
exit()
# %% last
import time
time.sleep(3)
