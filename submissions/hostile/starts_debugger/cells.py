# %% last
import pdb
pdb.set_trace()
# %% last
print('still here')
