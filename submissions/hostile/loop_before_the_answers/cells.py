# %% first
while True:
    pass
