# %% last
from IPython.display import display
handles = [display(number, display_id=True) for number in range(100)]
for handle in handles:
    handle.update('x' * 2_000_000)
