# %% last
import sys
sys.exit(0)
# %% last
print('still here')
