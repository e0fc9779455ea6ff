# %% last
for n in range(20_000):
    print(n, flush=True)
