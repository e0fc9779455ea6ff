# %% last
print("before \x00 \x80 \x1b]52;c;aGk=\x07 after")
import sys

sys.stdout.write("lone \ud800 half\n")
