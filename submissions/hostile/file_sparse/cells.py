# %% last
with open('sparse', 'wb') as file:
    file.truncate(10**12)
