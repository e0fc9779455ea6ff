# %% last
while True:
    pass
