# %% last
with open('/dev/shm/big', 'wb') as file:
    while True:
        file.write(b'x' * 2**20)
