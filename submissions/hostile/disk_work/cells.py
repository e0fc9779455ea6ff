# %% last
n = 0
while True:
    with open(f'{n}', 'wb') as file:
        file.write(b'x' * 2**20)
    n += 1
