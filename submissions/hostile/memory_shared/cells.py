# %% last
import mmap
blocks = []
while True:
    blocks.append(mmap.mmap(-1, 2**26))
    blocks[-1].write(b'x' * 2**26)
