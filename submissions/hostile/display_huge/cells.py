# %% last
from IPython.display import display
display({'text/plain': 'B' * 200_000_000}, raw=True)
