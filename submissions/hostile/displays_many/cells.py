# %% last
from IPython.display import HTML, display
for _ in range(20_000):
    display(HTML('<b>' + 'x' * 1000 + '</b>'))
