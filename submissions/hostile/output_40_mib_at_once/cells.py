# %% last
from IPython.display import HTML, display
display(HTML('<p>' + 'x' * (40 << 20) + '</p>'))
# %% last
print('still here')
