# %% last
blocks = []
while True:
    blocks.append(bytearray(2**26))
