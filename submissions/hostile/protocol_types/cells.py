# %% last
kernel = get_ipython().kernel
send = lambda kind, content, **more: kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent(), **more)
send('stream', {'name': 7, 'text': [1]})
send('error', {'ename': {}, 'evalue': None, 'traceback': 5})
send('display_data', {'data': [], 'metadata': 3, 'transient': 1})
send('status', {'execution_state': 3})
send('execute_result', 'text')
