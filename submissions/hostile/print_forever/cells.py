# %% last
while True:
    print('A' * 1000)
# %% last
print('still here')
