# %% last
name = input('name? ')
# %% last
print('still here')
