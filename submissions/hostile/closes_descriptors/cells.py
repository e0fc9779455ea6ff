# %% last
import os
os.closerange(3, 4096)
# %% last
print('who reads this')
