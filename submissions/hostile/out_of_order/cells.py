# %% first
print(defined_below)
# %% last
defined_below = 1
