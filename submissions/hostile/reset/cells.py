# %% last
get_ipython().run_line_magic('reset', '-f')
# %% last
print('still here')
