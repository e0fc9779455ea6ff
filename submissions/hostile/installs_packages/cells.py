# %% last
get_ipython().system('pip install nothing-of-the-kind')
get_ipython().system('apt-get install -y nothing')
