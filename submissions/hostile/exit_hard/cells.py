# %% last
import os
os._exit(0)
# %% last
print('never')
