# %% last
while True:
    try:
        while True:
            print('A' * 1000)
    except BaseException:
        pass
